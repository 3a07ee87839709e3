//! Where output goes: how wide it is, whether it is coloured, and what happens when nobody reads on.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Also in a pipe.
    Always,
    /// Not at all.
    Never,
}

/// The terminal, the pipe or the file that people read.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    quiet: bool,
    coloured: bool,
}

impl Console {
    /// Decides about colour for the whole process: `color` says when, and `NO_COLOR` is respected
    /// where it leaves the choice.
    pub fn new(color: Color, quiet: bool) -> Console {
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        };
        colored::control::set_override(coloured);
        Console { quiet, coloured }
    }

    /// Does `work`, which makes text for a file, without colour.
    pub fn uncoloured<T>(&self, work: impl FnOnce() -> T) -> T {
        colored::control::set_override(false);
        let made = work();
        colored::control::set_override(self.coloured);
        made
    }

    /// How many columns there are, at most 100; 80 where nobody says.
    pub fn width() -> usize {
        textwrap::termwidth().clamp(40, 100)
    }

    /// Writes a result. That nobody reads it to its end is not an error.
    pub fn result(&self, text: &str) {
        write_all(&mut io::stdout().lock(), text);
    }

    /// Writes what goes on, unless `--quiet`.
    pub fn progress(&self, text: &str) {
        if !self.quiet {
            write_all(&mut io::stdout().lock(), text);
        }
    }

    /// Writes a warning or an error.
    pub fn complain(&self, text: &str) {
        write_all(&mut io::stderr().lock(), text);
    }

    /// Why output was lost, if it was: a full disk, but not a reader who had seen enough.
    pub fn lost_output() -> Option<&'static io::Error> {
        FAILED.get()
    }

    /// Whether a person can be asked.
    pub fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Asks a question; only `y` and `yes` are a yes.
    pub fn ask(&self, question: &str) -> bool {
        write_all(&mut io::stdout().lock(), &format!("{question} [y/N] "));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }
}

/// The first write that failed, of the whole process.
static FAILED: OnceLock<io::Error> = OnceLock::new();

fn write_all(out: &mut impl Write, text: &str) {
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A closed pipe (`| head`) only means that the reader has seen enough.
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _ = FAILED.set(error);
        }
    }
}
