//! What a proof is about, and how far it may go.

use std::collections::BTreeMap;

use leora_schema::dsl::Declaration;

use crate::model::{Identifier, Schema};
use crate::verify::check::{CheckId, Group};
use crate::verify::checks;
use crate::verify::user_code::CodeByTable;

/// Everything a proof is planned from.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The schema that the application's tables stand in.
    pub schema: &'a Identifier,
    /// What stands there.
    pub actual: &'a Schema,
    /// What is promised: all tables, those that stood before included.
    pub desired: &'a Schema,
    /// The declaration, which the behaviour of the new models is derived from.
    pub declaration: &'a Declaration,
    /// How large the tables are; one it does not name is empty.
    pub sizes: &'a BTreeMap<Identifier, TableSize>,
    /// The foreign keys in the order in which a delete fires them.
    pub firing_order: &'a [KeyName],
    /// The user-defined code that work on rows runs.
    pub user_code: &'a CodeByTable,
    /// Whether row-level security does not hold for the role that tries.
    pub bypasses_row_security: bool,
    /// Whether the role may do everything, so that what is refused for want of rights is refused to everybody.
    pub superuser: bool,
    /// How far the proof may go.
    pub options: &'a ProofOptions,
}

impl Subject<'_> {
    /// Whether rows are seen and made in the name of one tenant at a time.
    pub(super) fn is_one_tenant_at_a_time(&self) -> bool {
        !self.bypasses_row_security && !self.options.set.is_empty()
    }
}

/// How large PostgreSQL last found a table to be (`pg_class.relpages`, `reltuples`), its counters of
/// rows inserted and deleted telling more where they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TableSize {
    /// Pages of 8 kB.
    pub pages: u64,
    /// Rows.
    pub rows: u64,
}

/// A foreign key by name: its table and itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct KeyName {
    /// The referencing table.
    pub table: Identifier,
    /// The constraint.
    pub constraint: Identifier,
}

/// How far a proof may go.
#[derive(Clone, Debug)]
pub struct ProofOptions {
    /// The groups whose checks are answered; all, when none is named. Nothing is tried for the others.
    pub only: Vec<Group>,
    /// Whether user-defined triggers and rules may fire, and functions that are not trusted run.
    pub allow_user_code: bool,
    /// Settings that row-level security reads, by name (`[verify.set]`); `{tenant}` in a value stands
    /// for the id of the tenant whose rows are concerned.
    pub set: BTreeMap<String, String>,
    /// The pages that may be read for foreign keys without an index, altogether.
    pub max_pages: u64,
    /// How long to wait for a lock, in milliseconds.
    pub lock_timeout_ms: u32,
    /// How long the whole proof may take, in milliseconds.
    pub statement_timeout_ms: u32,
    /// What makes the values differ from one proof to the next, so that two at a time do not meet.
    pub seed: u64,
}

impl Default for ProofOptions {
    fn default() -> Self {
        ProofOptions {
            only: Vec::new(),
            allow_user_code: false,
            set: BTreeMap::new(),
            max_pages: 100_000,
            lock_timeout_ms: 500,
            statement_timeout_ms: 15_000,
            seed: 0,
        }
    }
}

impl ProofOptions {
    /// Whether the checks of `group` are to be answered.
    pub fn ask_for_group(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }

    /// Whether `check` is to be answered.
    pub(super) fn ask_for(&self, check: CheckId) -> bool {
        self.ask_for_group(check.group)
    }

    /// Whether any check that is tried on rows is.
    pub(super) fn ask_for_any(&self) -> bool {
        checks::are_tried(|group| self.ask_for_group(group))
    }
}
