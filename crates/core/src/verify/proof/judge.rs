//! What a programme's evidence says of each check.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Answers, Evidence, Gathered, ServerFailure};
use super::programme::{Claim, Expect, Programme, Trial};
use super::subject::{KeyName, Subject};
use super::verdict::{Verdict, verdict};
use crate::diff::Object;
use crate::graph::Mark;
use crate::verify::check::{Check, CheckId, Finding, Judgement, Outcome};
use crate::verify::checks::tried::TENANT_ERASED;
use crate::verify::checks::{self, Evaluation};
use crate::verify::remedy::SEE_WHAT_STANDS;

/// Every check that is tried on rows, by what the rounds show. A later round says again what an earlier one
/// left open.
pub(super) fn judge(subject: &Subject<'_>, rounds: &[(Programme, Evidence)]) -> Vec<Check> {
    let (tallies, nothing) = tallies(subject, rounds);
    let none = Tally::default();
    let check = |entry: &checks::Entry| {
        let Evaluation::Tried { one, many } = entry.evaluation else {
            return None;
        };
        let tally = tallies.get(&entry.id).unwrap_or(&none);
        let judgement = tally.judge((one, many), nothing.as_deref());
        Some(entry.check(judgement))
    };
    let entries = checks::all(subject.declaration);
    let mut checks: Vec<_> = entries.iter().filter_map(check).collect();
    if let Some((_, Evidence::CutOff(failure))) = rounds.last() {
        skip_cut_off(&mut checks, failure);
    }
    checks
}

/// A check that nothing but the server's failure left open was not looked at.
fn skip_cut_off(checks: &mut [Check], failure: &ServerFailure) {
    for check in checks {
        if let Outcome::NotProved { reasons } = &check.outcome
            && reasons.iter().all(|reason| *reason == failure.0)
        {
            check.outcome = Outcome::Skipped {
                reason: failure.0.clone(),
            };
        }
    }
}

/// What came of each thing that a check tried, by itself.
pub(super) fn marks(
    subject: &Subject<'_>,
    rounds: &[(Programme, Evidence)],
    check: CheckId,
) -> BTreeMap<Object, Mark> {
    let (mut tallies, _) = tallies(subject, rounds);
    let tally = tallies.remove(&check);
    tally.map(|tally| tally.marks).unwrap_or_default()
}

/// What was tried for each check; and why nothing was, when so.
fn tallies(
    subject: &Subject<'_>,
    rounds: &[(Programme, Evidence)],
) -> (BTreeMap<CheckId, Tally>, Option<String>) {
    let mut tallies: BTreeMap<CheckId, Tally> = BTreeMap::new();
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

pub(super) fn left_open(trial: &Trial, answers: Option<&Answers>) -> bool {
    trial.together && answers.is_some_and(|answers| answers.failure.is_some())
}

fn answers(evidence: &Evidence, trial: usize) -> Option<&Answers> {
    match evidence {
        Evidence::Gathered(Gathered { trials, .. }) => trials.get(trial),
        Evidence::NotTried(_) | Evidence::CutOff(_) => None,
    }
}

/// Why nothing of the programme was tried, when so.
fn not_run(programme: &Programme, evidence: &Evidence) -> Option<String> {
    match evidence {
        Evidence::NotTried(reason) | Evidence::CutOff(ServerFailure(reason)) => {
            Some(reason.clone())
        }
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
            Expect::Rows { rows, .. } if claim.check == TENANT_ERASED.id => {
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
                        remedy: finding.remedy.or_else(|| Some(SEE_WHAT_STANDS.into())),
                        ..finding
                    }));
            }
        }
    }

    fn judge(&self, (one, many): (&str, &str), whole: Option<&str>) -> Judgement {
        let counted = |n: usize| format!("{n} {}", if n == 1 { one } else { many });
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
            // What a word of the user's would settle comes first.
            let mut reasons = self.reasons.clone();
            reasons.sort_by_key(|reason| !reason.contains("--allow-user-code"));
            Outcome::NotProved { reasons }
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
        Judgement {
            title: None,
            expected: counted(all),
            found,
            outcome,
        }
    }
}

#[cfg(test)]
mod tests;
