//! Rows that name, by a foreign key, a row that is not there.

use leora_core::model::{ForeignKey, Identifier, Table};

/// The rows `c` of the table `child`, which is `definition`, that reference by `key` no row of `parent`, from `FROM`
/// on. `parent` is `None` where the table is yet to be made, and holds nothing.
pub(super) fn rows_that_name_none(
    child: &Identifier,
    definition: &Table,
    parent: Option<(&Identifier, &Table)>,
    key: &ForeignKey,
) -> String {
    let given: Vec<_> = key
        .columns
        .iter()
        .map(|column| format!("c.{} IS NOT NULL", column.quoted()))
        .collect();
    let (only, given) = (definition.only(), given.join(" AND "));
    let rows = format!("FROM {only}{} c WHERE {given}", child.quoted());
    let Some((parent, there)) = parent else {
        return rows;
    };
    let same: Vec<_> = key
        .columns
        .iter()
        .zip(&key.referenced_columns)
        .map(|(own, other)| {
            let column = definition.column(own.as_str());
            let equals = column.map_or("=", |column| column.ty.equality());
            format!("p.{} {equals} c.{}", other.quoted(), own.quoted())
        })
        .collect();
    format!(
        "{rows} AND NOT EXISTS (SELECT FROM {}{} p WHERE {})",
        there.only(),
        parent.quoted(),
        same.join(" AND ")
    )
}
