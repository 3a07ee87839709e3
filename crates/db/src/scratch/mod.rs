//! A private PostgreSQL server for the time of one process: for `demo`, the tests and the benchmarks.
//!
//! A small shell script is its supervisor. It starts the server, waits on a pipe that this process
//! holds, and removes server and directory when the pipe closes. The kernel closes it whatever ends
//! this process, SIGKILL included, so nothing is ever left behind.

mod binaries;
mod user;

pub use binaries::{BINDIR_VARIABLE, Binaries, NotInstalled};

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use user::Owner;

const SUPERVISOR: &str = include_str!("supervise.sh");
/// initdb and the first start take about a second; a loaded machine may need many times that.
const PATIENCE: Duration = Duration::from_secs(90);
/// Speed instead of durability on disk: what this server holds is thrown away with it. A commit still
/// outlives a crash of the server, which fault tests cause. Without autovacuum no
/// lock appears in `pg_locks` that nobody asked for.
const SETTINGS: &str = "\
    fsync = off\n\
    full_page_writes = off\n\
    wal_level = minimal\n\
    max_wal_senders = 0\n\
    shared_buffers = 32MB\n\
    max_connections = 200\n\
    autovacuum = off\n";

/// What a scratch server shall have beyond the usual.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Listen on 127.0.0.1 too, on a free port, and not on the unix socket only.
    pub tcp: bool,
    /// Lines for `postgresql.conf`, after the scratch server's own.
    pub settings: Vec<String>,
    /// Lines for `pg_hba.conf`, instead of `trust` for everybody.
    pub hba: Option<String>,
    /// Files put beside the data directory before the start, readable by the server's user alone: a
    /// certificate and its key, for example. Settings name them as `../NAME`.
    pub files: Vec<(String, String)>,
}

/// A PostgreSQL server of one's own, in a temporary directory, listening on a unix socket in it.
/// Its superuser is `leora`, without a password. Dropping it ends the server and removes the directory.
#[derive(Debug)]
pub struct ScratchServer {
    supervisor: Child,
    directory: TempDir,
    port: u16,
}

