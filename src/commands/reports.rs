//! Reports besides what is printed: what `--report` asks for.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound, Utc};

use super::Context;
use crate::cli::{Cli, Command, PlanFormat, ReportTo, SchemaOf, VerifyFormat};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::style::shown;
use crate::render::{github, html, json, junit, markdown, report_text, sarif};
use crate::report::{self, NoResult, Run};
use leora_core::plan::{self, script};

/// Writes each report asked for, as `render` makes it.
pub(super) fn write_all<F: Copy>(
    context: &Context,
    reports: &[ReportTo<F>],
    render: impl Fn(F) -> String,
) -> Result<(), Error> {
    for report in reports {
        let text = context.console.uncoloured(|| render(report.format));
        write_one(context.console, &report.path, &text)?;
    }
    Ok(())
}

fn write_one(console: Console, path: &Path, text: &str) -> Result<(), Error> {
    if path == Path::new("-") {
        console.result(text);
        return Ok(());
    }
    write(path, text)
}

/// After a command that could not look: writes that into each report that was asked for, so that nobody
/// takes an earlier one for this run's, and into the standard output where a program reads it.
pub(super) fn no_result(cli: &Cli, console: Console, error: &Error) {
    match &cli.command {
        Command::Plan(args) => {
            let format = args.format.unwrap_or_default();
            let is_for_programs = !matches!(format, PlanFormat::Text | PlanFormat::Sql);
            let shown = (is_for_programs && args.out.is_none()).then_some(format);
            tell(
                console,
                error,
                ("plan", plan::FORMAT_VERSION),
                shown,
                &args.reports,
                |none, to| match to {
                    PlanFormat::Text => report_text::no_result(none),
                    PlanFormat::Sql => script::no_plan(none.error.code),
                    PlanFormat::Json => json::render(none),
                    PlanFormat::Markdown => markdown::no_result(none),
                    PlanFormat::Github => github::no_result(none),
                    PlanFormat::Html => html::no_result(none),
                },
            );
        }
        Command::Verify(args) => {
            let shown = (args.format != VerifyFormat::Text).then_some(args.format);
            tell(
                console,
                error,
                ("verify", report::FORMAT_VERSION),
                shown,
                &args.reports,
                |none, to| match to {
                    VerifyFormat::Text => report_text::no_result(none),
                    VerifyFormat::Json => json::render(none),
                    VerifyFormat::Junit => junit::no_result(none),
                    VerifyFormat::Sarif => sarif::no_result(none),
                    VerifyFormat::Markdown => markdown::no_result(none),
                    VerifyFormat::Github => github::no_result(none),
                    VerifyFormat::Html => html::no_result(none),
                },
            );
        }
        _ => {}
    }
}

fn tell<F: Copy>(
    console: Console,
    error: &Error,
    (command, format_version): (&'static str, u32),
    shown: Option<F>,
    reports: &[ReportTo<F>],
    render: impl Fn(&NoResult, F) -> String,
) {
    // A report that could not be written is no reason to take the others back.
    let is_report = |path: &Path| reports.iter().any(|report| report.path == path);
    if matches!(error, Error::File { doing: "write", path, .. } if is_report(path)) {
        return;
    }
    let Some(none) = NoResult::of(error, command, format_version, this_run()) else {
        return;
    };
    if let Some(format) = shown {
        console.result(&render(&none, format));
    }
    for report in reports {
        if let Err(error) = write_one(console, &report.path, &render(&none, report.format)) {
            console.complain(&format!("warning: {error}\n"));
        }
    }
}

/// Writes `text` to the file at `path`.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, shown(text)).map_err(|source| Error::File {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}

/// `schema`: prints the JSON Schema of a command's JSON.
pub(super) fn schema(context: &Context, of: SchemaOf) -> u8 {
    context.console.result(match of {
        SchemaOf::Plan => json::PLAN_SCHEMA,
        SchemaOf::Verify => json::VERIFY_SCHEMA,
    });
    exit::DONE
}

/// Who runs this, now, with what.
pub(super) fn this_run() -> Run {
    let unknown = |_| "unknown".to_owned();
    let user = whoami::username().unwrap_or_else(unknown);
    let host = whoami::hostname().unwrap_or_else(unknown);
    Run {
        at: DateTime::<Utc>::from(SystemTime::now()).trunc_subsecs(0),
        by: format!("{user}@{host}"),
        tool_version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("LEORA_MIGRATE_COMMIT"),
    }
}
