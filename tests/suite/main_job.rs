//! The main job from end to end, as a user runs it: plan, apply, verify, on the real application.

use std::fs;

use leora_core::model::snapshot;

use super::support::{Cli, Template, TestDatabase, oracle, repository};

fn command(database: &TestDatabase, args: &[&str]) -> Cli {
    Cli::new().args(args).database(database)
}

fn baseline() -> TestDatabase {
    TestDatabase::from(Template::BaselineWithRows)
}

fn apply(database: &TestDatabase) {
    command(database, &["apply", "--yes", "--no-verify"])
        .run()
        .exits(0);
}

/// All that a schema is, as this tool reads it.
fn schema(database: &TestDatabase) -> String {
    let output = command(database, &["snapshot"]).run().exits(0);
    output.stdout
}

#[test]
fn apply_then_verify_is_green_and_prisma_sees_no_difference() {
    let database = baseline();
    command(&database, &["verify"])
        .run()
        .exits(1)
        .stdout_has("table \"Job\" is missing")
        .stdout_has("61 = 58 + 3");
    command(&database, &["plan", "--check"]).run().exits(1);
    command(&database, &["apply", "--yes"])
        .run()
        .exits(0)
        .stdout_has("GREEN: 41 passed");
    command(&database, &["plan", "--check"])
        .run()
        .exits(0)
        .stdout_has("Nothing to do");
    command(&database, &["status"])
        .run()
        .exits(0)
        .stdout_has("applied, nothing pending");
    let phase1 = repository("fixtures/leora/phase1.prisma");
    if let Some(output) = oracle(&database, &["exit", "url", phase1.to_str().unwrap()]) {
        output.exits(0);
    }
}

#[test]
fn applied_again_nothing_changes() {
    let database = baseline();
    apply(&database);
    let before = schema(&database);
    command(&database, &["apply", "--yes"])
        .run()
        .exits(0)
        .stdout_has("applied already (2")
        .stdout_has("Z by leora)");
    assert_eq!(schema(&database), before);
    let runs: i64 = database
        .client()
        .query_one("SELECT count(*) FROM leora_migrate.migration", &[])
        .unwrap()
        .get(0);
    assert_eq!(runs, 1, "a run that did nothing is not recorded");
}

