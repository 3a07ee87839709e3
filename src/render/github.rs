//! Annotations that GitHub shows on a run and on a pull request (workflow commands `::error`,
//! `::warning` and `::notice`).

use super::style::command;
use crate::render::remedy::told;
use crate::report::{NoResult, Reason, Report};
use leora_core::plan::Plan;
use leora_core::verify::check::{Check, Finding, Outcome};

/// GitHub shows no more of one kind for one step.
const MOST: usize = 10;
/// The most findings that are written into one annotation.
const MOST_FINDINGS: usize = 5;

/// Writes `report`: an error a failed check, a warning a check that was not proved, and one notice of
/// what it all comes to and what the design leaves open. That it could not be finished is the first error.
pub fn render(report: &Report) -> String {
    let stopped = |error: &Reason| {
        let title = format!("could not look, {}: {}", error.code, error.title);
        (title, in_words(error))
    };
    let mut errors: Vec<_> = report.error.iter().map(stopped).collect();
    let mut warnings = Vec::new();
    let mut unproved = Vec::new();
    for check in &report.checks {
        match &check.outcome {
            Outcome::Passed => {}
            Outcome::Failed { findings } => {
                errors.push((format!("failed: {}", check.id), failure(check, findings)));
            }
            Outcome::NotProved { reasons } => {
                unproved.push((format!("not proved: {}", check.id), reasons.join("\n")));
            }
            Outcome::Waived { reason, until, .. } => {
                warnings.push((
                    format!("waived: {}", check.id),
                    format!("until {until}: {reason}"),
                ));
            }
            // The failure of the server is the first error.
            Outcome::Skipped { .. } if report.error.is_some() => {}
            Outcome::Skipped { reason } => {
                unproved.push((format!("skipped: {}", check.id), reason.clone()));
            }
        }
    }
    if report.require_proof {
        errors.append(&mut unproved);
    } else {
        warnings.append(&mut unproved);
    }
    annotations("error", errors) + &annotations("warning", warnings) + &summary(report)
}

fn failure(check: &Check, findings: &[Finding]) -> String {
    let mut text = format!(
        "{}: expected {}, found {}",
        check.title, check.expected, check.found
    );
    for finding in findings.iter().take(MOST_FINDINGS) {
        text += &format!("\n- {}", finding.told());
        if let Some(remedy) = &finding.remedy {
            text += &format!("\n  {}", told(remedy).replace('\n', "\n  "));
        }
    }
    if findings.len() > MOST_FINDINGS {
        text += &format!("\n... and {} more", findings.len() - MOST_FINDINGS);
    }
    text
}

fn summary(report: &Report) -> String {
    let mut text = format!(
        "{} of {} checks on {}.",
        report.counts.in_words(),
        report.checks.len() + report.left_out,
        report.subject.endpoint
    );
    if !report.advice.is_empty() {
        text += "\nAdvice, no failure:";
    }
    for advice in &report.advice {
        text += &format!("\n- {} ({})", advice.title, advice.id);
    }
    let title = format!("leora-migrate verify: {}", report.headline());
    annotation("notice", &title, &text)
}

/// Writes that there is no result, and why.
pub fn no_result(none: &NoResult) -> String {
    let error = &none.error;
    let title = format!(
        "leora-migrate {} could not run, {}: {}",
        none.command, error.code, error.title
    );
    annotation("error", &title, &in_words(error))
}

fn in_words(error: &Reason) -> String {
    format!("{}\n{}", error.message, error.remedy)
}

/// Writes `plan`: an error for each thing in its way, else a notice of what it would do.
pub fn plan(plan: &Plan) -> String {
    if plan.refusals.is_empty() {
        let (warnings, plain): (Vec<_>, Vec<_>) = plan
            .remarks()
            .into_iter()
            .partition(|remark| remark.is_warning);
        let warnings = warnings.into_iter();
        let warnings = warnings.map(|remark| (plan.migration.clone(), remark.text));
        let mut text = format!("{}.", plan.summary());
        for remark in plain {
            text += &format!("\n{}", remark.text);
        }
        return annotations("warning", warnings) + &annotation("notice", &plan.migration, &text);
    }
    let refusals = plan.refusals.iter().map(|refusal| {
        let text = format!("{}\n{}", refusal.reason, refusal.remedy);
        (
            format!("refused, {}: {}", refusal.code, refusal.object),
            text,
        )
    });
    annotations("error", refusals)
}

fn annotations(level: &str, all: impl IntoIterator<Item = (String, String)>) -> String {
    let all: Vec<_> = all.into_iter().collect();
    let shown = if all.len() > MOST {
        MOST - 1
    } else {
        all.len()
    };
    let mut out: String = all[..shown]
        .iter()
        .map(|(title, text)| annotation(level, title, text))
        .collect();
    if all.len() > shown {
        let names: Vec<_> = all[shown..]
            .iter()
            .map(|(title, _)| title.as_str())
            .collect();
        let title = format!("and {} more", names.len());
        out += &annotation(level, &title, &names.join("\n"));
    }
    out
}

/// One workflow command. What would end it or a property of it is percent-encoded (actions/toolkit,
/// `command.ts`).
fn annotation(level: &str, title: &str, text: &str) -> String {
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    command(&format!(
        "::{level} title={}::{}\n",
        property(title),
        data(text)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::shown;

    #[test]
    fn nothing_in_a_text_ends_its_command() {
        assert_eq!(
            shown(&annotation("error", "a: b, c", "100%\n::error::x")),
            "::error title=a%3A b%2C c::100%25%0A::error::x\n"
        );
    }

    #[test]
    fn more_than_github_shows_are_counted_and_named_in_the_last() {
        let all = (1..=12).map(|n| (format!("check {n}"), String::new()));
        let out = shown(&annotations("error", all));
        assert_eq!(out.lines().count(), 10);
        assert!(out.ends_with("::error title=and 3 more::check 10%0Acheck 11%0Acheck 12\n"));
    }
}
