//! The program: what was typed, the command, what went wrong, the exit code.

use std::process::ExitCode;

use clap::Parser;
use leora_migrate::cli::Cli;
use leora_migrate::commands;
use leora_migrate::error::Error;
use leora_migrate::render::console::Console;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.globals.color, cli.globals.quiet);
    let code = commands::run(&cli, console).unwrap_or_else(|error| {
        if !matches!(error, Error::Said(_)) {
            console.complain(&format!("error: {error}\n"));
        }
        error.exit_code()
    });
    ExitCode::from(code)
}
