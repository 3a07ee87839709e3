//! From differences to changes, and from changes to steps in their order.

use std::collections::{BTreeMap, BTreeSet};

use super::names::taken_names;
use super::{Basis, Grouping, Plan, Refusal, Request, Step, basis};
use crate::code::Code;
use crate::ddl::Change;
use crate::diff::{
    Alteration, Difference, DifferenceKind, Effect, Object, ObjectKind, Sides, compare,
};
use crate::model::{
    Column, ColumnDefault, Identifier, IndexState, Schema, Table, TableReference, Validity,
};

/// Plans the way from `actual` to what is asked for. `empty` are the existing tables that are known to hold no rows; any
/// other may hold some.
///
/// The steps that touch no table that stood before come first. Those that lock one come last, in
/// one fixed order, so that the locks are held for as short as can be and two runs cannot deadlock.
pub fn plan(request: &Request<'_>, actual: &Schema, empty: &BTreeSet<Identifier>) -> Plan {
    let basis = basis(request, actual, empty);
    let mut planner = Planner {
        request,
        actual,
        empty,
        changes: Vec::new(),
        refusals: Vec::new(),
        notes: Vec::new(),
    };
    for difference in compare(&basis.stood, request.desired) {
        planner.settle(&difference);
    }
    let taken = taken_names(&planner.changes, actual);
    planner.refusals.extend(taken);
    planner.finish(basis)
}

struct Planner<'a> {
    request: &'a Request<'a>,
    actual: &'a Schema,
    empty: &'a BTreeSet<Identifier>,
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    notes: Vec<String>,
}

