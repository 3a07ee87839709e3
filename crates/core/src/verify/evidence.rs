//! What was found out, before it is judged.

use serde::Serialize;

use super::check::Check;
use super::counters::{Counter, Counting};
use super::promise::Promise;
use super::proof::KeyName;
use super::renames::Renames;
use super::surroundings::Surroundings;
use crate::diff::Difference;
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
    /// What has other names there.
    pub renames: &'a Renames,
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
    /// The tables that stand where the promised tables of their names are missed.
    pub elsewhere: &'a [Namesake],
    /// The checks that were tried on rows.
    pub tried: Vec<Check>,
}

/// What the checks that need no trials are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// What was found out.
    pub evidence: &'a Evidence<'a>,
    /// The differences between the schemas that matter.
    pub differences: &'a [Difference],
}

/// A table of the name of one that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namesake {
    /// The name of both.
    pub table: Identifier,
    /// The schema that has it.
    pub schema: Identifier,
    /// The extension that has it for a member, and so is taken for its owner.
    pub extension: Option<Identifier>,
}

impl Namesake {
    /// What is said of it where `schema` misses the table.
    pub fn told(&self, schema: &Identifier) -> String {
        let (table, other) = (self.table.quoted(), self.schema.quoted());
        match &self.extension {
            Some(extension) if self.schema == *schema => {
                let extension = extension.quoted();
                format!(
                    "Schema {other} has a table {table} that is a member of extension {extension}, and so is taken for the \
                     extension's own. Where it is this one: ALTER EXTENSION {extension} DROP TABLE {other}.{table}; the table \
                     stays as it is."
                )
            }
            _ => {
                let schema = schema.quoted();
                format!(
                    "Schema {other} has a table {table}. Where it is this one: ALTER TABLE {other}.{table} SET SCHEMA \
                     {schema}; where {other} is the application's schema: --schema {other}."
                )
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namesake_is_moved_or_taken_out_of_its_extension() {
        let name = |name| Identifier::new(name).expect("legal");
        let told = |schema, extension: Option<&'static str>| {
            let namesake = Namesake {
                table: name("Errand"),
                schema: name(schema),
                extension: extension.map(name),
            };
            namesake.told(&name("public"))
        };
        let taken_out = r#"ALTER EXTENSION "hstore" DROP TABLE "public"."Errand";"#;
        assert!(told("public", Some("hstore")).contains(taken_out));
        let moved = r#"ALTER TABLE "old"."Errand" SET SCHEMA "public";"#;
        assert!(told("old", None).contains(moved));
        assert!(told("old", Some("hstore")).contains(moved));
    }
}
