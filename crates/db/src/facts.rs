//! What the catalogs do not say: which tables hold rows, how far sequences are, and who recorded the migration.

use std::collections::BTreeSet;

use super::history::begun_here;
use super::impossible;
use super::introspect::{Tables, settings_for, short_waits};
use super::orphans::rows_that_name_none;
use super::query::{Answer as _, Answers, Batch, Parameters, Query, answer, codes};
use super::session::{QueryError, Server, Session, Unreadable};
use leora_core::model::Identifier;
use leora_core::plan::record::HistoryState;
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
#[derive(Clone, Copy, Debug)]
pub enum Reach<'a> {
    /// The tables that the migration creates: what a plan needs.
    NewTables,
    /// All that are promised.
    AllTables {
        /// But those that another session holds ACCESS EXCLUSIVE.
        busy: &'a BTreeSet<Identifier>,
    },
}

impl Reach<'_> {
    fn is_all(self) -> bool {
        matches!(self, Reach::AllTables { .. })
    }

    /// Whether a table cannot be read now.
    fn is_busy(self, table: &Identifier) -> bool {
        match self {
            Reach::NewTables => false,
            Reach::AllTables { busy } => busy.contains(table),
        }
    }
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
    found: &Tables,
    promise: &Promise,
    reach: Reach<'_>,
) -> Result<Facts, QueryError> {
    match look(session, found, promise, reach) {
        // One table that cannot be read must not keep the others from being told of.
        Err(error) if reach.is_all() && !error.is_loss() => {
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
    found: &Tables,
    promise: &Promise,
    reach: Reach<'_>,
) -> Result<Facts, QueryError> {
    let migration = promise.migration;
    let mut facts = Facts::default();
    let mut batch = Batch::default();
    let version = session.server.version();
    let of_schema = Parameters::of_schema(&session.schema);
    let pages = |name: &Identifier| found.sizes.get(name).map_or(0, |size| size.pages);
    let is_new = |name: &Identifier| promise.created.contains(name);
    let mut standing: Vec<_> = promise
        .whole
        .table_names()
        .filter_map(|name| Some((name, found.schema.tables.get(name)?)))
        .filter(|(_, table)| table.kind.is_table())
        .filter(|(name, _)| reach.is_all() || is_new(name))
        .collect();
    standing.sort_by_key(|(name, _)| (!is_new(name), pages(name)));
    let (mut asked, mut orphaned) = (Vec::new(), Vec::new());
    let mut read_before = 0;
    for (name, table) in standing {
        let readable = found.readable.contains(name);
        if is_new(name) && readable {
            let sql = format!("SELECT NOT EXISTS (SELECT FROM {}) AS is_so", name.quoted());
            asked.push((name, batch.write::<Flag>(sql)));
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
            let waits = |table: &Identifier| !is_new(name) && reach.is_busy(table);
            let unreadable = |table: &Identifier| !found.readable.contains(table) || waits(table);
            if unreadable(name) || parent.is_some_and(unreadable) {
                facts.orphans.push((key_name, Orphans::Unreadable));
            } else if !small {
                facts.orphans.push((key_name, Orphans::TooLarge));
            } else if let Some(parent) =
                parent.and_then(|name| found.schema.tables.get_key_value(name))
            {
                let rows = rows_that_name_none(name, table, Some(parent), key);
                let sql = format!("SELECT EXISTS (SELECT {rows}) AS is_so");
                orphaned.push((key_name, batch.write::<Flag>(sql)));
            }
        }
    }
    let missing = promise.whole.table_names();
    let missing = missing.filter(|name| !found.schema.tables.contains_key(*name));
    let missing: Vec<_> = missing.map(Identifier::as_str).collect();
    let elsewhere = (!missing.is_empty()).then(|| {
        let parameters = Parameters::default().texts("tables", missing);
        batch.ask::<NamesakeRow>(version, &parameters)
    });
    let mut counted = Vec::new();
    for sequence in &found.sequences {
        let counter = &sequence.counter;
        let table = found.schema.tables.get(&counter.table);
        let Some(table) = table.filter(|table| table.kind.is_table()) else {
            continue;
        };
        match sequence.ask(table, found.readable.contains(&counter.table)) {
            Ok(sql) => counted.push((counter.clone(), batch.write::<CountingRow>(sql))),
            Err(known) => facts.counters.push((counter.clone(), known)),
        }
    }
    let ours = session.server.may_read_history.then(|| {
        let parameters = of_schema
            .clone()
            .text("migration", migration)
            .sql("begun_here", begun_here(session));
        batch.ask::<RecordedHere>(version, &parameters)
    });
    let prisma = session.server.may_read_prisma_history.then(|| {
        let parameters = of_schema.clone().text("ending", format!("_{migration}"));
        batch.ask::<RecordedByPrisma>(version, &parameters)
    });
    let models = found.schema.tables.iter().filter(|(name, table)| {
        let is_model = promise.declared.tables.contains_key(*name);
        let small = pages(name) <= MOST_PAGES_BEFORE && !reach.is_busy(name);
        let is_meant = is_model && reach.is_all();
        is_meant && small && table.kind.is_table() && found.readable.contains(*name)
    });
    let ruled_out = models.flat_map(|(model, table)| impossible::questions(model, table));
    let mut ruled_out = ruled_out.peekable();
    // After all others: an index must not answer for the table from here on.
    if ruled_out.peek().is_some() {
        batch.run(impossible::READ_THE_TABLE);
    }
    let ruled_out = ruled_out.map(|(found, sql)| (found, batch.write::<Flag>(sql)));
    let ruled_out: Vec<_> = ruled_out.collect();
    let mut answers = send(session, &batch)?;
    let read = || {
        for (name, asked) in asked {
            if answers.one(asked)?.is_so {
                facts.empty.insert(name.clone());
            }
        }
        for (key, asked) in orphaned {
            let looked = match answers.one(asked)?.is_so {
                true => Orphans::Some,
                false => Orphans::None,
            };
            facts.orphans.push((key, looked));
        }
        for (found, asked) in ruled_out {
            if answers.one(asked)?.is_so {
                facts.impossible.push(found);
            }
        }
        for (counter, asked) in counted {
            let counting = answers.one(asked)?.counting.unwrap_or(Counting::Ahead);
            facts.counters.push((counter, counting));
        }
        if let Some(asked) = elsewhere {
            let rows = answers.take(asked)?.into_iter();
            facts.elsewhere = rows.map(namesake).collect();
        }
        let ours = match ours {
            Some(asked) => answers.take(asked)?.into_iter().next(),
            None => None,
        };
        let prisma = match prisma {
            Some(asked) => answers.take(asked)?.into_iter().next(),
            None => None,
        };
        facts.recorded = recorded(&session.server, ours, prisma);
        Ok(())
    };
    read().map_err(|unreadable: Unreadable| unreadable.doing(DOING))?;
    Ok(facts)
}

fn namesake(row: NamesakeRow) -> Namesake {
    Namesake {
        table: row.table,
        schema: row.schema,
        extension: row.extension,
    }
}

fn recorded(
    server: &Server,
    ours: Option<RecordedHere>,
    prisma: Option<RecordedByPrisma>,
) -> Recorded {
    match (ours, prisma) {
        (Some(ours), _) if ours.state == "applied" => {
            Recorded::Here(ours.ended.unwrap_or_default())
        }
        (_, Some(prisma)) if prisma.state == "applied" => Recorded::ByPrisma(prisma.name),
        (Some(ours), _) => Recorded::Otherwise(format!("leora-migrate has it as {}", ours.state)),
        (None, Some(RecordedByPrisma { state, name })) => {
            Recorded::Otherwise(format!("Prisma has {name} as {state}"))
        }
        (None, None)
            if matches!(server.history, HistoryState::Present(_)) && !server.may_read_history =>
        {
            Recorded::Closed
        }
        (None, None) => Recorded::Nowhere,
    }
}

const DOING: &str = "looking for rows and records";

fn send(session: &mut Session, batch: &Batch) -> Result<Answers, QueryError> {
    if batch.is_empty() {
        return Ok(Answers::new([]));
    }
    // Off: a policy that would hide rows is an error instead of an empty table.
    let sql = format!(
        "BEGIN TRANSACTION READ ONLY;\n{}{}{}SET LOCAL row_security = off;\n{};\nCOMMIT",
        short_waits(session),
        session.server.tables_only(),
        settings_for(&session.schema),
        batch.sql()
    );
    Ok(Answers::new(session.batch(DOING, &sql)?))
}

answer! {
    /// Whether something is so.
    struct Flag of written "rows" {
        is_so: bool,
    }
}

answer! {
    struct CountingRow of written "sequence" {
        counting: Option<Counting>,
    }
}

codes! {
    Counting, "state of a sequence" {
        "exhausted" => Counting::Exhausted,
        "behind" => Counting::Behind,
    }
}

answer! {
    struct NamesakeRow of "tables_elsewhere" {
        table: Identifier,
        schema: Identifier,
        extension: Option<Identifier>,
    }
}

answer! {
    struct RecordedHere of "recorded_here" {
        state: String,
        ended: Option<String>,
    }
}

answer! {
    struct RecordedByPrisma of "recorded_by_prisma" {
        state: String,
        name: String,
    }
}

/// All queries here that are not written for their tables.
pub(crate) const QUERIES: &[Query] = &[
    NamesakeRow::QUERY,
    RecordedHere::QUERY,
    RecordedByPrisma::QUERY,
];
