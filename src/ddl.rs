//! A change to a schema, as SQL. The only user of sea-query.
//!
//! sea-query writes tables, columns, indexes and foreign keys; what it has no words for (NOT VALID,
//! the options of an index key, enums) is appended here. It writes names of indexes and constraints
//! between double quotes as they are, without doubling a quote inside, so those get the escaped form.

use std::collections::BTreeMap;

use sea_query::extension::postgres::Type;
use sea_query::{
    Alias, ColumnDef, Expr, ForeignKey as ForeignKeyStatement, ForeignKeyAction,
    Index as IndexStatement, IndexColumn, IndexType, IntoIndexColumn, PostgresQueryBuilder,
    Table as TableStatement,
};
use serde::{Deserialize, Serialize};

use crate::model::name::literal;
use crate::model::{
    Action, Column, ColumnDefault, Deferrable, Enum, Firing, ForeignKey, Identifier, Identity,
    Index, IndexKey, IndexState, IndexTarget, Persistence, PrimaryKey, Schema, Table, TableKind,
    TableReference, Validity,
};

/// One additive change, or the removal of what one added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
#[expect(missing_docs, reason = "the fields are what the statements name")]
pub enum Change {
    CreateEnum {
        name: Identifier,
        definition: Enum,
    },
    CreateTable {
        name: Identifier,
        definition: Box<Table>,
    },
    AddColumn {
        table: Identifier,
        column: Column,
    },
    AddPrimaryKey {
        table: Identifier,
        key: PrimaryKey,
    },
    CreateIndex {
        table: Identifier,
        name: Identifier,
        index: Index,
        concurrently: bool,
    },
    AddForeignKey {
        table: Identifier,
        name: Identifier,
        key: ForeignKey,
        not_valid: bool,
    },
    ValidateForeignKey {
        table: Identifier,
        name: Identifier,
    },
    DropTable {
        name: Identifier,
    },
    DropEnum {
        name: Identifier,
    },
    DropColumn {
        table: Identifier,
        name: Identifier,
    },
    DropIndex {
        name: Identifier,
        concurrently: bool,
    },
    DropConstraint {
        table: Identifier,
        name: Identifier,
    },
}

impl Change {
    /// The statement, without a semicolon. Names are unqualified: the schema is the search path's.
    pub fn sql(&self) -> String {
        match self {
            Change::CreateEnum { name, definition } => create_enum(name, definition),
            Change::CreateTable { name, definition } => create_table(name, definition),
            Change::AddColumn { table, column } => TableStatement::alter()
                .table(alias(table))
                .add_column(column_def(column))
                .to_string(PostgresQueryBuilder),
            Change::AddPrimaryKey { table, key } => {
                format!("{} ADD {}", alter_table(table), primary_key_clause(key))
            }
            Change::CreateIndex {
                table,
                name,
                index,
                concurrently,
            } => create_index(table, name, index, *concurrently),
            Change::AddForeignKey {
                table,
                name,
                key,
                not_valid,
            } => add_foreign_key(table, name, key) + if *not_valid { " NOT VALID" } else { "" },
            Change::ValidateForeignKey { table, name } => {
                format!(
                    "{} VALIDATE CONSTRAINT {}",
                    alter_table(table),
                    name.quoted()
                )
            }
            Change::DropTable { name } => TableStatement::drop()
                .table(alias(name))
                .to_string(PostgresQueryBuilder),
            Change::DropEnum { name } => Type::drop()
                .name(alias(name))
                .to_string(PostgresQueryBuilder),
            Change::DropColumn { table, name } => TableStatement::alter()
                .table(alias(table))
                .drop_column(alias(name))
                .to_string(PostgresQueryBuilder),
            Change::DropIndex { name, concurrently } => {
                let mut drop = IndexStatement::drop();
                drop.name(escaped(name));
                if *concurrently {
                    drop.concurrently();
                }
                drop.to_string(PostgresQueryBuilder)
            }
            Change::DropConstraint { table, name } => ForeignKeyStatement::drop()
                .table(alias(table))
                .name(escaped(name))
                .to_string(PostgresQueryBuilder),
        }
    }

