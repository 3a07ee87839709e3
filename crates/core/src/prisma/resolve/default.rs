//! `@default(...)`: what the database fills in, or that Prisma's client does.

use std::borrow::Cow;

use super::super::ast::{Attribute, Call, Expression, ExpressionKind};
use super::super::literal;
use super::super::print;
use super::arguments::{Arguments, wrong};
use super::{Builtin, Enum, Problems, Type};

/// A default.
pub(in super::super) enum Default<'a> {
    /// `now()`.
    Now,
    /// `autoincrement()`.
    Autoincrement,
    /// `dbgenerated("...")`: an expression of the database.
    Expression(Cow<'a, str>),
    /// `dbgenerated()`: whatever the database has.
    Any,
    /// `uuid()` and its like, made by Prisma's client: nothing in the database.
    Client,
    /// A constant.
    Constant(Constant<'a>),
}

/// A constant, as the schema writes it.
pub(in super::super) enum Constant<'a> {
    Number(&'a str),
    Text(Cow<'a, str>),
    /// A moment, as PostgreSQL takes it.
    Moment(String),
    Bytes(Vec<u8>),
    Boolean(bool),
    /// A label of an enum, as the database has it.
    Label(String),
    List(Vec<Constant<'a>>),
}

/// Reads `attribute`, the `@default` of a field of type `ty`.
pub(super) fn read<'a>(
    attribute: &Attribute<'a>,
    ty: &Type<'a>,
    enums: &[Enum<'a>],
    file: usize,
    problems: &mut Problems,
) -> Option<Default<'a>> {
    let mut arguments = Arguments::of(attribute, file);
    let value = arguments.main("value", problems);
    arguments.end(problems);
    let value = value?;
    let mut one = |value: &Expression<'a>| match ty {
        Type::Enum(index) => label(value, &enums[*index], attribute, file, problems),
        Type::Builtin(builtin) => constant(value, *builtin, attribute, file, problems),
        Type::Unsupported(_) => {
            let message = "Only @default(dbgenerated(\"...\")) can be used for Unsupported types.";
            wrong(attribute, file, message, problems);
            None
        }
    };
    match &value.kind {
        ExpressionKind::Call(call) => {
            let default = function(call);
            if default.is_none() {
                let message = format!(
                    "Unknown function in @default(): `{}` is not known. You can read about the available functions here: https://pris.ly/d/attribute-functions",
                    call.name
                );
                problems.report(file, value.span, message);
            }
            default
        }
        ExpressionKind::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(one).collect();
            Some(Default::Constant(Constant::List(items?)))
        }
        _ => one(value).map(Default::Constant),
    }
}

fn function<'a>(call: &Call<'a>) -> Option<Default<'a>> {
    Some(match (call.name, call.arguments.as_slice()) {
        ("autoincrement", _) => Default::Autoincrement,
        ("now", _) => Default::Now,
        ("ulid" | "cuid" | "nanoid" | "uuid", _) => Default::Client,
        ("dbgenerated", []) => Default::Any,
        ("dbgenerated", [argument]) => match &argument.value.kind {
            ExpressionKind::Text(text) => Default::Expression(text.value()),
            _ => return None,
        },
        _ => return None,
    })
}

/// How many values of an enum are named where another was expected.
const MOST_SHOWN: usize = 12;

fn label<'a>(
    value: &Expression<'a>,
    definition: &Enum<'a>,
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Constant<'a>> {
    let ExpressionKind::Constant(name) = value.kind else {
        return mismatch("an enum", value, attribute, file, problems);
    };
    let found = definition.values.iter().find(|(known, _)| *known == name);
    if let Some((_, label)) = found {
        return Some(Constant::Label(label.to_string()));
    }
    let message = format!(
        "Error parsing attribute \"@default\": The defined default value `{name}` is not a valid value of the enum specified for the field."
    );
    let mut known: Vec<_> = definition.values.iter().map(|(known, _)| *known).collect();
    if known.len() > MOST_SHOWN {
        known.truncate(MOST_SHOWN);
        known.push("...");
    }
    problems.report_expecting(file, attribute.span, message, known.join(", "));
    None
}

fn constant<'a>(
    value: &Expression<'a>,
    builtin: Builtin,
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Constant<'a>> {
    let found = match (&value.kind, builtin) {
        (ExpressionKind::Constant(name @ ("true" | "false")), Builtin::Boolean) => {
            Some(Constant::Boolean(*name == "true"))
        }
        (
            ExpressionKind::Number(digits),
            Builtin::Int | Builtin::BigInt | Builtin::Float | Builtin::Decimal,
        ) => Some(Constant::Number(digits)),
        (ExpressionKind::Text(text), Builtin::Bytes) => {
            literal::base64(&text.value()).map(Constant::Bytes)
        }
        (ExpressionKind::Text(text), Builtin::DateTime) => {
            literal::date_time(&text.value()).map(Constant::Moment)
        }
        (ExpressionKind::Text(text), Builtin::String | Builtin::Json | Builtin::Decimal) => {
            Some(Constant::Text(text.value()))
        }
        _ => None,
    };
    found.or_else(|| {
        let what = format!("a {}", builtin.name());
        mismatch(&what, value, attribute, file, problems)
    })
}

fn mismatch<T>(
    expected: &str,
    value: &Expression<'_>,
    attribute: &Attribute<'_>,
    file: usize,
    problems: &mut Problems,
) -> Option<T> {
    let found = print::expression(value);
    let message = format!("Expected {expected} value, but found `{found}`.");
    wrong(attribute, file, &message, problems);
    None
}
