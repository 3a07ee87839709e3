//! Steps that stand alone, stopped in all ways.

use std::thread;
use std::time::Duration;

use leora_core::plan::Step;
use leora_db::apply::{
    Applied, ApplyError, ApplyOptions, Blocker, Interrupt, Observer, Stop, Waiting,
};
use leora_db::history::RunState;

use crate::apply::ground::{Ground, Holder, ROWS, patient, until, without};
use crate::support::{Cli, Template};

/// Tables with rows that lack an index each, so that it is built concurrently.
pub(crate) fn lacking(part: &'static str) -> Template {
    let name = match part {
        "_type_status_idx" => "lacks-index",
        "userId_widgetType_key" => "lacks-unique",
        "Job_tenantId_fkey" => "lacks-key",
        other => panic!("{other}"),
    };
    // The template's name stands for what it lacks.
    match name {
        "lacks-index" => Template::BaselineWithRows.and_then(name, |client| {
            without(client, &["_type_status_idx"]);
            client.batch_execute(ROWS).unwrap();
        }),
        "lacks-unique" => Template::BaselineWithRows.and_then(name, |client| {
            without(client, &["userId_widgetType_key"]);
            client.batch_execute(ROWS).unwrap();
        }),
        _ => Template::BaselineWithRows.and_then(name, |client| {
            without(client, &["Job_tenantId_fkey"]);
            client.batch_execute(ROWS).unwrap();
        }),
    }
}

fn invalid_indexes(ground: &Ground) -> String {
    ground.ask("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
}

#[test]
fn rows_that_contradict_a_unique_index_leave_no_invalid_index() {
    let ground = Ground::on(lacking("userId_widgetType_key"));
    let twice = r#"INSERT INTO "DashboardWidget" ("id", "tenantId", "userId", "widgetType", "position", "updatedAt")
        SELECT gen_random_uuid(), u."tenantId", u."id", 'twice', 1, now() FROM "User" u, generate_series(1, 2)"#;
    ground.execute(twice);
    let error = ground.apply().unwrap_err();
    let ApplyError::StepFailed(failure) = &error else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("23505"));
    assert!(error.to_string().contains("nothing changed"), "{error}");
    assert_eq!(invalid_indexes(&ground), "0");
    let run = &ground.history().runs[0];
    assert_eq!((run.state, run.running_step), (RunState::Failed, None));
    assert!(
        run.error
            .as_deref()
            .unwrap()
            .contains("could not create unique index"),
        "{run:?}"
    );
    ground.no_lock_is_left();

    ground.execute(r#"DELETE FROM "DashboardWidget" WHERE "widgetType" = 'twice'"#);
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn rows_that_contradict_a_foreign_key_stop_the_validation_and_a_rerun_goes_on() {
    let ground = Ground::on(lacking("Job_tenantId_fkey"));
    let orphan = r#"INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
        VALUES (gen_random_uuid(), gen_random_uuid(), 'orphan', '{}', now())"#;
    ground.execute(orphan);
    let error = ground.apply().unwrap_err();
    let ApplyError::PartlyApplied(partly) = &error else {
        panic!("{error}");
    };
    assert_eq!((partly.done.as_slice(), partly.at), (&[0][..], 1));
    let Stop::Failed(failure) = &partly.why else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("23503"));
    assert!(
        error
            .to_string()
            .contains("is not present in table \"Tenant\""),
        "{error}"
    );
    assert_eq!(ground.pending().len(), 1);
    ground.execute(r#"DELETE FROM "Job" WHERE "type" = 'orphan'"#);
    ground.applied();
    let states: Vec<_> = ground.history().runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Failed, RunState::Applied]);
}

/// What the command says of rows that contradict, before anything is done.
#[track_caller]
fn refused_for_rows(ground: &Ground, reason: &str, remedy: &str) {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    let apply = run(&["apply", "--yes", "--no-verify"])
        .exits(2)
        .stderr_has("LM0071");
    for told in [apply.stderr, run(&["plan"]).exits(0).stderr] {
        let told = flat(&told);
        assert!(told.contains(reason) && told.contains(remedy), "{told}");
    }
    assert!(ground.history().runs.is_empty());
    assert_eq!(invalid_indexes(ground), "0");
}

