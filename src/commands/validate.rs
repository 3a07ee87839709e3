//! `validate`: the declaration against the schema that stood before, without a database.

use std::path::Path;

use leora_schema::LEORA;

use super::Context;
use crate::cli::{Format, ValidateArgs};
use crate::config::read_schema;
use crate::error::{Error, exit};
use crate::render::console::Console;
use crate::render::json;
use crate::render::style::{list, paragraph};
use crate::render::validation_text;
use leora_core::diff::compare;
use leora_core::model::Identifier;
use leora_core::model::lower::lower;
use leora_core::verify::promise::Promise;

pub(super) fn run(context: &Context, args: &ValidateArgs) -> Result<u8, Error> {
    let schema = context.settings.schema(None)?;
    if let Some(path) = &args.prisma {
        return against_prisma(context, path, &schema);
    }
    let promise = Promise::new(&LEORA, context.settings.baseline(&schema)?);
    let plan = promise.plan_on_baseline(&schema);
    let before = promise.baseline.table_names().count();
    let text = match args.format {
        Format::Json => {
            let value = serde_json::json!({
                "valid": plan.refusals.is_empty(),
                "models": LEORA.models.len(),
                "tables_before": before,
                "tables_after": promise.whole.table_names().count(),
                "conflicts": plan.refusals,
            });
            json::render(&value)
        }
        Format::Text => {
            validation_text::render(&plan.shown(), LEORA.models.len(), before, Console::width())
        }
    };
    context.console.result(&text);
    Ok(if plan.refusals.is_empty() {
        exit::DONE
    } else {
        exit::FOUND
    })
}

/// Whether the team's schema.prisma and the declaration say the same of the declared models.
fn against_prisma(context: &Context, path: &Path, schema: &Identifier) -> Result<u8, Error> {
    let declared = lower(&LEORA);
    let mut written = read_schema(path, schema)?;
    written
        .tables
        .retain(|name, _| declared.tables.contains_key(name));
    written.enums.clear();
    let differences = compare(&written, &declared);
    let file = path.display();
    let text = if differences.is_empty() {
        let text = format!(
            "{file} and the declaration agree on its {} models.",
            LEORA.models.len()
        );
        paragraph(&text, Console::width())
    } else {
        let head = format!("{file} and the declaration disagree:");
        list(&head, &differences, Console::width())
    };
    context.console.result(&text);
    Ok(if differences.is_empty() {
        exit::DONE
    } else {
        exit::FOUND
    })
}
