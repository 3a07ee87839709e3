//! Carrying a plan out on a database that others are using.
//!
//! Work that touches no table that stood before comes first, what needs the standing ones last, in
//! one round trip with COMMIT. Every wait for a lock is short; when one is not obtained, all is rolled
//! back and tried again, so that nobody waits behind us for longer than that.

mod attempt;
mod blockers;
mod contradictions;
mod error;
mod failing;
mod interrupt;
mod locking;
mod lone;
mod lost;
mod patience;
mod patient;
mod persist;
mod pooled;
mod preflight;
mod recording;
mod rest;
mod server;
mod watch;

use std::time::{Duration, Instant};

use uuid::Uuid;

use super::connect::Target;
use super::history_state::StateRow;
use super::introspect::{self, AskedTables, Tables};
use super::prisma_history;
use super::query::{Answers, Batch, Parameters, Query};
use super::rows;
use super::session::{QueryError, Rows, Session};
use leora_core::diff::compare;
use leora_core::model::Table;
use leora_core::model::name::literal;
use leora_core::plan::locking::strongest;
use leora_core::plan::prisma_record::PrismaMigration;
use leora_core::plan::record::{Home, Record};
use leora_core::plan::script::{self, Alone, Conditions, Exclusion, Stages, Unit};
use leora_core::plan::{Plan, Request, Step, basis, grants, plan as make_plan};

pub use blockers::{Awaited, Blocker, blockers};
pub use contradictions::contradictions;
pub use error::{
    ApplyError, Changed, Differs, Doubt, Failure, LockRemedy, Outcome, Partly, Stop, Tried,
};
pub use interrupt::Interrupt;
pub use locking::locking;
pub use patience::Waiting;
pub use patient::patiently;
pub use persist::Committed;
pub use preflight::{Obstacle, preflight};
pub use recording::history_may_be_written;
pub use watch::Progress;

use server::ServerIdentity;

/// All queries of these modules.
pub(crate) const QUERIES: [&[Query]; 8] = [
    blockers::QUERIES,
    locking::QUERIES,
    lone::QUERIES,
    lost::QUERIES,
    pooled::QUERIES,
    preflight::QUERIES,
    server::QUERIES,
    watch::QUERIES,
];

pub(crate) use preflight::preflight_of;

pub(crate) use attempt::{Ended, Sending, Stage, attempt};
pub(crate) use locking::AskedLocking;
pub(crate) use persist::{Persist, Persisted};

/// The name our connections go by.
pub const APPLICATION_NAME: &str = "leora-migrate";

/// How patient to be.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// How long the first attempt waits for its locks.
    pub first_lock_timeout: Duration,
    /// How long any attempt waits for its locks, at most: as long as writers may have to wait.
    pub lock_timeout: Duration,
    /// How long locks are tried for.
    pub wait: Duration,
    /// How long a server that was lost while it committed is given to come back and say what became
    /// of it.
    pub reconnect: Duration,
    /// The machine's name, for the history.
    pub host: String,
    /// The migration that Prisma's history gets to know with it.
    pub prisma: Option<PrismaMigration>,
}

impl ApplyOptions {
    /// Attempts of 50 to 500 ms, for five minutes.
    pub fn new(host: impl Into<String>) -> ApplyOptions {
        ApplyOptions {
            first_lock_timeout: Duration::from_millis(50),
            lock_timeout: Duration::from_millis(500),
            wait: Duration::from_secs(300),
            reconnect: Duration::from_secs(30),
            host: host.into(),
            prisma: None,
        }
    }
}

/// Who is told how it goes. Steps are named by their place in the plan.
pub trait Observer {
    /// Locks are waited for; said again and again while it lasts.
    fn waiting(&mut self, _waiting: &Waiting<'_>) {}
    /// A step that stands alone begins.
    fn step_begun(&mut self, _number: usize, _step: &Step) {}
    /// A step that stands alone goes on.
    fn progress(&mut self, _number: usize, _step: &Step, _progress: &Progress) {}
    /// A step is done, and stays.
    fn step_done(&mut self, _number: usize, _step: &Step) {}
}

/// Nobody is told.
impl Observer for () {}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was carried out.
    Done(Done),
    /// There was nothing to do, or somebody did it in the meantime.
    Already,
}

/// How a plan was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The run, as the history names it.
    pub run: Uuid,
    /// How its transactions went, taken together.
    pub transaction: Committed,
    /// How long all of it took.
    pub took: Duration,
}

