//! What goes wrong before anything is done: one clear message, the right exit code, no panic, no
//! password.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use super::support::{Cli, Template, TestDatabase};

#[test]
fn an_unknown_flag_and_an_unknown_command() {
    Cli::new()
        .args(["plan", "--frobnicate"])
        .run()
        .exits(2)
        .stderr_has("--frobnicate");
    Cli::new()
        .args(["frobnicate"])
        .run()
        .exits(2)
        .stderr_has("frobnicate");
    Cli::new().run().exits(2).stderr_has("Usage");
}

#[test]
fn no_database_named() {
    Cli::new()
        .args(["verify"])
        .run()
        .exits(2)
        .stderr_has("DIRECT_URL");
}

#[test]
fn an_unreachable_server_without_its_password() {
    Cli::new()
        .args(["verify"])
        .env(
            "DATABASE_URL",
            "postgresql://leora:hunter2@127.0.0.1:1/leora",
        )
        .run()
        .exits(2)
        .stderr_has("127.0.0.1:1")
        .lacks("hunter2")
        .lacks("panicked");
}

#[test]
fn a_missing_database() {
    let database = TestDatabase::from(Template::Empty);
    let url = database.url().replace(database.name(), "nowhere");
    Cli::new()
        .args(["plan"])
        .env("DATABASE_URL", url)
        .run()
        .exits(2)
        .stderr_has("nowhere");
}

