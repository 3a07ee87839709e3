//! Keys, foreign keys, checks and indexes.

use std::collections::{BTreeSet, HashMap};

use super::cell::{action, name, number, numbers, oid, text, texts, without_not_valid, yes};
use super::reader::{Entry, Reader};
use crate::array;
use crate::session::{Row, Rows};
use leora_core::model::{
    Constraint, Deferrable, Expression, Firing, ForeignKey, Identifier, Index, IndexKey,
    IndexState, IndexTarget, PrimaryKey, TableReference, Validity,
};

/// The foreign keys in the answer to [`crate::catalog`]'s question about constraints, by oid: the table that each
/// is on, its name, and its parent.
pub(super) struct ForeignKeys<'r>(HashMap<u32, (u32, &'r str, u32)>);

impl<'r> ForeignKeys<'r> {
    pub(super) fn of(constraints: &'r Rows) -> ForeignKeys<'r> {
        let foreign = constraints.iter().filter(|row| text(row, 2) == "f");
        let entry = |row: &'r Row| {
            let key = (oid(row, 0), text(row, 1), oid(row, 20));
            (oid(row, 19), key)
        };
        ForeignKeys(foreign.map(entry).collect())
    }

    /// The one of which `key` is a copy for a partition of the referenced table.
    fn original(&self, key: u32) -> Option<u32> {
        let (table, _, parent) = self.0.get(&key)?;
        let (of, ..) = self.0.get(parent)?;
        (of == table).then_some(*parent)
    }

    fn is_copy(&self, key: u32) -> bool {
        self.original(key).is_some()
    }

    /// The table and name of a foreign key; of a copy, those of the one that it is a copy of.
    pub(super) fn named(&self, mut key: u32) -> Option<(u32, &'r str)> {
        // No longer than there are any, whatever a catalog says that was changed by hand.
        for _ in 0..self.0.len() {
            let Some(original) = self.original(key) else {
                break;
            };
            key = original;
        }
        self.0.get(&key).map(|(table, name, _)| (*table, *name))
    }
}

impl Reader {
    /// Gives the indexes that constraints stand on, by oid: when they are checked.
    pub(super) fn constraints(&mut self, rows: &Rows) -> HashMap<u32, Deferrable> {
        let mut backing = HashMap::new();
        let foreign_keys = ForeignKeys::of(rows);
        for row in rows {
            let table = oid(row, 0);
            let deferrable = match (yes(row, 3), yes(row, 4)) {
                (false, _) => Deferrable::No,
                (true, false) => Deferrable::InitiallyImmediate,
                (true, true) => Deferrable::InitiallyDeferred,
            };
            let validity = match (yes(row, 6), yes(row, 5)) {
                (false, _) => Validity::NotEnforced,
                (true, false) => Validity::NotValid,
                (true, true) => Validity::Valid,
            };
            match text(row, 2) {
                "p" | "u" => {
                    backing.insert(oid(row, 7), deferrable);
                }
                "f" if foreign_keys.is_copy(oid(row, 19)) => {}
                "f" => self.foreign_key(row, deferrable, validity),
                _ => {
                    let Some(entry) = self.relations.get_mut(&table) else {
                        continue;
                    };
                    let definition = without_not_valid(text(row, 15));
                    entry.table.checks.insert(
                        name(row, 1),
                        Constraint {
                            definition,
                            validity,
                        },
                    );
                }
            }
        }
        backing
    }

    pub(super) fn foreign_key(&mut self, row: &Row, deferrable: Deferrable, validity: Validity) {
        let (child, parent) = (oid(row, 0), oid(row, 8));
        let referenced = match (row.get(16), row.get(17)) {
            (Some(schema), Some(table)) => {
                let columns = texts(row, 18)
                    .into_iter()
                    .flatten()
                    .filter_map(|c| Identifier::of_the_catalog(c).ok());
                let schema = schema.trim_matches('"').replace("\"\"", "\"");
                Identifier::of_the_catalog(schema)
                    .ok()
                    .zip(Identifier::of_the_catalog(table).ok())
                    .map(|(schema, table)| {
                        (
                            TableReference::Elsewhere { schema, table },
                            columns.collect(),
                        )
                    })
            }
            _ => self.relations.get(&parent).map(|entry| {
                (
                    TableReference::Here(entry.name.clone()),
                    entry.names(&numbers(row, 13)),
                )
            }),
        };
        let Some((references, referenced_columns)) = referenced else {
            return;
        };
        let Some(entry) = self.relations.get_mut(&child) else {
            return;
        };
        let foreign_key = ForeignKey {
            columns: entry.names(&numbers(row, 12)),
            references,
            referenced_columns,
            on_delete: action(text(row, 10)),
            on_update: action(text(row, 9)),
            on_delete_columns: entry.names(&numbers(row, 14)),
            match_full: text(row, 11) == "f",
            deferrable,
            validity,
            triggers: Firing::Enabled,
            disabled_on: BTreeSet::new(),
        };
        entry.table.foreign_keys.insert(name(row, 1), foreign_key);
    }

