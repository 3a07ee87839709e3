//! A report as people read it: a few lines for each part when green, failures first when red.

use std::collections::BTreeMap;

use super::diff;
use super::style::{bad, caution, faint, good, strong, wrapped};
use crate::report::{NoResult, ObjectDiff, Report};
use crate::verify::advice::{Advice, DECLARE_FIRST};
use crate::verify::check::{Check, Finding, Group, Outcome};

/// The most findings of one check that are written out.
const MOST_FINDINGS: usize = 12;
/// The most findings of one check that are written out where one error is behind them.
const MOST_OF_ONE_ERROR: usize = 3;
/// The most diffs that are written out.
const MOST_DIFFS: usize = 8;

/// Writes `report` for a terminal of `width` columns.
pub fn render(report: &Report, width: usize) -> String {
    let subject = &report.subject;
    let mut out = wrapped(
        &format!(
            "{}, schema {}, PostgreSQL {}",
            subject.endpoint, subject.schema, subject.server_version
        ),
        "",
        "  ",
        width,
    );
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome.is_failure())
        .collect();
    if !failed.is_empty() {
        out += &format!(
            "\n{}\n",
            bad(&format!(
                "{} of {} checks failed",
                failed.len(),
                report.checks.len()
            ))
        );
        let mut told = Vec::new();
        for check in &failed {
            failure(&mut out, check, &mut told, width);
        }
        diffs(&mut out, report, width);
    }
    groups(&mut out, report, width);
    not_proved(&mut out, report, width);
    waived(&mut out, report, width);
    if !report.notes.is_empty() {
        out += &format!("\n{}\n", strong("Remarks"));
        for note in report.notes.iter().take(MOST_FINDINGS) {
            out += &wrapped(note, "  - ", "    ", width);
        }
        out += &more(report.notes.len(), MOST_FINDINGS, "  ");
    }
    advice(&mut out, &report.advice, failed.is_empty(), width);
    out += "\n";
    out += &conclusion(report, width);
    out
}

/// Writes that there is no result, and why, as the terminal is told.
pub fn no_result(none: &NoResult) -> String {
    let error = &none.error;
    format!("error[{}]: {}\n", error.code, error.message.trim_end())
}

/// What a verification would touch, a line each.
pub fn dry_run(touches: &[String], width: usize) -> String {
    let lines = touches
        .iter()
        .map(|line| wrapped(line, "  - ", "    ", width));
    format!(
        "verify would try:\n{}Nothing was tried now.\n",
        lines.collect::<String>()
    )
}

/// A check that failed, with its findings, those left out that an earlier check was `told` of already.
fn failure<'a>(
    out: &mut String,
    check: &'a Check,
    told: &mut Vec<(&'a Finding, &'a str)>,
    width: usize,
) {
    *out += &format!("\n  {} {}\n", bad("FAILED"), strong(check.id));
    *out += &wrapped(
        &format!(
            "{}: expected {}, found {}",
            check.title, check.expected, check.found
        ),
        "    ",
        "    ",
        width,
    );
    let Outcome::Failed { findings } = &check.outcome else {
        return;
    };
    let same = |finding: &Finding| {
        let mut earlier = told.iter();
        let found = earlier.find(|(told, _)| told.message == finding.message);
        found.map(|(_, check)| *check)
    };
    let (again, new): (Vec<_>, Vec<_>) = findings.iter().partition(|f| same(f).is_some());
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
        if count.is_none_or(|count| count <= MOST_OF_ONE_ERROR) {
            shown.push(finding);
        }
    }
    let mut written = shown.iter().take(MOST_FINDINGS).peekable();
    while let Some(finding) = written.next() {
        *out += &wrapped(&finding.message, "    - ", "      ", width);
        // What settles several in a row stands once, behind them.
        if written
            .peek()
            .is_none_or(|next| next.remedy != finding.remedy)
        {
            remedy(out, finding, width);
        }
    }
    *out += &more(shown.len(), MOST_FINDINGS, "    ");
    for (error, count) in of_error {
        if count > MOST_OF_ONE_ERROR {
            let left = count - MOST_OF_ONE_ERROR;
            let line = format!("... and {left} more with the same error: {error}");
            *out += &wrapped(&line, "      ", "      ", width);
        }
    }
    if !elsewhere.is_empty() {
        let line = format!("what {} says", elsewhere.join(" and "));
        *out += &wrapped(&line, "    - ", "      ", width);
    }
    told.extend(new.into_iter().map(|finding| (finding, check.id)));
}

fn remedy(out: &mut String, finding: &Finding, width: usize) {
    if let Some(remedy) = &finding.remedy {
        *out += &wrapped(remedy, "      > ", "        ", width);
    }
}

fn more(all: usize, shown: usize, indent: &str) -> String {
    if all > shown {
        format!("{indent}  ... and {} more\n", all - shown)
    } else {
        String::new()
    }
}

/// What is there and is otherwise; what is missing altogether, `plan` shows.
fn diffs(out: &mut String, report: &Report, width: usize) {
    let standing = |object: &&ObjectDiff| !object.actual.is_empty();
    let there: Vec<_> = report.diffs.iter().filter(standing).collect();
    for object in there.iter().take(MOST_DIFFS) {
        *out += &format!("\n{}", diff::coloured(&diff::of(object), width));
    }
    *out += &more(there.len(), MOST_DIFFS, "");
}

