//! The post-migration checklist, evaluated: every check that needs no rows, and those tried on rows
//! in their places.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::{OtherBaseline, stand_for};
use super::check::{Check, Finding, Group, IN_THE_WAY, Outcome};
use super::evidence::{Evidence, Namesake, Recorded};
use super::kinds::by_kind;
use super::remedy::{APPLY_MAKES, SETTLE_FOREIGN_KEYS, remedy, renamed};
use super::{counters, surroundings, tenants};
use crate::diff::{Difference, Effect, Object, ObjectKind, compare};
use crate::model::{ForeignKey, Identifier, IndexState, TableKind};

/// What came of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Every check, in the checklist's order.
    pub checks: Vec<Check>,
    /// Harmless differences.
    pub notes: Vec<String>,
}

/// Evaluates the whole checklist.
pub fn checklist(evidence: &Evidence<'_>) -> Verdict {
    let differences = compare(evidence.actual, &evidence.promise.whole);
    let (harmless, breaking): (Vec<_>, Vec<_>) = differences
        .into_iter()
        .partition(|d| d.effect == Effect::Harmless);
    let mut checks = vec![declaration(evidence), applied(evidence), recorded(evidence)];
    checks.extend(tables(evidence));
    checks.extend(by_kind(evidence, &breaking));
    checks.extend(relations(evidence));
    checks.extend(surroundings::checks(evidence));
    checks.push(counters::check(evidence));
    checks.extend(tenants::checks(evidence, &breaking));
    checks.extend(evidence.tried.iter().cloned());
    checks.sort_by_key(|check| check.group);
    let other = OtherBaseline::of(
        evidence.actual,
        evidence.promise,
        evidence.renames,
        evidence.elsewhere,
    );
    let other = other.map(|other| other.finding());
    if let Some(cause) = wrong_schema(evidence).or(other) {
        stand_for(&cause, evidence, &mut checks);
    }
    let notes = harmless.iter().map(|d| note(evidence, d)).collect();
    Verdict { checks, notes }
}

/// A harmless difference in words; what was left behind, with the statement that clears it away.
fn note(evidence: &Evidence<'_>, difference: &Difference) -> String {
    let object = &difference.object;
    let table = evidence.actual.tables.get(&object.owner);
    let index = table.and_then(|table| table.indexes.get(&object.name));
    let is_unfinished = index.is_some_and(|index| index.state != IndexState::Valid);
    if object.kind == ObjectKind::Index && is_unfinished {
        let name = object.name.quoted();
        format!(
            "{difference}, and is unfinished: DROP INDEX CONCURRENTLY {name}; -- unless pg_stat_progress_create_index has \
             it, for then somebody is building it"
        )
    } else {
        difference.to_string()
    }
}

fn declaration(evidence: &Evidence<'_>) -> Check {
    let conflicts = evidence.promise.plan_on_baseline(evidence.schema).refusals;
    let findings: Vec<_> = conflicts
        .into_iter()
        .map(|refusal| Finding {
            message: refusal.reason,
            object: Some(refusal.object),
            remedy: Some(refusal.remedy.into()),
            error: None,
        })
        .collect();
    Check {
        id: "declaration.valid",
        group: Group::Declaration,
        title: "no name, relation or index conflicts with the schema that stood before".to_owned(),
        expected: "no conflict".to_owned(),
        found: counted(findings.len(), "conflict", "conflicts"),
        outcome: Outcome::of(findings),
    }
}

/// The check of what is yet to be applied.
pub const APPLIED: &str = "migration.applied";

/// What is said of steps that would make what is there under another name.
const RENAME_FIRST: &str = "First rename what the groups tables and integrity say to rename: leora-migrate apply would make it \
     anew, without its rows or values.";

fn applied(evidence: &Evidence<'_>) -> Check {
    let plan = evidence.plan;
    let mut findings = Vec::new();
    if !plan.steps.is_empty() {
        let pending = Finding::new(format!("pending: {}", plan.summary()));
        let mut created = evidence.promise.created.iter();
        findings.push(
            pending.remedy(match created.any(|table| evidence.renames.concern(table)) {
                true => RENAME_FIRST,
                false => "leora-migrate plan shows the steps, leora-migrate apply takes them",
            }),
        );
    }
    findings.extend(plan.refusals.iter().map(|refusal| Finding {
        message: format!("{IN_THE_WAY}{}", refusal.reason),
        object: Some(refusal.object.clone()),
        remedy: Some(match evidence.renames.of(&refusal.object) {
            Some(rename) => renamed::remedy(rename),
            None => refusal.remedy.clone().into(),
        }),
        error: None,
    }));
    Check {
        id: APPLIED,
        group: Group::Migration,
        title: format!("{} is applied", plan.migration),
        expected: "nothing pending".to_owned(),
        found: match (plan.steps.len(), plan.refusals.len()) {
            (0, 0) => "nothing pending".to_owned(),
            (steps, 0) => format!("{} pending", counted(steps, "step", "steps")),
            (0, refusals) => format!("{refusals} in the way"),
            (steps, refusals) => {
                let steps = counted(steps, "step", "steps");
                format!("{steps} pending, {refusals} in the way")
            }
        },
        outcome: Outcome::of(findings),
    }
}

