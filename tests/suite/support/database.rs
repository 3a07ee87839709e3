//! A database per test, copied from a template that is built once, on a server that all tests share.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use super::{Output, not_tested, repository};

/// The server all tests of this process share. A static is never dropped: the server's supervisor ends
/// it when the process does.
pub(crate) fn server() -> &'static ScratchServer {
    static SERVER: OnceLock<ScratchServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let binaries = Binaries::find().unwrap_or_else(|missing| panic!("{missing}"));
        ScratchServer::start(&binaries, &Options::default())
            .unwrap_or_else(|error| panic!("{error}"))
    })
}

/// What a database holds when a test begins.
#[derive(Debug, Clone)]
pub(crate) enum Template {
    /// Nothing.
    Empty,
    /// `fixtures/leora/baseline.sql`: the 58 tables, no rows.
    Baseline,
    /// The same with `fixtures/leora/rows.sql`.
    BaselineWithRows,
    /// What `build` makes of another one. See [`template`].
    Made {
        name: &'static str,
        base: Box<Template>,
        build: fn(&mut Client),
    },
}

/// A template of one's own, built once per process and known by its name: `template("empty-enum", |client| ..)`.
pub(crate) fn template(name: &'static str, build: fn(&mut Client)) -> Template {
    Template::Empty.and_then(name, build)
}

impl Template {
    /// This one, changed: a template of its own.
    pub(crate) fn and_then(self, name: &'static str, build: fn(&mut Client)) -> Self {
        Self::Made {
            name,
            base: Box::new(self),
            build,
        }
    }

    /// The name of the template's database, which exists when this returns.
    fn database(&self) -> String {
        let name = match self {
            Self::Empty => return "template0".to_owned(),
            Self::Baseline => "baseline",
            Self::BaselineWithRows => "baseline-with-rows",
            Self::Made { name, .. } => name,
        };
        static BUILT: OnceLock<Mutex<HashMap<String, Arc<OnceLock<()>>>>> = OnceLock::new();
        let built = BUILT.get_or_init(Mutex::default);
        // A test that fails while it builds a template fails others that need it, but by its own message.
        let once = built
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.to_owned())
            .or_default()
            .clone();
        once.get_or_init(|| self.build(name));
        name.to_owned()
    }

    fn build(&self, name: &str) {
        let base = match self {
            Self::Empty | Self::Baseline => Self::Empty,
            Self::BaselineWithRows => Self::Baseline,
            Self::Made { base, .. } => (**base).clone(),
        };
        // A build that failed leaves its database behind, and the next test tries again.
        administer(&format!("DROP DATABASE IF EXISTS {}", quoted(name)));
        create_database(name, &base.database());
        let mut client = connect(name);
        match self {
            Self::Empty => {}
            Self::Baseline => run_fixture(&mut client, "fixtures/leora/baseline.sql"),
            Self::BaselineWithRows => run_fixture(&mut client, "fixtures/leora/rows.sql"),
            Self::Made { build, .. } => build(&mut client),
        }
        // CREATE DATABASE .. TEMPLATE refuses while anybody is connected to the template. PostgreSQL
        // learns of a closed connection a moment later and waits up to five seconds for it.
        drop(client);
    }
}

fn run_fixture(client: &mut Client, path: &str) {
    let sql =
        fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    client
        .batch_execute(&sql)
        .unwrap_or_else(|error| panic!("{path}: {}", explained(&error)));
}

/// A database of one test. Dropped with its connections when the test ends.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    name: String,
}

impl TestDatabase {
    pub(crate) fn from(template: Template) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        create_database(&name, &template.database());
        Self { name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> String {
        server().url(&self.name)
    }

    pub(crate) fn client(&self) -> Client {
        connect(&self.name)
    }

    /// Runs SQL on a connection of its own, and fails the test when the SQL fails.
    #[track_caller]
    pub(crate) fn execute(&self, sql: &str) {
        if let Err(error) = self.client().batch_execute(sql) {
            panic!("{}\nin: {sql}", explained(&error));
        }
    }

    /// Runs a script through the real psql, which stops at the first error.
    pub(crate) fn psql(&self, script: &str) -> Output {
        psql(&self.url(), script)
    }
}

/// The same on the database at `url`. Not every set of server binaries has a psql of its own.
pub(crate) fn psql(url: &str, script: &str) -> Output {
    let own = Binaries::find().unwrap().directory().join("psql");
    let psql = if own.is_file() { own } else { "psql".into() };
    let mut command = Command::new(psql);
    command.args([
        "--no-psqlrc",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        "--file=-",
        url,
    ]);
    command.env_remove("PGOPTIONS").stdin(Stdio::piped());
    Output::of(command, script)
}

impl TestDatabase {
    /// A copy made by the real pg_dump and psql; `None`, which is said, where the pg_dump there is cannot
    /// read a server this new.
    pub(crate) fn dumped_and_restored(&self) -> Option<TestDatabase> {
        let own = Binaries::find().unwrap().directory().join("pg_dump");
        let pg_dump = if own.is_file() { own } else { "pg_dump".into() };
        let mut command = Command::new(pg_dump);
        command.arg(self.url()).env_remove("PGOPTIONS");
        let dump = Output::of(command, "");
        if dump.stderr.contains("server version mismatch") {
            not_tested("pg_dump is older than the server");
            return None;
        }
        let dump = dump.exits(0);
        let copy = TestDatabase::from(Template::Empty);
        copy.psql(&dump.stdout).exits(0);
        Some(copy)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = Client::connect(&server().url("postgres"), NoTls).and_then(|mut client| {
            client.batch_execute(&format!(
                "DROP DATABASE {} WITH (FORCE)",
                quoted(&self.name)
            ))
        });
        if let (Err(error), false) = (dropped, thread::panicking()) {
            panic!("database {} was not dropped: {error}", self.name);
        }
    }
}

fn connect(database: &str) -> Client {
    Client::connect(&server().url(database), NoTls)
        .unwrap_or_else(|error| panic!("cannot connect to {database}: {}", explained(&error)))
}

/// PostgreSQL 15 and later write a copy block by block into the log unless told not to, which takes two to
/// five times as long where nothing waits for the disk: 40 ms and 80 to 260 ms for the 58 tables with rows.
fn create_database(name: &str, template: &str) {
    let version: String = connect("postgres")
        .query_one("SHOW server_version_num", &[])
        .unwrap()
        .get(0);
    let strategy = if version.as_str() >= "150000" {
        " STRATEGY file_copy"
    } else {
        ""
    };
    let (name, template) = (quoted(name), quoted(template));
    administer(&format!(
        "CREATE DATABASE {name} TEMPLATE {template}{strategy}"
    ));
}

fn administer(sql: &str) {
    connect("postgres")
        .batch_execute(sql)
        .unwrap_or_else(|error| panic!("{sql}: {}", explained(&error)));
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The server's own words, which `Display` of [`postgres::Error`] leaves out.
fn explained(error: &postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |told| format!("{told:?}"))
}
