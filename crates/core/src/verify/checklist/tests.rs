//! The checklist over schemas in memory: what is counted, and what is said of it.

use std::sync::OnceLock;

use super::*;
use crate::diff::Object;
use crate::model::{ForeignKey, Identifier, Schema, Table, TableKind};
use crate::plan::plan;
use crate::sample::{self, SAMPLE};
use crate::verify::check::Outcome;
use crate::verify::counters::{Counter, Counting};
use crate::verify::evidence::{Namesake, Orphans, Recorded};
use crate::verify::promise::Promise;
use crate::verify::proof::KeyName;
use crate::verify::remedy::APPLY_MAKES;
use crate::verify::renames::Renames;
use crate::verify::surroundings::Surroundings;

pub(in crate::verify) fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

pub(in crate::verify) fn promise() -> &'static Promise {
    static PROMISE: OnceLock<Promise> = OnceLock::new();
    PROMISE.get_or_init(|| Promise::new(&SAMPLE, sample::baseline()))
}

/// What was found out beside the schema.
#[derive(Default)]
pub(in crate::verify) struct Beside {
    pub(in crate::verify) around: Surroundings,
    pub(in crate::verify) counters: Vec<(Counter, Counting)>,
    pub(in crate::verify) elsewhere: Vec<Namesake>,
    pub(in crate::verify) orphans: Vec<(KeyName, Orphans)>,
}

/// What the checklist says of a schema that is as promised but for `change`, and is recorded as `recorded`.
fn judged(change: impl FnOnce(&mut Schema), recorded: Recorded) -> Verdict {
    judged_against(promise(), change, recorded, &Beside::default())
}

fn judged_against(
    promise: &Promise,
    change: impl FnOnce(&mut Schema),
    recorded: Recorded,
    beside: &Beside,
) -> Verdict {
    let schema = name("public");
    let mut actual = promise.whole.clone();
    change(&mut actual);
    let empty = actual.tables.keys().cloned().collect();
    let plan = plan(&promise.request(&schema), &actual, &empty);
    checklist(&Evidence {
        promise,
        database: &name("leora"),
        schema: &schema,
        actual: &actual,
        renames: &Renames::between(&actual, &promise.whole),
        plan: &plan,
        recorded,
        around: &beside.around,
        session_replication_role: "origin",
        orphans: &beside.orphans,
        elsewhere: &beside.elsewhere,
        impossible: &[],
        counters: &beside.counters,
        tried: Vec::new(),
    })
}

/// All checks of a schema that is as promised but for `change`.
pub(in crate::verify) fn all(promise: &Promise, change: impl FnOnce(&mut Schema)) -> Vec<Check> {
    let recorded = Recorded::Here("today".to_owned());
    judged_against(promise, change, recorded, &Beside::default()).checks
}

/// The check called `id` of such a schema.
pub(in crate::verify) fn check(id: &str, change: impl FnOnce(&mut Schema)) -> Check {
    check_against(promise(), id, change)
}

/// The same, where something else was promised.
pub(in crate::verify) fn check_against(
    promise: &Promise,
    id: &str,
    change: impl FnOnce(&mut Schema),
) -> Check {
    check_beside(promise, id, change, &Beside::default())
}

/// The same, with what was found out beside the schema.
pub(in crate::verify) fn check_beside(
    promise: &Promise,
    id: &str,
    change: impl FnOnce(&mut Schema),
    beside: &Beside,
) -> Check {
    let recorded = Recorded::Here("today".to_owned());
    let verdict = judged_against(promise, change, recorded, beside);
    let mut checks = verdict.checks.into_iter();
    checks.find(|check| check.id == id).expect("a check")
}

pub(in crate::verify) fn table<'s>(schema: &'s mut Schema, name: &str) -> &'s mut Table {
    schema.tables.get_mut(name).expect("a table")
}

pub(in crate::verify) fn messages(check: &Check) -> Vec<&str> {
    let findings = check.outcome.findings().iter();
    findings.map(|finding| finding.message.as_str()).collect()
}

