//! The planner over schemas in memory: every refusal, the order of the steps, what rows change, and the locks.

use super::*;
use crate::model::{Action, Index, IndexKey, IndexTarget, TableKind, snapshot};
use crate::plan::{Database, LockMode, Transaction};

/// Two existing tables, and two that the migration creates. "A" references a table that sorts behind the others.
const TARGET: &str = r#"
[enums]
Mood = ["GOOD", "BAD"]

[tables.Parent]
columns = [{ name = "id", type = "uuid" }]
primary_key = { columns = ["id"], name = "Parent_pkey" }

[tables.Zoo]
columns = [{ name = "id", type = "uuid" }, { name = "note", type = "text", nullable = true }]
primary_key = { columns = ["id"], name = "Zoo_pkey" }

[tables.B]
columns = [
  { name = "id", type = "uuid" },
  { name = "parentId", type = "uuid" },
  { name = "mood", type = '"Mood"', default = "'GOOD'" },
  { name = "note", type = "text", nullable = true },
  { name = "code", type = "text" },
]
primary_key = { columns = ["id"], name = "B_pkey" }
indexes.B_parentId_idx = { keys = [{ column = "parentId" }] }
indexes.B_code_key = { keys = [{ column = "code" }], unique = true }
foreign_keys.B_parentId_fkey = { columns = ["parentId"], on_delete = "cascade", on_update = "cascade", referenced_columns = ["id"], references = "Parent" }

[tables.A]
columns = [{ name = "id", type = "uuid" }, { name = "zooId", type = "uuid" }, { name = "parentId", type = "uuid" }]
primary_key = { columns = ["id"], name = "A_pkey" }
indexes.A_zooId_idx = { keys = [{ column = "zooId" }] }
foreign_keys.A_parentId_fkey = { columns = ["parentId"], on_delete = "cascade", on_update = "cascade", referenced_columns = ["id"], references = "Parent" }
foreign_keys.A_zooId_fkey = { columns = ["zooId"], on_delete = "cascade", on_update = "cascade", referenced_columns = ["id"], references = "Zoo" }
"#;

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

fn target() -> Schema {
    snapshot::read(TARGET).expect("legal")
}

/// What exists before the migration.
fn before() -> Schema {
    let mut schema = target();
    schema.enums.clear();
    schema
        .tables
        .retain(|table, _| *table == *"Parent" || *table == *"Zoo");
    schema
}

/// A database in which everything exists but for `change`.
fn after(change: impl FnOnce(&mut Schema)) -> Schema {
    let mut schema = target();
    change(&mut schema);
    schema
}

fn table<'s>(schema: &'s mut Schema, table: &str) -> &'s mut Table {
    schema.tables.get_mut(&name(table)).expect("legal")
}

/// The plan from `actual` to the target. The migration declares "B" before "A".
fn planned(actual: &Schema, empty: &BTreeSet<Identifier>) -> Plan {
    planned_to(&target(), actual, empty)
}

fn planned_to(target: &Schema, actual: &Schema, empty: &BTreeSet<Identifier>) -> Plan {
    let request = Request {
        migration: "test",
        database: Database::default(),
        schema: &name("public"),
        created: &[name("B"), name("A")],
        desired: target,
        existing: BTreeSet::new(),
    };
    plan(&request, actual, empty)
}

/// `tables` are known to hold no rows, and of the others nothing is known.
fn empty(tables: &[&str]) -> BTreeSet<Identifier> {
    tables.iter().map(|table| name(table)).collect()
}

fn steps(plan: &Plan) -> Vec<String> {
    let summary = |step: &Step| match &step.change {
        Change::CreateIndex {
            concurrently: true, ..
        }
        | Change::DropIndex {
            concurrently: true, ..
        } => {
            format!("{}, concurrently", step.change.summary())
        }
        Change::AddForeignKey {
            not_valid: true, ..
        } => format!("{}, not valid", step.change.summary()),
        change => change.summary(),
    };
    plan.steps.iter().map(summary).collect()
}

fn refusals(plan: &Plan) -> Vec<(Code, String)> {
    let told = plan.refusals.iter();
    told.map(|refusal| (refusal.code, refusal.object.to_string()))
        .collect()
}

