//! `validate`: the declaration against the schema that stood before, without a database.

use leora_schema::LEORA;

use super::Context;
use crate::cli::{Format, ValidateArgs};
use crate::error::{Error, exit};
use crate::verify::promise::Promise;

pub(super) fn run(context: &Context, args: &ValidateArgs) -> Result<u8, Error> {
    let promise = Promise::new(&LEORA, context.settings.baseline()?);
    let schema = context.settings.schema(None)?;
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
            format!("{value:#}\n")
        }
        Format::Text if plan.refusals.is_empty() => format!(
            "The declaration is valid: {} models, no conflict with the {before} tables that stood before.\n\
             On top of them it would {}.\n",
            LEORA.models.len(),
            plan.summary(),
        ),
        Format::Text => {
            let conflicts = plan
                .refusals
                .iter()
                .map(|refusal| format!("- {}\n  {}\n", refusal.reason, refusal.remedy));
            format!(
                "The declaration conflicts with the {before} tables that stood before:\n{}",
                conflicts.collect::<String>()
            )
        }
    };
    context.console.result(&text);
    Ok(if plan.refusals.is_empty() {
        exit::DONE
    } else {
        exit::FOUND
    })
}