#[test]
fn what_is_as_promised_passes_and_is_counted() {
    let verdict = judged(|_| {}, Recorded::Here("today".to_owned()));
    let ids = verdict.checks.iter().map(|check| check.id.to_string());
    let ids: Vec<_> = ids.collect();
    let told: Vec<_> = verdict
        .checks
        .iter()
        .filter(|check| !check.expected.is_empty())
        .zip(&ids)
        .map(|(check, id)| {
            (
                id.as_str(),
                check.title.as_str(),
                check.expected.as_str(),
                check.found.as_str(),
            )
        })
        .collect();
    for expected in [
        (
            "tables.new",
            "the 3 new tables exist: Measure, Card, Errand",
            "3",
            "3",
        ),
        (
            "tables.count",
            "61 tables, by name: 58 before and 3 new",
            "61 = 58 + 3",
            "61",
        ),
        ("tables.kind", "61 tables as they should be", "61", "61"),
        (
            "tables.constraints",
            "no unexpected CHECK or exclusion constraint",
            "0",
            "0",
        ),
        ("tables.triggers", "no unexpected trigger or rule", "0", "0"),
        ("relations.tenant", "48 tables reference Shop", "48", "48"),
        ("relations.user", "2 new tables reference Staff", "2", "2"),
        (
            "integrity.primary-keys",
            "61 primary keys valid and in force",
            "61",
            "61",
        ),
        (
            "tenants.owned",
            "every new table has a required tenantId that references Shop and is deleted with it",
            "3",
            "3",
        ),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:#?}");
    }
    assert!(
        verdict
            .checks
            .iter()
            .all(|check| !check.outcome.is_failure())
    );
}

/// Each thing that is not as it should be counts once, and what is too many is told apart.
#[test]
fn what_differs_is_counted_by_what_became_of_it() {
    let broken = |schema: &mut Schema| {
        let job = table(schema, "Errand");
        job.indexes.remove("Errand_status_idx");
        let other = job
            .indexes
            .get_mut("Errand_tenantId_idx")
            .expect("declared");
        other.state = IndexState::Invalid;
        other.method = Some("hash".to_owned());
        let mut more = other.clone();
        more.unique = true;
        more.state = IndexState::Valid;
        job.indexes.insert(name("Errand_more_key"), more);
    };
    let sound = check("integrity.indexes", |_| {});
    let all: usize = sound.expected.parse().expect("a number");
    let found = check("integrity.indexes", broken).found;
    assert_eq!(
        found,
        format!("{all}, 1 different, 1 missing, 1 unexpected")
    );
    let missing_alone = check("integrity.indexes", |schema| {
        table(schema, "Errand").indexes.remove("Errand_status_idx");
    });
    assert_eq!(missing_alone.found, format!("{}, 1 missing", all - 1));
    let different_alone = check("integrity.indexes", |schema| {
        let index = table(schema, "Errand")
            .indexes
            .get_mut("Errand_tenantId_idx");
        index.expect("declared").state = IndexState::Invalid;
    });
    assert_eq!(different_alone.found, format!("{all}, 1 different"));
    let one_too_many = check("integrity.indexes", |schema| {
        let indexes = &mut table(schema, "Errand").indexes;
        let mut more = indexes["Errand_tenantId_idx"].clone();
        more.unique = true;
        indexes.insert(name("Errand_more_key"), more);
    });
    assert_eq!(one_too_many.found, (all + 1).to_string());
}

/// All that a missing table takes with it is missing, and told in one sentence for each kind of thing.
#[test]
fn a_missing_table_takes_all_of_it_along() {
    for (id, lost) in [
        ("tables.columns", "11 columns"),
        ("integrity.primary-keys", "1 primary key"),
        ("integrity.foreign-keys", "1 foreign key"),
        ("integrity.indexes", "3 indexes"),
    ] {
        let gone = check(id, |schema| drop(schema.tables.remove("Errand")));
        assert_eq!(
            messages(&gone),
            [format!("{lost} of \"Errand\", which is missing")],
            "{id}"
        );
        let lost: usize = lost
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a number");
        let all: usize = gone.expected.parse().expect("a number");
        assert_eq!(
            gone.found,
            format!("{}, {lost} missing", all - lost),
            "{id}"
        );
    }
    // What a table does not have is not missed with it.
    let mut promised = promise().clone();
    table(&mut promised.whole, "Errand").indexes.clear();
    let gone = check_against(&promised, "integrity.indexes", |schema| {
        drop(schema.tables.remove("Errand"))
    });
    assert_eq!(gone.outcome, Outcome::Passed);
}

