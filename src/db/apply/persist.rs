//! A transaction tried until it commits, or the time for its locks is spent.

use std::time::{Duration, Instant};

use super::attempt::{Ended, Sending, Stage};
use super::blockers::Awaited;
use super::error::{ApplyError, Outcome};
use super::lost::{Fate, Lost};
use super::patience::{Patience, Pause};
use super::server::ServerIdentity;
use super::{ApplyOptions, Observer};
use crate::db::session::{QueryError, Session};

/// What a transaction came to that was tried for as long as it is worth it.
pub(in crate::db) enum Persisted<J> {
    /// It committed.
    Committed(Committed),
    /// What was read under the lock says that it must not be done. Rolled back.
    Stopped(J),
    /// A statement failed. Rolled back.
    Failed {
        /// Where.
        at: Stage,
        /// What PostgreSQL said.
        error: QueryError,
    },
}

/// How a transaction committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// How often it was tried.
    pub attempts: u32,
    /// How long all attempts and the pauses between them took.
    pub took: Duration,
    /// For how long it held the locks that writers wait for, seen from here.
    pub locked: Duration,
    /// Whether the connection was lost while it committed; the session is another since.
    pub reconnected: bool,
}

/// What stays the same over all attempts.
pub(in crate::db) struct Persist<'a> {
    pub(in crate::db) sending: Sending<'a>,
    pub(in crate::db) options: &'a ApplyOptions,
    /// What an attempt that got as far as this waits for.
    pub(in crate::db) awaited: &'a dyn Fn(Stage) -> Awaited,
    /// A query that has a row when the transaction has committed. It ends with its conditions.
    pub(in crate::db) recorded: &'a str,
}

impl Persist<'_> {
    /// Calls `attempt`, with the time that its locks may be waited for, until it comes to an end.
    pub(in crate::db) fn run<J>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        mut attempt: impl FnMut(&mut Session, Duration) -> Ended<J>,
    ) -> Result<Persisted<J>, ApplyError> {
        let Sending { interrupt, .. } = self.sending;
        let began = Instant::now();
        let mut patience = Patience::new(self.options);
        let interrupted = |signal| ApplyError::Interrupted {
            signal,
            partly: None,
        };
        // Which server it is can be asked while it is there.
        let server = ServerIdentity::of(session).map_err(between_attempts)?;
        loop {
            if let Some(signal) = interrupt.signal() {
                return Err(interrupted(signal));
            }
            let ended = attempt(session, patience.next_lock_timeout());
            let committed = |locked, reconnected| {
                Persisted::Committed(Committed {
                    attempts: patience.attempts(),
                    took: began.elapsed(),
                    locked,
                    reconnected,
                })
            };
            let at = match ended {
                Ended::Committed { locked } => return Ok(committed(locked, false)),
                Ended::Stopped(verdict) => return Ok(Persisted::Stopped(verdict)),
                Ended::Failed { at, error } => return Ok(Persisted::Failed { at, error }),
                Ended::Interrupted(signal) => return Err(interrupted(signal)),
                Ended::Lost { transaction, error } => {
                    let fate = transaction.map(|transaction| {
                        let lost = Lost {
                            server: &server,
                            schema: &session.schema,
                            transaction: &transaction,
                            recorded: self.recorded,
                        };
                        lost.fate(self.sending, self.options.reconnect)
                    });
                    let outcome = match fate {
                        Some(Fate::Committed(other)) => {
                            *session = *other;
                            return Ok(committed(Duration::ZERO, true));
                        }
                        Some(Fate::Not(outcome)) => outcome,
                        None => Outcome::RolledBack,
                    };
                    let cause = error.to_string();
                    return Err(ApplyError::ConnectionLost { outcome, cause });
                }
                Ended::Again { at } => at,
            };
            let awaited = (self.awaited)(at);
            let pause = patience.pause(session, &awaited, interrupt, observer);
            match pause.map_err(between_attempts)? {
                Pause::Over => {}
                Pause::Interrupted(signal) => return Err(interrupted(signal)),
                Pause::Spent(blockers) => {
                    return Err(ApplyError::LockNotObtained {
                        waited: patience.waited(),
                        attempts: patience.attempts(),
                        awaited,
                        blockers,
                    });
                }
            }
        }
    }
}

/// Between two attempts no transaction is open, so nothing is lost with the connection.
fn between_attempts(error: QueryError) -> ApplyError {
    if error.is_loss() {
        ApplyError::ConnectionLost {
            outcome: Outcome::RolledBack,
            cause: error.to_string(),
        }
    } else {
        ApplyError::Query(error)
    }
}
