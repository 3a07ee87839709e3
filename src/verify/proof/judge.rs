//! What a programme's evidence says of each check.

use std::collections::{BTreeMap, BTreeSet};

use leora_schema::TENANT;

use super::catalogue::{TRIED, Tried};
use super::evidence::{Answers, Evidence, Failure, Gathered};
use super::order;
use super::programme::{Claim, Expect, Kind, Programme, Refused, RowExpected, RowFate, Trial};
use super::subject::{KeyName, Subject};
use crate::diff::Object;
use crate::graph::Mark;
use crate::model::Table;
use crate::verify::check::{Check, Finding, Outcome};

/// What came of one claim.
enum Verdict {
    Held,
    Broken(Vec<Finding>),
    NotProved(String),
}

/// Every check of [`TRIED`], by what the rounds show. A later round says again what an earlier one
/// left open.
pub(super) fn judge(subject: &Subject<'_>, rounds: &[(Programme, Evidence)]) -> Vec<Check> {
    let (tallies, nothing) = tallies(subject, rounds);
    let none = Tally::default();
    TRIED
        .iter()
        .map(|tried| {
            tallies
                .get(tried.id)
                .unwrap_or(&none)
                .check(tried, nothing.as_deref())
        })
        .collect()
}

/// What came of each thing that a check tried, by itself.
pub(super) fn marks(
    subject: &Subject<'_>,
    rounds: &[(Programme, Evidence)],
    check: &str,
) -> BTreeMap<Object, Mark> {
    let (mut tallies, _) = tallies(subject, rounds);
    let tally = tallies.remove(check);
    tally.map(|tally| tally.marks).unwrap_or_default()
}

/// What was tried for each check; and why nothing was, when so.
fn tallies<'r>(
    subject: &Subject<'_>,
    rounds: &'r [(Programme, Evidence)],
) -> (BTreeMap<&'r str, Tally>, Option<String>) {
    let mut tallies: BTreeMap<&'r str, Tally> = BTreeMap::new();
    let mut nothing = None;
    for (at, (programme, evidence)) in rounds.iter().enumerate() {
        for skipped in &programme.not_tried {
            let tally = tallies.entry(skipped.check).or_default();
            tally.about.insert(skipped.about.clone());
            tally.not_proved(&skipped.about, skipped.reason.clone());
        }
        let whole = not_run(programme, evidence);
        let is_last = at + 1 == rounds.len();
        for (at, trial) in programme.trials.iter().enumerate() {
            let answers = answers(evidence, at);
            if !is_last && whole.is_none() && left_open(trial, answers) {
                continue;
            }
            for claim in &trial.claims {
                let verdict = match (&whole, answers) {
                    (Some(reason), _) => Verdict::NotProved(reason.clone()),
                    (None, Some(answers)) => verdict(subject, trial, claim, answers),
                    (None, None) => Verdict::NotProved("the server did not answer".to_owned()),
                };
                tallies.entry(claim.check).or_default().add(claim, verdict);
            }
        }
        nothing = nothing.or(whole);
    }
    (tallies, nothing)
}

/// The foreign keys that were tried at once, and refused: each has to be tried by itself.
pub(super) fn to_try_alone(programme: &Programme, evidence: &Evidence) -> BTreeSet<KeyName> {
    let trials = programme.trials.iter().enumerate();
    let open = trials.filter(|(at, trial)| left_open(trial, answers(evidence, *at)));
    let objects = open.flat_map(|(_, trial)| {
        trial
            .claims
            .iter()
            .filter_map(|claim| claim.object.as_ref())
    });
    objects
        .map(|object| KeyName {
            table: object.owner.clone(),
            constraint: object.name.clone(),
        })
        .collect()
}

fn left_open(trial: &Trial, answers: Option<&Answers>) -> bool {
    trial.together && answers.is_some_and(|answers| answers.failure.is_some())
}

fn answers(evidence: &Evidence, trial: usize) -> Option<&Answers> {
    match evidence {
        Evidence::Gathered(Gathered { trials, .. }) => trials.get(trial),
        Evidence::NotTried(_) => None,
    }
}

/// Why nothing of the programme was tried, when so.
fn not_run(programme: &Programme, evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::NotTried(reason) => Some(reason.clone()),
        Evidence::Gathered(gathered) => rows_missing(programme, &gathered.build),
    }
}

/// Why the rows are not there, when so.
pub(super) fn rows_missing(programme: &Programme, build: &Answers) -> Option<String> {
    if let Some(failure) = &build.failure {
        return Some(format!(
            "the rows to try it on could not be made: {}",
            failure.in_words()
        ));
    }
    let read =
        |answer: &Option<String>| serde_json::from_str::<Vec<usize>>(answer.as_deref()?).ok();
    let counts: Vec<usize> = build.answers.iter().filter_map(read).flatten().collect();
    let short = programme
        .rows
        .iter()
        .zip(counts.into_iter().chain(std::iter::repeat(0)))
        .find(|((_, expected), found)| expected != found);
    short.map(|((table, expected), found)| {
        format!(
            "of {expected} rows made in {} the table took {found}",
            table.quoted()
        )
    })
}

