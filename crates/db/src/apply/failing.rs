//! Which step of a transaction failed.

use super::Apply;
use super::attempt::{Stage, joined, roll_back};
use super::error::Failure;
use crate::session::{QueryError, Session};
use leora_core::plan::Step;
use leora_core::plan::record::Record;
use leora_core::plan::script::{Numbered, Statement};

impl Apply<'_> {
    /// Which step failed. PostgreSQL names the statement nowhere, so the quiet part, which nobody
    /// waits for, is tried once more, statement by statement, and rolled back; in the locking part the
    /// names in the error tell.
    pub(super) fn failure(&self, session: &mut Session, at: Stage, error: &QueryError) -> Failure {
        let steps = &self.plan.steps;
        let step = match at {
            Stage::Prepare => None,
            Stage::Quiet => self.failing_statement(session, error),
            Stage::Locking => {
                let groups = self.plan.transactions();
                groups.first().and_then(|steps| named_step(steps, error))
            }
        };
        let what = match (step.and_then(|place| steps.get(place)), at) {
            (Some(step), _) => step.change.summary(),
            (None, Stage::Prepare) => "preparing the transaction".to_owned(),
            (None, Stage::Quiet) => "recording the migration".to_owned(),
            (None, Stage::Locking) => "changing the tables that stand".to_owned(),
        };
        Failure::new(step, what, error)
    }

    fn failing_statement(&self, session: &mut Session, error: &QueryError) -> Option<usize> {
        let conditions = self.conditions(session, self.options.lock_timeout);
        let record = Record::of(self.plan, &self.options.host, session.server.history);
        let stages = self.units(&record, &conditions).first;
        let opening = format!("BEGIN;\n{}", joined(&stages.prepare));
        session
            .batch("looking for the step that failed", &opening)
            .ok()?;
        let fails = |statement: &&Statement| {
            let again = session.batch("looking for the step that failed", &statement.sql);
            again.is_err_and(|again| again.sqlstate() == error.sqlstate())
        };
        let mut of_steps = stages
            .quiet
            .iter()
            .filter(|statement| statement.step.is_some());
        let found = of_steps.find(fails).and_then(|statement| statement.step);
        roll_back(session).ok()?;
        found
    }
}

/// The one of the steps that an error names.
pub(super) fn named_step(steps: &[Numbered<'_>], error: &QueryError) -> Option<usize> {
    let mut places = steps.iter().filter(|(_, step)| is_named(step, error));
    let (place, _) = places.next()?;
    places.next().is_none().then_some(*place)
}

/// Whether an error names what the step makes.
fn is_named(step: &Step, error: &QueryError) -> bool {
    let Some(db) = error.refusal() else {
        return false;
    };
    let name = step.change.object_name();
    db.constraint() == Some(name.as_str()) || db.message().contains(&name.quoted())
}
