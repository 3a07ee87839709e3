//! `explain`: what a code, a check or an advice means.

use super::Context;
use crate::cli::{ExplainArgs, ExplainFormat};
use crate::error::{Error, exit};
use crate::explain::{self, Explanation};
use crate::render::console::Console;
use crate::render::explanation;

/// With more than these, nobody knows what was meant.
const MOST_SIMILAR: usize = 6;

pub(super) fn run(context: &Context, args: &ExplainArgs) -> Result<u8, Error> {
    if args.format == ExplainFormat::Markdown {
        if !args.all {
            return Err(Error::Usage(
                "--format markdown goes with --all: it is the documentation".to_owned(),
            ));
        }
        context.console.result(&explain::markdown());
        return Ok(exit::DONE);
    }
    let mut explanations = Vec::new();
    if args.all {
        explanations = explain::all();
    }
    for name in &args.names {
        explanations.extend(found(name)?);
    }
    show(context, &explanations);
    Ok(exit::DONE)
}

/// Explains what `name` names.
pub(super) fn of(context: &Context, name: &str) -> Result<u8, Error> {
    show(context, &found(name)?);
    Ok(exit::DONE)
}

fn found(name: &str) -> Result<Vec<Explanation>, Error> {
    let found = explain::find(name);
    if found.is_empty() {
        Err(Error::Usage(unknown(name)))
    } else {
        Ok(found)
    }
}

fn show(context: &Context, explanations: &[Explanation]) {
    let texts: Vec<_> = explanations
        .iter()
        .map(|one| explanation::render(one, Console::width()))
        .collect();
    context.console.result(&texts.join("\n"));
}

fn unknown(name: &str) -> String {
    let similar = explain::similar_to(name);
    if !(1..=MOST_SIMILAR).contains(&similar.len()) {
        return format!("there is no code, check or advice `{name}`; `explain --all` lists them");
    }
    format!(
        "there is no code, check or advice `{name}`; there is {}",
        similar.join(", ")
    )
}
