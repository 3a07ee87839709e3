//! Who replicates.

use crate::session::Rows;
use leora_core::model::replication::{Publication, Replication, Slot};

use super::cell::{name, text, yes};

/// Reads the answer of [`crate::catalog`]'s question.
pub(super) fn replication(rows: &Rows) -> Replication {
    let mut replication = Replication::default();
    for row in rows {
        match text(row, 0) {
            "p" => replication.publications.push(Publication {
                name: name(row, 1),
                new_tables: yes(row, 2),
                history: yes(row, 3),
            }),
            "s" => replication.slots.push(Slot {
                name: name(row, 1),
                is_active: yes(row, 2),
                plugin: text(row, 4).to_owned(),
                retained_bytes: row.number(5),
            }),
            _ => {
                replication.subscribed.insert(name(row, 1));
            }
        }
    }
    replication
}
