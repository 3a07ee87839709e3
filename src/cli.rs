//! What can be typed.

mod examples;
mod formats;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use leora_schema::LEORA;

pub use formats::{
    Chosen, DiffFormat, ExplainFormat, Format, GraphFormat, PlanFormat, ReportTo, VerifyFormat,
};

use crate::render::console::Color;
use crate::render::formats::{WritePlan, WriteReport};
use leora_core::verify::check::Group;

/// Plans, applies and proves Leora's migration on PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "leora-migrate",
    version = env!("LEORA_MIGRATE_VERSION"),
    about = format!("Plans, applies and proves Leora's {} migration on PostgreSQL", LEORA.title),
    max_term_width = 100,
    propagate_version = true,
    after_help = "\
The database is --url, else DIRECT_URL, else DATABASE_URL, else the url in the
configuration file, else libpq's variables (PGHOST, PGDATABASE, ...).

Examples:
  leora-migrate demo                     see it all on a private scratch server
  leora-migrate plan                     what would be done, and what it locks
  leora-migrate apply                    do it, after asking, and verify
  leora-migrate verify                   the post-migration checklist

Exit codes:
  0  done, or nothing to do
  1  looked, and found
  2  could not look, or refused; nothing changed
  3  lock not obtained; nothing changed
  4  partly applied; a person must look"
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
    /// The schema that stood before: a snapshot, a schema.prisma or a folder of those [default: the
    /// one built in]
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
    /// Say only what was asked for and what went wrong; of `apply` and `rollback`, nothing when all
    /// went well
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show each connection attempt and each statement with its duration, on the standard error
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all of it on a private scratch server: verify, plan, apply, verify
    #[command(after_help = examples::DEMO)]
    Demo,
    /// Check the declaration against the schema that stood before; needs no database
    #[command(after_help = examples::VALIDATE)]
    Validate(ValidateArgs),
    /// Print what would be done, in order, with the locks it takes and how it is undone
    #[command(after_help = examples::PLAN)]
    Plan(PlanArgs),
    /// Do what `plan` prints, record it, and verify
    #[command(after_help = examples::APPLY)]
    Apply(ApplyArgs),
    /// Run the post-migration checklist: what should be found, what is, and deletes tried
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Take the recorded migration back, by its own steps' undo; refused while its tables hold rows
    #[command(after_help = examples::ROLLBACK)]
    Rollback(RollbackArgs),
    /// Say where the database stands: what is applied, by whom, when, and what is pending
    #[command(after_help = examples::STATUS)]
    Status(StatusArgs),
    /// Write the live schema down, as the baseline of later runs
    #[command(after_help = examples::SNAPSHOT)]
    Snapshot(SnapshotArgs),
    /// Compare two schemas, from wherever they are read
    #[command(after_help = examples::DIFF)]
    Diff(DiffArgs),
    /// Work on the team's schema.prisma
    #[command(after_help = examples::PRISMA)]
    Prisma {
        /// What to do.
        #[command(subcommand)]
        command: PrismaCommand,
    },
    /// Print the JSON Schema of what `--format json` prints
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaArgs),
    /// Draw what a delete reaches, or the models and their relations
    #[command(after_help = examples::graph())]
    Graph(GraphArgs),
    /// Say what a code, a check or an advice means, why, and what to do
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Print the completions of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print a manual page, or write them all
    #[command(after_help = examples::MAN)]
    Man(ManArgs),
}

impl Command {
    /// Whether it changes the database it is given.
    pub fn commits(&self) -> bool {
        matches!(self, Command::Apply(_) | Command::Rollback(_))
    }
}

fn group(name: &str) -> Result<Group, String> {
    let names: Vec<_> = Group::ALL.iter().map(|group| group.name()).collect();
    let found = Group::ALL.into_iter().find(|group| group.name() == name);
    found.ok_or_else(|| format!("expected one of {}", names.join(", ")))
}

