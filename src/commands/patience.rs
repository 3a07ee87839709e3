//! How long a command that changes a database waits, what ends it, and what it says when no standby has confirmed it.

use std::time::Duration;

use super::Context;
use crate::error::Error;
use crate::render::console::Console;
use crate::render::style::paragraph;
use crate::render::waiting;
use leora_db::apply::{ApplyOptions, Committed, Interrupt};

/// How patient to be: what was typed, else what the team set.
pub(super) fn patience(
    context: &Context,
    lock_timeout: Option<Duration>,
    wait: Option<Duration>,
) -> ApplyOptions {
    ApplyOptions {
        lock_timeout: lock_timeout.unwrap_or(context.settings.lock_timeout),
        wait: wait.unwrap_or(context.settings.wait),
        ..ApplyOptions::new(host_name())
    }
}

/// Listens for the signals that end a run.
pub(super) fn on_signals() -> Result<Interrupt, Error> {
    Interrupt::on_signals().map_err(|error| {
        Error::Usage(format!(
            "the system does not let signals be handled: {error}"
        ))
    })
}

/// Warns that a failover may lose what was committed.
pub(super) fn warn_if_only_local(context: &Context, committed: &Committed) {
    if committed.only_local {
        context
            .console
            .complain(&paragraph(waiting::ONLY_LOCAL, Console::width()));
    }
}

/// The machine's name, as the system has it.
fn host_name() -> String {
    whoami::hostname().unwrap_or_else(|_| "unknown".to_owned())
}
