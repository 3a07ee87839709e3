//! One attempt at a transaction: all of it, or nothing.

use std::thread;
use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use crate::connect::{Heard, Target};
use crate::session::{QueryError, Rows, Session};
use leora_core::plan::locking::{SPENT, longest_stall};
use leora_core::plan::script::{Stages, Stall, Statement};

/// How long a request to cancel may take to reach the server. One that comes late and finds no statement is dropped
/// there (`ProcessInterrupts`, postgres.c), so nothing may be sent meanwhile.
const CANCEL_UNDER_WAY: Duration = Duration::from_millis(100);

/// What every batch is sent with.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'a> {
    /// Where requests to cancel go.
    pub(crate) target: &'a Target,
    /// Whether to go on.
    pub(crate) interrupt: &'a Interrupt,
    /// How long writers may have to wait for locks.
    pub(crate) lock_timeout: Duration,
}

impl Sending<'_> {
    pub(crate) fn send(
        self,
        session: &mut Session,
        doing: &'static str,
        sql: &str,
    ) -> Result<Vec<Rows>, QueryError> {
        self.interrupt
            .send(self.target, session, doing, sql, &mut || false)
    }

    /// Sends what is recorded of a run; a signal does not cut it short.
    pub(crate) fn record(
        self,
        session: &mut Session,
        doing: &'static str,
        sql: &str,
    ) -> Result<Vec<Rows>, QueryError> {
        let sent = Instant::now();
        let mut watch = || sent.elapsed() >= RECORDING;
        Interrupt::default().send(self.target, session, doing, sql, &mut watch)
    }
}

/// How long what is recorded of a run may take. With a missing synchronous standby its COMMIT would wait for ever.
const RECORDING: Duration = Duration::from_secs(5);

/// An attempt.
pub(crate) struct Attempt<J> {
    /// What it came to.
    pub(crate) ended: Ended<J>,
    /// How long writers had to wait at most; `None` when that is not known.
    pub(crate) stalled: Option<Duration>,
}

/// What an attempt came to.
pub(crate) enum Ended<J> {
    /// It committed.
    Committed {
        /// Whether no synchronous standby has confirmed it: COMMIT took too long, and its wait was cancelled.
        only_local: bool,
    },
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

impl<J> From<Ended<J>> for Attempt<J> {
    /// One that ended before it locked an existing table.
    fn from(ended: Ended<J>) -> Attempt<J> {
        Attempt {
            ended,
            stalled: Some(Duration::ZERO),
        }
    }
}

/// The part of a transaction that was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Prepare,
    Quiet,
    Locking,
}

/// PostgreSQL's code for a statement that was cancelled.
const QUERY_CANCELED: &str = "57014";

/// Lock not available, deadlock, serialization failure: nothing is wrong but the moment.
pub(crate) fn is_worth_another_try(error: &QueryError) -> bool {
    matches!(error.sqlstate(), Some("55P03" | "40P01" | "40001"))
}

/// Tries: the settings, the lock that keeps migrations apart and `question` in one round trip; then
/// `judge`, who is given the answers to `question` and says what is to be done; then all that nobody
/// waits for; then all that others wait for, and COMMIT, in one round trip, so that the network adds
/// nothing to the time for which the locks are held.
pub(crate) fn attempt<J>(
    sending: Sending<'_>,
    session: &mut Session,
    prepare: &[Statement],
    question: &str,
    judge: impl FnOnce(&mut Session, Vec<Rows>) -> Result<Result<Stages, J>, QueryError>,
) -> Attempt<J> {
    match before_locks(sending, session, prepare, question, judge) {
        Err(ended) => ended.into(),
        Ok((stages, transaction)) => under_locks(sending, session, &stages, transaction),
    }
}

/// All that nobody waits for. Gives what is left to be sent, and the transaction's id.
fn before_locks<J>(
    sending: Sending<'_>,
    session: &mut Session,
    prepare: &[Statement],
    question: &str,
    judge: impl FnOnce(&mut Session, Vec<Rows>) -> Result<Result<Stages, J>, QueryError>,
) -> Result<(Stages, String), Ended<J>> {
    let fail = |session: &mut Session, at, error| failed(sending, session, at, error, None);
    let stop = |session: &mut Session, ended| match roll_back(session) {
        Ok(()) => ended,
        Err(error) => Ended::Lost {
            transaction: None,
            error,
        },
    };
    let opening = format!("BEGIN;\n{}{question}", joined(prepare));
    let mut answers = match sending.send(session, "preparing the transaction", &opening) {
        Ok(answers) => answers,
        Err(error) => return Err(fail(session, Stage::Prepare, error)),
    };
    // The first answer is that of the lock.
    answers.drain(..answers.len().min(1));
    let stages = match judge(session, answers) {
        Ok(Ok(stages)) => stages,
        Ok(Err(verdict)) => return Err(stop(session, Ended::Stopped(verdict))),
        Err(error) => return Err(fail(session, Stage::Prepare, error)),
    };
    let quiet = match sending.send(session, "making what is new", &joined(&stages.quiet)) {
        Ok(answers) => answers,
        Err(error) => return Err(fail(session, Stage::Quiet, error)),
    };
    let transaction = quiet
        .last()
        .and_then(|rows| rows.first()?.get(0))
        .unwrap_or_default()
        .to_owned();
    match sending.interrupt.signal() {
        Some(signal) => Err(stop(session, Ended::Interrupted(signal))),
        None => Ok((stages, transaction)),
    }
}

