//! What must be true of a relation between two models.

use super::super::ast::{Arity, Span};
use super::pairing::Side;
use super::{FieldKind, ManyToMany, Model, Problems, Relation, RelationField, Resolved};

/// Checks all relations.
pub(super) fn check(resolved: &Resolved<'_, '_>, problems: &mut Problems) {
    let check = Check { resolved };
    for relation in &resolved.relations {
        check.relation(relation, problems);
    }
    for join in &resolved.joins {
        check.join(join, problems);
    }
    for model in &resolved.models {
        check.ignored(model, problems);
    }
}

struct Check<'r, 't, 'a> {
    resolved: &'r Resolved<'t, 'a>,
}

/// One side of a relation, with what messages say of it.
#[derive(Clone, Copy)]
struct End<'r, 'a> {
    file: usize,
    span: Span,
    model: &'a str,
    container: &'static str,
    field: &'a str,
    arity: Arity,
    relation: &'r RelationField<'a>,
}

impl End<'_, '_> {
    fn fields(&self) -> &[usize] {
        self.relation.fields.as_deref().unwrap_or_default()
    }

    fn references(&self) -> &[usize] {
        self.relation.references.as_deref().unwrap_or_default()
    }

    fn has_actions(&self) -> bool {
        self.relation.on_delete.is_some() || self.relation.on_update.is_some()
    }

    /// Reports `message` as said of the `@relation` at this side.
    fn wrong(&self, message: &str, problems: &mut Problems) {
        let message = format!("Error parsing attribute \"@relation\": {message}");
        problems.report(self.file, self.span, message);
    }
}

impl<'r, 'a> Check<'r, '_, 'a> {
    fn end(&self, side: Side) -> Option<End<'r, 'a>> {
        let model = &self.resolved.models[side.0];
        let field = &model.fields[side.1];
        match &field.kind {
            FieldKind::Relation(relation) => Some(End {
                file: model.file,
                span: field.ast.span,
                model: model.name(),
                container: model.container(),
                field: field.ast.name.text,
                arity: field.ast.arity,
                relation,
            }),
            _ => None,
        }
    }

    fn relation(&self, relation: &Relation, problems: &mut Problems) {
        let Some(forward) = self.end(relation.forward) else {
            return;
        };
        let Some(back) = relation.back.and_then(|side| self.end(side)) else {
            return self.missing_opposite(&forward, problems);
        };
        let own = &self.resolved.models[relation.forward.0];
        let referenced = &self.resolved.models[forward.relation.model];
        references_are_unique(&forward, referenced, problems);
        self.columns_match(&forward, own, referenced, problems);
        if relation.is_one_to_one {
            one_to_one(&forward, &back, own, problems);
        } else {
            one_to_many(&forward, &back, problems);
        }
    }

    fn missing_opposite(&self, end: &End<'_, '_>, problems: &mut Problems) {
        let End {
            field,
            container,
            model,
            ..
        } = end;
        let related = self.resolved.models[end.relation.model].name();
        let message = format!(
            "Error validating field `{field}` in {container} `{model}`: The relation field `{field}` on {container} `{model}` is missing an opposite relation field on the model `{related}`. Either run `prisma format` or add it manually."
        );
        problems.report(end.file, end.span, message);
    }

    fn columns_match(
        &self,
        forward: &End<'_, '_>,
        own: &Model<'_, '_>,
        referenced: &Model<'_, '_>,
        problems: &mut Problems,
    ) {
        let (fields, references) = (forward.fields(), forward.references());
        if !fields.is_empty() && !references.is_empty() && fields.len() != references.len() {
            let message = "Error validating: You must specify the same number of fields in `fields` and `references`.";
            let span = forward.relation.attribute.unwrap_or(forward.span);
            problems.report(forward.file, span, message);
        }
        let is_optional = |field: &usize| own.fields[*field].ast.arity == Arity::Optional;
        if forward.arity == Arity::Required && fields.iter().any(is_optional) {
            let message = format!(
                "Error validating: The relation field `{}` uses the scalar fields {}. At least one of those fields is optional. Hence the relation field must be optional as well.",
                forward.field,
                own.field_names(fields)
            );
            problems.report(forward.file, forward.span, message);
        }
        for (field, reference) in fields.iter().zip(references) {
            let (Some(ours), Some(theirs)) = (own.scalar(*field), referenced.scalar(*reference))
            else {
                continue;
            };
            if ours.ty != theirs.ty {
                let message = format!(
                    "The type of the field `{}` in the model `{}` is not matching the type of the referenced field `{}` in model `{}`.",
                    own.fields[*field].ast.name.text,
                    own.name(),
                    referenced.fields[*reference].ast.name.text,
                    referenced.name()
                );
                forward.wrong(&message, problems);
            }
        }
    }

    fn join(&self, join: &ManyToMany<'_>, problems: &mut Problems) {
        for side in [join.a, join.b] {
            let Some(end) = self.end(side) else { continue };
            let related = &self.resolved.models[end.relation.model];
            let End {
                field,
                container,
                model,
                ..
            } = end;
            let has_id = related
                .key
                .as_ref()
                .is_some_and(|key| key.fields.len() == 1);
            if !has_id {
                let message = format!(
                    "Error validating field `{field}` in {container} `{model}`: The relation field `{field}` on {container} `{model}` references `{}` which does not have an `@id` field. Models without `@id` cannot be part of a many to many relation. Use an explicit intermediate Model to represent this relationship.",
                    related.name()
                );
                problems.report(end.file, end.span, message);
            }
            let actions = [end.relation.on_delete, end.relation.on_update];
            for (_, span) in actions.into_iter().flatten() {
                let message = "Error validating: Referential actions on implicit many-to-many relations are not supported";
                problems.report(end.file, span, message);
            }
            if end.relation.references.is_some() || end.relation.fields.is_some() {
                let message = "Implicit many-to-many relation should not have references argument defined. Either remove it, or change the relation to one-to-many.";
                end.wrong(message, problems);
            }
        }
    }

    /// A relation to an ignored model must be ignored itself.
    fn ignored(&self, model: &Model<'_, '_>, problems: &mut Problems) {
        for field in &model.fields {
            let FieldKind::Relation(relation) = &field.kind else {
                continue;
            };
            let related = &self.resolved.models[relation.model];
            if related.is_ignored && !relation.is_ignored && !model.is_ignored {
                let message = format!(
                    "Error parsing attribute \"@ignore\": The relation field `{}` on Model `{}` must specify the `@ignore` attribute, because the model {} it is pointing to is marked ignored.",
                    field.ast.name.text,
                    model.name(),
                    related.name()
                );
                problems.report(model.file, field.ast.span, message);
            }
        }
    }
}

