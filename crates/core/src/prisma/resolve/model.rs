//! The attributes of models, enums and their fields.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::ast::{self, Attribute, BlockAttribute, entries};
use super::arguments::{Arguments, string, wrong};
use super::{
    Config, Enum, FieldKind, Model, Problems, Type, default, index, key, native, relation,
};

const ATTRIBUTES: &str =
    "`@id`, `@unique`, `@default`, `@updatedAt`, `@map`, `@ignore` or `@db...`";

const BLOCK_ATTRIBUTES: &str = "`@@id`, `@@unique`, `@@index`, `@@map`, `@@schema` or `@@ignore`";

/// Reads all attributes of all models.
pub(super) fn resolve_attributes<'a>(
    models: &mut [Model<'_, 'a>],
    enums: &[Enum<'a>],
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let targets = relation::targets(models);
    for (model, own) in models.iter_mut().zip(&targets) {
        for field in 0..model.fields.len() {
            match model.fields[field].kind {
                FieldKind::Scalar(_) => scalar(model, field, enums, config, problems),
                FieldKind::Relation(_) => relation::read(model, field, own, &targets, problems),
                FieldKind::Unknown => {}
            }
        }
        for attribute in &model.ast.attributes {
            of_model(model, &attribute.attribute, problems);
        }
        repeated_columns(model, problems);
    }
}

fn scalar<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    enums: &[Enum<'a>],
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let ast = model.fields[field].ast;
    let mut has_native = false;
    for attribute in &ast.attributes {
        let name = attribute.name.text;
        let FieldKind::Scalar(scalar) = &mut model.fields[field].kind else {
            return;
        };
        let builtin = match scalar.ty {
            Type::Builtin(builtin) => Some(builtin),
            _ => None,
        };
        match (name.split_once('.'), builtin) {
            (Some((prefix, _)), Some(_)) if std::mem::replace(&mut has_native, true) => {
                let message = format!("Attribute \"@{prefix}\" can only be defined once.");
                problems.report(file, attribute.span, message);
                continue;
            }
            (Some(_), Some(builtin)) => {
                scalar.native = native::read(attribute, builtin, file, config, problems);
                continue;
            }
            (Some(_), None) => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report(file, attribute.span, message);
                continue;
            }
            (None, _) => {}
        }
        let repeated = ast
            .attributes
            .iter()
            .filter(|other| other.name.text == name);
        if repeated.count() > 1 {
            let message = format!("Attribute \"@{name}\" can only be defined once.");
            problems.report(file, attribute.span, message);
            continue;
        }
        match name {
            "map" => {
                if let Some(name) = mapped_name(attribute, file, problems) {
                    scalar.column = name;
                }
            }
            "default" => {
                scalar.default = default::read(attribute, &scalar.ty, enums, file, problems);
            }
            "updatedAt" | "ignore" => Arguments::of(attribute, file).end(problems),
            "id" => key::of_field(model, field, attribute, problems),
            "unique" => index::of_field(model, field, attribute, problems),
            _ => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report_expecting(file, attribute.span, message, ATTRIBUTES);
            }
        }
    }
}

fn of_model<'a>(model: &mut Model<'_, 'a>, attribute: &Attribute<'a>, problems: &mut Problems) {
    let file = model.file;
    let name = attribute.name.text;
    if !matches!(name, "index" | "unique") && is_repeated(name, &model.ast.attributes) {
        let message = format!("Attribute \"@{name}\" can only be defined once.");
        return problems.report(file, attribute.span, message);
    }
    match name {
        "id" => key::of_model(model, attribute, problems),
        "unique" | "index" => index::of_model(model, attribute, problems),
        "map" => {
            if let Some(name) = mapped_name(attribute, file, problems) {
                model.table = name;
            }
        }
        "schema" => {
            if let Some(schema) = namespace(attribute, file, problems) {
                model.namespace = Some(schema);
            }
        }
        "ignore" => Arguments::of(attribute, file).end(problems),
        _ => {
            let message = format!("Attribute not known: \"@{name}\".");
            problems.report_expecting(file, attribute.span, message, BLOCK_ATTRIBUTES);
        }
    }
}

/// Reads the attributes of `definition` and its values.
pub(super) fn of_enum<'a>(
    definition: &ast::Enum<'a>,
    resolved: &mut Enum<'a>,
    problems: &mut Problems,
) {
    let file = resolved.file;
    for (value, (_, label)) in entries(&definition.members).zip(&mut resolved.values) {
        for attribute in &value.attributes {
            if attribute.name.text != "map" {
                let message = format!("Attribute not known: \"@{}\".", attribute.name.text);
                problems.report(file, attribute.span, message);
            } else if let Some(name) = mapped_name(attribute, file, problems) {
                *label = name;
            }
        }
    }
    for BlockAttribute { attribute, .. } in &definition.attributes {
        let name = attribute.name.text;
        if is_repeated(name, &definition.attributes) {
            let message = format!("Attribute \"@{name}\" can only be defined once.");
            problems.report(file, attribute.span, message);
            continue;
        }
        match name {
            "map" => {
                if let Some(name) = mapped_name(attribute, file, problems) {
                    resolved.name = name;
                }
            }
            "schema" => resolved.namespace = namespace(attribute, file, problems),
            _ => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report(file, attribute.span, message);
            }
        }
    }
}

fn is_repeated(name: &str, attributes: &[BlockAttribute<'_>]) -> bool {
    let same = attributes
        .iter()
        .filter(|other| other.attribute.name.text == name);
    same.count() > 1
}

fn mapped_name<'a>(
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let mut arguments = Arguments::of(attribute, file);
    let name = arguments.main("name", problems);
    let name = name.and_then(|name| string(name, file, problems));
    arguments.end(problems);
    let name = name?;
    if name.is_empty() {
        let message = "The `name` argument cannot be an empty string.";
        wrong(attribute, file, message, problems);
        return None;
    }
    if let Err(error) = crate::model::Identifier::new(&*name) {
        problems.report(file, attribute.span, format!("{error}."));
    }
    Some(name)
}

fn namespace<'a>(
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let mut arguments = Arguments::of(attribute, file);
    let value = arguments.main("map", problems);
    let schema = value.and_then(|value| string(value, file, problems));
    arguments.end(problems);
    schema
}

/// Two fields in one column.
fn repeated_columns(model: &Model<'_, '_>, problems: &mut Problems) {
    let mut seen = HashMap::new();
    for (index, field) in model.fields.iter().enumerate() {
        let FieldKind::Scalar(scalar) = &field.kind else {
            continue;
        };
        let taken = seen.insert(&*scalar.column, index).is_some();
        if taken {
            let message = format!(
                "Field \"{}\" is already defined on {} \"{}\".",
                field.ast.name.text,
                model.container(),
                model.name()
            );
            problems.report(model.file, field.ast.span, message);
        }
    }
}
