//! `apply`: do what `plan` prints, record it, and verify.

use std::fs;
use std::path::Path;

use super::consent::{may_apply, may_record};
use super::narrator::Narrator;
use super::patience::{on_signals, patience, warn_if_only_local};
use super::survey::{Connected, Survey};
use super::{Context, plan, prisma_migration, verify};
use crate::cli::ApplyArgs;
use crate::error::{Code, Error, exit};
use crate::render::console::Console;
use crate::render::style::paragraph;
use crate::render::{plan_text, prisma_text, waiting};
use leora_core::model::{in_a_line, in_lines};
use leora_core::plan::prisma_record::PrismaMigration;
use leora_core::plan::{Grouping, NotAPlan, Plan, Request};
use leora_core::verify::counted::counted;
use leora_core::verify::evidence::Recorded;
use leora_db::apply::{
    self, Applied, ApplyError, ApplyOptions, Done, Interrupt, Obstacle, contradictions,
    history_may_be_written, preflight,
};

pub(super) fn run(context: &Context, args: &ApplyArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let as_patient = patience(context, args.lock_timeout, args.wait);
    let mut survey = connected.survey_within(context, &as_patient)?;
    let file = args.plan.as_deref().map(read_plan).transpose()?;
    let grants = file
        .as_ref()
        .is_some_and(|file| file.basis.grants.is_some());
    if args.grants_like_existing || grants {
        survey = survey.with_grants();
    }
    let mut plan = match file {
        Some(file) => untouched(file, &survey.plan)?,
        None => survey.plan.clone(),
    };
    if args.one_table_at_a_time {
        plan.grouping = Grouping::OneTableAtATime;
    }
    let to_record = match &args.prisma_migration {
        Some(path) => {
            let pending = prisma_migration::pending(context, &mut connected, &survey, path)?;
            (!pending.recorded).then_some(pending.migration)
        }
        None => None,
    };
    if let (true, Some(migration)) = (plan.is_empty(), &to_record) {
        if !args.yes && !may_record(context, migration)? {
            context.console.progress("Nothing was done.\n");
            return Ok(exit::COULD_NOT);
        }
        let interrupt = record(context, args, &mut connected, migration)?;
        return verified(context, args, &mut connected, Some(&interrupt));
    } else if plan.is_empty() {
        let text = already(&plan, &survey.facts.recorded);
        context
            .console
            .progress(&paragraph(&text, Console::width()));
    } else {
        if plan.refusals.is_empty() {
            subscribers_are_ready(args, &plan)?;
        }
        show(context, &connected, &survey, &plan);
        connected.warn_of_others(context, &survey);
        if !plan.refusals.is_empty() {
            return Err(Error::Said(exit::COULD_NOT));
        }
        history_may_be_written(connected.session.server.history)?;
        let mut obstacles = preflight(&connected.target, &mut connected.session, &plan)?;
        if obstacles.is_empty() {
            obstacles = contradictions(&mut connected.session, &plan)?;
        }
        if !obstacles.is_empty() {
            return Err(ApplyError::Refused { obstacles }.into());
        }
        if !args.yes && !may_apply(context, &plan, to_record.as_ref())? {
            context.console.progress("Nothing was done.\n");
            return Ok(exit::COULD_NOT);
        }
        let interrupt = carry_out(
            context,
            args,
            &mut connected,
            &survey,
            &plan,
            to_record.as_ref(),
        )?;
        return verified(context, args, &mut connected, Some(&interrupt));
    }
    verified(context, args, &mut connected, None)
}

/// Verifies what is committed. Whatever keeps it from that, nobody shall think that nothing has changed.
fn verified(
    context: &Context,
    args: &ApplyArgs,
    connected: &mut Connected,
    interrupt: Option<&Interrupt>,
) -> Result<u8, Error> {
    if args.no_verify {
        return Ok(exit::DONE);
    }
    let console = context.console;
    let _watching = interrupt.map(|interrupt| {
        interrupt.end_with(move |signal| {
            let error = Error::NotVerified {
                why: format!("interrupted by signal {signal}"),
            };
            console.complain(&error.told());
            error.exit_code()
        })
    });
    console.progress("\n");
    verify::after_apply(context, connected).map_err(Error::after_commit)
}

/// Refuses to send subscribers changes of tables that they may lack, unless `--subscribers-ready` says that they have them.
fn subscribers_are_ready(args: &ApplyArgs, plan: &Plan) -> Result<(), Error> {
    let published = plan.published.as_ref();
    match published.filter(|published| !published.slots.is_empty()) {
        Some(published) if !args.subscribers_ready => Err(Error::Unsuitable {
            code: Code::SubscribersNotReady,
            reason: format!("{}. Nothing was changed.", in_a_line(&published.reason())),
            remedy: in_lines(&published.instructions().join("\n")),
        }),
        _ => Ok(()),
    }
}

/// That there is nothing to do, and who did it, when.
fn already(plan: &Plan, recorded: &Recorded) -> String {
    let by_whom = match recorded {
        Recorded::Here(when) => format!(" ({})", in_a_line(when)),
        Recorded::ByPrisma(name) => format!(" (by Prisma, as {})", in_a_line(name)),
        Recorded::Otherwise(_) | Recorded::Closed | Recorded::Nowhere => String::new(),
    };
    format!(
        "{} is applied already{by_whom}. There is nothing to do.",
        plan.migration
    )
}

