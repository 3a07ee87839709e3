//! Publications, replication slots and subscribed tables.

use crate::query::{Answer as _, Answers, Asked, Batch, Parameters, Query, answer};
use crate::session::{Session, Unreadable};
use leora_core::model::Identifier;
use leora_core::model::replication::{Publication, Replication, Slot};

answer! {
    struct PublicationRow of "publications" [15] {
        name: Identifier,
        new_tables: bool,
        history: bool,
    }
}

answer! {
    struct SlotRow of "replication_slots" {
        name: Identifier,
        is_active: bool,
        plugin: String,
        restart_bytes: Option<u64>,
    }
}

answer! {
    struct WalPositionRow of "wal_position" {
        bytes: Option<u64>,
    }
}

answer! {
    struct SubscribedRow of "subscribed_tables" {
        name: Identifier,
    }
}

/// All queries here.
pub(super) const QUERIES: &[Query] = &[
    PublicationRow::QUERY,
    SlotRow::QUERY,
    WalPositionRow::QUERY,
    SubscribedRow::QUERY,
];

/// The queries about replication.
pub(super) struct AskedReplication {
    publications: Asked<PublicationRow>,
    slots: Asked<SlotRow>,
    subscribed: Asked<SubscribedRow>,
    /// Not asked by a role that may not.
    wal_position: Option<Asked<WalPositionRow>>,
}

impl AskedReplication {
    pub(super) fn ask(
        session: &Session,
        batch: &mut Batch,
        of_schema: &Parameters,
    ) -> AskedReplication {
        let version = session.server.version();
        AskedReplication {
            publications: batch.ask(version, of_schema),
            slots: batch.ask(version, of_schema),
            subscribed: batch.ask(version, of_schema),
            wal_position: session
                .server
                .may_ask_wal_position
                .then(|| batch.ask(version, of_schema)),
        }
    }

    pub(super) fn read(self, answers: &mut Answers) -> Result<Replication, Unreadable> {
        let publications = answers.take(self.publications)?.into_iter();
        let slots = answers.take(self.slots)?.into_iter();
        let subscribed = answers.take(self.subscribed)?.into_iter();
        let position = match self.wal_position {
            Some(asked) => answers.take(asked)?.first().and_then(|row| row.bytes),
            None => None,
        };
        let retained = |restart: u64| Some(position?.saturating_sub(restart));
        Ok(Replication {
            publications: publications
                .map(|row| Publication {
                    name: row.name,
                    new_tables: row.new_tables,
                    history: row.history,
                })
                .collect(),
            slots: slots
                .map(|row| Slot {
                    name: row.name,
                    is_active: row.is_active,
                    plugin: row.plugin,
                    retained_bytes: row.restart_bytes.and_then(retained),
                })
                .collect(),
            subscribed: subscribed.map(|row| row.name).collect(),
        })
    }
}
