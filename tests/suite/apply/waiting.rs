//! Waiting for locks, and those who hold them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use leora_db::apply::{
    Applied, ApplyError, ApplyOptions, Awaited, Blocker, Interrupt, Observer, Waiting,
};
use leora_db::scratch::{Binaries, Options, ScratchServer};

use super::ground::{Ground, Holder, patient, until};
use crate::support::{Cli, Template, repository};

/// Notes who blocked, and does something the first time.
#[derive(Default)]
pub(crate) struct Notes<'a> {
    pub(crate) blockers: Vec<Blocker>,
    pub(crate) others_migrate: bool,
    pub(crate) first: Option<Box<dyn FnOnce() + 'a>>,
}

impl Observer for Notes<'_> {
    fn waiting(&mut self, waiting: &Waiting<'_>) {
        self.blockers.extend_from_slice(waiting.blockers);
        self.others_migrate |= *waiting.awaited == Awaited::OtherMigration;
        if let Some(first) = self.first.take() {
            first();
        }
    }
}

pub(crate) const UPDATE_ONE: &str = r#"UPDATE "User" SET "fullName" = "fullName" || '!' WHERE "id" IN (SELECT "id" FROM "User" LIMIT 1)"#;

#[test]
fn who_holds_a_row_lock_is_shown_and_waited_for() {
    let ground = Ground::on(Template::BaselineWithRows);
    let mut holder = Holder::of(&ground, UPDATE_ONE);
    let pid = holder.pid();
    let mut notes = Notes {
        first: Some(Box::new(|| holder.let_go())),
        ..Notes::default()
    };
    let Applied::Done(done) = ground.apply_with(&patient(), &mut notes).unwrap() else {
        panic!("done");
    };
    assert_eq!(done.transaction.attempts, 2);
    let blocker = &notes.blockers[0];
    assert_eq!(blocker.pid, Some(pid));
    assert_eq!(blocker.user.as_deref(), Some("leora"));
    assert_eq!(blocker.application.as_deref(), Some("reports"));
    assert_eq!(blocker.state.as_deref(), Some("idle in transaction"));
    assert_eq!(blocker.holds, r#"ROW EXCLUSIVE on "User""#);
    assert!(blocker.age.is_some());
    ground.no_lock_is_left();
}

#[test]
fn while_the_same_transaction_blocks_nobody_is_made_to_wait_again() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let options = ApplyOptions {
        wait: Duration::from_secs(3),
        ..patient()
    };
    let error = ground.apply_with(&options, &mut ()).unwrap_err();
    let ApplyError::LockNotObtained { tried, awaited, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!((tried.attempts, tried.blockers.len()), (1, 1));
    let told = "within 3 s: tried once, then waited for those who blocked it; nothing changed";
    assert!(error.to_string().contains(told), "{error}");
    assert!(
        matches!(awaited, Awaited::Tables(locks) if locks.len() == 2),
        "{awaited:?}"
    );
    assert!(error.to_string().contains("nothing changed"), "{error}");
    holder.let_go();
    assert_eq!(ground.ask(r#"SELECT to_regclass('"Job"')"#), "");
    assert_eq!(
        ground.ask("SELECT to_regclass('leora_migrate.migration')"),
        ""
    );
    ground.applied();
}

/// Readers and writers of `Tenant` go on while the lock on `User` is waited for.
#[test]
fn a_lock_not_obtained_lets_go_of_all_others() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let mut other = ground.client();
    other.batch_execute("SET lock_timeout = '5s'").unwrap();
    let mut notes = Notes {
        first: Some(Box::new(move || {
            let write = r#"UPDATE "Tenant" SET "name" = "name"; UPDATE "User" SET "email" = "email" WHERE false"#;
            other.batch_execute(write).unwrap();
            holder.let_go();
        })),
        ..Notes::default()
    };
    ground.apply_with(&patient(), &mut notes).unwrap();
}

/// No process holds its locks, so only its name helps; after a restart the server calls its transaction otherwise.
#[test]
fn a_prepared_transaction_is_named() {
    let binaries = Binaries::find().unwrap();
    let options = Options {
        settings: vec!["max_prepared_transactions = 3".to_owned()],
        ..Options::default()
    };
    let mut server = ScratchServer::start(&binaries, &options).unwrap();
    let ground = Ground::at(&server.url("postgres"));
    let baseline = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    ground.client().batch_execute(&baseline).unwrap();
    let leave = [
        r#"BEGIN; SAVEPOINT within; LOCK "User" IN ROW EXCLUSIVE MODE; CREATE TABLE left_over (); RELEASE within"#,
        "PREPARE TRANSACTION 'left by ''pay'''",
    ];
    let mut client = ground.client();
    let of_others = |name: &str| {
        let others = format!("BEGIN; SELECT txid_current(); PREPARE TRANSACTION '{name}'");
        ground.client().batch_execute(&others).unwrap();
    };
    of_others("before");
    for sql in leave {
        client.batch_execute(sql).unwrap();
    }
    of_others("after");
    let names_it = || {
        let apply = Cli::new().env("DATABASE_URL", &ground.url);
        let output = apply.args(["apply", "--yes", "--wait", "1s"]).run();
        let words: Vec<_> = output.stderr.split_whitespace().collect();
        let said = words.join(" ");
        for told in [
            "prepared transaction 'left by ''pay''' leora, transaction open for ",
            r#"holds ROW EXCLUSIVE on "User"; COMMIT PREPARED 'left by ''pay''' or ROLLBACK PREPARED 'left by ''pay''' ends it"#,
        ] {
            assert!(said.contains(told), "{}", output.stderr);
        }
    };
    names_it();
    server.stop_immediately().unwrap();
    server.start_again(&binaries).unwrap();
    names_it();
}

#[test]
fn prismas_migrations_are_waited_for_and_kept_out() {
    let ground = Ground::on(Template::Baseline);
    let mut prisma = ground.client();
    prisma
        .batch_execute("SET application_name = 'prisma'; SELECT pg_advisory_lock(72707369)")
        .unwrap();
    let mut notes = Notes {
        first: Some(Box::new(move || drop(prisma))),
        ..Notes::default()
    };
    ground.apply_with(&patient(), &mut notes).unwrap();
    assert!(notes.others_migrate);
    assert_eq!(notes.blockers[0].application.as_deref(), Some("prisma"));
    assert_eq!(notes.blockers[0].holds, "advisory lock 72707369");
}

#[test]
fn of_several_at_once_one_works_and_the_others_find_it_done() {
    let ground = Ground::on(Template::Baseline);
    let mut sessions: Vec<_> = (0..4).map(|_| ground.session()).collect();
    let plan = ground.plan(&mut sessions[0]);
    let results = thread::scope(|scope| {
        let run = |mut session| {
            let (ground, plan) = (&ground, &plan);
            scope.spawn(move || {
                ground
                    .apply_plan(&mut session, plan, &patient(), &mut ())
                    .unwrap()
            })
        };
        let workers: Vec<_> = sessions.into_iter().map(run).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect::<Vec<_>>()
    });
    let done = results
        .iter()
        .filter(|applied| matches!(applied, Applied::Done(_)));
    assert_eq!(done.count(), 1, "{results:?}");
    assert_eq!(ground.pending(), Vec::<String>::new());
    assert_eq!(ground.history().runs.len(), 1);
}

/// An event trigger stands in for a deadlock with the application: it fails the first two attempts.
#[test]
fn a_deadlock_and_a_serialization_failure_are_tried_again() {
    for code in ["40P01", "40001"] {
        let ground = Ground::on(Template::Baseline);
        ground.execute(&format!(
            "CREATE SEQUENCE attempts;
             CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
               IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '{code}'; END IF;
             END $$;
             CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION fail();"
        ));
        assert_eq!(ground.applied().transaction.attempts, 3, "{code}");
    }
}

#[test]
fn a_signal_while_waiting_ends_it_and_leaves_nothing() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let interrupt = Interrupt::default();
    let raised = interrupt.clone();
    let mut notes = Notes {
        first: Some(Box::new(move || raised.raise(15))),
        ..Notes::default()
    };
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    let error = ground
        .apply_until(&mut session, &plan, &mut notes, &interrupt)
        .unwrap_err();
    assert!(
        matches!(
            error,
            ApplyError::Interrupted {
                signal: 15,
                partly: None
            }
        ),
        "{error}"
    );
    holder.let_go();
    ground.no_lock_is_left();
    assert!(ground.history().runs.is_empty());
}

/// The signal comes while the server itself waits: what it does there is cancelled.
#[test]
fn a_signal_in_the_middle_of_a_statement_cancels_it_on_the_server() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let interrupt = Interrupt::default();
    let options = ApplyOptions {
        first_lock_timeout: Duration::from_secs(40),
        lock_timeout: Duration::from_secs(40),
        ..patient()
    };
    let mut session = ground.session();
    let (pid, plan) = (session.server.backend_pid, ground.plan(&mut session));
    thread::scope(|scope| {
        let (ground, interrupt) = (&ground, &interrupt);
        let worker = scope.spawn(move || {
            ground.apply_with_all(&mut session, &plan, &options, &mut (), interrupt)
        });
        let waits = format!("SELECT cardinality(pg_blocking_pids({pid})) > 0");
        until("it waits", || ground.ask(&waits) == "true");
        interrupt.raise(2);
        let raised = Instant::now();
        let error = worker.join().unwrap().unwrap_err();
        assert!(
            matches!(
                error,
                ApplyError::Interrupted {
                    signal: 2,
                    partly: None
                }
            ),
            "{error}"
        );
        // Well before the lock timeout, which would end it too.
        assert!(raised.elapsed() < Duration::from_secs(10), "it went on");
        until("nobody waits", || {
            ground.ask("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0"
        });
    });
    holder.let_go();
    assert_eq!(ground.pending().len(), 16);
}
