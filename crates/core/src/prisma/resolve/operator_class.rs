//! `ops:` of an index's column: the operator class by Prisma's name, and what it may be used for.

use std::borrow::Cow;

use super::super::ast::{Arity, Expression, ExpressionKind, Span};
use super::index::{Method, of_index, raw};
use super::{Builtin, Index, Model, Problems, Type};

/// An operator class that Prisma knows by name.
struct Class {
    methods: &'static [Method],
    /// The native types it takes.
    natives: &'static [&'static str],
    /// The scalar it takes where the field names no native type.
    builtin: Option<Builtin>,
    lists_only: bool,
}

const BLOOM: &[&str] = &["Bloom", "MinMax"];
const MULTI: &[&str] = &["Bloom", "MinMax", "MinMaxMulti"];

/// The BRIN families: Prisma's prefix, PostgreSQL's, the native types, the scalar, the kinds
/// (prisma-engines, `parser-database`, `OperatorClass`; PostgreSQL manual, 71.2).
type Family = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Option<Builtin>,
    &'static [&'static str],
);
const FAMILIES: [Family; 19] = [
    ("Bit", "bit", &["Bit"], None, &["MinMax"]),
    ("VarBit", "varbit", &["VarBit"], None, &["MinMax"]),
    ("Bpchar", "bpchar", &["Char"], None, BLOOM),
    ("Bytea", "bytea", &["ByteA"], Some(Builtin::Bytes), BLOOM),
    ("Date", "date", &["Date"], None, MULTI),
    ("Float4", "float4", &["Real"], None, MULTI),
    (
        "Float8",
        "float8",
        &["DoublePrecision"],
        Some(Builtin::Float),
        MULTI,
    ),
    (
        "Inet",
        "inet",
        &["Inet"],
        None,
        &["Inclusion", "Bloom", "MinMax", "MinMaxMulti"],
    ),
    ("Int2", "int2", &["SmallInt"], None, MULTI),
    ("Int4", "int4", &["Integer"], Some(Builtin::Int), MULTI),
    ("Int8", "int8", &["BigInt"], Some(Builtin::BigInt), MULTI),
    (
        "Numeric",
        "numeric",
        &["Decimal"],
        Some(Builtin::Decimal),
        MULTI,
    ),
    ("Oid", "oid", &["Oid"], None, MULTI),
    (
        "Text",
        "text",
        &["Text", "VarChar"],
        Some(Builtin::String),
        BLOOM,
    ),
    (
        "Timestamp",
        "timestamp",
        &["Timestamp"],
        Some(Builtin::DateTime),
        MULTI,
    ),
    ("TimestampTz", "timestamptz", &["Timestamptz"], None, MULTI),
    ("Time", "time", &["Time"], None, MULTI),
    ("TimeTz", "timetz", &["Timetz"], None, MULTI),
    ("Uuid", "uuid", &["Uuid"], None, MULTI),
];

/// The class called `name`, and what SQL calls it.
fn class(name: &str) -> Option<(Class, String)> {
    const GIST_AND_SPGIST: &[Method] = &[Method::Gist, Method::SpGist];
    let of = |methods, natives, builtin, sql: &str| {
        let lists_only = name == "ArrayOps";
        let class = Class {
            methods,
            natives,
            builtin,
            lists_only,
        };
        Some((class, sql.to_owned()))
    };
    match name {
        "InetOps" => of(GIST_AND_SPGIST, &["Inet"], None, "inet_ops"),
        "JsonbOps" => of(&[Method::Gin], &["JsonB"], Some(Builtin::Json), "jsonb_ops"),
        "JsonbPathOps" => of(
            &[Method::Gin],
            &["JsonB"],
            Some(Builtin::Json),
            "jsonb_path_ops",
        ),
        "ArrayOps" => of(&[Method::Gin], &[], None, "array_ops"),
        "TextOps" => of(
            &[Method::SpGist],
            &["Text", "VarChar", "Char"],
            Some(Builtin::String),
            "text_ops",
        ),
        _ => FAMILIES
            .iter()
            .find_map(|(prefix, sql, natives, builtin, kinds)| {
                let kind = name.strip_prefix(prefix)?.strip_suffix("Ops")?;
                kinds.contains(&kind).then_some(())?;
                let kind = match kind {
                    "MinMax" => "minmax",
                    "MinMaxMulti" => "minmax_multi",
                    "Bloom" => "bloom",
                    _ => "inclusion",
                };
                of(
                    &[Method::Brin],
                    natives,
                    *builtin,
                    &format!("{sql}_{kind}_ops"),
                )
            }),
    }
}

