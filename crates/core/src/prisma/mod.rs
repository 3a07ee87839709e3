//! Prisma's schema language as a source of schemas, for PostgreSQL.
//!
//! A file is parsed into a syntax tree ([`ast`]), line by line (`grammar`, `parse`), which prints as
//! `prisma format` prints it ([`mod@print`]). The trees of all files are resolved together and checked
//! as Prisma checks them (`resolve`), and become tables as Prisma's engine makes them (`lower`).
//! The other way round, a declared model becomes a block ([`declared`]) and is put into a file
//! ([`mod@patch`]).

pub mod ast;
mod conflict;
pub mod declared;
mod error;
mod grammar;
mod literal;
mod lower;
mod parse;
pub mod patch;
mod place;
pub mod print;
mod resolve;
mod text;

use crate::model::{Identifier, Schema};

pub use error::{SchemaError, SchemaErrors};
pub use place::lines_of_tables;

/// A file of a schema.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, as error messages show it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Parses one file.
///
/// # Errors
///
/// Every line that is not Prisma's schema language.
pub fn parse(source: &Source) -> Result<ast::Document<'_>, SchemaErrors> {
    parse::document(&source.text)
        .map_err(|problems| SchemaErrors::of(std::slice::from_ref(source), vec![problems]))
}

/// The schema that `sources` describe together, as Prisma's engine creates it in PostgreSQL: the
/// tables and enums of the database schema `namespace`.
///
/// Models say with `@@schema` where they belong; those that say nothing belong to `namespace`.
///
/// # Errors
///
/// What Prisma finds wrong with the files: every line that is not its language; else unknown names
/// and wrong attributes; else relations that do not fit together.
pub fn schema(sources: &[Source], namespace: &Identifier) -> Result<Schema, SchemaErrors> {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    for source in sources {
        match parse::document(&source.text) {
            Ok(document) => {
                documents.push(document);
                problems.push(Vec::new());
            }
            Err(wrong) => problems.push(wrong),
        }
    }
    if documents.len() < sources.len() {
        return Err(SchemaErrors::of(sources, problems));
    }
    match resolve::resolve(&documents) {
        Ok(resolved) => Ok(lower::lower(&resolved, namespace)),
        Err(problems) => Err(SchemaErrors::of(sources, problems)),
    }
}
