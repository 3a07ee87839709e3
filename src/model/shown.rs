//! Text from a database as people may safely see it.

/// `text` with what would steer a terminal or turn the reading direction written as escapes, newlines
/// and tabs too: what it says stays on its line.
pub fn in_a_line(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same, but newlines and tabs stay: for SQL and diffs.
pub fn in_lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let steers =
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers && !stays(c) {
            out.extend(c.escape_default());
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
    fn nothing_steers_a_terminal() {
        let text = "a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}\u{e9}";
        assert_eq!(
            in_a_line(text),
            r"a\u{1b}[31m\r\n\t\u{9b}\u{202e}\u{2069}".to_owned() + "\u{e9}"
        );
        assert_eq!(
            in_lines(text),
            r"a\u{1b}[31m\r".to_owned() + "\n\t" + r"\u{9b}\u{202e}\u{2069}" + "\u{e9}"
        );
    }
}
