//! What becomes of rows when one of them is deleted, by the actions of the foreign keys: PostgreSQL's
//! rules, without PostgreSQL.
//!
//! Every deleted row queues its foreign keys, in the order of their triggers' names; the queue is
//! first in, first out, and what an action deletes is queued behind (PostgreSQL, `trigger.c`:
//! `AfterTriggerEndQuery`; `ri_triggers.c`). So a delete goes in rounds: the rows deleted in one are
//! those at one more step from the first. The order of the triggers decides within a round only.

use std::collections::{BTreeMap, BTreeSet};

use super::places::{LinkId, RowId};
use super::rows::Rows;
use super::world::World;
use crate::model::{Action, Identifier};

/// Which foreign keys of a round fire first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Those that refuse: the worst there is.
    RefusalsFirst,
    /// Those that refuse: the best there is.
    RefusalsLast,
}

/// What a delete comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It succeeds; what became of the rows that are not as they were.
    Done(BTreeMap<RowId, Fate>),
    /// A foreign key refuses it.
    Refused(Refusal),
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is deleted.
    Gone,
    /// Its columns of these foreign keys have other values.
    Changed(BTreeMap<LinkId, NewValue>),
}

/// What the columns of a foreign key are set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewValue {
    /// NULL.
    Null,
    /// Their defaults.
    Default,
}

/// Why a delete is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The foreign key.
    pub(super) link: LinkId,
    /// The row that was to be deleted.
    pub(super) parent: RowId,
    /// The row that still named it.
    pub(super) child: RowId,
}

/// Rows as foreign keys see them: which names which.
pub(super) struct Names<'w> {
    world: &'w World<'w>,
    /// By link and named row, the rows that name it.
    children: BTreeMap<(LinkId, RowId), Vec<RowId>>,
    /// The links that lead to a table, by its name.
    to_table: BTreeMap<&'w Identifier, Vec<LinkId>>,
    table_of: BTreeMap<RowId, &'w Identifier>,
}

impl<'w> Names<'w> {
    /// The rows of `which`.
    pub(super) fn of(rows: &'w Rows<'w, 'w>, which: impl IntoIterator<Item = RowId>) -> Names<'w> {
        let mut names = Names {
            world: rows.world,
            children: BTreeMap::new(),
            to_table: BTreeMap::new(),
            table_of: BTreeMap::new(),
        };
        for (at, link) in rows.world.links.placed() {
            names.to_table.entry(link.parent).or_default().push(at);
        }
        for row in which {
            names.table_of.insert(row, rows.rows[row].table);
            for (link, parent) in &rows.rows[row].links {
                let children = names.children.entry((*link, *parent)).or_default();
                children.push(row);
            }
        }
        names
    }

    /// Deletes `first`, by the links for which `counts` holds.
    pub(super) fn delete(
        &self,
        first: RowId,
        order: Order,
        counts: impl Fn(LinkId) -> bool,
    ) -> Outcome {
        let mut state = State {
            names: self,
            broken: BTreeSet::new(),
            at_commit: Vec::new(),
            fates: BTreeMap::new(),
        };
        state.fates.insert(first, Fate::Gone);
        let mut round = vec![first];
        while !round.is_empty() {
            let mut events: Vec<(LinkId, RowId)> = Vec::new();
            for row in &round {
                let table = self.table_of.get(row);
                let links = table.and_then(|table| self.to_table.get(table));
                let links = links.into_iter().flatten();
                let counted = links.filter(|link| counts(**link));
                events.extend(counted.map(|link| (*link, *row)));
            }
            let refuses = |event: &(LinkId, RowId)| {
                matches!(
                    self.world.links[event.0].on_delete,
                    Action::Restrict | Action::NoAction
                )
            };
            match order {
                Order::RefusalsFirst => events.sort_by_key(|event| !refuses(event)),
                Order::RefusalsLast => events.sort_by_key(refuses),
            }
            let mut next = Vec::new();
            for (link, parent) in events {
                if let Err(refusal) = state.fire(link, parent, &mut next) {
                    return Outcome::Refused(refusal);
                }
            }
            round = next;
        }
        for (link, parent) in std::mem::take(&mut state.at_commit) {
            if let Some(child) = state.naming(link, parent).first() {
                return Outcome::Refused(Refusal {
                    link,
                    parent,
                    child: *child,
                });
            }
        }
        Outcome::Done(state.fates)
    }
}

struct State<'n, 'w> {
    names: &'n Names<'w>,
    /// Rows and the links by which they name nothing any more.
    broken: BTreeSet<(RowId, LinkId)>,
    /// Links and rows, deleted or with another key, that are looked at when all is done.
    at_commit: Vec<(LinkId, RowId)>,
    fates: BTreeMap<RowId, Fate>,
}

impl State<'_, '_> {
    /// The rows that still name `parent`.
    fn naming(&self, link: LinkId, parent: RowId) -> Vec<RowId> {
        let children = self
            .names
            .children
            .get(&(link, parent))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let still = |child: &&RowId| {
            !self.broken.contains(&(**child, link)) && self.fates.get(*child) != Some(&Fate::Gone)
        };
        children.iter().filter(still).copied().collect()
    }

