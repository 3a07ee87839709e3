//! JSON, indented, with a newline at the end.

use serde::Serialize;

use leora_core::model::is_unsafe;

/// The JSON Schema of a report.
///
/// The schemas are written by hand: they are what programs were promised, and a schema derived from
/// the code would change with it and promise nothing. The tests hold real output against them.
pub const VERIFY_SCHEMA: &str = include_str!("schemas/verify.json");
/// The JSON Schema of a plan.
pub const PLAN_SCHEMA: &str = include_str!("schemas/plan.json");

/// Writes `value`, whose map keys must be text, as those of every value in this program are.
pub fn render(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value);
    escaped(&json.expect("keys are text, and nothing refuses to be written")) + "\n"
}

/// `json` with the characters of its strings that are unsafe to print as JSON's escapes (RFC 8259, 7), which need not
/// be: the encoder escapes those below a blank only. What it says is the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for (at, c) in json.char_indices() {
        let is_command = c == '[' && json[..at].ends_with("##");
        if c != '\n' && (is_command || is_unsafe(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out += &format!("\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_safely_and_read_as_it_was() {
        let value = serde_json::json!({
            "a\u{1b}\u{9b}\u{202e}\n": ["\u{e0041}\u{7f}##[x]", "\\##", ["\u{e9}\u{2028}"]],
        });
        let json = render(&value);
        assert!(!json.contains(|c| is_unsafe(c) && c != '\n'), "{json}");
        assert!(!json.contains("##["), "{json}");
        assert!(json.contains("\u{e9}\\u2028"), "{json}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&json).ok(),
            Some(value)
        );
    }
}
