//! Sentences about a plan that more than one renderer says.

use leora_core::plan::locking::strongest;
use leora_core::plan::{Lock, Plan, Refusal, Remark, Step, Undo};
use leora_core::verify::counted::counted;

/// How a part of a sentence is made to stand out.
pub type Paint = fn(&str) -> String;

/// What the plan comes to, in a sentence or two.
pub fn headline(plan: &Plan) -> String {
    painted_headline(plan, str::to_owned, str::to_owned, str::to_owned)
}

/// The same, with what it comes to, what is added and what is refused standing out.
pub fn painted_headline(plan: &Plan, strong: Paint, good: Paint, bad: Paint) -> String {
    if !plan.refusals.is_empty() {
        let refused = bad("Refused");
        return format!("{refused}: nothing is done while something stands in the way.");
    }
    if plan.steps.is_empty() {
        return format!("{}: everything stands already.", good("Nothing to do"));
    }
    let else_ = if plan.drops_invalid_indexes() {
        "Nothing else"
    } else {
        "Nothing"
    };
    format!(
        "{}: {}. {else_} is dropped, retyped or rewritten.",
        strong(&counted(plan.steps.len(), "step", "steps")),
        good(&plan.summary())
    )
}

/// What stands in the way, with the code that `explain` takes.
pub fn refusal(refusal: &Refusal) -> String {
    format!("{} ({})", refusal.reason, refusal.code)
}

/// A remark, of which a warning says that it is one.
pub fn remark(remark: &Remark) -> String {
    match remark.is_warning {
        true => format!("warning: {}", remark.text),
        false => remark.text.clone(),
    }
}

/// Which steps share a transaction, how it takes its locks, and who waits for it.
pub fn how_it_runs(plan: &Plan) -> String {
    let (together, alone) = plan.together_and_alone();
    let one = plan.transactions().len() == 1;
    let mut text = match (one, alone.is_empty()) {
        (true, true) => "All in one transaction: it happens whole or not at all.".to_owned(),
        (true, false) => "What can share a transaction does; each other step stands alone and is recorded, so that \
             running again goes on where it stopped."
            .to_owned(),
        (false, _) => "One existing table at a time, each in a transaction of its own that is recorded, so that running \
             again goes on where it stopped."
            .to_owned(),
    };
    let blocking = strongest(together.iter().flat_map(|(_, step)| &step.locks));
    let names: Vec<_> = blocking.iter().map(|lock| lock.table.quoted()).collect();
    let names = names.join(" and ");
    if let [_] = blocking[..] {
        text += &format!(
            " The lock on {names} is first asked for without waiting, then waited for; when it is not free in time, the \
             transaction gives way and tries again. Writes wait only while the last steps commit."
        );
    } else if !blocking.is_empty() && one {
        text += &format!(
            " The locks on {names} are first asked for without waiting, all or none; then one is waited for, and the \
             others for 10 ms each at most. When they are not free in time, the transaction gives way and tries again. Writes \
             wait only while the last steps commit."
        );
    } else if !blocking.is_empty() {
        text += &format!(
            " The lock on each of {names} is first asked for without waiting, then waited for; when it is not free in \
             time, its transaction gives way and tries again. Writes wait only while that transaction commits."
        );
    }
    text
}

/// What a step locks of what stood before.
pub fn locks(step: &Step) -> String {
    painted_locks(step, str::to_owned)
}

/// The same, with what writers wait for standing out.
pub fn painted_locks(step: &Step, caution: Paint) -> String {
    let one = |lock: &Lock| {
        let (mode, table) = (lock.mode, lock.table.quoted());
        let text = format!("{mode} on {table} ({})", mode.effect());
        if mode.blocks_writes() {
            caution(&text)
        } else {
            text
        }
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
