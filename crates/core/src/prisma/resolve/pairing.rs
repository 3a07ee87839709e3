//! The two sides of each relation brought together.

use std::borrow::Cow;

use super::super::ast::Arity;
use super::{FieldKind, Model, Problems, Resolved};

/// A field of a model: the model's place, and the field's.
pub(in super::super) type Side = (usize, usize);

/// A relation between two lists, which has a table of its own.
pub(in super::super) struct ManyToMany<'a> {
    pub(in super::super) a: Side,
    pub(in super::super) b: Side,
    /// The relation's name, given or made of the models' names.
    pub(in super::super) name: Cow<'a, str>,
}

/// Brings the two sides of each relation together.
pub(super) fn pair(resolved: &mut Resolved<'_, '_>, problems: &mut Problems) {
    for model in 0..resolved.models.len() {
        for field in 0..resolved.models[model].fields.len() {
            if let Some(message) = ambiguity(&resolved.models, (model, field)) {
                let model = &resolved.models[model];
                let message = format!(
                    "Error validating {} \"{}\": {message}",
                    model.container(),
                    model.name()
                );
                problems.report(model.file, model.fields[field].ast.span, message);
                return;
            }
        }
    }
    let sides: Vec<Side> = (0..resolved.models.len())
        .flat_map(|model| (0..resolved.models[model].fields.len()).map(move |field| (model, field)))
        .collect();
    for side in sides {
        match relation_at(&resolved.models, side) {
            None => {}
            Some(Some(opposite)) => join(resolved, side, opposite),
            Some(None) => missing_opposite(&resolved.models, side, problems),
        }
    }
}

/// The field at `side` if it is a relation's, and the field at the other end.
fn relation_at(models: &[Model<'_, '_>], side: Side) -> Option<Option<Side>> {
    let FieldKind::Relation(relation) = &models[side.0].fields[side.1].kind else {
        return None;
    };
    let opposite = models[relation.model]
        .fields
        .iter()
        .enumerate()
        .map(|(field, _)| (relation.model, field))
        .filter(|other| *other != side)
        .find(|(model, field)| match &models[*model].fields[*field].kind {
            FieldKind::Relation(other) => other.model == side.0 && other.name == relation.name,
            _ => false,
        });
    Some(opposite)
}

fn missing_opposite(models: &[Model<'_, '_>], side: Side, problems: &mut Problems) {
    let model = &models[side.0];
    let ast = model.fields[side.1].ast;
    let FieldKind::Relation(relation) = &model.fields[side.1].kind else {
        return;
    };
    let (field, container, name) = (ast.name.text, model.container(), model.name());
    let related = models[relation.model].name();
    let message = format!(
        "Error validating field `{field}` in {container} `{name}`: The relation field `{field}` on {container} `{name}` is missing an opposite relation field on the model `{related}`. Either run `prisma format` or add it manually."
    );
    problems.report(model.file, ast.span, message);
}

fn join(resolved: &mut Resolved<'_, '_>, side: Side, other: Side) {
    let models = &resolved.models;
    let arity = |(model, field): Side| models[model].fields[field].ast.arity;
    let name_of = |(model, field): Side| {
        (
            models[model].name(),
            models[model].fields[field].ast.name.text,
        )
    };
    let has_fields = |(model, field): Side| match &models[model].fields[field].kind {
        FieldKind::Relation(relation) => relation.fields.is_some(),
        _ => false,
    };
    let comes_first = |other| name_of(side) <= name_of(other);
    let holds_columns = match (arity(side), arity(other)) {
        (Arity::List, Arity::List) => {
            if comes_first(other) {
                let given = match &models[side.0].fields[side.1].kind {
                    FieldKind::Relation(relation) => relation.name.clone(),
                    _ => None,
                };
                let made = || format!("{}To{}", name_of(side).0, name_of(other).0).into();
                let name = given.unwrap_or_else(made);
                resolved.joins.push(ManyToMany {
                    a: side,
                    b: other,
                    name,
                });
            }
            false
        }
        (Arity::List, _) | (Arity::Optional, Arity::Required) => false,
        (Arity::Optional, Arity::Optional) => {
            has_fields(side) || (!has_fields(other) && comes_first(other))
        }
        (Arity::Required, Arity::Required) => comes_first(other),
        _ => true,
    };
    if holds_columns {
        resolved.relations.push(side);
    }
}

/// Why it cannot be told which relation the field at `side` belongs to, if so.
fn ambiguity(models: &[Model<'_, '_>], side: Side) -> Option<String> {
    let model = &models[side.0];
    let FieldKind::Relation(relation) = &model.fields[side.1].kind else {
        return None;
    };
    let same: Vec<_> = model
        .fields
        .iter()
        .filter(|field| match &field.kind {
            FieldKind::Relation(other) => {
                other.model == relation.model && other.name == relation.name
            }
            _ => false,
        })
        .map(|field| field.ast.name.text)
        .collect();
    if same.len() < 2 {
        return None;
    }
    let is_self = relation.model == side.0;
    if is_self && relation.name.is_some() && same.len() == 2 {
        return None;
    }
    let quoted: Vec<_> = same.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = quoted.split_last()?;
    Some(format!(
        "Ambiguous relation detected. The fields {} and {last} in model `{}` both refer to `{}`. Please provide different relation names for them by adding `@relation(<name>).",
        first.join(", "),
        model.name(),
        models[relation.model].name()
    ))
}
