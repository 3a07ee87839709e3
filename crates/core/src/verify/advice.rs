//! What a design leaves open: worth saying aloud, not a failure.

mod entry;

use serde::Serialize;

use super::check::Group;
use crate::ddl::{Change, key_list};
use crate::model::name::{literal, prisma};
use crate::model::replication::Slot;
use crate::model::{ForeignKey, Identifier, Index, IndexKey, IndexTarget, Schema, Table};
use entry::{
    CROSS_TENANT_REFERENCE, INACTIVE_SLOT, NULLS_DISTINCT, REPEATED_INDEX, UNINDEXED_FOREIGN_KEY,
};

pub(super) use entry::DELETE_ORDER;
pub use entry::{ADVICE, AdviceEntry};

/// Something that a team may want to settle, and the SQL that would.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// Its stable name.
    pub id: &'static str,
    /// What is open, in one line.
    pub title: String,
    /// Why it matters.
    pub detail: String,
    /// What would settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

impl Advice {
    /// The part of the checklist that it is about.
    pub fn group(&self) -> Group {
        self.entry().map_or(Group::Integrity, |entry| entry.group)
    }

    /// The words after the number of those of its kind, for one and for many. A delete that may be refused is told by
    /// itself.
    pub fn counted(&self) -> Option<(&'static str, &'static str)> {
        let is_refused = self.id == DELETE_ORDER.id && self.sql.is_some();
        self.entry()?.counted.filter(|_| !is_refused)
    }

    fn entry(&self) -> Option<&'static AdviceEntry> {
        ADVICE.iter().find(|entry| entry.id == self.id)
    }
}

/// What to know before any of the SQL is run.
pub const DECLARE_FIRST: &str = "Change the declaration first, or with it: verify holds the database to \
     what is declared, and a unique index or a foreign key that is not, or an index that is gone, makes it red.";

/// The logical slots that nobody is connected to: the server keeps WAL for them until its disk is full.
pub fn inactive_slots(slots: &[Slot]) -> Vec<Advice> {
    let inactive = slots.iter().filter(|slot| !slot.is_active);
    let advice = inactive.map(|slot| Advice {
        id: INACTIVE_SLOT.id,
        title: format!("logical slot {} is inactive: {}", slot.name.quoted(), slot.retained()),
        detail: format!(
            "Nobody is connected to it. Where its subscriber is to go on, see the subscriber's log: a table that it lacks stops \
             all replication. Where nobody needs it any more: SELECT pg_drop_replication_slot({});",
            literal(slot.name.as_str())
        ),
        sql: None,
    });
    advice.collect()
}

/// What the tables named leave open, in their order. `tenant` is the column that says whose a row is.
pub fn advise(schema: &Schema, tables: &[Identifier], tenant: Option<&str>) -> Vec<Advice> {
    let mut advice = Vec::new();
    for name in tables {
        let Some(table) = schema.tables.get(name) else {
            continue;
        };
        advice.extend(
            table
                .indexes
                .iter()
                .filter_map(|(index, definition)| nulls_distinct(name, table, index, definition)),
        );
        advice.extend(
            table
                .foreign_keys
                .values()
                .filter_map(|key| unindexed(name, table, key, tenant)),
        );
        advice.extend(
            table
                .indexes
                .iter()
                .filter_map(|(index, definition)| repeats(name, table, index, definition)),
        );
        advice.extend(table.foreign_keys.iter().filter_map(|(key, definition)| {
            crosses_tenants(schema, (name, table), (key, definition), tenant?)
        }));
    }
    advice
}

fn columns(index: &Index) -> Option<Vec<&Identifier>> {
    index
        .keys
        .iter()
        .map(|key| match &key.on {
            IndexTarget::Column(column) => Some(column),
            IndexTarget::Expression(_) => None,
        })
        .collect()
}

