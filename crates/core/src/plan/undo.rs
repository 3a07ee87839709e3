//! Taking back what was recorded: the steps' own undo, in reverse, and nothing that others made.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::record;
use super::script::{Conditions, Exclusion, Guards, Stages, transaction};
use super::{Lock, LockMode, Refusal, Step};
use crate::code::Code;
use crate::ddl::Change;
use crate::diff::{Difference, DifferenceKind, Object, ObjectKind, compare};
use crate::model::access::Access;
use crate::model::name::literal;
use crate::model::{Identifier, IndexTarget, Schema, Table, TableReference};

/// The error code with which a rollback stops at rows that nobody agreed to lose.
pub const HOLDS_ROWS: &str = "LM001";

/// What takes a migration back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Undoing {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What was made and is no longer there.
    pub gone: Vec<String>,
    /// What stands in the way: things that others made, and that would go too.
    pub refusals: Vec<Refusal>,
    /// What holds rows, or may.
    pub discards: Vec<Discarded>,
}

/// A table that goes, or one of its columns, with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Discarded {
    /// The table.
    pub table: Identifier,
    /// The column; `None` when the table goes.
    pub column: Option<Identifier>,
}

/// What is recorded of a rollback.
pub struct Records<'a> {
    /// The runs that are rolled back.
    pub runs: &'a [uuid::Uuid],
    /// The machine from which that is done.
    pub host: &'a str,
    /// The statement that tells Prisma's history.
    pub prisma: Option<String>,
}

/// The way back from `done`, the steps that were done, in order. `actual` is what stands now, with the privileges that
/// `access` has.
pub fn undo(done: &[Step], actual: &Schema, access: &Access) -> Undoing {
    let mut made = BTreeMap::new();
    for step in done {
        if let Change::CreateTable { name, definition } = &step.change {
            made.insert(name, &**definition);
        }
    }
    let names = done.iter().map(|step| step.change.object_name()).collect();
    let mut undoing = Undoing::default();
    // What two runs made, because somebody took it away between them, is there once.
    let mut undone = Vec::new();
    for step in done.iter().rev() {
        let Some(back) = way_back(&step.change) else {
            continue;
        };
        if !undone.contains(&back) {
            undoing.take_back(&step.change, &back, &made, &names, actual, access);
            undone.push(back);
        }
    }
    undoing
}

/// One transaction takes all of it back; nothing in it can be concurrent.
fn way_back(change: &Change) -> Option<Change> {
    Some(match change.undo()? {
        Change::DropIndex { name, .. } => Change::DropIndex {
            name,
            concurrently: false,
        },
        back => back,
    })
}

impl Undoing {
    fn take_back(
        &mut self,
        change: &Change,
        back: &Change,
        made: &BTreeMap<&Identifier, &Table>,
        names: &BTreeSet<&Identifier>,
        actual: &Schema,
        access: &Access,
    ) {
        let stands = |table: &Identifier| actual.tables.get(table);
        let is_there = match change {
            Change::CreateTable { name, definition } => {
                if let Some(table) = stands(name) {
                    self.refuse_extras(name, table, definition);
                    self.discards.push(Discarded {
                        table: name.clone(),
                        column: None,
                    });
                }
                stands(name).is_some()
            }
            // It goes with its table, unless the table it references goes before.
            Change::AddForeignKey {
                table, name, key, ..
            } => {
                let to = match &key.references {
                    TableReference::Here(to) => to,
                    TableReference::Elsewhere { .. } => table,
                };
                if made.contains_key(table) && (to == table || !made.contains_key(to)) {
                    return;
                }
                stands(table).is_some_and(|table| table.foreign_keys.contains_key(name))
            }
            Change::AddColumn { table, .. }
            | Change::AddPrimaryKey { table, .. }
            | Change::CreateIndex { table, .. }
            | Change::Grant { table, .. }
                if made.contains_key(table) =>
            {
                return;
            }
            Change::AddColumn { table, column } => {
                let there =
                    stands(table).filter(|table| table.column(column.name.as_str()).is_some());
                if let Some(standing) = there {
                    self.refuse_indexes(table, &column.name, standing, names);
                    self.discards.push(Discarded {
                        table: table.clone(),
                        column: Some(column.name.clone()),
                    });
                }
                there.is_some()
            }
            Change::AddPrimaryKey { table, key } => stands(table)
                .and_then(|table| table.primary_key.as_ref())
                .is_some_and(|there| there.name == key.name),
            Change::CreateIndex { table, name, .. } => {
                stands(table).is_some_and(|table| table.indexes.contains_key(name))
            }
            Change::CreateEnum { name, .. } => actual.enums.contains_key(name),
            // A role that is gone has no privilege left.
            Change::Grant { table, to, .. } => access.has_grant(table, to),
            // What it completed is taken back itself.
            Change::ValidateForeignKey { .. }
            | Change::DropTable { .. }
            | Change::DropEnum { .. }
            | Change::DropColumn { .. }
            | Change::DropIndex { .. }
            | Change::DropConstraint { .. }
            | Change::Revoke { .. } => return,
        };
        if is_there {
            self.steps.push(Step::new(back.clone(), actual));
        } else {
            self.gone.push(change.object_name().to_string());
        }
    }

