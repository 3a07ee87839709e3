//! The server fails while `verify` looks: that is no verdict, and what was found until then is in every report.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use leora_db::scratch::{Binaries, Options, ScratchServer};
use serde_json::Value;

use crate::apply::ground::{Ground, until};
use crate::support::{Cli, Output, Template, repository};

const FORMATS: [&str; 7] = [
    "text", "json", "junit", "sarif", "markdown", "github", "html",
];

/// A `verify` that ended, and the directory of its reports.
struct Ended {
    output: Output,
    directory: tempfile::TempDir,
}

impl Ended {
    /// Of a database while `meanwhile` happens to it.
    fn of(url: &str, arguments: &[&str], meanwhile: impl FnOnce()) -> Ended {
        let directory = tempfile::tempdir().unwrap();
        let path = |format: &str| directory.path().join(format).display().to_string();
        let reports = FORMATS.map(|format| format!("--report={format}={}", path(format)));
        let cli = Cli::new()
            .args(["verify", "--allow-user-code"])
            .args(arguments)
            .args(reports)
            .env("DIRECT_URL", url);
        let running = thread::spawn(|| cli.run());
        meanwhile();
        let output = running.join().unwrap();
        Ended { output, directory }
    }

    fn read(&self, format: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(format)).unwrap()
    }

    /// That it could not look, in every report, with what was found of the catalogs.
    #[track_caller]
    fn could_not_look(&self, why: &str) {
        let output = &self.output;
        assert_eq!(output.code, Some(2), "{output}");
        assert!(output.stderr.contains("error[LM0058]"), "{output}");
        assert!(output.stdout.contains("\nCOULD NOT LOOK: "), "{output}");
        assert!(!output.stdout.contains("GREEN"), "{output}");
        for format in FORMATS {
            let report = self.read(format);
            assert!(report.contains("LM0058"), "{format}: {report}");
            assert!(report.contains(why), "{format}: {why}\n{report}");
        }
        let json: Value = serde_json::from_str(&self.read("json")).unwrap();
        let schema = Cli::new().args(["schema", "verify"]).run().exits(0).stdout;
        let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
        assert!(schema.is_valid(&json), "{json:#}");
        assert_eq!(json["verdict"], "could-not-look");
        let passed = json["counts"]["passed"].as_u64().unwrap();
        assert!((22..41).contains(&passed), "{output}");
        let junit = self.read("junit");
        let junit = roxmltree::Document::parse(&junit).unwrap();
        assert_eq!(junit.root_element().attribute("errors"), Some("1"));
        let sarif: Value = serde_json::from_str(&self.read("sarif")).unwrap();
        let run = &sarif["runs"][0];
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        assert_eq!(run["invocations"][0]["exitCode"], 2);
        // What was not looked at is no result.
        let results = run["results"].as_array().unwrap();
        assert!(
            results
                .iter()
                .all(|result| !result["message"].to_string().contains("skipped"))
        );
        assert!(
            self.read("github")
                .starts_with("::error title=could not look")
        );
        assert!(
            self.read("markdown")
                .starts_with("## leora-migrate verify: could not look\n")
        );
        assert!(!self.read("html").contains("Approved by"));
    }
}

/// Makes inserting into "Job" take long.
const SLOWLY: &str = r#"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON "Job" FOR EACH ROW EXECUTE FUNCTION slow()"#;

/// The process that serves `verify` once it makes rows.
fn trying(ground: &Ground) -> String {
    let mut pid = String::new();
    until("rows are made", || {
        pid = ground.ask(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'leora-migrate' \
             AND datname = current_database() AND wait_event = 'PgSleep'",
        );
        !pid.is_empty()
    });
    pid
}

#[test]
fn a_session_that_is_ended_while_rows_are_made_is_no_verdict() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(SLOWLY);
    let ended = Ended::of(&ground.url, &[], || {
        let pid = trying(&ground);
        ground.ask(&format!("SELECT pg_terminate_backend({pid})"));
    });
    // PostgreSQL's last words do not always arrive before the end of the connection.
    ended.could_not_look("connection");
    ground.no_lock_is_left();
}

#[test]
fn a_session_that_is_ended_while_the_catalogs_are_read_is_no_verdict() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    let mut holder = ground.client();
    holder
        .batch_execute(
            r#"BEGIN; LOCK TABLE leora_migrate.migration, "Job" IN ACCESS EXCLUSIVE MODE"#,
        )
        .unwrap();
    let ended = Ended::of(&ground.url, &[], || {
        until("it waits", || {
            let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                         WHERE application_name = 'leora-migrate' AND datname = current_database()";
            ground.ask(ended) != "0"
        });
    });
    let output = &ended.output;
    assert_eq!(output.code, Some(2), "{output}");
    for format in FORMATS {
        let report = ended.read(format);
        assert!(report.contains("LM00"), "{format}: {report}");
        assert!(!report.contains("GREEN"), "{format}: {report}");
    }
}