fn references_are_unique(
    forward: &End<'_, '_>,
    referenced: &Model<'_, '_>,
    problems: &mut Problems,
) {
    let mut references = forward.references().to_vec();
    if references.is_empty() {
        return;
    }
    references.sort_unstable();
    let is_unique = referenced.unique_criteria().any(|mut criterion| {
        criterion.sort_unstable();
        criterion == references
    });
    if is_unique {
        return;
    }
    let names = referenced.field_names(forward.references());
    let model = referenced.name();
    let remedy = if references.len() == 1 {
        format!("`@unique` attribute to the field `{names}` in the model `{model}`")
    } else {
        format!("`@@unique([{names}])` attribute to the model `{model}`")
    };
    let message = format!(
        "The argument `references` must refer to a unique criterion in the related model. Consider adding an {remedy}."
    );
    forward.wrong(&message, problems);
}

fn one_to_many(forward: &End<'_, '_>, back: &End<'_, '_>, problems: &mut Problems) {
    let (field, model) = (forward.field, forward.model);
    if forward.fields().is_empty() {
        let message = format!(
            "The relation field `{field}` on Model `{model}` must specify the `fields` argument in the @relation attribute. You can run `prisma format` to fix this automatically."
        );
        forward.wrong(&message, problems);
    }
    if forward.references().is_empty() {
        let message = format!(
            "The relation field `{field}` on Model `{model}` must specify the `references` argument in the @relation attribute."
        );
        forward.wrong(&message, problems);
    }
    if !back.fields().is_empty() || !back.references().is_empty() {
        let message = format!(
            "The relation field `{}` on Model `{}` must not specify the `fields` or `references` argument in the @relation attribute. You must only specify it on the opposite field `{field}` on model `{model}`.",
            back.field, back.model
        );
        back.wrong(&message, problems);
    }
    if back.has_actions() {
        let message = format!(
            "The relation field `{}` on Model `{}` must not specify the `onDelete` or `onUpdate` argument in the @relation attribute. You must only specify it on the opposite field `{field}` on model `{model}`, or in case of a many to many relation, in an explicit join table.",
            back.field, back.model
        );
        back.wrong(&message, problems);
    }
}