/// Why there is no scratch server.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// This process runs as root, which PostgreSQL refuses, and there is no other user to run it as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as"
    )]
    NoUser,
    /// The server's directory could not be made ready.
    #[error("cannot prepare the scratch server's directory {}", path.display())]
    Directory {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The shell that supervises the server could not be started, or is gone.
    #[error("cannot run the scratch server's supervisor, /bin/sh")]
    Supervisor(#[source] io::Error),
    /// `initdb` or `postgres` ended instead of accepting connections.
    #[error("the scratch server from {} did not start; the end of its log:\n{log}", bin.display())]
    NotStarted {
        /// The directory of the programs that were run.
        bin: PathBuf,
        /// The last lines they wrote.
        log: String,
    },
    /// The server did not do as told in the time allowed.
    #[error("the scratch server did not {what} within {} seconds; the end of its log:\n{log}", PATIENCE.as_secs())]
    TooSlow {
        /// What was waited for.
        what: &'static str,
        /// The last lines of its log.
        log: String,
    },
}

impl ScratchServer {
    /// Creates a data directory with `initdb` and starts a server in it; returns when it accepts connections.
    /// Run by root, server and directory belong to the user `postgres`, or to `nobody`.
    ///
    /// # Errors
    /// [`ScratchError`], with the end of the server's log where there is one. Nothing is left behind.
    pub fn start(binaries: &Binaries, options: &Options) -> Result<Self, ScratchError> {
        let owner = Owner::other_than_root()?;
        let base = user::base_directory(owner);
        let at_base = |source| ScratchError::Directory {
            path: base.clone(),
            source,
        };
        let directory = tempfile::Builder::new()
            .prefix("leora-")
            .tempdir_in(&base)
            .map_err(at_base)?;
        let port = if options.tcp {
            free_port().map_err(at_base)?
        } else {
            5432
        };

        let place = |name: &str, text: &str| place(directory.path(), name, text, owner);
        place("settings.conf", &settings(options, port))?;
        if let Some(hba) = &options.hba {
            place("pg_hba.conf", hba)?;
        }
        for (name, text) in &options.files {
            place(name, text)?;
        }
        user::give(directory.path(), owner)?;

        let supervisor = supervise(directory.path(), binaries.directory(), owner)?;
        let server = Self {
            supervisor,
            directory,
            port,
        };
        server.wait_until_ready(binaries)?;
        Ok(server)
    }

    /// The connection string of one of its databases, over the unix socket, as user `leora`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://leora@/{}?host={}&port={}",
            percent_encoded(database, ""),
            percent_encoded(&self.socket_dir().to_string_lossy(), "/"),
            self.port
        )
    }

    /// The directory of its unix socket: `host` for libpq. It goes with the server.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        self.directory.path()
    }

    /// Its port, which is in the socket's name too. On 127.0.0.1 only when [`Options::tcp`] was set.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file it writes its log to.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join("server.log")
    }

    /// Ends the server as a crash would: sessions are cut off, what was not committed is lost.
    ///
    /// # Errors
    /// When its supervisor is gone, or the server does not end.
    pub fn stop_immediately(&mut self) -> Result<(), ScratchError> {
        self.order("stop")?;
        let ended = self.directory.path().join("ended");
        self.wait("stop", || Ok(ended.exists()))
    }

    /// Starts a server again that [`stop_immediately`](Self::stop_immediately) ended, on the same data.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_again(&mut self, binaries: &Binaries) -> Result<(), ScratchError> {
        let path = self.directory.path().join("ended");
        fs::remove_file(&path).map_err(|source| ScratchError::Directory { path, source })?;
        self.order("start")?;
        self.wait_until_ready(binaries)
    }

    fn order(&mut self, order: &str) -> Result<(), ScratchError> {
        match &mut self.supervisor.stdin {
            Some(pipe) => writeln!(pipe, "{order}").map_err(ScratchError::Supervisor),
            None => Err(ScratchError::Supervisor(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// The last line of `postmaster.pid` says when the server accepts connections (since PostgreSQL 10).
    fn wait_until_ready(&self, binaries: &Binaries) -> Result<(), ScratchError> {
        let pid_file = self.directory.path().join("data/postmaster.pid");
        let ended = self.directory.path().join("ended");
        self.wait("start", || {
            if ended.exists() {
                let bin = binaries.directory().to_owned();
                return Err(ScratchError::NotStarted {
                    bin,
                    log: self.log_tail(),
                });
            }
            Ok(
                fs::read_to_string(&pid_file)
                    .is_ok_and(|text| text.trim_end().ends_with("\nready")),
            )
        })
    }

    fn wait(
        &self,
        what: &'static str,
        mut done: impl FnMut() -> Result<bool, ScratchError>,
    ) -> Result<(), ScratchError> {
        let deadline = Instant::now() + PATIENCE;
        while !done()? {
            if Instant::now() > deadline {
                return Err(ScratchError::TooSlow {
                    what,
                    log: self.log_tail(),
                });
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn log_tail(&self) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for ScratchServer {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // The supervisor has removed the directory when it ends. If it cannot be waited for, TempDir
        // still removes what is there.
        let _ = self.supervisor.wait();
    }
}

/// Starts the supervisor in a process group of its own: Ctrl-C on the terminal is for this process, which
/// decides what becomes of the server.
fn supervise(directory: &Path, bin: &Path, owner: Option<Owner>) -> Result<Child, ScratchError> {
    let log = directory.join("server.log");
    let at_log = |source| ScratchError::Directory {
        path: log.clone(),
        source,
    };
    let output = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&log)
        .map_err(at_log)?;
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(SUPERVISOR)
        .arg("scratch-server")
        .arg(directory)
        .arg(bin);
    command.current_dir("/").env("LC_ALL", "C").process_group(0);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    if let Some(Owner { uid, gid }) = owner {
        user::give(&log, owner)?;
        command.uid(uid).gid(gid);
    }
    command
        .stdin(Stdio::piped())
        .stdout(output.try_clone().map_err(at_log)?)
        .stderr(output);
    command.spawn().map_err(ScratchError::Supervisor)
}

/// Paths are relative and so need no quoting: of the socket to the data directory, of `hba_file` to where
/// postgres is started.
fn settings(options: &Options, port: u16) -> String {
    let addresses = if options.tcp { "127.0.0.1" } else { "" };
    let mut text = format!(
        "{SETTINGS}port = {port}\nlisten_addresses = '{addresses}'\nunix_socket_directories = '..'\n"
    );
    if options.hba.is_some() {
        text.push_str("hba_file = 'pg_hba.conf'\n");
    }
    for line in &options.settings {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Writes a file that only the server's user can read.
fn place(
    directory: &Path,
    name: &str,
    text: &str,
    owner: Option<Owner>,
) -> Result<(), ScratchError> {
    let path = directory.join(name);
    fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| ScratchError::Directory {
            path: path.clone(),
            source,
        })?;
    user::give(&path, owner)
}

fn free_port() -> io::Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()
        .map(|address| address.port())
}

/// Percent-encodes what RFC 3986 does not leave unreserved, except for the characters in `kept`.
fn percent_encoded(text: &str, kept: &str) -> String {
    text.bytes()
        .fold(String::new(), |encoded, byte| match char::from(byte) {
            plain
                if plain.is_ascii_alphanumeric()
                    || "-._~".contains(plain)
                    || kept.contains(plain) =>
            {
                encoded + plain.encode_utf8(&mut [0; 4])
            }
            _ => format!("{encoded}%{byte:02X}"),
        })
}
