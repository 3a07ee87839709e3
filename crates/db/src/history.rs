//! What the database remembers of migrations.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use super::history_state::StateRow;
use super::query::{Answer as _, Answers, Batch, Parameters, Query, answer, codes};
use super::record_table::RecordTable;
use super::session::{QueryError, Session};
use leora_core::model::said;
use leora_core::plan::Step;
use leora_core::plan::record::{BEGUN_HERE, HistoryState};
use leora_core::plan::script::PRISMA_ADVISORY_LOCK;

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

answer! {
    struct RunRow of "history_runs" {
        id: Uuid,
        name: String,
        schema: String,
        state: RecordedState,
        plan: Option<String>,
        steps_done: usize,
        running_step: Option<usize>,
        step_started_at: Option<String>,
        error: Option<String>,
        tool_version: String,
        server_version: String,
        applied_by: String,
        host: String,
        client_address: Option<String>,
        started_at: String,
        finished_at: Option<String>,
        seconds: f64,
        rolled_back_at: Option<String>,
        rolled_back_by: Option<String>,
        rolled_back_from: Option<String>,
        is_locked: bool,
        from_publisher: bool,
    }
}

/// The state of a run, as it is recorded.
#[derive(Clone, Copy, Debug)]
enum RecordedState {
    Running,
    Applied,
    Failed,
    RolledBack,
}

codes! {
    RecordedState, "state of a run" {
        "running" => RecordedState::Running,
        "applied" => RecordedState::Applied,
        "failed" => RecordedState::Failed,
        "rolled back" => RecordedState::RolledBack,
    }
}

/// Reads the history of `session`'s schema.
///
/// # Errors
///
/// When PostgreSQL does not answer, or with what cannot be read.
pub fn read(session: &mut Session) -> Result<History, QueryError> {
    const LOOKING: &str = "looking for the history";
    const READING: &str = "reading the history";
    let version = session.server.version();
    let mut batch = Batch::default();
    let state = batch.ask::<StateRow>(version, &Parameters::default());
    let table = batch.ask::<RecordTable>(version, &RecordTable::of_history());
    let mut answers = Answers::new(session.ask(LOOKING, &batch.sql())?);
    let state = answers.take(state).and_then(|rows| StateRow::one(&rows));
    let state = state.map_err(|unreadable| unreadable.doing(LOOKING))?;
    let table = answers.take(table);
    let table = table.map_err(|unreadable| unreadable.doing(LOOKING))?;
    let closed = table.first().and_then(closed_to_us);
    let mut runs = Vec::new();
    if matches!(state, HistoryState::Present(_)) && closed.is_none() {
        let parameters = Parameters::of_schema(&session.schema)
            .text("lock", PRISMA_ADVISORY_LOCK.to_string())
            .sql("begun_here", begun_here(session));
        let rows = session.query::<RunRow>(READING, &parameters)?;
        runs.extend(rows.into_iter().map(run));
    }
    Ok(History {
        state,
        runs,
        closed,
    })
}

/// What would let the role read the history; `None` when it may.
fn closed_to_us(table: &RecordTable) -> Option<String> {
    if !table.is_table || table.is_open() {
        return None;
    }
    let role = &table.role;
    Some(match table.reads_no_code {
        true => format!(
            "GRANT USAGE ON SCHEMA leora_migrate TO {role}; GRANT SELECT ON leora_migrate.migration TO {role};"
        ),
        false => "-- reading leora_migrate.migration runs user-defined code: \\d leora_migrate.migration in psql shows it".to_owned(),
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

fn run(row: RunRow) -> Run {
    let (by, from) = (row.rolled_back_by, row.rolled_back_from);
    Run {
        id: row.id,
        name: row.name,
        schema: row.schema,
        state: match (row.state, row.is_locked) {
            (RecordedState::Applied, _) => RunState::Applied,
            (RecordedState::Failed, _) => RunState::Failed,
            (RecordedState::RolledBack, _) => RunState::RolledBack,
            (RecordedState::Running, true) => RunState::Running,
            (RecordedState::Running, false) => RunState::CutOff,
        },
        steps: row.plan.and_then(|plan| serde_json::from_str(&plan).ok()),
        steps_done: row.steps_done,
        running_step: row.running_step,
        step_started_at: row.step_started_at,
        error: row.error,
        tool_version: row.tool_version,
        server_version: row.server_version,
        applied_by: row.applied_by,
        host: row.host,
        client_address: row.client_address,
        started_at: row.started_at,
        finished_at: row.finished_at,
        took: Duration::try_from_secs_f64(row.seconds).unwrap_or_default(),
        rolled_back: row.rolled_back_at.map(|at| RolledBack {
            at,
            by: by.unwrap_or_default(),
            from: from.unwrap_or_default(),
        }),
        from_publisher: row.from_publisher,
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

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[RunRow::QUERY];
