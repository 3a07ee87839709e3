//! `status`: where the database stands.

use super::Context;
use super::survey::Connected;
use crate::cli::{Format, StatusArgs};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::{json, status_text};
use leora_core::plan::prisma_record::{PrismaState, is_of};
use leora_core::verify::evidence::Recorded;
use leora_db::{history, prisma_history};

pub(super) fn run(context: &Context, args: &StatusArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let history = history::read(&mut connected.session)?;
    let by_prisma = match &survey.facts.recorded {
        Recorded::ByPrisma(name) => Some(name.as_str()),
        _ => None,
    };
    let mut prisma = prisma_history::read(&mut connected.session)?.rows;
    // One that failed stops Prisma, whichever it is.
    prisma.retain(|row| {
        row.state == PrismaState::Failed || is_of(&row.name, survey.promise.migration)
    });
    let text = match args.format {
        Format::Text => {
            let subject = connected.subject();
            let width = Console::width();
            let slots = &survey.found.replication.slots;
            status_text::render(
                &subject,
                &survey.plan.shown(),
                &history,
                &prisma,
                slots,
                width,
            )
        }
        Format::Json => {
            let value = serde_json::json!({
                "subject": connected.subject(),
                "migration": survey.plan.migration,
                "pending": survey.plan.steps.len(),
                "refused": survey.plan.refusals,
                "summary": survey.plan.summary(),
                "recorded_by_prisma": by_prisma,
                "prisma_migrations": prisma,
                "runs": history.runs,
                "slots": survey.found.replication.slots,
                "history_closed": history.closed,
            });
            json::render(&value)
        }
    };
    context.console.result(&text);
    Ok(exit::DONE)
}
