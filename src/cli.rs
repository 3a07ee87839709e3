//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::render::console::Color;

/// Plans, applies and proves Leora's Phase 1 migration on PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "leora-migrate",
    version,
    about,
    max_term_width = 100,
    propagate_version = true,
    after_help = "\
The database is --url, else DIRECT_URL, else DATABASE_URL, else the configuration file's url,
else libpq's variables (PGHOST, PGDATABASE, ...).

Examples:
  leora-migrate demo                     see it all on a private scratch server
  leora-migrate plan                     what would be done, and what it locks
  leora-migrate apply                    do it, after asking, and verify
  leora-migrate verify                   the post-migration checklist

Exit codes: 0 done, or nothing to do; 1 looked, and found; 2 could not look, or refused;
3 lock not obtained, nothing changed; 4 partly applied."
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The database, as a URL or a key=value string; better in DIRECT_URL, where other users of the
    /// machine do not see its password
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The schema the application's tables stand in [default: the URL's, else public]
    #[arg(long, global = true, value_name = "NAME")]
    pub schema: Option<String>,
    /// The schema that stood before, as `snapshot` wrote it [default: the one built in]
    #[arg(long, global = true, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// The configuration file [default: leora-migrate.toml here, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A file of variables (.env); what the environment sets already wins
    #[arg(long, global = true, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// When to colour the output; NO_COLOR is respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Say only what was asked for and what went wrong
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all of it on a private scratch server: verify, plan, apply, verify
    #[command(
        after_help = "Needs PostgreSQL's server programs, no running server and no configuration. The \
                            scratch server lives in a temporary directory, listens on a socket there, and is gone \
                            afterwards."
    )]
    Demo,
    /// Check the declaration against the schema that stood before; needs no database
    #[command(
        after_help = "Examples:\n  leora-migrate validate\n  leora-migrate validate --baseline snapshot.toml"
    )]
    Validate(ValidateArgs),
    /// Print what would be done, in order, with the locks it takes and how it is undone
    #[command(
        after_help = "Examples:\n  leora-migrate plan\n  leora-migrate plan --check          exit 1 when \
                            something is pending\n  leora-migrate plan --format sql --out phase1.sql"
    )]
    Plan(PlanArgs),
    /// Do what `plan` prints, record it, and verify
    #[command(
        after_help = "Examples:\n  leora-migrate apply                 asks first\n  leora-migrate apply --yes \
                            \x20         in CI\n  leora-migrate apply --yes --no-verify"
    )]
    Apply(ApplyArgs),
    /// Run the post-migration checklist: what should be found, what is, and deletes tried
    #[command(
        after_help = "Examples:\n  leora-migrate verify\n  leora-migrate verify --format json\n\nThe rows it \
                            needs are made and deleted in one transaction that is always rolled back."
    )]
    Verify(VerifyArgs),
    /// Say where the database stands: what is applied, by whom, when, and what is pending
    #[command(after_help = "Example:\n  leora-migrate status")]
    Status(StatusArgs),
    /// Write the live schema down, as the baseline of later runs
    #[command(after_help = "Example:\n  leora-migrate snapshot --out schema/baseline.toml")]
    Snapshot(SnapshotArgs),
}

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Text,
    /// For psql.
    Sql,
    /// For programs, and for `apply --plan`.
    Json,
}

/// `validate`.
#[derive(Args, Clone, Debug, Default)]
pub struct ValidateArgs {
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `plan`.
#[derive(Args, Clone, Debug, Default)]
pub struct PlanArgs {
    /// How the plan is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: PlanFormat,
    /// Write the plan to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit 1 when something is pending
    #[arg(long)]
    pub check: bool,
}

/// `apply`.
#[derive(Args, Clone, Debug, Default)]
pub struct ApplyArgs {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Run exactly this plan, as `plan --format json` wrote it, or refuse when the database has changed since
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Do not verify afterwards
    #[arg(long)]
    pub no_verify: bool,
    /// The longest that a statement waits for its locks at a time [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub lock_timeout: Option<std::time::Duration>,
    /// How long to keep trying to get the locks [default: 5min]
    #[arg(long, value_name = "TIME", value_parser = crate::config::parse_duration)]
    pub wait: Option<std::time::Duration>,
}

/// `verify`.
#[derive(Args, Clone, Debug, Default)]
pub struct VerifyArgs {
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Fail when something could not be proved
    #[arg(long)]
    pub require_proof: bool,
    /// Try deletes although triggers that people wrote would fire
    #[arg(long)]
    pub allow_triggers: bool,
}

/// `status`.
#[derive(Args, Clone, Debug, Default)]
pub struct StatusArgs {
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `snapshot`.
#[derive(Args, Clone, Debug, Default)]
pub struct SnapshotArgs {
    /// Write the snapshot to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
