//! Why there is nothing to report on.

use serde::Serialize;

use super::Run;
use crate::error::{Code, Error, TABLE};
use leora_core::model::in_lines;

/// A command that could not look, and why: what each report holds that was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct NoResult {
    /// The version of the form in whose place it is.
    pub format_version: u32,
    /// The command.
    #[serde(skip)]
    pub command: &'static str,
    /// Who ran it, when, with what.
    pub run: Run,
    /// Why.
    pub error: Reason,
    /// What it exited with.
    pub exit_code: u8,
}

/// An error, as reports tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Its code, which `explain` takes.
    pub code: Code,
    /// What happened, in one line.
    pub title: &'static str,
    /// What happened here; never a password, and nothing that recolours, hides or fakes a line.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

impl NoResult {
    /// Of `error`, which ended `command`; `None` when it has no code, because what failed has been said.
    pub fn of(
        error: &Error,
        command: &'static str,
        format_version: u32,
        run: Run,
    ) -> Option<NoResult> {
        Some(NoResult {
            format_version,
            command,
            run,
            error: Reason::of(error)?,
            exit_code: error.exit_code(),
        })
    }
}

impl Reason {
    /// Of `error`; `None` when it has no code, because what failed has been said.
    pub fn of(error: &Error) -> Option<Reason> {
        let code = error.code()?;
        let entry = TABLE.iter().find(|entry| entry.code == code)?;
        Some(Reason {
            code,
            title: entry.title,
            message: in_lines(&error.to_string()),
            remedy: entry.remedy,
        })
    }
}
