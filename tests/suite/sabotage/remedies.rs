//! What verify says to type, typed: the broken database is sound again.

use super::stand::Stand;
use super::{Case, broken, checks, each, findings};
use crate::support::{Output, psql};

/// The cases whose remedies are statements that settle all of them.
const SETTLED: [&str; 54] = [
    "check-not-valid",
    "check-on-baseline",
    "column-baseline-collation",
    "column-baseline-missing",
    "column-extra-required",
    "default-baseline-array",
    "default-baseline-enum",
    "default-baseline-other",
    "default-missing",
    "default-other-number",
    "exclusion",
    "fence-neighbour-back-door",
    "fence-neighbour-check-lost",
    "fence-neighbour-disabled",
    "fence-neighbour-not-forced",
    "fence-neighbour-policy-lost",
    "fence-not-enabled",
    "fence-not-forced",
    "fence-other-setting",
    "fence-second-policy",
    "fence-taken-down",
    "fence-without-policy",
    "foreign-key-baseline-deferred",
    "foreign-key-baseline-missing",
    "foreign-key-baseline-not-valid",
    "foreign-key-baseline-other-action",
    "foreign-key-baseline-tenant-missing",
    "foreign-key-match-full",
    "foreign-key-renamed",
    "foreign-key-restricts-tenant",
    "foreign-key-update-no-action",
    "index-baseline-include",
    "index-baseline-invalid",
    "index-baseline-unique-missing",
    "index-baseline-unique-partial",
    "index-columns-swapped",
    "index-not-unique",
    "rule-always",
    "table-baseline-renamed",
    "table-baseline-unlogged",
    "trigger-refuses",
    "triggers-disabled-everywhere",
    "triggers-disabled-on-tenant",
    "triggers-disabled-one",
    "triggers-for-replicas-only",
    "triggers-lost",
    "type-baseline-json-array",
    "type-baseline-numeric-precision",
    "type-baseline-varchar-length",
    "type-bigint-for-integer",
    "type-json-for-jsonb",
    "type-text-for-enum",
    "type-timestamptz",
    "unique-extra-partial",
];

/// The words that statements in remedies begin with.
const VERBS: [&str; 5] = ["ALTER ", "CREATE ", "DROP ", "REINDEX ", "REVOKE "];

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

/// What is wrong with the database of `case` once all that was said to type was typed; the text report at 80
/// columns must have the same statements.
fn left(stand: &Stand, case: &Case, database: &str) -> Option<String> {
    let broken = stand.verify(case, database);
    if broken.code != Some(1) {
        return Some(format!(
            "is not broken: {:?} {}",
            broken.code, broken.stderr
        ));
    }
    let statements = statements(&broken);
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

#[test]
fn sabotage_is_settled_by_typing_what_verify_says() {
    let stand = Stand::new();
    let named = |case: &Case| SETTLED.contains(&case.name.as_str());
    let cases: Vec<_> = broken().into_iter().filter(named).collect();
    if std::env::var_os("SABOTAGE").is_none() {
        assert_eq!(cases.len(), SETTLED.len());
    }
    let left = each(&stand, cases, |case, database| left(&stand, case, database));
    let wrong: Vec<_> = left
        .into_iter()
        .filter_map(|(case, left)| Some(format!("{}: {}", case.name, left.unwrap_or_else(Some)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
