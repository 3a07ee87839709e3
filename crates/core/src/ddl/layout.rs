//! Where statements break into lines, so that people can read them.

/// Puts each item of the statement's outer parentheses on a line of its own. Only blanks outside
/// quotes are added or removed.
pub(super) fn a_line_an_item(statement: &str) -> String {
    let mut out = String::with_capacity(statement.len() + 64);
    let mut depth = 0_u32;
    let mut quote = None;
    for c in statement.chars() {
        match quote {
            Some(q) => {
                out.push(c);
                if c == q {
                    quote = None;
                }
                continue;
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            None => {}
        }
        match c {
            '(' if depth == 0 => {
                depth = 1;
                out.push_str("(\n    ");
            }
            ')' if depth == 1 => {
                depth = 0;
                out.truncate(out.trim_end().len());
                out.push_str("\n)");
            }
            ',' if depth == 1 => out.push_str(",\n    "),
            ' ' if depth == 1 && out.ends_with("    ") => {}
            c => {
                depth = match c {
                    '(' | '[' => depth + 1,
                    ')' | ']' => depth.saturating_sub(1),
                    _ => depth,
                };
                out.push(c);
            }
        }
    }
    out
}

/// Breaks `statement` before each of `clauses`, which follow one another in it; the lines after the
/// first are indented. A name that contains the words of a clause is left alone.
pub(super) fn a_line_a_clause(statement: &str, clauses: &[&str]) -> String {
    let mut out = String::with_capacity(statement.len() + 16);
    let mut rest = statement;
    for clause in clauses {
        if let Some(at) = find_outside_quotes(rest, clause) {
            out += &rest[..at];
            out += "\n    ";
            rest = &rest[at + 1..];
        }
    }
    out + rest
}

/// `statement` with `text` before the first `clause` outside quotes.
pub(super) fn insert_before(statement: &str, clause: &str, text: &str) -> String {
    match find_outside_quotes(statement, clause) {
        Some(at) => format!("{}{text}{}", &statement[..at], &statement[at..]),
        None => statement.to_owned(),
    }
}

fn find_outside_quotes(text: &str, clause: &str) -> Option<usize> {
    let mut quote = None;
    text.bytes().enumerate().position(|(at, byte)| {
        match quote {
            Some(open) if open == byte => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None => return text.as_bytes()[at..].starts_with(clause.as_bytes()),
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_the_words_of_a_clause_is_not_broken() {
        let statement = r#"ALTER TABLE "a ON DELETE b" ADD CONSTRAINT "x" ON DELETE CASCADE"#;
        let expected = "ALTER TABLE \"a ON DELETE b\" ADD CONSTRAINT \"x\"\n    ON DELETE CASCADE";
        assert_eq!(a_line_a_clause(statement, &[" ON DELETE "]), expected);
        assert_eq!(
            insert_before(r#"" ON DELETE " ON DELETE"#, " ON DELETE", "!"),
            r#"" ON DELETE "! ON DELETE"#
        );
    }

    #[test]
    fn only_the_outer_commas_break_lines() {
        let statement = r#"CREATE TABLE "t" ( "a, b" DECIMAL(3,2), "c" TEXT DEFAULT 'x, (y' )"#;
        let expected =
            "CREATE TABLE \"t\" (\n    \"a, b\" DECIMAL(3,2),\n    \"c\" TEXT DEFAULT 'x, (y'\n)";
        assert_eq!(a_line_an_item(statement), expected);
    }
}
