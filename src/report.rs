//! What a verification found, in one value that every renderer writes in its own way.

mod no_result;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::error::exit;
use leora_core::ddl;
use leora_core::diff::{Object, ObjectKind};
use leora_core::graph::Mark;
use leora_core::model::{Identifier, Schema};
use leora_core::model::{in_a_line, in_lines};
use leora_core::verify::advice::Advice;
use leora_core::verify::check::{Check, Outcome};
use leora_core::verify::checklist::Verdict;
use leora_core::verify::counted::counted;
use leora_db::session::Server;

pub use no_result::{NoResult, Reason};

/// The version of the report's JSON form, which `leora-migrate schema verify` prints the JSON Schema
/// of. It grows when a field changes its meaning or goes; a new field is no new version.
pub const FORMAT_VERSION: u32 = 1;

/// A verification's result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format_version: u32,
    /// Who looked, when, with what.
    pub run: Run,
    /// What was looked at.
    pub subject: Subject,
    /// Whether what could not be proved counts as failed.
    pub require_proof: bool,
    /// What came of it all.
    pub verdict: Conclusion,
    /// Why it could not be finished, when so. What was found until then is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// How many checks came to what.
    pub counts: Counts,
    /// Every check that was asked for, in the checklist's order.
    pub checks: Vec<Check>,
    /// How many checks were not asked for (`--only`).
    pub left_out: usize,
    /// What came of deleting the row that each foreign key names, in the order of tables and names.
    pub deletes: Vec<DeleteTried>,
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

/// What came of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing failed.
    Passed,
    /// A check failed.
    Failed,
    /// Nothing failed, but proof of everything was asked for and some of it could not be tried.
    NotProved,
    /// The server failed meanwhile.
    CouldNotLook,
}

/// Who looked, when, with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// When it was finished, to the second.
    pub at: DateTime<Utc>,
    /// The user of the operating system, and the machine: `user@host`.
    pub by: String,
    /// The tool's version.
    pub tool_version: &'static str,
    /// The commit the tool was built from, where it is known.
    pub commit: Option<&'static str>,
}

/// What was looked at, by whom and how.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// Who looked, when, with what.
    pub run: Run,
    /// What was looked at.
    pub subject: Subject,
    /// Whether what could not be proved counts as failed.
    pub require_proof: bool,
    /// Why it could not be finished, when so.
    pub error: Option<Reason>,
    /// How many checks were not asked for.
    pub left_out: usize,
    /// How long it took.
    pub elapsed: Duration,
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
    pub waived: usize,
    pub skipped: usize,
}

