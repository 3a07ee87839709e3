//! Why a plan was not carried out, or not wholly.

use std::fmt;
use std::time::Duration;

use super::blockers::{Awaited, Blocker};
use super::preflight::Obstacle;
use crate::session::QueryError;
use leora_core::diff::Difference;
use leora_core::model::said;
use leora_core::plan::record::Layout;
use leora_core::plan::{Plan, Refusal};

/// Why a plan was not carried out. Of all but [`ApplyError::PartlyApplied`] and, when it says so,
/// [`ApplyError::Interrupted`] and [`ApplyError::ConnectionLost`], nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The plan holds refusals.
    #[error("the plan is refused: {}", first_and_count(refusals))]
    PlanRefused {
        /// They.
        refusals: Vec<Refusal>,
    },
    /// It could not have worked here, or not safely.
    #[error("{}", joined(obstacles))]
    Refused {
        /// Everything that stands in the way.
        obstacles: Vec<Obstacle>,
    },
    /// The database is not the one that the plan was made for, or is not as it was then.
    #[error("{}, so it was not carried out; plan again", _0.what)]
    Changed(Box<Changed>),
    /// The history is laid out in a way that this version does not know.
    #[error(
        "the history, leora_migrate.migration, has {}, and this version of leora-migrate writes versions up to {}, so nothing \
         was changed; use the version that wrote it, or a newer one",
        match version {
            Some(version) => format!("version {version}"),
            None => "a column layout that is none of leora-migrate's".to_owned(),
        },
        Layout::CURRENT
    )]
    HistoryNewer {
        /// Its version, where it has one.
        version: Option<u32>,
    },
    /// A lock was not obtained in the time allowed.
    #[error("{}; nothing changed, and running it again is safe{}", self.reason(),
        remedy.map(LockRemedy::text).unwrap_or_default())]
    LockNotObtained {
        /// What for.
        awaited: Awaited,
        /// How long and how often was tried.
        tried: Tried,
        /// What helps where the tables are never free at the same time.
        remedy: Option<LockRemedy>,
    },
    /// A statement failed, and its transaction was rolled back.
    #[error("{0}; nothing changed")]
    StepFailed(Box<Failure>),
    /// Some steps are done and others are not.
    #[error("{0}")]
    PartlyApplied(Box<Partly>),
    /// The connection is gone.
    #[error("the connection was lost ({cause}): {outcome}")]
    ConnectionLost {
        /// What became of the transaction.
        outcome: Outcome,
        /// What was said when it went.
        cause: String,
    },
    /// SIGINT or SIGTERM.
    #[error("interrupted by signal {signal}; {}", match partly {
        Some(partly) => partly.to_string(),
        None => "nothing changed".to_owned(),
    })]
    Interrupted {
        /// Which.
        signal: i32,
        /// What is done all the same.
        partly: Option<Box<Partly>>,
    },
    /// A question that PostgreSQL did not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl ApplyError {
    /// The same, with what helps where locks on tables were not obtained.
    pub(crate) fn with_remedy(mut self, with: Option<LockRemedy>) -> ApplyError {
        if let ApplyError::LockNotObtained {
            awaited: Awaited::Tables(_),
            remedy,
            ..
        } = &mut self
        {
            *remedy = with;
        }
        self
    }

    /// What went wrong, without what it says of the database's state: of a command that had committed before, that would
    /// be wrong.
    pub fn reason(&self) -> String {
        match self {
            ApplyError::LockNotObtained { awaited, tried, .. } => {
                format!("{} {tried}", not_obtained(awaited))
            }
            ApplyError::StepFailed(failure) => failure.to_string(),
            ApplyError::ConnectionLost { cause, .. } => {
                format!("the connection was lost ({cause})")
            }
            ApplyError::Interrupted { signal, .. } => format!("interrupted by signal {signal}"),
            other => other.to_string(),
        }
    }
}

/// How locks were tried for that were not obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// For how long.
    pub waited: Duration,
    /// How often.
    pub attempts: u32,
    /// Whether no other attempt was made because a transaction that blocked the last one went on.
    pub is_still_blocked: bool,
    /// Who blocked at the end.
    pub blockers: Vec<Blocker>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "within {} s: ", self.waited.as_secs())?;
        match self.attempts {
            1 => f.write_str("tried once")?,
            n => write!(f, "tried {n} times")?,
        }
        if self.is_still_blocked {
            f.write_str(", then waited for those who blocked it")?;
        }
        Ok(())
    }
}

