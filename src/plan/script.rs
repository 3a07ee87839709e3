//! A plan as the statements that are sent, in order. What is printed and what is run both come from
//! here, so that they are the same to the byte.

use std::time::Duration;

use super::record::Record;
use super::step::{Step, Transaction};
use super::{Lock, LockMode, Plan};
use crate::error::Code;
use crate::model::name::literal;
use crate::model::{Identifier, in_a_line};

/// The advisory lock that Prisma's migration engine takes, so that the two exclude each other
/// (prisma-engines, `sql-schema-connector`, PostgreSQL flavour).
pub const PRISMA_ADVISORY_LOCK: i64 = 72_707_369;

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
    /// What writers wait for until the commit.
    pub locking: Vec<Statement>,
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
    fn plain(sql: String) -> Statement {
        Statement { sql, step: None }
    }

    fn of_step((number, step): Numbered<'_>) -> Statement {
        Statement {
            sql: step.sql.clone(),
            step: Some(number),
        }
    }
}

impl Unit {
    /// The statements, in order, without BEGIN and COMMIT.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        let parts: [&[Statement]; 3] = match self {
            Unit::Transaction(stages) => [&stages.prepare, &stages.quiet, &stages.locking],
            Unit::Alone(alone) => [
                &alone.before,
                std::slice::from_ref(&alone.step),
                &alone.after,
            ],
        };
        parts.into_iter().flatten()
    }
}

/// The units that carry out `plan` and record it: a transaction, then the steps that stand alone.
pub fn units(plan: &Plan, record: &Record, conditions: &Conditions) -> Vec<Unit> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    let (together, alone) = plan.together_and_alone();
    let lock = if alone.is_empty() {
        Exclusion::UntilCommit
    } else {
        Exclusion::UntilReleased
    };
    let bookkeeping = record.begin(alone.is_empty(), together.len());
    let stages = transaction(&plan.schema, &together, bookkeeping, lock, conditions);
    let mut units = vec![Unit::Transaction(stages)];
    for (done, &(number, step)) in alone.iter().enumerate() {
        let mut before: Vec<_> =
            settings(&plan.schema, conditions, conditions.patience, "SET").collect();
        before.push(record.step_begins(number));
        let mut after = vec![record.step_ends(together.len() + done + 1)];
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

/// The transaction that carries out `steps`, numbered by their places in the plan. The record is
/// written before the first lock on a table that stood before, so that nothing but the locking
/// steps happens under it.
pub fn transaction(
    schema: &Identifier,
    steps: &[Numbered<'_>],
    bookkeeping: Vec<String>,
    exclusion: Exclusion,
    conditions: &Conditions,
) -> Stages {
    let (quiet, locking): (Vec<Numbered<'_>>, Vec<_>) =
        steps.iter().partition(|(_, step)| !blocks_writes(step));
    let each = conditions.lock_timeout / waits(&locking).max(1);
    let prepare = settings(schema, conditions, each, "SET LOCAL").chain([exclusion.take()]);
    let bookkeeping = bookkeeping.into_iter().map(Statement::plain);
    Stages {
        prepare: prepare.map(Statement::plain).collect(),
        quiet: quiet
            .into_iter()
            .map(Statement::of_step)
            .chain(bookkeeping)
            .collect(),
        locking: locking.into_iter().map(Statement::of_step).collect(),
    }
}

fn blocks_writes(step: &Step) -> bool {
    step.locks.iter().any(|lock| lock.mode >= LockMode::Share)
}

/// How often the steps may have to wait for a lock. Each wait adds to the time for which others wait
/// for what is locked already. A lock stronger than the one held is waited for anew.
fn waits(steps: &[Numbered<'_>]) -> u32 {
    let mut held: Vec<&Lock> = Vec::new();
    let mut waits = 0;
    for lock in steps.iter().flat_map(|(_, step)| &step.locks) {
        let covered = held
            .iter()
            .any(|held| held.table == lock.table && held.mode >= lock.mode);
        if !covered {
            held.push(lock);
            waits += 1;
        }
    }
    waits
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
        let in_transaction = matches!(unit, Unit::Transaction(_));
        out += if in_transaction { "\nBEGIN;\n" } else { "\n" };
        for statement in unit.statements() {
            if let Some(step) = statement.step.and_then(|number| plan.steps.get(number)) {
                out += &comment(step);
            }
            let sql = &statement.sql;
            // Rows for us, not for who runs the script.
            let has_rows = sql.starts_with("SELECT") || sql.contains("\n    RETURNING ");
            let end = if has_rows { " \\g /dev/null" } else { ";" };
            out += &format!("{sql}{end}\n");
        }
        if in_transaction {
            out += "COMMIT;\n";
        }
    }
    out
}

/// Why the script's lock_timeout is what it is, and what psql does not do.
fn patience(plan: &Plan, conditions: &Conditions) -> String {
    let (together, _) = plan.together_and_alone();
    let locking: Vec<_> = together
        .into_iter()
        .filter(|(_, step)| blocks_writes(step))
        .collect();
    let all = conditions.lock_timeout.as_millis();
    match waits(&locking) {
        0 => String::new(),
        1 => format!(
            "\n-- A lock is waited for {all} ms at most. When that is too short, all is rolled back: run\n\
             -- the script again. `leora-migrate apply` does that by itself.\n"
        ),
        n => format!(
            "\n-- Writers may have to wait {all} ms at most. {n} locks are waited for, one after the other, so\n\
             -- each has an equal part of that as its lock_timeout. When one is too short, all is\n\
             -- rolled back: run the script again. `leora-migrate apply` does that by itself.\n"
        ),
    }
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

impl Plan {
    /// The steps that share a transaction and those that stand alone, with their places.
    pub fn together_and_alone(&self) -> (Vec<Numbered<'_>>, Vec<Numbered<'_>>) {
        self.steps
            .iter()
            .enumerate()
            .partition(|(_, step)| step.transaction == Transaction::Together)
    }
}

/// A script for when there is no plan: it fails, so that nobody takes it for a migration that does nothing.
pub fn no_plan(code: Code) -> String {
    format!(
        "\\set ON_ERROR_STOP on\n\
         DO $$ BEGIN RAISE EXCEPTION 'there is no plan: {code}'; END $$;\n"
    )
}
