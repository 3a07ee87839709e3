//! A plan as the statements that are sent, in order. What is printed and what is run both come from
//! here, so that they are the same to the byte.

use std::time::Duration;

use super::locking::{self, LockedBy, Locking};
use super::record::Record;
use super::step::Step;
use super::{Lock, Plan};
use crate::code::Code;
use crate::model::name::literal;
use crate::model::{Identifier, in_a_line};

/// The advisory lock that Prisma's migration engine takes, so that the two exclude each other
/// (prisma-engines, `sql-schema-connector`, PostgreSQL flavour).
pub const PRISMA_ADVISORY_LOCK: i64 = 72_707_369;

/// Has commits wait for no standby. CREATE INDEX CONCURRENTLY commits several times, and no timeout ends such a wait.
const COMMIT_HERE: &str = "SET synchronous_commit = local";

/// Ends that, as the session had it. A standby that confirms the next commit has all before it: they are before it in the WAL.
pub const COMMIT_AS_CONFIGURED: &str = "RESET synchronous_commit";

/// A step and its place in the plan.
pub type Numbered<'a> = (usize, &'a Step);

/// Under which conditions statements run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// How long all locks of a transaction together may be waited for: as long as writers may have
    /// to wait behind it.
    pub lock_timeout: Duration,
    /// How long a statement that stands alone may wait for its locks. Nobody waits behind it.
    pub patience: Duration,
    /// Whether the server notices that its client is gone while it waits (PostgreSQL 14 on).
    pub checks_connection: bool,
    /// Whether the server limits the time of a transaction as a whole (PostgreSQL 17 on).
    pub limits_transactions: bool,
    /// How the locks are taken.
    pub locking: Locking,
}

/// Statements that are sent one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Between BEGIN and COMMIT.
    Transaction(Stages),
    /// Each by itself.
    Alone(Alone),
}

/// A transaction, in the order of what it makes others wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The settings, and the lock that keeps other migrations out.
    pub prepare: Vec<Statement>,
    /// What nobody waits for: new tables, and the record.
    pub quiet: Vec<Statement>,
    /// What writers wait for until the commit: the locks, and the steps that need them.
    pub locking: Vec<Statement>,
    /// What follows the commit.
    pub after: Vec<Statement>,
    /// From when on writers wait.
    pub stall: Stall,
}

/// From when on writers wait for a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stall {
    /// Never: it locks no existing table.
    #[default]
    Never,
    /// From the first locking statement on.
    FromTheStart,
    /// From when the server says so ([`locking::QUEUED`], [`locking::HELD`]).
    WhenSaid {
        /// How long locks are asked for without waiting.
        without_waiting: Duration,
    },
}

/// A step that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// The settings, and the record that it begins.
    pub before: Vec<Statement>,
    /// The step's statement.
    pub step: Statement,
    /// The record that it ended.
    pub after: Vec<Statement>,
}

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement, without a semicolon.
    pub sql: String,
    /// The step it carries out, by its place in the plan; `None` for settings and bookkeeping.
    pub step: Option<usize>,
}

impl Statement {
    pub(super) fn plain(sql: String) -> Statement {
        Statement { sql, step: None }
    }

    pub(super) fn of_step((number, step): Numbered<'_>) -> Statement {
        Statement {
            sql: step.sql.clone(),
            step: Some(number),
        }
    }
}

impl Unit {
    /// The statements, in order, without BEGIN and COMMIT.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        let parts: [&[Statement]; 4] = match self {
            Unit::Transaction(Stages {
                prepare,
                quiet,
                locking,
                after,
                stall: _,
            }) => [prepare, quiet, locking, after],
            Unit::Alone(Alone {
                before,
                step,
                after,
            }) => [before, std::slice::from_ref(step), after, &[]],
        };
        parts.into_iter().flatten()
    }
}

/// The units that carry out `plan` and record it: the transactions, then the steps that stand alone.
pub fn units(plan: &Plan, record: &Record, conditions: &Conditions) -> Vec<Unit> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    let (together, alone) = plan.together_and_alone();
    let mut units = transactions(plan, record, conditions);
    for (done, &(number, step)) in alone.iter().enumerate() {
        let mut before: Vec<_> =
            settings(&plan.schema, conditions, conditions.patience, "SET").collect();
        before.extend([COMMIT_HERE.to_owned(), record.step_begins(number)]);
        let mut after = Vec::new();
        if done + 1 == alone.len() {
            after.push(COMMIT_AS_CONFIGURED.to_owned());
        }
        after.push(record.step_ends(together.len() + done + 1));
        if done + 1 == alone.len() {
            after.extend(record.finish());
            after.push(Exclusion::release());
        }
        units.push(Unit::Alone(Alone {
            before: before.into_iter().map(Statement::plain).collect(),
            step: Statement::of_step((number, step)),
            after: after.into_iter().map(Statement::plain).collect(),
        }));
    }
    units
}

