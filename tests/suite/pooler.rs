//! Through a real pgbouncer in transaction mode, with SCRAM on both sides of it.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use leora_core::plan::prisma_record::PrismaMigration;
use leora_core::plan::{Grouping, Plan};
use leora_db::apply::ApplyOptions;
use leora_db::connect::{PoolerProblem, Reason, Target};
use postgres::types::Type;
use postgres::{Client, SimpleQueryMessage};

use crate::apply::ground::{Ground, ROWS, patient, session, without};
use crate::connect::certificates::write;
use crate::connect::{PASSWORD, server, target};
use crate::support::{Cli, Template};

/// A pgbouncer with one connection to the server for all its clients.
struct Pooler {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Pooler {
    fn start() -> Self {
        let port = server().port;
        Self::before(&format!(
            "postgres = host=127.0.0.1 port={port}\nlost = host=127.0.0.1 port=1 dbname=postgres\n"
        ))
    }

    /// Before the databases named, as pgbouncer's configuration names them.
    fn before(databases: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path().to_str().unwrap().to_owned();
        let settings = format!(
            "[databases]\n{databases}\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             pool_mode = transaction\n\
             default_pool_size = 1\n\
             auth_type = scram-sha-256\n\
             auth_file = {at}/userlist.txt\n\
             client_tls_sslmode = allow\n\
             client_tls_cert_file = {at}/server.crt\n\
             client_tls_key_file = {at}/server.key\n\
             server_connect_timeout = 2\n\
             server_login_retry = 1\n\
             query_wait_timeout = 2\n\
             logfile = {at}/log\n"
        );
        let certificate = crate::connect::certificates::Authority::new("pooler root").sign(
            "localhost",
            &["localhost"],
            2100,
        );
        write(directory.path(), "pgbouncer.ini", &settings);
        write(
            directory.path(),
            "userlist.txt",
            &format!("\"scram\" \"{PASSWORD}\"\n"),
        );
        write(directory.path(), "server.crt", &certificate.certificate);
        write(directory.path(), "server.key", &certificate.key);

        let mut command = Command::new(program());
        if let Some((uid, gid)) = other_than_root() {
            for file in std::fs::read_dir(&at).unwrap() {
                chown(file.unwrap().path(), Some(uid), Some(gid)).unwrap();
            }
            chown(&at, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid);
        }
        command
            .arg(format!("{at}/pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let pooler = Self {
            process,
            port,
            _directory: directory,
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(format!("{at}/log")).unwrap_or_default();
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "pgbouncer does not listen: {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }

    fn target(&self, rest: &str) -> Target {
        let address = format!("postgresql://scram@127.0.0.1:{}/{rest}", self.port);
        target(&address, &[("PGPASSWORD", PASSWORD)])
    }
}

/// Debian's package puts it where only root looks.
fn program() -> &'static str {
    let found = [
        "/usr/sbin/pgbouncer",
        "/usr/bin/pgbouncer",
        "/opt/homebrew/bin/pgbouncer",
        "/usr/local/bin/pgbouncer",
    ];
    let there = found.into_iter().find(|path| Path::new(path).exists());
    there.expect("pgbouncer is not installed: apt-get install pgbouncer, or brew install pgbouncer")
}

/// pgbouncer refuses to run as root.
fn other_than_root() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id")
            .args(arguments)
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)))
}

fn simple(client: &mut Client, question: &str) -> String {
    let messages = client.simple_query(question).unwrap();
    let mut rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    rows.next().unwrap().to_owned()
}

#[test]
fn transactions_of_two_clients_share_one_connection() {
    let pooler = Pooler::start();
    let target = pooler.target("postgres?pgbouncer=true");
    assert!(target.says_pooler());
    let mut one = target.connect("one").unwrap();
    let mut two = target.connect("two").unwrap();
    let backend = "SELECT pg_backend_pid()";
    assert_eq!(simple(&mut one, backend), simple(&mut two, backend));
    for round in 0..3 {
        for client in [&mut one, &mut two] {
            let mut transaction = client.transaction().unwrap();
            transaction
                .batch_execute(
                    "SET LOCAL lock_timeout = '77ms'; SELECT pg_advisory_xact_lock(72707369)",
                )
                .unwrap();
            // A statement without a name, parsed and run in one go.
            let rows = transaction
                .query_typed(
                    "SELECT $1::int + 1, current_setting('lock_timeout')",
                    &[(&round, Type::INT4)],
                )
                .unwrap();
            assert_eq!(rows[0].get::<_, i32>(0), round + 1);
            assert_eq!(rows[0].get::<_, String>(1), "77ms");
            transaction.commit().unwrap();
            assert_eq!(simple(client, "SHOW lock_timeout"), "0");
        }
    }
}

#[test]
fn a_pooler_is_reached_over_tls_and_without_channel_binding() {
    let pooler = Pooler::start();
    let mut client = pooler
        .target("postgres?sslmode=require")
        .connect("a test")
        .unwrap();
    assert_eq!(simple(&mut client, "SELECT current_user"), "scram");
    let Err(error) = pooler
        .target("postgres?sslmode=require&channel_binding=require")
        .connect("a test")
    else {
        panic!("let us in without channel binding");
    };
    assert!(
        matches!(error.reason(), Reason::ChannelBinding),
        "{error:?}"
    );
}