fn quoted(names: &[&Identifier]) -> String {
    names
        .iter()
        .map(|name| name.quoted())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Two NULLs are distinct in a unique index (PostgreSQL manual, 11.6).
fn nulls_distinct(
    name: &Identifier,
    table: &Table,
    index_name: &Identifier,
    index: &Index,
) -> Option<Advice> {
    let keys = columns(index)?;
    let nullable: Vec<_> = keys
        .iter()
        .copied()
        .filter(|key| {
            table
                .column(key.as_str())
                .is_some_and(|column| column.nullable)
        })
        .collect();
    if !index.unique || index.nulls_not_distinct || index.predicate.is_some() || nullable.is_empty()
    {
        return None;
    }
    let others: Vec<_> = keys
        .iter()
        .copied()
        .filter(|key| !nullable.contains(key))
        .collect();
    let all_null = nullable
        .iter()
        .map(|key| format!("{} IS NULL", key.quoted()))
        .collect::<Vec<_>>()
        .join(" AND ");
    let settles = |other: &Index| {
        let is_of_nulls = other.predicate.as_ref().is_some_and(|predicate| {
            let bare = predicate.as_str().replace(['(', ')'], "");
            bare == all_null
        });
        other.unique && is_of_nulls && columns(other).is_some_and(|keys| keys == others)
    };
    if table.indexes.values().any(settles) {
        return None;
    }
    let sql = (!others.is_empty()).then(|| {
        format!(
            "CREATE UNIQUE INDEX CONCURRENTLY ON {} ({}) WHERE {all_null};",
            name.quoted(),
            quoted(&others)
        )
    });
    Some(Advice {
        id: NULLS_DISTINCT.id,
        title: format!("{} lets rows repeat where {} is NULL", index_name.quoted(), quoted(&nullable)),
        detail: "Two NULLs are distinct in a unique index, so nothing stops two such rows that are otherwise the \
                 same."
            .to_owned(),
        sql,
    })
}

/// Deleting or rekeying a referenced row looks for the rows that reference it.
fn unindexed(
    name: &Identifier,
    table: &Table,
    key: &ForeignKey,
    tenant: Option<&str>,
) -> Option<Advice> {
    // The tenant's rows are many: what else is in the key is what finds the few.
    let finds_few = |leading: &[&Identifier]| {
        let mut telling = leading
            .iter()
            .filter(|column| Some(column.as_str()) != tenant);
        telling.next().is_some() || leading.len() == key.columns.len()
    };
    let leads = |index: &Index| {
        index.predicate.is_none()
            && columns(index).is_some_and(|keys| {
                let leading = keys.iter().take_while(|name| key.columns.contains(name));
                finds_few(&leading.copied().collect::<Vec<_>>())
            })
    };
    let in_key = table
        .primary_key
        .as_ref()
        .is_some_and(|primary| primary.columns.starts_with(&key.columns));
    if in_key || table.indexes.values().any(leads) {
        return None;
    }
    let target = key.references.here()?;
    let columns: Vec<_> = key.columns.iter().collect();
    let index = Index {
        keys: key.columns.iter().map(plain_key).collect(),
        ..Index::default()
    };
    let create = Change::CreateIndex {
        table: name.clone(),
        name: prisma::index(name, &key.columns),
        index,
        concurrently: true,
    };
    Some(Advice {
        id: UNINDEXED_FOREIGN_KEY.id,
        title: format!(
            "no index of {} leads with {}",
            name.quoted(),
            quoted(&columns)
        ),
        detail: format!(
            "Deleting a row of {} reads all of {} to find the rows that reference it.",
            target.quoted(),
            name.quoted()
        ),
        sql: Some(create.sql() + ";"),
    })
}

fn plain_key(column: &Identifier) -> IndexKey {
    IndexKey {
        on: IndexTarget::Column(column.clone()),
        descending: false,
        nulls_reversed: false,
        operator_class: None,
        collation: None,
    }
}

/// An index whose keys begin another's answers nothing that the other does not.
fn repeats(
    name: &Identifier,
    table: &Table,
    index_name: &Identifier,
    index: &Index,
) -> Option<Advice> {
    if index.unique
        || index.predicate.is_some()
        || index.method.is_some()
        || !index.include.is_empty()
    {
        return None;
    }
    let longer = table.indexes.iter().find(|(other_name, other)| {
        let is_plain = other.predicate.is_none() && other.method.is_none();
        let begins = other.keys.starts_with(&index.keys);
        // Of two that are the same, the one later in the order of names is the one to spare.
        is_plain
            && begins
            && (other.keys.len() > index.keys.len() || other.unique || *other_name < index_name)
            && *other_name != index_name
    });
    let (longer_name, longer) = longer?;
    Some(Advice {
        id: REPEATED_INDEX.id,
        title: format!(
            "{} repeats the beginning of {}",
            index_name.quoted(),
            longer_name.quoted()
        ),
        detail: format!(
            "({}) begins ({}), which serves the same queries; each write to {} maintains both.",
            key_list(&index.keys),
            key_list(&longer.keys),
            name.quoted()
        ),
        sql: Some(
            Change::DropIndex {
                name: index_name.clone(),
                concurrently: true,
            }
            .sql()
                + ";",
        ),
    })
}

/// A reference that does not carry the tenant may lead to another tenant's row.
fn crosses_tenants(
    schema: &Schema,
    (name, table): (&Identifier, &Table),
    (key_name, key): (&Identifier, &ForeignKey),
    tenant: &str,
) -> Option<Advice> {
    let target = key.references.here()?;
    let has_tenant = |table: &Table| table.column(tenant).is_some();
    if !has_tenant(table) || !schema.tables.get(target).is_some_and(has_tenant) {
        return None;
    }
    let carries_tenant = |key: &ForeignKey| key.columns.iter().any(|own| *own == *tenant);
    let is_tied = table.foreign_keys.values().any(|other| {
        let is_over = key.columns.iter().all(|own| other.columns.contains(own));
        carries_tenant(other) && is_over && other.references == key.references
    });
    if carries_tenant(key) || is_tied {
        return None;
    }
    let tenant = Identifier::new(tenant).ok()?;
    let with_tenant = |columns: &'_ [Identifier]| [std::slice::from_ref(&tenant), columns].concat();
    let (own, referenced) = (
        with_tenant(&key.columns),
        with_tenant(&key.referenced_columns),
    );
    // Several may name one table, which needs the index once.
    let sql = format!(
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {target} ({referenced});\n\
         ALTER TABLE {name} ADD CONSTRAINT {constraint} FOREIGN KEY ({own}) REFERENCES {target} ({referenced}) \
         ON DELETE {on_delete} ON UPDATE {on_update} NOT VALID;\n\
         ALTER TABLE {name} VALIDATE CONSTRAINT {constraint};",
        index = prisma::unique(target, &referenced).quoted(),
        constraint = prisma::foreign_key(name, &own).quoted(),
        target = target.quoted(),
        name = name.quoted(),
        own = quoted(&own.iter().collect::<Vec<_>>()),
        referenced = quoted(&referenced.iter().collect::<Vec<_>>()),
        on_delete = key.on_delete.sql(),
        on_update = key.on_update.sql(),
    );
    Some(Advice {
        id: CROSS_TENANT_REFERENCE.id,
        title: format!("{} may name a row of another tenant", key_name.quoted()),
        detail: format!(
            "Nothing ties {} of {} to the row's own tenant. Deleting the tenant of the row it names then reaches, or \
             is refused by, a row of another tenant. A foreign key more is unexpected until schema.prisma, and what \
             verify compares with, have it too.",
            quoted(&key.columns.iter().collect::<Vec<_>>()),
            name.quoted()
        ),
        sql: Some(sql),
    })
}

#[cfg(test)]
mod tests;
