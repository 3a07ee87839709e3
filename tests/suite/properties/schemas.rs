//! Schemas of every shape that the model can hold, sensible or not.

use std::collections::BTreeMap;

use leora_core::model::{
    Action, Column, ColumnDefault, Constraint, Deferrable, Domain, Enum, Expression, Firing,
    ForeignKey, Generated, Identifier, Identity, Index, IndexKey, IndexState, IndexTarget,
    Persistence, PrimaryKey, RowSecurity, Schema, SqlType, Table, TableKind, TableReference,
    Trigger, Validity,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(super) fn any_schema() -> impl Strategy<Value = Schema> {
    (
        btree_map(name(), labels(), 0..3),
        btree_map(name(), domain(), 0..2),
        btree_map(name(), table(), 0..4),
    )
        .prop_map(|(enums, domains, tables)| Schema {
            enums,
            domains,
            tables,
        })
}

/// What people write, what nobody should, and what fills 63 bytes.
pub(super) fn name() -> impl Strategy<Value = Identifier> {
    prop_oneof![
        4 => "[a-zA-Z][a-zA-Z0-9_]{0,12}",
        1 => "[^\\x00]{1,15}",
        1 => "[a-z\"'\\\\;$.-]{60,63}",
    ]
    .prop_map(|text| Identifier::new(text).unwrap())
}

fn names() -> impl Strategy<Value = Vec<Identifier>> {
    vec(name(), 0..3)
}

fn labels() -> impl Strategy<Value = Enum> {
    vec("\\PC{0,8}", 0..4).prop_map(Enum::new)
}

fn ty() -> impl Strategy<Value = SqlType> {
    let spellings = vec![
        "text",
        "TEXT",
        "int4",
        "INTEGER",
        "serial",
        "varchar(12)",
        "character varying",
        "char",
        "bpchar",
        "decimal",
        "numeric(10)",
        "DECIMAL(65,30)",
        "timestamp",
        "TIMESTAMP(3)",
        "timestamptz(6)",
        "time without time zone",
        "timetz",
        "date",
        "bit",
        "varbit(5)",
        "float",
        "bool",
        "jsonb",
        "uuid",
        "text[]",
        "integer[3][]",
        "\"OrderStatus\"",
        "\"weird \"\" (name)\"[]",
        "interval(3)",
        "double precision",
    ];
    prop_oneof![
        8 => select(spellings).prop_map(SqlType::new),
        1 => "\\PC{0,12}".prop_map(SqlType::new),
    ]
}

/// Pieces of SQL put together with no regard for sense, besides what makes some.
pub(super) fn expression() -> impl Strategy<Value = Expression> {
    let pieces = vec![
        "now()",
        "CURRENT_TIMESTAMP",
        "LOCALTIMESTAMP(3)",
        "CURRENT_DATE",
        "'a''b'",
        "E'\\n'",
        "''",
        "0",
        "-1.50",
        "1e10",
        "NULL",
        "true",
        "'{}'",
        "'{a,\"b c\",NULL}'",
        "ARRAY['a', 'b']",
        "ARRAY[]::text[]",
        "'2020-01-01 00:00:00+00'",
        "gen_random_uuid()",
        "\"Column\"",
        "lower(x)",
        "$$;$$",
        "/* c */",
        "--",
    ];
    let glue = vec![
        "",
        " ",
        "::text",
        "::timestamp(3) without time zone",
        "::integer",
        "::jsonb",
        "::\"OrderStatus\"",
        "(",
        ")",
        "[",
        "]",
        "'",
        "\"",
        ",",
        " AND ",
        " = ",
        " IS NOT NULL",
        "\n  ",
    ];
    prop_oneof![
        3 => (select(pieces.clone()), select(glue.clone())).prop_map(|(piece, tail)| format!("{piece}{tail}")),
        2 => (select(pieces.clone()), select(glue.clone())).prop_map(|(piece, tail)| format!("(({piece}){tail})")),
        2 => vec((select(glue), select(pieces)), 0..6).prop_map(|parts| {
            parts.into_iter().map(|(glue, piece)| format!("{glue}{piece}")).collect::<String>()
        }),
        1 => "\\PC{0,20}",
    ]
    .prop_map(Expression::new)
}

fn domain() -> impl Strategy<Value = Domain> {
    let checks = btree_map(name(), constraint(), 0..3);
    (ty(), any::<bool>(), option::of(expression()), checks).prop_map(
        |(ty, not_null, default, checks)| Domain {
            ty,
            not_null,
            default,
            checks,
        },
    )
}

fn column() -> impl Strategy<Value = Column> {
    let default = prop_oneof![
        1 => Just(ColumnDefault::Autoincrement),
        1 => Just(ColumnDefault::Sequence("INCREMENT 2 CYCLE".to_owned())),
        6 => expression().prop_map(ColumnDefault::Expression),
    ];
    let generated = (expression(), any::<bool>())
        .prop_map(|(expression, stored)| Generated { expression, stored });
    (
        name(),
        ty(),
        any::<bool>(),
        option::of(default),
        option::weighted(0.2, select(vec![Identity::Always, Identity::ByDefault])),
        option::weighted(0.2, generated),
        option::weighted(0.2, "[A-Za-z_.\"]{1,9}"),
    )
        .prop_map(
            |(name, ty, nullable, default, identity, generated, collation)| Column {
                name,
                ty,
                nullable,
                default,
                identity,
                generated,
                collation,
            },
        )
}

fn columns() -> impl Strategy<Value = Vec<Column>> {
    vec(column(), 0..5).prop_map(|columns| {
        let by_name: BTreeMap<_, _> = columns
            .into_iter()
            .map(|column| (column.name.clone(), column))
            .collect();
        by_name.into_values().collect()
    })
}

fn deferrable() -> impl Strategy<Value = Deferrable> {
    select(vec![
        Deferrable::No,
        Deferrable::InitiallyImmediate,
        Deferrable::InitiallyDeferred,
    ])
}

fn state() -> impl Strategy<Value = IndexState> {
    select(vec![
        IndexState::Valid,
        IndexState::Invalid,
        IndexState::NotReady,
    ])
}

fn validity() -> impl Strategy<Value = Validity> {
    select(vec![
        Validity::Valid,
        Validity::NotValid,
        Validity::NotEnforced,
    ])
}

fn firing() -> impl Strategy<Value = Firing> {
    select(vec![
        Firing::Enabled,
        Firing::Always,
        Firing::ReplicaOnly,
        Firing::Disabled,
        Firing::Missing,
    ])
}

fn action() -> impl Strategy<Value = Action> {
    select(vec![
        Action::NoAction,
        Action::Restrict,
        Action::Cascade,
        Action::SetNull,
        Action::SetDefault,
    ])
}

/// One over no columns would be held by every index.
fn primary_key() -> impl Strategy<Value = PrimaryKey> {
    let columns = vec(name(), 1..3);
    (name(), columns, names(), deferrable(), state()).prop_map(
        |(name, columns, include, deferrable, state)| PrimaryKey {
            name,
            columns,
            include,
            deferrable,
            state,
        },
    )
}

fn index_key() -> impl Strategy<Value = IndexKey> {
    let on = prop_oneof![
        3 => name().prop_map(IndexTarget::Column),
        1 => expression().prop_map(IndexTarget::Expression),
    ];
    (
        on,
        any::<bool>(),
        any::<bool>(),
        option::weighted(0.2, "[a-z_]{1,9}"),
        option::weighted(0.2, "[A-Za-z\"]{1,9}"),
    )
        .prop_map(
            |(on, descending, nulls_reversed, operator_class, collation)| IndexKey {
                on,
                descending,
                nulls_reversed,
                operator_class,
                collation,
            },
        )
}

fn index() -> impl Strategy<Value = Index> {
    let method = select(vec!["btree", "hash", "gin"]).prop_map(str::to_owned);
    (
        vec(index_key(), 0..3),
        any::<bool>(),
        any::<bool>(),
        deferrable(),
        option::of(method),
        names(),
        option::weighted(0.3, expression()),
        state(),
        any::<bool>(),
    )
        .prop_map(
            |(
                keys,
                unique,
                nulls_not_distinct,
                deferrable,
                method,
                include,
                predicate,
                state,
                constraint,
            )| {
                Index {
                    keys,
                    unique,
                    nulls_not_distinct,
                    deferrable,
                    method,
                    include,
                    predicate,
                    state,
                    constraint,
                }
            },
        )
}

fn foreign_key() -> impl Strategy<Value = ForeignKey> {
    let references = prop_oneof![
        name().prop_map(TableReference::Here),
        (name(), name()).prop_map(|(schema, table)| TableReference::Elsewhere { schema, table }),
    ];
    let what = (names(), references, names(), names());
    let how = (action(), action(), any::<bool>());
    (what, how, deferrable(), validity(), firing()).prop_map(
        |(
            (columns, references, referenced_columns, on_delete_columns),
            (on_delete, on_update, match_full),
            deferrable,
            validity,
            triggers,
        )| ForeignKey {
            columns,
            references,
            referenced_columns,
            on_delete,
            on_update,
            on_delete_columns,
            match_full,
            deferrable,
            validity,
            triggers,
            disabled_on: Default::default(),
        },
    )
}

fn constraint() -> impl Strategy<Value = Constraint> {
    (expression(), validity()).prop_map(|(expression, validity)| Constraint {
        definition: format!("CHECK ({expression})"),
        validity,
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    ("\\PC{0,20}", firing()).prop_map(|(definition, firing)| Trigger { definition, firing })
}

fn row_security() -> impl Strategy<Value = RowSecurity> {
    let policies = btree_map(name(), "\\PC{0,20}", 0..3);
    (any::<bool>(), any::<bool>(), policies).prop_map(|(enabled, forced, policies)| RowSecurity {
        enabled,
        forced,
        policies,
    })
}

fn table() -> impl Strategy<Value = Table> {
    let kind = prop_oneof![
        6 => Just(TableKind::Table),
        1 => select(vec![TableKind::PartitionedTable, TableKind::View, TableKind::Sequence]),
    ];
    let persistence =
        prop_oneof![6 => Just(Persistence::Permanent), 1 => Just(Persistence::Unlogged)];
    let keys = (
        option::of(primary_key()),
        btree_map(name(), index(), 0..3),
        btree_map(name(), foreign_key(), 0..3),
    );
    let guards = (
        btree_map(name(), constraint(), 0..2),
        btree_map(name(), trigger(), 0..2),
        btree_map(name(), trigger(), 0..2),
        row_security(),
    );
    let relatives = (
        vec("[a-z\"]{1,8}", 0..3),
        vec("[a-z\"]{1,8}", 0..3),
        option::weighted(0.2, "[a-z\"]{1,8}"),
        option::weighted(0.2, "\\PC{0,12}"),
    );
    (kind, persistence, columns(), keys, guards, relatives).prop_map(
        |(
            kind,
            persistence,
            columns,
            keys,
            guards,
            (inherits, children, of_type, partitioning),
        )| Table {
            kind,
            persistence,
            columns,
            in_any_order: false,
            primary_key: keys.0,
            indexes: keys.1,
            foreign_keys: keys.2,
            checks: guards.0,
            triggers: guards.1,
            rules: guards.2,
            row_security: guards.3,
            inherits,
            children,
            of_type,
            partitioning,
        },
    )
}
