//! Prisma's own schema engine as the judge. It needs node.

use std::process::Command;

use super::{Output, TestDatabase, repository, required};

/// Runs `tests/oracle/prisma-oracle` on a database, in the repository's root. None where node is not
/// installed.
pub(crate) fn oracle(database: &TestDatabase, arguments: &[&str]) -> Option<Output> {
    oracle_at(&database.url(), arguments)
}

/// The same on the database that an address leads to.
pub(crate) fn oracle_at(url: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = command(arguments)?;
    command.env("DATABASE_URL", url);
    Some(Output::of(command, ""))
}

/// The same without a database, for what needs none: `each`, `format` and `lint`.
pub(crate) fn oracle_without_database(arguments: &[&str], stdin: &str) -> Option<Output> {
    Some(Output::of(command(arguments)?, stdin))
}

fn command(arguments: &[&str]) -> Option<Command> {
    if !required("node", "node") {
        return None;
    }
    let mut command = Command::new(repository("tests/oracle/prisma-oracle"));
    command.args(arguments).current_dir(repository(""));
    Some(command)
}
