//! The migration's models put into a team's `schema.prisma`, and nothing else touched.
//!
//! Models go behind the model they belong behind, or to the end; lists of relations go behind the
//! line they belong behind, or behind the last list. Where the lines around a new line are aligned as
//! Prisma's formatter aligns them, they are aligned again; where they are not, they are left alone, and the
//! new line stands in the column in which most of them stand.
//! What results must be valid, and must say of the new models what the declaration says.

use leora_schema::dsl::{Declaration, Model, Origin};

use super::ast::{self, Field, FieldType, Member};
use super::conflict::{Files, agree, another};
use super::error::Problem;
use super::print::{Row, Table};
use super::{SchemaErrors, Source, declared};
use crate::model::Identifier;

pub use super::conflict::{Conflict, PatchError};

/// A schema with the migration's models in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The whole text of each file; the one given where nothing was missing.
    pub texts: Vec<String>,
    /// What was added: `model Order`, `Customer.orders`. Empty when all was there already.
    pub added: Vec<String>,
}

/// A change of the text: what stands from `start` to `end` becomes `text`.
struct Edit {
    /// Which file.
    file: usize,
    start: usize,
    end: usize,
    text: String,
}

/// Puts what is missing of `declaration` into `sources`, which are a schema together. `namespace` is the
/// database schema of models that do not say theirs. A model that is called otherwise and mapped to the
/// table counts as that table's.
///
/// # Errors
///
/// When `sources` are not Prisma's language, have not the models that the new ones reference, or have
/// something else of a name that the new ones need.
pub fn patch(
    sources: &[Source],
    declaration: &Declaration,
    namespace: &Identifier,
) -> Result<Patch, PatchError> {
    let files = Files::parse(sources)?;
    let models: Vec<_> = declaration
        .models
        .iter()
        .filter(|model| model.origin == Origin::Created)
        .collect();
    let before = super::schema(sources, namespace);
    if let Ok(schema) = &before
        && agree(&files, schema, &models, declaration).is_ok()
    {
        return Ok(Patch {
            texts: sources.iter().map(|source| source.text.clone()).collect(),
            added: Vec::new(),
        });
    }
    let mut problems = files.taken_names(&models);
    let (mut edits, mut added) = new_models(&files, &models, declaration.tenant);
    for target in declaration.models {
        let rows = missing_lists(&files, &models, target.name)?;
        let Some((file, model)) = files.model(target.name) else {
            continue;
        };
        for [name, ty] in &rows {
            let of_name = ast::entries(&model.members).filter(|field| field.name.text == name);
            problems[file].extend(of_name.map(|field| {
                let there = format!(
                    "{} has a field {name} already, of another type",
                    model.name.text
                );
                Problem::new(field.name.span, format!("{there} than {ty}"))
            }));
            added.push(format!("{}.{name}", model.name.text));
        }
        if !rows.is_empty() {
            edits.extend(new_lists(
                &files,
                file,
                (target.lists_after, model),
                &rows,
                &models,
            ));
        }
    }
    if problems.iter().any(|problems| !problems.is_empty()) {
        return Err(PatchError::Taken {
            migration: declaration.title,
            errors: SchemaErrors::of(sources, problems),
        });
    }
    let patched = apply(sources, edits, declaration.title);
    match super::schema(&patched, namespace) {
        Ok(schema) => agree(&files, &schema, &models, declaration)?,
        // What was wrong before is shown where it stands in the files as they are.
        Err(errors) => {
            return Err(another(&files, &models)
                .unwrap_or_else(|| PatchError::Invalid(before.err().unwrap_or(errors))));
        }
    }
    Ok(Patch {
        texts: patched.into_iter().map(|source| source.text).collect(),
        added,
    })
}

/// The models that are missing, each behind the new one before it, the first behind the model they
/// belong behind or at the end of the file that has the tenants; and what they are.
fn new_models(files: &Files<'_>, models: &[&Model], tenant: &str) -> (Vec<Edit>, Vec<String>) {
    let behind = |(file, model): (usize, &ast::Model<'_>)| {
        (file, end_of_line(files.text(file), model.span.end))
    };
    let tenants = files.model(tenant).map_or(0, |(file, _)| file);
    let end = (tenants, files.text(tenants).trim_end().len());
    let before = models
        .iter()
        .find_map(|model| files.model(model.written_after?));
    let mut at = before.map_or(end, behind);
    let mut edits = Vec::new();
    let mut added = Vec::new();
    for model in models {
        if let Some(there) = files.model(model.name) {
            at = behind(there);
            continue;
        }
        let (file, start) = at;
        let newline = newline_of(files.text(file));
        let block = declared::block(model, |table| files.called(table)).replace('\n', newline);
        edits.push(Edit {
            file,
            start,
            end: start,
            text: format!("{newline}{newline}{block}"),
        });
        added.push(format!("model {}", model.name));
    }
    (edits, added)
}

/// The lists that relations of the new models need on the model `target`, without those it has.
fn missing_lists(
    files: &Files<'_>,
    models: &[&Model],
    target: &str,
) -> Result<Vec<[String; 2]>, PatchError> {
    let mut rows = Vec::new();
    for model in models {
        for key in model.foreign_keys.iter().filter(|key| key.model == target) {
            let Some((_, existing)) = files.model(target) else {
                return Err(PatchError::NoModel {
                    files: files.in_words(),
                    model: target.to_owned(),
                    from: model.name.to_owned(),
                });
            };
            let called = files.called(model.name);
            let is_there = ast::entries(&existing.members)
                .any(|field| matches!(&field.ty, FieldType::Named(ty) if ty.text == called));
            if !is_there {
                let list = declared::list(model, key);
                rows.extend(list.map(|[name, _]| [name, format!("{called}[]")]));
            }
        }
    }
    Ok(rows)
}