#[test]
fn rows_that_contradict_a_unique_index_are_found_before_anything_is_done() {
    let ground = Ground::on(lacking("userId_widgetType_key"));
    ground.execute(
        r#"INSERT INTO "DashboardWidget" ("id", "tenantId", "userId", "widgetType", "position", "updatedAt")
           SELECT gen_random_uuid(), "tenantId", "id", 'twice', 1, now()
           FROM (SELECT * FROM "User" LIMIT 3) u, generate_series(1, 2)"#,
    );
    refused_for_rows(
        &ground,
        r#"several rows of "DashboardWidget" have the same ("tenantId", "userId", "widgetType"): 3 values, as ("#,
        r#"count(*) > 1;"#,
    );
}

#[test]
fn rows_that_contradict_a_foreign_key_are_found_before_anything_is_done() {
    let ground = Ground::on(lacking("Job_tenantId_fkey"));
    ground.execute(
        r#"INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
           SELECT gen_random_uuid(), '00000000-0000-0000-0000-00000000dead', 'orphan', '{}', now()
           FROM generate_series(1, 2)"#,
    );
    refused_for_rows(
        &ground,
        r#"rows of "Job" name by ("tenantId") none of "Tenant" that is there: 2 rows, as (00000000-0000-0000-0000-00000000dead), so the foreign key "Job_tenantId_fkey" cannot be made"#,
        r#"NOT EXISTS (SELECT FROM ONLY "Tenant" p WHERE p."id" OPERATOR(pg_catalog.=) c."tenantId");"#,
    );
}

#[test]
fn who_keeps_a_lone_step_waiting_is_shown() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let mut holder = Holder::of(&ground, WRITE);
    let output = Cli::new()
        .args(["apply", "--yes", "--no-verify", "--wait=3s"])
        .database(ground.database())
        .run()
        .exits(4);
    let pid = format!("pid {} leora (reports)", holder.pid());
    assert_eq!(output.stderr.matches(&pid).count(), 1, "{output}");
    assert!(
        output.stderr.contains("waiting for SHARE UPDATE EXCLUSIVE"),
        "{output}"
    );
    holder.let_go();
}

#[test]
fn a_step_that_was_begun_is_told_of_until_a_later_run_ends_it() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let holder = Holder::of(&ground, WRITE);
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    run(&["apply", "--yes", "--no-verify", "--wait=1s"]).exits(4);
    let hint = "applying again finishes it";
    run(&["status"])
        .lacks("is under way")
        .stdout_has("was begun ")
        .stdout_has("finishes");
    holder.let_go();
    run(&["apply", "--yes", "--no-verify"]).exits(0);
    run(&["status"])
        .lacks("is under way")
        .lacks(hint)
        .lacks("finishes");
}

/// Notes what is said of a step that stands alone, and does something when it is first waited for.
#[derive(Default)]
struct Notes<'a> {
    begun: usize,
    done: usize,
    phases: Vec<String>,
    blockers: Vec<Blocker>,
    when_waiting: Option<Box<dyn FnOnce() + 'a>>,
}

impl Observer for Notes<'_> {
    fn step_begun(&mut self, _number: usize, _step: &Step) {
        self.begun += 1;
    }

    fn step_done(&mut self, _number: usize, _step: &Step) {
        self.done += 1;
    }

    fn progress(&mut self, _: usize, _: &Step, progress: &leora_db::apply::Progress) {
        self.phases.push(progress.phase.clone());
    }

    fn waiting(&mut self, waiting: &Waiting<'_>) {
        self.blockers.extend_from_slice(waiting.blockers);
        if let Some(act) = self.when_waiting.take() {
            act();
        }
    }
}

const WRITE: &str = r#"UPDATE "Job" SET "status" = "status""#;

