//! What is said while an apply waits: what for, who holds it, how far a step is.

use std::time::Duration;

use super::style::{caution, wrapped};
use leora_core::model::in_a_line;
use leora_core::model::name::literal;
use leora_db::apply::{Awaited, Blocker, Changed, Committed, Progress, Waiting};

/// The most sessions that are named.
const MOST: usize = 5;
/// The most characters of a statement that are shown.
const QUERY: usize = 120;

/// What helps when several tables are never free at the same time.
pub const ONE_AT_A_TIME: &str = "They are not free at the same time. `apply --one-table-at-a-time` locks each in a transaction of its own.";

/// What helps a rollback when they are not.
pub const LESS_LOAD: &str = "They are not free at the same time, and DROP TABLE needs them together. `rollback` tries for as long as --wait; it \
     gets them when there is less load, or while the application is stopped.";

/// What is said of a transaction whose COMMIT took longer than writers may have to wait.
pub const ONLY_LOCAL: &str = "warning: it is committed on this server, and might not have been replicated: no synchronous \
     standby confirmed it before writes had waited as long as they may, so COMMIT stopped waiting for one. If another \
     server takes over, see with `leora-migrate status` whether it has the migration. pg_stat_replication and \
     synchronous_standby_names tell which standby is missing.";

/// How often a transaction was tried until it committed, and how long `others` had to wait for it.
pub fn committed(committed: &Committed, others: Option<&str>) -> String {
    let attempts = match committed.attempts {
        1 => ", at the first attempt".to_owned(),
        n => format!(", at attempt {n}"),
    };
    attempts
        + &match (others, committed.stalled) {
            (None, _) => String::new(),
            (Some(others), Some(stalled)) => {
                // Rounded up: it is said to be the most.
                let milliseconds = stalled.as_micros().div_ceil(1000).max(1);
                format!("; {others} had to wait for at most {milliseconds} ms")
            }
            (Some(others), None) => format!(
                "; how long {others} had to wait is not known, since the connection was lost"
            ),
        }
}

/// What is waited for, and who blocks, unless they `were_listed` before.
pub fn waiting(waiting: &Waiting<'_>, were_listed: bool, width: usize) -> String {
    let what = match waiting.awaited {
        Awaited::OtherMigration => "another migration to end".to_owned(),
        Awaited::Reading => "tables that may not be read now".to_owned(),
        Awaited::Tables(locks) => {
            let locks: Vec<_> = locks
                .iter()
                .map(|lock| format!("{} on {}", lock.mode, lock.table.quoted()))
                .collect();
            locks.join(", ")
        }
    };
    let attempts = match waiting.attempt {
        0 | 1 => "tried once".to_owned(),
        n => format!("tried {n} times"),
    };
    let again = match waiting.is_still_blocked {
        true => ", again when those who block it have ended",
        false => "",
    };
    let by = match (waiting.blockers, were_listed) {
        ([], _) => "",
        (_, true) => "; blocked by the same",
        (_, false) => "; blocked by:",
    };
    let head = format!(
        "waiting for {what}: {attempts} in {}{again}; {} left{by}",
        spell(waiting.waited),
        spell(waiting.left)
    );
    let listed = match were_listed {
        true => String::new(),
        false => blockers(waiting.blockers, width),
    };
    wrapped(&caution(&head), "", "  ", width) + &listed
}

/// Who blocked when the time was spent.
pub fn blocked_at_the_end(blocked: &[Blocker], width: usize) -> String {
    match blocked {
        [] => String::new(),
        _ => format!("blocked at the end by:\n{}", blockers(blocked, width)),
    }
}

/// The sessions that block, a line each.
fn blockers(blockers: &[Blocker], width: usize) -> String {
    let mut out: String = blockers
        .iter()
        .take(MOST)
        .map(|blocker| wrapped(&one(blocker), "  ", "    ", width))
        .collect();
    if blockers.len() > MOST {
        out += &format!("  ... and {} more\n", blockers.len() - MOST);
    }
    out
}

fn one(blocker: &Blocker) -> String {
    let has_process = blocker.pid.is_some();
    let mut text = blocker.name();
    for (before, part) in [
        (" ", &blocker.user),
        (
            " (",
            &blocker
                .application
                .as_ref()
                .filter(|name| !name.is_empty())
                .map(|name| format!("{name})")),
        ),
        (" from ", &blocker.client_address),
        (", ", &blocker.state.clone().filter(|_| has_process)),
    ] {
        if let Some(part) = part {
            text += before;
            text += &in_a_line(part);
        }
    }
    if let Some(age) = blocker.age {
        text += &format!(", transaction open for {}", spell(age));
    }
    text += if blocker.waits_too {
        ", itself waiting for "
    } else {
        ", holds "
    };
    text += &in_a_line(&blocker.holds);
    match &blocker.query {
        Some(query) if has_process => text += &format!(": {}", in_a_line(&shortened(query))),
        Some(gid) => {
            let gid = literal(gid);
            text += &format!("; COMMIT PREPARED {gid} or ROLLBACK PREPARED {gid} ends it");
        }
        None => {}
    }
    text
}

/// How far a long step is.
pub fn progress(number: usize, progress: &Progress) -> String {
    let fraction = progress
        .fraction
        .map(|fraction| format!(" {:.0} %", fraction * 100.0))
        .unwrap_or_default();
    format!(
        "step {}: {}{fraction}, {}\n",
        number + 1,
        in_a_line(&progress.phase),
        spell(progress.took)
    )
}

/// What is not as it was when a plan was made.
pub fn changed(changed: &Changed, width: usize) -> String {
    let differences = changed.differences.iter().map(ToString::to_string);
    let lines = changed.remarks.iter().cloned().chain(differences);
    lines
        .map(|line| wrapped(&in_a_line(&line), "  - ", "    ", width))
        .collect()
}

fn shortened(query: &str) -> String {
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    match query.char_indices().nth(QUERY) {
        Some((at, _)) => format!("{}...", &query[..at]),
        None => query,
    }
}

/// `350 ms`, `4.2 s`, `3 min`, `2 h`.
fn spell(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=119 => format!("{} s", time.as_secs()),
        120..=7199 => format!("{} min", time.as_secs() / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        for (milliseconds, text) in [
            (350, "350 ms"),
            (4_200, "4.2 s"),
            (59_000, "59 s"),
            (180_000, "3 min"),
        ] {
            assert_eq!(spell(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn a_long_statement_is_cut_between_characters() {
        assert_eq!(shortened(&"é ".repeat(3)), "é é é");
        assert_eq!(shortened(&"é".repeat(200)).chars().count(), QUERY + 3);
    }
}
