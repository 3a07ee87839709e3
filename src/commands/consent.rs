//! Asking before anything is changed.

use super::Context;
use crate::error::Error;
use crate::render::console::Console;
use leora_core::plan::Plan;
use leora_core::plan::prisma_record::PrismaMigration;
use leora_core::verify::counted::counted;
use leora_db::rollback::Rollback;

/// Whether the plan may be applied.
pub(super) fn may_apply(
    context: &Context,
    plan: &Plan,
    to_record: Option<&PrismaMigration>,
) -> Result<bool, Error> {
    let steps = counted(plan.steps.len(), "step", "steps");
    let question = match to_record {
        None => format!("Apply {steps} to this database?"),
        Some(PrismaMigration { name, .. }) => {
            format!("Apply {steps} to this database, and record them as this?\n  {name}")
        }
    };
    agreed(context, "apply", &question)
}

/// Whether it may be recorded that everything exists.
pub(super) fn may_record(context: &Context, migration: &PrismaMigration) -> Result<bool, Error> {
    let question = format!(
        "Everything stands already. Record it as applied?\n  {}",
        migration.name
    );
    agreed(context, "apply", &question)
}

fn agreed(context: &Context, command: &str, question: &str) -> Result<bool, Error> {
    if !Console::can_ask() {
        return Err(Error::Usage(format!(
            "{command} asks before it changes anything, and there is no terminal to ask on; --yes answers"
        )));
    }
    Ok(context.console.ask(&format!("\n{question}")))
}

/// Whether the migration may be rolled back.
pub(super) fn may_roll_back(context: &Context, rollback: &Rollback) -> Result<bool, Error> {
    let lost: u64 = rollback.rows.values().sum();
    let question = match lost {
        0 => "Roll this back?".to_owned(),
        1 => "Roll this back, and lose 1 row?".to_owned(),
        rows => format!("Roll this back, and lose {rows} rows?"),
    };
    agreed(context, "rollback", &question)
}
