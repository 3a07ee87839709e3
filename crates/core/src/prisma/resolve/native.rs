//! `@db....`: the type of a column by PostgreSQL's own name.

use super::super::ast::{Attribute, ExpressionKind};
use super::super::print;
use super::{Builtin, Config, Problems};

/// A type of PostgreSQL, as a migration by Prisma writes it, without the brackets of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct NativeType {
    /// Its SQL (`character varying(20)`), in the spelling of `format_type`.
    pub(in super::super) sql: String,
}

use Builtin::{BigInt, Boolean, Bytes, DateTime, Decimal, Float, Int, Json, String as Text};

/// The native types: name in the schema, scalar, name in SQL
/// (prisma-engines, `postgres_datamodel_connector`, `native_types`).
const TYPES: [(&str, Builtin, &str); 26] = [
    ("SmallInt", Int, "smallint"),
    ("Integer", Int, "integer"),
    ("BigInt", BigInt, "bigint"),
    ("Decimal", Decimal, "numeric"),
    ("Money", Decimal, "money"),
    ("Inet", Text, "inet"),
    ("Oid", Int, "oid"),
    ("Citext", Text, "citext"),
    ("Real", Float, "real"),
    ("DoublePrecision", Float, "double precision"),
    ("VarChar", Text, "character varying"),
    ("Char", Text, "character"),
    ("Text", Text, "text"),
    ("ByteA", Bytes, "bytea"),
    ("Timestamp", DateTime, "timestamp"),
    ("Timestamptz", DateTime, "timestamptz"),
    ("Date", DateTime, "date"),
    ("Time", DateTime, "time"),
    ("Timetz", DateTime, "timetz"),
    ("Boolean", Boolean, "boolean"),
    ("Bit", Text, "bit"),
    ("VarBit", Text, "bit varying"),
    ("Uuid", Text, "uuid"),
    ("Xml", Text, "xml"),
    ("Json", Json, "json"),
    ("JsonB", Json, "jsonb"),
];

/// The type of a column whose field has no native type (PostgreSQL, `SCALAR_TYPE_DEFAULTS`).
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
    let Some((name, expected, sql)) = TYPES.iter().find(|(known, ..)| *known == name) else {
        let message = format!("Native type {name} is not supported for postgresql connector.");
        let of_type = TYPES.iter().filter(|(_, of, ..)| *of == builtin);
        let known: Vec<_> = of_type.map(|(known, ..)| *known).collect();
        problems.report_expecting(file, span, message, known.join(", "));
        return None;
    };
    if *expected != builtin {
        let message = format!(
            "Native type {name} is not compatible with declared field type {}, expected field type {}.",
            builtin.name(),
            expected.name()
        );
        problems.report(file, span, message);
        return None;
    }
    let mut digits = Vec::new();
    for argument in attribute.arguments() {
        let ExpressionKind::Number(number) = argument.value.kind else {
            let found = print::expression(&argument.value);
            let message = format!("Expected a nonnegative integer, but found ({found}).");
            problems.report(file, span, message);
            return None;
        };
        digits.push(number);
    }
    let modifiers = match digits.as_slice() {
        [] => String::new(),
        digits => format!("({})", digits.join(",")),
    };
    Some(NativeType {
        sql: format!("{sql}{modifiers}"),
    })
}
