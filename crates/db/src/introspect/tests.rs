//! Catalogs that contradict themselves, or that a newer PostgreSQL wrote.

use super::access::{AccessRow, access};
use super::constraints::{ConstraintRow, ForeignKeys};
use super::guards::{MissingTriggersRow, PolicyRow, RuleRow, TriggerRow};
use super::indexes::IndexRow;
use super::reader::Reader;
use super::relations::{ColumnRow, InheritanceRow, RelationRow, SequenceRow};
use crate::answer::{Rows, Unreadable};
use crate::query::{Answer, read};

/// A row of a query's answer: what is given, and NULL in all other columns.
fn row<A: Answer>(given: &[(&str, &str)]) -> Result<Vec<A>, Unreadable> {
    for (column, _) in given {
        assert!(A::QUERY.columns.contains(column), "{column}");
    }
    let cells = A::QUERY.columns.iter().map(|column| {
        let given = given.iter().find(|(name, _)| name == column);
        given.map(|(_, value)| *value)
    });
    read(Rows::of_one(A::QUERY.columns, cells))
}

/// A relation of the kind, by the oid.
fn relation(oid: &str, kind: &str, of_extension: &str) -> Result<Vec<RelationRow>, Unreadable> {
    row(&[
        ("oid", oid),
        ("name", "t"),
        ("kind", kind),
        ("persistence", "p"),
        ("row_security", "f"),
        ("force_row_security", "f"),
        ("pages", "0"),
        ("rows", "0"),
        ("is_readable", "t"),
        ("of_extension", of_extension),
    ])
}

fn column(table: &str) -> Vec<ColumnRow> {
    let row = row(&[
        ("relation", table),
        ("number", "1"),
        ("name", "c"),
        ("type", "integer"),
        ("not_null", "f"),
        ("collation", "0"),
    ]);
    row.expect("a column")
}

/// A table of oid 1 with a column of number 1, and a table of oid 2 that an extension made.
fn reader() -> Reader {
    let mut reader = Reader::default();
    reader.relations(relation("1", "r", "f").expect("a table"));
    reader.relations(relation("2", "r", "t").expect("a table"));
    reader.columns(column("1")).expect("a column");
    reader
}

fn constraint(changed: &[(&'static str, &'static str)]) -> Result<Vec<ConstraintRow>, Unreadable> {
    let mut given = vec![
        ("oid", "10"),
        ("relation", "1"),
        ("name", "k"),
        ("kind", "f"),
        ("is_deferrable", "f"),
        ("is_deferred", "f"),
        ("is_valid", "t"),
        ("is_enforced", "t"),
        ("columns", "{1}"),
        ("on_update", "a"),
        ("on_delete", "c"),
        ("match", "s"),
        ("referenced", "1"),
        ("referenced_columns", "{1}"),
    ];
    given.retain(|(column, _)| changed.iter().all(|(name, _)| name != column));
    given.extend(changed.iter().filter(|(_, value)| *value != "NULL"));
    row(&given)
}

fn index(changed: &[(&'static str, &'static str)]) -> Result<Vec<IndexRow>, Unreadable> {
    let mut given = vec![
        ("oid", "20"),
        ("relation", "1"),
        ("name", "i"),
        ("method", "btree"),
        ("is_unique", "f"),
        ("is_primary", "f"),
        ("is_exclusion", "f"),
        ("is_valid", "t"),
        ("is_ready", "t"),
        ("key_count", "1"),
        ("columns", "1"),
        ("options", "0"),
        ("operator_classes", "1978"),
        ("collations", "0"),
        ("nulls_not_distinct", "f"),
        ("is_used_for_checks", "t"),
    ];
    given.retain(|(column, _)| changed.iter().all(|(name, _)| name != column));
    given.extend(changed.iter().filter(|(_, value)| *value != "NULL"));
    row(&given)
}

#[test]
fn a_kind_of_relation_that_is_not_known_is_an_error() {
    for kind in ["r", "p", "v", "m", "f", "S", "c"] {
        assert!(relation("1", kind, "f").is_ok(), "{kind}");
    }
    for kind in ["g", "i", "t", "R", ""] {
        let error = relation("1", kind, "f").err();
        let is_it = matches!(
            error,
            Some(Unreadable::Unknown {
                query: "relations",
                column: "kind",
                ..
            })
        );
        assert!(is_it, "{kind}: {error:?}");
    }
}

#[test]
fn codes_of_constraints_triggers_and_policies_that_are_not_known_are_errors() {
    let trigger = |enabled| {
        row::<TriggerRow>(&[
            ("relation", "1"),
            ("name", "t"),
            ("is_internal", "f"),
            ("enabled", enabled),
            ("definition", "CREATE TRIGGER"),
        ])
        .map(drop)
    };
    let rule = |enabled| {
        let given = [
            ("relation", "1"),
            ("name", "r"),
            ("enabled", enabled),
            ("definition", ""),
        ];
        row::<RuleRow>(&given).map(drop)
    };
    let policy = |command| {
        row::<PolicyRow>(&[
            ("relation", "1"),
            ("name", "p"),
            ("is_permissive", "t"),
            ("command", command),
            ("roles", "public"),
        ])
        .map(drop)
    };
    let of_constraint = |column| move |code| constraint(&[(column, code)]).map(drop);
    type Read<'a> = &'a dyn Fn(&'static str) -> Result<(), Unreadable>;
    let cases: [(&str, Read<'_>, &[&'static str]); 7] = [
        (
            "kind",
            &of_constraint("kind"),
            &["p", "u", "f", "c", "x", "n"],
        ),
        (
            "on_delete",
            &of_constraint("on_delete"),
            &["a", "r", "c", "n", "d"],
        ),
        (
            "on_update",
            &of_constraint("on_update"),
            &["a", "r", "c", "n", "d"],
        ),
        ("match", &of_constraint("match"), &["s", "f"]),
        ("enabled", &trigger, &["O", "D", "R", "A"]),
        ("enabled", &rule, &["O", "D", "R", "A"]),
        ("command", &policy, &["*", "r", "a", "w", "d"]),
    ];
    for (at, read, known) in cases {
        for code in known {
            assert_eq!(read(code), Ok(()), "{at} {code}");
        }
        match read("Z") {
            Err(Unreadable::Unknown { column, found, .. }) => {
                assert_eq!((column, found.as_str()), (at, "Z"));
            }
            other => panic!("{at}: {other:?}"),
        }
    }
}

