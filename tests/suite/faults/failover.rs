//! The connection is lost while the transaction commits, and another server takes over.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use leora_db::apply::{Applied, Doubt};
use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use super::lost::{applied_through, doubt};
use super::proxy::{Cut, Proxy};
use crate::apply::ground::{Ground, target, until};
use crate::support::{Cli, repository};

/// A primary that holds the baseline, and an asynchronous standby of it.
struct Pair {
    primary: ScratchServer,
    standby: Standby,
}

/// A standby, in a directory of its own. Its shell ends it when this process closes the pipe, whatever ends that.
struct Standby {
    shell: Child,
    directory: tempfile::TempDir,
}

impl Pair {
    fn start() -> Pair {
        let binaries = Binaries::find().unwrap();
        let settings = ["wal_level = replica", "max_wal_senders = 4"];
        let options = Options {
            settings: settings.map(str::to_owned).into(),
            ..Options::default()
        };
        let mut primary = ScratchServer::start(&binaries, &options).unwrap();
        let baseline = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
        client(&primary.url("postgres"))
            .batch_execute(&baseline)
            .unwrap();
        let standby = Standby::of(&mut primary, &binaries);
        let pair = Pair { primary, standby };
        pair.catch_up();
        pair
    }

    fn ground(&self) -> Ground {
        Ground::at(&self.primary.url("postgres"))
    }

    /// Waits until the standby has all that the primary has.
    fn catch_up(&self) {
        let written = ask(&self.primary.url("postgres"), "pg_current_wal_lsn()::text");
        until("the standby has it", || {
            Client::connect(&self.standby.url(), NoTls).is_ok()
                && ask(
                    &self.standby.url(),
                    &format!("(pg_last_wal_replay_lsn() >= '{written}')::text"),
                ) == "true"
        });
    }

    /// From here on the standby hears nothing of the primary.
    fn part(&self) {
        client(&self.standby.url())
            .batch_execute("ALTER SYSTEM SET primary_conninfo = ''")
            .unwrap();
        ask(&self.standby.url(), "pg_reload_conf()::text");
        until("nothing is replicated", || {
            ask(
                &self.primary.url("postgres"),
                "(SELECT count(*)::text FROM pg_stat_replication)",
            ) == "0"
        });
    }

    /// Cuts the connection that migrates when it has committed, promotes the standby, which has not got it, and has other
    /// sessions there use the same transaction ids.
    fn lose(&self) -> Proxy {
        self.part();
        let (primary, standby) = (self.primary.url("postgres"), self.standby.url());
        let promoted = self.standby.socket();
        Proxy::start(socket(self.primary.socket_dir()), Cut::After, move |_| {
            assert_eq!(ask(&standby, "pg_promote(true, 60)::text"), "true");
            let next = "pg_snapshot_xmax(pg_current_snapshot())::text";
            let next: u64 = ask(&primary, next).parse().unwrap();
            let mut other = client(&standby);
            loop {
                let used = other.query_one("SELECT pg_current_xact_id()::text", &[]);
                if used.unwrap().get::<_, String>(0).parse::<u64>().unwrap() > next {
                    return Some(promoted);
                }
            }
        })
    }

    /// The trap: on the new primary the id of the transaction that wrote `record` is of one that committed.
    fn is_trap(&self, record: &str) {
        let id = ask(&self.primary.url("postgres"), record);
        let status = format!("pg_xact_status('{id}'::xid8)");
        assert_eq!(ask(&self.standby.url(), &status), "committed");
    }
}