/// The locks, what needs them, and COMMIT. What takes longer than writers may have to wait is cancelled: before COMMIT
/// the transaction is rolled back, in COMMIT it stays committed, and only the wait for a synchronous standby ends
/// (`SyncRepWaitForLSN`, syncrep.c). Either releases the locks.
fn under_locks<J>(
    sending: Sending<'_>,
    session: &mut Session,
    stages: &Stages,
    transaction: String,
) -> Attempt<J> {
    let heard = session.heard();
    heard.forget();
    let sent = Instant::now();
    let limit = longest_stall(sending.lock_timeout);
    let mut is_over = false;
    let mut watch = || {
        let since = match stages.stall {
            Stall::Never | Stall::FromTheStart => Some(sent),
            Stall::WhenSaid { .. } => {
                let notices = heard.notices();
                notices.queued.or(notices.held)
            }
        };
        is_over = since.is_some_and(|since| since.elapsed() >= limit);
        is_over
    };
    let locking = joined(&stages.locking) + "COMMIT";
    let (target, doing) = (sending.target, "taking the locks and committing");
    let answer = sending
        .interrupt
        .send(target, session, doing, &locking, &mut watch);
    let only_local = heard.notices().only_local;
    let is_cancelled = |error: &QueryError| error.sqlstate() == Some(QUERY_CANCELED);
    let took_effect = only_local || answer.as_ref().is_err_and(is_cancelled);
    match answer {
        Ok(answers) => {
            let stalled = stall(stages.stall, sent, &heard, answers.first());
            if is_over && !took_effect {
                thread::sleep(CANCEL_UNDER_WAY);
            }
            if !stages.after.is_empty() {
                // When this fails, the session is gone, and the lock with it.
                drop(session.batch("letting other migrations in", &joined(&stages.after)));
            }
            Attempt {
                ended: Ended::Committed { only_local },
                stalled: Some(stalled),
            }
        }
        Err(error) => {
            if is_over && !took_effect {
                thread::sleep(CANCEL_UNDER_WAY);
            }
            let in_time = !is_over || !is_cancelled(&error);
            let ended = match failed(sending, session, Stage::Locking, error, Some(transaction)) {
                Ended::Failed { at, .. } if !in_time => Ended::Again { at },
                ended => ended,
            };
            let stalled = match ended {
                Ended::Lost { .. } => None,
                _ => Some(stall(stages.stall, sent, &heard, None)),
            };
            Attempt { ended, stalled }
        }
    }
}

/// For how long writers may have had to wait for what was `sent`, now that COMMIT or ROLLBACK is answered. `free` is
/// the answer of a transaction that got its locks: how long nobody had to wait for it.
fn stall(from: Stall, sent: Instant, heard: &Heard, free: Option<&Rows>) -> Duration {
    let all = sent.elapsed();
    let notices = heard.notices();
    let free = free.and_then(|rows| rows.first()?.get(0)?.parse().ok());
    let free = free.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match (from, free) {
        (Stall::Never, _) => Duration::ZERO,
        (Stall::FromTheStart, _) => all,
        (Stall::WhenSaid { .. }, Some(free)) => all.saturating_sub(free),
        // It queues when it has asked without waiting for all of this time.
        (Stall::WhenSaid { without_waiting }, None) if notices.queued.is_some() => {
            all.saturating_sub(without_waiting)
        }
        (Stall::WhenSaid { .. }, None) if notices.held.is_some() => all,
        (Stall::WhenSaid { .. }, None) => Duration::ZERO,
    }
}

/// Statements for one round trip, each closed by a semicolon.
pub(crate) fn joined(statements: &[Statement]) -> String {
    statements
        .iter()
        .map(|statement| format!("{};\n", statement.sql))
        .collect()
}

/// Ends the transaction without effect.
pub(crate) fn roll_back(session: &mut Session) -> Result<(), QueryError> {
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
        Some(signal) if error.sqlstate() == Some(QUERY_CANCELED) => Ended::Interrupted(signal),
        _ if is_worth_another_try(&error) => Ended::Again { at },
        _ if at == Stage::Locking && error.sqlstate() == Some(SPENT) => Ended::Again { at },
        _ => Ended::Failed { at, error },
    }
}
