//! Whose a row is. Row-level security that reads the tenant from a setting shows and takes the rows of
//! one tenant at a time, so each statement has to be made in the name of its row's.

use std::collections::BTreeMap;

use super::keys::row_key;
use super::places::{List, RowId};
use super::programme::Step;
use super::rows::{Cell, Rows};

/// The tenant of each row, as the setting has it.
pub(super) struct Tenants(List<RowId, Option<String>>);

impl Tenants {
    pub(super) fn of(rows: &Rows<'_, '_>) -> Tenants {
        Tenants(
            rows.rows
                .places()
                .map(|row| of_row(rows, row, &mut Vec::new()))
                .collect(),
        )
    }

    /// The tenant that a step has to be made in the name of.
    pub(super) fn of_step(&self, step: &Step) -> Option<&str> {
        self.0[step.row?].as_deref()
    }

    /// The rows to insert, in the order in which they can be: first each tenant, then what is shared
    /// and the background's, which others may name, then each other tenant's.
    pub(super) fn groups(&self, rows: &Rows<'_, '_>) -> Vec<Vec<RowId>> {
        let mut groups: BTreeMap<(bool, usize, Option<&str>), Vec<RowId>> = BTreeMap::new();
        let background = rows.background.and_then(|row| self.0[row].as_deref());
        for (at, row) in rows.rows.placed().filter(|(_, row)| !row.held_back) {
            let tenant = self.0[at].as_deref().or(background);
            let is_other = usize::from(tenant != background);
            groups
                .entry((!rows.world.is_tenant(row.table), is_other, tenant))
                .or_default()
                .push(at);
        }
        // The first row of a group says whose it is.
        let mut groups: Vec<Vec<RowId>> = groups.into_values().collect();
        groups
            .iter_mut()
            .for_each(|group| group.sort_by_key(|row| self.0[*row].is_none()));
        groups
    }
}

/// The row's own, or that of the first row it names that has one.
fn of_row(rows: &Rows<'_, '_>, row: RowId, seen: &mut Vec<RowId>) -> Option<String> {
    if seen.contains(&row) {
        return None;
    }
    seen.push(row);
    let here = &rows.rows[row];
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => Some(text.clone()),
        Cell::Default | Cell::Null => None,
    };
    if rows.world.is_tenant(here.table) {
        return row_key(here.definition)?
            .first()
            .and_then(|key| text(rows.cell(row, key)));
    }
    let links = rows
        .world
        .links_of(here.table)
        .iter()
        .map(|at| &rows.world.links[*at]);
    let own = links
        .filter(|link| rows.world.is_tenant(link.parent))
        .find_map(|link| {
            let (column, _) = link.columns.first()?;
            text(rows.cell(row, column))
        });
    let named = || {
        let (own, shared): (Vec<RowId>, Vec<RowId>) = here
            .links
            .values()
            .partition(|named| !rows.rows[**named].is_background);
        own.into_iter()
            .chain(shared)
            .find_map(|named| of_row(rows, named, seen))
    };
    own.or_else(named)
}
