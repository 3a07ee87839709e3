//! What a relation needs to become a foreign key or a table of its own.

use super::{FieldKind, Problems, RelationField, Resolved};

/// Checks all relations.
pub(super) fn check(resolved: &Resolved<'_, '_>, problems: &mut Problems) {
    let at = |(model, field): (usize, usize)| {
        let model = &resolved.models[model];
        let field = &model.fields[field];
        match &field.kind {
            FieldKind::Relation(relation) => Some((model, field.ast, relation)),
            _ => None,
        }
    };
    for (model, field, relation) in resolved.relations.iter().filter_map(|side| at(*side)) {
        if let Some(wrong) = wrong_columns(relation) {
            let message = format!(
                "Error parsing attribute \"@relation\": The relation field `{}` on Model `{}` must specify {wrong} in the @relation attribute.",
                field.name.text,
                model.name()
            );
            problems.report(model.file, field.span, message);
        }
    }
    let sides = resolved.joins.iter().flat_map(|join| [join.a, join.b]);
    for (model, field, relation) in sides.filter_map(at) {
        let related = &resolved.models[relation.model];
        let key = related.key.as_ref();
        if key.is_none_or(|key| key.fields.len() != 1) {
            let (field_name, container, name) = (field.name.text, model.container(), model.name());
            let message = format!(
                "Error validating field `{field_name}` in {container} `{name}`: The relation field `{field_name}` on {container} `{name}` references `{}` which does not have an `@id` field. Models without `@id` cannot be part of a many to many relation. Use an explicit intermediate Model to represent this relationship.",
                related.name()
            );
            problems.report(model.file, field.span, message);
        }
    }
}

fn wrong_columns(relation: &RelationField<'_>) -> Option<&'static str> {
    let count = |fields: &Option<Vec<usize>>| fields.as_ref().map_or(0, Vec::len);
    match (count(&relation.fields), count(&relation.references)) {
        (0, _) => Some("the `fields` argument"),
        (_, 0) => Some("the `references` argument"),
        (fields, references) => {
            (fields != references).then_some("the same number of `fields` and `references`")
        }
    }
}
