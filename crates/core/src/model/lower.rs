//! The declaration as a schema, in the form Prisma gives it in PostgreSQL.
//!
//! Types, names and actions follow Prisma's own engine (prisma-engines, `sql-schema-connector`,
//! PostgreSQL flavour): see the table in each function.

use leora_schema::dsl::{self, Declaration, Model, OnDelete, Origin, Type};

use super::name::{literal_plain, prisma};
use super::{
    Action, Column, ColumnDefault, Deferrable, Expression, ForeignKey, Identifier, Index, IndexKey,
    IndexState, IndexTarget, PrimaryKey, Schema, SqlType, Table, TableReference, canon,
};

/// All declared models as a schema.
pub fn lower(declaration: &Declaration) -> Schema {
    lower_models(declaration.models.iter())
}

/// The models that the migration creates, as a schema.
pub fn lower_created(declaration: &Declaration) -> Schema {
    lower_models(
        declaration
            .models
            .iter()
            .filter(|model| model.origin == Origin::Created),
    )
}

fn lower_models<'a>(models: impl Iterator<Item = &'a Model>) -> Schema {
    let tables = models
        .map(|model| (declared(model.name), table(model)))
        .collect();
    canon::normalise(Schema {
        tables,
        ..Schema::default()
    })
}

fn table(model: &Model) -> Table {
    let name = declared(model.name);
    Table {
        columns: model.columns.iter().map(column).collect(),
        primary_key: Some(PrimaryKey {
            name: prisma::primary_key(&name),
            columns: names(model.primary_key),
            include: Vec::new(),
            deferrable: Deferrable::No,
            state: IndexState::Valid,
        }),
        indexes: model
            .indexes
            .iter()
            .map(|index| index_entry(&name, index))
            .collect(),
        foreign_keys: model
            .foreign_keys
            .iter()
            .map(|key| foreign_key(&name, model, key))
            .collect(),
        ..Table::default()
    }
}

fn column(column: &dsl::Column) -> Column {
    Column {
        name: declared(column.name),
        ty: SqlType::new(match column.ty {
            Type::Uuid => "uuid",
            Type::Text => "text",
            Type::Int => "integer",
            Type::Boolean => "boolean",
            Type::Jsonb => "jsonb",
            Type::DateTime => "timestamp(3) without time zone",
        }),
        nullable: column.nullable,
        default: column.default.map(|default| {
            ColumnDefault::Expression(Expression::new(match default {
                dsl::Default::Now => "CURRENT_TIMESTAMP".to_owned(),
                dsl::Default::Text(text) => literal_plain(text),
                dsl::Default::Int(number) => number.to_string(),
                dsl::Default::Boolean(value) => value.to_string(),
            }))
        }),
        identity: None,
        generated: None,
        collation: None,
    }
}

fn index_entry(table: &Identifier, index: &dsl::Index) -> (Identifier, Index) {
    let columns = names(index.columns);
    let name = if index.unique {
        prisma::unique(table, &columns)
    } else {
        prisma::index(table, &columns)
    };
    let keys = columns
        .into_iter()
        .map(|column| IndexKey {
            on: IndexTarget::Column(column),
            descending: false,
            nulls_reversed: false,
            operator_class: None,
            collation: None,
        })
        .collect();
    (
        name,
        Index {
            keys,
            unique: index.unique,
            ..Index::default()
        },
    )
}

fn foreign_key(
    table: &Identifier,
    model: &Model,
    key: &dsl::ForeignKey,
) -> (Identifier, ForeignKey) {
    let column = declared(key.column);
    let required = model
        .column(key.column)
        .is_some_and(|column| !column.nullable);
    let on_delete = match key.on_delete {
        OnDelete::Cascade => Action::Cascade,
        OnDelete::Unsaid if required => Action::Restrict,
        OnDelete::Unsaid => Action::SetNull,
    };
    let name = prisma::foreign_key(table, [&column]);
    let foreign_key = ForeignKey {
        columns: vec![column],
        references: TableReference::Here(declared(key.model)),
        referenced_columns: names(&["id"]),
        on_delete,
        on_update: Action::Cascade,
        on_delete_columns: Vec::new(),
        match_full: false,
        deferrable: Deferrable::No,
        validity: super::Validity::Valid,
        triggers: super::Firing::Enabled,
        disabled_on: Default::default(),
    };
    (name, foreign_key)
}

fn names(names: &[&str]) -> Vec<Identifier> {
    names.iter().map(|name| declared(name)).collect()
}

fn declared(name: &str) -> Identifier {
    Identifier::new(name).expect("the declaration's names are checked while it compiles")
}
