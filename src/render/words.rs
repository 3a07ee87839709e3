//! Sentences about a plan that more than one renderer says.

use crate::plan::{Lock, Plan, Step, Undo};

/// What the plan comes to, in one sentence.
pub fn headline(plan: &Plan) -> String {
    match plan.steps.len() {
        0 if plan.refusals.is_empty() => "Nothing to do: everything stands already.".to_owned(),
        _ if !plan.refusals.is_empty() => {
            "Refused: nothing is done while something stands in the way.".to_owned()
        }
        1 => format!(
            "1 step: {}. Nothing is dropped, retyped or rewritten.",
            plan.summary()
        ),
        n => format!(
            "{n} steps: {}. Nothing is dropped, retyped or rewritten.",
            plan.summary()
        ),
    }
}

/// Whether it is one transaction, and who waits for it.
pub fn how_it_runs(plan: &Plan) -> String {
    let mut text = if plan.is_one_transaction() {
        "All in one transaction: it happens whole or not at all.".to_owned()
    } else {
        "What can share a transaction does; each other step stands alone and is recorded, so that \
         running again goes on where it stopped."
            .to_owned()
    };
    let blocking = plan.blocking_locks();
    if !blocking.is_empty() {
        let names: Vec<_> = blocking.keys().map(|name| name.quoted()).collect();
        text += &format!(
            " Writes to {} wait only while the last steps commit; when a lock is not free at once, \
             the transaction gives way and tries again.",
            names.join(" and ")
        );
    }
    text
}

/// What a step locks of what stood before.
pub fn locks(step: &Step) -> String {
    let one = |lock: &Lock| {
        let (mode, table) = (lock.mode, lock.table.quoted());
        format!("{mode} on {table} ({})", mode.effect())
    };
    if step.locks.is_empty() {
        return "nothing that stood before".to_owned();
    }
    step.locks.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How a step is taken back.
pub fn undo(step: &Step) -> String {
    match &step.undo {
        Undo::Sql(sql) => format!("{sql};"),
        Undo::Nothing(reason) => format!("nothing of its own: {reason}"),
    }
}
