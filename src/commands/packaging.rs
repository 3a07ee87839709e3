//! `completions` and `man`: what a packager installs beside the program.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Context, reports};
use crate::cli::{Cli, ManArgs};
use crate::error::{Error, exit};

/// Prints the completions of a shell.
pub(super) fn completions(context: &Context, shell: Shell) -> Result<u8, Error> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    context.console.result(&String::from_utf8_lossy(&script));
    Ok(exit::DONE)
}

/// Prints the page of the program or of one of its commands, or writes all of them into a directory.
pub(super) fn man(context: &Context, args: &ManArgs) -> Result<u8, Error> {
    // So that each command has what every command takes, and goes by its full name.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    if let Some(directory) = &args.out {
        fs::create_dir_all(directory).map_err(|source| unwritten(directory, source))?;
        write_pages(&program, directory)?;
        return Ok(exit::DONE);
    }
    let command = match &args.command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Error::Usage(format!("there is no command {name}")))?,
    };
    let page = page(&command).map_err(|source| unwritten(Path::new("-"), source))?;
    context.console.result(&page);
    Ok(exit::DONE)
}

/// Writes the pages of `command` and of all under it.
fn write_pages(command: &Command, directory: &Path) -> Result<(), Error> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let path = directory.join(format!("{name}.1"));
    let page = page(command).map_err(|source| unwritten(&path, source))?;
    reports::write(&path, &page)?;
    command
        .get_subcommands()
        .try_for_each(|command| write_pages(command, directory))
}

/// A page, its examples under that name and in their own lines.
fn page(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    let command = command.clone().override_usage(synopsis(command));
    Man::new(command).render(&mut page)?;
    let page = String::from_utf8_lossy(&page);
    Ok(page
        .replace("\n.SH EXTRA\n", "\n.SH EXAMPLES AND NOTES\n.nf\n")
        .replace("\n.SH VERSION\n", "\n.fi\n.SH VERSION\n"))
}

/// How `command` is typed, with the names of its options' values, which clap_mangen leaves out.
fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let arguments = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set());
    let (positional, options): (Vec<_>, Vec<_>) = arguments.partition(|one| one.is_positional());
    let own = options.into_iter().chain(positional).map(typed);
    let subcommand = command.has_subcommands().then(|| "<COMMAND>".to_owned());
    let parts = std::iter::once(name.to_owned())
        .chain(own)
        .chain(subcommand);
    parts.collect::<Vec<_>>().join(" ")
}

fn typed(argument: &Arg) -> String {
    let names = [
        argument.get_short().map(|short| format!("-{short}")),
        argument.get_long().map(|long| format!("--{long}")),
    ];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let takes_value = argument.get_action().takes_values();
    let values = argument.get_value_names().filter(|_| takes_value);
    let values = values.map(|values| values.join(" ")).unwrap_or_default();
    let values = match (
        names.is_empty(),
        values.is_empty(),
        argument.is_required_set(),
    ) {
        (true, _, false) => values,
        (_, true, _) => String::new(),
        _ => format!("<{values}>"),
    };
    let typed = [names.join("|"), values];
    let typed = typed.iter().filter(|part| !part.is_empty());
    let typed = typed.map(String::as_str).collect::<Vec<_>>().join(" ");
    let typed = if argument.is_required_set() {
        typed
    } else {
        format!("[{typed}]")
    };
    match argument.get_action() {
        ArgAction::Append => typed + "...",
        _ => typed,
    }
}

fn unwritten(path: &Path, source: io::Error) -> Error {
    Error::File {
        doing: "write",
        path: path.to_owned(),
        source,
    }
}
