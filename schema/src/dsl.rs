//! The vocabulary of the declaration.
//!
//! Everything here is a plain `const` value made by `const fn`: no macro, no derive of our own, no
//! build script. What must hold of it is checked while it compiles, in `valid.rs`; what does not
//! compile, and why, is shown in [`crate::contradictions`].

use crate::valid::same;

/// The longest identifier PostgreSQL keeps, in bytes (`NAMEDATALEN - 1`; PostgreSQL manual, 4.1.1).
pub const MAX_IDENTIFIER_BYTES: usize = 63;

pub use crate::scenario::*;

/// All models the tool answers for, the existing ones they hang on included.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The model of the tenants: each row that belongs to a tenant is deleted with it.
    pub tenant: &'static str,
    /// The migration's name, as Prisma would name its directory (without the timestamp).
    pub migration: &'static str,
    /// What people call the migration.
    pub title: &'static str,
    /// The models, in the order in which the application declares them.
    pub models: &'static [Model],
}

/// One table, as the application's `schema.prisma` has it.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// The table's name, in the case the application writes it.
    pub name: &'static str,
    /// Whether the table exists before the migration, or is created by it.
    pub origin: Origin,
    /// What people call one of its rows, where it is not the name in words ("metric definition").
    pub noun: Option<&'static str>,
    /// The columns, in order.
    pub columns: &'static [Column],
    /// The primary key's columns.
    pub primary_key: &'static [&'static str],
    /// The foreign keys, in the order in which they are created.
    pub foreign_keys: &'static [ForeignKey],
    /// The indexes besides the primary key's.
    pub indexes: &'static [Index],
    /// What must be true of it by itself, besides what is true of every model.
    pub scenarios: &'static [Scenario],
    /// The model of `schema.prisma` that it is written behind, where that is known.
    pub written_after: Option<&'static str>,
    /// The field of `schema.prisma` that new lists are written behind, where that is known.
    pub lists_after: Option<&'static str>,
}

/// Where a model comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It exists before the migration: verified, never created or changed.
    Existing,
    /// The migration creates it.
    Created,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// The default PostgreSQL fills in.
    pub default: Option<Default>,
    /// What Prisma's client fills in instead, without a default in the database.
    pub client: Option<ClientValue>,
    /// What the application's developers should know of it.
    pub comment: Option<&'static str>,
}

/// The column types that Leora's declaration uses, by Prisma's scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `String @db.Uuid`: `UUID`.
    Uuid,
    /// `String`: `TEXT`.
    Text,
    /// `Int`: `INTEGER`.
    Int,
    /// `Boolean`: `BOOLEAN`.
    Boolean,
    /// `Json`: `JSONB`.
    Jsonb,
    /// `DateTime`: `TIMESTAMP(3)`, without time zone.
    DateTime,
}

/// A default kept by the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// `now()`: the start of the transaction.
    Now,
    /// A text constant.
    Text(&'static str),
    /// An integer constant.
    Int(i64),
    /// A boolean constant.
    Boolean(bool),
}

/// A value that Prisma's client makes, so that the database has no default for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientValue {
    /// `@default(uuid())`.
    Uuid,
    /// `@updatedAt`.
    UpdatedAt,
}

/// What PostgreSQL does to the referencing row when the referenced one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// Prisma's choice where the relation says nothing: `RESTRICT` when its column is required,
    /// `SET NULL` when it is not.
    Unsaid,
    /// The referencing row is deleted too.
    Cascade,
}

/// A relation held by one column that references another model's `id`.
#[derive(Clone, Copy, Debug)]
pub struct ForeignKey {
    /// The referencing column.
    pub column: &'static str,
    /// The referenced model.
    pub model: &'static str,
    /// What deleting the referenced row does.
    pub on_delete: OnDelete,
    /// The relation's field on this model, in Prisma (`tenant`).
    pub field: &'static str,
    /// The relation's field on the referenced model (`jobs`), when the migration adds it there.
    pub inverse: Option<&'static str>,
}

/// An index over columns, ascending, B-tree.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// The columns, in order.
    pub columns: &'static [&'static str],
    /// Whether two rows may hold the same values.
    pub unique: bool,
}

/// A `UUID` column.
pub const fn uuid(name: &'static str) -> Column {
    column(name, Type::Uuid)
}

/// A `TEXT` column.
pub const fn text(name: &'static str) -> Column {
    column(name, Type::Text)
}

/// An `INTEGER` column.
pub const fn int(name: &'static str) -> Column {
    column(name, Type::Int)
}

/// A `BOOLEAN` column.
pub const fn boolean(name: &'static str) -> Column {
    column(name, Type::Boolean)
}

/// A `JSONB` column.
pub const fn jsonb(name: &'static str) -> Column {
    column(name, Type::Jsonb)
}

