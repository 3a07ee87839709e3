//! What is sent and how long it took, told to whoever wants to watch.
//!
//! One listener for the process: sessions are opened in several places, and who watches wants to see
//! all of them. What is told is SQL, with the rest as comments.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use chrono::{DateTime, Utc};

use leora_core::model::{in_a_line, printable, said};

/// The longest line of a statement that is told whole. Longer ones are data: a plan for the history,
/// the programme of a verification.
const LONGEST: usize = 400;

static LISTENER: OnceLock<fn(&str)> = OnceLock::new();

/// From now on, `listener` is told of each attempt to connect and of all that is sent, as it happens.
pub fn listen(listener: fn(&str)) {
    // The first one stays.
    let _ = LISTENER.set(listener);
}

/// Something that was begun, and that takes time.
pub(crate) struct Begun(Instant);

/// Tells that `what` begins, in a line.
pub(crate) fn begin(what: impl FnOnce() -> String) -> Begun {
    begin_lines(|| in_a_line(&what()))
}

fn begin_lines(what: impl FnOnce() -> String) -> Begun {
    if let Some(listener) = LISTENER.get() {
        listener(&format!("-- {} {}\n", now(), what()));
    }
    Begun(Instant::now())
}

/// Tells that `sql` is sent, for what.
pub(crate) fn send(doing: &str, sql: &str) -> Begun {
    begin_lines(|| {
        let sql = printable(sql);
        let lines = sql.lines().map(shortened);
        let sql = lines.collect::<Vec<_>>().join("\n");
        format!("{doing}:\n{};", sql.trim_end().trim_end_matches(';'))
    })
}

impl Begun {
    /// Tells what came of it: nothing but the time it took, or why it failed.
    pub(crate) fn end(self, failure: Option<&dyn std::fmt::Display>) {
        if let Some(listener) = LISTENER.get() {
            let took = self.0.elapsed().as_secs_f64() * 1000.0;
            let outcome = match failure {
                None => format!("done in {took:.1} ms"),
                Some(why) => format!("failed in {took:.1} ms: {}", said(&why.to_string())),
            };
            listener(&format!("-- {} {outcome}\n", now()));
        }
    }
}

/// The time of day, UTC.
fn now() -> String {
    let now = DateTime::<Utc>::from(SystemTime::now());
    now.format("%H:%M:%S%.3fZ").to_string()
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        None => line.to_owned(),
        Some(_) => {
            let begin: String = line.chars().take(80).collect();
            format!("{begin} ... ({} characters)", line.chars().count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_line_of_data_is_not_told_whole() {
        assert_eq!(shortened("SELECT 1"), "SELECT 1");
        let long = shortened(&"\u{e9}".repeat(1000));
        assert!(long.ends_with("\u{e9} ... (1000 characters)"), "{long}");
        assert_eq!(long.chars().count(), 80 + " ... (1000 characters)".len());
    }
}
