//! The two sides of each relation brought together.

use std::borrow::Cow;

use super::super::ast::Arity;
use super::{FieldKind, Model, Problems, Resolved};

/// A field of a model: the model's place, and the field's.
pub(in super::super) type Side = (usize, usize);

/// A relation that one of two models holds in its columns.
pub(in super::super) struct Relation {
    /// The field beside the referencing columns.
    pub(in super::super) forward: Side,
    /// The field on the referenced model.
    pub(super) back: Option<Side>,
    pub(super) is_one_to_one: bool,
}

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
        if let Some(opposite) = relation_at(&resolved.models, side) {
            join(resolved, side, opposite);
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

fn join(resolved: &mut Resolved<'_, '_>, side: Side, opposite: Option<Side>) {
    let models = &resolved.models;
    let arity = |(model, field): Side| models[model].fields[field].ast.arity;
    let name_of = |(model, field): Side| {
        (
            models[model].name(),
            models[model].fields[field].ast.name.text,
        )
    };
    let relation_of = |(model, field): Side| match &models[model].fields[field].kind {
        FieldKind::Relation(relation) => Some(relation),
        _ => None,
    };
    let Some(relation) = relation_of(side) else {
        return;
    };
    let has_fields = |side| relation_of(side).is_some_and(|relation| relation.fields.is_some());
    let comes_first = |other| name_of(side) <= name_of(other);
    let is_one_to_one = match (arity(side), opposite.map(|side| (side, arity(side)))) {
        (Arity::List, Some((other, Arity::List))) => {
            if comes_first(other) {
                let name = relation
                    .name
                    .clone()
                    .unwrap_or_else(|| format!("{}To{}", name_of(side).0, name_of(other).0).into());
                resolved.joins.push(ManyToMany {
                    a: side,
                    b: other,
                    name,
                });
            }
            return;
        }
        // The other side holds the columns.
        (Arity::List, Some(_)) => return,
        (Arity::Optional, Some((_, Arity::Required))) => return,
        (Arity::Optional, Some((other, Arity::Optional))) => {
            let is_forward = match (has_fields(side), has_fields(other)) {
                (true, _) => true,
                (false, true) => false,
                (false, false) => comes_first(other),
            };
            if !is_forward {
                return;
            }
            true
        }
        (Arity::Required, Some((other, Arity::Required))) => {
            if !comes_first(other) {
                return;
            }
            true
        }
        (Arity::Required, Some((_, Arity::Optional))) => true,
        (_, Some((_, Arity::List))) => false,
        (Arity::List, None) => {
            resolved.relations.push(Relation {
                forward: side,
                back: None,
                is_one_to_one: false,
            });
            return;
        }
        (_, None) => {
            let fields = relation.fields.as_ref();
            let indexes = &models[side.0].indexes;
            fields.is_some_and(|fields| {
                indexes.iter().any(|index| {
                    index.is_unique
                        && index
                            .fields
                            .iter()
                            .map(|on| on.field)
                            .eq(fields.iter().copied())
                })
            })
        }
    };
    resolved.relations.push(Relation {
        forward: side,
        back: opposite,
        is_one_to_one,
    });
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
    let quoted: Vec<_> = same.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = quoted.split_last()?;
    let fields = format!("{} and {last}", first.join(", "));
    let name = model.name();
    let related = models[relation.model].name();
    let is_self = relation.model == side.0;
    Some(match (is_self, relation.name.is_some(), same.len()) {
        (true, true, 2) => return None,
        (true, false, 2) => format!(
            "Ambiguous self relation detected. The fields {fields} in model `{name}` both refer to `{related}`. If they are part of the same relation add the same relation name for them with `@relation(<name>)`."
        ),
        (true, false, _) => format!(
            "Unnamed self relation detected. The fields {fields} in model `{name}` have no relation name. Please provide a relation name for one of them by adding `@relation(<name>)."
        ),
        (true, true, _) => format!(
            "Wrongly named self relation detected. The fields {fields} in model `{name}` have the same relation name. At most two relation fields can belong to the same relation and therefore have the same name. Please assign a different relation name to one of them."
        ),
        (false, false, _) => format!(
            "Ambiguous relation detected. The fields {fields} in model `{name}` both refer to `{related}`. Please provide different relation names for them by adding `@relation(<name>)."
        ),
        (false, true, _) => format!(
            "Wrongly named relation detected. The fields {fields} in model `{name}` both use the same relation name. Please provide different relation names for them through `@relation(<name>)."
        ),
    })
}
