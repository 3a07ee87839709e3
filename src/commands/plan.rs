//! `plan`: what would be done.

use std::fs;
use std::path::Path;

use super::Context;
use super::survey::{Connected, Survey};
use crate::cli::{PlanArgs, PlanFormat};
use crate::error::{Error, exit};
use crate::plan::Plan;
use crate::plan::record::Record;
use crate::plan::script::for_psql;
use crate::render::console::Console;
use crate::render::plan_text;
use crate::verify::advice::advise;

pub(super) fn run(context: &Context, args: &PlanArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let text = match args.format {
        PlanFormat::Text => text(&connected, &survey, &survey.plan),
        PlanFormat::Sql => sql(context, &connected, &survey),
        PlanFormat::Json => serde_json::to_string_pretty(&survey.plan).unwrap_or_default() + "\n",
    };
    match &args.out {
        None => context.console.result(&text),
        Some(path) => {
            write(path, &text)?;
            context.console.progress(&format!(
                "Wrote {} to {}.\n",
                survey.plan.summary(),
                path.display()
            ));
        }
    }
    Ok(
        match (
            survey.plan.refusals.is_empty(),
            survey.plan.steps.is_empty(),
        ) {
            (false, _) => exit::COULD_NOT,
            (true, false) if args.check => exit::FOUND,
            _ => exit::DONE,
        },
    )
}

/// A plan for people.
pub(super) fn text(connected: &Connected, survey: &Survey, plan: &Plan) -> String {
    let advice = advise(&survey.promise.whole, &survey.promise.created);
    plan_text::render(
        plan,
        &advice,
        &connected.target.endpoint(),
        Console::width(),
    )
}

fn sql(context: &Context, connected: &Connected, survey: &Survey) -> String {
    let server = &connected.session.server;
    let record = Record::of(&survey.plan, "psql", server.history());
    let settings = &context.settings;
    let conditions = server.conditions(settings.lock_timeout, settings.wait);
    for_psql(&survey.plan, &record, &conditions)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}