/// The transactions. The first is recorded as running when more follows, and keeps other migrations out until all is
/// done; the others go on with the record.
fn transactions(plan: &Plan, record: &Record, conditions: &Conditions) -> Vec<Unit> {
    let groups = plan.transactions();
    let (count, mut done) = (groups.len(), 0);
    let (_, alone) = plan.together_and_alone();
    let mut units = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        done += group.len();
        let is_last = alone.is_empty() && place + 1 == count;
        let (exclusion, bookkeeping) = match place {
            0 if is_last => (Some(Exclusion::UntilCommit), record.begin(true, done)),
            0 => (Some(Exclusion::UntilReleased), record.begin(false, done)),
            _ => (None, record.goes_on(is_last, done)),
        };
        let mut stages = transaction(
            &plan.schema,
            group,
            Guards::default(),
            bookkeeping,
            exclusion,
            conditions,
        );
        if is_last && place > 0 {
            stages.after.push(Statement::plain(Exclusion::release()));
        }
        units.push(Unit::Transaction(stages));
    }
    units
}

/// How long other migrations are kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// To the end of the transaction, which works through a pooler too.
    UntilCommit,
    /// Until it is released, or the session ends: over the steps that stand alone.
    UntilReleased,
}

impl Exclusion {
    fn take(self) -> String {
        match self {
            Exclusion::UntilCommit => {
                format!("SELECT pg_catalog.pg_advisory_xact_lock({PRISMA_ADVISORY_LOCK})")
            }
            Exclusion::UntilReleased => {
                format!("SELECT pg_catalog.pg_advisory_lock({PRISMA_ADVISORY_LOCK})")
            }
        }
    }

    /// Releases [`Exclusion::UntilReleased`], however often it was taken.
    pub fn release() -> String {
        "SELECT pg_catalog.pg_advisory_unlock_all()".to_owned()
    }
}

/// What comes under the locks before the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guards {
    /// The locks on tables that the role owns: it may lock them also where it may not lock others.
    pub own: Vec<Lock>,
    /// Statements that fail unless the steps may be done, under the locks on the tables that the role owns.
    pub checks: Vec<String>,
    /// Steps of which each locks one other table, in the place of LOCK TABLE. They do a part of what the steps do.
    pub keys: Vec<Step>,
}

/// The transaction that carries out `steps`, numbered by their places in the plan. The record is
/// written before the first lock on a table that stood before, so that nothing but the locking
/// steps happens under it.
pub fn transaction(
    schema: &Identifier,
    steps: &[Numbered<'_>],
    guards: Guards,
    bookkeeping: Vec<String>,
    exclusion: Option<Exclusion>,
    conditions: &Conditions,
) -> Stages {
    let (quiet, locking): (Vec<Numbered<'_>>, Vec<_>) =
        steps.iter().partition(|(_, step)| !blocks_writes(step));
    let prepare = settings(schema, conditions, conditions.lock_timeout, "SET LOCAL");
    let prepare = prepare.chain(exclusion.map(Exclusion::take));
    let bookkeeping = bookkeeping.into_iter().map(Statement::plain);
    let stall = match conditions.locking.by {
        _ if locking.is_empty() => Stall::Never,
        LockedBy::LockTable => Stall::WhenSaid {
            without_waiting: conditions.locking.without_waiting,
        },
        LockedBy::Steps { .. } => Stall::FromTheStart,
    };
    Stages {
        prepare: prepare.map(Statement::plain).collect(),
        quiet: quiet
            .into_iter()
            .map(Statement::of_step)
            .chain(bookkeeping)
            .collect(),
        locking: under_locks(guards, locking, conditions),
        after: Vec::new(),
        stall,
    }
}

/// The statements that take the locks, and the steps that need them.
fn under_locks(
    guards: Guards,
    steps: Vec<Numbered<'_>>,
    conditions: &Conditions,
) -> Vec<Statement> {
    let lock_timeout = conditions.lock_timeout;
    match conditions.locking.by {
        LockedBy::LockTable => {
            let locks = locking::strongest(locks(&steps));
            let mut statements = locking::lock_tables(&locks, lock_timeout, &conditions.locking);
            statements.extend(guards.checks.into_iter().map(Statement::plain));
            statements.extend(steps.into_iter().map(Statement::of_step));
            statements
        }
        LockedBy::Steps { first } => {
            locking::by_steps(guards, steps, first, lock_timeout, &conditions.locking)
        }
    }
}

fn blocks_writes(step: &Step) -> bool {
    step.locks.iter().any(|lock| lock.mode.blocks_writes())
}

fn locks<'a>(steps: &[Numbered<'a>]) -> impl Iterator<Item = &'a Lock> {
    steps.iter().flat_map(|(_, step)| &step.locks)
}