/// New lines for the `model` of a table, and what they do to the lines around them.
fn new_lists(
    files: &Files<'_>,
    file: usize,
    (lists_after, model): (Option<&str>, &ast::Model<'_>),
    rows: &[[String; 2]],
    models: &[&Model],
) -> Vec<Edit> {
    let text = files.text(file);
    let fields = || ast::entries(&model.members);
    let is_list = |field: &&Field<'_>| field.arity == ast::Arity::List;
    let is_new = |field: &&Field<'_>| match &field.ty {
        FieldType::Named(ty) => models
            .iter()
            .any(|model| files.called(model.name) == ty.text),
        FieldType::Unsupported(_) => false,
    };
    let anchor = fields()
        .filter(is_new)
        .last()
        .or_else(|| fields().find(|field| Some(field.name.text) == lists_after))
        .or_else(|| fields().filter(is_list).last())
        .or_else(|| fields().last());
    let Some(anchor) = anchor else {
        return Vec::new();
    };
    let group = model
        .members
        .split(|member| *member == Member::Blank)
        .find(|group| ast::entries(group).any(|field| std::ptr::eq(field, anchor)))
        .unwrap_or_default();
    let group: Vec<_> = ast::entries(group).collect();
    let cells = |field: &Field<'_>| Row {
        cells: cells(text, field),
        trailing: String::new(),
    };
    let new = || {
        rows.iter().map(|row| Row {
            cells: row.to_vec(),
            trailing: String::new(),
        })
    };
    let old_widths = Table::of(group.iter().map(|field| cells(field)).collect()).widths();
    let is_aligned = group
        .iter()
        .all(|field| written(&cells(field), &old_widths) == text[field.span.start..field.span.end]);
    let mut edits = Vec::new();
    let widths = if is_aligned {
        let all = group.iter().map(|field| cells(field)).chain(new());
        let widths = Table::of(all.collect()).widths();
        edits.extend(group.iter().map(|field| Edit {
            file,
            start: field.span.start,
            end: field.span.end,
            text: written(&cells(field), &widths),
        }));
        widths
    } else {
        vec![usual_width(&group), 0]
    };
    let line_start = text[..anchor.span.start]
        .rfind(['\n', '\r'])
        .map_or(0, |at| at + 1);
    let indent = &text[line_start..anchor.span.start];
    let indent = if indent.trim().is_empty() {
        indent
    } else {
        "  "
    };
    let behind = anchor.trailing.map_or(anchor.span.end, |comment| {
        let after = &text[anchor.span.end..];
        anchor.span.end + after.find(comment).map_or(0, |at| at + comment.len())
    });
    let at = end_of_line(text, behind);
    let newline = newline_of(text);
    let lines = new().map(|row| format!("{newline}{indent}{}", written(&row, &widths)));
    edits.push(Edit {
        file,
        start: at,
        end: at,
        text: lines.collect(),
    });
    edits
}

/// The width of the column of names in which most of `fields` stand; 0 where there is no such.
fn usual_width(fields: &[&Field<'_>]) -> usize {
    let width = |field: &Field<'_>| field.ty.span().start - field.span.start - 1;
    let of_width = |wanted| fields.iter().filter(|field| width(field) == wanted).count();
    let usual = fields.iter().map(|field| width(field));
    usual
        .filter(|width| of_width(*width) * 2 > fields.len())
        .max()
        .unwrap_or(0)
}

/// A field's name, type and attributes, as they are written.
fn cells(text: &str, field: &Field<'_>) -> Vec<String> {
    let attributes = field
        .attributes
        .iter()
        .map(|attribute| attribute.span.start);
    let attributes = attributes.min().unwrap_or(field.span.end);
    let mut cells = vec![
        field.name.text.to_owned(),
        text[field.ty.span().start..attributes]
            .trim_end()
            .to_owned(),
    ];
    if attributes < field.span.end {
        cells.push(text[attributes..field.span.end].to_owned());
    }
    cells
}

/// `row` in columns of `widths`; a cell that is wider takes what it needs.
fn written(row: &Row, widths: &[usize]) -> String {
    let widths: Vec<_> = row
        .cells
        .iter()
        .enumerate()
        .map(|(at, cell)| widths.get(at).copied().unwrap_or(0).max(cell.len()))
        .collect();
    let mut line = String::new();
    row.write(&mut line, &widths);
    line
}

fn apply(sources: &[Source], mut edits: Vec<Edit>, title: &str) -> Vec<Source> {
    edits.sort_by_key(|edit| edit.start);
    let patched = |(file, Source { name, text }): (usize, &Source)| {
        let mut out = String::with_capacity(text.len() * 2);
        let mut at = 0;
        for edit in edits.iter().filter(|edit| edit.file == file) {
            out += &text[at..edit.start];
            out += &edit.text;
            at = edit.end;
        }
        Source {
            name: format!("{name} with {title} in it"),
            text: out + &text[at..],
        }
    };
    sources.iter().enumerate().map(patched).collect()
}

/// Where the line that `at` stands on ends, its newline not included.
fn end_of_line(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\n', '\r'])
        .map_or(text.len(), |end| at + end)
}

/// How the file ends its lines.
fn newline_of(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
