//! One attempt at a transaction: all of it, or nothing.

use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use crate::db::connect::Target;
use crate::db::session::{QueryError, Rows, Session};
use crate::plan::script::{Stages, Statement};

/// What every batch is sent with.
#[derive(Clone, Copy)]
pub(in crate::db) struct Sending<'a> {
    /// Where requests to cancel go.
    pub(in crate::db) target: &'a Target,
    /// Whether to go on.
    pub(in crate::db) interrupt: &'a Interrupt,
}

impl Sending<'_> {
    pub(in crate::db) fn send(
        self,
        session: &mut Session,
        doing: &'static str,
        sql: &str,
    ) -> Result<Vec<Rows>, QueryError> {
        self.interrupt
            .send(self.target, session, doing, sql, &mut || {})
    }
}

/// What an attempt came to.
pub(in crate::db) enum Ended<J> {
    /// It committed. How long the locks that writers wait for were held, as seen from here.
    Committed { locked: Duration },
    /// What was read under the lock says that it must not be done. Rolled back.
    Stopped(J),
    /// A lock was not obtained, or PostgreSQL asks to try again. Rolled back.
    Again { at: Stage },
    /// A statement failed. Rolled back.
    Failed { at: Stage, error: QueryError },
    /// A signal came. Rolled back.
    Interrupted(i32),
    /// The connection is gone. `transaction` is the id it had when COMMIT was sent; without one, it
    /// was not sent, and the server rolled back.
    Lost {
        transaction: Option<String>,
        error: QueryError,
    },
}

/// The part of a transaction that was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Stage {
    Prepare,
    Quiet,
    Locking,
}

/// Lock not available, deadlock, serialization failure: nothing is wrong but the moment.
pub(in crate::db) fn is_worth_another_try(error: &QueryError) -> bool {
    matches!(error.sqlstate(), Some("55P03" | "40P01" | "40001"))
}

/// Tries: the settings, the lock that keeps migrations apart and `question` in one round trip; then
/// `judge`, who is given the answers to `question` and says what is to be done; then all that nobody
/// waits for; then all that others wait for, and COMMIT, in one round trip, so that the network adds
/// nothing to the time for which the locks are held.
pub(in crate::db) fn attempt<J>(
    sending: Sending<'_>,
    session: &mut Session,
    prepare: &[Statement],
    question: &str,
    judge: impl FnOnce(&mut Session, Vec<Rows>) -> Result<Result<Stages, J>, QueryError>,
) -> Ended<J> {
    let fail = |session: &mut Session, at, error| failed(sending, session, at, error, None);
    let opening = format!("BEGIN;\n{}{question}", joined(prepare));
    let mut answers = match sending.send(session, "preparing the transaction", &opening) {
        Ok(answers) => answers,
        Err(error) => return fail(session, Stage::Prepare, error),
    };
    // The first answer is that of the lock.
    answers.drain(..answers.len().min(1));
    let stages = match judge(session, answers) {
        Ok(Ok(stages)) => stages,
        Ok(Err(verdict)) => {
            return match roll_back(session) {
                Ok(()) => Ended::Stopped(verdict),
                Err(error) => Ended::Lost {
                    transaction: None,
                    error,
                },
            };
        }
        Err(error) => return fail(session, Stage::Prepare, error),
    };
    let quiet = match sending.send(session, "making what is new", &joined(&stages.quiet)) {
        Ok(answers) => answers,
        Err(error) => return fail(session, Stage::Quiet, error),
    };
    let transaction = quiet
        .last()
        .and_then(|rows| rows.first()?.get(0))
        .unwrap_or_default()
        .to_owned();
    if let Some(signal) = sending.interrupt.signal() {
        return match roll_back(session) {
            Ok(()) => Ended::Interrupted(signal),
            Err(error) => Ended::Lost {
                transaction: None,
                error,
            },
        };
    }
    let began = Instant::now();
    let locking = joined(&stages.locking) + "COMMIT";
    match sending.send(session, "changing what stands", &locking) {
        Ok(_) => Ended::Committed {
            locked: began.elapsed(),
        },
        Err(error) => failed(sending, session, Stage::Locking, error, Some(transaction)),
    }
}

/// Statements for one round trip, each closed by a semicolon.
pub(in crate::db) fn joined(statements: &[Statement]) -> String {
    statements
        .iter()
        .map(|statement| format!("{};\n", statement.sql))
        .collect()
}

/// Ends the transaction without effect.
pub(in crate::db) fn roll_back(session: &mut Session) -> Result<(), QueryError> {
    session.batch("rolling back", "ROLLBACK").map(drop)
}

fn failed<J>(
    sending: Sending<'_>,
    session: &mut Session,
    at: Stage,
    error: QueryError,
    transaction: Option<String>,
) -> Ended<J> {
    if error.is_loss() {
        return Ended::Lost { transaction, error };
    }
    if roll_back(session).is_err() {
        // The statement failed before COMMIT was reached.
        return Ended::Lost {
            transaction: None,
            error,
        };
    }
    match sending.interrupt.signal() {
        // Query canceled.
        Some(signal) if error.sqlstate() == Some("57014") => Ended::Interrupted(signal),
        _ if is_worth_another_try(&error) => Ended::Again { at },
        _ => Ended::Failed { at, error },
    }
}
