//! How long writers wait while the migration is applied: this tool and Prisma's engine, side by side,
//! on a quiet server and with a transaction that holds a row lock on `User` for ten seconds.
//!
//! Two connections write to `User` and two to `Tenant` (insert, then update), as fast as they can. What
//! counts is the longest that any single write took while the migration ran. The bars: 50 ms without
//! the blocker; with it, the lock timeout of 500 ms and 100 ms more.
//!
//! Then applications that write to both tables in each transaction: `User` first, `Tenant` first, or half of them each;
//! on 2, 6 and 16 connections; as fast as they can, or 400 transactions a second together. What counts is how long it
//! takes to apply, the longest write meanwhile, and that no transaction of the application is cancelled.
//!
//! `cargo bench --bench locks`, with `-- prisma` or `-- load` for one half. Prisma's engine needs node; without it, that
//! part is left out, and said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::error::SqlState;
use postgres::{Client, NoTls};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long the blocker holds its row lock.
const HELD: Duration = Duration::from_secs(10);

/// How often each case is measured.
const ROUNDS: u32 = 3;

/// The same of an application under load.
const LOAD_ROUNDS: u32 = 2;

const WRITE_USER: &str = r#"INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
    SELECT gen_random_uuid(), "id", gen_random_uuid()::text, 'Load', '', now() FROM "Tenant" WHERE "slug" NOT LIKE 'load-%' LIMIT 1"#;
const WRITE_TENANT: &str = r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
    VALUES (gen_random_uuid(), 'load-' || gen_random_uuid(), 'Load', now())"#;
const UPDATE_USER: &str = r#"UPDATE "User" SET "lastLoginAt" = now() WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" = 'Load' LIMIT 1)"#;
const UPDATE_TENANT: &str = r#"UPDATE "Tenant" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "Tenant" WHERE "name" = 'Load' LIMIT 1)"#;
const HOLD: &str = r#"BEGIN; UPDATE "User" SET "isActive" = "isActive" WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" <> 'Load' LIMIT 1)"#;

/// A row of each table for each connection, so that they wait for nobody but the migration.
const ROWS_FOR_EACH: &str = r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
    SELECT gen_random_uuid(), 'each-' || n, 'Each', now() FROM generate_series(1, 16) n;
    INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
    SELECT gen_random_uuid(), "id", "slug", 'Each', '', now() FROM "Tenant" WHERE "name" = 'Each'"#;

fn main() -> Result<(), Failure> {
    let bench = Bench {
        server: ScratchServer::start(&Binaries::find()?, &Options::default())?,
        root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        migrations: tempfile::tempdir()?,
    };
    let has_node = Command::new("node").arg("--version").output().is_ok();
    bench.template(has_node)?;
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|part| !part.starts_with('-'))
        .collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    if is_wanted("prisma") {
        bench.side_by_side(has_node)?;
    }
    if is_wanted("load") {
        bench.under_load()?;
    }
    Ok(())
}

struct Bench {
    server: ScratchServer,
    root: PathBuf,
    migrations: tempfile::TempDir,
}

impl Bench {
    fn side_by_side(&self, has_node: bool) -> Result<(), Failure> {
        println!(
            "{:<16} {:<22} {:>12} {:>12} {:>9} {:>8}",
            "who applies", "blocker", "longest wait", "usual write", "writes", "took"
        );
        for blocked in [false, true] {
            // What the machine itself makes of it.
            let nobody = |_: &str| {
                thread::sleep(Duration::from_secs(1));
                Ok(())
            };
            self.measure("nobody", blocked, nobody)?;
            self.measure("leora-migrate", blocked, |url| self.ours(url))?;
            if has_node {
                self.measure("Prisma's engine", blocked, |url| self.prismas(url))?;
            } else {
                println!("Prisma's engine: not measured, node is not installed");
            }
        }
        Ok(())
    }

