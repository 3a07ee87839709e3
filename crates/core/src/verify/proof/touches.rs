//! What a proof will touch and what it costs, for people who want to know before.

use std::collections::{BTreeMap, BTreeSet};

use super::programme::{NotTried, Programme};
use super::subject::Subject;
use super::world::World;
use crate::model::Identifier;
use crate::plan::LockMode;
use crate::verify::counted::counted;
use crate::verify::user_code::{Event, UserCode};

/// Bytes of WAL for each row that is made and each trial: of 389 rows with their index entries and 452 trials in 61
/// tables PostgreSQL 15 wrote 375 kB (`pg_current_wal_insert_lsn` before and after, three runs), of 389 rows and 13
/// trials 175 kB.
const WAL_BYTES: usize = 450;

/// The most things that a reason is said to be about.
const MOST_ABOUT: usize = 3;

/// What `programme` touches, a line each. `questions` are asked before, in a transaction that makes no rows.
pub(super) fn touches(
    world: &World<'_>,
    programme: &Programme,
    questions: usize,
    also: &[AlsoLocked],
) -> Vec<String> {
    if programme.is_empty() && programme.not_tried.is_empty() {
        return vec!["nothing: the checks that are asked for need no rows".to_owned()];
    }
    // Where rows are made in the name of a tenant, a table has some in the name of each.
    let mut tables: BTreeMap<_, usize> = BTreeMap::new();
    for (table, rows) in &programme.rows {
        *tables.entry(table).or_default() += rows;
    }
    let rows = tables.values().sum();
    let mut lines = vec![format!(
        "one transaction that is rolled back: {} made in {}, {} on them, each undone",
        counted(rows, "row", "rows"),
        counted(tables.len(), "table", "tables"),
        counted(programme.trials.len(), "trial", "trials"),
    )];
    if questions > 0 {
        lines.push(format!(
            "one before it, without rows or locks: {} of which values CHECK constraints accept; where the answers rule a \
             row out, fewer are made",
            counted(questions, "question", "questions")
        ));
    }
    lines.push(locks(programme));
    lines.extend(also_locked(also));
    let trials = programme.trials.len();
    lines.push(format!(
        "WAL: about {} kB, estimated as {WAL_BYTES} bytes for each row and trial; more after a checkpoint, up to 8 kB for \
         each page that is changed first (full_page_writes). The rows stay as dead rows until the next vacuum",
        ((rows + trials) * WAL_BYTES).div_ceil(1000),
    ));
    lines.extend(code(world.subject, tables.keys().copied()));
    lines.extend(
        tables
            .iter()
            .map(|(table, rows)| format!("{}: {}", table.quoted(), counted(*rows, "row", "rows"))),
    );
    lines.extend(by_reason(&programme.not_tried));
    lines
}

/// The lock modes of INSERT, UPDATE and DELETE, and of the checks of foreign keys (manual, explicit locking).
fn locks(programme: &Programme) -> String {
    format!(
        "locks: ROW EXCLUSIVE on {}, and ROW SHARE on tables that these reference; waited for at most {} ms each, held \
         at most {} ms. Reads and writes of others do not wait for them; CREATE INDEX, ALTER TABLE and the like do",
        counted(programme.lock.len(), "table", "tables"),
        programme.lock_timeout_ms,
        programme.statement_timeout_ms,
    )
}

/// A table that trials lock because a foreign key or a partition leads there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlsoLocked {
    /// The table, as SQL.
    pub table: String,
    /// How it is locked.
    pub mode: LockMode,
}

/// Partitions and tables of other schemas, the stronger lock first.
fn also_locked(also: &[AlsoLocked]) -> Option<String> {
    let mut by_mode: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for AlsoLocked { table, mode } in also {
        by_mode.entry(mode).or_default().push(table);
    }
    let modes = by_mode.iter().rev();
    let parts: Vec<_> = modes
        .map(|(mode, tables)| format!("{mode} on {}", tables.join(", ")))
        .collect();
    (!parts.is_empty()).then(|| {
        format!(
            "locks beside them, on partitions and on tables of other schemas with foreign keys to or from them: {}",
            parts.join("; ")
        )
    })
}

/// What is said of sequences, and of each piece of user-defined code: whether it runs, and for which tables.
fn code<'n>(
    subject: &Subject<'_>,
    touched: impl Iterator<Item = &'n Identifier> + Clone,
) -> Vec<String> {
    let allowed = subject.options.allow_user_code;
    let touched: BTreeSet<_> = touched.collect();
    let runs = |table: &&Identifier| !allowed || touched.contains(*table);
    let mut tables_of: BTreeMap<String, (Vec<&Identifier>, BTreeSet<&str>)> = BTreeMap::new();
    for table in subject.actual.tables.keys().filter(runs) {
        let all: BTreeSet<&UserCode> = Event::ALL
            .iter()
            .flat_map(|event| subject.user_code.run_by(table, *event, true))
            .collect();
        for code in all {
            let (tables, sequences) = tables_of.entry(code.would_run(table)).or_default();
            if !tables.contains(&table) {
                tables.push(table);
            }
            sequences.extend(code.sequences.as_deref());
        }
    }
    let advanced: BTreeSet<&str> = match allowed {
        true => tables_of
            .values()
            .flat_map(|(_, all)| all.iter().copied())
            .collect(),
        false => BTreeSet::new(),
    };
    let sequences = match (allowed && !tables_of.is_empty(), advanced.is_empty()) {
        (false, _) => "none advances: every row brings its values".to_owned(),
        (true, true) => "those that the code below takes numbers from advance".to_owned(),
        (true, false) => {
            let named: Vec<_> = advanced.into_iter().collect();
            format!(
                "{} advances, and others that the code below takes numbers from",
                named.join(", ")
            )
        }
    };
    let given_back = if allowed && !tables_of.is_empty() {
        "; a rollback does not take the numbers back"
    } else {
        ""
    };
    let leave = match allowed {
        true => "runs, by --allow-user-code",
        false => "does not run without --allow-user-code",
    };
    let listed = tables_of.iter().map(|(would_run, (tables, _))| {
        let names: Vec<_> = tables.iter().map(|table| table.quoted()).collect();
        format!("{would_run} for rows of {}: it {leave}", names.join(", "))
    });
    std::iter::once(format!("sequences: {sequences}{given_back}"))
        .chain(listed)
        .collect()
}

/// Each reason once. One that begins with a table says already what it is about.
fn by_reason(not_tried: &[NotTried]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for skipped in not_tried {
        let reason = skipped.reason.as_str();
        let at = reasons.iter().position(|(other, _)| *other == reason);
        let at = at.unwrap_or_else(|| {
            reasons.push((reason, Vec::new()));
            reasons.len() - 1
        });
        let about = &mut reasons[at].1;
        if !about.contains(&skipped.about.as_str()) {
            about.push(&skipped.about);
        }
    }
    let line = |(reason, about): (&str, Vec<&str>)| match about.split_at_checked(MOST_ABOUT) {
        _ if reason.starts_with('"') => format!("not tried: {reason}"),
        Some((first, others @ [_, ..])) => {
            format!(
                "not tried: {} and {} more: {reason}",
                first.join(", "),
                others.len()
            )
        }
        _ => format!("not tried: {}: {reason}", about.join(", ")),
    };
    reasons.into_iter().map(line).collect()
}
