//! A connection, and what its server says of a statement before the statement has ended.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use postgres::Client;
use postgres::error::{DbError, Severity};

use leora_core::plan::locking::{HELD, QUEUED};

/// A connection.
pub struct Connection {
    client: Client,
    heard: Heard,
}

/// What the server said of the statements under way. Clones share it, so that it can be looked at while another
/// thread waits for the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Notices>>);

/// The messages that matter here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Notices {
    /// When it said that the transaction queues for a lock ([`QUEUED`]).
    pub(crate) queued: Option<Instant>,
    /// When it said that the transaction holds its locks ([`HELD`]).
    pub(crate) held: Option<Instant>,
    /// Whether a transaction committed without the synchronous standby's confirmation.
    pub(crate) only_local: bool,
}

impl Heard {
    /// What was heard since the last [`Heard::forget`].
    pub(crate) fn notices(&self) -> Notices {
        *self.lock()
    }

    /// Begins anew.
    pub(crate) fn forget(&self) {
        *self.lock() = Notices::default();
    }

    /// Takes in what the server says. A server flushes each message as it is raised (`send_message_to_frontend`, elog.c).
    pub(super) fn hear(&self, said: &DbError) {
        let mut notices = self.lock();
        match said.code().code() {
            QUEUED => notices.queued = Some(Instant::now()),
            HELD => notices.held = Some(Instant::now()),
            // PostgreSQL gives this warning no code of its own; the function that raises it is never translated.
            _ if said.parsed_severity() == Some(Severity::Warning)
                && said.routine() == Some("SyncRepWaitForLSN") =>
            {
                notices.only_local = true;
            }
            _ => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Notices> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    pub(super) fn new(client: Client, heard: Heard) -> Connection {
        Connection { client, heard }
    }

    /// What the server says on it.
    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }
}

/// One on which nothing is heard but answers.
impl From<Client> for Connection {
    fn from(client: Client) -> Connection {
        Connection::new(client, Heard::default())
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}
