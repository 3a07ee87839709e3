//! The program: what was typed, the command, what went wrong, the exit code.

use std::process::ExitCode;

use clap::builder::Styles;
use clap::{CommandFactory, Parser};
use leora_migrate::cli::Cli;
use leora_migrate::commands;
use leora_migrate::error::{Code, exit};
use leora_migrate::render::console::{Color, Console, Loudness};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return misused(error),
        Err(help) => help.exit(),
    };
    let loudness = match (cli.globals.quiet, cli.globals.verbose) {
        (true, _) => Loudness::Quiet,
        (_, true) => Loudness::Verbose,
        _ => Loudness::Usual,
    };
    let console = Console::new(cli.globals.color, loudness);
    let ended = commands::run(&cli, console);
    if let Err(error) = &ended {
        console.complain(&error.told());
    }
    let lost = Console::lost_output();
    // What was committed stays, whoever was told of it.
    let has_committed = cli.command.commits() && matches!(ended, Ok(exit::DONE | exit::FOUND));
    if let Some(error) = lost {
        let code = Code::FileWrite;
        let stands = if has_committed {
            "; what was to be done is done and committed, and `leora-migrate status` shows it"
        } else {
            ""
        };
        console.complain(&format!(
            "error[{code}]: the output could not be written: {error}{stands}\n"
        ));
    }
    ExitCode::from(match ended {
        Err(error) => error.exit_code(),
        Ok(code) if lost.is_none() => code,
        Ok(_) if has_committed => exit::FOUND,
        Ok(_) => exit::COULD_NOT,
    })
}

/// What clap says, with the code that every error has. Plain, as all errors are: what was typed is part of it, and its
/// control characters could not be told from those of a colour. clap leaves them out of text without colours, so the
/// text is made with colours, of which there are none.
fn misused(error: clap::Error) -> ExitCode {
    let plain = Cli::command().styles(Styles::plain()).try_get_matches();
    let error = plain.err().unwrap_or(error);
    let text = error.render().ansi().to_string();
    let with_code = text.replacen("error:", &format!("error[{}]:", Code::Usage), 1);
    Console::new(Color::Auto, Loudness::Usual).complain(&with_code);
    ExitCode::from(exit::COULD_NOT)
}
