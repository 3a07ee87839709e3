//! Who holds what is waited for.

use std::time::Duration;

use crate::query::{Answer as _, Parameters, Query, answer};
use crate::session::{QueryError, Session};
use leora_core::model::name::literal;
use leora_core::plan::script::PRISMA_ADVISORY_LOCK;
use leora_core::plan::{Lock, LockMode};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The advisory lock that keeps migrations apart, Prisma's included.
    OtherMigration,
    /// That nobody holds a table of the schema ACCESS EXCLUSIVE, which keeps readers out.
    Reading,
    /// These locks on tables.
    Tables(Vec<Lock>),
}

/// A session that holds, or waits for, a lock that conflicts with what is waited for. What the role
/// may not see of others' sessions (it takes `pg_read_all_stats`) is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// Its server process; `None` for a prepared transaction, which has none.
    pub pid: Option<i32>,
    /// Its transaction, as `pg_locks.virtualtransaction` names it.
    pub transaction: String,
    /// Its role.
    pub user: Option<String>,
    /// Its `application_name`.
    pub application: Option<String>,
    /// The address it comes from; `None` for a local socket too.
    pub client_address: Option<String>,
    /// `active`, `idle in transaction`, ..., or what kind of server process it is.
    pub state: Option<String>,
    /// How old its transaction is.
    pub age: Option<Duration>,
    /// Its present or last statement, or the name of the prepared transaction.
    pub query: Option<String>,
    /// What it holds: `ROW EXCLUSIVE on "Order"`.
    pub holds: String,
    /// Whether it waits for that itself, before us.
    pub waits_too: bool,
    /// Whether it is an autovacuum, which gives way to nobody who waits for less than
    /// `deadlock_timeout`.
    pub is_autovacuum: bool,
}

impl Blocker {
    /// What it is called: its process, or the name of the prepared transaction.
    pub fn name(&self) -> String {
        match (self.pid, &self.query) {
            (Some(pid), _) => format!("pid {pid}"),
            (None, Some(gid)) => format!("prepared transaction {}", literal(gid)),
            (None, None) => "a prepared transaction".to_owned(),
        }
    }
}

/// Those who block what is `awaited`, at this moment. Asked from a session that does not wait itself,
/// and so right behind a pooler too.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn blockers(session: &mut Session, awaited: &Awaited) -> Result<Vec<Blocker>, QueryError> {
    // Under the lock that keeps migrations apart the tables are read.
    let (advisory, modes, locks) = match awaited {
        Awaited::OtherMigration => (
            PRISMA_ADVISORY_LOCK.to_string(),
            AGAINST_READERS,
            Vec::new(),
        ),
        Awaited::Reading => (String::new(), AGAINST_READERS, Vec::new()),
        Awaited::Tables(locks) => (String::new(), &[][..], conflicting(locks)),
    };
    let parameters = Parameters::of_schema(&session.schema)
        .text("advisory", advisory)
        .texts("modes", modes.iter().map(|mode| mode.in_pg_locks()))
        .texts("locks", locks.iter().map(String::as_str));
    let holders =
        session.query::<LockHolder>("asking who holds the locks waited for", &parameters)?;
    Ok(holders.into_iter().map(holder).collect())
}

/// The modes that keep others from reading a table.
const AGAINST_READERS: &[LockMode] = &[LockMode::AccessExclusive];

/// The locks, each a mode and a table, that conflict with `locks`.
fn conflicting(locks: &[Lock]) -> Vec<String> {
    let of_lock = |lock: &Lock| {
        let (table, mode) = (lock.table.as_str().to_owned(), lock.mode);
        let modes = LockMode::ALL.into_iter();
        let conflicts = modes.filter(move |other| other.conflicts_with(mode));
        conflicts.map(move |other| format!("{} {table}", other.in_pg_locks()))
    };
    locks.iter().flat_map(of_lock).collect()
}

/// Those whom the server process `pid`, which waits, waits for.
pub(super) fn blocking(session: &mut Session, pid: i32) -> Result<Vec<Blocker>, QueryError> {
    let parameters = Parameters::default().text("pid", pid.to_string());
    let rows = session.query::<BlockingSession>("asking who is waited for", &parameters)?;
    let blocker = |row: BlockingSession| Blocker {
        pid: row.pid,
        transaction: row.transaction,
        user: row.role,
        application: row.application,
        client_address: row.client_address,
        state: row.state,
        age: row.transaction_seconds.and_then(duration),
        query: row.query,
        holds: "a transaction that began before".to_owned(),
        waits_too: false,
        is_autovacuum: row.is_autovacuum,
    };
    Ok(rows.into_iter().map(blocker).collect())
}

answer! {
    struct LockHolder of "lock_holders" {
        pid: Option<i32>,
        transaction: String,
        role: Option<String>,
        application: Option<String>,
        client_address: Option<String>,
        state: Option<String>,
        transaction_seconds: Option<f64>,
        query: Option<String>,
        mode: LockMode,
        relation: Option<String>,
        is_waiting: bool,
        is_autovacuum: bool,
    }
}

answer! {
    struct BlockingSession of "blocking_sessions" {
        pid: Option<i32>,
        transaction: String,
        role: Option<String>,
        application: Option<String>,
        client_address: Option<String>,
        state: Option<String>,
        transaction_seconds: Option<f64>,
        query: Option<String>,
        is_autovacuum: bool,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[LockHolder::QUERY, BlockingSession::QUERY];

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

fn holder(row: LockHolder) -> Blocker {
    Blocker {
        pid: row.pid,
        transaction: row.transaction,
        user: row.role,
        application: row.application,
        client_address: row.client_address,
        state: row.state,
        age: row.transaction_seconds.and_then(duration),
        query: row.query,
        holds: match row.relation {
            Some(table) => format!("{} on \"{table}\"", row.mode),
            None => format!("advisory lock {PRISMA_ADVISORY_LOCK}"),
        },
        waits_too: row.is_waiting,
        is_autovacuum: row.is_autovacuum,
    }
}
