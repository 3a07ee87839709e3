//! What verify must catch, and what it must not: `fixtures/sabotage/`, a folder a case.
//!
//! `SABOTAGE=fence cargo test --test suite sabotage` runs the cases whose names hold `fence`; with
//! `BLESS=1` it writes down what fails.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use leora_migrate::db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};
use serde::Deserialize;

use super::support::{Cli, Output, repository};

/// `expected.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What is broken, in one sentence.
    breaks: Option<String>,
    /// What is otherwise and must not matter, in one sentence.
    varies: Option<String>,
    /// Exactly the checks that fail.
    #[serde(default)]
    fails: BTreeSet<String>,
    /// The database that is broken.
    #[serde(default)]
    database: Base,
    /// The oldest PostgreSQL that has such a thing.
    #[serde(default)]
    min_version: u32,
    /// It changes the server or its roles, and runs while nothing else does.
    #[serde(default)]
    own_server: bool,
    /// It needs extensions that not every installation has.
    #[serde(default)]
    contrib: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Base {
    /// The application, migrated, with rows.
    #[default]
    Plain,
    /// The same under row-level security.
    RowSecurity,
}

impl Base {
    fn name(self) -> &'static str {
        match self {
            Base::Plain => "plain",
            Base::RowSecurity => "row-security",
        }
    }
}

struct Case {
    name: String,
    sql: String,
    expected: Expected,
}

