//! What will be tried, as data: rows to make, and trials on them, each undone before the next.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::evidence::Failure;
use super::places::RowId;
use crate::diff::Object;
use crate::model::Identifier;
use crate::verify::check::CheckId;

/// What will be tried. The server runs it as one block (`db::probe`).
#[derive(Clone, Debug, Default)]
pub struct Programme {
    /// What makes the rows that the trials stand on.
    pub(super) build: Vec<Step>,
    /// How many rows of each table the steps of `build` shall report, one after the other.
    pub(super) rows: Vec<(Identifier, usize)>,
    /// The trials; each finds the rows as they were made.
    pub(super) trials: Vec<Trial>,
    /// Tables that must not get other code while the trials run, with their schema.
    pub(super) lock: Vec<String>,
    /// The user-defined code of the tables as it was found, where it may not run.
    pub(super) code: Option<String>,
    /// What is not tried, and why.
    pub(super) not_tried: Vec<NotTried>,
    /// Makes the constraints deferred that are so by themselves, where there are any. After each step
    /// they are checked, as a commit would.
    pub(super) defer: Option<String>,
    /// How long to wait for a lock, in milliseconds.
    pub lock_timeout_ms: u32,
    /// How long the whole may take, in milliseconds.
    pub statement_timeout_ms: u32,
    /// The steps as the server reads them.
    pub(super) script: OnceLock<String>,
}

/// One thing tried, and what is held to come of it.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) steps: Vec<Step>,
    pub(super) claims: Vec<Claim>,
    /// Foreign keys tried at once. When it is refused it says nothing of each, and each has to be tried
    /// by itself.
    pub(super) together: bool,
}

impl Trial {
    pub(super) fn new(steps: Vec<Step>, claims: Vec<Claim>) -> Trial {
        Trial {
            steps,
            claims,
            together: false,
        }
    }
}

/// One statement.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) sql: String,
    /// The row it is about.
    pub(super) row: Option<RowId>,
    /// Whether the trial goes on when it is refused.
    pub(super) may_be_refused: bool,
    /// Settings it is made under.
    pub(super) set: BTreeMap<String, String>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers with one text.
    Ask,
    /// Inserts one row.
    Insert,
    /// Changes these columns of one row.
    Update(Vec<Identifier>),
    /// Deletes one row.
    Delete,
}

/// What a trial shall show, for which check.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) check: CheckId,
    /// What is tried, as a check counts it: one of `N of N`.
    pub(super) about: String,
    /// What shall come of it, in words.
    pub(super) promise: String,
    pub(super) object: Option<Object>,
    pub(super) expect: Expect,
}

/// What shall come of a trial.
#[derive(Clone, Debug)]
pub(super) enum Expect {
    /// Every step succeeds.
    Accepted,
    /// This step is refused.
    Refused { step: usize, how: Refused },
    /// The answer to a step is one of these; or the trial is refused like that.
    Answer {
        step: usize,
        is: Vec<String>,
        or_refused: Option<Refused>,
    },
    /// Rows before and after: JSON arrays, answers of two steps.
    Rows {
        before: usize,
        after: usize,
        rows: Vec<RowExpected>,
    },
}

/// How a statement shall be refused.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// By one of these error codes.
    pub(super) states: &'static [&'static str],
    /// By one of these constraints or columns; by any, when there are none.
    pub(super) by: Vec<Identifier>,
}

impl Refused {
    pub(super) fn matches(&self, failure: &Failure) -> bool {
        let by = |name: &&Identifier| {
            failure.constraint == name.as_str() || failure.column == name.as_str()
        };
        self.states.contains(&failure.sqlstate.as_str())
            && (self.by.is_empty() || self.by.iter().any(|name| by(&name)))
    }
}

/// One row of [`Expect::Rows`].
#[derive(Clone, Debug)]
pub(super) struct RowExpected {
    /// Its place in both arrays.
    pub(super) at: usize,
    /// The row, in words.
    pub(super) row: String,
    pub(super) fate: RowFate,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFate {
    /// It is gone.
    Gone,
    /// It is there, byte for byte.
    Unchanged,
    /// It is there, and names other rows than before, or none.
    Changed,
}

/// Something that is not tried.
#[derive(Clone, Debug)]
pub(super) struct NotTried {
    pub(super) check: CheckId,
    pub(super) about: String,
    pub(super) reason: String,
}

impl Programme {
    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty()
    }

    /// The tables that rows are made in.
    pub fn tables(&self) -> impl Iterator<Item = &Identifier> {
        self.rows.iter().map(|(table, _)| table)
    }

    /// The steps as JSON, as the server's block reads them: `["do", sql]`, `["ask", sql]`, `["try", sql]`,
    /// and a third member with settings where there are any. Written once, when it is first asked for.
    pub fn script(&self) -> &str {
        self.script.get_or_init(|| {
            let steps = |steps: &[Step]| steps.iter().map(Step::script).collect::<Vec<_>>();
            let trials: Vec<_> = self
                .trials
                .iter()
                .map(|trial| steps(&trial.steps))
                .collect();
            json!({ "lock": self.lock, "code": self.code, "defer": self.defer, "build": steps(&self.build), "trials": trials })
                .to_string()
        })
    }
}

impl Step {
    pub(super) fn new(kind: Kind, row: Option<RowId>, sql: String) -> Step {
        Step {
            kind,
            sql,
            row,
            may_be_refused: false,
            set: BTreeMap::new(),
        }
    }

    /// Asks for one text, about a row.
    pub(super) fn ask(row: RowId, sql: String) -> Step {
        Step::new(Kind::Ask, Some(row), sql)
    }

    /// The same, and the trial goes on when it is refused.
    pub(super) fn or_refused(self) -> Step {
        Step {
            may_be_refused: true,
            ..self
        }
    }

    fn script(&self) -> Value {
        let kind = match (&self.kind, self.may_be_refused) {
            (Kind::Ask, _) => "ask",
            (_, false) => "do",
            (_, true) => "try",
        };
        if self.set.is_empty() {
            json!([kind, self.sql])
        } else {
            json!([kind, self.sql, self.set])
        }
    }
}
