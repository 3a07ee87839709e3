//! What a trial's answers say of one claim.

use super::evidence::{Answers, Failure, is_about_circumstances};
use super::order;
use super::programme::{Claim, Expect, Kind, Refused, RowExpected, RowFate, Trial};
use super::server;
use super::subject::Subject;
use crate::model::{Schema, Table};
use crate::verify::check::{Finding, Group, Remedy};
use crate::verify::remedy::SETTLE_FOREIGN_KEYS;

/// What came of one claim.
pub(super) enum Verdict {
    Held,
    Broken(Vec<Finding>),
    NotProved(String),
}

/// PostgreSQL's code for want of rights. A superuser meets it where a foreign key is followed as a table's owner.
const NO_RIGHT: &str = "42501";

/// PostgreSQL's code for a row that a CHECK refuses.
const CHECK_VIOLATION: &str = "23514";

/// What `answers`, those of `trial`, say of `claim`.
pub(super) fn verdict(
    subject: &Subject<'_>,
    trial: &Trial,
    claim: &Claim,
    answers: &Answers,
) -> Verdict {
    let shows_nothing = |sqlstate: &str| {
        is_about_circumstances(sqlstate) && !(subject.superuser && sqlstate == NO_RIGHT)
    };
    let failure = answers.failure.as_ref();
    let says_nothing = |failure: &&Failure| {
        server::is_of_server(subject, failure) || shows_nothing(&failure.sqlstate)
    };
    if let Some(failure) = failure.filter(says_nothing) {
        return Verdict::NotProved(format!("{}: {}", claim.about, failure.in_words()));
    }
    let broken =
        |found: String| Verdict::Broken(vec![Finding::new(format!("{}: {found}", claim.promise))]);
    let refused = |failure: &Failure| {
        let message = format!("{}: refused: {}", claim.promise, explained(failure));
        Verdict::Broken(vec![of_error(failure, message)])
    };
    if let Some((step, count)) = unmoved(trial, answers) {
        let found = format!(
            "step {} of {} changed {count} rows instead of one",
            step + 1,
            trial.steps.len()
        );
        let is_hidden = |table: &Table| table.row_security.enabled;
        if !subject.bypasses_row_security && subject.actual.tables.values().any(is_hidden) {
            return Verdict::NotProved(format!(
                "{}: {found}: row-level security may have hidden it",
                claim.promise
            ));
        }
        return broken(found);
    }
    let answer = |step: usize| answers.answers.get(step).and_then(Option::as_deref);
    match (&claim.expect, &answers.failure) {
        (Expect::Accepted, None) => Verdict::Held,
        (Expect::Rows { rows, .. }, Some(failure))
            if rows.iter().all(|row| row.fate == RowFate::Unchanged) =>
        {
            Verdict::NotProved(format!(
                "{}: the delete was refused, so it had nothing to change: {}",
                claim.about,
                failure.in_words()
            ))
        }
        (Expect::Rows { .. }, Some(failure)) => delete_refused(subject, claim, failure),
        // Another constraint, which the tables group names, says nothing of what is unique.
        (Expect::Accepted, Some(failure))
            if failure.sqlstate == CHECK_VIOLATION && claim.check.group == Group::Uniqueness =>
        {
            Verdict::NotProved(format!("{}: {}", claim.about, failure.in_words()))
        }
        (Expect::Accepted, Some(failure)) => refused(failure),
        (Expect::Refused { step, how }, Some(failure)) => {
            let there = answers.answers.len() == *step;
            if there && how.matches(failure) {
                Verdict::Held
            } else {
                refused_otherwise(subject, trial, claim, how, failure)
            }
        }
        (Expect::Refused { .. }, None) => broken(match answer(trial.steps.len() - 1) {
            Some(state)
                if trial
                    .steps
                    .last()
                    .is_some_and(|step| step.kind == Kind::Ask) =>
            {
                state_in_words(state).to_owned()
            }
            _ => "it was accepted".to_owned(),
        }),
        (Expect::Answer { or_refused, .. }, Some(failure)) => match or_refused {
            Some(expected) if expected.matches(failure) => Verdict::Held,
            _ => refused(failure),
        },
        (Expect::Answer { step, is, .. }, None) => match answer(*step) {
            Some(found) if is.iter().any(|expected| expected == found) => Verdict::Held,
            Some(refused)
                if trial.steps[*step].may_be_refused && {
                    let code = refused.split(' ').next().unwrap_or_default();
                    server::is_refusal(code) || shows_nothing(code)
                } =>
            {
                let state = refused.trim_end();
                Verdict::NotProved(format!("{}: refused (SQLSTATE {state})", claim.about))
            }
            Some(found) if trial.steps[*step].may_be_refused => broken(attempt_in_words(found)),
            found => broken(state_in_words(found.unwrap_or("nothing")).to_owned()),
        },
        (
            Expect::Rows {
                before,
                after,
                rows,
            },
            None,
        ) => rows_verdict(claim, rows, answer(*before), answer(*after)),
    }
}