/// A group that passed whole in a few lines; of the others, every check with its name.
fn groups(out: &mut String, report: &Report, width: usize) {
    *out += "\n";
    for group in Group::ALL {
        let checks: Vec<_> = report
            .checks
            .iter()
            .filter(|check| check.group == group)
            .collect();
        if checks.is_empty() {
            continue;
        }
        let passed = checks
            .iter()
            .filter(|check| check.outcome == Outcome::Passed)
            .count();
        let title = format!("{} ({passed} of {})", group.title(), checks.len());
        if passed == checks.len() {
            let line = format!("{} {}", good("ok"), strong(&title));
            *out += &wrapped(&line, "", "   ", width);
            let figures: Vec<_> = checks.iter().map(|check| figure(check)).collect();
            *out += &wrapped(&faint(&(figures.join("; ") + ".")), "   ", "   ", width);
            continue;
        }
        let line = format!("{} {}", bad("--"), strong(&title));
        *out += &wrapped(&line, "", "   ", width);
        for check in checks {
            let mark = match &check.outcome {
                Outcome::Passed => good("ok"),
                Outcome::Failed { .. } => bad("FAILED"),
                Outcome::NotProved { .. } => caution("not proved"),
                Outcome::Waived { .. } => caution("waived"),
                Outcome::Skipped { .. } => caution("skipped"),
            };
            // What failed stands above in full.
            let line = match check.outcome {
                Outcome::Failed { .. } => format!("{mark} {}", check.id),
                _ => format!("{mark} {}: {}", check.id, figure(check)),
            };
            *out += &wrapped(&line, "   ", "      ", width);
        }
    }
}

/// What a check found, where that says more than what it expected.
fn figure(check: &Check) -> String {
    let says_more = check.found != check.expected && !check.expected.starts_with(&check.found);
    if says_more {
        format!("{}: {}", check.title, check.found)
    } else {
        check.title.clone()
    }
}

/// Each reason once, with the checks that it keeps open.
fn not_proved(out: &mut String, report: &Report, width: usize) {
    let mut open: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in &report.checks {
        let reasons = match &check.outcome {
            Outcome::NotProved { reasons } => reasons.as_slice(),
            Outcome::Skipped { reason } => std::slice::from_ref(reason),
            Outcome::Passed | Outcome::Failed { .. } | Outcome::Waived { .. } => &[],
        };
        for reason in reasons {
            match open.iter_mut().find(|(known, _)| known == reason) {
                Some((_, checks)) => checks.push(check.id),
                None => open.push((reason, vec![check.id])),
            }
        }
    }
    if open.is_empty() {
        return;
    }
    *out += &format!("\n{}\n", caution("Not proved"));
    for (reason, checks) in open.iter().take(MOST_FINDINGS) {
        *out += &wrapped(reason, "  - ", "    ", width);
        *out += &wrapped(
            &faint(&format!("in {}", checks.join(", "))),
            "    ",
            "    ",
            width,
        );
    }
    *out += &more(open.len(), MOST_FINDINGS, "  ");
}

fn waived(out: &mut String, report: &Report, width: usize) {
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
            strong(check.id)
        );
        *out += &wrapped(reason, "    ", "    ", width);
        for finding in findings.iter().take(MOST_FINDINGS) {
            *out += &wrapped(&finding.message, "    - ", "      ", width);
            remedy(out, finding, width);
        }
        *out += &more(findings.len(), MOST_FINDINGS, "    ");
    }
}

/// In full under a green report; by title under a red one, where other things come first.
fn advice(out: &mut String, advice: &[Advice], in_full: bool, width: usize) {
    if advice.is_empty() {
        return;
    }
    *out += &format!("\n{}\n", strong("Advice, no failure"));
    if in_full && advice.iter().any(|advice| advice.sql.is_some()) {
        *out += &wrapped(DECLARE_FIRST, "  ", "  ", width);
    }
    for advice in advice {
        *out += &wrapped(&advice.title, "  - ", "    ", width);
        if in_full {
            for line in advice.sql.iter().flat_map(|sql| sql.lines()) {
                *out += &wrapped(line, "      ", "        ", width);
            }
        }
    }
}

/// The last line: what it all came to.
pub fn conclusion(report: &Report, width: usize) -> String {
    let word = if report.is_green() {
        good("GREEN")
    } else {
        bad("RED")
    };
    let took = faint(&format!(
        "({} ms, {} round trips)",
        report.elapsed_ms, report.round_trips
    ));
    let open = match report.open() {
        Some(open) if report.is_green() => format!(", but {}", caution(&open)),
        _ => String::new(),
    };
    let line = format!("{word}{open}: {} {took}", report.counts.in_words());
    wrapped(&line, "", "  ", width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_one_error_is_told_three_times_and_counted() {
        let error = "cannot delete from table \"Job\": no identity (SQLSTATE 42P10)";
        let refused = |table: &str| Finding {
            error: Some(error.to_owned()),
            remedy: Some("look for it".to_owned()),
            ..Finding::new(format!(
                "ON DELETE CASCADE from \"Tenant\" to {table}: refused: {error}."
            ))
        };
        let mut findings: Vec<_> = (0..20).map(|n| refused(&n.to_string())).collect();
        findings.push(Finding::new("another"));
        let check = Check {
            id: "deletes.foreign-keys",
            group: Group::Deletes,
            title: "title".to_owned(),
            expected: "0".to_owned(),
            found: "21".to_owned(),
            outcome: Outcome::Failed { findings },
        };
        let mut out = String::new();
        failure(&mut out, &check, &mut Vec::new(), 200);
        assert_eq!(out.matches("ON DELETE CASCADE").count(), 3, "{out}");
        assert_eq!(out.matches("> look for it").count(), 1, "{out}");
        assert!(out.contains("- another"), "{out}");
        let counted = format!("... and 17 more with the same error: {error}");
        assert!(out.contains(&counted), "{out}");
    }
}
