//! Who holds what is waited for.

use std::time::Duration;

use crate::session::{QueryError, Row, Session};
use leora_core::model::Identifier;
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
    let which = match awaited {
        // Under the lock that keeps migrations apart the tables are read.
        Awaited::OtherMigration => format!(
            "(l.locktype = 'advisory' AND l.classid = '0' AND l.objid = '{PRISMA_ADVISORY_LOCK}' AND l.objsubid = 1 \
             OR {})",
            against_readers(&session.schema)
        ),
        Awaited::Reading => against_readers(&session.schema),
        Awaited::Tables(locks) => on_tables(&session.schema, locks),
    };
    let question = QUESTION.replace("{which}", &which);
    let answers = session.ask("asking who holds the locks waited for", &question)?;
    Ok(answers.iter().flatten().map(read).collect())
}

/// Those whom the server process `pid`, which waits, waits for.
pub(super) fn blocking(session: &mut Session, pid: i32) -> Result<Vec<Blocker>, QueryError> {
    let question = format!(
        "SELECT nullif(b.pid, 0), b.pid, a.usename, a.application_name, a.client_addr,\n  \
         CASE WHEN a.backend_type = 'client backend' THEN a.state ELSE a.backend_type END,\n  \
         extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start), nullif(a.query, ''), NULL, NULL, false,\n  \
         coalesce(a.backend_type = 'autovacuum worker', false)\n\
         FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids({pid})) b(pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid"
    );
    let answers = session.ask("asking who is waited for", &question)?;
    let mut blockers: Vec<_> = answers.iter().flatten().map(read).collect();
    for blocker in &mut blockers {
        blocker.holds = "a transaction that began before".to_owned();
    }
    Ok(blockers)
}

fn against_readers(schema: &Identifier) -> String {
    format!(
        "l.locktype = 'relation' AND l.mode = {} AND n.nspname = {}",
        literal(LockMode::AccessExclusive.in_pg_locks()),
        literal(schema.as_str())
    )
}

fn on_tables(schema: &Identifier, locks: &[Lock]) -> String {
    let conflicts: Vec<_> = locks
        .iter()
        .flat_map(|lock| {
            let modes = LockMode::ALL.into_iter();
            modes
                .filter(|mode| mode.conflicts_with(lock.mode))
                .map(|mode| {
                    let (table, mode) = (literal(lock.table.as_str()), literal(mode.in_pg_locks()));
                    format!("({table}, {mode})")
                })
        })
        .collect();
    if conflicts.is_empty() {
        return "false".to_owned();
    }
    format!(
        "l.locktype = 'relation' AND n.nspname = {} AND (c.relname, l.mode) IN ({})",
        literal(schema.as_str()),
        conflicts.join(", ")
    )
}

/// A prepared transaction's locks have no process, and the name that its transaction had in the session that prepared
/// it, or a name of their own after a restart (`twophase.c`, `MarkAsPreparing`): the lock on its own id tells whose they are.
const QUESTION: &str = "\
SELECT DISTINCT ON (l.virtualtransaction) l.pid, l.virtualtransaction, coalesce(a.usename, p.owner),
       a.application_name, a.client_addr,
       CASE WHEN l.pid IS NULL THEN 'prepared' WHEN a.backend_type = 'client backend' THEN a.state
            ELSE a.backend_type END,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, p.prepared)),
       coalesce(p.gid, nullif(a.query, '')), l.mode, c.relname, NOT l.granted,
       coalesce(a.backend_type = 'autovacuum worker', false)
FROM pg_locks l
LEFT JOIN pg_class c ON c.oid = l.relation
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
LEFT JOIN (
  SELECT x.virtualtransaction, p.owner, p.prepared, p.gid
  FROM pg_prepared_xacts p
  JOIN pg_locks x ON x.transactionid = p.transaction AND x.pid IS NULL
) p ON l.pid IS NULL AND p.virtualtransaction = l.virtualtransaction
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = pg_catalog.current_database())
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND {which}
ORDER BY l.virtualtransaction, NOT l.granted";

fn read(row: &Row) -> Blocker {
    let text = |i: usize| row.get(i).map(str::to_owned);
    let mode = LockMode::ALL
        .into_iter()
        .find(|mode| row.get(8) == Some(mode.in_pg_locks()));
    let mode = mode.map(|mode| mode.to_string()).unwrap_or_default();
    let holds = match row.get(9) {
        Some(table) => format!("{mode} on \"{table}\""),
        None => format!("advisory lock {PRISMA_ADVISORY_LOCK}"),
    };
    Blocker {
        pid: row.get(0).and_then(|pid| pid.parse().ok()),
        transaction: text(1).unwrap_or_default(),
        user: text(2),
        application: text(3).filter(|name| !name.is_empty()),
        client_address: text(4),
        state: text(5),
        age: row
            .get(6)
            .and_then(|seconds| seconds.parse::<f64>().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        query: text(7),
        holds,
        waits_too: row.get(10) == Some("t"),
        is_autovacuum: row.get(11) == Some("t"),
    }
}
