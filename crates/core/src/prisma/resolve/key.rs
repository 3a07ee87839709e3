//! `@id` and `@@id`, and lists of fields as all attributes write them.

use std::borrow::Cow;

use super::super::ast::{Argument, Arity, Attribute, Expression, ExpressionKind, Span};
use super::arguments::{Arguments, constant, list, mismatch};
use super::{FieldKind, Model, Problems};

/// A primary key.
pub(in super::super) struct Key<'a> {
    /// Its fields, in order.
    pub(in super::super) fields: Vec<usize>,
    /// The constraint's name, when the schema gives one.
    pub(in super::super) map: Option<Cow<'a, str>>,
    pub(super) attribute: &'static str,
    pub(super) span: Span,
}

/// A field in a list of fields, with the arguments behind its name.
pub(super) struct Listed<'t, 'a> {
    pub(super) field: usize,
    pub(super) arguments: &'t [Argument<'a>],
}

/// Names in a list of fields that cannot be there.
#[derive(Default)]
pub(super) struct Unusable<'a> {
    pub(super) unknown: Vec<&'a str>,
    pub(super) relations: Vec<&'a str>,
}

/// The fields that `value` lists. `Err(None)` when what is wrong has been reported.
pub(super) fn field_list<'t, 'a>(
    model: &Model<'_, 'a>,
    value: &'t Expression<'a>,
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> Result<Vec<Listed<'t, 'a>>, Option<Unusable<'a>>> {
    let mut fields: Vec<Listed<'_, '_>> = Vec::new();
    let mut unusable = Unusable::default();
    for item in list(value) {
        let (name, arguments) = match &item.kind {
            ExpressionKind::Constant(name) => (*name, &[][..]),
            ExpressionKind::Call(call) => (call.name, call.arguments.as_slice()),
            _ => {
                mismatch::<()>(item, "constant literal", file, problems);
                return Err(None);
            }
        };
        let Some(field) = model.field(name) else {
            unusable.unknown.push(name);
            continue;
        };
        match model.fields[field].kind {
            FieldKind::Relation(_) => unusable.relations.push(name),
            FieldKind::Unknown => return Err(None),
            FieldKind::Scalar(_) if fields.iter().any(|listed| listed.field == field) => {
                let message = format!(
                    "Error validating model \"{}\": The unique index definition refers to the field {name} multiple times.",
                    model.name()
                );
                problems.report(file, attribute.span, message);
                return Err(None);
            }
            FieldKind::Scalar(_) => fields.push(Listed { field, arguments }),
        }
    }
    if unusable.unknown.is_empty() && unusable.relations.is_empty() {
        Ok(fields)
    } else {
        Err(Some(unusable))
    }
}

/// Reads `@id` of the field at `field`.
pub(super) fn of_field<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let mut arguments = Arguments::of(attribute, file, problems);
    let key = key(
        vec![field],
        &mut arguments,
        attribute,
        "@id",
        model,
        problems,
    );
    arguments.end(problems);
    if model.key.is_some() {
        let message = format!(
            "Error validating model \"{}\": At most one field must be marked as the id field with the `@id` attribute.",
            model.name()
        );
        problems.report(file, model.ast.span, message);
        return;
    }
    if model.fields[field].ast.arity != Arity::Required && !model.is_ignored {
        let message =
            "Error parsing attribute \"@id\": Fields that are marked as id must be required.";
        problems.report(file, attribute.span, message);
    }
    model.key = Some(key);
}