fn cases(folder: &str, script: &str) -> Vec<Case> {
    let only = std::env::var("SABOTAGE").unwrap_or_default();
    let entries = fs::read_dir(repository(folder)).expect("the cases");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("a case").path())
        .filter(|path| path.join(script).is_file())
        .map(|path| Case {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            sql: read(&path.join(script)),
            expected: toml::from_str(&read(&path.join("expected.toml")))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        })
        .filter(|case| case.name.contains(&only))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    /// Writes down what fails as what must fail. Read the diff.
    fn bless(&self, failed: &BTreeSet<String>) {
        let path = repository(&format!("fixtures/sabotage/{}/expected.toml", self.name));
        let ids: Vec<_> = failed.iter().map(|id| format!("{id:?}")).collect();
        let line = format!("fails = [{}]", ids.join(", "));
        let text = read(&path);
        let lines = text.lines().map(|old| match old.starts_with("fails = ") {
            true => line.clone() + "\n",
            false => old.to_owned() + "\n",
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
    }
}

fn blesses() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A server for the cases alone, because some change what belongs to a whole server.
struct Stand {
    server: ScratchServer,
    directory: tempfile::TempDir,
    version: u32,
    contrib: bool,
}

impl Stand {
    fn new() -> Stand {
        let binaries = Binaries::find().unwrap_or_else(|missing| panic!("{missing}"));
        let server = ScratchServer::start(&binaries, &Options::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let mut client = Client::connect(&server.url("postgres"), NoTls).unwrap();
        let ask = "SELECT current_setting('server_version_num')::integer / 10000, \
                   EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext')";
        let told = client.query_one(ask, &[]).unwrap();
        let stand = Stand {
            server,
            directory: tempfile::tempdir().unwrap(),
            version: u32::try_from(told.get::<_, i32>(0)).unwrap(),
            contrib: told.get(1),
        };
        stand.run("postgres", &fixture("fixtures/sabotage/roles.sql"));
        stand.administer("CREATE DATABASE before TEMPLATE template0");
        stand.run("before", &fixture("fixtures/leora/baseline.sql"));
        stand.run("before", &fixture("fixtures/leora/rows.sql"));
        let script = stand
            .cli("before", &["plan", "--format", "sql"])
            .exits(0)
            .stdout;
        let migration: String = script
            .lines()
            .filter(|line| !line.starts_with('\\'))
            .map(|line| line.replace(" \\g /dev/null", ";") + "\n")
            .collect();
        for base in [Base::Plain, Base::RowSecurity] {
            stand.copy("before", base.name());
            let fence = |database| {
                if base == Base::RowSecurity {
                    stand.run(database, &fixture("fixtures/sabotage/row-security.sql"));
                }
            };
            stand.copy("before", "unmigrated");
            fence("unmigrated");
            let baseline = stand.baseline(base);
            stand
                .cli("unmigrated", &["snapshot", "--out", &baseline])
                .exits(0);
            stand.administer("DROP DATABASE unmigrated");
            stand.run(base.name(), &migration);
            stand.run(base.name(), &fixture("fixtures/sabotage/migrated.sql"));
            fence(base.name());
        }
        stand
    }

    /// The snapshot of the database before it was migrated.
    fn baseline(&self, base: Base) -> String {
        let path = self.directory.path().join(base.name());
        path.to_str().expect("UTF-8").to_owned() + ".toml"
    }

    fn cli(&self, database: &str, args: &[&str]) -> Output {
        Cli::new()
            .env("DATABASE_URL", self.server.url(database))
            .args(args)
            .run()
    }

    fn copy(&self, from: &str, to: &str) {
        let strategy = if self.version >= 15 {
            "STRATEGY file_copy"
        } else {
            ""
        };
        self.administer(&format!(
            "CREATE DATABASE \"{to}\" TEMPLATE \"{from}\" {strategy}"
        ));
    }

    fn administer(&self, sql: &str) {
        self.run("postgres", sql);
    }

    fn run(&self, database: &str, sql: &str) {
        if let Err(error) = self.try_run(database, &[sql]) {
            panic!("{error}\nin {sql}");
        }
    }

    fn try_run(&self, database: &str, batches: &[&str]) -> Result<(), String> {
        let said = |error: postgres::Error| {
            error
                .as_db_error()
                .map_or_else(|| error.to_string(), ToString::to_string)
        };
        let mut client = Client::connect(&self.server.url(database), NoTls).map_err(said)?;
        let mut batches = batches.iter();
        batches.try_for_each(|batch| client.batch_execute(batch).map_err(said))
    }

    /// What is wrong with what verify says of the case; nothing when it is as expected.
    fn judge(&self, case: &Case, number: usize) -> Option<String> {
        let database = format!("case_{number}");
        self.copy(case.expected.database.name(), &database);
        let sql = case
            .sql
            .replace(":\"database\"", &format!("\"{database}\""));
        // What changes a server must not stand in a transaction, and statements sent together do.
        let batches: Vec<_> = match case.expected.own_server {
            true => sql.split_inclusive(";\n").collect(),
            false => vec![sql.as_str()],
        };
        let run = self.try_run(&database, &batches);
        let verdict = match run {
            Err(error) => Some(format!("its script fails: {error}")),
            Ok(()) => self.verdict(case, &database),
        };
        self.administer(&format!("DROP DATABASE \"{database}\" WITH (FORCE)"));
        verdict
    }

    fn verdict(&self, case: &Case, database: &str) -> Option<String> {
        let baseline = self.baseline(case.expected.database);
        let output = self.cli(
            database,
            &["verify", "--format", "json", "--baseline", &baseline],
        );
        let code = i32::from(!case.expected.fails.is_empty());
        let failed = failed(&output);
        if blesses() && case.expected.breaks.is_some() && !failed.is_empty() {
            case.bless(&failed);
            return None;
        }
        if output.code == Some(code) && failed == case.expected.fails {
            return None;
        }
        let (there, wanted) = (&failed, &case.expected.fails);
        let unexpected: Vec<_> = there.difference(wanted).collect();
        let missed: Vec<_> = wanted.difference(there).collect();
        Some(format!(
            "exit code {:?}; failed and should not: {unexpected:?}; should have failed: {missed:?}\n{}",
            output.code,
            findings(&output)
        ))
    }

    /// Undoes what a case did to the server.
    fn restore(&self) {
        for sql in [
            "ALTER SYSTEM RESET ALL",
            "ALTER ROLE ALL RESET ALL",
            "ALTER ROLE application RESET ALL",
            "SELECT pg_reload_conf()",
        ] {
            self.administer(sql);
        }
    }

    fn fits(&self, case: &Case) -> bool {
        self.version >= case.expected.min_version && (self.contrib || !case.expected.contrib)
    }
}

fn fixture(path: &str) -> String {
    read(&repository(path))
}

fn failed(output: &Output) -> BTreeSet<String> {
    checks(output)
        .filter(|check| check["outcome"]["status"] == "failed")
        .map(|check| check["id"].as_str().unwrap().to_owned())
        .collect()
}

fn checks(output: &Output) -> impl Iterator<Item = serde_json::Value> + use<> {
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    report["checks"]
        .as_array()
        .cloned()
        .unwrap_or_default()
        .into_iter()
}

fn findings(output: &Output) -> String {
    let told = checks(output).flat_map(|check| {
        check["outcome"]["findings"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    });
    told.map(|finding| format!("    {}\n", finding["message"].as_str().unwrap_or_default()))
        .collect::<String>()
        + &output.stderr
}

/// Runs all cases, as many at once as there are processors for two of each; panics with every case that is
/// not as expected.
fn run(cases: Vec<Case>) {
    let began = Instant::now();
    let stand = Stand::new();
    let total = cases.len();
    let cases: Vec<_> = cases.into_iter().filter(|case| stand.fits(case)).collect();
    let (alone, together): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|case| case.expected.own_server);
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let note = |case: &Case, verdict: Option<String>| {
        if let Some(verdict) = verdict {
            let what = case
                .expected
                .breaks
                .as_ref()
                .or(case.expected.varies.as_ref());
            let what = what.map_or("", String::as_str);
            wrong
                .lock()
                .unwrap()
                .push(format!("{} ({what}): {verdict}", case.name));
        }
    };
    let workers = thread::available_parallelism().map_or(4, |n| n.get() * 2);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = together.get(number) else {
                        return;
                    };
                    note(case, stand.judge(case, number));
                }
            });
        }
    });
    for (number, case) in alone.iter().enumerate() {
        note(case, stand.judge(case, together.len() + number));
        stand.restore();
    }
    let ran = together.len() + alone.len();
    let mut stderr = std::io::stderr();
    let _ = writeln!(
        stderr,
        "\n{ran} of {total} cases in {:.1} s; the others need another PostgreSQL\n",
        began.elapsed().as_secs_f32()
    );
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(
        wrong.is_empty(),
        "{} of {ran} cases are not as expected:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn sabotage_is_caught_by_exactly_the_checks_it_breaks() {
    run(cases("fixtures/sabotage", "broken.sql"));
}

#[test]
fn sabotage_is_not_cried_over_what_is_harmless() {
    run(cases("fixtures/sabotage/harmless", "varied.sql"));
}

/// The bar that was set.
#[test]
fn sabotage_has_as_many_cases_as_it_should() {
    if std::env::var_os("SABOTAGE").is_some() {
        return; // some of them were asked for
    }
    assert!(cases("fixtures/sabotage", "broken.sql").len() >= 120);
    assert!(cases("fixtures/sabotage/harmless", "varied.sql").len() >= 30);
}
