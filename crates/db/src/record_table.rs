//! What the role may do with a table that records migrations: this tool's history, or Prisma's.

use super::catalog::ServerVersion;
use super::introspect::UserCodeLine;
use super::query::{Answer as _, Parameters, Query, answer};
use leora_core::model::Identifier;
use leora_core::plan::record::HISTORY_SCHEMA;

answer! {
    /// The answer; there is none where there is no such relation.
    pub(crate) struct RecordTable of "record_table" {
        pub(crate) is_table: bool,
        pub(crate) reads_no_code: bool,
        may_use_schema: bool,
        may_select: bool,
        may_insert: bool,
        may_update: bool,
        pub(crate) is_subscribed: bool,
        columns: Vec<String>,
        /// The role, as SQL.
        pub(crate) role: String,
    }
}

impl RecordTable {
    /// The parameters of the query for this tool's history.
    pub(crate) fn of_history() -> Parameters {
        Parameters::default()
            .text("schema_name", HISTORY_SCHEMA)
            .text("table", "migration")
    }

    /// The parameters of the query for Prisma's history of a schema.
    pub(crate) fn of_prisma(schema: &Identifier) -> Parameters {
        Parameters::of_schema(schema).text("table", "_prisma_migrations")
    }

    fn has(&self, columns: &[&str]) -> bool {
        let has = |column: &&str| self.columns.iter().any(|name| name == column);
        columns.iter().all(has)
    }

    /// Whether this tool's history may be read, and runs no code by that.
    pub(crate) fn is_open(&self) -> bool {
        self.reads_no_code && self.may_use_schema && self.may_select
    }

    /// The same, and it has the columns that say who recorded a migration.
    pub(crate) fn may_be_read(&self) -> bool {
        self.is_open()
            && self.has(&[
                "name",
                "target_schema",
                "state",
                "finished_at",
                "applied_by",
            ])
    }

    /// Whether Prisma's history may be read, and runs no code by that.
    pub(crate) fn is_open_of_prisma(&self) -> bool {
        self.reads_no_code && self.may_select
    }

    /// The same, and it has the columns that say what was applied.
    pub(crate) fn may_be_read_of_prisma(&self) -> bool {
        let columns = [
            "migration_name",
            "started_at",
            "finished_at",
            "rolled_back_at",
        ];
        self.is_open_of_prisma() && self.has(&columns)
    }

    /// Whether this tool's history may be read and written.
    pub(crate) fn may_be_used(&self) -> bool {
        self.may_use_schema && self.may_select && self.may_be_written()
    }

    /// Whether rows may be inserted and updated.
    pub(crate) fn may_be_written(&self) -> bool {
        self.may_insert && self.may_update
    }
}

answer! {
    /// User-defined code that writing to a table runs. Names are SQL.
    pub(crate) struct CodeRunByWrites of "code_run_by_writes" {
        table: String,
        kind: String,
        name: String,
        role: String,
    }
}

impl CodeRunByWrites {
    /// The parameters of the query for a table of a schema that exists.
    pub(crate) fn of(schema: &Identifier, table: &str, version: ServerVersion) -> Parameters {
        Parameters::of_schema(schema)
            .text("table", table)
            .sql("user_code", UserCodeLine::QUERY.text(version))
    }

    /// The same for this tool's history, which exists.
    pub(crate) fn of_history(version: ServerVersion) -> Parameters {
        RecordTable::of_history()
            .text("schema", HISTORY_SCHEMA)
            .sql("user_code", UserCodeLine::QUERY.text(version))
    }

    /// Why not to write to the table, and what to do.
    pub(crate) fn told(&self) -> (String, String) {
        let CodeRunByWrites {
            table,
            kind,
            name,
            role,
        } = self;
        (
            format!("writing to {table} would run {kind} {name} as the role {role}"),
            format!(
                "Find out who made it, and drop it or the table: \\d {table} in psql shows both."
            ),
        )
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[RecordTable::QUERY, CodeRunByWrites::QUERY];
