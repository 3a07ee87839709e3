//! A plan as the statements that are sent, in order. What is printed and what is run both come from
//! here, so that they are the same to the byte.

use std::time::Duration;

use super::record::Record;
use super::step::{Step, Transaction};
use super::{LockMode, Plan};
use crate::model::Identifier;
use crate::model::name::literal;

/// The advisory lock that Prisma's migration engine takes, so that the two exclude each other
/// (prisma-engines, `sql-schema-connector`, PostgreSQL flavour).
pub const PRISMA_ADVISORY_LOCK: i64 = 72_707_369;

/// Under which conditions statements run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// How long all locks of a transaction together may be waited for.
    pub lock_timeout: Duration,
    /// Whether the server notices that its client is gone while it waits (PostgreSQL 14 on).
    pub checks_connection: bool,
}

/// Statements that succeed or fail together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// BEGIN, these, COMMIT.
    Transaction(Vec<Statement>),
    /// These, each by itself: the settings, then the one statement that cannot share a transaction.
    Alone(Vec<Statement>),
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
    fn setting(sql: String) -> Statement {
        Statement { sql, step: None }
    }
}

/// The units that carry out `plan` and record it.
pub fn units(plan: &Plan, record: &Record, conditions: &Conditions) -> Vec<Unit> {
    if plan.steps.is_empty() {
        return Vec::new();
    }
    let numbered = || plan.steps.iter().enumerate();
    let together: Vec<_> = numbered()
        .filter(|(_, step)| step.transaction == Transaction::Together)
        .collect();
    let alone: Vec<_> = numbered()
        .filter(|(_, step)| step.transaction == Transaction::Alone)
        .collect();
    let mut units = vec![Unit::Transaction(transaction(
        plan,
        &together,
        record,
        conditions,
        alone.is_empty(),
    ))];
    for (number, step) in &alone {
        let mut statements: Vec<_> =
            settings(&plan.schema, conditions, conditions.lock_timeout, "SET")
                .map(Statement::setting)
                .collect();
        statements.push(Statement::setting(record.step_begins(*number)));
        statements.push(Statement {
            sql: step.sql.clone(),
            step: Some(*number),
        });
        statements.push(Statement::setting(record.step_ends(*number)));
        units.push(Unit::Alone(statements));
    }
    if !alone.is_empty() {
        units.push(Unit::Alone(vec![Statement::setting(record.finish())]));
    }
    units
}

/// The transaction that carries out all steps that can share one. The record is written before the
/// first lock on a table that stood before, so that nothing but the locking steps happens under it.
fn transaction(
    plan: &Plan,
    steps: &[(usize, &Step)],
    record: &Record,
    conditions: &Conditions,
    is_all: bool,
) -> Vec<Statement> {
    let (quiet, locking): (Vec<_>, Vec<_>) =
        steps.iter().partition(|(_, step)| !blocks_writes(step));
    let waits = waits(&locking);
    let each = conditions.lock_timeout / u32::try_from(waits.len().max(1)).unwrap_or(1);
    let mut statements: Vec<_> = settings(&plan.schema, conditions, each, "SET LOCAL")
        .map(Statement::setting)
        .collect();
    statements.push(Statement::setting(format!(
        "SELECT pg_advisory_xact_lock({PRISMA_ADVISORY_LOCK})"
    )));
    statements.extend(quiet.iter().map(|(number, step)| Statement {
        sql: step.sql.clone(),
        step: Some(*number),
    }));
    statements.extend(record.begin(is_all).into_iter().map(Statement::setting));
    statements.extend(locking.iter().map(|(number, step)| Statement {
        sql: step.sql.clone(),
        step: Some(*number),
    }));
    statements
}

fn blocks_writes(step: &Step) -> bool {
    step.locks.iter().any(|lock| lock.mode >= LockMode::Share)
}

/// The tables that the transaction may have to wait for, each once: the wait for the second adds to
/// the time for which others wait for the first.
fn waits<'a>(steps: &[&(usize, &'a Step)]) -> Vec<&'a Identifier> {
    let mut tables: Vec<_> = steps
        .iter()
        .flat_map(|(_, step)| &step.locks)
        .map(|lock| &lock.table)
        .collect();
    tables.sort();
    tables.dedup();
    tables
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
            .checks_connection
            .then(|| ("client_connection_check_interval", literal("500ms"))),
        Some(("search_path", format!("{}, pg_temp", schema.quoted()))),
    ]
    .into_iter()
    .flatten()
    .map(move |(name, value)| format!("{set} {name} = {value}"))
}

/// The script for psql: it stops at the first error and changes nothing then, as far as one
/// transaction reaches.
pub fn for_psql(plan: &Plan, record: &Record, conditions: &Conditions) -> String {
    let mut out = format!("-- {}: {}\n", plan.migration, plan.summary());
    for refusal in &plan.refusals {
        out += &format!("-- refused: {}\n", one_line(&refusal.reason));
    }
    for note in &plan.notes {
        out += &format!("-- note: {}\n", one_line(note));
    }
    if !plan.refusals.is_empty() {
        return out;
    }
    out += "\\set ON_ERROR_STOP on\n";
    for unit in units(plan, record, conditions) {
        let (statements, in_transaction) = match &unit {
            Unit::Transaction(statements) => (statements, true),
            Unit::Alone(statements) => (statements, false),
        };
        out += if in_transaction { "\nBEGIN;\n" } else { "\n" };
        for statement in statements {
            if let Some(step) = statement.step.and_then(|number| plan.steps.get(number)) {
                out += &comment(step);
            }
            out += &format!("{};\n", statement.sql);
        }
        if in_transaction {
            out += "COMMIT;\n";
        }
    }
    out
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
        one_line(&step.change.summary()),
        one_line(&locks)
    )
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
