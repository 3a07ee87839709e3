//! Steps that stand alone: recorded before and after, watched from a second connection.

use super::attempt::{Sending, is_worth_another_try, joined};
use super::blockers::Awaited;
use super::error::{ApplyError, Failure, Partly, Stop};
use super::patience::{Patience, Pause};
use super::persist::Committed;
use super::watch::Watch;
use super::{Apply, Observer};
use crate::query::{Answer as _, Parameters, Query, answer};
use crate::session::{QueryError, Session};
use leora_core::ddl::Change;
use leora_core::plan::Step;
use leora_core::plan::record::Record;
use leora_core::plan::script::{Alone, COMMIT_AS_CONFIGURED, Exclusion};

/// How long removing what a failed step left may wait for.
const CLEANING: &str = "SET lock_timeout = '5s'";

/// Does the steps that stand alone, one after the other. The transaction before them has committed; whether no standby
/// has confirmed the steps is added to what is known of it.
pub(super) fn run(
    apply: &Apply<'_>,
    session: &mut Session,
    record: &Record,
    so_far: &mut Committed,
    observer: &mut dyn Observer,
) -> Result<(), ApplyError> {
    let conditions = apply.conditions(session, apply.options.lock_timeout);
    let alone = apply.units(record, &conditions).alone;
    let (together, _) = apply.plan.together_and_alone();
    let mut done: Vec<usize> = together.iter().map(|(number, _)| *number).collect();
    session.heard().forget();
    for unit in &alone {
        let (Some(number), Some(step)) = unit
            .step
            .step
            .and_then(|number| Some((number, apply.plan.steps.get(number)?)))
            .unzip()
        else {
            continue;
        };
        observer.step_begun(number, step);
        let ended = if so_far.reconnected {
            // The lock that keeps migrations apart went with the session.
            Err((
                Stop::Lost("while the steps before it were committed".to_owned()),
                None,
            ))
        } else {
            one(apply, session, unit, (number, step), observer)
        };
        so_far.only_local |= session.heard().notices().only_local;
        if let Err((why, left_behind)) = ended {
            let left = (0..apply.plan.steps.len()).filter(|n| *n != number && !done.contains(n));
            let partly = Partly {
                left: left.collect(),
                at: number,
                what: step.change.summary(),
                done,
                why,
                left_behind,
            };
            return Err(stopped(apply, session, record, step, partly));
        }
        observer.step_done(number, step);
        done.push(number);
    }
    Ok(())
}

/// Why a step is not done, and what it left.
type Unfinished = (Stop, Option<String>);

/// One step, tried until it is done or the time for its locks is spent; else why not, and what it left.
fn one(
    apply: &Apply<'_>,
    session: &mut Session,
    unit: &Alone,
    (number, step): (usize, &Step),
    observer: &mut dyn Observer,
) -> Result<(), Unfinished> {
    let sending = apply.sending;
    let Sending {
        target, interrupt, ..
    } = sending;
    let failure = |error: &QueryError| match error.is_loss() {
        true => Stop::Lost(error.to_string()),
        false => Stop::Failed(Box::new(Failure::new(
            Some(number),
            step.change.summary(),
            error,
        ))),
    };
    let mut patience = Patience::new(apply.options);
    loop {
        if interrupt.signal().is_some() {
            return Err((Stop::Interrupted, None));
        }
        patience.next_lock_timeout();
        let begins = joined(&unit.before);
        let before = sending.record(session, "recording that a step begins", &begins);
        before.map_err(|error| (failure(&error), None))?;
        let mut watch = Watch::new(target, session, &patience, (number, step));
        let ended = interrupt.send(
            target,
            session,
            "doing a step that stands alone",
            &unit.step.sql,
            &mut || {
                watch.look(observer);
                false
            },
        );
        let blockers = watch.blockers;
        let Err(error) = ended else {
            let ends = joined(&unit.after);
            let after = sending.record(session, "recording that a step ended", &ends);
            return after.map(drop).map_err(|error| (failure(&error), None));
        };
        if error.is_loss() {
            return Err((failure(&error), None));
        }
        let left_behind = clean(session, step, &error);
        if interrupt.signal().is_some() && error.sqlstate() == Some("57014") {
            return Err((Stop::Interrupted, left_behind));
        }
        if error.sqlstate() == Some("55P03") {
            // Its lock_timeout is all of the time allowed.
            let tried = patience.tried(blockers, false);
            return Err((Stop::Locked(tried), left_behind));
        }
        if !is_worth_another_try(&error) || left_behind.is_some() {
            return Err((failure(&error), left_behind));
        }
        let awaited = Awaited::Tables(step.locks.clone());
        match patience.pause(session, &awaited, interrupt, observer) {
            Ok(Pause::Over) => {}
            Ok(Pause::Spent(tried)) => return Err((Stop::Locked(tried), None)),
            Ok(Pause::Interrupted(_)) => return Err((Stop::Interrupted, None)),
            Err(error) => return Err((failure(&error), None)),
        }
    }
}

