//! How a transaction takes the locks on existing tables that writers wait for.
//!
//! Whoever waits for a table lock makes every later writer of the table wait too, and whoever waits for one table while
//! it holds another can deadlock with an application that uses them in another order. So the locks are first asked for
//! without waiting, all or none; then one is queued for with nothing held, and the others are waited for briefly.

mod by_steps;

use std::collections::BTreeMap;
use std::time::Duration;

pub use by_steps::SPENT;
pub(crate) use by_steps::by_steps;

use super::lock::{Lock, LockMode};
use super::script::Statement;
use crate::model::Identifier;
use crate::model::name::literal;

/// The code of the message that the transaction queues for a lock: writers wait behind it from now on.
pub const QUEUED: &str = "LM002";

/// The code of the message that the transaction holds all its locks: writers wait until it ends.
pub const HELD: &str = "LM003";

/// How long the first attempt asks for its locks without waiting.
pub const WITHOUT_WAITING: Duration = Duration::from_millis(200);

/// How long each later one does: where both orders are used, this alone obtains the locks.
pub const LONGER_WITHOUT_WAITING: Duration = Duration::from_secs(1);

/// How long each lock but the first is waited for, at most.
const OTHERS: Duration = Duration::from_millis(10);

/// How long the time under the locks may exceed `lock_timeout`: for the statements and COMMIT.
const GRACE: Duration = Duration::from_millis(25);

/// The setting in which the transaction keeps, in seconds, how long nobody had to wait for it.
const FREE: &str = "leora_migrate.free";

/// The time after which PostgreSQL looks for deadlocks, where nobody changed it.
const DEFAULT_DEADLOCK_TIMEOUT: Duration = Duration::from_secs(1);

/// What the server and the role permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locking {
    /// Which statements take the locks.
    pub by: LockedBy,
    /// How long a session waits before PostgreSQL looks for a deadlock and cancels one of those in it.
    pub deadlock_timeout: Duration,
    /// How long locks are asked for without waiting.
    pub without_waiting: Duration,
}

/// Which statements take the locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockedBy {
    /// LOCK TABLE, before the steps.
    LockTable,
    /// The steps themselves: the role may not lock the tables, or not use PL/pgSQL. The table at place `first`, counted
    /// around, is locked first.
    Steps {
        /// The place among the tables.
        first: usize,
    },
}

impl Default for Locking {
    fn default() -> Locking {
        Locking {
            by: LockedBy::LockTable,
            deadlock_timeout: DEFAULT_DEADLOCK_TIMEOUT,
            without_waiting: WITHOUT_WAITING,
        }
    }
}

/// How long writers wait at most, when locks may be waited for as long as `lock_timeout`: the transaction is cancelled
/// then.
pub fn longest_stall(lock_timeout: Duration) -> Duration {
    lock_timeout + GRACE
}

/// How long locks are waited for, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waits {
    /// For the first, while nothing is held that others wait for.
    first: Duration,
    /// For each other one; zero does not wait.
    others: Duration,
    /// How many others there are.
    count: u32,
}

impl Waits {
    /// A fifth of `lock_timeout` is left for the statements under the locks.
    ///
    /// Writers that queue behind the first lock may hold one of the others. PostgreSQL looks for a deadlock when one
    /// has waited for `deadlock_timeout` (manual, 20.12), so all waits together stay below half of it; the other half
    /// is for the statements and a busy machine. With one table there is no deadlock.
    fn new(lock_timeout: Duration, deadlock_timeout: Duration, tables: usize) -> Waits {
        let others = u32::try_from(tables.saturating_sub(1)).unwrap_or(u32::MAX);
        let all = lock_timeout * 4 / 5;
        if others == 0 {
            return Waits {
                first: all,
                others: Duration::ZERO,
                count: 0,
            };
        }
        let all = all.min(deadlock_timeout / 2);
        let each = OTHERS.min(whole_milliseconds(all / 2 / others));
        Waits {
            first: all - each * others,
            others: each,
            count: others,
        }
    }

    /// All waits together.
    fn all(&self) -> Duration {
        self.first + self.others * self.count
    }
}

/// Zero would be for ever to `lock_timeout`.
fn whole_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// The strongest of the locks on each table, in the order of names.
pub fn strongest<'a>(locks: impl IntoIterator<Item = &'a Lock>) -> Vec<Lock> {
    let mut strongest: BTreeMap<_, LockMode> = BTreeMap::new();
    for lock in locks {
        let mode = strongest.entry(&lock.table).or_insert(lock.mode);
        *mode = (*mode).max(lock.mode);
    }
    let lock = |(table, mode): (&Identifier, LockMode)| Lock {
        table: table.clone(),
        mode,
    };
    strongest.into_iter().map(lock).collect()
}

/// The statements that take `locks` before the steps: one that takes them, and a question how long nobody had to wait.
pub fn lock_tables(locks: &[Lock], lock_timeout: Duration, locking: &Locking) -> Vec<Statement> {
    if locks.is_empty() {
        return Vec::new();
    }
    let waits = Waits::new(lock_timeout, locking.deadlock_timeout, locks.len());
    let free = format!("SELECT pg_catalog.current_setting({})", literal(FREE));
    [take(locks, waits, locking.without_waiting), free]
        .map(Statement::plain)
        .into()
}

