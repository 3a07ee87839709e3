//! `@default(...)`: what the database fills in, or that Prisma's client does.

use std::borrow::Cow;

use super::super::ast::{Argument, Arity, Attribute, Call, Expression, ExpressionKind, Field};
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

/// The field a default is read for.
struct Target<'t, 'a> {
    attribute: &'t Attribute<'a>,
    file: usize,
    arity: Arity,
}

impl Target<'_, '_> {
    fn wrong<T>(&self, message: &str, problems: &mut Problems) -> Option<T> {
        wrong(self.attribute, self.file, message, problems);
        None
    }
}

/// Reads `attribute`, the `@default` of `field`, which is of type `ty`.
pub(super) fn read<'a>(
    attribute: &Attribute<'a>,
    field: &Field<'a>,
    ty: &Type<'a>,
    enums: &[Enum<'a>],
    file: usize,
    problems: &mut Problems,
) -> Option<Default<'a>> {
    let mut arguments = Arguments::of(attribute, file, problems);
    let value = arguments.main("value", problems);
    if arguments.text("map", problems).is_some() {
        let message = "You defined a database name for the default value of a field on the model. This is not supported by the provider.";
        arguments.wrong(message, problems);
    }
    arguments.end(problems);
    let value = value?;
    let target = Target {
        attribute,
        file,
        arity: field.arity,
    };
    match (&value.kind, ty) {
        (ExpressionKind::Call(call), _) if call.name == "dbgenerated" => {
            dbgenerated(call, &target, problems)
        }
        (_, Type::Unsupported(_)) => target.wrong(
            "Only @default(dbgenerated(\"...\")) can be used for Unsupported types.",
            problems,
        ),
        (_, Type::Enum(index)) => {
            let constant = enum_value(value, &enums[*index], &target, problems)?;
            Some(Default::Constant(constant))
        }
        (ExpressionKind::Call(call), Type::Builtin(builtin)) => {
            function(call, value, *builtin, &target, problems)
        }
        (ExpressionKind::Array(items), Type::Builtin(builtin)) => {
            if field.arity != Arity::List {
                let message = "The default value of a non-list field cannot be a list.";
                return target.wrong(message, problems);
            }
            let items: Option<Vec<_>> = items
                .iter()
                .map(|item| constant(item, *builtin, &target, problems))
                .collect();
            Some(Default::Constant(Constant::List(items?)))
        }
        (_, Type::Builtin(_)) if field.arity == Arity::List => target.wrong(
            "The default value of a list field must be a list.",
            problems,
        ),
        (_, Type::Builtin(builtin)) => {
            constant(value, *builtin, &target, problems).map(Default::Constant)
        }
    }
}

fn dbgenerated<'a>(
    call: &Call<'a>,
    target: &Target<'_, '_>,
    problems: &mut Problems,
) -> Option<Default<'a>> {
    match call.arguments.as_slice() {
        [] => Some(Default::Any),
        [argument] => match &argument.value.kind {
            ExpressionKind::Text(text) if text.value().is_empty() => target.wrong(
                "dbgenerated() takes either no argument, or a single nonempty string argument.",
                problems,
            ),
            ExpressionKind::Text(text) => Some(Default::Expression(text.value())),
            _ => target.wrong("`dbgenerated()` takes a single String argument", problems),
        },
        _ => target.wrong("`dbgenerated()` takes a single String argument", problems),
    }
}

fn function<'a>(
    call: &Call<'a>,
    value: &Expression<'a>,
    builtin: Builtin,
    target: &Target<'_, '_>,
    problems: &mut Problems,
) -> Option<Default<'a>> {
    let arguments = call.arguments.as_slice();
    let takes_none = |default, problems: &mut Problems| {
        if arguments.is_empty() {
            return Some(default);
        }
        let name = call.name;
        let message = format!(
            "The `{name}` function does not take any argument. Consider changing this default to `{name}()`."
        );
        target.wrong(&message, problems)
    };
    let one_of = |allowed: std::ops::RangeInclusive<u32>, what: &str, problems: &mut Problems| {
        match small_number(arguments) {
            Some(None) => Some(Default::Client),
            Some(Some(number)) if allowed.contains(&number) => Some(Default::Client),
            Some(Some(_)) => target.wrong(
                &format!(
                    "`{}()` takes either no argument, or a single integer argument {what}.",
                    call.name
                ),
                problems,
            ),
            None => target.wrong(
                &format!("`{}()` takes a single Int argument.", call.name),
                problems,
            ),
        }
    };
    match (call.name, builtin) {
        ("autoincrement", Builtin::Int | Builtin::BigInt) => {
            takes_none(Default::Autoincrement, problems)
        }
        ("now", Builtin::DateTime) => takes_none(Default::Now, problems),
        ("ulid", Builtin::String) => takes_none(Default::Client, problems),
        ("cuid", Builtin::String) => one_of(1..=2, "which is either 1 or 2", problems),
        ("nanoid", Builtin::String) => one_of(2..=255, "between 2 and 255", problems),
        ("uuid", Builtin::String) => match small_number(arguments) {
            Some(Some(5..=6)) => one_of(0..=0, "which is either 4 or 7", problems),
            _ => one_of(4..=7, "which is either 4 or 7", problems),
        },
        ("auto", _) => target.wrong(
            "The current connector does not support the `auto()` function.",
            problems,
        ),
        (name @ ("autoincrement" | "now" | "ulid" | "cuid" | "nanoid" | "uuid"), _) => {
            let message = format!(
                "The function `{name}()` cannot be used on fields of type `{}`.",
                builtin.name()
            );
            target.wrong(&message, problems)
        }
        (name, _) => {
            let message = format!(
                "Unknown function in @default(): `{name}` is not known. You can read about the available functions here: https://pris.ly/d/attribute-functions"
            );
            problems.report(target.file, value.span, message);
            None
        }
    }
}

