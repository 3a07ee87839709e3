//! `demo`: all of it on a private scratch server.

use leora_schema::LEORA;

use super::{Context, apply, plan, verify};
use crate::cli::{ApplyArgs, PlanArgs, VerifyArgs};
use crate::error::{Error, exit};
use crate::render::console::Console;
use leora_core::model::Identifier;
use leora_db::apply::APPLICATION_NAME;
use leora_db::connect::{Sources, Target};
use leora_db::scratch::{Binaries, Options, ScratchServer};
use leora_db::session::Session;

/// The application that the demonstration is run on.
const BASELINE: &str = include_str!("../../fixtures/leora/baseline.sql");
const ROWS: &str = include_str!("../../fixtures/leora/rows.sql");

pub(super) fn run(context: &Context) -> Result<u8, Error> {
    let console = context.console;
    let binaries = Binaries::find()?;
    console.progress("Starting a private PostgreSQL server in a temporary directory ...\n");
    let server = ScratchServer::start(&binaries, &Options::default())?;
    fill(&server)?;
    let context = Context {
        settings: context.settings.for_scratch(server.url("postgres")),
        console,
    };
    console.progress(&format!(
        "It holds Leora as it stands before {}: 58 tables, with rows.\n",
        LEORA.title
    ));

    chapter(console, "verify", "What is missing?");
    let before = verify::run(&context, &VerifyArgs::default())?;
    chapter(
        console,
        "plan",
        "What would be done, and what would it lock?",
    );
    plan::run(&context, &PlanArgs::default())?;
    chapter(console, "apply --yes", "Do it.");
    let after = apply::run(
        &context,
        &ApplyArgs {
            yes: true,
            ..ApplyArgs::default()
        },
    )?;
    console.progress("\nThe scratch server and all it held are gone now.\n");
    Ok(if before == exit::FOUND {
        after
    } else {
        exit::FOUND
    })
}

fn fill(server: &ScratchServer) -> Result<(), Error> {
    let target = Target::resolve(&Sources {
        url_flag: Some(server.url("postgres")),
        ..Sources::default()
    })?;
    let schema = Identifier::new("public")?;
    let mut session = Session::open(target.connect(APPLICATION_NAME)?, schema)?;
    session.batch("creating the demonstration's tables", BASELINE)?;
    session.batch("filling the demonstration's tables", ROWS)?;
    Ok(())
}

fn chapter(console: Console, command: &str, question: &str) {
    let rule = "-".repeat(Console::width().min(80));
    console.progress(&format!(
        "\n{rule}\n$ leora-migrate {command}        # {question}\n{rule}\n"
    ));
}
