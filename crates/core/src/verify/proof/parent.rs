//! Which row another shall name: one that is there and fits, one that all share, or a new one.

use super::graph::{Fill, Graph};
use super::keys::unique_keys;
use super::places::{LinkId, RowId};
use super::world::Link;
use crate::model::{Identifier, Table};

impl<'a> Graph<'_, 'a> {
    /// The row that `row` shall name by a foreign key: one that fits already, the background's where
    /// it may be shared, or a new one.
    pub(super) fn parent_for(&mut self, row: RowId, link: LinkId) -> Option<RowId> {
        if let Some(wider) = self.wider(row, link) {
            let parent = self.parent_for(row, wider)?;
            self.connect(row, wider, parent);
            return Some(parent);
        }
        let parent_table = self.world.links[link].parent;
        let columns = self.world.links[link].columns.clone();
        // What fits already has made the row's columns equal to its own.
        let may_fit = columns.iter().all(|(own, _)| self.is_bound(row, own));
        let fits_fully = self
            .rows_of(parent_table)
            .into_iter()
            .filter(|_| may_fit)
            .find(|&other| {
                !self.rows[other].row.held_back
                    && columns
                        .iter()
                        .all(|(own, referenced)| self.are_same(row, own, other, referenced))
            });
        if fits_fully.is_some() {
            return fits_fully;
        }
        let identified = self.identified(row, &columns, parent_table);
        if identified.is_some() {
            return identified;
        }
        if !self.must_be_own(row, link) {
            let shared = self.background(parent_table)?;
            let mut fits = |own: &Identifier, referenced: &Identifier| {
                !self.is_bound(row, own) || self.are_same(row, own, shared, referenced)
            };
            if columns
                .iter()
                .all(|(own, referenced)| fits(own, referenced))
            {
                return Some(shared);
            }
        }
        // Two tables that name each other, a row a row: the one that names this row, or that this one is
        // made for.
        let could_be = |other: &RowId| {
            let other_row = &self.rows[*other].row;
            *other != row && other_row.table == parent_table && !other_row.held_back
        };
        let naming = self
            .rows_of(parent_table)
            .into_iter()
            .filter(could_be)
            .find(|other| self.rows[*other].row.links.values().any(|to| *to == row));
        let waiting = naming.or_else(|| self.completing.iter().rev().copied().find(could_be));
        let closes = waiting.filter(|_| columns.iter().all(|(own, _)| !self.is_bound(row, own)));
        closes.or_else(|| self.row(parent_table, Fill::Required))
    }

    /// A foreign key over the same columns and more, by which `row` names none yet: what fits it fits both.
    fn wider(&self, row: RowId, link: LinkId) -> Option<LinkId> {
        let narrow = &self.world.links[link];
        let holds = |wide: &Link<'_>| {
            wide.parent == narrow.parent
                && wide.columns.len() > narrow.columns.len()
                && narrow
                    .columns
                    .iter()
                    .all(|pair| wide.columns.contains(pair))
        };
        let draft = &self.rows[row].row;
        self.world
            .links_of(draft.table)
            .iter()
            .copied()
            .find(|&at| {
                let other = &self.world.links[at];
                holds(other)
                    && !draft.links.contains_key(&at)
                    && !self.is_severed(row, at)
                    && !self.world.leaves_null(other)
            })
    }

    /// The row of `table` that `row` names already by a part of `columns` which no two rows share: by the
    /// key alone, where this foreign key carries the tenant as well.
    fn identified(
        &mut self,
        row: RowId,
        columns: &[(&'a Identifier, &'a Identifier)],
        table: &'a Identifier,
    ) -> Option<RowId> {
        let definition: &'a Table = self.world.tables.get(table)?;
        let keys = unique_keys(definition);
        self.rows_of(table).into_iter().find(|&other| {
            if self.rows[other].row.held_back {
                return false;
            }
            let mut is_named_by = |key: &&Identifier| {
                columns.iter().any(|(own, referenced)| {
                    *referenced == *key && self.are_same(row, own, other, referenced)
                })
            };
            keys.iter().any(|(key, _)| key.iter().all(&mut is_named_by))
        })
    }

    /// The row of `table` that all others may name.
    fn background(&mut self, table: &'a Identifier) -> Option<RowId> {
        if let Some(row) = self.background.get(table) {
            return Some(*row);
        }
        let row = self.row(table, Fill::Required)?;
        self.rows[row].row.is_background = true;
        self.background.insert(table, row);
        self.complete(row);
        Some(row)
    }

    /// Whether a unique index would not tell the row from another that names the same shared rows.
    fn must_be_own(&mut self, row: RowId, link: LinkId) -> bool {
        if self.rows[row].row.is_background {
            return false;
        }
        let definition: &'a Table = self.rows[row].row.definition;
        let link = &self.world.links[link];
        let keys = unique_keys(definition);
        // What holds a unique key tells no rows apart that the key does not.
        let is_implied = |columns: &[&Identifier]| {
            keys.iter().any(|(fewer, _)| {
                fewer.len() < columns.len() && fewer.iter().all(|name| columns.contains(name))
            })
        };
        keys.iter()
            .filter(|(columns, nulls_not_distinct)| *nulls_not_distinct || !is_implied(columns))
            .any(|(columns, nulls_not_distinct)| {
                columns.iter().any(|name| link.has_column(name))
                    && columns.iter().all(|name| {
                        let by_link = link.has_column(name);
                        let shared =
                            self.is_bound(row, name) && !self.names_a_row_of_its_own(row, name);
                        let narrow = self.world.is_narrow(self.rows[row].row.table, name);
                        let null = *nulls_not_distinct && self.world.takes_null(definition, name);
                        by_link || shared || narrow || null
                    })
            })
    }

    fn names_a_row_of_its_own(&self, row: RowId, column: &Identifier) -> bool {
        self.rows[row].row.links.iter().any(|(at, parent)| {
            self.world.links[*at].has_column(column) && !self.rows[*parent].row.is_background
        })
    }
}
