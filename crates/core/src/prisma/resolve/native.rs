//! `@db....`: the type of a column by PostgreSQL's own name.

use super::super::ast::{Attribute, ExpressionKind};
use super::super::print;
use super::{Builtin, Config, Problems};

/// A type of PostgreSQL, as a migration by Prisma writes it, without the brackets of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct NativeType {
    /// Its name in the schema (`VarChar`).
    pub(super) name: &'static str,
    /// Its SQL (`character varying(20)`), in the spelling of `format_type`.
    pub(in super::super) sql: String,
}

/// What may stand in the parentheses of a native type.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Nothing,
    /// A length of at least this.
    Length(u32),
    /// A number of fractional digits of a second.
    Fraction,
    /// Precision and scale.
    Precision,
}

use Builtin::{BigInt, Boolean, Bytes, DateTime, Decimal, Float, Int, Json, String as Text};

/// The native types: name in the schema, scalar, name in SQL, what they take
/// (prisma-engines, `postgres_datamodel_connector`, `native_types`).
const TYPES: [(&str, Builtin, &str, Takes); 26] = [
    ("SmallInt", Int, "smallint", Takes::Nothing),
    ("Integer", Int, "integer", Takes::Nothing),
    ("BigInt", BigInt, "bigint", Takes::Nothing),
    ("Decimal", Decimal, "numeric", Takes::Precision),
    ("Money", Decimal, "money", Takes::Nothing),
    ("Inet", Text, "inet", Takes::Nothing),
    ("Oid", Int, "oid", Takes::Nothing),
    ("Citext", Text, "citext", Takes::Nothing),
    ("Real", Float, "real", Takes::Nothing),
    ("DoublePrecision", Float, "double precision", Takes::Nothing),
    ("VarChar", Text, "character varying", Takes::Length(0)),
    ("Char", Text, "character", Takes::Length(0)),
    ("Text", Text, "text", Takes::Nothing),
    ("ByteA", Bytes, "bytea", Takes::Nothing),
    ("Timestamp", DateTime, "timestamp", Takes::Fraction),
    ("Timestamptz", DateTime, "timestamptz", Takes::Fraction),
    ("Date", DateTime, "date", Takes::Nothing),
    ("Time", DateTime, "time", Takes::Fraction),
    ("Timetz", DateTime, "timetz", Takes::Fraction),
    ("Boolean", Boolean, "boolean", Takes::Nothing),
    ("Bit", Text, "bit", Takes::Length(1)),
    ("VarBit", Text, "bit varying", Takes::Length(1)),
    ("Uuid", Text, "uuid", Takes::Nothing),
    ("Xml", Text, "xml", Takes::Nothing),
    ("Json", Json, "json", Takes::Nothing),
    ("JsonB", Json, "jsonb", Takes::Nothing),
];

/// The type of a column whose field names none (PostgreSQL, `SCALAR_TYPE_DEFAULTS`).
pub(in super::super) fn default_of(builtin: Builtin) -> &'static str {
    match builtin {
        Int => "integer",
        BigInt => "bigint",
        Float => "double precision",
        Decimal => "numeric(65,30)",
        Boolean => "boolean",
        Text => "text",
        DateTime => "timestamp(3)",
        Json => "jsonb",
        Bytes => "bytea",
    }
}

/// The native type that `attribute`, which has a dot in its name, gives to a field.
pub(super) fn read(
    attribute: &Attribute<'_>,
    builtin: Builtin,
    file: usize,
    config: &Config<'_>,
    problems: &mut Problems,
) -> Option<NativeType> {
    let (prefix, name) = attribute.name.text.split_once('.')?;
    let span = attribute.span;
    if let Some(datasource) = config.datasource.filter(|datasource| *datasource != prefix) {
        let message = format!(
            "The prefix {prefix} is invalid. It must be equal to the name of an existing datasource e.g. {datasource}. Did you mean to use {datasource}.{name}?"
        );
        problems.report(file, span, message);
    }
    let Some((name, expected, sql, takes)) = TYPES.iter().find(|(known, ..)| *known == name) else {
        let message = format!("Native type {name} is not supported for postgresql connector.");
        let of_type = TYPES.iter().filter(|(_, of, ..)| *of == builtin);
        let known: Vec<_> = of_type.map(|(known, ..)| *known).collect();
        problems.report_expecting(file, span, message, known.join(", "));
        return None;
    };
    let arguments: Vec<_> = attribute
        .arguments()
        .iter()
        .map(|argument| print::expression(&argument.value))
        .collect();
    let most = match takes {
        Takes::Nothing => 0,
        Takes::Length(_) | Takes::Fraction => 1,
        Takes::Precision => 2,
    };
    if arguments.len() > most {
        let message = if most == 0 {
            format!(
                "Function \"{name}\" takes 0 arguments, but received {}.",
                arguments.len()
            )
        } else {
            format!(
                "Native type {name} takes {most} optional arguments, but received {}.",
                arguments.len()
            )
        };
        problems.report(file, span, message);
        return None;
    }
    if *expected != builtin {
        let message = format!(
            "Native type {name} is not compatible with declared field type {}, expected field type {}.",
            builtin.name(),
            expected.name()
        );
        problems.report(file, span, message);
        return None;
    }
    match sql_of(name, sql, *takes, attribute, &arguments) {
        Ok(sql) => Some(NativeType { name, sql }),
        Err(message) => {
            problems.report(file, span, message);
            None
        }
    }
}

fn sql_of(
    name: &str,
    sql: &str,
    takes: Takes,
    attribute: &Attribute<'_>,
    arguments: &[String],
) -> Result<String, String> {
    let number = |index: usize| {
        let argument = attribute.arguments().get(index)?;
        match argument.value.kind {
            ExpressionKind::Number(digits) => digits.parse::<u32>().ok(),
            _ => None,
        }
    };
    let out_of_range = |shown: &str, what: &str| {
        Err(format!(
            "Argument M is out of range for native type `{shown}` of Postgres: {what}"
        ))
    };
    let shown = format!("{name}({})", arguments.join(","));
    match (takes, arguments.len()) {
        (_, 0) => Ok(sql.to_owned()),
        (Takes::Precision, 2) => match (number(0), number(1)) {
            (Some(precision), Some(scale)) if scale > precision => Err(format!(
                "The scale must not be larger than the precision for the {shown} native type in Postgres."
            )),
            (Some(precision), Some(_)) if precision > 1000 || precision == 0 => out_of_range(
                &shown,
                "Precision must be positive with a maximum value of 1000.",
            ),
            (Some(precision), Some(scale)) => Ok(format!("{sql}({precision},{scale})")),
            _ => Err(format!(
                "Expected two nonnegative integers, but found ({}).",
                arguments.join(", ")
            )),
        },
        (Takes::Precision, _) => Err(format!(
            "Expected two nonnegative integers, but found ({}).",
            arguments.join(", ")
        )),
        (takes, _) => match (takes, number(0)) {
            (_, None) => Err(format!(
                "Expected a nonnegative integer, but found ({}).",
                arguments.join(", ")
            )),
            (Takes::Fraction, Some(digits)) if digits > 6 => {
                out_of_range(&shown, "M can range from 0 to 6.")
            }
            (Takes::Length(least), Some(length)) if length < least => {
                out_of_range(&shown, "M must be a positive integer.")
            }
            (_, Some(number)) => Ok(format!("{sql}({number})")),
        },
    }
}
