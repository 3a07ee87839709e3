//! One connection: who and where we are, and batches of statements, a round trip each.

use std::time::Duration;

use postgres::error::{DbError, Severity};
use postgres::{Client, SimpleQueryMessage};

use super::answer::Reading;
pub use super::answer::{Row, Unreadable};
use super::catalog::{self, ServerVersion};
use super::connect::{Connection, Heard};
use super::trace;
use leora_core::model::name::literal;
use leora_core::model::{Identifier, said};
use leora_core::plan::Database;
use leora_core::plan::locking::Locking;
use leora_core::plan::record::{HISTORY_SCHEMA, HistoryState};
use leora_core::plan::script::Conditions;

/// What PostgreSQL said to one statement, or why it could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct QueryError {
    /// What was being done, as the beginning of a sentence.
    pub doing: &'static str,
    /// What came instead of an answer.
    pub source: NoAnswer,
}

/// What came instead of an answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// PostgreSQL's refusal, or that it is gone.
    #[error("{}", cause(_0))]
    Postgres(postgres::Error),
    /// An answer that is not what was asked for.
    #[error("the server's answer could not be read: {0}")]
    Unreadable(Unreadable),
}

impl QueryError {
    /// The five characters of PostgreSQL's error code, when the server answered at all.
    pub fn sqlstate(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.code().code())
    }

    /// PostgreSQL's refusal, when it was one.
    pub fn refusal(&self) -> Option<&DbError> {
        match &self.source {
            NoAnswer::Postgres(error) => error.as_db_error(),
            NoAnswer::Unreadable(_) => None,
        }
    }

    /// Whether the server answered something else than what was asked for.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.source, NoAnswer::Unreadable(_))
    }

    /// Whether the connection is gone with it: the server ended the session, or did not answer.
    pub fn is_loss(&self) -> bool {
        match self.refusal() {
            Some(refusal) => matches!(
                refusal.parsed_severity(),
                Some(Severity::Fatal | Severity::Panic)
            ),
            None => !self.is_unreadable(),
        }
    }
}

fn cause(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let more = [("detail", db.detail()), ("hint", db.hint())];
            let more = more
                .iter()
                .filter_map(|(what, text)| text.map(|text| format!("; {what}: {}", said(text))));
            format!(
                "{} (SQLSTATE {}){}",
                said(db.message()),
                said(db.code().code()),
                more.collect::<String>()
            )
        }
        None if error.is_closed() => "the connection to the server is gone".to_owned(),
        None => said(&error.to_string()),
    }
}

/// Has names mean PostgreSQL's own until the transaction ends. A database's or role's search_path may have another
/// schema before `pg_catalog`, and tables, types and operators of the same names there. SET looks none up.
const PLAIN_NAMES: &str = "SET LOCAL search_path = pg_catalog, pg_temp";

/// What ends a transaction without effect.
pub const ROLLBACK: &str = "ROLLBACK";

/// The rows of one statement, as text.
pub type Rows = Vec<Row>;

/// A connection and what is known of the server behind it.
pub struct Session {
    client: Connection,
    round_trips: u32,
    reading: Reading,
    /// Who and where we are.
    pub server: Server,
    /// The schema that the application's tables stand in.
    pub schema: Identifier,
}