    /// The change that takes this one back; `None` when there is nothing to take back.
    pub fn undo(&self) -> Option<Change> {
        match self {
            Change::CreateEnum { name, .. } => Some(Change::DropEnum { name: name.clone() }),
            Change::CreateTable { name, .. } => Some(Change::DropTable { name: name.clone() }),
            Change::AddColumn { table, column } => Some(Change::DropColumn {
                table: table.clone(),
                name: column.name.clone(),
            }),
            Change::AddPrimaryKey { table, key } => Some(Change::DropConstraint {
                table: table.clone(),
                name: key.name.clone(),
            }),
            Change::CreateIndex {
                name, concurrently, ..
            } => Some(Change::DropIndex {
                name: name.clone(),
                concurrently: *concurrently,
            }),
            Change::AddForeignKey { table, name, .. } => Some(Change::DropConstraint {
                table: table.clone(),
                name: name.clone(),
            }),
            Change::ValidateForeignKey { .. }
            | Change::DropTable { .. }
            | Change::DropEnum { .. }
            | Change::DropColumn { .. }
            | Change::DropIndex { .. }
            | Change::DropConstraint { .. } => None,
        }
    }

    /// The change in words: `table "Job"`, `index "Job_status_idx" on "Job"`.
    pub fn summary(&self) -> String {
        let on = |what: &str, name: &Identifier, table: &Identifier| {
            format!("{what} {} on {}", name.quoted(), table.quoted())
        };
        match self {
            Change::CreateEnum { name, .. } => format!("create enum {}", name.quoted()),
            Change::CreateTable { name, .. } => format!("create table {}", name.quoted()),
            Change::AddColumn { table, column } => on("add column", &column.name, table),
            Change::AddPrimaryKey { table, key } => on("add primary key", &key.name, table),
            Change::CreateIndex {
                table, name, index, ..
            } => on(
                if index.unique {
                    "create unique index"
                } else {
                    "create index"
                },
                name,
                table,
            ),
            Change::AddForeignKey { table, name, .. } => on("add foreign key", name, table),
            Change::ValidateForeignKey { table, name } => on("validate foreign key", name, table),
            Change::DropTable { name } => format!("drop table {}", name.quoted()),
            Change::DropEnum { name } => format!("drop enum {}", name.quoted()),
            Change::DropColumn { table, name } => on("drop column", name, table),
            Change::DropIndex { name, .. } => format!("drop index {}", name.quoted()),
            Change::DropConstraint { table, name } => on("drop constraint", name, table),
        }
    }
}

/// The statements that make `table`, one a line as people read them, in an order that does not
/// depend on where they come from: what unified diffs show. `column_order` is the order in which
/// columns are listed, as far as it goes; the others follow by name.
pub fn canonical(name: &Identifier, table: &Table, column_order: &[Identifier]) -> Vec<String> {
    if !table.kind.is_table() {
        return vec![format!(
            "CREATE {} {};",
            kind_keyword(table.kind),
            name.quoted()
        )];
    }
    let mut sorted = table.clone();
    let place = |column: &Column| {
        column_order
            .iter()
            .position(|name| *name == column.name)
            .unwrap_or(usize::MAX)
    };
    sorted
        .columns
        .sort_by(|a, b| (place(a), &a.name).cmp(&(place(b), &b.name)));
    let mut lines: Vec<String> = create_table(name, &sorted)
        .lines()
        .map(str::to_owned)
        .collect();
    let mut end = String::new();
    if let Some(partitioning) = &table.partitioning {
        end += &format!(" -- partitioning: {partitioning}");
    }
    if !table.inherits.is_empty() {
        end += &format!(" -- inherits: {}", table.inherits.join(", "));
    }
    if let Some(key) = table
        .primary_key
        .as_ref()
        .filter(|key| key.state != IndexState::Valid)
    {
        end += &format!(" -- {} is {}", key.name.quoted(), state_remark(key.state));
    }
    if let Some(last) = lines.last_mut() {
        last.push(';');
        last.push_str(&end);
    }
    for (index_name, index) in &table.indexes {
        let remark = match index.state {
            IndexState::Valid => String::new(),
            state => format!(" -- {}", state_remark(state)),
        };
        lines.push(create_index(name, index_name, index, false) + ";" + &remark);
    }
    for (key_name, key) in &table.foreign_keys {
        let suffix = match key.validity {
            Validity::Valid => ";",
            Validity::NotValid => " NOT VALID;",
            Validity::NotEnforced => " NOT ENFORCED;",
        };
        let remark = match key.triggers {
            Firing::Enabled | Firing::Always => "",
            Firing::ReplicaOnly => " -- its triggers fire for replicas only",
            Firing::Disabled => " -- its triggers are disabled",
            Firing::Missing => " -- its triggers are missing",
        };
        lines.push(add_foreign_key(name, key_name, key) + suffix + remark);
    }
    lines.extend(constraints_and_triggers(name, table));
    lines
}

