//! `prisma patch`: Phase 1 put into the team's `schema.prisma`.

use std::fs;
use std::path::Path;

use leora_schema::LEORA;

use super::Context;
use crate::cli::{PatchArgs, PrismaCommand};
use crate::error::{Error, exit};
use crate::prisma::Source;
use crate::prisma::patch::{Patch, PatchError, patch};
use crate::render::diff;

pub(super) fn run(context: &Context, command: &PrismaCommand) -> Result<u8, Error> {
    match command {
        PrismaCommand::Patch(args) => patch_file(context, args),
    }
}

fn patch_file(context: &Context, args: &PatchArgs) -> Result<u8, Error> {
    let namespace = context.settings.schema(None)?;
    let before = read(&args.file)?;
    let Patch { text, added } = match patch(&before, &LEORA, &namespace) {
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
            "{} has Phase 1 already; nothing to add.\n",
            before.name
        ));
        return Ok(exit::DONE);
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let shown = diff::unified(
        &before.name,
        &lines(&before.text),
        &before.name,
        &lines(&text),
    );
    context.console.result(&diff::coloured(&shown, usize::MAX));
    if args.write {
        let failed = |source| Error::File {
            doing: "write",
            path: args.file.clone(),
            source,
        };
        fs::write(&args.file, text).map_err(failed)?;
        context
            .console
            .progress(&format!("Wrote {}: {}.\n", before.name, added.join(", ")));
    } else {
        context
            .console
            .progress("Nothing is written; --write does it.\n");
    }
    Ok(exit::DONE)
}

fn read(path: &Path) -> Result<Source, Error> {
    let failed = |source| Error::File {
        doing: "read",
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    Ok(Source {
        name: path.display().to_string(),
        text,
    })
}
