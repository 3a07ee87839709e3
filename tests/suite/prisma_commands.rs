//! Prisma's files on the command line: compared, patched, taken as the baseline.

use std::fs;

use super::support::{Cli, Template, TestDatabase, repository};

fn path(name: &str) -> String {
    repository(name).to_str().unwrap().to_owned()
}

#[test]
fn the_declaration_is_the_schema_file_with_phase_1_in_it() {
    let (before, after) = (
        path("fixtures/leora/schema.prisma"),
        path("fixtures/leora/phase1.prisma"),
    );
    let diff = |from: &str, to: &str| Cli::new().args(["diff", "--from", from, "--to", to]).run();
    diff("declared", &after)
        .exits(0)
        .stdout_has("No difference");
    diff(&before, &after)
        .exits(1)
        .stdout_has("table \"Job\" is missing");
    diff("empty", "empty").exits(0);
    Cli::new()
        .args(["validate", "--prisma", &after])
        .run()
        .exits(0)
        .stdout_has("agree");
    Cli::new()
        .args(["validate", "--prisma", &before])
        .run()
        .exits(1)
        .stdout_has("\"Job\" is missing");
}

#[test]
fn the_difference_as_sql_makes_one_database_the_other() {
    let (before, after) = (
        path("fixtures/leora/schema.prisma"),
        path("fixtures/leora/phase1.prisma"),
    );
    let database = TestDatabase::from(Template::Baseline);
    let url = || Cli::new().database(&database);
    url()
        .args(["diff", "--from", "url", "--to", &before])
        .run()
        .exits(0);
    let sql = url()
        .args(["diff", "--from", "url", "--to", &after, "--format", "sql"])
        .run()
        .exits(1);
    database.psql(&sql.stdout).exits(0);
    url()
        .args(["diff", "--from", "url", "--to", &after])
        .run()
        .exits(0);
    let back = url()
        .args(["diff", "--from", "url", "--to", &before, "--format", "sql"])
        .run()
        .exits(1);
    back.stdout_has("-- refused: table \"Job\" is not expected")
        .lacks("DROP");
}

#[test]
fn a_schema_file_or_a_folder_of_them_is_a_baseline() {
    let database = TestDatabase::from(Template::Baseline);
    let file = path("fixtures/leora/schema.prisma");
    let cli = || Cli::new().database(&database);
    cli()
        .args(["apply", "--yes", "--baseline", &file])
        .run()
        .exits(0)
        .stdout_has("GREEN");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&file, folder.path().join("all.prisma")).unwrap();
    let folder = folder.path().to_str().unwrap().to_owned();
    cli()
        .args(["plan", "--check", "--baseline", &folder])
        .run()
        .exits(0);
}

#[test]
fn a_patch_is_shown_first_and_written_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("schema.prisma");
    let before = fs::read_to_string(repository("fixtures/leora/schema.prisma")).unwrap();
    fs::write(&file, &before).unwrap();
    let name = file.to_str().unwrap().to_owned();
    let patch = |more: &[&str]| Cli::new().args(["prisma", "patch", &name]).args(more).run();
    patch(&[])
        .exits(0)
        .stdout_has("+model Job {")
        .stdout_has("--write does it");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    patch(&["--write"]).exits(0);
    let phase1 = fs::read_to_string(repository("fixtures/leora/phase1.prisma")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), phase1);
    patch(&["--write"]).exits(0).stdout_has("nothing to add");
    fs::write(
        &file,
        phase1.replace(
            "maxAttempts Int      @default(3)",
            "maxAttempts Int      @default(5)",
        ),
    )
    .unwrap();
    patch(&["--write"])
        .exits(2)
        .stderr_has("model Job")
        .stdout_has("@default(5)");
}

