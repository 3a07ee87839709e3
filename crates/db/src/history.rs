//! What the database remembers of migrations.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::catalog::READS_NO_CODE;
use super::session::{QueryError, Row, Session};
use leora_core::model::name::literal;
use leora_core::model::said;
use leora_core::plan::Step;
use leora_core::plan::record::{BEGUN_HERE, HistoryState};

/// The history of one schema.
#[derive(Clone, Debug)]
pub struct History {
    /// Whether there is one, and whether it may be read.
    pub state: HistoryState,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// What lets the role read it, when it may not; then there are no runs here.
    pub closed: Option<String>,
}

/// What is the matter where [`History::closed`] says what helps.
pub const CLOSED: &str = "the history may not be read by this role";

/// One run of a plan. Times are UTC, as `2027-01-31 23:59:59Z`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The run.
    pub id: Uuid,
    /// The migration.
    pub name: String,
    /// The schema it worked in.
    pub schema: String,
    /// What became of it.
    pub state: RunState,
    /// The plan's steps; `None` when another version of this tool wrote them in another way.
    pub steps: Option<Vec<Step>>,
    /// How many of them are done.
    pub steps_done: usize,
    /// The step that stands alone and was begun, and not ended, by its place in the plan.
    pub running_step: Option<usize>,
    /// When it began.
    pub step_started_at: Option<String>,
    /// Why it went no further.
    pub error: Option<String>,
    /// This tool's version.
    pub tool_version: String,
    /// The server's version then.
    pub server_version: String,
    /// The role that connected.
    pub applied_by: String,
    /// The machine it was run from.
    pub host: String,
    /// The address the server saw; `None` for a local socket.
    pub client_address: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// How long it took, or how old it is while it runs.
    pub took: Duration,
    /// When it was rolled back, by which role, from which machine.
    pub rolled_back: Option<RolledBack>,
    /// Whether a subscription brought it from the publisher: it says nothing of this database.
    pub from_publisher: bool,
}

impl Run {
    /// The same as it is shown to people: whoever may write to the history may write anything.
    pub fn shown(&self) -> Run {
        let mut shown = self.clone();
        let Run {
            id: _,
            name,
            schema,
            state: _,
            steps: _,
            steps_done: _,
            running_step: _,
            step_started_at,
            error,
            tool_version,
            server_version,
            applied_by,
            host,
            client_address,
            started_at,
            finished_at,
            took: _,
            rolled_back,
            from_publisher: _,
        } = &mut shown;
        let back = rolled_back
            .iter_mut()
            .flat_map(|RolledBack { at, by, from }| [at, by, from]);
        let optional = [step_started_at, error, client_address, finished_at];
        let texts = [
            name,
            schema,
            tool_version,
            server_version,
            applied_by,
            host,
            started_at,
        ];
        let texts = texts.into_iter().chain(optional.into_iter().flatten());
        for text in texts.chain(back) {
            *text = said(text);
        }
        shown
    }
}

/// When, by whom and from where a run was rolled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "they say what they are")]
pub struct RolledBack {
    pub at: String,
    pub by: String,
    pub from: String,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It runs, and a session holds the lock that keeps migrations apart.
    Running,
    /// It was cut off; the next run goes on where it stopped.
    CutOff,
    /// All of it is done.
    Applied,
    /// It ended before all was done.
    Failed,
    /// What it did was undone.
    RolledBack,
}

/// The question that [`state`] reads. `to_regclass` would fail where the role may not use the schema.
pub(super) const STATE: &str = "\
SELECT pg_catalog.to_regnamespace('leora_migrate') IS NOT NULL,
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND c.relkind = 'r')";

/// What would let the role read the history; no row when it may.
const CLOSED_TO_US: &str = "\
SELECT CASE WHEN {reads_no_code} THEN pg_catalog.format('GRANT USAGE ON SCHEMA leora_migrate TO %1$I; GRANT SELECT ON leora_migrate.migration TO %1$I;', current_user)
  ELSE '-- reading leora_migrate.migration runs user-defined code: \\d leora_migrate.migration in psql shows it' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'leora_migrate' AND c.relname = 'migration' AND c.relkind = 'r'
  AND NOT ({reads_no_code} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))";