    /// What somebody else made on a table that would go with it.
    fn refuse_extras(&mut self, name: &Identifier, actual: &Table, definition: &Table) {
        let alone = |table: &Table| Schema {
            tables: BTreeMap::from([(name.clone(), table.clone())]),
            ..Schema::default()
        };
        let differences = compare(&alone(actual), &alone(definition));
        let extras = differences
            .into_iter()
            .filter(|difference| difference.kind == DifferenceKind::Unexpected);
        for Difference { object, .. } in extras {
            self.refuse(object, name);
        }
    }

    /// PostgreSQL drops the indexes of a column with it, whoever made them.
    fn refuse_indexes(
        &mut self,
        table: &Identifier,
        column: &Identifier,
        standing: &Table,
        made: &BTreeSet<&Identifier>,
    ) {
        let others = standing.indexes.iter().filter(|(name, index)| {
            let on_column = index
                .keys
                .iter()
                .any(|key| matches!(&key.on, IndexTarget::Column(on) if on == column));
            on_column && !made.contains(name)
        });
        for (name, _) in others {
            let object = Object::on(table, ObjectKind::Index, name);
            self.refuse(object, column);
        }
    }

    fn refuse(&mut self, object: Object, goes: &Identifier) {
        self.refusals.push(Refusal {
            code: Code::BuiltUpon,
            reason: format!(
                "{object} was not made by this migration, and would go with {}",
                goes.quoted()
            ),
            remedy: "Take it away first, by what made it.".to_owned(),
            object,
        });
    }

    /// The transaction. Rows in what goes stop it, unless `discard_rows`; they are looked for under the locks, so that
    /// nobody adds one meanwhile. `actual` is what exists now.
    pub fn stages(
        &self,
        schema: &Identifier,
        actual: &Schema,
        discard_rows: bool,
        records: Records<'_>,
        conditions: &Conditions,
    ) -> Stages {
        let steps: Vec<_> = self.steps.iter().enumerate().collect();
        let here = record::rolled_back(records.runs, records.host);
        transaction(
            schema,
            &steps,
            self.guards(actual, discard_rows),
            records.prisma.into_iter().chain([here]).collect(),
            Some(Exclusion::UntilCommit),
            conditions,
        )
    }

    fn guards(&self, actual: &Schema, discard_rows: bool) -> Guards {
        let own: BTreeSet<_> = self.discards.iter().map(|goes| &goes.table).collect();
        let mut checks = Vec::new();
        if !discard_rows && !self.discards.is_empty() {
            checks.push("SET LOCAL row_security = off".to_owned());
            checks.extend(self.discards.iter().map(Discarded::guard));
        }
        // DROP TABLE locks the tables that it references, in an order of its own; their foreign keys go one by one.
        let mut keys = BTreeMap::new();
        for step in &self.steps {
            let Change::DropTable { name: table } = &step.change else {
                continue;
            };
            let foreign_keys = actual.tables.get(table).map(|table| &table.foreign_keys);
            for (name, key) in foreign_keys.into_iter().flatten() {
                if let TableReference::Here(to) = &key.references
                    && !own.contains(to)
                {
                    let (table, name) = (table.clone(), name.clone());
                    let change = Change::DropConstraint { table, name };
                    keys.entry(to).or_insert_with(|| Step::new(change, actual));
                }
            }
        }
        let lock = |table: &Identifier| Lock {
            table: table.clone(),
            mode: LockMode::AccessExclusive,
        };
        Guards {
            own: own.into_iter().map(lock).collect(),
            checks,
            keys: keys.into_values().collect(),
        }
    }
}

impl Discarded {
    /// `"Order"`, or `"Order"."note"`.
    pub fn name(&self) -> String {
        match &self.column {
            None => self.table.quoted(),
            Some(column) => format!("{}.{}", self.table.quoted(), column.quoted()),
        }
    }

    /// The rows that would be lost, from FROM on.
    pub fn rows(&self) -> String {
        match &self.column {
            None => format!("FROM {}", self.table.quoted()),
            Some(column) => format!(
                "FROM {} WHERE {} IS NOT NULL",
                self.table.quoted(),
                column.quoted()
            ),
        }
    }

    /// A statement that fails when there are any.
    fn guard(&self) -> String {
        let body = format!(
            "BEGIN IF EXISTS (SELECT {}) THEN RAISE EXCEPTION USING ERRCODE = {}, MESSAGE = {}; END IF; END",
            self.rows(),
            literal(HOLDS_ROWS),
            literal(&format!("{} holds rows", self.name())),
        );
        format!("DO {}", literal(&body))
    }
}