impl Planner<'_> {
    fn settle(&mut self, difference: &Difference) {
        let object = &difference.object;
        let created = self.request.created.contains(&object.owner);
        match (&difference.kind, object.kind) {
            (_, _) if difference.effect == Effect::Harmless => {
                self.notes.push(difference.to_string())
            }
            (DifferenceKind::Missing, ObjectKind::Table) if created => {
                self.create_table(&object.name)
            }
            (DifferenceKind::Missing, ObjectKind::Column) if created => self.add_column(difference),
            (DifferenceKind::Missing, ObjectKind::PrimaryKey) if created => {
                self.add_primary_key(difference)
            }
            (DifferenceKind::Missing, ObjectKind::Index) if created => self.create_index(object),
            (DifferenceKind::Missing, ObjectKind::ForeignKey) if created => {
                self.add_foreign_key(object)
            }
            (DifferenceKind::Missing, ObjectKind::Enum) => self.create_enum(&object.name),
            (DifferenceKind::Changed(Alteration::IndexState(_)), ObjectKind::Index) if created => {
                self.rebuild_index(object)
            }
            (DifferenceKind::Changed(Alteration::Validity(sides)), ObjectKind::ForeignKey)
                if created && sides.live == Validity::NotValid =>
            {
                self.validate_foreign_key(object);
            }
            (kind, what) => {
                let stops = matches!(
                    what,
                    ObjectKind::Table | ObjectKind::Column | ObjectKind::PrimaryKey
                ) && !matches!(kind, DifferenceKind::Changed(alteration) if alteration.is_row_security())
                    || created
                        && matches!(what, ObjectKind::Index | ObjectKind::ForeignKey)
                        && !matches!(kind, DifferenceKind::Unexpected);
                if stops {
                    self.refuse_as_it_stands(difference)
                } else {
                    self.notes.push(difference.to_string())
                }
            }
        }
    }

    fn desired(&self, table: &Identifier) -> &Table {
        &self.request.desired.tables[table]
    }

    fn may_hold_rows(&self, table: &Identifier) -> bool {
        !self.empty.contains(table)
    }

    fn create_enum(&mut self, name: &Identifier) {
        let definition = self.request.desired.enums[name].clone();
        self.changes.push(Change::CreateEnum {
            name: name.clone(),
            definition,
        });
    }

    fn create_table(&mut self, name: &Identifier) {
        let table = self.desired(name).clone();
        for (index_name, index) in &table.indexes {
            self.changes.push(Change::CreateIndex {
                table: name.clone(),
                name: index_name.clone(),
                index: index.clone(),
                concurrently: false,
            });
        }
        for (key_name, key) in &table.foreign_keys {
            self.changes.push(Change::AddForeignKey {
                table: name.clone(),
                name: key_name.clone(),
                key: key.clone(),
                not_valid: false,
            });
        }
        self.changes.push(Change::CreateTable {
            name: name.clone(),
            definition: Box::new(table),
        });
    }

    fn add_column(&mut self, difference: &Difference) {
        let table = difference.object.owner.clone();
        let Some(column) = self
            .desired(&table)
            .column(difference.object.name.as_str())
            .cloned()
        else {
            return;
        };
        let others = self.other_names(&table, &column);
        if !others.is_empty() {
            let rename = |other: &Identifier| {
                let (table, column) = (table.quoted(), column.name.quoted());
                format!(
                    "ALTER TABLE {table} RENAME COLUMN {} TO {column};",
                    other.quoted()
                )
            };
            let renames: Vec<_> = others.iter().map(rename).collect();
            let names: Vec<_> = others.iter().map(Identifier::quoted).collect();
            return self.refusals.push(Refusal {
                code: Code::StandsOtherwise,
                object: difference.object.clone(),
                reason: format!(
                    "{difference}; it may be {}, which is not expected and has its type",
                    names.join(" or ")
                ),
                remedy: format!(
                    "Compare the values. Where it is that column: {} Otherwise add the column by hand; then plan again.",
                    renames.join(" or ")
                ),
            });
        }
        if column.nullable || !self.may_hold_rows(&table) || is_constant(&column) {
            self.changes.push(Change::AddColumn { table, column });
        } else {
            self.refusals.push(Refusal {
                code: Code::RowsWithoutValue,
                object: difference.object.clone(),
                reason: format!(
                    "{difference}; it is required, has no constant default, and {} holds rows that would have no value",
                    table.quoted()
                ),
                remedy: format!(
                    "Add it as nullable, fill it in, then: ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;",
                    table.quoted(),
                    column.name.quoted()
                ),
            });
        }
    }

    /// What `column` of a table with rows may be under another name: the columns of its type that nobody declared.
    /// Adding an empty one in its place would hide its values from the application.
    fn other_names(&self, table: &Identifier, column: &Column) -> Vec<Identifier> {
        let there = self.actual.tables.get(table);
        let there = there.filter(|_| self.may_hold_rows(table));
        let declared = self.desired(table);
        let columns = there.into_iter().flat_map(|table| &table.columns);
        let others = columns.filter(|other| {
            other.ty == column.ty && declared.column(other.name.as_str()).is_none()
        });
        others.map(|other| other.name.clone()).collect()
    }

    fn add_primary_key(&mut self, difference: &Difference) {
        let table = difference.object.owner.clone();
        let Some(key) = self.desired(&table).primary_key.clone() else {
            return;
        };
        if !self.may_hold_rows(&table) {
            self.changes.push(Change::AddPrimaryKey { table, key });
            return;
        }
        let columns: Vec<_> = key.columns.iter().map(Identifier::quoted).collect();
        let (columns, on) = (columns.join(", "), table.quoted());
        let there = self.actual.tables.get(&table);
        let mut indexes = there.into_iter().flat_map(|table| &table.indexes);
        let standing = indexes.find(|(_, index)| index.could_be(&key));
        let make = match standing {
            Some(_) => String::new(),
            None => format!(
                "CREATE UNIQUE INDEX CONCURRENTLY {} ON {on} ({columns}); ",
                key.name.quoted()
            ),
        };
        let index = standing.map_or(&key.name, |(name, _)| name);
        self.refusals.push(Refusal {
            code: Code::KeyOnRows,
            object: difference.object.clone(),
            reason: format!(
                "{difference}; {} holds rows, and building the key at once would block reads and writes meanwhile",
                table.quoted()
            ),
            remedy: format!(
                "{make}ALTER TABLE {on} ADD CONSTRAINT {} PRIMARY KEY USING INDEX {};",
                key.name.quoted(),
                index.quoted()
            ),
        });
    }

    fn create_index(&mut self, object: &Object) {
        let index = self.desired(&object.owner).indexes[&object.name].clone();
        let concurrently = self.may_hold_rows(&object.owner);
        self.changes.push(Change::CreateIndex {
            table: object.owner.clone(),
            name: object.name.clone(),
            index,
            concurrently,
        });
    }

    /// What a failed CREATE INDEX CONCURRENTLY left is of no use to anybody, and is replaced.
    fn rebuild_index(&mut self, object: &Object) {
        let desired = self.desired(&object.owner).indexes[&object.name].clone();
        let actual = self
            .actual
            .tables
            .get(&object.owner)
            .and_then(|table| table.indexes.get(&object.name));
        let same_but_invalid = actual.is_some_and(|there| {
            let mut as_built = there.clone();
            as_built.state = IndexState::Valid;
            as_built == desired
        });
        if same_but_invalid {
            self.changes.push(Change::DropIndex {
                name: object.name.clone(),
                concurrently: true,
            });
            let (table, name) = (object.owner.clone(), object.name.clone());
            self.changes.push(Change::CreateIndex {
                table,
                name,
                index: desired,
                concurrently: true,
            });
        }
    }

    fn add_foreign_key(&mut self, object: &Object) {
        let key = self.desired(&object.owner).foreign_keys[&object.name].clone();
        let not_valid = self.may_hold_rows(&object.owner);
        let (table, name) = (object.owner.clone(), object.name.clone());
        if not_valid {
            self.validate_foreign_key(object);
        }
        self.changes.push(Change::AddForeignKey {
            table,
            name,
            key,
            not_valid,
        });
    }

    fn validate_foreign_key(&mut self, object: &Object) {
        let key = &self.desired(&object.owner).foreign_keys[&object.name];
        self.changes.push(Change::ValidateForeignKey {
            references: key.references.clone(),
            table: object.owner.clone(),
            name: object.name.clone(),
        });
    }

    fn refuse_as_it_stands(&mut self, difference: &Difference) {
        let created = self.request.created.contains(&difference.object.owner);
        let is_table = difference.object.kind == ObjectKind::Table;
        let code = match &difference.kind {
            DifferenceKind::Missing if is_table => Code::BaseMissing,
            _ => Code::StandsOtherwise,
        };
        let remedy = match &difference.kind {
            DifferenceKind::Changed(Alteration::Name(sides)) => rename(&difference.object, sides),
            DifferenceKind::Missing if is_table => {
                "Is this the right database and the right schema? `leora-migrate status` shows both.".to_owned()
            }
            _ if created => "Settle it by hand, or rename what stands if it is something else, then plan again.".to_owned(),
            _ => "The declaration and the database disagree on a table the migration hangs on: bring one to the \
                  other before migrating."
                .to_owned(),
        };
        self.refusals.push(Refusal {
            code,
            object: difference.object.clone(),
            reason: difference.to_string(),
            remedy,
        });
    }

    fn finish(mut self, basis: Basis) -> Plan {
        let declared: BTreeMap<_, _> = self
            .request
            .created
            .iter()
            .enumerate()
            .map(|(at, name)| (name, at))
            .collect();
        let place = |table: &Identifier| declared.get(table).copied().unwrap_or(usize::MAX);
        let standing = |table: &Identifier| self.actual.tables.contains_key(table);
        self.changes.sort_by_key(|change| {
            let (stage, referenced, table) = match change {
                Change::CreateEnum { .. } => (0, String::new(), usize::MAX),
                Change::CreateTable { name, .. } => (1, String::new(), place(name)),
                Change::CreateIndex {
                    table,
                    concurrently: false,
                    ..
                } if !standing(table) => (2, String::new(), place(table)),
                Change::AddColumn { table, .. } | Change::AddPrimaryKey { table, .. } => {
                    (3, String::new(), place(table))
                }
                Change::CreateIndex {
                    table,
                    concurrently: false,
                    ..
                } => (4, String::new(), place(table)),
                Change::AddForeignKey { table, key, .. } => {
                    (5, referenced_name(&key.references), place(table))
                }
                Change::DropIndex { .. } => (6, String::new(), 0),
                Change::CreateIndex { table, .. } => (7, String::new(), place(table)),
                Change::ValidateForeignKey { table, .. } => (8, String::new(), place(table)),
                _ => (9, String::new(), 0),
            };
            (stage, referenced, table)
        });
        let steps = self
            .changes
            .into_iter()
            .map(|change| Step::new(change, self.actual))
            .collect();
        Plan {
            migration: self.request.migration.to_owned(),
            schema: self.request.schema.clone(),
            steps,
            grouping: Grouping::default(),
            refusals: self.refusals,
            notes: self.notes,
            audience: None,
            published: None,
            database: self.request.database.clone(),
            basis,
        }
    }
}

fn referenced_name(reference: &TableReference) -> String {
    match reference {
        TableReference::Here(table) => table.to_string(),
        TableReference::Elsewhere { schema, table } => format!("{schema}.{table}"),
    }
}

/// Whether a column's default is a constant, or the time of the statement, which PostgreSQL keeps
/// beside the table instead of rewriting it (manual, ALTER TABLE, notes).
fn is_constant(column: &Column) -> bool {
    match &column.default {
        Some(ColumnDefault::Expression(expression)) => {
            let text = expression.as_str();
            text == "CURRENT_TIMESTAMP" || !text.contains('(')
        }
        _ => false,
    }
}

fn rename(object: &Object, name: &Sides<Identifier>) -> String {
    let (actual, desired) = (name.live.quoted(), name.target.quoted());
    match object.kind {
        ObjectKind::Index => format!("ALTER INDEX {actual} RENAME TO {desired};"),
        _ => format!(
            "ALTER TABLE {} RENAME CONSTRAINT {actual} TO {desired};",
            object.owner.quoted()
        ),
    }
}

#[cfg(test)]
mod tests;
