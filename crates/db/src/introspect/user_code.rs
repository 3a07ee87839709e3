//! User-defined code that work on rows runs: a JSON object a row, which the trials compare as a text too.

use serde::Deserialize;

use crate::query::{Answer as _, answer};
use crate::session::Unreadable;
use leora_core::model::Identifier;
use leora_core::verify::user_code::{CodeByTable, CodeKind, Event, UserCode};

answer! {
    pub(crate) struct Line of "user_code" {
        line: String,
    }
}

answer! {
    /// What the trials ask by themselves: the lines as one text.
    pub(crate) struct Fingerprint of "user_code_fingerprint" {
        #[expect(dead_code, reason = "the server compares it")]
        fingerprint: String,
    }
}

/// What a line says. Names are SQL, but for those of the table and the column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    table: Identifier,
    kind: Kind,
    name: String,
    /// A function's.
    owner: Option<String>,
    /// The table it is on, where that is another.
    on: Option<String>,
    /// A bit for each event.
    events: u8,
    per_row: bool,
    fills: Option<Identifier>,
    sequences: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Trigger,
    Rule,
    Function,
}

const BITS: [(u8, Event); 4] = [
    (1, Event::Insert),
    (2, Event::Update),
    (4, Event::Delete),
    (8, Event::Read),
];

pub(super) fn read(rows: Vec<Line>) -> Result<CodeByTable, Unreadable> {
    let mut lines: Vec<_> = rows.into_iter().map(|row| row.line).collect();
    lines.sort_unstable();
    let found: Result<Vec<_>, _> = lines.iter().map(|line| code(line)).collect();
    Ok(CodeByTable::new(found?, lines.join("\n")))
}

fn code(line: &str) -> Result<(Identifier, UserCode), Unreadable> {
    let unreadable = |_| Unreadable::Unexpected {
        query: Line::QUERY.name,
        column: "line",
        expected: "description of user-defined code",
        found: Some(line.to_owned()),
    };
    let code: Code = serde_json::from_str(line).map_err(unreadable)?;
    let kind = match code.kind {
        Kind::Trigger => CodeKind::Trigger,
        Kind::Rule => CodeKind::Rule,
        Kind::Function => CodeKind::Function {
            owner: code.owner.unwrap_or_default(),
        },
    };
    let run_by = BITS.iter().filter(|(bit, _)| code.events & bit != 0);
    let found = UserCode {
        kind,
        name: code.name,
        on: code.on,
        events: run_by.map(|(_, event)| *event).collect(),
        per_row: code.per_row,
        fills: code.fills,
        sequences: code.sequences,
    };
    Ok((code.table, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_into_the_code_it_tells_of() {
        let line = r#"{"table": "Errand", "kind": "function", "name": "public.f()", "owner": "mallory", "on": null,
            "events": 6, "per_row": true, "fills": "code", "sequences": "s"}"#;
        let (table, read) = code(line).expect("a line");
        assert_eq!(table.as_str(), "Errand");
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
        let trigger = r#"{"table": "Errand", "kind": "trigger", "name": "t", "owner": null, "on": "other.x",
            "events": 9, "per_row": false, "fills": null, "sequences": null}"#;
        let (_, read) = code(trigger).expect("a line");
        assert_eq!(read.kind, CodeKind::Trigger);
        assert_eq!(read.events, [Event::Insert, Event::Read]);
        assert_eq!(read.on.as_deref(), Some("other.x"));
        for wrong in [
            trigger.replace("trigger", "procedure"),
            trigger.replace("\"Errand\"", "null"),
            trigger.replace("9", "-1"),
            trigger.replace("\"on\"", "\"upon\""),
        ] {
            assert!(code(&wrong).is_err(), "{wrong}");
        }
    }
}
