//! Taking a recorded migration back, with the same short waits for locks as applying it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::apply::{
    ApplyError, ApplyOptions, AskedLocking, Awaited, Committed, Failure, Interrupt, LockRemedy,
    Observer, Obstacle, Persist, Persisted, Sending, Stage, attempt, history_may_be_written,
    preflight_of,
};
use super::connect::Target;
use super::history::{self, Run, RunState};
use super::introspect::{self, AskedTables, Tables, settings_for};
use super::prisma_history;
use super::query::{Answers, Batch, answer};
use super::session::{QueryError, Rows, Session};
use leora_core::model::name::literal;
use leora_core::model::{Identifier, Schema};
use leora_core::plan::Step;
use leora_core::plan::locking::strongest;
use leora_core::plan::prisma_record::{self, PrismaState, is_of};
use leora_core::plan::published::refresh;
use leora_core::plan::script::Conditions;
use leora_core::plan::undo::{Discarded, HOLDS_ROWS, Records, Undoing, undo};

/// A migration that can be taken back, and what that means.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// The runs that did it, oldest first. Empty when there is nothing to take back.
    pub runs: Vec<Run>,
    /// How it is undone.
    pub undoing: Undoing,
    /// How many rows would be lost, of what holds any.
    pub rows: BTreeMap<Discarded, u64>,
    /// How many runs on the publisher there are, which a subscription brought. They are the publisher's.
    pub from_publisher: usize,
    /// What stands in the way, whether or not rows may be discarded.
    pub obstacles: Vec<Obstacle>,
    /// The names under which Prisma has it as applied, which are marked as rolled back.
    pub recorded_by_prisma: Vec<String>,
    migration: String,
    stood: Schema,
}

/// Finds out what taking `migration` back would mean. Reads only.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn prepare(session: &mut Session, migration: &str) -> Result<Rollback, QueryError> {
    let history = history::read(session)?;
    let found = introspect::introspect_tables(session)?;
    let actual = found.schema;
    let runs: Vec<_> = history
        .runs
        .into_iter()
        .filter(|run| run.name == migration && run.state != RunState::RolledBack)
        .collect();
    let (from_publisher, runs): (Vec<_>, Vec<_>) =
        runs.into_iter().partition(|run: &Run| run.from_publisher);
    let undoing = undo(&done(&runs), &actual, &found.access);
    let rows = count(session, &undoing.discards)?;
    let mut obstacles: Vec<_> = runs.iter().filter_map(stands_in_the_way).collect();
    obstacles.extend(history.closed.map(|remedy| Obstacle {
        reason: history::CLOSED.to_owned(),
        remedy,
    }));
    obstacles.extend(undoing.refusals.iter().map(|refusal| Obstacle {
        reason: refusal.reason.clone(),
        remedy: refusal.remedy.clone(),
    }));
    let prisma = prisma_history::read(session)?;
    let applied = prisma
        .rows
        .iter()
        .filter(|row| row.state == PrismaState::Applied && is_of(&row.name, migration));
    let recorded_by_prisma: Vec<_> = applied.map(|row| row.name.clone()).collect();
    if !recorded_by_prisma.is_empty() {
        obstacles.extend(prisma.obstacle(session));
    }
    let subscribed = &found.replication.subscribed;
    obstacles.extend(still_subscribed(&undoing, subscribed));
    Ok(Rollback {
        runs,
        from_publisher: from_publisher.len(),
        undoing,
        rows,
        obstacles,
        recorded_by_prisma,
        migration: migration.to_owned(),
        stood: actual,
    })
}

/// The steps that the runs did, in order, with those that were begun and not ended.
fn done(runs: &[Run]) -> Vec<Step> {
    let of_run = |run: &Run| {
        let steps = run.steps.clone().unwrap_or_default();
        let begun = run.running_step.filter(|place| *place >= run.steps_done);
        let begun = begun.and_then(|place| steps.get(place).cloned());
        let mut done: Vec<_> = steps.into_iter().take(run.steps_done).collect();
        done.extend(begun);
        done
    };
    runs.iter().flat_map(of_run).collect()
}

/// The subscriptions of this database, as SQL; `pg_subscription` has those of all.
const OF_THIS_DATABASE: &str =
    "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A subscription that meets a change of a table that is gone stops replicating everything.
