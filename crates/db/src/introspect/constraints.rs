//! Constraints: foreign keys, CHECKs, and those that an index backs.

use std::collections::{BTreeSet, HashMap};

use super::reader::Reader;
use crate::query::{Answer as _, answer, codes};
use crate::session::Unreadable;
use leora_core::model::{
    Action, Constraint, Deferrable, Firing, ForeignKey, Identifier, TableReference, Validity,
};

answer! {
    pub(super) struct ConstraintRow of "constraints" [15, 18] {
        oid: u32,
        relation: u32,
        name: Identifier,
        kind: ConstraintKind,
        is_deferrable: bool,
        is_deferred: bool,
        is_valid: bool,
        is_enforced: bool,
        index: Option<u32>,
        parent: Option<u32>,
        columns: Option<Vec<i16>>,
        definition: Option<String>,
        on_update: Option<Action>,
        on_delete: Option<Action>,
        on_delete_columns: Option<Vec<i16>>,
        r#match: Option<Match>,
        referenced: Option<u32>,
        referenced_columns: Option<Vec<i16>>,
        other_schema: Option<Identifier>,
        other_table: Option<Identifier>,
        other_columns: Option<Vec<Identifier>>,
    }
}

/// Kinds of constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConstraintKind {
    /// A primary key or a unique constraint, which an index backs.
    Key,
    Foreign,
    /// A CHECK, an exclusion constraint or NOT NULL.
    Check,
}

/// How a foreign key compares rows with NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Simple,
    Full,
}

codes! {
    // pg_constraint.h
    ConstraintKind, "kind of constraint (contype)" {
        "p" => ConstraintKind::Key,
        "u" => ConstraintKind::Key,
        "f" => ConstraintKind::Foreign,
        "c" => ConstraintKind::Check,
        "x" => ConstraintKind::Check,
        "n" => ConstraintKind::Check,
    }
    // parsenodes.h, FKCONSTR_MATCH_*; MATCH PARTIAL is not implemented
    Match, "match type (confmatchtype)" {
        "s" => Match::Simple,
        "f" => Match::Full,
    }
}

/// The foreign keys among the constraints, by oid: table, name and parent.
pub(super) struct ForeignKeys(HashMap<u32, (u32, Identifier, Option<u32>)>);

impl ForeignKeys {
    pub(super) fn of(constraints: &[ConstraintRow]) -> ForeignKeys {
        let foreign = constraints
            .iter()
            .filter(|row| row.kind == ConstraintKind::Foreign);
        ForeignKeys(
            foreign
                .map(|row| (row.oid, (row.relation, row.name.clone(), row.parent)))
                .collect(),
        )
    }

    /// The one of which `key` is a copy for a partition of the referenced table.
    fn original(&self, key: u32) -> Option<u32> {
        let (table, _, parent) = self.0.get(&key)?;
        let (of, ..) = self.0.get(&(*parent)?)?;
        (of == table).then_some((*parent)?)
    }

    fn is_copy(&self, key: u32) -> bool {
        self.original(key).is_some()
    }

    /// The table and name of a foreign key; of a copy, those of the one that it is a copy of.
    pub(super) fn named(&self, mut key: u32) -> Option<(u32, &Identifier)> {
        // No longer than there are any, whatever a catalog says that was changed by hand.
        for _ in 0..self.0.len() {
            let Some(original) = self.original(key) else {
                break;
            };
            key = original;
        }
        self.0.get(&key).map(|(table, name, _)| (*table, name))
    }
}

/// Validity is a field of its own.
pub(super) fn without_not_valid(definition: &str) -> String {
    definition
        .trim_end_matches(" NOT VALID")
        .trim_end_matches(" NOT ENFORCED")
        .to_owned()
}

impl Reader {
    /// Gives the indexes that back constraints, by oid: when they are checked.
    pub(super) fn constraints(
        &mut self,
        rows: Vec<ConstraintRow>,
        foreign_keys: &ForeignKeys,
    ) -> Result<HashMap<u32, Deferrable>, Unreadable> {
        let mut backing = HashMap::new();
        for row in rows {
            match row.kind {
                ConstraintKind::Key => {
                    backing.extend(row.index.map(|index| (index, row.deferrable())));
                }
                ConstraintKind::Foreign if foreign_keys.is_copy(row.oid) => {}
                ConstraintKind::Foreign => self.foreign_key(row)?,
                ConstraintKind::Check => {
                    let query = ConstraintRow::QUERY;
                    let Some(entry) = self.relation(query, "relation", row.relation)? else {
                        continue;
                    };
                    let validity = row.validity();
                    let definition = given(row.definition, "definition", "text")?;
                    let check = Constraint {
                        definition: without_not_valid(&definition),
                        validity,
                    };
                    entry.table.checks.insert(row.name, check);
                }
            }
        }
        Ok(backing)
    }

    fn foreign_key(&mut self, row: ConstraintRow) -> Result<(), Unreadable> {
        let query = ConstraintRow::QUERY;
        let (deferrable, validity) = (row.deferrable(), row.validity());
        let (references, referenced_columns) = match (row.referenced, row.other_schema) {
            (Some(oid), _) => {
                let Some(entry) = self.relation(query, "referenced", oid)? else {
                    return Ok(());
                };
                let numbers = row.referenced_columns.unwrap_or_default();
                let columns = entry.names(query, "referenced_columns", &numbers)?;
                (TableReference::Here(entry.name.clone()), columns)
            }
            (None, schema) => {
                let reference = TableReference::Elsewhere {
                    schema: given(schema, "other_schema", "name")?,
                    table: given(row.other_table, "other_table", "name")?,
                };
                (reference, row.other_columns.unwrap_or_default())
            }
        };
        let Some(entry) = self.relation(query, "relation", row.relation)? else {
            return Ok(());
        };
        let columns = row.columns.unwrap_or_default();
        let on_delete_columns = row.on_delete_columns.unwrap_or_default();
        let foreign_key = ForeignKey {
            columns: entry.names(query, "columns", &columns)?,
            references,
            referenced_columns,
            on_delete: given(row.on_delete, "on_delete", "action")?,
            on_update: given(row.on_update, "on_update", "action")?,
            on_delete_columns: entry.names(query, "on_delete_columns", &on_delete_columns)?,
            match_full: given(row.r#match, "match", "match type")? == Match::Full,
            deferrable,
            validity,
            triggers: Firing::Enabled,
            disabled_on: BTreeSet::new(),
        };
        entry.table.foreign_keys.insert(row.name, foreign_key);
        Ok(())
    }
}

/// What a constraint of its kind has.
fn given<T>(
    value: Option<T>,
    column: &'static str,
    expected: &'static str,
) -> Result<T, Unreadable> {
    value.ok_or(Unreadable::Unexpected {
        query: ConstraintRow::QUERY.name,
        column,
        expected,
        found: None,
    })
}

impl ConstraintRow {
    fn deferrable(&self) -> Deferrable {
        match (self.is_deferrable, self.is_deferred) {
            (false, _) => Deferrable::No,
            (true, false) => Deferrable::InitiallyImmediate,
            (true, true) => Deferrable::InitiallyDeferred,
        }
    }

    fn validity(&self) -> Validity {
        match (self.is_enforced, self.is_valid) {
            (false, _) => Validity::NotEnforced,
            (true, false) => Validity::NotValid,
            (true, true) => Validity::Valid,
        }
    }
}
