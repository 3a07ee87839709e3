//! What there is of the history.

use super::answer::Unreadable;
use super::query::{Answer as _, Query, answer};
use leora_core::plan::record::{HistoryState, Layout};

answer! {
    /// What there is of the history.
    pub(crate) struct StateRow of "history_state" {
        has_schema: bool,
        has_table: bool,
        layout: Option<String>,
        may_be_upgraded: bool,
    }
}

pub(crate) const QUERIES: &[Query] = &[StateRow::QUERY];

impl StateRow {
    /// The answer, of one row.
    pub(crate) fn one(rows: &[StateRow]) -> Result<HistoryState, Unreadable> {
        let row = rows.first().ok_or(Unreadable::NoRow)?;
        let layout = || Layout::read(row.layout.as_deref(), row.may_be_upgraded);
        Ok(match (row.has_schema, row.has_table) {
            (_, true) => HistoryState::Present(layout()),
            (true, false) => HistoryState::SchemaOnly,
            (false, false) => HistoryState::Absent,
        })
    }
}
