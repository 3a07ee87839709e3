//! `verify`: the post-migration checklist.

use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use leora_schema::LEORA;

use super::survey::{Connected, Survey};
use super::{Context, declared_in, explain, reports};
use crate::cli::{VerifyArgs, VerifyFormat};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::formats::{self, ReportView};
use crate::render::{html, report_text};
use crate::report::{Circumstances, Reason, Report};
use leora_core::diff::Object;
use leora_core::graph::Mark;
use leora_core::model::Identifier;
use leora_core::verify::advice::{advise, inactive_slots};
use leora_core::verify::check::Group;
use leora_core::verify::checklist::checklist;
use leora_core::verify::evidence::Evidence;
use leora_core::verify::promise::Promise;
use leora_core::verify::proof::{FirstRound, ProofOptions, Subject, order_advice};
use leora_core::verify::renames::Renames;
use leora_core::verify::waiver::waive;
use leora_db::introspect::{Around, Tables};
use leora_db::probe::{self, Proved};
use leora_db::session::Server;

pub(super) fn run(context: &Context, args: &VerifyArgs) -> Result<u8, Error> {
    if let Some(name) = &args.explain {
        return explain::of(context, name);
    }
    let mut connected = Connected::open(context)?;
    if args.dry_run {
        return dry_run(context, args, &mut connected);
    }
    let report = checked(context, args, &mut connected, |_| true)?;
    if let Some(Reason { code, message, .. }) = &report.error {
        context
            .console
            .complain(&format!("error[{code}]: {message}\n"));
    }
    Ok(report.exit_code())
}

/// The whole checklist, on the session that applied the migration: there may be no other to be had. With `--quiet` it
/// is shown only when it is not green.
pub(super) fn after_apply(context: &Context, connected: &mut Connected) -> Result<u8, Error> {
    connected.look_again()?;
    let says = |report: &Report| !(context.console.is_quiet() && report.is_green());
    let report = checked(context, &VerifyArgs::default(), connected, says)?;
    let code = report.exit_code();
    match report.error {
        Some(reason) => Err(Error::NotVerified {
            why: reason.message,
        }),
        None => Ok(code),
    }
}

fn dry_run(context: &Context, args: &VerifyArgs, connected: &mut Connected) -> Result<u8, Error> {
    let options = proof_options(context, &args.only, args.allow_user_code);
    let (survey, around, first) = survey(connected, context, &options)?;
    let schema = connected.session.schema.clone();
    let server = &connected.session.server;
    let subject = subject(
        &schema,
        server,
        &survey.promise,
        (&survey.found, &around),
        &options,
    );
    let touches = match probe::takes_no_rows(server) {
        Some(reason) => vec![format!("nothing: {reason}")],
        None => {
            let also = probe::also_locked(&mut connected.session, &first.locked(&subject))?;
            first.touches(&subject, &also)
        }
    };
    let touches = report_text::dry_run(&touches, Console::width());
    context.console.result(&touches);
    Ok(exit::DONE)
}

fn checked(
    context: &Context,
    args: &VerifyArgs,
    connected: &mut Connected,
    says: impl Fn(&Report) -> bool,
) -> Result<Report, Error> {
    let options = proof_options(context, &args.only, args.allow_user_code);
    let (survey, around, first) = survey(connected, context, &options)?;
    let require_proof = args.require_proof || context.settings.require_proof;
    let report = report(
        context,
        connected,
        (&survey, &around),
        first,
        &options,
        require_proof,
    )?;
    let shown = report.shown();
    let view = ReportView {
        report: &report,
        shown: &shown,
        terminal: report_text::Page {
            width: Console::width(),
            in_full: args.details,
        },
        page: html::Page {
            run: &report.run,
            subject: &report.subject,
            promise: &survey.promise,
            plan: &survey.plan,
            report: Some(&shown),
            advice: &shown.advice,
        },
        places: &|| declared_in::places(context),
    };
    let render = |format: VerifyFormat| (format.write)(&view);
    if says(&report) {
        let in_a_word =
            context.console.is_quiet() && report.has_passed() && args.format.is(&formats::TEXT);
        let text = if in_a_word {
            report_text::conclusion(&report, Console::width())
        } else {
            render(args.format)
        };
        context.console.result(&text);
    }
    reports::write_all(context, &args.reports, render)?;
    Ok(report)
}

/// How deletes are tried.
fn proof_options(context: &Context, only: &[Group], allow_user_code: bool) -> ProofOptions {
    ProofOptions {
        only: only.to_vec(),
        allow_user_code: allow_user_code || context.settings.allow_user_code,
        set: context.settings.verify_set.clone(),
        seed: fastrand::u64(..),
        ..ProofOptions::default()
    }
}

