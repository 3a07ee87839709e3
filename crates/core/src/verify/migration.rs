//! The declaration on the baseline, and the migration in the database.

use super::check::{Finding, Judgement, Outcome};
use super::counted::counted;
use super::evidence::{Basis, Recorded};
use super::remedy::renamed;

/// The declaration must agree with the baseline.
pub(super) fn declaration(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let conflicts = evidence.promise.plan_on_baseline(evidence.schema).refusals;
    let findings: Vec<_> = conflicts
        .into_iter()
        .map(|refusal| Finding {
            message: refusal.reason,
            object: Some(refusal.object),
            remedy: Some(refusal.remedy.into()),
            ..Finding::default()
        })
        .collect();
    Judgement {
        title: Some(
            "no name, relation or index conflicts with the schema that stood before".to_owned(),
        ),
        expected: "no conflict".to_owned(),
        found: counted(findings.len(), "conflict", "conflicts"),
        outcome: Outcome::of(findings),
    }
}

/// What is said of steps that would make what is there under another name.
const RENAME_FIRST: &str = "First rename what the groups tables and integrity say to rename: leora-migrate apply would make it \
     anew, without its rows or values.";

/// Nothing may be left to do.
pub(super) fn applied(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
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
        message: refusal.reason.clone(),
        is_conflict: true,
        object: Some(refusal.object.clone()),
        remedy: Some(match evidence.renames.of(&refusal.object) {
            Some(rename) => renamed::remedy(rename),
            None => refusal.remedy.clone().into(),
        }),
        ..Finding::default()
    }));
    Judgement {
        title: Some(format!("{} is applied", plan.migration)),
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

/// Somebody must have recorded the migration.
pub(super) fn recorded(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
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
    Judgement {
        title: None,
        expected: "one record".to_owned(),
        found,
        outcome,
    }
}
