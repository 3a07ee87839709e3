//! How long writers wait while the migration is applied: this tool and Prisma's engine, side by side,
//! on a quiet server and with a transaction that holds a row lock on `User` for ten seconds.
//!
//! Two connections write to `User` and two to `Tenant` (insert, then update), as fast as they can. What
//! counts is the longest that any single write took while the migration ran. The bars: 50 ms without
//! the blocker; with it, the lock timeout of 500 ms and 100 ms more.
//!
//! `cargo bench --bench locks`. Prisma's engine needs node; without it, that half is left out, and said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use leora_migrate::db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long the blocker holds its row lock.
const HELD: Duration = Duration::from_secs(10);

/// How often each case is measured.
const ROUNDS: u32 = 3;

const WRITE_USER: &str = r#"INSERT INTO "User" ("id", "tenantId", "email", "fullName", "hashedPassword", "updatedAt")
    SELECT gen_random_uuid(), "id", gen_random_uuid()::text, 'Load', '', now() FROM "Tenant" WHERE "slug" NOT LIKE 'load-%' LIMIT 1"#;
const WRITE_TENANT: &str = r#"INSERT INTO "Tenant" ("id", "slug", "name", "updatedAt")
    VALUES (gen_random_uuid(), 'load-' || gen_random_uuid(), 'Load', now())"#;
const UPDATE_USER: &str = r#"UPDATE "User" SET "lastLoginAt" = now() WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" = 'Load' LIMIT 1)"#;
const UPDATE_TENANT: &str = r#"UPDATE "Tenant" SET "updatedAt" = now() WHERE "id" = (SELECT "id" FROM "Tenant" WHERE "name" = 'Load' LIMIT 1)"#;
const HOLD: &str = r#"BEGIN; UPDATE "User" SET "isActive" = "isActive" WHERE "id" = (SELECT "id" FROM "User" WHERE "fullName" <> 'Load' LIMIT 1)"#;

fn main() -> Result<(), Failure> {
    let bench = Bench {
        server: ScratchServer::start(&Binaries::find()?, &Options::default())?,
        root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        migrations: tempfile::tempdir()?,
    };
    let has_node = Command::new("node").arg("--version").output().is_ok();
    bench.template(has_node)?;
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
        bench.measure("nobody", blocked, nobody)?;
        bench.measure("leora-migrate", blocked, |url| bench.ours(url))?;
        if has_node {
            bench.measure("Prisma's engine", blocked, |url| bench.prismas(url))?;
        } else {
            println!("Prisma's engine: not measured, node is not installed");
        }
    }
    Ok(())
}

struct Bench {
    server: ScratchServer,
    root: PathBuf,
    migrations: tempfile::TempDir,
}

impl Bench {
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
