//! What goes wrong after the commit: it is said that the migration is applied, and nothing says that nothing changed.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};
use std::thread;

use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use crate::apply::ground::{Ground, until};
use crate::support::{Cli, Output, Template, repository};

/// `apply`, where user-defined triggers may fire.
fn apply(url: &str) -> Cli {
    Cli::new()
        .file("leora-migrate.toml", "[verify]\nallow-user-code = true\n")
        .args(["apply", "--yes"])
        .env("DIRECT_URL", url)
}

#[track_caller]
fn applied_not_verified(output: Output) -> Output {
    let output = output
        .exits(1)
        .stderr_has("error[LM0059]: the migration is applied and committed, and was not verified: ")
        .stderr_has("leora-migrate verify")
        .lacks("nothing changed")
        .lacks("GREEN");
    assert!(output.stdout.contains("Applied 16 steps"), "{output}");
    output
}

/// The database with a role of its own that may do as its owner does, but is no superuser.
fn role(ground: &Ground, attributes: &str) -> String {
    let role = format!("role_of_{}", ground.database().name());
    ground.execute(&format!(
        "CREATE ROLE {role} LOGIN {attributes}; GRANT leora TO {role};"
    ));
    ground.url.replace("leora@", &format!("{role}@"))
}

fn drop_role(ground: &Ground) {
    let role = format!("role_of_{}", ground.database().name());
    ground.execute(&format!(
        "REASSIGN OWNED BY {role} TO leora; DROP OWNED BY {role}; DROP ROLE {role}"
    ));
}

#[test]
fn a_role_of_one_connection_applies_and_verifies() {
    let ground = Ground::on(Template::Baseline);
    let url = role(&ground, "CONNECTION LIMIT 1");
    apply(&url).run().exits(0).stdout_has("GREEN: 41 passed");
    drop_role(&ground);
}

#[test]
fn a_full_server_applies_and_verifies() {
    let options = Options {
        settings: vec![
            "max_connections = 4".to_owned(),
            "superuser_reserved_connections = 0".to_owned(),
        ],
        ..Options::default()
    };
    let server = ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap();
    let url = server.url("postgres");
    let connect = || Client::connect(&url, NoTls);
    let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    let mut first = connect().unwrap();
    first.batch_execute(&baseline).unwrap();
    let _others = [connect().unwrap(), connect().unwrap()];
    apply(&url).run().exits(0).stdout_has("GREEN: 41 passed");
    first.batch_execute("SELECT 1").unwrap();
}

/// Each statement of `apply` takes a while, so that another session can queue behind it.
const SLOWLY: &str = "CREATE FUNCTION slow_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); END $$;
    CREATE EVENT TRIGGER slow_ddl ON ddl_command_end EXECUTE FUNCTION slow_ddl();";

#[test]
fn a_table_that_is_locked_after_the_commit_is_no_reason_to_say_that_nothing_changed() {
    let ground = Ground::on(Template::Baseline);
    ground.execute(SLOWLY);
    let cli = apply(&ground.url);
    let running = thread::spawn(move || cli.run());
    until("it migrates", || {
        ground.ask(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
             WHERE d.datname = current_database() AND locktype = 'advisory'",
        ) == "1"
    });
    let mut holder = ground.client();
    // Behind the lock that keeps migrations apart, which the commit releases.
    holder
        .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(72707369)")
        .unwrap();
    holder
        .batch_execute(r#"LOCK TABLE "Job", leora_migrate.migration IN ACCESS EXCLUSIVE MODE"#)
        .unwrap();
    let output = applied_not_verified(running.join().unwrap());
    assert!(output.stderr.contains("could not be read"), "{output}");
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// Makes the verification wait, which inserts tenants; `apply` does not.
const SLOW_TENANTS: &str = r#"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON "Tenant" FOR EACH ROW EXECUTE FUNCTION slow()"#;

/// The sessions that verify.
const VERIFYING: &str = "SELECT pid FROM pg_stat_activity WHERE application_name = 'leora-migrate' \
                         AND datname = current_database() AND wait_event = 'PgSleep'";

#[test]
fn a_session_that_is_ended_while_it_verifies_leaves_it_applied_and_not_verified() {
    let ground = Ground::on(Template::Baseline);
    ground.execute(SLOW_TENANTS);
    let cli = apply(&ground.url);
    let running = thread::spawn(move || cli.run());
    until("it verifies", || !ground.ask(VERIFYING).is_empty());
    ground.ask(&format!("SELECT pg_terminate_backend(({VERIFYING}))"));
    let output = applied_not_verified(running.join().unwrap());
    assert!(output.stdout.contains("COULD NOT LOOK"), "{output}");
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn a_signal_while_it_verifies_leaves_it_applied_and_not_verified() {
    for signal in ["INT", "TERM"] {
        let ground = Ground::on(Template::Baseline);
        ground.execute(SLOW_TENANTS);
        let directory = tempfile::tempdir().unwrap();
        let config = "[verify]\nallow-user-code = true\n";
        std::fs::write(directory.path().join("leora-migrate.toml"), config).unwrap();
        // A shell's background job ignores SIGINT, and so would its children.
        let child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(env!("CARGO_BIN_EXE_leora-migrate"))
            .args(["apply", "--yes", "--url", &ground.url])
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        until("it verifies", || !ground.ask(VERIFYING).is_empty());
        super::killed::signal(&child, signal);
        let output = child.wait_with_output().unwrap();
        let (told, said) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(told.contains("Applied 16 steps"), "{told}");
        assert!(
            said.contains("error[LM0059]: the migration is applied and committed, and was not verified: interrupted by signal"),
            "{said}"
        );
        assert!(!said.contains("nothing changed"), "{said}");
        until("the server has noticed", || {
            ground.ask(VERIFYING).is_empty()
        });
        assert_eq!(ground.pending(), Vec::<String>::new());
    }
}

/// The program with its output to a place that takes none.
fn to(place: Stdio, url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let child = Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
        .args(arguments)
        .args(["--url", url])
        .stdin(Stdio::null())
        .stdout(place)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn output_that_is_lost_after_the_commit_is_no_reason_to_say_that_nothing_changed() {
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else {
        return crate::support::not_tested("this system has no /dev/full");
    };
    let full = || Stdio::from(full.try_clone().unwrap());
    let ground = Ground::on(Template::Baseline);
    let (code, said) = to(full(), &ground.url, &["verify"]);
    assert_eq!(code, Some(2), "{said}");
    // What is refused changes nothing.
    let read_only = ground.url.clone() + "&options=-c%20default_transaction_read_only%3Don";
    let (code, said) = to(full(), &read_only, &["apply", "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    for (command, left) in [("apply", 0), ("rollback", 16)] {
        let (code, said) = to(full(), &ground.url, &[command, "--yes"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("error[LM0004]") && said.contains("is done and committed"),
            "{said}"
        );
        assert_eq!(ground.pending().len(), left);
    }
}

#[test]
fn a_reader_who_has_seen_enough_after_the_commit_changes_nothing() {
    let ground = Ground::on(Template::Baseline);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (code, said) = to(writer.into(), &ground.url, &["apply", "--yes"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(ground.pending(), Vec::<String>::new());
}
