//! Where a database stands, for people: what is applied or pending, then what happened, newest last.

use super::prisma_text;
use super::style::{bad, caution, good, strong, wrapped};
use super::words;
use crate::db::history::{RolledBack, Run, RunState};
use crate::plan::Plan;
use crate::plan::prisma_record::PrismaRow;
use crate::report::Subject;
use crate::verify::checklist::counted;

/// Writes the state of the database and its history, for a terminal of `width` columns. `prisma` is what
/// Prisma's history says of the migration, and which others stop it.
pub fn render(
    subject: &Subject,
    plan: &Plan,
    runs: &[Run],
    prisma: &[PrismaRow],
    width: usize,
) -> String {
    let head = format!(
        "{}, schema {}, PostgreSQL {}",
        subject.endpoint, subject.schema, subject.server_version
    );
    let mut out = wrapped(&head, "", "  ", width);
    let line = format!("{} is {}", strong(&plan.migration), standing(plan));
    out += &wrapped(&line, "", "  ", width);
    for refusal in &plan.refusals {
        out += &wrapped(&words::refusal(refusal), "  - ", "    ", width);
    }
    if runs.is_empty() {
        out += "no run is on record here\n";
    } else {
        out += &format!("\n{}\n", strong("History"));
        for run in runs {
            out += &one_run(run, width);
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

fn one_run(run: &Run, width: usize) -> String {
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
    let head = format!(
        "{} {} {state} by {} from {}{from}",
        run.started_at, run.name, run.applied_by, run.host
    );
    let mut out = wrapped(&head, "  ", "    ", width);
    let mut lines = vec![
        format!(
            "{} of {} in {} ms",
            run.steps_done,
            counted(steps, "step", "steps"),
            run.took.as_millis()
        ),
        format!(
            "leora-migrate {} on PostgreSQL {}, run {}",
            run.tool_version, run.server_version, run.id
        ),
    ];
    if let Some(number) = run.running_step {
        let steps = run.steps.as_ref();
        let what = steps
            .and_then(|steps| steps.get(number))
            .map_or_else(|| "unknown".to_owned(), |step| step.change.summary());
        let since = run.step_started_at.as_deref().unwrap_or("an unknown time");
        lines.push(format!(
            "step {} ({what}) is under way since {since}; applying again finishes it",
            number + 1
        ));
    }
    lines.extend(run.error.clone());
    if let Some(RolledBack { at, by, from }) = &run.rolled_back {
        lines.push(format!("rolled back {at} by {by} from {from}"));
    }
    for line in lines {
        out += &wrapped(&line, "    ", "      ", width);
    }
    out
}
