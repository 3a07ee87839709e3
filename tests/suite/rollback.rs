//! Taking a migration back: all that it made, and nothing else.

use leora_core::diff::compare;
use leora_db::apply::{ApplyError, Committed, Interrupt, Observer, Obstacle, Waiting};
use leora_db::history::RunState;
use leora_db::introspect::introspect_tables;
use leora_db::rollback::{Rollback, prepare, roll_back};

use crate::apply::ground::{Ground, Holder, ROWS, patient, without};
use crate::support::{Cli, Template, TestDatabase};

const MIGRATION: &str = "add_phase1_foundation";

impl Ground {
    pub(crate) fn way_back(&self) -> Rollback {
        prepare(&mut self.session(), MIGRATION).unwrap()
    }

    /// Rolls back, and expects it to be done.
    #[track_caller]
    pub(crate) fn rolled_back(&self) -> Committed {
        self.roll_back(&self.way_back(), false).unwrap()
    }

    pub(crate) fn roll_back(
        &self,
        rollback: &Rollback,
        discard_rows: bool,
    ) -> Result<Committed, ApplyError> {
        self.roll_back_with(rollback, discard_rows, &mut ())
    }

    fn roll_back_with(
        &self,
        rollback: &Rollback,
        discard_rows: bool,
        observer: &mut dyn Observer,
    ) -> Result<Committed, ApplyError> {
        let mut session = self.session();
        let interrupt = Interrupt::default();
        let options = patient();
        roll_back(
            &self.target,
            &mut session,
            rollback,
            discard_rows,
            &options,
            observer,
            &interrupt,
        )
    }
}

