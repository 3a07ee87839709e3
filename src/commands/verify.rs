//! `verify`: the post-migration checklist.

use leora_schema::LEORA;

use super::survey::{Connected, Survey};
use super::{Context, reports};
use crate::cli::{VerifyArgs, VerifyFormat};
use crate::db::probe;
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::{github, json, junit, markdown, report_text, sarif};
use crate::report::{Circumstances, Report};
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
    let require_proof = args.require_proof || context.settings.require_proof;
    let report = report(&mut connected, &survey, &options, require_proof)?;
    let render = |format| match format {
        VerifyFormat::Text => report_text::render(&report, Console::width()),
        VerifyFormat::Json => json::render(&report),
        VerifyFormat::Junit => junit::render(&report),
        VerifyFormat::Sarif => sarif::render(&report),
        VerifyFormat::Markdown => markdown::render(&report),
        VerifyFormat::Github => github::render(&report),
    };
    context.console.result(&render(args.format));
    reports::write_all(context, &args.reports, render)?;
    Ok(if report.is_green() {
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
    require_proof: bool,
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
    let circumstances = Circumstances {
        run: reports::this_run(),
        subject: connected.subject(),
        require_proof,
        elapsed: connected.since.elapsed(),
        round_trips: connected.session.round_trips(),
    };
    Ok(Report::new(
        circumstances,
        verdict,
        advise(&found.schema, &promise.created),
        &found.schema,
        &promise.whole,
    ))
}
