//! From differences to steps, in an order that is safe on a live database.
//!
//! Additive means additive: nothing that stands is dropped, retyped or rewritten. What would need
//! that is refused, with the difference and the safe way.

pub mod audience;
mod class;
mod file;
mod grouping;
pub mod lock;
pub mod locking;
mod names;
mod planner;
pub mod prisma_record;
pub mod prisma_script;
pub mod published;
pub mod record;
pub mod script;
pub mod step;
pub mod undo;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use audience::{Audience, Grants, Remark, grants};
pub use class::{Basis, Database, PlanClass};
pub use file::{FORMAT_VERSION, NotAPlan, PlanFile};
pub use grouping::Grouping;
pub use lock::{Lock, LockMode};
pub use planner::plan;
pub use published::Published;
pub use step::{Hazard, Step, Transaction, Undo};

use crate::code::Code;
use crate::ddl::Change;
use crate::diff::Object;
use crate::model::{Identifier, Schema, in_a_line};

/// What would be done to a database, in order, and what would not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The migration's name.
    pub migration: String,
    /// The schema it works in.
    pub schema: Identifier,
    /// The steps, in order. Empty when there is nothing to do.
    pub steps: Vec<Step>,
    /// Which of them share a transaction.
    #[serde(default)]
    pub grouping: Grouping,
    /// What stands in the way. When there is anything here, nothing is done.
    pub refusals: Vec<Refusal>,
    /// Harmless differences of the tables concerned.
    pub notes: Vec<String>,
    /// Who may use the tables that it creates; `None` where it creates none, and where no database was asked.
    #[serde(default)]
    pub audience: Option<Audience>,
    /// The publications that would include what it makes; `None` where there is none, and where no database was asked.
    #[serde(default)]
    pub published: Option<Published>,
    /// The database that it was made for.
    pub database: Database,
    /// What was read of it to make the plan.
    pub basis: Basis,
}

/// A difference that no additive step settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its code, which `explain` takes.
    pub code: Code,
    /// What it is about.
    pub object: Object,
    /// What differs, and why that stops the plan.
    pub reason: String,
    /// The safe way to settle it by hand.
    pub remedy: String,
}

/// What is asked for: the tables to create, and those they hang on, which must stand.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The migration's name.
    pub migration: &'a str,
    /// The database to work in; the default where there is none.
    pub database: Database,
    /// The schema to work in.
    pub schema: &'a Identifier,
    /// The tables to create, in the order in which they are declared.
    pub created: &'a [Identifier],
    /// All tables concerned, those to create and those they reference, as they should be.
    pub desired: &'a Schema,
    /// The tables of the baseline, by whose privileges those to create are judged.
    pub existing: BTreeSet<&'a Identifier>,
}

/// What the plan for `request` depends on, of a database that is `actual`. `empty` is as for [`plan`].
pub fn basis(request: &Request<'_>, actual: &Schema, empty: &BTreeSet<Identifier>) -> Basis {
    let Schema {
        enums,
        domains,
        tables,
    } = request.desired;
    let held_rows = request
        .created
        .iter()
        .filter(|name| actual.tables.contains_key(*name))
        .filter(|name| !empty.contains(*name));
    Basis {
        schema: request.schema.clone(),
        stood: Schema {
            enums: standing(enums.keys(), &actual.enums),
            domains: standing(domains.keys(), &actual.domains),
            tables: standing(tables.keys(), &actual.tables),
        },
        held_rows: held_rows.cloned().collect(),
        grants: None,
    }
}

fn standing<'a, T: Clone>(
    names: impl Iterator<Item = &'a Identifier>,
    all: &BTreeMap<Identifier, T>,
) -> BTreeMap<Identifier, T> {
    names
        .filter_map(|name| Some((name.clone(), all.get(name)?.clone())))
        .collect()
}

impl Plan {
    /// Whether there is nothing to do and nothing in the way.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// The same as it is shown to people: nothing from the database can recolour, hide or fake a line. Its
    /// steps are safe already.
    pub fn shown(&self) -> Plan {
        let mut shown = self.clone();
        let refusals = shown.refusals.iter_mut();
        let texts = refusals.flat_map(|refusal| [&mut refusal.reason, &mut refusal.remedy]);
        for text in texts.chain(&mut shown.notes) {
            *text = in_a_line(text);
        }
        shown
    }

    /// Whether one transaction does it all.
    pub fn is_one_transaction(&self) -> bool {
        let together = |step: &Step| step.transaction == Transaction::Together;
        self.steps.iter().all(together) && self.transactions().len() == 1
    }

    /// Whether it drops what failed builds of indexes left, to build them again.
    pub fn drops_invalid_indexes(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.change, Change::DropIndex { .. }))
    }

    /// What it does, in one line: `create 3 tables, 8 indexes, 5 foreign keys`.
    pub fn summary(&self) -> String {
        let count =
            |is: fn(&Change) -> bool| self.steps.iter().filter(|step| is(&step.change)).count();
        let kinds: [(usize, &str, &str, &str); 9] = [
            (
                count(|c| matches!(c, Change::DropIndex { .. })),
                "drop",
                "INVALID index",
                "INVALID indexes",
            ),
            (
                count(|c| matches!(c, Change::CreateEnum { .. })),
                "create",
                "enum",
                "enums",
            ),
            (
                count(|c| matches!(c, Change::CreateTable { .. })),
                "create",
                "table",
                "tables",
            ),
            (
                count(|c| matches!(c, Change::AddColumn { .. })),
                "add",
                "column",
                "columns",
            ),
            (
                count(|c| matches!(c, Change::AddPrimaryKey { .. })),
                "add",
                "primary key",
                "primary keys",
            ),
            (
                count(|c| matches!(c, Change::CreateIndex { .. })),
                "create",
                "index",
                "indexes",
            ),
            (
                count(|c| matches!(c, Change::AddForeignKey { .. })),
                "add",
                "foreign key",
                "foreign keys",
            ),
            (
                count(|c| matches!(c, Change::ValidateForeignKey { .. })),
                "validate",
                "foreign key",
                "foreign keys",
            ),
            (
                count(|c| matches!(c, Change::Grant { .. })),
                "make",
                "grant",
                "grants",
            ),
        ];
        let mut parts = Vec::new();
        let mut last_verb = "";
        for (n, verb, one, many) in kinds.into_iter().filter(|(n, ..)| *n > 0) {
            let said = if verb == last_verb {
                String::new()
            } else {
                format!("{verb} ")
            };
            parts.push(format!("{said}{n} {}", if n == 1 { one } else { many }));
            last_verb = verb;
        }
        if parts.is_empty() {
            "nothing to do".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// The tables that stood before and that writes must wait for, with the strongest mode on each.
    pub fn blocking_locks(&self) -> BTreeMap<&Identifier, LockMode> {
        let mut strongest = BTreeMap::new();
        for lock in self
            .steps
            .iter()
            .flat_map(|step| &step.locks)
            .filter(|lock| lock.mode.blocks_writes())
        {
            let mode = strongest.entry(&lock.table).or_insert(lock.mode);
            *mode = (*mode).max(lock.mode);
        }
        strongest
    }
}
