//! Which server a session is on, and in which history.

use crate::query::{Answer as _, Answers, Batch, Parameters, Query, answer};
use crate::session::{QueryError, Session, Unreadable};

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

answer! {
    struct SystemIdentifier of "system_identifier" {
        system_identifier: String,
    }
}

answer! {
    struct WalTimeline of "wal_timeline" {
        file: Option<String>,
        flushed_bytes: Option<u64>,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[SystemIdentifier::QUERY, WalTimeline::QUERY];

impl ServerIdentity {
    /// Asks the server: one round trip, unless something may not be asked.
    ///
    /// # Errors
    ///
    /// When the connection is lost, or an answer cannot be read.
    pub(crate) fn of(session: &mut Session) -> Result<ServerIdentity, QueryError> {
        let version = session.server.version();
        let mut batch = Batch::default();
        let system = batch.ask::<SystemIdentifier>(version, &Parameters::default());
        let timeline = batch.ask::<WalTimeline>(version, &Parameters::default());
        if let Some(mut answers) = ask(session, &batch)? {
            let read = || {
                let system = answers.one(system)?.system_identifier;
                ServerIdentity::written(Some(system), answers.one(timeline)?)
            };
            return read().map_err(|unreadable| unreadable.doing(DOING));
        }
        let system = ServerIdentity::system(session)?;
        let mut batch = Batch::default();
        let timeline = batch.ask::<WalTimeline>(version, &Parameters::default());
        match ask(session, &batch)? {
            Some(mut answers) => {
                let timeline = answers.one(timeline);
                let identity = timeline.and_then(|row| ServerIdentity::written(system, row));
                identity.map_err(|unreadable| unreadable.doing(DOING))
            }
            None => Ok(ServerIdentity {
                system,
                ..ServerIdentity::default()
            }),
        }
    }

    /// Its system identifier alone; `None` when the role may not ask.
    pub(super) fn system(session: &mut Session) -> Result<Option<String>, QueryError> {
        let mut batch = Batch::default();
        let system =
            batch.ask::<SystemIdentifier>(session.server.version(), &Parameters::default());
        let Some(mut answers) = ask(session, &batch)? else {
            return Ok(None);
        };
        let row = answers.one(system);
        let row = row.map_err(|unreadable| unreadable.doing(DOING))?;
        Ok(Some(row.system_identifier))
    }

    /// With what it writes. The first eight digits of a WAL file's name are the timeline.
    fn written(system: Option<String>, row: WalTimeline) -> Result<ServerIdentity, Unreadable> {
        let timeline = row.file.map(|file| {
            let digits = file.get(..8);
            let timeline = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            timeline.ok_or(Unreadable::Unexpected {
                query: WalTimeline::QUERY.name,
                column: "file",
                expected: "name of a WAL file",
                found: Some(file),
            })
        });
        Ok(ServerIdentity {
            system,
            timeline: timeline.transpose()?,
            flushed: row.flushed_bytes,
        })
    }
}

const DOING: &str = "asking which server this is";

/// The answers, when the role may ask.
fn ask(session: &mut Session, batch: &Batch) -> Result<Option<Answers>, QueryError> {
    match session.ask(DOING, &batch.sql()) {
        Ok(answers) => Ok(Some(Answers::new(answers))),
        Err(error) if error.is_loss() || error.unreadable().is_some() => Err(error),
        Err(_) => Ok(None),
    }
}
