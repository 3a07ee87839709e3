//! The relations that the declaration's existing models have, and gain.

use super::check::{Finding, Judgement, Outcome};
use super::evidence::Basis;
use super::remedy::SETTLE_FOREIGN_KEYS;
use crate::diff::{Object, ObjectKind};
use crate::model::{ForeignKey, Identifier};

/// Every table that should reference the tenant does.
pub(super) fn of_tenant(basis: &Basis<'_>) -> Judgement {
    let tenant = basis.evidence.promise.declaration.tenant;
    references(basis, tenant, false)
}

/// Every new table that should reference `parent` does.
pub(super) fn of_new_tables(basis: &Basis<'_>, parent: &str) -> Judgement {
    references(basis, parent, true)
}

fn references(Basis { evidence, .. }: &Basis<'_>, parent: &str, only_new: bool) -> Judgement {
    let promise = evidence.promise;
    let held = |child: &Identifier, wanted: &ForeignKey| {
        let table = evidence.actual.tables.get(child);
        table.is_some_and(|table| {
            let mut keys = table.foreign_keys.values();
            keys.any(|key| key.references == wanted.references && key.columns == wanted.columns)
        })
    };
    let references = promise.whole.references();
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
            ..Finding::default()
        })
        .collect();
    let tables = if only_new { "new tables" } else { "tables" };
    Judgement {
        title: Some(format!("{} {tables} reference {parent}", wanted.len())),
        expected: wanted.len().to_string(),
        found: (wanted.len() - findings.len()).to_string(),
        outcome: Outcome::of(findings),
    }
}
