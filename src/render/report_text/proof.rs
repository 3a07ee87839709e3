//! What was proved, how, and what was not.

use super::{MOST_FINDINGS, Page, more};
use crate::render::style::{caution, faint, strong, wrapped};
use crate::report::Report;
use leora_core::verify::check::{Check, Outcome};

/// The most checks that a reason is said to keep open by their names; of more, their groups are named.
const MOST_BY_NAME: usize = 3;
/// The most things that a reason is said to be about.
const MOST_SUBJECTS: usize = 6;

/// Writes how the checks of a report without failures were proved, and for any report what keeps others open.
pub(super) fn write(out: &mut String, report: &Report, page: Page) {
    let open = reasons(report, page);
    if report.has_passed() {
        let mut line = proved(&report.checks);
        // What is waived failed, and what it left open is not told.
        if open.is_empty() && report.counts.waived == 0 && report.left_out == 0 {
            line += &format!(" {}: nothing.", strong("Not proved"));
        }
        *out += "\n";
        *out += &wrapped(&line, "", "  ", page.width);
    }
    if open.is_empty() {
        return;
    }
    *out += &format!("\n{}\n", caution("Not proved"));
    for open in open.iter().take(page.at_most(MOST_FINDINGS)) {
        *out += &wrapped(&open.in_words(), "  - ", "    ", page.width);
        let line = format!("in {}", named(&open.checks, page));
        *out += &wrapped(&faint(&line), "    ", "    ", page.width);
    }
    *out += &more(open.len(), page.at_most(MOST_FINDINGS), "  ");
}

/// How those that passed were found out.
fn proved(checks: &[Check]) -> String {
    let (to_try, to_read): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.is_tried);
    let passed = |checks: &[&Check]| {
        let passed = checks
            .iter()
            .filter(|check| check.outcome == Outcome::Passed);
        passed.count()
    };
    let tried = match passed(&to_try) {
        0 if to_try.is_empty() => None,
        0 => Some("none by trying".to_owned()),
        tried => Some(format!("{tried} by trying, all rolled back")),
    };
    let read = (!to_read.is_empty()).then(|| format!("{} by reading", passed(&to_read)));
    let how: Vec<_> = tried.into_iter().chain(read).collect();
    format!("{}: {}.", strong("Proved"), how.join("; "))
}

/// A reason, what it is about, and the checks that it keeps open.
struct Open<'a> {
    subjects: Vec<&'a str>,
    reason: &'a str,
    checks: Vec<&'a Check>,
}

impl Open<'_> {
    fn in_words(&self) -> String {
        let reason = self.reason;
        match self.subjects.split_at_checked(MOST_SUBJECTS) {
            _ if self.subjects.is_empty() => reason.to_owned(),
            Some((first, others @ [_, ..])) => {
                format!("{} and {} more: {reason}", first.join(", "), others.len())
            }
            _ => format!("{}: {reason}", self.subjects.join(", ")),
        }
    }
}

/// Each reason once; where the page is not one in full, for all that it is about at once.
fn reasons(report: &Report, page: Page) -> Vec<Open<'_>> {
    let mut all: Vec<Open<'_>> = Vec::new();
    for check in &report.checks {
        let reasons = match &check.outcome {
            Outcome::NotProved { reasons } => reasons.as_slice(),
            // The failure of the server is told by itself.
            Outcome::Skipped { reason } if report.error.is_none() => std::slice::from_ref(reason),
            Outcome::Skipped { .. }
            | Outcome::Passed
            | Outcome::Failed { .. }
            | Outcome::Waived { .. } => &[],
        };
        for text in reasons {
            let (subject, reason) = match text.split_once(": ") {
                Some((subject, reason)) if !page.in_full => (Some(subject), reason),
                _ => (None, text.as_str()),
            };
            let at = all.iter().position(|open| {
                open.reason == reason && open.subjects.is_empty() == subject.is_none()
            });
            let at = at.unwrap_or_else(|| {
                all.push(Open {
                    subjects: Vec::new(),
                    reason,
                    checks: Vec::new(),
                });
                all.len() - 1
            });
            let open = &mut all[at];
            let is_new = |subject: &&str| !open.subjects.contains(subject);
            open.subjects.extend(subject.filter(is_new));
            if open.checks.last().is_none_or(|last| last.id != check.id) {
                open.checks.push(check);
            }
        }
    }
    all
}

/// A few by their names and what was found of them, many by their number and groups; in full, where each
/// stands with what was found, all by their names.
fn named(checks: &[&Check], page: Page) -> String {
    if page.in_full {
        let names: Vec<_> = checks.iter().map(|check| check.id.to_string()).collect();
        return names.join(", ");
    }
    if checks.len() <= MOST_BY_NAME {
        let with_figure = |check: &&Check| format!("{} ({})", check.id, check.found);
        let all: Vec<_> = checks.iter().map(with_figure).collect();
        return all.join(", ");
    }
    let mut groups: Vec<_> = checks.iter().map(|check| check.id.group.name()).collect();
    groups.dedup();
    format!("{} checks of {}", checks.len(), groups.join(", "))
}
