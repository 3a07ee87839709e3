//! Failures that a team knows of and accepts, for a reason and a time.

use chrono::NaiveDate;

use super::check::{Check, Finding, Outcome};
use super::checks::read::APPLIED;

/// One accepted failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The check, by its name.
    pub check: String,
    /// What a finding says, or part of it: no other finding is accepted. All are where it is left out.
    pub finding: Option<String>,
    /// Why it may fail.
    pub reason: String,
    /// The last day on which it may.
    pub expires: NaiveDate,
}

impl Waiver {
    fn accepts(&self, finding: &Finding) -> bool {
        let said = self.finding.as_ref();
        said.is_none_or(|said| finding.told().contains(said))
    }
}

/// Waives the failures that `waivers` accept on the day `today`. A check is waived when all its findings are
/// accepted; one that is past its day waives nothing and says so. What is accepted is so too where it stands in the
/// way of the migration. Gives what is the matter with the waivers
/// themselves, those that are not needed, and what is accepted of checks that fail all the same.
pub fn waive(checks: &mut [Check], waivers: &[Waiver], today: NaiveDate) -> Vec<String> {
    let needless = waivers.iter().filter_map(|waiver| needless(checks, waiver));
    let mut notes: Vec<_> = needless.collect();
    let in_the_way = in_the_way(checks, waivers);
    let all: Vec<_> = waivers.iter().chain(&in_the_way).collect();
    for check in checks {
        notes.extend(waive_check(check, &all, today));
    }
    notes
}

/// What `waivers` accept of other checks, as what the check of the migration finds in its way.
fn in_the_way(checks: &[Check], waivers: &[Waiver]) -> Vec<Waiver> {
    let mut accepted = Vec::new();
    for check in checks {
        for waiver in waivers.iter().filter(|waiver| check.id == waiver.check) {
            let findings = check.outcome.findings().iter();
            accepted.extend(
                findings
                    .filter(|finding| waiver.accepts(finding))
                    .map(|finding| Finding {
                        is_conflict: true,
                        ..finding.clone()
                    })
                    .map(|conflict| Waiver {
                        check: APPLIED.id.to_string(),
                        finding: Some(conflict.told().into_owned()),
                        ..waiver.clone()
                    }),
            );
        }
    }
    accepted
}

/// Says so where `waiver` has nothing to accept.
fn needless(checks: &[Check], waiver: &Waiver) -> Option<String> {
    let name = &waiver.check;
    let Some(check) = checks.iter().find(|check| check.id == *name) else {
        return Some(format!(
            "a waiver names {name}, which is no check of this run"
        ));
    };
    // What was not found out may fail where it is.
    if matches!(
        check.outcome,
        Outcome::NotProved { .. } | Outcome::Skipped { .. }
    ) {
        return None;
    }
    let found = check.outcome.findings();
    if found.iter().any(|finding| waiver.accepts(finding)) {
        return None;
    }
    let why = match &waiver.finding {
        Some(said) if !found.is_empty() => format!("nothing that it finds says {said:?}"),
        _ => "it does not fail".to_owned(),
    };
    Some(format!("the waiver of {name} is not needed: {why}"))
}