/// A database that is not what a plan was made for.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which of the two it is.
    pub what: Differs,
    /// How what stands (`actual`) differs from what the plan was made for (`desired`).
    pub differences: Vec<Difference>,
    /// What differs otherwise: another database, another schema, rows where there were none.
    pub remarks: Vec<String>,
    /// The plan that would be made now.
    pub plan: Plan,
}

/// What differs from what a plan was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// The same database has other content.
    Content,
    /// It is another database of the same content: the same plan would be made.
    Database,
    /// It is another database, of other content.
    Both,
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Differs::Content => "the database has changed since the plan was made",
            Differs::Database => {
                "the plan was made for another database, with which this one agrees"
            }
            Differs::Both => "the plan was made for another database, from which this one differs",
        })
    }
}

/// What became of a transaction whose connection was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was rolled back: nothing changed.
    RolledBack,
    /// Another server took over, which does not have it.
    LostInFailover {
        /// The timeline of the server that it was sent to.
        then: u32,
        /// The timeline of the one that took over.
        now: u32,
    },
    /// Nobody could say.
    Unknown {
        /// Why not.
        why: Doubt,
        /// A query that has a row when it committed.
        question: String,
    },
}

/// Why nobody could say what became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No server answers.
    NoAnswer,
    /// A standby answers.
    Standby,
    /// A server of another system identifier answers.
    OtherSystem,
    /// A server answers that another had taken over from before.
    EarlierTimeline,
    /// A server answers whose WAL is behind where it was before the transaction.
    OlderCopy,
    /// The transaction is still in progress.
    InProgress,
    /// Its record is missing, and it is not said to be aborted.
    NoRecord,
    /// The record cannot be read.
    RecordUnreadable,
    /// The role may not ask which server answers.
    NotIdentified,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::RolledBack => {
                f.write_str("the server rolled back, and nothing changed; running it again is safe")
            }
            Outcome::LostInFailover { then, now } => write!(
                f,
                "another server took over (timeline {now}, before {then}), and the new primary does not have it; the old \
                 one may have it, so decide which of the two is right before the old one is started again; where the new \
                 primary is right, run it again"
            ),
            Outcome::Unknown { why, question } => write!(
                f,
                "{why}, so it is not known whether all of it was done or nothing; ask the primary before anything else is \
                 migrated: `leora-migrate status`, or this query, which has a row when all was done: {question}"
            ),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::NoAnswer => "the server does not answer",
            Doubt::Standby => "what answers is a standby, which may lag behind its primary",
            Doubt::OtherSystem => "what answers is another server (its system identifier differs)",
            Doubt::EarlierTimeline => {
                "what answers is a server that another had taken over from (its timeline is earlier)"
            }
            Doubt::OlderCopy => {
                "what answers is an older copy of the server (its WAL is behind where it was)"
            }
            Doubt::InProgress => "the server still has the transaction in progress",
            Doubt::NoRecord => {
                "the server has no record of the transaction, and does not say that it was aborted"
            }
            Doubt::RecordUnreadable => "the record of the transaction cannot be read",
            Doubt::NotIdentified => {
                "there is no record of the transaction, and this role may not ask which server answers \
                 (EXECUTE on pg_control_system(), pg_current_wal_lsn() and pg_walfile_name(pg_lsn))"
            }
        })
    }
}

/// A statement that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step, by its place in the plan, when it is known.
    pub step: Option<usize>,
    /// What was being done, in words.
    pub what: String,
    /// PostgreSQL's error code.
    pub sqlstate: Option<String>,
    /// What PostgreSQL said.
    pub message: String,
    /// The detail it gave.
    pub detail: Option<String>,
    /// The hint it gave.
    pub hint: Option<String>,
}