fn still_subscribed(undoing: &Undoing, subscribed: &BTreeSet<Identifier>) -> Option<Obstacle> {
    let goes = undoing.discards.iter().map(|goes| &goes.table);
    let replicated: Vec<_> = goes.filter(|table| subscribed.contains(*table)).collect();
    let names: Vec<_> = replicated.iter().map(|table| table.quoted()).collect();
    (!names.is_empty()).then(|| Obstacle {
        reason: format!("a subscription writes to {}", names.join(", ")),
        remedy: format!(
            "Roll back on the publisher first. Then, here, in psql: {}",
            refresh(OF_THIS_DATABASE)
        ),
    })
}

fn stands_in_the_way(run: &Run) -> Option<Obstacle> {
    let (reason, remedy) = match run {
        Run {
            state: RunState::Running,
            ..
        } => (
            format!("the migration is being applied, from {}", run.host),
            "Wait until it has ended.".to_owned(),
        ),
        Run { steps: None, .. } => (
            format!("what version {} recorded cannot be read", run.tool_version),
            "Use that version to roll it back.".to_owned(),
        ),
        _ => return None,
    };
    Some(Obstacle { reason, remedy })
}

fn count(
    session: &mut Session,
    discards: &[Discarded],
) -> Result<BTreeMap<Discarded, u64>, QueryError> {
    if discards.is_empty() {
        return Ok(BTreeMap::new());
    }
    const DOING: &str = "counting the rows that would be lost";
    let mut batch = Batch::default();
    let asked: Vec<_> = discards
        .iter()
        .map(|goes| {
            let sql = format!("SELECT pg_catalog.count(*) AS rows {}", goes.rows());
            (goes, batch.write::<Count>(sql))
        })
        .collect();
    // Off: a policy that would hide rows is an error instead of a smaller number.
    let sql = format!(
        "BEGIN TRANSACTION READ ONLY;\n{}{}SET LOCAL row_security = off;\n{};\nCOMMIT",
        introspect::short_waits(session),
        settings_for(&session.schema),
        batch.sql()
    );
    let mut answers = Answers::new(session.batch(DOING, &sql)?);
    let mut counted = BTreeMap::new();
    for (goes, asked) in asked {
        let count = answers.one(asked);
        let count = count.map_err(|unreadable| unreadable.doing(DOING))?;
        if count.rows > 0 {
            counted.insert(goes.clone(), count.rows);
        }
    }
    Ok(counted)
}

answer! {
    /// How many rows there are.
    struct Count of written "count" {
        rows: u64,
    }
}

