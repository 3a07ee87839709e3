//! An explanation, for people at a terminal.

use super::style::{strong, wrapped};
use crate::explain::Explanation;

/// Writes `explanation` for a terminal of `width` columns.
pub fn render(explanation: &Explanation, width: usize) -> String {
    let Explanation {
        id,
        title,
        meaning,
        cause,
        remedy,
    } = explanation;
    let mut out = wrapped(&format!("{}: {title}", strong(id)), "", "  ", width);
    out += "\n";
    for text in [meaning, cause] {
        out += &wrapped(text, "  ", "  ", width);
    }
    out += "\n";
    out += &wrapped(&format!("What to do: {remedy}"), "  ", "  ", width);
    out
}
