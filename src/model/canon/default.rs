//! Defaults: the casts PostgreSQL adds to constants go, and what fills in the same is written the same.

use super::{Depths, bare, strip_parentheses, type_name};
use crate::model::name::literal;
use crate::model::{Expression, SqlType, expression, moment};

/// A default in one spelling; `None` for one that fills in NULL, which is no default.
pub(super) fn default_of(default: &Expression, ty: &SqlType) -> Option<Expression> {
    let text = default.as_str();
    let canonical = match constant(text, ty) {
        Some(Constant::Null) => return None,
        Some(constant) => constant.sql(),
        None => time_of_transaction(text, ty)
            .map(str::to_owned)
            .or_else(|| expression::canonical(text, &|_| None))
            .unwrap_or_else(|| bare(text)),
    };
    Some(Expression::new(canonical))
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
    let is_now = matches!(expression.as_str(), "now()" | "transaction_timestamp()")
        || with_digits("current_timestamp").is_some_and(keeps)
        || (!zoned && with_digits("localtimestamp").is_some_and(keeps));
    is_now.then_some("CURRENT_TIMESTAMP")
}

/// A constant, as its column's type understands it.
#[derive(Debug, PartialEq)]
enum Constant {
    Null,
    Bare(String),
    Quoted(String),
    Array(Vec<Constant>),
}