impl Standby {
    fn of(primary: &mut ScratchServer, binaries: &Binaries) -> Standby {
        let from = primary.socket_dir().to_owned();
        let directory = tempfile::tempdir_in(from.parent().unwrap()).unwrap();
        let data = directory.path().join("data");
        primary.stop_immediately().unwrap();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from.join("data"))
            .arg(&data)
            .status();
        assert!(copied.unwrap().success());
        primary.start_again(binaries).unwrap();
        let owner = fs::metadata(&data).unwrap();
        chown(directory.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        drop(fs::remove_file(data.join("postmaster.pid")));
        fs::write(data.join("standby.signal"), "").unwrap();
        let primary = format!("primary_conninfo = 'host={} user=leora'\n", from.display());
        let settings = data.join("postgresql.conf");
        fs::write(&settings, fs::read_to_string(&settings).unwrap() + &primary).unwrap();
        let mut shell = Command::new("/bin/sh");
        shell
            .args([
                "-c",
                r#""$1/postgres" -D data </dev/null >log 2>&1 & read -r _; kill -QUIT $!; wait"#,
                "standby",
            ])
            .arg(binaries.directory())
            .current_dir(directory.path())
            .stdin(Stdio::piped());
        // PostgreSQL does not run as root.
        if fs::metadata("/proc/self").map_or(0, |own| own.uid()) != owner.uid() {
            shell.uid(owner.uid()).gid(owner.gid());
        }
        Standby {
            shell: shell.spawn().unwrap(),
            directory,
        }
    }

    fn url(&self) -> String {
        let directory = self.directory.path().display();
        format!("postgresql://leora@/postgres?host={directory}&port=5432")
    }

    fn socket(&self) -> String {
        socket(self.directory.path())
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().unwrap();
    }
}

fn socket(directory: &Path) -> String {
    format!("{}/.s.PGSQL.5432", directory.display())
}

