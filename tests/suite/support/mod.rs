//! What the tests stand on: a server for the process, a database per test, the program as a user runs it.

mod browser;
mod cli;
mod database;
mod oracle;
mod program;

pub(crate) use browser::{Scheme, has_browser, has_pdf_reader, printed, problems, screenshot};
pub(crate) use cli::{Cli, Output, on_a_terminal};
pub(crate) use database::{Template, TestDatabase, psql, template};
pub(crate) use oracle::{oracle, oracle_at, oracle_without_database};
pub(crate) use program::{not_tested, required};

use std::path::PathBuf;

/// The address of a database of the server that all tests share, there or not.
pub(crate) fn server_url(database: &str) -> String {
    database::server().url(database)
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
