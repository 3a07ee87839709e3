//! What the design leaves open.

use super::Page;
use crate::render::style::{faint, strong, wrapped};
use leora_core::verify::advice::{Advice, DECLARE_FIRST};
use leora_core::verify::counted::counted;

/// Writes `advice`: by kinds, or each with its reason and the SQL that would settle it.
pub(super) fn write(out: &mut String, advice: &[Advice], page: Page) {
    if advice.is_empty() {
        return;
    }
    let head = strong("Advice, no failure");
    if page.in_full {
        *out += &format!("\n{head}\n");
        each(out, advice, page.width);
        return;
    }
    let where_ = "(leora-migrate verify --details has the reasons and the SQL)";
    let head = format!("{head} {}", faint(where_));
    *out += &format!("\n{}", wrapped(&head, "", "  ", page.width));
    for line in by_kind(advice) {
        *out += &wrapped(&line, "  - ", "    ", page.width);
    }
}

fn each(out: &mut String, advice: &[Advice], width: usize) {
    if advice.iter().any(|advice| advice.sql.is_some()) {
        *out += &wrapped(DECLARE_FIRST, "  ", "  ", width);
    }
    for advice in advice {
        let title = format!("{}:", advice.title);
        *out += &wrapped(&title, "  - ", "    ", width);
        *out += &wrapped(&faint(&advice.detail), "    ", "    ", width);
        for line in advice.sql.iter().flat_map(|sql| sql.lines()) {
            *out += &wrapped(line, "      ", "        ", width);
        }
    }
}

/// A line for each kind, in the order in which they come; what has no words for many, by its title.
fn by_kind(advice: &[Advice]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for one in advice {
        let kind = |other: &&Advice| other.id == one.id && other.sql.is_some() == one.sql.is_some();
        let count = advice.iter().filter(kind).count();
        let line = in_words(one, count).unwrap_or_else(|| one.title.clone());
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// `count` of the kind that `one` is.
fn in_words(one: &Advice, count: usize) -> Option<String> {
    let (single, several) = one.counted()?;
    Some(counted(count, single, several))
}