/// Takes it back, in one transaction, and records that. Rows that nobody agreed to lose stop it, those
/// too that came since [`prepare`].
///
/// # Errors
///
/// See [`ApplyError`]. Nothing has changed then, unless it says otherwise.
pub fn roll_back(
    target: &Target,
    session: &mut Session,
    rollback: &Rollback,
    discard_rows: bool,
    options: &ApplyOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Committed, ApplyError> {
    let mut obstacles = rollback.obstacles.clone();
    if rollback.runs.is_empty() && obstacles.is_empty() {
        obstacles.push(Obstacle {
            reason: "no run of this migration is recorded, or all are rolled back".to_owned(),
            remedy: "`leora-migrate status` shows the history.".to_owned(),
        });
    }
    if !discard_rows {
        obstacles.extend(
            rollback
                .rows
                .iter()
                .map(|(goes, rows)| holds_rows(goes, *rows)),
        );
    }
    let steps = &rollback.undoing.steps;
    obstacles.extend(preflight_of(
        target,
        session,
        steps,
        &rollback.stood,
        false,
    )?);
    if !obstacles.is_empty() {
        return Err(ApplyError::Refused { obstacles });
    }
    history_may_be_written(session.server.history)?;
    let ids: Vec<_> = rollback.runs.iter().map(|run| run.id).collect();
    let still_to_undo = unless_rolled_back(&ids);
    let recorded = format!("{still_to_undo} AND state = 'rolled back'");
    let awaited = |at| match at {
        Stage::Prepare => Awaited::OtherMigration,
        Stage::Quiet | Stage::Locking => {
            Awaited::Tables(strongest(steps.iter().flat_map(|step| &step.locks)))
        }
    };
    let sending = Sending {
        target,
        interrupt,
        lock_timeout: options.lock_timeout,
    };
    let locks = strongest(steps.iter().flat_map(|step| &step.locks));
    let mut turn = 0;
    let persist = Persist {
        sending,
        options,
        awaited: &awaited,
        recorded: &recorded,
    };
    let ended = persist.run(session, observer, |session, lock_timeout| {
        let conditions = session.server.conditions(lock_timeout, options.wait);
        let schema = session.schema.clone();
        let stages = |conditions: &Conditions| {
            rollback.undoing.stages(
                &schema,
                &rollback.stood,
                discard_rows,
                Records {
                    runs: &ids,
                    host: &options.host,
                    prisma: (!rollback.recorded_by_prisma.is_empty())
                        .then(|| prisma_record::rolled_back(&schema, &rollback.migration)),
                },
                conditions,
            )
        };
        let mut batch = Batch::default();
        let left = batch.write::<Count>(format!(
            "SELECT pg_catalog.count(*) AS rows FROM ({still_to_undo} AND state <> 'rolled back') r"
        ));
        let locking = AskedLocking::ask(session, &locks, &mut batch);
        let tables = AskedTables::ask(session, &mut batch);
        let question = format!(
            "SAVEPOINT reading;\n{}{};\nROLLBACK TO SAVEPOINT reading;\nRELEASE SAVEPOINT reading",
            settings_for(&session.schema),
            batch.sql()
        );
        let prepare = stages(&conditions).prepare;
        let judge = |_: &mut Session, answers: Vec<Rows>| {
            let mut answers = Answers::new(answers);
            let left = answers.one(left);
            let left = left.map_err(|unreadable| unreadable.doing("looking for the runs"))?;
            let conditions = Conditions {
                locking: locking.read(&mut answers, turn)?,
                ..conditions
            };
            turn += 1;
            let found = tables.tables(&mut answers)?;
            Ok(judge(rollback, left.rows, &found).map(|()| stages(&conditions)))
        };
        attempt(sending, session, &prepare, &question, judge)
    });
    let remedy = (locks.len() > 1).then_some(LockRemedy::LessLoad);
    match ended.map_err(|error| error.with_remedy(remedy))? {
        Persisted::Committed(committed) => Ok(committed),
        Persisted::Stopped(obstacle) => Err(ApplyError::Refused {
            obstacles: vec![obstacle],
        }),
        Persisted::Failed { error, .. } if error.sqlstate() == Some(HOLDS_ROWS) => {
            let rows = count(session, &rollback.undoing.discards)?;
            let obstacles = rows.iter().map(|(goes, rows)| holds_rows(goes, *rows));
            Err(ApplyError::Refused {
                obstacles: obstacles.collect(),
            })
        }
        Persisted::Failed { error, .. } => {
            let what = "rolling the migration back".to_owned();
            let failure = Failure::new(None, what, &error);
            Err(ApplyError::StepFailed(Box::new(failure)))
        }
    }
}

fn unless_rolled_back(runs: &[Uuid]) -> String {
    let runs: Vec<_> = runs.iter().map(|id| literal(&id.to_string())).collect();
    format!(
        "SELECT FROM leora_migrate.migration WHERE id IN ({})",
        runs.join(", ")
    )
}

/// Whether, under the lock, it is still what it was: nobody rolled it back, and the way back is the same.
fn judge(rollback: &Rollback, left: u64, found: &Tables) -> Result<(), Obstacle> {
    let now = undo(&done(&rollback.runs), &found.schema, &found.access);
    if usize::try_from(left) == Ok(rollback.runs.len()) && now == rollback.undoing {
        Ok(())
    } else {
        Err(Obstacle {
            reason: "the database has changed since it was looked at, so nothing was rolled back"
                .to_owned(),
            remedy: "Look again.".to_owned(),
        })
    }
}

fn holds_rows(goes: &Discarded, rows: u64) -> Obstacle {
    let rows = match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    Obstacle {
        reason: format!("{} holds {rows}, which would be lost", goes.name()),
        remedy: "Save them first, or give --discard-rows.".to_owned(),
    }
}
