//! Models, enums and fields by name, and each field's type.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::ast::{self, Document, FieldType, ModelKind, entries};
use super::{Builtin, Enum, Field, FieldKind, Model, Problems, RelationField, Scalar, Type, model};

/// What stands under a name at the top of a file.
#[derive(Clone, Copy)]
enum Target {
    Model(usize),
    Enum(usize),
    Composite,
}

/// All models and enums, their fields typed, their attributes still to be read.
pub(super) fn collect<'t, 'a>(
    documents: &'t [Document<'a>],
    problems: &mut Problems,
) -> (Vec<Model<'t, 'a>>, Vec<Enum<'a>>) {
    let mut names: HashMap<&str, (Target, &'static str)> = HashMap::new();
    let mut models: Vec<Model<'t, 'a>> = Vec::new();
    let mut enums = Vec::new();
    for (file, document) in documents.iter().enumerate() {
        for top in &document.tops {
            let (name, kind, target) = match top {
                ast::Top::Model(model) => match model.kind {
                    ModelKind::Type => {
                        let message =
                            "Error validating: Composite types are not supported on Postgres.";
                        problems.report(file, model.span, message);
                        (model.name, "composite type", Target::Composite)
                    }
                    kind => {
                        let is_view = kind == ModelKind::View;
                        let kind = if is_view { "view" } else { "model" };
                        models.push(model_of(model, file, problems));
                        (model.name, kind, Target::Model(models.len() - 1))
                    }
                },
                ast::Top::Enum(definition) => {
                    enums.push(enum_of(definition, file, problems));
                    (definition.name, "enum", Target::Enum(enums.len() - 1))
                }
                _ => continue,
            };
            if let Some((_, existing)) = names.insert(name.text, (target, kind)) {
                let message = format!(
                    "The {kind} \"{}\" cannot be defined because a {existing} with that name already exists.",
                    name.text
                );
                problems.report(file, name.span, message);
            }
        }
    }
    for model in &mut models {
        for field in &mut model.fields {
            field.kind = field_kind(field.ast, model.file, &names, problems);
        }
    }
    (models, enums)
}

fn model_of<'t, 'a>(
    model: &'t ast::Model<'a>,
    file: usize,
    problems: &mut Problems,
) -> Model<'t, 'a> {
    let mut names = HashMap::new();
    let mut fields = Vec::new();
    for field in entries(&model.members) {
        if names.insert(field.name.text, fields.len()).is_some() {
            let container = if model.kind == ModelKind::View {
                "view"
            } else {
                "model"
            };
            let message = format!(
                "Field \"{}\" is already defined on {container} \"{}\".",
                field.name.text, model.name.text
            );
            problems.report(file, field.name.span, message);
        }
        fields.push(Field {
            ast: field,
            kind: FieldKind::Unknown,
        });
    }
    Model {
        file,
        ast: model,
        table: Cow::Borrowed(model.name.text),
        namespace: None,
        fields,
        key: None,
        indexes: Vec::new(),
        names,
    }
}

fn enum_of<'a>(definition: &ast::Enum<'a>, file: usize, problems: &mut Problems) -> Enum<'a> {
    let values = entries(&definition.members)
        .map(|value| (value.name.text, Cow::Borrowed(value.name.text)))
        .collect();
    let mut resolved = Enum {
        file,
        span: definition.span,
        name: Cow::Borrowed(definition.name.text),
        namespace: None,
        values,
    };
    model::of_enum(definition, &mut resolved, problems);
    resolved
}

fn field_kind<'a>(
    field: &ast::Field<'a>,
    file: usize,
    names: &HashMap<&str, (Target, &'static str)>,
    problems: &mut Problems,
) -> FieldKind<'a> {
    let ty = match &field.ty {
        FieldType::Unsupported(text) => Type::Unsupported(text.value()),
        FieldType::Named(name) => match (Builtin::called(name.text), names.get(name.text)) {
            (Some(builtin), _) => Type::Builtin(builtin),
            (None, Some((Target::Enum(index), _))) => Type::Enum(*index),
            (None, Some((Target::Model(index), _))) => {
                return FieldKind::Relation(RelationField {
                    model: *index,
                    name: None,
                    fields: None,
                    references: None,
                    on_delete: None,
                    on_update: None,
                    map: None,
                    attribute: None,
                });
            }
            (None, Some((Target::Composite, _))) => return FieldKind::Unknown,
            (None, None) => {
                problems.report(file, name.span, unknown_type(name.text, names));
                return FieldKind::Unknown;
            }
        },
    };
    FieldKind::Scalar(Scalar {
        column: Cow::Borrowed(field.name.text),
        ty,
        native: None,
        default: None,
    })
}

fn unknown_type(name: &str, names: &HashMap<&str, (Target, &'static str)>) -> String {
    let builtins = Builtin::ALL.iter().map(|(name, _)| *name);
    let known = names.keys().copied().chain(builtins);
    let similar = known
        .filter(|known| known.eq_ignore_ascii_case(name))
        .min()
        .map_or_else(String::new, |known| format!(" Did you mean \"{known}\"?"));
    format!(
        "Type \"{name}\" is neither a built-in type, nor refers to another model, composite type, or enum.{similar}"
    )
}
