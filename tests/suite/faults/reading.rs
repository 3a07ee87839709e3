//! Reading a database in which somebody holds a table, or that the role may not read.

use std::process::{Child, Command, Stdio};

use leora_db::apply::patiently;

use super::killed::signal;
use crate::apply::ground::{Ground, Holder, patient, until};
use crate::support::{Cli, Output, Template};

const LOCK: &str = r#"LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE"#;

/// The application as it stands, with an index whose predicate PostgreSQL prints only after it has looked
/// the table up: that waits for who holds it.
fn ground() -> Ground {
    let ground = Ground::on(Template::BaselineWithRows);
    ground.execute(r#"CREATE INDEX ON "User" ("email") WHERE "isActive""#);
    ground
}

fn run(ground: &Ground, arguments: &[&str]) -> Output {
    let database = ground.database();
    Cli::new().args(arguments).database(database).run()
}

fn start(ground: &Ground, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(arguments)
        .args(["--url", &ground.url])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_table_that_somebody_holds_is_waited_for_and_the_holder_is_named() {
    let ground = ground();
    let mut holder = Holder::of(&ground, LOCK);
    let pid = format!("pid {}", holder.pid());
    for arguments in [
        &["plan"][..],
        &["status"],
        &["verify"],
        &["rollback", "--yes", "--wait=1s"],
        &["apply", "--yes", "--wait=1s"],
    ] {
        run(&ground, arguments)
            .exits(3)
            .stderr_has("LM0073")
            .stderr_has("the tables could not be read")
            .stderr_has(&pid)
            .stderr_has("reports")
            .stderr_has("ACCESS EXCLUSIVE on \"User\"");
    }
    let child = start(&ground, &["apply", "--yes", "--no-verify"]);
    until("it waits", || {
        ground.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leora-migrate' \
             AND datname = current_database() AND query LIKE '%transactions that hold a lock%'",
        ) == "1"
    });
    holder.let_go();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn a_reader_that_is_killed_leaves_the_queue() {
    for name in ["INT", "KILL"] {
        let ground = ground();
        let holder = Holder::of(&ground, LOCK);
        let mut child = start(&ground, &["plan"]);
        let there = || {
            ground.ask(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leora-migrate' \
                 AND datname = current_database()",
            )
        };
        until("it has connected", || there() == "1");
        signal(&child, name);
        child.wait().unwrap();
        until("it has left", || there() == "0");
        holder.let_go();
    }
}

#[test]
fn a_history_that_may_not_be_read_is_named_with_what_opens_it() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(
        r#"CREATE ROLE "stranger" LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "stranger""#,
    );
    let url = ground.url.replace("//leora@", "//stranger@");
    let run = |arguments: &[&str]| Cli::new().args(arguments).env("DATABASE_URL", &url).run();
    let grant = "GRANT USAGE ON SCHEMA leora_migrate TO stranger; GRANT SELECT ON leora_migrate.migration TO stranger;";
    let unwrapped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let status = run(&["status"]).exits(0).stdout_has("nothing pending");
    assert!(unwrapped(&status.stdout).contains(grant), "{status}");
    run(&["status", "--format=json"]).exits(0).stdout_has(grant);
    let rollback = run(&["rollback", "--yes"]).exits(2);
    assert!(unwrapped(&rollback.stderr).contains(grant), "{rollback}");
}

#[test]
fn a_table_that_goes_between_two_questions_is_read_again_once() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    let mut read = |fails: usize| {
        let mut calls = 0;
        let answer = patiently(&mut session, &patient(), &mut (), |session| {
            calls += 1;
            let gone = if calls <= fails {
                "\"Gone\""
            } else {
                "\"Tenant\""
            };
            session.batch("reading", &format!("SELECT FROM {gone} LIMIT 0"))
        });
        (calls, answer.is_ok())
    };
    assert_eq!(read(1), (2, true));
    assert_eq!(read(9), (2, false));
}
