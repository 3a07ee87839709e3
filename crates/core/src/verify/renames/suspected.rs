//! What may have another name, though with it no less differs: columns that are in each other's places, and a table with
//! the columns of another. Only where the advice would be to delete rows, or to create keys and indexes over the values
//! of another column.

use crate::diff::{Difference, DifferenceKind, ObjectKind};
use crate::model::{ForeignKey, Identifier, Schema, Table};

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

/// What a key, an index or a foreign key that is missing or differs may be over instead.
pub fn of_difference(live: &Schema, target: &Schema, difference: &Difference) -> Option<Rename> {
    let object = &difference.object;
    let columns = |table: &Table| match object.kind {
        ObjectKind::PrimaryKey => Some(table.primary_key.as_ref()?.columns.clone()),
        ObjectKind::Index => Some(table.indexes.get(&object.name)?.columns()),
        ObjectKind::ForeignKey => Some(table.foreign_keys.get(&object.name)?.columns.clone()),
        _ => None,
    };
    let is_wanted = difference.kind != DifferenceKind::Unexpected;
    let wanted = target.tables.get(&object.owner).filter(|_| is_wanted)?;
    columns_of(live, target, &object.owner, &columns(wanted)?)
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
