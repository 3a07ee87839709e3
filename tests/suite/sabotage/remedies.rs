//! What verify says to type, typed: the broken database is sound again.

use super::stand::Stand;
use super::{Case, checks, findings};
use crate::support::{Output, psql};

/// The words that statements in remedies begin with.
const VERBS: [&str; 9] = [
    "ALTER ",
    "BEGIN;",
    "CREATE ",
    "DROP ",
    "GRANT ",
    "REINDEX ",
    "REVOKE ",
    "SELECT setval(",
    "SET ",
];

/// The remedies of `output` that are statements, each once.
fn statements(output: &Output) -> Vec<String> {
    let mut statements = Vec::new();
    for check in checks(output) {
        let findings = check["outcome"]["findings"].as_array().cloned();
        for finding in findings.unwrap_or_default() {
            let remedy = finding["remedy"].as_str().unwrap_or_default().to_owned();
            if VERBS.iter().any(|verb| remedy.starts_with(verb)) && !statements.contains(&remedy) {
                statements.push(remedy);
            }
        }
    }
    statements
}

/// Types `sql` as somebody would, up to the first statement that fails.
fn typed(url: &str, sql: &str) -> Result<(), String> {
    let output = psql(url, sql);
    match output.code {
        Some(0) => Ok(()),
        _ => Err(format!("{}\nin {sql}", output.stderr)),
    }
}

/// Words of statements that can lose data, and of advice to lose it.
const LOSING: [&str; 15] = [
    "DROP COLUMN",
    "DROP TABLE",
    "DROP SCHEMA",
    "DROP SEQUENCE",
    "DROP TYPE",
    "DROP DATABASE",
    "DROP MATERIALIZED VIEW",
    "DELETE FROM",
    "TRUNCATE",
    "DETACH PARTITION",
    "NO INHERIT",
    "DISABLE ROW LEVEL SECURITY",
    "delete them",
    "delete all",
    "keep one of each",
];

/// Casts by which a retyped column keeps its values, or is refused.
const KEEPING: [&str; 6] = [
    "::text;",
    "::TEXT;",
    "::BIGINT;",
    "AT TIME ZONE 'UTC';",
    // To an enum, which has the text for a label or refuses it.
    "::text::",
    "::text[]::",
];

/// Whether doing what `remedy` says can lose data.
fn can_lose(remedy: &str) -> bool {
    let mut retyped = remedy
        .lines()
        .filter(|line| line.contains(" TYPE ") && line.contains(" USING "));
    // Taking a table out of an extension leaves it as it is.
    let statements = remedy.replace("DROP TABLE \"public\"", "");
    LOSING.iter().any(|words| statements.contains(words))
        || retyped.any(|line| !KEEPING.iter().any(|cast| line.contains(cast)))
}

/// The remedies that can lose data and do not say so, of what verify said.
pub(super) fn silent(output: &Output) -> Option<String> {
    let mut silent = Vec::new();
    for check in checks(output) {
        let findings = check["outcome"]["findings"].as_array().cloned();
        for finding in findings.unwrap_or_default() {
            let remedy = finding["remedy"].as_str().unwrap_or_default();
            if can_lose(remedy) && finding["loses_data"].as_str().is_none_or(str::is_empty) {
                silent.push(remedy.to_owned());
            }
        }
    }
    (!silent.is_empty()).then(|| format!("loses data and does not say so:\n{}", silent.join("\n")))
}

#[test]
fn what_can_lose_data_is_told_from_what_cannot() {
    for losing in [
        r#"ALTER TABLE "a" DROP COLUMN "b";"#,
        "ALTER TABLE a ALTER COLUMN b DROP DEFAULT;\nALTER TABLE a ALTER COLUMN b TYPE INTEGER USING b::INTEGER;",
        "SELECT 1;\n-- give these rows a row to name, or delete them",
    ] {
        assert!(can_lose(losing), "{losing}");
    }
    for kept in [
        "ALTER TABLE a ALTER COLUMN b TYPE VARCHAR(9) USING b::text;",
        r#"ALTER TABLE a ALTER COLUMN b TYPE "Mood" USING b::text::"Mood";"#,
        "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d (e) ON DELETE CASCADE;",
    ] {
        assert!(!can_lose(kept), "{kept}");
    }
}

/// What is wrong with the database of `case`, of which verify said `broken`, once all that was said to type was
/// typed.
pub(super) fn left(stand: &Stand, case: &Case, database: &str, broken: &Output) -> Option<String> {
    let statements = statements(broken);
    for sql in &statements {
        if let Err(error) = typed(&stand.url(database), sql) {
            return Some(error);
        }
    }
    let after = stand.verify(case, database);
    (after.code != Some(0)).then(|| {
        format!(
            "typed {}\nis left with\n{}",
            statements.join("\n"),
            findings(&after)
        )
    })
}
