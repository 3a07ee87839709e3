//! What drops a thing, and what makes it.

use super::column;
use crate::ddl::Change;
use crate::diff::{Object, ObjectKind};
use crate::model::{Deferrable, Identifier, PrimaryKey, Table, Validity};
use crate::verify::evidence::Evidence;

/// What drops `object`, which stands.
pub(super) fn dropped(evidence: &Evidence<'_>, object: &Object) -> Option<String> {
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    let actual = evidence.actual.tables.get(&object.owner);
    let index = actual.and_then(|table| table.indexes.get(&object.name));
    Some(match object.kind {
        ObjectKind::Check | ObjectKind::ForeignKey | ObjectKind::PrimaryKey => {
            format!("ALTER TABLE {table} DROP CONSTRAINT {name}")
        }
        // PostgreSQL drops it with its constraint only.
        ObjectKind::Index if index.is_some_and(|index| index.constraint) => {
            format!("ALTER TABLE {table} DROP CONSTRAINT {name}")
        }
        ObjectKind::Trigger => format!("DROP TRIGGER {name} ON {table}"),
        ObjectKind::Rule => format!("DROP RULE {name} ON {table}"),
        ObjectKind::Policy => format!("DROP POLICY {name} ON {table}"),
        ObjectKind::Index => format!("DROP INDEX CONCURRENTLY {name}"),
        ObjectKind::Column => format!("ALTER TABLE {table} DROP COLUMN {name}"),
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => return None,
    })
}

/// What makes a thing that `wanted` has.
pub(super) fn made(object: &Object, wanted: &Table) -> Option<String> {
    let (table, name) = (object.owner.clone(), object.name.clone());
    let change = match object.kind {
        ObjectKind::Index => Change::CreateIndex {
            index: wanted.indexes.get(&name)?.clone(),
            table,
            name,
            concurrently: true,
        },
        ObjectKind::ForeignKey => Change::AddForeignKey {
            key: wanted.foreign_keys.get(&name)?.clone(),
            table,
            name,
            not_valid: true,
        },
        ObjectKind::PrimaryKey => Change::AddPrimaryKey {
            key: wanted.primary_key.clone()?,
            table,
        },
        ObjectKind::Column => return Some(column::anew(wanted.column(name.as_str())?, &table)),
        ObjectKind::Check => {
            let check = wanted.checks.get(&name)?;
            let definition = &check.definition;
            let sql = format!(
                "ALTER TABLE {} ADD CONSTRAINT {} {definition}",
                table.quoted(),
                name.quoted()
            );
            // Only these and foreign keys can be NOT VALID (manual, ALTER TABLE).
            return Some(if definition.starts_with("CHECK") {
                format!(
                    "{sql} NOT VALID;{}",
                    validated(&table, &name, check.validity)
                )
            } else {
                format!("{sql};")
            });
        }
        ObjectKind::Trigger => {
            let trigger = wanted.triggers.get(&name);
            return trigger.map(|trigger| format!("{};", trigger.definition));
        }
        ObjectKind::Rule => {
            let rule = wanted.rules.get(&name)?;
            return Some(format!("{};", rule.definition.trim_end_matches(';')));
        }
        ObjectKind::Policy => {
            let definition = wanted.row_security.policies.get(&name)?;
            return Some(format!(
                "CREATE POLICY {} ON {} {definition};",
                name.quoted(),
                table.quoted()
            ));
        }
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => return None,
    };
    let then = match &change {
        Change::AddForeignKey {
            table, name, key, ..
        } => validated(table, name, key.validity),
        _ => String::new(),
    };
    Some(format!("{};{then}", change.sql()))
}

/// What makes an index that nobody asked for the primary key that is not there.
pub(super) fn used_as_key(evidence: &Evidence<'_>, object: &Object) -> Option<String> {
    let there = evidence.actual.tables.get(&object.owner)?;
    let key = evidence
        .promise
        .whole
        .tables
        .get(&object.owner)?
        .primary_key
        .as_ref()?;
    let could_be = object.kind == ObjectKind::Index
        && there.primary_key.is_none()
        && there
            .indexes
            .get(&object.name)
            .is_some_and(|index| index.could_be(key));
    could_be.then(|| {
        format!(
            "ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY USING INDEX {};",
            object.owner.quoted(),
            key.name.quoted(),
            object.name.quoted()
        )
    })
}

/// What makes a primary key anew, as `wanted`, with its index built before it is missed.
pub(super) fn key_anew(table: &Identifier, wanted: &PrimaryKey) -> Option<String> {
    let is_plain = wanted.include.is_empty() && wanted.deferrable == Deferrable::No;
    let new = Identifier::new(format!("{}_new", wanted.name.as_str())).ok()?;
    let columns: Vec<_> = wanted.columns.iter().map(Identifier::quoted).collect();
    let (table, name, new) = (table.quoted(), wanted.name.quoted(), new.quoted());
    is_plain.then(|| {
        format!(
            "CREATE UNIQUE INDEX CONCURRENTLY {new} ON {table} ({});\n\
             ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {new};\n\
             -- PostgreSQL refuses this while foreign keys reference it: drop them first, and make them again after it",
            columns.join(", ")
        )
    })
}

/// The statement that has the rows checked that stood before, where all are to be.
fn validated(table: &Identifier, name: &Identifier, validity: Validity) -> String {
    if validity == Validity::Valid {
        let (table, name) = (table.quoted(), name.quoted());
        format!("\nALTER TABLE {table} VALIDATE CONSTRAINT {name};")
    } else {
        String::new()
    }
}