fn recorded(evidence: &Evidence<'_>) -> Check {
    let unproved = |found: &str, reason: &str| {
        let reasons = vec![reason.to_owned()];
        (found.to_owned(), Outcome::NotProved { reasons })
    };
    let (found, outcome) = match &evidence.recorded {
        Recorded::Here(when) => (format!("applied {when}"), Outcome::Passed),
        Recorded::ByPrisma(name) => (format!("by Prisma as {name}"), Outcome::Passed),
        Recorded::Nowhere if !evidence.plan.is_empty() => (
            "no record".to_owned(),
            Outcome::Skipped {
                reason: "there is nothing to record before it is applied".to_owned(),
            },
        ),
        Recorded::Nowhere => unproved(
            "no record",
            "the tables stand, but neither leora-migrate nor Prisma recorded who made them, and when: \
             by hand, or by a restored copy without the schema leora_migrate?",
        ),
        Recorded::Otherwise(record) => {
            unproved(record, "what is on record is not that it was applied")
        }
        Recorded::Closed => unproved(
            "a history that cannot be read",
            "the role may not read leora_migrate.migration, which takes USAGE on the schema and SELECT on the table, or the \
             table has other columns",
        ),
    };
    Check {
        id: "migration.recorded",
        group: Group::Migration,
        title: "it is on record".to_owned(),
        expected: "one record".to_owned(),
        found,
        outcome,
    }
}

fn tables(evidence: &Evidence<'_>) -> [Check; 2] {
    let promise = evidence.promise;
    let there: BTreeSet<&Identifier> = evidence.actual.table_names().collect();
    let missing = |name: &&Identifier| !there.contains(*name);
    let absent: Vec<_> = promise.created.iter().filter(missing).collect();
    let created = promise.created.len();
    let wrong_schema = wrong_schema(evidence).map(|finding| Outcome::of(vec![finding]));
    let new = Check {
        id: "tables.new",
        group: Group::Tables,
        title: format!(
            "the {} exist: {}",
            counted(created, "new table", "new tables"),
            names(&promise.created.iter().collect::<Vec<_>>())
        ),
        expected: created.to_string(),
        found: (created - absent.len()).to_string(),
        outcome: wrong_schema.clone().unwrap_or_else(|| {
            let absent = absent.into_iter();
            Outcome::of(absent.map(|name| absence(name, evidence)).collect())
        }),
    };
    let wanted: BTreeSet<&Identifier> = promise.whole.table_names().collect();
    let before = wanted.len() - created;
    let mut findings: Vec<_> = wanted
        .iter()
        .filter(|name| missing(name))
        .map(|name| absence(name, evidence))
        .collect();
    findings.extend(there.difference(&wanted).map(|name| {
        let message = format!("table {} is not expected", name.quoted());
        if let Some(rename) = evidence.renames.table(name) {
            return Finding::new(message).remedy(renamed::remedy(rename));
        }
        let remedy = "If it belongs here, refresh the baseline: leora-migrate snapshot --out FILE, then --baseline FILE.";
        Finding::new(message).remedy(remedy)
    }));
    let count = Check {
        id: "tables.count",
        group: Group::Tables,
        title: format!(
            "{} tables, by name: {before} before and {created} new",
            wanted.len()
        ),
        expected: format!("{} = {before} + {created}", wanted.len()),
        found: there.len().to_string(),
        outcome: wrong_schema.unwrap_or_else(|| Outcome::of(findings)),
    };
    [new, count]
}

/// Says so where no table stands in the schema that was looked at, and all that stood before stand in another.
fn wrong_schema(evidence: &Evidence<'_>) -> Option<Finding> {
    if !evidence.actual.tables.is_empty() {
        return None;
    }
    let before: BTreeSet<_> = evidence.promise.baseline.table_names().collect();
    let mut others: BTreeMap<&Identifier, BTreeSet<&Identifier>> = BTreeMap::new();
    for Namesake { table, schema, .. } in evidence.elsewhere {
        others.entry(schema).or_default().insert(table);
    }
    let has_all = |(schema, tables): &(&Identifier, BTreeSet<&Identifier>)| {
        *schema != evidence.schema && tables.is_superset(&before)
    };
    let (other, _) = others.into_iter().find(has_all)?;
    let (schema, other) = (evidence.schema.quoted(), other.quoted());
    let tables = counted(before.len(), "table", "tables");
    let message =
        format!("schema {schema} has no table; the {tables} of before stand in schema {other}");
    Some(Finding::new(message).remedy(format!("Look there: --schema {other}")))
}

