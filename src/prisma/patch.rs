//! Phase 1 put into a team's `schema.prisma`, and nothing else touched.
//!
//! Models go behind the model they belong behind, or to the end; lists of relations go behind the
//! line they belong behind, or behind the last list. Where the lines around a new line are aligned as
//! Prisma's formatter aligns them, they are aligned again; where they are not, they are left alone.
//! What results must be valid, and must say of the new models what the declaration says.

use leora_schema::dsl::{Declaration, Model, Origin};

use super::ast::{self, Document, Field, FieldType, Member};
use super::print::{self, Row, Table};
use super::{SchemaErrors, Source, declared, parse};
use crate::diff::{Difference, compare};
use crate::model::lower::lower_created;
use crate::model::{Identifier, Schema};

/// The model behind which the new models stand.
const MODELS_BEHIND: &str = "DataIntegritySnapshot";

/// The fields behind which the new lists stand.
const LISTS_BEHIND: [(&str, &str); 2] = [("Tenant", "integritySnapshots"), ("User", "auditLogs")];

/// A schema with Phase 1 in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The whole text; the one given when nothing was missing.
    pub text: String,
    /// What was added: `model Job`, `Tenant.jobs`. Empty when all was there already.
    pub added: Vec<String>,
}

/// Why a schema cannot be patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is not valid as it stands, or would not be with Phase 1 in it.
    #[error("{0}")]
    Invalid(SchemaErrors),
    /// A model that the new ones reference is not in the file.
    #[error(
        "{file} has no model {model}, which {from} references. A patch needs the file that has it."
    )]
    NoModel {
        /// The file.
        file: String,
        /// The model that is not there.
        model: String,
        /// The new model that references it.
        from: String,
    },
    /// A model of the name is there and is another one.
    #[error("{}", conflict_message(.0))]
    Conflict(Box<Conflict>),
}

/// A model that is there already and says something else than the declaration.
#[derive(Debug)]
pub struct Conflict {
    /// The file.
    pub file: String,
    /// The model.
    pub model: String,
    /// Its block, as it stands in the file.
    pub found: String,
    /// Its block, as the declaration has it.
    pub declared: String,
    /// In what the table would differ.
    pub differences: Vec<Difference>,
}

fn conflict_message(conflict: &Conflict) -> String {
    let Conflict { file, model, .. } = conflict;
    format!(
        "{file} has a model {model} already, and it is not the one of this migration. Rename it, or make it the same."
    )
}

/// A change of the text: what stands from `start` to `end` becomes `text`.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// Puts what is missing of `declaration` into `source`. `namespace` is the database schema of models
/// that do not say theirs.
///
/// # Errors
///
/// When `source` is not Prisma's language, has not the models that the new ones reference, or has a
/// model of the name of a new one that says something else.
pub fn patch(
    source: &Source,
    declaration: &Declaration,
    namespace: &Identifier,
) -> Result<Patch, PatchError> {
    let document = super::parse(source).map_err(PatchError::Invalid)?;
    let created = || {
        declaration
            .models
            .iter()
            .filter(|model| model.origin == Origin::Phase1)
    };
    let mut edits = Vec::new();
    let mut added = Vec::new();
    edits.extend(new_models(&source.text, &document, created(), &mut added));
    for target in declaration.models {
        let rows = missing_lists(source, &document, created(), target.name)?;
        if let (Some(model), false) = (find(&document, target.name), rows.is_empty()) {
            let names = rows
                .iter()
                .map(|[name, _]| format!("{}.{name}", target.name));
            added.extend(names);
            let created: Vec<_> = created().map(|model| model.name).collect();
            edits.extend(new_lists(&source.text, model, &rows, &created));
        }
    }
    let text = apply(&source.text, edits);
    let patched = Source {
        name: source.name.clone(),
        text,
    };
    match super::schema(std::slice::from_ref(&patched), namespace) {
        Ok(schema) => agree(source, &document, &schema, created(), declaration)?,
        Err(errors) => {
            let other = created().find(|model| is_another(&document, model));
            return Err(match other {
                Some(model) => conflict(source, &document, model, Vec::new()),
                None => PatchError::Invalid(errors),
            });
        }
    }
    Ok(Patch {
        text: patched.text,
        added,
    })
}

fn find<'d, 'a>(document: &'d Document<'a>, name: &str) -> Option<&'d ast::Model<'a>> {
    document.models().find(|model| model.name.text == name)
}

