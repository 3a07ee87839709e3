//! One connection: who and where we are, and batches of statements, a round trip each.

use std::time::Duration;

use postgres::error::{DbError, Severity};
use postgres::{Client, SimpleQueryMessage};

use super::answer::Reading;
pub use super::answer::{Row, Rows, Unreadable};
use super::catalog::ServerVersion;
use super::connect::{Connection, Heard};
use super::history_state::StateRow;
use super::query::{Answer, Answers, Batch, Parameters, Query, answer};
use super::record_table::RecordTable;
use super::trace;
use leora_core::model::{Identifier, said};
use leora_core::plan::Database;
use leora_core::plan::locking::Locking;
use leora_core::plan::record::HistoryState;
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

    /// What could not be read, when the server answered something else than what was asked for.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match &self.source {
            NoAnswer::Unreadable(unreadable) => Some(unreadable),
            NoAnswer::Postgres(_) => None,
        }
    }

    /// Whether the connection is gone with it: the server ended the session, or did not answer.
    pub fn is_loss(&self) -> bool {
        match self.refusal() {
            Some(refusal) => matches!(
                refusal.parsed_severity(),
                Some(Severity::Fatal | Severity::Panic)
            ),
            None => self.unreadable().is_none(),
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

/// Has questions be interpreted: what is asked is little, and to compile it takes seconds. The estimated cost of some,
/// above which PostgreSQL compiles (`jit_above_cost`), is high all the same.
const NOT_COMPILED: &str = "SET LOCAL jit = off";

/// What ends a transaction without effect.
pub const ROLLBACK: &str = "ROLLBACK";

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
    /// What there is of this tool's history.
    #[serde(skip)]
    pub history: HistoryState,
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
        const DOING: &str = "asking who and where we are";
        let version = ServerVersion::OLDEST;
        let mut batch = Batch::default();
        let of_schema = Parameters::of_schema(&self.schema);
        let server = batch.ask::<ServerRow>(version, &of_schema);
        let history = batch.ask::<RecordTable>(version, &RecordTable::of_history());
        let prisma = batch.ask::<RecordTable>(version, &RecordTable::of_prisma(&self.schema));
        let state = batch.ask::<StateRow>(version, &Parameters::default());
        batch.ask::<KeptSession>(version, &of_schema);
        // Some databases stop statements sooner than they can be answered.
        let question = format!("SET LOCAL statement_timeout = '60s';\n{}", batch.sql());
        let mut answers = Answers::new(self.ask(DOING, &question)?);
        let read = || {
            let server = answers.take(server)?.into_iter().next();
            let history = answers.take(history)?.into_iter().next();
            let prisma = answers.take(prisma)?.into_iter().next();
            let state = StateRow::one(&answers.take(state)?)?;
            let server = server.ok_or(Unreadable::NoRow)?;
            let records = [history.as_ref(), prisma.as_ref()];
            Ok(Server::of(server, state, records))
        };
        self.server = read().map_err(|unreadable: Unreadable| unreadable.doing(DOING))?;
        Ok(())
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
                SimpleQueryMessage::RowDescription(columns) => {
                    answers.push(Rows::new(columns.iter().map(|column| column.name())));
                    open = true;
                }
                SimpleQueryMessage::Row(row) if open => {
                    if let Some(rows) = answers.last_mut() {
                        rows.push(&row, &self.reading);
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
    /// `PLAIN_NAMES` and `NOT_COMPILED`.
    ///
    /// # Errors
    ///
    /// As [`Session::batch`].
    pub fn ask(&mut self, doing: &'static str, question: &str) -> Result<Vec<Rows>, QueryError> {
        // Statements sent together are one transaction (manual, protocol flow: multiple statements in a simple query).
        let tables_only = self.server.tables_only();
        let settings = format!("{PLAIN_NAMES};\n{NOT_COMPILED};\n{tables_only}");
        self.batch(doing, &(settings + question))
    }

    /// The rows of one query, asked as by [`Session::ask`].
    pub(crate) fn query<A: Answer>(
        &mut self,
        doing: &'static str,
        parameters: &Parameters,
    ) -> Result<Vec<A>, QueryError> {
        let mut batch = Batch::default();
        let asked = batch.ask::<A>(self.server.version(), parameters);
        let mut answers = Answers::new(self.ask(doing, &batch.sql())?);
        let rows = answers.take(asked);
        rows.map_err(|unreadable| unreadable.doing(doing))
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
            history: HistoryState::Absent,
            may_read_prisma_history: false,
            history_is_subscribed: false,
            may_ask_wal_position: false,
        }
    }

    fn of(
        row: ServerRow,
        state: HistoryState,
        [history, prisma]: [Option<&RecordTable>; 2],
    ) -> Server {
        let schemas = row.schemas.unwrap_or_default();
        Server {
            version_number: row.version_number,
            version: row.version,
            database: row.database,
            database_oid: row.database_oid,
            user: row.role,
            superuser: row.is_superuser,
            bypasses_row_security: row.bypasses_row_security,
            in_recovery: row.is_in_recovery,
            read_only: row.is_read_only,
            session_replication_role: row.session_replication_role,
            schema_oid: row.schema_oid,
            may_create_schemas: row.may_create_schemas,
            may_use_schema: row.may_use_schema,
            may_create_tables: row.may_create_tables,
            schemas: schemas.join(", "),
            backend_pid: row.backend_pid,
            may_read_history: history.is_some_and(RecordTable::may_be_read),
            history: state,
            may_read_prisma_history: prisma.is_some_and(RecordTable::may_be_read_of_prisma),
            history_is_subscribed: history.is_some_and(|table| table.is_subscribed),
            may_ask_wal_position: row.may_ask_wal_position,
        }
    }
}

answer! {
    struct ServerRow of "server" {
        version_number: u32,
        version: String,
        database: String,
        database_oid: u32,
        backend_pid: i32,
        role: String,
        is_superuser: bool,
        bypasses_row_security: bool,
        is_in_recovery: bool,
        is_read_only: bool,
        session_replication_role: String,
        schema_oid: Option<u32>,
        may_create_schemas: bool,
        may_use_schema: bool,
        may_create_tables: bool,
        schemas: Option<Vec<String>>,
        may_ask_wal_position: bool,
    }
}

answer! {
    struct KeptSession of "keep_idle_session" {
        #[expect(dead_code, reason = "it is set, and not read")]
        idle_session_timeout: String,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[ServerRow::QUERY, KeptSession::QUERY];