/// What a function of the database raises stands for what the server does: a disk that fails, a page that is broken.
#[test]
fn an_error_of_the_server_s_own_is_no_verdict_whichever_it_is() {
    for (when, code) in [
        ("INSERT", "XX001"),
        ("INSERT", "53100"),
        ("INSERT", "58P01"),
        ("DELETE", "XX000"),
        ("DELETE", "57P01"),
        ("DELETE", "58030"),
        ("UPDATE", "XX002"),
    ] {
        let ground = Ground::on(Template::Baseline);
        ground.applied();
        ground.execute(&format!(
            r#"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'could not read block 0' USING ERRCODE = '{code}'; END $$;
               CREATE TRIGGER fail BEFORE {when} ON "Job" FOR EACH ROW EXECUTE FUNCTION fail()"#
        ));
        let ended = Ended::of(&ground.url, &[], || ());
        ended.could_not_look("could not read block 0");
    }
}

#[test]
fn a_server_that_can_execute_nothing_is_no_verdict() {
    for (without, why) in [
        (
            "UPDATE pg_proc SET probin = '$libdir/nowhere' WHERE proname LIKE 'plpgsql_%'",
            "58P01",
        ),
        ("DROP EXTENSION plpgsql", "CREATE EXTENSION plpgsql"),
    ] {
        let ground = Ground::on(Template::Baseline);
        ground.applied();
        ground.execute(without);
        Ended::of(&ground.url, &[], || ()).could_not_look(why);
        let graph = Cli::new().args(["graph", "--try"]);
        let graph = graph.database(ground.database()).run();
        graph.exits(2).stderr_has("error[LM0058]");
        // What needs no rows is found all the same.
        let tables = Cli::new().args(["verify", "--only", "tables"]);
        tables
            .database(ground.database())
            .run()
            .exits(0)
            .stdout_has("PASSED, 34 checks left out (--only): 7 passed");
    }
}

#[test]
fn failures_found_before_it_are_told_and_are_no_verdict_either() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    ground.execute(SLOWLY);
    ground.execute(r#"ALTER TABLE "Job" ALTER COLUMN "attempts" SET DEFAULT 5"#);
    let ended = Ended::of(&ground.url, &["--require-proof"], || {
        let pid = trying(&ground);
        ground.ask(&format!("SELECT pg_terminate_backend({pid})"));
    });
    let output = &ended.output;
    assert_eq!(output.code, Some(2), "{output}");
    assert!(output.stdout.contains("COULD NOT LOOK"), "{output}");
    assert!(!output.stdout.contains("Not proved"), "{output}");
    // What failed, and not what was not reached, though proof of everything is required.
    let junit = ended.read("junit");
    let junit = roxmltree::Document::parse(&junit).unwrap();
    let found = |what| {
        junit
            .root_element()
            .attribute(what)
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    assert_eq!(found("errors"), 1);
    assert!((1..18).contains(&found("failures")), "{output}");
    for format in FORMATS {
        let report = ended.read(format);
        assert!(report.contains("tables.columns"), "{format}: {report}");
        assert!(report.contains("LM0058"), "{format}: {report}");
    }
}

/// How many moments are tried: a few in the suite.
fn moments() -> u32 {
    let told = std::env::var("LEORA_MIGRATE_SERVER_KILLS").ok();
    told.map_or(5, |told| told.parse().unwrap())
}

#[test]
fn a_server_that_crashes_at_any_moment_is_no_verdict() {
    let binaries = Binaries::find().unwrap();
    let server = ScratchServer::start(&binaries, &Options::default()).unwrap();
    let ground = Ground::at(&server.url("postgres"));
    let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    ground.client().batch_execute(&baseline).unwrap();
    ground.applied();

    // While rows are made.
    ground.client().batch_execute(SLOWLY).unwrap();
    let ended = Ended::of(&ground.url, &[], || crash(&trying(&ground)));
    ended.could_not_look("connection");
    up_again(&ground);
    ground
        .client()
        .batch_execute(r#"DROP TRIGGER slow ON "Job"; DROP FUNCTION slow()"#)
        .unwrap();

    let began = Instant::now();
    let whole = Ended::of(&ground.url, &[], || ());
    assert_eq!(whole.output.code, Some(0), "{}", whole.output);
    let takes = began.elapsed();
    for _ in 0..moments() {
        let ended = Ended::of(&ground.url, &[], || {
            thread::sleep(takes.mul_f64(fastrand::f64()));
            let mut client = ground.client();
            let pid =
                "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'leora-migrate'";
            if let Some(row) = client.query_opt(pid, &[]).unwrap() {
                crash(row.get(0));
            }
        });
        let output = &ended.output;
        match output.code {
            Some(0) => assert!(output.stdout.contains("GREEN: 41 passed"), "{output}"),
            _ => {
                assert_eq!(output.code, Some(2), "{output}");
                assert!(output.stderr.contains("error[LM00"), "{output}");
                assert!(!output.stdout.contains("GREEN"), "{output}");
            }
        }
        up_again(&ground);
    }
}

/// Kills a process of the server, which ends all its sessions then.
fn crash(pid: &str) {
    // It may have ended by itself.
    let _ = Command::new("sh")
        .args(["-c", "kill -9 $1", "sh", pid])
        .status();
}

fn up_again(ground: &Ground) {
    thread::sleep(Duration::from_millis(50));
    until("the server is up", || {
        postgres::Client::connect(&ground.url, postgres::NoTls).is_ok()
    });
}