fn client(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

fn ask(url: &str, what: &str) -> String {
    let row = client(url).query_one(&format!("SELECT {what}"), &[]);
    row.unwrap().get(0)
}

#[test]
fn an_apply_that_the_new_primary_does_not_have_is_not_said_to_be_applied() {
    let pair = Pair::start();
    let proxy = pair.lose();
    Cli::new()
        .args(["apply", "--yes", "--no-verify"])
        .env("DIRECT_URL", proxy.url("leora", "postgres"))
        .run()
        .exits(4)
        .stderr_has("error[LM0079]")
        .stderr_has("the new primary does not have it")
        .lacks("Applied")
        .lacks("nothing changed");
    pair.is_trap("(SELECT xmin::text FROM leora_migrate.migration)");
    assert_eq!(pair.ground().pending(), Vec::<String>::new());
    let promoted = Ground::at(&pair.standby.url());
    assert_eq!(promoted.pending().len(), 16);
    promoted.applied();
}

#[test]
fn a_rollback_that_the_new_primary_does_not_have_is_not_said_to_be_done() {
    let pair = Pair::start();
    pair.ground().applied();
    pair.catch_up();
    let proxy = pair.lose();
    Cli::new()
        .args(["rollback", "--yes"])
        .env("DIRECT_URL", proxy.url("leora", "postgres"))
        .run()
        .exits(4)
        .stderr_has("error[LM0079]")
        .stderr_has("the new primary does not have it")
        .lacks("Rolled back");
    pair.is_trap("(SELECT xmin::text FROM leora_migrate.migration)");
    assert_eq!(pair.ground().pending().len(), 16);
    let promoted = Ground::at(&pair.standby.url());
    assert_eq!(promoted.pending(), Vec::<String>::new());
}

#[test]
fn a_record_for_prisma_that_the_new_primary_does_not_have_is_not_said_to_be_there() {
    let pair = Pair::start();
    pair.ground().applied();
    pair.catch_up();
    let directory = tempfile::tempdir().unwrap();
    let migrations = directory.path().to_str().unwrap();
    let run = |url: &str, command: &[&str]| {
        let cli = Cli::new().args(command).env("DIRECT_URL", url);
        cli.args(["--prisma-migration", migrations]).run()
    };
    run(&pair.primary.url("postgres"), &["plan"]).exits(0);
    let proxy = pair.lose();
    run(
        &proxy.url("leora", "postgres"),
        &["apply", "--yes", "--no-verify"],
    )
    .exits(4)
    .stderr_has("error[LM0079]")
    .lacks("Recorded in");
    pair.is_trap("(SELECT xmin::text FROM _prisma_migrations)");
    let there = "(to_regclass('_prisma_migrations') IS NULL)::text";
    assert_eq!(ask(&pair.standby.url(), there), "true");
}

#[test]
fn an_apply_that_the_new_primary_has_is_applied() {
    let pair = Pair::start();
    let (primary, standby) = (pair.primary.url("postgres"), pair.standby.url());
    let promoted = pair.standby.socket();
    let proxy = Proxy::start(socket(pair.primary.socket_dir()), Cut::After, move |_| {
        let written = ask(&primary, "pg_current_wal_lsn()::text");
        let replayed = format!("(pg_last_wal_replay_lsn() >= '{written}')::text");
        until("it is replicated", || ask(&standby, &replayed) == "true");
        assert_eq!(ask(&standby, "pg_promote(true, 60)::text"), "true");
        Some(promoted)
    });
    let ended = applied_through(&pair.ground(), &proxy, ("leora", "postgres"));
    assert!(
        matches!(&ended, Ok(Applied::Done(done)) if done.transaction.reconnected),
        "{ended:?}"
    );
}

/// The name of the host still leads to the standby, which lags behind.
#[test]
fn a_standby_is_not_believed() {
    let pair = Pair::start();
    pair.part();
    let standby = pair.standby.socket();
    let proxy = Proxy::start(socket(pair.primary.socket_dir()), Cut::After, |_| {
        Some(standby)
    });
    let ground = pair.ground();
    let ended = applied_through(&ground, &proxy, ("leora", "postgres"));
    assert_eq!(doubt(ended), Doubt::Standby);
    assert_eq!(ground.pending(), Vec::<String>::new());

    // Until it leads to the primary again.
    let standby = pair.standby.socket();
    let proxy = Proxy::start(socket(pair.primary.socket_dir()), Cut::After, |_| {
        Some(standby)
    });
    let (route, primary) = (proxy.route.clone(), socket(pair.primary.socket_dir()));
    let behind = Ground {
        target: target(&proxy.url("leora", "postgres")),
        ..pair.ground()
    };
    let way_back = behind.way_back();
    let again = std::thread::spawn(move || {
        until("it was cut", || {
            route
                .lock()
                .unwrap()
                .as_ref()
                .is_some_and(|led| *led != primary)
        });
        std::thread::sleep(std::time::Duration::from_millis(700));
        *route.lock().unwrap() = Some(primary);
    });
    let done = behind.roll_back(&way_back, false).unwrap();
    again.join().unwrap();
    assert!(done.reconnected);
    assert_eq!(ground.pending().len(), 16);
}

/// It has a copy of the record, as a subscriber of the history has.
#[test]
fn another_server_is_not_believed() {
    let binaries = Binaries::find().unwrap();
    let [own, other] =
        [(); 2].map(|()| ScratchServer::start(&binaries, &Options::default()).unwrap());
    let baseline = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    client(&own.url("postgres"))
        .batch_execute(&baseline)
        .unwrap();
    let (from, to) = (own.url("postgres"), other.url("postgres"));
    let there = socket(other.socket_dir());
    let proxy = Proxy::start(socket(own.socket_dir()), Cut::After, move |_| {
        let id = ask(&from, "(SELECT id::text FROM leora_migrate.migration)");
        let copy = format!(
            "CREATE SCHEMA leora_migrate; CREATE TABLE leora_migrate.migration (id uuid, state text); \
             INSERT INTO leora_migrate.migration VALUES ('{id}', 'applied')"
        );
        client(&to).batch_execute(&copy).unwrap();
        Some(there)
    });
    let ground = Ground::at(&own.url("postgres"));
    let ended = applied_through(&ground, &proxy, ("leora", "postgres"));
    assert_eq!(doubt(ended), Doubt::OtherSystem);
}