#[test]
fn nothing_to_do_where_everything_exists() {
    let plan = planned(&target(), &empty(&[]));
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.notes, Vec::<String>::new());
}

/// Enums before the tables that use them, tables as declared, indexes before foreign keys, foreign keys by the table
/// they lock.
#[test]
fn steps_come_in_the_order_of_what_they_lock() {
    let plan = planned(&before(), &empty(&[]));
    assert_eq!(
        steps(&plan),
        [
            r#"create enum "Mood""#,
            r#"create table "B""#,
            r#"create table "A""#,
            r#"create unique index "B_code_key" on "B""#,
            r#"create index "B_parentId_idx" on "B""#,
            r#"create index "A_zooId_idx" on "A""#,
            r#"add foreign key "B_parentId_fkey" on "B""#,
            r#"add foreign key "A_parentId_fkey" on "A""#,
            r#"add foreign key "A_zooId_fkey" on "A""#,
        ]
    );
    assert_eq!(refusals(&plan), []);
}

#[test]
fn every_step_says_what_it_locks() {
    let locks = |plan: &Plan, at: usize| -> Vec<_> {
        let locks = plan.steps[at].locks.iter();
        locks
            .map(|lock| (lock.table.to_string(), lock.mode))
            .collect()
    };
    let whole = planned(&before(), &empty(&[]));
    for at in 0..6 {
        assert_eq!(locks(&whole, at), [], "{}", whole.steps[at].sql);
    }
    for (at, parent) in [(6, "Parent"), (7, "Parent"), (8, "Zoo")] {
        assert_eq!(
            locks(&whole, at),
            [(parent.to_owned(), LockMode::ShareRowExclusive)]
        );
    }
    let blocking: Vec<_> = whole.blocking_locks().into_iter().collect();
    let both = [name("Parent"), name("Zoo")];
    assert_eq!(
        blocking,
        [
            (&both[0], LockMode::ShareRowExclusive),
            (&both[1], LockMode::ShareRowExclusive)
        ]
    );

    // On a table that exists already, the step locks that table too.
    for (what, change, rows, expected) in [
        (
            "a column",
            (|t| t.columns.retain(|column| column.name != *"note")) as fn(&mut Table),
            true,
            vec![("B", LockMode::AccessExclusive)],
        ),
        (
            "a primary key",
            |t| t.primary_key = None,
            false,
            vec![("B", LockMode::AccessExclusive)],
        ),
        (
            "an index",
            |t| drop(t.indexes.remove(&name("B_parentId_idx"))),
            false,
            vec![("B", LockMode::Share)],
        ),
        (
            "an index on rows",
            |t| drop(t.indexes.remove(&name("B_parentId_idx"))),
            true,
            vec![("B", LockMode::ShareUpdateExclusive)],
        ),
        (
            "a foreign key",
            |t| drop(t.foreign_keys.remove(&name("B_parentId_fkey"))),
            false,
            vec![
                ("B", LockMode::ShareRowExclusive),
                ("Parent", LockMode::ShareRowExclusive),
            ],
        ),
    ] {
        let plan = planned(
            &after(|schema| change(table(schema, "B"))),
            &empty(if rows { &[] } else { &["B"] }),
        );
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(t, mode)| (t.to_owned(), mode))
            .collect();
        assert_eq!(plan.steps.len(), 1, "{what}: {plan:?}");
        assert_eq!(locks(&plan, 0), expected, "{what}");
    }
}

