//! Names that a plan needs and that something else holds already.

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use crate::code::Code;
use crate::ddl::Change;
use crate::diff::{Object, ObjectKind};
use crate::model::{Identifier, Schema};

/// A refusal for each name that one of `changes` would create and that stands in `actual`.
///
/// Tables, indexes, views and sequences of a schema share one set of names (`pg_class`), and a table's
/// row type shares one with enums and domains (`pg_type`).
pub(super) fn taken_names(changes: &[Change], actual: &Schema) -> Vec<Refusal> {
    let (relations, types) = (relations(actual), types(actual));
    let rebuilt: BTreeSet<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::DropIndex { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    let mut refusals = Vec::new();
    let mut refuse = |owner: &Identifier, kind, name: &Identifier, holder: Option<&String>| {
        refusals.extend(holder.map(|holder| refusal(owner, kind, name, holder)));
    };
    for change in changes {
        match change {
            Change::CreateTable { name, definition } => {
                let holder = relations.get(name).or(types.get(name));
                refuse(name, ObjectKind::Table, name, holder);
                if let Some(key) = &definition.primary_key {
                    refuse(
                        name,
                        ObjectKind::PrimaryKey,
                        &key.name,
                        relations.get(&key.name),
                    );
                }
            }
            Change::AddPrimaryKey { table, key } => {
                refuse(
                    table,
                    ObjectKind::PrimaryKey,
                    &key.name,
                    relations.get(&key.name),
                );
            }
            Change::CreateIndex { table, name, .. } if !rebuilt.contains(name) => {
                refuse(table, ObjectKind::Index, name, relations.get(name));
            }
            _ => {}
        }
    }
    refusals
}

fn relations(actual: &Schema) -> BTreeMap<&Identifier, String> {
    let mut holders = BTreeMap::new();
    for (name, table) in &actual.tables {
        let keys = table.primary_key.iter().map(|key| &key.name);
        let indexes = table.indexes.keys().chain(keys);
        holders.extend(indexes.map(|index| (index, format!("an index on {}", name.quoted()))));
        holders.insert(name, table.kind.noun().to_owned());
    }
    holders
}

fn types(actual: &Schema) -> BTreeMap<&Identifier, String> {
    let enums = actual.enums.keys().map(|name| (name, "an enum".to_owned()));
    let domains = actual
        .domains
        .keys()
        .map(|name| (name, "a domain".to_owned()));
    enums.chain(domains).collect()
}

fn refusal(owner: &Identifier, kind: ObjectKind, name: &Identifier, holder: &str) -> Refusal {
    Refusal {
        code: Code::NameTaken,
        object: Object::on(owner, kind, name),
        reason: format!("the name {} is taken by {holder}", name.quoted()),
        remedy: "Rename what holds it; PostgreSQL allows one relation of a name in a schema."
            .to_owned(),
    }
}