fn constraints_and_triggers(name: &Identifier, table: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    let table_name = name.quoted();
    for (check_name, check) in &table.checks {
        let suffix = if check.validity == Validity::Valid {
            ""
        } else {
            " NOT VALID"
        };
        let add = format!(
            "{} ADD CONSTRAINT {} {}{suffix};",
            alter_table(name),
            check_name.quoted(),
            check.definition
        );
        lines.push(add);
    }
    for (what, items) in [("TRIGGER", &table.triggers), ("RULE", &table.rules)] {
        for (item_name, item) in items {
            lines.push(format!("{};", item.definition.trim_end_matches(';')));
            let state = match item.firing {
                Firing::Enabled => continue,
                Firing::Always => "ENABLE ALWAYS",
                Firing::ReplicaOnly => "ENABLE REPLICA",
                Firing::Disabled | Firing::Missing => "DISABLE",
            };
            lines.push(format!(
                "ALTER TABLE {table_name} {state} {what} {};",
                item_name.quoted()
            ));
        }
    }
    if table.row_security.enabled {
        lines.push(format!(
            "ALTER TABLE {table_name} ENABLE ROW LEVEL SECURITY;"
        ));
    }
    if table.row_security.forced {
        lines.push(format!(
            "ALTER TABLE {table_name} FORCE ROW LEVEL SECURITY;"
        ));
    }
    for (policy_name, policy) in &table.row_security.policies {
        lines.push(format!(
            "CREATE POLICY {} ON {table_name} {policy};",
            policy_name.quoted()
        ));
    }
    lines
}

/// All of a schema in the form of [`canonical`], for comparing whole schemas by eye.
pub fn canonical_schema(schema: &Schema) -> Vec<String> {
    let enums = schema
        .enums
        .iter()
        .map(|(name, definition)| create_enum(name, definition) + ";");
    let tables = schema
        .tables
        .iter()
        .flat_map(|(name, table)| canonical(name, table, &[]));
    enums.chain(tables).collect()
}

fn alias(name: &Identifier) -> Alias {
    Alias::new(name.as_str())
}

/// The name with its double quotes doubled, for the places where sea-query does not double them.
fn escaped(name: &Identifier) -> String {
    name.as_str().replace('"', "\"\"")
}

fn alter_table(table: &Identifier) -> String {
    format!("ALTER TABLE {}", table.quoted())
}

