//! `@unique`, `@@unique` and `@@index`.

use std::borrow::Cow;

use super::super::ast::{Attribute, ExpressionKind, Span};
use super::arguments::{Arguments, constant, string};
use super::key::{Listed, field_list, is_descending};
use super::{Model, Problems, operator_class, predicate};

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
}

/// Reads `@unique` of the field at `field`.
pub(super) fn of_field<'a>(
    model: &mut Model<'_, 'a>,
    field: usize,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let mut arguments = Arguments::of(attribute, file);
    let sort = arguments.named("sort");
    let descending = sort.is_some_and(|value| is_descending(value, attribute, file, problems));
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
    common(&mut index, model, &mut arguments, problems);
    arguments.end(problems);
    model.indexes.push(index);
}

/// Reads `@@unique` or `@@index`.
pub(super) fn of_model<'a>(
    model: &mut Model<'_, 'a>,
    attribute: &Attribute<'a>,
    problems: &mut Problems,
) {
    let file = model.file;
    let is_unique = attribute.name.text == "unique";
    let called = if is_unique { "@@unique" } else { "@@index" };
    let mut arguments = Arguments::of(attribute, file);
    let Some(listed) = field_list(model, &mut arguments, problems) else {
        return;
    };
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
    common(&mut index, model, &mut arguments, problems);
    if !is_unique {
        // Prisma took `name` for the index's name once, and still does.
        index.map = index.map.or(name);
    }
    arguments.end(problems);
    index.fields = listed
        .iter()
        .map(|listed| index_field(listed, attribute, file, problems))
        .collect();
    model.indexes.push(index);
}

fn common<'a>(
    index: &mut Index<'a>,
    model: &Model<'_, 'a>,
    arguments: &mut Arguments<'_, 'a>,
    problems: &mut Problems,
) {
    index.map = arguments.text("map", problems);
    let predicate = arguments.named("where");
    index.predicate =
        predicate.and_then(|value| predicate::read(value, model, arguments, problems));
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
                field.descending = is_descending(&argument.value, attribute, file, problems);
            }
            Some("ops") => {
                field.operator_class =
                    operator_class::read(&argument.value, argument.span, file, problems);
            }
            _ => {}
        }
    }
    field
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
