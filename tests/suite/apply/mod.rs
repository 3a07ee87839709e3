//! Carrying plans out.

pub(crate) mod ground;
mod load;
mod locks;
mod one_table;
mod stall;
mod waiting;

use leora_core::plan::Plan;
use leora_core::plan::record::{HistoryState, Record};
use leora_core::plan::script::{for_psql, units};
use leora_db::apply::{Applied, ApplyError};
use leora_db::history::RunState;
use leora_db::scratch::{Binaries, Options, ScratchServer};
use std::time::Duration;

use crate::support::{Template, repository};
use ground::{Ground, ROWS, patient, without};

#[test]
fn an_empty_baseline_gets_all_of_it_in_one_transaction_and_the_next_plan_is_empty() {
    let ground = Ground::on(Template::Baseline);
    assert_eq!(ground.pending().len(), 16);
    let done = ground.applied();
    assert_eq!(done.transaction.attempts, 1);
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(ground.apply().unwrap(), Applied::Already);

    let history = ground.history();
    let [run] = &history.runs[..] else {
        panic!("{history:?}");
    };
    assert_eq!((run.id, run.state), (done.run, RunState::Applied));
    assert_eq!(run.steps.as_ref().map(Vec::len), Some(16));
    assert_eq!((run.steps_done, run.host.as_str()), (16, "a test"));
    assert_eq!(run.applied_by, "leora");
    ground.no_lock_is_left();
}

/// To compile the question about user-defined code takes seconds, where PostgreSQL compiles what it takes to be expensive.
#[test]
fn no_question_is_compiled() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    session.batch("setting", "SET jit = on").unwrap();
    let answers = session.ask("asking", "SELECT pg_catalog.current_setting('jit')");
    let answers = answers.unwrap();
    let row = answers[0].first().unwrap();
    assert_eq!(row.get(0), Some("off"));
}

#[test]
fn tables_with_rows_get_what_is_missing_step_by_step() {
    let template = Template::BaselineWithRows.and_then("no-index-no-key", |client| {
        without(client, &["_idx", "_key", "_fkey"]);
        client.batch_execute(ROWS).unwrap();
    });
    let ground = Ground::on(template);
    let plan = ground.plan(&mut ground.session());
    let (together, alone) = plan.together_and_alone();
    assert!(!together.is_empty() && !alone.is_empty());
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    let [run] = &ground.history().runs[..] else {
        panic!("one run");
    };
    assert_eq!((run.state, run.running_step), (RunState::Applied, None));
    assert_eq!(run.steps_done, plan.steps.len());
    ground.no_lock_is_left();
}

#[test]
fn a_plan_made_before_somebody_else_did_it_finds_it_done() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    ground.applied();
    let second = ground.apply_plan(&mut session, &plan, &patient(), &mut ());
    assert_eq!(second.unwrap(), Applied::Already);
    assert_eq!(ground.history().runs.len(), 1);
}

