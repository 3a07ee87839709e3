//! The live database as a schema.
//!
//! One read-only transaction with one snapshot, one round trip, a fixed number of queries whatever the number of tables.

mod access;
mod around;
mod constraints;
mod guards;
mod indexes;
mod reader;
mod relations;
mod replication;
mod types;
mod user_code;

use std::collections::{BTreeMap, BTreeSet};

use super::catalog;
use super::counters::Sequence;
use super::query::{Answer as _, Answers, Batch, Parameters, Query};
use super::session::{QueryError, Session};
use leora_core::model::access::Access;
use leora_core::model::name::literal;
use leora_core::model::replication::Replication;
use leora_core::model::{Identifier, Schema};
use leora_core::verify::proof::{KeyName, TableSize};
use leora_core::verify::surroundings::Surroundings;
use leora_core::verify::user_code::CodeByTable;

pub(crate) use around::Around as AskedAround;
pub(crate) use reader::AskedTables;
pub(crate) use relations::SequenceRow;
pub(crate) use user_code::{Fingerprint, Line as UserCodeLine};

/// All queries about a schema.
pub(crate) const QUERIES: [&[Query]; 3] = [reader::QUERIES, replication::QUERIES, around::QUERIES];

/// The tables of a schema, and what else is in it.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The schema asked for.
    pub schema: Schema,
    /// Who may use the tables.
    pub access: Access,
    /// Who replicates.
    pub replication: Replication,
    /// The tables whose rows the role may all read.
    pub readable: BTreeSet<Identifier>,
    /// How large each table is.
    pub sizes: BTreeMap<Identifier, TableSize>,
    /// The sequences that columns own.
    pub(super) sequences: Vec<Sequence>,
}

/// What only a verification asks for.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The surroundings of the schema.
    pub surroundings: Surroundings,
    /// The tables that another session holds ACCESS EXCLUSIVE.
    pub busy: BTreeSet<Identifier>,
    /// The foreign keys, in the order in which a delete fires them.
    pub firing_order: Vec<KeyName>,
    /// The user-defined code that work on rows runs.
    pub user_code: CodeByTable,
}

/// All that is asked of the catalogs.
#[derive(Clone, Debug, Default)]
pub struct Introspection {
    /// The tables.
    pub tables: Tables,
    /// What is around them.
    pub around: Around,
}

const DOING: &str = "reading the catalogs";

/// Reads the schema of `session` and its surroundings, in one round trip. Where there is no schema of the name, it is
/// empty.
///
/// # Errors
///
/// When PostgreSQL does not answer, or with what cannot be read.
pub fn introspect(session: &mut Session) -> Result<Introspection, QueryError> {
    if session.server.schema_oid.is_none() {
        return Ok(Introspection::default());
    }
    let mut batch = Batch::default();
    let tables = AskedTables::ask(session, &mut batch);
    let around = AskedAround::ask(session, &mut batch);
    let mut answers = answers(session, &batch)?;
    let read = |answers: &mut Answers| {
        let read = tables.read(answers)?;
        let around = around.read(answers, &read)?;
        let tables = read.finish();
        Ok(Introspection {
            around: Around {
                surroundings: Surroundings {
                    access: tables.access.clone(),
                    replication: tables.replication.clone(),
                    ..around.surroundings
                },
                ..around
            },
            tables,
        })
    };
    read(&mut answers).map_err(|unreadable: super::session::Unreadable| unreadable.doing(DOING))
}

/// The same without the surroundings of the schema.
///
/// # Errors
///
/// As [`introspect`].
pub fn introspect_tables(session: &mut Session) -> Result<Tables, QueryError> {
    if session.server.schema_oid.is_none() {
        return Ok(Tables::default());
    }
    let mut batch = Batch::default();
    let tables = AskedTables::ask(session, &mut batch);
    let mut answers = answers(session, &batch)?;
    tables.tables(&mut answers)
}

/// The answers to `batch`, of one snapshot.
fn answers(session: &mut Session, batch: &Batch) -> Result<Answers, QueryError> {
    let sql = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n{}{}{};\nCOMMIT",
        short_waits(session),
        settings_for(&session.schema),
        batch.sql()
    );
    Ok(Answers::new(session.batch(DOING, &sql)?))
}

impl AskedTables {
    /// Reads the answers.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    pub(crate) fn tables(self, answers: &mut Answers) -> Result<Tables, QueryError> {
        let read = self.read(answers);
        let read = read.map_err(|unreadable| unreadable.doing(DOING))?;
        Ok(read.finish())
    }
}

/// The query for the user-defined code of the schema's tables in one text, which is [`CodeByTable::fingerprint`] while
/// there is no other.
///
/// [`CodeByTable::fingerprint`]: leora_core::verify::user_code::CodeByTable::fingerprint
pub(super) fn code_query(session: &Session) -> String {
    let version = session.server.version();
    let parameters = Parameters::of_schema(&session.schema);
    let parameters = parameters.sql("user_code", UserCodeLine::QUERY.text(version));
    parameters.fill(Fingerprint::QUERY.text(version))
}

/// `SET LOCAL` for a transaction that reads: where somebody holds a table ACCESS EXCLUSIVE it waits for a
/// moment only, and not at all once nobody wants the answer (PostgreSQL 14 on).
pub(super) fn short_waits(session: &Session) -> String {
    let noticing = match session.server.version().has_connection_check() {
        true => "SET LOCAL client_connection_check_interval = '500ms';\n",
        false => "",
    };
    format!("SET LOCAL lock_timeout = '500ms';\n{noticing}")
}

/// `SET LOCAL` for everything that could change what PostgreSQL prints or how it reads names.
pub fn settings_for(schema: &Identifier) -> String {
    let fixed = catalog::SESSION
        .iter()
        .map(|(name, value)| format!("SET LOCAL {name} = {};\n", literal(value)));
    format!(
        "SET LOCAL search_path = {};\n{}",
        schema.quoted(),
        fixed.collect::<String>()
    )
}

#[cfg(test)]
mod tests;
