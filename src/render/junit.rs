//! A report as JUnit XML, which every CI system shows: a suite a group, a case a check.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JUnit, TestCase, TestCaseStatus, TestSuite};

use super::diff;
use crate::render::remedy::told;
use crate::report::{NoResult, Reason, Report, Run};
use leora_core::verify::check::{Check, Finding, Group, Outcome};

/// Writes `report`. What was not proved is a skipped case, or a failed one where proof was asked for.
pub fn render(report: &Report) -> String {
    let mut junit = JUnit::new("leora-migrate verify");
    junit
        .set_timestamp(report.run.at)
        .set_time(Duration::from_millis(report.elapsed_ms));
    for group in Group::ALL {
        let checks: Vec<_> = report
            .checks
            .iter()
            .filter(|c| c.id.group == group)
            .collect();
        if !checks.is_empty() {
            junit.add_test_suite(suite(group, &checks, report));
        }
    }
    if let Some(error) = &report.error {
        junit.add_test_suite(not_run("verify", "could not look", error, &report.run));
    }
    junit.to_string().expect("memory takes what is written")
}

/// Writes that there is no result: one case, which is an error and no failure.
pub fn no_result(none: &NoResult) -> String {
    let mut junit = JUnit::new(format!("leora-migrate {}", none.command));
    junit.set_timestamp(none.run.at);
    junit.add_test_suite(not_run(
        none.command,
        "could not run",
        &none.error,
        &none.run,
    ));
    junit.to_string().expect("memory takes what is written")
}

/// A suite of one case, which is an error.
fn not_run(command: &str, what: &str, error: &Reason, run: &Run) -> TestSuite {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status
        .set_type(error.code.to_string())
        .set_message(error.title)
        .set_description(format!("{}\n\n{}", error.message, error.remedy));
    let mut case = TestCase::new(what, status);
    case.set_classname(format!("leora-migrate.{command}"));
    let mut suite = TestSuite::new(command);
    suite.set_timestamp(run.at);
    suite.add_property(("tool_version", run.tool_version));
    suite.add_test_case(case);
    suite
}

fn suite(group: Group, checks: &[&Check], report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(group.name());
    suite.set_timestamp(report.run.at);
    let schema = report.subject.schema.to_string();
    suite.add_properties([
        ("endpoint", report.subject.endpoint.as_str()),
        ("schema", schema.as_str()),
        ("server_version", report.subject.server_version.as_str()),
        ("tool_version", report.run.tool_version),
    ]);
    suite.add_test_cases(checks.iter().map(|check| case(check, report)));
    suite
}

fn case(check: &Check, report: &Report) -> TestCase {
    let status = match &check.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed { findings } => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status
                .set_type("failed")
                .set_message(format!(
                    "{}: expected {}, found {}",
                    check.title, check.expected, check.found
                ))
                .set_description(description(findings, report));
            status
        }
        Outcome::NotProved { reasons } => unproved("not proved", &reasons.join("\n"), report),
        Outcome::Waived { reason, until, .. } => {
            let mut status = TestCaseStatus::skipped();
            status
                .set_type("waived")
                .set_message(format!("waived until {until}: {reason}"));
            status
        }
        // The failure of the server is an error by itself, and this no failure, whatever proof is asked for.
        Outcome::Skipped { reason } if report.error.is_some() => {
            let mut status = TestCaseStatus::skipped();
            status.set_type("skipped").set_message(reason);
            status
        }
        Outcome::Skipped { reason } => unproved("skipped", reason, report),
    };
    let mut case = TestCase::new(check.id.to_string(), status);
    case.set_classname(format!("leora-migrate.{}", check.id.group));
    case
}

fn unproved(what: &str, reason: &str, report: &Report) -> TestCaseStatus {
    let mut status = if report.require_proof {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    status
        .set_type(what)
        .set_message(format!("{what}: {reason}"));
    status
}

fn description(findings: &[Finding], report: &Report) -> String {
    let mut text = String::new();
    for finding in findings {
        text += &format!("- {}\n", finding.told());
        if let Some(remedy) = &finding.remedy {
            text += &format!("  {}\n", told(remedy).replace('\n', "\n  "));
        }
    }
    for object in &report.diffs {
        let concerns = |finding: &Finding| {
            let about = finding.object.as_ref();
            about.is_some_and(|about| about.owner == object.name)
        };
        if findings.iter().any(concerns) {
            text += &format!("\n{}", diff::of(object));
        }
    }
    text
}
