//! Where output goes: how wide it is, whether it is coloured, and what happens when nobody reads on.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;

use super::style::{set_ascii_only, set_coloured, shown, spelled_in_ascii, wrapped};

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
    loudness: Loudness,
    coloured: bool,
}

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loudness {
    /// Results, warnings and errors.
    Quiet,
    /// What goes on, too.
    #[default]
    Usual,
    /// Every attempt, too.
    Verbose,
}

impl Console {
    /// Decides about colour for the whole process: `color` says when, and `NO_COLOR` is respected
    /// where it leaves the choice.
    pub fn new(color: Color, loudness: Loudness) -> Console {
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        };
        set_coloured(coloured);
        let has_terminal = io::stdout().is_terminal() || io::stderr().is_terminal();
        set_ascii_only(has_terminal && only_ascii(|name| std::env::var_os(name)));
        Console { loudness, coloured }
    }

    /// Does `work`, which makes text for a file, without colour.
    pub fn uncoloured<T>(&self, work: impl FnOnce() -> T) -> T {
        set_coloured(false);
        let made = work();
        set_coloured(self.coloured);
        made
    }

    /// How many columns there are, at most 100; 80 where nobody says. In fewer than 20 nothing is readable,
    /// however it is wrapped.
    pub fn width() -> usize {
        textwrap::termwidth().clamp(20, 100)
    }

    /// Whether only results, warnings and errors are said.
    pub fn is_quiet(&self) -> bool {
        self.loudness == Loudness::Quiet
    }

    /// Whether every attempt is said.
    pub fn is_verbose(&self) -> bool {
        self.loudness == Loudness::Verbose
    }

    /// Writes a result. That nobody reads it to its end is not an error.
    pub fn result(&self, text: &str) {
        write_all(&mut io::stdout().lock(), &shown(text));
    }

    /// Writes what goes on, unless `--quiet`.
    pub fn progress(&self, text: &str) {
        if !self.is_quiet() {
            self.result(text);
        }
    }

    /// Writes a warning or an error, in lines that fit the terminal. In a log, a message stays a line.
    pub fn complain(&self, text: &str) {
        if !io::stderr().is_terminal() {
            return Console::aside(text);
        }
        for line in text.lines() {
            let words = line.trim_start();
            let indent = &line[..line.len() - words.len()];
            Console::aside(&wrapped(
                words,
                indent,
                &format!("{indent}  "),
                Console::width(),
            ));
        }
    }

    /// Writes to the standard error.
    pub fn aside(text: &str) {
        write_all(&mut io::stderr().lock(), &shown(text));
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
        self.result(&format!("{question} [y/N] "));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }
}

/// The first write that failed, of the whole process.
static FAILED: OnceLock<io::Error> = OnceLock::new();

fn write_all(out: &mut (impl Write + IsTerminal), text: &str) {
    // What programs read is UTF-8 always: a script or a JSON text is not the terminal's to change.
    let text = if out.is_terminal() && only_ascii(|name| std::env::var_os(name)) {
        spelled_in_ascii(text)
    } else {
        text.into()
    };
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A closed pipe (`| head`) only means that the reader has seen enough.
        if error.kind() != io::ErrorKind::BrokenPipe {
            let _ = FAILED.set(error);
        }
    }
}

/// Whether the locale has no letters but ASCII's. As in setlocale(3), LC_ALL counts before LC_CTYPE
/// and LANG, an empty one does not count, and without any it is `C`. All that we draw is ASCII anyway;
/// names from the database, paths and what a server says may not be.
fn only_ascii(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    let locale = set.unwrap_or_default().to_string_lossy().to_lowercase();
    !(locale.contains("utf-8") || locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_letters_there_are() {
        let ascii = |set: &[(&str, &str)]| {
            only_ascii(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            })
        };
        for set in [
            &[][..],
            &[("LANG", "C")],
            &[("LANG", "POSIX")],
            &[("LANG", "en_US.ISO-8859-1")],
            &[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")],
            &[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "C")],
        ] {
            assert!(ascii(set), "{set:?}");
        }
        for set in [
            &[("LANG", "en_US.UTF-8")][..],
            &[("LANG", "C.utf8")],
            &[("LC_CTYPE", "UTF-8")],
            &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "")],
            &[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")],
        ] {
            assert!(!ascii(set), "{set:?}");
        }
    }
}