/// The number that is the only argument, if there is one; `None` when it is something else.
fn small_number(arguments: &[Argument<'_>]) -> Option<Option<u32>> {
    match arguments {
        [] => Some(None),
        [argument] => match argument.value.kind {
            ExpressionKind::Number(digits) => Some(Some(digits.parse().unwrap_or(0))),
            _ => None,
        },
        _ => None,
    }
}

/// How many values of an enum are named where another was expected.
const MOST_SHOWN: usize = 12;

fn enum_value<'a>(
    value: &Expression<'a>,
    definition: &Enum<'a>,
    target: &Target<'_, '_>,
    problems: &mut Problems,
) -> Option<Constant<'a>> {
    let label = |value: &Expression<'a>, problems: &mut Problems| match value.kind {
        ExpressionKind::Constant(name) => {
            let found = definition.values.iter().find(|(known, _)| *known == name);
            match found {
                Some((_, label)) => Some(Constant::Label(label.to_string())),
                None => {
                    let message = format!(
                        "Error parsing attribute \"@default\": The defined default value `{name}` is not a valid value of the enum specified for the field."
                    );
                    let mut known: Vec<_> =
                        definition.values.iter().map(|(known, _)| *known).collect();
                    if known.len() > MOST_SHOWN {
                        known.truncate(MOST_SHOWN);
                        known.push("...");
                    }
                    let span = target.attribute.span;
                    problems.report_expecting(target.file, span, message, known.join(", "));
                    None
                }
            }
        }
        _ => target.wrong(
            &format!(
                "Expected an enum value, but found `{}`.",
                print::expression(value)
            ),
            problems,
        ),
    };
    match &value.kind {
        ExpressionKind::Array(items) if target.arity == Arity::List => {
            let labels: Option<Vec<_>> = items.iter().map(|item| label(item, problems)).collect();
            labels.map(Constant::List)
        }
        _ if target.arity == Arity::List => target.wrong(
            &format!(
                "Expected an enum value, but found `{}`.",
                print::expression(value)
            ),
            problems,
        ),
        _ => label(value, problems),
    }
}

fn constant<'a>(
    value: &Expression<'a>,
    builtin: Builtin,
    target: &Target<'_, '_>,
    problems: &mut Problems,
) -> Option<Constant<'a>> {
    let found = match (&value.kind, builtin) {
        (ExpressionKind::Constant(name @ ("true" | "false")), Builtin::Boolean) => {
            return Some(Constant::Boolean(*name == "true"));
        }
        (ExpressionKind::Constant(_), Builtin::Boolean) => {
            let message = "Error parsing attribute \"@default\": A boolean literal must be `true` or `false`.";
            problems.report(target.file, value.span, message);
            return None;
        }
        (
            ExpressionKind::Number(digits),
            Builtin::Int | Builtin::BigInt | Builtin::Float | Builtin::Decimal,
        ) => Constant::Number(digits),
        (
            ExpressionKind::Text(text),
            Builtin::String | Builtin::Json | Builtin::Bytes | Builtin::DateTime | Builtin::Decimal,
        ) => Constant::Text(text.value()),
        _ => {
            let message = format!(
                "Expected a {} value, but found `{}`.",
                builtin.name(),
                print::expression(value)
            );
            return target.wrong(&message, problems);
        }
    };
    match understood(found, builtin) {
        Ok(constant) => Some(constant),
        Err(message) => {
            let message = format!("Error parsing attribute \"@default\": Parse error: {message}");
            problems.report(target.file, value.span, message);
            None
        }
    }
}

/// A constant as its type understands it, or why it is none.
fn understood(constant: Constant<'_>, builtin: Builtin) -> Result<Constant<'_>, String> {
    let invalid = |shown: &str, what: &str, details: &dyn std::fmt::Display| {
        Err(format!("\"{shown}\" is not a valid {what}. ({details})"))
    };
    match (constant, builtin) {
        (Constant::Number(digits), Builtin::Int | Builtin::BigInt) => match digits.parse::<i64>() {
            Ok(_) => Ok(Constant::Number(digits)),
            Err(error) => invalid(digits, "integer", &error),
        },
        (Constant::Text(text), Builtin::Json) => {
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(_) => Ok(Constant::Text(text)),
                Err(error) => invalid(&text, "JSON string", &error),
            }
        }
        (Constant::Text(text), Builtin::Bytes) => match literal::base64(&text) {
            Some(bytes) => Ok(Constant::Bytes(bytes)),
            None => invalid(&text, "base64 string", &"RFC 4648, with padding"),
        },
        (Constant::Text(text), Builtin::DateTime) => match literal::date_time(&text) {
            Some(moment) => Ok(Constant::Moment(moment)),
            None => {
                let such_as = "such as 2026-01-31T12:00:00Z";
                invalid(&text, "rfc3339 datetime string", &such_as)
            }
        },
        (Constant::Text(text), Builtin::Decimal) if !literal::is_decimal(&text) => {
            invalid(&text, "decimal", &"such as 12.50")
        }
        (constant, _) => Ok(constant),
    }
}
