//! The program, run as a user runs it, in an environment a test states in full.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{TestDatabase, required};

/// A command line. Without [`in_directory`](Cli::in_directory) it runs in an empty directory; of this
/// process's environment it sees only what it needs to find programs.
pub(crate) struct Cli {
    command: Command,
    stdin: String,
    directory: tempfile::TempDir,
}

impl Cli {
    pub(crate) fn new() -> Self {
        Self::running(env!("CARGO_BIN_EXE_leora-migrate"))
    }

    /// Another program, in the same way.
    pub(crate) fn running(program: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(directory.path())
            .env("HOME", directory.path());
        for kept in [
            "PATH",
            "TMPDIR",
            "LEORA_MIGRATE_PG_BINDIR",
            "LLVM_PROFILE_FILE",
        ] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        Self {
            command,
            stdin: String::new(),
            directory,
        }
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The database it finds in `DATABASE_URL`.
    pub(crate) fn database(self, database: &TestDatabase) -> Self {
        self.env("DATABASE_URL", database.url())
    }

    pub(crate) fn in_directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Writes a file into its directory.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.directory.path().join(name), text)
            .expect("a file in a temporary directory");
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Runs another program where this one would run, in its directory and environment.
    pub(crate) fn and_run(self, program: &str, arguments: &[&str]) -> Output {
        let mut other = Cli::running(program);
        let directory = self.directory.path().to_owned();
        other.command.current_dir(&directory).args(arguments);
        other.run()
    }

    pub(crate) fn run(mut self) -> Output {
        self.command.stdin(Stdio::piped());
        Output::of(self.command, &self.stdin)
    }
}

/// What a program did. Every assertion that fails shows all of it.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    command: String,
}

impl Output {
    /// Runs a command to its end with `stdin` as its input.
    pub(crate) fn of(mut command: Command, stdin: &str) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let shown = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {shown}: {error}"));
        let mut pipe = child.stdin.take().expect("stdin is a pipe");
        let input = stdin.to_owned();
        // Beside the reading of its output: a program may write before it has read all. One that reads
        // nothing closes the pipe, which is no error here.
        let writer = std::thread::spawn(move || drop(pipe.write_all(input.as_bytes())));
        let output = child.wait_with_output().expect("the program's output");
        writer.join().expect("the writer does not panic");
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: shown_arguments(&shown, &command),
        }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit code {code}\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_has(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "expected on stdout: {text}\n{self}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn stderr_has(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "expected on stderr: {text}\n{self}"
        );
        self
    }

    /// Neither on stdout nor on stderr.
    #[track_caller]
    pub(crate) fn lacks(self, text: &str) -> Self {
        let found = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(!found, "expected nowhere: {text}\n{self}");
        self
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            stdout,
            stderr,
            command,
        } = self;
        match code {
            Some(code) => writeln!(f, "$ {command}\nexit code {code}")?,
            None => writeln!(f, "$ {command}\nended by a signal")?,
        }
        write!(f, "--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

fn shown_arguments(program: &str, command: &Command) -> String {
    command.get_args().fold(program.to_owned(), |shown, next| {
        shown + " " + &next.to_string_lossy()
    })
}

/// The program on a terminal of its own, which has colours: what it writes, standard error and all. `None` where no
/// terminal can be had.
pub(crate) fn on_a_terminal(
    arguments: &[&str],
    configured: impl FnOnce(Cli) -> Cli,
) -> Option<Output> {
    if !required("script", "util-linux") {
        return None;
    }
    let words = [env!("CARGO_BIN_EXE_leora-migrate")].into_iter();
    let words = words.chain(arguments.iter().copied());
    let words = words.map(|word| format!("'{}'", word.replace('\'', r"'\''")));
    let command = words.collect::<Vec<_>>().join(" ");
    let terminal = Cli::running("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "xterm-256color");
    Some(configured(terminal).run())
}
