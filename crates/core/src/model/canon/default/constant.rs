//! Constants: the casts that PostgreSQL adds to one go.

use super::super::{Depths, strip_parentheses, type_name};
use super::array::{array_items, split_top_level};
use super::number::{holds, is_number, number};
use crate::model::name::literal_plain;
use crate::model::{SqlType, moment};

/// A constant, as its column's type understands it.
#[derive(Debug, PartialEq)]
pub(super) enum Constant {
    Null,
    Bare(String),
    Quoted(String),
    Array(Vec<Constant>),
}

impl Constant {
    /// As type `ty` understands it.
    fn of(self, ty: &SqlType) -> Constant {
        match self {
            Constant::Bare(value) | Constant::Quoted(value) => typed(&value, ty),
            other => other,
        }
    }

    /// As SQL writes it.
    pub(super) fn sql(&self) -> String {
        match self {
            Constant::Null => "NULL".to_owned(),
            Constant::Bare(text) => text.clone(),
            Constant::Quoted(text) => literal_plain(text),
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
pub(super) const MAX_CASTS: usize = 16;

/// Reads `text` as a constant for a column of type `ty`, through parentheses and casts that lose
/// nothing; `None` when it is anything else.
pub(super) fn constant(text: &str, ty: &SqlType) -> Option<Constant> {
    constant_within(text, ty, MAX_CASTS)
}

fn constant_within(text: &str, ty: &SqlType, casts: usize) -> Option<Constant> {
    let text = strip_parentheses(text.trim());
    if let Some((inner, cast)) = split_cast(text) {
        let cast = type_name(&SqlType::new(cast));
        let value = constant_within(inner, &cast, casts.checked_sub(1)?)?;
        return through_cast(value, &cast, ty);
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
    let is_boolean = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    (is_number(text) || is_boolean).then(|| typed(text, ty))
}

/// The constant `value::cast` on its way into a column of type `ty`, unless the cast changes it.
fn through_cast(value: Constant, cast: &SqlType, ty: &SqlType) -> Option<Constant> {
    match value {
        Constant::Null => Some(Constant::Null),
        Constant::Array(items) => {
            let (from, to) = (cast.element(), ty.element());
            let alike = from == to || family(&from) == Family::Text || family(&from) == family(&to);
            (ty.is_array() && cast.modifiers().is_empty() && alike)
                .then(|| items.into_iter().map(|item| item.of(&to)).collect())
                .map(Constant::Array)
        }
        Constant::Bare(value) | Constant::Quoted(value) if family(cast) == Family::Text => {
            // A text becomes what the column's type reads in it.
            let fits = cast.modifiers().first().is_none_or(|most| {
                usize::try_from(*most).is_ok_and(|most| value.chars().count() <= most)
            });
            fits.then(|| constant_within(&literal_plain(&value), ty, 0))
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
            (same_kind || json).then(|| value.of(ty))
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

fn typed(value: &str, ty: &SqlType) -> Constant {
    let base = ty.without_modifiers();
    match base.as_str() {
        _ if family(ty) == Family::Number && is_number(value.trim()) => {
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

/// The value of a string constant that is the whole of `text`.
fn quoted_value(text: &str) -> Option<String> {
    let inside = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let unescaped = inside.replace("''", "\0");
    (!unescaped.contains('\'')).then(|| unescaped.replace('\0', "'"))
}

/// Splits `x::type` at its last cast outside quotes and parentheses.
pub(super) fn split_cast(text: &str) -> Option<(&str, &str)> {
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
