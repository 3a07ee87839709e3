//! A report as people read it: a screen when it is green, failures first when it is red.

mod advice;
mod brief;
mod failures;
mod groups;
mod proof;

use failures::Failed;

use super::style::{bad, caution, faint, good, strong, wrapped};
use crate::report::{Conclusion, NoResult, Reason, Report};
use leora_core::model::in_a_line;
use leora_core::verify::check::{Finding, Outcome};

/// The most findings of one check that are written out, unless all are asked for.
const MOST_FINDINGS: usize = 6;

/// What a report is written for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// How many columns there are.
    pub width: usize,
    /// Whether every check stands there with its figure, and all advice with its reason and SQL.
    pub in_full: bool,
}

impl Page {
    /// How many of something are written out: `most`, unless it is all that is asked for.
    fn at_most(self, most: usize) -> usize {
        if self.in_full { usize::MAX } else { most }
    }
}

/// Writes `report` for a terminal.
pub fn render(report: &Report, page: Page) -> String {
    let width = page.width;
    let mut out = subject(report, page);
    let failed = Failed::of(report, page);
    failed.write(&mut out, report, page);
    groups::write(&mut out, report, page);
    proof::write(&mut out, report, page);
    waived(&mut out, report, page);
    if !report.notes.is_empty() {
        out += &format!("\n{}\n", strong("Remarks"));
        for note in report.notes.iter().take(page.at_most(MOST_FINDINGS)) {
            out += &wrapped(note, "  - ", "    ", width);
        }
        out += &more(report.notes.len(), page.at_most(MOST_FINDINGS), "  ");
    }
    advice::write(&mut out, &report.advice, page);
    if let Some(error) = &report.error {
        out += &format!("\n{}\n", bad("Could not look"));
        out += &wrapped(&in_a_word(error), "  ", "    ", width);
        out += &wrapped(error.remedy, "  ", "  ", width);
    }
    out += "\n";
    for first in [failed.where_to_begin(), where_to_type(report)] {
        out += &first.map_or_else(String::new, |first| wrapped(&first, "", "  ", width));
    }
    out += &conclusion(report, width);
    out
}

/// What makes the names in statements, which have no schema, those of the schema that was looked at.
fn where_to_type(report: &Report) -> Option<String> {
    let schema = &report.subject.schema;
    let mut findings = report
        .checks
        .iter()
        .flat_map(|check| check.outcome.findings());
    let has_remedy = findings.any(|finding| finding.remedy.is_some());
    (has_remedy && *schema != *"public").then(|| {
        format!(
            "Before SQL of the above: SET search_path TO {};",
            schema.quoted()
        )
    })
}

/// What was looked at. How a server was packaged matters to few.
fn subject(report: &Report, page: Page) -> String {
    let subject = &report.subject;
    let version = match subject.server_version.split_once(' ') {
        Some((version, _)) if !page.in_full => version,
        _ => &subject.server_version,
    };
    let line = format!(
        "{}, schema {}, PostgreSQL {version}",
        subject.endpoint, subject.schema
    );
    wrapped(&line, "", "  ", page.width)
}

/// Writes that there is no result, and why, as the terminal is told.
pub fn no_result(none: &NoResult) -> String {
    in_a_word(&none.error) + "\n"
}

/// An error with its code, as the terminal is told.
fn in_a_word(error: &Reason) -> String {
    format!("error[{}]: {}", error.code, error.message.trim_end())
}

/// What a verification would touch, a line each.
pub fn dry_run(touches: &[String], width: usize) -> String {
    let lines = touches
        .iter()
        .map(|line| wrapped(&in_a_line(line), "  - ", "    ", width));
    format!(
        "verify would try:\n{}Nothing was tried now.\n",
        lines.collect::<String>()
    )
}

fn remedy(out: &mut String, finding: &Finding, width: usize) {
    if let Some(remedy) = &finding.remedy {
        *out +=
            &super::remedy::wrapped(&super::remedy::told(remedy), "      > ", "        ", width);
    }
}

fn more(all: usize, shown: usize, indent: &str) -> String {
    if all > shown {
        format!("{indent}  ... and {} more\n", all - shown)
    } else {
        String::new()
    }
}

fn waived(out: &mut String, report: &Report, page: Page) {
    let (width, most) = (page.width, page.at_most(MOST_FINDINGS));
    for check in &report.checks {
        let Outcome::Waived {
            findings,
            reason,
            until,
        } = &check.outcome
        else {
            continue;
        };
        *out += &format!(
            "\n{} {} until {until}\n",
            caution("Waived"),
            strong(&check.id.to_string())
        );
        *out += &wrapped(reason, "    ", "    ", width);
        for finding in findings.iter().take(most) {
            *out += &wrapped(&finding.told(), "    - ", "      ", width);
            remedy(out, finding, width);
        }
        *out += &more(findings.len(), most, "    ");
    }
}

/// The last line: what it all came to.
pub fn conclusion(report: &Report, width: usize) -> String {
    let word = match report.verdict {
        Conclusion::Passed if report.is_green() => good("GREEN"),
        Conclusion::Passed => good("PASSED"),
        Conclusion::Failed | Conclusion::NotProved => bad("RED"),
        Conclusion::CouldNotLook => bad("COULD NOT LOOK"),
    };
    let took = faint(&format!(
        "({} ms, {} round trips)",
        report.elapsed_ms, report.round_trips
    ));
    let open = report.open();
    let open = open.map_or_else(String::new, |open| format!(", {}", caution(&open)));
    let line = format!("{word}{open}: {} {took}", report.counts.in_words());
    wrapped(&line, "", "  ", width)
}

#[cfg(test)]
mod tests;
