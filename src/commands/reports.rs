//! Reports besides what is printed: what `--report` asks for.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound, Utc};

use super::Context;
use crate::cli::{ReportTo, SchemaOf};
use crate::error::{Error, exit};
use crate::render::json;
use crate::report::Run;

/// Writes each report asked for, as `render` makes it.
pub(super) fn write_all<F: Copy>(
    context: &Context,
    reports: &[ReportTo<F>],
    render: impl Fn(F) -> String,
) -> Result<(), Error> {
    for report in reports {
        let text = context.console.uncoloured(|| render(report.format));
        if report.path == Path::new("-") {
            context.console.result(&text);
        } else {
            write(&report.path, &text)?;
        }
    }
    Ok(())
}

/// Writes `text` to the file at `path`.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File {
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
