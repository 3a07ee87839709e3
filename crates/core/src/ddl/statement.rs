//! Statements, one a function. The only user of sea-query.
//!
//! sea-query writes tables, columns, indexes and foreign keys; what it has no words for (the options
//! of an index key, MATCH FULL, enums) is added here. It writes names of indexes and constraints
//! between double quotes as they are, without doubling a quote inside, so those get the escaped form.

use sea_query::extension::postgres::Type;
use sea_query::{
    Alias, ColumnDef, Expr, ForeignKey as ForeignKeyStatement, ForeignKeyAction,
    Index as IndexStatement, IndexColumn, IndexType, IntoIndexColumn, PostgresQueryBuilder,
    Table as TableStatement,
};

use super::layout::{a_line_an_item, insert_before};
use crate::model::name::literal;
use crate::model::{
    Action, Column, ColumnDefault, Deferrable, Enum, Expression, ForeignKey, Identifier, Identity,
    Index, IndexKey, IndexTarget, Persistence, PrimaryKey, Table, TableReference,
};

fn alias(name: &Identifier) -> Alias {
    Alias::new(name.as_str())
}

/// The name with its double quotes doubled, for the places where sea-query does not double them.
fn escaped(name: &Identifier) -> String {
    name.as_str().replace('"', "\"\"")
}

pub(super) fn alter_table(table: &Identifier) -> String {
    format!("ALTER TABLE {}", table.quoted())
}

pub(super) fn create_enum(name: &Identifier, definition: &Enum) -> String {
    let labels: Vec<_> = definition
        .labels
        .iter()
        .map(|label| literal(label))
        .collect();
    format!(
        "CREATE TYPE {} AS ENUM ({})",
        name.quoted(),
        labels.join(", ")
    )
}

/// A line a column, as Prisma lays it out.
pub(super) fn create_table(name: &Identifier, table: &Table) -> String {
    let mut create = TableStatement::create();
    create.table(alias(name));
    for column in &table.columns {
        create.col(column_def(column));
    }
    let plain_key = table
        .primary_key
        .as_ref()
        .filter(|key| key.deferrable == Deferrable::No);
    if let Some(key) = plain_key {
        let mut index = IndexStatement::create();
        index.name(escaped(&key.name));
        for column in &key.columns {
            index.col(alias(column));
        }
        for column in &key.include {
            index.include(alias(column));
        }
        create.primary_key(&mut index);
    }
    let statement = create.to_string(PostgresQueryBuilder);
    let statement = match table.persistence {
        Persistence::Permanent => statement,
        Persistence::Unlogged => statement.replacen("CREATE TABLE", "CREATE UNLOGGED TABLE", 1),
        Persistence::Temporary => statement.replacen("CREATE TABLE", "CREATE TEMPORARY TABLE", 1),
    };
    let mut laid_out = a_line_an_item(&statement);
    if let Some(key) = table
        .primary_key
        .as_ref()
        .filter(|key| key.deferrable != Deferrable::No)
    {
        let clause = format!(",\n    {}\n)", primary_key_clause(key));
        laid_out = laid_out.trim_end_matches("\n)").to_owned() + &clause;
    }
    laid_out
}

fn primary_key_clause(key: &PrimaryKey) -> String {
    let mut clause = format!(
        "CONSTRAINT {} PRIMARY KEY ({})",
        key.name.quoted(),
        quoted_list(&key.columns)
    );
    if !key.include.is_empty() {
        clause += &format!(" INCLUDE ({})", quoted_list(&key.include));
    }
    clause + deferrable_clause(key.deferrable)
}

