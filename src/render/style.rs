//! The few ways in which text stands out.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use colored::{ColoredString, Colorize};
use uuid::Uuid;

use leora_core::model::{in_a_line, in_lines, within_a_line};

/// What begins an escape sequence of ours: a parameter before the others that is another in each run. So text from
/// elsewhere cannot have it, and [`shown`] tells our colours from those that such text brings.
static MARK: LazyLock<String> = LazyLock::new(|| format!("\u{1b}[{};", Uuid::new_v4().as_u128()));

/// Says whether text is coloured from now on.
pub(super) fn set_coloured(coloured: bool) {
    colored::control::set_override(coloured);
}

/// `text` in a colour, whose escape sequences begin with [`MARK`].
fn painted(text: &str, paint: fn(&str) -> ColoredString) -> String {
    const TEXT: &str = "text";
    let painted = paint(TEXT).to_string().replace("\u{1b}[", &MARK);
    painted.replace(TEXT, text)
}

/// A line that is our own command to a CI system.
pub(super) fn command(line: &str) -> String {
    format!("{}m{line}", *MARK)
}

/// Text of several lines as it is written: with our colours and commands, and nothing else that could steer whoever reads it.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut goes_on = false;
    for (number, part) in text.split(MARK.as_str()).enumerate() {
        let text = match part.split_once('m').filter(|_| number > 0) {
            Some(("", text)) => {
                goes_on = true;
                text
            }
            Some((codes, text)) => {
                out += &format!("\u{1b}[{codes}m");
                text
            }
            None => part,
        };
        // What follows a colour on its line begins none.
        let end = text.find('\n').filter(|_| goes_on);
        let (line, lines) = text.split_at(end.unwrap_or(if goes_on { text.len() } else { 0 }));
        out += &within_a_line(line);
        out += &in_lines(lines);
        let last = text.rsplit('\n').next().unwrap_or_default();
        let is_blank = last.trim_start().is_empty();
        goes_on = !is_blank || (goes_on && !text.contains('\n'));
    }
    out
}

/// What is added, and what passed.
pub(super) fn good(text: &str) -> String {
    painted(text, |text| text.green())
}

/// What is refused, and what failed.
pub(super) fn bad(text: &str) -> String {
    painted(text, |text| text.red().bold())
}

/// What a person should look at.
pub(super) fn caution(text: &str) -> String {
    painted(text, |text| text.yellow())
}

/// What matters less.
pub(super) fn faint(text: &str) -> String {
    painted(text, |text| text.dimmed())
}

/// What stands above the rest.
pub(super) fn strong(text: &str) -> String {
    painted(text, |text| text.bold())
}

/// A sentence or two by themselves, wrapped to `width`.
pub fn paragraph(text: &str, width: usize) -> String {
    wrapped(text, "", "", width)
}

/// A line, and a list under it, wrapped to `width`.
pub fn list(head: &str, items: &[impl ToString], width: usize) -> String {
    let items = items
        .iter()
        .map(|item| wrapped(&in_a_line(&item.to_string()), "- ", "  ", width));
    paragraph(head, width) + &items.collect::<String>()
}

/// `text` wrapped to `width`, its first line after `first`, the others after `rest`: as it is shown, where an escape is
/// wider than what it stands for.
pub(super) fn wrapped(text: &str, first: &str, rest: &str, width: usize) -> String {
    let text = &as_shown(text);
    // A line may begin with any word, and has at most one that is broken for it.
    let is_broken = |word: &str| in_lines(word) != word;
    let width = match text.split_whitespace().any(is_broken) {
        true => width.saturating_sub(BROKEN_BY),
        false => width,
    };
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options) + "\n"
}

/// How much wider a line is whose first letter is an escape, such as `\u{3a}`.
const BROKEN_BY: usize = 5;

/// `text` as [`shown`] writes it within lines: with escapes in the place of what is unsafe, and our colours.
fn as_shown(text: &str) -> String {
    let escaped = |part: &str| {
        let lines: Vec<_> = part.split('\n').map(in_a_line).collect();
        spelled(&lines.join("\n")).into_owned()
    };
    let mut out = String::with_capacity(text.len());
    for (number, part) in text.split(MARK.as_str()).enumerate() {
        match part.split_once('m').filter(|_| number > 0) {
            Some((codes, text)) => out += &format!("{}{codes}m{}", *MARK, escaped(text)),
            None => out += &escaped(part),
        }
    }
    out
}

/// Whether the terminal has no letters but ASCII's.
static ASCII_ONLY: AtomicBool = AtomicBool::new(false);

/// Says whether the terminal has no letters but ASCII's.
pub(super) fn set_ascii_only(ascii_only: bool) {
    ASCII_ONLY.store(ascii_only, Ordering::Relaxed);
}

fn spelled(text: &str) -> Cow<'_, str> {
    match ASCII_ONLY.load(Ordering::Relaxed) {
        true => spelled_in_ascii(text),
        false => text.into(),
    }
}

/// The text with other letters as `\u{e9}`.
pub(super) fn spelled_in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let spell = |c: char| {
        if c.is_ascii() {
            c.to_string()
        } else {
            c.escape_unicode().to_string()
        }
    };
    text.chars().map(spell).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_by_what_is_shown() {
        let text = "::x a ".to_owned() + &"\u{1b}[31m \u{9b}a \t\u{202e} ##[a b ".repeat(3);
        let without_blanks = |text: &str| text.split_whitespace().collect::<String>();
        let all = without_blanks(&shown(&in_a_line(&text)));
        for width in 24..48 {
            let written = shown(&wrapped(&text, "", "  ", width));
            for line in written.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            assert_eq!(without_blanks(&written), all);
        }
    }

    #[test]
    fn other_letters_are_spelled_out_and_ascii_stays() {
        assert_eq!(spelled_in_ascii("\"Errand\"\t1\n"), "\"Errand\"\t1\n");
        assert_eq!(spelled_in_ascii("Gr\u{f6}\u{df}e"), "Gr\\u{f6}\\u{df}e");
    }

    #[test]
    fn only_colours_and_commands_of_ours_are_written() {
        let mark = MARK.as_str();
        let bad = |text: &str| format!("{mark}1;31m{text}{mark}0m");
        for (text, written) in [
            ("a\u{1b}[31mb".to_owned(), "a\\u{1b}[31mb"),
            (
                format!("{}::text\n::x::y", bad("a")),
                "\u{1b}[1;31ma\u{1b}[0m::text\n\\u{3a}:x::y",
            ),
            (
                format!("  {}::x::y", bad("")),
                "  \u{1b}[1;31m\u{1b}[0m\\u{3a}:x::y",
            ),
            (bad("a\r\u{1b}[0m"), "\u{1b}[1;31ma\\r\\u{1b}[0m\u{1b}[0m"),
            (
                format!("{}\n", bad("\t::x::y")),
                "\u{1b}[1;31m\t\\u{3a}:x::y\u{1b}[0m\n",
            ),
            (
                command("::error title=a::b\n") + "::x::y\n" + &command("::notice::c\n"),
                "::error title=a::b\n\\u{3a}:x::y\n::notice::c\n",
            ),
            (format!("{mark}31"), "31"),
        ] {
            assert_eq!(shown(&text), written);
        }
    }
}
