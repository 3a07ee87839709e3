//! `prisma patch`: the migration's models put into the team's `schema.prisma`.

use std::fs;

use leora_schema::LEORA;

use super::Context;
use crate::cli::{PatchArgs, PrismaCommand};
use crate::config::read_prisma;
use crate::error::{Error, exit};
use crate::render::diff;
use leora_core::prisma::Source;
use leora_core::prisma::patch::{Patch, PatchError, patch};

pub(super) fn run(context: &Context, command: &PrismaCommand) -> Result<u8, Error> {
    match command {
        PrismaCommand::Patch(args) => patch_file(context, args),
    }
}

fn patch_file(context: &Context, args: &PatchArgs) -> Result<u8, Error> {
    let namespace = context.settings.schema(None)?;
    let before = read_prisma(&args.file)?;
    let Patch { texts, added } = match patch(&before, &LEORA, &namespace) {
        Ok(patch) => patch,
        Err(error) => {
            if let PatchError::Conflict(conflict) = &error {
                let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
                let text = diff::unified(
                    &format!("declared {}", conflict.model),
                    &lines(&conflict.declared),
                    &format!("{} {}", conflict.file, conflict.model),
                    &lines(&conflict.found),
                );
                context.console.result(&diff::coloured(&text, usize::MAX));
            }
            return Err(error.into());
        }
    };
    if added.is_empty() {
        context.console.result(&format!(
            "{} has {} already; nothing to add.\n",
            args.file.display(),
            LEORA.title
        ));
        return Ok(exit::DONE);
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let changed = || {
        before
            .iter()
            .zip(&texts)
            .filter(|(before, text)| before.text != **text)
    };
    for (Source { name, text }, after) in changed() {
        let shown = diff::unified(name, &lines(text), name, &lines(after));
        context.console.result(&diff::coloured(&shown, usize::MAX));
    }
    if !args.write {
        context
            .console
            .progress("Nothing is written; --write does it.\n");
        return Ok(exit::DONE);
    }
    let mut written = Vec::new();
    for (Source { name, .. }, after) in changed() {
        let failed = |source| Error::File {
            doing: "write",
            path: name.into(),
            source,
        };
        fs::write(name, after).map_err(failed)?;
        written.push(name.as_str());
    }
    context.console.progress(&format!(
        "Wrote {}: {}.\n",
        written.join(", "),
        added.join(", ")
    ));
    Ok(exit::DONE)
}
