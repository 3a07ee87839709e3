//! `@unique`, `@@unique` and `@@index`.

use std::borrow::Cow;

use super::super::ast::{Attribute, ExpressionKind, Span};
use super::arguments::{Arguments, constant, string};
use super::key::{Listed, field_list, is_descending, unsupported};
use super::{Config, FieldKind, Model, Problems, operator_class, predicate};

/// An index.
pub(in super::super) struct Index<'a> {
    pub(in super::super) is_unique: bool,
    /// What it is over, in order.
    pub(in super::super) fields: Vec<IndexField<'a>>,
    /// Its name, when the schema gives one.
    pub(in super::super) map: Option<Cow<'a, str>>,
    /// The access method.
    pub(in super::super) method: Method,
    /// Which rows it is over, as SQL.
    pub(in super::super) predicate: Option<String>,
    pub(super) attribute: &'static str,
    pub(super) span: Span,
}

/// One column of an index.
pub(in super::super) struct IndexField<'a> {
    pub(in super::super) field: usize,
    pub(in super::super) descending: bool,
    /// The operator class, as SQL names it.
    pub(in super::super) operator_class: Option<Cow<'a, str>>,
}

/// How an index is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Method {
    BTree,
    Hash,
    Gist,
    Gin,
    SpGist,
    Brin,
}

impl Method {
    const ALL: [(&'static str, Method); 6] = [
        ("BTree", Method::BTree),
        ("Hash", Method::Hash),
        ("Gist", Method::Gist),
        ("Gin", Method::Gin),
        ("SpGist", Method::SpGist),
        ("Brin", Method::Brin),
    ];

    /// As the schema writes it.
    pub(in super::super) fn name(self) -> &'static str {
        let found = Method::ALL.iter().find(|(_, method)| *method == self);
        found.map_or("", |(name, _)| name)
    }
}

/// Reads `@unique` of the field at `field`.
pub(super) fn of_field<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    attribute: &Attribute<'a>,
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let mut arguments = Arguments::of(attribute, file, problems);
    let sort = arguments.named("sort");
    let descending =
        sort.is_some_and(|value| is_descending(value, attribute, false, file, problems));
    let mut index = Index {
        is_unique: true,
        fields: vec![IndexField {
            field,
            descending,
            operator_class: None,
        }],
        map: None,
        method: Method::BTree,
        predicate: None,
        attribute: "@unique",
        span: attribute.span,
    };
    common(&mut index, model, &mut arguments, config, problems);
    arguments.end(problems);
    model.indexes.push(index);
}

/// Reads `@@unique` or `@@index`.
pub(super) fn of_model<'a>(
    model: &mut Model<'_, 'a>,
    attribute: &Attribute<'a>,
    config: &Config<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let is_unique = attribute.name.text == "unique";
    let called = if is_unique { "@@unique" } else { "@@index" };
    let mut arguments = Arguments::of(attribute, file, problems);
    let listed = arguments.main("fields", problems).and_then(|value| {
        match field_list(model, value, attribute, file, problems) {
            Ok(listed) => Some(listed),
            Err(unusable) => {
                report_unusable(model, unusable, is_unique, attribute, problems);
                None
            }
        }
    });
    let mut index = Index {
        is_unique,
        fields: Vec::new(),
        map: None,
        method: Method::BTree,
        predicate: None,
        attribute: called,
        span: attribute.span,
    };
    let name = arguments.text("name", problems);
    if !is_unique {
        index.method = method(&mut arguments, file, problems);
    }
    common(&mut index, model, &mut arguments, config, problems);
    if !is_unique {
        // Prisma took `name` for the index's name once, and still does.
        if name.is_some() && index.map.is_some() {
            let message = "The `@@index` attribute accepts the `name` argument as an alias for the `map` argument for legacy reasons. It does not accept both though. Please use the `map` argument to specify the database name of the index.";
            arguments.wrong(message, problems);
        }
        index.map = index.map.or(name);
    }
    arguments.end(problems);
    let Some(listed) = listed else { return };
    if listed.is_empty() {
        let message =
            "The list of fields in an index cannot be empty. Please specify at least one field.";
        return of_index(&index, file, message, problems);
    }
    index.fields = listed
        .iter()
        .map(|listed| index_field(listed, &index, attribute, file, problems))
        .collect();
    let sorted = index.fields.iter().any(|field| field.descending);
    if index.method == Method::Hash && sorted {
        of_index(
            &index,
            file,
            "Hash type does not support sort option.",
            problems,
        );
    }
    model.indexes.push(index);
}

