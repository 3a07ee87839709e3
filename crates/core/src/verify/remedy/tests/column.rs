//! Of columns.

use super::*;
use crate::diff::{Object, ObjectKind};
use crate::verify::checklist::tests::{Beside, check_beside};
use crate::verify::counters::{Counter, Counting};
use crate::verify::remedy::SETTLE_TYPES;
use crate::verify::remedy::column::as_usual;

/// It holds the values of the one that is not there.
#[test]
fn a_column_under_another_name_is_renamed_and_neither_dropped_nor_made() {
    let renamed = |schema: &mut Schema| {
        let mut columns = user(schema).columns.iter_mut();
        columns
            .find(|one| one.name == *"isActive")
            .expect("there")
            .name = name("is_active");
    };
    let rename = r#"ALTER TABLE "Staff" RENAME COLUMN "is_active" TO "isActive"; -- where it is that one: it alone has the type"#;
    let outcome = check_against(promise(), "tables.columns", renamed).outcome;
    let Outcome::Failed { findings } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(findings.len(), 2);
    for finding in findings {
        assert!(finding.says_to(rename), "{finding:?}");
    }
    // Of two types it is another column, and one that is there still is no other.
    let texts = |ty: &'static str| {
        move |schema: &mut Schema| {
            let mut columns = user(schema).columns.iter_mut();
            let column = columns.find(|one| one.name == *"email").expect("there");
            column.name = name("mail");
            column.ty = SqlType::new(ty);
        }
    };
    let moved = said("tables.columns", |_| {}, texts("text")).expect("a remedy");
    assert!(
        moved.starts_with(r#"ALTER TABLE "Staff" RENAME COLUMN "mail" TO "email";"#),
        "{moved}"
    );
    let other = said("tables.columns", |_| {}, texts("integer")).expect("a remedy");
    assert!(!other.contains("RENAME"), "{other}");
    // Which of two it was nobody knows.
    let two = |schema: &mut Schema| {
        renamed(schema);
        let mut column = user(schema)
            .columns
            .iter()
            .find(|one| one.name == *"is_active")
            .expect("there")
            .clone();
        column.name = name("was_active");
        user(schema).columns.push(column);
    };
    let said = said("tables.columns", |_| {}, two).expect("a remedy");
    assert!(
        said.starts_with(r#"It may be "is_active" or "was_active" under another name"#),
        "{said}"
    );
}

#[test]
fn a_column_that_is_otherwise_is_changed_in_place() {
    let column = |column: &'static str, change: fn(&mut crate::model::Column)| {
        move |schema: &mut Schema| {
            let mut columns = user(schema).columns.iter_mut();
            change(columns.find(|one| one.name == *column).expect("there"));
        }
    };
    let columns = "tables.columns";
    assert_said(
        columns,
        column("email", |email| email.nullable = true),
        r#"ALTER TABLE "Staff" ALTER COLUMN "email" SET NOT NULL;"#,
    );
    assert_said(
        columns,
        column("lastLoginAt", |last| last.nullable = false),
        r#"ALTER TABLE "Staff" ALTER COLUMN "lastLoginAt" DROP NOT NULL;"#,
    );
    assert_said(
        columns,
        column("email", |email| {
            email.default = Some(ColumnDefault::Expression(Expression::new("''")))
        }),
        r#"ALTER TABLE "Staff" ALTER COLUMN "email" DROP DEFAULT;"#,
    );
    assert_said(
        columns,
        column("isActive", |active| active.default = None),
        r#"ALTER TABLE "Staff" ALTER COLUMN "isActive" SET DEFAULT true;"#,
    );
    assert_said(
        columns,
        column("email", |email| {
            email.ty = SqlType::new("character varying(9)")
        }),
        r#"ALTER TABLE "Staff" ALTER COLUMN "email" TYPE TEXT USING "email"::TEXT; -- this rewrites the table, and nobody reads or writes it meanwhile -- look at the values first: it fails on those that the type cannot hold"#,
    );
    let zoned = said(
        columns,
        |_| {},
        column("createdAt", |at| {
            at.ty = SqlType::new("timestamp(3) with time zone")
        }),
    );
    let zoned = zoned.expect("a remedy");
    let retyped = r#"ALTER TABLE "Staff" ALTER COLUMN "createdAt" DROP DEFAULT; ALTER TABLE "Staff" ALTER COLUMN "createdAt" TYPE TIMESTAMP(3) USING "createdAt" AT TIME ZONE 'UTC'; ALTER TABLE "Staff" ALTER COLUMN "createdAt" SET DEFAULT CURRENT_TIMESTAMP; -- "#;
    assert!(zoned.starts_with(retyped), "{zoned}");
    let counts = |promise: &mut Promise| {
        let mut columns = user(&mut promise.whole).columns.iter_mut();
        let email = columns.find(|one| one.name == *"email").expect("there");
        email.default = Some(ColumnDefault::Autoincrement);
    };
    let uncounted = said(
        columns,
        counts,
        column("email", |email| email.default = None),
    );
    assert_eq!(
        uncounted.expect("a remedy"),
        "CREATE SEQUENCE IF NOT EXISTS \"Staff_email_seq\" AS TEXT; ALTER SEQUENCE \"Staff_email_seq\" OWNED BY \"Staff\".\"email\"; \
         ALTER TABLE \"Staff\" ALTER COLUMN \"email\" SET DEFAULT nextval('\"Staff_email_seq\"'); \
         SELECT setval('\"Staff_email_seq\"', max(\"email\")) FROM \"Staff\" HAVING max(\"email\") >= (SELECT last_value FROM \"Staff_email_seq\");"
    );
}