#[test]
fn the_history_is_never_a_table_of_the_application() {
    let database = baseline();
    apply(&database);
    let tables: i64 = database
        .client()
        .query_one(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(tables, 61);
}

#[test]
fn the_sql_runs_in_psql_as_it_stands_and_does_the_same() {
    let (by_psql, by_apply) = (baseline(), baseline());
    let script = command(&by_psql, &["plan", "--format", "sql"])
        .run()
        .exits(0);
    let said = by_psql.psql(&script.stdout).exits(0);
    assert_eq!(said.stdout, "");
    apply(&by_apply);
    assert_eq!(schema(&by_psql), schema(&by_apply));
    command(&by_psql, &["verify"]).run().exits(0);
}

#[test]
fn a_partly_migrated_database_gets_just_what_is_missing() {
    let database = baseline();
    apply(&database);
    let whole = schema(&database);
    database.execute("DROP TABLE \"Job\"; DROP INDEX \"DashboardWidget_tenantId_userId_idx\"");
    command(&database, &["plan"])
        .run()
        .exits(0)
        .stdout_has("6 steps: create 1 table, 4 indexes, add 1 foreign key")
        .stdout_has("CREATE TABLE \"Job\"")
        .lacks("CREATE TABLE \"MetricDefinition\"");
    command(&database, &["apply", "--yes"]).run().exits(0);
    assert_eq!(schema(&database), whole);
}

#[test]
fn what_stands_but_differs_is_refused_and_nothing_is_done() {
    for (change, said) in [
        (
            "CREATE TABLE \"Job\" (\"id\" text PRIMARY KEY)",
            "column \"Job\".\"id\": type is TEXT, expected UUID",
        ),
        (
            "CREATE TABLE \"Job\" (LIKE \"Tenant\" INCLUDING ALL)",
            "\"Job\"",
        ),
        (
            "CREATE VIEW \"Job\" AS SELECT 1",
            "kind is a view, expected a table",
        ),
        (
            "ALTER TABLE \"Tenant\" ALTER COLUMN \"name\" TYPE varchar(50)",
            "type is VARCHAR(50), expected TEXT",
        ),
        (
            "ALTER TABLE \"User\" ALTER COLUMN \"isActive\" DROP DEFAULT",
            "default is none, expected true",
        ),
        (
            "CREATE INDEX \"Job\" ON \"User\" (\"email\")",
            "the name \"Job\" is taken by an index",
        ),
        (
            "CREATE SEQUENCE \"Job_status_idx\"",
            "the name \"Job_status_idx\" is taken",
        ),
        (
            "CREATE TYPE \"Job\" AS ENUM ('x')",
            "the name \"Job\" is taken by an enum",
        ),
    ] {
        let database = baseline();
        database.execute(&format!(
            "{change}; INSERT INTO \"Tenant\" SELECT * FROM \"Tenant\" WHERE false"
        ));
        let before = schema(&database);
        command(&database, &["plan"])
            .run()
            .exits(2)
            .stdout_has("Refused")
            .stdout_has(said);
        command(&database, &["apply", "--yes"])
            .run()
            .exits(2)
            .stdout_has(said);
        assert_eq!(schema(&database), before, "after {change}");
    }
}

#[test]
fn no_plan_ever_drops_retypes_or_rewrites() {
    let database = baseline();
    let output = command(&database, &["plan", "--format", "json"])
        .run()
        .exits(0);
    let plan: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 16);
    for step in steps {
        let sql = step["sql"].as_str().unwrap();
        let additive = [
            "CREATE TABLE ",
            "CREATE INDEX ",
            "CREATE UNIQUE INDEX ",
            "ALTER TABLE ",
        ];
        assert!(additive.iter().any(|begin| sql.starts_with(begin)), "{sql}");
        let adds = sql.contains("\n    ADD CONSTRAINT ") && sql.contains("FOREIGN KEY");
        assert!(!sql.starts_with("ALTER TABLE ") || adds, "{sql}");
    }
}

#[test]
fn another_schema_than_public_works_as_well() {
    let database = TestDatabase::from(Template::Empty);
    let sql = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    database.execute("CREATE SCHEMA \"le\"\"ora\"; DROP SCHEMA public");
    let sql = sql.replace(
        "CREATE SCHEMA IF NOT EXISTS \"public\";",
        "SET search_path = \"le\"\"ora\";",
    );
    database.psql(&sql).exits(0);
    command(&database, &["apply", "--yes", "--schema", "le\"ora"])
        .run()
        .exits(0)
        .stdout_has("GREEN: 41 passed");
    command(&database, &["verify", "--schema", "public"])
        .run()
        .exits(2)
        .stderr_has("there is no schema \"public\"")
        .stderr_has("le\"ora");
}

#[test]
fn a_plan_in_a_file_is_carried_out_exactly_or_refused() {
    let database = baseline();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.json");
    let file = path.to_str().unwrap();
    command(&database, &["plan", "--format", "json", "--out", file])
        .run()
        .exits(0);
    database.execute("CREATE TABLE \"Job\" (\"id\" uuid PRIMARY KEY)");
    command(&database, &["apply", "--yes", "--plan", file])
        .run()
        .exits(2);
    database.execute("DROP TABLE \"Job\"");
    command(&database, &["apply", "--yes", "--plan", file])
        .run()
        .exits(0);
    // Carried out, it is not somebody else's.
    command(&database, &["apply", "--yes", "--plan", file])
        .run()
        .exits(0)
        .stdout_has("applied already (2")
        .lacks("omebody");
}

