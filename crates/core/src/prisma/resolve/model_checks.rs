//! What must be true of a whole model or view.

use super::super::ast::Arity;
use super::{Model, Problems, Resolved, Type, index};

/// Checks all models and views.
pub(super) fn check(resolved: &Resolved<'_, '_>, problems: &mut Problems) {
    for model in &resolved.models {
        if model.is_view() {
            view(model, problems);
        } else if !model.is_ignored {
            rows_are_told_apart(model, problems);
        }
    }
}

/// Reports a model none of whose unique criteria tells every row from every other.
fn rows_are_told_apart(model: &Model<'_, '_>, problems: &mut Problems) {
    let is_loose = |field: &usize| {
        model.fields[*field].ast.arity == Arity::Optional
            || (model.scalar(*field))
                .is_some_and(|scalar| matches!(scalar.ty, Type::Unsupported(_)))
    };
    let criteria: Vec<_> = model.unique_criteria().collect();
    if (criteria.iter()).any(|fields| !fields.iter().any(is_loose)) {
        return;
    }
    let mut message = format!(
        "Error validating model \"{}\": Each model must have at least one unique criteria that has only required fields. Either mark a single field with `@id`, `@unique` or add a multi field criterion with `@@id([])` or `@@unique([])` to the model.",
        model.name()
    );
    if !criteria.is_empty() {
        message += " The following unique criterias were not considered as they contain fields that are not required:";
    }
    for fields in criteria {
        message += &format!("\n- {}", model.field_names(&fields));
    }
    problems.report(model.file, model.ast.span, message);
}

/// Reports what a view cannot have. Prisma never creates one, and what its `@unique` says of it is for
/// the client alone.
fn view(view: &Model<'_, '_>, problems: &mut Problems) {
    if let Some(key) = &view.key {
        let message = "Error validating: Views cannot have primary keys.";
        problems.report(view.file, key.span, message);
    }
    for unique in &view.indexes {
        if !unique.is_unique {
            let message = "Error validating: Views cannot have indexes.";
            problems.report(view.file, unique.span, message);
        }
        if unique.map.is_some() {
            let message = "Error validating: @@unique annotations on views are not backed by unique indexes in the database and cannot specify a mapped database name.";
            problems.report(view.file, unique.span, message);
        }
        if unique.fields.iter().any(|field| field.descending) {
            let message = "Scalar fields in @@unique attributes in views cannot have arguments.";
            index::of_index(unique, view.file, message, problems);
        }
    }
}