/// Who and where we are.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Server {
    /// The version as a number, 150004 for 15.4.
    pub version_number: u32,
    /// The version as the server writes it.
    pub version: String,
    /// The database.
    pub database: String,
    /// Its oid, which tells it from one of the same name made since.
    pub database_oid: u32,
    /// The role in force.
    pub user: String,
    /// Whether the role is a superuser.
    pub superuser: bool,
    /// Whether row-level security does not hold for the role.
    pub bypasses_row_security: bool,
    /// Whether the server is a replica.
    pub in_recovery: bool,
    /// Whether transactions are read-only unless they ask.
    pub read_only: bool,
    /// Whether the session starts as a replica's, so that foreign keys are not enforced.
    pub session_replication_role: String,
    /// The schema's oid, when there is one of the name.
    pub schema_oid: Option<u32>,
    /// Whether the role may create a schema in the database.
    pub may_create_schemas: bool,
    /// Whether the role may see into the schema.
    pub may_use_schema: bool,
    /// Whether the role may create tables in the schema.
    pub may_create_tables: bool,
    /// The schemas there are, PostgreSQL's own left out.
    pub schemas: String,
    /// The server process that serves us; behind a pooler, that served the question.
    pub backend_pid: i32,
    /// Whether this tool's history is there and may be read.
    pub may_read_history: bool,
    /// Whether this tool's history is there.
    pub has_history: bool,
    /// Whether Prisma's history of the schema is there and may be read.
    pub may_read_prisma_history: bool,
    /// Whether a subscription writes to this tool's history, so that runs on the publisher are in it.
    pub history_is_subscribed: bool,
    /// Whether the role may ask how far the WAL is.
    pub may_ask_wal_position: bool,
}

impl Server {
    /// The version.
    pub fn version(&self) -> ServerVersion {
        ServerVersion(self.version_number)
    }

    /// The database, as a plan names it.
    pub fn database(&self) -> Database {
        Database {
            name: self.database.clone(),
            oid: self.database_oid,
        }
    }

    /// What there is of the history.
    pub fn history(&self) -> HistoryState {
        if self.has_history {
            HistoryState::Present
        } else if self.schemas.split(", ").any(|name| name == HISTORY_SCHEMA) {
            HistoryState::SchemaOnly
        } else {
            HistoryState::Absent
        }
    }

    /// `SET LOCAL` that has a view or foreign table refused that took the place of a table after it was looked for, where
    /// the server can: reading a view runs what its owner wrote (CVE-2024-7348).
    pub fn tables_only(&self) -> &'static str {
        match self.version().restricts_relation_kinds() {
            true => "SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table';\n",
            false => "",
        }
    }

    /// The conditions under which statements run here.
    pub fn conditions(&self, lock_timeout: Duration, patience: Duration) -> Conditions {
        Conditions {
            lock_timeout,
            patience,
            checks_connection: self.version().has_connection_check(),
            limits_transactions: self.version().has_transaction_timeout(),
            locking: Locking::default(),
        }
    }
}

impl Session {
    /// Asks who and where we are: one round trip.
    ///
    /// # Errors
    ///
    /// When the question is not answered.
    pub fn open(
        connection: impl Into<Connection>,
        schema: Identifier,
    ) -> Result<Session, QueryError> {
        let mut session = Session {
            client: connection.into(),
            round_trips: 0,
            reading: Reading::default(),
            server: Server::unknown(),
            schema,
        };
        session.identify()?;
        Ok(session)
    }

    /// Asks again who and where we are, since what was done here may have changed it: one round trip.
    ///
    /// # Errors
    ///
    /// When the question is not answered.
    pub fn identify(&mut self) -> Result<(), QueryError> {
        let question = catalog::IDENTIFY
            .replace("{reads_no_code}", catalog::READS_NO_CODE)
            .replace("{schema}", &literal(self.schema.as_str()));
        // Some databases stop statements sooner than they can be answered.
        let question = format!(
            "SET LOCAL statement_timeout = '60s';\n{question};\n{}",
            catalog::STAY_CONNECTED
        );
        let rows = self.ask("asking who and where we are", &question)?;
        match rows.first().and_then(|rows| rows.first()) {
            Some(row) => self.server = Server::read(row),
            None => self.reading.fails(Unreadable::NoRow),
        }
        self.has_read("asking who and where we are")
    }

