//! `@relation`, as one side of a relation says it.

use std::collections::HashMap;

use super::super::ast::{Attribute, Expression, ExpressionKind};
use super::arguments::{Arguments, constant, list, string};
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

/// What `@relation` may refer to in a model: its columns' fields, by name.
pub(super) struct Target<'a> {
    name: &'a str,
    columns: HashMap<&'a str, usize>,
}

/// The targets of all relations, while the models themselves are being changed.
pub(super) fn targets<'a>(models: &[Model<'_, 'a>]) -> Vec<Target<'a>> {
    let target = |model: &Model<'_, 'a>| Target {
        name: model.name(),
        columns: model
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !matches!(field.kind, FieldKind::Relation(_)))
            .map(|(index, field)| (field.ast.name.text, index))
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
        match name {
            "relation" => {
                let referenced = &targets[relation.model];
                arguments(relation, attribute, own, referenced, file, problems);
            }
            "ignore" => Arguments::of(attribute, file).end(problems),
            _ => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report(file, attribute.span, message);
            }
        }
    }
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
    let mut arguments = Arguments::of(attribute, file);
    relation.fields = columns(&mut arguments, "fields", own, problems);
    relation.references = columns(&mut arguments, "references", referenced, problems);
    let name = arguments.optional_main("name");
    relation.name = name.and_then(|name| string(name, file, problems));
    relation.on_delete = action(&mut arguments, "onDelete", attribute, file, problems);
    relation.on_update = action(&mut arguments, "onUpdate", attribute, file, problems);
    relation.map = arguments.text("map", problems);
    arguments.end(problems);
}

/// The fields of `target` that the argument called `argument` lists.
fn columns<'a>(
    arguments: &mut Arguments<'_, 'a>,
    argument: &str,
    target: &Target<'a>,
    problems: &mut Problems,
) -> Option<Vec<usize>> {
    let value = arguments.named(argument)?;
    let field = |item: &Expression<'a>| match item.kind {
        ExpressionKind::Constant(name) => target.columns.get(name).copied(),
        _ => None,
    };
    let fields: Option<Vec<_>> = list(value).iter().map(field).collect();
    if fields.is_none() {
        arguments.wrong(
            format!(
                "The argument `{argument}` must be a list of scalar fields of the model `{}`.",
                target.name
            ),
            problems,
        );
    }
    fields
}

fn action(
    arguments: &mut Arguments<'_, '_>,
    argument: &str,
    attribute: &Attribute<'_>,
    file: usize,
    problems: &mut Problems,
) -> Option<ReferentialAction> {
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
    Some(action)
}