/// The plan of a file, when it is the one that would be made now, or one that was made for another
/// state of the database, which `apply` tells apart. One that was edited is refused. Where everything
/// stands there is nothing to carry out, whatever the file says.
fn untouched(file: Plan, now: &Plan) -> Result<Plan, Error> {
    if now.is_empty() {
        return Ok(now.clone());
    }
    let is_for_now = file.database == now.database && file.basis == now.basis;
    // Who may use the tables, and who subscribes, is said again as it is now; nothing of it is carried out.
    let file = Plan {
        audience: now.audience.clone(),
        published: now.published.clone(),
        ..file
    };
    let now = Plan {
        grouping: file.grouping,
        ..now.clone()
    };
    if file == now || (!is_for_now && !file.is_empty()) {
        return Ok(file);
    }
    Err(edited(
        "the plan in the file is not the one made for this database as it stands",
    ))
}

fn edited(reason: &str) -> Error {
    let obstacle = Obstacle {
        reason: reason.to_owned(),
        remedy:
            "A plan is carried out as it was written, or not at all: plan again, and edit nothing."
                .to_owned(),
    };
    ApplyError::Refused {
        obstacles: vec![obstacle],
    }
    .into()
}

fn read_plan(path: &Path) -> Result<Plan, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File {
        doing: "read",
        path: path.to_owned(),
        source,
    })?;
    Plan::read(&text).map_err(|why| {
        let (line, column) = match &why {
            NotAPlan::Form(error) => (error.line(), error.column()),
            NotAPlan::Version(_) => (1, 1),
            NotAPlan::Edited => {
                return edited(
                    "the plan in the file was edited, or another version of leora-migrate wrote it",
                );
            }
        };
        Error::Config {
            path: path.to_owned(),
            line,
            column,
            message: format!(
                "this is no plan that this version's `plan --format json` wrote: {why}"
            ),
        }
    })
}

/// In full where somebody is asked; the summary alone where nobody is.
fn show(context: &Context, connected: &Connected, survey: &Survey, plan: &Plan) {
    if Console::can_ask() || !plan.refusals.is_empty() {
        context.console.result(&plan::text(connected, survey, plan));
    } else {
        let text = format!(
            "{} on {}: {}.",
            plan.migration,
            connected.target.endpoint(),
            plan.summary()
        );
        context
            .console
            .progress(&paragraph(&text, Console::width()));
        for remark in plan.remarks_unasked() {
            let text = plan_text::one_remark(&remark, Console::width());
            context.console.complain(&text);
        }
    }
}

/// Records what stands already, and says so.
fn record(
    context: &Context,
    args: &ApplyArgs,
    connected: &mut Connected,
    migration: &PrismaMigration,
) -> Result<Interrupt, Error> {
    let interrupt = on_signals()?;
    let mut narrator = Narrator::new(context.console);
    let ended = prisma_migration::record(
        connected,
        migration,
        &patience(context, args.lock_timeout, args.wait),
        &mut narrator,
        &interrupt,
    );
    let committed = ended.inspect_err(|error| narrator.tell_more(error))?;
    let text = format!(
        "Everything stands already. Recorded in _prisma_migrations as {}.",
        migration.name
    );
    context
        .console
        .progress(&paragraph(&text, Console::width()));
    warn_if_only_local(context, &committed);
    Ok(interrupt)
}

fn carry_out(
    context: &Context,
    args: &ApplyArgs,
    connected: &mut Connected,
    survey: &Survey,
    plan: &Plan,
    to_record: Option<&PrismaMigration>,
) -> Result<Interrupt, Error> {
    let schema = connected.session.schema.clone();
    let request = Request {
        database: connected.session.server.database(),
        ..survey.promise.request(&schema)
    };
    let options = ApplyOptions {
        prisma: to_record.cloned(),
        ..patience(context, args.lock_timeout, args.wait)
    };
    let interrupt = on_signals()?;
    let mut narrator = Narrator::of_plan(context.console, plan);
    let applied = apply::apply(
        &connected.target,
        &mut connected.session,
        plan,
        &request,
        &options,
        &mut narrator,
        &interrupt,
    );
    match applied {
        Ok(Applied::Done(done)) => {
            let mut text = told(&done, plan);
            if let Some(PrismaMigration { name, .. }) = to_record {
                text += &format!(" Recorded in _prisma_migrations as {name}.");
            }
            context
                .console
                .progress(&paragraph(&text, Console::width()));
            warn_if_only_local(context, &done.transaction);
            let unrecorded = to_record.is_none()
                && connected.session.server.may_read_prisma_history
                && !matches!(survey.facts.recorded, Recorded::ByPrisma(_));
            if unrecorded {
                context.console.progress(prisma_text::NOT_RECORDED);
            }
        }
        Ok(Applied::Already) => {
            let recorded = connected.survey(context)?.facts.recorded;
            let text = format!("Somebody else was faster: {}", already(plan, &recorded));
            context
                .console
                .progress(&paragraph(&text, Console::width()));
            if let Some(migration) = to_record {
                return record(context, args, connected, migration);
            }
        }
        Err(error) => {
            narrator.tell_more(&error);
            return Err(error.into());
        }
    }
    Ok(interrupt)
}

fn told(done: &Done, plan: &Plan) -> String {
    let waited = (!plan.blocking_locks().is_empty()).then_some("writes");
    format!(
        "Applied {} in {} ms{}. Recorded as {}.",
        counted(plan.steps.len(), "step", "steps"),
        done.took.as_millis(),
        waiting::committed(&done.transaction, waited),
        done.run
    )
}