/// A run that still runs holds the advisory lock; without it, it was cut off.
const RUNS: &str = "\
SELECT id, name, target_schema, state, plan, steps_done, running_step,
       pg_catalog.to_char(step_started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"'), error, tool_version,
       server_version, applied_by, host, pg_catalog.host(client_address),
       pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"'),
       pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"'),
       extract(epoch FROM coalesce(finished_at, pg_catalog.clock_timestamp()) - started_at),
       pg_catalog.to_char(rolled_back_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"'), rolled_back_by, rolled_back_from,
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = '0' AND objid = '{lock}' AND objsubid = 1
                  AND granted AND database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())),
       NOT ({begun_here})
FROM leora_migrate.migration WHERE target_schema = {schema} ORDER BY started_at, id";

/// Reads the history of `session`'s schema.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn read(session: &mut Session) -> Result<History, QueryError> {
    let closed_to_us = CLOSED_TO_US.replace("{reads_no_code}", READS_NO_CODE);
    let question = format!("{STATE};\n{closed_to_us}");
    let answers = session.ask("looking for the history", &question)?;
    let state = state(answers.first().and_then(|rows| rows.first()));
    let mut runs = Vec::new();
    let closed = answers.get(1).and_then(|rows| rows.first()?.get(0));
    let closed = closed.map(str::to_owned);
    if state == HistoryState::Present && closed.is_none() {
        let question = RUNS
            .replace("{schema}", &literal(session.schema.as_str()))
            .replace("{begun_here}", begun_here(session))
            .replace(
                "{lock}",
                &leora_core::plan::script::PRISMA_ADVISORY_LOCK.to_string(),
            );
        let answers = session.ask("reading the history", &question)?;
        runs.extend(answers.iter().flatten().map(run));
    }
    session.has_read("reading the history")?;
    Ok(History {
        state,
        runs,
        closed,
    })
}

/// Whether a run was begun on this database, as SQL. All were that no subscription brought: a database that is restored
/// from a dump, copied, upgraded or promoted keeps its history.
pub(super) fn begun_here(session: &Session) -> &'static str {
    match session.server.history_is_subscribed {
        true => BEGUN_HERE,
        false => "true",
    }
}

/// What there is of the history.
pub(super) fn state(row: Option<&Row>) -> HistoryState {
    let yes = |i: usize| row.is_some_and(|row| row.get(i) == Some("t"));
    match (yes(0), yes(1)) {
        (_, true) => HistoryState::Present,
        (true, false) => HistoryState::SchemaOnly,
        (false, false) => HistoryState::Absent,
    }
}

fn run(row: &Row) -> Run {
    let text = |i: usize| row.get(i).unwrap_or_default().to_owned();
    let maybe = |i: usize| row.get(i).map(str::to_owned);
    let number = |i: usize| row.number::<usize>(i);
    let seconds = row.number::<f64>(16);
    let id = row.get(0).and_then(|id| Uuid::parse_str(id).ok());
    if id.is_none() {
        row.is_no("UUID", 0);
    }
    Run {
        id: id.unwrap_or_default(),
        name: text(1),
        schema: text(2),
        state: match (row.get(3), row.get(20)) {
            (Some("applied"), _) => RunState::Applied,
            (Some("failed"), _) => RunState::Failed,
            (Some("rolled back"), _) => RunState::RolledBack,
            (_, Some("t")) => RunState::Running,
            _ => RunState::CutOff,
        },
        steps: row.get(4).and_then(|plan| serde_json::from_str(plan).ok()),
        steps_done: number(5).unwrap_or_default(),
        running_step: number(6),
        step_started_at: maybe(7),
        error: maybe(8),
        tool_version: text(9),
        server_version: text(10),
        applied_by: text(11),
        host: text(12),
        client_address: maybe(13),
        started_at: text(14),
        finished_at: maybe(15),
        took: seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or_default(),
        rolled_back: maybe(17).map(|at| RolledBack {
            at,
            by: text(18),
            from: text(19),
        }),
        from_publisher: row.get(21) == Some("t"),
    }
}

impl History {
    /// The last run of the migration `name` on this database that was not rolled back.
    pub fn last(&self, name: &str) -> Option<&Run> {
        self.runs.iter().rfind(|run| {
            run.name == name && run.state != RunState::RolledBack && !run.from_publisher
        })
    }
}
