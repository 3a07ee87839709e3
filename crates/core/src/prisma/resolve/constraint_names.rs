//! The names of constraints and indexes, given or made, and that no two are the same.

use std::collections::HashMap;

use super::super::ast::Span;
use super::{FieldKind, Index, Key, Model, Problems, Resolved, Side};
use crate::model::Identifier;
use crate::model::name::{MAX_IDENTIFIER_BYTES, prisma};

/// The primary key's name.
pub(in super::super) fn of_key(model: &Model<'_, '_>, key: &Key<'_>) -> Option<Identifier> {
    match &key.map {
        Some(map) => Identifier::new(&**map).ok(),
        None => Some(prisma::primary_key(&table(model)?)),
    }
}

/// An index's name.
pub(in super::super) fn of_index(model: &Model<'_, '_>, index: &Index<'_>) -> Option<Identifier> {
    if let Some(map) = &index.map {
        return Identifier::new(&**map).ok();
    }
    let fields: Vec<_> = index.fields.iter().map(|on| on.field).collect();
    let columns = identifiers(&model.columns(&fields))?;
    let table = table(model)?;
    Some(if index.is_unique {
        prisma::unique(&table, &columns)
    } else {
        prisma::index(&table, &columns)
    })
}

/// A foreign key's name.
pub(in super::super) fn of_relation(
    resolved: &Resolved<'_, '_>,
    (model, field): Side,
) -> Option<Identifier> {
    let model = &resolved.models[model];
    let FieldKind::Relation(relation) = &model.fields[field].kind else {
        return None;
    };
    match &relation.map {
        Some(map) => Identifier::new(&**map).ok(),
        None => {
            let fields = relation.fields.as_deref().unwrap_or_default();
            let columns = identifiers(&model.columns(fields))?;
            Some(prisma::foreign_key(&table(model)?, &columns))
        }
    }
}

/// The table's name; `None` when it is none, which has been reported.
pub(in super::super) fn table(model: &Model<'_, '_>) -> Option<Identifier> {
    Identifier::new(&*model.table).ok()
}

fn identifiers(names: &[&str]) -> Option<Vec<Identifier>> {
    names
        .iter()
        .map(|name| Identifier::new(*name).ok())
        .collect()
}

/// A constraint or an index: where it stands and what it is called.
struct Named {
    model: usize,
    name: Identifier,
    attribute: &'static str,
    span: Span,
    is_foreign_key: bool,
}

/// Checks that all names are free and fit.
pub(super) fn check(resolved: &Resolved<'_, '_>, problems: &mut Problems) {
    tables_and_enums(resolved, problems);
    let named = named(resolved, problems);
    let mut global: HashMap<(Option<&str>, &Identifier), usize> = HashMap::new();
    let mut local: HashMap<(usize, &Identifier), usize> = HashMap::new();
    for constraint in &named {
        let namespace = resolved.models[constraint.model].namespace.as_deref();
        if !constraint.is_foreign_key {
            *global.entry((namespace, &constraint.name)).or_default() += 1;
        }
        *local
            .entry((constraint.model, &constraint.name))
            .or_default() += 1;
    }
    for constraint in &named {
        let model = &resolved.models[constraint.model];
        let namespace = model.namespace.as_deref();
        let mut wrong = |scope: String| {
            let message = format!(
                "Error parsing attribute \"{}\": The given constraint name `{}` has to be unique in the following namespace: {scope}. Please provide a different name using the `map` argument.",
                constraint.attribute, constraint.name
            );
            problems.report(model.file, constraint.span, message);
        };
        if !constraint.is_foreign_key && global[&(namespace, &constraint.name)] > 1 {
            wrong("global for primary key, indexes and unique constraints".to_owned());
        } else if constraint.is_foreign_key && local[&(constraint.model, &constraint.name)] > 1 {
            wrong(format!(
                "on model `{}` for primary key, indexes, unique constraints and foreign keys",
                model.name()
            ));
        }
    }
}

