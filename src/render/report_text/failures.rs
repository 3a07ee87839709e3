//! What failed: each check with its findings, and what is otherwise as a diff.

use std::collections::{BTreeMap, BTreeSet};

use super::{MOST_FINDINGS, Page, more, remedy};
use crate::render::diff;
use crate::render::style::{bad, strong, wrapped};
use crate::report::{ObjectDiff, Report};
use leora_core::verify::check::{Check, CheckId, Finding};
use leora_core::verify::checks::read::APPLIED;
use leora_core::verify::remedy::{APPLY_MAKES, SEE_WHAT_STANDS, is_left_to_others};

/// The most findings of one check that are written out where one error is behind them.
const MOST_OF_ONE_ERROR: usize = 3;
/// The most that is written of a check that others may explain: read in the catalog, and tried.
const MOST_OF_AN_EFFECT: usize = 3;
const MOST_OF_A_TRIAL: usize = 1;
/// The most diffs that are written out.
const MOST_DIFFS: usize = 8;

/// The checks that failed.
pub(super) struct Failed<'a> {
    /// Those that say what to do.
    causes: Vec<&'a Check>,
    /// Those that say no more than that others come first.
    effects: Vec<&'a Check>,
}

impl<'a> Failed<'a> {
    /// The checks of `report` that failed. In full, and where none is a cause by itself, all are causes.
    pub(super) fn of(report: &'a Report, page: Page) -> Failed<'a> {
        let checks = report.checks.iter();
        let mut failed: Vec<_> = checks.filter(|check| check.outcome.is_failure()).collect();
        let says_what_is_pending = failed.iter().any(|check| check.id == APPLIED.id);
        // What is in the way of the migration others say better, with what settles it.
        failed.sort_by_key(|check| check.id == APPLIED.id);
        let mut told = Vec::new();
        let (causes, effects): (Vec<_>, Vec<_>) = failed.iter().partition(|check| {
            let is_own = |finding: &Finding| {
                let is_pending = finding.says_to(APPLY_MAKES);
                let is_told = told.contains(&finding.message.as_str());
                let is_explained = is_left_to_others(finding) || is_pending && says_what_is_pending;
                !is_told && !is_explained
            };
            let is_cause = check.outcome.findings().iter().any(is_own);
            if is_cause {
                let findings = check.outcome.findings().iter();
                told.extend(findings.map(|finding| finding.message.as_str()));
            }
            is_cause
        });
        if causes.is_empty() || page.in_full {
            let (causes, effects) = (failed, Vec::new());
            return Failed { causes, effects };
        }
        Failed { causes, effects }
    }

    /// Writes them; those that others may explain in a line each.
    pub(super) fn write(&self, out: &mut String, report: &Report, page: Page) {
        let count = self.causes.len() + self.effects.len();
        if count == 0 {
            return;
        }
        let count = format!("{count} of {} checks failed", report.checks.len());
        *out += &format!("\n{}\n", bad(&count));
        let mut told = Vec::new();
        for check in &self.causes {
            failure(out, check, &mut told, page);
        }
        self.write_effects(out, page.width);
        diffs(out, report, page);
    }

    fn write_effects(&self, out: &mut String, width: usize) {
        if self.effects.is_empty() {
            return;
        }
        let head = format!(
            "{} more {}, which may come of the above (--details has each):",
            self.effects.len(),
            bad("FAILED")
        );
        *out += "\n";
        *out += &wrapped(&head, "  ", "    ", width);
        let mut told = BTreeSet::new();
        for check in &self.effects {
            let mut line = format!("{}: found {}", strong(&check.id.to_string()), check.found);
            if !says_both(&check.found, &check.expected) {
                line += &format!(", expected {}", check.expected);
            }
            *out += &wrapped(&line, "  - ", "    ", width);
            let said = said(check).into_iter();
            let new: Vec<_> = said.filter(|said| told.insert(*said)).collect();
            let most = if check.is_tried {
                MOST_OF_A_TRIAL
            } else {
                MOST_OF_AN_EFFECT
            };
            for said in new.iter().take(most) {
                *out += &wrapped(said, "      ", "      ", width);
            }
            *out += &more(new.len(), most, "    ");
        }
    }

    /// Where to begin, when it is not all that failed.
    pub(super) fn where_to_begin(&self) -> Option<String> {
        let causes: Vec<_> = self
            .causes
            .iter()
            .map(|check| check.id.to_string())
            .collect();
        (!self.effects.is_empty()).then(|| format!("Settle first: {}.", causes.join(", ")))
    }
}

/// Whether `found` has what was expected too, as "0 of 13" has.
fn says_both(found: &str, expected: &str) -> bool {
    let before = found.strip_suffix(expected);
    before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
}

/// What an effect adds to its causes: the errors behind what was tried, and what else was found, but for
/// what other checks found as well.
fn said(check: &Check) -> Vec<&str> {
    let adds =
        |finding: &&Finding| finding.says_to(SEE_WHAT_STANDS) || finding.says_to(APPLY_MAKES);
    let added = check.outcome.findings().iter().filter(adds);
    added
        .map(|finding| finding.error.as_ref().unwrap_or(&finding.message).as_str())
        .collect()
}

/// A check that failed, with its findings, what an earlier one was `told` of already left to it.
fn failure<'a>(
    out: &mut String,
    check: &'a Check,
    told: &mut Vec<(&'a Finding, CheckId)>,
    page: Page,
) {
    let width = page.width;
    *out += &format!("\n  {} {}\n", bad("FAILED"), strong(&check.id.to_string()));
    *out += &wrapped(
        &format!(
            "{}: expected {}, found {}",
            check.title, check.expected, check.found
        ),
        "    ",
        "    ",
        width,
    );
    let same = |finding: &Finding| {
        let mut earlier = told.iter();
        let found = earlier.find(|(told, _)| told.message == finding.message);
        found.map(|(_, check)| *check)
    };
    let (again, new): (Vec<_>, Vec<_>) = check
        .outcome
        .findings()
        .iter()
        .partition(|f| same(f).is_some());
    let mut elsewhere: Vec<_> = again.into_iter().filter_map(same).collect();
    elsewhere.dedup();
    let mut of_error: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown = Vec::new();
    for finding in &new {
        let count = finding.error.as_deref().map(|error| {
            let count = of_error.entry(error).or_default();
            *count += 1;
            *count
        });
        if count.is_none_or(|count| count <= page.at_most(MOST_OF_ONE_ERROR)) {
            shown.push(finding);
        }
    }
    let mut written = shown.iter().take(page.at_most(MOST_FINDINGS)).peekable();
    while let Some(finding) = written.next() {
        *out += &wrapped(&finding.told(), "    - ", "      ", width);
        // What settles several in a row stands once, behind them.
        if written
            .peek()
            .is_none_or(|next| next.remedy != finding.remedy)
        {
            remedy(out, finding, width);
        }
    }
    *out += &more(shown.len(), page.at_most(MOST_FINDINGS), "    ");
    for (error, count) in of_error {
        let left = count.saturating_sub(page.at_most(MOST_OF_ONE_ERROR));
        if left > 0 {
            let line = format!("... and {left} more with the same error: {error}");
            *out += &wrapped(&line, "      ", "      ", width);
        }
    }
    if !elsewhere.is_empty() {
        let checks: Vec<_> = elsewhere.iter().map(ToString::to_string).collect();
        let line = format!("what {} says", checks.join(" and "));
        *out += &wrapped(&line, "    - ", "      ", width);
    }
    told.extend(new.into_iter().map(|finding| (finding, check.id)));
}

/// What is there and is otherwise; what is missing altogether, `plan` shows.
fn diffs(out: &mut String, report: &Report, page: Page) {
    let most = page.at_most(MOST_DIFFS);
    let standing = |object: &&ObjectDiff| !object.actual.is_empty();
    let there: Vec<_> = report.diffs.iter().filter(standing).collect();
    for object in there.iter().take(most) {
        *out += &format!("\n{}", diff::coloured(&diff::of(object), page.width));
    }
    *out += &more(there.len(), most, "");
}

#[cfg(test)]
mod tests {
    use super::*;
    use leora_core::verify::check::{Group, Outcome};