    pub(super) fn indexes(
        &mut self,
        rows: &Rows,
        operator_classes: &Rows,
        backing: &HashMap<u32, Deferrable>,
    ) {
        let unusual: HashMap<u32, &str> = operator_classes
            .iter()
            .map(|row| (oid(row, 0), text(row, 1)))
            .collect();
        for row in rows {
            let Some(entry) = self.relations.get_mut(&oid(row, 1)) else {
                continue;
            };
            if yes(row, 6) && !yes(row, 4) {
                continue; // the index of an exclusion constraint, which is among the checks
            }
            let constraint = backing.get(&oid(row, 0)).copied();
            let deferrable = constraint.unwrap_or_default();
            let state = match (yes(row, 8), yes(row, 7), yes(row, 18)) {
                (false, ..) => IndexState::NotReady,
                (true, _, false) => IndexState::Contradicted,
                (true, false, true) => IndexState::Invalid,
                (true, true, true) => IndexState::Valid,
            };
            let columns = numbers(row, 10);
            let key_count = usize::from(number(row, 9).unsigned_abs()).min(columns.len());
            let (key_columns, included) = columns.split_at(key_count);
            let include = entry.names(included);
            if yes(row, 5) {
                let columns = entry.names(key_columns);
                entry.table.primary_key = Some(PrimaryKey {
                    name: name(row, 2),
                    columns,
                    include,
                    deferrable,
                    state,
                });
                continue;
            }
            let index = Index {
                keys: keys(row, entry, key_columns, &unusual),
                unique: yes(row, 4),
                nulls_not_distinct: yes(row, 14),
                deferrable,
                method: Some(text(row, 3).to_owned()),
                include,
                predicate: row.get(15).map(Expression::new),
                state,
                constraint: constraint.is_some(),
            };
            entry.table.indexes.insert(name(row, 2), index);
        }
    }
}

fn keys(row: &Row, entry: &Entry, columns: &[i16], unusual: &HashMap<u32, &str>) -> Vec<IndexKey> {
    let options = numbers(row, 11);
    let classes = array::oids(text(row, 12));
    let collations = array::oids(text(row, 13));
    let expressions = texts(row, 16);
    let collation_names = texts(row, 17);
    let key = |(at, column): (usize, &i16)| {
        // indoption: 1 is descending, 2 is nulls first (`pg_index.h`)
        let option = options.get(at).copied().unwrap_or_default();
        let (descending, nulls_first) = (option & 1 != 0, option & 2 != 0);
        let collation = collations.get(at).copied().unwrap_or_default();
        let (on, own_collation) = match entry.by_number.get(column) {
            Some(position) => {
                let column = entry.table.columns[*position].name.clone();
                (
                    IndexTarget::Column(column),
                    entry.collations.get(*position).copied().unwrap_or_default(),
                )
            }
            None => {
                let expression = expressions.get(at).cloned().flatten().unwrap_or_default();
                (IndexTarget::Expression(Expression::new(expression)), 100)
            }
        };
        let differs = collation != 0 && collation != own_collation;
        IndexKey {
            on,
            descending,
            nulls_reversed: nulls_first != descending,
            operator_class: classes
                .get(at)
                .and_then(|class| unusual.get(class))
                .map(|class| (*class).to_owned()),
            collation: differs.then(|| {
                collation_names
                    .get(at)
                    .cloned()
                    .flatten()
                    .unwrap_or_else(|| "\"default\"".to_owned())
            }),
        }
    };
    columns.iter().enumerate().map(key).collect()
}
