//! `@relation`, as one side of a relation says it.

use std::collections::HashMap;

use super::super::ast::{Attribute, Expression, ExpressionKind, Span};
use super::arguments::{Arguments, constant, list, mismatch, string, wrong};
use super::{FieldKind, Model, Problems, RelationField};

/// `onDelete`, `onUpdate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ReferentialAction {
    Cascade,
    Restrict,
    NoAction,
    SetNull,
    SetDefault,
}

/// What `@relation` may refer to in a model: each field's name, and whether it is a column.
pub(super) struct Target<'a> {
    name: &'a str,
    fields: HashMap<&'a str, (usize, bool)>,
}

/// The targets of all relations, while the models themselves are being changed.
pub(super) fn targets<'a>(models: &[Model<'_, 'a>]) -> Vec<Target<'a>> {
    let target = |model: &Model<'_, 'a>| Target {
        name: model.name(),
        fields: model
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let is_column = !matches!(field.kind, FieldKind::Relation(_));
                (field.ast.name.text, (index, is_column))
            })
            .collect(),
    };
    models.iter().map(target).collect()
}

/// Reads the attributes of the relation field at `field`.
pub(super) fn read<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    own: &Target<'a>,
    targets: &[Target<'a>],
    problems: &mut Problems,
) {
    let file = model.file;
    let ast = model.fields[field].ast;
    let FieldKind::Relation(relation) = &mut model.fields[field].kind else {
        return;
    };
    for attribute in &ast.attributes {
        let name = attribute.name.text;
        let same = ast
            .attributes
            .iter()
            .filter(|other| other.name.text == name);
        if same.count() > 1 {
            let message = format!("Attribute \"@{name}\" can only be defined once.");
            problems.report(file, attribute.span, message);
            continue;
        }
        let text = ast.name.text;
        match name {
            "relation" => {
                let referenced = &targets[relation.model];
                arguments(relation, attribute, own, referenced, file, problems);
            }
            "ignore" => {
                relation.is_ignored = true;
                Arguments::of(attribute, file, problems).end(problems);
            }
            "id" => {
                let message = format!(
                    "The field `{text}` is a relation field and cannot be marked with `@id`. Only scalar fields can be declared as id."
                );
                wrong(attribute, file, &message, problems);
            }
            "default" => {
                let message = "Cannot set a default value on a relation field.";
                wrong(attribute, file, message, problems);
            }
            "map" => {
                let message = "The attribute `@map` cannot be used on relation fields.";
                wrong(attribute, file, message, problems);
            }
            "unique" => {
                let is_column = |name: &&str| own.fields.get(name).is_some_and(|(_, is)| *is);
                let fields = relation_columns(ast.attributes.as_slice());
                let fields: Vec<_> = fields.into_iter().filter(is_column).collect();
                let suggestion = match fields.as_slice() {
                    [] => String::new(),
                    [field] => format!(" Did you mean to put it on `{field}`?"),
                    fields => {
                        format!(
                            " Did you mean to provide `@@unique([{}])`?",
                            fields.join(", ")
                        )
                    }
                };
                let message = format!(
                    "The field `{text}` is a relation field and cannot be marked with `unique`. Only scalar fields can be made unique.{suggestion}"
                );
                wrong(attribute, file, &message, problems);
            }
            _ => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report(file, attribute.span, message);
            }
        }
    }
}

/// The names in `fields:` of a `@relation` among `attributes`.
fn relation_columns<'a>(attributes: &[Attribute<'a>]) -> Vec<&'a str> {
    let relation = attributes.iter().find(|a| a.name.text == "relation");
    let arguments = relation.map(Attribute::arguments).unwrap_or_default();
    let fields = arguments
        .iter()
        .find(|argument| argument.name.is_some_and(|name| name.text == "fields"));
    let items = fields.map(|fields| list(&fields.value)).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| match item.kind {
            ExpressionKind::Constant(name) => Some(name),
            _ => None,
        })
        .collect()
}

