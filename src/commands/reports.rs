//! Reports besides what is printed: what `--report` asks for.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound, Utc};

use super::Context;
use crate::cli::{Chosen, Cli, Command, ReportTo, SchemaOf};
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::formats::OutputFormat;
use crate::render::json;
use crate::render::style::shown;
use crate::report::{self, NoResult, Run};
use leora_core::plan;

/// Writes each report asked for, as `render` makes it.
pub(super) fn write_all<W: Copy>(
    context: &Context,
    reports: &[ReportTo<W>],
    render: impl Fn(Chosen<W>) -> String,
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
            let shown = args.format.unwrap_or_default().format;
            let shown = args.out.is_none().then_some(shown);
            tell(
                console,
                error,
                ("plan", plan::FORMAT_VERSION),
                shown,
                &args.reports,
            );
        }
        Command::Verify(args) => {
            let shown = Some(args.format.format);
            tell(
                console,
                error,
                ("verify", report::FORMAT_VERSION),
                shown,
                &args.reports,
            );
        }
        _ => {}
    }
}

fn tell<W>(
    console: Console,
    error: &Error,
    (command, format_version): (&'static str, u32),
    shown: Option<&OutputFormat>,
    reports: &[ReportTo<W>],
) {
    // A report that could not be written is no reason to take the others back.
    let is_report = |path: &Path| reports.iter().any(|report| report.path == path);
    if matches!(error, Error::File { doing: "write", path, .. } if is_report(path)) {
        return;
    }
    let Some(none) = NoResult::of(error, command, format_version, this_run()) else {
        return;
    };
    if let Some(format) = shown.filter(|format| format.prints_no_result) {
        console.result(&(format.no_result)(&none));
    }
    for report in reports {
        let text = (report.format.format.no_result)(&none);
        if let Err(error) = write_one(console, &report.path, &text) {
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
