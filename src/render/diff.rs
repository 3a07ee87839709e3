//! Unified diffs, for people and for pipes.

use similar::TextDiff;

use super::style;
use crate::report::ObjectDiff;
use leora_core::model::in_lines;

/// What should be against what is, unified; what is missing begins with `-`, what is not expected
/// with `+`.
pub fn of(object: &ObjectDiff) -> String {
    let name = &object.name;
    let shown = |lines: &[String]| -> Vec<_> { lines.iter().map(|line| in_lines(line)).collect() };
    unified(
        &format!("expected {name}"),
        &shown(&object.expected),
        &format!("actual {name}"),
        &shown(&object.actual),
    )
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

/// The same for people: what is only in the old side red, what is only in the new one green, and lines
/// folded to `width`; a patch for programs is folded nowhere (`usize::MAX`).
pub fn coloured(diff: &str, width: usize) -> String {
    diff.lines()
        .map(|line| folded(line, width))
        .flat_map(|line| line.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| {
            let line = line.as_str();
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

/// A line that goes on in others, each with its mark.
fn folded(line: &str, width: usize) -> String {
    match line.split_at_checked(1) {
        Some((mark @ ("+" | "-" | " "), rest)) if line.chars().count() > width => {
            let text = rest.trim_start();
            let first = format!("{mark}{}", &rest[..rest.len() - text.len()]);
            style::wrapped(text, &first, &format!("{first}      "), width)
        }
        _ => line.to_owned(),
    }
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| line.clone() + "\n").collect()
}
