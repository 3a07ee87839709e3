//! JSON, indented, with a newline at the end.

use serde::Serialize;

/// The JSON Schema of a report.
///
/// The schemas are written by hand: they are what programs were promised, and a schema derived from
/// the code would change with it and promise nothing. The tests hold real output against them.
pub const VERIFY_SCHEMA: &str = include_str!("schemas/verify.json");
/// The JSON Schema of a plan.
pub const PLAN_SCHEMA: &str = include_str!("schemas/plan.json");

/// Writes `value`, whose map keys must be text, as those of every value in this program are.
pub fn render(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("keys are text, and nothing refuses to be written")
        + "\n"
}
