//! Of enums.

use super::*;

#[test]
fn labels_are_added_and_renamed_and_a_type_is_made_anew_where_neither_will_do() {
    let labels = |there: &'static [&str], wanted: &'static [&str]| {
        let with = |labels: &[&str]| Enum {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
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
        r#"ALTER TYPE "Mood" RENAME VALUE 'it''s' TO 'b';"#
    );
    for (there, why) in [
        (&["b", "a"] as &[&str], "moved"),
        (&["a", "b", "c"], "too many"),
        (&["c", "a"], "one label moved, another lost"),
    ] {
        let said = labels(there, &["a", "b"]);
        let anew = r#"BEGIN; ALTER TYPE "Mood" RENAME TO "Mood_before"; CREATE TYPE "Mood" AS ENUM ('a', 'b'); DROP TYPE "Mood_before"; COMMIT;"#;
        assert!(said.starts_with(anew), "{why}: {said}");
    }
}
