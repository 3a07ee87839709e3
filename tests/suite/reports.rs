//! Reports and plans in the forms that programs read.

mod formats;
mod json_schema;
mod no_result;
mod sarif;
mod text;

use std::path::{Path, PathBuf};

use super::support::{Cli, Output, Template, TestDatabase, template};

/// The 58 tables, and Phase 1 as the tool's own script makes it.
pub(crate) fn migrated() -> Template {
    template("migrated-by-script", |client| {
        for file in ["fixtures/leora/baseline.sql", "fixtures/leora/rows.sql"] {
            let sql = std::fs::read_to_string(super::support::repository(file)).unwrap();
            client.batch_execute(&sql).unwrap();
        }
        let plan = leora_core::verify::promise::Promise::new(
            &leora_schema::LEORA,
            leora_core::model::snapshot::read(leora_schema::BASELINE).unwrap(),
        )
        .plan_on_baseline(&leora_core::model::Identifier::new("public").unwrap());
        for step in &plan.steps {
            client.batch_execute(&step.sql).unwrap();
        }
    })
}

/// A database in which names try to be markup, a table differs and rows stand in the way of an index.
pub(crate) fn hostile() -> Template {
    migrated().and_then("hostile", |client| {
        client
            .batch_execute(
                r#"CREATE TABLE "<script>alert('x')</script>" ("a|b" INT, "]]>" TEXT);
                   CREATE TABLE "``` & ::error::" ();
                   ALTER TABLE "Job" ADD COLUMN "<b>%0A" TEXT NOT NULL DEFAULT '';
                   ALTER TABLE "Job" ALTER COLUMN "attempts" TYPE BIGINT;
                   DROP INDEX "Job_status_idx";
                   CREATE INDEX "Job status
<i>" ON "Job" ("status")"#,
            )
            .unwrap();
    })
}

/// Runs a command on a database with its reports written into a directory of their own.
pub(crate) struct Reported {
    pub(crate) output: Output,
    directory: tempfile::TempDir,
}

impl Reported {
    pub(crate) fn run(database: &TestDatabase, command: &str, kinds: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |kind: &str| directory.path().join(kind);
        let flags = kinds
            .iter()
            .map(|kind| format!("--report={kind}={}", file(kind).display()));
        let arguments: Vec<String> = std::iter::once(command.to_owned()).chain(flags).collect();
        let output = Cli::new().args(arguments).database(database).run();
        Self { output, directory }
    }

    pub(crate) fn path(&self, kind: &str) -> PathBuf {
        self.directory.path().join(kind)
    }

    #[track_caller]
    pub(crate) fn read(&self, kind: &str) -> String {
        read(&self.path(kind), &self.output)
    }
}

#[track_caller]
fn read(path: &Path, output: &Output) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}\n{output}", path.display()))
}
