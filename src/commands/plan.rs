//! `plan`: what would be done.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::survey::{Connected, Survey};
use super::{Context, prisma_migration, reports};
use crate::cli::{PlanArgs, PlanFormat};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::formats::{self, PlanView};
use crate::render::style::paragraph;
use crate::render::{html, plan_text};
use crate::report::ObjectDiff;
use leora_core::model::Identifier;
use leora_core::plan::locking::Locking;
use leora_core::plan::record::Record;
use leora_core::plan::script::{Conditions, for_psql};
use leora_core::plan::{Grouping, Plan};
use leora_core::verify::advice::{Advice, advise};
use leora_db::apply::{contradictions, history_may_be_written, locking};
use leora_db::prisma_history::{self, PrismaHistory};

pub(super) fn run(context: &Context, args: &PlanArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let mut survey = connected.survey(context)?;
    if args.grants_like_existing {
        survey = survey.with_grants();
    }
    if args.one_table_at_a_time {
        survey.plan.grouping = Grouping::OneTableAtATime;
    }
    connected.warn_of_others(context, &survey);
    let prisma = match &args.prisma_migration {
        Some(_) => prisma_history::read(&mut connected.session)?,
        None => PrismaHistory::default(),
    };
    if survey.plan.refusals.is_empty() {
        let refused = |why: &dyn Display| {
            let text = format!("apply would be refused: {why}");
            context
                .console
                .complain(&paragraph(&text, Console::width()));
        };
        for obstacle in contradictions(&mut connected.session, &survey.plan)? {
            refused(&obstacle);
        }
        match history_may_be_written(connected.session.server.history) {
            Err(error) if !survey.plan.is_empty() => refused(&error),
            _ => {}
        }
    }
    let of_file = args.out.as_deref().map(PlanFormat::of_file);
    let format = args.format.or(of_file).unwrap_or_default();
    let reports = args.reports.iter().map(|report| report.format);
    let locking = match reports.chain([format]).any(|it| it.is(&formats::SQL)) {
        true => locking(&mut connected.session, &survey.plan)?,
        false => Locking::default(),
    };
    let advice = advice(&survey);
    let endpoint = connected.target.endpoint();
    let run = reports::this_run();
    let shown = survey.plan.shown();
    let view = PlanView {
        plan: &survey.plan,
        endpoint: &endpoint,
        page: html::Page {
            run: &run,
            subject: &connected.subject(),
            promise: &survey.promise,
            plan: &shown,
            report: None,
            advice: &advice,
        },
        text: &|| text(&connected, &survey, &survey.plan),
        sql: &|| sql(context, &connected, &survey, locking),
    };
    let render = |format: PlanFormat| (format.write)(&view);
    let elsewhere = args.out.is_some() || args.prisma_migration.is_some();
    match (&args.out, &args.prisma_migration) {
        // A script that does nothing must not be taken for the migration.
        _ if elsewhere && !survey.plan.refusals.is_empty() => {
            context.console.result(&render(PlanFormat::default()));
        }
        (None, None) => context.console.result(&render(format)),
        (None, Some(path)) => prisma_migration::write(context, &survey, &prisma, path)?,
        (Some(path), _) => {
            reports::write(path, &context.console.uncoloured(|| render(format)))?;
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

/// A plan for people, with the diffs of what it refuses.
pub(super) fn text(connected: &Connected, survey: &Survey, plan: &Plan) -> String {
    let owners: BTreeSet<_> = plan
        .refusals
        .iter()
        .map(|refusal| &refusal.object.owner)
        .collect();
    let stands = |owner: &&Identifier| survey.found.schema.tables.contains_key(*owner);
    let diffs: Vec<_> = owners
        .into_iter()
        .filter(stands)
        .filter_map(|owner| ObjectDiff::of(owner, &survey.found.schema, &survey.promise.whole))
        .collect();
    plan_text::render(
        &plan.shown(),
        &advice(survey),
        &diffs,
        &connected.target.endpoint(),
        Console::width(),
    )
}

/// What is open once the plan is carried out: of a table that stands, what it leaves open as it is.
pub(super) fn advice(survey: &Survey) -> Vec<Advice> {
    let mut schema = survey.promise.whole.clone();
    schema.tables.extend(survey.found.schema.tables.clone());
    let tenant = survey.promise.declaration.tenant_column();
    advise(&schema, &survey.promise.created, tenant)
}

fn sql(context: &Context, connected: &Connected, survey: &Survey, locking: Locking) -> String {
    let server = &connected.session.server;
    let record = Record {
        is_subscribed: server.history_is_subscribed,
        ..Record::of(&survey.plan, "psql", server.history)
    };
    let settings = &context.settings;
    let conditions = Conditions {
        locking,
        ..server.conditions(settings.lock_timeout, settings.wait)
    };
    for_psql(&survey.plan, &record, &conditions)
}
