//! A schema as it would be with other names.
//!
//! PostgreSQL keeps keys, indexes and foreign keys by the number of a column and the oid of a table (`pg_constraint.conkey`,
//! `pg_index.indkey`), so a rename changes all that mentions the name.

use std::collections::BTreeMap;

use crate::model::{
    Column, ColumnDefault, Domain, Expression, ForeignKey, Identifier, Index, IndexTarget, Schema,
    SqlType, Table, TableReference,
};

use super::Names;
use super::text::{renamed, spelled};

/// With other names for columns of `table`.
pub(super) fn columns(schema: &Schema, table: &Identifier, names: &Names) -> Schema {
    let mut schema = schema.clone();
    for (owner, definition) in &mut schema.tables {
        for key in definition.foreign_keys.values_mut() {
            if key.references.here() == Some(table) {
                many(&mut key.referenced_columns, names);
            }
        }
        if owner == table {
            own_columns(definition, names);
            texts(definition, names);
        }
    }
    schema
}

fn own_columns(table: &mut Table, names: &Names) {
    for column in &mut table.columns {
        one(&mut column.name, names);
    }
    if let Some(key) = &mut table.primary_key {
        many(&mut key.columns, names);
        many(&mut key.include, names);
    }
    for index in table.indexes.values_mut() {
        many(&mut index.include, names);
        for key in &mut index.keys {
            if let IndexTarget::Column(column) = &mut key.on {
                one(column, names);
            }
        }
    }
    for key in table.foreign_keys.values_mut() {
        many(&mut key.columns, names);
        many(&mut key.on_delete_columns, names);
    }
}

/// With other names for tables.
pub(super) fn tables(schema: &Schema, names: &Names) -> Schema {
    let mut schema = schema.clone();
    schema.tables = keyed(schema.tables, names);
    for table in schema.tables.values_mut() {
        for ForeignKey {
            references,
            disabled_on,
            ..
        } in table.foreign_keys.values_mut()
        {
            if let TableReference::Here(name) = references {
                one(name, names);
            }
            let disabled = std::mem::take(disabled_on).into_iter();
            *disabled_on = disabled.map(|name| given(name, names)).collect();
        }
        for relative in table.inherits.iter_mut().chain(&mut table.children) {
            *relative = renamed(relative, names);
        }
        texts(table, names);
    }
    schema
}

/// With other names for enums and domains.
pub(super) fn types(schema: &Schema, names: &Names) -> Schema {
    let mut schema = schema.clone();
    schema.enums = keyed(schema.enums, names);
    schema.domains = keyed(schema.domains, names);
    for Domain { ty, default, .. } in schema.domains.values_mut() {
        retyped(ty, names);
        if let Some(default) = default {
            expression(default, names);
        }
    }
    for table in schema.tables.values_mut() {
        for column in &mut table.columns {
            retyped(&mut column.ty, names);
        }
        texts(table, names);
    }
    schema
}

fn retyped(ty: &mut SqlType, names: &Names) {
    let element = ty.element();
    if let Some(name) = names.get(element.name().as_str()) {
        let array = &ty.as_str()[element.as_str().len()..];
        *ty = SqlType::new(spelled(name) + array);
    }
}

/// What SQL on `table` mentions.
fn texts(table: &mut Table, names: &Names) {
    for Column {
        default, generated, ..
    } in &mut table.columns
    {
        if let Some(ColumnDefault::Expression(default)) = default {
            expression(default, names);
        }
        if let Some(generated) = generated {
            expression(&mut generated.expression, names);
        }
    }
    for Index {
        keys, predicate, ..
    } in table.indexes.values_mut()
    {
        for key in keys {
            if let IndexTarget::Expression(over) = &mut key.on {
                expression(over, names);
            }
        }
        if let Some(predicate) = predicate {
            expression(predicate, names);
        }
    }
    let checks = table.checks.values_mut();
    let checks = checks.map(|check| &mut check.definition);
    let triggers = table.triggers.values_mut().chain(table.rules.values_mut());
    let triggers = triggers.map(|trigger| &mut trigger.definition);
    let policies = table.row_security.policies.values_mut();
    let definitions = checks.chain(triggers).chain(policies);
    for text in definitions.chain(&mut table.partitioning) {
        *text = renamed(text, names);
    }
}

fn expression(expression: &mut Expression, names: &Names) {
    *expression = Expression::new(renamed(expression.as_str(), names));
}

fn keyed<T>(things: BTreeMap<Identifier, T>, names: &Names) -> BTreeMap<Identifier, T> {
    let things = things.into_iter();
    things
        .map(|(name, thing)| (given(name, names), thing))
        .collect()
}

fn given(name: Identifier, names: &Names) -> Identifier {
    names.get(&name).cloned().unwrap_or(name)
}

fn one(name: &mut Identifier, names: &Names) {
    if let Some(other) = names.get(name) {
        *name = other.clone();
    }
}

fn many(all: &mut [Identifier], names: &Names) {
    for name in all {
        one(name, names);
    }
}
