//! What stands already, what is rolled back, and who else is at work.

use leora_core::model::Identifier;
use leora_core::plan::prisma_record::PrismaMigration;
use leora_db::apply::{Applied, ApplyError, ApplyOptions, Observer, Waiting};

use super::{HISTORY, Project};
use crate::apply::ground::{Ground, Holder, ROWS, patient, without};
use crate::support::Template;

#[test]
fn what_was_applied_without_it_is_recorded_and_nothing_else() {
    let project = Project::with_a_past(Template::Baseline);
    let applied = project.run(&["apply", "--yes", "--no-verify"]).exits(0);
    applied.stdout_has("Prisma's history does not have it");
    project.plan().exits(0).stdout_has("holds all of it");
    project
        .apply()
        .exits(0)
        .stdout_has("Everything stands already");
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
    let plan = project.plan().exits(0);
    plan.stdout_has("Prisma's history says so");
}

#[test]
fn a_rollback_says_so_to_prisma_and_it_may_be_applied_again() {
    let project = Project::planned(Template::Baseline);
    project.apply().exits(0);
    let rollback = project.run(&["rollback", "--yes"]).exits(0);
    rollback.stdout_has(&format!("marks {}", project.name()));
    assert_eq!(project.rows(), [project.row("rolled back")]);
    if let Some(status) = project.prisma("status") {
        status.exits(2).stdout_has("databaseIsBehind");
    }
    let status = project.run(&["status"]).exits(0);
    status.stdout_has(&format!("{}: rolled back 20", project.name()));
    project.apply().exits(0).stdout_has("rolled back");
    let both = [project.row("rolled back"), project.row("applied")];
    assert_eq!(project.rows(), both);
    project.prisma_is_content();
}

#[test]
fn a_database_that_holds_part_of_it_gets_the_rest_and_the_whole_file() {
    let template = Template::BaselineWithRows.and_then("prisma-half", |client| {
        without(client, &["_idx", "DashboardWidget_userId_fkey"]);
        client.batch_execute(ROWS).unwrap();
    });
    let project = Project::on(template);
    project.plan().exits(0).stdout_has("holds part of it");
    assert_eq!(project.text(), Project::planned(Template::Baseline).text());
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
}

#[test]
fn what_is_missing_of_a_recorded_migration_is_done_and_the_record_stays() {
    let project = Project::planned(Template::Baseline);
    project.apply().exits(0);
    project.database.execute(r#"DROP INDEX "Job_status_idx""#);
    project.apply().exits(0).stdout_has("Applied 1 step");
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
}

#[test]
fn steps_that_stand_alone_are_recorded_when_the_last_one_is_done() {
    let template = Template::BaselineWithRows.and_then("prisma-alone", |client| {
        without(client, &["_widgetType_key"]);
        client.batch_execute(ROWS).unwrap();
    });
    let project = Project::planned(template);
    project.database.execute(HISTORY);
    project.database.execute(
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no index now'; END $$;
         CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION no()",
    );
    project.apply().exits(2).stderr_has("no index now");
    assert!(project.rows().is_empty());
    project.database.execute("DROP EVENT TRIGGER no");
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
}

/// Applies while another session holds Prisma's lock, and lets go of it once this `row` is in Prisma's
/// history.
fn applied_behind_prisma(row: &str) -> (Ground, Result<Applied, ApplyError>) {
    struct Resolves<'a>(Option<Holder>, postgres::Client, &'a str);
    impl Observer for Resolves<'_> {
        fn waiting(&mut self, _: &Waiting<'_>) {
            if let Some(holder) = self.0.take() {
                self.1.batch_execute(self.2).unwrap();
                holder.let_go();
            }
        }
    }
    let ground = Ground::on(Template::Baseline);
    ground.execute(HISTORY);
    let holder = Holder::of(&ground, "SELECT pg_advisory_xact_lock(72707369)");
    let options = ApplyOptions {
        prisma: Some(PrismaMigration {
            name: "1_add_phase1_foundation".to_owned(),
            checksum: "x".to_owned(),
            schema: Identifier::new("public").unwrap(),
        }),
        ..patient()
    };
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    let mut observer = Resolves(Some(holder), ground.client(), row);
    let applied = ground.apply_plan(&mut session, &plan, &options, &mut observer);
    (ground, applied)
}

#[test]
fn nothing_is_recorded_twice_when_prisma_was_there_first() {
    let row = "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) \
               VALUES (gen_random_uuid(), 'x', '1_add_phase1_foundation', now())";
    let (ground, applied) = applied_behind_prisma(row);
    assert!(matches!(applied, Ok(Applied::Done(_))), "{applied:?}");
    assert_eq!(ground.ask("SELECT count(*) FROM _prisma_migrations"), "1");
}

#[test]
fn a_migration_that_fails_meanwhile_stops_it() {
    let row = "INSERT INTO _prisma_migrations (id, checksum, migration_name) \
               VALUES (gen_random_uuid(), 'x', '1_add_phase1_foundation')";
    let (ground, applied) = applied_behind_prisma(row);
    let error = applied.unwrap_err();
    assert!(matches!(error, ApplyError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("--rolled-back 1_add"), "{error}");
    assert_eq!(ground.pending().len(), 16);
    ground.no_lock_is_left();
}

/// Who verifies is told what the record says, and not that there is none.
#[test]
fn a_record_of_something_else_than_success_is_told() {
    let project = Project::planned(Template::Baseline);
    let applied = project.run(&["apply", "--yes", "--no-verify"]);
    applied.exits(0);
    let verified = || {
        project
            .run(&["verify", "--only", "migration", "--format", "json"])
            .exits(0)
    };
    verified().stdout_has("applied 20");
    let execute = |sql: &str| project.database.execute(sql);
    execute("UPDATE leora_migrate.migration SET state = 'failed'");
    verified().stdout_has("leora-migrate has it as failed");
    execute("ALTER TABLE leora_migrate.migration RENAME COLUMN state TO status");
    verified().stdout_has("a history that cannot be read");
    execute("DROP SCHEMA leora_migrate CASCADE");
    execute(HISTORY);
    project.insert(&project.name(), "x", "NULL", "NULL");
    verified().stdout_has(&format!("Prisma has {} as failed", project.name()));
}
