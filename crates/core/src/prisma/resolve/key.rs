//! `@id` and `@@id`, and lists of fields as all attributes write them.

use std::borrow::Cow;

use super::super::ast::{Argument, Attribute, Expression, ExpressionKind, Span};
use super::arguments::{Arguments, constant, list, wrong};
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

/// The columns' fields that the `fields` of an attribute lists, at least one. `None` when what is wrong has been reported.
pub(super) fn field_list<'t, 'a>(
    model: &Model<'_, 'a>,
    arguments: &mut Arguments<'t, 'a>,
    problems: &mut Problems,
) -> Option<Vec<Listed<'t, 'a>>> {
    let value = arguments.main("fields", problems)?;
    let listed = |item: &'t Expression<'a>| {
        let (name, arguments) = match &item.kind {
            ExpressionKind::Constant(name) => (*name, &[][..]),
            ExpressionKind::Call(call) => (call.name, call.arguments.as_slice()),
            _ => return None,
        };
        let field = model.field(name)?;
        let is_column = !matches!(model.fields[field].kind, FieldKind::Relation(_));
        is_column.then_some(Listed { field, arguments })
    };
    let fields: Option<Vec<_>> = list(value).iter().map(listed).collect();
    let fields = fields.filter(|fields| !fields.is_empty());
    if fields.is_none() {
        let message = format!(
            "The argument `fields` must be a list of scalar fields of the model `{}`.",
            model.name()
        );
        arguments.wrong(message, problems);
    }
    fields
}

/// Reads `@id` of the field at `field`.
pub(super) fn of_field<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let arguments = Arguments::of(attribute, model.file);
    set(model, vec![field], arguments, attribute, "@id", problems);
}

/// Reads `@@id`.
pub(super) fn of_model<'a>(
    model: &mut Model<'_, 'a>,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let mut arguments = Arguments::of(attribute, model.file);
    let Some(fields) = field_list(model, &mut arguments, problems) else {
        return;
    };
    let fields = fields.iter().map(|listed| listed.field).collect();
    arguments.named("name"); // for the client
    set(model, fields, arguments, attribute, "@@id", problems);
}

fn set<'a>(
    model: &mut Model<'_, 'a>,
    fields: Vec<usize>,
    mut arguments: Arguments<'_, 'a>,
    attribute: &Attribute<'a>,
    called: &'static str,
    problems: &mut Problems,
) {
    let key = Key {
        fields,
        map: arguments.text("map", problems),
        attribute: called,
        span: attribute.span,
    };
    arguments.end(problems);
    if model.key.replace(key).is_some() {
        let message = format!(
            "Error validating model \"{}\": Each model must have at most one id criteria.",
            model.name()
        );
        problems.report(model.file, model.ast.span, message);
    }
}

/// Whether `sort` asks for descending order; reported when it says neither.
pub(super) fn is_descending(
    value: &Expression<'_>,
    attribute: &Attribute<'_>,
    file: usize,
    problems: &mut Problems,
) -> bool {
    match constant(value, file, problems) {
        Some("Desc") => true,
        Some("Asc") | None => false,
        Some(other) => {
            let message =
                format!("The `sort` argument can only be `Asc` or `Desc` you provided: {other}.");
            wrong(attribute, file, &message, problems);
            false
        }
    }
}