    #[test]
    fn what_was_expected_is_not_said_twice_but_for_a_number_that_only_ends_like_it() {
        assert!(says_both("0 of 13", "13") && says_both("none", "none"));
        assert!(!says_both("10", "0") && !says_both("58", "61"));
    }

    #[test]
    fn what_comes_of_one_error_is_told_three_times_and_counted() {
        let error = "cannot delete from table \"Errand\": no identity (SQLSTATE 42P10)";
        let refused = |table: &str| Finding {
            error: Some(error.to_owned()),
            remedy: Some("look for it".into()),
            ..Finding::new(format!(
                "ON DELETE CASCADE from \"Shop\" to {table}: refused: {error}."
            ))
        };
        let mut findings: Vec<_> = (0..20).map(|n| refused(&n.to_string())).collect();
        findings.push(Finding::new("another"));
        let check = Check {
            id: CheckId::new(Group::Deletes, "foreign-keys"),
            is_tried: true,
            title: "title".to_owned(),
            expected: "0".to_owned(),
            found: "21".to_owned(),
            outcome: Outcome::Failed { findings },
        };
        let mut out = String::new();
        let page = |in_full| Page {
            width: 200,
            in_full,
        };
        failure(&mut out, &check, &mut Vec::new(), page(false));
        assert_eq!(out.matches("ON DELETE CASCADE").count(), 3, "{out}");
        assert_eq!(out.matches("> look for it").count(), 1, "{out}");
        assert!(out.contains("- another"), "{out}");
        let counted = format!("... and 17 more with the same error: {error}");
        assert!(out.contains(&counted), "{out}");
        let mut out = String::new();
        failure(&mut out, &check, &mut Vec::new(), page(true));
        assert_eq!(out.matches("ON DELETE CASCADE").count(), 20, "{out}");
        assert!(!out.contains("more"), "{out}");
    }
}
