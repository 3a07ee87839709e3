//! What verify must catch, and what it must not: `fixtures/sabotage/`, a folder a case.
//!
//! `SABOTAGE=fence,rule cargo test --test suite sabotage` runs the cases whose names hold one of these; with
//! `BLESS=1` it writes down what fails and what is not proved, with `SETTLE=1` what verify says is typed for all. `make compare` asks others too, and writes the table in
//! `fixtures/sabotage/README.md`.

mod compare;
mod formats;
mod remedies;
mod stand;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use serde::Deserialize;

use super::support::{Output, repository};
use stand::Stand;

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
    /// Exactly the checks that cannot be proved then.
    #[serde(default)]
    not_proved: BTreeSet<String>,
    /// The database that is broken.
    #[serde(default)]
    database: Base,
    /// The oldest PostgreSQL that has such a thing.
    #[serde(default)]
    min_version: u32,
    /// It changes the server or its roles, and runs while nothing else does.
    #[serde(default)]
    own_server: bool,
    /// A script of `fixtures/sabotage` that is run before the case's own.
    first: Option<String>,
    /// Who looks, when not a superuser.
    role: Option<String>,
    /// Typing what verify says to do settles it.
    #[serde(default)]
    settled: bool,
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
        .map(|path| {
            let expected: Expected = toml::from_str(&read(&path.join("expected.toml")))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let first = expected.first.as_ref();
            let first = first.map(|script| fixture(&format!("fixtures/sabotage/{script}")));
            Case {
                name: path.file_name().unwrap().to_string_lossy().into_owned(),
                sql: first.unwrap_or_default() + &read(&path.join(script)),
                expected,
            }
        })
        .filter(|case| only.split(',').any(|part| case.name.contains(part)))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn broken() -> Vec<Case> {
    cases("fixtures/sabotage", "broken.sql")
}

fn harmless() -> Vec<Case> {
    cases("fixtures/sabotage/harmless", "varied.sql")
}

impl Case {
    /// What it does, in words.
    fn sentence(&self) -> &str {
        let Expected { breaks, varies, .. } = &self.expected;
        breaks.as_ref().or(varies.as_ref()).map_or("", |text| text)
    }

    /// Writes down what fails as what must fail, and so with what is not proved. Read the diff.
    fn bless(&self, failed: &BTreeSet<String>, not_proved: &BTreeSet<String>) {
        let folder = if self.expected.breaks.is_some() {
            "fixtures/sabotage"
        } else {
            "fixtures/sabotage/harmless"
        };
        let path = repository(&format!("{folder}/{}/expected.toml", self.name));
        let text = read(&path);
        let kept = text.lines().filter(|line| {
            !["fails = ", "not_proved = "]
                .iter()
                .any(|key| line.starts_with(key))
        });
        let mut lines: Vec<_> = kept.map(str::to_owned).collect();
        let seen = [("not_proved", not_proved), ("fails", failed)];
        for (key, ids) in seen.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            let ids: Vec<_> = ids.iter().map(|id| format!("{id:?}")).collect();
            lines.insert(1, format!("{key} = [{}]", ids.join(", ")));
        }
        fs::write(&path, lines.join("\n") + "\n").unwrap();
    }

    /// Whether the server is one on which it was seen what can be proved.
    fn was_measured(&self) -> bool {
        self.expected.min_version <= 15
    }
}

/// Whether what verify says is typed for every case, of which many need more than that.
fn types_all() -> bool {
    std::env::var_os("SETTLE").is_some()
}

fn blesses() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixture(path: &str) -> String {
    read(&repository(path))
}

