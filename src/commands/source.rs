//! Where a schema is read from: the declaration, a database, a snapshot, Prisma's files, or nothing.

use std::path::PathBuf;

use leora_schema::LEORA;

use super::Context;
use super::survey::Connected;
use crate::error::Error;
use leora_core::model::{Identifier, Schema};
use leora_core::verify::promise::Promise;

/// A source of schemas, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `declared`: the declaration on top of the baseline.
    Declared,
    /// `url`: the database.
    Url,
    /// `empty`: no table at all.
    Empty,
    /// A snapshot, a `.prisma` file, or a folder of those.
    File(PathBuf),
}

impl Source {
    /// What `text` names: one of the three words, else a path.
    pub(super) fn parse(text: &str) -> Source {
        match text {
            "declared" => Source::Declared,
            "url" => Source::Url,
            "empty" => Source::Empty,
            path => Source::File(path.into()),
        }
    }

    /// The schema it holds, as the database's schema `namespace`.
    pub(super) fn read(&self, context: &Context, namespace: &Identifier) -> Result<Schema, Error> {
        match self {
            Source::Declared => {
                Ok(Promise::new(&LEORA, context.settings.baseline(namespace)?).whole)
            }
            Source::Url => Connected::open(context)?.schema(context),
            Source::Empty => Ok(Schema::default()),
            Source::File(path) => crate::config::read_schema(path, namespace),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Declared => f.write_str("declared"),
            Source::Url => f.write_str("url"),
            Source::Empty => f.write_str("empty"),
            Source::File(path) => write!(f, "{}", path.display()),
        }
    }
}
