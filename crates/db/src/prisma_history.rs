//! Prisma's own history, the table `_prisma_migrations` of a schema: read, and written into.

use uuid::Uuid;

use super::apply::{
    ApplyError, ApplyOptions, Awaited, Committed, Failure, Interrupt, Observer, Obstacle, Persist,
    Persisted, Sending, Stage, attempt,
};
use super::connect::Target;
use super::query::{Answer as _, Answers, Batch, Parameters, Query, answer};
use super::record_table::{CodeRunByWrites, RecordTable};
use super::session::{QueryError, Rows, Session};
use leora_core::model::name::{literal, quoted};
use leora_core::plan::prisma_record::{
    PrismaMigration, PrismaRecord, PrismaRow, PrismaState, none_failed, table,
};
use leora_core::plan::script::{Exclusion, Guards, transaction};

/// What Prisma knows of one schema.
#[derive(Clone, Debug, Default)]
pub struct PrismaHistory {
    /// Whether there is such a table, and what the role may do with it.
    pub access: Access,
    /// Its rows, in the order in which they began. None when they may not be read.
    pub rows: Vec<PrismaRow>,
    /// What would run when it is written to.
    code: Option<Obstacle>,
}

/// What the role may do with the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// There is none.
    #[default]
    Absent,
    /// Not even read it.
    Closed,
    /// Read it.
    Read,
    /// Read it and write to it.
    Write,
}

answer! {
    struct PrismaHistoryRow of "prisma_rows" {
        name: String,
        checksum: String,
        started_at: String,
        finished_at: Option<String>,
        rolled_back_at: Option<String>,
        logs: Option<String>,
    }
}

/// [`Session::ask`], or [`Session::batch`] in a transaction that is open, which has its search_path.
type Ask = fn(&mut Session, &'static str, &str) -> Result<Vec<Rows>, QueryError>;

/// Reads Prisma's history of `session`'s schema. One round trip where there is none, else two.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn read(session: &mut Session) -> Result<PrismaHistory, QueryError> {
    read_by(session, Session::ask)
}

fn read_by(session: &mut Session, ask: Ask) -> Result<PrismaHistory, QueryError> {
    const LOOKING: &str = "looking for Prisma's history";
    const READING: &str = "reading Prisma's history";
    let version = session.server.version();
    let mut batch = Batch::default();
    let table = batch.ask::<RecordTable>(version, &RecordTable::of_prisma(&session.schema));
    let mut answers = Answers::new(ask(session, LOOKING, &batch.sql())?);
    let table = answers.take(table);
    let table = table.map_err(|unreadable| unreadable.doing(LOOKING))?;
    // What runs code when it is read, as a view does, is not read.
    let access = match table.first() {
        None => Access::Absent,
        Some(table) if !table.is_open_of_prisma() => Access::Closed,
        Some(table) if table.may_be_written() => Access::Write,
        Some(_) => Access::Read,
    };
    let mut history = PrismaHistory {
        access,
        ..PrismaHistory::default()
    };
    if matches!(access, Access::Read | Access::Write) {
        let mut batch = Batch::default();
        let of_schema = Parameters::of_schema(&session.schema);
        let rows = batch.ask::<PrismaHistoryRow>(version, &of_schema);
        let of_writes = CodeRunByWrites::of(&session.schema, "_prisma_migrations", version);
        let code = batch.ask::<CodeRunByWrites>(version, &of_writes);
        let mut answers = Answers::new(ask(session, READING, &batch.sql())?);
        let rows = answers.take(rows);
        let rows = rows.map_err(|unreadable| unreadable.doing(READING))?;
        let code = answers.take(code);
        let code = code.map_err(|unreadable| unreadable.doing(READING))?;
        history.rows = rows.into_iter().map(row).collect();
        history.code = code.first().map(Obstacle::of_code);
    }
    Ok(history)
}