impl Constant {
    fn sql(&self) -> String {
        match self {
            Constant::Null => "NULL".to_owned(),
            Constant::Bare(text) => text.clone(),
            Constant::Quoted(text) => literal(text),
            Constant::Array(items) => {
                format!(
                    "ARRAY[{}]",
                    items
                        .iter()
                        .map(Constant::sql)
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            }
        }
    }
}

/// `text` as a constant of type `ty`, in one spelling; `None` when it is none.
pub(in crate::model) fn constant_of(text: &str, ty: &SqlType) -> Option<String> {
    Some(constant(text, ty)?.sql())
}

/// How many casts may lie around a constant. Beyond, an expression is not looked into.
const MAX_CASTS: usize = 8;

/// Reads `text` as a constant for a column of type `ty`, through parentheses and casts that lose
/// nothing; `None` when it is anything else.
fn constant(text: &str, ty: &SqlType) -> Option<Constant> {
    constant_within(text, ty, MAX_CASTS)
}

fn constant_within(text: &str, ty: &SqlType, casts: usize) -> Option<Constant> {
    let text = strip_parentheses(text.trim());
    if let Some((inner, cast)) = split_cast(text) {
        return through_cast(
            inner,
            &type_name(&SqlType::new(cast)),
            ty,
            casts.checked_sub(1)?,
        );
    }
    if text.eq_ignore_ascii_case("null") {
        return Some(Constant::Null);
    }
    if ty.is_array() {
        return array(text, &ty.element(), casts);
    }
    if let Some(value) = quoted_value(text) {
        return Some(typed(&value, ty));
    }
    let is_number = text
        .trim_start_matches(['-', '+'])
        .starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok();
    let is_boolean = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    (is_number || is_boolean).then(|| typed(text, ty))
}

/// The constant `inner::cast` on its way into a column of type `ty`, unless the cast changes it.
fn through_cast(inner: &str, cast: &SqlType, ty: &SqlType, casts: usize) -> Option<Constant> {
    match constant_within(inner, cast, casts)? {
        Constant::Null => Some(Constant::Null),
        Constant::Array(_) => {
            let (from, to) = (cast.element(), ty.element());
            let alike = from == to || family(&from) == Family::Text || family(&from) == family(&to);
            (ty.is_array() && cast.modifiers().is_empty() && alike)
                .then(|| constant_within(inner, ty, casts))
                .flatten()
        }
        Constant::Bare(value) | Constant::Quoted(value) if family(cast) == Family::Text => {
            // A text becomes what the column's type reads in it.
            let fits = cast.modifiers().first().is_none_or(|most| {
                usize::try_from(*most).is_ok_and(|most| value.chars().count() <= most)
            });
            fits.then(|| constant_within(&literal(&value), ty, casts))
                .flatten()
        }
        Constant::Bare(value) if family(cast) == Family::Number => {
            let to = family(ty);
            let kept = (to == Family::Number || ty.as_str() == "boolean") && holds(cast, &value);
            kept.then(|| typed(&value, ty))
        }
        value => {
            let same_kind = cast.without_modifiers() == ty.without_modifiers()
                && (cast.modifiers().is_empty() || cast == ty);
            let json = cast.as_str() == "json" && ty.as_str() == "jsonb";
            (same_kind || json).then(|| match value {
                Constant::Quoted(value) => typed(&value, ty),
                other => other,
            })
        }
    }
}

#[derive(PartialEq)]
enum Family {
    Text,
    Number,
    Other,
}

fn family(ty: &SqlType) -> Family {
    match ty.without_modifiers().as_str() {
        "text" | "character varying" | "character" | "bpchar" | "unknown" => Family::Text,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => {
            Family::Number
        }
        _ => Family::Other,
    }
}

/// Whether a type of numbers holds a decimal number to its last digit.
fn holds(ty: &SqlType, number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return false;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    match (ty.without_modifiers().as_str(), ty.modifiers().as_slice()) {
        ("numeric", [precision, scale]) => {
            length(fraction) <= *scale && length(whole) <= precision - scale
        }
        ("numeric", _) => true,
        ("real", _) => whole.len() + fraction.len() <= 6,
        ("double precision", _) => whole.len() + fraction.len() <= 15,
        _ => fraction.is_empty(),
    }
}

fn typed(value: &str, ty: &SqlType) -> Constant {
    let base = ty.without_modifiers();
    match base.as_str() {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => {
            Constant::Bare(number(value.trim()))
        }
        "boolean" => match value.trim().to_ascii_lowercase().as_str() {
            // PostgreSQL manual, 8.6: the spellings of a boolean
            "t" | "true" | "y" | "yes" | "on" | "1" => Constant::Bare("true".to_owned()),
            "f" | "false" | "n" | "no" | "off" | "0" => Constant::Bare("false".to_owned()),
            _ => Constant::Quoted(value.to_owned()),
        },
        "json" | "jsonb" => match serde_json::from_str::<serde_json::Value>(value) {
            Ok(json) if base == "jsonb" => Constant::Quoted(json.to_string()),
            _ => Constant::Quoted(value.to_owned()),
        },
        "uuid" => Constant::Quoted(value.to_ascii_lowercase()),
        // PostgreSQL manual, 8.3: the blanks at the end say nothing
        "character" | "bpchar" => Constant::Quoted(value.trim_end_matches(' ').to_owned()),
        _ => Constant::Quoted(moment::canonical(value, ty).unwrap_or_else(|| value.to_owned())),
    }
}

/// A decimal number without sign, zeros and point that say nothing. Others (`1e5`, `NaN`) stay.
fn number(text: &str) -> String {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return text.to_owned();
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if negative && (whole != "0" || !fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// `ARRAY[...]` or `'{...}'`, one dimension.
fn array(text: &str, element: &SqlType, casts: usize) -> Option<Constant> {
    if let Some(inside) = text
        .strip_prefix("ARRAY[")
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let items = split_top_level(inside)
            .into_iter()
            .map(|item| constant_within(item, element, casts))
            .collect::<Option<_>>()?;
        return Some(Constant::Array(items));
    }
    let value = quoted_value(text)?;
    let items = array_items(value.trim())?;
    let item = |item: Option<String>| item.map_or(Constant::Null, |value| typed(&value, element));
    Some(Constant::Array(items.into_iter().map(item).collect()))
}

/// The items of an array as PostgreSQL writes one as text (manual, 8.15.6); `None` for one of several
/// dimensions.
fn array_items(text: &str) -> Option<Vec<Option<String>>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    if inside.trim().is_empty() {
        return Some(Vec::new());
    }
    let (mut items, mut item, mut quoted, mut was_quoted) = (vec![], String::new(), false, false);
    let mut characters = inside.chars().chain([',']);
    while let Some(c) = characters.next() {
        match c {
            '\\' => item.push(characters.next()?),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            '{' | '}' if !quoted => return None,
            ',' if !quoted => {
                let text = std::mem::take(&mut item);
                let text = if was_quoted {
                    text
                } else {
                    text.trim().to_owned()
                };
                let is_null = !was_quoted && text.eq_ignore_ascii_case("null");
                items.push((!is_null).then_some(text));
                was_quoted = false;
            }
            ' ' if !quoted && (item.is_empty() || was_quoted) => {}
            c => item.push(c),
        }
    }
    (!quoted).then_some(items)
}

/// The value of a string constant that is the whole of `text`.
fn quoted_value(text: &str) -> Option<String> {
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let unescaped = inside.replace("''", "\0");
    (!unescaped.contains('\'')).then(|| unescaped.replace('\0', "'"))
}

/// Splits `x::type` at its last cast outside quotes and parentheses.
fn split_cast(text: &str) -> Option<(&str, &str)> {
    let at = Depths::of(text)
        .filter(|(at, depth, _)| *depth == 0 && text.as_bytes()[*at..].starts_with(b"::"))
        .last()?
        .0;
    let (inner, cast) = (text[..at].trim(), text[at + 2..].trim());
    let is_type = !inner.is_empty()
        && !cast.is_empty()
        && cast
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" _\"().,[]$".contains(&b) || b >= 0x80);
    is_type.then_some((inner, cast))
}

fn split_top_level(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let mut start = 0;
    for (at, depth, byte) in Depths::of(text) {
        if depth == 0 && byte == b',' {
            items.push(text[start..at].trim());
            start = at + 1;
        }
    }
    if !text[start..].trim().is_empty() {
        items.push(text[start..].trim());
    }
    items
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
            ("integer", "0", "1"),
            ("boolean", "true", "false"),
            ("jsonb", "'{}'", "'[]'"),
            ("numeric(10,2)", "0.5", "(0.5)::integer"),
            ("numeric(10,2)", "1.50", "1.05"),
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
    fn null_is_no_default() {
        assert_eq!(canonical("NULL::text", "text"), None);
        assert_eq!(canonical("'NULL'::text", "text"), Some("'NULL'".to_owned()));
    }
}
