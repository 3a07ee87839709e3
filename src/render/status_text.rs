//! Where a database stands, for people: what is applied or pending, then what happened, newest last.

use super::prisma_text;
use super::style::{bad, caution, good, strong};
use crate::db::history::{Run, RunState};
use crate::plan::Plan;
use crate::plan::prisma_record::PrismaRow;
use crate::report::Subject;

/// Writes the state of the database and its history, for a terminal of `width` columns. `prisma` is what
/// Prisma's history says of the migration, and which others stop it.
pub fn render(
    subject: &Subject,
    plan: &Plan,
    runs: &[Run],
    prisma: &[PrismaRow],
    width: usize,
) -> String {
    let mut out = format!(
        "{}, schema {}, PostgreSQL {}\n",
        subject.endpoint, subject.schema, subject.server_version
    );
    out += &format!("{}: {}\n", strong(&plan.migration), standing(plan));
    for refusal in &plan.refusals {
        out += &format!("  - {}\n", refusal.reason);
    }
    if runs.is_empty() {
        out += "no run is on record here\n";
    } else {
        out += &format!("\n{}\n", strong("History"));
        for run in runs {
            out += &one_run(run);
        }
    }
    if !prisma.is_empty() {
        out += &format!("\n{}\n", strong("Prisma's history"));
    }
    out += &prisma_text::rows(prisma.iter(), width);
    out
}

fn standing(plan: &Plan) -> String {
    match (plan.refusals.is_empty(), plan.steps.is_empty()) {
        (false, _) => bad("in conflict with what stands"),
        (true, true) => good("applied, nothing pending"),
        (true, false) => caution(&format!("pending: {}", plan.summary())),
    }
}

fn one_run(run: &Run) -> String {
    let from = run
        .client_address
        .as_deref()
        .map(|address| format!(" ({address})"))
        .unwrap_or_default();
    let steps = run.steps.as_ref().map_or(run.steps_done, Vec::len);
    let state = match run.state {
        RunState::Applied => good("applied"),
        RunState::Running => caution("running"),
        RunState::CutOff => bad("cut off"),
        RunState::Failed => bad("failed"),
        RunState::RolledBack => caution("rolled back"),
    };
    let mut out = format!(
        "  {} {} {state} by {} from {}{from}, {} of {steps} steps in {} ms\n    leora-migrate {} on PostgreSQL {}, run {}\n",
        run.started_at,
        run.name,
        run.applied_by,
        run.host,
        run.steps_done,
        run.took.as_millis(),
        run.tool_version,
        run.server_version,
        run.id,
    );
    if let Some(number) = run.running_step {
        let what = run
            .steps
            .as_ref()
            .and_then(|steps| steps.get(number))
            .map(|step| step.change.summary());
        let since = run.step_started_at.as_deref().unwrap_or("an unknown time");
        out += &format!(
            "    step {} ({}) is under way since {since}; applying again finishes it\n",
            number + 1,
            what.unwrap_or_else(|| "unknown".to_owned())
        );
    }
    if let Some(error) = &run.error {
        out += &format!("    {error}\n");
    }
    if let Some(rolled_back) = &run.rolled_back {
        out += &format!(
            "    rolled back {} by {} from {}\n",
            rolled_back.at, rolled_back.by, rolled_back.from
        );
    }
    out
}
