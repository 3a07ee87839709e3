//! What the datasource and the generators say that matters to the database. The rest is read past:
//! where the database is, this tool is told otherwise.

use std::borrow::Cow;

use super::super::ast::{Config as Block, Document, Expression, ExpressionKind, Name, entries};
use super::Problems;
use super::arguments::{list, mismatch, string};

/// What the datasource and the generators say that matters to the database.
pub(in super::super) struct Config<'a> {
    /// The datasource's name, the first part of `@db.Uuid`.
    pub(super) datasource: Option<&'a str>,
    /// Whether relations are foreign keys (`relationMode = "foreignKeys"`), not left to the client.
    pub(in super::super) has_foreign_keys: bool,
    /// Whether the schema is for another database system.
    pub(super) is_foreign: bool,
    /// `schemas = [...]`, when it is there.
    pub(super) schemas: Option<Vec<Cow<'a, str>>>,
    /// Whether indexes may have a `where`.
    pub(super) has_partial_indexes: bool,
    /// Whether there may be views.
    pub(super) has_views: bool,
}

/// What a datasource may say on PostgreSQL (prisma-engines, `psl`, `datasource_loader`). A misspelt
/// `relationMode` or `schemas` would change the database without a word.
const PROPERTIES: [&str; 8] = [
    "provider",
    "url",
    "directUrl",
    "shadowDatabaseUrl",
    "relationMode",
    "referentialIntegrity",
    "schemas",
    "extensions",
];

/// Reads the datasource and the generators of all files.
pub(super) fn read<'a>(documents: &[Document<'a>], problems: &mut Problems) -> Config<'a> {
    let mut config = Config {
        datasource: None,
        has_foreign_keys: true,
        is_foreign: false,
        schemas: None,
        has_partial_indexes: false,
        has_views: false,
    };
    for (file, document) in documents.iter().enumerate() {
        for block in document.configs() {
            repeated_properties(block, file, problems);
            if block.is_datasource {
                datasource(block, file, &mut config, problems);
            } else {
                if property(block, "provider").is_none() {
                    let message = format!(
                        "Argument \"provider\" is missing in generator block \"{}\".",
                        block.name.text
                    );
                    problems.report(file, block.span, message);
                }
                let features = property(block, "previewFeatures").map(list);
                let has = |name: &str| {
                    features
                        .into_iter()
                        .flatten()
                        .any(|feature| match &feature.kind {
                            ExpressionKind::Text(text) => text.value() == name,
                            _ => false,
                        })
                };
                config.has_partial_indexes |= has("partialIndexes");
                config.has_views |= has("views");
            }
        }
    }
    config
}

fn datasource<'a>(
    block: &Block<'a>,
    file: usize,
    config: &mut Config<'a>,
    problems: &mut Problems,
) {
    let name = block.name.text;
    if config.datasource.replace(name).is_some() {
        let message = format!(
            "Error validating datasource `{name}`: You defined more than one datasource. This is not allowed yet because support for multiple databases has not been implemented yet."
        );
        problems.report(file, block.span, message);
    }
    for property in entries(&block.members) {
        let Name { text, span } = property.name;
        if !PROPERTIES.contains(&text) {
            problems.report(file, span, format!("Property not known: \"{text}\"."));
        }
    }
    provider(block, file, config, problems);
    for property in ["relationMode", "referentialIntegrity"] {
        let mode = self::property(block, property);
        let mode = mode.and_then(|value| Some((value.span, string(value, file, problems)?)));
        match mode.as_ref().map(|(span, mode)| (span, &**mode)) {
            None | Some((_, "foreignKeys")) => {}
            Some((_, "prisma")) => config.has_foreign_keys = false,
            Some((_, other)) => {
                let message = format!(
                    "Error validating datasource `relationMode`: Invalid relation mode setting: \"{other}\". Supported values: \"prisma\", \"foreignKeys\""
                );
                problems.report(file, block.span, message);
            }
        }
    }
    if let Some(value) = self::property(block, "schemas") {
        let schemas: Vec<_> = list(value)
            .iter()
            .filter_map(|schema| string(schema, file, problems))
            .collect();
        if schemas.is_empty() {
            let message = "If provided, the schemas array can not be empty.";
            problems.report(file, value.span, message);
        }
        config.schemas = Some(schemas);
    }
}

fn provider(block: &Block<'_>, file: usize, config: &mut Config<'_>, problems: &mut Problems) {
    let Some(value) = property(block, "provider") else {
        let message = format!(
            "Argument \"provider\" is missing in data source block \"{}\".",
            block.name.text
        );
        return problems.report(file, block.span, message);
    };
    let ExpressionKind::Text(text) = &value.kind else {
        mismatch::<()>(value, "string", file, problems);
        return;
    };
    match &*text.value() {
        "postgresql" | "postgres" => {}
        other @ ("mysql" | "sqlite" | "sqlserver" | "mongodb" | "cockroachdb") => {
            config.is_foreign = true;
            let message =
                format!("This schema is for \"{other}\"; only \"postgresql\" can be read.");
            problems.report(file, value.span, message);
        }
        other => {
            let message = format!("Datasource provider not known: \"{other}\".");
            problems.report(file, value.span, message);
        }
    }
}

fn property<'t, 'a>(block: &'t Block<'a>, name: &str) -> Option<&'t Expression<'a>> {
    let found = entries(&block.members).find(|property| property.name.text == name)?;
    Some(&found.value)
}

fn repeated_properties(block: &Block<'_>, file: usize, problems: &mut Problems) {
    let kind = if block.is_datasource {
        "source"
    } else {
        "generator"
    };
    let mut seen = Vec::new();
    for property in entries(&block.members) {
        let name = property.name;
        if seen.contains(&name.text) {
            let message = format!(
                "Key \"{}\" is already defined in {kind} \"{}\".",
                name.text, block.name.text
            );
            problems.report(file, name.span, message);
        }
        seen.push(name.text);
    }
}
