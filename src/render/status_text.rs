//! Where a database stands, for people: what is applied or pending, then what happened, newest last.

use super::prisma_text;
use super::style::{bad, caution, good, strong, wrapped};
use super::words;
use crate::report::Subject;
use leora_core::model::replication::Slot;
use leora_core::model::{in_a_line, printable};
use leora_core::plan::Plan;
use leora_core::plan::prisma_record::PrismaRow;
use leora_core::verify::counted::counted;
use leora_db::history::{self, History, RolledBack, Run, RunState};

/// Writes the state of the database and its history, for a terminal of `width` columns. `prisma` is what
/// Prisma's history says of the migration, and which others stop it; of the logical `slots`, the inactive are named.
pub fn render(
    subject: &Subject,
    plan: &Plan,
    history: &History,
    prisma: &[PrismaRow],
    slots: &[Slot],
    width: usize,
) -> String {
    let runs: Vec<_> = history.runs.iter().map(Run::shown).collect();
    let subject = subject.shown();
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
    if let Some(remedy) = &history.closed {
        let line = format!(
            "{}, which this opens: {}",
            caution(history::CLOSED),
            printable(remedy)
        );
        out += &wrapped(&line, "", "  ", width);
    } else if runs.is_empty() {
        out += "no run is on record here\n";
    } else {
        out += &format!("\n{}\n", strong("History"));
        for (place, run) in runs.iter().enumerate() {
            let is_last = !runs[place + 1..].iter().any(|later| later.name == run.name);
            out += &one_run(run, is_last, width);
        }
    }
    for slot in slots.iter().filter(|slot| !slot.is_active) {
        let line = in_a_line(&format!(
            "logical slot {} is inactive: {}",
            slot.name.quoted(),
            slot.retained()
        ));
        out += &wrapped(&caution(&line), "", "  ", width);
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

/// `is_last`: whether no other run of the migration came after it.
fn one_run(run: &Run, is_last: bool, width: usize) -> String {
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
        // Who applied it is one, who rolled it back another.
        RunState::RolledBack if run.error.is_some() => "failed".to_owned(),
        RunState::RolledBack => "applied".to_owned(),
    };
    let rolled_back = run.rolled_back.as_ref();
    let back = rolled_back.map_or_else(String::new, |RolledBack { at, by, from }| {
        format!(", {} {at} by {by} from {from}", caution("rolled back"))
    });
    let place = if run.from_publisher {
        " on the publisher"
    } else {
        ""
    };
    let head = format!(
        "{} {} {state}{place} by {} from {}{from}{back}",
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
        let number = number + 1;
        lines.push(match run.state {
            RunState::Running => format!("step {number} ({what}) is under way since {since}"),
            _ if is_last => format!(
                "step {number} ({what}) was begun {since} and not ended; applying again finishes it"
            ),
            _ => format!("step {number} ({what}) was begun {since} and not ended"),
        });
    }
    lines.extend(run.error.clone());
    for line in lines {
        out += &wrapped(&line, "    ", "      ", width);
    }
    out
}
