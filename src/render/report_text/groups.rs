//! The parts of the checklist: a line each where all of it passed, and by name what did not.

use super::{Page, brief};
use crate::explain;
use crate::render::style::{bad, caution, faint, good, strong, wrapped};
use crate::report::Report;
use leora_core::verify::check::{Check, Group, Outcome};

/// In fewer columns what was found stands below the group's name, not beside it.
const ROOM_FOR_COLUMNS: usize = 60;

/// Writes every group that was looked at.
pub(super) fn write(out: &mut String, report: &Report, page: Page) {
    let of = |group| {
        let mut checks = report.checks.iter();
        Part::of(
            group,
            checks.by_ref().filter(|check| check.id.group == group),
        )
    };
    let parts: Vec<_> = Group::ALL.into_iter().filter_map(of).collect();
    *out += "\n";
    for part in &parts {
        if page.in_full {
            part.in_full(out, page.width);
        } else {
            part.in_brief(out, page.width);
        }
    }
}

/// A group, and what came of its checks.
struct Part<'a> {
    group: Group,
    checks: Vec<&'a Check>,
    passed: usize,
}

impl<'a> Part<'a> {
    fn of(group: Group, checks: impl Iterator<Item = &'a Check>) -> Option<Part<'a>> {
        let checks: Vec<_> = checks.collect();
        let is_passed = |check: &&&Check| check.outcome == Outcome::Passed;
        let passed = checks.iter().filter(is_passed).count();
        (!checks.is_empty()).then_some(Part {
            group,
            checks,
            passed,
        })
    }

    fn mark(&self) -> String {
        let mut outcomes = self.checks.iter().map(|check| &check.outcome);
        if self.passed == self.checks.len() {
            good("ok")
        } else if outcomes.any(Outcome::is_failure) {
            bad("--")
        } else {
            caution("--")
        }
    }

    fn count(&self) -> String {
        format!("{} of {}", self.passed, self.checks.len())
    }

    /// What was found beside the group's name; of a group that did not pass whole, what did not by its name.
    fn in_brief(&self, out: &mut String, width: usize) {
        let names = Group::ALL.map(|group| group.name().len());
        let longest = names.into_iter().max().unwrap_or_default();
        let name = self.group.name();
        let beside = format!(
            "{} {}{:gap$}{}  ",
            self.mark(),
            strong(name),
            "",
            self.count(),
            gap = longest + 2 - name.len()
        );
        let mut indent = " ".repeat(textwrap::core::display_width(&beside));
        let mut before = beside.as_str();
        if width < ROOM_FOR_COLUMNS {
            let line = format!("{} {} {}", self.mark(), strong(name), self.count());
            *out += &wrapped(&line, "", "   ", width);
            "   ".clone_into(&mut indent);
            before = &indent;
        }
        for line in self.found() {
            *out += &wrapped(&line, before, &format!("{indent}  "), width);
            before = &indent;
        }
    }

    /// What was found in a few words; where not all passed, the names of the others by what came of them, the
    /// worst first.
    fn found(&self) -> Vec<String> {
        if self.passed == self.checks.len() {
            return vec![brief::found(self.group, &self.checks)];
        }
        let rank = |check: &&&Check| match check.outcome {
            Outcome::Failed { .. } => 0,
            Outcome::NotProved { .. } => 1,
            Outcome::Skipped { .. } => 2,
            Outcome::Waived { .. } => 3,
            Outcome::Passed => 4,
        };
        let lines = (0..4).filter_map(|wanted| {
            let alike: Vec<_> = self.checks.iter().filter(|c| rank(c) == wanted).collect();
            let names: Vec<_> = alike.iter().map(|check| check.id.to_string()).collect();
            let word = word(&alike.first()?.outcome);
            // Why stands below, once for all of them.
            if wanted == 1 && names.len() > 1 && names.len() == self.checks.len() {
                return Some(format!("{word}: all of it"));
            }
            Some(format!("{word} {}", names.join(", ")))
        });
        lines.collect()
    }

    /// Every check with its name, what it says and what was found.
    fn in_full(&self, out: &mut String, width: usize) {
        let title = format!("{}, {}", self.group.name(), self.count());
        let line = format!(
            "{} {}: {}",
            self.mark(),
            strong(&title),
            explain::title_of(self.group)
        );
        *out += &wrapped(&line, "", "   ", width);
        for check in &self.checks {
            let mark = word(&check.outcome);
            // What failed stands above.
            let line = match check.outcome {
                Outcome::Failed { .. } => format!("{mark} {}", check.id),
                _ => format!("{mark} {}: {}", check.id, faint(&figure(check))),
            };
            *out += &wrapped(&line, "   ", "      ", width);
        }
    }
}

fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => good("ok"),
        Outcome::Failed { .. } => bad("FAILED"),
        Outcome::NotProved { .. } => caution("not proved"),
        Outcome::Waived { .. } => caution("waived"),
        Outcome::Skipped { .. } => caution("skipped"),
    }
}

/// What a check says, and what it found where that says more.
fn figure(check: &Check) -> String {
    let Check {
        title,
        expected,
        found,
        ..
    } = check;
    let number = found.split(' ').next().unwrap_or_default();
    let counts = number.parse().is_ok_and(|count: usize| count > 0);
    let is_other = !expected.starts_with(found);
    if is_other || counts && !title.contains(number) {
        format!("{title}: {found}")
    } else {
        title.clone()
    }
}
