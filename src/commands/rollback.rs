//! `rollback`: take the recorded migration back.

use leora_schema::LEORA;

use super::Context;
use super::consent::may_roll_back;
use super::narrator::Narrator;
use super::patience::{on_signals, patience, warn_if_only_local};
use super::survey::Connected;
use crate::cli::RollbackArgs;
use crate::error::{Code, Error, exit};
use crate::render::console::Console;
use crate::render::style::paragraph;
use crate::render::{undo_text, waiting};
use leora_core::verify::counted::counted;
use leora_db::apply::history_may_be_written;
use leora_db::rollback::{Rollback, prepare, roll_back};

pub(super) fn run(context: &Context, args: &RollbackArgs) -> Result<u8, Error> {
    let mut connected = Connected::open(context)?;
    let options = patience(context, args.lock_timeout, args.wait);
    let rollback = connected.read(context, &options, |session| {
        prepare(session, LEORA.migration)
    })?;
    if rollback.runs.is_empty() && rollback.obstacles.is_empty() {
        let reason = match rollback.from_publisher {
            0 => "no run of this migration is recorded, or all are rolled back",
            _ => {
                "no run of this migration on this database is recorded: those on record are the publisher's"
            }
        };
        return Err(Error::Unsuitable {
            code: Code::NothingToTakeBack,
            reason: reason.to_owned(),
            remedy: "`leora-migrate status` shows the history.".to_owned(),
        });
    }
    history_may_be_written(connected.session.server.history)?;
    let shown = undo_text::render(&rollback, &connected.target.endpoint(), Console::width());
    let may_go_on = can_begin(&rollback, args.discard_rows);
    if may_go_on && !args.yes {
        context.console.result(&shown);
    } else {
        context.console.progress(&shown);
    }
    if may_go_on && !args.yes && !may_roll_back(context, &rollback)? {
        context.console.progress("Nothing was done.\n");
        return Ok(exit::COULD_NOT);
    }
    let mut narrator = Narrator::of_rollback(context.console);
    let ended = roll_back(
        &connected.target,
        &mut connected.session,
        &rollback,
        args.discard_rows,
        &options,
        &mut narrator,
        &on_signals()?,
    );
    let done = ended.inspect_err(|error| narrator.tell_more(error))?;
    let locks_any = rollback
        .undoing
        .steps
        .iter()
        .any(|step| !step.locks.is_empty());
    let told = format!(
        "Rolled back {} in {} ms{}. The history keeps both.",
        counted(rollback.undoing.steps.len(), "step", "steps"),
        done.took.as_millis(),
        waiting::committed(&done, locks_any.then_some("reads and writes")),
    );
    context
        .console
        .progress(&paragraph(&told, Console::width()));
    warn_if_only_local(context, &done);
    Ok(exit::DONE)
}

/// Whether there is something to ask about; what stands in the way is an error anyway.
fn can_begin(rollback: &Rollback, discard_rows: bool) -> bool {
    !rollback.runs.is_empty()
        && rollback.obstacles.is_empty()
        && (discard_rows || rollback.rows.is_empty())
}