/// A `TIMESTAMP(3)` column, without time zone.
pub const fn datetime(name: &'static str) -> Column {
    column(name, Type::DateTime)
}

/// The primary key's usual column: a UUID that Prisma's client makes.
pub const fn id() -> Column {
    uuid("id").made_by_client(ClientValue::Uuid)
}

/// `createdAt`, filled in by the database.
pub const fn created_at() -> Column {
    datetime("createdAt").default_now()
}

/// `updatedAt`, filled in by Prisma's client on every write.
pub const fn updated_at() -> Column {
    datetime("updatedAt").made_by_client(ClientValue::UpdatedAt)
}

const fn column(name: &'static str, ty: Type) -> Column {
    Column {
        name,
        ty,
        nullable: false,
        default: None,
        client: None,
        comment: None,
    }
}

impl Column {
    /// Takes NULL.
    pub const fn optional(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Is the time at which the transaction began, when no value is given.
    pub const fn default_now(mut self) -> Self {
        self.default = Some(Default::Now);
        self
    }

    /// Is `value`, when no value is given.
    pub const fn default_text(mut self, value: &'static str) -> Self {
        self.default = Some(Default::Text(value));
        self
    }

    /// Is `value`, when no value is given.
    pub const fn default_int(mut self, value: i64) -> Self {
        self.default = Some(Default::Int(value));
        self
    }

    /// Is `value`, when no value is given.
    pub const fn default_boolean(mut self, value: bool) -> Self {
        self.default = Some(Default::Boolean(value));
        self
    }

    /// Gets its value from Prisma's client, not from the database.
    pub const fn made_by_client(mut self, value: ClientValue) -> Self {
        self.client = Some(value);
        self
    }

    /// Carries a comment for the application's developers.
    pub const fn comment(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }
}

/// A relation: `field` on this model, held by `column`, references `model`'s `id`.
pub const fn relation(
    field: &'static str,
    column: &'static str,
    model: &'static str,
) -> ForeignKey {
    ForeignKey {
        column,
        model,
        on_delete: OnDelete::Unsaid,
        field,
        inverse: None,
    }
}

impl ForeignKey {
    /// Deletes the referencing row with the referenced one.
    pub const fn on_delete_cascade(mut self) -> Self {
        self.on_delete = OnDelete::Cascade;
        self
    }

    /// Adds the list `field` to the referenced model.
    pub const fn listed_as(mut self, field: &'static str) -> Self {
        self.inverse = Some(field);
        self
    }
}

/// A plain index.
pub const fn index(columns: &'static [&'static str]) -> Index {
    Index {
        columns,
        unique: false,
    }
}

/// A unique index. Two NULLs are distinct in it.
pub const fn unique(columns: &'static [&'static str]) -> Index {
    Index {
        columns,
        unique: true,
    }
}

impl Model {
    /// A model that the migration creates; primary key `id`, and nothing else yet.
    pub const fn named(name: &'static str) -> Self {
        Model {
            name,
            origin: Origin::Created,
            noun: None,
            columns: &[],
            primary_key: &["id"],
            foreign_keys: &[],
            indexes: &[],
            scenarios: &[],
            written_after: None,
            lists_after: None,
        }
    }

    /// A model that exists before the migration; primary key `id`, and nothing else yet.
    pub const fn existing(name: &'static str) -> Self {
        Model {
            origin: Origin::Existing,
            ..Model::named(name)
        }
    }

    /// The column called `name`.
    pub const fn column(&self, name: &str) -> Option<&Column> {
        let mut i = 0;
        while i < self.columns.len() {
            if same(self.columns[i].name, name) {
                return Some(&self.columns[i]);
            }
            i += 1;
        }
        None
    }

    /// The relation called `field`.
    pub const fn relation(&self, field: &str) -> Option<&ForeignKey> {
        let mut i = 0;
        while i < self.foreign_keys.len() {
            if same(self.foreign_keys[i].field, field) {
                return Some(&self.foreign_keys[i]);
            }
            i += 1;
        }
        None
    }
}

impl Declaration {
    /// The column by which the models of a tenant reference it; they all use the same.
    pub const fn tenant_column(&self) -> Option<&'static str> {
        let mut a = 0;
        while a < self.models.len() {
            let mut i = 0;
            while i < self.models[a].foreign_keys.len() {
                let relation = &self.models[a].foreign_keys[i];
                if same(relation.model, self.tenant) {
                    return Some(relation.column);
                }
                i += 1;
            }
            a += 1;
        }
        None
    }

    /// The model called `name`.
    pub const fn model(&self, name: &str) -> Option<&'static Model> {
        let mut i = 0;
        while i < self.models.len() {
            if same(self.models[i].name, name) {
                return Some(&self.models[i]);
            }
            i += 1;
        }
        None
    }
}