/// Looks at the database, and writes what will be tried on it.
fn survey(
    connected: &mut Connected,
    context: &Context,
    options: &ProofOptions,
) -> Result<(Survey, Around, FirstRound), Error> {
    let schema = connected.session.schema.clone();
    connected.survey_rows(context, |server, promise, found| {
        let found = (&found.tables, &found.around);
        FirstRound::of(&subject(&schema, server, promise, found, options))
    })
}

/// Tries what is promised.
fn prove(
    connected: &mut Connected,
    (survey, around): (&Survey, &Around),
    first: FirstRound,
    options: &ProofOptions,
) -> Proved {
    let schema = connected.session.schema.clone();
    let server = connected.session.server.clone();
    let subject = subject(
        &schema,
        &server,
        &survey.promise,
        (&survey.found, around),
        options,
    );
    probe::prove(&mut connected.session, &subject, first)
}

/// What comes of deleting the row that each foreign key of the database names, tried.
pub(super) fn deletes(context: &Context) -> Result<BTreeMap<Object, Mark>, Error> {
    let mut connected = Connected::open(context)?;
    let options = proof_options(context, &[], false);
    let (survey, around, first) = survey(&mut connected, context, &options)?;
    let proved = prove(&mut connected, (&survey, &around), first, &options);
    match proved.server_failure {
        Some(failure) => Err(Error::ServerFailed(failure)),
        None => Ok(proved.deletes),
    }
}

fn subject<'a>(
    schema: &'a Identifier,
    server: &Server,
    promise: &'a Promise,
    (found, around): (&'a Tables, &'a Around),
    options: &'a ProofOptions,
) -> Subject<'a> {
    Subject {
        schema,
        actual: &found.schema,
        desired: &promise.whole,
        declaration: &LEORA,
        sizes: &found.sizes,
        firing_order: &around.firing_order,
        user_code: &around.user_code,
        bypasses_row_security: server.bypasses_row_security,
        superuser: server.superuser,
        options,
    }
}

/// Tries what is promised, evaluates the checklist, and waives what may fail.
fn report(
    context: &Context,
    connected: &mut Connected,
    (survey, around): (&Survey, &Around),
    first: FirstRound,
    options: &ProofOptions,
    require_proof: bool,
) -> Result<Report, Error> {
    let Survey {
        promise,
        found,
        facts,
        plan,
    } = survey;
    let proved = prove(connected, (survey, around), first, options);
    connected.session.has_read("trying deletes")?;
    let (schema, server) = (&connected.session.schema, &connected.session.server);
    let database =
        Identifier::of_the_catalog(server.database.as_str()).unwrap_or_else(|_| schema.clone());
    let mut verdict = checklist(&Evidence {
        promise,
        database: &database,
        schema,
        actual: &found.schema,
        renames: &Renames::between(&found.schema, &promise.whole),
        plan,
        recorded: facts.recorded.clone(),
        around: &around.surroundings,
        session_replication_role: &server.session_replication_role,
        orphans: &facts.orphans,
        elsewhere: &facts.elsewhere,
        impossible: &facts.impossible,
        counters: &facts.counters,
        tried: proved.checks,
    });
    let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
    // First: what is accepted is never among what is left out of a long list.
    let accepted = waive(&mut verdict.checks, &context.settings.waivers, today);
    verdict.notes.splice(0..0, accepted);
    let all = verdict.checks.len();
    verdict
        .checks
        .retain(|check| options.ask_for_group(check.id.group));
    let circumstances = Circumstances {
        run: reports::this_run(),
        subject: connected.subject(),
        require_proof,
        error: proved
            .server_failure
            .and_then(|failure| Reason::of(&Error::ServerFailed(failure))),
        left_out: all - verdict.checks.len(),
        elapsed: connected.since.elapsed(),
        round_trips: connected.round_trips(),
    };
    let mut advice = advise(
        &found.schema,
        &promise.created,
        promise.declaration.tenant_column(),
    );
    if let Some((root, _)) = found.schema.tables.get_key_value(LEORA.tenant) {
        advice.extend(order_advice(
            &found.schema,
            &around.firing_order,
            root,
            &promise.created,
        ));
    }
    advice.extend(inactive_slots(&found.replication.slots));
    advice.retain(|advice| options.ask_for_group(advice.group()));
    Ok(Report::new(
        circumstances,
        verdict,
        &proved.deletes,
        advice,
        &found.schema,
        &promise.whole,
    ))
}
