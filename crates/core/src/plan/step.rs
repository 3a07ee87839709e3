//! One step of a plan: it says everything about itself.

use serde::{Deserialize, Serialize};

use super::lock::{Lock, LockMode};
use crate::ddl::Change;
use crate::model::{ForeignKey, Identifier, Schema, TableReference};

/// One statement, what it locks, and how it is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it changes.
    pub change: Change,
    /// The statement, without a semicolon. It is run as it stands here.
    pub sql: String,
    /// The strongest lock on each table that stood before the plan, in the order of names.
    pub locks: Vec<Lock>,
    /// Whether it can share a transaction.
    pub transaction: Transaction,
    /// How it is taken back.
    pub undo: Undo,
    /// What a person should know before it runs.
    pub hazards: Vec<Hazard>,
}

/// Whether a step can share a transaction with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transaction {
    /// It shares one.
    Together,
    /// It must or should stand alone: CREATE INDEX CONCURRENTLY refuses a transaction, and
    /// VALIDATE would hold the locks of the steps before it while it reads the table.
    Alone,
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// By this statement.
    Sql(String),
    /// By nothing of its own, for the reason given.
    Nothing(String),
}

/// What a person should know before a step runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "hazard", content = "on")]
pub enum Hazard {
    /// Writes to the table wait from this step to the end of its transaction.
    BlocksWrites(Identifier),
    /// Reads and writes of the table wait from this step to the end of its transaction.
    BlocksReadsAndWrites(Identifier),
    /// It reads the whole table; nobody waits, but it can take long.
    ReadsWholeTable(Identifier),
    /// It fails when rows already there contradict it, and changes nothing then.
    FailsOnContradictingRows(Identifier),
}

impl Hazard {
    /// The hazard in words.
    pub fn text(&self) -> String {
        match self {
            Hazard::BlocksWrites(table) => {
                format!(
                    "writes to {} wait from here until the commit",
                    table.quoted()
                )
            }
            Hazard::BlocksReadsAndWrites(table) => {
                format!(
                    "reads and writes of {} wait from here until the commit",
                    table.quoted()
                )
            }
            Hazard::ReadsWholeTable(table) => {
                format!(
                    "reads all of {}; nobody waits, but it takes as long as the table is large",
                    table.quoted()
                )
            }
            Hazard::FailsOnContradictingRows(table) => {
                format!(
                    "fails, changing nothing, when rows of {} contradict it",
                    table.quoted()
                )
            }
        }
    }
}

impl Step {
    /// The step that makes `change`. `standing` holds the tables that stood before the plan.
    pub fn new(change: Change, standing: &Schema) -> Step {
        let transaction = match &change {
            Change::CreateIndex {
                concurrently: true, ..
            }
            | Change::DropIndex {
                concurrently: true, ..
            }
            | Change::ValidateForeignKey { .. } => Transaction::Alone,
            _ => Transaction::Together,
        };
        let mut locks = locks(&change, standing);
        locks.retain(|lock| standing.tables.contains_key(&lock.table));
        locks.sort();
        locks.dedup_by(|later, earlier| {
            let same = later.table == earlier.table;
            if same {
                earlier.mode = earlier.mode.max(later.mode);
            }
            same
        });
        let undo = match change.undo() {
            Some(undo) => Undo::Sql(undo.sql()),
            None => Undo::Nothing("goes with what it completes".to_owned()),
        };
        let hazards = hazards(&change, &locks, transaction);
        Step {
            sql: change.sql(),
            locks,
            transaction,
            undo,
            hazards,
            change,
        }
    }
}

/// What PostgreSQL locks, as its source and `pg_locks` show (manual, ALTER TABLE and CREATE INDEX;
/// compared with `pg_locks` step by step in the tests).
fn locks(change: &Change, standing: &Schema) -> Vec<Lock> {
    let lock = |table: &Identifier, mode| Lock {
        table: table.clone(),
        mode,
    };
    match change {
        // GRANT locks a row of the catalog and no table (`ExecGrant_Relation` in aclchk.c).
        Change::CreateEnum { .. }
        | Change::DropEnum { .. }
        | Change::CreateTable { .. }
        | Change::Grant { .. }
        | Change::Revoke { .. } => Vec::new(),
        Change::AddColumn { table, .. }
        | Change::AddPrimaryKey { table, .. }
        | Change::DropColumn { table, .. } => {
            vec![lock(table, LockMode::AccessExclusive)]
        }
        Change::CreateIndex {
            table,
            concurrently: false,
            ..
        } => vec![lock(table, LockMode::Share)],
        Change::CreateIndex {
            table,
            concurrently: true,
            ..
        } => vec![lock(table, LockMode::ShareUpdateExclusive)],
        Change::AddForeignKey { table, key, .. } => {
            let mut locks = vec![lock(table, LockMode::ShareRowExclusive)];
            if let TableReference::Here(target) = &key.references {
                locks.push(lock(target, LockMode::ShareRowExclusive));
            }
            locks
        }
        Change::ValidateForeignKey {
            table, references, ..
        } => {
            let mut locks = vec![lock(table, LockMode::ShareUpdateExclusive)];
            if let TableReference::Here(target) = references {
                locks.push(lock(target, LockMode::RowShare));
            }
            locks
        }
        Change::DropTable { name } => {
            let keys = standing.tables.get(name).map(|table| &table.foreign_keys);
            let referenced = keys.into_iter().flatten().filter_map(|(_, key)| here(key));
            std::iter::once(name)
                .chain(referenced)
                .map(|table| lock(table, LockMode::AccessExclusive))
                .collect()
        }
        Change::DropIndex { name, concurrently } => {
            let mode = match concurrently {
                true => LockMode::ShareUpdateExclusive,
                false => LockMode::AccessExclusive,
            };
            let on = standing.tables.iter();
            on.filter(|(_, table)| table.indexes.contains_key(name))
                .map(|(table, _)| lock(table, mode))
                .collect()
        }
        Change::DropConstraint { table, name } => {
            let key = standing.tables.get(table);
            let key = key.and_then(|table| table.foreign_keys.get(name));
            std::iter::once(table)
                .chain(key.and_then(here))
                .map(|table| lock(table, LockMode::AccessExclusive))
                .collect()
        }
    }
}

/// The table of the same schema that a foreign key references.
fn here(key: &ForeignKey) -> Option<&Identifier> {
    match &key.references {
        TableReference::Here(table) => Some(table),
        TableReference::Elsewhere { .. } => None,
    }
}

fn hazards(change: &Change, locks: &[Lock], transaction: Transaction) -> Vec<Hazard> {
    let mut hazards: Vec<_> = locks
        .iter()
        .filter(|_| transaction == Transaction::Together)
        .filter_map(|lock| match lock.mode {
            mode if mode.blocks_reads() => Some(Hazard::BlocksReadsAndWrites(lock.table.clone())),
            mode if mode.blocks_writes() => Some(Hazard::BlocksWrites(lock.table.clone())),
            _ => None,
        })
        .collect();
    match change {
        Change::CreateIndex {
            table,
            index,
            concurrently: true,
            ..
        } => {
            hazards.push(Hazard::ReadsWholeTable(table.clone()));
            if index.unique {
                hazards.push(Hazard::FailsOnContradictingRows(table.clone()));
            }
        }
        Change::ValidateForeignKey { table, .. } => {
            hazards.push(Hazard::ReadsWholeTable(table.clone()));
            hazards.push(Hazard::FailsOnContradictingRows(table.clone()));
        }
        _ => {}
    }
    hazards
}
