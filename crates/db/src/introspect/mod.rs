//! The live database as a schema.
//!
//! One read-only transaction with one snapshot, one round trip, a fixed number of questions
//! whatever the number of tables.

mod access;
mod cell;
mod guards;
mod keys;
mod reader;
mod replication;
mod user_code;

use std::collections::{BTreeMap, BTreeSet};

use super::catalog;
use super::counters::Sequence;
use super::session::{QueryError, Rows, Session};
use leora_core::model::name::literal;
use leora_core::model::{Identifier, Schema};
use leora_core::verify::proof::{KeyName, TableSize};
use leora_core::verify::surroundings::Surroundings;
use leora_core::verify::user_code::CodeByTable;
use reader::Reader;

/// What a database holds.
#[derive(Clone, Debug, Default)]
pub struct Introspection {
    /// The schema asked for.
    pub schema: Schema,
    /// What stands around it.
    pub around: Surroundings,
    /// The tables whose rows the role may all read.
    pub readable: BTreeSet<Identifier>,
    /// The tables that somebody keeps others from reading now.
    pub busy: BTreeSet<Identifier>,
    /// How large each table is.
    pub sizes: BTreeMap<Identifier, TableSize>,
    /// The foreign keys, in the order in which a delete fires them.
    pub firing_order: Vec<KeyName>,
    /// The user-defined code that work on rows runs.
    pub user_code: CodeByTable,
    /// The sequences that columns own.
    pub(super) sequences: Vec<Sequence>,
}

/// Reads the schema of `session` and what stands around it, in one round trip; nothing when there is none of
/// the name.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn introspect(session: &mut Session) -> Result<Introspection, QueryError> {
    let questions = asked(
        session,
        &[catalog::OF_THE_SCHEMA, catalog::AROUND_IT].concat(),
    );
    Ok(Reader::read(answers(session, &questions)?))
}

/// The same without what stands around the schema, which only a verification asks for.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn introspect_tables(session: &mut Session) -> Result<Introspection, QueryError> {
    let questions = questions(session);
    Ok(Reader::read(answers(session, &questions)?))
}

/// The answers to `questions`, of one snapshot.
fn answers(session: &mut Session, questions: &str) -> Result<Vec<Rows>, QueryError> {
    if session.server.schema_oid.is_none() {
        return Ok(Vec::new());
    }
    let batch = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n{}{questions};\nCOMMIT",
        short_waits(session),
    );
    session.batch("reading the catalogs", &batch)
}

/// The questions about the schema alone, with the settings they are asked under, for a transaction that is open.
pub(super) fn questions(session: &Session) -> String {
    asked(session, catalog::OF_THE_SCHEMA)
}

/// Reads the answers to [`questions`].
pub(super) fn read(answers: Vec<Rows>) -> Introspection {
    Reader::read(answers)
}

fn asked(session: &Session, questions: &[&str]) -> String {
    settings_for(&session.schema) + &answerable(session, questions).join(";\n")
}

/// Asks for the user-defined code of the schema's tables in one text, which is [`CodeByTable::fingerprint`] while there
/// is no other.
///
/// [`CodeByTable::fingerprint`]: leora_core::verify::user_code::CodeByTable::fingerprint
pub(super) fn code_query(session: &Session) -> String {
    format!(
        "SELECT coalesce(pg_catalog.string_agg(line, E'\\n' ORDER BY line COLLATE \"C\"), '') FROM (\n{}\n) code",
        answerable(session, &[catalog::USER_CODE]).join(";\n")
    )
}

fn answerable(session: &Session, questions: &[&str]) -> Vec<String> {
    let server = &session.server;
    let schema_oid = server.schema_oid.unwrap_or_default();
    let schema = format!("{schema_oid}::pg_catalog.oid");
    catalog::asked(
        questions,
        server.version(),
        &schema,
        server.may_ask_wal_position,
    )
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