fn deferrable_clause(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

/// The expression as the default of the column. Without a cast, PostgreSQL takes a list of strings for `text[]`, and
/// knows no type of none.
pub fn default_of(column: &Column, expression: &Expression) -> String {
    let is_list = column.ty.is_array() && expression.as_str().starts_with("ARRAY[");
    let cast = is_list.then(|| format!("::{}", column.ty.sql()));
    format!("{expression}{}", cast.unwrap_or_default())
}

fn column_def(column: &Column) -> ColumnDef {
    let mut ty = column.ty.sql();
    if let Some(ColumnDefault::Autoincrement | ColumnDefault::Sequence(_)) = &column.default {
        ty = match ty.as_str() {
            "SMALLINT" => "SMALLSERIAL".to_owned(),
            "BIGINT" => "BIGSERIAL".to_owned(),
            _ => "SERIAL".to_owned(),
        };
    }
    let mut clauses = Vec::new();
    if let Some(collation) = &column.collation {
        clauses.push(format!("COLLATE {collation}"));
    }
    if !column.nullable {
        clauses.push("NOT NULL".to_owned());
    }
    match &column.default {
        Some(ColumnDefault::Expression(expression)) => {
            clauses.push(format!("DEFAULT {}", default_of(column, expression)))
        }
        Some(ColumnDefault::Sequence(options)) => {
            clauses.push(format!("/* sequence: {options} */"))
        }
        Some(ColumnDefault::Autoincrement | ColumnDefault::Any) | None => {}
    }
    if let Some(generated) = &column.generated {
        let kind = if generated.stored {
            "STORED"
        } else {
            "VIRTUAL"
        };
        clauses.push(format!(
            "GENERATED ALWAYS AS ({}) {kind}",
            generated.expression
        ));
    }
    if let Some(identity) = column.identity {
        let how = if identity == Identity::Always {
            "ALWAYS"
        } else {
            "BY DEFAULT"
        };
        clauses.push(format!("GENERATED {how} AS IDENTITY"));
    }
    let mut definition = ColumnDef::new(alias(&column.name));
    definition.custom(Alias::new(ty));
    if !clauses.is_empty() {
        definition.extra(clauses.join(" "));
    }
    definition
}

pub(super) fn create_index(
    table: &Identifier,
    name: &Identifier,
    index: &Index,
    concurrently: bool,
) -> String {
    let mut create = IndexStatement::create();
    create.name(escaped(name)).table(alias(table));
    if index.unique {
        create.unique();
    }
    if concurrently {
        create.concurrently();
    }
    if index.nulls_not_distinct {
        create.nulls_not_distinct();
    }
    if let Some(method) = &index.method {
        create.index_type(IndexType::Custom(Alias::new(method).into()));
    }
    for key in &index.keys {
        create.col(index_column(key));
    }
    for column in &index.include {
        create.include(alias(column));
    }
    let mut sql = create.to_string(PostgresQueryBuilder);
    if let Some(predicate) = &index.predicate {
        sql += &format!(" WHERE ({predicate})");
    }
    if index.deferrable != Deferrable::No {
        // Only a constraint can be deferred; this line is for people, no plan creates one.
        sql += &format!(" /*{} */", deferrable_clause(index.deferrable));
    }
    sql
}

/// sea-query writes what it takes for an operator class as it is, after the column: the place of
/// all options of a key.
fn index_column(key: &IndexKey) -> IndexColumn {
    let column: IndexColumn = match &key.on {
        IndexTarget::Column(column) => alias(column).into_index_column(),
        IndexTarget::Expression(expression) => {
            Expr::cust(expression.as_str().replace('?', "??")).into_index_column()
        }
    };
    match key_options(key).trim_start() {
        "" => column,
        options => column.with_operator_class(Alias::new(options)),
    }
}

/// What follows a key of an index in SQL: collation, operator class, direction, place of NULLs
/// (PostgreSQL manual, CREATE INDEX).
fn key_options(key: &IndexKey) -> String {
    let mut sql = String::new();
    if let Some(collation) = &key.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if let Some(class) = &key.operator_class {
        sql += &format!(" {class}");
    }
    if key.descending {
        sql += " DESC";
    }
    if key.nulls_reversed {
        sql += if key.descending {
            " NULLS LAST"
        } else {
            " NULLS FIRST"
        };
    }
    sql
}

/// The keys of an index as SQL writes them, without the parentheses around them.
pub fn key_list(keys: &[IndexKey]) -> String {
    let target = |key: &IndexKey| match &key.on {
        IndexTarget::Column(column) => column.quoted(),
        IndexTarget::Expression(expression) => format!("({expression})"),
    };
    keys.iter()
        .map(|key| target(key) + &key_options(key))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn add_foreign_key(table: &Identifier, name: &Identifier, key: &ForeignKey) -> String {
    let mut create = ForeignKeyStatement::create();
    create.name(escaped(name)).from_tbl(alias(table));
    match &key.references {
        TableReference::Here(target) => create.to_tbl(alias(target)),
        TableReference::Elsewhere { schema, table } => create.to_tbl((alias(schema), alias(table))),
    };
    for column in &key.columns {
        create.from_col(alias(column));
    }
    for column in &key.referenced_columns {
        create.to_col(alias(column));
    }
    create
        .on_delete(action(key.on_delete))
        .on_update(action(key.on_update));
    let mut sql = create.to_string(PostgresQueryBuilder);
    if !key.on_delete_columns.is_empty() {
        let columns = format!(" ({})", quoted_list(&key.on_delete_columns));
        sql = insert_before(&sql, " ON UPDATE ", &columns);
    }
    if key.match_full {
        sql = insert_before(&sql, " ON DELETE ", " MATCH FULL");
    }
    sql + deferrable_clause(key.deferrable)
}

fn action(action: Action) -> ForeignKeyAction {
    match action {
        Action::NoAction => ForeignKeyAction::NoAction,
        Action::Restrict => ForeignKeyAction::Restrict,
        Action::Cascade => ForeignKeyAction::Cascade,
        Action::SetNull => ForeignKeyAction::SetNull,
        Action::SetDefault => ForeignKeyAction::SetDefault,
    }
}

fn quoted_list(names: &[Identifier]) -> String {
    names
        .iter()
        .map(Identifier::quoted)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn add_column(table: &Identifier, column: &Column) -> String {
    TableStatement::alter()
        .table(alias(table))
        .add_column(column_def(column))
        .to_string(PostgresQueryBuilder)
}

pub(super) fn add_primary_key(table: &Identifier, key: &PrimaryKey) -> String {
    format!("{} ADD {}", alter_table(table), primary_key_clause(key))
}

pub(super) fn validate_constraint(table: &Identifier, name: &Identifier) -> String {
    format!(
        "{} VALIDATE CONSTRAINT {}",
        alter_table(table),
        name.quoted()
    )
}

pub(super) fn drop_table(name: &Identifier) -> String {
    TableStatement::drop()
        .table(alias(name))
        .to_string(PostgresQueryBuilder)
}

pub(super) fn drop_enum(name: &Identifier) -> String {
    Type::drop()
        .name(alias(name))
        .to_string(PostgresQueryBuilder)
}

pub(super) fn drop_column(table: &Identifier, name: &Identifier) -> String {
    TableStatement::alter()
        .table(alias(table))
        .drop_column(alias(name))
        .to_string(PostgresQueryBuilder)
}

pub(super) fn drop_index(name: &Identifier, concurrently: bool) -> String {
    let mut drop = IndexStatement::drop();
    drop.name(escaped(name));
    if concurrently {
        drop.concurrently();
    }
    drop.to_string(PostgresQueryBuilder)
}

pub(super) fn drop_constraint(table: &Identifier, name: &Identifier) -> String {
    ForeignKeyStatement::drop()
        .table(alias(table))
        .name(escaped(name))
        .to_string(PostgresQueryBuilder)
}
