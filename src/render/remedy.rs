//! A remedy, parted into what is typed and what is read.

use super::style;
use leora_core::verify::check::Remedy;

/// The words that statements in remedies begin with.
const VERBS: [&str; 9] = [
    "ALTER", "BEGIN", "CREATE", "DROP", "GRANT", "REINDEX", "REVOKE", "SELECT", "SET",
];

/// A remedy as text. What it loses is said before what is typed, as a comment where statements follow.
pub(super) fn told(remedy: &Remedy) -> String {
    let Remedy { loses_data, text } = remedy;
    let Some(lost) = loses_data else {
        return text.clone();
    };
    let mark = if parted(text).0.is_some() { "-- " } else { "" };
    format!("{mark}This loses data: {lost}.\n{text}")
}

/// The statements that `remedy` begins with, and the rest of it. A comment behind them is a part of
/// them, and an ellipsis shows that nothing of it can be run as it stands.
pub(super) fn parted(remedy: &str) -> (Option<&str>, &str) {
    let is_typed = |line: &&str| !line.starts_with("--");
    let line = remedy.lines().find(is_typed).unwrap_or_default();
    let mut words = line.split(|c: char| !c.is_ascii_alphabetic());
    let first = words.next().unwrap_or_default();
    let end = remedy.rfind(';').filter(|_| VERBS.contains(&first));
    match end.map(|end| remedy.split_at(end + 1)) {
        Some((sql, _)) if sql.contains(" ... ") => (None, remedy),
        Some((sql, rest)) if rest.trim_start().starts_with("--") || ends_in_comment(sql) => {
            (Some(remedy), "")
        }
        Some((sql, rest)) => (Some(sql), rest.trim_start()),
        None => (None, remedy),
    }
}

fn ends_in_comment(sql: &str) -> bool {
    sql.lines().last().is_some_and(|line| line.contains("-- "))
}

/// `remedy` wrapped to `width`, its first line after `first`, the others after `rest`. A comment goes on as one,
/// so that what is written can be typed as it stands.
pub(super) fn wrapped(remedy: &str, first: &str, rest: &str, width: usize) -> String {
    let lines = remedy.lines().enumerate();
    let written = lines.map(|(number, line)| {
        let first = if number == 0 { first } else { rest };
        let comment = line.find("-- ").filter(|_| parted(remedy).0.is_some());
        match comment {
            Some(0) => style::wrapped(line, first, &format!("{rest}-- "), width),
            Some(at) => {
                let (sql, comment) = line.split_at(at);
                style::wrapped(sql.trim_end(), first, rest, width)
                    + &style::wrapped(comment, rest, &format!("{rest}-- "), width)
            }
            None => style::wrapped(line, first, rest, width),
        }
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_can_still_be_typed() {
        let remedy = "DROP INDEX i;\nCREATE INDEX i ON t (a);\n-- then look for rows that were written meanwhile";
        assert_eq!(
            wrapped(remedy, "> ", "  ", 30),
            "> DROP INDEX i;\n  CREATE INDEX i ON t (a);\n  -- then look for rows that\n  -- were written meanwhile\n"
        );
        assert_eq!(
            wrapped("DROP INDEX i; -- unless it is wanted", "> ", "  ", 30),
            "> DROP INDEX i;\n  -- unless it is wanted\n"
        );
    }

    #[test]
    fn what_can_be_typed_is_parted_from_what_is_read() {
        for whole in [
            "ALTER TABLE \"a;b\" SET LOGGED;",
            "ALTER TABLE t OWNER TO CURRENT_USER; REVOKE ALL ON t FROM anon;",
            "REVOKE ALL ON t FROM anon; -- or row-level security",
            "ALTER TABLE t SET LOGGED;\n-- it is copied; nobody writes it meanwhile",
            "BEGIN;\nDROP TYPE t;\nCOMMIT; -- unless it belongs there",
            "SET default_transaction_read_only = off;\nALTER ROLE r RESET default_transaction_read_only;",
        ] {
            assert_eq!(parted(whole), (Some(whole), ""));
        }
        assert_eq!(
            parted("ALTER TABLE t ENABLE TRIGGER ALL; and the other"),
            (Some("ALTER TABLE t ENABLE TRIGGER ALL;"), "and the other")
        );
        for prose in [
            "Plan again; nothing is lost.",
            "CREATE POLICY ... ON t ... as its neighbours have",
            "ALTER SEQUENCE s ... a MAXVALUE;",
            "DROP it",
            "",
        ] {
            assert_eq!(parted(prose), (None, prose));
        }
    }
}
