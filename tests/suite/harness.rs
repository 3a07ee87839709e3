//! The harness itself: a test that stands on it must be able to fail.

use super::support::{Cli, Template, TestDatabase, oracle, repository, template};

fn tables(database: &TestDatabase) -> i64 {
    let question = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    database.client().query_one(question, &[]).unwrap().get(0)
}

#[test]
fn databases_are_copies_that_do_not_touch_each_other() {
    let made = || {
        template("one-table", |client| {
            client.batch_execute("CREATE TABLE t ()").unwrap()
        })
    };
    let (one, two) = (TestDatabase::from(made()), TestDatabase::from(made()));
    one.execute("CREATE TABLE u ()");
    assert_eq!((tables(&one), tables(&two)), (2, 1));
    let three = TestDatabase::from(made().and_then("two-tables", |client| {
        client.batch_execute("CREATE TABLE v ()").unwrap();
    }));
    assert_eq!(tables(&three), 2);
}

#[test]
fn the_baseline_has_58_tables_and_its_rows() {
    let database = TestDatabase::from(Template::Baseline);
    assert_eq!(tables(&database), 58);
    let question = "SELECT count(*) FROM \"Tenant\"";
    let tenants = |database: &TestDatabase| -> i64 {
        database.client().query_one(question, &[]).unwrap().get(0)
    };
    assert_eq!(tenants(&database), 0);
    assert!(tenants(&TestDatabase::from(Template::BaselineWithRows)) > 1);
}

#[test]
fn a_database_is_dropped_with_the_test_even_when_somebody_is_connected() {
    let database = TestDatabase::from(Template::Empty);
    let (name, mut client) = (database.name().to_owned(), database.client());
    drop(database);
    assert!(client.simple_query("SELECT 1").is_err());
    let other = TestDatabase::from(Template::Empty);
    let left = other
        .client()
        .query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]);
    assert!(left.unwrap().is_none());
}

#[test]
fn psql_stops_at_the_first_error() {
    let database = TestDatabase::from(Template::Empty);
    database
        .psql("CREATE TABLE a ();\nSELECT 6 * 7 AS answer;")
        .exits(0)
        .stdout_has("42");
    database
        .psql("SELECT nonsense;\nCREATE TABLE b ();")
        .exits(3)
        .stderr_has("nonsense")
        .lacks("CREATE");
    assert_eq!(tables(&database), 1);
}

#[test]
fn the_program_sees_only_the_environment_a_test_gives_it() {
    let database = TestDatabase::from(Template::Empty);
    let given = Cli::running("env")
        .env("EXTRA", "1")
        .database(&database)
        .run()
        .exits(0);
    let names: Vec<&str> = given
        .stdout
        .lines()
        .filter_map(|line| line.split('=').next())
        .collect();
    assert!(
        names.contains(&"EXTRA") && names.contains(&"DATABASE_URL") && names.contains(&"PATH"),
        "{given}"
    );
    assert!(
        !names
            .iter()
            .any(|name| name.starts_with("PG") || name.starts_with("CARGO")),
        "{given}"
    );
}

#[test]
fn the_program_runs_where_a_test_says_and_reads_what_it_gives() {
    let own = Cli::running("cat")
        .file("a.toml", "own file\n")
        .args(["a.toml", "-"])
        .stdin("and input");
    own.run().exits(0).stdout_has("own file\nand input");
    let there = Cli::running("ls").in_directory(&repository("tests")).run();
    there.exits(0).stdout_has("suite").lacks("a.toml");
    Cli::running("cat")
        .args(["absent"])
        .run()
        .exits(1)
        .stderr_has("absent");
}

#[test]
#[should_panic(expected = "--- stderr")]
fn an_assertion_that_fails_shows_what_the_program_said() {
    drop(Cli::new().args(["--no-such-flag"]).run().exits(77));
}

#[test]
fn prisma_judges_a_database() {
    let database = TestDatabase::from(Template::Baseline);
    let Some(equal) = oracle(&database, &["exit", "url", "fixtures/leora/schema.prisma"]) else {
        return;
    };
    equal.exits(0);
    database.execute("ALTER TABLE \"Tenant\" DROP COLUMN \"slug\"");
    let Some(differs) = oracle(&database, &["exit", "url", "fixtures/leora/schema.prisma"]) else {
        return;
    };
    differs.exits(2).stdout_has("slug");
}
