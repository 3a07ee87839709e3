//! The program, and the server, killed at any moment.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use leora_db::history::RunState;
use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use super::lone::lacking;
use crate::apply::ground::{Ground, Holder, until};
use crate::support::{Template, repository};

/// `apply`, as a user starts it.
fn start(ground: &Ground) -> Child {
    Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(["apply", "--yes", "--no-verify", "--url"])
        .arg(&ground.url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

pub(super) fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -$1 $2", "sh", name, &child.id().to_string()]);
    assert!(kill.status().unwrap().success());
}

fn exit_code(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

const WRITE: &str = r#"UPDATE "Job" SET "status" = "status""#;

/// Whether `apply` waits between two attempts, looking for those who block.
fn waits(ground: &Ground) -> bool {
    let looks = "SELECT count(*) FROM pg_stat_activity \
                 WHERE application_name = 'leora-migrate' AND datname = current_database() \
                   AND query LIKE '%transactions that hold a lock%'";
    ground.ask(looks) == "1"
}

fn builds(ground: &Ground) -> bool {
    ground.ask(
        "SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()",
    ) == "1"
}

#[test]
fn signals_end_it_with_their_exit_codes_and_nothing_changed() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let ground = Ground::on(Template::Baseline);
        let holder = Holder::of(&ground, r#"LOCK TABLE "User" IN ROW EXCLUSIVE MODE"#);
        let child = start(&ground);
        until("it waits", || waits(&ground));
        signal(&child, name);
        let (exit, said) = exit_code(child);
        assert_eq!(exit, Some(code), "{said}");
        assert!(said.contains("nothing changed"), "{said}");
        holder.let_go();
        assert_eq!(ground.pending().len(), 16);
    }
}

/// Whoever kills the client wants it gone: the server notices while it waits (PostgreSQL 14 on).
#[test]
fn a_client_killed_while_a_step_waits_leaves_no_backend_and_a_rerun_goes_on() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let checks = ground.session().server.version().has_connection_check();
    let holder = Holder::of(&ground, WRITE);
    let mut child = start(&ground);
    until("it builds", || builds(&ground));
    child.kill().unwrap();
    child.wait().unwrap();
    if checks {
        let state = || ground.history().runs.first().map(|run| run.state);
        until("the server has noticed", || {
            state() == Some(RunState::CutOff)
        });
        assert_eq!(ground.history().runs[0].running_step, Some(0));
        assert!(!builds(&ground));
    }
    holder.let_go();
    until("the build has ended", || !builds(&ground));
    assert_eq!(exit_code(start(&ground)).0, Some(0));
    assert_eq!(ground.pending(), Vec::<String>::new());
    let states: Vec<_> = ground.history().runs.iter().map(|run| run.state).collect();
    if checks {
        assert_eq!(states, [RunState::Failed, RunState::Applied]);
    }
}

/// How many moments are tried: a few in the suite, as many as `make faults` says there.
fn rounds(variable: &str, usual: u32) -> u32 {
    let told = std::env::var(variable).ok();
    told.map_or(usual, |told| told.parse().unwrap())
}

/// What a database looks like after something was killed: as before, as after, or with a step under way
/// that the history names.
fn found(ground: &Ground, whole: usize, said: &str) -> &'static str {
    let pending = ground.pending();
    let history = ground.history();
    let run = history.runs.first();
    let left = match run.map(|run| (run.state, run.running_step)) {
        None if pending.len() == whole => "as before",
        Some((RunState::Applied, None)) if pending.is_empty() => "as after",
        Some((RunState::CutOff | RunState::Failed, _)) if whole == 1 => "in a lone step",
        _ => panic!("{pending:?}, {run:?}\n{said}"),
    };
    ground.no_lock_is_left();
    let (exit, said) = exit_code(start(ground));
    assert_eq!(exit, Some(0), "{left}: {said}");
    assert_eq!(ground.pending(), Vec::<String>::new());
    left
}

/// Each statement takes a while, so that moments between them are hit.
const SLOWLY: &str = "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.015); END $$;
    CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow();";

fn slow() -> Template {
    Template::Baseline.and_then("slow", |client| client.batch_execute(SLOWLY).unwrap())
}

