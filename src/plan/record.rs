//! How a migration records itself, as SQL: in a schema of its own, in the transaction of the change.

use uuid::Uuid;

use super::Plan;
use crate::model::name::literal;

/// The schema that the history is kept in.
pub const HISTORY_SCHEMA: &str = "leora_migrate";

/// One run of a plan, as the history will tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The run.
    pub id: Uuid,
    /// The migration's name.
    pub migration: String,
    /// The schema it works in.
    pub schema: String,
    /// The plan, as JSON.
    pub plan: String,
    /// The machine it is run from.
    pub host: String,
    /// This tool's version.
    pub tool_version: String,
    /// Whether the history's own tables must be created first.
    pub creates_history: bool,
}

impl Record {
    /// The record of a run of `plan` that begins now.
    pub fn of(plan: &Plan, host: &str, creates_history: bool) -> Record {
        Record {
            id: Uuid::new_v4(),
            migration: plan.migration.clone(),
            schema: plan.schema.to_string(),
            plan: serde_json::to_string(&plan.steps).unwrap_or_else(|_| "[]".to_owned()),
            host: host.to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            creates_history,
        }
    }

    /// The statements that make the history, when it is not there, and write the record. With
    /// `is_all` the migration is applied when their transaction commits; otherwise it is running.
    pub(super) fn begin(&self, is_all: bool) -> Vec<String> {
        let mut statements = Vec::new();
        if self.creates_history {
            statements.extend(CREATE_HISTORY.iter().map(|sql| (*sql).to_owned()));
        }
        let (state, finished) = if is_all {
            ("applied", "clock_timestamp()")
        } else {
            ("running", "NULL")
        };
        statements.push(format!(
            "INSERT INTO leora_migrate.migration\n    \
             (id, name, target_schema, state, plan, tool_version, host, finished_at)\n    \
             VALUES ({}, {}, {}, {}, {}, {}, {}, {finished})",
            literal(&self.id.to_string()),
            literal(&self.migration),
            literal(&self.schema),
            literal(state),
            literal(&self.plan),
            literal(&self.tool_version),
            literal(&self.host),
        ));
        statements
    }

    /// Says that the step numbered `number` (from 0), which stands alone, is under way.
    pub(super) fn step_begins(&self, number: usize) -> String {
        format!(
            "UPDATE leora_migrate.migration SET running_step = {number}, step_started_at = clock_timestamp() WHERE id = {}",
            literal(&self.id.to_string())
        )
    }

    /// Says that it is done.
    pub(super) fn step_ends(&self, _number: usize) -> String {
        format!(
            "UPDATE leora_migrate.migration SET running_step = NULL WHERE id = {}",
            literal(&self.id.to_string())
        )
    }

    /// Says that all of the migration is done.
    pub(super) fn finish(&self) -> String {
        format!(
            "UPDATE leora_migrate.migration SET state = 'applied', finished_at = clock_timestamp() WHERE id = {}",
            literal(&self.id.to_string())
        )
    }
}

/// Who, from where and on what server the server itself fills in.
const CREATE_HISTORY: &[&str] = &[
    "CREATE SCHEMA leora_migrate",
    "CREATE TABLE leora_migrate.migration (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    target_schema TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'applied', 'rolled back')),
    plan JSONB NOT NULL,
    running_step INTEGER,
    step_started_at TIMESTAMPTZ,
    tool_version TEXT NOT NULL,
    server_version TEXT NOT NULL DEFAULT current_setting('server_version'),
    applied_by TEXT NOT NULL DEFAULT session_user,
    host TEXT NOT NULL,
    client_address INET DEFAULT inet_client_addr(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ,
    rolled_back_at TIMESTAMPTZ,
    rolled_back_by TEXT
)",
];