    /// Sends `sql`, one or more statements, in one round trip, and gives the rows of each statement
    /// that returns rows, in order. No statement is prepared, so it works behind any pooler.
    ///
    /// # Errors
    ///
    /// When a statement fails; those after it are not run, and outside an explicit transaction
    /// those before it are undone too. Nothing but a ROLLBACK is sent once an answer could not be read.
    pub fn batch(&mut self, doing: &'static str, sql: &str) -> Result<Vec<Rows>, QueryError> {
        if sql != ROLLBACK {
            self.has_read(doing)?;
        }
        self.round_trips += 1;
        let sent = trace::send(doing, sql);
        let answered = self.client.simple_query(sql);
        let answered = answered.map_err(|error| QueryError {
            doing,
            source: NoAnswer::Postgres(error),
        });
        sent.end(answered.as_ref().err().map(|error| error as _));
        let messages = answered?;
        let mut answers = Vec::new();
        let mut open = false;
        for message in messages {
            match message {
                SimpleQueryMessage::RowDescription(_) => {
                    answers.push(Rows::new());
                    open = true;
                }
                SimpleQueryMessage::Row(row) if open => {
                    let row = Row::new(&row, &self.reading);
                    if let Some(rows) = answers.last_mut() {
                        rows.push(row);
                    }
                }
                SimpleQueryMessage::CommandComplete(_) => open = false,
                _ => {}
            }
        }
        if sql != ROLLBACK {
            self.has_read(doing)?;
        }
        Ok(answers)
    }

    /// The same for a question to PostgreSQL's own catalogs that no transaction is open for: it is asked under
    /// `PLAIN_NAMES`.
    ///
    /// # Errors
    ///
    /// As [`Session::batch`].
    pub fn ask(&mut self, doing: &'static str, question: &str) -> Result<Vec<Rows>, QueryError> {
        // Statements sent together are one transaction (manual, protocol flow: multiple statements in a simple query).
        let tables_only = self.server.tables_only();
        self.batch(doing, &format!("{PLAIN_NAMES};\n{tables_only}{question}"))
    }

    /// Whether all answers could be read so far. What was read of one that could not be is nothing to go by.
    ///
    /// # Errors
    ///
    /// When a column was missing, or held what it cannot hold.
    pub fn has_read(&self, doing: &'static str) -> Result<(), QueryError> {
        self.reading.failure().map_or(Ok(()), |unreadable| {
            Err(QueryError {
                doing,
                source: NoAnswer::Unreadable(unreadable),
            })
        })
    }

    /// How often the server was asked since [`Session::open`] began.
    pub fn round_trips(&self) -> u32 {
        self.round_trips
    }

    /// What the server says before a statement has ended.
    pub(crate) fn heard(&self) -> Heard {
        self.client.heard().clone()
    }

    /// The connection itself.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Server {
    fn unknown() -> Server {
        Server {
            version_number: 0,
            version: String::new(),
            database: String::new(),
            database_oid: 0,
            user: String::new(),
            superuser: false,
            bypasses_row_security: false,
            in_recovery: false,
            read_only: false,
            session_replication_role: String::new(),
            schema_oid: None,
            may_create_schemas: false,
            may_use_schema: false,
            may_create_tables: false,
            schemas: String::new(),
            backend_pid: 0,
            may_read_history: false,
            has_history: false,
            may_read_prisma_history: false,
            history_is_subscribed: false,
            may_ask_wal_position: false,
        }
    }

    fn read(row: &Row) -> Server {
        let text = |i: usize| row.get(i).unwrap_or_default().to_owned();
        let yes = |i: usize| row.get(i) == Some("t");
        let number = |i: usize| row.number::<u32>(i);
        Server {
            version_number: number(0).unwrap_or_default(),
            version: text(1),
            database: text(2),
            user: text(3),
            superuser: yes(5),
            bypasses_row_security: yes(6),
            in_recovery: yes(7),
            read_only: row.get(8) == Some("on"),
            session_replication_role: text(9),
            schema_oid: number(10),
            may_create_schemas: yes(11),
            may_use_schema: yes(12),
            may_create_tables: yes(13),
            schemas: text(14),
            backend_pid: row.number(15).unwrap_or_default(),
            database_oid: number(16).unwrap_or_default(),
            may_read_history: yes(17),
            has_history: yes(18),
            may_read_prisma_history: yes(19),
            history_is_subscribed: yes(20),
            may_ask_wal_position: yes(21),
        }
    }
}
