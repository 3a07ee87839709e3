//! `verify`: the post-migration checklist.

use leora_schema::LEORA;

use super::Context;
use super::survey::{Connected, Survey};
use crate::cli::{Format, VerifyArgs};
use crate::db::probe;
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::report_text;
use crate::report::Report;
use crate::verify::advice::advise;
use crate::verify::checklist::checklist;
use crate::verify::evidence::Evidence;
use crate::verify::proof::{ProofOptions, Subject};

pub(super) fn run(context: &Context, args: &VerifyArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let survey = connected.survey(context)?;
    let options = ProofOptions {
        allow_triggers: args.allow_triggers || context.settings.allow_triggers,
        set: context.settings.verify_set.clone(),
        seed: fastrand::u64(..),
        ..ProofOptions::default()
    };
    let report = report(&mut connected, &survey, &options)?;
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
fn report(
    connected: &mut Connected,
    survey: &Survey,
    options: &ProofOptions,
) -> Result<Report, Error> {
    let Survey {
        promise,
        found,
        facts,
        plan,
    } = survey;
    let schema = connected.session.schema.clone();
    let subject = Subject {
        schema: &schema,
        actual: &found.schema,
        desired: &promise.whole,
        declaration: &LEORA,
        sizes: &found.sizes,
        firing_order: &found.firing_order,
        bypasses_row_security: connected.session.server.bypasses_row_security,
        options,
    };
    let tried = probe::prove(&mut connected.session, &subject)?;
    let verdict = checklist(&Evidence {
        promise,
        schema: &schema,
        actual: &found.schema,
        plan,
        recorded: facts.recorded.clone(),
        settings: &found.settings,
        session_replication_role: &connected.session.server.session_replication_role,
        exposed: &found.exposed,
        tried,
    });
    Ok(Report::new(
        connected.subject(),
        verdict,
        advise(&found.schema, &promise.created),
        &found.schema,
        &promise.whole,
        connected.since.elapsed(),
        connected.session.round_trips(),
    ))
}
