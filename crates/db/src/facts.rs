//! What the catalogs do not say: which tables hold rows, how far sequences are, and who recorded the migration.

use std::collections::BTreeSet;

use super::counters::counting;
use super::history::begun_here;
use super::impossible;
use super::introspect::{Introspection, settings_for, short_waits};
use super::orphans::rows_that_name_none;
use super::session::{QueryError, Session};
use leora_core::model::Identifier;
use leora_core::model::name::literal;
use leora_core::verify::counters::{Counter, Counting};
use leora_core::verify::evidence::{Impossible, Namesake, Orphans, Recorded};
use leora_core::verify::promise::Promise;
use leora_core::verify::proof::KeyName;

/// The pages of a table that are read to see whether its rows name others that are there: 100 MB, which is a
/// matter of tenths of a second.
const MOST_PAGES: u64 = 12_800;

/// The same of all the tables together that stood before, a table as often as it has foreign keys: 8 MB, a matter of
/// milliseconds.
const MOST_PAGES_BEFORE: u64 = 1000;

/// What was found beside the catalogs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The tables asked for that hold no rows.
    pub empty: BTreeSet<Identifier>,
    /// Who recorded the migration.
    pub recorded: Recorded,
    /// Whether the rows of the tables asked for name others that are there.
    pub orphans: Vec<(KeyName, Orphans)>,
    /// What the rows of the declared tables are that they must not be.
    pub impossible: Vec<Impossible>,
    /// How far the sequences are that columns count by.
    pub counters: Vec<(Counter, Counting)>,
    /// The tables that stand where the promised tables of their names are missed.
    pub elsewhere: Vec<Namesake>,
}

/// How far rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The tables that the migration creates: what a plan needs.
    NewTables,
    /// All that are promised, but those that somebody keeps others from reading now.
    AllTables,
}

/// Looks at the rows of the tables that are `promise`d, as far as they stand and may be read, at all sequences, and for
/// a record of the migration. A table that may not be read may hold rows. One round trip, none when
/// there is nothing to look at.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn facts(
    session: &mut Session,
    found: &Introspection,
    promise: &Promise,
    reach: Reach,
) -> Result<Facts, QueryError> {
    match look(session, found, promise, reach) {
        // One table that cannot be read must not keep the others from being told of.
        Err(error) if reach == Reach::AllTables && !error.is_loss() => {
            session.batch("rolling back", "ROLLBACK")?;
            let mut facts = look(session, found, promise, Reach::NewTables)?;
            let before = promise.baseline.tables.iter();
            let keys = before.flat_map(|(name, table)| {
                let key = |constraint: &Identifier| KeyName {
                    table: name.clone(),
                    constraint: constraint.clone(),
                };
                table.foreign_keys.keys().map(key)
            });
            facts
                .orphans
                .extend(keys.map(|key| (key, Orphans::Unreadable)));
            Ok(facts)
        }
        told => told,
    }
}