    fn fire(
        &mut self,
        link: LinkId,
        parent: RowId,
        deleted: &mut Vec<RowId>,
    ) -> Result<(), Refusal> {
        let by = &self.names.world.links[link];
        if by.waits(by.on_delete) {
            self.at_commit.push((link, parent));
            return Ok(());
        }
        for child in self.naming(link, parent) {
            match by.on_delete {
                Action::Cascade => {
                    self.fates.insert(child, Fate::Gone);
                    deleted.push(child);
                }
                Action::SetNull => {
                    self.change(child, link, &by.touched_on_delete(), NewValue::Null)?
                }
                Action::SetDefault => {
                    self.change(child, link, &by.touched_on_delete(), NewValue::Default)?
                }
                Action::Restrict | Action::NoAction => {
                    return Err(Refusal {
                        link,
                        parent,
                        child,
                    });
                }
            }
        }
        Ok(())
    }

    /// `row` gets other values, by `link`. The columns touched may be part of other foreign keys, which then name
    /// nothing either; and rows that name `row` by them follow, as their foreign keys say of a changed key.
    fn change(
        &mut self,
        row: RowId,
        link: LinkId,
        touched: &[&Identifier],
        to: NewValue,
    ) -> Result<(), Refusal> {
        let world = self.names.world;
        let Some(table) = self.names.table_of.get(&row).copied() else {
            return Ok(());
        };
        let is_lost = |other: &&LinkId| {
            let mut touched = touched.iter();
            touched.any(|column| world.links[**other].has_column(column))
        };
        let lost = world.links_of(table).iter().filter(is_lost);
        self.broken.extend(lost.map(|other| (row, *other)));
        match self
            .fates
            .entry(row)
            .or_insert_with(|| Fate::Changed(BTreeMap::new()))
        {
            Fate::Changed(links) if !links.contains_key(&link) => links.insert(link, to),
            _ => return Ok(()),
        };
        let following = self.names.to_table.get(table).into_iter().flatten();
        for &at in following {
            let follows = &world.links[at];
            let pairs = follows.columns.iter();
            let own: Vec<_> = pairs
                .filter(|(_, referenced)| touched.contains(referenced))
                .map(|(own, _)| *own)
                .collect();
            if own.is_empty() {
                continue;
            }
            if follows.waits(follows.on_update) {
                self.at_commit.push((at, row));
                continue;
            }
            let all: Vec<_> = follows.columns.iter().map(|(own, _)| *own).collect();
            for child in self.naming(at, row) {
                match follows.on_update {
                    Action::Cascade => self.change(child, at, &own, to)?,
                    Action::SetNull => self.change(child, at, &all, NewValue::Null)?,
                    Action::SetDefault => self.change(child, at, &all, NewValue::Default)?,
                    Action::Restrict | Action::NoAction => {
                        return Err(Refusal {
                            link: at,
                            parent: row,
                            child,
                        });
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
