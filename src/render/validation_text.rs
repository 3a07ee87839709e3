//! Whether the declaration agrees with the schema that stood before, for people.

use super::style::{paragraph, wrapped};
use super::words;
use leora_core::plan::Plan;
use leora_core::verify::counted::counted;

/// Writes what `plan`, made on the schema that stood before and held `before` tables, says of the
/// declaration's `models`.
pub fn render(plan: &Plan, models: usize, before: usize, width: usize) -> String {
    let models = counted(models, "model", "models");
    let stood = match before {
        1 => "the table that stood before".to_owned(),
        n => format!("the {n} tables that stood before"),
    };
    if plan.refusals.is_empty() {
        let text = format!(
            "The declaration is valid: {models}, no conflict with {stood}. On top of them it would {}.",
            plan.summary()
        );
        return paragraph(&text, width);
    }
    let mut out = paragraph(&format!("The declaration conflicts with {stood}:"), width);
    for refusal in &plan.refusals {
        out += &wrapped(&words::refusal(refusal), "- ", "  ", width);
        out += &wrapped(&refusal.remedy, "  ", "  ", width);
    }
    out
}
