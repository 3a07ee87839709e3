//! How steps take the locks themselves, for a role that may not lock the tables or not use PL/pgSQL.
//!
//! One step for each table comes first, so that little is done between two locks. The table that is locked first is
//! another in each attempt. All waits end within the time that `Waits` allows, whatever the statements between them
//! take: an application that waits for one of the tables and holds another is then never cancelled.

use std::time::Duration;

use super::{Locking, Waits, strongest};
use crate::ddl::Change;
use crate::model::name::literal;
use crate::plan::lock::{Lock, LockMode};
use crate::plan::script::{Guards, Numbered, Statement};

/// The error code with which the time for locks is over: SQL has no statement that raises an error, so the logarithm of
/// zero does it.
pub const SPENT: &str = "2201E";

/// The setting in which the transaction keeps when it began to take locks, in seconds.
const BEGAN: &str = "leora_migrate.began";

/// The steps' statements, after `guards`. The table at place `first`, counted around, is locked first.
pub(crate) fn by_steps(
    guards: Guards,
    mut steps: Vec<Numbered<'_>>,
    first: usize,
    lock_timeout: Duration,
    locking: &Locking,
) -> Vec<Statement> {
    let all = guards
        .keys
        .iter()
        .chain(steps.iter().map(|(_, step)| *step));
    let tables = strongest(guards.own.iter().chain(all.flat_map(|step| &step.locks)));
    let is_own = |lock: &Lock| guards.own.iter().any(|own| own.table == lock.table);
    let others: Vec<_> = tables.iter().filter(|lock| !is_own(lock)).collect();
    // The place of the table that comes last of those that are locked.
    let turn = |locks: &[Lock]| {
        let place = |lock: &Lock| others.iter().position(|other| other.table == lock.table);
        let turned = |place: usize| (place + others.len() - first % others.len()) % others.len();
        locks.iter().filter_map(place).map(turned).max()
    };
    let mut taking = Taking {
        waits: Waits::new(lock_timeout, locking.deadlock_timeout, tables.len()),
        held: Vec::new(),
        has_begun: false,
        may_wait_long: true,
    };
    let mut statements = Vec::new();
    if !guards.own.is_empty() {
        statements.extend(match others.is_empty() {
            true => taking.in_turn(&guards.own),
            false => taking.briefly(&guards.own),
        });
        let each = guards.own.iter().map(|lock| {
            format!(
                "LOCK TABLE ONLY {} IN {} MODE",
                lock.table.quoted(),
                lock.mode
            )
        });
        statements.extend(each.map(Statement::plain));
    }
    statements.extend(guards.checks.into_iter().map(Statement::plain));
    let mut keys = guards.keys;
    keys.sort_by_key(|key| turn(&key.locks));
    for key in keys {
        statements.extend(taking.in_turn(&key.locks));
        statements.push(Statement::plain(key.sql));
    }
    order(&mut steps, turn);
    for (number, step) in steps {
        statements.extend(taking.in_turn(&step.locks));
        statements.push(Statement::of_step((number, step)));
    }
    statements
}

