//! Logical replication of a database: who gets its changes, and whose it gets.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Identifier;

/// What is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// The publications of the database.
    pub publications: Vec<Publication>,
    /// The logical slots of the database.
    pub slots: Vec<Slot>,
    /// The tables of the schema that a subscription writes to.
    pub subscribed: BTreeSet<Identifier>,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Its name.
    pub name: Identifier,
    /// Whether it includes each table that is created in the schema.
    pub new_tables: bool,
    /// Whether it includes the history of migrations.
    pub history: bool,
}

/// A logical replication slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its name; of a subscription's it is the subscription's name, unless that was given another.
    pub name: Identifier,
    /// Whether a session is connected to it.
    pub is_active: bool,
    /// Its output plugin: `pgoutput` for subscriptions.
    pub plugin: String,
    /// How many bytes of WAL the server keeps for it; `None` where they are lost.
    pub retained_bytes: Option<u64>,
}

impl Slot {
    /// The WAL that the server keeps for it, in words.
    pub fn retained(&self) -> String {
        match self.retained_bytes {
            None => "the WAL that it needs is gone".to_owned(),
            Some(bytes) if bytes < 10 * MEGABYTE => {
                format!("the server keeps {} kB of WAL for it", bytes.div_ceil(1024))
            }
            Some(bytes) => format!("the server keeps {} MB of WAL for it", bytes / MEGABYTE),
        }
    }

    /// Whether it is one that a subscription makes for the first copy of a table, and drops afterwards (`tablesync.c`).
    pub fn is_of_first_copy(&self) -> bool {
        let name = self.name.as_str();
        name.starts_with("pg_") && name.contains("_sync_")
    }
}

const MEGABYTE: u64 = 1024 * 1024;
