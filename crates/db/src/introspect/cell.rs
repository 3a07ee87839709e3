//! What stands in one column of an answer.

use crate::array;
use crate::session::Row;
use leora_core::model::{Action, Firing, Identifier};

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

pub(super) fn text(row: &Row, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}

pub(super) fn yes(row: &Row, column: usize) -> bool {
    match row.get(column) {
        Some("t") => true,
        Some("f") | None => false,
        Some(_) => {
            row.is_no("boolean", column);
            false
        }
    }
}

pub(super) fn oid(row: &Row, column: usize) -> u32 {
    row.number(column).unwrap_or_default()
}

pub(super) fn number(row: &Row, column: usize) -> i16 {
    row.number(column).unwrap_or_default()
}

/// The numbers of an array or a vector.
pub(super) fn numbers(row: &Row, column: usize) -> Vec<i16> {
    array::numbers(text(row, column)).unwrap_or_else(|| {
        row.is_no("array of numbers", column);
        Vec::new()
    })
}

/// The elements of an array, `None` for NULL.
pub(super) fn texts(row: &Row, column: usize) -> Vec<Option<String>> {
    let text = text(row, column);
    if !text.is_empty() && !text.ends_with('}') {
        row.is_no("array", column);
    }
    array::texts(text)
}

pub(super) fn name(row: &Row, column: usize) -> Identifier {
    Identifier::of_the_catalog(text(row, column)).unwrap_or_else(|_| {
        row.is_no("name", column);
        Identifier::unknown()
    })
}