/// What came of deleting the row that a foreign key names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeleteTried {
    /// The table that has the foreign key.
    pub table: Identifier,
    /// The foreign key.
    pub foreign_key: Identifier,
    /// Whether it does what is declared.
    pub outcome: Mark,
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
    /// Puts the circumstances, a verdict and its diffs together.
    pub fn new(
        circumstances: Circumstances,
        verdict: Verdict,
        deletes: &BTreeMap<Object, Mark>,
        advice: Vec<Advice>,
        actual: &Schema,
        desired: &Schema,
    ) -> Report {
        let Circumstances {
            run,
            subject,
            require_proof,
            error,
            left_out,
            elapsed,
            round_trips,
        } = circumstances;
        let counts = Counts::of(&verdict.checks);
        let diffs = diffs(&verdict.checks, actual, desired);
        let deletes = deletes.iter().map(|(object, outcome)| DeleteTried {
            table: object.owner.clone(),
            foreign_key: object.name.clone(),
            outcome: *outcome,
        });
        Report {
            format_version: FORMAT_VERSION,
            run,
            subject,
            require_proof,
            verdict: match error {
                Some(_) => Conclusion::CouldNotLook,
                None => counts.conclusion(require_proof),
            },
            error,
            counts,
            checks: verdict.checks,
            left_out,
            deletes: deletes.collect(),
            diffs,
            advice,
            notes: verdict.notes,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            round_trips,
        }
    }

    /// What came of deleting the row that each foreign key names.
    pub fn marks(&self) -> BTreeMap<Object, Mark> {
        let marks = self.deletes.iter().map(|tried| {
            let object = Object::on(&tried.table, ObjectKind::ForeignKey, &tried.foreign_key);
            (object, tried.outcome)
        });
        marks.collect()
    }

    /// What came of it, with what a good end leaves open: `passed, 18 of 41 not proved`.
    pub fn headline(&self) -> String {
        let word = self.verdict.word().to_owned();
        self.open()
            .into_iter()
            .fold(word, |word, open| format!("{word}, {open}"))
    }

    /// What a good end leaves open, where anything was left: `18 of 41 not proved`, `34 checks left out (--only)`.
    pub fn open(&self) -> Option<String> {
        if !self.has_passed() {
            return None;
        }
        let open = self.counts.not_proved + self.counts.skipped;
        let unproved = (open > 0).then(|| format!("{open} of {} not proved", self.checks.len()));
        let left_out = self.left_out;
        let left_out = (left_out > 0).then(|| {
            let checks = counted(left_out, "check", "checks");
            format!("{checks} left out (--only)")
        });
        let all: Vec<_> = unproved.into_iter().chain(left_out).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The same as it is shown to people: nothing from the database can recolour, hide or fake a line.
    pub fn shown(&self) -> Report {
        let mut shown = self.clone();
        for check in &mut shown.checks {
            check.show();
        }
        for advice in &mut shown.advice {
            for text in [&mut advice.title, &mut advice.detail] {
                *text = in_a_line(text);
            }
            advice.sql = advice.sql.as_deref().map(in_lines);
        }
        shown
            .notes
            .iter_mut()
            .for_each(|note| *note = in_a_line(note));
        shown.subject = shown.subject.shown();
        shown
    }

    /// Whether nothing that was asked for failed.
    pub fn has_passed(&self) -> bool {
        self.verdict == Conclusion::Passed
    }

    /// Whether every check passed, of the whole checklist.
    pub fn is_green(&self) -> bool {
        self.has_passed() && self.counts.passed == self.checks.len() && self.left_out == 0
    }

    /// The exit code of `verify`.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Conclusion::Passed => exit::DONE,
            Conclusion::Failed | Conclusion::NotProved => exit::FOUND,
            Conclusion::CouldNotLook => exit::COULD_NOT,
        }
    }
}

impl Run {
    /// The version, and the commit where it is known: `0.1.0 (1a2b3c4d5e6f)`.
    pub fn version(&self) -> String {
        match self.commit {
            Some(commit) => format!("{} ({commit})", self.tool_version),
            None => self.tool_version.to_owned(),
        }
    }
}

impl Conclusion {
    /// In one word, or two.
    pub fn word(self) -> &'static str {
        match self {
            Conclusion::Passed => "passed",
            Conclusion::Failed => "failed",
            Conclusion::NotProved => "not proved",
            Conclusion::CouldNotLook => "could not look",
        }
    }
}

impl Subject {
    /// The same as it is shown to people.
    pub fn shown(&self) -> Subject {
        let Subject {
            endpoint,
            database,
            schema,
            user,
            server_version,
        } = self;
        Subject {
            endpoint: in_a_line(endpoint),
            database: in_a_line(database),
            schema: schema.clone(),
            user: in_a_line(user),
            server_version: in_a_line(server_version),
        }
    }

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
                Outcome::Waived { .. } => &mut counts.waived,
                Outcome::Skipped { .. } => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// What they come to.
    fn conclusion(self, require_proof: bool) -> Conclusion {
        match self {
            Counts { failed: 1.., .. } => Conclusion::Failed,
            Counts {
                not_proved,
                skipped,
                ..
            } if require_proof && not_proved + skipped > 0 => Conclusion::NotProved,
            _ => Conclusion::Passed,
        }
    }

    /// `25 passed, 1 failed`, what is none left out.
    pub fn in_words(self) -> String {
        let Counts {
            passed,
            failed,
            not_proved,
            waived,
            skipped,
        } = self;
        let mut words = format!("{passed} passed");
        for (count, what) in [
            (failed, "failed"),
            (not_proved, "not proved"),
            (waived, "waived"),
            (skipped, "skipped"),
        ] {
            if count > 0 {
                words += &format!(", {count} {what}");
            }
        }
        words
    }
}

impl ObjectDiff {
    /// The canonical DDL of `owner` on both sides; `None` when it does not differ.
    pub fn of(owner: &Identifier, actual: &Schema, desired: &Schema) -> Option<ObjectDiff> {
        let (actual, expected) = ddl::both_sides(owner, actual, desired);
        (actual != expected).then(|| ObjectDiff {
            name: owner.clone(),
            expected,
            actual,
        })
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
        .filter_map(|name| ObjectDiff::of(name, actual, desired))
        .collect()
}
