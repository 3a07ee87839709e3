//! Runs a proof's programme: one transaction, one round trip, rolled back whatever happens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::apply::{Awaited, blockers};
use super::introspect::{code_query, settings_for};
use super::query::{Answer as _, Parameters, Query, answer};
use super::session::{QueryError, Server, Session};
use leora_core::diff::Object;
use leora_core::graph::Mark;
use leora_core::model::{Identifier, said};
use leora_core::plan::{Lock, LockMode};
use leora_core::verify::check::Check;
use leora_core::verify::proof::{
    AlsoLocked, Evidence, Failure, FirstRound, Gathered, Programme, Proof, ServerFailure, Subject,
    is_server_failure,
};

/// Interprets a programme: makes its rows, makes each trial in a subtransaction that is undone, and
/// leaves the answers in a setting that ends with the transaction.
const INTERPRETER: &str = include_str!("probe.sql");

/// Set for the trials: each finds its rows by their keys, and foreign keys theirs by an index where there is one. A
/// table that looks small is read whole otherwise, with all that the trials before have left in it, dead.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off;\nSET LOCAL enable_bitmapscan = off";

/// What came of a proof.
pub struct Proved {
    /// Every check that is tried on rows.
    pub checks: Vec<Check>,
    /// What came of deleting the row that each foreign key names.
    pub deletes: BTreeMap<Object, Mark>,
    /// The failure of the server, when one kept something from being found out.
    pub server_failure: Option<ServerFailure>,
}

/// Tries everything that there is to try on `subject`, which `first` was written for, and judges it.
pub fn prove(session: &mut Session, subject: &Subject<'_>, first: FirstRound) -> Proved {
    let mut proof = Proof::new(subject, first);
    while let Some(programme) = proof.next() {
        let mut evidence = run(session, programme);
        // The last of them asks who holds the lock.
        let most = proof.round_trips_left().min(MOST_RETRIES + 1);
        let mut more = 0;
        while let Some(failure) = locked_out(&mut evidence).filter(|_| more < most) {
            more += 1;
            if more == most {
                match held(session, programme) {
                    Ok(held) => failure.message += &held,
                    Err(error) => evidence = cut_off(&error),
                }
            } else {
                std::thread::sleep(PAUSE);
                evidence = run(session, programme);
            }
        }
        proof.learn_after(more, evidence);
    }
    Proved {
        checks: proof.checks(),
        deletes: proof.deletes(),
        server_failure: proof.server_failure(),
    }
}

/// The tables that are locked besides those that are `named`, as SQL, when rows of these are made, changed and deleted.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn also_locked(session: &mut Session, named: &[String]) -> Result<Vec<AlsoLocked>, QueryError> {
    let named = named.iter().map(String::as_str);
    let parameters = Parameters::default().texts("tables", named);
    let rows = session.query::<LockedRow>("asking what is locked besides", &parameters)?;
    let also = |row: LockedRow| AlsoLocked {
        table: row.table,
        mode: row.mode,
    };
    Ok(rows.into_iter().map(also).collect())
}

