//! Arrays and vectors as PostgreSQL prints them (manual, 8.15.6).

/// The numbers of a `smallint[]` (`{1,2}`) or an `int2vector` (`1 2`); `None` where something else is among them.
pub(super) fn numbers(text: &str) -> Option<Vec<i16>> {
    parts(text).map(|part| part.parse().ok()).collect()
}

/// The oids of an `oidvector` (`1 2`).
pub(super) fn oids(text: &str) -> Vec<u32> {
    parts(text).filter_map(|part| part.parse().ok()).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['{', '}'])
        .split([',', ' '])
        .filter(|part| !part.is_empty())
}

/// The elements of an array of one dimension; `None` for NULL.
pub(super) fn texts(text: &str) -> Vec<Option<String>> {
    // Where the first element is not the first by number, the bounds stand before it: [0:1]={a,b}
    let elements = match text.split_once('=') {
        Some((bounds, elements)) if bounds.starts_with('[') => elements,
        _ => text,
    };
    let Some(inside) = elements
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return Vec::new();
    };
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
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_what_quotes_protect() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            texts(r#"{a,"b c","d\"e\\","","NULL",NULL,"x,y"}"#),
            [
                some("a"),
                some("b c"),
                some("d\"e\\"),
                some(""),
                some("NULL"),
                None,
                some("x,y"),
            ]
        );
        assert_eq!(texts("[0:1]={-,\"\\\"C\\\"\"}"), [some("-"), some("\"C\"")]);
        assert_eq!(texts("{}"), []);
    }

    #[test]
    fn numbers_come_from_arrays_and_vectors() {
        assert_eq!(numbers("{1,-2}"), Some(vec![1, -2]));
        assert_eq!(numbers("1 0 3"), Some(vec![1, 0, 3]));
        assert_eq!(numbers(""), Some(vec![]));
        assert_eq!(numbers("1 a"), None);
    }
}
