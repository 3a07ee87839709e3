//! The program: what was typed, the command, what went wrong, the exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use leora_migrate::cli::Cli;
use leora_migrate::commands;
use leora_migrate::error::{Code, exit};
use leora_migrate::render::console::{Color, Console, Loudness};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return misused(&error),
        Err(help) => help.exit(),
    };
    let loudness = match (cli.globals.quiet, cli.globals.verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Usual,
    };
    let console = Console::new(cli.globals.color, loudness);
    let code = commands::run(&cli, console).unwrap_or_else(|error| {
        if let Some(code) = error.code() {
            console.complain(&format!("error[{code}]: {error}\n"));
        }
        error.exit_code()
    });
    match Console::lost_output() {
        Some(error) => {
            console.complain(&format!(
                "error[{}]: the output could not be written: {error}\n",
                Code::FileWrite
            ));
            ExitCode::from(exit::COULD_NOT)
        }
        None => ExitCode::from(code),
    }
}

/// What clap says, with the code that every error has.
fn misused(error: &clap::Error) -> ExitCode {
    let said = error.render();
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if coloured {
        said.ansi().to_string()
    } else {
        said.to_string()
    };
    let with_code = text.replacen("error:", &format!("error[{}]:", Code::Usage), 1);
    Console::new(Color::Auto, Loudness::Usual).complain(&with_code);
    ExitCode::from(exit::COULD_NOT)
}
