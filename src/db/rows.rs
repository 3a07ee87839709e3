//! Which tables hold rows, and how many.

use std::collections::BTreeMap;

use super::session::{QueryError, Session};
use crate::model::Identifier;
use crate::plan::Rows;

/// Whether each of `tables`, which must stand, holds any rows, in the transaction that is open. It
/// looks for one row of each.
///
/// # Errors
///
/// When a table is not there, or the role may not read it, or row-level security would hide rows.
pub fn holding<'a>(
    session: &mut Session,
    tables: impl IntoIterator<Item = &'a Identifier>,
) -> Result<BTreeMap<Identifier, Rows>, QueryError> {
    let tables: Vec<_> = tables.into_iter().collect();
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let schema = session.schema.quoted();
    let each = |table: &&Identifier| format!("EXISTS (SELECT FROM {schema}.{})", table.quoted());
    let questions: Vec<_> = tables.iter().map(each).collect();
    let question = format!(
        "SAVEPOINT looking; SET LOCAL row_security = off; SELECT {}; ROLLBACK TO SAVEPOINT looking",
        questions.join(", ")
    );
    let answers = session.batch("looking for rows", &question)?;
    let row = answers.first().and_then(|rows| rows.first());
    let any = |i: usize| row.is_some_and(|row| row.get(i) == Some("t"));
    Ok(tables
        .into_iter()
        .enumerate()
        .map(|(i, table)| (table.clone(), Rows { any: any(i) }))
        .collect())
}
