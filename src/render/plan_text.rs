//! A plan as people review it: the summary first, then each step, then what to know.

use super::diff;
use super::style::{bad, caution, faint, good, strong, wrapped};
use super::words;
use crate::report::ObjectDiff;
use leora_core::plan::{Plan, Remark, Step, Transaction};
use leora_core::verify::advice::Advice;

/// Writes `plan` for a terminal of `width` columns. `advice` is what the design leaves open, `diffs`
/// the tables that are refused.
pub fn render(
    plan: &Plan,
    advice: &[Advice],
    diffs: &[ObjectDiff],
    endpoint: &str,
    width: usize,
) -> String {
    let head = format!(
        "{} on {endpoint}, schema {}",
        strong(&plan.migration),
        plan.schema
    );
    let mut out = wrapped(&head, "", "  ", width);
    let headline = words::painted_headline(plan, strong, good, bad);
    out += &wrapped(&headline, "", "", width);
    if !plan.refusals.is_empty() {
        refusals(&mut out, plan, width);
        out.extend(
            diffs
                .iter()
                .map(|object| format!("\n{}", diff::coloured(&diff::of(object), width))),
        );
        return out;
    }
    let remarks = plan.remarks();
    if !remarks.is_empty() {
        out.push('\n');
    }
    for remark in &remarks {
        out += &one_remark(remark, width);
    }
    for (number, step) in plan.steps.iter().enumerate() {
        out += &one_step(number, step, width);
    }
    if !plan.steps.is_empty() {
        out += &format!("\n{}", wrapped(&words::how_it_runs(plan), "", "", width));
    }
    notes(&mut out, plan, advice, width);
    out
}

fn refusals(out: &mut String, plan: &Plan, width: usize) {
    for refusal in &plan.refusals {
        *out += &wrapped(&words::refusal(refusal), "\n  - ", "    ", width);
        *out += &wrapped(&refusal.remedy, "    ", "    ", width);
    }
}

/// A sentence about the plan, in lines of its own.
pub fn one_remark(remark: &Remark, width: usize) -> String {
    let text = match remark.is_warning {
        true => caution(&words::remark(remark)),
        false => words::remark(remark),
    };
    wrapped(&text, "", "  ", width)
}

fn one_step(number: usize, step: &Step, width: usize) -> String {
    let number = faint(&format!("{:>2}.", number + 1));
    let heading = format!("{number} {}", strong(&step.change.summary()));
    let mut out = format!("\n{}", wrapped(&heading, "", "    ", width));
    for line in step.sql.lines() {
        let words = line.trim_start();
        let indent = " ".repeat(4 + line.len() - words.len());
        out += &wrapped(&good(words), &indent, &format!("{indent}  "), width);
    }
    let mut facts = vec![
        format!("locks: {}", words::painted_locks(step, caution)),
        format!("undo:  {}", words::undo(step)),
    ];
    if step.transaction == Transaction::Alone {
        facts.push("alone: outside the transaction, recorded before and after".to_owned());
    }
    for fact in facts {
        out += &wrapped(&fact, "    ", "           ", width);
    }
    out
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
        let more = faint("verify says more of each, with the SQL that would settle it.");
        *out += &wrapped(&more, "    ", "    ", width);
    }
}