impl Failure {
    /// The failure of `what`.
    pub(crate) fn new(step: Option<usize>, what: String, error: &QueryError) -> Failure {
        let db = error.refusal();
        Failure {
            step,
            what,
            sqlstate: error.sqlstate().map(said),
            message: db.map_or_else(|| error.to_string(), |db| said(db.message())),
            detail: db.and_then(|db| db.detail()).map(said),
            hint: db.and_then(|db| db.hint()).map(said),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(
                f,
                "step {} failed ({}): {}",
                step + 1,
                self.what,
                self.message
            )?,
            None => write!(f, "{} failed: {}", self.what, self.message)?,
        }
        self.more(f)
    }
}

impl Failure {
    /// What PostgreSQL said beside its message.
    fn more(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sqlstate) = &self.sqlstate {
            write!(f, " (SQLSTATE {sqlstate})")?;
        }
        for (name, text) in [("detail", &self.detail), ("hint", &self.hint)] {
            if let Some(text) = text {
                write!(f, "; {name}: {text}")?;
            }
        }
        Ok(())
    }
}

/// Some steps done, others not. Places in the plan count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partly {
    /// What was done, and stays.
    pub done: Vec<usize>,
    /// The step that was under way.
    pub at: usize,
    /// What it was to do.
    pub what: String,
    /// What was not begun.
    pub left: Vec<usize>,
    /// Why it went no further.
    pub why: Stop,
    /// Whether the step under way left something: an index that is INVALID, which a rerun drops.
    pub left_behind: Option<String>,
}

/// Why a step that stands alone did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It failed.
    Failed(Box<Failure>),
    /// Its locks were not obtained in the time allowed.
    Locked(Tried),
    /// The connection was lost, so it may still be under way.
    Lost(String),
    /// A signal came.
    Interrupted,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Failed(failure) => {
                write!(f, "failed: {}", failure.message)?;
                failure.more(f)
            }
            Stop::Locked(tried) => write!(f, "did not get its locks {tried}"),
            Stop::Lost(cause) => write!(f, "was under way when the connection was lost ({cause})"),
            Stop::Interrupted => write!(f, "was interrupted"),
        }
    }
}

impl fmt::Display for Partly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.done.len() + 1 + self.left.len();
        write!(
            f,
            "{} of {all} steps are done; step {} ({}) {}",
            self.done.len(),
            self.at + 1,
            self.what,
            self.why
        )?;
        if let Some(left_behind) = &self.left_behind {
            write!(f, "; it left {left_behind}")?;
        }
        f.write_str("; ")?;
        f.write_str(match &self.why {
            Stop::Failed(_) => "settle what it says, then apply again, which goes on from there",
            Stop::Lost(_) => {
                "look at `leora-migrate status` on the primary, which may lack them where another server took over; when the \
                 step has ended, apply again, which goes on from there"
            }
            Stop::Locked(_) | Stop::Interrupted => "apply again, which goes on from there",
        })
    }
}

/// What helps where tables are never free at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRemedy {
    /// Locking one at a time.
    OneTableAtATime,
    /// A time with less load.
    LessLoad,
}

impl LockRemedy {
    fn text(self) -> &'static str {
        match self {
            LockRemedy::OneTableAtATime => {
                "; --one-table-at-a-time locks each table in a transaction of its own"
            }
            LockRemedy::LessLoad => {
                "; it needs these locks together, so run it with a longer --wait, when there is less load, or while the \
                 application is stopped"
            }
        }
    }
}

fn not_obtained(awaited: &Awaited) -> String {
    match awaited {
        Awaited::OtherMigration => "another migration did not end".to_owned(),
        Awaited::Reading => {
            "the tables could not be read, as somebody holds one ACCESS EXCLUSIVE,".to_owned()
        }
        Awaited::Tables(locks) => {
            let locks: Vec<_> = locks
                .iter()
                .map(|lock| format!("{} on {}", lock.mode, lock.table.quoted()))
                .collect();
            format!("the locks ({}) were not obtained", locks.join(", "))
        }
    }
}

fn first_and_count(refusals: &[Refusal]) -> String {
    let first = refusals.first().map(|refusal| refusal.reason.as_str());
    match refusals.len() {
        0 | 1 => first.unwrap_or_default().to_owned(),
        n => format!("{} (and {} more)", first.unwrap_or_default(), n - 1),
    }
}

fn joined(obstacles: &[Obstacle]) -> String {
    let each: Vec<_> = obstacles.iter().map(Obstacle::to_string).collect();
    each.join("\n")
}
