//! Which server a session is on, and in which history.

use crate::session::{QueryError, Rows, Session};

/// What tells a server, and one that took over from it, from all others.
///
/// Everybody may execute the functions asked in a PostgreSQL as it is made (tried as a role without rights on 13 to
/// 18); a provider may have revoked that, and then it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerIdentity {
    /// The system identifier, which a primary and its standbys share (`pg_control_system`).
    pub(super) system: Option<String>,
    /// The timeline that it writes; a promotion begins a later one. Nothing of a standby.
    pub(super) timeline: Option<u32>,
    /// How far its WAL was flushed, in bytes. An older copy of the server is behind that.
    pub(super) flushed: Option<u64>,
}

const SYSTEM: &str = "SELECT system_identifier FROM pg_catalog.pg_control_system()";

/// The first eight digits of a WAL file's name are the timeline (manual, 30.6). Not from `pg_control_checkpoint`, which
/// has the last checkpoint's: after a promotion that is still the old one (`CreateEndOfRecoveryRecord` in xlog.c).
const TIMELINE: &str = "\
SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_flush_lsn(), '0/0') END";

impl ServerIdentity {
    /// Asks the server: one round trip, unless something may not be asked.
    ///
    /// # Errors
    ///
    /// When the connection is lost.
    pub(crate) fn of(session: &mut Session) -> Result<ServerIdentity, QueryError> {
        if let Some(answers) = ask(session, &format!("{SYSTEM};\n{TIMELINE}"))? {
            return Ok(ServerIdentity {
                system: answers.first().and_then(text),
                timeline: answers.get(1).and_then(timeline),
                flushed: answers.get(1).and_then(flushed),
            });
        }
        let system = ServerIdentity::system(session)?;
        let answers = ask(session, TIMELINE)?.unwrap_or_default();
        Ok(ServerIdentity {
            system,
            timeline: answers.first().and_then(timeline),
            flushed: answers.first().and_then(flushed),
        })
    }

    /// Its system identifier alone; `None` when the role may not ask.
    pub(super) fn system(session: &mut Session) -> Result<Option<String>, QueryError> {
        let answers = ask(session, SYSTEM)?;
        Ok(answers.and_then(|answers| text(answers.first()?)))
    }
}

/// The answers, when the role may ask.
fn ask(session: &mut Session, question: &str) -> Result<Option<Vec<Rows>>, QueryError> {
    match session.ask("asking which server this is", question) {
        Ok(answers) => Ok(Some(answers)),
        Err(error) if error.is_loss() => Err(error),
        Err(_) => Ok(None),
    }
}

fn text(rows: &Rows) -> Option<String> {
    Some(rows.first()?.get(0)?.to_owned())
}

fn timeline(rows: &Rows) -> Option<u32> {
    u32::from_str_radix(text(rows)?.get(..8)?, 16).ok()
}

fn flushed(rows: &Rows) -> Option<u64> {
    rows.first()?.get(1)?.parse().ok()
}
