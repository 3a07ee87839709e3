//! `where:` of an index: which rows it is over.

use super::super::ast::{Expression, ExpressionKind, Name};
use super::super::literal;
use super::arguments::{Arguments, mismatch};
use super::index::raw;
use super::{Builtin, FieldKind, Model, Problems, Type, native};
use crate::model::name::literal as sql_literal;
use crate::model::{Identifier, SqlType};

/// The predicate that `value` writes, as SQL. `None` when what is wrong has been reported.
pub(super) fn read(
    value: &Expression<'_>,
    model: &Model<'_, '_>,
    arguments: &Arguments<'_, '_>,
    problems: &mut Problems,
) -> Option<String> {
    let wrong = |message: &str, problems: &mut Problems| {
        arguments.wrong(message, problems);
        None
    };
    match &value.kind {
        ExpressionKind::Object(items) if items.is_empty() => {
            wrong("The `where` argument cannot be an empty object.", problems)
        }
        ExpressionKind::Object(items) => {
            let conditions: Option<Vec<_>> = items
                .iter()
                .map(|(key, value)| condition(*key, value, model, arguments, problems))
                .collect();
            Some(conditions?.join(" AND "))
        }
        _ => match raw(value, model.file, problems) {
            Some(Some(text)) if text.is_empty() => wrong(
                "The `where` argument cannot contain an empty string.",
                problems,
            ),
            Some(Some(text)) => Some(text.into_owned()),
            Some(None) => wrong(
                "The `where` argument must be a raw() function with a string argument, e.g. `where: raw(\"status = 'active'\")`.",
                problems,
            ),
            None => {
                if !matches!(value.kind, ExpressionKind::Call(_)) {
                    mismatch::<()>(value, "function", model.file, problems);
                }
                wrong(
                    "The `where` argument must be either a raw() function call or an object literal, e.g. `where: raw(\"status = 'active'\")` or `where: { active: true }`.",
                    problems,
                )
            }
        },
    }
}

/// `field: value`.
fn condition(
    key: Name<'_>,
    value: &Expression<'_>,
    model: &Model<'_, '_>,
    arguments: &Arguments<'_, '_>,
    problems: &mut Problems,
) -> Option<String> {
    let wrong = |message: String, problems: &mut Problems| {
        arguments.wrong(message, problems);
        None
    };
    let name = key.text;
    let Some(field) = model.field(name) else {
        let message = format!("Field '{name}' does not exist in model '{}'.", model.name());
        return wrong(message, problems);
    };
    let FieldKind::Scalar(scalar) = &model.fields[field].kind else {
        let message = format!(
            "Field '{name}' is a relation field. Only scalar fields can be used in the where clause."
        );
        return wrong(message, problems);
    };
    let (value, is_negated) = match &value.kind {
        ExpressionKind::Object(items) => match items.as_slice() {
            [(not, value)] if not.text == "not" => (value, true),
            [(other, _)] => {
                let message = format!(
                    "Unknown key '{}' in nested where clause object. Only 'not' is supported.",
                    other.text
                );
                return wrong(message, problems);
            }
            _ => {
                let message = "Nested object in where clause must have exactly one key. Use `{ not: null }` or `{ not: \"value\" }`.";
                return wrong(message.to_owned(), problems);
            }
        },
        _ => (value, false),
    };
    let column = Identifier::new(&*scalar.column).ok()?.quoted_plain();
    let operator = if is_negated { "<>" } else { "=" };
    let (found, sql) = match &value.kind {
        ExpressionKind::Constant("null") => {
            let not = if is_negated { " NOT" } else { "" };
            return Some(format!("{column} IS{not} NULL"));
        }
        ExpressionKind::Constant(constant @ ("true" | "false")) => {
            ("Boolean", (*constant).to_owned())
        }
        ExpressionKind::Constant(other) => {
            let message = format!(
                "Invalid value '{other}' in where clause. Expected true, false, null, a string, a number, or an object like {{ not: null }}."
            );
            return wrong(message, problems);
        }
        ExpressionKind::Text(text) => ("a String", sql_literal(&text.value())),
        ExpressionKind::Number(digits) => ("a Number", (*digits).to_owned()),
        _ => {
            let message = "Invalid value in where clause. Expected true, false, null, a string, a number, or an object like { not: null }.";
            return wrong(message.to_owned(), problems);
        }
    };
    let fits = match (&scalar.ty, found) {
        (Type::Builtin(Builtin::Boolean), "Boolean")
        | (Type::Builtin(Builtin::String), "a String")
        | (Type::Enum(_), "a String")
        | (
            Type::Builtin(Builtin::Int | Builtin::BigInt | Builtin::Float | Builtin::Decimal),
            "a Number",
        ) => Ok(sql),
        (Type::Builtin(Builtin::DateTime), "a String") => Ok(match &value.kind {
            // PostgreSQL keeps the value, not its text.
            ExpressionKind::Text(text) => {
                let text = text.value();
                let text = literal::date_time(&text).unwrap_or_else(|| text.into_owned());
                let native = scalar.native.as_ref().map(|native| native.sql.as_str());
                let ty = SqlType::new(native.unwrap_or(native::default_of(Builtin::DateTime)));
                format!("{}::{}", sql_literal(&text), ty.without_modifiers())
            }
            _ => sql,
        }),
        (Type::Builtin(builtin), _) => Err(format!(
            "Type mismatch: field '{name}' is of type {}, but the value is {found}.",
            builtin.name()
        )),
        (Type::Enum(_), _) => Err(format!(
            "Type mismatch: field '{name}' is an Enum and only accepts String values in the where clause."
        )),
        (Type::Unsupported(_), _) => Err(format!(
            "Field '{name}' is an unsupported type and cannot be used in the object syntax of a where clause. Use raw() instead."
        )),
    };
    match fits {
        Ok(sql) => Some(format!("{column} {operator} {sql}")),
        Err(message) => wrong(message, problems),
    }
}