/// The way a delete went, and what held it.
fn delete_refused(subject: &Subject<'_>, claim: &Claim, failure: &Failure) -> Verdict {
    let message = format!("{}: refused: {}", claim.promise, explained(failure));
    let mut finding = of_error(failure, message);
    let tenant = subject
        .actual
        .tables
        .keys()
        .find(|name| **name == *subject.declaration.tenant);
    let by = (failure.table.as_str(), failure.constraint.as_str());
    let found =
        tenant.and_then(|tenant| order::refusal(subject.actual, subject.firing_order, tenant, by));
    if let Some((way, sql)) = found {
        finding.message += &format!(" By {} on {}: {way}.", failure.constraint, failure.table);
        finding.remedy = sql.map(Remedy::new);
    }
    // Then there is nothing to say of the order.
    if is_as_promised(subject, failure) == Some(false) {
        finding.remedy = Some(SETTLE_FOREIGN_KEYS.into());
    }
    Verdict::Broken(vec![finding])
}

/// Whether the foreign key that refused is what is promised; `None` where none did.
fn is_as_promised(subject: &Subject<'_>, failure: &Failure) -> Option<bool> {
    let key = |schema: &Schema| {
        let table = schema.tables.get(failure.table.as_str())?;
        table.foreign_keys.get(failure.constraint.as_str()).cloned()
    };
    let actual = key(subject.actual)?;
    Some(key(subject.desired).is_some_and(|desired| desired == actual))
}

/// A step that should have changed one row and did not: a rule, a trigger or a policy swallowed it.
fn unmoved(trial: &Trial, answers: &Answers) -> Option<(usize, u64)> {
    let steps = trial.steps.iter().zip(&answers.answers).enumerate();
    let mut changes = steps.filter(|(_, (step, _))| step.kind != Kind::Ask && !step.may_be_refused);
    changes.find_map(|(at, (_, answer))| {
        let count = answer.as_deref()?.parse().ok()?;
        (count != 1).then_some((at, count))
    })
}

/// A row that is refused for another reason shows nothing of what it was made for, nor does a delete or a change
/// that another foreign key refuses as it should. One refused for any other reason is not what was promised.
fn refused_otherwise(
    subject: &Subject<'_>,
    trial: &Trial,
    claim: &Claim,
    expected: &Refused,
    failure: &Failure,
) -> Verdict {
    let by: Vec<_> = expected.by.iter().map(|name| name.quoted()).collect();
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(" by {}", by.join(" or "))
    };
    let message = format!(
        "{}: refused, but not with {}{by}: {}",
        claim.promise,
        expected.states.join(" or "),
        explained(failure)
    );
    let only_inserts = trial.steps.iter().all(|step| step.kind == Kind::Insert);
    if only_inserts || is_as_promised(subject, failure) == Some(true) {
        Verdict::NotProved(message)
    } else {
        Verdict::Broken(vec![of_error(failure, message)])
    }
}

fn of_error(failure: &Failure, message: String) -> Finding {
    Finding {
        error: Some(failure.in_words()),
        ..Finding::new(message)
    }
}

fn explained(failure: &Failure) -> String {
    let detail = if failure.detail.is_empty() {
        String::new()
    } else {
        format!(" {}", failure.detail)
    };
    format!("{}.{detail}", failure.in_words())
}

/// What came of a step that may be refused: how many rows it changed, or an error code and a constraint.
fn attempt_in_words(found: &str) -> String {
    match found.split_once(' ') {
        None => "it was accepted".to_owned(),
        Some((state, "")) => format!("it was refused with SQLSTATE {state}"),
        Some((state, constraint)) => {
            format!("it was refused with SQLSTATE {state} by {constraint}")
        }
    }
}

fn state_in_words(state: &str) -> &str {
    match state {
        "gone" => "the row was deleted",
        "kept" => "the row was left as it was, naming a row that is not there",
        "followed" => "the row followed",
        "null" => "the row's reference became NULL",
        "default" => "the row's reference became the default",
        "changed" => "the row's reference became something else",
        other => other,
    }
}

fn rows_verdict(
    claim: &Claim,
    rows: &[RowExpected],
    before: Option<&str>,
    after: Option<&str>,
) -> Verdict {
    let read = |answer: Option<&str>| -> Option<Vec<Option<String>>> {
        serde_json::from_str(answer?).ok()
    };
    let (Some(before), Some(after)) = (read(before), read(after)) else {
        return Verdict::NotProved(format!(
            "{}: the server's answer could not be read",
            claim.about
        ));
    };
    let row = |rows: &[Option<String>], at: usize| rows.get(at).cloned().flatten();
    let mut findings = Vec::new();
    for expected in rows {
        let (was, is) = (row(&before, expected.at), row(&after, expected.at));
        if was.is_none() {
            return Verdict::NotProved(format!("{} could not be seen before", expected.row));
        }
        let found = match (expected.fate, &is) {
            (RowFate::Gone, Some(_)) => "is still there",
            (RowFate::Unchanged | RowFate::Changed, None) => "is gone",
            (RowFate::Unchanged, Some(_)) if was != is => "was changed",
            (RowFate::Changed, Some(_)) if was == is => {
                "was left as it was, naming a row that is not there"
            }
            _ => continue,
        };
        findings.push(Finding::new(format!(
            "{}: {} {found}",
            claim.promise, expected.row
        )));
    }
    if findings.is_empty() {
        Verdict::Held
    } else {
        Verdict::Broken(findings)
    }
}

#[cfg(test)]
mod tests;