/// Reads `@@id`.
pub(super) fn of_model<'a>(
    model: &mut Model<'_, 'a>,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let mut arguments = Arguments::of(attribute, file, problems);
    let Some(value) = arguments.main("fields", problems) else {
        return;
    };
    let about = |message: String| format!("Error validating model \"{}\": {message}", model.name());
    let fields = match field_list(model, value, attribute, file, problems) {
        Ok(fields) => fields,
        Err(unusable) => {
            let unusable = unusable.unwrap_or_default();
            if !unusable.unknown.is_empty() {
                let message = format!(
                    "The multi field id declaration refers to the unknown {}.",
                    quoted(&unusable.unknown)
                );
                problems.report(file, value.span, about(message));
            }
            if !unusable.relations.is_empty() {
                let message = format!(
                    "The id definition refers to the relation {}. ID definitions must reference only scalar fields.",
                    quoted(&unusable.relations)
                );
                problems.report(file, attribute.span, about(message));
            }
            return;
        }
    };
    if fields.is_empty() {
        arguments.wrong(
            "The list of fields in an `@@id()` attribute cannot be empty. Please specify at least one field.",
            problems,
        );
        return;
    }
    let optional: Vec<_> = fields
        .iter()
        .map(|listed| model.fields[listed.field].ast)
        .filter(|field| field.arity != Arity::Required)
        .map(|field| field.name.text)
        .collect();
    if !optional.is_empty() && !model.is_ignored {
        let message = format!(
            "The id definition refers to the optional {}. ID definitions must reference only required fields.",
            quoted(&optional)
        );
        problems.report(file, attribute.span, about(message));
    }
    for listed in &fields {
        not_in_a_key(listed.arguments, "@@id", attribute, file, problems);
    }
    if model.key.is_some() {
        let message = "Each model must have at most one id criteria. You can't have `@id` and `@@id` at the same time.";
        problems.report(file, model.ast.span, about(message.to_owned()));
    }
    let fields = fields.iter().map(|listed| listed.field).collect();
    let key = key(fields, &mut arguments, attribute, "@@id", model, problems);
    arguments.named("name"); // for the client
    arguments.end(problems);
    model.key = Some(key);
}

fn key<'a>(
    fields: Vec<usize>,
    arguments: &mut Arguments<'_, 'a>,
    attribute: &Attribute<'a>,
    called: &'static str,
    model: &Model<'_, 'a>,
    problems: &mut Problems,
) -> Key<'a> {
    let map = arguments.text("map", problems);
    for argument in ["sort", "length", "clustered"] {
        if arguments.named(argument).is_some() {
            let message = unsupported(argument, "the primary key");
            problems.report(
                model.file,
                attribute.span,
                format!("Error parsing attribute \"{called}\": {message}"),
            );
        }
    }
    Key {
        fields,
        map,
        attribute: called,
        span: attribute.span,
    }
}

fn not_in_a_key(
    arguments: &[Argument<'_>],
    called: &str,
    attribute: &Attribute<'_>,
    file: usize,
    problems: &mut Problems,
) {
    for argument in arguments {
        let name = argument.name.map_or("", |name| name.text);
        if matches!(name, "sort" | "length") {
            let message = unsupported(name, "the primary key");
            problems.report(
                file,
                attribute.span,
                format!("Error parsing attribute \"{called}\": {message}"),
            );
        }
    }
}

/// What PostgreSQL cannot do, in Prisma's words.
pub(super) fn unsupported(argument: &str, place: &str) -> String {
    if argument == "clustered" {
        return "Defining clustering is not supported in the current connector.".to_owned();
    }
    format!("The {argument} argument is not supported in {place} with the current connector")
}

/// Whether `sort` asks for descending order; reported when it says neither.
pub(super) fn is_descending(
    value: &Expression<'_>,
    attribute: &Attribute<'_>,
    in_list: bool,
    file: usize,
    problems: &mut Problems,
) -> bool {
    match constant(value, file, problems) {
        Some("Desc") => true,
        Some("Asc") | None => false,
        Some(_) if in_list => {
            let message = "Unexpected token. Expected one of: Asc, Desc";
            problems.report(file, value.span, message);
            false
        }
        Some(other) => {
            let message =
                format!("The `sort` argument can only be `Asc` or `Desc` you provided: {other}.");
            super::arguments::wrong(attribute, file, &message, problems);
            false
        }
    }
}

/// `field `a``, or `fields `a`, `b``.
fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let fields = if names.len() == 1 { "field" } else { "fields" };
    format!("{fields} {}", quoted.join(", "))
}