/// What to do about a table that stood before and is not there.
const LOST: &str = "Restore it from a backup; if it was dropped on purpose, refresh the baseline: leora-migrate snapshot \
                    --out FILE.";

fn absence(name: &Identifier, evidence: &Evidence<'_>) -> Finding {
    let object = Object::alone(ObjectKind::Table, name);
    let is_new = evidence.promise.created.contains(name);
    let elsewhere = evidence.elsewhere.iter().find(|other| other.table == *name);
    let elsewhere = elsewhere.map(|other| other.told(evidence.schema));
    let message = match evidence.actual.tables.get(name) {
        None => format!("table {} is missing", name.quoted()),
        Some(other) => format!("{} is not a table but {}", name.quoted(), other.kind.noun()),
    };
    let there = evidence.actual.tables.get(name);
    if let Some(rename) = evidence.renames.table(name) {
        return Finding {
            object: Some(object),
            ..Finding::new(message).remedy(renamed::remedy(rename))
        };
    }
    let remedy = match (there, elsewhere) {
        (None, Some(elsewhere)) => elsewhere,
        (Some(other), Some(elsewhere)) => {
            format!("Rename this {} first. {elsewhere}", noun(other.kind))
        }
        (Some(other), None) if is_new => in_its_place(name, other.kind),
        (None, None) if is_new => APPLY_MAKES.to_owned(),
        _ => LOST.to_owned(),
    };
    Finding {
        message,
        object: Some(object),
        remedy: Some(remedy.into()),
        error: None,
    }
}

/// What to do about something else that has a new table's name: apply moves nothing out of its way.
fn in_its_place(name: &Identifier, kind: TableKind) -> String {
    let name = name.quoted();
    format!(
        "Find out what it is for and where its rows are, and rename this {} {name}; then leora-migrate apply \
         makes the table.",
        noun(kind)
    )
}

/// `view`, without the article.
fn noun(kind: TableKind) -> &'static str {
    kind.noun().trim_start_matches("a ")
}

/// A difference as a reason to fail.
pub(super) fn finding(evidence: &Evidence<'_>, difference: &Difference) -> Finding {
    Finding {
        message: difference.to_string(),
        object: Some(difference.object.clone()),
        remedy: Some(remedy(evidence, difference)),
        error: None,
    }
}

fn relations(evidence: &Evidence<'_>) -> [Check; 2] {
    let promise = evidence.promise;
    let held = |child: &Identifier, wanted: &ForeignKey| {
        let table = evidence.actual.tables.get(child);
        table.is_some_and(|table| {
            let mut keys = table.foreign_keys.values();
            keys.any(|key| key.references == wanted.references && key.columns == wanted.columns)
        })
    };
    let references = promise.whole.references();
    let check = |id, parent: &str, only_new: bool, title: &dyn Fn(usize) -> String| {
        let wanted: Vec<_> = references
            .to(parent)
            .iter()
            .filter(|(child, ..)| !only_new || promise.created.contains(*child))
            .collect();
        let findings: Vec<_> = wanted
            .iter()
            .filter(|(child, _, key)| !held(child, key))
            .map(|(child, name, _)| Finding {
                message: format!(
                    "{} does not reference {parent} by {}",
                    child.quoted(),
                    name.quoted()
                ),
                object: Some(Object::on(child, ObjectKind::ForeignKey, name)),
                remedy: Some(SETTLE_FOREIGN_KEYS.into()),
                error: None,
            })
            .collect();
        Check {
            id,
            group: Group::Relations,
            title: title(wanted.len()),
            expected: wanted.len().to_string(),
            found: (wanted.len() - findings.len()).to_string(),
            outcome: Outcome::of(findings),
        }
    };
    [
        check("relations.tenant", "Tenant", false, &|n| {
            format!("{n} tables reference Tenant")
        }),
        check("relations.user", "User", true, &|n| {
            format!("{n} new tables reference User")
        }),
    ]
}

/// `1 step`, `2 steps`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

fn names(names: &[&Identifier]) -> String {
    names
        .iter()
        .map(|name| name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
pub(super) mod tests;
