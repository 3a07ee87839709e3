//! Arrays and vectors as PostgreSQL prints them (manual, 8.15.6).

use std::str::FromStr;

/// The numbers of an array (`{1,2}`) or a vector (`1 2`); `None` where something else is among them.
pub(super) fn numbers<N: FromStr>(text: &str) -> Option<Vec<N>> {
    let parts = text.trim_matches(['{', '}']).split([',', ' ']);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// The elements of an array of one dimension, `None` for NULL; `None` where it is no array.
pub(super) fn texts(text: &str) -> Option<Vec<Option<String>>> {
    // Bounds are printed where the first element is not number 1: [0:1]={a,b}
    let elements = match text.split_once('=') {
        Some((bounds, elements)) if bounds.starts_with('[') => elements,
        _ => text,
    };
    let inside = elements.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    let mut chars = inside.chars().peekable();
    while chars.peek().is_some() {
        let mut element = String::new();
        let quoted = chars.next_if_eq(&'"').is_some();
        while let Some(c) = chars.next() {
            match c {
                '\\' => element.extend(chars.next()),
                '"' if quoted => {
                    chars.next();
                    break;
                }
                ',' if !quoted => break,
                c => element.push(c),
            }
        }
        let null = !quoted && element.eq_ignore_ascii_case("null");
        elements.push((!null).then_some(element));
    }
    Some(elements)
}

/// An array of texts, as PostgreSQL reads one.
pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = texts.into_iter().map(|text| {
        let escaped = text.replace('\\', r"\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    });
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_what_quotes_protect() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            texts(r#"{a,"b c","d\"e\\","","NULL",NULL,"x,y"}"#),
            Some(vec![
                some("a"),
                some("b c"),
                some("d\"e\\"),
                some(""),
                some("NULL"),
                None,
                some("x,y"),
            ])
        );
        let bounds = texts("[0:1]={-,\"\\\"C\\\"\"}");
        assert_eq!(bounds, Some(vec![some("-"), some("\"C\"")]));
        assert_eq!(texts("{}"), Some(vec![]));
        assert_eq!(texts("a"), None);
        assert_eq!(texts("{a"), None);
    }

    #[test]
    fn an_array_that_was_written_is_read_again() {
        let written = ["a", "", "NULL", "b c", "d\"e\\", "x,y", "{}", "\u{e9}"];
        let read = texts(&of_texts(written));
        let expected = written.map(|text| Some(text.to_owned())).to_vec();
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn numbers_come_from_arrays_and_vectors() {
        assert_eq!(numbers::<i16>("{1,-2}"), Some(vec![1, -2]));
        assert_eq!(numbers::<i16>("1 0 3"), Some(vec![1, 0, 3]));
        assert_eq!(numbers::<u32>("4294967295"), Some(vec![u32::MAX]));
        assert_eq!(numbers::<i16>(""), Some(vec![]));
        assert_eq!(numbers::<i16>("1 a"), None);
        assert_eq!(numbers::<i16>("32768"), None);
    }
}