#[test]
fn a_plan_is_written_as_its_file_is_called() {
    let database = baseline();
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let cli = command(&database, arguments);
        cli.in_directory(directory.path()).run().exits(0)
    };
    run(&["plan", "--out", "plan.sql"]);
    let script = std::fs::read_to_string(directory.path().join("plan.sql")).unwrap();
    assert!(script.contains("\nBEGIN;\n") && script.ends_with("COMMIT;\n"));
    run(&["plan", "--out", "plan.json"]);
    run(&["apply", "--yes", "--plan", "plan.json"]);
}

#[test]
fn a_plan_of_another_version_is_not_read() {
    let database = baseline();
    let plan = command(&database, &["plan", "--format", "json"]).run();
    // What 0.1.0 wrote, as far as it matters; and a version that is not known yet.
    let first =
        r#"{ "format_version": 1, "migration": "add_phase1_foundation", "fingerprint": "00" }"#;
    let newer = plan
        .stdout
        .replacen("\"format_version\": 2", "\"format_version\": 3", 1);
    for (file, version) in [(first, 1), (newer.as_str(), 3)] {
        command(&database, &["apply", "--yes", "--plan", "plan.json"])
            .file("plan.json", file)
            .run()
            .exits(2)
            .stderr_has("error[LM0002]")
            .stderr_has(&format!("format_version is {version}, not 2; plan again"));
    }
}

/// The class and the database of the plan that is made for `database`.
fn planned_for(database: &TestDatabase) -> (String, serde_json::Value, String) {
    let plan = command(database, &["plan", "--format", "json"]).run();
    let text = plan.exits(0).stdout;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let class = value["class"].as_str().unwrap().to_owned();
    (class, value["database"].clone(), text)
}

#[test]
fn equal_databases_have_plans_of_one_class_and_a_plan_runs_on_its_own_only() {
    let (staging, production) = (baseline(), baseline());
    let (class, of_staging, plan) = planned_for(&staging);
    let (same, of_production, _) = planned_for(&production);
    assert_eq!(class, same);
    assert_ne!(of_staging, of_production);
    // What people are shown has it too.
    for format in ["markdown", "html"] {
        let shown = command(&production, &["plan", "--format", format]).run();
        shown.exits(0).stdout_has(&class);
    }
    let refused = |database: &TestDatabase, what: &str| {
        let apply = command(database, &["apply", "--yes", "--plan", "plan.json"]);
        let apply = apply.file("plan.json", &plan).run().exits(2);
        apply.stderr_has("error[LM0072]").stderr_has(what)
    };
    let before = schema(&production);
    refused(&production, "another database, with which this one agrees")
        .stderr_has(staging.name())
        .stderr_has(production.name());
    assert_eq!(schema(&production), before);
    let change = r#"ALTER TABLE "User" ADD COLUMN "nickname" text"#;
    production.execute(change);
    assert_ne!(planned_for(&production).0, class);
    refused(&production, "another database, from which this one differs").stderr_has("nickname");
    staging.execute(change);
    refused(&staging, "the database has changed since the plan was made").stderr_has("nickname");
    assert_eq!(planned_for(&staging).0, planned_for(&production).0);
}

#[test]
fn a_plan_that_was_edited_is_refused() {
    let database = baseline();
    let written = command(&database, &["plan", "--format", "json"])
        .run()
        .exits(0)
        .stdout;
    let whole: serde_json::Value = serde_json::from_str(&written).unwrap();
    let edits: [fn(&mut serde_json::Value); 3] = [
        |plan| {
            plan["steps"].as_array_mut().unwrap().pop();
        },
        |plan| plan["steps"] = serde_json::json!([]),
        |plan| {
            let mut step = plan["steps"][3].clone();
            step["change"] = serde_json::json!({
                "change": "drop-index", "name": "User_tenantId_email_key", "concurrently": false
            });
            step["sql"] = "DROP INDEX \"User_tenantId_email_key\"".into();
            plan["steps"].as_array_mut().unwrap().push(step);
        },
    ];
    let before = schema(&database);
    for edit in edits {
        let mut plan = whole.clone();
        edit(&mut plan);
        command(&database, &["apply", "--yes", "--plan", "plan.json"])
            .file("plan.json", &plan.to_string())
            .run()
            .exits(2)
            .stderr_has("edit nothing");
        assert_eq!(schema(&database), before);
    }
}