#[test]
fn an_old_transaction_is_waited_for_and_shown_with_the_progress() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let mut holder = Holder::of(&ground, WRITE);
    let pid = holder.pid();
    let mut notes = Notes {
        when_waiting: Some(Box::new(|| holder.let_go())),
        ..Notes::default()
    };
    ground.apply_with(&patient(), &mut notes).unwrap();
    assert_eq!((notes.begun, notes.done), (1, 1));
    assert!(
        notes
            .phases
            .iter()
            .any(|phase| phase.starts_with("waiting for")),
        "{:?}",
        notes.phases
    );
    let blocker = &notes.blockers[0];
    assert_eq!(
        (blocker.pid, blocker.application.as_deref()),
        (Some(pid), Some("reports"))
    );
}

#[test]
fn a_signal_cancels_the_build_and_a_rerun_finishes_it() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let holder = Holder::of(&ground, WRITE);
    let interrupt = Interrupt::default();
    let mut notes = Notes {
        when_waiting: Some(Box::new(|| interrupt.raise(2))),
        ..Notes::default()
    };
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    let error = ground
        .apply_until(&mut session, &plan, &mut notes, &interrupt)
        .unwrap_err();
    let ApplyError::Interrupted {
        signal: 2,
        partly: Some(partly),
    } = &error
    else {
        panic!("{error}");
    };
    // The transaction that the build waited for is one that the removal waits for.
    assert!(
        partly.left_behind.as_deref().unwrap().contains("INVALID"),
        "{error}"
    );
    assert_eq!(invalid_indexes(&ground), "1");
    let run = &ground.history().runs[0];
    assert_eq!((run.state, run.running_step), (RunState::Failed, Some(0)));
    holder.let_go();
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(invalid_indexes(&ground), "0");
}

#[test]
fn a_build_that_waits_too_long_says_for_whom() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let mut holder = Holder::of(&ground, WRITE);
    let options = ApplyOptions {
        wait: Duration::from_secs(2),
        ..patient()
    };
    let error = ground.apply_with(&options, &mut ()).unwrap_err();
    let ApplyError::PartlyApplied(partly) = &error else {
        panic!("{error}");
    };
    let Stop::Locked(tried) = &partly.why else {
        panic!("{error}");
    };
    assert_eq!(tried.blockers[0].pid, Some(holder.pid()));
    holder.let_go();
    ground.applied();
}

/// The second waits for the first over all its steps, and finds it done.
#[test]
fn of_two_at_once_the_second_waits_for_the_lone_steps_of_the_first() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let holder = Holder::of(&ground, WRITE);
    let (mut one, mut two) = (ground.session(), ground.session());
    let plan = ground.plan(&mut one);
    thread::scope(|scope| {
        let (ground, plan) = (&ground, &plan);
        let first = scope.spawn(move || ground.apply_plan(&mut one, plan, &patient(), &mut ()));
        until("the first builds", || {
            ground.ask("SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()") == "1"
        });
        let mut notes = Notes {
            when_waiting: Some(Box::new(|| holder.let_go())),
            ..Notes::default()
        };
        let second = ground
            .apply_plan(&mut two, plan, &patient(), &mut notes)
            .unwrap();
        assert!(matches!(first.join().unwrap().unwrap(), Applied::Done(_)));
        assert_eq!(second, Applied::Already);
        assert_eq!(notes.blockers[0].holds, "advisory lock 72707369");
    });
    assert_eq!(ground.history().runs.len(), 1);
}

/// Prisma's engine waits for the advisory lock for ten seconds, with a snapshot that the build must
/// outwait: a deadlock, until it gives up.
#[test]
fn a_migration_of_prismas_that_waits_does_not_keep_the_build_from_ending() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let holder = Holder::of(&ground, WRITE);
    thread::scope(|scope| {
        let worker = scope.spawn(|| ground.applied());
        until("it builds", || {
            ground.ask("SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()") == "1"
        });
        let mut prisma = ground.client();
        prisma
            .batch_execute("SET statement_timeout = '4s'")
            .unwrap();
        let waiting =
            scope.spawn(move || prisma.batch_execute("SELECT pg_advisory_lock(72707369)"));
        until("both wait", || {
            ground.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
                == "1"
        });
        // Who waits for longer than this has looked for a deadlock already, and found none.
        thread::sleep(Duration::from_millis(1500));
        holder.let_go();
        worker.join().unwrap();
        drop(waiting.join().unwrap());
    });
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(invalid_indexes(&ground), "0");
}
