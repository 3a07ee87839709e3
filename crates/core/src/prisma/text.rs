//! The escapes inside a string. Prisma's strings are JSON's (RFC 8259, section 7).

use std::borrow::Cow;

/// An escape that is none: where in the raw text, how long, and what is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEscape {
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) message: &'static str,
}

const UNKNOWN: &str = "Unknown escape sequence. If the value is a windows-style path, `\\` must be escaped as `\\\\`.";
const UNICODE: &str = "Invalid unicode escape sequence.";

/// The text between the quotes of `raw`, escapes resolved.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>, BadEscape> {
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    if !inside.contains('\\') {
        return Ok(Cow::Borrowed(inside));
    }
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, len) = escape(rest).map_err(|(len, message)| BadEscape {
            at: raw.len() - 1 - rest.len(),
            len,
            message,
        })?;
        out.push(c);
        rest = &rest[len..];
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The character that the escape at the beginning of `text` stands for, and the escape's length.
fn escape(text: &str) -> Result<(char, usize), (usize, &'static str)> {
    let Some(kind) = text[1..].chars().next() else {
        return Err((1, UNKNOWN));
    };
    let simple = match kind {
        '"' | '\\' | '/' => kind,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(text),
        other => return Err((1 + other.len_utf8(), UNKNOWN)),
    };
    Ok((simple, 2))
}

fn unicode(text: &str) -> Result<(char, usize), (usize, &'static str)> {
    let first = unit(text).ok_or((2, UNICODE))?;
    if let Some(c) = char::from_u32(first.into()) {
        return Ok((c, 6));
    }
    let second = unit(&text[6..]).ok_or((6, UNICODE))?; // the other half of a surrogate pair
    match char::decode_utf16([first, second]).next() {
        Some(Ok(c)) => Ok((c, 12)),
        _ => Err((12, UNICODE)),
    }
}

/// The UTF-16 unit of a `\uXXXX` at the beginning of `text`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits
        .bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json() {
        let raw = r#""a\"\\\/\n\té\ud83d\ude00z""#;
        assert_eq!(unescape(raw).expect("valid"), "a\"\\/\n\té😀z");
        assert_eq!(unescape("\"plain\"").expect("valid"), "plain");
    }

    #[test]
    fn a_bad_escape_says_where() {
        let at = |raw| unescape(raw).expect_err("invalid").at;
        assert_eq!(at(r#""ab\q""#), 3);
        assert_eq!(at(r#""\u12""#), 1);
        assert_eq!(at(r#""x\ud83dy""#), 2);
    }
}