#[test]
fn a_number_that_refers_to_nothing_is_an_error() {
    let unresolved = |read: Result<(), Unreadable>, of: &str, at: &str| match read {
        Err(Unreadable::Unresolved { query, column, .. }) => assert_eq!((query, column), (of, at)),
        other => panic!("{of} {at}: {other:?}"),
    };
    let mut reader = reader();
    unresolved(reader.columns(column("3")), "columns", "relation");
    let inherited = row::<InheritanceRow>(&[("parent", "3"), ("child_name", "c")]);
    let inherited = reader.inheritance(inherited.expect("a row"));
    unresolved(inherited, "inheritance", "parent");
    let sequence = row::<SequenceRow>(&[
        ("relation", "1"),
        ("column_number", "2"),
        ("name", "s"),
        ("type", "integer"),
        ("increment", "1"),
        ("minimum", "1"),
        ("maximum", "9"),
        ("cycles", "f"),
        ("is_unlogged", "f"),
        ("is_readable", "t"),
    ]);
    let sequence = reader.sequences(sequence.expect("a row"));
    unresolved(sequence, "sequences", "column_number");
    for (column, number) in [
        ("relation", "3"),
        ("referenced", "3"),
        ("columns", "{1,2}"),
        ("referenced_columns", "{2}"),
        ("on_delete_columns", "{2}"),
    ] {
        let rows = constraint(&[(column, number)]).expect("a row");
        let keys = ForeignKeys::of(&rows);
        let read = reader.constraints(rows, &keys).map(drop);
        unresolved(read, "constraints", column);
    }
    for (column, number) in [("relation", "3"), ("columns", "2")] {
        let rows = index(&[(column, number)]).expect("a row");
        let read = reader.indexes(rows, Vec::new(), &Default::default());
        unresolved(read, "indexes", column);
    }
    let none = ForeignKeys::of(&[]);
    let lost = row::<MissingTriggersRow>(&[("foreign_key", "10")]).expect("a row");
    let lost = reader.missing_triggers(lost, &none);
    unresolved(lost, "missing_foreign_key_triggers", "foreign_key");
}

#[test]
fn what_is_on_a_table_of_an_extension_is_left_out() {
    let mut reader = reader();
    assert_eq!(reader.columns(column("2")), Ok(()));
    for changed in [[("relation", "2")], [("referenced", "2")]] {
        let rows = constraint(&changed).expect("a row");
        let keys = ForeignKeys::of(&rows);
        assert!(reader.constraints(rows, &keys).is_ok(), "{changed:?}");
    }
    let rows = index(&[("relation", "2")]).expect("a row");
    assert_eq!(
        reader.indexes(rows, Vec::new(), &Default::default()),
        Ok(())
    );
    let tables = reader.finish().schema.tables;
    let [(_, table)] = &tables.iter().collect::<Vec<_>>()[..] else {
        panic!("{tables:?}");
    };
    assert!(table.foreign_keys.is_empty() && table.indexes.is_empty());
}

#[test]
fn what_a_constraint_or_an_index_of_its_kind_has_is_not_made_up() {
    for (column, changed) in [
        ("on_delete", vec![("on_delete", "NULL")]),
        ("on_update", vec![("on_update", "NULL")]),
        ("match", vec![("match", "NULL")]),
        ("other_schema", vec![("referenced", "NULL")]),
        ("definition", vec![("kind", "c")]),
    ] {
        let rows = constraint(&changed).expect("a row");
        let keys = ForeignKeys::of(&rows);
        match reader().constraints(rows, &keys) {
            Err(Unreadable::Unexpected { column: at, .. }) => assert_eq!(at, column),
            other => panic!("{column}: {other:?}"),
        }
    }
    for (column, changed) in [
        ("options", [("options", "")]),
        ("operator_classes", [("operator_classes", "")]),
        ("collations", [("collations", "")]),
        ("expressions", [("columns", "0")]),
    ] {
        let rows = index(&changed).expect("a row");
        match reader().indexes(rows, Vec::new(), &Default::default()) {
            Err(Unreadable::Unexpected { column: at, .. }) => assert_eq!(at, column),
            other => panic!("{column}: {other:?}"),
        }
    }
}

#[test]
fn a_privilege_that_is_not_known_is_an_error() {
    let granted = |privileges| {
        let given = [
            ("kind", "grant"),
            ("owner", "o"),
            ("grantee", "g"),
            ("privileges", privileges),
        ];
        row::<AccessRow>(&given).and_then(access)
    };
    assert!(granted("{SELECT,MAINTAIN}").is_ok());
    assert!(granted("{NULL}").is_ok());
    let error = granted("{SELECT,PEEK}").err();
    assert!(
        matches!(&error, Some(Unreadable::Unknown { column: "privileges", found, .. }) if found == "PEEK"),
        "{error:?}"
    );
}
