//! Reading Prisma's schema language, against Prisma's engine, on the same database, in one run: whole
//! processes, side by side, as a ratio. Then 1,000 models, parsed and compared.
//!
//! The bars: `diff --from url` at least 20 times faster than the engine, 1,000 models in under 150 ms.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use leora_core::diff::compare;
use leora_core::model::Identifier;
use leora_core::prisma::{Source, schema};
use leora_db::scratch::{Binaries, Options, ScratchServer};

type Failure = Box<dyn std::error::Error>;

/// How often each is measured, in turn.
const ROUNDS: usize = 9;

fn main() -> Result<(), Failure> {
    against_the_engine()?;
    a_thousand_models()
}

/// `diff --from url --to phase1.prisma` and the engine's answer to the same question.
fn against_the_engine() -> Result<(), Failure> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let binaries = Binaries::find()?;
    let server = ScratchServer::start(&binaries, &Options::default())?;
    let url = server.url("postgres");
    let phase1 = "fixtures/leora/phase1.prisma";
    let ours = env!("CARGO_BIN_EXE_leora-migrate");
    let baseline = root.join("fixtures/leora/baseline.sql");
    let psql = binaries.directory().join("psql").display().to_string();
    let run = |command: &[&str]| -> Result<f64, Failure> {
        let began = Instant::now();
        let status = Command::new(command[0])
            .args(&command[1..])
            .env("DATABASE_URL", &url)
            .env_remove("DIRECT_URL")
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .current_dir(&root)
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("{}: {status}", command.join(" ")).into());
        }
        Ok(began.elapsed().as_secs_f64())
    };
    run(&[&psql, "-qX", "-f", &baseline.display().to_string(), &url])?;
    run(&[ours, "apply", "--yes", "--no-verify"])?;
    let diff = [ours, "diff", "--from", "url", "--to", phase1];
    let engine = ["tests/oracle/prisma-oracle", "exit", "url", phase1];
    let has_node = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    let (mut of_diff, mut of_engine) = (Vec::new(), Vec::new());
    // The first round warms up.
    for round in 0..=ROUNDS {
        let seconds = run(&diff)?;
        let others = if has_node { run(&engine)? } else { f64::NAN };
        if round > 0 {
            of_diff.push(seconds);
            of_engine.push(others);
        }
    }
    let (of_diff, of_engine) = (median(of_diff), median(of_engine));
    println!("61 tables: leora-migrate diff  {of_diff:>7.4} s");
    if has_node {
        let ratio = of_engine / of_diff;
        println!(
            "61 tables: Prisma's engine     {of_engine:>7.4} s, {ratio:.1} times as long (bar: 20)"
        );
    } else {
        println!("61 tables: Prisma's engine is not measured: there is no node");
    }
    Ok(())
}

/// Parsed, resolved, lowered, and compared with what was read before.
fn a_thousand_models() -> Result<(), Failure> {
    let source = Source {
        name: "schema.prisma".to_owned(),
        text: models(1_000)?,
    };
    let namespace = Identifier::new("public")?;
    let before = schema(std::slice::from_ref(&source), &namespace)?;
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let now = schema(std::slice::from_ref(&source), &namespace)?;
        let differences = compare(&now, &before);
        seconds.push(began.elapsed().as_secs_f64());
        if !differences.is_empty() || now.tables.len() != 1_000 {
            return Err("the models are not read as they were".into());
        }
    }
    println!(
        "1,000 models ({} KB): parsed and compared in {:.1} ms (bar: 150)",
        source.text.len() / 1024,
        median(seconds) * 1000.0
    );
    Ok(())
}

/// Models as an application has them: scalars, an enum, indexes, and a relation to the one before.
fn models(count: usize) -> Result<String, std::fmt::Error> {
    let mut text = "datasource db {\n  provider = \"postgresql\"\n}\n\n".to_owned();
    text += "enum State {\n  open\n  closed\n}\n\n";
    for n in 0..count {
        write!(
            text,
            "/// The kind of thing that is number {n}.\nmodel Thing{n} {{\n  \
             id String @id @default(uuid()) @db.Uuid\n  tenantId String @db.Uuid\n  code String\n  \
             amount Decimal @default(0) @db.Decimal(12, 2)\n  state State @default(open)\n  tags String[]\n  \
             settings Json?\n  isActive Boolean @default(true)\n  createdAt DateTime @default(now())\n  \
             updatedAt DateTime @updatedAt\n"
        )?;
        if n > 0 {
            let before = n - 1;
            write!(
                text,
                "  beforeId String? @db.Uuid\n  \
                 before Thing{before}? @relation(fields: [beforeId], references: [id], onDelete: Cascade)\n"
            )?;
        }
        if n + 1 < count {
            writeln!(text, "  after Thing{}[]", n + 1)?;
        }
        text += "\n  @@unique([tenantId, code])\n  @@index([state, createdAt(sort: Desc)])\n}\n\n";
    }
    Ok(text)
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}