#[track_caller]
fn reasons(result: Result<Committed, ApplyError>) -> Vec<String> {
    match result {
        Err(ApplyError::Refused { obstacles }) => obstacles
            .into_iter()
            .map(|Obstacle { reason, .. }| reason)
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_database_is_as_before_and_the_history_tells() {
    let ground = Ground::on(Template::Baseline);
    let before = introspect_tables(&mut ground.session()).unwrap().schema;
    let run = ground.applied().run;
    ground.roll_back(&ground.way_back(), false).unwrap();
    let after = introspect_tables(&mut ground.session()).unwrap().schema;
    assert_eq!(compare(&after, &before), []);

    let history = ground.history();
    assert_eq!(
        (history.runs[0].id, history.runs[0].state),
        (run, RunState::RolledBack)
    );
    let back = history.runs[0].rolled_back.as_ref().unwrap();
    assert_eq!((back.by.as_str(), back.from.as_str()), ("leora", "a test"));
    assert!(ground.way_back().runs.is_empty());
    assert_eq!(
        reasons(ground.roll_back(&ground.way_back(), false)).len(),
        1
    );

    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(ground.history().runs.len(), 2);
    ground.no_lock_is_left();
}

#[test]
fn rows_are_counted_and_lost_only_when_told() {
    let ground = Ground::on(Template::BaselineWithRows);
    ground.applied();
    let empty = ground.way_back();
    ground.execute(ROWS);
    let tenants: u64 = ground
        .ask(r#"SELECT count(*) FROM "Tenant""#)
        .parse()
        .unwrap();
    let expected = [
        format!("\"DashboardWidget\" holds {tenants} rows, which would be lost"),
        format!("\"Job\" holds {} rows, which would be lost", 2 * tenants),
    ];
    assert_eq!(
        reasons(ground.roll_back(&ground.way_back(), false)),
        expected
    );
    // They came after it was looked at.
    assert_eq!(reasons(ground.roll_back(&empty, false)), expected);
    assert_eq!(ground.pending(), Vec::<String>::new());
    ground.roll_back(&ground.way_back(), true).unwrap();
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn what_stood_before_stays() {
    let template = Template::BaselineWithRows.and_then("back-half", |client| {
        without(client, &["_idx", "DashboardWidget_userId_fkey"]);
        client.batch_execute(ROWS).unwrap();
    });
    let ground = Ground::on(template);
    let before = introspect_tables(&mut ground.session()).unwrap().schema;
    ground.applied();
    ground.roll_back(&ground.way_back(), false).unwrap();
    let after = introspect_tables(&mut ground.session()).unwrap().schema;
    assert_eq!(compare(&after, &before), []);
}

#[test]
fn what_others_made_on_the_tables_stops_it() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(
        r#"ALTER TABLE "Job" ADD COLUMN "priority" integer;
           CREATE INDEX "ours" ON "Job" ("createdAt");
           CREATE TABLE "JobLog" ("id" uuid PRIMARY KEY, "jobId" uuid REFERENCES "Job" ("id"));"#,
    );
    let expected = [
        r#"column "Job"."priority" was not made by this migration, and would go with "Job""#,
        r#"index "ours" on "Job" was not made by this migration, and would go with "Job""#,
    ];
    assert_eq!(
        reasons(ground.roll_back(&ground.way_back(), true)),
        expected
    );
    ground.execute(r#"ALTER TABLE "Job" DROP COLUMN "priority"; DROP INDEX "ours""#);
    // What depends on it elsewhere is PostgreSQL's to find.
    let error = ground.roll_back(&ground.way_back(), true).unwrap_err();
    let ApplyError::StepFailed(failure) = error else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("2BP01"));
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn what_somebody_took_away_already_is_passed_over() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(r#"DROP TABLE "Job""#);
    let rollback = ground.way_back();
    assert_eq!(rollback.undoing.gone, ["Job"]);
    ground.roll_back(&rollback, false).unwrap();
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn a_table_that_two_runs_made_is_taken_back_once() {
    let ground = Ground::on(Template::Baseline);
    let before = introspect_tables(&mut ground.session()).unwrap().schema;
    ground.applied();
    ground.execute(r#"DROP TABLE "Job""#);
    ground.applied();
    let rollback = ground.way_back();
    assert_eq!(rollback.undoing.gone, Vec::<String>::new());
    assert_eq!(rollback.undoing.discards.len(), 3);
    ground.roll_back(&rollback, false).unwrap();
    let after = introspect_tables(&mut ground.session()).unwrap().schema;
    assert_eq!(compare(&after, &before), []);
}

#[test]
fn nothing_on_record_is_said_with_a_code_of_its_own() {
    let database = TestDatabase::from(Template::Baseline);
    Cli::new()
        .args(["rollback", "--yes"])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("LM0066")
        .stderr_has("no run of this migration is recorded");
}

#[test]
fn the_history_tells_who_applied_and_who_rolled_back() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(r#"CREATE ROLE "undoer" SUPERUSER LOGIN"#);
    let undoer = ground.url.replace("//leora@", "//undoer@");
    let run = |arguments: &[&str], url: &str| {
        let output = Cli::new().args(arguments).env("DATABASE_URL", url).run();
        output.exits(0).stdout
    };
    run(&["rollback", "--yes"], &undoer);
    let status = run(&["status"], &ground.url);
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        status.contains("applied by leora from a test, rolled back 2"),
        "{status}"
    );
    assert!(status.contains("Z by undoer from "), "{status}");
}

#[test]
fn it_waits_for_locks_as_applying_does() {
    struct LetGo(Option<Holder>, usize);
    impl Observer for LetGo {
        fn waiting(&mut self, waiting: &Waiting<'_>) {
            self.1 += waiting.blockers.len();
            if let Some(holder) = self.0.take() {
                holder.let_go();
            }
        }
    }
    let ground = Ground::on(Template::BaselineWithRows);
    ground.applied();
    let holder = Holder::of(&ground, r#"SELECT count(*) FROM "Tenant""#);
    let mut observer = LetGo(Some(holder), 0);
    let done = ground
        .roll_back_with(&ground.way_back(), false, &mut observer)
        .unwrap();
    assert_eq!((done.attempts, observer.1), (2, 1));
}

#[test]
fn it_says_who_blocks_what_helps_and_how_long_others_waited() {
    let ground = Ground::on(Template::BaselineWithRows);
    ground.applied();
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    let holder = Holder::of(&ground, r#"SELECT count(*) FROM "Tenant""#);
    run(&["rollback", "--yes", "--wait=1s"])
        .exits(3)
        .stderr_has("holds ACCESS SHARE on \"Tenant\"")
        .stderr_has("when there is less load")
        .lacks("--one-table-at-a-time");
    assert_eq!(ground.pending(), Vec::<String>::new());
    holder.let_go();
    let done = run(&["rollback", "--yes"]).exits(0);
    let said = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("at the first attempt; reads and writes had to wait for at most "),
        "{done}"
    );
}

#[test]
fn what_changed_since_it_was_looked_at_is_looked_at_again() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    let rollback = ground.way_back();
    ground.roll_back(&rollback, false).unwrap();
    let second = reasons(ground.roll_back(&rollback, false));
    assert!(second[0].contains("has changed"), "{second:?}");
}
