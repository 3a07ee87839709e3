//! What the datasource says that matters to the database. The rest is read past:
//! where the database is, this tool is told otherwise.

use super::super::ast::{Config as Block, Document, Expression, ExpressionKind, Name, entries};
use super::Problems;
use super::arguments::{mismatch, string};

/// What the datasource says that matters to the database.
pub(in super::super) struct Config<'a> {
    /// The datasource's name, the first part of `@db.Uuid`.
    pub(super) datasource: Option<&'a str>,
    /// Whether relations are foreign keys (`relationMode = "foreignKeys"`), not left to the client.
    pub(in super::super) has_foreign_keys: bool,
    /// Whether the schema is for another database system.
    pub(super) is_foreign: bool,
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

/// Reads the datasource of all files.
pub(super) fn read<'a>(documents: &[Document<'a>], problems: &mut Problems) -> Config<'a> {
    let mut config = Config {
        datasource: None,
        has_foreign_keys: true,
        is_foreign: false,
    };
    for (file, document) in documents.iter().enumerate() {
        for block in document.configs().filter(|block| block.is_datasource) {
            datasource(block, file, &mut config, problems);
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
    config.datasource = Some(block.name.text);
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
}

fn provider(block: &Block<'_>, file: usize, config: &mut Config<'_>, problems: &mut Problems) {
    let Some(value) = property(block, "provider") else {
        return;
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
