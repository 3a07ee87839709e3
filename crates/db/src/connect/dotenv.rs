//! Env files as Prisma's users write them.
//!
//! The format is that of the npm packages `dotenv` 16 and `dotenv-expand`, through which Prisma
//! reads its `.env`: an optional `export`, quotes of three kinds (which may span lines), comments,
//! `\n` inside double quotes, and `${NAME}` in a value.

use std::collections::BTreeMap;

/// Reads the variables out of an env file's text. Lines that are no assignment are ignored, as
/// `dotenv` does; a later assignment to the same name wins.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (line, following) = rest.split_at(line_end);
        rest = following;
        let Some((name, value)) = assignment(line) else {
            continue;
        };
        let value_start = line.len() - value.len();
        match quoted(&text[text.len() - following.len() - line.len() + value_start..]) {
            Some((quote, inner, after)) => {
                let value = match quote {
                    '"' => inner.replace("\\n", "\n").replace("\\r", "\r"),
                    _ => inner.to_owned(),
                };
                variables.insert(name.to_owned(), value);
                if after.len() < following.len() {
                    // The quotes spanned lines: go on behind the line on which they closed.
                    rest = after.split_once('\n').map_or("", |(_, next)| next);
                }
            }
            None => {
                let bare = value.split('#').next().unwrap_or_default().trim();
                variables.insert(name.to_owned(), bare.to_owned());
            }
        }
    }
    variables
}

/// Replaces `${NAME}` in a value, where `lookup` knows the names; an unknown name becomes nothing
/// and `\${` stands for itself. `depth` ends the recursion of a variable that names itself.
pub(super) fn expand(value: &str, lookup: &dyn Fn(&str) -> Option<String>, depth: usize) -> String {
    let Some(start) = value.find("${") else {
        return value.to_owned();
    };
    let (before, from_dollar) = value.split_at(start);
    if let Some(before) = before.strip_suffix('\\') {
        return format!("{before}${{{}", expand(&from_dollar[2..], lookup, depth));
    }
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match from_dollar[2..].split_once('}') {
        Some((name, after)) if is_name(name) => {
            let inner = match lookup(name) {
                Some(inner) if depth > 0 => expand(&inner, lookup, depth - 1),
                _ => String::new(),
            };
            format!("{before}{inner}{}", expand(after, lookup, depth))
        }
        _ => format!("{before}${{{}", expand(&from_dollar[2..], lookup, depth)),
    }
}

/// Splits `export NAME = value` (or `NAME: value`); the value still has its quotes.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = match line.strip_prefix("export") {
        Some(after) if after.starts_with([' ', '\t']) => after.trim_start(),
        _ => line,
    };
    let name_end =
        line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))?;
    let (name, after) = line.split_at(name_end);
    let value = match after.strip_prefix(':') {
        Some(value) if value.starts_with([' ', '\t']) => value,
        Some(_) => return None,
        None => after.trim_start_matches([' ', '\t']).strip_prefix('=')?,
    };
    (!name.is_empty()).then(|| (name, value.trim_start_matches([' ', '\t'])))
}

/// The quote, the text inside it, and what follows, when `text` starts with a quote that closes.
fn quoted(text: &str) -> Option<(char, &str, &str)> {
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some((quote, &text[1..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, expected: &[(&str, &str)]) {
        let got = parse(text);
        let got: Vec<(&str, &str)> = got.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn reads_what_prisma_users_write() {
        reads("A=1", &[("A", "1")]);
        reads("A=1\r\nB=2\r\n", &[("A", "1"), ("B", "2")]);
        reads("\u{feff}A=1\n", &[("A", "1")]);
        reads("export A=1\nexported=2\n", &[("A", "1"), ("exported", "2")]);
        reads("  A = 1  \n", &[("A", "1")]);
        reads("A: 1\n", &[("A", "1")]);
        reads("A=\nB=2", &[("A", ""), ("B", "2")]);
        reads("# A=1\n\nB=2 # why\n", &[("B", "2")]);
        reads(
            "A=\"x # y\" # z\nB='x # y'\nC=`x 'y' \"z\"`\n",
            &[("A", "x # y"), ("B", "x # y"), ("C", "x 'y' \"z\"")],
        );
        reads("A=\"one\ntwo\"\nB=3", &[("A", "one\ntwo"), ("B", "3")]);
        reads(
            "A=\"one\\ntwo\"\nB='one\\ntwo'",
            &[("A", "one\ntwo"), ("B", "one\\ntwo")],
        );
        reads("A=1\nA=2", &[("A", "2")]);
        reads(
            "A=\"never closed\nB=2",
            &[("A", "\"never closed"), ("B", "2")],
        );
        reads("no assignment\nA=1", &[("A", "1")]);
        reads(
            "DATABASE_URL=postgresql://u:p%23w@h:5432/d?schema=public&x=y=z\n",
            &[(
                "DATABASE_URL",
                "postgresql://u:p%23w@h:5432/d?schema=public&x=y=z",
            )],
        );
        reads("", &[]);
    }

    #[test]
    fn expands_names_in_braces_and_nothing_else() {
        let lookup = |name: &str| match name {
            "USER" => Some("app".to_owned()),
            "URL" => Some("${USER}@h".to_owned()),
            "LOOP" => Some("${LOOP}x".to_owned()),
            _ => None,
        };
        let expand = |value| super::expand(value, &lookup, 8);
        assert_eq!(expand("p$w"), "p$w");
        assert_eq!(expand("$USER"), "$USER");
        assert_eq!(expand("a ${USER} b ${USER}"), "a app b app");
        assert_eq!(expand("${URL}"), "app@h");
        assert_eq!(expand("[${NONE}]"), "[]");
        assert_eq!(expand("\\${USER}"), "${USER}");
        assert_eq!(expand("${USER"), "${USER");
        assert_eq!(expand("${US ER}"), "${US ER}");
        assert_eq!(expand("${LOOP}"), "xxxxxxxx");
    }
}
