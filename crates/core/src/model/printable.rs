//! SQL that can be printed, and means what it meant: what is printed is what is run.
//!
//! A name or a text constant may hold any character but NUL. One with a character that is unsafe to print is written
//! with escapes: a constant as `E'...'`, which is read alike whatever `standard_conforming_strings` says, a name as
//! `U&"..."` (manual, 4.1.1 and 4.1.2.2). Everything else stays as it is, byte for byte.

use super::shown::{COMMAND_ANYWHERE, begins_a_command, in_a_line, in_lines, is_unsafe};

/// `sql` without a character that is unsafe to print.
pub fn printable(sql: &str) -> String {
    let mut printer = Printer {
        rest: sql,
        out: String::with_capacity(sql.len()),
    };
    while !printer.rest.is_empty() {
        printer.step();
    }
    printer.out
}

/// `name` in double quotes, those inside doubled, or as `U&"..."`.
pub(super) fn quoted_name(name: &str) -> String {
    let inside = name.replace('"', "\"\"");
    name_token(&inside).unwrap_or_else(|| format!("\"{inside}\""))
}

/// `text` in single quotes, those inside doubled, or as `E'...'`.
pub(super) fn quoted_text(text: &str) -> String {
    let inside = text.replace('\'', "''");
    text_token(&inside).unwrap_or_else(|| format!("'{inside}'"))
}

/// What stands between the quotes of a name, as a token with escapes; `None` when it needs none.
fn name_token(inside: &str) -> Option<String> {
    let escape = |c: char| match u32::from(c) {
        code @ ..=0xffff => format!("\\{code:04X}"),
        code => format!("\\+{code:06X}"),
    };
    Some(format!("U&\"{}\"", escaped(inside, true, escape)?))
}

/// What stands between the quotes of a constant, as a token with escapes; `None` when it needs none.
fn text_token(inside: &str) -> Option<String> {
    Some(format!("E'{}'", escaped_text(inside)?))
}

/// `text` with the escapes of `E'...'`, which a shell's `$'...'` has too; `None` when it needs none.
pub(super) fn escaped_text(text: &str) -> Option<String> {
    escaped(text, true, escape_in_text)
}

fn escape_in_text(c: char) -> String {
    match c {
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_ascii() => format!("\\x{:02X}", u32::from(c)),
        c if u32::from(c) <= 0xffff => format!("\\u{:04X}", u32::from(c)),
        c => format!("\\U{:08X}", u32::from(c)),
    }
}

/// `inside` with what is unsafe written by `escape`, and backslashes doubled where they meant themselves.
fn escaped(inside: &str, is_plain: bool, escape: impl Fn(char) -> String) -> Option<String> {
    if !inside.contains(is_unsafe) && !inside.contains(COMMAND_ANYWHERE) {
        return None;
    }
    let mut out = String::with_capacity(inside.len() + 16);
    let mut in_escape = false;
    for (at, c) in inside.char_indices() {
        if is_unsafe(c) || (c == '[' && inside[..=at].ends_with(COMMAND_ANYWHERE)) {
            // Behind a backslash it meant itself, so that the backslash is its escape's own.
            out += &escape(c)[usize::from(in_escape)..];
        } else {
            out.push(c);
            if c == '\\' && is_plain {
                out.push(c);
            }
        }
        in_escape = !is_plain && c == '\\' && !in_escape;
    }
    Some(out)
}

struct Printer<'a> {
    rest: &'a str,
    out: String,
}