/// Each statement is written out: EXECUTE takes no parameters in LOCK TABLE.
fn take(locks: &[Lock], waits: Waits, without_waiting: Duration) -> String {
    let statement = |lock: &Lock| {
        let (table, mode) = (lock.table.quoted(), lock.mode);
        literal(&format!("LOCK TABLE ONLY {table} IN {mode} MODE"))
    };
    let statements: Vec<_> = locks.iter().map(statement).collect();
    let statements = statements.join(",\n        ");
    let no_wait = if waits.others.is_zero() {
        " || ' NOWAIT'"
    } else {
        ""
    };
    let (first, others) = (
        waits.first.as_millis().max(1),
        waits.others.as_millis().max(1),
    );
    let (free, without_waiting) = (literal(FREE), without_waiting.as_millis());
    let body = format!(
        "\
DECLARE
    statements text[] := ARRAY[
        {statements}];
    began CONSTANT timestamptz := pg_catalog.clock_timestamp();
    asked timestamptz;
    statement text;
    refused integer;
BEGIN
    -- Without waiting, so that nobody queues behind it. What is not free is asked for first the next time.
    LOOP
        asked := pg_catalog.clock_timestamp();
        refused := 0;
        BEGIN
            FOREACH statement IN ARRAY statements LOOP
                refused := refused + 1;
                EXECUTE statement || ' NOWAIT';
            END LOOP;
            refused := 0;
        EXCEPTION WHEN lock_not_available THEN
            statements := pg_catalog.array_cat(statements[refused:], statements[:refused - 1]);
        END;
        EXIT WHEN refused = 0 OR asked >= began + interval '{without_waiting} ms';
        PERFORM pg_catalog.pg_sleep(0.0005::float8 + 0.002::float8 * pg_catalog.random());
    END LOOP;
    IF refused > 0 THEN
        asked := pg_catalog.clock_timestamp();
        RAISE INFO USING ERRCODE = '{QUEUED}', MESSAGE = 'waiting for a lock; writes wait behind it';
        PERFORM pg_catalog.set_config('lock_timeout', '{first}ms', true);
        EXECUTE statements[1];
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '{others}ms', true);
    IF refused > 0 THEN
        FOREACH statement IN ARRAY statements[2:] LOOP
            EXECUTE statement{no_wait};
        END LOOP;
    END IF;
    RAISE INFO USING ERRCODE = '{HELD}', MESSAGE = 'the locks are held; writes wait until the transaction ends';
    PERFORM pg_catalog.set_config({free}, pg_catalog.date_part('epoch'::text, asked - began)::text, true);
END"
    );
    // Dollar quotes keep it readable; no name may end them.
    if body.contains("$locks$") {
        format!("DO {}", literal(&body))
    } else {
        format!("DO $locks$\n{body} $locks$")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("a name")
    }

    fn lock(table: &str, mode: LockMode) -> Lock {
        Lock {
            table: name(table),
            mode,
        }
    }

    fn milliseconds(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    #[test]
    fn all_waits_together_stay_below_half_of_deadlock_timeout() {
        // lock_timeout, deadlock_timeout, tables; the first, the others
        for (lock_timeout, deadlock_timeout, tables, first, others) in [
            (500, 1000, 1, 400, 0),
            (500, 50, 1, 400, 0),
            (500, 1000, 2, 390, 10),
            (50, 1000, 2, 30, 10),
            (500, 50, 2, 15, 10),
            (500, 20, 2, 5, 5),
            (500, 1, 2, 0, 0),
            (500, 1000, 11, 300, 10),
            (500, 50, 11, 15, 1),
            (500, 50, 1000, 25, 0),
            (1, 1000, 2, 0, 0),
            (60_000, 1000, 2, 490, 10),
        ] {
            let (lock_timeout, deadlock_timeout) =
                (milliseconds(lock_timeout), milliseconds(deadlock_timeout));
            let waits = Waits::new(lock_timeout, deadlock_timeout, tables);
            let found = (waits.first.as_millis(), waits.others.as_millis());
            assert_eq!(
                found,
                (first, others),
                "{lock_timeout:?} {deadlock_timeout:?} {tables}"
            );
            let all = waits.all();
            assert!(all <= lock_timeout);
            assert!(tables == 1 || all <= deadlock_timeout / 2);
        }
    }

    #[test]
    fn each_table_is_locked_once_as_strongly_as_any_step_needs() {
        use LockMode::{AccessExclusive, Share, ShareRowExclusive};
        let locks = [
            lock("Staff", ShareRowExclusive),
            lock("Errand", Share),
            lock("Errand", AccessExclusive),
            lock("Errand", ShareRowExclusive),
        ];
        let expected = [
            lock("Errand", AccessExclusive),
            lock("Staff", ShareRowExclusive),
        ];
        assert_eq!(strongest(&locks), expected);
        let [take, _] = &lock_tables(&locks[..1], milliseconds(50), &Locking::default())[..] else {
            panic!("two statements");
        };
        let alone = r#"'LOCK TABLE ONLY "Staff" IN SHARE ROW EXCLUSIVE MODE'"#;
        assert!(take.sql.contains(alone), "{}", take.sql);
        assert!(lock_tables(&[], milliseconds(50), &Locking::default()).is_empty());
    }

    #[test]
    fn no_name_ends_the_block() {
        let locks = [lock("a'b$locks$", LockMode::Share)];
        let [take, _] = &lock_tables(&locks, milliseconds(50), &Locking::default())[..] else {
            panic!("two statements");
        };
        assert!(!take.sql.starts_with("DO $locks$"), "{}", take.sql);
        assert_eq!(take.sql.matches('\'').count() % 2, 0, "{}", take.sql);
    }
}