answer! {
    struct LockedRow of "also_locked" {
        table: String,
        mode: LockMode,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[LockedRow::QUERY];

/// How often rows are made again that somebody's lock kept out.
const MOST_RETRIES: usize = 2;
const PAUSE: Duration = Duration::from_millis(250);

/// That a lock kept the rows from being made: 55P03, `lock_not_available`.
fn locked_out(evidence: &mut Evidence) -> Option<&mut Failure> {
    let Evidence::Gathered(gathered) = evidence else {
        return None;
    };
    let failure = gathered.build.failure.as_mut();
    failure.filter(|failure| failure.sqlstate == "55P03")
}

/// Who holds what keeps rows from being made, to go on behind the server's message.
fn held(session: &mut Session, programme: &Programme) -> Result<String, QueryError> {
    let lock = |table: &Identifier| Lock {
        table: table.clone(),
        mode: LockMode::RowExclusive,
    };
    let awaited = Awaited::Tables(programme.tables().map(lock).collect());
    let holding = blockers(session, &awaited)?;
    let said = holding.iter().map(|blocker| {
        let user = blocker
            .user
            .as_ref()
            .map_or(String::new(), |user| format!(" of {user}"));
        said(&format!(
            "; {}{user} holds {}",
            blocker.name(),
            blocker.holds
        ))
    });
    Ok(said.take(MOST_NAMED).collect())
}

/// The most sessions that are named.
const MOST_NAMED: usize = 3;

/// Runs `programme`, and rolls back.
///
/// Nothing is left behind: neither rows nor, as the programme gives every value itself, numbers taken
/// from sequences. When this process or the connection ends, the server notices within half a second
/// (PostgreSQL 14 on; before, when it has done), and rolls back.
pub fn run(session: &mut Session, programme: &Programme) -> Evidence {
    if let Some(reason) = takes_no_rows(&session.server) {
        return Evidence::NotTried(reason.to_owned());
    }
    if programme.is_empty() {
        return Evidence::Gathered(Gathered::default());
    }
    let began = Instant::now();
    let answers = match session.batch(
        "trying deletes on rows made for it",
        &sql(session, programme),
    ) {
        Ok(answers) => answers,
        Err(error) => {
            let rolled_back = if error.is_loss() {
                Ok(Vec::new())
            } else {
                session.batch("rolling back", "ROLLBACK")
            };
            let allowed = Duration::from_millis(programme.statement_timeout_ms.into());
            let in_time = began.elapsed() < allowed;
            return match rolled_back {
                Ok(_) => stopped(&error, in_time),
                Err(lost) => cut_off(&lost),
            };
        }
    };
    let text = answers
        .iter()
        .flatten()
        .next()
        .and_then(|row| row.get(0))
        .unwrap_or_default();
    match serde_json::from_str(text) {
        Ok(gathered) => Evidence::Gathered(gathered),
        Err(error) => Evidence::CutOff(ServerFailure(format!(
            "the server's answer could not be read: {error}"
        ))),
    }
}

/// Why nothing can be tried on `server` at all, when so.
pub fn takes_no_rows(server: &Server) -> Option<&'static str> {
    if server.in_recovery {
        Some("the server is a replica: it takes no rows, not even for a moment")
    } else if server.read_only {
        Some("transactions are read-only here (transaction_read_only)")
    } else {
        None
    }
}

/// What the error that ended a programme says: that the server failed, or that nothing could be tried.
fn stopped(error: &QueryError, in_time: bool) -> Evidence {
    let state = error.sqlstate().unwrap_or_default();
    if error.is_loss() || is_server_failure(state) {
        return cut_off(error);
    }
    Evidence::NotTried(match state {
        "42704" => {
            return Evidence::CutOff(ServerFailure(
                "the database has no PL/pgSQL, in which deletes are tried (CREATE EXTENSION plpgsql)".to_owned(),
            ));
        }
        "57014" if in_time => {
            let cancelled = "another session cancelled it (pg_cancel_backend)";
            return Evidence::CutOff(ServerFailure(cancelled.to_owned()));
        }
        "57014" => "it took longer than the time allowed, and was stopped".to_owned(),
        "25006" => "the transaction is read-only".to_owned(),
        _ => error.to_string(),
    })
}

fn cut_off(error: &QueryError) -> Evidence {
    Evidence::CutOff(ServerFailure(error.to_string()))
}

/// What [`run`] sends, as one text. PostgreSQL reads all of it before `standard_conforming_strings` is
/// set, so what may hold a backslash stands between dollar signs.
pub fn sql(session: &Session, programme: &Programme) -> String {
    let script = programme.script();
    let mut tag = "programme".to_owned();
    while script.contains(&format!("${tag}$")) {
        tag.push('_');
    }
    format!(
        "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED;\n{settings}{noticing}\
         SET LOCAL lock_timeout = {lock};\nSET LOCAL statement_timeout = {statement};\n\
         SET LOCAL plan_cache_mode = force_generic_plan;\n{BY_INDEX};\n\
         SET LOCAL leora_migrate.programme = ${tag}${script}${tag}$;\n\
         SET LOCAL leora_migrate.code_query = $query${code}$query$;\n\
         DO $interpreter${INTERPRETER}$interpreter$;\n\
         SELECT pg_catalog.current_setting('leora_migrate.evidence');\nROLLBACK",
        settings = settings_for(&session.schema),
        code = code_query(session),
        noticing = match session.server.version().has_connection_check() {
            true => "SET LOCAL client_connection_check_interval = '500ms';\n",
            false => "",
        },
        lock = programme.lock_timeout_ms,
        statement = programme.statement_timeout_ms,
    )
}
