//! The few ways in which text stands out.

use colored::Colorize;

/// What is added, and what passed.
pub(super) fn good(text: &str) -> String {
    text.green().to_string()
}

/// What is refused, and what failed.
pub(super) fn bad(text: &str) -> String {
    text.red().bold().to_string()
}

/// What a person should look at.
pub(super) fn caution(text: &str) -> String {
    text.yellow().to_string()
}

/// What matters less.
pub(super) fn faint(text: &str) -> String {
    text.dimmed().to_string()
}

/// What stands above the rest.
pub(super) fn strong(text: &str) -> String {
    text.bold().to_string()
}

/// A sentence or two by themselves, wrapped to `width`.
pub fn paragraph(text: &str, width: usize) -> String {
    wrapped(text, "", "", width)
}

/// A line, and a list under it, wrapped to `width`.
pub fn list(head: &str, items: &[impl ToString], width: usize) -> String {
    let items = items
        .iter()
        .map(|item| wrapped(&item.to_string(), "- ", "  ", width));
    paragraph(head, width) + &items.collect::<String>()
}

/// `text` wrapped to `width`, its first line after `first`, the others after `rest`.
pub(super) fn wrapped(text: &str, first: &str, rest: &str, width: usize) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}
