//! What stops it, with nothing changed.

use std::fs;

use leora_core::plan::prisma_record::checksum;

use super::{HISTORY, Project};
use crate::support::{Output, Template};

impl Project {
    /// Applying is refused with `code`, and nothing changes.
    #[track_caller]
    fn refuses(&self, code: &str) -> Output {
        let output = self.apply().exits(2).stderr_has(code);
        assert!(self.is_untouched());
        output
    }
}

#[test]
fn a_migration_that_failed_stops_it_until_it_is_resolved() {
    let project = Project::with_a_past(Template::Baseline);
    project.plan().exits(0);
    let name = project.name();
    project.insert(&name, "x", "NULL", "NULL");
    let refused = project.refuses("LM0054");
    refused
        .stderr_has("ERROR: no such luck")
        .stderr_has(&format!("npx prisma migrate resolve --rolled-back {name}"));
    project.plan().exits(0).stdout_has("--rolled-back");
    let status = project.run(&["status"]).exits(0);
    status.stdout_has(&format!("{name}: failed"));
    if let Some(deploy) = project.prisma("deploy") {
        deploy.exits(1);
    }

    let resolve = "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL";
    project.database.execute(resolve);
    project.apply().exits(0).stdout_has("rolled back");
    let states: Vec<_> = project.rows().iter().map(|row| row[4].clone()).collect();
    assert_eq!(states, ["rolled back", "applied"]);
    project.prisma_is_content();
}