#[derive(Default)]
struct Tally {
    about: BTreeSet<String>,
    unproved: BTreeSet<String>,
    broken: BTreeSet<String>,
    findings: Vec<Finding>,
    reasons: Vec<String>,
    marks: BTreeMap<Object, Mark>,
}

impl Tally {
    fn not_proved(&mut self, about: &str, reason: String) {
        self.unproved.insert(about.to_owned());
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn add(&mut self, claim: &Claim, verdict: Verdict) {
        let parts = match &claim.expect {
            Expect::Rows { rows, .. } if claim.check == super::whole_tenant::ERASED => {
                rows.iter().map(|row| row.row.clone()).collect()
            }
            _ => vec![claim.about.clone()],
        };
        self.about.extend(parts.iter().cloned());
        if let Some(object) = &claim.object {
            let mark = match verdict {
                Verdict::Held => Mark::Proved,
                Verdict::NotProved(_) => Mark::NotProved,
                Verdict::Broken(_) => Mark::Broken,
            };
            let worst = self.marks.entry(object.clone()).or_insert(mark);
            *worst = mark.max(*worst);
        }
        match verdict {
            Verdict::Held => {}
            Verdict::NotProved(reason) => {
                for part in &parts {
                    self.not_proved(part, reason.clone());
                }
            }
            Verdict::Broken(findings) => {
                let named = parts
                    .iter()
                    .filter(|part| findings.iter().any(|f| f.message.contains(part.as_str())));
                let named: Vec<_> = named.cloned().collect();
                self.broken
                    .extend(if named.is_empty() { parts } else { named });
                self.findings
                    .extend(findings.into_iter().map(|finding| Finding {
                        object: claim.object.clone(),
                        ..finding
                    }));
            }
        }
    }

    fn check(&self, tried: &Tried, whole: Option<&str>) -> Check {
        let counted = |n: usize| {
            format!(
                "{n} {}",
                if n == 1 {
                    tried.counts.0
                } else {
                    tried.counts.1
                }
            )
        };
        let all = self.about.len();
        let held = self
            .about
            .iter()
            .filter(|about| !self.unproved.contains(*about) && !self.broken.contains(*about))
            .count();
        let outcome = if !self.findings.is_empty() {
            Outcome::Failed {
                findings: self.findings.clone(),
            }
        } else if !self.reasons.is_empty() {
            Outcome::NotProved {
                reasons: self.reasons.clone(),
            }
        } else if all == 0 {
            let reason = whole.unwrap_or("there is nothing to try it on").to_owned();
            Outcome::NotProved {
                reasons: vec![reason],
            }
        } else {
            Outcome::Passed
        };
        let found = if held == all {
            counted(all)
        } else if self.unproved.is_empty() {
            format!("{held} of {}", counted(all))
        } else {
            format!(
                "{held} of {}, {} not proved",
                counted(all),
                self.unproved.len()
            )
        };
        Check {
            id: tried.id,
            group: tried.group,
            title: tried.title.to_owned(),
            expected: counted(all),
            found,
            outcome,
        }
    }
}

fn verdict(subject: &Subject<'_>, trial: &Trial, claim: &Claim, answers: &Answers) -> Verdict {
    if let Some(failure) = answers
        .failure
        .as_ref()
        .filter(|failure| failure.is_about_circumstances())
    {
        return Verdict::NotProved(format!("{}: {}", claim.about, failure.in_words()));
    }
    let broken =
        |found: String| Verdict::Broken(vec![Finding::new(format!("{}: {found}", claim.promise))]);
    let refused = |failure: &Failure| broken(format!("refused: {}", explained(failure)));
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
        (Expect::Accepted, Some(failure)) => refused(failure),
        (Expect::Refused { step, how }, Some(failure)) => {
            let there = answers.answers.len() == *step;
            if there && how.matches(failure) {
                Verdict::Held
            } else {
                refused_otherwise(trial, claim, how, failure)
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
    let mut finding = Finding::new(format!(
        "{}: refused: {}",
        claim.promise,
        explained(failure)
    ));
    let tenant = subject
        .actual
        .tables
        .keys()
        .find(|name| **name == *TENANT.name);
    let by = (failure.table.as_str(), failure.constraint.as_str());
    let found =
        tenant.and_then(|tenant| order::refusal(subject.actual, subject.firing_order, tenant, by));
    if let Some((way, sql)) = found {
        finding.message += &format!(" By {} on {}: {way}.", failure.constraint, failure.table);
        finding.remedy = sql;
    }
    Verdict::Broken(vec![finding])
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

/// A row that is refused for another reason shows nothing of what it was made for; a delete or a change
/// refused for another reason is not what was promised.
fn refused_otherwise(
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
    if trial.steps.iter().all(|step| step.kind == Kind::Insert) {
        Verdict::NotProved(message)
    } else {
        Verdict::Broken(vec![Finding::new(message)])
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
