//! Names within SQL text.

use crate::model::Identifier;

use super::Names;

/// `text` with each name that `names` has replaced. Strings are left as they are.
pub(super) fn renamed(text: &str, names: &Names) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '\'' | '"' => closed(rest, first),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        let name = match first {
            '"' => token.trim_matches('"').replace("\"\"", "\""),
            _ => token.to_owned(),
        };
        match names.get(name.as_str()).filter(|_| first != '\'') {
            Some(name) => out += &spelled(name),
            None => out += token,
        }
        rest = after;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of what stands between the quotes that `text` begins with, quotes included.
fn closed(text: &str, quote: char) -> usize {
    let mut len = 1;
    while let Some(at) = text[len..].find(quote) {
        len += at + 1;
        if !text[len..].starts_with(quote) {
            return len;
        }
        len += 1;
    }
    text.len()
}

/// As PostgreSQL prints a name that is no keyword: in quotes where it needs them (`quote_identifier` in ruleutils.c).
pub(super) fn spelled(name: &Identifier) -> String {
    let text = name.as_str();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = |c: char| c.is_ascii_lowercase() || c == '_';
    match text.starts_with(begins) && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => name.quoted_plain(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::checklist::tests::name;

    #[test]
    fn names_are_replaced_and_strings_are_not() {
        let names = Names::from([
            (name("email"), name("fullName")),
            (name("fullName"), name("email")),
            (name("a\"b"), name("c")),
        ]);
        for (text, expected) in [
            ("(email <> ''::text)", "(\"fullName\" <> ''::text)"),
            ("lower(\"fullName\") = 'email'", "lower(email) = 'email'"),
            ("email2 = \"a\"\"b\"", "email2 = c"),
            ("'it''s email' || email", "'it''s email' || \"fullName\""),
            ("\"never closed", "\"never closed"),
            ("grösse > 1", "grösse > 1"),
        ] {
            assert_eq!(renamed(text, &names), expected);
        }
    }
}