#[test]
fn a_schema_that_does_not_exist() {
    let database = TestDatabase::from(Template::Baseline);
    Cli::new()
        .args(["plan", "--schema", "sales"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("there is no schema \"sales\"")
        .stderr_has("public");
}

#[test]
fn a_name_that_postgresql_would_cut() {
    Cli::new()
        .args([
            "plan",
            "--url",
            "postgresql://leora@localhost/leora",
            "--schema",
            &"x".repeat(64),
        ])
        .run()
        .exits(2)
        .stderr_has("64 bytes");
}

#[test]
fn a_read_only_connection_is_looked_at_and_not_changed() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute(&format!(
        "ALTER DATABASE \"{}\" SET default_transaction_read_only = on",
        database.name()
    ));
    Cli::new()
        .args(["plan"])
        .database(&database)
        .run()
        .exits(0)
        .stdout_has("16 steps");
    Cli::new()
        .args(["apply", "--yes"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("read-only");
    Cli::new()
        .args(["verify"])
        .database(&database)
        .run()
        .exits(1)
        .stdout_has("read-only");
}

#[test]
fn a_broken_configuration_file_is_shown_by_file_and_line() {
    let broken = "schema = \"public\"\nbaselin = \"x.toml\"\n";
    Cli::new()
        .file("leora-migrate.toml", broken)
        .args(["validate"])
        .run()
        .exits(2)
        .stderr_has("leora-migrate.toml:2:1")
        .stderr_has("expected one of");
    Cli::new()
        .file("team.toml", "url = \"postgresql://u:hunter2@h/d\" x\n")
        .args(["validate", "--config", "team.toml"])
        .run()
        .exits(2)
        .stderr_has("team.toml:1:")
        .lacks("hunter2");
    Cli::new()
        .args(["validate", "--config", "absent.toml"])
        .run()
        .exits(2)
        .stderr_has("absent.toml");
    for (check, finding, reason, line) in [
        ("tables.colums", "note", "known", 2),
        ("tables.columns", " ", "known", 3),
        ("tables.columns", "note", " ", 4),
    ] {
        let waiver = format!(
            "[[waiver]]\ncheck = \"{check}\"\nfinding = \"{finding}\"\nreason = \"{reason}\"\nexpires = \"2027-01-31\"\n"
        );
        Cli::new()
            .file("leora-migrate.toml", &waiver)
            .args(["validate"])
            .run()
            .exits(2)
            .stderr_has(&format!("leora-migrate.toml:{line}:"));
    }
    Cli::new()
        .file("x.toml", "[tables.T]\ncolumns = 1\n")
        .args(["validate", "--baseline", "x.toml"])
        .run()
        .exits(2)
        .stderr_has("x.toml:2:");
}

#[test]
fn a_baseline_that_no_database_could_hold_is_refused() {
    let id = "columns = [{ name = \"id\", type = \"uuid\" }]\n";
    let key = "columns = [\"id\"], on_delete = \"cascade\", on_update = \"cascade\"";
    for (table, said) in [
        (
            "columns = [{ name = \"a\", type = \"text\" }, { name = \"a\", type = \"text\" }]"
                .to_owned(),
            "\"T\" has the column \"a\" twice",
        ),
        (
            "columns = [{ name = \"a\", type = \" \" }]".to_owned(),
            "\"T\" has the column \"a\" without a type",
        ),
        (
            format!("{id}primary_key = {{ name = \"T_pkey\", columns = [\"no\"] }}"),
            "\"T\" has no column \"no\", which \"T_pkey\" is over",
        ),
        (
            format!("{id}indexes.i = {{ keys = [{{ column = \"id\" }}, {{ column = \"no\" }}] }}"),
            "\"T\" has no column \"no\", which \"i\" is over",
        ),
        (
            format!(
                "{id}foreign_keys.f = {{ {key}, references = \"U\", referenced_columns = [\"id\"] }}"
            ),
            "\"T\" has the foreign key \"f\", to \"U\", which is not there",
        ),
        (
            format!(
                "{id}foreign_keys.f = {{ {key}, references = \"T\", referenced_columns = [\"x\"] }}"
            ),
            "\"T\" has the foreign key \"f\", to \"T\", which has no column \"x\"",
        ),
        (
            format!(
                "{id}foreign_keys.f = {{ {key}, references = \"T\", referenced_columns = [] }}"
            ),
            "\"T\" has the foreign key \"f\", of 1 columns that reference 0",
        ),
    ] {
        Cli::new()
            .file("x.toml", &format!("[enums]\n\n[tables.T]\n{table}\n"))
            .args(["validate", "--baseline", "x.toml"])
            .run()
            .exits(2)
            .stderr_has("x.toml:3:1")
            .stderr_has(said);
    }
}

#[test]
fn a_history_of_another_shape() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute(
        "CREATE SCHEMA leora_migrate;\n             CREATE TABLE leora_migrate.migration (id uuid)",
    );
    Cli::new()
        .args(["status"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("error[LM0057]: ");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let database = TestDatabase::from(Template::Baseline);
    let unreachable = "postgresql://nobody@127.0.0.1:1/x";
    let file = format!("url = \"{unreachable}\"\n");
    let plan = || Cli::new().file("leora-migrate.toml", &file).args(["plan"]);
    plan().run().exits(2).stderr_has("127.0.0.1:1");
    plan().env("DATABASE_URL", database.url()).run().exits(0);
    plan()
        .env("DATABASE_URL", database.url())
        .env("DIRECT_URL", unreachable)
        .run()
        .exits(2);
    plan()
        .env("DIRECT_URL", unreachable)
        .args(["--url", &database.url()])
        .run()
        .exits(0);
}

#[test]
fn apply_does_not_answer_its_own_question() {
    let database = TestDatabase::from(Template::Baseline);
    Cli::new()
        .args(["apply"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("--yes");
    Cli::new()
        .args(["plan", "--check"])
        .database(&database)
        .run()
        .exits(1);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let database = TestDatabase::from(Template::Baseline);
    let mut child = Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(["plan", "--url", &database.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let database = TestDatabase::from(Template::Baseline);
    let plan = || Cli::new().args(["plan"]).database(&database);
    plan().run().lacks("\u{1b}[");
    plan()
        .args(["--color", "always"])
        .run()
        .stdout_has("\u{1b}[");
    plan()
        .env("NO_COLOR", "1")
        .args(["--color", "auto"])
        .run()
        .lacks("\u{1b}[");
}

#[test]
fn a_plan_that_cannot_be_written_is_an_error() {
    let database = TestDatabase::from(Template::Baseline);
    Cli::new()
        .args(["plan", "--out", "/nowhere/plan.sql"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("cannot write /nowhere/plan.sql");
    assert!(fs::metadata("/nowhere").is_err());
}

#[test]
fn output_that_is_lost_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else {
        return eprintln!("NOT TESTED: there is no /dev/full here");
    };
    let output = Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .arg("validate")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be written"));
}

#[test]
fn a_schema_that_cannot_be_the_applications() {
    for name in ["$user", "leora_migrate", "pg_catalog", "information_schema"] {
        Cli::new()
            .args([
                "plan",
                "--url",
                "postgresql://leora@localhost/leora",
                "--schema",
                name,
            ])
            .run()
            .exits(2)
            .stderr_has("is no schema for an application's tables");
    }
}
