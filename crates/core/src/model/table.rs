//! A table and everything on it that decides what the application can do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::name::Identifier;
use super::sql_type::Expression;

/// A relation that holds or shows rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// Table, view, ...
    #[serde(skip_serializing_if = "is_default")]
    pub kind: TableKind,
    /// Whether a crash or the session's end empties it.
    #[serde(skip_serializing_if = "is_default")]
    pub persistence: Persistence,
    /// The columns, in the table's order. The order is not compared.
    pub columns: Vec<Column>,
    /// Whether that order may be another than the database's, as in a `schema.prisma`: Prisma appends new columns.
    #[serde(skip)]
    pub in_any_order: bool,
    /// The primary key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<PrimaryKey>,
    /// The other indexes, by name; a unique constraint is its index.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<Identifier, Index>,
    /// The foreign keys, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign_keys: BTreeMap<Identifier, ForeignKey>,
    /// The CHECK and exclusion constraints, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<Identifier, Constraint>,
    /// The triggers that people wrote, by name. Those behind foreign keys are part of
    /// [`ForeignKey::triggers`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub triggers: BTreeMap<Identifier, Trigger>,
    /// The rewrite rules, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<Identifier, Trigger>,
    /// Row-level security.
    #[serde(skip_serializing_if = "is_default")]
    pub row_security: RowSecurity,
    /// The tables it inherits from or is a partition of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<String>,
    /// The tables that inherit from it, of any schema: their rows are among its own, and no key and
    /// no foreign key of it holds for them. Partitions are not meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    /// The composite type that its columns follow (`CREATE TABLE ... OF`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_type: Option<String>,
    /// How it is partitioned (`LIST ("region")`), or which partition it is (`FOR VALUES ...`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitioning: Option<String>,
}

/// What kind of relation stands under a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum TableKind {
    #[default]
    Table,
    PartitionedTable,
    View,
    MaterializedView,
    ForeignTable,
    Sequence,
    CompositeType,
}

impl TableKind {
    /// As a sentence names it: `a view`.
    pub fn noun(self) -> &'static str {
        match self {
            TableKind::Table => "a table",
            TableKind::PartitionedTable => "a partitioned table",
            TableKind::View => "a view",
            TableKind::MaterializedView => "a materialized view",
            TableKind::ForeignTable => "a foreign table",
            TableKind::Sequence => "a sequence",
            TableKind::CompositeType => "a composite type",
        }
    }

    /// Whether it counts as a table of the application.
    pub fn is_table(self) -> bool {
        matches!(self, TableKind::Table | TableKind::PartitionedTable)
    }
}

/// How long rows last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Persistence {
    #[default]
    Permanent,
    Unlogged,
    Temporary,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deferrable {
    /// At once.
    #[default]
    No,
    /// At once, unless a transaction asks for later.
    InitiallyImmediate,
    /// At the transaction's end.
    InitiallyDeferred,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimaryKey {
    /// The constraint's name.
    pub name: Identifier,
    /// Its columns, in order.
    pub columns: Vec<Identifier>,
    /// Columns carried along (`INCLUDE`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Identifier>,
    /// When it is checked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: Deferrable,
    /// Whether its index can be used and is maintained.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: IndexState,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// What it is over, in order.
    pub keys: Vec<IndexKey>,
    /// Whether two rows may hold the same values.
    #[serde(skip_serializing_if = "is_default")]
    pub unique: bool,
    /// Whether two NULLs count as the same value (PostgreSQL 15 on).
    #[serde(skip_serializing_if = "is_default")]
    pub nulls_not_distinct: bool,
    /// When uniqueness is checked, for one made by a constraint.
    #[serde(skip_serializing_if = "is_default")]
    pub deferrable: Deferrable,
    /// The access method, when it is not `btree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Columns carried along (`INCLUDE`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Identifier>,
    /// Which rows it is over, when not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expression>,
    /// Whether it can be used and is maintained.
    #[serde(skip_serializing_if = "is_default")]
    pub state: IndexState,
    /// Whether a UNIQUE constraint made it: then that is what can be dropped and made.
    #[serde(skip_serializing_if = "is_default")]
    pub constraint: bool,
}

impl Index {
    /// The columns among its keys.
    pub fn columns(&self) -> Vec<Identifier> {
        let column = |key: &IndexKey| match &key.on {
            IndexTarget::Column(column) => Some(column.clone()),
            IndexTarget::Expression(_) => None,
        };
        self.keys.iter().filter_map(column).collect()
    }

    /// Whether `key` could stand on it (`ADD PRIMARY KEY USING INDEX`; manual, ALTER TABLE).
    pub fn could_be(&self, key: &PrimaryKey) -> bool {
        let columns = self.keys.iter().map(|key| match &key.on {
            IndexTarget::Column(column) if !key.descending && !key.nulls_reversed => Some(column),
            _ => None,
        });
        self.unique
            && self.state == IndexState::Valid
            && self.predicate.is_none()
            && !self.constraint
            && columns.eq(key.columns.iter().map(Some))
    }
}

/// Whether queries may use an index, and writes maintain it (`pg_index.indisvalid`, `indisready`,
/// `indislive`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexState {
    /// Used and maintained.
    #[default]
    Valid,
    /// Maintained, but not used: a concurrent build did not finish.
    Invalid,
    /// Neither.
    NotReady,
    /// Its entries in the catalogs contradict each other: the index of a key that is not unique, or looks for
    /// doubles late, or one on a table that says it has none.
    Contradicted,
}

