//! The columns by which rows of a table are told apart.

use crate::model::{Deferrable, Identifier, IndexState, IndexTarget, Table};

/// The columns of every unique index that holds for every row, the primary key's first, and whether
/// two NULLs are the same in it.
pub(super) fn unique_keys(table: &Table) -> Vec<(Vec<&Identifier>, bool)> {
    let primary = table
        .primary_key
        .iter()
        .map(|key| (key.columns.iter().collect(), false));
    let indexes = table.indexes.values().filter(|index| {
        let looks = matches!(index.state, IndexState::Valid | IndexState::Invalid);
        index.unique && index.predicate.is_none() && looks
    });
    let others = indexes.filter_map(|index| {
        let columns = index.keys.iter().map(|key| match &key.on {
            IndexTarget::Column(column) => Some(column),
            IndexTarget::Expression(_) => None,
        });
        Some((
            columns.collect::<Option<Vec<_>>>()?,
            index.nulls_not_distinct,
        ))
    });
    primary.chain(others).collect()
}

/// The columns that tell a row from all others: of the primary key, or of a unique index without NULLs.
pub(super) fn row_key(table: &Table) -> Option<Vec<&Identifier>> {
    let at_once = table
        .primary_key
        .as_ref()
        .is_none_or(|key| key.deferrable == Deferrable::No);
    let keys = unique_keys(table);
    let required = |columns: &[&Identifier]| {
        columns.iter().all(|name| {
            table
                .column(name.as_str())
                .is_some_and(|column| !column.nullable)
        })
    };
    let primary = keys
        .iter()
        .find(|(columns, _)| at_once && required(columns));
    primary.or(keys.first()).map(|(columns, _)| columns.clone())
}
