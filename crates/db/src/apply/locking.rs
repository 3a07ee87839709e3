//! What the role and the server permit a transaction that locks tables.

use std::time::Duration;

use crate::query::{Answer as _, Answers, Asked, Batch, Parameters, Query, answer};
use crate::session::{QueryError, Session, Unreadable};
use leora_core::plan::locking::{
    LONGER_WITHOUT_WAITING, LockedBy, Locking, WITHOUT_WAITING, strongest,
};
use leora_core::plan::{Lock, Plan};

answer! {
    struct MayLock of "may_lock_tables" {
        may_lock: bool,
    }
}

answer! {
    struct DeadlockTimeout of "deadlock_timeouts" {
        timeout: String,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[MayLock::QUERY, DeadlockTimeout::QUERY];

/// How the locks of `plan` would be taken, asked in a round trip of its own.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn locking(session: &mut Session, plan: &Plan) -> Result<Locking, QueryError> {
    let (together, _) = plan.together_and_alone();
    let locks = strongest(together.iter().flat_map(|(_, step)| &step.locks));
    let mut batch = Batch::default();
    let asked = AskedLocking::ask(session, &locks, &mut batch);
    let mut answers = Answers::new(session.ask(DOING, &batch.sql())?);
    asked.read(&mut answers, 0)
}

const DOING: &str = "asking how locks may be taken";

/// The queries for how locks are taken.
pub(crate) struct AskedLocking {
    may_lock: Asked<MayLock>,
    timeouts: Asked<DeadlockTimeout>,
}

impl AskedLocking {
    /// Adds them to `batch`.
    pub(crate) fn ask(session: &Session, locks: &[Lock], batch: &mut Batch) -> AskedLocking {
        let version = session.server.version();
        let tables = locks.iter().map(|lock| lock.table.as_str());
        let parameters = Parameters::of_schema(&session.schema)
            .texts("tables", tables)
            .text("privileges", version.privileges_to_lock());
        AskedLocking {
            may_lock: batch.ask(version, &parameters),
            timeouts: batch.ask(version, &parameters),
        }
    }

    /// Reads the answers. Where the steps take the locks, the table at place `turn` comes first.
    pub(crate) fn read(self, answers: &mut Answers, turn: usize) -> Result<Locking, QueryError> {
        let read = || {
            let by = match answers.one(self.may_lock)?.may_lock {
                true => LockedBy::LockTable,
                false => LockedBy::Steps { first: turn },
            };
            let timeouts = answers.take(self.timeouts)?;
            let timeouts = timeouts.iter().map(|row| milliseconds(&row.timeout));
            Ok(Locking {
                by,
                deadlock_timeout: timeouts.min().ok_or(Unreadable::NoRow)?,
                without_waiting: without_waiting(turn),
            })
        };
        read().map_err(|unreadable: Unreadable| unreadable.doing(DOING))
    }
}

/// A time as PostgreSQL's settings have it (manual, 20.1.1): a number of milliseconds, or a number and its unit. One
/// that cannot be read counts as the shortest.
fn milliseconds(text: &str) -> Duration {
    let text = text.trim();
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit.trim() {
        "us" => 0.000_001,
        "" | "ms" => 0.001,
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => 0.0,
    };
    let number: f64 = number.trim().parse().unwrap_or_default();
    Duration::try_from_secs_f64(number * seconds).unwrap_or_default()
}

fn without_waiting(turn: usize) -> Duration {
    match turn {
        0 => WITHOUT_WAITING,
        _ => LONGER_WITHOUT_WAITING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_attempts_ask_for_longer_without_waiting() {
        let asked = without_waiting;
        assert_eq!(asked(0), WITHOUT_WAITING);
        assert!(
            [1, 2, 9]
                .map(asked)
                .iter()
                .all(|asked| *asked > WITHOUT_WAITING)
        );
    }

    #[test]
    fn times_are_read_as_postgresql_writes_them() {
        for (text, expected) in [
            ("1000", 1000),
            ("50ms", 50),
            (" 50 ms ", 50),
            ("1s", 1000),
            ("0.5s", 500),
            ("2min", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("1500us", 1),
            ("soon", 0),
            ("1 fortnight", 0),
            ("", 0),
        ] {
            let read = milliseconds(text).as_millis();
            assert_eq!(read, expected, "{text}");
        }
    }
}
