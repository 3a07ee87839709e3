//! The program, and the server, killed at any moment.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use leora_migrate::db::history::RunState;

use super::lone::lacking;
use crate::apply::ground::{Ground, Holder, until};
use crate::support::Template;

/// `apply`, as a user starts it.
fn start(ground: &Ground) -> Child {
    Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(["apply", "--yes", "--no-verify", "--url"])
        .arg(ground.database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
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

fn builds(ground: &Ground) -> bool {
    ground.ask("SELECT count(*) FROM pg_stat_progress_create_index") == "1"
}

#[test]
fn signals_end_it_with_their_exit_codes_and_nothing_changed() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let ground = Ground::on(Template::Baseline);
        let holder = Holder::of(&ground, r#"LOCK TABLE "User" IN ROW EXCLUSIVE MODE"#);
        let child = start(&ground);
        until("it waits", || {
            ground.ask(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leora-migrate'
                        AND query LIKE '%pg_locks%'",
            ) == "1"
        });
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
        until("the server has noticed", || !builds(&ground));
        // The build and the lock that keeps migrations apart end one after the other.
        until("the run counts as cut off", || {
            ground.history().runs[0].state == RunState::CutOff
        });
        assert_eq!(ground.history().runs[0].running_step, Some(0));
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

/// As before or as after, or with a step under way that the history names; and a rerun ends well.
#[test]
fn killed_at_any_moment_nothing_is_half_done() {
    for (template, whole, rounds) in [
        (Template::Baseline, 16, 10),
        (lacking("userId_widgetType_key"), 1, 10),
    ] {
        let ground = Ground::on(template.clone());
        let began = Instant::now();
        assert_eq!(exit_code(start(&ground)).0, Some(0));
        let takes = began.elapsed();
        for round in 0..rounds {
            let ground = Ground::on(template.clone());
            let mut child = start(&ground);
            thread::sleep(takes.mul_f64(fastrand::f64() * 1.1));
            child.kill().unwrap();
            child.wait().unwrap();
            until("the server has noticed", || {
                ground.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leora-migrate' \
                            AND datname = current_database()") == "0"
            });
            let pending = ground.pending();
            let history = ground.history();
            let run = history.runs.first();
            let is_whole = match run.map(|run| run.state) {
                None => pending.len() == whole,
                Some(RunState::Applied) => pending.is_empty(),
                Some(RunState::CutOff) => whole == 1,
                Some(_) => false,
            };
            assert!(is_whole, "round {round}: {pending:?}, {run:?}");
            let (exit, said) = exit_code(start(&ground));
            assert_eq!(exit, Some(0), "round {round}: {said}");
            assert_eq!(ground.pending(), Vec::<String>::new());
        }
    }
}
