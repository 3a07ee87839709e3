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
