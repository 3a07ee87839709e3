//! Of enums.

use super::*;
use crate::model::Domain;

#[test]
fn labels_are_added_and_renamed_and_a_type_is_made_anew_where_neither_will_do() {
    let labels = |there: &'static [&str], wanted: &'static [&str]| {
        let with =
            |labels: &[&str]| Enum::new(labels.iter().map(|label| (*label).to_owned()).collect());
        let (there, wanted) = (with(there), with(wanted));
        let promised = move |promise: &mut Promise| {
            drop(promise.whole.enums.insert(name("Mood"), wanted));
        };
        let said = said("tables.types", promised, move |schema| {
            drop(schema.enums.insert(name("Mood"), there));
        });
        said.expect("a remedy")
    };
    assert_eq!(
        labels(&["b"], &["a", "b", "c"]),
        r#"ALTER TYPE "Mood" ADD VALUE 'a' BEFORE 'b'; ALTER TYPE "Mood" ADD VALUE 'c' AFTER 'b';"#
    );
    assert_eq!(
        labels(&["a", "it's", "c"], &["a", "b", "c"]),
        r#"ALTER TYPE "Mood" RENAME VALUE 'it''s' TO 'b'; -- where each is the same under another name: rows that have the one then have the other"#
    );
    assert_eq!(
        labels(&["c", "a"], &["a", "b", "c"]),
        r#"ALTER TYPE "Mood" ADD VALUE 'b' AFTER 'a';"#,
        "the order is left as it is"
    );
    for moved in [&["b", "a", "c"] as &[&str], &["c", "b", "a"]] {
        let said = labels(moved, &["a", "b", "c"]);
        assert!(said.starts_with("The labels are right"), "{said}");
    }
    for (there, lost, why) in [
        (&["a", "b", "c"] as &[&str], "c", "too many"),
        (&["c", "a"], "c", "one label moved, another lost"),
    ] {
        let said = labels(there, &["a", "b"]);
        let anew = format!("[loses the labels '{lost}' of type \"Mood\"] ")
            + r#"BEGIN; ALTER TYPE "Mood" RENAME TO "Mood_before"; CREATE TYPE "Mood" AS ENUM ('a', 'b'); DROP TYPE "Mood_before"; COMMIT;"#;
        assert!(said.starts_with(&anew), "{why}: {said}");
    }
}

/// What is to be typed where the enum `Mood` is promised and not there.
fn without(change: impl FnOnce(&mut Schema)) -> String {
    let mood = |promise: &mut Promise| drop(promise.whole.enums.insert(name("Mood"), mood()));
    let lost = |schema: &mut Schema| {
        schema.enums.remove("Mood");
        change(schema);
    };
    said("tables.types", mood, lost).expect("a remedy")
}

fn mood() -> Enum {
    Enum::new(["good", "bad"].map(str::to_owned).into())
}

#[test]
fn an_enum_that_is_gone_is_looked_for_before_it_is_made() {
    let make = r#"CREATE TYPE "Mood" AS ENUM ('good', 'bad');"#;
    assert_eq!(without(|_| {}), make);
    let put = |name_of: &'static str| {
        move |schema: &mut Schema| drop(schema.enums.insert(name(name_of), mood()))
    };
    let rename = r#"ALTER TYPE "Humour" RENAME TO "Mood"; -- it has the same labels"#;
    assert_eq!(without(put("Humour")), rename);
    let two = |schema: &mut Schema| {
        put("Humour")(schema);
        put("Temper")(schema);
    };
    assert_eq!(without(two), make, "which of two it was nobody knows");
    let of_other_labels = |schema: &mut Schema| {
        let labels = vec!["good".to_owned()];
        schema.enums.insert(name("Humour"), Enum::new(labels));
    };
    assert_eq!(without(of_other_labels), make);
    let promised = said(
        "tables.types",
        |promise| {
            for one in ["Humour", "Mood"] {
                promise.whole.enums.insert(name(one), mood());
            }
        },
        |schema| drop(schema.enums.remove("Mood")),
    );
    assert_eq!(promised.as_deref(), Some(make), "one of its own");
    let elsewhere = |schema: &mut Schema| {
        user(schema).columns[2].ty = SqlType::new("other.\"Mood\"[]");
    };
    let moved = r#"ALTER TYPE other."Mood" SET SCHEMA "public"; -- columns use it there"#;
    assert_eq!(without(elsewhere), moved);
    let domain = |schema: &mut Schema| {
        let domain = Domain {
            ty: SqlType::new("text"),
            not_null: false,
            default: None,
            checks: Default::default(),
        };
        schema.domains.insert(name("Mood"), domain);
    };
    let away = r#"ALTER DOMAIN "Mood" RENAME TO "Mood_before";"#;
    assert_eq!(without(domain), format!("{away} {make}"));
}

/// The values stay, and so does what the columns begin with.
#[test]
fn a_type_that_is_made_anew_takes_its_columns_along() {
    let sql = said(
        "tables.types",
        |promise| drop(promise.whole.enums.insert(name("Mood"), mood())),
        |schema| {
            let labels = ["bad", "good", "none"].map(str::to_owned).into();
            schema.enums.insert(name("Mood"), Enum::new(labels));
            let columns = &mut user(schema).columns;
            columns[2].ty = SqlType::new("\"Mood\"");
            columns[2].default = Some(ColumnDefault::Expression(Expression::new("'good'")));
            columns[3].ty = SqlType::new("\"Mood\"[]");
        },
    );
    let sql = sql.expect("a remedy");
    let columns = &promise().whole.tables["Staff"].columns;
    let [one, many] = [&columns[2].name, &columns[3].name];
    let alter = r#"ALTER TABLE "Staff" ALTER COLUMN"#;
    for typed in [
        format!(
            r#"{alter} "{one}" DROP DEFAULT; {alter} "{one}" TYPE "Mood" USING "{one}"::text::"Mood"; {alter} "{one}" SET DEFAULT 'good';"#
        ),
        format!(r#"{alter} "{many}" TYPE "Mood"[] USING "{many}"::text[]::"Mood"[];"#),
    ] {
        assert!(sql.contains(&typed), "{typed} in {sql}");
    }
}
