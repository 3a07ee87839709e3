//! Programs that a test needs and a machine may lack.

use std::io::Write;
use std::process::{Command, Stdio};

/// Whether `program` (of `package`) is installed. Where it is not, that is said on stderr.
/// With `CI=true` it is a failure.
pub(crate) fn required(program: &str, package: &str) -> bool {
    // Whether it starts, not how it ends: Graphviz before 3.0 knows `-V` only.
    let started = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if started.is_ok() {
        return true;
    }
    not_tested(&format!(
        "{package} is not installed, {program} was not run"
    ));
    false
}

/// Says on stderr, past the test harness, that a part of this test was left out. With `CI=true` that is
/// a failure.
pub(crate) fn not_tested(why: &str) {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "with CI=true nothing is left out: {why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "\nNOT TESTED: {test}: {why}\n");
}