/// Carries `plan` out and records it. `request` is what the plan was made for.
///
/// Under the lock that keeps migrations apart, what the plan was made from is read again. Where it has
/// changed, the plan is not carried out: either somebody did the same in the meantime, or it is an
/// error.
///
/// # Errors
///
/// See [`ApplyError`].
pub fn apply(
    target: &Target,
    session: &mut Session,
    plan: &Plan,
    request: &Request<'_>,
    options: &ApplyOptions,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Applied, ApplyError> {
    if !plan.refusals.is_empty() {
        let refusals = plan.refusals.clone();
        return Err(ApplyError::PlanRefused { refusals });
    }
    let obstacles = preflight(target, session, plan)?;
    if !obstacles.is_empty() {
        return Err(ApplyError::Refused { obstacles });
    }
    if plan.steps.is_empty() {
        return Ok(Applied::Already);
    }
    history_may_be_written(session.server.history)?;
    let request = Request {
        database: session.server.database(),
        ..request.clone()
    };
    let apply = Apply {
        sending: Sending {
            target,
            interrupt,
            lock_timeout: options.lock_timeout,
        },
        plan,
        request,
        options,
    };
    let began = Instant::now();
    let system = ServerIdentity::system(session)?;
    let home = system.map(|system_identifier| Home {
        system_identifier,
        database_oid: session.server.database_oid,
    });
    let mut record =
        Record::of(plan, &options.host, session.server.history).begun_on(home.as_ref());
    record.is_subscribed = session.server.history_is_subscribed;
    let Some(mut transaction) = apply.transaction(session, &mut record, observer)? else {
        return Ok(Applied::Already);
    };
    rest::run(&apply, session, &record, &mut transaction, observer)?;
    lone::run(&apply, session, &record, &mut transaction, observer)?;
    Ok(Applied::Done(Done {
        run: record.id,
        transaction,
        took: began.elapsed(),
    }))
}

/// What stays the same over all attempts.
struct Apply<'a> {
    sending: Sending<'a>,
    plan: &'a Plan,
    request: Request<'a>,
    options: &'a ApplyOptions,
}

