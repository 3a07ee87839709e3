//! What the server answered to a programme.

use std::fmt;

use serde::Deserialize;

use crate::model::said;

/// What came of a programme.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// It was run.
    Gathered(Gathered),
    /// It was not: why, in words.
    NotTried(String),
    /// The server failed while it was run.
    CutOff(ServerFailure),
}

/// A failure of the server, or of the connection to it: it says nothing of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFailure(pub String);

impl fmt::Display for ServerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&said(&self.0))
    }
}

/// What the steps of a programme answered.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Gathered {
    /// What making the rows answered.
    pub build: Answers,
    /// What each trial answered, in the programme's order; nothing when the rows could not be made.
    pub trials: Vec<Answers>,
}

/// What steps answered until one failed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Answers {
    /// By step: how many rows a `do` changed, what an `ask` found; a `try` either the count or an error
    /// code and a constraint.
    pub answers: Vec<Option<String>>,
    /// What the step after the last answer was refused with.
    pub failure: Option<Failure>,
}

/// PostgreSQL's refusal, in its own terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// The error code.
    pub sqlstate: String,
    /// The message.
    pub message: String,
    /// The detail.
    pub detail: String,
    /// The hint.
    pub hint: String,
    /// The table, when it is about one; of a foreign key, the referencing one.
    pub table: String,
    /// The constraint, when it is about one.
    pub constraint: String,
    /// The column, when it is about one.
    pub column: String,
}

impl Failure {
    /// In one line.
    pub(super) fn in_words(&self) -> String {
        format!("{} (SQLSTATE {})", self.message, self.sqlstate)
    }
}

/// Raised by the server's block (`db/probe.sql`) when the tables got other user-defined code since it was looked for.
const CODE_HAS_CHANGED: &str = "LM001";

/// Whether an error code says that the trial could not be made, and nothing of what was to be tried: no
/// privilege, no lock, no resources, interrupted, read-only, not supported.
pub(super) fn is_about_circumstances(sqlstate: &str) -> bool {
    const STATES: [&str; 4] = ["42501", "55P03", "25006", CODE_HAS_CHANGED];
    const CLASSES: [&str; 5] = ["0A", "40", "53", "54", "57"];
    let class = sqlstate.get(..2).unwrap_or_default();
    STATES.contains(&sqlstate) || CLASSES.contains(&class)
}

/// Whether an error code says that the server itself failed: disk full (53100), shut down, crashed or not ready
/// (57P01 to 57P05), system error (class 58), internal error or corrupted data (class XX). See PostgreSQL's manual,
/// appendix A.
pub fn is_server_failure(sqlstate: &str) -> bool {
    sqlstate == "53100"
        || ["57P0", "58", "XX"]
            .iter()
            .any(|class| sqlstate.starts_with(class))
}