/// Foreign keys come last, one to each table before all others. Those to one table keep their order, which decides how
/// deletes proceed. The other steps may be what a foreign key needs, and keep their places before it.
fn order(steps: &mut Vec<Numbered<'_>>, turn: impl Fn(&[Lock]) -> Option<usize>) {
    let (keys, mut ordered): (Vec<Numbered<'_>>, Vec<_>) = steps
        .drain(..)
        .partition(|(_, step)| matches!(step.change, Change::AddForeignKey { .. }));
    let mut locked = Vec::new();
    let mut keys: Vec<_> = keys
        .into_iter()
        .map(|(number, step)| {
            let turn = turn(&step.locks);
            let is_first = !locked.contains(&turn);
            locked.push(turn);
            ((!is_first, turn), (number, step))
        })
        .collect();
    keys.sort_by_key(|(place, _)| *place);
    ordered.extend(keys.into_iter().map(|(_, key)| key));
    *steps = ordered;
}

/// The locks that were taken so far.
struct Taking {
    waits: Waits,
    held: Vec<Lock>,
    has_begun: bool,
    /// Whether the long wait is still to come.
    may_wait_long: bool,
}

impl Taking {
    /// The statement that limits the wait for those of `locks` that are not held yet: the first of all may take long.
    fn in_turn(&mut self, locks: &[Lock]) -> Option<Statement> {
        let longest = match self.may_wait_long {
            true => self.waits.first,
            false => self.waits.others,
        };
        let limit = self.limit(locks, longest)?;
        self.may_wait_long = false;
        Some(limit)
    }

    /// The same where another table has the long wait.
    fn briefly(&mut self, locks: &[Lock]) -> Option<Statement> {
        let count = u32::try_from(locks.len()).unwrap_or(u32::MAX);
        self.limit(locks, self.waits.others * count)
    }

    fn limit(&mut self, locks: &[Lock], longest: Duration) -> Option<Statement> {
        let covered = |lock: &&Lock| {
            let holds = |held: &Lock| held.table == lock.table && held.mode >= lock.mode;
            self.held.iter().any(holds)
        };
        let missing: Vec<_> = locks
            .iter()
            .filter(|lock| !covered(lock))
            .cloned()
            .collect();
        let count = u32::try_from(missing.len())
            .ok()
            .filter(|count| *count > 0)?;
        let limit = match self.has_begun {
            false => begin(longest / count),
            true => go_on(&missing, longest, self.waits.all() / count, count),
        };
        self.has_begun = true;
        self.held.extend(missing);
        Some(Statement::plain(limit))
    }
}

/// Limits the first wait.
fn begin(longest: Duration) -> String {
    format!(
        "SELECT pg_catalog.set_config('lock_timeout', '{}ms', true),\n    \
         pg_catalog.set_config({}, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::text, true)",
        longest.as_millis().max(1),
        literal(BEGAN)
    )
}

/// Limits each of `count` waits to `longest`, and all waits so far to `count` times `all`. When that time is spent, the
/// tables are locked only where nobody holds them, else it fails with [`SPENT`].
fn go_on(locks: &[Lock], longest: Duration, all: Duration, count: u32) -> String {
    let conflicts: Vec<_> = locks
        .iter()
        .map(|lock| {
            let modes = LockMode::ALL.into_iter();
            let modes = modes.filter(|mode| mode.conflicts_with(lock.mode));
            let modes: Vec<_> = modes.map(|mode| literal(mode.in_pg_locks())).collect();
            let table = literal(&lock.table.quoted());
            format!(
                "l.relation = pg_catalog.to_regclass({table})::oid AND l.mode IN ({})",
                modes.join(", ")
            )
        })
        .collect();
    format!(
        "SELECT pg_catalog.set_config('lock_timeout', CASE\n    \
         WHEN t.remaining >= 1.0::float8 THEN pg_catalog.floor(least(t.remaining, {longest}.0::float8))\n    \
         WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid <> pg_catalog.pg_backend_pid()\n        \
         AND ({conflicts})) THEN 1.0::float8\n    \
         ELSE pg_catalog.ln(0.0::float8 * t.remaining) END::text || 'ms'::text, true)\n\
         FROM (SELECT {all}.0::float8 - 1000.0::float8 / {count}.0::float8 * (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())\n    \
         - pg_catalog.current_setting({began})::float8) AS remaining) t",
        longest = longest.as_millis().max(1),
        all = all.as_millis(),
        conflicts = conflicts.join(" OR "),
        began = literal(BEGAN),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, ForeignKey, Identifier, Schema, Table, TableReference};
    use crate::plan::Step;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("a name")
    }

    fn milliseconds(time: u64) -> Duration {
        Duration::from_millis(time)
    }

    fn existing(tables: &[&str]) -> Schema {
        let tables = tables.iter().map(|table| (name(table), Table::default()));
        Schema {
            tables: tables.collect(),
            ..Schema::default()
        }
    }

    /// A foreign key from a new table.
    fn key_to(table: &str, standing: &Schema) -> Step {
        let key = ForeignKey {
            columns: vec![name("a")],
            references: TableReference::Here(name(table)),
            referenced_columns: vec![name("id")],
            on_delete: Action::Cascade,
            on_update: Action::Cascade,
            on_delete_columns: Vec::new(),
            match_full: false,
            deferrable: Default::default(),
            validity: Default::default(),
            triggers: Default::default(),
            disabled_on: Default::default(),
        };
        let change = Change::AddForeignKey {
            table: name("New"),
            name: name(&format!("to {table}")),
            key,
            not_valid: false,
        };
        Step::new(change, standing)
    }

    /// What is waited for how long, and what is done, in short.
    fn told(statements: &[Statement]) -> Vec<String> {
        let told = |sql: &String| {
            let between = |before: &str, after: char| {
                let (_, rest) = sql.split_once(before)?;
                Some(rest.split(after).next().unwrap_or(rest).to_owned())
            };
            let limit = between("'lock_timeout', '", '\'').map(|limit| format!("first {limit}"));
            let limit = limit.or_else(|| {
                let each = between("least(t.remaining, ", '.')?;
                let (all, count) = (between("FROM (SELECT ", '.')?, between("float8 / ", '.')?);
                Some(format!("{each}ms of {all}ms for {count}"))
            });
            let done = between("CONSTRAINT \"", '"').or_else(|| between("LOCK TABLE ONLY \"", '"'));
            limit.or(done).unwrap_or_else(|| sql.clone())
        };
        statements.iter().map(|one| told(&one.sql)).collect()
    }

    #[test]
    fn one_step_for_each_table_comes_first_and_the_tables_take_turns() {
        let existing = existing(&["A", "B"]);
        let steps = ["A", "A", "B"].map(|table| key_to(table, &existing));
        let steps: Vec<_> = steps
            .into_iter()
            .zip(["1", "2", "3"])
            .map(|(mut step, number)| {
                step.sql = step.sql.replacen("to ", number, 1);
                step
            })
            .collect();
        for (first, order) in [
            (0, ["first 390ms", "1A", "10ms of 400ms for 1", "3B", "2A"]),
            (1, ["first 390ms", "3B", "10ms of 400ms for 1", "1A", "2A"]),
            (2, ["first 390ms", "1A", "10ms of 400ms for 1", "3B", "2A"]),
        ] {
            let steps = steps.iter().enumerate().collect();
            let (limit, guards) = (milliseconds(500), Guards::default());
            let found = by_steps(guards, steps, first, limit, &Locking::default());
            assert_eq!(told(&found), order, "{first}");
        }
    }

    #[test]
    fn own_tables_are_locked_briefly_and_first() {
        let existing = existing(&["A", "B", "New"]);
        let new = Lock {
            table: name("New"),
            mode: LockMode::AccessExclusive,
        };
        let guards = Guards {
            own: vec![new],
            checks: vec!["a check".to_owned()],
            keys: ["A", "B"].map(|table| key_to(table, &existing)).into(),
        };
        let locking = Locking {
            deadlock_timeout: milliseconds(100),
            ..Locking::default()
        };
        let limit = milliseconds(500);
        let found = by_steps(guards.clone(), Vec::new(), 1, limit, &locking);
        let expected = [
            "first 10ms",
            "New",
            "a check",
            "30ms of 50ms for 1",
            "to B",
            "10ms of 50ms for 1",
            "to A",
        ];
        assert_eq!(told(&found), expected);
        let alone = Guards {
            keys: Vec::new(),
            ..guards
        };
        let found = by_steps(alone, Vec::new(), 0, limit, &locking);
        assert_eq!(told(&found), ["first 400ms", "New", "a check"]);
    }
}