/// Drops the index that a failed CREATE INDEX CONCURRENTLY left, INVALID; says what is left when that
/// does not work either. A signal does not cut it short.
fn clean(session: &mut Session, step: &Step, error: &QueryError) -> Option<String> {
    let Change::CreateIndex {
        name,
        concurrently: true,
        ..
    } = &step.change
    else {
        return None;
    };
    // Duplicate table: the index there is not ours.
    if error.sqlstate() == Some("42P07") {
        return None;
    }
    let schema = session.schema.quoted_plain();
    let qualified = format!("{schema}.{}", name.quoted_plain());
    let parameters = Parameters::default().text("index", qualified.as_str());
    let found = session.query::<InvalidIndex>("looking for an invalid index", &parameters);
    if !found.is_ok_and(|rows| rows.iter().any(|row| row.is_invalid)) {
        return None;
    }
    let dropped = session.batch("limiting the wait", CLEANING).and_then(|_| {
        session.batch(
            "dropping an invalid index",
            &format!("DROP INDEX CONCURRENTLY {qualified}"),
        )
    });
    dropped.is_err().then(|| {
        format!(
            "index {} behind, INVALID, which the next apply drops and builds anew",
            name.quoted()
        )
    })
}

/// Records that the run is over, lets other migrations in, and says what it came to. When nothing was
/// done before and nothing is left behind, nothing has changed.
pub(super) fn stopped(
    apply: &Apply<'_>,
    session: &mut Session,
    record: &Record,
    step: &Step,
    partly: Partly,
) -> ApplyError {
    if !matches!(partly.why, Stop::Lost(_)) {
        let end = record.fail(&partly.why.to_string(), partly.left_behind.is_none());
        let end = format!("{COMMIT_AS_CONFIGURED};\n{end};\n{}", Exclusion::release());
        // What it came to is said in any case; a record that still says `running` is put right by the
        // next run.
        let recorded = apply
            .sending
            .record(session, "recording that the run is over", &end);
        drop(recorded);
    }
    let nothing_changed = partly.done.is_empty() && partly.left_behind.is_none();
    let signal = apply.sending.interrupt.signal().unwrap_or_default();
    match partly.why {
        Stop::Interrupted => ApplyError::Interrupted {
            signal,
            partly: (!nothing_changed).then(|| Box::new(partly)),
        },
        Stop::Failed(failure) if nothing_changed => ApplyError::StepFailed(failure),
        Stop::Locked(tried) if nothing_changed => ApplyError::LockNotObtained {
            awaited: Awaited::Tables(step.locks.clone()),
            tried,
            remedy: None,
        },
        _ => ApplyError::PartlyApplied(Box::new(partly)),
    }
}

answer! {
    struct InvalidIndex of "is_invalid_index" {
        is_invalid: bool,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[InvalidIndex::QUERY];
