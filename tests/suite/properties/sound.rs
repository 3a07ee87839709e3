//! Schemas that PostgreSQL takes, with hostile names.

use std::collections::{BTreeMap, BTreeSet};

use leora_core::model::{
    Action, Column, ColumnDefault, Deferrable, Enum, Expression, Firing, ForeignKey, Identifier,
    Index, IndexKey, IndexState, IndexTarget, PrimaryKey, Schema, SqlType, Table, TableReference,
    Validity,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index as Pick, select};

use super::schemas::name;

/// Types, each with defaults it takes, and whether a btree orders it.
const TYPES: &[(&str, &[&str], bool)] = &[
    ("text", &["'it''s'", "''", "lower('X')", "'\\n'"], true),
    ("character varying(191)", &["'x'::character varying"], true),
    ("character(3)", &["'USD'"], true),
    ("integer", &["0", "-7", "'5'::integer", "(1 + 2)"], true),
    ("smallint", &["3"], true),
    ("bigint", &["9007199254740993", "'-1'"], true),
    ("numeric(12,2)", &["0", "10.50", "'1.5'::numeric"], true),
    ("double precision", &["0.5", "1e10"], true),
    ("boolean", &["true", "false"], true),
    ("date", &["CURRENT_DATE", "'2024-02-29'"], true),
    (
        "timestamp(3) without time zone",
        &["CURRENT_TIMESTAMP", "'2024-02-29 01:02:03.456'"],
        true,
    ),
    (
        "timestamp(6) with time zone",
        &["now()", "'2024-02-29 00:00:00+00'"],
        true,
    ),
    ("time(0) without time zone", &["'01:02:03'"], true),
    ("interval", &["'1 day'"], true),
    (
        "uuid",
        &[
            "gen_random_uuid()",
            "'00000000-0000-0000-0000-000000000000'",
        ],
        true,
    ),
    ("bytea", &["'\\x00ff'"], true),
    ("jsonb", &["'{}'", "'{\"a\": [1, null]}'"], true),
    ("json", &["'[]'"], false),
    ("inet", &["'127.0.0.1'"], true),
    ("bit varying(8)", &["'101'"], true),
    (
        "text[]",
        &["ARRAY['a', 'b,c']", "'{}'", "ARRAY[]::text[]"],
        true,
    ),
    ("integer[]", &["'{1,2}'", "ARRAY[1, 2]"], true),
    ("numeric(5,1)[]", &["ARRAY[1.5]"], true),
];

/// One column, before it has a name.
#[derive(Clone, Debug)]
struct Plain {
    ty: &'static str,
    default: Option<&'static str>,
    ordered: bool,
    nullable: bool,
}

fn plain() -> impl Strategy<Value = Plain> {
    (select(TYPES), any::<Pick>(), any::<bool>(), any::<bool>()).prop_map(
        |((ty, defaults, ordered), pick, has_default, nullable)| Plain {
            ty,
            default: has_default.then(|| *pick.get(defaults)),
            ordered,
            nullable,
        },
    )
}

/// Choices for an index, to be made among the columns there are.
#[derive(Clone, Debug)]
struct AnyIndex {
    columns: Vec<(Pick, bool, bool)>,
    unique: bool,
    include: Option<Pick>,
    predicate: Option<Pick>,
}

fn any_index() -> impl Strategy<Value = AnyIndex> {
    let column = (any::<Pick>(), any::<bool>(), any::<bool>());
    (
        vec(column, 1..4),
        any::<bool>(),
        proptest::option::weighted(0.3, any::<Pick>()),
        proptest::option::weighted(0.3, any::<Pick>()),
    )
        .prop_map(|(columns, unique, include, predicate)| AnyIndex {
            columns,
            unique,
            include,
            predicate,
        })
}

#[derive(Clone, Debug)]
struct AnyKey {
    target: Pick,
    on_delete: Action,
    on_update: Action,
    deferrable: Deferrable,
}

fn any_key() -> impl Strategy<Value = AnyKey> {
    let action = || {
        select(vec![
            Action::NoAction,
            Action::Restrict,
            Action::Cascade,
            Action::SetNull,
            Action::SetDefault,
        ])
    };
    let deferrable = select(vec![Deferrable::No, Deferrable::InitiallyDeferred]);
    (any::<Pick>(), action(), action(), deferrable).prop_map(
        |(target, on_delete, on_update, deferrable)| AnyKey {
            target,
            on_delete,
            on_update,
            deferrable,
        },
    )
}

/// A table before its foreign keys know what others there are.
#[derive(Clone, Debug)]
struct AnyTable {
    columns: Vec<(Identifier, Plain)>,
    indexes: Vec<AnyIndex>,
    keys: Vec<AnyKey>,
}

fn any_table() -> impl Strategy<Value = AnyTable> {
    let columns = btree_set(column_name(), 1..6).prop_flat_map(|names| {
        let names: Vec<_> = names.into_iter().collect();
        let count = names.len();
        (Just(names), vec(plain(), count))
            .prop_map(|(names, plain)| names.into_iter().zip(plain).collect())
    });
    (columns, vec(any_index(), 0..3), vec(any_key(), 0..3)).prop_map(|(columns, indexes, keys)| {
        AnyTable {
            columns,
            indexes,
            keys,
        }
    })
}

