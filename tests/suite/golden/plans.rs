//! Plans: of a database without the migration, of one in which a part of it exists, and of one that is refused.

use crate::faults::lone::lacking;
use crate::reports::{Reported, hostile, migrated};
use crate::support::{Template, TestDatabase};

use super::assert_golden;

#[track_caller]
fn plan(name: &str, template: Template, formats: &[(&str, &str)]) {
    let kinds: Vec<_> = formats.iter().map(|(kind, _)| *kind).collect();
    let database = TestDatabase::from(template);
    let reported = Reported::run(&database, "plan", &kinds);
    for (kind, ending) in formats {
        assert_golden(&format!("plan/{name}.{ending}"), &reported.read(kind));
    }
}

const JSON: &[(&str, &str)] = &[("json", "json")];

#[test]
fn a_plan_for_a_database_without_the_migration_is_written_as_before() {
    let formats = [
        ("json", "json"),
        ("text", "txt"),
        ("sql", "sql"),
        ("markdown", "md"),
        ("github", "github"),
        ("html", "html"),
    ];
    plan("baseline", Template::BaselineWithRows, &formats);
}

#[test]
fn a_plan_for_the_rest_of_a_migration_is_written_as_before() {
    plan("without-index", lacking("_type_status_idx"), JSON);
    plan(
        "without-unique-index",
        lacking("userId_widgetType_key"),
        JSON,
    );
    plan("without-foreign-key", lacking("Job_tenantId_fkey"), JSON);
    plan("migrated", migrated(), JSON);
}

#[test]
fn a_refused_plan_is_written_as_before() {
    plan("refused", hostile(), &[("json", "json"), ("text", "txt")]);
    plan("empty", Template::Empty, JSON);
}