fn waive_check(check: &mut Check, waivers: &[&Waiver], today: NaiveDate) -> Vec<String> {
    let Outcome::Failed { findings } = &mut check.outcome else {
        return Vec::new();
    };
    let of_check = |waiver: &&Waiver| {
        check.id == waiver.check && findings.iter().any(|finding| waiver.accepts(finding))
    };
    let (in_force, expired): (Vec<&Waiver>, Vec<&Waiver>) = waivers
        .iter()
        .copied()
        .filter(of_check)
        .partition(|waiver| today <= waiver.expires);
    let is_accepted = |finding: &Finding| in_force.iter().any(|waiver| waiver.accepts(finding));
    if let Some(until) = in_force.iter().map(|waiver| waiver.expires).min()
        && findings.iter().all(is_accepted)
    {
        let reasons: Vec<_> = in_force.iter().map(|waiver| waiver.reason.trim()).collect();
        check.outcome = Outcome::Waived {
            findings: std::mem::take(findings),
            reason: reasons.join("; "),
            until: until.to_string(),
        };
        return Vec::new();
    }
    let (accepted, open): (Vec<_>, Vec<_>) =
        std::mem::take(findings).into_iter().partition(is_accepted);
    *findings = open;
    findings.extend(expired.iter().map(|waiver| {
        let (day, reason) = (waiver.expires, waiver.reason.trim());
        let remedy = "Settle it, or renew the waiver with its reason.";
        Finding::new(format!("its waiver expired on {day}: {reason}")).remedy(remedy)
    }));
    let accepted = accepted.iter().filter_map(|finding| {
        let waiver = in_force.iter().find(|waiver| waiver.accepts(finding))?;
        let (id, message) = (check.id, finding.told());
        let (day, reason) = (waiver.expires, waiver.reason.trim());
        Some(format!("waived in {id} until {day}: {message} ({reason})"))
    });
    accepted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::checks::read::TABLES_COUNT;

    fn failing() -> Vec<Check> {
        vec![Check {
            id: TABLES_COUNT.id,
            is_tried: false,
            title: String::new(),
            expected: String::new(),
            found: String::new(),
            outcome: Outcome::of(vec![Finding::new("one too many")]),
        }]
    }

    fn waiver(check: &str) -> Waiver {
        let expires = NaiveDate::from_ymd_opt(2027, 1, 31).expect("a day");
        Waiver {
            check: check.to_owned(),
            finding: None,
            reason: "known".to_owned(),
            expires,
        }
    }

    #[test]
    fn a_waiver_holds_to_the_end_of_its_last_day() {
        let day = |day| NaiveDate::from_ymd_opt(2027, 1, day).expect("a day");
        let mut checks = failing();
        assert!(waive(&mut checks, &[waiver("tables.count")], day(31)).is_empty());
        assert!(matches!(checks[0].outcome, Outcome::Waived { .. }));
        let mut checks = failing();
        let past = day(31).succ_opt().expect("a day");
        assert!(waive(&mut checks, &[waiver("tables.count")], past).is_empty());
        let Outcome::Failed { findings } = &checks[0].outcome else {
            panic!("still fails")
        };
        assert_eq!(
            findings[1].message,
            "its waiver expired on 2027-01-31: known"
        );
    }

    #[test]
    fn a_waiver_of_nothing_is_said() {
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
        assert_eq!(
            waive(&mut failing(), &[waiver("tables.coun")], today).len(),
            1
        );
        let mut passing = failing();
        passing[0].outcome = Outcome::Passed;
        assert_eq!(
            waive(&mut passing, &[waiver("tables.count")], today).len(),
            1
        );
        let reason = || "nobody looked".to_owned();
        let open = [
            Outcome::NotProved {
                reasons: vec![reason()],
            },
            Outcome::Skipped { reason: reason() },
        ];
        for outcome in open {
            let mut checks = failing();
            checks[0].outcome = outcome;
            let notes = waive(&mut checks, &[waiver("tables.count")], today);
            assert!(notes.is_empty(), "{notes:?}");
        }
    }

    #[test]
    fn a_waiver_of_one_finding_accepts_no_other() {
        let today = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
        let of = |finding: &str, reason: &str| Waiver {
            finding: Some(finding.to_owned()),
            reason: reason.to_owned(),
            ..waiver("tables.count")
        };
        let both = || {
            let mut checks = failing();
            checks[0].outcome = Outcome::of(vec![
                Finding::new("column \"note\" is too much"),
                Finding::new("column \"id\" is missing"),
            ]);
            checks
        };
        let mut checks = both();
        let notes = waive(&mut checks, &[of("\"note\"", "gone in March")], today);
        let Outcome::Failed { findings } = &checks[0].outcome else {
            panic!("the other still fails")
        };
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "column \"id\" is missing");
        let told =
            "waived in tables.count until 2027-01-31: column \"note\" is too much (gone in March)";
        assert_eq!(notes, [told]);
        let mut checks = both();
        let all = [of("\"note\"", "gone in March"), of("\"id\"", "known ")];
        assert!(waive(&mut checks, &all, today).is_empty());
        let Outcome::Waived { reason, .. } = &checks[0].outcome else {
            panic!("all is accepted")
        };
        assert_eq!(reason, "gone in March; known");
        let notes = waive(&mut both(), &[of("\"other\"", "known")], today);
        assert_eq!(notes.len(), 1, "{notes:?}");
    }

    /// Each counts for its own check and its own findings, with its own day and reason.
    #[test]
    fn several_waivers_do_not_answer_for_each_other() {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 31).expect("a day");
        let of = |check: &str, finding: &str, year| Waiver {
            check: check.to_owned(),
            finding: Some(finding.to_owned()),
            reason: format!("{finding} in {year}"),
            expires: day(year),
        };
        let waived = |waivers: &[Waiver], found: &[&str]| {
            let mut checks = failing();
            let findings = found.iter().map(|found| Finding::new(*found));
            checks[0].outcome = Outcome::of(findings.collect());
            let notes = waive(&mut checks, waivers, day(2028));
            (checks.remove(0).outcome, notes)
        };
        let other = [of("tables.columns", "a", 2030)];
        let (outcome, notes) = waived(&other, &["a"]);
        assert!(outcome.is_failure(), "{outcome:?}");
        let no_check = "a waiver names tables.columns, which is no check of this run";
        assert_eq!(notes, [no_check]);

        let mine = |finding, year| of("tables.count", finding, year);
        let all = [
            mine("c", 2027),
            mine("d", 2029),
            mine("b", 2031),
            mine("a", 2030),
        ];
        let (outcome, notes) = waived(&all, &["a", "b"]);
        let Outcome::Waived { reason, until, .. } = outcome else {
            panic!("all is accepted: {outcome:?}")
        };
        assert_eq!(
            (reason.as_str(), until.as_str()),
            ("b in 2031; a in 2030", "2030-01-31")
        );
        let needless = |finding| {
            format!(
                "the waiver of tables.count is not needed: nothing that it finds says {finding:?}"
            )
        };
        assert_eq!(notes, [needless("c"), needless("d")]);

        let (outcome, notes) = waived(&all, &["a", "b", "c"]);
        let Outcome::Failed { findings } = outcome else {
            panic!("one is past its day: {outcome:?}")
        };
        let messages: Vec<_> = findings
            .iter()
            .map(|finding| finding.message.as_str())
            .collect();
        assert_eq!(
            messages,
            ["c", "its waiver expired on 2027-01-31: c in 2027"]
        );
        assert_eq!(
            notes,
            [
                needless("d"),
                "waived in tables.count until 2030-01-31: a (a in 2030)".to_owned(),
                "waived in tables.count until 2031-01-31: b (b in 2031)".to_owned(),
            ]
        );
        let passed = waived(&all[..1], &[]).1;
        assert_eq!(
            passed,
            ["the waiver of tables.count is not needed: it does not fail"]
        );
    }

    #[test]
    fn what_is_waived_does_not_stand_in_the_way_either() {
        let today = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a day");
        let with = |waiver: Waiver, (is_conflict, message): (bool, &str)| {
            let finding = Finding {
                is_conflict,
                ..Finding::new(message)
            };
            let mut checks = failing();
            checks.push(Check {
                id: APPLIED.id,
                outcome: Outcome::of(vec![finding]),
                ..checks[0].clone()
            });
            waive(&mut checks, &[waiver], today);
            matches!(checks[1].outcome, Outcome::Waived { .. })
        };
        let all = || waiver("tables.count");
        assert!(with(all(), (true, "one too many")));
        assert!(!with(all(), (true, "another")));
        assert!(!with(all(), (false, "one too many")));
        let other = || waiver("tables.columns");
        assert!(!with(other(), (true, "one too many")), "another's");
        let of = |finding: &str| Waiver {
            finding: Some(finding.to_owned()),
            ..all()
        };
        assert!(with(of("too many"), (true, "one too many")));
        assert!(!with(of("too few"), (true, "one too many")));
    }
}
