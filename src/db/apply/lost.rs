//! What became of a transaction whose connection was lost.

use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use super::{APPLICATION_NAME, Outcome};
use crate::db::connect::Target;
use crate::db::session::Session;
use crate::model::Identifier;
use crate::model::name::literal;

/// The truth about a lost transaction.
pub(in crate::db) enum Fate {
    /// It committed; here is another session.
    Committed(Box<Session>),
    /// It did not, or nobody knows.
    Not(Outcome),
}

/// Connects again, within `patience`, and asks for the transaction with this id, which was to leave, in
/// the history, the record that `recorded` finds.
pub(in crate::db) fn fate(
    target: &Target,
    interrupt: &Interrupt,
    schema: &Identifier,
    transaction: &str,
    recorded: &str,
    patience: Duration,
) -> Fate {
    let began = Instant::now();
    while began.elapsed() < patience && interrupt.signal().is_none() {
        let session = target
            .connect(APPLICATION_NAME)
            .ok()
            .and_then(|client| Session::open(client, schema.clone()).ok());
        if let Some(mut session) = session {
            match ask(&mut session, transaction, recorded) {
                Some(true) => return Fate::Committed(Box::new(session)),
                Some(false) => return Fate::Not(Outcome::RolledBack),
                None => {}
            }
        }
        interrupt.sleep(Duration::from_millis(300));
    }
    Fate::Not(Outcome::Unknown)
}

/// Whether it committed; `None` while it is in progress, or nobody answers.
fn ask(session: &mut Session, transaction: &str, recorded: &str) -> Option<bool> {
    let status = format!(
        "SELECT pg_catalog.pg_xact_status({}::xid8)",
        literal(transaction)
    );
    let answer = session.ask("asking what became of the transaction", &status);
    let known = answer.ok().and_then(|answers| {
        let status = answers.first()?.first()?.get(0)?;
        Some(status.to_owned())
    });
    match known.as_deref() {
        Some("committed") => return Some(true),
        Some("aborted") => return Some(false),
        Some(_) => return None,
        None => {}
    }
    // Another server took over, or the id is too old to be known: what was written tells.
    let exists = "SELECT pg_catalog.to_regclass('leora_migrate.migration') IS NOT NULL";
    let first = |session: &mut Session, sql: &str| {
        let answers = session.ask("looking for the record", sql).ok()?;
        let answer = answers.first()?.first()?.get(0)?;
        Some(answer == "t")
    };
    if first(session, exists)? {
        first(session, &format!("SELECT EXISTS ({recorded})"))
    } else {
        Some(false)
    }
}
