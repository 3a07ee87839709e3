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
