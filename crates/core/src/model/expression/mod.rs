//! SQL expressions in one spelling, close to the one in which PostgreSQL prints them: every
//! operation in parentheses, names of columns in quotes, no cast that a constant does not need.
//!
//! A small grammar of expressions (PostgreSQL manual, 4.1.6 and 4.2). What it does not know, it
//! leaves alone.

mod cast;
mod node;
mod null;
mod parse;
mod sure;
mod token;

use super::sql_type::SqlType;
use node::Node;
pub use null::accepts_null;
use parse::Parser;
pub(super) use sure::cannot_fail;
use token::tokens;

/// The canonical spelling of `text`, which may name columns of the types that `column_type` tells.
/// `None` when it is not understood.
pub(super) fn canonical(text: &str, column_type: &ColumnType<'_>) -> Option<String> {
    Some(read(text, column_type)?.print(false))
}

/// Whether `text` names a column that `is_column` knows, as no default may. What is not understood
/// does not.
pub(crate) fn names_column(text: &str, is_column: &dyn Fn(&str) -> bool) -> bool {
    read(text, &|_| None).is_some_and(|node| node.names_column(is_column))
}

fn read(text: &str, column_type: &ColumnType<'_>) -> Option<Node> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        column_type,
        depth: 0,
    };
    let node = parser.expression(0)?;
    parser.tokens.is_empty().then_some(node)
}

/// The type of a column, by its name.
pub(super) type ColumnType<'a> = dyn Fn(&str) -> Option<SqlType> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Option<String> {
        canonical(text, &|column| match column {
            "label" => Some(SqlType::new("character varying(20)")),
            "owner" => Some(SqlType::new("uuid")),
            "tags" => Some(SqlType::new("text[]")),
            _ => None,
        })
    }

    /// Each pair is what people write, and what PostgreSQL 15 prints for it.
    #[test]
    fn what_people_write_is_what_postgresql_prints() {
        for (written, printed) in [
            ("deleted_at IS NULL", "(deleted_at IS NULL)"),
            (r#""deletedAt" is null"#, r#"("deletedAt" IS NULL)"#),
            ("1 + 1", "(1 + 1)"),
            ("status = 'active'", "(status = 'active'::text)"),
            ("label = 'x'", "((label)::text = 'x'::text)"),
            (
                "status != 'A' and n>5",
                r#"((status <> 'A'::"Status") AND (n > 5))"#,
            ),
            ("a = 1 OR b = 2 OR c = 3", "((a = 1) OR (b = 2) OR (c = 3))"),
            (
                "a = 1 AND (b = 2 AND c = 3)",
                "((a = 1) AND (b = 2) AND (c = 3))",
            ),
            ("NOT archived", "(NOT archived)"),
            (
                "kind IN ('a', 'b')",
                "(kind = ANY (ARRAY['a'::text, 'b'::text]))",
            ),
            ("kind NOT IN (1, 2)", "(kind <> ALL (ARRAY[1, 2]))"),
            (
                "label in ('a', 'b')",
                "((label)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            ),
            ("n BETWEEN 1 AND 5", "((n >= 1) AND (n <= 5))"),
            ("name LIKE 'a%'", "(name ~~ 'a%'::text)"),
            ("name NOT ILIKE 'a%'", "(name !~~* 'a%'::text)"),
            ("n > -1", "(n > '-1'::integer)"),
            ("price > 1.5", "(price > 1.5)"),
            ("total > 0", "(total > (0)::numeric)"),
            ("now() AT TIME ZONE 'utc'", "timezone('utc'::text, now())"),
            ("now() + interval '1 day'", "(now() + '1 day'::interval)"),
            ("nextval('ids')", "nextval('ids'::regclass)"),
            ("coalesce(a, b)", "COALESCE(a, b)"),
            ("lower(\"name\")", "lower(name)"),
            ("cast(a as text)", "(a)::text"),
            ("a IS DISTINCT FROM b", "(a IS DISTINCT FROM b)"),
            (
                "at > '2020-01-01T00:00:00Z'::timestamp",
                "(at > '2020-01-01 00:00:00'::timestamp without time zone)",
            ),
            ("a || 'x' || b", "((a || 'x'::text) || b)"),
            ("owner = 'AB'", "(owner = 'ab'::uuid)"),
            ("owner IN ('AB')", "(owner = ANY (ARRAY['ab'::uuid]))"),
            ("tags @> '{a}'", "(tags @> '{a}'::text[])"),
            ("a * (b + 1)", "(a * (b + 1))"),
            ("to_jsonb('a'::text)", "to_jsonb('a'::text)"),
        ] {
            let canonical = spelled(written);
            assert!(canonical.is_some(), "{written}");
            assert_eq!(canonical, spelled(printed), "{written}");
        }
    }

    #[test]
    fn different_expressions_stay_different() {
        for (one, other) in [
            ("a = 1", "a = 2"),
            ("a = 'x'", "a = 'X'"),
            ("(a)::text = 'x'", "a = 'x'"),
            ("a - (b - c)", "a - b - c"),
            ("a = 1 AND b = 1 OR c = 1", "a = 1 AND (b = 1 OR c = 1)"),
            ("NOT a = b", "(NOT a) = b"),
            ("\"Name\" IS NULL", "name IS NULL"),
            ("'1 day'::interval", "'1 day'::text"),
            ("owner = 'ab'", "other = 'ab'::uuid"),
        ] {
            assert_ne!(spelled(one), spelled(other), "{one} / {other}");
        }
    }

    #[test]
    fn spelling_twice_is_spelling_once() {
        for text in [
            "a = 1 AND b IN ('x')",
            "NOT a",
            "f(a, -1)::text || 'x'",
            "(a - b) - c",
        ] {
            let once = spelled(text).expect("understood");
            assert_eq!(spelled(&once).as_ref(), Some(&once), "{text}");
        }
    }

    #[test]
    fn what_takes_any_type_keeps_the_cast_that_says_which() {
        let spelling = spelled("to_jsonb('a'::text)");
        assert_eq!(spelling.as_deref(), Some("to_jsonb('a'::text)"));
    }

    #[test]
    fn columns_are_told_from_all_other_words() {
        let names = |text| names_column(text, &|name| ["at", "day", "x"].contains(&name));
        for text in [
            "x",
            "lower(x)",
            "now() - \"at\"",
            "(1 + (x)::int)",
            "ARRAY[x]",
        ] {
            assert!(names(text), "{text}");
        }
        for text in ["X", "x()", "'x'", "now()::at", "day '1'", "CASE WHEN x"] {
            assert_eq!(names(text), text == "X", "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for text in [
            "CASE WHEN a THEN 1 ELSE 2 END",
            "EXTRACT(year FROM d)",
            "a = ",
            "'unclosed",
            "E'a\\n'",
            "a COLLATE \"C\" = b",
            "(",
            "",
        ] {
            assert_eq!(spelled(text), None, "{text}");
        }
        assert_eq!(spelled(&"(".repeat(10_000)), None);
    }
}
