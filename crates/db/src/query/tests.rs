//! Answers as no server of these versions gives them, and parameters that look like something else.

use leora_core::model::{Action, Firing, Identifier, Identity, Persistence, TableKind};

use super::{Answer, Answers, Batch, Parameters, Value, codes, read};
use crate::answer::{Rows, Unreadable};
use crate::catalog::ServerVersion;

answer! {
    #[derive(PartialEq)]
    struct Sample of written "sample" {
        oid: u32,
        kind: TableKind,
        r#match: Option<bool>,
        numbers: Vec<i16>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Plus,
}

codes! {
    Sign, "sign" { "+" => Sign::Plus }
}

const COLUMNS: [&str; 4] = ["oid", "kind", "match", "numbers"];

fn sample(row: [Option<&str>; 4]) -> Result<Vec<Sample>, Unreadable> {
    read(Rows::of(COLUMNS, &[row]))
}

#[test]
fn columns_are_read_by_name_in_any_order() {
    assert_eq!(Sample::QUERY.columns, COLUMNS);
    let expected = Sample {
        oid: 4_294_967_295,
        kind: TableKind::View,
        r#match: None,
        numbers: vec![1, -2],
    };
    let read = sample([Some("4294967295"), Some("v"), None, Some("{1,-2}")]);
    assert_eq!(read, Ok(vec![expected.clone()]));
    let turned = Rows::of(
        ["more", "numbers", "match", "kind", "oid"],
        &[[Some("?"), Some("1 -2"), None, Some("v"), Some("4294967295")]],
    );
    assert_eq!(super::read(turned), Ok(vec![expected]));
}

#[test]
fn a_missing_column_is_an_error_with_and_without_rows() {
    for at in 0..COLUMNS.len() {
        let mut columns = COLUMNS;
        columns[at] = "other";
        let missing = Unreadable::Missing {
            query: "sample",
            column: COLUMNS[at],
        };
        assert_eq!(read::<Sample>(Rows::of(columns, &[])), Err(missing.clone()));
        let row = [Some("1"), Some("r"), Some("t"), Some("{}")];
        assert_eq!(read::<Sample>(Rows::of(columns, &[row])), Err(missing));
    }
    let none: Result<Vec<Sample>, _> = read(Rows::default());
    assert!(matches!(
        none,
        Err(Unreadable::Missing { column: "oid", .. })
    ));
}

#[test]
fn what_a_column_cannot_hold_is_an_error_that_names_it() {
    let good = [Some("1"), Some("r"), Some("t"), Some("{}")];
    let cases = [
        (0, None, "query sample, column oid: NULL is no oid"),
        (0, Some("-1"), "query sample, column oid: \"-1\" is no oid"),
        (0, Some(""), "query sample, column oid: \"\" is no oid"),
        (
            2,
            Some("true"),
            "query sample, column match: \"true\" is no boolean",
        ),
        (
            3,
            Some("{a}"),
            "query sample, column numbers: \"{a}\" is no array of numbers",
        ),
        (
            3,
            None,
            "query sample, column numbers: NULL is no array of numbers",
        ),
        (
            1,
            Some("g"),
            "query sample, column kind: \"g\" is no known kind of relation (relkind); the server may be newer than \
             leora-migrate: update it",
        ),
        (
            1,
            None,
            "query sample, column kind: NULL is no kind of relation (relkind)",
        ),
    ];
    for (at, cell, expected) in cases {
        let mut row = good;
        row[at] = cell;
        let error = sample(row).expect_err(expected);
        assert_eq!(error.to_string(), expected);
        let is_unknown = matches!(error, Unreadable::Unknown { .. });
        assert_eq!(is_unknown, (at, cell.is_some()) == (1, true), "{error}");
    }
    let long = "\u{1b}".repeat(100);
    let error = sample([Some(long.as_str()), Some("r"), None, Some("")]).expect_err("an oid");
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
    assert!(error.to_string().len() < 400, "{error}");
}

#[test]
fn every_code_is_known_and_no_other() {
    fn all<V: Value + PartialEq + std::fmt::Debug>(codes: &[(&str, V)]) {
        for (code, value) in codes {
            assert_eq!(V::of((*code).to_owned()).as_ref(), Ok(value));
        }
        for code in (0..=255u8).map(|byte| char::from(byte).to_string()) {
            let is_known = codes.iter().any(|(known, _)| *known == code);
            assert_eq!(V::of(code.clone()).is_ok(), is_known, "{code:?}");
        }
        assert!(V::IS_CODE && V::null().is_none());
        assert_eq!(V::of(String::new()), Err(String::new()));
    }
    all(&[
        ("r", TableKind::Table),
        ("p", TableKind::PartitionedTable),
        ("v", TableKind::View),
        ("m", TableKind::MaterializedView),
        ("f", TableKind::ForeignTable),
        ("S", TableKind::Sequence),
        ("c", TableKind::CompositeType),
    ]);
    all(&[
        ("a", Action::NoAction),
        ("r", Action::Restrict),
        ("c", Action::Cascade),
        ("n", Action::SetNull),
        ("d", Action::SetDefault),
    ]);
    all(&[
        ("O", Firing::Enabled),
        ("D", Firing::Disabled),
        ("R", Firing::ReplicaOnly),
        ("A", Firing::Always),
    ]);
    all(&[
        ("p", Persistence::Permanent),
        ("u", Persistence::Unlogged),
        ("t", Persistence::Temporary),
    ]);
    all(&[("a", Identity::Always), ("d", Identity::ByDefault)]);
    all(&[("+", Sign::Plus)]);
}

#[test]
fn an_answer_that_is_missing_is_not_an_empty_one() {
    let mut batch = Batch::default();
    let [first, second] = [0, 1].map(|_| batch.write::<Sample>("SELECT".to_owned()));
    let mut answers = Answers::new([Rows::of(COLUMNS, &[])]);
    assert_eq!(answers.take(first), Ok(vec![]));
    let missing = Unreadable::NoAnswer { query: "sample" };
    assert_eq!(answers.take(second), Err(missing));
    let mut empty = Answers::new([Rows::of(COLUMNS, &[])]);
    let asked = Batch::default().write::<Sample>("SELECT".to_owned());
    assert_eq!(empty.one(asked), Err(Unreadable::NoRow));
}

#[test]
fn parameters_are_quoted_and_their_values_are_not_searched() {
    let schema = Identifier::new("My \"schema\"; :'table' it's").expect("a name");
    let parameters = Parameters::of_schema(&schema)
        .text("table", ":'schema'")
        .texts("tables", ["a,b", "c\"d", "e'f"])
        .sql("condition", "x = :'table'");
    for (text, expected) in [
        ("no parameter", "no parameter"),
        (
            "a::text, ':varattno', :unknown :'unknown",
            "a::text, ':varattno', :unknown :'unknown",
        ),
        (":'schema_name'", "'My \"schema\"; :''table'' it''s'"),
        (
            ":\"schema_name\".t",
            "\"My \"\"schema\"\"; :'table' it's\".t",
        ),
        (
            ":'schema'::regnamespace",
            "'\"My \"\"schema\"\"; :''table'' it''s\"'::regnamespace",
        ),
        (":'table':'table'", "':''schema'''':''schema'''"),
        (
            "= ANY (:'tables'::text[])",
            "= ANY ('{\"a,b\",\"c\\\"d\",\"e''f\"}'::text[])",
        ),
        ("NOT (:condition)", "NOT (x = ':''schema''')"),
        // Only what is written for it is put in without quotes.
        (":schema :'condition'", ":schema :'condition'"),
        // psql fills in nothing in a comment either; a value of several lines would end it.
        (
            "-- :'table'\n:'table' -- :condition\n",
            "-- :'table'\n':''schema''' -- :condition\n",
        ),
        (":", ":"),
        ("::", "::"),
        ("é:'table'é", "é':''schema'''é"),
    ] {
        assert_eq!(parameters.fill(text), expected, "{text}");
    }
}

#[test]
fn a_version_has_the_newest_text_that_is_for_it() {
    let query = super::Query {
        name: "sample",
        texts: &[(0, "old"), (15, "fifteen"), (18, "eighteen")],
        columns: &[],
    };
    for (version, text) in [
        (130_000, "old"),
        (149_999, "old"),
        (150_000, "fifteen"),
        (170_004, "fifteen"),
        (180_000, "eighteen"),
        (990_000, "eighteen"),
    ] {
        assert_eq!(query.text(ServerVersion(version)), text, "{version}");
    }
}

/// Values of several lines do not get out of the comments, whatever a file says in them.
#[test]
fn comments_of_the_files_stay_as_they_are() {
    let mut parameters = Parameters::default();
    let names = [
        "schema",
        "schema_name",
        "table",
        "tables",
        "become",
        "lock",
        "migration",
    ];
    for name in names {
        parameters = parameters.text(name, "a\nb");
    }
    for name in ["begun_here", "user_code"] {
        parameters = parameters.sql(name, "a\nb");
    }
    fn comments(text: &str) -> Vec<&str> {
        let lines = text.lines();
        lines.filter(|line| line.starts_with("--")).collect()
    }
    for query in crate::queries::queries() {
        for (_, text) in query.texts {
            let filled = parameters.fill(text);
            assert_eq!(comments(&filled), comments(text), "{}", query.name);
        }
    }
}