fn common<'a>(
    index: &mut Index<'a>,
    model: &Model<'_, 'a>,
    arguments: &mut Arguments<'_, 'a>,
    config: &Config<'a>,
    problems: &mut Problems,
) {
    index.map = arguments.text("map", problems);
    for argument in ["length", "clustered"] {
        if arguments.named(argument).is_some() {
            let message = unsupported(argument, "an index definition");
            of_index(index, model.file, &message, problems);
        }
    }
    if let Some(value) = arguments.named("where") {
        if !config.has_partial_indexes {
            let message = "Partial indexes are a preview feature. Add \"partialIndexes\" to previewFeatures in your generator block.";
            of_index(index, model.file, message, problems);
        }
        index.predicate = predicate::read(value, model, arguments, problems);
    }
}

fn method(arguments: &mut Arguments<'_, '_>, file: usize, problems: &mut Problems) -> Method {
    let value = arguments.named("type");
    let Some(name) = value.and_then(|value| constant(value, file, problems)) else {
        return Method::BTree;
    };
    match Method::ALL.iter().find(|(known, _)| *known == name) {
        Some((_, method)) => *method,
        None => {
            arguments.wrong(format!("Unknown index type: {name}."), problems);
            Method::BTree
        }
    }
}

fn index_field<'a>(
    listed: &Listed<'_, 'a>,
    index: &Index<'_>,
    attribute: &Attribute<'a>,
    file: usize,
    problems: &mut Problems,
) -> IndexField<'a> {
    let mut field = IndexField {
        field: listed.field,
        descending: false,
        operator_class: None,
    };
    for argument in listed.arguments {
        match argument.name.map(|name| name.text) {
            Some("sort") => {
                field.descending = is_descending(&argument.value, attribute, true, file, problems);
            }
            Some("length") => {
                let message = unsupported("length", "an index definition");
                of_index(index, file, &message, problems);
            }
            Some("ops") => {
                field.operator_class =
                    operator_class::read(&argument.value, argument.span, file, problems);
                if index.is_unique {
                    let message =
                        "Operator classes can only be defined to fields in an @@index attribute.";
                    of_index(index, file, message, problems);
                }
            }
            _ => {}
        }
    }
    field
}

fn report_unusable(
    model: &Model<'_, '_>,
    unusable: Option<super::key::Unusable<'_>>,
    is_unique: bool,
    attribute: &Attribute<'_>,
    problems: &mut Problems,
) {
    let unusable = unusable.unwrap_or_default();
    let unique = if is_unique { "unique " } else { "" };
    let mut report = |message: String| {
        let message = format!("Error validating model \"{}\": {message}", model.name());
        problems.report(model.file, attribute.span, message);
    };
    if !unusable.unknown.is_empty() {
        report(format!(
            "The {unique}index definition refers to the unknown fields: {}.",
            unusable.unknown.join(", ")
        ));
    }
    if !unusable.relations.is_empty() {
        let underlying: Vec<_> = unusable
            .relations
            .iter()
            .filter_map(|name| match &model.fields[model.field(name)?].kind {
                FieldKind::Relation(relation) => relation.fields.as_ref(),
                _ => None,
            })
            .flatten()
            .map(|field| model.fields[*field].ast.name.text)
            .collect();
        let suggestion = if underlying.is_empty() {
            String::new()
        } else {
            let attribute = attribute.name.text;
            format!(
                " Did you mean `@@{attribute}([{}])`?",
                underlying.join(", ")
            )
        };
        report(format!(
            "The {unique}index definition refers to the relation fields {}. Index definitions must reference only scalar fields.{suggestion}",
            unusable.relations.join(", ")
        ));
    }
}

/// Reports `message` as said of `index`.
pub(super) fn of_index(index: &Index<'_>, file: usize, message: &str, problems: &mut Problems) {
    let message = format!("Error parsing attribute \"{}\": {message}", index.attribute);
    problems.report(file, index.span, message);
}

/// The string in `raw("...")`, if that is what `value` is.
pub(super) fn raw<'a>(
    value: &super::super::ast::Expression<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Option<Cow<'a, str>>> {
    match &value.kind {
        ExpressionKind::Call(call) if call.name == "raw" => {
            let first = call.arguments.first();
            Some(first.and_then(|argument| string(&argument.value, file, problems)))
        }
        _ => None,
    }
}
