//! The answer about user-defined code: a JSON array a row (`db/catalog/user_code.sql`).

use super::cell::text;
use crate::session::Rows;
use leora_core::model::Identifier;
use leora_core::verify::user_code::{CodeByTable, CodeKind, Event, UserCode};

/// A row: the table; kind, name and owner of the code; the table it is on, where it is another; a bit for each event;
/// whether it runs for rows alone; the column whose default it is; the sequences it advances.
type Line = (
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    u8,
    bool,
    Option<String>,
    Option<String>,
);

const BITS: [(u8, Event); 4] = [
    (1, Event::Insert),
    (2, Event::Update),
    (4, Event::Delete),
    (8, Event::Read),
];

/// No answer of the server's.
const UNREADABLE: &str = "unreadable";

pub(super) fn read(rows: &Rows) -> CodeByTable {
    let mut lines: Vec<_> = rows.iter().map(|row| text(row, 0)).collect();
    lines.sort_unstable();
    let found: Option<Vec<_>> = lines.iter().map(|line| code(line)).collect();
    match found {
        Some(found) => CodeByTable::new(found, lines.join("\n")),
        // With this fingerprint nothing is tried.
        None => CodeByTable::new([], UNREADABLE.to_owned()),
    }
}

fn code(line: &str) -> Option<(Identifier, UserCode)> {
    let (table, kind, name, owner, on, events, per_row, fills, sequences): Line =
        serde_json::from_str(line).ok()?;
    let kind = match kind.as_str() {
        "trigger" => CodeKind::Trigger,
        "rule" => CodeKind::Rule,
        _ => CodeKind::Function {
            owner: owner.unwrap_or_default(),
        },
    };
    let run_by = BITS.iter().filter(|(bit, _)| events & bit != 0);
    let code = UserCode {
        kind,
        name,
        on,
        events: run_by.map(|(_, event)| *event).collect(),
        per_row,
        fills: fills.and_then(|column| Identifier::of_the_catalog(column).ok()),
        sequences,
    };
    Some((Identifier::of_the_catalog(table).ok()?, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_into_the_code_it_tells_of() {
        let line = r#"["Job", "function", "public.f()", "mallory", null, 6, true, "code", "s"]"#;
        let (table, read) = code(line).expect("a line");
        assert_eq!(table.as_str(), "Job");
        let expected = UserCode {
            kind: CodeKind::Function {
                owner: "mallory".to_owned(),
            },
            name: "public.f()".to_owned(),
            on: None,
            events: vec![Event::Update, Event::Delete],
            per_row: true,
            fills: Identifier::new("code").ok(),
            sequences: Some("s".to_owned()),
        };
        assert_eq!(read, expected);
        let trigger = r#"["Job", "trigger", "t", null, "other.x", 9, false, null, null]"#;
        let (_, read) = code(trigger).expect("a line");
        assert_eq!(read.kind, CodeKind::Trigger);
        assert_eq!(read.events, [Event::Insert, Event::Read]);
        assert_eq!(read.on.as_deref(), Some("other.x"));
    }
}
