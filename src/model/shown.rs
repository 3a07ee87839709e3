//! Text from a database as people may safely see it.

/// `text` with what would steer a terminal or turn the reading direction written as escapes, newlines
/// and tabs too: what it says stays on its line.
pub fn in_a_line(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same, but newlines and tabs stay: for SQL and diffs.
pub fn in_lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// The same, but newlines between the words of SQL stay: one within quotes is part of a name or a value,
/// and would break a line of its own off it.
pub fn in_statements(text: &str) -> String {
    let mut quote = None;
    let (mut is_comment, mut before) = (false, ' ');
    escaped(text, |c| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"') => quote = Some(c),
            (None, '\'') if !is_comment => quote = Some(c),
            (None, '-') if before == '-' => is_comment = true,
            (None, '\n') => is_comment = false,
            _ => {}
        }
        before = c;
        c == '\n' && quote.is_none()
    })
}

fn escaped(text: &str, mut stays: impl FnMut(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let steers =
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let stays = stays(c);
        if steers && !stays {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        let text = "a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}\u{e9}";
        assert_eq!(
            in_a_line(text),
            r"a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}".to_owned() + "\u{e9}"
        );
        assert_eq!(
            in_lines(text),
            r"a\u{1b}[31m\r".to_owned() + "\n\t" + r"\u{9b}\u{202e}\u{2069}" + "\u{e9}"
        );
    }

    #[test]
    fn a_statement_keeps_its_lines_and_no_name_makes_one() {
        for (text, shown) in [
            ("DROP a;\nADD b;", "DROP a;\nADD b;"),
            ("DROP \"a\nb\";\nADD", "DROP \"a\\nb\";\nADD"),
            ("DROP \"a\"\"\nb\";\nADD", "DROP \"a\"\"\\nb\";\nADD"),
            ("DROP \"it's\";\nADD", "DROP \"it's\";\nADD"),
            ("SET 'a\"\nb';\nADD", "SET 'a\"\\nb';\nADD"),
            (
                "-- it's \"a\nb\"\nADD \u{1b}",
                "-- it's \"a\\nb\"\nADD \\u{1b}",
            ),
        ] {
            assert_eq!(in_statements(text), shown);
        }
    }
}
