//! How long locks are waited for at a time, how long in between, and when to give up.

use std::time::{Duration, Instant};

use super::blockers::{Awaited, Blocker, blockers};
use super::error::Tried;
use super::interrupt::Interrupt;
use super::{ApplyOptions, Observer};
use crate::session::{QueryError, Session};

/// How often those who block are looked at between two attempts.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// What is shown while locks are waited for.
#[derive(Clone, Debug)]
pub struct Waiting<'a> {
    /// How many attempts were made.
    pub attempt: u32,
    /// For how long the last one waited for its locks, at most.
    pub lock_timeout: Duration,
    /// How long all of it has taken.
    pub waited: Duration,
    /// How much longer it will be tried.
    pub left: Duration,
    /// What is waited for.
    pub awaited: &'a Awaited,
    /// Who blocks, at this moment.
    pub blockers: &'a [Blocker],
    /// Whether no other attempt is made before a transaction that blocked the last one has ended.
    pub is_still_blocked: bool,
}

/// The end of a pause.
pub(crate) enum Pause {
    /// Time to try again.
    Over,
    /// The time allowed is spent.
    Spent(Tried),
    /// A signal came.
    Interrupted(i32),
}

/// The attempts made and the time spent.
pub(crate) struct Patience {
    began: Instant,
    wait: Duration,
    first: Duration,
    longest: Duration,
    attempt: u32,
}

impl Patience {
    pub(crate) fn new(options: &ApplyOptions) -> Patience {
        Patience {
            began: Instant::now(),
            wait: options.wait,
            first: options.first_lock_timeout.min(options.lock_timeout),
            longest: options.lock_timeout,
            attempt: 0,
        }
    }

    /// Begins an attempt, and says how long its locks may be waited for: at first a little, then twice
    /// as long each time, up to the limit.
    pub(crate) fn next_lock_timeout(&mut self) -> Duration {
        self.attempt += 1;
        self.lock_timeout()
    }

    fn lock_timeout(&self) -> Duration {
        let doubled = 2_u32.saturating_pow(self.attempt.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    pub(crate) fn waited(&self) -> Duration {
        self.began.elapsed()
    }

    /// What it came to when the locks were not obtained.
    pub(crate) fn tried(&self, blockers: Vec<Blocker>, is_still_blocked: bool) -> Tried {
        Tried {
            waited: self.waited(),
            attempts: self.attempts(),
            is_still_blocked,
            blockers,
        }
    }

    /// Pauses between two attempts, so that those who queued behind the last one get through. While a
    /// transaction that blocked it is still there, another attempt is bound to fail and would only make
    /// writers wait, so none is made.
    pub(crate) fn pause(
        &self,
        session: &mut Session,
        awaited: &Awaited,
        interrupt: &Interrupt,
        observer: &mut dyn Observer,
    ) -> Result<Pause, QueryError> {
        let timeout = self.lock_timeout();
        // With jitter: two that wait for each other do not meet again and again.
        let at_least = timeout.mul_f64(1.0 + 2.0 * fastrand::f64());
        let resume = Instant::now() + at_least;
        let mut first: Option<Vec<String>> = None;
        loop {
            let there = blockers(session, awaited)?;
            let waited = self.waited();
            let left = self.wait.saturating_sub(waited);
            let transactions = || there.iter().map(|blocker| blocker.transaction.clone());
            let blocked_by = first.get_or_insert_with(|| transactions().collect());
            let is_still_blocked =
                transactions().any(|transaction| blocked_by.contains(&transaction));
            observer.waiting(&Waiting {
                attempt: self.attempt,
                lock_timeout: timeout,
                waited,
                left,
                awaited,
                blockers: &there,
                is_still_blocked,
            });
            if left.is_zero() {
                return Ok(Pause::Spent(self.tried(there, is_still_blocked)));
            }
            let to_go = resume.saturating_duration_since(Instant::now());
            if to_go.is_zero() && !is_still_blocked {
                return Ok(Pause::Over);
            }
            let nap = if is_still_blocked {
                LOOK_AGAIN
            } else {
                to_go.min(LOOK_AGAIN)
            };
            interrupt.sleep(nap.min(left));
            if let Some(signal) = interrupt.signal() {
                return Ok(Pause::Interrupted(signal));
            }
        }
    }
}
