//! `verify`: the post-migration checklist.

use super::Context;
use super::survey::{Connected, Survey};
use crate::cli::{Format, VerifyArgs};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::report_text;
use crate::report::Report;
use crate::verify::advice::advise;
use crate::verify::checklist::checklist;
use crate::verify::evidence::Evidence;

pub(super) fn run(context: &Context, args: &VerifyArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let report = report(&mut connected, &survey);
    let text = match args.format {
        Format::Text => report_text::render(&report, Console::width()),
        Format::Json => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
    };
    context.console.result(&text);
    let require_proof = args.require_proof || context.settings.require_proof;
    Ok(if report.is_green(require_proof) {
        exit::DONE
    } else {
        exit::FOUND
    })
}

/// Tries what is promised, and evaluates the checklist.
pub(super) fn report(connected: &mut Connected, survey: &Survey) -> Report {
    let evidence = Evidence {
        promise: &survey.promise,
        schema: &connected.session.schema,
        actual: &survey.found.schema,
        plan: &survey.plan,
        recorded: survey.facts.recorded.clone(),
        settings: &survey.found.settings,
        session_replication_role: &connected.session.server.session_replication_role,
        exposed: &survey.found.exposed,
        tried: Vec::new(),
    };
    let verdict = checklist(&evidence);
    let advice = advise(&survey.found.schema, &survey.promise.created);
    Report::new(
        connected.subject(),
        verdict,
        advice,
        &survey.found.schema,
        &survey.promise.whole,
        connected.since.elapsed(),
        connected.session.round_trips(),
    )
}
