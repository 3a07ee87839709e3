//! A plan as people review it: the summary first, then each step, then what to know.

use super::diff;
use super::style::{bad, caution, faint, good, strong, wrapped};
use crate::plan::{Plan, Step, Transaction, Undo};
use crate::report::ObjectDiff;
use crate::verify::advice::Advice;

/// Writes `plan` for a terminal of `width` columns. `advice` is what the design leaves open, `diffs`
/// the tables that are refused.
pub fn render(
    plan: &Plan,
    advice: &[Advice],
    diffs: &[ObjectDiff],
    endpoint: &str,
    width: usize,
) -> String {
    let mut out = format!(
        "{} on {endpoint}, schema {}\n",
        strong(&plan.migration),
        plan.schema
    );
    if !plan.refusals.is_empty() {
        refusals(&mut out, plan, width);
        out.extend(
            diffs
                .iter()
                .map(|object| format!("\n{}", diff::coloured(&diff::of(object)))),
        );
        return out;
    }
    out += &wrapped(&headline(plan), "", "", width);
    for (number, step) in plan.steps.iter().enumerate() {
        out += &one_step(number, step, width);
    }
    if !plan.steps.is_empty() {
        out += &how_it_runs(plan, width);
    }
    notes(&mut out, plan, advice, width);
    out
}

fn headline(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return format!("{}: everything stands already.", good("Nothing to do"));
    }
    let n = plan.steps.len();
    let steps = if n == 1 { "step" } else { "steps" };
    let else_ = if plan.drops_invalid_indexes() {
        "Nothing else"
    } else {
        "Nothing"
    };
    format!(
        "{}: {}. {else_} is dropped, retyped or rewritten.",
        strong(&format!("{n} {steps}")),
        good(&plan.summary())
    )
}

fn refusals(out: &mut String, plan: &Plan, width: usize) {
    *out += &format!(
        "{}: nothing is done. What stands in the way:\n",
        bad("Refused")
    );
    for refusal in &plan.refusals {
        *out += &wrapped(&refusal.reason, "\n  - ", "    ", width);
        *out += &wrapped(&refusal.remedy, "    ", "    ", width);
    }
}

fn one_step(number: usize, step: &Step, width: usize) -> String {
    let mut out = format!(
        "\n{} {}\n",
        faint(&format!("{:>2}.", number + 1)),
        strong(&step.change.summary())
    );
    for line in step.sql.lines() {
        out += &format!("    {}\n", good(line));
    }
    out += &wrapped(
        &format!("locks: {}", locks(step)),
        "    ",
        "           ",
        width,
    );
    let undo = match &step.undo {
        Undo::Sql(sql) => sql.clone(),
        Undo::Nothing(reason) => format!("nothing of its own: {reason}"),
    };
    out += &wrapped(&format!("undo:  {undo}"), "    ", "           ", width);
    if step.transaction == Transaction::Alone {
        out += &wrapped(
            "alone: outside the transaction, recorded before and after",
            "    ",
            "           ",
            width,
        );
    }
    out
}

fn locks(step: &Step) -> String {
    if step.locks.is_empty() {
        return "nothing that stood before".to_owned();
    }
    let one = |lock: &crate::plan::Lock| {
        let text = format!(
            "{} on {} ({})",
            lock.mode,
            lock.table.quoted(),
            lock.mode.effect()
        );
        if lock.mode.blocks_writes() {
            caution(&text)
        } else {
            text
        }
    };
    step.locks.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn how_it_runs(plan: &Plan, width: usize) -> String {
    let blocking = plan.blocking_locks();
    let mut text = if plan.is_one_transaction() {
        "All in one transaction: it happens whole or not at all.".to_owned()
    } else {
        "What can share a transaction does; each other step stands alone and is recorded, so that running again \
         goes on where it stopped."
            .to_owned()
    };
    if !blocking.is_empty() {
        let names: Vec<_> = blocking.keys().map(|name| name.quoted()).collect();
        text += &format!(
            " Writes to {} wait only while the last steps commit; when a lock is not free at once, the transaction \
             gives way and tries again.",
            names.join(" and ")
        );
    }
    format!("\n{}", wrapped(&text, "", "", width))
}

fn notes(out: &mut String, plan: &Plan, advice: &[Advice], width: usize) {
    if plan.notes.is_empty() && advice.is_empty() {
        return;
    }
    *out += &format!("\n{}\n", strong("Notes"));
    for note in &plan.notes {
        *out += &wrapped(note, "  - ", "    ", width);
    }
    for advice in advice {
        *out += &wrapped(&format!("{}.", advice.title), "  - ", "    ", width);
    }
    if !advice.is_empty() {
        *out += &faint("    verify says more of each, with the SQL that would settle it.\n");
    }
}
