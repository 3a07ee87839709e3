//! What was found: what failed first, then every check.

use maud::{Markup, html};

use super::soft;
use crate::explain;
use crate::render::diff;
use crate::render::remedy::{parted, told};
use crate::report::Report;
use leora_core::verify::check::{Check, Group, Outcome};

pub(super) fn section(report: &Report) -> Markup {
    let failed = || {
        report
            .checks
            .iter()
            .filter(|check| check.outcome.is_failure())
    };
    html! {
        section id="found" {
            h2 { "What was found" }
            @if failed().next().is_some() {
                h3 { "What failed" }
                @for check in failed() { (failure(check)) }
            }
            @if !report.diffs.is_empty() {
                h3 { "What differs" }
                p.hint { "Lines that begin with − should be there and are not; lines that begin with + are there and should not be." }
                @for object in &report.diffs {
                    h4 { (soft(object.name.as_str())) }
                    (difference(&diff::of(object)))
                }
            }
            (unproved(report))
            h3 { "Every check" }
            (table(report))
        }
    }
}

fn failure(check: &Check) -> Markup {
    let Outcome::Failed { findings } = &check.outcome else {
        return html! {};
    };
    html! {
        article.failure {
            h4 { (soft(&check.title)) " " span.id { (check.id) } }
            p { "Expected " strong { (soft(&check.expected)) } ", found " strong { (soft(&check.found)) } "." }
            ul {
                @for finding in findings {
                    li {
                        (soft(&finding.told()))
                        @if let Some(found) = &finding.remedy { (remedy(&told(found))) }
                    }
                }
            }
        }
    }
}

fn remedy(text: &str) -> Markup {
    let (sql, words) = parted(text);
    html! {
        @if let Some(sql) = sql { pre.sql { code { (soft(sql)) } } }
        @if !words.is_empty() { p.remedy { (soft(words)) } }
    }
}

fn difference(unified: &str) -> Markup {
    html! {
        pre.diff {
            code {
                // Its first two lines name the sides, which the heading does here.
                @for line in unified.lines().skip(2) {
                    @match line.as_bytes().first() {
                        Some(b'-') => { del { (soft(line)) } },
                        Some(b'+') => { ins { (soft(line)) } },
                        _ => { span { (soft(line)) } },
                    }
                    "\n"
                }
            }
        }
    }
}

fn unproved(report: &Report) -> Markup {
    let open: Vec<_> = report
        .checks
        .iter()
        .filter_map(|check| match &check.outcome {
            Outcome::NotProved { reasons } => {
                Some((check, "not proved".to_owned(), reasons.clone()))
            }
            Outcome::Skipped { reason } => {
                Some((check, "skipped".to_owned(), vec![reason.clone()]))
            }
            Outcome::Waived {
                findings,
                reason,
                until,
            } => {
                let why = format!("waived until {until}: {reason}");
                let findings = findings.iter().map(|finding| finding.told().into_owned());
                Some((check, why, findings.collect()))
            }
            Outcome::Passed | Outcome::Failed { .. } => None,
        })
        .collect();
    html! {
        @if !open.is_empty() {
            h3 { "What was not proved, or waived" }
            @for (check, what, reasons) in &open {
                article.unproved {
                    h4 { (soft(&check.title)) " " span.id { (check.id) } " " (what) }
                    ul { @for reason in reasons { li { (soft(reason)) } } }
                }
            }
        }
    }
}

/// One table, a body a group.
fn table(report: &Report) -> Markup {
    html! {
        table.checks {
            thead { tr { th scope="col" { "Outcome" } th scope="col" { "Check" } th scope="col" { "Expected" } th scope="col" { "Found" } } }
            @for group in Group::ALL {
                @let checks: Vec<_> = report.checks.iter().filter(|check| check.id.group == group).collect();
                @if !checks.is_empty() {
                    tbody {
                        tr.group { th colspan="4" scope="rowgroup" { (explain::title_of(group)) } }
                        @for check in checks { (row(check)) }
                    }
                }
            }
        }
    }
}

fn row(check: &Check) -> Markup {
    let (class, word) = mark(&check.outcome);
    html! {
        tr class=(class) {
            td.outcome data-label="Outcome" { (word) }
            th scope="row" { (soft(&check.title)) " " span.id { (check.id) } }
            td data-label="Expected" { (soft(&check.expected)) }
            td data-label="Found" { (soft(&check.found)) }
        }
    }
}

fn mark(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Passed => ("good", "ok"),
        Outcome::Failed { .. } => ("bad", "failed"),
        Outcome::Waived { .. } => ("open", "waived"),
        Outcome::NotProved { .. } => ("open", "not proved"),
        Outcome::Skipped { .. } => ("open", "skipped"),
    }
}