/// The first remedy about the column `Staff.email` where it was promised as `wanted` and stands as `actual`.
fn of_column(wanted: impl FnOnce(&mut Column), actual: impl FnOnce(&mut Column)) -> Option<String> {
    fn email(schema: &mut Schema) -> &mut Column {
        let mut columns = user(schema).columns.iter_mut();
        columns.find(|one| one.name == *"email").expect("there")
    }
    said(
        "tables.columns",
        |promise| wanted(email(&mut promise.whole)),
        |schema| actual(email(schema)),
    )
}

fn expression(text: &str) -> Option<ColumnDefault> {
    Some(ColumnDefault::Expression(Expression::new(text)))
}

fn computed(column: &mut Column) {
    let expression = Expression::new("1");
    column.generated = Some(Generated {
        expression,
        stored: true,
    });
}

#[test]
fn only_times_are_moved_between_zones() {
    let retyped = |actual: &str, wanted: &str| {
        let typed = |ty: &str| {
            let ty = SqlType::new(ty);
            move |column: &mut Column| column.ty = ty
        };
        let sql = of_column(typed(wanted), typed(actual)).expect("a remedy");
        let (_, using) = sql.split_once(" USING ").expect("a conversion");
        using.split_once(';').expect("an end").0.to_owned()
    };
    let utc = r#""email" AT TIME ZONE 'UTC'"#;
    assert_eq!(retyped("timestamp(3)", "timestamp(3) with time zone"), utc);
    assert_eq!(
        retyped("timestamp(6)", "timestamp(3)"),
        r#""email"::TIMESTAMP(3)"#
    );
    assert!(retyped("text", "timestamp(3) with time zone").starts_with(r#""email"::TIMESTAMPTZ"#));
    assert_eq!(
        retyped("timestamp(3) with time zone", "text"),
        r#""email"::TEXT"#
    );
}

#[test]
fn the_default_that_was_promised_is_set_again() {
    let sql = of_column(
        |wanted| wanted.default = expression("'new'"),
        |actual| {
            actual.default = expression("'old'");
            actual.ty = SqlType::new("character varying(9)");
        },
    );
    let sql = sql.expect("a remedy");
    assert!(sql.contains("SET DEFAULT 'new';"), "{sql}");
    let taken = of_column(
        |_| {},
        |actual| {
            actual.default = expression("'old'");
            actual.ty = SqlType::new("character varying(9)");
        },
    );
    let taken = taken.expect("a remedy");
    assert!(
        taken.contains("DROP DEFAULT;") && !taken.contains("SET DEFAULT"),
        "{taken}"
    );
}

#[test]
fn what_a_column_has_too_much_is_taken_off_it() {
    let alter = r#"ALTER TABLE "Staff" ALTER COLUMN "email""#;
    let identity = |column: &mut Column| column.identity = Some(Identity::Always);
    let taken = |sql: &str| Some(format!("{alter} {sql};"));
    assert_eq!(
        of_column(|_| {}, identity),
        taken("DROP IDENTITY IF EXISTS")
    );
    assert_eq!(of_column(|_| {}, computed), taken("DROP EXPRESSION"));
    let by_default = |column: &mut Column| column.identity = Some(Identity::ByDefault);
    assert_eq!(
        of_column(identity, by_default),
        taken("SET GENERATED ALWAYS")
    );
    let set = "SELECT setval(pg_get_serial_sequence('\"Staff\"', 'email'), (SELECT max(\"email\") FROM \"Staff\" WHERE \"email\" > 0));";
    assert_eq!(
        of_column(by_default, |one| one.identity = None),
        Some(format!(
            "{alter} ADD GENERATED BY DEFAULT AS IDENTITY; {set}"
        ))
    );
    assert_eq!(
        of_column(computed, |one| one.generated = None).as_deref(),
        Some(
            r#"[loses the values of "Staff"."email"] ALTER TABLE "Staff" DROP COLUMN "email"; ALTER TABLE "Staff" ADD COLUMN "email" TEXT NOT NULL GENERATED ALWAYS AS (1) STORED;"#
        )
    );
    let collated = |column: &mut Column| column.collation = Some("\"C\"".to_owned());
    assert_eq!(
        of_column(|_| {}, collated),
        taken(r#"TYPE TEXT COLLATE "default""#)
    );
    assert_eq!(
        of_column(collated, |one| one.collation = None),
        taken(r#"TYPE TEXT COLLATE "C""#)
    );
}

#[test]
fn a_column_that_is_gone_is_filled_as_it_was() {
    let lost = |promised: &dyn Fn(&mut Column)| {
        let name = "isActive";
        let sql = said(
            "tables.columns",
            |promise| {
                let mut columns = user(&mut promise.whole).columns.iter_mut();
                promised(columns.find(|one| one.name == *name).expect("there"));
            },
            |schema| user(schema).columns.retain(|one| one.name != *name),
        );
        let sql = sql.expect("a remedy");
        let rest = sql.strip_prefix(r#"ALTER TABLE "Staff" ADD COLUMN "isActive" "#);
        rest.expect("a column").to_owned()
    };
    let restore = "-- the values went with the column: restore them from a backup";
    assert_eq!(
        lost(&|_| {}),
        format!("BOOLEAN NOT NULL DEFAULT true; {restore}")
    );
    let computed = |column: &mut Column| {
        column.default = None;
        computed(column);
    };
    assert_eq!(
        lost(&computed),
        "BOOLEAN NOT NULL GENERATED ALWAYS AS (1) STORED;"
    );
    let may_be_null = |column: &mut Column| {
        column.default = None;
        column.nullable = true;
    };
    assert_eq!(lost(&may_be_null), format!("BOOLEAN; {restore}"));
    let counted = |column: &mut Column| {
        column.default = None;
        column.identity = Some(Identity::Always);
    };
    assert_eq!(
        lost(&counted),
        format!("BOOLEAN NOT NULL GENERATED ALWAYS AS IDENTITY; {restore}")
    );
}

#[test]
fn a_sequence_goes_on_where_it_is_unless_it_may_be_below_1() {
    let usual = |unusual: &str| {
        let object = Object::on(&name("Order"), ObjectKind::Column, &name("number"));
        let column = promise().whole.tables["Order"]
            .column("number")
            .expect("there");
        as_usual("s", unusual, &object, column)
    };
    let set = "ALTER SEQUENCE s AS INTEGER INCREMENT 1 MINVALUE 1 NO MAXVALUE START 1 NO CYCLE";
    assert_eq!(usual("INCREMENT 10 CYCLE"), format!("{set};"));
    assert_eq!(
        usual("CYCLE UNLOGGED"),
        format!("{set};\nALTER SEQUENCE s SET LOGGED;")
    );
    assert_eq!(usual("UNLOGGED"), "ALTER SEQUENCE s SET LOGGED;");
    let below = usual("INCREMENT -1 MINVALUE -9");
    assert!(
        below.starts_with(&format!("BEGIN;\n{set} RESTART;\n")),
        "{below}"
    );
    assert!(below.ends_with("COMMIT;"), "{below}");
}

/// Of enums there is a cast from text only, and none where the type is not there.
#[test]
fn what_becomes_an_enum_goes_by_way_of_text() {
    let retyped = |wanted: &'static str, stands: bool| {
        let mood = || Enum::new(vec!["good".to_owned()]);
        let of_user = |schema: &mut Schema, ty: &str| {
            let mut columns = user(schema).columns.iter_mut();
            columns.find(|one| one.name == *"email").expect("there").ty = SqlType::new(ty);
        };
        let promised = |promise: &mut Promise| {
            promise.whole.enums.insert(name("Mood"), mood());
            of_user(&mut promise.whole, wanted);
        };
        let actual = |schema: &mut Schema| {
            of_user(schema, "character varying(9)");
            if !stands {
                schema.enums.remove("Mood");
            }
        };
        said("tables.columns", promised, actual).expect("a remedy")
    };
    let using = |sql: String| {
        let (_, using) = sql.split_once(" USING ").expect("a conversion");
        using.split_once(';').expect("an end").0.to_owned()
    };
    assert_eq!(using(retyped("\"Mood\"", true)), r#""email"::text::"Mood""#);
    assert_eq!(
        using(retyped("\"Mood\"[]", true)),
        r#""email"::text[]::"Mood"[]"#
    );
    assert_eq!(retyped("\"Mood\"", false), SETTLE_TYPES);
}

#[test]
fn a_default_takes_the_place_of_an_identity() {
    let sql = of_column(
        |wanted| wanted.default = expression("'new'"),
        |actual| {
            actual.default = None;
            actual.identity = Some(Identity::Always);
        },
    );
    let alter = r#"ALTER TABLE "Staff" ALTER COLUMN "email""#;
    assert_eq!(
        sql,
        Some(format!(
            "{alter} DROP IDENTITY IF EXISTS; {alter} SET DEFAULT 'new';"
        ))
    );
}

/// A column that counts by a sequence of its own has that one changed, and no other column's.
#[test]
fn a_sequence_of_the_column_is_changed_in_place() {
    let counter = |table: &str, column: &str, sequence: &str| {
        let counter = Counter {
            table: name(table),
            column: name(column),
            sequence: sequence.to_owned(),
            downwards: false,
        };
        (counter, Counting::Ahead)
    };
    let beside = Beside {
        counters: vec![
            counter("Shop", "email", "of_tenant"),
            counter("Staff", "id", "of_id"),
            counter("Staff", "email", "own"),
        ],
        ..Beside::default()
    };
    let remedy = |wanted: ColumnDefault| {
        let mut promised = promise().clone();
        fn email(schema: &mut Schema) -> &mut Column {
            let mut columns = user(schema).columns.iter_mut();
            columns.find(|one| one.name == *"email").expect("there")
        }
        email(&mut promised.whole).default = Some(wanted);
        let other = |schema: &mut Schema| {
            email(schema).default = Some(ColumnDefault::Sequence("CYCLE".to_owned()));
        };
        let check = check_beside(&promised, "tables.columns", other, &beside);
        let [finding] = check.outcome.findings() else {
            panic!("{check:?}")
        };
        finding.remedy.clone().expect("a remedy").text
    };
    assert!(remedy(ColumnDefault::Autoincrement).starts_with("ALTER SEQUENCE own AS "));
    assert_eq!(
        remedy(ColumnDefault::Sequence("INCREMENT 2".to_owned())),
        "ALTER SEQUENCE own INCREMENT 2;"
    );
}

/// Digits and moments may be rounded away; texts are refused and not cut.
#[test]
fn another_type_says_what_it_has_no_room_for() {
    let retyped = |from: &'static str, to: &'static str| {
        let of_email = |schema: &mut Schema, ty: &str| {
            let mut columns = user(schema).columns.iter_mut();
            columns.find(|one| one.name == *"email").expect("there").ty = SqlType::new(ty);
        };
        let said = said(
            "tables.columns",
            |promise| of_email(&mut promise.whole, to),
            |schema| of_email(schema, from),
        );
        said.expect("a remedy")
    };
    for (from, to) in [
        ("numeric(10,4)", "numeric(10,2)"),
        ("double precision", "integer"),
        ("bigint", "integer"),
        (
            "timestamp(6) without time zone",
            "timestamp(3) without time zone",
        ),
        ("timestamp(3) without time zone", "date"),
        ("jsonb", "text"),
        ("text[]", "text"),
    ] {
        let said = retyped(from, to);
        assert!(said.starts_with("[loses what "), "{from} to {to}: {said}");
    }
    for (from, to) in [
        ("integer", "bigint"),
        ("integer", "text"),
        ("uuid", "text"),
        ("character varying(9)", "text"),
        (
            "timestamp(3) with time zone",
            "timestamp(3) without time zone",
        ),
    ] {
        let said = retyped(from, to);
        assert!(said.starts_with("ALTER TABLE"), "{from} to {to}: {said}");
    }
    for cut in ["character varying(9)", "character(9)"] {
        let said = retyped("text", cut);
        assert!(said.contains(r#"USING "email"::text;"#), "{cut}: {said}");
    }
}