fn having(status: &str, output: &Output) -> BTreeSet<String> {
    checks(output)
        .filter(|check| check["outcome"]["status"] == status)
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

/// What verify says when it is as it should be, or else what it does otherwise.
fn judged(stand: &Stand, case: &Case, database: &str) -> Result<Output, String> {
    let output = stand.verify(case, database);
    let code = i32::from(!case.expected.fails.is_empty());
    let failed = having("failed", &output);
    let not_proved = having("not-proved", &output);
    let may_fail = case.expected.breaks.is_some();
    if blesses() && may_fail != failed.is_empty() {
        case.bless(&failed, &not_proved);
        return Ok(output);
    }
    let differs = |found: &BTreeSet<String>, wanted: &BTreeSet<String>| {
        let unexpected: Vec<_> = found.difference(wanted).collect();
        let missed: Vec<_> = wanted.difference(found).collect();
        format!("and should not: {unexpected:?}; should have: {missed:?}")
    };
    let Expected {
        fails,
        not_proved: unproved,
        ..
    } = &case.expected;
    let as_proved = !case.was_measured() || not_proved == *unproved;
    if output.code == Some(code) && failed == *fails && as_proved {
        return Ok(output);
    }
    Err(format!(
        "exit code {:?}; failed {}\n    not proved {}\n{}",
        output.code,
        differs(&failed, fails),
        differs(&not_proved, unproved),
        findings(&output)
    ))
}

/// What verify does otherwise than it should, and what is left when all that it says to type was typed.
fn complaint(stand: &Stand, case: &Case, database: &str) -> Option<String> {
    let judged = judged(stand, case, database);
    if let Some(silent) = judged.as_ref().ok().and_then(remedies::silent) {
        return Some(silent);
    }
    match judged {
        Ok(broken) if case.expected.settled || types_all() => {
            remedies::left(stand, case, database, &broken)
        }
        judged => judged.err(),
    }
}

/// What `look` sees of the broken database of each case that this PostgreSQL can have; of several at once,
/// two for each processor, but for those that change the server.
fn each<T: Send>(
    stand: &Stand,
    cases: Vec<Case>,
    look: impl Fn(&Case, &str) -> T + Sync,
) -> Vec<(Case, Result<T, String>)> {
    let cases = cases.into_iter().filter(|case| stand.fits(case));
    let (alone, together): (Vec<_>, Vec<_>) = cases.partition(|case| case.expected.own_server);
    let seen = |case: &Case, number| stand.with_database(case, number, |name| look(case, name));
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    let workers = thread::available_parallelism().map_or(4, |n| n.get() * 2);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = together.get(number) else {
                        return;
                    };
                    let seen = seen(case, number);
                    found.lock().unwrap().insert(number, seen);
                }
            });
        }
    });
    let mut found: Vec<_> = found.into_inner().unwrap().into_values().collect();
    for case in &alone {
        found.push(seen(case, found.len()));
        stand.restore();
    }
    together.into_iter().chain(alone).zip(found).collect()
}

/// Panics with every case that is not as expected.
fn run(cases: Vec<Case>) {
    let began = Instant::now();
    let stand = Stand::new();
    let total = cases.len();
    let found = each(&stand, cases, |case, database| {
        complaint(&stand, case, database)
    });
    let ran = found.len();
    let _ = writeln!(
        std::io::stderr(),
        "\n{ran} of {total} cases in {:.1} s; the others need another PostgreSQL\n",
        began.elapsed().as_secs_f32()
    );
    let told = found.into_iter().filter_map(|(case, seen)| {
        let wrong = match seen {
            Ok(complaint) => complaint?,
            Err(error) => format!("its script fails: {error}"),
        };
        Some(format!("{} ({}): {wrong}", case.name, case.sentence()))
    });
    let wrong: Vec<_> = told.collect();
    assert!(
        wrong.is_empty(),
        "{} of {ran} cases are not as expected:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn sabotage_is_caught_by_exactly_the_checks_it_breaks() {
    run(broken());
}

#[test]
fn sabotage_is_green_where_it_is_harmless() {
    run(harmless());
}

/// The bar that was set.
#[test]
fn sabotage_has_as_many_cases_as_it_should() {
    if std::env::var_os("SABOTAGE").is_some() {
        return; // some of them were asked for
    }
    assert!(broken().len() >= 120);
    assert!(harmless().len() >= 30);
}
