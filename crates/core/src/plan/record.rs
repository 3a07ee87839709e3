//! How a migration records itself, as SQL: in a schema of its own, in the transaction of the change.

use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::Plan;
use super::prisma_record::PrismaRecord;
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
    /// The plan's steps, as JSON.
    pub plan: String,
    /// The machine it is run from.
    pub host: String,
    /// This tool's version.
    pub tool_version: String,
    /// What there is of the history already.
    pub history: HistoryState,
    /// How Prisma's history gets to know it; `None` when it does not.
    pub prisma: Option<PrismaRecord>,
    /// Whether a subscription writes to the history, too.
    pub is_subscribed: bool,
}

/// What tells a database from all others, its copies by backup aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The system identifier of its cluster.
    pub system_identifier: String,
    /// Its oid.
    pub database_oid: u32,
}

impl Home {
    /// A new run's id, which tells the database that it was begun on: its last six bytes are of a hash.
    fn run_id(&self) -> Uuid {
        let home = format!("{}/{}", self.system_identifier, self.database_oid);
        let mut bytes = Uuid::new_v4().into_bytes();
        bytes[10..].copy_from_slice(&Sha256::digest(home.as_bytes())[..6]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// Whether a run of the history was begun on this database, as SQL; asked where a subscription writes to the history, too.
/// It says the same as `Home::run_id`.
pub const BEGUN_HERE: &str = "\
pg_catalog.right(id::text, 12) = (
    SELECT pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
             c.system_identifier::text || '/'::text || d.oid::text, 'UTF8')), 'hex'), 12)
    FROM pg_catalog.pg_control_system() c CROSS JOIN pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";

/// What there is of the history's schema and table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryState {
    /// Nothing.
    Absent,
    /// The schema without the table: made beforehand, for a role that may not create schemas.
    SchemaOnly,
    /// Both.
    Present(Layout),
}

/// How the history's table is laid out.
///
/// Its version is the value of a generated column, `layout`. Version 1 has none. Each version only adds columns that may be
/// NULL or have a value by themselves, so that the program of an older one can still write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// The version; `None` where the column holds none.
    pub version: Option<u32>,
    /// Whether the role may upgrade it, and waits for nobody when it does.
    pub may_be_upgraded: bool,
}

impl Layout {
    /// The version that this program writes.
    pub const CURRENT: u32 = 2;

    /// The layout whose version is told as text.
    pub fn read(version: Option<&str>, may_be_upgraded: bool) -> Layout {
        Layout {
            version: version.and_then(|version| version.parse().ok()),
            may_be_upgraded,
        }
    }

    /// Whether this program may write to it.
    pub fn is_known(self) -> bool {
        matches!(self.version, Some(1..=Layout::CURRENT))
    }

    /// The statement that upgrades it, where that is to be done.
    fn upgrade(self) -> Option<String> {
        let is_due = self.version == Some(1) && self.may_be_upgraded;
        is_due.then(|| UPGRADE_TO_2.to_owned())
    }
}

impl Record {
    /// The record of a run of `plan` that begins now.
    pub fn of(plan: &Plan, host: &str, history: HistoryState) -> Record {
        Record {
            id: Uuid::new_v4(),
            migration: plan.migration.clone(),
            schema: plan.schema.as_str().to_owned(),
            plan: serde_json::to_string(&plan.steps).unwrap_or_else(|_| "[]".to_owned()),
            host: host.to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            history,
            prisma: None,
            is_subscribed: false,
        }
    }

    /// The same for a run on this database, where it is known which one it is.
    pub fn begun_on(self, home: Option<&Home>) -> Record {
        Record {
            id: home.map_or(self.id, Home::run_id),
            ..self
        }
    }

