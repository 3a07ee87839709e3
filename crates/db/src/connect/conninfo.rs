//! libpq's key=value connection strings.
//!
//! `keyword = value` pairs with spaces between; a value with spaces stands in single quotes, and a
//! backslash takes the next character as it is, inside quotes and outside. As for URLs, no error
//! repeats the text.

use super::error::TargetError;
use super::parameters;

/// Takes a key=value string apart.
///
/// # Errors
/// When a keyword has no `=`, a quote does not close, or a keyword is not one of libpq's (libpq
/// refuses them too; here it is most often the rest of an unquoted password).
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, TargetError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let number = pairs.len() + 1;
        let is_end = |c: char| c == '=' || c.is_ascii_whitespace();
        let (keyword, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        let Some(value) = after.trim_start().strip_prefix('=') else {
            return Err(TargetError::KeyWithoutEquals { number });
        };
        if parameters::known(keyword).is_none_or(|parameter| !parameter.libpq) {
            let behind_password = pairs.last().is_some_and(|(before, _)| before == "password");
            let keyword = (!behind_password).then(|| keyword.to_owned());
            return Err(TargetError::UnknownKeyword { keyword, number });
        }
        let (value, after) = take_value(value.trim_start(), number)?;
        pairs.push((keyword.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// The value at the start of `text`, and what follows it.
fn take_value(text: &str, number: usize) -> Result<(String, &str), TargetError> {
    let (text, is_quoted) = match text.strip_prefix('\'') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if is_quoted => return Ok((value, &text[at + 1..])),
            c if !is_quoted && c.is_ascii_whitespace() => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if is_quoted {
        Err(TargetError::UnclosedQuote { number })
    } else {
        Ok((value, ""))
    }
}
