//! Which tables hold no rows.

use std::collections::BTreeSet;

use super::session::{QueryError, Session};
use leora_core::model::Identifier;

/// Those of `tables`, which must exist, that hold no rows, in the transaction that is open. It looks for one row of
/// each.
///
/// # Errors
///
/// When a table is not there, or the role may not read it, or row-level security would hide rows.
pub fn empty<'a>(
    session: &mut Session,
    tables: impl IntoIterator<Item = &'a Identifier>,
) -> Result<BTreeSet<Identifier>, QueryError> {
    let tables: Vec<_> = tables.into_iter().collect();
    if tables.is_empty() {
        return Ok(BTreeSet::new());
    }
    let schema = session.schema.quoted();
    let each =
        |table: &&Identifier| format!("NOT EXISTS (SELECT FROM {schema}.{})", table.quoted());
    let questions: Vec<_> = tables.iter().map(each).collect();
    let question = format!(
        "SAVEPOINT looking; SET LOCAL row_security = off; SELECT {}; ROLLBACK TO SAVEPOINT looking",
        questions.join(", ")
    );
    let answers = session.batch("looking for rows", &question)?;
    let row = answers.first().and_then(|rows| rows.first());
    let is_empty = |i: usize| row.is_some_and(|row| row.get(i) == Some("t"));
    Ok(tables
        .into_iter()
        .enumerate()
        .filter(|(i, _)| is_empty(*i))
        .map(|(_, table)| table.clone())
        .collect())
}
