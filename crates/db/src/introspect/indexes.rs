//! Primary keys and indexes.

use std::collections::HashMap;

use super::reader::{Entry, Reader};
use crate::query::{Answer as _, answer};
use crate::session::Unreadable;
use leora_core::model::{
    Deferrable, Expression, Identifier, Index, IndexKey, IndexState, IndexTarget, PrimaryKey,
    TableKind,
};

answer! {
    pub(super) struct IndexRow of "indexes" [15] {
        oid: u32,
        relation: u32,
        name: Identifier,
        method: String,
        is_unique: bool,
        is_primary: bool,
        is_exclusion: bool,
        is_valid: bool,
        is_ready: bool,
        key_count: i16,
        columns: Vec<i16>,
        options: Vec<i16>,
        operator_classes: Vec<u32>,
        collations: Vec<u32>,
        nulls_not_distinct: bool,
        predicate: Option<Expression>,
        expressions: Option<Vec<Option<String>>>,
        collation_names: Option<Vec<Option<String>>>,
        is_used_for_checks: bool,
    }
}

answer! {
    pub(super) struct OperatorClassRow of "operator_classes" {
        oid: u32,
        name: String,
    }
}

/// The collation `default`.
const DEFAULT_COLLATION: u32 = 100;

impl Reader {
    pub(super) fn indexes(
        &mut self,
        rows: Vec<IndexRow>,
        operator_classes: Vec<OperatorClassRow>,
        backing: &HashMap<u32, Deferrable>,
    ) -> Result<(), Unreadable> {
        let query = IndexRow::QUERY;
        let classes = operator_classes.into_iter().map(|row| (row.oid, row.name));
        let unusual: HashMap<u32, String> = classes.collect();
        for row in rows {
            let Some(entry) = self.relation(query, "relation", row.relation)? else {
                continue;
            };
            if row.is_exclusion && !row.is_unique {
                continue; // the index of an exclusion constraint, which is among the checks
            }
            let constraint = backing.get(&row.oid).copied();
            let deferrable = constraint.unwrap_or_default();
            let state = match (row.is_ready, row.is_valid, row.is_used_for_checks) {
                (false, ..) => IndexState::NotReady,
                (true, _, false) => IndexState::Contradicted,
                (true, false, true) => IndexState::Invalid,
                (true, true, true) => IndexState::Valid,
            };
            let key_count = usize::from(row.key_count.unsigned_abs()).min(row.columns.len());
            let (key_columns, included) = row.columns.split_at(key_count);
            let include = entry.names(query, "columns", included)?;
            if row.is_primary {
                let columns = entry.names(query, "columns", key_columns)?;
                entry.table.primary_key = Some(PrimaryKey {
                    name: row.name,
                    columns,
                    include,
                    deferrable,
                    state,
                });
                continue;
            }
            let index = Index {
                keys: keys(&row, entry, key_columns, &unusual)?,
                unique: row.is_unique,
                nulls_not_distinct: row.nulls_not_distinct,
                deferrable,
                method: Some(row.method),
                include,
                predicate: row.predicate,
                state,
                constraint: constraint.is_some(),
            };
            entry.table.indexes.insert(row.name, index);
        }
        Ok(())
    }
}

fn keys(
    row: &IndexRow,
    entry: &Entry,
    columns: &[i16],
    unusual: &HashMap<u32, String>,
) -> Result<Vec<IndexKey>, Unreadable> {
    let text_at = |texts: &Option<Vec<Option<String>>>, at: usize| {
        let text = texts.as_ref().and_then(|texts| texts.get(at));
        text.cloned().flatten()
    };
    let key = |(at, column): (usize, &i16)| {
        let each = |numbers: &[u32], column| {
            let number = numbers.get(at).copied();
            number.ok_or(missing(column, "value for each key"))
        };
        let option = row.options.get(at).copied();
        let option = option.ok_or(missing("options", "value for each key"))?;
        // indoption: 1 is descending, 2 is nulls first (`pg_index.h`)
        let (descending, nulls_first) = (option & 1 != 0, option & 2 != 0);
        let collation = each(&row.collations, "collations")?;
        let class = each(&row.operator_classes, "operator_classes")?;
        let (on, own_collation) = if *column == 0 {
            let expression = text_at(&row.expressions, at);
            let expression = expression.ok_or(missing("expressions", "expression"))?;
            (
                IndexTarget::Expression(Expression::new(expression)),
                DEFAULT_COLLATION,
            )
        } else if entry.table.kind == TableKind::MaterializedView {
            // Its columns are not read.
            let unknown = IndexTarget::Expression(Expression::new(""));
            (unknown, DEFAULT_COLLATION)
        } else {
            let position = entry.position(IndexRow::QUERY, "columns", *column)?;
            let name = entry.table.columns[position].name.clone();
            (IndexTarget::Column(name), entry.collations[position])
        };
        let differs = collation != 0 && collation != own_collation;
        let collation = differs.then(|| {
            let name = text_at(&row.collation_names, at);
            name.unwrap_or_else(|| "\"default\"".to_owned())
        });
        Ok(IndexKey {
            on,
            descending,
            nulls_reversed: nulls_first != descending,
            operator_class: unusual.get(&class).cloned(),
            collation,
        })
    };
    columns.iter().enumerate().map(key).collect()
}

fn missing(column: &'static str, expected: &'static str) -> Unreadable {
    Unreadable::Unexpected {
        query: IndexRow::QUERY.name,
        column,
        expected,
        found: None,
    }
}
