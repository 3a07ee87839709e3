//! The attributes of models, enums and their fields.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::ast::{self, Arity, Attribute, BlockAttribute, entries};
use super::arguments::{Arguments, string, wrong};
use super::{
    Builtin, Config, Enum, FieldKind, Model, Problems, Type, default, index, key, native,
    operator_class, relation,
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
        model.is_ignored = model
            .ast
            .attributes
            .iter()
            .any(|attribute| attribute.attribute.name.text == "ignore");
        for field in 0..model.fields.len() {
            match model.fields[field].kind {
                FieldKind::Scalar(_) => scalar(model, field, enums, config, problems),
                FieldKind::Relation(_) => relation::read(model, field, own, &targets, problems),
                FieldKind::Unknown => {}
            }
        }
        for attribute in &model.ast.attributes {
            of_model(model, &attribute.attribute, config, problems);
        }
        for index in &model.indexes {
            operator_class::check(model, index, problems);
        }
        if config.schemas.is_some() && !says_schema(&model.ast.attributes) {
            let container = model.container();
            let message = format!(
                "Error validating {container} \"{}\": This {container} is missing an `@@schema` attribute.",
                model.name()
            );
            problems.report(model.file, model.ast.span, message);
        }
        repeated_columns(model, problems);
    }
}

fn says_schema(attributes: &[BlockAttribute<'_>]) -> bool {
    let mut names = attributes
        .iter()
        .map(|attribute| attribute.attribute.name.text);
    names.any(|name| name == "schema")
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
                scalar.default = default::read(attribute, ast, &scalar.ty, enums, file, problems);
            }
            "updatedAt" => updated_at(attribute, builtin, ast.arity, file, problems),
            "ignore" => {
                Arguments::of(attribute, file, problems).end(problems);
                if matches!(scalar.ty, Type::Unsupported(_)) {
                    let message = "Fields of type `Unsupported` cannot take an `@ignore` attribute. They are already treated as ignored by the client due to their type.";
                    wrong(attribute, file, message, problems);
                } else if model.is_ignored {
                    let message =
                        "Fields on an already ignored Model do not need an `@ignore` annotation.";
                    wrong(attribute, file, message, problems);
                }
            }
            "id" => key::of_field(model, field, attribute, problems),
            "unique" => index::of_field(model, field, attribute, config, problems),
            "relation" => {
                wrong(
                    attribute,
                    file,
                    "Invalid field type, not a relation.",
                    problems,
                );
            }
            _ => {
                let message = format!("Attribute not known: \"@{name}\".");
                problems.report_expecting(file, attribute.span, message, ATTRIBUTES);
            }
        }
    }
}

fn updated_at(
    attribute: &Attribute<'_>,
    builtin: Option<Builtin>,
    arity: Arity,
    file: usize,
    problems: &mut Problems,
) {
    Arguments::of(attribute, file, problems).end(problems);
    if builtin != Some(Builtin::DateTime) {
        let message = "Fields that are marked with @updatedAt must be of type DateTime.";
        wrong(attribute, file, message, problems);
    }
    if arity == Arity::List {
        let message = "Fields that are marked with @updatedAt cannot be lists.";
        wrong(attribute, file, message, problems);
    }
}

fn of_model<'a>(
    model: &mut Model<'_, 'a>,
    attribute: &Attribute<'a>,
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let name = attribute.name.text;
    if !matches!(name, "index" | "unique" | "fulltext") && is_repeated(name, &model.ast.attributes)
    {
        let message = format!("Attribute \"@{name}\" can only be defined once.");
        return problems.report(file, attribute.span, message);
    }
    match name {
        "id" => key::of_model(model, attribute, problems),
        "unique" | "index" => index::of_model(model, attribute, config, problems),
        "map" => {
            if let Some(name) = mapped_name(attribute, file, problems) {
                model.table = name;
            }
        }
        "schema" => {
            if let Some(schema) = namespace(attribute, config, file, problems) {
                model.namespace = Some(schema);
            }
        }
        "ignore" => Arguments::of(attribute, file, problems).end(problems),
        "fulltext" => {
            let message = "Error parsing attribute \"@@fulltext\": Defining fulltext indexes is not supported with the current connector.";
            problems.report(file, attribute.span, message);
        }
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
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let file = resolved.file;
    if config.schemas.is_some() && !says_schema(&definition.attributes) {
        let message = "This enum is missing an `@@schema` attribute.";
        problems.report(file, definition.span, message);
    }
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
            "schema" => resolved.namespace = namespace(attribute, config, file, problems),
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
    let mut arguments = Arguments::of(attribute, file, problems);
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
    config: &Config<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    let mut arguments = Arguments::of(attribute, file, problems);
    let value = arguments.main("map", problems);
    let schema = value.and_then(|value| Some((value.span, string(value, file, problems)?)));
    arguments.end(problems);
    let (span, schema) = schema?;
    let known = config
        .schemas
        .iter()
        .flatten()
        .any(|known| *known == schema);
    if !known && config.datasource.is_some() {
        let message = "This schema is not defined in the datasource. Read more on `@@schema` at https://pris.ly/d/multi-schema";
        problems.report(file, span, message);
    }
    Some(schema)
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