/// None of the names that every table has already (PostgreSQL manual, 5.5).
fn column_name() -> impl Strategy<Value = Identifier> {
    name().prop_filter("a system column", |name| {
        !["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "id"].contains(&name.as_str())
    })
}

pub(super) fn schema() -> impl Strategy<Value = Schema> {
    let tables = btree_set(name(), 1..5).prop_flat_map(|names| {
        let names: Vec<_> = names.into_iter().collect();
        let count = names.len();
        (Just(names), vec(any_table(), count))
    });
    let labels = vec("[a-z '\"\\\\]{1,10}", 1..4).prop_map(|labels| {
        let distinct: BTreeSet<_> = labels.into_iter().collect();
        Enum::new(distinct.into_iter().rev().collect())
    });
    (tables, labels).prop_map(|((names, tables), labels)| {
        // A relation's row type is a type, so that the enum's name is one no table has.
        let kind = Identifier::new("an \"enum\" of its own").unwrap();
        let mut schema = Schema::default();
        for (at, (table, made)) in names.iter().zip(tables).enumerate() {
            schema
                .tables
                .insert(table.clone(), define(at, &names, made, &kind, &labels));
        }
        schema.enums.insert(kind, labels);
        schema
    })
}

fn define(
    at: usize,
    names: &[Identifier],
    made: AnyTable,
    kind: &Identifier,
    labels: &Enum,
) -> Table {
    let id = identifier("id".to_owned());
    let mut columns = vec![column(id.clone(), "uuid", false, None)];
    for (name, plain) in &made.columns {
        columns.push(column(
            name.clone(),
            plain.ty,
            plain.nullable,
            plain.default,
        ));
    }
    let first = format!("'{}'", labels.labels[0].replace('\'', "''"));
    columns.push(column(
        identifier("of the enum".to_owned()),
        &kind.quoted(),
        true,
        Some(&first),
    ));
    let ordered: Vec<_> = made
        .columns
        .iter()
        .filter(|(_, plain)| plain.ordered)
        .map(|(name, _)| name.clone())
        .collect();
    let mut indexes = BTreeMap::new();
    for (number, any) in made.indexes.iter().enumerate() {
        let name = identifier(format!("index {number} \"of\" {at}"));
        indexes.extend(index(any, &ordered, &id).map(|index| (name, index)));
    }
    let mut foreign_keys = BTreeMap::new();
    for (number, any) in made.keys.iter().enumerate() {
        let referencing = identifier(format!("reference {number}"));
        columns.push(column(referencing.clone(), "uuid", true, None));
        let key = ForeignKey {
            columns: vec![referencing],
            references: TableReference::Here(any.target.get(names).clone()),
            referenced_columns: vec![id.clone()],
            on_delete: any.on_delete,
            on_update: any.on_update,
            on_delete_columns: Vec::new(),
            match_full: false,
            deferrable: any.deferrable,
            validity: Validity::Valid,
            triggers: Firing::Enabled,
            disabled_on: Default::default(),
        };
        foreign_keys.insert(identifier(format!("key {number} 'of' {at}")), key);
    }
    Table {
        columns,
        primary_key: Some(PrimaryKey {
            name: identifier(format!("primary \"key\" of {at}")),
            columns: vec![id],
            include: Vec::new(),
            deferrable: Deferrable::No,
            state: IndexState::Valid,
        }),
        indexes,
        foreign_keys,
        ..Table::default()
    }
}

/// `None` where the table has no column that can be ordered.
fn index(any: &AnyIndex, ordered: &[Identifier], id: &Identifier) -> Option<Index> {
    if ordered.is_empty() {
        return None;
    }
    let mut seen = BTreeSet::new();
    let keys = any
        .columns
        .iter()
        .map(|(pick, descending, nulls_reversed)| IndexKey {
            on: IndexTarget::Column(pick.get(ordered).clone()),
            descending: *descending,
            nulls_reversed: *nulls_reversed,
            operator_class: None,
            collation: None,
        })
        .filter(|key| match &key.on {
            IndexTarget::Column(column) => seen.insert(column.clone()),
            IndexTarget::Expression(_) => true,
        })
        .collect();
    let predicate = any.predicate.map(|pick| {
        let column = pick.get(ordered).quoted_plain();
        Expression::new(format!("{column} IS NOT NULL"))
    });
    Some(Index {
        keys,
        unique: any.unique,
        include: any.include.map(|_| id.clone()).into_iter().collect(),
        predicate,
        ..Index::default()
    })
}

fn column(name: Identifier, ty: &str, nullable: bool, default: Option<&str>) -> Column {
    Column {
        name,
        ty: SqlType::new(ty),
        nullable,
        default: default.map(|text| ColumnDefault::Expression(Expression::new(text))),
        identity: None,
        generated: None,
        collation: None,
    }
}

fn identifier(name: String) -> Identifier {
    Identifier::new(name).unwrap()
}