/// A table that holds rows gets its indexes and foreign keys without blocking writes; an empty one at once.
#[test]
fn rows_decide_how_an_index_and_a_foreign_key_are_made() {
    let actual = after(|schema| {
        table(schema, "B").indexes.clear();
        table(schema, "B").foreign_keys.clear();
    });
    let at_once = [
        r#"create unique index "B_code_key" on "B""#,
        r#"create index "B_parentId_idx" on "B""#,
        r#"add foreign key "B_parentId_fkey" on "B""#,
    ];
    let without_blocking = [
        r#"add foreign key "B_parentId_fkey" on "B", not valid"#,
        r#"create unique index "B_code_key" on "B", concurrently"#,
        r#"create index "B_parentId_idx" on "B", concurrently"#,
        r#"validate foreign key "B_parentId_fkey" on "B""#,
    ];
    assert_eq!(steps(&planned(&actual, &empty(&["B"]))), at_once);
    let careful = planned(&actual, &empty(&[]));
    assert_eq!(steps(&careful), without_blocking);
    let apart: Vec<_> = careful.steps.iter().map(|step| step.transaction).collect();
    use Transaction::{Alone, Together};
    assert_eq!(apart, [Together, Alone, Alone, Alone]);
    assert!(!careful.is_one_transaction());
}

