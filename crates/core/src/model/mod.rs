//! One description of a schema, whatever it was read from.

pub mod access;
pub mod canon;
mod column;
mod contradiction;
pub(crate) mod expression;
pub mod lower;
mod moment;
pub mod name;
pub mod operator_class;
mod printable;
pub mod replication;
mod shown;
pub mod snapshot;
mod sql_type;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use column::{Column, ColumnDefault, Generated, Identity};
pub use contradiction::{Contradiction, first_contradiction};
pub use expression::accepts_null;
pub use name::Identifier;
pub use printable::printable;
pub use shown::{in_a_line, in_lines, is_unsafe, said, within_a_line};
pub use sql_type::{Expression, SqlType};
pub use table::{
    Action, Constraint, Deferrable, Firing, ForeignKey, Index, IndexKey, IndexState, IndexTarget,
    Persistence, PrimaryKey, RowSecurity, Table, TableKind, TableReference, Trigger, Validity,
};

/// One schema (namespace) of a database.
///
/// Left out on purpose, because neither the application nor Prisma sees it: comments, statistics
/// targets, storage parameters, grants, replica identity, tablespaces, owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// The enums, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enums: BTreeMap<Identifier, Enum>,
    /// The domains, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub domains: BTreeMap<Identifier, Domain>,
    /// Everything that stands under a table's name, by name.
    pub tables: BTreeMap<Identifier, Table>,
}

/// The foreign keys of a schema by the table they reference.
pub struct References<'a>(BTreeMap<&'a str, Vec<Reference<'a>>>);

/// (referencing table, constraint, foreign key).
pub type Reference<'a> = (&'a Identifier, &'a Identifier, &'a ForeignKey);

impl<'a> References<'a> {
    /// Those that reference `table`, in the order of the referencing tables' names.
    pub fn to(&self, table: &str) -> &[Reference<'a>] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

/// An enum type: its labels in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Enum {
    /// The labels, in the order in which they sort.
    pub labels: Vec<String>,
    /// Whether the order is known. A `schema.prisma` does not say it: Prisma appends new labels
    /// (`ALTER TYPE ... ADD VALUE`) wherever the schema has them, and compares no order.
    #[serde(skip)]
    pub in_any_order: bool,
}

impl Enum {
    /// An enum whose labels sort in this order.
    pub fn new(labels: Vec<String>) -> Enum {
        Enum {
            labels,
            in_any_order: false,
        }
    }

    /// Whether both have the same labels, in the same order as far as that is known.
    pub fn has_labels_of(&self, other: &Enum) -> bool {
        if self.in_any_order || other.in_any_order {
            return self.has_all_of(other) && other.has_all_of(self);
        }
        self.labels == other.labels
    }

    /// Whether it has each label of `other`.
    pub fn has_all_of(&self, other: &Enum) -> bool {
        other.labels.iter().all(|label| self.labels.contains(label))
    }
}

/// A domain: a type with conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type it is over.
    #[serde(rename = "type")]
    pub ty: SqlType,
    /// Whether it refuses NULL.
    #[serde(default, skip_serializing_if = "table::is_default")]
    pub not_null: bool,
    /// Its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expression>,
    /// Its CHECK constraints, by name, as PostgreSQL prints them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<Identifier, Constraint>,
}

impl Schema {
    /// The names of the application's tables, in order: no views, no sequences.
    pub fn table_names(&self) -> impl Iterator<Item = &Identifier> {
        self.tables
            .iter()
            .filter(|(_, table)| table.kind.is_table())
            .map(|(name, _)| name)
    }

    /// The domain that `ty` is, and those it is over in turn; empty when it is none. A domain may have the
    /// name of a type of PostgreSQL's own, so none is looked into twice.
    pub fn domains_of(&self, ty: &SqlType) -> Vec<&Domain> {
        let mut chain: Vec<(&Identifier, &Domain)> = Vec::new();
        let mut below = ty;
        while let Some((name, domain)) = self.domains.get_key_value(below.name().as_str()) {
            if domain.ty == *below || chain.iter().any(|(seen, _)| *seen == name) {
                break;
            }
            chain.push((name, domain));
            below = &domain.ty;
        }
        chain.into_iter().map(|(_, domain)| domain).collect()
    }

    /// The type below all domains.
    pub fn base_type<'a>(&'a self, ty: &'a SqlType) -> &'a SqlType {
        let below = self.domains_of(ty).last().map(|domain| &domain.ty);
        below.unwrap_or(ty)
    }

    /// The foreign keys by the table they reference, in one reading of all tables.
    pub fn references(&self) -> References<'_> {
        let mut by_target = BTreeMap::<_, Vec<_>>::new();
        for (child, definition) in &self.tables {
            for (name, key) in &definition.foreign_keys {
                if let Some(target) = key.references.here() {
                    by_target
                        .entry(target.as_str())
                        .or_default()
                        .push((child, name, key));
                }
            }
        }
        References(by_target)
    }
}
