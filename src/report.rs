//! What a verification found, in one value that every renderer writes in its own way.

use std::time::Duration;

use serde::Serialize;

use crate::db::session::Server;
use crate::ddl;
use crate::model::{Identifier, Schema};
use crate::verify::advice::Advice;
use crate::verify::check::{Check, Outcome};
use crate::verify::checklist::Verdict;

/// The version of the report's JSON form. It grows when a field changes its meaning or goes.
pub const FORMAT_VERSION: u32 = 1;

/// A verification's result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format_version: u32,
    /// The tool's version.
    pub tool_version: &'static str,
    /// What was looked at.
    pub subject: Subject,
    /// What came of it all.
    pub verdict: &'static str,
    /// How many checks came to what.
    pub counts: Counts,
    /// Every check, in the checklist's order.
    pub checks: Vec<Check>,
    /// The tables that differ, as canonical DDL on both sides.
    pub diffs: Vec<ObjectDiff>,
    /// What the design leaves open.
    pub advice: Vec<Advice>,
    /// Harmless differences.
    pub notes: Vec<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How often the server was asked.
    pub round_trips: u32,
}

/// What was looked at, and as whom.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Host, port, database and user; no password.
    pub endpoint: String,
    /// The database.
    pub database: String,
    /// The schema.
    pub schema: Identifier,
    /// The role.
    pub user: String,
    /// The server's version.
    pub server_version: String,
}

/// How many checks came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the outcomes' names")]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub not_proved: usize,
    pub skipped: usize,
}

/// A table or type that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectDiff {
    /// Its name.
    pub name: Identifier,
    /// Canonical DDL of what should be, a line an item.
    pub expected: Vec<String>,
    /// Canonical DDL of what is; empty when it is missing.
    pub actual: Vec<String>,
}

impl Report {
    /// Puts a verdict, its diffs and the circumstances together.
    pub fn new(
        subject: Subject,
        verdict: Verdict,
        advice: Vec<Advice>,
        actual: &Schema,
        desired: &Schema,
        elapsed: Duration,
        round_trips: u32,
    ) -> Report {
        let counts = Counts::of(&verdict.checks);
        let diffs = diffs(&verdict.checks, actual, desired);
        Report {
            format_version: FORMAT_VERSION,
            tool_version: env!("CARGO_PKG_VERSION"),
            subject,
            verdict: if counts.failed == 0 {
                "passed"
            } else {
                "failed"
            },
            counts,
            checks: verdict.checks,
            diffs,
            advice,
            notes: verdict.notes,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            round_trips,
        }
    }

    /// Whether nothing failed; with `require_proof`, also whether everything was tried.
    pub fn is_green(&self, require_proof: bool) -> bool {
        self.counts.failed == 0
            && !(require_proof && self.counts.not_proved + self.counts.skipped > 0)
    }
}

impl Subject {
    /// The subject of a session.
    pub fn new(endpoint: String, server: &Server, schema: &Identifier) -> Subject {
        Subject {
            endpoint,
            database: server.database.clone(),
            schema: schema.clone(),
            user: server.user.clone(),
            server_version: server.version.clone(),
        }
    }
}

impl Counts {
    /// Counts `checks` by outcome.
    pub fn of<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Counts {
        let mut counts = Counts::default();
        for check in checks {
            *match check.outcome {
                Outcome::Passed => &mut counts.passed,
                Outcome::Failed { .. } => &mut counts.failed,
                Outcome::NotProved { .. } => &mut counts.not_proved,
                Outcome::Skipped { .. } => &mut counts.skipped,
            } += 1;
        }
        counts
    }
}

fn diffs(checks: &[Check], actual: &Schema, desired: &Schema) -> Vec<ObjectDiff> {
    let mut owners: Vec<&Identifier> = checks
        .iter()
        .filter_map(|check| match &check.outcome {
            Outcome::Failed { findings } => Some(findings),
            _ => None,
        })
        .flatten()
        .filter_map(|finding| finding.object.as_ref())
        .map(|object| &object.owner)
        .collect();
    owners.sort();
    owners.dedup();
    owners
        .into_iter()
        .map(|name| {
            let (actual, expected) = ddl::both_sides(name, actual, desired);
            ObjectDiff {
                name: name.clone(),
                expected,
                actual,
            }
        })
        .filter(|diff| diff.expected != diff.actual)
        .collect()
}