/// What can be made on rows, and what is refused: the column's default decides.
#[test]
fn a_required_column_needs_a_constant_default_on_rows() {
    let to_add = |column: &str| {
        let mut target = target();
        table(&mut target, "B")
            .columns
            .push(snapshot_column(column));
        target
    };
    let cases = [
        (r#"{ name = "new", type = "text" }"#, false),
        (r#"{ name = "new", type = "text", nullable = true }"#, true),
        (r#"{ name = "new", type = "text", default = "'x'" }"#, true),
        (r#"{ name = "new", type = "integer", default = "0" }"#, true),
        (
            r#"{ name = "new", type = "timestamp(3) without time zone", default = "CURRENT_TIMESTAMP" }"#,
            true,
        ),
        (
            r#"{ name = "new", type = "uuid", default = "gen_random_uuid()" }"#,
            false,
        ),
        (
            r#"{ name = "new", type = "integer", default = "autoincrement" }"#,
            false,
        ),
    ];
    for (column, fits) in cases {
        let target = to_add(column);
        let on_rows = planned_to(&target, &self::target(), &empty(&[]));
        if fits {
            assert_eq!(steps(&on_rows), [r#"add column "new" on "B""#], "{column}");
        } else {
            let expected = (Code::RowsWithoutValue, r#"column "B"."new""#.to_owned());
            assert_eq!(refusals(&on_rows), [expected], "{column}");
            assert_eq!(steps(&on_rows), Vec::<String>::new(), "{column}");
        }
        let on_none = planned_to(&target, &self::target(), &empty(&["B"]));
        assert_eq!(steps(&on_none), [r#"add column "new" on "B""#], "{column}");
    }
}

/// A column that may be there under another name is not added a second time, unless there are no rows.
#[test]
fn a_column_under_another_name_is_not_added() {
    let renamed = after(|schema| {
        let mut columns = table(schema, "B").columns.iter_mut();
        columns
            .find(|column| column.name == *"note")
            .expect("there")
            .name = name("remark");
    });
    let plan = planned(&renamed, &empty(&[]));
    assert_eq!(steps(&plan), [""; 0]);
    let [refusal] = &plan.refusals[..] else {
        panic!("{:?}", plan.refusals);
    };
    assert_eq!(refusal.code, Code::StandsOtherwise);
    let rename = r#"ALTER TABLE "B" RENAME COLUMN "remark" TO "note";"#;
    assert!(refusal.remedy.contains(rename), "{}", refusal.remedy);
    let added = [r#"add column "note" on "B""#];
    assert_eq!(steps(&planned(&renamed, &empty(&["B"]))), added);
    let other_type = after(|schema| {
        let columns = &mut table(schema, "B").columns;
        columns.retain(|column| column.name != *"note");
        let other = snapshot_column(r#"{ name = "remark", type = "integer", nullable = true }"#);
        columns.push(other);
    });
    assert_eq!(steps(&planned(&other_type, &empty(&[]))), added);
}

fn snapshot_column(column: &str) -> Column {
    let text = format!("[tables.T]\ncolumns = [{column}]\n");
    let mut schema = snapshot::read(&text).expect("legal");
    table(&mut schema, "T").columns.remove(0)
}

#[test]
fn a_primary_key_is_not_built_on_rows() {
    let actual = after(|schema| table(schema, "B").primary_key = None);
    assert_eq!(
        steps(&planned(&actual, &empty(&["B"]))),
        [r#"add primary key "B_pkey" on "B""#]
    );
    let plan = planned(&actual, &empty(&[]));
    assert_eq!(
        refusals(&plan),
        [(Code::KeyOnRows, r#"primary key "B_pkey" on "B""#.to_owned())]
    );
    assert_eq!(
        plan.refusals[0].remedy,
        r#"CREATE UNIQUE INDEX CONCURRENTLY "B_pkey" ON "B" ("id"); ALTER TABLE "B" ADD CONSTRAINT "B_pkey" PRIMARY KEY USING INDEX "B_pkey";"#
    );
    // An index that could be the key is used instead of a second one.
    let actual = after(|schema| {
        let table = table(schema, "B");
        table.primary_key = None;
        let unique = table.indexes[&name("B_code_key")].clone();
        let on = IndexTarget::Column(name("id"));
        let keys = vec![IndexKey {
            on,
            ..unique.keys[0].clone()
        }];
        table
            .indexes
            .insert(name("by_id"), Index { keys, ..unique });
    });
    let plan = planned(&actual, &empty(&[]));
    assert_eq!(
        plan.refusals[0].remedy,
        r#"ALTER TABLE "B" ADD CONSTRAINT "B_pkey" PRIMARY KEY USING INDEX "by_id";"#
    );
}

/// An index called `called` on a table that exists.
fn add_index(schema: &mut Schema, called: &str) {
    let zoo = table(schema, "Zoo");
    let on = IndexTarget::Column(name("id"));
    let like = target().tables[&name("B")].indexes[&name("B_parentId_idx")].clone();
    let keys = vec![IndexKey {
        on,
        ..like.keys[0].clone()
    }];
    zoo.indexes.insert(name(called), Index { keys, ..like });
}

/// Tables and indexes share the names of relations; a table also needs the name of its row type.
#[test]
fn a_taken_name_is_refused() {
    type Change = fn(&mut Schema);
    let cases: [(&str, Change, &str); 4] = [
        (
            "a table's name is an index's",
            |schema| add_index(schema, "B"),
            r#"table "B""#,
        ),
        (
            "a table's name is an enum's",
            |schema| {
                let mood = target().enums[&name("Mood")].clone();
                schema.enums.insert(name("B"), mood);
            },
            r#"table "B""#,
        ),
        (
            "a key's name is an index's",
            |schema| add_index(schema, "A_pkey"),
            r#"primary key "A_pkey" on "A""#,
        ),
        (
            "an index's name is another index's",
            |schema| add_index(schema, "A_zooId_idx"),
            r#"index "A_zooId_idx" on "A""#,
        ),
    ];
    for (what, change, object) in cases {
        let mut actual = before();
        change(&mut actual);
        let plan = planned(&actual, &empty(&[]));
        let expected = (Code::NameTaken, object.to_owned());
        assert_eq!(refusals(&plan), [expected], "{what}");
    }
    // A key that is added to a table which exists takes a name as well.
    let actual = after(|schema| {
        table(schema, "B").primary_key = None;
        add_index(schema, "B_pkey");
    });
    let plan = planned(&actual, &empty(&["B"]));
    assert_eq!(
        refusals(&plan),
        [(Code::NameTaken, r#"primary key "B_pkey" on "B""#.to_owned())]
    );
}

#[test]
fn a_missing_existing_table_and_what_differs_are_refused() {
    let mut actual = before();
    actual.tables.remove(&name("Zoo"));
    let plan = planned(&actual, &empty(&[]));
    assert_eq!(
        refusals(&plan),
        [(Code::BaseMissing, r#"table "Zoo""#.to_owned())]
    );

    type Change = fn(&mut Schema);
    let cases: [(&str, Change, &str); 6] = [
        (
            "a created column of another type",
            |s| {
                table(s, "B").columns[4] = snapshot_column(r#"{ name = "code", type = "integer" }"#)
            },
            r#"column "B"."code""#,
        ),
        (
            "an existing column of another type",
            |s| {
                table(s, "Zoo").columns[1] =
                    snapshot_column(r#"{ name = "note", type = "integer", nullable = true }"#)
            },
            r#"column "Zoo"."note""#,
        ),
        (
            "an existing column that is missing",
            |s| drop(table(s, "Zoo").columns.remove(1)),
            r#"column "Zoo"."note""#,
        ),
        (
            "a created index that is not unique",
            |s| {
                table(s, "B")
                    .indexes
                    .get_mut(&name("B_code_key"))
                    .expect("legal")
                    .unique = false
            },
            r#"index "B_code_key" on "B""#,
        ),
        (
            "a created foreign key with another action",
            |s| {
                table(s, "B")
                    .foreign_keys
                    .get_mut(&name("B_parentId_fkey"))
                    .expect("legal")
                    .on_delete = Action::Restrict
            },
            r#"foreign key "B_parentId_fkey" on "B""#,
        ),
        (
            "a created table that is a view",
            |s| table(s, "B").kind = TableKind::View,
            r#"table "B""#,
        ),
    ];
    for (what, change, object) in cases {
        let plan = planned(&after(change), &empty(&[]));
        let told = refusals(&plan);
        assert!(
            told.contains(&(Code::StandsOtherwise, object.to_owned())),
            "{what}: {told:?}"
        );
    }
}

/// What a failed CREATE INDEX CONCURRENTLY left is dropped and built again; its name is not taken.
#[test]
fn an_invalid_index_is_built_again() {
    let actual = after(|schema| {
        let index = table(schema, "B")
            .indexes
            .get_mut(&name("B_code_key"))
            .expect("legal");
        index.state = IndexState::Invalid;
    });
    let plan = planned(&actual, &empty(&[]));
    assert_eq!(
        steps(&plan),
        [
            r#"drop index "B_code_key", concurrently"#,
            r#"create unique index "B_code_key" on "B", concurrently"#
        ]
    );
    assert_eq!(refusals(&plan), []);
}

#[test]
fn a_foreign_key_that_is_not_valid_is_validated() {
    let actual = after(|schema| {
        let key = table(schema, "B")
            .foreign_keys
            .get_mut(&name("B_parentId_fkey"))
            .expect("legal");
        key.validity = Validity::NotValid;
    });
    let plan = planned(&actual, &empty(&[]));
    assert_eq!(
        steps(&plan),
        [r#"validate foreign key "B_parentId_fkey" on "B""#]
    );
    assert_eq!(refusals(&plan), []);
}

/// Whether a table to create is empty is part of the basis; of an existing one, nothing is asked.
#[test]
fn rows_of_the_tables_to_create_are_part_of_the_class() {
    let of = |tables: &[&str]| planned(&target(), &empty(tables)).class();
    assert_ne!(of(&[]), of(&["B"]));
    assert_eq!(of(&["B"]), of(&["B", "Parent"]));
}

/// The class tells what is done and on what basis, and not for which database.
#[test]
fn equal_databases_have_plans_of_one_class() {
    let of = |database: &str, change: fn(&mut Plan)| {
        let mut plan = planned(&before(), &empty(&[]));
        plan.database = Database {
            name: database.to_owned(),
            oid: 16_384,
        };
        change(&mut plan);
        plan.class()
    };
    let class = of("staging", |_| ());
    assert_eq!(of("production", |_| ()), class);
    assert_eq!(
        of("production", |plan| plan.notes.push("a note".to_owned())),
        class
    );
    type Change = fn(&mut Plan);
    let others: [(&str, Change); 6] = [
        ("migration", |plan| plan.migration.push('2')),
        ("schema", |plan| plan.basis.schema = name("app")),
        ("steps", |plan| drop(plan.steps.pop())),
        ("grouping", |plan| plan.grouping = Grouping::OneTableAtATime),
        ("refusals", |plan| {
            let mut actual = before();
            add_index(&mut actual, "A_pkey");
            plan.refusals = planned(&actual, &empty(&[])).refusals;
        }),
        ("grants", |plan| plan.basis.grants = Some(BTreeMap::new())),
    ];
    for (what, change) in others {
        assert_ne!(of("staging", change), class, "{what}");
    }
}
