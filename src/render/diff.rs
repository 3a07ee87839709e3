//! Unified diffs, for people and for pipes.

use similar::TextDiff;

use super::style;
use crate::report::ObjectDiff;

/// What should be against what is, unified; what is missing begins with `-`, what is not expected
/// with `+`.
pub fn of(object: &ObjectDiff) -> String {
    let (expected, actual) = (
        format!("expected {}", object.name),
        format!("actual {}", object.name),
    );
    unified(&expected, &object.expected, &actual, &object.actual)
}

/// A unified diff with three lines of context; empty when the sides are the same.
pub fn unified(old_name: &str, old: &[String], new_name: &str, new: &[String]) -> String {
    let (old, new) = (lines(old), lines(new));
    let diff = TextDiff::from_lines(&old, &new);
    diff.unified_diff()
        .context_radius(3)
        .header(old_name, new_name)
        .to_string()
}

/// The same with what is only in the old side red, what is only in the new one green.
pub fn coloured(diff: &str) -> String {
    diff.lines()
        .map(|line| {
            let line = match line.as_bytes().first() {
                Some(b'+') => style::good(line),
                Some(b'-') => style::bad(line),
                Some(b'@') => style::faint(line),
                _ => line.to_owned(),
            };
            line + "\n"
        })
        .collect()
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| line.clone() + "\n").collect()
}