#[test]
fn a_folder_is_patched_file_by_file() {
    let before = fs::read_to_string(repository("fixtures/leora/schema.prisma")).unwrap();
    let (head, tail) = before.split_at(before.find("\nmodel User {").unwrap() + 1);
    let (user, tail) = tail.split_at(tail.find("\n}\n").unwrap() + 3);
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    fs::write(in_folder("all.prisma"), format!("{head}{tail}")).unwrap();
    fs::write(in_folder("user.prisma"), user).unwrap();
    fs::write(in_folder("other.prisma"), "// nothing here\n").unwrap();
    let name = folder.path().to_str().unwrap();
    let patch = |more: &[&str]| Cli::new().args(["prisma", "patch", name]).args(more).run();
    let one = in_folder("user.prisma");
    let alone = Cli::new()
        .args(["prisma", "patch", one.to_str().unwrap()])
        .run();
    alone.exits(2).stderr_has("name their folder");
    patch(&[])
        .exits(0)
        .stdout_has("all.prisma\n")
        .stdout_has("user.prisma\n")
        .lacks("other.prisma");
    patch(&["--write"])
        .exits(0)
        .stdout_has("user.prisma: model MetricDefinition");
    patch(&["--write"]).exits(0).stdout_has("nothing to add");
    Cli::new()
        .args(["validate", "--prisma", name])
        .run()
        .exits(0)
        .stdout_has("agree");
}

#[test]
fn a_mistake_in_a_schema_file_is_shown_with_its_line() {
    Cli::new()
        .file("schema.prisma", "model A {\n  id Foo @id\n}\n")
        .args(["diff", "--from", "empty", "--to", "schema.prisma"])
        .run()
        .exits(2)
        .stderr_has("schema.prisma:2")
        .stderr_has("Foo");
}

/// Prisma appends a new label wherever the schema has it, and compares no order; a snapshot has one.
#[test]
fn the_order_of_labels_is_no_difference_to_a_schema_file() {
    let database = TestDatabase::from(Template::Baseline);
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("baseline.toml");
    let snapshot = snapshot.to_str().unwrap();
    let run = |arguments: &[&str]| Cli::new().database(&database).args(arguments).run();
    run(&["snapshot", "--out", snapshot]).exits(0);
    database.execute(
        r#"ALTER TYPE "TaskPriority" RENAME VALUE 'LOW' TO 'x'; ALTER TYPE "TaskPriority" RENAME VALUE 'HIGH' TO 'LOW';
           ALTER TYPE "TaskPriority" RENAME VALUE 'x' TO 'HIGH'"#,
    );
    let schema = path("fixtures/leora/schema.prisma");
    run(&["diff", "--from", "url", "--to", &schema]).exits(0);
    run(&["diff", "--from", &schema, "--to", "url"]).exits(0);
    run(&["apply", "--yes", "--baseline", &schema]).exits(0);
    let red = run(&["verify", "--baseline", snapshot]).exits(1);
    red.stdout_has("labels are").lacks("DROP TYPE");
    database.execute(r#"ALTER TYPE "TaskPriority" RENAME VALUE 'LOW' TO 'LOWER'"#);
    run(&["diff", "--from", "url", "--to", &schema]).exits(1);
}

/// Said before it asks, and the plan stays as it is.
#[test]
fn a_baseline_of_another_release_is_told_of_before_anything_is_asked() {
    let database = TestDatabase::from(Template::Baseline);
    let run = |arguments: &[&str]| Cli::new().database(&database).args(arguments).run();
    run(&["plan"]).exits(0).lacks("not the baseline");
    let tables = "SELECT string_agg(format('DROP TABLE %I CASCADE', relname), ';') FROM (SELECT relname FROM pg_class \
                  WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('Tenant', 'User') \
                  ORDER BY relname LIMIT 28) t";
    let row = database.client().query_one(tables, &[]).unwrap();
    database.execute(row.get(0));
    let told = "this is not the baseline of this database: of its 58 tables 28 are";
    for arguments in [
        &["plan"] as &[&str],
        &["apply"],
        &["apply", "--yes", "--no-verify"],
    ] {
        let output = run(arguments);
        let words: Vec<_> = output.stderr.split_whitespace().collect();
        let said = words.join(" ");
        let then = "leora-migrate snapshot --out FILE, then --baseline FILE.";
        assert!(said.contains(told) && said.contains(then), "{output}");
    }
    let verified = run(&["verify"]).exits(1);
    let lines = verified.stdout.lines().count();
    assert!(lines < 60, "{lines} lines:\n{verified}");
    for rewriting in ["Restore it from a backup", "ALTER TABLE", "DROP COLUMN"] {
        assert!(!verified.stdout.contains(rewriting), "{verified}");
    }
}
