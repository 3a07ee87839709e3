//! The only normaliser: every source of a schema passes through it, so that what means the same is
//! the same.
//!
//! Types get PostgreSQL's own spelling; defaults lose the casts PostgreSQL adds to constants, and
//! the many ways to say 'now' and one constant become one. Normalising twice is normalising once.

use std::collections::BTreeMap;

use super::expression::{self, ColumnType};
use super::moment;
use super::sql_type::{Expression, SqlType};
use super::{Column, ColumnDefault, Index, IndexTarget, Schema, Table};

/// Brings `schema` into the one form in which schemas are compared.
pub fn normalise(mut schema: Schema) -> Schema {
    for domain in schema.domains.values_mut() {
        domain.ty = type_name(&domain.ty);
        domain.default = domain
            .default
            .take()
            .and_then(|default| default_of(&default, &domain.ty));
    }
    for table in schema.tables.values_mut() {
        normalise_table(table);
    }
    schema
}

fn normalise_table(table: &mut Table) {
    for column in &mut table.columns {
        normalise_column(column);
    }
    let types: BTreeMap<_, _> = table
        .columns
        .iter()
        .map(|column| (column.name.as_str(), &column.ty))
        .collect();
    for index in table.indexes.values_mut() {
        normalise_index(index, &|column| types.get(column).map(|ty| (*ty).clone()));
    }
    for check in table.checks.values_mut() {
        check.definition = collapse(&check.definition);
    }
    table.inherits.sort();
}

fn normalise_column(column: &mut Column) {
    column.ty = type_name(&column.ty);
    column.default = match column.default.take() {
        Some(ColumnDefault::Expression(expression)) => {
            default_of(&expression, &column.ty).map(ColumnDefault::Expression)
        }
        other => other,
    };
    if let Some(generated) = &mut column.generated {
        generated.expression = Expression::new(bare(generated.expression.as_str()));
    }
}

fn normalise_index(index: &mut Index, column_type: &ColumnType<'_>) {
    let canonical = |text: &Expression| {
        let text = text.as_str();
        let spelled = expression::canonical(text, column_type);
        Expression::new(spelled.unwrap_or_else(|| bare(text)))
    };
    if index.method.as_deref() == Some("btree") {
        index.method = None;
    }
    index.predicate = index.predicate.as_ref().map(canonical);
    for key in &mut index.keys {
        if let IndexTarget::Expression(expression) = &mut key.on {
            *expression = canonical(expression);
        }
    }
}