/// One key of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexKey {
    /// The column or the expression.
    #[serde(flatten)]
    pub on: IndexTarget,
    /// Descending.
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
    /// Whether NULLs come where the direction does not put them by itself (last when ascending,
    /// first when descending).
    #[serde(default, skip_serializing_if = "is_default")]
    pub nulls_reversed: bool,
    /// The operator class, when it is not the type's default; with its parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_class: Option<String>,
    /// The collation, when it is not the column's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

/// What an index key is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexTarget {
    /// A column.
    Column(Identifier),
    /// An expression.
    Expression(Expression),
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The referencing columns, in order.
    pub columns: Vec<Identifier>,
    /// The referenced table.
    pub references: TableReference,
    /// The referenced columns, in the same order.
    pub referenced_columns: Vec<Identifier>,
    /// When the referenced row is deleted.
    pub on_delete: Action,
    /// When the referenced key is changed.
    pub on_update: Action,
    /// The columns that `SET NULL` and `SET DEFAULT` touch on delete, when not all (PostgreSQL 15 on).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_delete_columns: Vec<Identifier>,
    /// `MATCH FULL`: all columns NULL or none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub match_full: bool,
    /// When it is checked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: Deferrable,
    /// Whether the rows that stood before were checked (`NOT VALID` otherwise), and whether new
    /// ones are (`NOT ENFORCED` otherwise, PostgreSQL 18 on).
    #[serde(default, skip_serializing_if = "is_default")]
    pub validity: Validity,
    /// Whether the triggers that enforce it fire.
    #[serde(default, skip_serializing_if = "is_default")]
    pub triggers: Firing,
    /// The tables of its two on which triggers of it are disabled, or fire for replicas only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disabled_on: BTreeSet<Identifier>,
}

/// A table as a foreign key names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TableReference {
    /// A table of the same schema.
    Here(Identifier),
    /// A table of another schema.
    Elsewhere {
        /// The schema.
        schema: Identifier,
        /// The table.
        table: Identifier,
    },
}

impl TableReference {
    /// The table, when it is one of the same schema.
    pub fn here(&self) -> Option<&Identifier> {
        match self {
            TableReference::Here(table) => Some(table),
            TableReference::Elsewhere { .. } => None,
        }
    }
}

/// What a foreign key does when the referenced row goes or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Action {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl Action {
    /// As SQL writes it.
    pub fn sql(self) -> &'static str {
        match self {
            Action::NoAction => "NO ACTION",
            Action::Restrict => "RESTRICT",
            Action::Cascade => "CASCADE",
            Action::SetNull => "SET NULL",
            Action::SetDefault => "SET DEFAULT",
        }
    }
}

/// What a constraint has been checked against, and is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// Every row.
    #[default]
    Valid,
    /// Only rows written since it was made.
    NotValid,
    /// No row.
    NotEnforced,
}

/// Whether a trigger fires (`pg_trigger.tgenabled`), or for a foreign key its triggers, the least
/// enabled of the four counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Firing {
    /// Unless the session is a replica.
    #[default]
    Enabled,
    /// In every session.
    Always,
    /// Only in a session that is a replica.
    ReplicaOnly,
    /// Never.
    Disabled,
    /// Part of them is gone from the catalog.
    Missing,
}

/// A CHECK or exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// As PostgreSQL prints it (`CHECK ((total >= 0))`).
    pub definition: String,
    /// Whether every row was checked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub validity: Validity,
}

/// A trigger or a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// As PostgreSQL prints it.
    pub definition: String,
    /// Whether it fires.
    #[serde(default, skip_serializing_if = "is_default")]
    pub firing: Firing,
}

/// Row-level security.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RowSecurity {
    /// Whether policies hold at all.
    #[serde(skip_serializing_if = "is_default")]
    pub enabled: bool,
    /// Whether they hold for the table's owner too.
    #[serde(skip_serializing_if = "is_default")]
    pub forced: bool,
    /// The policies, by name, as SQL (`AS PERMISSIVE FOR ALL TO public USING (...)`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<Identifier, String>,
}

impl Table {
    /// The column called `name`.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// What stands before its name in FROM, to read the rows that its foreign keys, unique indexes and NOT NULL
    /// concern. A partitioned table's are those of its partitions; those of a table that inherits from it are not
    /// its own (ri_triggers.c: `pk_only`).
    pub fn only(&self) -> &'static str {
        match self.kind {
            TableKind::PartitionedTable => "",
            _ => "ONLY ",
        }
    }
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