/// The settings under which everything runs, whatever the database, the role or the URL set.
pub fn settings(
    schema: &Identifier,
    conditions: &Conditions,
    lock_timeout: Duration,
    set: &'static str,
) -> impl Iterator<Item = String> {
    let milliseconds = lock_timeout.as_millis().max(1);
    [
        Some(("lock_timeout", literal(&format!("{milliseconds}ms")))),
        Some(("statement_timeout", literal("0"))),
        Some(("idle_in_transaction_session_timeout", literal("60s"))),
        conditions
            .limits_transactions
            .then(|| ("transaction_timeout", literal("0"))),
        conditions
            .checks_connection
            .then(|| ("client_connection_check_interval", literal("500ms"))),
        // What PostgreSQL says of a COMMIT that was cut short is a warning.
        Some(("client_min_messages", literal("warning"))),
        Some(("standard_conforming_strings", literal("on"))),
        Some(("search_path", format!("{}, pg_temp", schema.quoted()))),
    ]
    .into_iter()
    .flatten()
    .map(move |(name, value)| format!("{set} {name} = {value}"))
}

/// The script for psql: it stops at the first error and changes nothing then, as far as one
/// transaction reaches.
pub fn for_psql(plan: &Plan, record: &Record, conditions: &Conditions) -> String {
    let summary = if plan.refusals.is_empty() {
        plan.summary()
    } else {
        "refused".to_owned()
    };
    let mut out = format!("-- {}: {summary}\n", plan.migration);
    for refusal in &plan.refusals {
        out += &format!("-- refused: {}\n", in_a_line(&refusal.reason));
    }
    for note in &plan.notes {
        out += &format!("-- note: {}\n", in_a_line(note));
    }
    for remark in plan.remarks() {
        let kind = if remark.is_warning { "warning" } else { "note" };
        out += &format!("-- {kind}: {}\n", remark.text);
    }
    out += "\\set ON_ERROR_STOP on\n";
    if !plan.refusals.is_empty() {
        // Fails in psql too: a script that does nothing must not be taken for the migration.
        return out
            + "DO $$ BEGIN RAISE EXCEPTION 'the plan is refused; see the comments above'; END $$;\n";
    }
    out += &patience(plan, conditions);
    for unit in units(plan, record, conditions) {
        match unit {
            Unit::Transaction(Stages {
                prepare,
                quiet,
                locking,
                after,
                stall: _,
            }) => {
                out += "\nBEGIN;\n";
                let within = [prepare, quiet, locking];
                out.extend(within.iter().flatten().map(|one| printed(plan, one)));
                out += "COMMIT;\n";
                out.extend(after.iter().map(|one| printed(plan, one)));
            }
            Unit::Alone(_) => {
                out += "\n";
                out.extend(unit.statements().map(|one| printed(plan, one)));
            }
        }
    }
    out
}

/// A statement as psql takes it, under the heading of its step.
fn printed(plan: &Plan, statement: &Statement) -> String {
    let step = statement.step.and_then(|number| plan.steps.get(number));
    let heading = step.map(comment).unwrap_or_default();
    let sql = &statement.sql;
    // Rows for us, not for who runs the script.
    let has_rows = sql.starts_with("SELECT") || sql.contains("\n    RETURNING ");
    let end = if has_rows { " \\g /dev/null" } else { ";" };
    format!("{heading}{sql}{end}\n")
}

/// How the script takes its locks, and what psql does not do.
fn patience(plan: &Plan, conditions: &Conditions) -> String {
    let blocking = plan.blocking_locks();
    if blocking.is_empty() {
        return String::new();
    }
    let how = match conditions.locking.by {
        LockedBy::LockTable => {
            "Locks are first asked for without waiting, so that no write queues behind them, then waited for"
        }
        LockedBy::Steps { .. } => "The steps take their own locks, and wait for them",
    };
    let all = conditions.lock_timeout.as_millis();
    let otherwise = if plan.is_one_transaction() {
        "all is rolled back: run the script again"
    } else {
        "what is committed stays: plan again for the rest"
    };
    format!(
        "\n-- {how},\n-- for {all} ms at most. When one is not free by then, {otherwise}.\n\
         -- `leora-migrate apply` does that by itself.\n"
    )
}

fn comment(step: &Step) -> String {
    let locks: Vec<_> = step
        .locks
        .iter()
        .map(|lock| format!("{} on {}", lock.mode, lock.table.quoted()))
        .collect();
    let locks = if locks.is_empty() {
        String::new()
    } else {
        format!("; locks: {}", locks.join(", "))
    };
    format!(
        "\n-- {}{}\n",
        in_a_line(&step.change.summary()),
        in_a_line(&locks)
    )
}

/// A script for when there is no plan: it fails, so that nobody takes it for a migration that does nothing.
pub fn no_plan(code: Code) -> String {
    format!(
        "\\set ON_ERROR_STOP on\n\
         DO $$ BEGIN RAISE EXCEPTION 'there is no plan: {code}'; END $$;\n"
    )
}

#[cfg(test)]
mod tests;