    /// The statements that make the history, when it is not there, or upgrade it, and write the record. With
    /// `is_all` the migration is applied when their transaction commits; otherwise it is running,
    /// with as many steps `done` then.
    ///
    /// A run that is still running when another has the lock that keeps migrations apart was cut off.
    pub(super) fn begin(&self, is_all: bool, done: usize) -> Vec<String> {
        let mut statements = Vec::new();
        match self.history {
            HistoryState::Absent => {
                statements.extend([CREATE_SCHEMA, CREATE_TABLE].map(str::to_owned));
            }
            HistoryState::SchemaOnly => statements.push(CREATE_TABLE.to_owned()),
            HistoryState::Present(layout) => {
                statements.extend(layout.upgrade());
                statements.push(self.ends_what_was_cut_off());
            }
        }
        if is_all {
            statements.extend(self.prisma_knows());
        }
        let (state, finished) = if is_all {
            ("applied", "clock_timestamp()")
        } else {
            ("running", "NULL")
        };
        statements.push(format!(
            "INSERT INTO leora_migrate.migration\n    \
             (id, name, target_schema, state, plan, steps_done, tool_version, host, finished_at)\n    \
             VALUES ({}, {}, {}, {}, {}, {done}, {}, {}, {finished})\n    \
             RETURNING pg_current_xact_id()",
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

    fn ends_what_was_cut_off(&self) -> String {
        format!(
            "UPDATE leora_migrate.migration SET state = 'failed', finished_at = clock_timestamp(), \
             error = 'it ended without a word'\n    \
             WHERE state = 'running' AND name = {} AND target_schema = {}{}",
            literal(&self.migration),
            literal(&self.schema),
            match self.is_subscribed {
                true => format!(" AND {BEGUN_HERE}"),
                false => String::new(),
            },
        )
    }

    /// Says, in the last transaction or one before it, that as many steps are `done` when it commits.
    pub(super) fn goes_on(&self, is_last: bool, done: usize) -> Vec<String> {
        let mut statements = Vec::new();
        let mut set = format!("steps_done = {done}");
        if is_last {
            statements.extend(self.prisma_knows());
            set += ", state = 'applied', finished_at = clock_timestamp()";
        }
        let update = self.update(&set);
        statements.push(format!("{update}\n    RETURNING pg_current_xact_id()"));
        statements
    }

    /// Says that the step numbered `number` (from 0), which stands alone, is under way.
    pub(super) fn step_begins(&self, number: usize) -> String {
        self.update(&format!(
            "running_step = {number}, step_started_at = clock_timestamp()"
        ))
    }

    /// Says that it is done, and with it as many steps.
    pub(super) fn step_ends(&self, done: usize) -> String {
        self.update(&format!("running_step = NULL, steps_done = {done}"))
    }

    /// Says that all of the migration is done, here and where Prisma looks.
    pub(super) fn finish(&self) -> Vec<String> {
        let mut statements = self.prisma_knows();
        statements.push(self.update("state = 'applied', finished_at = clock_timestamp()"));
        statements
    }

    fn prisma_knows(&self) -> Vec<String> {
        let prisma = self.prisma.as_ref();
        prisma.map_or_else(Vec::new, |prisma| prisma.applied(self.id))
    }

    /// Says that the run ended before all was done, and why. The step that failed has left nothing
    /// when it is `undone`.
    pub fn fail(&self, error: &str, undone: bool) -> String {
        let step = if undone { "running_step = NULL, " } else { "" };
        self.update(&format!(
            "{step}state = 'failed', finished_at = clock_timestamp(), error = {}",
            literal(&error.replace('\0', " "))
        ))
    }

    fn update(&self, set: &str) -> String {
        format!(
            "UPDATE leora_migrate.migration SET {set} WHERE id = {}",
            literal(&self.id.to_string())
        )
    }
}

/// Says that `runs` were rolled back, from the machine `host`.
pub(super) fn rolled_back(runs: &[Uuid], host: &str) -> String {
    let runs: Vec<_> = runs.iter().map(|id| literal(&id.to_string())).collect();
    format!(
        "UPDATE leora_migrate.migration SET state = 'rolled back', running_step = NULL, \
         rolled_back_at = clock_timestamp(), rolled_back_by = session_user, rolled_back_from = {}\n    \
         WHERE id IN ({})\n    RETURNING pg_current_xact_id()",
        literal(host),
        runs.join(", ")
    )
}

const CREATE_SCHEMA: &str = "CREATE SCHEMA leora_migrate";

/// Who, from where and on what server the server itself fills in.
const CREATE_TABLE: &str = "\
CREATE TABLE leora_migrate.migration (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    target_schema TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'applied', 'failed', 'rolled back')),
    plan JSONB NOT NULL,
    steps_done INTEGER NOT NULL,
    running_step INTEGER,
    step_started_at TIMESTAMPTZ,
    error TEXT,
    tool_version TEXT NOT NULL,
    server_version TEXT NOT NULL DEFAULT pg_catalog.current_setting('server_version'),
    applied_by TEXT NOT NULL DEFAULT session_user,
    host TEXT NOT NULL,
    client_address INET DEFAULT inet_client_addr(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ,
    rolled_back_at TIMESTAMPTZ,
    rolled_back_by TEXT,
    rolled_back_from TEXT,
    layout INTEGER NOT NULL GENERATED ALWAYS AS (2) STORED
)";

/// What version 2 adds to version 1.
const UPGRADE_TO_2: &str = "\
ALTER TABLE leora_migrate.migration ADD COLUMN layout INTEGER NOT NULL GENERATED ALWAYS AS (2) STORED";

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(version: Option<&str>, may_be_upgraded: bool) -> Layout {
        Layout::read(version, may_be_upgraded)
    }

    #[test]
    fn only_versions_up_to_the_current_one_are_written() {
        let versions = [
            (Some("1"), true),
            (Some("2"), true),
            (Some("3"), false),
            (Some("0"), false),
            (Some("'mine'::text"), false),
            (Some(""), false),
            (None, false),
        ];
        for (version, known) in versions {
            assert_eq!(layout(version, true).is_known(), known, "{version:?}");
        }
    }

    #[test]
    fn version_1_is_upgraded_before_anything_is_recorded_where_that_may_be_done() {
        let record = |state| Record {
            id: Uuid::nil(),
            migration: "test".to_owned(),
            schema: "public".to_owned(),
            plan: "[]".to_owned(),
            host: "here".to_owned(),
            tool_version: "0".to_owned(),
            history: state,
            prisma: None,
            is_subscribed: false,
        };
        for (version, may, upgrades) in [
            ("1", true, true),
            ("1", false, false),
            ("2", true, false),
            ("2", false, false),
        ] {
            let state = HistoryState::Present(layout(Some(version), may));
            let statements = record(state).begin(true, 0);
            let first = statements.first().map(String::as_str);
            assert_eq!(first == Some(UPGRADE_TO_2), upgrades, "{version}, {may}");
        }
        let made = record(HistoryState::SchemaOnly).begin(true, 0);
        let column = UPGRADE_TO_2.rsplit("ADD COLUMN ").next();
        assert!(
            column.is_some_and(|column| made[0].contains(column)),
            "{made:?}"
        );
    }
}
