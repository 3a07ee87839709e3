//! A remedy, parted into what is typed and what is read.

/// The words that statements in remedies begin with.
const VERBS: [&str; 7] = [
    "ALTER", "CREATE", "DROP", "GRANT", "REINDEX", "REVOKE", "SELECT",
];

/// The statements that `remedy` begins with, and the rest of it. A comment behind them is a part of
/// them, and an ellipsis shows that nothing of it can be run as it stands.
pub(super) fn parted(remedy: &str) -> (Option<&str>, &str) {
    let first = remedy.split(' ').next().unwrap_or_default();
    let end = remedy.rfind(';').filter(|_| VERBS.contains(&first));
    match end.map(|end| remedy.split_at(end + 1)) {
        Some((sql, _)) if sql.contains(" ... ") => (None, remedy),
        Some((_, rest)) if rest.trim_start().starts_with("--") => (Some(remedy), ""),
        Some((sql, rest)) => (Some(sql), rest.trim_start()),
        None => (None, remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_typed_is_parted_from_what_is_read() {
        for whole in [
            "ALTER TABLE \"a;b\" SET LOGGED;",
            "ALTER TABLE t OWNER TO CURRENT_USER; REVOKE ALL ON t FROM anon;",
            "REVOKE ALL ON t FROM anon; -- or row-level security",
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
