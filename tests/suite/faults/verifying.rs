//! `verify` ended while it tries: nothing is left of the rows that it made.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use super::killed::signal;
use crate::apply::ground::{Ground, until};
use crate::support::{Template, not_tested};

/// It tries on rows, whose making takes a while. A shell's background job ignores SIGINT, and so would its children.
fn verify(ground: &Ground) -> Child {
    ground.execute(
        r#"CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(10); RETURN NEW; END $$;
           DROP TRIGGER IF EXISTS slow ON "Job";
           CREATE TRIGGER slow BEFORE INSERT ON "Job" FOR EACH ROW EXECUTE FUNCTION slow()"#,
    );
    let verify = Command::new("env")
        .arg("--default-signal=INT")
        .arg(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(["verify", "--allow-user-code", "--url"])
        .arg(&ground.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("rows are made", || {
        sessions(ground, "wait_event = 'PgSleep'") == "1"
    });
    verify
}

/// The sessions that `verify` has, and those of them that sleep in the trigger.
fn sessions(ground: &Ground, which: &str) -> String {
    ground.ask(&format!(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE application_name = 'leora-migrate' AND datname = current_database() AND {which}"
    ))
}

/// The rows of the new tables and of those they reference, and the numbers that were given.
fn contents(ground: &Ground) -> String {
    ground.ask(
        r#"SELECT concat((SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM "Tenant" t),
                         (SELECT count(*) FROM "User"), ',', (SELECT count(*) FROM "Job"), ',',
                         (SELECT last_value FROM "Order_number_seq"))"#,
    )
}

#[test]
fn verify_ended_while_it_tries_leaves_nothing() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("KILL", 9)] {
        let ground = Ground::on(Template::BaselineWithRows);
        ground.applied();
        let before = contents(&ground);
        let mut child = verify(&ground);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        until("the server has noticed", || {
            sessions(&ground, "true") == "0"
        });
        assert_eq!(contents(&ground), before, "{name}");
        ground.no_lock_is_left();
    }
}

#[test]
fn verify_stopped_on_the_server_says_by_what() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    for (function, told, ends, code) in [
        (
            "pg_cancel_backend",
            "cancelled it (pg_cancel_backend)",
            "COULD NOT LOOK: 22 passed, 1 failed, 18 skipped",
            2,
        ),
        (
            "pg_terminate_backend",
            "connection",
            "COULD NOT LOOK: 22 passed, 1 failed, 18 skipped",
            2,
        ),
    ] {
        let verify = verify(&ground);
        ground.ask(&format!(
            "SELECT {function}(pid)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        ));
        let output = verify.wait_with_output().unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        for part in [told, ends] {
            assert!(report.contains(part), "{part}\n{report}");
        }
        assert_eq!(output.status.code(), Some(code), "{report}");
        ground.no_lock_is_left();
    }
}

#[test]
fn a_session_is_not_ended_while_its_client_thinks() {
    let ground = Ground::on(Template::Empty);
    if ground.session().server.version().major() < 14 {
        return not_tested("idle_session_timeout came with PostgreSQL 14");
    }
    ground.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = ''1h''', current_database()); END $$",
    );
    let mut session = ground.session();
    let shown = session
        .batch("asking", "SHOW idle_session_timeout")
        .unwrap();
    assert_eq!(shown[0].first().unwrap().get(0), Some("0"));
}