fn one_to_one(
    forward: &End<'_, '_>,
    back: &End<'_, '_>,
    own: &Model<'_, '_>,
    problems: &mut Problems,
) {
    let fields = |a: &End<'_, '_>, b: &End<'_, '_>| {
        format!(
            "The relation fields `{}` on Model `{}` and `{}` on Model `{}`",
            a.field, a.model, b.field, b.model
        )
    };
    for argument in ["fields", "references"] {
        let is_empty = |end: &End<'_, '_>| match argument {
            "fields" => end.fields().is_empty(),
            _ => end.references().is_empty(),
        };
        match (is_empty(forward), is_empty(back)) {
            (true, true) => {
                let neither = format!(
                    "do not provide the `{argument}` argument in the @relation attribute. You have to provide it on one of the two fields."
                );
                forward.wrong(&format!("{} {neither}", fields(forward, back)), problems);
                back.wrong(&format!("{} {neither}", fields(back, forward)), problems);
            }
            (false, false) => {
                let both = format!(
                    "{} both provide the `{argument}` argument in the @relation attribute. You have to provide it only on one of the two fields.",
                    fields(forward, back)
                );
                forward.wrong(&both, problems);
                back.wrong(&both, problems);
            }
            (false, true) => {}
            (true, false) => {
                if forward.arity == Arity::Required {
                    let message = format!(
                        "The relation field `{}.{}` defines the `fields` and/or `references` argument. You must set them on the required side of the relation (`{}.{}`) in order for the constraints to be enforced. Alternatively, you can change this field to be required and the opposite optional, or make both sides of the relation optional.",
                        back.model, back.field, forward.model, forward.field
                    );
                    return back.wrong(&message, problems);
                }
                let message = format!(
                    "The relation field `{}` on Model `{}` provides the `fields` argument in the @relation attribute. And the related field `{}` on Model `{}` provides the `references` argument. You must provide both arguments on the same side.",
                    forward.field, forward.model, back.field, back.model
                );
                return forward.wrong(&message, problems);
            }
        }
    }
    match (forward.has_actions(), back.has_actions()) {
        (true, true) => {
            let both = "both provide the `onDelete` or `onUpdate` argument in the @relation attribute. You have to provide it only on one of the two fields.";
            forward.wrong(&format!("{} {both}", fields(forward, back)), problems);
            back.wrong(&format!("{} {both}", fields(back, forward)), problems);
        }
        (false, true) => {
            let message = format!(
                "The relation field `{}` on Model `{}` must not specify the `onDelete` or `onUpdate` argument in the @relation attribute. You must only specify it on the opposite field `{}` on model `{}`.",
                back.field, back.model, forward.field, forward.model
            );
            back.wrong(&message, problems);
        }
        _ => {}
    }
    if back.arity == Arity::Required && !forward.fields().is_empty() {
        let message = format!(
            "The relation field `{}` on Model `{}` is required. This is not valid because it's not possible to enforce this constraint on the database level. Please change the field type from `{}` to `{}?` to fix this.",
            back.field, back.model, forward.model, forward.model
        );
        back.wrong(&message, problems);
    }
    columns_are_unique(forward, own, problems);
}

fn columns_are_unique(forward: &End<'_, '_>, own: &Model<'_, '_>, problems: &mut Problems) {
    let mut fields = forward.fields().to_vec();
    fields.sort_unstable();
    let is_unique = own.unique_criteria().any(|mut criterion| {
        criterion.sort_unstable();
        criterion == fields
    });
    if is_unique || fields.is_empty() {
        return;
    }
    let names = own.field_names(forward.fields());
    let remedy = if fields.len() == 1 {
        format!("`@unique` attribute to the field `{names}`")
    } else {
        format!("`@@unique([{names}])` attribute to the model")
    };
    let message = format!(
        "A one-to-one relation must use unique fields on the defining side. Either add an {remedy}, or change the relation to one-to-many."
    );
    forward.wrong(&message, problems);
}
