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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Identifier, RowSecurity, Schema, Table};
    use crate::sample::SAMPLE;
    use crate::verify::proof::ProofOptions;

    /// What is said where policies read these settings; of the last table none is in force.
    fn said(settings: &[&str], options: &ProofOptions, answers: &Answers) -> Option<String> {
        let name = |name: &str| Identifier::new(name).expect("legal");
        let mut actual = Schema::default();
        for (at, setting) in settings.iter().enumerate() {
            let policy =
                format!("USING (owner = '1.2' AND t = current_setting('{setting}', true))");
            let row_security = RowSecurity {
                enabled: at + 1 < settings.len(),
                policies: BTreeMap::from([(name("p"), policy)]),
                ..RowSecurity::default()
            };
            let table = Table {
                row_security,
                ..Table::default()
            };
            actual.tables.insert(name(&at.to_string()), table);
        }
        let subject = Subject {
            schema: &name("public"),
            actual: &actual,
            desired: &actual,
            declaration: &SAMPLE,
            sizes: &BTreeMap::new(),
            firing_order: &[],
            user_code: &crate::verify::user_code::CodeByTable::default(),
            bypasses_row_security: false,
            superuser: false,
            options,
        };
        refusal(&subject, answers)
    }

    fn refused(sqlstate: &str, message: &str) -> Answers {
        let failure = Failure {
            sqlstate: sqlstate.to_owned(),
            message: message.to_owned(),
            ..Failure::default()
        };
        Answers {
            answers: Vec::new(),
            failure: Some(failure),
        }
    }

    #[test]
    fn a_row_is_kept_refused_or_taken_away() {
        let said = |answers: &Answers| said(&[], &ProofOptions::default(), answers);
        let kept = |count: &str| Answers {
            answers: vec![Some(count.to_owned())],
            failure: None,
        };
        assert_eq!(said(&kept("1")), None);
        let taken = "it did not keep the row: a trigger or a rule took it away";
        assert_eq!(said(&kept("0")).as_deref(), Some(taken));
        // That others are not there yet is no reason.
        assert_eq!(said(&refused("23503", "no such row")), None);
        for (answers, reason) in [
            (
                refused("23514", "check for table \"T\""),
                "check for table \"T\" (SQLSTATE 23514)",
            ),
            (
                refused("42501", "must be owner"),
                "must be owner (SQLSTATE 42501)",
            ),
            (
                refused("42501", "permission denied for table T"),
                "permission denied (SQLSTATE 42501); another role may have the rights",
            ),
        ] {
            let reason = format!("no row could be made: {reason}");
            assert_eq!(said(&answers), Some(reason));
        }
    }

    #[test]
    fn the_setting_to_name_is_the_one_that_policies_in_force_read() {
        let policy = refused(
            "42501",
            "new row violates row-level security policy \"p\" for table \"T\"",
        );
        let untold = ProofOptions::default();
        let ways = |settings: &[&str], options: &ProofOptions| {
            let said = said(settings, options, &policy).expect("a reason");
            let (what, way) = said.split_once("; ").expect("a way round");
            let expected =
                "no row could be made: new row violates row-level security policy (SQLSTATE 42501)";
            assert_eq!(what, expected);
            way.to_owned()
        };
        let names = |settings: &[&str]| {
            let way = ways(settings, &untold);
            let named = way
                .strip_prefix("[verify.set] with \"")
                .map(|way| way.split_once('"'));
            named.flatten().map(|(setting, _)| setting.to_owned())
        };
        assert_eq!(names(&["app.org", "app.off"]).as_deref(), Some("app.org"));
        assert_eq!(
            names(&["app.actor", "app.TENANT_id", "zone", "app.off"]).as_deref(),
            Some("app.TENANT_id")
        );
        assert_eq!(names(&["role", "app.off"]), None);
        assert_eq!(names(&["app.actor", "app.zone", "app.off"]), None);
        assert_eq!(names(&["app.tenant"]), None);
        // It was named, and that was not enough.
        let told = ProofOptions {
            set: BTreeMap::from([("app.org".to_owned(), "{tenant}".to_owned())]),
            ..ProofOptions::default()
        };
        let way = ways(&["app.org", "app.off"], &told);
        assert!(
            way.starts_with("[verify.set] may name the setting"),
            "{way}"
        );
    }
}
