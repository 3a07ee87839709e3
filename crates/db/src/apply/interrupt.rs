//! Signals: what is under way is cancelled on the server, not merely left.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::connect::Target;
use crate::session::{QueryError, Rows, Session};

/// While it lives, a signal ends the process.
#[must_use]
pub struct Ending(#[expect(dead_code, reason = "its end is what is noticed")] Sender<()>);

/// How long a signal, or the end of the time allowed, may stay unnoticed.
const TICK: Duration = Duration::from_millis(10);

/// A request to cancel can reach the server between two statements, where there is nothing to
/// cancel; it is sent again until the statement has ended.
const CANCEL_AGAIN: Duration = Duration::from_millis(500);

/// Whether the process was asked to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    signal: Arc<AtomicUsize>,
    asked_before: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM. A second one ends the process at once, as if nobody listened.
    ///
    /// # Errors
    ///
    /// When the system does not let signals be handled.
    pub fn on_signals() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        let asked_before = &interrupt.asked_before;
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds `asked_before` still false.
            flag::register_conditional_default(signal, Arc::clone(asked_before))?;
            flag::register(signal, Arc::clone(asked_before))?;
            let number = usize::try_from(signal).unwrap_or_default();
            flag::register_usize(signal, Arc::clone(&interrupt.signal), number)?;
        }
        Ok(interrupt)
    }

    /// Ends the process when a signal comes, or has come already, until what is given back is dropped. `told` says
    /// what stands, and gives the exit code. The server notices that its client is gone, and rolls back what is open.
    pub fn end_with(&self, told: impl FnOnce(i32) -> u8 + Send + 'static) -> Ending {
        let (ending, ended) = channel::<()>();
        let interrupt = self.clone();
        thread::spawn(move || {
            loop {
                if let Some(signal) = interrupt.signal() {
                    process::exit(told(signal).into());
                }
                if ended.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Ending(ending)
    }

    /// Asks as `signal` does.
    pub fn raise(&self, signal: i32) {
        let number = usize::try_from(signal).unwrap_or_default();
        self.signal.store(number, Ordering::SeqCst);
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::SeqCst) {
            0 => None,
            number => i32::try_from(number).ok(),
        }
    }

    /// Sleeps, but not past a signal.
    pub(super) fn sleep(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.signal().is_none() {
            match until.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => thread::sleep(left.min(TICK)),
                _ => break,
            }
        }
    }

    /// Sends a batch and waits for the answer; a signal cancels it on the server, and so does `watch`, which is
    /// called again and again, when it says so.
    pub(super) fn send(
        &self,
        target: &Target,
        session: &mut Session,
        doing: &'static str,
        sql: &str,
        watch: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Rows>, QueryError> {
        let token = session.client().cancel_token();
        thread::scope(|scope| {
            let (ended, end) = channel::<()>();
            let worker = scope.spawn(move || {
                let answer = session.batch(doing, sql);
                drop(ended);
                answer
            });
            let mut cancelled: Option<Instant> = None;
            while end.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let due = cancelled.is_none_or(|at| at.elapsed() >= CANCEL_AGAIN);
                let is_over = watch();
                if (is_over || self.signal().is_some()) && due {
                    // When it does not reach the server, the statement ends as it would have.
                    drop(target.cancel(token.clone()));
                    cancelled = Some(Instant::now());
                }
            }
            match worker.join() {
                Ok(answer) => answer,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }
}