fn row(row: PrismaHistoryRow) -> PrismaRow {
    PrismaRow {
        name: row.name,
        // As Prisma reads it: what was marked as rolled back counts as that, whatever else is there.
        state: match (&row.finished_at, &row.rolled_back_at) {
            (_, Some(_)) => PrismaState::RolledBack,
            (Some(_), None) => PrismaState::Applied,
            (None, None) => PrismaState::Failed,
        },
        checksum: row.checksum,
        started_at: row.started_at,
        finished_at: row.finished_at,
        rolled_back_at: row.rolled_back_at,
        logs: row.logs,
    }
}

impl PrismaHistory {
    /// Whether the migration of the name is recorded as applied.
    pub fn has(&self, name: &str) -> bool {
        let of_name = |row: &&PrismaRow| row.name == name && row.state == PrismaState::Applied;
        self.rows.iter().any(|row| of_name(&row))
    }

    /// What keeps the role from writing to it.
    pub fn obstacle(&self, session: &Session) -> Option<Obstacle> {
        let (table, user) = (table(&session.schema), quoted(&session.server.user));
        if matches!(self.access, Access::Closed | Access::Read) {
            return Some(Obstacle {
                reason: format!("the role {user} may not read and write {table}"),
                remedy: format!("GRANT SELECT, INSERT, UPDATE ON {table} TO {user};"),
            });
        }
        self.code.clone()
    }
}

/// How `migration` is to be recorded, as things stand under the lock that keeps migrations apart. `None`
/// when somebody recorded it in the meantime.
///
/// # Errors
///
/// When PostgreSQL does not answer. The inner one: a migration has failed, or the role may not write.
pub(super) fn to_record(
    session: &mut Session,
    migration: &PrismaMigration,
) -> Result<Result<Option<PrismaRecord>, Obstacle>, QueryError> {
    let history = read_by(session, Session::batch)?;
    if let Some(obstacle) = history.obstacle(session) {
        return Ok(Err(obstacle));
    }
    if let Err(objection) = none_failed(&history.rows, &migration.name) {
        return Ok(Err(Obstacle {
            reason: objection.reason,
            remedy: objection.remedy,
        }));
    }
    Ok(Ok((!history.has(&migration.name)).then(|| PrismaRecord {
        migration: migration.clone(),
        has_table: history.access != Access::Absent,
    })))
}

/// Records `migration`, all of which stands already, as applied under the id `run`, and nothing else.
///
/// # Errors
///
/// See [`ApplyError`]. Nothing has changed then.
pub fn record(
    target: &Target,
    session: &mut Session,
    migration: &PrismaMigration,
    run: Uuid,
    options: &ApplyOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Committed, ApplyError> {
    let sending = Sending {
        target,
        interrupt,
        lock_timeout: options.lock_timeout,
    };
    let recorded = format!(
        "SELECT FROM {} WHERE id = {}",
        table(&migration.schema),
        literal(&run.to_string())
    );
    let persist = Persist {
        sending,
        options,
        awaited: &|_| Awaited::OtherMigration,
        recorded: &recorded,
    };
    let ended = persist.run(session, observer, |session, lock_timeout| {
        let conditions = session.server.conditions(lock_timeout, options.wait);
        let stages = |statements| {
            transaction(
                &migration.schema,
                &[],
                Guards::default(),
                statements,
                Some(Exclusion::UntilCommit),
                &conditions,
            )
        };
        let prepare = stages(Vec::new()).prepare;
        let judge = |session: &mut Session, _: Vec<Rows>| {
            Ok(to_record(session, migration)?.map(|record| {
                let mut statements = record.map_or_else(Vec::new, |record| record.applied(run));
                statements.push("SELECT pg_catalog.pg_current_xact_id()".to_owned());
                stages(statements)
            }))
        };
        attempt(sending, session, &prepare, "SELECT", judge)
    });
    match ended? {
        Persisted::Committed(committed) => Ok(committed),
        Persisted::Stopped(obstacle) => Err(ApplyError::Refused {
            obstacles: vec![obstacle],
        }),
        Persisted::Failed { at, error } => {
            let what = match at {
                Stage::Prepare => "preparing the transaction",
                Stage::Quiet | Stage::Locking => "recording the migration in _prisma_migrations",
            };
            let failure = Failure::new(None, what.to_owned(), &error);
            Err(ApplyError::StepFailed(Box::new(failure)))
        }
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[PrismaHistoryRow::QUERY];