fn arguments<'a>(
    relation: &mut RelationField<'a>,
    attribute: &Attribute<'a>,
    own: &Target<'a>,
    referenced: &Target<'a>,
    file: usize,
    problems: &mut Problems,
) {
    relation.attribute = Some(attribute.span);
    let mut arguments = Arguments::of(attribute, file, problems);
    if let Some(value) = arguments.named("fields") {
        let (fields, [unknown, relations]) = columns(value, own, attribute, file, problems);
        if !unknown.is_empty() {
            let message = format!(
                "Error validating: The argument fields must refer only to existing fields. The following fields do not exist in this model: {}",
                unknown.join(", ")
            );
            problems.report(file, value.span, message);
        }
        if !relations.is_empty() {
            let message = format!(
                "Error validating: The argument fields must refer only to scalar fields. But it is referencing the following relation fields: {}",
                relations.join(", ")
            );
            problems.report(file, value.span, message);
        }
        relation.fields = Some(fields);
    }
    if let Some(value) = arguments.named("references") {
        let (fields, [unknown, relations]) = columns(value, referenced, attribute, file, problems);
        let model = referenced.name;
        if !unknown.is_empty() {
            let message = format!(
                "Error validating: The argument `references` must refer only to existing fields in the related model `{model}`. The following fields do not exist in the related model: {}",
                unknown.join(", ")
            );
            problems.report(file, attribute.span, message);
        }
        if !relations.is_empty() {
            let message = format!(
                "Error validating: The argument `references` must refer only to scalar fields in the related model `{model}`. But it is referencing the following relation fields: {}",
                relations.join(", ")
            );
            problems.report(file, attribute.span, message);
        }
        relation.references = Some(fields);
    }
    let name = arguments.optional_main("name", problems);
    match name.and_then(|name| string(name, file, problems)) {
        Some(name) if name.is_empty() => {
            arguments.wrong("A relation cannot have an empty name.", problems);
        }
        name => relation.name = name,
    }
    relation.on_delete = action(&mut arguments, "onDelete", attribute, file, problems);
    relation.on_update = action(&mut arguments, "onUpdate", attribute, file, problems);
    relation.map = arguments.text("map", problems);
    arguments.end(problems);
}

/// The fields that `value` lists, and the names that are no field and those that are no column.
fn columns<'a>(
    value: &Expression<'a>,
    target: &Target<'a>,
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> (Vec<usize>, [Vec<&'a str>; 2]) {
    let mut fields = Vec::new();
    let [mut unknown, mut relations] = [Vec::new(), Vec::new()];
    for item in list(value) {
        let ExpressionKind::Constant(name) = item.kind else {
            mismatch::<()>(item, "constant", file, problems);
            continue;
        };
        match target.fields.get(name) {
            None => unknown.push(name),
            Some((_, false)) => relations.push(name),
            Some((field, true)) if fields.contains(field) => {
                let message = format!(
                    "Error validating model \"{}\": The unique index definition refers to the field {name} multiple times.",
                    target.name
                );
                problems.report(file, attribute.span, message);
            }
            Some((field, true)) => fields.push(*field),
        }
    }
    (fields, [unknown, relations])
}

fn action(
    arguments: &mut Arguments<'_, '_>,
    argument: &str,
    attribute: &Attribute<'_>,
    file: usize,
    problems: &mut Problems,
) -> Option<(ReferentialAction, Span)> {
    let value = arguments.named(argument)?;
    let action = match constant(value, file, problems)? {
        "Cascade" => ReferentialAction::Cascade,
        "Restrict" => ReferentialAction::Restrict,
        "NoAction" => ReferentialAction::NoAction,
        "SetNull" => ReferentialAction::SetNull,
        "SetDefault" => ReferentialAction::SetDefault,
        other => {
            let message = format!(
                "Error parsing attribute \"@relation\": Invalid referential action: `{other}`"
            );
            const ACTIONS: &str = "Cascade, Restrict, NoAction, SetNull or SetDefault";
            problems.report_expecting(file, attribute.span, message, ACTIONS);
            return None;
        }
    };
    Some((action, value.span))
}