/// So many rows that the build of the index that is missing takes a while.
fn lacking_an_index_on_many_rows() -> Template {
    lacking("userId_widgetType_key").and_then("lacks-index-of-many", |client| {
        let many = r#"INSERT INTO "DashboardWidget" ("id", "tenantId", "widgetType", "position", "updatedAt")
            SELECT gen_random_uuid(), t."id", gen_random_uuid()::text, n, now()
            FROM (SELECT "id" FROM "Tenant" LIMIT 1) t, generate_series(1, 30000) n"#;
        client.batch_execute(many).unwrap();
    })
}

/// The time after which `apply` is over, as a rule.
fn usual_time(template: &Template) -> Duration {
    let ground = Ground::on(template.clone());
    let began = Instant::now();
    assert_eq!(exit_code(start(&ground)).0, Some(0));
    began.elapsed()
}

#[test]
fn killed_at_any_moment_nothing_is_half_done() {
    let rounds = rounds("LEORA_MIGRATE_KILLS", 10);
    let mut seen = BTreeMap::new();
    for (template, whole) in [(slow(), 16), (lacking_an_index_on_many_rows(), 1)] {
        let takes = usual_time(&template);
        for _ in 0..rounds {
            let ground = Ground::on(template.clone());
            let mut child = start(&ground);
            thread::sleep(takes.mul_f64(fastrand::f64() * 1.1));
            child.kill().unwrap();
            let said = exit_code(child).1;
            until("the server has noticed", || {
                ground.ask(
                    "SELECT count(*) FROM pg_stat_activity \
                     WHERE application_name = 'leora-migrate' AND datname = current_database()",
                ) == "0"
            });
            *seen.entry(found(&ground, whole, &said)).or_insert(0) += 1;
        }
    }
    println!("the client was killed, and the database was {seen:?}");
}

/// A crash of the server: what it had not committed is gone, and what the client says of it is true.
#[test]
fn the_server_killed_at_any_moment_comes_back_as_before_or_as_after() {
    let rounds = rounds("LEORA_MIGRATE_SERVER_KILLS", 3);
    let binaries = Binaries::find().unwrap();
    let mut server = ScratchServer::start(&binaries, &Options::default()).unwrap();
    let takes = usual_time(&slow());
    let mut seen = BTreeMap::new();
    for round in 0..rounds {
        let name = format!("crashed_{round}");
        let mut admin = Client::connect(&server.url("postgres"), NoTls).unwrap();
        admin
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        drop(admin);
        let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
        let mut client = Client::connect(&server.url(&name), NoTls).unwrap();
        client.batch_execute(&baseline).unwrap();
        client.batch_execute(SLOWLY).unwrap();
        client.batch_execute("CHECKPOINT").unwrap();
        drop(client);
        let ground = Ground::at(&server.url(&name));
        let child = start(&ground);
        thread::sleep(takes.mul_f64(fastrand::f64() * 1.1));
        server.stop_immediately().unwrap();
        server.start_again(&binaries).unwrap();
        let (exit, said) = exit_code(child);
        let left = found(&ground, 16, &said);
        match exit {
            Some(0) => assert_eq!(left, "as after", "{said}"),
            _ if said.contains("nothing changed") => assert_eq!(left, "as before", "{said}"),
            // It could not even look.
            _ => assert_eq!((exit, left), (Some(2), "as before"), "{said}"),
        }
        *seen.entry(left).or_insert(0) += 1;
    }
    println!("the server was killed, and the database was {seen:?}");
}

#[test]
fn the_server_restarted_while_locks_are_waited_for_is_said_and_a_rerun_ends_well() {
    let binaries = Binaries::find().unwrap();
    let mut server = ScratchServer::start(&binaries, &Options::default()).unwrap();
    let ground = Ground::at(&server.url("postgres"));
    let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    ground.client().batch_execute(&baseline).unwrap();
    let mut holder = ground.client();
    holder
        .batch_execute(r#"BEGIN; LOCK TABLE "User" IN ROW EXCLUSIVE MODE"#)
        .unwrap();
    let child = start(&ground);
    until("it waits", || waits(&ground));
    server.stop_immediately().unwrap();
    let (exit, said) = exit_code(child);
    assert_eq!(exit, Some(2), "{said}");
    assert!(
        said.contains("nothing changed") && said.contains("connection was lost"),
        "{said}"
    );
    server.start_again(&binaries).unwrap();
    assert_eq!(found(&ground, 16, &said), "as before");
}