    /// The 58 tables with rows. Where Prisma is measured, its engine makes them, so that it knows them.
    fn template(&self, by_prisma: bool) -> Result<(), Failure> {
        self.administer("CREATE DATABASE template_of_load")?;
        let url = self.server.url("template_of_load");
        let baseline = fs::read_to_string(self.root.join("fixtures/leora/baseline.sql"))?;
        if by_prisma {
            self.migration("1_baseline", &baseline)?;
            self.prismas(&url)?;
        }
        let mut client = Client::connect(&url, NoTls)?;
        if !by_prisma {
            client.batch_execute(&baseline)?;
        }
        let rows = fs::read_to_string(self.root.join("fixtures/leora/rows.sql"))?;
        client.batch_execute(&rows)?;
        client.batch_execute(&format!("{WRITE_USER}; {WRITE_TENANT}"))?;
        client.batch_execute("VACUUM ANALYZE")?;
        if by_prisma {
            let script = self.oracle(&url, &["script", "url", "fixtures/leora/phase1.prisma"])?;
            self.migration("2_phase1", &String::from_utf8(script.stdout)?)?;
        }
        Ok(())
    }

    fn migration(&self, name: &str, sql: &str) -> Result<(), Failure> {
        let directory = self.migrations.path().join(name);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("migration.sql"), sql)?;
        let lock = self.migrations.path().join("migration_lock.toml");
        Ok(fs::write(lock, "provider = \"postgresql\"\n")?)
    }

    fn ours(&self, url: &str) -> Result<(), Failure> {
        let mut apply = Command::new(env!("CARGO_BIN_EXE_leora-migrate"));
        apply.args(["apply", "--yes", "--no-verify", "--url", url]);
        succeeded(apply).map(drop)
    }

    fn prismas(&self, url: &str) -> Result<(), Failure> {
        let directory = self.migrations.path().display().to_string();
        self.oracle(url, &["deploy", &directory]).map(drop)
    }

    fn oracle(&self, url: &str, arguments: &[&str]) -> Result<Output, Failure> {
        let mut oracle = Command::new(self.root.join("tests/oracle/prisma-oracle"));
        oracle
            .args(arguments)
            .current_dir(&self.root)
            .env("DATABASE_URL", url);
        succeeded(oracle)
    }

    fn administer(&self, sql: &str) -> Result<(), Failure> {
        let mut client = Client::connect(&self.server.url("postgres"), NoTls)?;
        Ok(client.batch_execute(sql)?)
    }

    /// The longest and the usual time of a write while `apply` runs.
    fn measure(
        &self,
        who: &str,
        blocked: bool,
        apply: impl Fn(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (mut times, mut took) = (Vec::new(), Duration::ZERO);
        for _ in 0..ROUNDS {
            self.administer("DROP DATABASE IF EXISTS load WITH (FORCE)")?;
            self.administer("CREATE DATABASE load TEMPLATE template_of_load")?;
            let url = self.server.url("load");
            let over = AtomicBool::new(false);
            let (round, ended) = thread::scope(|scope| -> Result<_, Failure> {
                let pairs = [[WRITE_USER, UPDATE_USER], [WRITE_TENANT, UPDATE_TENANT]];
                let (over, url) = (&over, url.as_str());
                let writers: Vec<_> = pairs
                    .into_iter()
                    .flat_map(|pair| [pair, pair])
                    .map(|pair| scope.spawn(move || write(url, &pair, over)))
                    .collect();
                let blocker = blocked.then(|| scope.spawn(move || hold(url)));
                thread::sleep(Duration::from_millis(500));
                let began = Instant::now();
                let applied = apply(url);
                let ended = began.elapsed();
                thread::sleep(Duration::from_millis(500));
                over.store(true, Ordering::Relaxed);
                let mut round = Vec::new();
                for writer in writers {
                    round.extend(writer.join().map_err(|_| "a writer panicked")??);
                }
                if let Some(blocker) = blocker {
                    blocker.join().map_err(|_| "the blocker panicked")??;
                }
                applied.map(|()| (round, ended))
            })?;
            times.extend(round);
            took = took.max(ended);
        }
        times.sort();
        let longest = times.last().copied().unwrap_or_default();
        let usual = times.get(times.len() / 2).copied().unwrap_or_default();
        println!(
            "{who:<16} {:<22} {:>9} ms {:>9.1} ms {:>9} {:>6.1} s",
            if blocked {
                "a row lock for 10 s"
            } else {
                "none"
            },
            longest.as_millis(),
            usual.as_secs_f64() * 1000.0,
            times.len(),
            took.as_secs_f64()
        );
        Ok(())
    }
}

