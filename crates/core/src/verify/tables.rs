//! The tables, by name and by number.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Finding, Judgement, Outcome};
use super::counted::counted;
use super::evidence::{Basis, Evidence, Namesake};
use super::remedy::{APPLY_MAKES, renamed};
use crate::diff::{Object, ObjectKind};
use crate::model::{Identifier, TableKind};

/// The tables that the migration creates.
pub(super) fn new(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let promise = evidence.promise;
    let there: BTreeSet<&Identifier> = evidence.actual.table_names().collect();
    let absent = promise.created.iter().filter(|name| !there.contains(name));
    let absent: Vec<_> = absent.collect();
    let created = promise.created.len();
    Judgement {
        title: Some(format!(
            "the {} exist: {}",
            counted(created, "new table", "new tables"),
            names(&promise.created)
        )),
        expected: created.to_string(),
        found: (created - absent.len()).to_string(),
        outcome: outcome(evidence, || {
            let absent = absent.into_iter();
            absent.map(|name| absence(name, evidence)).collect()
        }),
    }
}

/// All tables: those of the baseline and the new ones.
pub(super) fn count(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let promise = evidence.promise;
    let there: BTreeSet<&Identifier> = evidence.actual.table_names().collect();
    let created = promise.created.len();
    let wanted: BTreeSet<&Identifier> = promise.whole.table_names().collect();
    let before = wanted.len() - created;
    let findings = || {
        let mut findings: Vec<_> = wanted
            .difference(&there)
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
        findings
    };
    Judgement {
        title: Some(format!(
            "{} tables, by name: {before} before and {created} new",
            wanted.len()
        )),
        expected: format!("{} = {before} + {created}", wanted.len()),
        found: there.len().to_string(),
        outcome: outcome(evidence, findings),
    }
}

/// What `findings` come to; one finding in place of them where all tables stand in another schema.
fn outcome(evidence: &Evidence<'_>, findings: impl FnOnce() -> Vec<Finding>) -> Outcome {
    Outcome::of(match wrong_schema(evidence) {
        Some(finding) => vec![finding],
        None => findings(),
    })
}

/// Says so where no table stands in the schema that was looked at, and all that stood before stand in another.
pub(super) fn wrong_schema(evidence: &Evidence<'_>) -> Option<Finding> {
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
        ..Finding::default()
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

fn names(names: &[Identifier]) -> String {
    let names: Vec<_> = names.iter().map(Identifier::as_str).collect();
    names.join(", ")
}
