//! Watching a statement from a second connection: how far it is, and who it waits for.

use std::time::{Duration, Instant};

use super::blockers::{Awaited, Blocker, blocking};
use super::patience::{Patience, Waiting};
use super::{APPLICATION_NAME, Observer};
use crate::connect::Target;
use crate::query::{Answer as _, Parameters, Query, answer};
use crate::session::Session;
use leora_core::model::Identifier;
use leora_core::plan::Step;

/// How often a statement is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How far a step is, as `pg_stat_progress_create_index` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done: `building index: scanning table`, `waiting for old snapshots`, ...
    pub phase: String,
    /// How much of this phase is done, from 0 to 1, where PostgreSQL says it.
    pub fraction: Option<f64>,
    /// How long the step has taken.
    pub took: Duration,
}

/// Somebody who looks at a statement under way.
pub(super) struct Watch<'a> {
    target: &'a Target,
    schema: Identifier,
    pid: i32,
    patience: &'a Patience,
    step: (usize, &'a Step),
    awaited: Awaited,
    began: Instant,
    looked: Instant,
    eyes: Eyes,
    /// Who was waited for when it was looked last.
    pub(super) blockers: Vec<Blocker>,
}

/// The second connection.
enum Eyes {
    NotYet,
    Open(Box<Session>),
    /// There is none to be had; the step goes on unseen.
    None,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        target: &'a Target,
        session: &Session,
        patience: &'a Patience,
        step: (usize, &'a Step),
    ) -> Watch<'a> {
        Watch {
            target,
            schema: session.schema.clone(),
            pid: session.server.backend_pid,
            patience,
            awaited: Awaited::Tables(step.1.locks.clone()),
            step,
            began: Instant::now(),
            looked: Instant::now(),
            eyes: Eyes::NotYet,
            blockers: Vec::new(),
        }
    }

    /// Looks, when it is time.
    pub(super) fn look(&mut self, observer: &mut dyn Observer) {
        if self.looked.elapsed() < LOOK_AGAIN {
            return;
        }
        self.looked = Instant::now();
        if matches!(self.eyes, Eyes::NotYet) {
            let client = self.target.connect(APPLICATION_NAME).ok();
            let session = client.and_then(|client| Session::open(client, self.schema.clone()).ok());
            self.eyes = session.map_or(Eyes::None, |session| Eyes::Open(Box::new(session)));
        }
        let Eyes::Open(session) = &mut self.eyes else {
            return;
        };
        let (number, step) = self.step;
        if let Some(progress) = progress(session, self.pid, self.began.elapsed()) {
            observer.progress(number, step, &progress);
        }
        let Ok(blockers) = blocking(session, self.pid) else {
            self.eyes = Eyes::None;
            return;
        };
        self.blockers = blockers;
        if !self.blockers.is_empty() {
            let waited = self.began.elapsed();
            let all = self.patience.wait();
            observer.waiting(&Waiting {
                attempt: self.patience.attempts(),
                lock_timeout: all,
                waited,
                left: all.saturating_sub(waited),
                awaited: &self.awaited,
                blockers: &self.blockers,
                is_still_blocked: false,
            });
        }
    }
}

fn progress(session: &mut Session, pid: i32, took: Duration) -> Option<Progress> {
    let parameters = Parameters::default().text("pid", pid.to_string());
    let rows = session.query::<IndexProgress>("asking how far the index is", &parameters);
    let row = rows.ok()?.into_iter().next()?;
    Some(Progress {
        phase: row.phase,
        fraction: row.fraction,
        took,
    })
}

answer! {
    struct IndexProgress of "index_progress" {
        phase: String,
        fraction: Option<f64>,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[IndexProgress::QUERY];