impl Apply<'_> {
    /// The transaction, tried until it commits or the time is spent; `None` when there is nothing left
    /// to do.
    fn transaction(
        &self,
        session: &mut Session,
        record: &mut Record,
        observer: &mut dyn Observer,
    ) -> Result<Option<Committed>, ApplyError> {
        let recorded = format!(
            "SELECT FROM leora_migrate.migration WHERE id = {}",
            literal(&record.id.to_string())
        );
        let persist = Persist {
            sending: self.sending,
            options: self.options,
            awaited: &|at| self.awaited(at),
            recorded: &recorded,
        };
        let locks = strongest(self.first_steps().flat_map(|step| &step.locks));
        let mut turn = 0;
        let ended = persist.run(session, observer, |session, lock_timeout| {
            let conditions = self.conditions(session, lock_timeout);
            let prepare = self.units(record, &conditions).first.prepare;
            let version = session.server.version();
            let mut batch = Batch::default();
            let locking = AskedLocking::ask(session, &locks, &mut batch);
            let state = batch.ask::<StateRow>(version, &Parameters::default());
            let tables = AskedTables::ask(session, &mut batch);
            // Rolled back to: what is read leaves no setting behind.
            let question = format!(
                "SAVEPOINT reading;\n{}{};\nROLLBACK TO SAVEPOINT reading;\nRELEASE SAVEPOINT reading",
                introspect::settings_for(&session.schema),
                batch.sql()
            );
            let judge = |session: &mut Session, answers: Vec<Rows>| {
                let mut answers = Answers::new(answers);
                let conditions = Conditions {
                    locking: locking.read(&mut answers, turn)?,
                    ..conditions
                };
                turn += 1;
                let state = answers.take(state).and_then(|rows| StateRow::one(&rows));
                record.history =
                    state.map_err(|unreadable| unreadable.doing("looking for the history"))?;
                if let Err(error) = history_may_be_written(record.history) {
                    return Ok(Err(Verdict::NotRecorded(error)));
                }
                let found = tables.tables(&mut answers)?;
                if let Some(verdict) = self.has_changed(session, found)? {
                    return Ok(Err(verdict));
                }
                if let Some(migration) = &self.options.prisma {
                    match prisma_history::to_record(session, migration)? {
                        Ok(prisma) => record.prisma = prisma,
                        Err(obstacle) => return Ok(Err(Verdict::Refused(obstacle))),
                    }
                }
                Ok(Ok(self.units(record, &conditions).first))
            };
            let tried = attempt(self.sending, session, &prepare, &question, judge);
            let over = matches!(tried.ended, Ended::Committed { .. } | Ended::Lost { .. });
            if !over && !self.plan.is_one_transaction() {
                // When this fails, the session is gone, and the lock with it.
                drop(session.batch("letting other migrations in", &Exclusion::release()));
            }
            tried
        });
        let divided = self.plan.may_be_divided();
        let remedy = divided.then_some(LockRemedy::OneTableAtATime);
        let ended = ended.map_err(|error| error.with_remedy(remedy));
        match ended? {
            Persisted::Committed(committed) => Ok(Some(committed)),
            Persisted::Stopped(Verdict::Already) => Ok(None),
            Persisted::Stopped(Verdict::Changed(changed)) => Err(ApplyError::Changed(changed)),
            Persisted::Stopped(Verdict::NotRecorded(error)) => Err(error),
            Persisted::Stopped(Verdict::Refused(obstacle)) => Err(ApplyError::Refused {
                obstacles: vec![obstacle],
            }),
            Persisted::Failed { at, error } => {
                let failure = self.failure(session, at, &error);
                Err(ApplyError::StepFailed(Box::new(failure)))
            }
        }
    }

    fn conditions(&self, session: &Session, lock_timeout: Duration) -> Conditions {
        session.server.conditions(lock_timeout, self.options.wait)
    }

    /// The steps of the first transaction.
    fn first_steps(&self) -> impl Iterator<Item = &Step> {
        let groups = self.plan.transactions();
        let first = groups.into_iter().next().unwrap_or_default();
        first.into_iter().map(|(_, step)| step)
    }

    fn units(&self, record: &Record, conditions: &Conditions) -> Units {
        let mut units = Units::default();
        for (place, unit) in script::units(self.plan, record, conditions)
            .into_iter()
            .enumerate()
        {
            match unit {
                Unit::Transaction(stages) if place == 0 => units.first = stages,
                Unit::Transaction(stages) => units.rest.push(stages),
                Unit::Alone(step) => units.alone.push(step),
            }
        }
        units
    }

    /// Whether what stands is still what the plan was made from.
    fn has_changed(
        &self,
        session: &mut Session,
        found: Tables,
    ) -> Result<Option<Verdict>, QueryError> {
        let actual = found.schema;
        let created = self.request.created.iter();
        let stands = |table: &Table| table.kind.is_table();
        let standing = created.filter(|name| actual.tables.get(*name).is_some_and(stands));
        let empty = rows::empty(session, standing)?;
        let mut now = basis(&self.request, &actual, &empty);
        let with_grants = self.plan.basis.grants.is_some();
        now.grants = with_grants.then(|| grants(&self.request, &found.access));
        let then = &self.plan.basis;
        let database = &self.request.database;
        let other_database = *database != self.plan.database;
        if !other_database && now == *then {
            return Ok(None);
        }
        let plan = make_plan(&self.request, &actual, &empty);
        let plan = match now.grants.clone() {
            Some(grants) => plan.with_grants(grants, &actual),
            None => plan,
        };
        if plan.is_empty() {
            return Ok(Some(Verdict::Already));
        }
        let mut remarks = Vec::new();
        if other_database {
            let made_for = &self.plan.database;
            remarks.push(format!(
                "it was made for database {made_for}, and this is {database}"
            ));
        }
        if now.schema != then.schema {
            remarks.push(format!(
                "it was made for schema {}, and this is {}",
                then.schema.quoted(),
                now.schema.quoted()
            ));
        }
        if now.grants != then.grants {
            remarks.push(
                "the privileges on the existing tables are others, or those of the new ones"
                    .to_owned(),
            );
        }
        for table in now.held_rows.symmetric_difference(&then.held_rows) {
            let holds = if now.held_rows.contains(table) {
                "holds rows now"
            } else {
                "holds no rows any more"
            };
            remarks.push(format!("{} {holds}", table.quoted()));
        }
        Ok(Some(Verdict::Changed(Box::new(Changed {
            what: match (other_database, now == *then) {
                (false, _) => Differs::Content,
                (true, true) => Differs::Database,
                (true, false) => Differs::Both,
            },
            differences: compare(&now.stood, &then.stood),
            remarks,
            plan,
        }))))
    }

    fn awaited(&self, at: Stage) -> Awaited {
        if at == Stage::Prepare {
            return Awaited::OtherMigration;
        }
        Awaited::Tables(strongest(self.first_steps().flat_map(|step| &step.locks)))
    }
}

/// What is sent, in order.
#[derive(Default)]
struct Units {
    first: Stages,
    rest: Vec<Stages>,
    alone: Vec<Alone>,
}

/// Why a plan is not carried out, found under the lock.
enum Verdict {
    /// Somebody did it.
    Already,
    /// Something else is there.
    Changed(Box<Changed>),
    /// The history cannot be written to.
    NotRecorded(ApplyError),
    /// Prisma's history forbids it.
    Refused(Obstacle),
}
