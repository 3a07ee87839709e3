//! Failures that a team knows of and accepts, for a reason and a time.

use chrono::NaiveDate;

use super::check::{Check, Finding, Outcome};

/// One accepted failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The check, by its name.
    pub check: String,
    /// Why it may fail.
    pub reason: String,
    /// The last day on which it may.
    pub expires: NaiveDate,
}

/// Waives the failures that `waivers` accept on the day `today`. One that is past its day waives
/// nothing and says so. Gives what is the matter with the waivers themselves: a name that is no
/// check's, a check that does not fail.
pub fn waive(checks: &mut [Check], waivers: &[Waiver], today: NaiveDate) -> Vec<String> {
    waivers
        .iter()
        .filter_map(|waiver| apply(checks, waiver, today))
        .collect()
}

fn apply(checks: &mut [Check], waiver: &Waiver, today: NaiveDate) -> Option<String> {
    let Waiver {
        check: name,
        reason,
        expires,
    } = waiver;
    let Some(check) = checks.iter_mut().find(|check| check.id == *name) else {
        return Some(format!(
            "a waiver names {name}, which is no check of this run"
        ));
    };
    let Outcome::Failed { findings } = &mut check.outcome else {
        return Some(format!(
            "the waiver of {name} is not needed: it does not fail"
        ));
    };
    if *expires < today {
        let remedy = "Settle it, or renew the waiver with its reason.";
        findings.push(
            Finding::new(format!("its waiver expired on {expires}: {reason}")).remedy(remedy),
        );
        return None;
    }
    let findings = std::mem::take(findings);
    check.outcome = Outcome::Waived {
        findings,
        reason: reason.clone(),
        until: expires.to_string(),
    };
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::check::Group;

    fn failing() -> Vec<Check> {
        vec![Check {
            id: "tables.count",
            group: Group::Tables,
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
    }
}
