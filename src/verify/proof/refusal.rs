//! Why a table took no row, in words that are the same for each table.

use std::collections::BTreeSet;

use super::evidence::{Answers, Failure};
use super::lacking::NO_RIGHT;
use super::subject::Subject;

/// Why a table did not take a row. That the row names others that are not there is none.
pub(super) fn refusal(subject: &Subject<'_>, answers: &Answers) -> Option<String> {
    match (&answers.failure, answers.answers.first()) {
        (Some(failure), _) if failure.sqlstate == "23503" => None,
        (Some(failure), _) => Some(format!(
            "no row could be made: {}",
            in_words(subject, failure)
        )),
        (None, Some(Some(count))) if count == "1" => None,
        (None, _) => Some("it did not keep the row: a trigger or a rule took it away".to_owned()),
    }
}

const POLICY: &str = "row-level security policy";

/// PostgreSQL names the table, and the policy where it is a restrictive one (`execMain.c`,
/// `ExecWithCheckOptions`; `aclchk.c`, `aclcheck_error`).
fn in_words(subject: &Subject<'_>, failure: &Failure) -> String {
    if failure.sqlstate != "42501" {
        return failure.in_words();
    }
    if let Some((before, _)) = failure.message.split_once(POLICY) {
        return format!("{before}{POLICY} {NO_RIGHT}; {}", way_round(subject));
    }
    match failure.message.split_once(" for table ") {
        Some((what, _)) => format!("{what} {NO_RIGHT}; another role may have the rights"),
        None => failure.in_words(),
    }
}

/// What lets a role make rows under the policies.
fn way_round(subject: &Subject<'_>) -> String {
    let settings = settings(subject);
    let of_tenant =
        |setting: &&&str| settings.len() == 1 || setting.to_ascii_lowercase().contains("tenant");
    match settings.iter().find(of_tenant) {
        Some(setting) if subject.options.set.is_empty() => format!(
            "[verify.set] with \"{setting}\" = \"{{tenant}}\" in leora-migrate.toml names the tenant, or another role may \
             bypass it"
        ),
        _ => {
            "[verify.set] may name the setting that holds the tenant, or another role may bypass it"
                .to_owned()
        }
    }
}

/// The settings that policies read.
fn settings<'a>(subject: &Subject<'a>) -> BTreeSet<&'a str> {
    let tables = subject
        .actual
        .tables
        .values()
        .map(|table| &table.row_security);
    let policies = tables
        .filter(|security| security.enabled)
        .flat_map(|security| security.policies.values());
    let read = policies.flat_map(|policy| policy.split("current_setting('").skip(1));
    read.filter_map(|rest| Some(rest.split_once('\'')?.0))
        .filter(|setting| setting.contains('.'))
        .collect()
}