#[test]
fn a_plan_is_not_carried_out_on_a_database_that_has_changed_since() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    ground.execute(r#"ALTER TABLE "User" ADD COLUMN "nickname" text"#);
    let error = ground
        .apply_plan(&mut session, &plan, &patient(), &mut ())
        .unwrap_err();
    let ApplyError::Changed(changed) = error else {
        panic!("{error}");
    };
    let differences: Vec<_> = changed
        .differences
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(differences, [r#"column "User"."nickname" is not expected"#]);
    assert_eq!(ground.ask(r#"SELECT to_regclass('"Job"')"#), "");
    assert!(ground.history().runs.is_empty());

    ground.execute(r#"ALTER TABLE "User" DROP COLUMN "nickname""#);
    ground
        .apply_plan(&mut session, &plan, &patient(), &mut ())
        .unwrap();
}

#[test]
fn a_saved_plan_runs_as_it_was_saved_in_its_own_database_only() {
    let (ground, other) = (
        Ground::on(Template::Baseline),
        Ground::on(Template::Baseline),
    );
    let mut session = ground.session();
    let text = serde_json::to_string(&ground.plan(&mut session)).unwrap();
    let saved: Plan = serde_json::from_str(&text).unwrap();
    let error = other.apply_plan(&mut other.session(), &saved, &patient(), &mut ());
    let Err(ApplyError::Changed(changed)) = error else {
        panic!("{error:?}");
    };
    assert!(
        changed.remarks[0].contains(ground.database().name()),
        "{:?}",
        changed.remarks
    );

    let edited = text.replacen("CREATE TABLE", "DROP TABLE", 1);
    let edited: Plan = serde_json::from_str(&edited).unwrap();
    let error = ground.apply_plan(&mut session, &edited, &patient(), &mut ());
    assert!(
        matches!(error, Err(ApplyError::Refused { .. })),
        "{error:?}"
    );

    let done = ground.apply_plan(&mut session, &saved, &patient(), &mut ());
    assert!(matches!(done, Ok(Applied::Done(_))), "{done:?}");
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn the_printed_script_does_the_same_in_psql_and_is_recorded() {
    let template = Template::BaselineWithRows.and_then("no-index", |client| {
        without(client, &["_idx"]);
        client.batch_execute(ROWS).unwrap();
    });
    for template in [Template::Baseline, template] {
        let ground = Ground::on(template);
        let mut session = ground.session();
        let plan = ground.plan(&mut session);
        let record = Record::of(&plan, "psql", session.server.history);
        let wait = Duration::from_secs(60);
        let conditions = session.server.conditions(Duration::from_millis(500), wait);
        ground
            .database()
            .psql(&for_psql(&plan, &record, &conditions))
            .exits(0);
        assert_eq!(ground.pending(), Vec::<String>::new());
        let [run] = &ground.history().runs[..] else {
            panic!("one run");
        };
        assert_eq!((run.state, run.host.as_str()), (RunState::Applied, "psql"));
        assert_eq!(run.steps_done, plan.steps.len());
        assert_eq!(ground.apply().unwrap(), Applied::Already);
    }
}

/// What the server's log shows is what the script shows, statement by statement.
#[test]
fn what_is_printed_is_what_is_run_to_the_byte() {
    let options = Options {
        settings: vec!["log_statement = 'all'".to_owned()],
        ..Options::default()
    };
    let server = ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap();
    let ground = Ground::at(&server.url("postgres"));
    let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    ground.client().batch_execute(&baseline).unwrap();
    ground
        .client()
        .batch_execute(&format!("{ONE_TENANT}; {ONE_TABLE}; {ONE_JOB}"))
        .unwrap();
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    assert!(!plan.is_one_transaction());
    let options = patient();
    let applied = ground.apply_plan(&mut session, &plan, &options, &mut ());
    let Ok(Applied::Done(done)) = applied else {
        panic!("{applied:?}");
    };
    // A line of the log that goes on begins with a tab.
    let log = std::fs::read_to_string(server.log_file())
        .unwrap()
        .replace("\n\t", "\n");
    let record = Record {
        id: done.run,
        ..Record::of(&plan, &options.host, HistoryState::Absent)
    };
    let conditions = session
        .server
        .conditions(options.first_lock_timeout, options.wait);
    let script = for_psql(&plan, &record, &conditions);
    let (mut in_log, mut in_script) = (log.as_str(), script.as_str());
    for unit in units(&plan, &record, &conditions) {
        for statement in unit.statements() {
            for (text, what) in [(&mut in_log, "log"), (&mut in_script, "script")] {
                let at = text.find(&statement.sql);
                let at = at.unwrap_or_else(|| panic!("not in the {what}: {}", statement.sql));
                *text = &text[at + statement.sql.len()..];
            }
        }
    }
    let ends = [";", " \\g /dev/null"];
    assert!(ends.contains(&in_script.trim_end()), "{in_script}");
}

const ONE_TENANT: &str = r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
    VALUES ('00000000-0000-0000-0000-000000000001', 'one', 'One', now())"#;
const ONE_TABLE: &str = r#"CREATE TABLE "Job" ("id" UUID NOT NULL, "tenantId" UUID NOT NULL, "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL, "status" TEXT NOT NULL DEFAULT 'pending', "attempts" INTEGER NOT NULL DEFAULT 0,
    "maxAttempts" INTEGER NOT NULL DEFAULT 3, "result" JSONB, "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Job_pkey" PRIMARY KEY ("id"))"#;
const ONE_JOB: &str = r#"INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
    VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'image_extraction', '{}', now())"#;
