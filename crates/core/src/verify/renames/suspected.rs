//! What may have another name, though no difference tells: only where rows contradict the catalogs, and the advice
//! would be to delete them.

use crate::model::{ForeignKey, Identifier, Schema};

use super::order::ordered;
use super::{Names, Reason, Rename, Scope, apart, aside, columns, tables};

/// What `key` of `table`, whose rows are orphans, may be over instead: columns that are in each other's places, or
/// another table with the columns of one of its two.
pub fn of_key(
    live: &Schema,
    target: &Schema,
    table: &Identifier,
    key: &ForeignKey,
) -> Option<Rename> {
    let parent = key.references.here();
    let of_parent = || columns_of(live, target, parent?, &key.referenced_columns);
    let mut both = [Some(table), parent].into_iter().flatten();
    columns_of(live, target, table, &key.columns)
        .or_else(of_parent)
        .or_else(|| both.find_map(|table| twin_of(live, target, table)))
}

/// Columns of `table` that are in each other's places, one of `names` among them.
fn columns_of(
    live: &Schema,
    target: &Schema,
    table: &Identifier,
    names: &[Identifier],
) -> Option<Rename> {
    let (here, there) = (live.tables.get(table)?, target.tables.get(table)?);
    let placed = columns::by_position(here, there)?.names;
    let mut parts = apart(&placed).into_iter();
    let part = parts.find(|part| names.iter().any(|name| part.contains_key(name)))?;
    let reason = Reason::MayBeSwapped(part.keys().cloned().collect());
    let taken = columns::column_names(here);
    let statements = ordered(&part, &taken);
    Some(Rename::suspected(
        Scope::Columns(table.clone()),
        statements,
        reason,
    ))
}

/// A table that only the live schema has, with the columns of `table`.
fn twin_of(live: &Schema, target: &Schema, table: &Identifier) -> Option<Rename> {
    let wanted = tables::columns(target.tables.get(table)?);
    let others = live.table_names();
    let mut strange = others.filter(|name| !target.tables.contains_key(*name));
    let twin = strange.find(|name| tables::columns(&live.tables[*name]) == wanted)?;
    let taken = live.tables.keys().cloned().collect();
    let names = aside(Names::from([(twin.clone(), table.clone())]), &taken);
    let reason = Reason::MayHold {
        held: twin.clone(),
        expected: table.clone(),
    };
    Some(Rename::suspected(
        Scope::Tables,
        ordered(&names, &taken),
        reason,
    ))
}
