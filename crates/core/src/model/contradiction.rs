//! What no database can hold: a schema written by hand may contradict itself.

use std::collections::BTreeSet;

use super::{ForeignKey, Identifier, IndexTarget, Schema, Table, TableReference};

/// Why a table of a schema could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The table.
    pub table: Identifier,
    /// A sentence without a full stop that names it.
    pub message: String,
}

/// The first thing that no PostgreSQL database could hold, in the order of names: a column that is
/// there twice or has no type, a key, an index or a foreign key over a column that is not there, a
/// foreign key to a table that is not there.
pub fn first_contradiction(schema: &Schema) -> Option<Contradiction> {
    schema.tables.iter().find_map(|(name, table)| {
        let message = own(table).or_else(|| of_references(schema, table))?;
        Some(Contradiction {
            table: name.clone(),
            message: format!("{} {message}", name.quoted()),
        })
    })
}

fn own(table: &Table) -> Option<String> {
    let mut columns = BTreeSet::new();
    for column in &table.columns {
        if !columns.insert(&column.name) {
            return Some(format!("has the column {} twice", column.name.quoted()));
        }
        if column.ty.as_str().is_empty() {
            return Some(format!(
                "has the column {} without a type",
                column.name.quoted()
            ));
        }
    }
    let absent = |names: &[Identifier]| names.iter().find(|name| !columns.contains(name)).cloned();
    let of_key = table.primary_key.iter().filter_map(|key| {
        let column = absent(&key.columns).or_else(|| absent(&key.include))?;
        Some((key.name.quoted(), column))
    });
    let of_indexes = table.indexes.iter().filter_map(|(name, index)| {
        let keys: Vec<_> = index
            .keys
            .iter()
            .filter_map(|key| match &key.on {
                IndexTarget::Column(column) => Some(column.clone()),
                IndexTarget::Expression(_) => None,
            })
            .collect();
        let column = absent(&keys).or_else(|| absent(&index.include))?;
        Some((name.quoted(), column))
    });
    let of_foreign_keys = table.foreign_keys.iter().filter_map(|(name, key)| {
        let column = absent(&key.columns).or_else(|| absent(&key.on_delete_columns))?;
        Some((name.quoted(), column))
    });
    let (over, column) = of_key.chain(of_indexes).chain(of_foreign_keys).next()?;
    Some(format!(
        "has no column {}, which {over} is over",
        column.quoted()
    ))
}

fn of_references(schema: &Schema, table: &Table) -> Option<String> {
    table.foreign_keys.iter().find_map(|(name, key)| {
        let why = of_reference(schema, key)?;
        Some(format!("has the foreign key {}, {why}", name.quoted()))
    })
}

fn of_reference(schema: &Schema, key: &ForeignKey) -> Option<String> {
    if key.columns.len() != key.referenced_columns.len() || key.columns.is_empty() {
        let (own, referenced) = (key.columns.len(), key.referenced_columns.len());
        return Some(format!("of {own} columns that reference {referenced}"));
    }
    let TableReference::Here(target) = &key.references else {
        return None;
    };
    let Some(referenced) = schema.tables.get(target) else {
        return Some(format!("to {}, which is not there", target.quoted()));
    };
    let column = key
        .referenced_columns
        .iter()
        .find(|column| referenced.column(column.as_str()).is_none())?;
    let (target, column) = (target.quoted(), column.quoted());
    Some(format!("to {target}, which has no column {column}"))
}
