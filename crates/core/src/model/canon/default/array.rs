//! What is in an array, by its text.

use super::super::Depths;

/// The items of an array as PostgreSQL writes one as text (manual, 8.15.6); `None` for one of several
/// dimensions.
pub(super) fn array_items(text: &str) -> Option<Vec<Option<String>>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    if inside.trim().is_empty() {
        return Some(Vec::new());
    }
    let (mut items, mut item, mut quoted, mut was_quoted) = (vec![], String::new(), false, false);
    let mut characters = inside.chars().chain([',']);
    while let Some(c) = characters.next() {
        match c {
            '\\' => item.push(characters.next()?),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            '{' | '}' if !quoted => return None,
            ',' if !quoted => {
                let text = std::mem::take(&mut item);
                let text = if was_quoted {
                    text
                } else {
                    text.trim().to_owned()
                };
                let is_null = !was_quoted && text.eq_ignore_ascii_case("null");
                items.push((!is_null).then_some(text));
                was_quoted = false;
            }
            ' ' if !quoted && (item.is_empty() || was_quoted) => {}
            c => item.push(c),
        }
    }
    (!quoted).then_some(items)
}

/// The items between commas that no parentheses, brackets or quotes enclose.
pub(super) fn split_top_level(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut start = 0;
    for (at, depth, byte) in Depths::of(text) {
        if depth == 0 && byte == b',' {
            items.push(text[start..at].trim());
            start = at + 1;
        }
    }
    if !text[start..].trim().is_empty() {
        items.push(text[start..].trim());
    }
    items
}
