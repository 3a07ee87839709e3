//! Text from elsewhere (names, messages, settings of a database; what was typed) as people may safely see it.
//!
//! The one place that says what is unsafe. SQL that can be run has its own way, [`printable`](super::printable), since
//! it must go on meaning the same.

/// Whether `c` can steer a terminal, or is not seen, or turns the reading direction: control characters (C0, DEL and C1),
/// line and paragraph separators, format characters, the characters that Unicode lets programs draw as nothing
/// (Unicode, DerivedCoreProperties.txt, `Default_Ignorable_Code_Point`), and noncharacters, which XML forbids.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// What begins a command to a CI system anywhere in a line: GitHub's runner looks for it with `IndexOf`
/// (actions/runner, `ActionCommand.TryParse`).
pub(super) const COMMAND_ANYWHERE: &str = "##[";

/// What begins one at the start of a line, blanks before it not counted (actions/runner, `ActionCommand.TryParseV2`;
/// Azure Pipelines, logging commands; TeamCity, service messages; GitLab, custom collapsible sections).
const COMMANDS: [&str; 5] = [
    "::",
    "##vso[",
    "##teamcity[",
    "section_start:",
    "section_end:",
];

/// Whether a CI system takes a line that begins like `text` for a command.
pub(super) fn begins_a_command(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || is_unsafe(c));
    COMMANDS.iter().any(|command| text.starts_with(command))
}

/// `text` with what is unsafe written as escapes, newlines and tabs too: what it says stays on its line.
pub fn in_a_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

/// What a server said, which may be several lines, in a line of ours: `; ` between two of its lines.
pub fn said(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    in_a_line(&lines.collect::<Vec<_>>().join("; "))
}

/// The same for text of several lines: newlines and tabs stay, and no line is a command to a CI system.
pub fn in_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let (content, end) = line.split_at(content.len());
        // A return without a newline would have the terminal write over the line.
        let end = if end == "\r" { "\\r" } else { end };
        line_into(&mut out, content);
        out += end;
    }
    out
}

fn line_into(out: &mut String, line: &str) {
    let mut rest = line;
    if begins_a_command(line) {
        let at = line.find([':', '#', 's']).unwrap_or_default();
        escape_tabs_kept(out, &line[..at]);
        let mut after = line[at..].chars();
        out.extend(after.next().into_iter().flat_map(char::escape_unicode));
        rest = after.as_str();
    }
    escape_tabs_kept(out, rest);
}

/// The same for a part of a line, which begins none.
pub fn within_a_line(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    escape_tabs_kept(&mut out, part);
    out
}

fn escape_tabs_kept(out: &mut String, text: &str) {
    for (number, part) in text.split('\t').enumerate() {
        if number > 0 {
            out.push('\t');
        }
        escape_into(out, part);
    }
}

fn escape_into(out: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        if is_unsafe(c) {
            out.extend(c.escape_default());
        } else if c == '[' && text[..=at].ends_with(COMMAND_ANYWHERE) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        let text = "a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}\u{e9}";
        assert_eq!(
            in_a_line(text),
            r"a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}".to_owned() + "\u{e9}"
        );
        assert_eq!(
            in_lines(&text.replace("m\r\n", "m\rb\r\n")),
            r"a\u{1b}[31m\rb".to_owned() + "\r\n\t" + r"\u{9b}\u{202e}\u{2069}" + "\u{e9}"
        );
        assert_eq!(in_lines("a\r"), r"a\r");
        assert_eq!(in_lines("a\r\r\n"), "a\\r\r\n");
    }

    #[test]
    fn what_is_not_seen_is_spelled_out_and_letters_stay() {
        for hidden in [
            '\u{0}',
            '\u{7f}',
            '\u{85}',
            '\u{ad}',
            '\u{61c}',
            '\u{115f}',
            '\u{200b}',
            '\u{200d}',
            '\u{2028}',
            '\u{2029}',
            '\u{2066}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{ffff}',
            '\u{fdd0}',
            '\u{1ffff}',
            '\u{e0041}',
        ] {
            let shown = in_a_line(&format!("a{hidden}b"));
            assert!(shown.is_ascii() && shown.contains("u{"), "{shown}");
        }
        for letter in [
            '\u{e9}',
            '\u{a0}',
            '\u{301}',
            '\u{5d0}',
            '\u{4e2d}',
            '\u{1f600}',
            '\u{fffd}',
        ] {
            assert_eq!(in_a_line(&letter.to_string()), letter.to_string());
        }
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, shown) in [
            ("::stop-commands::x", r"\u{3a}:stop-commands::x"),
            ("a\n \t::set-env::x", "a\n \t\\u{3a}:set-env::x"),
            ("\u{a0}::x::y", "\u{a0}\\u{3a}:x::y"),
            ("a ##[add-mask]b", r"a ##\u{5b}add-mask]b"),
            ("##vso[task]", r"\u{23}#vso[task]"),
            ("##teamcity[x]", r"\u{23}#teamcity[x]"),
            ("section_start:1:a", r"\u{73}ection_start:1:a"),
            ("a ::x::y\n#[a] #### b", "a ::x::y\n#[a] #### b"),
        ] {
            assert_eq!(in_lines(text), shown);
            assert_eq!(in_lines(shown), shown);
        }
        assert_eq!(in_a_line("##[group]a"), r"##\u{5b}group]a");
    }
}
