//! What was found out, before it is judged.

use serde::Serialize;

use super::check::Check;
use super::counters::{Counter, Counting};
use super::promise::Promise;
use super::proof::KeyName;
use super::surroundings::Surroundings;
use crate::model::{Identifier, Schema};
use crate::plan::Plan;

/// Everything the checklist is evaluated from.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What the database is held to.
    pub promise: &'a Promise,
    /// The database.
    pub database: &'a Identifier,
    /// The schema the application's tables stand in.
    pub schema: &'a Identifier,
    /// What stands there.
    pub actual: &'a Schema,
    /// What is still to be done.
    pub plan: &'a Plan,
    /// Who recorded the migration.
    pub recorded: Recorded,
    /// What stands around the schema.
    pub around: &'a Surroundings,
    /// `session_replication_role` of the session that looked.
    pub session_replication_role: &'a str,
    /// What became of looking for rows that name none.
    pub orphans: &'a [(KeyName, Orphans)],
    /// What rows of the declared tables are that they must not be.
    pub impossible: &'a [Impossible],
    /// How far the sequences are that columns count by.
    pub counters: &'a [(Counter, Counting)],
    /// The promised tables that are missing, and the schemas that have one of the name.
    pub elsewhere: &'a [(Identifier, Identifier)],
    /// The checks that were tried on rows.
    pub tried: Vec<Check>,
}

/// What is said of a table that is missing from `schema` where `other` has one of the name.
pub fn stands_elsewhere(table: &Identifier, other: &Identifier, schema: &Identifier) -> String {
    let (table, other, schema) = (table.quoted(), other.quoted(), schema.quoted());
    format!(
        "Schema {other} has a table {table}. Where it is this one: ALTER TABLE {other}.{table} SET SCHEMA {schema}; where \
         {other} is the application's schema: --schema {other}."
    )
}

/// Who recorded a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// This tool, or the script it printed.
    Here(String),
    /// Prisma, in `_prisma_migrations`.
    ByPrisma(String),
    /// As something else than applied, as this sentence has it.
    Otherwise(String),
    /// In a history, perhaps, that the role may not read.
    Closed,
    /// Nobody.
    #[default]
    Nowhere,
}

/// Whether every row of a table names one that is there, by one of its foreign keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans {
    /// Every row does.
    None,
    /// At least one does not.
    Some,
    /// Nobody looked: the table is too large for that.
    TooLarge,
    /// Nobody looked: the role may not read all rows.
    Unreadable,
}

/// Rows that a table holds though its catalog entries rule them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// Several have the same in columns that must be unique.
    Alike {
        /// The table.
        table: Identifier,
        /// The columns.
        columns: Vec<Identifier>,
    },
    /// One has NULL in a column that takes none.
    Null {
        /// The table.
        table: Identifier,
    },
}
