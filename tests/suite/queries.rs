//! Each file of `crates/db/sql`, run on the server at hand and on the oldest and the newest PostgreSQL.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use leora_core::model::Identifier;
use leora_db::catalog::ServerVersion;
use leora_db::introspect::settings_for;
use leora_db::queries::queries;
use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::support::{Cli, Template, TestDatabase, not_tested, repository};

/// The values of the parameters, as psql would be given them by `\set`.
const PARAMETERS: [(&str, &str); 18] = [
    (":'schema'", "'public'"),
    (":'schema_name'", "'public'"),
    (":\"schema_name\"", "\"public\""),
    (":'table'", "'Job'"),
    (":'tables'", "'{Job,User}'"),
    (":'become'", "'MEMBER'"),
    (":'lock'", "'72707369'"),
    (":'advisory'", "'72707369'"),
    (":'modes'", "'{AccessExclusiveLock}'"),
    (":'locks'", "'{RowExclusiveLock Job}'"),
    (":'pid'", "'0'"),
    (":'index'", "'public.none'"),
    (":'privileges'", "'UPDATE, DELETE, TRUNCATE'"),
    (":'transaction'", "'3'"),
    (":'migration'", "'add_phase1_foundation'"),
    (":'ending'", "'_add_phase1_foundation'"),
    (":begun_here", "true"),
    (":user_code", "@user_code"),
];

/// A file: its query's name, the oldest major version that it is for, and its text.
struct File {
    name: String,
    since: u32,
    text: String,
}

fn files() -> Vec<File> {
    let directory = fs::read_dir(repository("crates/db/sql")).unwrap();
    let mut files: Vec<_> = directory
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let parts: Vec<_> = name.split('.').collect();
            let (name, since) = match parts[..] {
                [name, "sql"] => (name, 0),
                [name, major, "sql"] => (name, major.parse().unwrap()),
                _ => panic!("{name} is neither NAME.sql nor NAME.MAJOR.sql"),
            };
            File {
                name: name.to_owned(),
                since,
                text: fs::read_to_string(&path).unwrap(),
            }
        })
        .collect();
    files.sort_by(|one, other| (&one.name, one.since).cmp(&(&other.name, other.since)));
    files
}

fn filled(text: &str, files: &[File]) -> String {
    let mut filled = text.to_owned();
    for (parameter, value) in PARAMETERS {
        filled = filled.replace(parameter, value);
    }
    match files.iter().find(|file| file.name == "user_code") {
        Some(file) if filled.contains("@user_code") => {
            filled.replace("@user_code", &self::filled(&file.text, &[]))
        }
        _ => filled,
    }
}

#[test]
fn each_file_is_a_query_and_each_query_its_files() {
    let files = files();
    let mut known = BTreeMap::new();
    for query in queries() {
        for (since, text) in query.texts {
            let before = known.insert((query.name, *since), *text);
            assert!(before.is_none(), "{} is listed twice", query.name);
        }
        let majors: Vec<_> = query.texts.iter().map(|(since, _)| *since).collect();
        assert!(
            majors.is_sorted() && majors.first() == Some(&0),
            "{}: {majors:?}",
            query.name
        );
    }
    for file in &files {
        let text = known.remove(&(file.name.as_str(), file.since));
        assert_eq!(
            text,
            Some(file.text.as_str()),
            "{} of {}",
            file.name,
            file.since
        );
        assert!(
            file.text.starts_with("-- "),
            "{} has no comment first",
            file.name
        );
        assert!(
            !file.text.trim_end().ends_with(';'),
            "{} ends with a semicolon",
            file.name
        );
    }
    assert!(
        known.is_empty(),
        "there are no such files: {:?}",
        known.keys()
    );
    assert!(files.len() > 30, "{}", files.len());
}