/// The type in the spelling of `format_type`: lower case, the standard's long names.
pub(super) fn type_name(ty: &SqlType) -> SqlType {
    let text = ty.as_str().trim();
    if text.contains('"') {
        return SqlType::new(text);
    }
    let text = collapse(text).to_ascii_lowercase();
    let (base, array) = match text.find('[') {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let array = "[]".repeat(array.matches('[').count().min(1)); // PostgreSQL ignores dimensions and sizes
    let (name, modifier, rest) = match (base.find('('), base.find(')')) {
        (Some(open), Some(close)) if open < close => (
            base[..open].trim(),
            base[open..=close].replace(' ', ""),
            base[close + 1..].trim(),
        ),
        _ => (base.trim(), String::new(), ""),
    };
    let zoned = |zone: &str| rest == zone || name.ends_with(zone);
    let stem = name
        .strip_suffix(" with time zone")
        .or(name.strip_suffix(" without time zone"))
        .unwrap_or(name);
    let canonical = match stem {
        "int" | "int4" | "integer" => "integer".to_owned(),
        "int2" => "smallint".to_owned(),
        "int8" => "bigint".to_owned(),
        "bool" => "boolean".to_owned(),
        "float4" => "real".to_owned(),
        "float8" | "float" => "double precision".to_owned(),
        "decimal" | "numeric" => match modifier.strip_suffix(')') {
            Some(precision) if !precision.contains(',') => format!("numeric{precision},0)"),
            _ => format!("numeric{modifier}"),
        },
        "varchar" | "character varying" => format!("character varying{modifier}"),
        "bpchar" if modifier.is_empty() => "bpchar".to_owned(),
        "char" | "character" | "bpchar" => match modifier.as_str() {
            "" => "character(1)".to_owned(),
            some => format!("character{some}"),
        },
        "varbit" => format!("bit varying{modifier}"),
        "bit" if modifier.is_empty() => "bit(1)".to_owned(),
        "timestamptz" | "timetz" => {
            format!("{}{modifier} with time zone", stem.trim_end_matches("tz"))
        }
        "timestamp" | "time" => {
            let zone = if zoned("with time zone") {
                "with"
            } else {
                "without"
            };
            format!("{stem}{modifier} {zone} time zone")
        }
        other if rest.is_empty() => format!("{other}{modifier}"),
        other => format!("{other}{modifier} {rest}"),
    };
    SqlType::new(canonical + &array)
}

/// A default in one spelling; `None` for one that fills in NULL, which is no default.
fn default_of(default: &Expression, ty: &SqlType) -> Option<Expression> {
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
    let is_timestamp = ty.as_str().starts_with("timestamp");
    let mut expression = bare(text).to_ascii_lowercase();
    let mut casts = 0;
    while let Some((inner, cast)) = split_cast(&expression) {
        casts += 1;
        let cast = type_name(&SqlType::new(cast));
        if cast.without_modifiers() != ty.without_modifiers()
            || cast.modifiers() != ty.modifiers()
            || casts > MAX_CASTS
        {
            return None;
        }
        expression = bare(inner);
    }
    let precision = ty.modifiers().first().copied();
    let rounded_alike = |name: &str| {
        let inside = expression
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
        inside.is_some_and(|inside| {
            inside.trim().parse::<i32>().ok() == precision && precision.is_some()
        })
    };
    let is_now = matches!(
        expression.as_str(),
        "now()" | "current_timestamp" | "transaction_timestamp()"
    ) || rounded_alike("current_timestamp")
        || (ty.as_str().ends_with("without time zone")
            && (expression == "localtimestamp" || rounded_alike("localtimestamp")));
    (is_timestamp && is_now).then_some("CURRENT_TIMESTAMP")
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
            Constant::Quoted(text) => super::name::literal(text),
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
pub(super) fn constant_of(text: &str, ty: &SqlType) -> Option<String> {
    Some(constant(text, ty)?.sql())
}

/// How many casts may lie around a constant. Beyond, an expression is not looked into.
const MAX_CASTS: usize = 16;

/// Reads `text` as a constant for a column of type `ty`, through parentheses and casts that lose
/// nothing; `None` when it is anything else.
fn constant(text: &str, ty: &SqlType) -> Option<Constant> {
    let mut text = strip_parentheses(text.trim());
    let mut casts = 0;
    while let Some((inner, cast)) = split_cast(text) {
        let cast = type_name(&SqlType::new(cast));
        let rounds =
            matches!(cast.as_str(), "smallint" | "integer" | "bigint") && inner.contains('.');
        casts += 1;
        if !lossless(&cast, ty) || rounds || casts > MAX_CASTS {
            return None;
        }
        text = strip_parentheses(inner);
    }
    if text.eq_ignore_ascii_case("null") {
        return Some(Constant::Null);
    }
    if ty.is_array() {
        return array(text, &ty.element());
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

/// Whether a constant keeps its meaning when cast to `cast` on its way into a column of type `ty`.
fn lossless(cast: &SqlType, ty: &SqlType) -> bool {
    let family = |ty: &SqlType| match ty.without_modifiers().as_str() {
        "text" | "character varying" | "unknown" | "bpchar" => "text",
        "smallint" | "integer" | "bigint" | "numeric" => "number",
        _ => "",
    };
    let unlimited = cast.modifiers().is_empty();
    cast == ty
        || (unlimited && cast.without_modifiers() == ty.without_modifiers())
        || (unlimited
            && family(cast) == "text"
            && (family(ty) == "text" || ty.as_str().starts_with("character")))
        || (unlimited && !family(cast).is_empty() && family(cast) == family(ty))
        || (unlimited
            && family(cast) == "number"
            && matches!(ty.as_str(), "real" | "double precision"))
        || (unlimited
            && cast.is_array()
            && ty.is_array()
            && lossless(&cast.element(), &ty.element()))
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

/// `ARRAY[...]` or `'{...}'`, one dimension, elements that need no quoting inside the braces.
fn array(text: &str, element: &SqlType) -> Option<Constant> {
    if let Some(inside) = text
        .strip_prefix("ARRAY[")
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let items = split_top_level(inside)
            .into_iter()
            .map(|item| constant(item, element))
            .collect::<Option<_>>()?;
        return Some(Constant::Array(items));
    }
    let value = quoted_value(text)?;
    let inside = value.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inside.trim().is_empty() {
        return Some(Constant::Array(Vec::new()));
    }
    if inside.contains(['"', '\\', '{']) {
        return Some(Constant::Quoted(value));
    }
    let item = |item: &str| match item.trim() {
        null if null.eq_ignore_ascii_case("null") => Constant::Null,
        some => typed(some, element),
    };
    Some(Constant::Array(inside.split(',').map(item).collect()))
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

/// `text` in one spelling of blanks, without the parentheses around all of it.
fn bare(text: &str) -> String {
    collapse(strip_parentheses(text.trim()))
}

fn strip_parentheses(text: &str) -> &str {
    if !text.starts_with('(') {
        return text;
    }
    let mut open = Vec::new();
    let mut closes = BTreeMap::new();
    for (at, _, byte) in Depths::of(text) {
        match byte {
            b'(' => open.push(at),
            b')' => closes.extend(open.pop().map(|opened| (opened, at))),
            _ => {}
        }
    }
    let (mut start, mut end) = (0, text.len());
    while text[start..end].starts_with('(') && closes.get(&start) == Some(&(end - 1)) {
        let inside = &text[start + 1..end - 1];
        start += 1 + inside.len() - inside.trim_start().len();
        end = start + inside.trim().len();
    }
    &text[start..end]
}

/// Runs of blanks outside quotes become one space.
fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.trim().chars() {
        match quote {
            Some(q) if c == q => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The bytes of an expression outside quotes, each with its position and the depth of parentheses
/// and brackets around it; a closing one counts as inside.
struct Depths<'a> {
    bytes: std::iter::Enumerate<std::str::Bytes<'a>>,
    depth: usize,
}

impl<'a> Depths<'a> {
    fn of(text: &'a str) -> Self {
        Depths {
            bytes: text.bytes().enumerate(),
            depth: 0,
        }
    }
}

impl Iterator for Depths<'_> {
    type Item = (usize, usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, byte) = self.bytes.next()?;
        let here = self.depth;
        match byte {
            b'\'' | b'"' => {
                self.bytes.by_ref().find(|(_, b)| *b == byte);
            }
            b'(' | b'[' => self.depth += 1,
            b')' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Some((at, here, byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(default: &str, ty: &str) -> Option<String> {
        let ty = type_name(&SqlType::new(ty));
        default_of(&Expression::new(default), &ty).map(|e| e.as_str().to_owned())
    }

    #[test]
    fn types_have_one_spelling() {
        for (written, expected) in [
            ("INT4", "integer"),
            ("varchar(20)", "character varying(20)"),
            ("TIMESTAMP(3)", "timestamp(3) without time zone"),
            ("timestamptz(6)", "timestamp(6) with time zone"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("timestamp without time zone", "timestamp without time zone"),
            ("DECIMAL(65, 30)", "numeric(65,30)"),
            ("numeric(10)", "numeric(10,0)"),
            ("text[]", "text[]"),
            ("INTEGER[3][3]", "integer[]"),
            ("char", "character(1)"),
            ("\"OrderStatus\"[]", "\"OrderStatus\"[]"),
            ("double precision", "double precision"),
        ] {
            assert_eq!(
                type_name(&SqlType::new(written)).as_str(),
                expected,
                "{written}"
            );
        }
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
                ],
            ),
            ("\"Status\"", &["'OPEN'::\"Status\"", "'OPEN'"]),
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

    #[test]
    fn parentheses_go_only_when_they_enclose_everything() {
        assert_eq!(bare("((a > 0))"), "a > 0");
        assert_eq!(bare("(a > 0) AND (b > 0)"), "(a > 0) AND (b > 0)");
        assert_eq!(bare("(a = ')')"), "a = ')'");
    }
}
