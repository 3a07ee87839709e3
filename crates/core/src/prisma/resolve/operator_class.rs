//! `ops:` of an index's column: the operator class by Prisma's name.

use std::borrow::Cow;

use super::super::ast::{Expression, ExpressionKind, Span};
use super::Problems;
use super::index::raw;

const BLOOM: &[&str] = &["Bloom", "MinMax"];
const MULTI: &[&str] = &["Bloom", "MinMax", "MinMaxMulti"];
const INCLUSION: &[&str] = &["Inclusion", "Bloom", "MinMax", "MinMaxMulti"];

/// The BRIN families: Prisma's prefix, PostgreSQL's, the kinds (prisma-engines, `parser-database`, `OperatorClass`;
/// PostgreSQL manual, 71.2).
const FAMILIES: [(&str, &str, &[&str]); 19] = [
    ("Bit", "bit", &["MinMax"]),
    ("VarBit", "varbit", &["MinMax"]),
    ("Bpchar", "bpchar", BLOOM),
    ("Bytea", "bytea", BLOOM),
    ("Date", "date", MULTI),
    ("Float4", "float4", MULTI),
    ("Float8", "float8", MULTI),
    ("Inet", "inet", INCLUSION),
    ("Int2", "int2", MULTI),
    ("Int4", "int4", MULTI),
    ("Int8", "int8", MULTI),
    ("Numeric", "numeric", MULTI),
    ("Oid", "oid", MULTI),
    ("Text", "text", BLOOM),
    ("Timestamp", "timestamp", MULTI),
    ("TimestampTz", "timestamptz", MULTI),
    ("Time", "time", MULTI),
    ("TimeTz", "timetz", MULTI),
    ("Uuid", "uuid", MULTI),
];

/// What SQL calls the class that Prisma calls `name`.
fn sql_of(name: &str) -> Option<Cow<'static, str>> {
    Some(match name {
        "InetOps" => Cow::Borrowed("inet_ops"),
        "JsonbOps" => Cow::Borrowed("jsonb_ops"),
        "JsonbPathOps" => Cow::Borrowed("jsonb_path_ops"),
        "ArrayOps" => Cow::Borrowed("array_ops"),
        "TextOps" => Cow::Borrowed("text_ops"),
        _ => FAMILIES.iter().find_map(|(prefix, sql, kinds)| {
            let kind = name.strip_prefix(prefix)?.strip_suffix("Ops")?;
            kinds.contains(&kind).then_some(())?;
            let kind = match kind {
                "MinMax" => "minmax",
                "MinMaxMulti" => "minmax_multi",
                "Bloom" => "bloom",
                _ => "inclusion",
            };
            Some(Cow::Owned(format!("{sql}_{kind}_ops")))
        })?,
    })
}

/// The operator class that `value` names, as SQL calls it.
pub(super) fn read<'a>(
    value: &Expression<'a>,
    span: Span,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let found = match &value.kind {
        ExpressionKind::Constant(name) => sql_of(name),
        _ => raw(value, file, problems).flatten(),
    };
    if found.is_none() {
        let message = "Unexpected token. Expected one of: operator class";
        problems.report(file, span, message);
    }
    found
}