#[test]
fn the_script_of_a_refused_plan_fails_in_psql_too() {
    let database = baseline();
    database.execute("CREATE TABLE \"Job\" (\"id\" text PRIMARY KEY)");
    let script = command(&database, &["plan", "--format", "sql"])
        .run()
        .exits(2);
    database
        .psql(&script.stdout)
        .exits(3)
        .stderr_has("the plan is refused");
}

#[test]
fn the_built_in_baseline_is_what_snapshot_writes_of_the_fixture() {
    let database = TestDatabase::from(Template::Baseline);
    let written = schema(&database);
    assert!(
        written == leora_schema::BASELINE,
        "leora-migrate snapshot --out schema/baseline.toml brings it up to date"
    );
    let read = snapshot::read(&written).unwrap();
    assert_eq!(snapshot::write(&read), written);
}

#[test]
fn the_fixture_is_what_prismas_engine_writes() {
    let database = TestDatabase::from(Template::Empty);
    let model = repository("fixtures/leora/schema.prisma");
    if let Some(output) = oracle(&database, &["script", "empty", model.to_str().unwrap()]) {
        let kept = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
        assert_eq!(output.exits(0).stdout, kept);
    }
}

#[test]
fn another_baseline_changes_the_count_that_is_expected() {
    let database = baseline();
    database.execute("CREATE TABLE \"Extra\" (\"id\" uuid PRIMARY KEY)");
    command(&database, &["verify"])
        .run()
        .exits(1)
        .stdout_has("table \"Extra\" is not expected");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baseline.toml");
    let file = path.to_str().unwrap();
    command(&database, &["snapshot", "--out", file])
        .run()
        .exits(0)
        .stdout_has("Wrote 59 tables");
    command(&database, &["apply", "--yes", "--baseline", file])
        .run()
        .exits(0)
        .stdout_has("62 tables (3 new)");
    // Written again after the migration it holds the new tables too, and they still count as new.
    command(&database, &["snapshot", "--out", file])
        .run()
        .exits(0)
        .stdout_has("Wrote 62 tables");
    command(&database, &["verify", "--baseline", file])
        .run()
        .exits(0)
        .stdout_has("62 tables (3 new)");
}

#[test]
fn validate_needs_no_database_and_names_conflicts() {
    Cli::new()
        .args(["validate"])
        .run()
        .exits(0)
        .stdout_has("58 tables");
    let conflict = "[tables.Job]\ncolumns = [{ name = \"id\", type = \"text\" }]\n";
    Cli::new()
        .file("conflict.toml", conflict)
        .args(["validate", "--baseline", "conflict.toml"])
        .run()
        .exits(1)
        .stdout_has("type is TEXT, expected UUID")
        .stdout_has("table \"Tenant\" is missing");
}

#[test]
fn the_demonstration_ends_green_and_leaves_nothing() {
    Cli::new()
        .args(["demo"])
        .run()
        .exits(0)
        .stdout_has("10 of 41 checks failed")
        .stdout_has("CREATE TABLE \"MetricDefinition\"")
        .stdout_has("GREEN: 41 passed");
}

#[test]
fn demo_says_where_it_looked_for_a_server() {
    let empty = tempfile::tempdir().unwrap();
    Cli::new()
        .args(["demo"])
        .env("LEORA_MIGRATE_PG_BINDIR", empty.path())
        .run()
        .exits(2)
        .stderr_has(empty.path().to_str().unwrap())
        .stderr_has("install");
}