/// The operator class that `value` names, as SQL calls it. Prisma's own names are kept until
/// [`check`] has seen them.
pub(super) fn read<'a>(
    value: &Expression<'a>,
    span: Span,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let mut wrong = |span, what: &str| {
        problems.report(
            file,
            span,
            format!("Unexpected token. Expected one of: {what}"),
        );
        None
    };
    match &value.kind {
        ExpressionKind::Constant(name) if class(name).is_some() => Some(Cow::Borrowed(*name)),
        ExpressionKind::Constant(name) => {
            wrong(value.span, &format!("Invalid operator class: {name}"))
        }
        ExpressionKind::Call(call) if call.arguments.len() == 1 && call.name == "raw" => {
            match &call.arguments[0].value.kind {
                ExpressionKind::Text(_) => raw(value, file, problems).flatten(),
                _ => wrong(value.span, "Invalid parameter type: expected string"),
            }
        }
        ExpressionKind::Call(call) if call.name == "raw" => wrong(
            value.span,
            &format!(
                "Wrong number of arguments. Expected: 1, got: {}",
                call.arguments.len()
            ),
        ),
        _ => wrong(span, "operator class"),
    }
}

/// The SQL of an operator class as [`read`] gives it.
pub(in super::super) fn sql_of(name: &str) -> Cow<'_, str> {
    class(name).map_or(Cow::Borrowed(name), |(_, sql)| Cow::Owned(sql))
}

/// Checks that the columns of `index` can be indexed in its way.
pub(super) fn check(model: &Model<'_, '_>, index: &Index<'_>, problems: &mut Problems) {
    let native_of = |field| Some(model.scalar(field)?.native.as_ref()?.name);
    let mut fields = index.fields.iter().map(|on| on.field);
    if let Some(xml) = fields.find(|field| native_of(*field) == Some("Xml")) {
        let message = if index.is_unique {
            "Native type `Xml` cannot be unique in Postgres."
        } else {
            "You cannot define an index on fields with native type `Xml` of Postgres."
        };
        problems.report(model.file, model.fields[xml].ast.span, message);
    }
    for on in &index.fields {
        let Some(scalar) = model.scalar(on.field) else {
            continue;
        };
        let native = native_of(on.field);
        let wrong = |message: String, problems: &mut Problems| {
            of_index(index, model.file, &message, problems);
        };
        let field = &model.fields[on.field].ast;
        let name = field.name.text;
        let class = on.operator_class.as_deref();
        let known = class.and_then(|class| Some((class, self::class(class)?.0)));
        match known {
            // A class that Prisma does not know is the database's to check.
            None if class.is_some() => {}
            Some((class, known)) if !known.methods.contains(&index.method) => wrong(
                format!(
                    "The given operator class `{class}` is not supported with the `{}` index type.",
                    index.method.name()
                ),
                problems,
            ),
            Some((class, known)) if known.lists_only => {
                if field.arity != Arity::List {
                    wrong(
                        format!(
                            "The given operator class `{class}` expects the type of field `{name}` to be an array."
                        ),
                        problems,
                    );
                }
            }
            Some((class, known)) => match (native, known.builtin) {
                (Some(native), _) if known.natives.contains(&native) => {}
                (Some(native), _) => wrong(
                    format!(
                        "The given operator class `{class}` does not support native type `{native}` of field `{name}`."
                    ),
                    problems,
                ),
                (None, Some(builtin)) if scalar.ty == Type::Builtin(builtin) => {}
                (None, Some(builtin)) => wrong(
                    format!(
                        "The given operator class `{class}` points to the field `{name}` that is not of {} type.",
                        builtin.name()
                    ),
                    problems,
                ),
                (None, None) => wrong(
                    format!(
                        "The given operator class `{class}` expects the field `{name}` to define a valid native type."
                    ),
                    problems,
                ),
            },
            None => {
                let method = index.method.name();
                match (
                    has_default_class(index.method, &scalar.ty, native, field.arity),
                    native,
                ) {
                    (true, _) => {}
                    (false, Some(native)) => wrong(
                        format!(
                            "The {method} index field type `{native}` has no default operator class."
                        ),
                        problems,
                    ),
                    (false, None) => wrong(
                        format!(
                            "The {method} index type does not support the type of the field `{name}`."
                        ),
                        problems,
                    ),
                }
            }
        }
    }
    if index.method == Method::SpGist && index.fields.len() > 1 {
        let message = "SpGist does not support multi-column indices.";
        of_index(index, model.file, message, problems);
    }
}

/// Whether an index of this kind takes a column without being told an operator class, as Prisma
/// sees it.
fn has_default_class(method: Method, ty: &Type<'_>, native: Option<&str>, arity: Arity) -> bool {
    let is = |builtin| *ty == Type::Builtin(builtin);
    if native.is_none() && matches!(ty, Type::Unsupported(_)) {
        return true;
    }
    match method {
        Method::BTree | Method::Hash => true,
        Method::Gist => native.is_none() && is(Builtin::String),
        Method::Gin => {
            arity == Arity::List || native.map_or(is(Builtin::Json), |native| native == "JsonB")
        }
        Method::SpGist => native.map_or(is(Builtin::String), |native| {
            matches!(native, "Inet" | "Text" | "VarChar" | "Char")
        }),
        Method::Brin => match native {
            Some(native) => FAMILIES
                .iter()
                .any(|(_, _, natives, ..)| natives.contains(&native)),
            None => FAMILIES
                .iter()
                .any(|(_, _, _, builtin, _)| builtin.is_some_and(is)),
        },
    }
}
