//! What stands in one column of an answer.

use postgres::SimpleQueryRow;

use crate::model::{Action, Firing, Identifier};

/// Whether every row was checked is [`Validity`]'s to say.
pub(super) fn without_not_valid(definition: &str) -> String {
    definition
        .trim_end_matches(" NOT VALID")
        .trim_end_matches(" NOT ENFORCED")
        .to_owned()
}

pub(super) fn action(code: &str) -> Action {
    match code {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}

pub(super) fn firing(code: &str) -> Firing {
    match code {
        "D" => Firing::Disabled,
        "R" => Firing::ReplicaOnly,
        "A" => Firing::Always,
        _ => Firing::Enabled,
    }
}

pub(super) fn text(row: &SimpleQueryRow, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}

pub(super) fn yes(row: &SimpleQueryRow, column: usize) -> bool {
    row.get(column) == Some("t")
}

pub(super) fn oid(row: &SimpleQueryRow, column: usize) -> u32 {
    text(row, column).parse().unwrap_or_default()
}

pub(super) fn number(row: &SimpleQueryRow, column: usize) -> i16 {
    text(row, column).parse().unwrap_or_default()
}

pub(super) fn name(row: &SimpleQueryRow, column: usize) -> Identifier {
    Identifier::new(text(row, column))
        .expect("a name that PostgreSQL's catalog holds is one PostgreSQL keeps")
}