#[test]
fn what_prisma_left_of_it_when_it_failed_is_completed() {
    let project = Project::with_a_past(Template::Baseline);
    project.plan().exits(0);
    // A file without BEGIN and COMMIT, of which Prisma leaves part.
    let bare = project.text().replace("BEGIN;", "").replace("COMMIT;", "");
    fs::write(project.file(), bare).unwrap();
    let in_the_way = r#"CREATE TABLE "Job" ("id" TEXT)"#;
    project.database.execute(in_the_way);
    let Some(deploy) = project.prisma("deploy") else {
        return;
    };
    deploy.exits(1);
    project.database.execute(r#"DROP TABLE "Job""#);
    let failed = "failed, begun 20";
    let status = project.run(&["status"]).exits(0);
    status.stdout_has(failed).stdout_has("(ERROR: relation");
    project.apply().exits(2).stderr_has("LM0054");

    let resolve = "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL";
    project.database.execute(resolve);
    project.plan().exits(0).stdout_has("holds part of it");
    project.apply().exits(0);
    project.prisma_is_content();
}

#[test]
fn another_migration_that_failed_stops_it_too() {
    let project = Project::with_a_past(Template::Baseline);
    project.plan().exits(0);
    project.insert("20200202000000_other", "x", "NULL", "NULL");
    project.refuses("LM0054");
    let status = project.run(&["status", "--format", "json"]).exits(0);
    status.stdout_has("20200202000000_other");
}

#[test]
fn a_file_that_is_another_is_shown_and_left_alone() {
    let project = Project::planned(Template::Baseline);
    let changed = project.text().replace("DEFAULT 3", "DEFAULT 5");
    fs::write(project.file(), &changed).unwrap();
    project
        .refuses("LM0008")
        .stdout_has("+    \"maxAttempts\" INTEGER NOT NULL DEFAULT 5,");
    project.plan().exits(2).stderr_has("LM0008");
    assert_eq!(project.text(), changed);

    let commented = changed.replace("DEFAULT 5", "DEFAULT 3") + "-- reviewed\n";
    fs::write(project.file(), commented).unwrap();
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
}

#[test]
fn a_file_that_changed_after_it_was_applied_is_not_what_is_recorded() {
    let project = Project::planned(Template::Baseline);
    project.apply().exits(0);
    let applied = project.text();
    fs::write(project.file(), format!("{applied}-- later\n")).unwrap();
    let refused = project.apply().exits(2).stderr_has("LM0056");
    refused
        .stderr_has(&checksum(&applied)[..12])
        .stderr_has(&checksum(&project.text())[..12]);
    project.plan().exits(2).stderr_has("LM0056");
    // As version control may check it out on Windows.
    fs::write(project.file(), applied.replace('\n', "\r\n")).unwrap();
    project.apply().exits(0);
    project.prisma_is_content();

    let other = project
        .directory()
        .join("20990101000000_add_phase1_foundation");
    fs::rename(project.directory().join(project.name()), other).unwrap();
    project.apply().exits(2).stderr_has("LM0056");
    project.plan().exits(2).stderr_has("LM0056");
}

#[test]
fn a_file_that_the_directory_lost_comes_back_under_its_recorded_name() {
    let project = Project::planned(Template::Baseline);
    project.apply().exits(0);
    let (name, file) = (project.name(), project.file());
    let other = project.root.path().join("lost");
    fs::rename(project.directory().join(&name), &other).unwrap();
    let rename =
        "UPDATE _prisma_migrations SET migration_name = replace(migration_name, '20', '19')";
    project.database.execute(rename);
    project
        .plan()
        .exits(0)
        .stdout_has("Prisma's history says so");
    assert_eq!(project.name(), name.replace("20", "19"));
    project.apply().exits(0);

    fs::remove_dir_all(project.directory()).unwrap();
    project
        .database
        .execute("UPDATE _prisma_migrations SET checksum = 'another'");
    project.plan().exits(2).stderr_has("LM0056");
    assert!(!project.directory().exists() && !file.exists());
}

#[test]
fn what_prisma_would_apply_first_stops_it_and_what_comes_later_does_not() {
    let project = Project::planned(Template::Baseline);
    project.add("20990101000000_later", "SELECT 1;");
    project.add("20200101000000_init", "SELECT 1;");
    let refused = project.refuses("LM0055");
    refused
        .stderr_has("20200101000000_init")
        .lacks("20990101000000_later");
    project.database.execute(HISTORY);
    project.insert("20200101000000_init", "x", "now()", "NULL");
    project.apply().exits(0);
}

#[test]
fn migrations_that_the_directory_lacks_are_told() {
    let project = Project::planned(Template::Baseline);
    project.database.execute(HISTORY);
    project.insert("20200101000000_elsewhere", "x", "now()", "NULL");
    let applied = project.apply().exits(0);
    applied.stderr_has("20200101000000_elsewhere");
}

#[test]
fn a_history_that_may_not_be_written_stops_it_before_anything_is_done() {
    let template = Template::Baseline.and_then("prisma-rights", |client| {
        let rights = "\
            DROP ROLE IF EXISTS \"prisma reader\"; CREATE ROLE \"prisma reader\" LOGIN; \
            GRANT CREATE, USAGE ON SCHEMA public TO \"prisma reader\"; \
            GRANT SELECT, REFERENCES ON ALL TABLES IN SCHEMA public TO \"prisma reader\"";
        client.batch_execute(HISTORY).unwrap();
        client.batch_execute(rights).unwrap();
    });
    let project = Project::planned(template);
    let url = project
        .database
        .url()
        .replace("//leora@", "//prisma%20reader@");
    let arguments = [
        "apply",
        "--yes",
        "--prisma-migration",
        "prisma/migrations",
        "--url",
        &url,
    ];
    let refused = project.run(&arguments).exits(2);
    refused.stderr_has("LM0071").stderr_has(
        "GRANT SELECT, INSERT, UPDATE ON \"public\"._prisma_migrations TO \"prisma reader\"",
    );
    assert!(project.is_untouched());
}

#[test]
fn a_directory_that_is_not_one_of_this_migration_is_refused() {
    let project = Project::on(Template::Baseline);
    project
        .refuses("LM0008")
        .stderr_has("leora-migrate plan --prisma-migration prisma/migrations");
    let typo = ["plan", "--prisma-migration", "prsima/migrations"];
    project.run(&typo).exits(2).stderr_has("LM0004");
    project.plan().exits(0);
    for command in ["plan", "apply"] {
        let above = project.run(&[command, "--prisma-migration", "prisma"]);
        above.exits(2).stderr_has("Did you mean prisma/migrations?");
    }

    let lock = project.directory().join("migration_lock.toml");
    let text = fs::read_to_string(&lock).unwrap();
    assert!(text.ends_with("provider = \"postgresql\"\n"), "{text}");
    fs::write(&lock, "provider = \"mysql\"\n").unwrap();
    project.refuses("LM0008").stderr_has("mysql");
    fs::write(&lock, &text).unwrap();

    project.add("20990101000000_add_phase1_foundation", &project.text());
    project.refuses("LM0008").stderr_has("twice");
}

#[test]
fn what_stands_otherwise_is_shown_and_nothing_is_written() {
    let project = Project::on(Template::Baseline);
    project
        .database
        .execute(r#"CREATE TABLE "Job" ("id" TEXT)"#);
    project.plan().exits(2).stdout_has("Refused");
    assert!(!project.directory().exists());
}
