//! The commands, each a straight line from what was asked to what is said.

mod apply;
mod consent;
mod declared_in;
mod demo;
mod diff;
mod explain;
mod graph;
mod migrations_directory;
mod narrator;
mod packaging;
mod patience;
mod plan;
mod prisma;
mod prisma_migration;
mod reports;
mod rollback;
mod snapshot;
mod source;
mod status;
mod survey;
mod validate;
mod verify;

use crate::cli::{Cli, Command};
use crate::config::Settings;
use crate::error::Error;
use crate::render::console::Console;
use leora_db::trace;

/// What a command needs besides its own arguments.
#[derive(Clone)]
pub struct Context {
    /// What was typed, the environment and the configuration file.
    pub settings: Settings,
    /// Where output goes.
    pub console: Console,
}

/// Runs what was typed, and gives the exit code.
///
/// # Errors
///
/// When it could not be done; what failed has not been said yet, but in the reports that were asked for.
pub fn run(cli: &Cli, console: Console) -> Result<u8, Error> {
    if cli.globals.verbose {
        trace::listen(Console::aside);
    }
    let ended = Settings::resolve(&cli.globals)
        .and_then(|settings| command(&cli.command, &Context { settings, console }));
    ended.inspect_err(|error| reports::no_result(cli, console, error))
}

fn command(command: &Command, context: &Context) -> Result<u8, Error> {
    match command {
        Command::Demo => demo::run(context),
        Command::Validate(args) => validate::run(context, args),
        Command::Plan(args) => plan::run(context, args),
        Command::Diff(args) => diff::run(context, args),
        Command::Prisma { command } => prisma::run(context, command),
        Command::Verify(args) => verify::run(context, args),
        Command::Snapshot(args) => snapshot::run(context, args),
        Command::Apply(args) => apply::run(context, args),
        Command::Rollback(args) => rollback::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Graph(args) => graph::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Schema(args) => Ok(reports::schema(context, args.of)),
        Command::Completions(args) => packaging::completions(context, args.shell),
        Command::Man(args) => packaging::man(context, args),
    }
}
