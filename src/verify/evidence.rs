//! What was found out, before it is judged.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::Check;
use super::promise::Promise;
use crate::model::{Identifier, Schema};
use crate::plan::Plan;

/// Everything the checklist is evaluated from.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What the database is held to.
    pub promise: &'a Promise,
    /// The schema the application's tables stand in.
    pub schema: &'a Identifier,
    /// What stands there.
    pub actual: &'a Schema,
    /// What is still to be done.
    pub plan: &'a Plan,
    /// Who recorded the migration.
    pub recorded: Recorded,
    /// The settings that sessions here start with, of the database and of roles.
    pub settings: &'a [KeptSetting],
    /// `session_replication_role` of the session that looked.
    pub session_replication_role: &'a str,
    /// The tables that Supabase's public roles may use while row-level security is off, with the roles.
    pub exposed: &'a BTreeMap<Identifier, String>,
    /// The checks that were tried on rows.
    pub tried: Vec<Check>,
}

/// Who recorded a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// This tool, or the script it printed.
    Here(String),
    /// Prisma, in `_prisma_migrations`.
    ByPrisma(String),
    /// Nobody.
    #[default]
    Nowhere,
}

/// A setting kept for a database, a role, or a role in a database (`ALTER DATABASE ... SET`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptSetting {
    /// Whether it is kept for this database.
    pub of_database: bool,
    /// The role it is kept for.
    pub role: Option<String>,
    /// `name=value`.
    pub setting: String,
}

impl KeptSetting {
    /// Where it is kept, in words.
    pub fn holder(&self) -> String {
        match (&self.role, self.of_database) {
            (Some(role), true) => format!("role {role} in this database"),
            (Some(role), false) => format!("role {role}"),
            (None, true) => "this database".to_owned(),
            (None, false) => "all databases".to_owned(),
        }
    }
}