impl<'a> Printer<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn step(&mut self) {
        let rest = self.rest;
        let mut chars = rest.chars();
        let (Some(first), second) = (chars.next(), chars.next()) else {
            return;
        };
        match (first, second) {
            ('\'', _) => self.text(),
            ('"', _) => self.name(),
            ('$', _) if !self.is_in_word() => self.dollar(),
            ('-', Some('-')) => {
                let end = rest.find('\n').unwrap_or(rest.len());
                let comment = in_a_line(self.take(end));
                self.out += &comment;
            }
            ('/', Some('*')) => self.block_comment(),
            ('\n', _) if begins_a_command(&rest[1..]) => {
                self.take(1);
                self.out.push(' ');
            }
            // Blanks to SQL, as a newline or a tab is.
            ('\r' | '\u{b}' | '\u{c}', _) => {
                let blank = if self.take(1) == "\r" && self.rest.starts_with('\n') {
                    ""
                } else {
                    " "
                };
                self.out += blank;
            }
            _ => {
                let taken = self.take(first.len_utf8());
                self.out += taken;
            }
        }
    }

    /// Whether what was read last belongs to a word.
    fn is_in_word(&self) -> bool {
        let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        self.out.chars().next_back().is_some_and(is_of_a_word)
    }

    /// Whether `prefix` was read last, as a word of its own, in any case.
    fn follows(&self, prefix: &str) -> bool {
        let Some(at) = self.out.len().checked_sub(prefix.len()) else {
            return false;
        };
        let (Some(before), Some(found)) = (self.out.get(..at), self.out.get(at..)) else {
            return false;
        };
        let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        found.eq_ignore_ascii_case(prefix) && !before.chars().next_back().is_some_and(is_of_a_word)
    }

    fn text(&mut self) {
        let has_escapes = self.follows("E");
        let is_other = ["U&", "N", "B", "X"]
            .iter()
            .any(|prefix| self.follows(prefix));
        let Some(inside) = self.between('\'', has_escapes) else {
            return;
        };
        let token = match (has_escapes, is_other) {
            (true, _) => escaped(inside, false, escape_in_text).map(|inside| format!("'{inside}'")),
            (false, true) => None,
            (false, false) => text_token(inside),
        };
        match token {
            Some(token) => self.out += &token,
            None => self.out.extend(["'", inside, "'"]),
        }
    }

    fn name(&mut self) {
        let is_escaped = self.follows("U&");
        let Some(inside) = self.between('"', false) else {
            return;
        };
        match name_token(inside).filter(|_| !is_escaped) {
            Some(token) => self.out += &token,
            None => self.out.extend(["\"", inside, "\""]),
        }
    }

    /// Takes what stands from one `quote` to the next that is not doubled, both taken and not given. What is never
    /// closed is no SQL: an apostrophe of prose.
    fn between(&mut self, quote: char, has_escapes: bool) -> Option<&'a str> {
        let all = self.rest;
        self.take(1);
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && has_escapes {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                let inside = self.take(at);
                self.take(1);
                return Some(inside);
            }
        }
        self.rest = "";
        self.out += &in_lines(all);
        None
    }

    /// A constant between dollar signs, or a dollar sign.
    fn dollar(&mut self) {
        let rest = self.rest;
        let tag = rest[1..].find('$').map(|at| &rest[..at + 2]);
        let is_tag = |tag: &&str| {
            let mut name = tag.trim_matches('$').chars();
            name.all(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii())
        };
        let found = tag.filter(is_tag).and_then(|tag| {
            let end = rest[tag.len()..].find(tag)?;
            Some((tag, end))
        });
        let Some((tag, length)) = found else {
            let dollar = self.take(1);
            self.out += dollar;
            return;
        };
        self.take(tag.len());
        let inside = self.take(length);
        self.take(tag.len());
        let is_fine = |line: &str| {
            let hides = line.contains(|c| is_unsafe(c) && c != '\t');
            !hides && !line.contains(COMMAND_ANYWHERE) && !begins_a_command(line)
        };
        if inside.split('\n').all(is_fine) {
            self.out.extend([tag, inside, tag]);
        } else {
            self.out += &quoted_text(inside);
        }
    }

    fn block_comment(&mut self) {
        let rest = self.rest;
        let (mut depth, mut at) = (0_u32, 0);
        loop {
            let here = &rest[at..];
            if here.starts_with("/*") {
                (depth, at) = (depth + 1, at + 2);
            } else if here.starts_with("*/") {
                (depth, at) = (depth - 1, at + 2);
            } else if let Some(c) = here.chars().next() {
                at += c.len_utf8();
            }
            if depth == 0 || at == rest.len() {
                break;
            }
        }
        let comment = in_lines(self.take(at));
        self.out += &comment;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_safe_stays_as_it_is() {
        for sql in [
            "CREATE TABLE \"a\"\"b\" (\n    \"id\" UUID NOT NULL\n)",
            "SELECT 'it''s', E'a\\'b\\n', U&'\\0041', $1, a$b$c, 'back\\slash', \"back\\slash\"",
            "DO $x$ BEGIN\n\tRAISE EXCEPTION 'no';\nEND $x$; -- it's \"over\"\n/* a /* b */ 'c */",
            "DEFAULT '\u{e9}'::text, x -> 'a' #- b #[1]",
            "'unclosed",
            "\"unclosed",
            "$unclosed$ a",
            "/* unclosed",
            "",
        ] {
            assert_eq!(printable(sql), sql);
        }
    }

    #[test]
    fn what_is_unsafe_is_escaped_and_means_the_same() {
        for (sql, printed) in [
            ("'a\u{1b}b\\c''d'", r"E'a\x1Bb\\c''d'"),
            ("'a\nb'::text", r"E'a\nb'::text"),
            ("e'a\\\\\u{1b}\\'\u{202e}'", r"e'a\\\x1B\'\u202E'"),
            ("E'\\\n\\\u{1b}'", r"E'\n\x1B'"),
            ("'\u{e0001}##[x]'", r"E'\U000E0001##\x5Bx]'"),
            ("\"a\u{1b}b\\c\"\"d\"", r#"U&"a\001Bb\\c""d""#),
            ("\"\u{e0001}##[x]\".\"y\"", r#"U&"\+0E0001##\005Bx]"."y""#),
            ("DO $x$ a\n::b::c'\\ $x$ t", r"DO E' a\n::b::c''\\ ' t"),
            ("a -- b\u{1b}\rc\nd", "a -- b\\u{1b}\\rc\nd"),
            ("/* \u{1b}\n::x::y */ d", "/* \\u{1b}\n\\u{3a}:x::y */ d"),
            ("a\n  ::text::b, c\r\nd\u{c}e", "a   ::text::b, c\nd e"),
        ] {
            assert_eq!(printable(sql), printed, "{sql:?}");
            assert_eq!(printable(printed), printed);
        }
    }

    #[test]
    fn names_and_constants_are_written_alike_by_themselves() {
        for text in ["a", "it's \"a\"", "a\u{1b}\\b'\"", "\n##[x]", "\\"] {
            let plain = format!("\"{}\"", text.replace('"', "\"\""));
            assert_eq!(quoted_name(text), printable(&plain));
            let plain = format!("'{}'", text.replace('\'', "''"));
            assert_eq!(quoted_text(text), printable(&plain));
        }
    }
}