fn named(resolved: &Resolved<'_, '_>, problems: &mut Problems) -> Vec<Named> {
    let mut named = Vec::new();
    for (at, model) in resolved.models.iter().enumerate() {
        if let Some(key) = &model.key {
            fits(model, key.map.as_deref(), key.attribute, key.span, problems);
            named.extend(of_key(model, key).map(|name| Named {
                model: at,
                name,
                attribute: key.attribute,
                span: key.span,
                is_foreign_key: false,
            }));
        }
        for index in &model.indexes {
            fits(
                model,
                index.map.as_deref(),
                index.attribute,
                index.span,
                problems,
            );
            named.extend(of_index(model, index).map(|name| Named {
                model: at,
                name,
                attribute: index.attribute,
                span: index.span,
                is_foreign_key: false,
            }));
        }
    }
    for (at, field) in resolved.relations.iter().copied() {
        let model = &resolved.models[at];
        let FieldKind::Relation(field_relation) = &model.fields[field].kind else {
            continue;
        };
        let span = field_relation
            .attribute
            .unwrap_or(model.fields[field].ast.span);
        fits(
            model,
            field_relation.map.as_deref(),
            "@relation",
            span,
            problems,
        );
        if field_relation.fields.as_ref().is_none_or(Vec::is_empty) {
            continue;
        }
        named.extend(of_relation(resolved, (at, field)).map(|name| Named {
            model: at,
            name,
            attribute: "@relation",
            span: model.fields[field].ast.span,
            is_foreign_key: true,
        }));
    }
    named
}

/// Reports a given name that PostgreSQL would cut.
fn fits(
    model: &Model<'_, '_>,
    map: Option<&str>,
    attribute: &str,
    span: Span,
    problems: &mut Problems,
) {
    if let Some(name) = map.filter(|name| name.len() > MAX_IDENTIFIER_BYTES) {
        let message = format!(
            "Error validating model \"{}\": The constraint name '{name}' specified in the `map` argument for the `{attribute}` constraint is too long for your chosen provider. The maximum allowed length is {MAX_IDENTIFIER_BYTES} bytes.",
            model.name()
        );
        problems.report(model.file, span, message);
    }
}

fn tables_and_enums(resolved: &Resolved<'_, '_>, problems: &mut Problems) {
    let mut tables: HashMap<(Option<&str>, &str), &Model<'_, '_>> = HashMap::new();
    for model in &resolved.models {
        let key = (model.namespace.as_deref(), &*model.table);
        if let Some(existing) = tables.insert(key, model) {
            let (mapped, other) = match map_span(model) {
                Some(_) => (model, existing),
                None => (existing, model),
            };
            let message = format!(
                "The model with database name \"{}\" could not be defined because another model or view with this name exists: \"{}\"",
                mapped.table,
                other.name()
            );
            let span = map_span(mapped).unwrap_or(mapped.ast.name.span);
            problems.report(mapped.file, span, message);
        }
        if let Err(error) = Identifier::new(&*model.table) {
            problems.report(model.file, model.ast.name.span, format!("{error}."));
        }
        for field in &model.fields {
            if let FieldKind::Scalar(scalar) = &field.kind
                && let Err(error) = Identifier::new(&*scalar.column)
            {
                problems.report(model.file, field.ast.name.span, format!("{error}."));
            }
        }
    }
    let mut enums = HashMap::new();
    for definition in &resolved.enums {
        let key = (definition.namespace.as_deref(), &*definition.name);
        if enums.insert(key, ()).is_some() {
            let message = "An enum with the same database name is already defined.";
            problems.report(definition.file, definition.span, message);
        }
        if let Err(error) = Identifier::new(&*definition.name) {
            problems.report(definition.file, definition.span, format!("{error}."));
        }
    }
}

fn map_span(model: &Model<'_, '_>) -> Option<Span> {
    let attributes = &mut model.ast.attributes.iter();
    let map = attributes.find(|attribute| attribute.attribute.name.text == "map")?;
    Some(map.attribute.span)
}
