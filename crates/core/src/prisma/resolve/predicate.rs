//! `where:` of an index: which rows it is over.

use super::super::ast::{Expression, ExpressionKind, Name};
use super::super::literal;
use super::arguments::Arguments;
use super::index::raw;
use super::{Builtin, Model, Problems, Scalar, Type, native};
use crate::model::name::literal as sql_literal;
use crate::model::{Identifier, SqlType};

/// The predicate that `value` writes, as SQL. `None` when what is wrong has been reported.
pub(super) fn read(
    value: &Expression<'_>,
    model: &Model<'_, '_>,
    arguments: &Arguments<'_, '_>,
    problems: &mut Problems,
) -> Option<String> {
    let predicate = match &value.kind {
        ExpressionKind::Object(items) => {
            let mut conditions = Vec::new();
            for (key, value) in items {
                conditions.push(condition(*key, value, model, arguments, problems)?);
            }
            conditions.join(" AND ")
        }
        _ => raw(value, model.file, problems)
            .flatten()
            .unwrap_or_default()
            .into_owned(),
    };
    if predicate.is_empty() {
        arguments.wrong(
            "The `where` argument must be either a raw() function call or an object literal, e.g. `where: raw(\"status = 'active'\")` or `where: { active: true }`.",
            problems,
        );
        return None;
    }
    Some(predicate)
}

/// `field: value`.
fn condition(
    key: Name<'_>,
    value: &Expression<'_>,
    model: &Model<'_, '_>,
    arguments: &Arguments<'_, '_>,
    problems: &mut Problems,
) -> Option<String> {
    let name = key.text;
    let field = model.field(name).and_then(|field| model.scalar(field));
    let Some(scalar) = field else {
        let message = format!("Field '{name}' does not exist in model '{}'.", model.name());
        arguments.wrong(message, problems);
        return None;
    };
    let (value, is_negated) = match &value.kind {
        ExpressionKind::Object(items) => match items.as_slice() {
            [(not, value)] if not.text == "not" => (value, true),
            _ => (value, false),
        },
        _ => (value, false),
    };
    let column = Identifier::new(&*scalar.column).ok()?.quoted_plain();
    let operator = if is_negated { "<>" } else { "=" };
    let sql = match &value.kind {
        ExpressionKind::Constant("null") => {
            let not = if is_negated { " NOT" } else { "" };
            return Some(format!("{column} IS{not} NULL"));
        }
        ExpressionKind::Constant(constant @ ("true" | "false")) => (*constant).to_owned(),
        ExpressionKind::Text(text) => of_text(&text.value(), scalar),
        ExpressionKind::Number(digits) => (*digits).to_owned(),
        _ => {
            let message = "Invalid value in where clause. Expected true, false, null, a string, a number, or an object like { not: null }.";
            arguments.wrong(message, problems);
            return None;
        }
    };
    Some(format!("{column} {operator} {sql}"))
}

fn of_text(text: &str, column: &Scalar<'_>) -> String {
    if column.ty != Type::Builtin(Builtin::DateTime) {
        return sql_literal(text);
    }
    // PostgreSQL keeps the value, not its text.
    let text = literal::date_time(text).unwrap_or_else(|| text.to_owned());
    let native = column.native.as_ref().map(|native| native.sql.as_str());
    let ty = SqlType::new(native.unwrap_or(native::default_of(Builtin::DateTime)));
    format!("{}::{}", sql_literal(&text), ty.without_modifiers())
}
