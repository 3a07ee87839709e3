//! Defaults: the casts PostgreSQL adds to constants go, and what fills in the same is written the same.

mod array;
mod constant;
mod number;

pub(in crate::model) use constant::constant_of;

use super::{bare, type_name};
use crate::model::{Expression, SqlType, expression};
use constant::{Constant, MAX_CASTS, constant, split_cast};

/// A default in one spelling; `None` for one that fills in NULL, which is no default.
pub(super) fn default_of(default: &Expression, ty: &SqlType) -> Option<Expression> {
    let mut text = default.as_str().to_owned();
    // An expression may turn out to be a constant once it has lost what it did not need.
    for _ in 0..MAX_CASTS {
        let canonical = spelled_once(&text, ty)?;
        if canonical == text {
            break;
        }
        text = canonical;
    }
    Some(Expression::new(text))
}

fn spelled_once(text: &str, ty: &SqlType) -> Option<String> {
    if let Some(now) = time_of_transaction(text, ty) {
        return Some(now.to_owned());
    }
    match constant(text, ty) {
        Some(Constant::Null) => None,
        Some(constant) => Some(constant.sql()),
        None => Some(expression::canonical(text, &|_| None).unwrap_or_else(|| bare(text))),
    }
}

/// The ways to write the start of the transaction, for a column it is assigned to without loss
/// (PostgreSQL manual, 9.9.5: `now()`, `CURRENT_TIMESTAMP` and `transaction_timestamp()` are one).
fn time_of_transaction(text: &str, ty: &SqlType) -> Option<&'static str> {
    let kind = ty.without_modifiers();
    let (zoned, is_date) = (kind.ends_with("with time zone"), kind == "date");
    if !kind.starts_with("timestamp") && !is_date {
        return None;
    }
    let precision = ty.modifiers().first().copied();
    // Six digits are all there are; rounding to as many as the column keeps is rounding once.
    let keeps = |digits: Option<i32>| {
        digits.is_none_or(|digits| digits == 6 || (Some(digits) == precision && !is_date))
    };
    let mut expression = bare(text).to_ascii_lowercase();
    let mut casts = 0;
    while let Some((inner, cast)) = split_cast(&expression) {
        if casts > 0 && cast == "text" {
            break;
        }
        let cast = type_name(&SqlType::new(cast));
        let loses_nothing = match cast.without_modifiers().as_str() {
            "timestamp with time zone" => true,
            "timestamp without time zone" => !zoned,
            "date" => is_date,
            _ => false,
        };
        casts += 1;
        if casts > MAX_CASTS || !loses_nothing || !keeps(cast.modifiers().first().copied()) {
            return None;
        }
        expression = bare(inner);
    }
    let with_digits = |name: &str| {
        let inside = expression.strip_prefix(name)?;
        match inside
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
        {
            None => inside.is_empty().then_some(None),
            Some(digits) => digits.trim().parse().ok().map(Some),
        }
    };
    // The text is read when the default is used: so PostgreSQL 9.6 and older print CURRENT_TIMESTAMP(3) and LOCALTIMESTAMP.
    let is_now = matches!(
        expression.as_str(),
        "now()" | "transaction_timestamp()" | "'now'::text"
    ) || with_digits("current_timestamp").is_some_and(keeps)
        || (!zoned && with_digits("localtimestamp").is_some_and(keeps));
    is_now.then_some("CURRENT_TIMESTAMP")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(default: &str, ty: &str) -> Option<String> {
        let ty = type_name(&SqlType::new(ty));
        default_of(&Expression::new(default), &ty).map(|e| e.as_str().to_owned())
    }

    #[test]
    fn equal_defaults_written_otherwise_are_equal() {
        for (ty, spellings) in [
            (
                "text",
                &[
                    "'pending'",
                    "'pending'::text",
                    "('pending')",
                    "'pending'::character varying",
                    "'pending'::character varying(20)",
                    "('pending'::text)::character varying",
                    "'pending'::character(9)",
                ][..],
            ),
            (
                "integer",
                &[
                    "3",
                    "(3)::bigint",
                    "'3'::integer",
                    "'3'::bigint",
                    "3.0",
                    "+3",
                    "0.3e1",
                ],
            ),
            (
                "numeric(65,30)",
                &[
                    "0",
                    "0.00",
                    "0.0::numeric",
                    "'0'::numeric",
                    "(0)::numeric",
                    "-0",
                ],
            ),
            (
                "double precision",
                &["1e10", "10000000000", "'1e+10'::double precision", "100.e8"],
            ),
            ("numeric", &["0.00125", "1.25e-3", "'12.5E-4'"]),
            ("numeric", &["'NaN'", "'NaN'::numeric"]),
            ("boolean", &["true", "'t'::boolean", "TRUE", "'yes'"]),
            ("jsonb", &["'{}'::jsonb", "'{ }'", "'{  }'::jsonb"]),
            ("text[]", &["ARRAY[]::text[]", "'{}'::text[]", "'{}'"]),
            (
                "text[]",
                &[
                    "ARRAY['a'::text, 'b'::text]",
                    "'{a,b}'::text[]",
                    "ARRAY['a', 'b']",
                ],
            ),
            (
                "timestamp(3)",
                &[
                    "now()",
                    "CURRENT_TIMESTAMP",
                    "transaction_timestamp()",
                    "(now())::timestamp(3) without time zone",
                    "CURRENT_TIMESTAMP(3)",
                    "LOCALTIMESTAMP",
                    "LOCALTIMESTAMP(3)",
                    "CURRENT_TIMESTAMP(6)",
                    "(now())::timestamp without time zone",
                    "((now())::timestamp(6) with time zone)::timestamp(3) without time zone",
                    "('now'::text)::timestamp(3) without time zone",
                    "('now'::text)::timestamp(6) with time zone",
                ],
            ),
            (
                "timestamptz",
                &[
                    "now()",
                    "CURRENT_TIMESTAMP(6)",
                    "(now())::timestamp with time zone",
                ],
            ),
            (
                "date",
                &["CURRENT_TIMESTAMP", "(now())::date", "LOCALTIMESTAMP"],
            ),
            (
                "double precision",
                &[
                    "100",
                    "(100)::numeric",
                    "'100'::double precision",
                    "100.0::real",
                ],
            ),
            ("jsonb", &["'{}'", "'{}'::json", "('{}'::text)::jsonb"]),
            (
                "char(2)",
                &[
                    "'NY'",
                    "'NY'::bpchar",
                    "'NY '::bpchar",
                    "'NY'::character varying(2)",
                ],
            ),
            (
                "text[]",
                &[
                    "ARRAY['a b', 'c\"d', 'NULL', NULL]",
                    r#"'{"a b","c\"d","NULL",NULL}'::text[]"#,
                ],
            ),
            (
                "text[]",
                &[
                    "ARRAY['a,b', '{', '}', ' c ']",
                    r#"'{ "a,b" ,"{","}"," c "}'"#,
                ],
            ),
            (
                "numeric[]",
                &[
                    "ARRAY[1.50, 2.0]",
                    "'{1.5,2}'",
                    "'{ 1.5 , 2 }'",
                    "ARRAY[1.5, (2)::numeric]",
                ],
            ),
            (
                "boolean",
                &[
                    "false",
                    "'f'::boolean",
                    "'no'",
                    "'off'",
                    "'n'",
                    "(0)::boolean",
                ],
            ),
            (
                "integer[]",
                &[
                    "'{1,2}'",
                    "('{1,2}'::text[])::integer[]",
                    "ARRAY[1, (2)::bigint]",
                ],
            ),
            ("numeric", &["1000", "1e3", "10.00e+2", "'1E3'"]),
            (
                "boolean[]",
                &["ARRAY[true, false]", "'{t,f}'", "ARRAY[TRUE, FALSE]"],
            ),
            (
                "\"Kind\"[]",
                &[
                    "ARRAY['A'::\"Kind\", 'B'::\"Kind\"]",
                    "'{A,B}'::\"Kind\"[]",
                    "ARRAY[('A'::text)::\"Kind\", 'B'::\"Kind\"]",
                    "(ARRAY['A'::text, 'B'::text])::\"Kind\"[]",
                ],
            ),
            (
                "boolean",
                &["true", "(1)::boolean", "('on'::text)::boolean"],
            ),
            (
                "\"Status\"",
                &["'OPEN'::\"Status\"", "'OPEN'", "('OPEN'::text)::\"Status\""],
            ),
        ] {
            for spelling in spellings {
                assert_eq!(
                    canonical(spelling, ty),
                    canonical(spellings[0], ty),
                    "{ty}: {spelling}"
                );
            }
        }
    }

    #[test]
    fn different_defaults_stay_different() {
        for (ty, one, other) in [
            ("text", "'pending'", "'Pending'"),
            ("text", "'3'", "3"),
            ("text", "'a  b'", "'a b'"),
            ("timestamp(3)", "now()", "clock_timestamp()"),
            ("timestamp(3)", "now()", "timezone('utc'::text, now())"),
            ("timestamp(3)", "now()", "CURRENT_TIMESTAMP(0)"),
            ("timestamp(3)", "now()", "(now())::date"),
            ("timestamp(3)", "now()", "('now'::text)::date"),
            (
                "timestamp(3)",
                "now()",
                "('today'::text)::timestamp(3) without time zone",
            ),
            (
                "timestamptz",
                "now()",
                "('now'::text)::timestamp without time zone",
            ),
            (
                "text",
                "'a'",
                "('now'::text)::timestamp(3) without time zone",
            ),
            ("integer", "0", "1"),
            ("boolean", "true", "false"),
            ("jsonb", "'{}'", "'[]'"),
            ("numeric(10,2)", "0.5", "(0.5)::integer"),
            ("numeric(10,2)", "1.50", "1.05"),
            ("numeric", "1e10", "1e11"),
            ("numeric", "1e-2", "1e-3"),
            ("numeric(10,2)", "0.25", "0.25::numeric(3,1)"),
            ("numeric(10,2)", "12.5", "12.5::numeric(2,1)"),
            ("numeric(20,0)", "12345678", "12345678::real"),
            ("text", "'pending'", "'pending'::character varying(4)"),
            ("text", "'a '", "'a'"),
            ("timestamp(3)", "now()", "LOCALTIMESTAMP(4)"),
            ("timestamp(3)", "now()", "CURRENT_DATE"),
            // The same day, but Prisma tells `now()` from `dbgenerated("CURRENT_DATE")`.
            ("date", "now()", "CURRENT_DATE"),
            (
                "timestamptz(3)",
                "now()",
                "(now())::timestamp without time zone",
            ),
            (
                "date",
                "CURRENT_DATE",
                "(now())::timestamp(3) without time zone",
            ),
            ("time", "CURRENT_TIMESTAMP", "CURRENT_TIME"),
            ("text[]", "'{a,b}'", "'{b,a}'"),
            ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
            ("text[]", "'{{a},{b}}'", "'{a,b}'"),
            ("\"Kind\"[]", "'{A,B}'", "ARRAY['A'::\"Kind\"]"),
            (
                "text[]",
                "'{abc}'",
                "('{abc}'::character varying(2)[])::text[]",
            ),
            ("json", "'{}'", "'{ }'"),
            (
                "timestamp(3)",
                "'2024-01-01 00:00:00.6'",
                "('2024-01-01 00:00:00.6'::timestamp(0) without time zone)::timestamp(3) without time zone",
            ),
            ("text", "'-'", "'+'"),
            ("numeric", "1.5", "'1.5e'"),
        ] {
            // The text '3' and the number 3 fill in the same text.
            let equal_by_assignment = (one, other) == ("'3'", "3");
            assert_eq!(
                canonical(one, ty) == canonical(other, ty),
                equal_by_assignment,
                "{ty}: {one} / {other}"
            );
        }
    }

    #[test]
    fn casts_around_casts_are_read_once_each() {
        let text = format!("'{{a}}'{}", "::text[]".repeat(MAX_CASTS));
        assert_eq!(canonical(&text, "text[]").as_deref(), Some("ARRAY['a']"));
    }

    #[test]
    fn null_is_no_default() {
        assert_eq!(canonical("NULL::text", "text"), None);
        assert_eq!(canonical("'NULL'::text", "text"), Some("'NULL'".to_owned()));
    }
}
