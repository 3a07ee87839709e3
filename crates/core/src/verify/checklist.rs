//! The post-migration checklist, evaluated: every check that needs no rows, and those tried on rows
//! in their places.

use super::baseline::{OtherBaseline, stand_for};
use super::check::Check;
use super::checks::{self, Evaluation};
use super::evidence::{Basis, Evidence};
use super::{relations, tables};
use crate::diff::{Difference, Effect, ObjectKind, compare};
use crate::model::IndexState;

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
    let basis = Basis {
        evidence,
        differences: &breaking,
    };
    let check = |entry: &checks::Entry| -> Option<Check> {
        let judgement = match entry.evaluation {
            Evaluation::Read(judge) => judge(&basis),
            Evaluation::References(model) => relations::of_new_tables(&basis, model),
            Evaluation::Tried { .. } => {
                let mut tried = evidence.tried.iter();
                return tried.find(|check| check.id == entry.id).cloned();
            }
        };
        Some(entry.check(judgement))
    };
    let entries = checks::all(&evidence.promise.declaration);
    let mut checks: Vec<_> = entries.iter().filter_map(check).collect();
    let other = OtherBaseline::of(
        evidence.actual,
        evidence.promise,
        evidence.renames,
        evidence.elsewhere,
    );
    let other = other.map(|other| other.finding());
    if let Some(cause) = tables::wrong_schema(evidence).or(other) {
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

#[cfg(test)]
pub(super) mod tests;
