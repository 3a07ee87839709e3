//! What others write into a database (names, values, messages) steers no terminal and no CI system, whatever is asked
//! and in whatever form.

mod scene;

use clap::CommandFactory;
use leora_core::model::name::literal;
use leora_migrate::cli::Cli as CommandLine;

use super::reports::migrated;
use super::support::{Cli, Output, Template, TestDatabase, on_a_terminal, server_url};
use scene::{changed, name, scene, text, value};

/// How the program is run: the command and its arguments, and whether something of the database is sure to be shown.
type Row = (&'static [&'static str], bool);

/// Every command in every form. A command or a form without a row fails
/// [`every_command_and_every_form_has_a_row`].
#[rustfmt::skip]
const ROWS: &[Row] = &[
    (&["plan"], true),
    (&["plan", "--format", "text"], true),
    (&["plan", "--format", "sql"], true),
    (&["plan", "--format", "json"], true),
    (&["plan", "--format", "markdown"], true),
    (&["plan", "--format", "github"], true),
    (&["plan", "--format", "html"], true),
    (&["verify"], true),
    (&["verify", "--format", "text", "--details"], true),
    (&["verify", "--format", "json"], true),
    (&["verify", "--format", "junit"], true),
    (&["verify", "--format", "sarif"], true),
    (&["verify", "--format", "markdown"], true),
    (&["verify", "--format", "github"], true),
    (&["verify", "--format", "html"], true),
    (&["verify", "--dry-run"], false),
    (&["status"], true),
    (&["status", "--format", "text"], true),
    (&["status", "--format", "json"], true),
    (&["diff", "--from=url", "--to=declared", "--format", "text"], true),
    (&["diff", "--from=url", "--to=declared", "--format", "sql"], true),
    (&["diff", "--from=empty", "--to=url", "--format", "sql"], true),
    (&["diff", "--from=url", "--to=declared", "--format", "json"], true),
    (&["snapshot"], true),
    (&["graph", "deletes", "--format", "svg", "--baseline", "hostile.toml"], true),
    (&["graph", "deletes", "--format", "mermaid", "--baseline", "hostile.toml"], true),
    (&["graph", "deletes", "--format", "dot", "--baseline", "hostile.toml"], true),
    (&["graph", "deletes", "--try", "--baseline", "hostile.toml"], true),
    (&["graph", "models", "--focus", "Tenant", "--baseline", "hostile.toml"], true),
    (&["graph", "models", "--format", "mermaid", "--focus", "HOSTILE", "--baseline", "hostile.toml"], false),
    (&["validate", "--format", "text", "--baseline", "hostile.toml"], false),
    (&["validate", "--format", "json", "--baseline", "hostile.toml"], false),
    (&["explain", "HOSTILE", "--format", "text"], true),
    (&["explain", "--all", "--format", "markdown"], false),
    (&["prisma", "patch", "schema.prisma"], true),
    (&["rollback", "--yes"], false),
    (&["apply", "--yes"], true),
    // What these print is the program's own.
    (&["demo", "--help"], false),
    (&["schema", "plan"], false),
    (&["completions", "bash"], false),
    (&["man", "plan"], false),
];

