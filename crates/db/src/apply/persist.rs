//! A transaction tried until it commits, or the time for its locks is spent.

use std::time::{Duration, Instant};

use super::attempt::{Attempt, Ended, Sending, Stage};
use super::blockers::Awaited;
use super::error::{ApplyError, Outcome};
use super::lost::{Fate, Lost};
use super::patience::{Patience, Pause};
use super::server::ServerIdentity;
use super::{ApplyOptions, Observer};
use crate::session::{QueryError, Session};

/// What a transaction came to that was tried for as long as it is worth it.
pub(crate) enum Persisted<J> {
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
    /// How long writers had to wait for an attempt, at most; `None` when that is not known.
    pub stalled: Option<Duration>,
    /// Whether no synchronous standby has confirmed it: COMMIT took longer than writers may have to wait, so its wait
    /// was cancelled.
    pub only_local: bool,
    /// Whether the connection was lost while it committed; the session is another since.
    pub reconnected: bool,
}

impl Committed {
    /// Adds how another transaction of the same run went.
    pub(crate) fn add(&mut self, other: &Committed) {
        self.attempts += other.attempts - 1;
        self.took += other.took;
        self.stalled = longer(self.stalled, other.stalled);
        self.only_local |= other.only_local;
        self.reconnected |= other.reconnected;
    }
}

/// The longer of two times, as far as both are known.
fn longer(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    Some(one?.max(other?))
}

/// What stays the same over all attempts.
pub(crate) struct Persist<'a> {
    pub(crate) sending: Sending<'a>,
    pub(crate) options: &'a ApplyOptions,
    /// What an attempt that got as far as this waits for.
    pub(crate) awaited: &'a dyn Fn(Stage) -> Awaited,
    /// A query that has a row when the transaction has committed. It ends with its conditions.
    pub(crate) recorded: &'a str,
}

impl Persist<'_> {
    /// Calls `attempt`, with the time that its locks may be waited for, until it comes to an end.
    pub(crate) fn run<J>(
        &self,
        session: &mut Session,
        observer: &mut dyn Observer,
        mut attempt: impl FnMut(&mut Session, Duration) -> Attempt<J>,
    ) -> Result<Persisted<J>, ApplyError> {
        let Sending { interrupt, .. } = self.sending;
        let began = Instant::now();
        let mut patience = Patience::new(self.options);
        let mut longest_stall = Some(Duration::ZERO);
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
            let Attempt { ended, stalled } = attempt(session, patience.next_lock_timeout());
            longest_stall = longer(longest_stall, stalled);
            let committed = |only_local, reconnected| {
                Persisted::Committed(Committed {
                    attempts: patience.attempts(),
                    took: began.elapsed(),
                    stalled: longest_stall,
                    only_local,
                    reconnected,
                })
            };
            let at = match ended {
                Ended::Committed { only_local } => return Ok(committed(only_local, false)),
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
                            return Ok(committed(false, true));
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
                Pause::Spent(tried) => {
                    return Err(ApplyError::LockNotObtained {
                        awaited,
                        tried,
                        remedy: None,
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
