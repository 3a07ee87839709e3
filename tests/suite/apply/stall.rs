//! How long writers wait, and what is said of it.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use leora_core::plan::locking::{HELD, Locking, QUEUED, WITHOUT_WAITING, lock_tables, strongest};
use leora_core::plan::{Grouping, Plan};
use leora_db::apply::{Applied, ApplyError, ApplyOptions, Done};
use leora_db::history::RunState;
use leora_db::scratch::{Binaries, Options, ScratchServer};

use super::ground::{Ground, Holder, ROWS, patient, target, until, without};
use super::waiting::{Notes, UPDATE_ONE};
use crate::support::{Cli, Template, repository};

/// The first attempt queues for 200 ms and is rolled back; the second gets its locks at once.
#[test]
fn the_longest_attempt_is_what_writers_had_to_wait_for() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let mut notes = Notes {
        first: Some(Box::new(|| holder.let_go())),
        ..Notes::default()
    };
    let options = ApplyOptions {
        first_lock_timeout: Duration::from_millis(250),
        ..patient()
    };
    let Applied::Done(done) = ground.apply_with(&options, &mut notes).unwrap() else {
        panic!("done");
    };
    assert_eq!(done.transaction.attempts, 2);
    let waited = done.transaction.stalled.unwrap();
    assert!(waited >= Duration::from_millis(190), "{waited:?}");
}

/// What the block that takes the locks says, under which codes; and what it came to.
fn take_locks(ground: &Ground, then: &str) -> (Vec<String>, Result<Option<f64>, postgres::Error>) {
    let plan = ground.plan(&mut ground.session());
    let locks = strongest(plan.steps.iter().flat_map(|step| &step.locks));
    let said = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&said);
    let mut config: postgres::Config = ground.url.parse().unwrap();
    config.notice_callback(move |notice| {
        hearing
            .lock()
            .unwrap()
            .push(notice.code().code().to_owned());
    });
    let mut client = config.connect(postgres::NoTls).unwrap();
    client.batch_execute("BEGIN").unwrap();
    let [take, free] = &lock_tables(&locks, Duration::from_millis(50), &Locking::default())[..]
    else {
        panic!("two statements");
    };
    let took = client.batch_execute(&take.sql);
    let took = took.and_then(|()| {
        let free: String = client.query_one(&free.sql, &[])?.get(0);
        client.batch_execute(then)?;
        Ok(free.parse().ok())
    });
    let said = said.lock().unwrap().clone();
    (said, took)
}

#[test]
fn the_server_says_when_writers_wait() {
    let ground = Ground::on(Template::BaselineWithRows);
    let (said, free) = take_locks(&ground, "COMMIT");
    assert_eq!(said, [HELD]);
    assert!(free.unwrap().unwrap() < WITHOUT_WAITING.as_secs_f64());

    let holder = Holder::of(&ground, UPDATE_ONE);
    let (said, refused) = take_locks(&ground, "COMMIT");
    assert_eq!(said, [QUEUED]);
    assert_eq!(refused.unwrap_err().code().unwrap().code(), "55P03");
    holder.let_go();
}

/// A server whose commits wait for a standby that is not there, unless they say otherwise.
struct Lonely {
    _server: ScratchServer,
    ground: Ground,
    /// Commits wait of those who come by this address.
    url: String,
}

fn lonely() -> Lonely {
    let settings = [
        "wal_level = replica",
        "max_wal_senders = 2",
        "synchronous_standby_names = 'missing'",
        "synchronous_commit = local",
    ];
    let options = Options {
        settings: settings.map(str::to_owned).into(),
        ..Options::default()
    };
    let server = ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap();
    let ground = Ground::at(&server.url("postgres"));
    for file in ["fixtures/leora/baseline.sql", "fixtures/leora/rows.sql"] {
        let sql = fs::read_to_string(repository(file)).unwrap();
        ground.client().batch_execute(&sql).unwrap();
    }
    let url = format!(
        "{}&options=-c%20synchronous_commit%3Don",
        server.url("postgres")
    );
    Lonely {
        ground,
        url,
        _server: server,
    }
}