#[test]
fn every_command_and_every_form_has_a_row() {
    let mut missing = Vec::new();
    for command in CommandLine::command().get_subcommands() {
        let rows: Vec<_> = ROWS
            .iter()
            .filter(|(row, _)| row[0] == command.get_name())
            .collect();
        if rows.is_empty() {
            missing.push(command.get_name().to_owned());
        }
        for sub in command.get_subcommands() {
            if !rows.iter().any(|(row, _)| row.contains(&sub.get_name())) {
                missing.push(format!("{} {}", command.get_name(), sub.get_name()));
            }
        }
        let format = command
            .get_arguments()
            .find(|argument| argument.get_id() == "format");
        let forms = format
            .map(|format| format.get_possible_values())
            .unwrap_or_default();
        for form in forms {
            let has_it = |row: &[&str]| {
                row.windows(2)
                    .any(|pair| pair == ["--format", form.get_name()])
            };
            if !rows.iter().any(|(row, _)| has_it(row)) {
                missing.push(format!(
                    "{} --format {}",
                    command.get_name(),
                    form.get_name()
                ));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

fn prepared(cli: Cli, database: &TestDatabase, snapshot: &str) -> Cli {
    let hidden = text("p").replace('\n', " ");
    let model = |name: &str| {
        format!("model {name} {{\n  id String @id @default(uuid()) @db.Uuid\n  // {hidden}\n}}\n")
    };
    let prisma = format!(
        "datasource db {{\n  provider = \"postgresql\"\n}}\n{}{}",
        model("Tenant"),
        model("User")
    );
    cli.database(database)
        .file("hostile.toml", snapshot)
        .file("schema.prisma", &prisma)
}

fn arguments(row: &[&'static str]) -> Vec<String> {
    let typed = |word: &&str| {
        if *word == "HOSTILE" {
            text("x")
        } else {
            (*word).to_owned()
        }
    };
    row.iter().map(typed).collect()
}

/// Fails when `said`, of which our own colours are taken out, has what must not be on a terminal or in a log, or shows
/// nothing of the database where it should.
#[track_caller]
fn is_harmless(said: &str, row: &[&str], shows: bool) {
    // Told here by itself, and not by what the program takes for unsafe.
    let others = ['\u{202e}', '\u{200b}', '\u{feff}', '\u{e0041}'];
    let hidden = |c: char| c != '\t' && (c.is_control() || others.contains(&c));
    let is_ours = |line: &str| {
        let levels = ["error", "warning", "notice"];
        let begins = |level: &str| line.starts_with(&format!("::{level} title="));
        row.contains(&"github") && levels.into_iter().any(begins)
    };
    let is_bad = |line: &&str| {
        let begins = line.trim_start();
        let is_command = begins.starts_with("::") && !is_ours(line);
        let is_fake = ["FAKE", "section_"]
            .iter()
            .any(|word| begins.starts_with(word));
        line.contains(hidden) || line.contains("##[") || is_command || is_fake
    };
    let bad: Vec<_> = said
        .lines()
        .filter(is_bad)
        .map(|line| excerpt(line, hidden))
        .collect();
    assert!(bad.is_empty(), "{row:?}: {bad:#?}");
    let escapes = [
        "u{1b}",
        "\\x1B",
        "\\001B",
        "\\u001b",
        "\\U0000001B",
        "u{202e}",
        "\\u202e",
    ];
    let is_shown = escapes.iter().any(|escape| said.contains(escape));
    let begins: String = said.chars().take(2000).collect();
    assert!(
        is_shown || !shows,
        "{row:?}: nothing of the database is shown: {begins}"
    );
}

/// What stands around the first character of `line` that is hidden.
fn excerpt(line: &str, hidden: impl Fn(char) -> bool) -> String {
    let at = line.chars().position(hidden).unwrap_or_default();
    line.chars()
        .skip(at.saturating_sub(100))
        .take(200)
        .collect()
}

fn without_our_colours(said: &str) -> String {
    let mut said = said.replace("\r\n", "\n");
    for codes in ["0", "1", "2", "4", "32", "33", "1;31"] {
        said = said.replace(&format!("\u{1b}[{codes}m"), "");
    }
    said
}

fn ended_by_itself(output: &Output) {
    assert!((0..=4).contains(&output.code.unwrap_or(-1)), "{output}");
}

fn run_all(database: &TestDatabase, with: &[&str], shows_all: bool) {
    let snapshot = Cli::new()
        .args(["snapshot"])
        .database(database)
        .run()
        .exits(0)
        .stdout;
    for (row, shows) in ROWS {
        let typed = arguments(row);
        let output = prepared(Cli::new(), database, &snapshot)
            .args(&typed)
            .args(with)
            .run();
        ended_by_itself(&output);
        is_harmless(
            &format!("{}\n{}", output.stdout, output.stderr),
            row,
            *shows && shows_all,
        );
    }
}

#[test]
fn nothing_of_a_changed_database_steers_a_log() {
    run_all(&changed(), &[], true);
}

#[test]
fn nothing_of_a_database_steers_a_log_that_shows_all() {
    run_all(&scene(Template::BaselineWithRows), &["--verbose"], false);
}

#[test]
fn nothing_of_a_database_steers_a_terminal() {
    let database = changed();
    let snapshot = Cli::new()
        .args(["snapshot"])
        .database(&database)
        .run()
        .exits(0)
        .stdout;
    for (row, shows) in ROWS {
        let typed = arguments(row);
        let typed: Vec<_> = typed.iter().map(String::as_str).collect();
        let Some(output) = on_a_terminal(&typed, |cli| prepared(cli, &database, &snapshot)) else {
            return;
        };
        ended_by_itself(&output);
        is_harmless(&without_our_colours(&output.stdout), row, *shows);
    }
}

#[test]
fn a_trigger_steers_nobody() {
    let database = TestDatabase::from(migrated());
    let [trigger, function] = ["tr", "fn"].map(name);
    database.execute(&format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN old; END $f$;
         CREATE TRIGGER {trigger} BEFORE DELETE ON \"Job\" FOR EACH ROW EXECUTE FUNCTION {function}()"
    ));
    for arguments in [
        &["verify", "--dry-run"][..],
        &["verify", "--dry-run", "-v"],
        &["verify", "--details"],
    ] {
        let output = Cli::new().args(arguments).database(&database).run();
        ended_by_itself(&output);
        is_harmless(
            &format!("{}\n{}", output.stdout, output.stderr),
            arguments,
            true,
        );
    }
}

#[test]
fn a_database_and_a_role_steer_nobody() {
    let template = TestDatabase::from(migrated());
    let (database, role) = (name("db"), name("ro"));
    let server = TestDatabase::from(Template::Empty);
    server.execute(&format!(
        "CREATE DATABASE {database} TEMPLATE {}",
        template.name()
    ));
    server.execute(&format!("CREATE ROLE {role} SUPERUSER LOGIN"));
    let encoded = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>()
    };
    let url = server_url("DB").replacen("leora@", &format!("{}@", encoded(&text("ro"))), 1);
    let url = url.replacen("/DB?", &format!("/{}?", encoded(&text("db"))), 1);
    for (row, _) in ROWS
        .iter()
        .filter(|(row, _)| !["apply", "rollback"].contains(&row[0]))
    {
        let output = prepared(Cli::new(), &template, "[tables]\n")
            .env("DATABASE_URL", &url)
            .args(arguments(row))
            .run();
        ended_by_itself(&output);
        is_harmless(&format!("{}\n{}", output.stdout, output.stderr), row, false);
    }
    for missing in [
        &["status", "--schema", "none"][..],
        &["verify", "--schema", "none", "-v"],
    ] {
        let output = Cli::new()
            .env("DATABASE_URL", &url)
            .args(missing)
            .run()
            .exits(2);
        is_harmless(
            &format!("{}\n{}", output.stdout, output.stderr),
            missing,
            true,
        );
    }
    server.execute(&format!("DROP DATABASE {database}"));
    server.execute(&format!("DROP ROLE {role}"));
}

/// Whoever may write to the history may write anything, and a session may be called anything.
#[test]
fn a_history_and_a_blocker_steer_nobody() {
    let database = TestDatabase::from(Template::Baseline);
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(&database).run();
    run(&["apply", "--yes", "--no-verify"]).exits(0);
    let value = literal(&value());
    database.execute(&format!(
        "UPDATE leora_migrate.migration SET error = {value}, tool_version = {value}, server_version = {value}, \
         applied_by = {value}, host = {value}"
    ));
    let apply = &["apply", "--yes", "--no-verify"];
    for command in [
        &["status"][..],
        &["status", "--format", "json"],
        &["verify", "--details"],
        apply,
    ] {
        let output = run(command);
        ended_by_itself(&output);
        is_harmless(
            &format!("{}\n{}", output.stdout, output.stderr),
            command,
            true,
        );
    }
    let rolled_back = run(&["rollback", "--yes"]).exits(0);
    is_harmless(
        &format!("{}\n{}", rolled_back.stdout, rolled_back.stderr),
        &["rollback"],
        true,
    );
    let mut client = database.client();
    let query = format!("BEGIN; LOCK TABLE \"User\" /* {} */", text("q"));
    client.batch_execute(&query).unwrap();
    let locked = run(&["apply", "--yes", "--wait", "1s"]).exits(3);
    is_harmless(
        &format!("{}\n{}", locked.stdout, locked.stderr),
        &["apply"],
        true,
    );
}

/// The SQL that is printed makes what it says, in psql, whatever the session's `standard_conforming_strings`.
#[test]
fn printed_sql_means_what_it_says() {
    let database = TestDatabase::from(Template::Empty);
    let value = literal(&value());
    let [table, column, kind, index] = ["t", "c", "e", "ix"].map(name);
    let made = format!(
        "CREATE TYPE {kind} AS ENUM ('a', {label});
         CREATE TABLE {table} ({column} text PRIMARY KEY DEFAULT {value}, b {kind} DEFAULT {label},
            e text GENERATED ALWAYS AS ({column} || {value}) STORED);
         CREATE INDEX {index} ON {table} (({column} || {value})) WHERE {column} <> {value}",
        label = literal(&text("l")),
    );
    database.execute(&made);
    let copy = TestDatabase::from(Template::Empty);
    let sql = Cli::new()
        .args(["diff", "--from", "empty", "--to", "url", "--format", "sql"])
        .database(&database)
        .run()
        .exits(1)
        .stdout;
    is_harmless(&sql, &["diff"], true);
    for conforming in ["on", "off"] {
        let copy = if conforming == "on" {
            &copy
        } else {
            &TestDatabase::from(Template::Empty)
        };
        copy.psql(&format!(
            "SET standard_conforming_strings = {conforming};\n{sql}"
        ))
        .exits(0);
        let snapshot = |database: &TestDatabase| {
            Cli::new()
                .args(["snapshot"])
                .database(database)
                .run()
                .exits(0)
                .stdout
        };
        assert_eq!(snapshot(copy), snapshot(&database));
        let file = snapshot(&database);
        let again = Cli::new()
            .file("s.toml", &file)
            .args(["diff", "--from", "url", "--to", "s.toml"])
            .database(copy)
            .run();
        again.exits(0);
    }
}