fn create_enum(name: &Identifier, definition: &Enum) -> String {
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
fn create_table(name: &Identifier, table: &Table) -> String {
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
            clauses.push(format!("DEFAULT {expression}"))
        }
        Some(ColumnDefault::Sequence(options)) => {
            clauses.push(format!("/* sequence: {options} */"))
        }
        Some(ColumnDefault::Autoincrement) | None => {}
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

fn create_index(
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

fn add_foreign_key(table: &Identifier, name: &Identifier, key: &ForeignKey) -> String {
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
        let set = format!("ON DELETE {}", key.on_delete.sql());
        sql = sql.replacen(
            &set,
            &format!("{set} ({})", quoted_list(&key.on_delete_columns)),
            1,
        );
    }
    if key.match_full {
        sql = sql.replacen(" ON DELETE ", " MATCH FULL ON DELETE ", 1);
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

fn kind_keyword(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table | TableKind::PartitionedTable => "TABLE",
        TableKind::View => "VIEW",
        TableKind::MaterializedView => "MATERIALIZED VIEW",
        TableKind::ForeignTable => "FOREIGN TABLE",
        TableKind::Sequence => "SEQUENCE",
        TableKind::CompositeType => "TYPE",
    }
}

fn state_remark(state: IndexState) -> &'static str {
    match state {
        IndexState::Valid => "valid",
        IndexState::Invalid => "INVALID",
        IndexState::NotReady => "not ready",
    }
}

/// Puts each item of the statement's outer parentheses on a line of its own. Only blanks outside
/// quotes are added or removed.
fn a_line_an_item(statement: &str) -> String {
    let mut out = String::with_capacity(statement.len() + 64);
    let mut depth = 0_u32;
    let mut quote = None;
    for c in statement.chars() {
        match quote {
            Some(q) => {
                out.push(c);
                if c == q {
                    quote = None;
                }
                continue;
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            None => {}
        }
        match c {
            '(' if depth == 0 => {
                depth = 1;
                out.push_str("(\n    ");
            }
            ')' if depth == 1 => {
                depth = 0;
                out.truncate(out.trim_end().len());
                out.push_str("\n)");
            }
            ',' if depth == 1 => out.push_str(",\n    "),
            ' ' if depth == 1 && out.ends_with("    ") => {}
            c => {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth - 1,
                    _ => depth,
                };
                out.push(c);
            }
        }
    }
    out
}

/// The tables of `differences`' owners, in canonical form on both sides: what a unified diff shows.
pub fn both_sides(
    owner: &Identifier,
    actual: &Schema,
    desired: &Schema,
) -> (Vec<String>, Vec<String>) {
    let order: Vec<_> = desired
        .tables
        .get(owner)
        .into_iter()
        .flat_map(|table| table.columns.iter().map(|c| c.name.clone()))
        .collect();
    let side = |schema: &Schema| {
        let tables: &BTreeMap<_, _> = &schema.tables;
        let table = tables
            .get(owner)
            .map(|table| canonical(owner, table, &order));
        let definition = schema
            .enums
            .get(owner)
            .map(|definition| vec![create_enum(owner, definition) + ";"]);
        table.or(definition).unwrap_or_default()
    };
    (side(actual), side(desired))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lower::lower;
    use leora_schema::LEORA;

    fn name(name: &str) -> Identifier {
        Identifier::new(name).expect("legal")
    }

    #[test]
    fn a_table_reads_as_prisma_would_write_it() {
        let schema = lower(&LEORA);
        let definition = Box::new(schema.tables["Job"].clone());
        let sql = Change::CreateTable {
            name: name("Job"),
            definition,
        }
        .sql();
        let expected = r#"CREATE TABLE "Job" (
    "id" UUID NOT NULL,
    "tenantId" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "maxAttempts" INTEGER NOT NULL DEFAULT 3,
    "result" JSONB,
    "error" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
)"#;
        assert_eq!(sql, expected);
    }

    #[test]
    fn a_quote_in_any_name_stays_inside_it() {
        let key = IndexKey {
            on: IndexTarget::Column(name(r#"c"x"#)),
            descending: true,
            nulls_reversed: true,
            operator_class: None,
            collation: None,
        };
        let index = Index {
            keys: vec![key],
            ..Index::default()
        };
        let create = Change::CreateIndex {
            table: name(r#"t"x"#),
            name: name(r#"i"x"#),
            index,
            concurrently: true,
        };
        assert_eq!(
            create.sql(),
            r#"CREATE INDEX CONCURRENTLY "i""x" ON "t""x" ("c""x" DESC NULLS LAST)"#
        );
        let drop = Change::DropIndex {
            name: name(r#"i"x"#),
            concurrently: false,
        };
        assert_eq!(drop.sql(), r#"DROP INDEX "i""x""#);
        let drop = Change::DropConstraint {
            table: name(r#"t"x"#),
            name: name(r#"k"x"#),
        };
        assert_eq!(drop.sql(), r#"ALTER TABLE "t""x" DROP CONSTRAINT "k""x""#);
    }
}