#[test]
fn a_pooler_s_refusals_are_told_apart() {
    let pooler = Pooler::start();
    let problem = |address: String, password: &str| -> PoolerProblem {
        let Err(error) = target(&address, &[("PGPASSWORD", password)]).connect("a test") else {
            panic!("{address} let us in");
        };
        let message = error.to_string();
        assert!(!message.contains("hunter2"), "{message}");
        assert!(message.contains("DIRECT_URL"), "{message}");
        match error.reason() {
            Reason::Pooler { problem, .. } => *problem,
            other => panic!("{address}: {other:?}"),
        }
    };
    let at = format!("127.0.0.1:{}", pooler.port);
    use PoolerProblem::{LoginFailed, ServerUnavailable, StartupParameter, UnknownDatabase};
    assert_eq!(
        problem(format!("postgresql://scram@{at}/postgres"), "hunter2"),
        LoginFailed
    );
    assert_eq!(
        problem(format!("postgresql://nobody@{at}/postgres"), PASSWORD),
        LoginFailed
    );
    assert_eq!(
        problem(format!("postgresql://scram@{at}/nosuch"), PASSWORD),
        UnknownDatabase
    );
    let options = "postgres?options=-c%20work_mem%3D77MB";
    assert_eq!(
        problem(format!("postgresql://scram@{at}/{options}"), PASSWORD),
        StartupParameter
    );
    assert_eq!(
        problem(format!("postgresql://scram@{at}/lost"), PASSWORD),
        ServerUnavailable
    );
}

/// A ground that is reached through a pooler, as any user of it.
fn pooled(template: Template) -> (Pooler, Ground) {
    let direct = Ground::on(template);
    let directory = direct.socket_directory();
    let pooler = Pooler::before(&format!("* = host={directory} port=5432 user=leora\n"));
    let name = direct.database().name().to_owned();
    let ground = Ground {
        target: pooler.target(&name),
        ..direct
    };
    (pooler, ground)
}

#[test]
fn a_plan_of_one_transaction_is_applied_and_rolled_back_through_it() {
    let (_pooler, ground) = pooled(Template::Baseline);
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    ground.no_lock_is_left();
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(ground.pending().len(), 16);
    let left =
        "SELECT count(*) FROM pg_settings WHERE source = 'session' AND name <> 'application_name'";
    assert_eq!(simple(session(&ground.target).client(), left), "0");
}

#[test]
fn steps_that_need_a_session_are_refused_before_anything_is_done() {
    let template = Template::BaselineWithRows.and_then("pooled-half", |client| {
        without(client, &["Job_status_idx"]);
        client.batch_execute(ROWS).unwrap();
    });
    let (pooler, mut ground) = pooled(template);
    let refused = |ground: &Ground| {
        let error = ground.apply().unwrap_err().to_string();
        assert!(error.contains("goes through a pooler"), "{error}");
        assert!(
            error.contains("Job_status_idx") && error.contains("DIRECT_URL"),
            "{error}"
        );
        assert!(ground.history().runs.is_empty());
    };
    // The address does not say so; that two connections are served by one process does.
    refused(&ground);
    ground.target = pooler.target(&format!("{}?pgbouncer=true", ground.database().name()));
    refused(&ground);
}

#[test]
fn one_table_at_a_time_is_refused_through_it() {
    let (_pooler, ground) = pooled(Template::Baseline);
    let mut session = session(&ground.target);
    let plan = Plan {
        grouping: Grouping::OneTableAtATime,
        ..ground.plan(&mut session)
    };
    let error = ground.apply_plan(&mut session, &plan, &patient(), &mut ());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("goes through a pooler, and one table at a time"),
        "{error}"
    );
    assert!(error.contains("DIRECT_URL"), "{error}");
    assert_eq!(ground.pending().len(), 16);
    assert!(ground.history().runs.is_empty());
}

#[test]
fn prisma_s_history_is_written_through_it_too() {
    let (_pooler, ground) = pooled(Template::Baseline);
    let options = ApplyOptions {
        prisma: Some(PrismaMigration {
            name: "1_add_phase1_foundation".to_owned(),
            checksum: "x".to_owned(),
            schema: ground.schema.clone(),
        }),
        ..patient()
    };
    ground.apply_with(&options, &mut ()).unwrap();
    let rolled_back =
        "SELECT string_agg((rolled_back_at IS NOT NULL)::text, ' ') FROM _prisma_migrations";
    assert_eq!(ground.ask(rolled_back), "false");
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(ground.ask(rolled_back), "true");
    ground.no_lock_is_left();
}

/// The one session that it has is the one that applied.
#[test]
fn a_session_pooler_of_one_applies_and_verifies() {
    let direct = Ground::on(Template::Baseline);
    let directory = direct.socket_directory();
    let pooler = Pooler::before(&format!(
        "* = host={directory} port=5432 user=leora pool_mode=session pool_size=1\n"
    ));
    let (port, name) = (pooler.port, direct.database().name());
    Cli::new()
        .args(["apply", "--yes"])
        .env(
            "DIRECT_URL",
            format!("postgresql://scram@127.0.0.1:{port}/{name}"),
        )
        .env("PGPASSWORD", PASSWORD)
        .run()
        .exits(0)
        .stdout_has("GREEN: 41 passed");
}