fn done(applied: Result<Applied, ApplyError>) -> Done {
    match applied {
        Ok(Applied::Done(done)) => done,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_commit_that_waits_for_a_missing_standby_lets_the_locks_go_and_says_so() {
    let mut lonely = lonely();
    lonely.ground.target = target(&lonely.url);
    let Lonely { ground, .. } = &lonely;
    let over = AtomicBool::new(false);
    let done = thread::scope(|scope| {
        let mut writer = ground.client();
        let over = &over;
        let writing = scope.spawn(move || {
            while !over.load(Ordering::Relaxed) {
                writer.batch_execute(UPDATE_ONE).unwrap();
            }
        });
        let done = done(ground.apply());
        over.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        done
    });
    assert!(done.transaction.only_local);
    assert!(!done.transaction.reconnected);
    assert!(done.transaction.stalled.unwrap() >= Duration::from_millis(500));
    assert_eq!(ground.pending(), Vec::<String>::new());
    ground.no_lock_is_left();

    let back = ground.way_back();
    assert!(ground.roll_back(&back, false).unwrap().only_local);
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn a_commit_without_a_standby_is_applied_with_a_warning() {
    let lonely = lonely();
    let run = |arguments: &[&str]| {
        let cli = Cli::new().env("DATABASE_URL", &lonely.url);
        cli.args(arguments).run()
    };
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let warning = "warning: it is committed on this server, and might not have been replicated";
    let output = run(&["apply", "--yes"])
        .exits(0)
        .stdout_has("Applied 16 steps");
    assert!(flat(&output.stderr).contains(warning), "{output}");
    let output = run(&["rollback", "--yes"]).exits(0);
    assert!(flat(&output.stderr).contains(warning), "{output}");
    let output = run(&["apply", "--yes", "--one-table-at-a-time"]).exits(0);
    assert!(flat(&output.stderr).contains(warning), "{output}");
    let quiet = run(&["--quiet", "rollback", "--yes"]).exits(0);
    assert!(flat(&quiet.stderr).contains(warning), "{quiet}");
}

/// CREATE INDEX CONCURRENTLY commits several times, VALIDATE CONSTRAINT once; the record of the last step tells whether a
/// standby has them.
#[test]
fn steps_that_stand_alone_wait_for_no_standby_and_say_so() {
    let mut lonely = lonely();
    let missing = &[
        "_type_status_idx",
        "userId_widgetType_key",
        "Job_tenantId_fkey",
    ];
    without(&mut lonely.ground.client(), missing);
    lonely.ground.client().batch_execute(ROWS).unwrap();
    lonely.ground.target = target(&lonely.url);
    let Lonely { ground, .. } = &lonely;
    let plan = ground.plan(&mut ground.session());
    assert_eq!(plan.together_and_alone().1.len(), 3);
    let output = Cli::new()
        .env("DATABASE_URL", &lonely.url)
        .args(["apply", "--yes"])
        .run()
        .exits(0);
    let said = output
        .stderr
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(said.contains("might not have been replicated"), "{output}");
    assert_eq!(ground.pending(), Vec::<String>::new());
    let run = &ground.history().runs[0];
    assert_eq!(
        (run.state, run.steps_done),
        (RunState::Applied, plan.steps.len())
    );
    assert_eq!(ground.apply().unwrap(), Applied::Already);
    ground.no_lock_is_left();
}

/// What failed to be built is removed without waiting for a standby, too.
#[test]
fn a_step_that_fails_alone_without_a_standby_leaves_nothing() {
    let mut lonely = lonely();
    let mut client = lonely.ground.client();
    without(&mut client, &["userId_widgetType_key"]);
    client.batch_execute(ROWS).unwrap();
    let twice = r#"INSERT INTO "DashboardWidget" ("id", "tenantId", "userId", "widgetType", "position", "updatedAt")
        SELECT gen_random_uuid(), u."tenantId", u."id", 'twice', 1, now() FROM "User" u, generate_series(1, 2)"#;
    client.batch_execute(twice).unwrap();
    lonely.ground.target = target(&lonely.url);
    let ground = &lonely.ground;
    let error = ground.apply().unwrap_err();
    assert!(matches!(error, ApplyError::StepFailed(_)), "{error}");
    assert_eq!(
        ground.ask("SELECT count(*) FROM pg_index WHERE NOT indisvalid"),
        "0"
    );
    client
        .batch_execute(r#"DELETE FROM "DashboardWidget" WHERE "widgetType" = 'twice'"#)
        .unwrap();
    assert!(ground.applied().transaction.only_local);
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// What is recorded waits for the standby, too.
#[test]
fn a_run_without_a_standby_that_stops_midway_ends() {
    let mut lonely = lonely();
    lonely.ground.target = target(&lonely.url);
    let ground = &lonely.ground;
    let holder = Holder::of(ground, UPDATE_ONE);
    let options = ApplyOptions {
        wait: Duration::from_secs(1),
        ..patient()
    };
    let mut session = ground.session();
    let plan = Plan {
        grouping: Grouping::OneTableAtATime,
        ..ground.plan(&mut session)
    };
    let error = ground.apply_plan(&mut session, &plan, &options, &mut ());
    let error = error.unwrap_err();
    assert!(matches!(error, ApplyError::PartlyApplied(_)), "{error}");
    assert_eq!(ground.history().runs[0].state, RunState::Failed);
    holder.let_go();
    ground.applied();
}

/// What takes too long before COMMIT is rolled back, and tried again until the time is spent.
#[test]
fn statements_that_take_too_long_under_the_locks_are_rolled_back() {
    let ground = Ground::on(Template::Baseline);
    ground.execute(
        "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); END $$;
         CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slow();",
    );
    let options = ApplyOptions {
        wait: Duration::from_secs(2),
        ..patient()
    };
    let error = ground.apply_with(&options, &mut ()).unwrap_err();
    assert!(
        matches!(error, ApplyError::LockNotObtained { .. }),
        "{error}"
    );
    until("nothing runs", || {
        ground.ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == "0"
    });
    ground.execute("DROP EVENT TRIGGER slow");
    assert_eq!(ground.pending().len(), 16);
    ground.no_lock_is_left();
}
