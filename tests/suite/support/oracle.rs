//! Prisma's own schema engine as the judge. It needs node.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Output, TestDatabase, repository};

/// Runs `tests/oracle/prisma-oracle` on a database, in the repository's root. None where node is not
/// installed: said on stderr past the test harness, which shows nothing of a test that passes. With
/// `CI=true` it is a failure.
pub(crate) fn oracle(database: &TestDatabase, arguments: &[&str]) -> Option<Output> {
    let mut command = command(arguments)?;
    command.env("DATABASE_URL", database.url());
    Some(Output::of(command, ""))
}

/// The same without a database, for what needs none: `each`, `format` and `lint`.
pub(crate) fn oracle_without_database(arguments: &[&str], stdin: &str) -> Option<Output> {
    Some(Output::of(command(arguments)?, stdin))
}

fn command(arguments: &[&str]) -> Option<Command> {
    if !has_node() {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(
            !ci,
            "node is not installed, and CI=true: Prisma's engine must judge here"
        );
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT TESTED: {test}: node is not installed, Prisma's engine did not judge\n"
        );
        return None;
    }
    let mut command = Command::new(repository("tests/oracle/prisma-oracle"));
    command.args(arguments).current_dir(repository(""));
    Some(command)
}

fn has_node() -> bool {
    let version = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}
