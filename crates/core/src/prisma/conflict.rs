//! What keeps the migration's models out of a schema: something else of a name that it needs.

use std::borrow::Cow;

use leora_schema::dsl::{Declaration, Model};

use super::ast::{self, Document, ExpressionKind, ModelKind};
use super::error::Problem;
use super::{SchemaErrors, Source, declared, parse, print};
use crate::diff::{Difference, compare};
use crate::model::Schema;
use crate::model::lower::lower_created;

/// Why a schema cannot be patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// It is not valid as it stands, or would not be with the migration's models in it.
    #[error("{0}")]
    Invalid(SchemaErrors),
    /// Names that the migration needs are something else's.
    #[error("a name that {migration} needs is taken\n{}", each(.errors))]
    Taken {
        /// What people call the migration.
        migration: &'static str,
        /// Each name, in its file.
        errors: SchemaErrors,
    },
    /// A model that the new ones reference is not there.
    #[error(
        "{files} has no model {model}, nor one mapped to the table {model}, which {from} references. Where the schema is several files, name their folder."
    )]
    NoModel {
        /// The files, in words.
        files: String,
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
    /// The model, as the file calls it.
    pub model: String,
    /// The table, as it is declared.
    pub table: String,
    /// Its block, as it stands in the file.
    pub found: String,
    /// Its block, as the declaration has it.
    pub declared: String,
    /// In what the table would differ.
    pub differences: Vec<Difference>,
}

fn conflict_message(conflict: &Conflict) -> String {
    let Conflict {
        file, model, table, ..
    } = conflict;
    let of_table = if model == table {
        String::new()
    } else {
        format!(" of the table {table}")
    };
    format!(
        "{file} has a model {model}{of_table} already, and it is not the one of this migration. Rename it, or make it the same."
    )
}

fn each(errors: &SchemaErrors) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    errors.join("\n").trim_end().to_owned()
}

/// The files of a schema and what they say.
pub(super) struct Files<'s> {
    sources: &'s [Source],
    documents: Vec<Document<'s>>,
}

impl<'s> Files<'s> {
    pub(super) fn parse(sources: &'s [Source]) -> Result<Self, PatchError> {
        let documents = sources.iter().map(super::parse).collect::<Result<_, _>>();
        Ok(Files {
            sources,
            documents: documents.map_err(PatchError::Invalid)?,
        })
    }

    /// The text of a file.
    pub(super) fn text(&self, file: usize) -> &'s str {
        self.sources.get(file).map_or("", |source| &source.text)
    }

    /// Their names, or their number.
    pub(super) fn in_words(&self) -> String {
        match self.sources {
            [one] => one.name.clone(),
            several => format!("The whole of the {} files", several.len()),
        }
    }

    /// The model of the table `name`, else the model called so, and its file.
    pub(super) fn model(&self, name: &str) -> Option<(usize, &ast::Model<'s>)> {
        let models = || {
            let documents = self.documents.iter().enumerate();
            documents
                .flat_map(|(file, document)| document.models().map(move |model| (file, model)))
                .filter(|(_, model)| model.kind == ModelKind::Model)
        };
        models()
            .find(|(_, model)| table(model) == name)
            .or_else(|| models().find(|(_, model)| model.name.text == name))
    }

    /// What the files call the model of the table `name`.
    pub(super) fn called<'n>(&self, name: &'n str) -> &'n str
    where
        's: 'n,
    {
        self.model(name).map_or(name, |(_, model)| model.name.text)
    }

    /// Where the names of missing `models` are something else's, for each file.
    pub(super) fn taken_names(&self, models: &[&Model]) -> Vec<Vec<Problem>> {
        let missing = |name: &ast::Name<'_>| {
            let called = models.iter().find(|model| model.name == name.text);
            called.is_some_and(|model| self.model(model.name).is_none())
        };
        let taken = |document: &Document<'_>| {
            let enums = document.enums().map(|found| (found.name, "an enum"));
            let others = document.models().map(|found| match found.kind {
                ModelKind::View => (found.name, "a view"),
                ModelKind::Type => (found.name, "a composite type"),
                ModelKind::Model => (found.name, "a model"),
            });
            enums
                .chain(others)
                .filter(|(name, _)| missing(name))
                .map(|(name, what)| {
                    let message = format!("the name {} is taken by {what}", name.text);
                    Problem::new(name.span, message)
                })
                .collect()
        };
        self.documents.iter().map(taken).collect()
    }
}

/// The name of a model's table: what `@@map` says, else its own.
fn table<'a>(model: &ast::Model<'a>) -> Cow<'a, str> {
    let mut attributes = model.attributes.iter().map(|it| &it.attribute);
    let map = attributes.find(|attribute| attribute.name.text == "map");
    match map.and_then(|map| map.arguments().first()) {
        Some(argument) => match &argument.value.kind {
            ExpressionKind::Text(text) => text.value(),
            _ => model.name.text.into(),
        },
        None => model.name.text.into(),
    }
}

/// Checks that the new models in `schema`, those that were there before included, say what the
/// declaration says.
pub(super) fn agree(
    files: &Files<'_>,
    schema: &Schema,
    models: &[&Model],
    declaration: &Declaration,
) -> Result<(), PatchError> {
    let desired = lower_created(declaration);
    for model in models {
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
        if !differences.is_empty() {
            return Err(conflict(files, model, differences));
        }
    }
    Ok(())
}

/// The conflict with a model that says something else than one of `models`, where there is one.
pub(super) fn another(files: &Files<'_>, models: &[&Model]) -> Option<PatchError> {
    let is_another = |model: &&&Model| {
        let block = declared::block(model, |table| files.called(table));
        let Ok(declared) = parse::document(&block) else {
            return false;
        };
        let wanted = declared.models().next().map(print::sayings);
        let found = files.model(model.name).map(|(_, it)| print::sayings(it));
        found.is_some() && found != wanted
    };
    let model = models.iter().find(is_another)?;
    Some(conflict(files, model, Vec::new()))
}

fn conflict(files: &Files<'_>, model: &Model, differences: Vec<Difference>) -> PatchError {
    let found = files.model(model.name);
    let (file, found) = found.map_or((0, ""), |(file, found)| {
        (file, &files.text(file)[found.span.start..found.span.end])
    });
    PatchError::Conflict(Box::new(Conflict {
        file: files
            .sources
            .get(file)
            .map_or(String::new(), |it| it.name.clone()),
        model: files.called(model.name).to_owned(),
        table: model.name.to_owned(),
        found: found.to_owned(),
        declared: declared::block(model, |table| files.called(table)),
        differences,
    }))
}
