//! `plan` and `verify` against the floor, pg_dump and Prisma's engine, on the same database, in one
//! run: whole processes, side by side, as ratios.
//!
//! The floor is psql asking the least that any schema tool must (`catalog-floor.sql`). The bars:
//! `plan` within 1.5 times the floor at every size, peak memory under 300 MB at 10,000 tables.
//!
//! `cargo bench --bench catalog -- 61 1000` measures those sizes only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use leora_db::scratch::{Binaries, Options, ScratchServer};

type Failure = Box<dyn std::error::Error>;

/// How often each command is run, in turn.
const ROUNDS: usize = 5;

fn main() -> Result<(), Failure> {
    let sizes: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![61, 1_000, 5_000, 10_000]
    } else {
        sizes
    };
    let binaries = Binaries::find()?;
    let settings = [
        "max_locks_per_transaction = 50000",
        "shared_buffers = 512MB",
    ]
    .map(str::to_owned);
    let server = ScratchServer::start(
        &binaries,
        &Options {
            settings: settings.to_vec(),
            ..Options::default()
        },
    )?;
    let bench = Bench {
        server,
        binaries,
        root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    println!(
        "{:>7}  {:<24} {:>9} {:>10} {:>9}",
        "tables", "command", "median", "x floor", "memory"
    );
    for size in sizes {
        let database = bench.database(size)?;
        bench.measure(size, &database)?;
    }
    Ok(())
}

struct Bench {
    server: ScratchServer,
    binaries: Binaries,
    root: PathBuf,
}

/// One command, and what was measured of it.
struct Contestant {
    name: &'static str,
    command: Vec<String>,
    seconds: Vec<f64>,
    peak_kilobytes: u64,
}

impl Bench {
    fn program(&self, name: &str) -> String {
        self.binaries.directory().join(name).display().to_string()
    }

    fn file(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn psql(&self, database: &str, more: &[&str]) -> Result<(), Failure> {
        let url = self.server.url(database);
        let mut arguments = vec!["-qX", "-v", "ON_ERROR_STOP=1", "-d", &url];
        arguments.extend(more);
        let output = Command::new(self.program("psql"))
            .args(arguments)
            .output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    /// The application's tables, migrated, and as many more as make up `size`.
    fn database(&self, size: u32) -> Result<String, Failure> {
        let database = format!("bench_{size}");
        self.psql("postgres", &["-c", &format!("CREATE DATABASE {database}")])?;
        self.psql(
            &database,
            &["-f", &self.file("fixtures/leora/baseline.sql")],
        )?;
        let script = Command::new(env!("CARGO_BIN_EXE_leora-migrate"))
            .args([
                "plan",
                "--format",
                "sql",
                "--url",
                &self.server.url(&database),
            ])
            .output()?;
        let path =
            std::env::temp_dir().join(format!("leora-bench-{}-{size}.sql", std::process::id()));
        fs::write(&path, script.stdout)?;
        self.psql(&database, &["-f", &path.display().to_string()])?;
        fs::remove_file(&path)?;
        if size > 61 {
            self.psql(
                &database,
                &[
                    "-v",
                    &format!("n={size}"),
                    "-f",
                    &self.file("benches/synthetic-schema.sql"),
                ],
            )?;
        }
        self.psql(&database, &["-c", "VACUUM ANALYZE"])?;
        Ok(database)
    }

    fn measure(&self, size: u32, database: &str) -> Result<(), Failure> {
        let url = self.server.url(database);
        let ours = |command: &str| {
            vec![
                env!("CARGO_BIN_EXE_leora-migrate").to_owned(),
                command.to_owned(),
            ]
        };
        let mut contestants = vec![
            Contestant::new(
                "floor (psql)",
                vec![
                    self.program("psql"),
                    "-qX".into(),
                    "-f".into(),
                    self.file("benches/catalog-floor.sql"),
                    url.clone(),
                ],
            ),
            Contestant::new("leora-migrate plan", ours("plan")),
            Contestant::new("leora-migrate verify", ours("verify")),
            Contestant::new(
                "pg_dump --schema-only",
                vec![self.program("pg_dump"), "--schema-only".into(), url.clone()],
            ),
        ];
        if Command::new("node")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
        {
            let oracle = self.file("tests/oracle/prisma-oracle");
            let phase1 = self.file("fixtures/leora/phase1.prisma");
            contestants.push(Contestant::new(
                "Prisma's engine",
                vec![oracle, "exit".into(), "url".into(), phase1],
            ));
        } else {
            println!("         Prisma's engine is not measured: there is no node");
        }
        for round in 0..=ROUNDS {
            for contestant in &mut contestants {
                let (seconds, kilobytes) = run(&contestant.command, &url, &self.root)?;
                if round > 0 {
                    contestant.seconds.push(seconds); // the first round warms up
                }
                contestant.peak_kilobytes = contestant.peak_kilobytes.max(kilobytes);
            }
        }
        let floor = contestants[0].median();
        for contestant in &mut contestants {
            let median = contestant.median();
            println!(
                "{size:>7}  {:<24} {median:>8.3}s {:>9.2}x {:>6} MB",
                contestant.name,
                median / floor,
                contestant.peak_kilobytes / 1024
            );
        }
        Ok(())
    }
}

impl Contestant {
    fn new(name: &'static str, command: Vec<String>) -> Contestant {
        Contestant {
            name,
            command,
            seconds: Vec::new(),
            peak_kilobytes: 0,
        }
    }

    fn median(&mut self) -> f64 {
        self.seconds.sort_by(f64::total_cmp);
        self.seconds
            .get(self.seconds.len() / 2)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// Runs a command to its end; gives its wall time and, on Linux, its peak memory.
fn run(command: &[String], url: &str, directory: &Path) -> Result<(f64, u64), Failure> {
    let start = Instant::now();
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .env("DATABASE_URL", url)
        .env_remove("DIRECT_URL")
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let watcher = thread::spawn(move || {
        while let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            match line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()) {
                Some(kilobytes) => peak = peak.max(kilobytes),
                None => break,
            }
            thread::sleep(Duration::from_millis(2));
        }
        peak
    });
    child.wait()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((seconds, watcher.join().unwrap_or_default()))
}
