//! The transactions after the first, where existing tables are locked one at a time. Each goes on with the record of the
//! run; the lock that keeps other migrations out is held over all of them.

use super::attempt::{Stage, attempt};
use super::blockers::Awaited;
use super::error::{ApplyError, Failure, Outcome, Partly, Stop};
use super::failing::named_step;
use super::locking::AskedLocking;
use super::lone::stopped;
use super::persist::{Committed, Persist, Persisted};
use super::{Apply, Observer};
use crate::query::{Answers, Batch};
use crate::session::{QueryError, Rows, Session};
use leora_core::model::name::literal;
use leora_core::plan::locking::strongest;
use leora_core::plan::record::Record;
use leora_core::plan::script::{Conditions, Numbered};

/// Carries them out, and adds how they went to how the first went, which has committed.
pub(super) fn run(
    apply: &Apply<'_>,
    session: &mut Session,
    record: &Record,
    so_far: &mut Committed,
    observer: &mut dyn Observer,
) -> Result<(), ApplyError> {
    let groups = apply.plan.transactions();
    let mut done: Vec<usize> = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        if let (true, Some(&(at, step))) = (place > 0, group.first()) {
            let ended = if so_far.reconnected {
                // The lock that keeps migrations apart went with the session.
                Err(Stop::Lost(
                    "while the steps before it were committed".to_owned(),
                ))
            } else {
                let all = done.len() + group.len();
                one(apply, session, record, (place, group), all, observer)?
            };
            match ended {
                Ok(committed) => so_far.add(&committed),
                Err(why) => {
                    let partly = Partly {
                        at,
                        what: step.change.summary(),
                        left: (at + 1..apply.plan.steps.len()).collect(),
                        done,
                        why,
                        left_behind: None,
                    };
                    return Err(stopped(apply, session, record, step, partly));
                }
            }
        }
        for &(number, step) in group {
            observer.step_done(number, step);
            done.push(number);
        }
    }
    Ok(())
}

/// The transaction at `place`, tried until it commits or the time for its locks is spent. With it, `all` of the plan's
/// first steps are done.
fn one(
    apply: &Apply<'_>,
    session: &mut Session,
    record: &Record,
    (place, group): (usize, &[Numbered<'_>]),
    all: usize,
    observer: &mut dyn Observer,
) -> Result<Result<Committed, Stop>, ApplyError> {
    let locks = strongest(group.iter().flat_map(|(_, step)| &step.locks));
    let recorded = format!(
        "SELECT FROM leora_migrate.migration WHERE id = {} AND steps_done >= {all}",
        literal(&record.id.to_string())
    );
    let persist = Persist {
        sending: apply.sending,
        options: apply.options,
        awaited: &|_| Awaited::Tables(locks.clone()),
        recorded: &recorded,
    };
    let stages = |conditions: &Conditions| {
        let rest = apply.units(record, conditions).rest;
        rest.into_iter().nth(place - 1).unwrap_or_default()
    };
    let ended = persist.run(session, observer, |session, lock_timeout| {
        let conditions = apply.conditions(session, lock_timeout);
        let prepare = stages(&conditions).prepare;
        // An answer in place of the lock's, which is held already.
        let mut batch = Batch::default();
        let asked = AskedLocking::ask(session, &locks, &mut batch);
        let question = format!("SELECT;\n{}", batch.sql());
        let judge = |_: &mut Session, answers: Vec<Rows>| {
            let locking = asked.read(&mut Answers::new(answers), 0)?;
            Ok(Ok::<_, QueryError>(stages(&Conditions {
                locking,
                ..conditions
            })))
        };
        attempt(apply.sending, session, &prepare, &question, judge)
    });
    Ok(match ended {
        Ok(Persisted::Committed(committed)) => Ok(committed),
        Ok(Persisted::Stopped(error)) => Err(failed(group, &error)),
        Ok(Persisted::Failed {
            at: Stage::Locking,
            error,
        }) => Err(failed(group, &error)),
        Ok(Persisted::Failed { error, .. }) => Err(failed(&[], &error)),
        Err(ApplyError::LockNotObtained { tried, .. }) => Err(Stop::Locked(tried)),
        Err(ApplyError::Interrupted { .. }) => Err(Stop::Interrupted),
        Err(ApplyError::ConnectionLost {
            outcome: Outcome::RolledBack | Outcome::Unknown { .. },
            cause,
        }) => Err(Stop::Lost(cause)),
        // What a new primary has is not known of the transactions before it either.
        Err(other) => return Err(other),
    })
}

fn failed(group: &[Numbered<'_>], error: &QueryError) -> Stop {
    let what = "changing an existing table".to_owned();
    Stop::Failed(Box::new(Failure::new(
        named_step(group, error),
        what,
        error,
    )))
}
