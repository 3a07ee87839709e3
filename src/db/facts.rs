//! What the catalogs do not say: which tables hold rows, how far sequences are, and who recorded the migration.

use std::collections::BTreeMap;

use super::counters::counting;
use super::introspect::{Introspection, settings_for, short_waits};
use super::orphans::rows_that_name_none;
use super::session::{QueryError, Session};
use crate::model::Identifier;
use crate::model::name::literal;
use crate::plan::Rows;
use crate::verify::counters::{Counter, Counting};
use crate::verify::evidence::{Orphans, Recorded};
use crate::verify::proof::KeyName;

/// The pages of a table that are read to see whether its rows name others that are there: 100 MB, which is a
/// matter of tenths of a second.
const MOST_PAGES: u64 = 12_800;

/// What was found beside the catalogs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Which of the tables asked for hold rows.
    pub rows: BTreeMap<Identifier, Rows>,
    /// Who recorded the migration.
    pub recorded: Recorded,
    /// Whether the rows of the tables asked for name others that are there.
    pub orphans: Vec<(KeyName, Orphans)>,
    /// How far the sequences are that columns count by.
    pub counters: Vec<(Counter, Counting)>,
}

/// Looks at the rows of `tables`, as far as they stand and may be read, at all sequences, and for a record of
/// `migration`.
/// A table that may not be read counts as one that holds rows. One round trip, none when there is
/// nothing to look at.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn facts(
    session: &mut Session,
    found: &Introspection,
    tables: &[Identifier],
    migration: &str,
) -> Result<Facts, QueryError> {
    let mut facts = Facts::default();
    let mut questions = Questions::default();
    let standing = tables.iter().filter_map(|name| {
        let table = found.schema.tables.get(name)?;
        table.kind.is_table().then_some((name, table))
    });
    let (mut holding, mut orphaned) = (Vec::new(), Vec::new());
    for (name, table) in standing {
        let readable = found.readable.contains(name);
        facts.rows.insert(name.clone(), Rows { any: !readable });
        if readable {
            let question = format!("SELECT EXISTS (SELECT FROM {})", name.quoted());
            holding.push((name, questions.ask(question)));
        }
        for (constraint, key) in &table.foreign_keys {
            let key_name = KeyName {
                table: name.clone(),
                constraint: constraint.clone(),
            };
            let parent = key.references.here();
            let small = found
                .sizes
                .get(name)
                .is_none_or(|size| size.pages <= MOST_PAGES);
            if !readable || parent.is_some_and(|parent| !found.readable.contains(parent)) {
                facts.orphans.push((key_name, Orphans::Unreadable));
            } else if !small {
                facts.orphans.push((key_name, Orphans::TooLarge));
            } else if let Some(parent) = parent {
                let rows = rows_that_name_none(name, table, Some(parent), key);
                orphaned.push((
                    key_name,
                    questions.ask(format!("SELECT EXISTS (SELECT {rows})")),
                ));
            }
        }
    }
    let mut counted = Vec::new();
    for sequence in &found.sequences {
        let counter = &sequence.counter;
        let table = found.schema.tables.get(&counter.table);
        let Some(table) = table.filter(|table| table.kind.is_table()) else {
            continue;
        };
        match sequence.ask(table, found.readable.contains(&counter.table)) {
            Ok(question) => counted.push((counter.clone(), questions.ask(question))),
            Err(known) => facts.counters.push((counter.clone(), known)),
        }
    }
    let ours = session.server.may_read_history.then(|| {
        questions.ask(format!(
            "SELECT state, pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS\"Z\"') || ' by ' || applied_by \
             FROM leora_migrate.migration WHERE name = {} AND target_schema = {} \
             ORDER BY state <> 'applied', finished_at DESC LIMIT 1",
            literal(migration),
            literal(session.schema.as_str()),
        ))
    });
    let prisma = session.server.may_read_prisma_history.then(|| {
        questions.ask(format!(
            "SELECT CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back' WHEN finished_at IS NULL THEN 'failed' ELSE 'applied' END, \
             migration_name FROM _prisma_migrations WHERE pg_catalog.right(migration_name, {}) = {} \
             ORDER BY finished_at IS NULL OR rolled_back_at IS NOT NULL, started_at DESC LIMIT 1",
            migration.chars().count() + 1,
            literal(&format!("_{migration}")),
        ))
    });
    let answers = questions.send(session)?;
    let first = |at: usize| {
        let row = answers.get(at).and_then(|rows| rows.first());
        row.and_then(|row| row.get(0)).map(str::to_owned)
    };
    let yes = |at: usize| first(at).as_deref() == Some("t");
    for (name, at) in holding {
        facts.rows.insert(name.clone(), Rows { any: yes(at) });
    }
    let looked = orphaned.into_iter().map(|(key, at)| {
        (
            key,
            if yes(at) {
                Orphans::Some
            } else {
                Orphans::None
            },
        )
    });
    facts.orphans.extend(looked);
    let told = counted
        .into_iter()
        .map(|(counter, at)| (counter, counting(first(at).as_deref())));
    facts.counters.extend(told);
    let record = |at: Option<usize>| {
        let row = answers.get(at?)?.first()?;
        Some((row.get(0)?, row.get(1).unwrap_or_default().to_owned()))
    };
    facts.recorded = match (record(ours), record(prisma)) {
        (Some(("applied", when)), _) => Recorded::Here(when),
        (_, Some(("applied", name))) => Recorded::ByPrisma(name),
        (Some((state, _)), _) => Recorded::Otherwise(format!("leora-migrate has it as {state}")),
        (None, Some((state, name))) => Recorded::Otherwise(format!("Prisma has {name} as {state}")),
        (None, None) if session.server.has_history && !session.server.may_read_history => {
            Recorded::Closed
        }
        (None, None) => Recorded::Nowhere,
    };
    Ok(facts)
}

/// Questions with one answer each, sent together.
#[derive(Default)]
struct Questions(Vec<String>);

impl Questions {
    /// The place of its answer.
    fn ask(&mut self, question: String) -> usize {
        self.0.push(question);
        self.0.len() - 1
    }

    fn send(self, session: &mut Session) -> Result<Vec<super::session::Rows>, QueryError> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        // Off: a policy that would hide rows is an error instead of an empty table.
        let batch = format!(
            "BEGIN TRANSACTION READ ONLY;\n{}{}SET LOCAL row_security = off;\n{};\nCOMMIT",
            short_waits(session),
            settings_for(&session.schema),
            self.0.join(";\n")
        );
        session.batch("looking for rows and records", &batch)
    }
}