fn look(
    session: &mut Session,
    found: &Introspection,
    promise: &Promise,
    reach: Reach,
) -> Result<Facts, QueryError> {
    let migration = promise.migration;
    let mut facts = Facts::default();
    let mut questions = Questions::default();
    let pages = |name: &Identifier| found.sizes.get(name).map_or(0, |size| size.pages);
    let is_new = |name: &Identifier| promise.created.contains(name);
    let mut standing: Vec<_> = promise
        .whole
        .table_names()
        .filter_map(|name| Some((name, found.schema.tables.get(name)?)))
        .filter(|(_, table)| table.kind.is_table())
        .filter(|(name, _)| reach == Reach::AllTables || is_new(name))
        .collect();
    standing.sort_by_key(|(name, _)| (!is_new(name), pages(name)));
    let (mut asked, mut orphaned) = (Vec::new(), Vec::new());
    let mut read_before = 0;
    for (name, table) in standing {
        let readable = found.readable.contains(name);
        if is_new(name) && readable {
            let question = format!("SELECT NOT EXISTS (SELECT FROM {})", name.quoted());
            asked.push((name, questions.ask(question)));
        }
        let promised = promise.whole.tables.get(name);
        let is_promised = |constraint: &Identifier| {
            promised.is_some_and(|table| table.foreign_keys.contains_key(constraint))
        };
        let keys = table.foreign_keys.iter();
        for (constraint, key) in keys.filter(|(constraint, _)| is_promised(constraint)) {
            let key_name = KeyName {
                table: name.clone(),
                constraint: constraint.clone(),
            };
            let parent = key.references.here();
            let small = if is_new(name) {
                pages(name) <= MOST_PAGES
            } else {
                read_before += pages(name);
                read_before <= MOST_PAGES_BEFORE
            };
            let waits = |table: &Identifier| !is_new(name) && found.busy.contains(table);
            let unreadable = |table: &Identifier| !found.readable.contains(table) || waits(table);
            if unreadable(name) || parent.is_some_and(unreadable) {
                facts.orphans.push((key_name, Orphans::Unreadable));
            } else if !small {
                facts.orphans.push((key_name, Orphans::TooLarge));
            } else if let Some(parent) =
                parent.and_then(|name| found.schema.tables.get_key_value(name))
            {
                let rows = rows_that_name_none(name, table, Some(parent), key);
                orphaned.push((
                    key_name,
                    questions.ask(format!("SELECT EXISTS (SELECT {rows})")),
                ));
            }
        }
    }
    let missing = promise.whole.table_names();
    let missing = missing.filter(|name| !found.schema.tables.contains_key(*name));
    let missing: Vec<_> = missing.map(|name| literal(name.as_str())).collect();
    let elsewhere = (!missing.is_empty()).then(|| {
        questions.ask(format!(
            "SELECT c.relname, n.nspname, \
             (SELECT e.extname FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid \
              WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid AND d.objsubid = 0 \
              AND d.refclassid = 'pg_extension'::regclass::oid AND d.deptype = 'e') \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND c.relname::text IN ({}) AND n.nspname::text <> 'information_schema' \
             AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_'::text) ORDER BY n.nspname::text, c.relname::text",
            missing.join(", ")
        ))
    });
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
             FROM leora_migrate.migration WHERE name = {} AND target_schema = {} AND {} \
             ORDER BY state <> 'applied', finished_at DESC LIMIT 1",
            literal(migration),
            literal(session.schema.as_str()),
            begun_here(session),
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
    let models = found.schema.tables.iter().filter(|(name, table)| {
        let is_model = promise.declared.tables.contains_key(*name);
        let small = pages(name) <= MOST_PAGES_BEFORE && !found.busy.contains(*name);
        let is_meant = is_model && reach == Reach::AllTables;
        is_meant && small && table.kind.is_table() && found.readable.contains(*name)
    });
    let mut ruled_out = Vec::new();
    for (model, table) in models {
        let asked = impossible::questions(model, table).into_iter();
        ruled_out.extend(asked.map(|(found, sql)| (found, questions.ask_of_the_table(sql))));
    }
    let answers = questions.send(session)?;
    let first = |at: usize| {
        let row = answers.get(at).and_then(|rows| rows.first());
        row.and_then(|row| row.get(0)).map(str::to_owned)
    };
    let yes = |at: usize| first(at).as_deref() == Some("t");
    let empty = asked.into_iter().filter(|(_, at)| yes(*at));
    facts.empty = empty.map(|(name, _)| name.clone()).collect();
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
    let there = ruled_out.into_iter().filter(|(_, at)| yes(*at));
    facts.impossible = there.map(|(found, _)| found).collect();
    let told = counted
        .into_iter()
        .map(|(counter, at)| (counter, counting(first(at).as_deref())));
    facts.counters.extend(told);
    let of_other_schemas = elsewhere.and_then(|at| answers.get(at));
    let named = of_other_schemas.into_iter().flatten().filter_map(|row| {
        let name = |at| Identifier::of_the_catalog(row.get(at)?).ok();
        Some(Namesake {
            table: name(0)?,
            schema: name(1)?,
            extension: name(2),
        })
    });
    facts.elsewhere = named.collect();
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
struct Questions {
    all: Vec<String>,
    /// The place of the first that no index may answer; those after it are of the kind too.
    of_tables: Option<usize>,
}

impl Questions {
    /// The place of its answer.
    fn ask(&mut self, question: String) -> usize {
        self.all.push(question);
        self.all.len() - 1
    }

    /// The same for one that the table must answer, and not an index. All others are asked before.
    fn ask_of_the_table(&mut self, question: String) -> usize {
        let at = self.ask(question);
        let first = *self.of_tables.get_or_insert(at);
        if first == at {
            self.all[at] = format!("{};\n{}", impossible::READ_THE_TABLE, self.all[at]);
        }
        at
    }

    fn send(self, session: &mut Session) -> Result<Vec<super::session::Rows>, QueryError> {
        if self.all.is_empty() {
            return Ok(Vec::new());
        }
        // Off: a policy that would hide rows is an error instead of an empty table.
        let batch = format!(
            "BEGIN TRANSACTION READ ONLY;\n{}{}{}SET LOCAL row_security = off;\n{};\nCOMMIT",
            short_waits(session),
            session.server.tables_only(),
            settings_for(&session.schema),
            self.all.join(";\n")
        );
        session.batch("looking for rows and records", &batch)
    }
}