#[test]
fn a_table_that_is_missing_is_named_and_so_is_what_stands_in_its_place() {
    let gone = |schema: &mut Schema| drop(schema.tables.remove("Errand"));
    let new = check("tables.new", gone);
    assert_eq!(
        (new.found.as_str(), messages(&new)),
        ("2", vec![r#"table "Errand" is missing"#])
    );
    let object = new
        .outcome
        .findings()
        .first()
        .and_then(|finding| finding.object.clone());
    assert_eq!(
        object,
        Some(Object::alone(ObjectKind::Table, &name("Errand")))
    );
    let view = |schema: &mut Schema| table(schema, "Errand").kind = TableKind::View;
    assert_eq!(
        messages(&check("tables.count", view)),
        [r#""Errand" is not a table but a view"#]
    );
    assert_eq!(check("tables.count", view).found, "60");
    assert_eq!(check("tenants.owned", gone).found, "2");
    assert_eq!(check("tables.kind", gone).expected, "60");
}

#[test]
fn tables_that_all_stand_in_another_schema_are_said_once() {
    let told = |elsewhere: &[&str], left_out: usize, change: fn(&mut Schema)| {
        let tables: Vec<_> = promise().baseline.table_names().collect();
        let namesake = |table: &&Identifier, schema: &&str| Namesake {
            table: (*table).clone(),
            schema: name(schema),
            extension: None,
        };
        let namesakes = elsewhere.iter().flat_map(|schema| {
            let tables = tables.iter().skip(left_out);
            tables.map(move |table| namesake(table, schema))
        });
        let beside = Beside {
            elsewhere: namesakes.collect(),
            ..Beside::default()
        };
        let check = check_beside(promise(), "tables.count", change, &beside);
        messages(&check).join("\n")
    };
    let none = |schema: &mut Schema| schema.tables.clear();
    let before = promise().baseline.tables.len();
    let once = format!(
        r#"schema "public" has no table; the {before} tables of before stand in schema "app""#
    );
    assert_eq!(told(&["app"], 0, none), once);
    assert_eq!(told(&["public", "app"], 0, none), once);
    let each = told(&["app"], 1, none);
    assert_eq!(each.lines().count(), before + 3, "{each}");
    let one_is_here = |schema: &mut Schema| schema.tables.retain(|table, _| *table == *"Errand");
    assert_eq!(told(&["app"], 0, one_is_here).lines().count(), before + 2);
    assert_eq!(told(&["public"], 0, none).lines().count(), before + 3);
}

/// Enums and keys of a schema without the tables come of that.
#[test]
fn nothing_is_created_in_a_schema_without_the_tables() {
    let tables = promise().baseline.table_names();
    let elsewhere = tables.map(|table| Namesake {
        table: table.clone(),
        schema: name("app"),
        extension: None,
    });
    for elsewhere in [Vec::new(), elsewhere.collect()] {
        let beside = Beside {
            elsewhere,
            ..Beside::default()
        };
        let empty = |schema: &mut Schema| *schema = Schema::default();
        for id in ["tables.types", "integrity.primary-keys", "tables.count"] {
            let check = check_beside(promise(), id, empty, &beside);
            let [finding] = check.outcome.findings() else {
                panic!("{check:?}");
            };
            let said = &finding.remedy.as_ref().expect("a remedy").text;
            assert!(
                !said.contains("CREATE") && !said.contains("Restore"),
                "{said}"
            );
        }
    }
}

/// It counts how many reference, by the columns that were promised and the table that was.
#[test]
fn a_relation_is_lost_when_its_columns_or_its_target_are_others() {
    let lost = r#""Card" does not reference Staff by "Card_userId_fkey""#;
    let key = |schema: &mut Schema, change: fn(&mut ForeignKey)| {
        let keys = &mut table(schema, "Card").foreign_keys;
        change(keys.get_mut("Card_userId_fkey").expect("declared"));
    };
    for change in [
        (|key| key.columns = vec![name("id")]) as fn(&mut ForeignKey),
        |key| key.references = crate::model::TableReference::Here(name("Shop")),
    ] {
        let check = check("relations.user", |schema| key(schema, change));
        assert_eq!((check.found.as_str(), messages(&check)), ("1", vec![lost]));
    }
}

#[test]
fn what_is_pending_needs_no_record_and_what_stands_does() {
    let outcome = |change: fn(&mut Schema)| {
        let verdict = judged(change, Recorded::Nowhere);
        let mut checks = verdict.checks.into_iter();
        checks
            .find(|check| check.id == "migration.recorded")
            .map(|check| check.outcome)
    };
    let pending = outcome(|schema| drop(schema.tables.remove("Errand")));
    assert!(
        matches!(pending, Some(Outcome::Skipped { .. })),
        "{pending:?}"
    );
    assert!(matches!(outcome(|_| {}), Some(Outcome::NotProved { .. })));
}

/// The others see the group's name in every report.
#[test]
fn checks_stand_in_the_order_of_their_groups() {
    let verdict = judged(|_| {}, Recorded::Nowhere);
    let mut groups: Vec<_> = verdict
        .checks
        .iter()
        .map(|check| check.id.group.to_string())
        .collect();
    groups.dedup();
    assert_eq!(
        groups,
        [
            "declaration",
            "migration",
            "tables",
            "relations",
            "integrity",
            "tenants"
        ]
    );
}

#[test]
fn a_missing_baseline_table_is_explained_without_a_database() {
    let mut baseline = promise().baseline.clone();
    baseline.tables.remove("Staff");
    let promise = Promise::new(&SAMPLE, baseline);
    let refusals = promise.plan_on_baseline(&name("public")).refusals;
    let told = refusals.iter().map(|refusal| refusal.remedy.as_str());
    let asked: Vec<_> = told
        .filter(|text| text.starts_with("Is this the baseline of"))
        .collect();
    assert_eq!(asked.len(), 1, "{refusals:#?}");
}

#[test]
fn a_table_under_another_name_is_known_by_its_columns_where_it_is_the_only_one() {
    let rename = |lost: &str, count: usize| {
        let found = check("tables.count", |schema| {
            let brand = schema.tables.remove(lost).expect("a table");
            for other in &["Marke", "Marque"][..count] {
                schema.tables.insert(name(other), brand.clone());
            }
        });
        let said = found.outcome.findings().iter();
        said.filter_map(|finding| Some(finding.remedy.clone()?.text))
            .filter(|remedy| remedy.contains("RENAME TO"))
            .collect::<Vec<_>>()
    };
    for lost in ["Brand", "Errand"] {
        let back =
            format!("ALTER TABLE \"Marke\" RENAME TO \"{lost}\"; -- it has the same columns");
        assert_eq!(
            rename(lost, 1),
            [back.clone(), back],
            "of the lost one and of the other"
        );
        assert_eq!(rename(lost, 2), [""; 0]);
    }
}

#[test]
fn a_table_that_is_not_there_is_looked_for() {
    let remedy = |promise: &Promise, change: fn(&mut Schema), elsewhere: &[&str]| {
        let elsewhere = elsewhere.iter().map(|of| Namesake {
            table: name(of),
            schema: name("old"),
            extension: None,
        });
        let beside = Beside {
            elsewhere: elsewhere.collect(),
            ..Beside::default()
        };
        let check = check_beside(promise, "tables.new", change, &beside);
        let [finding] = check.outcome.findings() else {
            panic!("{check:?}")
        };
        finding.remedy.clone().expect("a remedy").text
    };
    let lost = |schema: &mut Schema| drop(schema.tables.remove("Errand"));
    let moved = r#"ALTER TABLE "old"."Errand" SET SCHEMA "public""#;
    let told = remedy(promise(), lost, &["Invoice", "Errand"]);
    assert!(told.contains(moved), "{told}");
    let renamed = |schema: &mut Schema| {
        let job = schema.tables.remove("Errand").expect("there");
        schema.tables.insert(name("Work"), job);
    };
    let rename = r#"ALTER TABLE "Work" RENAME TO "Errand"; -- it has the same columns"#;
    assert_eq!(remedy(promise(), renamed, &[]), rename);
    assert_eq!(remedy(promise(), lost, &[]), APPLY_MAKES);
    let a_view = |schema: &mut Schema| {
        let mut job = schema.tables.remove("Errand").expect("there");
        job.kind = TableKind::View;
        schema.tables.insert(name("Work"), job);
    };
    assert_eq!(remedy(promise(), a_view, &[]), APPLY_MAKES);
    // One that belongs there is no other's.
    let mut with_twin = promise().clone();
    let job = with_twin.whole.tables["Errand"].clone();
    with_twin.whole.tables.insert(name("Work"), job);
    assert_eq!(remedy(&with_twin, lost, &[]), APPLY_MAKES);
}
