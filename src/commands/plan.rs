//! `plan`: what would be done.

use super::survey::{Connected, Survey};
use super::{Context, reports};
use crate::cli::{PlanArgs, PlanFormat};
use crate::error::{Error, exit};
use crate::plan::Plan;
use crate::plan::record::Record;
use crate::plan::script::for_psql;
use crate::render::console::Console;
use crate::render::{github, json, markdown, plan_text};
use crate::verify::advice::{Advice, advise};

pub(super) fn run(context: &Context, args: &PlanArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let advice = advice(&survey);
    let endpoint = connected.target.endpoint();
    let render = |format| match format {
        PlanFormat::Text => text(&connected, &survey, &survey.plan),
        PlanFormat::Sql => sql(context, &connected, &survey),
        PlanFormat::Json => json::render(&survey.plan),
        PlanFormat::Markdown => markdown::plan(&survey.plan, &advice, &endpoint),
        PlanFormat::Github => github::plan(&survey.plan),
    };
    match &args.out {
        None => context.console.result(&render(args.format)),
        Some(path) => {
            reports::write(path, &context.console.uncoloured(|| render(args.format)))?;
            context.console.progress(&format!(
                "Wrote {} to {}.\n",
                survey.plan.summary(),
                path.display()
            ));
        }
    }
    reports::write_all(context, &args.reports, render)?;
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

/// What the design leaves open, said before anything is done.
fn advice(survey: &Survey) -> Vec<Advice> {
    advise(&survey.promise.whole, &survey.promise.created)
}

/// A plan for people.
pub(super) fn text(connected: &Connected, survey: &Survey, plan: &Plan) -> String {
    plan_text::render(
        plan,
        &advice(survey),
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
