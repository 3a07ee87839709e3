//! The locks PostgreSQL takes on tables, by its own names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Identifier;

/// A table-level lock mode, weakest first (PostgreSQL manual, 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum LockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

impl LockMode {
    /// All modes, weakest first.
    pub const ALL: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    /// The name `pg_locks.mode` shows.
    pub fn in_pg_locks(self) -> &'static str {
        match self {
            LockMode::AccessShare => "AccessShareLock",
            LockMode::RowShare => "RowShareLock",
            LockMode::RowExclusive => "RowExclusiveLock",
            LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            LockMode::Share => "ShareLock",
            LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
            LockMode::Exclusive => "ExclusiveLock",
            LockMode::AccessExclusive => "AccessExclusiveLock",
        }
    }

    /// Whether two sessions cannot hold them on one table (PostgreSQL manual, table 13.2).
    pub fn conflicts_with(self, other: LockMode) -> bool {
        use LockMode::{
            AccessExclusive, Exclusive, RowExclusive, RowShare, Share, ShareRowExclusive,
            ShareUpdateExclusive,
        };
        let (weaker, stronger) = (self.min(other), self.max(other));
        match stronger {
            AccessExclusive => true,
            Exclusive => weaker >= RowShare,
            ShareRowExclusive => weaker >= RowExclusive,
            Share => matches!(weaker, RowExclusive | ShareUpdateExclusive),
            ShareUpdateExclusive => weaker == ShareUpdateExclusive,
            _ => false,
        }
    }

    /// Whether it makes INSERT, UPDATE and DELETE wait (it conflicts with ROW EXCLUSIVE).
    pub fn blocks_writes(self) -> bool {
        self >= LockMode::Share
    }

    /// Whether it makes SELECT wait too (it conflicts with ACCESS SHARE).
    pub fn blocks_reads(self) -> bool {
        self == LockMode::AccessExclusive
    }

    /// What others notice of it, in words.
    pub fn effect(self) -> &'static str {
        if self.blocks_reads() {
            "blocks reads and writes"
        } else if self.blocks_writes() {
            "blocks writes, not reads"
        } else {
            "blocks neither reads nor writes"
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LockMode::AccessShare => "ACCESS SHARE",
            LockMode::RowShare => "ROW SHARE",
            LockMode::RowExclusive => "ROW EXCLUSIVE",
            LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            LockMode::Share => "SHARE",
            LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            LockMode::Exclusive => "EXCLUSIVE",
            LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
        })
    }
}

/// The strongest lock that a step takes on a table that stood before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lock {
    /// The table.
    pub table: Identifier,
    /// The mode.
    pub mode: LockMode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_conflict_as_the_manual_has_it() {
        // Table 13.2, a row a mode, weakest first.
        let table = [
            "       X", "      XX", "    XXXX", "   XXXXX", "  XX XXX", "  XXXXXX", " XXXXXXX",
            "XXXXXXXX",
        ];
        for (mode, row) in LockMode::ALL.into_iter().zip(table) {
            let found: String = LockMode::ALL
                .into_iter()
                .map(|other| if mode.conflicts_with(other) { 'X' } else { ' ' })
                .collect();
            assert_eq!(found, row, "{mode}");
        }
    }

    /// SELECT takes ACCESS SHARE; INSERT, UPDATE and DELETE take ROW EXCLUSIVE.
    #[test]
    fn a_mode_blocks_what_it_conflicts_with() {
        for mode in LockMode::ALL {
            let reads = mode.conflicts_with(LockMode::AccessShare);
            let writes = mode.conflicts_with(LockMode::RowExclusive);
            assert_eq!(
                (mode.blocks_reads(), mode.blocks_writes()),
                (reads, writes),
                "{mode}"
            );
        }
    }
}