/// Runs each file that is for the server's version, which holds the tables, the migration's history and Prisma's: its
/// columns are those that are read, each by a name of its own, in that order.
fn all_run(url: &str) {
    let mut client = Client::connect(url, NoTls).unwrap();
    let version: String = client
        .query_one("SHOW server_version_num", &[])
        .unwrap()
        .get(0);
    let version = ServerVersion(version.parse().unwrap());
    let files = files();
    let schema = Identifier::new("public").unwrap();
    let mut ran = 0;
    for query in queries() {
        for file in files.iter().filter(|file| file.name == query.name) {
            let is_used = query.text(version) == file.text.trim_end();
            if file.since > version.major() {
                assert!(!is_used, "{} of {}", file.name, file.since);
                continue;
            }
            let sql = format!(
                "BEGIN READ ONLY;\n{}{};\nROLLBACK",
                settings_for(&schema),
                filled(&file.text, &files)
            );
            let about = format!("{} of {} on {}", file.name, file.since, version.0);
            let messages = client
                .simple_query(&sql)
                .unwrap_or_else(|error| panic!("{about}: {:?}\n{sql}", error.as_db_error()));
            let described: Vec<_> = messages
                .iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::RowDescription(columns) => Some(columns),
                    _ => None,
                })
                .collect();
            let [columns] = described[..] else {
                panic!("{about}: {} answers", described.len());
            };
            let names: Vec<_> = columns.iter().map(|column| column.name()).collect();
            assert_eq!(names, query.columns, "{about}");
            ran += 1;
        }
    }
    assert!(ran > 30, "{ran}");
}

/// The tables, the migration's history and Prisma's.
fn prepare(url: &str) {
    let mut client = Client::connect(url, NoTls).unwrap();
    let baseline = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    client.batch_execute(&baseline).unwrap();
    client.batch_execute(PRISMA).unwrap();
    Cli::new()
        .args(["apply", "--yes", "--no-verify"])
        .env("DIRECT_URL", url)
        .run()
        .exits(0);
}

/// As Prisma's engine makes it.
const PRISMA: &str = "CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
    migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)";

#[test]
fn each_query_runs_on_the_server_at_hand() {
    let database = TestDatabase::from(Template::Empty);
    prepare(&database.url());
    all_run(&database.url());
}

/// As a person pastes them, with the parameters set.
#[test]
fn each_query_runs_in_psql() {
    let database = TestDatabase::from(Template::Empty);
    prepare(&database.url());
    let major: u32 = {
        let version = database.client().query_one("SHOW server_version_num", &[]);
        let version: String = version.unwrap().get(0);
        ServerVersion(version.parse().unwrap()).major()
    };
    let directory = repository("crates/db/sql");
    let mut script = String::from(
        r"\set schema public
\set schema_name public
\set table Job
\set tables '{Job,User}'
\set become MEMBER
\set lock 72707369
\set advisory 72707369
\set modes '{AccessExclusiveLock}'
\set locks '{RowExclusiveLock Job}'
\set pid 0
\set index public.none
\set privileges UPDATE
\set transaction 3
\set migration add_phase1_foundation
\set ending _add_phase1_foundation
\set begun_here true
",
    );
    script += &format!(
        "\\set user_code `cat {}/user_code.sql`\n",
        directory.display()
    );
    for file in files().iter().filter(|file| file.since <= major) {
        script += &format!("{};\n", file.text.trim_end());
    }
    database.psql(&script).exits(0);
}

fn each_query_runs_on(major: u32) {
    let fetched = Command::new(repository("scripts/fetch-postgres"))
        .arg(major.to_string())
        .output()
        .unwrap();
    let directory = String::from_utf8(fetched.stdout).unwrap();
    let binaries = Binaries::in_directory(PathBuf::from(directory.trim()));
    let Some(binaries) = binaries.filter(|_| fetched.status.success()) else {
        let why = String::from_utf8_lossy(&fetched.stderr).into_owned();
        return not_tested(&format!("PostgreSQL {major} was not to be had: {why}"));
    };
    let server = ScratchServer::start(&binaries, &Options::default()).unwrap();
    let url = server.url("postgres");
    prepare(&url);
    all_run(&url);
}

#[test]
fn each_query_runs_on_postgresql_13() {
    each_query_runs_on(13);
}

#[test]
fn each_query_runs_on_postgresql_18() {
    each_query_runs_on(18);
}