/// In which order a transaction writes to the tables.
#[derive(Clone, Copy, Debug)]
enum Order {
    UserFirst,
    TenantFirst,
    Mixed,
}

impl Order {
    fn of(self, connection: usize) -> [&'static str; 2] {
        match self {
            Order::UserFirst => ["User", "Tenant"],
            Order::TenantFirst => ["Tenant", "User"],
            Order::Mixed if connection.is_multiple_of(2) => ["User", "Tenant"],
            Order::Mixed => ["Tenant", "User"],
        }
    }
}

/// An application that writes to both tables in each transaction.
#[derive(Clone, Copy)]
struct Load {
    connections: usize,
    order: Order,
    /// All connections together; as fast as they can, where it is `None`.
    per_second: Option<u32>,
    deadlock_timeout: &'static str,
}

/// What a connection saw.
#[derive(Default)]
struct Seen {
    /// The longest statement before anybody migrates, and from then on.
    before: Duration,
    during: Duration,
    transactions: u32,
    cancelled: u32,
}

impl Bench {
    fn under_load(&self) -> Result<(), Failure> {
        println!(
            "\n{:>5} {:<12} {:>9} {:>9} {:<12} {:>24} {:>9} {:>9} {:>9} {:>9}",
            "conns",
            "order",
            "per s",
            "deadlock",
            "at a time",
            "took (each round)",
            "longest",
            "said",
            "before",
            "cancelled"
        );
        let load = |connections, order, per_second, deadlock_timeout| Load {
            connections,
            order,
            per_second,
            deadlock_timeout,
        };
        for (sizes, deadlock_timeout) in [(&[2, 6, 16][..], "1s"), (&[6], "50ms")] {
            for &connections in sizes {
                for order in [Order::UserFirst, Order::TenantFirst, Order::Mixed] {
                    for per_second in [None, Some(400)] {
                        for one_table in [false, true] {
                            let load = load(connections, order, per_second, deadlock_timeout);
                            self.load(load, one_table)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn load(&self, load: Load, one_table: bool) -> Result<(), Failure> {
        let (mut took, mut said) = (Vec::new(), Duration::ZERO);
        let mut all = Seen::default();
        for _ in 0..LOAD_ROUNDS {
            self.administer("DROP DATABASE IF EXISTS load WITH (FORCE)")?;
            self.administer("CREATE DATABASE load TEMPLATE template_of_load")?;
            let timeout = load.deadlock_timeout;
            self.administer(&format!(
                "ALTER DATABASE load SET deadlock_timeout = '{timeout}'"
            ))?;
            let url = self.server.url("load");
            Client::connect(&url, NoTls)?.batch_execute(ROWS_FOR_EACH)?;
            let (migrating, over) = (AtomicBool::new(false), AtomicBool::new(false));
            let (output, ended, seen) = thread::scope(|scope| -> Result<_, Failure> {
                let (url, migrating, over) = (url.as_str(), &migrating, &over);
                let start =
                    |number| scope.spawn(move || write_both(url, load, number, migrating, over));
                let writers: Vec<_> = (0..load.connections).map(start).collect();
                thread::sleep(Duration::from_secs(1));
                let mut apply = Command::new(env!("CARGO_BIN_EXE_leora-migrate"));
                apply.args(["apply", "--yes", "--no-verify", "--wait=6s", "--url", url]);
                if one_table {
                    apply.arg("--one-table-at-a-time");
                }
                migrating.store(true, Ordering::Relaxed);
                let began = Instant::now();
                let output = apply.output();
                let ended = began.elapsed();
                thread::sleep(Duration::from_millis(300));
                over.store(true, Ordering::Relaxed);
                let mut seen = Vec::new();
                for writer in writers {
                    seen.push(writer.join().map_err(|_| "a writer panicked")??);
                }
                Ok((output?, ended, seen))
            })?;
            match output.status.code() {
                Some(0) => took.push(format!("{:.2}", ended.as_secs_f64())),
                Some(code) => took.push(format!("exit {code}")),
                None => took.push("killed".to_owned()),
            }
            said = said.max(at_most(&String::from_utf8_lossy(&output.stdout)));
            for seen in seen {
                all.before = all.before.max(seen.before);
                all.during = all.during.max(seen.during);
                all.transactions += seen.transactions;
                all.cancelled += seen.cancelled;
            }
        }
        println!(
            "{:>5} {:<12} {:>9} {:>9} {:<12} {:>24} {:>6} ms {:>6} ms {:>6} ms {:>9}",
            load.connections,
            format!("{:?}", load.order),
            load.per_second
                .map_or("saturated".to_owned(), |n| n.to_string()),
            load.deadlock_timeout,
            if one_table { "one table" } else { "all" },
            took.join(" "),
            all.during.as_millis(),
            said.as_millis(),
            all.before.as_millis(),
            format!("{}/{}", all.cancelled, all.transactions),
        );
        Ok(())
    }
}

/// What `apply` says that writes had to wait for.
fn at_most(stdout: &str) -> Duration {
    let words: Vec<_> = stdout.split_whitespace().collect();
    let said = words.windows(3).find(|words| words[..2] == ["at", "most"]);
    let milliseconds = said
        .and_then(|words| words[2].parse().ok())
        .unwrap_or_default();
    Duration::from_millis(milliseconds)
}

/// Writes to both tables until it is over, each statement in a round trip of its own, as an application does.
fn write_both(
    url: &str,
    load: Load,
    number: usize,
    migrating: &AtomicBool,
    over: &AtomicBool,
) -> Result<Seen, Failure> {
    let mut client = Client::connect(url, NoTls)?;
    let [one, other] = load.order.of(number).map(|table| {
        format!(
            r#"UPDATE "{table}" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "{table}" ORDER BY "id" OFFSET {number} LIMIT 1)"#
        )
    });
    let connections = u32::try_from(load.connections)?;
    let pause = load
        .per_second
        .map(|all| Duration::from_secs(1) * connections / all);
    let mut seen = Seen::default();
    let mut due = Instant::now();
    while !over.load(Ordering::Relaxed) {
        for statement in ["BEGIN", &one, &other, "COMMIT"] {
            let began = Instant::now();
            let ended = client.batch_execute(statement);
            let longest = match migrating.load(Ordering::Relaxed) {
                false => &mut seen.before,
                true => &mut seen.during,
            };
            *longest = began.elapsed().max(*longest);
            if let Err(error) = ended {
                if error.code() != Some(&SqlState::T_R_DEADLOCK_DETECTED) {
                    return Err(error.into());
                }
                seen.cancelled += 1;
                client.batch_execute("ROLLBACK")?;
                break;
            }
        }
        seen.transactions += 1;
        if let Some(pause) = pause {
            due = (due + pause).max(Instant::now() - pause);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    Ok(seen)
}

/// Writes until it is over, and says how long each write took.
fn write(url: &str, statements: &[&str], over: &AtomicBool) -> Result<Vec<Duration>, Failure> {
    let mut client = Client::connect(url, NoTls)?;
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        for statement in statements {
            let began = Instant::now();
            client.batch_execute(statement)?;
            times.push(began.elapsed());
        }
        // As fast as an application, and not as fast as two cores can.
        thread::sleep(Duration::from_millis(2));
    }
    Ok(times)
}

fn hold(url: &str) -> Result<(), Failure> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute(HOLD)?;
    thread::sleep(HELD);
    Ok(client.batch_execute("COMMIT")?)
}

fn succeeded(mut command: Command) -> Result<Output, Failure> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    let program = Path::new(command.get_program()).display().to_string();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{program}: {said}").into())
}
