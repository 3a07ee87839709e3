//! `status`: where the database stands.

use super::Context;
use super::survey::Connected;
use crate::cli::{Format, StatusArgs};
use crate::db::history;
use crate::error::{Error, exit};
use crate::render::status_text;
use crate::verify::evidence::Recorded;

pub(super) fn run(context: &Context, args: &StatusArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let history = history::read(&mut connected.session)?;
    let by_prisma = match &survey.facts.recorded {
        Recorded::ByPrisma(name) => Some(name.as_str()),
        Recorded::Here(_) | Recorded::Nowhere => None,
    };
    let text = match args.format {
        Format::Text => {
            status_text::render(&connected.subject(), &survey.plan, &history.runs, by_prisma)
        }
        Format::Json => {
            let value = serde_json::json!({
                "subject": connected.subject(),
                "migration": survey.plan.migration,
                "pending": survey.plan.steps.len(),
                "refused": survey.plan.refusals,
                "summary": survey.plan.summary(),
                "recorded_by_prisma": by_prisma,
                "runs": history.runs,
            });
            format!("{value:#}\n")
        }
    };
    context.console.result(&text);
    Ok(exit::DONE)
}