/// The models that are missing, each behind the new one before it, the first behind the model they
/// belong behind or at the end.
fn new_models<'m>(
    text: &str,
    document: &Document<'_>,
    created: impl Iterator<Item = &'m Model>,
    added: &mut Vec<String>,
) -> Vec<Edit> {
    let newline = newline_of(text);
    let behind = |model: &ast::Model<'_>| end_of_line(text, model.span.end);
    let mut at = find(document, MODELS_BEHIND).map_or(text.trim_end().len(), behind);
    let mut edits = Vec::new();
    for model in created {
        if let Some(there) = find(document, model.name) {
            at = behind(there);
            continue;
        }
        let block = declared::block(model).replace('\n', newline);
        edits.push(Edit {
            start: at,
            end: at,
            text: format!("{newline}{newline}{block}"),
        });
        added.push(format!("model {}", model.name));
    }
    edits
}

/// The lists that relations of the new models need on the model `target`, without those it has.
fn missing_lists<'m>(
    source: &Source,
    document: &Document<'_>,
    created: impl Iterator<Item = &'m Model>,
    target: &str,
) -> Result<Vec<[String; 2]>, PatchError> {
    let existing = find(document, target);
    let mut rows = Vec::new();
    for model in created {
        for key in model.foreign_keys.iter().filter(|key| key.model == target) {
            let Some(existing) = existing else {
                return Err(PatchError::NoModel {
                    file: source.name.clone(),
                    model: target.to_owned(),
                    from: model.name.to_owned(),
                });
            };
            let is_there = ast::entries(&existing.members)
                .any(|field| matches!(&field.ty, FieldType::Named(ty) if ty.text == model.name));
            if !is_there {
                rows.extend(declared::list(model, key));
            }
        }
    }
    Ok(rows)
}

/// New lines for `model`, and what they do to the lines around them.
fn new_lists(
    text: &str,
    model: &ast::Model<'_>,
    rows: &[[String; 2]],
    created: &[&str],
) -> Vec<Edit> {
    let wanted = LISTS_BEHIND
        .iter()
        .find(|(name, _)| *name == model.name.text);
    let fields = || ast::entries(&model.members);
    let is_list = |field: &&Field<'_>| field.arity == ast::Arity::List;
    let is_new = |field: &&Field<'_>| match &field.ty {
        FieldType::Named(ty) => created.contains(&ty.text),
        FieldType::Unsupported(_) => false,
    };
    let anchor = fields()
        .filter(is_new)
        .last()
        .or_else(|| {
            fields().find(|field| wanted.is_some_and(|(_, behind)| field.name.text == *behind))
        })
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
            start: field.span.start,
            end: field.span.end,
            text: written(&cells(field), &widths),
        }));
        widths
    } else {
        vec![0; 2]
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
        start: at,
        end: at,
        text: lines.collect(),
    });
    edits
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

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.start);
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for edit in edits {
        out += &text[at..edit.start];
        out += &edit.text;
        at = edit.end;
    }
    out + &text[at..]
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

/// Checks that the new models in `schema`, those that were there before included, say what the
/// declaration says.
fn agree<'m>(
    source: &Source,
    document: &Document<'_>,
    schema: &Schema,
    created: impl Iterator<Item = &'m Model>,
    declaration: &Declaration,
) -> Result<(), PatchError> {
    let desired = lower_created(declaration);
    for model in created {
        let table = |schema: &Schema| Schema {
            tables: schema
                .tables
                .iter()
                .filter(|(name, _)| **name == model.name)
                .map(|(name, table)| (name.clone(), table.clone()))
                .collect(),
            ..Schema::default()
        };
        let differences = compare(&table(schema), &table(&desired));
        if differences.is_empty() {
            continue;
        }
        return Err(conflict(source, document, model, differences));
    }
    Ok(())
}

/// Whether the file has a model of the name that says something else.
fn is_another(document: &Document<'_>, model: &Model) -> bool {
    let declared = declared::block(model);
    let Ok(declared) = parse::document(&declared) else {
        return false;
    };
    let wanted = find(&declared, model.name).map(print::sayings);
    let found = find(document, model.name).map(print::sayings);
    found.is_some() && found != wanted
}

fn conflict(
    source: &Source,
    document: &Document<'_>,
    model: &Model,
    differences: Vec<Difference>,
) -> PatchError {
    let found = find(document, model.name);
    let found = found.map_or("", |found| &source.text[found.span.start..found.span.end]);
    PatchError::Conflict(Box::new(Conflict {
        file: source.name.clone(),
        model: model.name.to_owned(),
        found: found.to_owned(),
        declared: declared::block(model),
        differences,
    }))
}