/// `validate`.
#[derive(Args, Clone, Debug, Default)]
pub struct ValidateArgs {
    /// Whether this schema.prisma, or folder, agrees with the declaration on its five models
    #[arg(long, value_name = "FILE")]
    pub prisma: Option<PathBuf>,
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `plan`.
#[derive(Args, Clone, Debug, Default)]
pub struct PlanArgs {
    /// How the plan is written [default: as the file of --out is called, else text]
    #[arg(long, value_name = "FORMAT", value_parser = PlanFormat::parser())]
    pub format: Option<PlanFormat>,
    /// Write the plan to this file instead of the terminal: plan.json is JSON, plan.sql SQL
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the whole migration into this directory of Prisma's (prisma/migrations), as one that
    /// `prisma migrate deploy` runs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "format"])]
    pub prisma_migration: Option<PathBuf>,
    /// Grant on the new tables what most existing tables grant: steps of the plan, with their undo
    #[arg(long)]
    pub grants_like_existing: bool,
    /// Plan a transaction for each existing table instead of one for all, as `apply --one-table-at-a-time` runs it
    #[arg(long, conflicts_with = "prisma_migration")]
    pub one_table_at_a_time: bool,
    /// Exit 1 when something is pending
    #[arg(long)]
    pub check: bool,
    /// Write the plan to a file too, in another format; `-` is the standard output
    #[arg(long = "report", value_name = "KIND=FILE")]
    pub reports: Vec<ReportTo<WritePlan>>,
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
    /// Record it where Prisma looks (_prisma_migrations) as the migration that `plan
    /// --prisma-migration` wrote into this directory
    #[arg(long, value_name = "DIR")]
    pub prisma_migration: Option<PathBuf>,
    /// Grant on the new tables what most existing tables grant; a plan of a file has its grants, or none
    #[arg(long, conflicts_with = "plan")]
    pub grants_like_existing: bool,
    /// The subscribers of a publication have the new tables, and the history: `plan` says what to do there first
    #[arg(long)]
    pub subscribers_ready: bool,
    /// Lock one existing table per transaction instead of all in one: where they are never free at the same time.
    /// When it stops midway, applying again goes on
    #[arg(long)]
    pub one_table_at_a_time: bool,
    /// Do not verify afterwards
    #[arg(long)]
    pub no_verify: bool,
    /// The longest that a statement waits for its locks at a time [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = crate::duration::parse)]
    pub lock_timeout: Option<std::time::Duration>,
    /// How long to keep trying to get the locks [default: 5min]
    #[arg(long, value_name = "TIME", value_parser = crate::duration::parse)]
    pub wait: Option<std::time::Duration>,
}

/// `verify`.
#[derive(Args, Clone, Debug, Default)]
pub struct VerifyArgs {
    /// How the result is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        value_parser = VerifyFormat::parser()
    )]
    pub format: VerifyFormat,
    /// Write the result to a file too, in another format; `-` is the standard output
    #[arg(long = "report", value_name = "KIND=FILE")]
    pub reports: Vec<ReportTo<WriteReport>>,
    /// Fail when something could not be proved
    #[arg(long)]
    pub require_proof: bool,
    /// Let the trials run user-defined triggers, rules and functions, with the rights of the role that verifies
    #[arg(long)]
    pub allow_user_code: bool,
    /// Try and report this part of the checklist only; can be given several times
    #[arg(long, value_name = "GROUP", value_parser = group)]
    pub only: Vec<Group>,
    /// Show every check with what it found, and the reason and SQL of each advice, in text
    #[arg(long)]
    pub details: bool,
    /// Print what would be tried and what it costs: rows, locks, WAL, sequences, user-defined code; try nothing
    #[arg(long, conflicts_with_all = ["format", "reports"])]
    pub dry_run: bool,
    /// Say what this check means, why, and what to do, and look at no database
    #[arg(long, value_name = "CHECK")]
    pub explain: Option<String>,
}

/// `diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// What is there
    #[arg(long, value_name = "SOURCE")]
    pub from: String,
    /// What should be
    #[arg(long, value_name = "SOURCE")]
    pub to: String,
    /// How the differences are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DiffFormat,
}

/// The commands of `prisma`.
#[derive(Debug, Subcommand)]
pub enum PrismaCommand {
    /// Put the migration's models and relations into a schema.prisma; prints the difference
    #[command(
        about = format!("Put {}'s models and relations into a schema.prisma; prints the difference", LEORA.title),
        after_help = examples::PATCH
    )]
    Patch(PatchArgs),
}

/// `prisma patch`.
#[derive(Args, Clone, Debug)]
pub struct PatchArgs {
    /// The file, or the folder of a schema of several files
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Write what is changed
    #[arg(long)]
    pub write: bool,
}

/// `rollback`.
#[derive(Args, Clone, Debug, Default)]
pub struct RollbackArgs {
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Drop the tables although they hold rows, which are lost
    #[arg(long)]
    pub discard_rows: bool,
    /// The longest that a statement waits for its locks at a time [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = crate::duration::parse)]
    pub lock_timeout: Option<std::time::Duration>,
    /// How long to keep trying to get the locks [default: 5min]
    #[arg(long, value_name = "TIME", value_parser = crate::duration::parse)]
    pub wait: Option<std::time::Duration>,
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

/// `schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArgs {
    /// Whose output
    #[arg(value_name = "COMMAND")]
    pub of: SchemaOf,
}

/// The commands whose JSON has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// What would be done.
    Plan,
    /// What was found.
    Verify,
}

/// `explain`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExplainArgs {
    /// A code (LM0073), a check (tables.count), a group of checks (tables) or an advice
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Everything there is to explain
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ExplainFormat,
}

/// `completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `man`.
#[derive(Args, Clone, Debug, Default)]
pub struct ManArgs {
    /// The command whose page is printed; the program's own otherwise
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write every page into this directory, as NAME.1
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

/// `graph`.
#[derive(Args, Clone, Debug, Default)]
pub struct GraphArgs {
    /// What is drawn
    #[arg(value_name = "PICTURE", default_value = "deletes")]
    pub picture: GraphPicture,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "svg")]
    pub format: GraphFormat,
    /// The table that it is seen from
    #[arg(
        long,
        value_name = "TABLE",
        help = format!("The table that it is seen from [default for deletes: {}]", LEORA.tenant)
    )]
    pub focus: Option<String>,
    /// Try each foreign key on the database, as `verify` does, and mark what came of it
    #[arg(long = "try")]
    pub tried: bool,
    /// How many foreign keys deep it goes [default for models with --focus: 1]
    #[arg(long, value_name = "N")]
    pub depth: Option<usize>,
    /// Write the picture to this file instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphPicture {
    /// What a delete reaches, foreign key by foreign key.
    #[default]
    Deletes,
    /// The models that the declaration names, or the tables around one.
    Models,
}
