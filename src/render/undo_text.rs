//! What a rollback would do, for people.

use super::style::{bad, caution, strong, wrapped};
use leora_core::model::in_a_line;
use leora_core::verify::counted::counted;
use leora_db::history::Run;
use leora_db::rollback::Rollback;

/// Writes what goes, what is lost with it, and what is gone already.
pub fn render(rollback: &Rollback, endpoint: &str, width: usize) -> String {
    if rollback.runs.is_empty() {
        return String::new();
    }
    let head = format!("{} on {endpoint}", strong("rollback"));
    let mut out = wrapped(&head, "", "  ", width);
    for run in rollback.runs.iter().map(Run::shown) {
        let line = format!(
            "{} of {}, applied by {} from {}",
            run.name, run.started_at, run.applied_by, run.host
        );
        out += &wrapped(&line, "  ", "    ", width);
    }
    for step in &rollback.undoing.steps {
        for line in step.sql.lines() {
            out += &wrapped(&bad(line), "    ", "      ", width);
        }
    }
    for name in &rollback.recorded_by_prisma {
        let name = in_a_line(name);
        let line = format!("marks {name} as rolled back in _prisma_migrations");
        out += &wrapped(&line, "  - ", "    ", width);
    }
    for gone in &rollback.undoing.gone {
        out += &wrapped(&format!("gone already: {gone}"), "  - ", "    ", width);
    }
    for (what, rows) in &rollback.rows {
        out += &wrapped(
            &caution(&format!(
                "{} holds {}",
                what.name(),
                counted(usize::try_from(*rows).unwrap_or(usize::MAX), "row", "rows")
            )),
            "  - ",
            "    ",
            width,
        );
    }
    out
}
