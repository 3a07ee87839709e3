//! Rows that reference each other: every foreign key's columns take the values of the row it names.
//!
//! Columns that must be equal are one class (union-find over row and column); each class gets one
//! value when the graph is finished.

use std::collections::{BTreeMap, BTreeSet};

use super::places::{LinkId, List, RowId};
use super::rows::{Cell, Row};
use super::world::World;
use crate::model::{Identifier, Table};

/// Rows in the making.
pub(super) struct Graph<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) rows: List<RowId, Draft<'a>>,
    by_table: BTreeMap<&'a Identifier, Vec<RowId>>,
    /// Union-find over (row, column): the parent of each node.
    pub(super) class: Vec<usize>,
    /// How many nodes a class has, at its root.
    pub(super) members: Vec<usize>,
    /// Values that a class must have, by any of its nodes.
    pub(super) fixed: Vec<(usize, Cell)>,
    pub(super) background: BTreeMap<&'a Identifier, RowId>,
    /// The rows that are being completed, each for the sake of the one before.
    pub(super) completing: Vec<RowId>,
}

pub(super) struct Draft<'a> {
    pub(super) row: Row<'a>,
    pub(super) first_node: usize,
    pub(super) fill: Fill,
    /// Columns that name no row, whatever foreign keys they are in.
    pub(super) severed: BTreeSet<&'a Identifier>,
}

/// Which columns get a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// All.
    Everything,
    /// Those that a row cannot do without.
    Required,
}

impl<'w, 'a> Graph<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>) -> Self {
        Graph {
            world,
            rows: List::new(),
            by_table: BTreeMap::new(),
            class: Vec::new(),
            members: Vec::new(),
            fixed: Vec::new(),
            background: BTreeMap::new(),
            completing: Vec::new(),
        }
    }

    /// A row of `table` that names no other yet. `None` when no row is made in that table.
    pub(super) fn row(&mut self, table: &Identifier, fill: Fill) -> Option<RowId> {
        let (name, definition) = self.world.tables.get_key_value(table)?;
        let fill = if self.world.learned.rich.contains(*name) {
            Fill::Everything
        } else {
            fill
        };
        let first_node = self.class.len();
        self.class
            .extend(first_node..first_node + definition.columns.len());
        self.members.resize(self.class.len(), 1);
        let row = self.rows.push(Draft {
            row: Row {
                table: name,
                definition,
                links: BTreeMap::new(),
                is_background: false,
                held_back: false,
                if_absent: false,
            },
            first_node,
            fill,
            severed: BTreeSet::new(),
        });
        self.by_table.entry(name).or_default().push(row);
        Some(row)
    }

    /// The rows of `table` so far.
    pub(super) fn rows_of(&self, table: &Identifier) -> Vec<RowId> {
        self.by_table.get(table).cloned().unwrap_or_default()
    }

    /// A row of every table, each naming those of the same set with all its foreign keys, itself
    /// included.
    pub(super) fn whole_set(&mut self) -> BTreeMap<&'a Identifier, RowId> {
        let links: Vec<_> = self.world.links.places().collect();
        self.set(&self.world.tables.keys().copied().collect(), &links)
    }

    /// A row of each of these tables, each naming those of the same set with these foreign keys.
    pub(super) fn set(
        &mut self,
        tables: &BTreeSet<&'a Identifier>,
        links: &[LinkId],
    ) -> BTreeMap<&'a Identifier, RowId> {
        let sparse = &self.world.learned.sparse;
        let fill = |table: &Identifier| {
            if sparse.contains(table) {
                Fill::Required
            } else {
                Fill::Everything
            }
        };
        let set: BTreeMap<_, _> = tables
            .iter()
            .filter_map(|table| Some((*table, self.row(table, fill(table))?)))
            .collect();
        for at in links {
            let link = &self.world.links[*at];
            if self.world.leaves_null(link) {
                continue;
            }
            if let (Some(child), Some(parent)) = (set.get(link.child), set.get(link.parent)) {
                self.connect(*child, *at, *parent);
            }
        }
        set
    }

    /// Keeps the row out of what is inserted first: a trial brings it.
    pub(super) fn hold_back(&mut self, row: RowId) {
        self.rows[row].row.held_back = true;
    }

    /// Leaves the row out where one with its key is there already.
    pub(super) fn only_if_absent(&mut self, row: RowId) {
        self.rows[row].row.if_absent = true;
    }

    /// Makes `child` name `parent` by the foreign key at `link`.
    pub(super) fn connect(&mut self, child: RowId, link: LinkId, parent: RowId) {
        let columns = self.world.links[link].columns.clone();
        for (own, referenced) in columns {
            self.same(child, own, parent, referenced);
        }
        self.rows[child].row.links.insert(link, parent);
    }

    /// Makes columns that name a row name none: values that nothing has.
    pub(super) fn sever(&mut self, row: RowId, columns: impl IntoIterator<Item = &'a Identifier>) {
        self.rows[row].severed.extend(columns);
    }

    /// Gives two columns one value.
    pub(super) fn same(
        &mut self,
        one: RowId,
        column: &Identifier,
        other: RowId,
        other_column: &Identifier,
    ) {
        let nodes = self.node(one, column).zip(self.node(other, other_column));
        let Some((one, other)) = nodes.map(|(one, other)| (self.root(one), self.root(other)))
        else {
            return;
        };
        if one != other {
            self.class[other] = one;
            self.members[one] += self.members[other];
        }
    }

    /// Gives a column this value, and all that must equal it. Without a text the column names no row.
    pub(super) fn fix(&mut self, row: RowId, column: &'a Identifier, cell: Cell) {
        if !matches!(cell, Cell::Text(_)) {
            self.sever(row, [column]);
        }
        if let Some(node) = self.node(row, column) {
            self.fixed.push((node, cell));
        }
    }

    /// Gives the column called `name` this value, when there is such a column.
    pub(super) fn fix_named(&mut self, row: RowId, name: &str, cell: Cell) {
        let column = self.rows[row].row.definition.column(name);
        if let Some(column) = column {
            self.fix(row, &column.name, cell);
        }
    }

    /// Gives two rows different values in the column called `name`, other rows to name where it names one.
    pub(super) fn vary(&mut self, one: RowId, other: RowId, name: &str) {
        let definition: &'a Table = self.rows[one].row.definition;
        let Some(column) = definition.column(name) else {
            return;
        };
        let links = self.world.links_of(self.rows[one].row.table);
        let link = links
            .iter()
            .copied()
            .filter(|link| self.world.links[*link].has_column(&column.name))
            .min_by_key(|link| self.world.links[*link].columns.len());
        for row in [one, other] {
            match link {
                None => self.sever(row, [&column.name]),
                Some(link) if self.rows[row].row.links.contains_key(&link) => {}
                Some(link) => {
                    self.name_its_own(row, link);
                }
            }
        }
    }

    /// Makes the row name one by this foreign key, required or not.
    pub(super) fn name_by(&mut self, row: RowId, link: LinkId) {
        if self.rows[row].row.links.contains_key(&link) || self.is_severed(row, link) {
            return;
        }
        if let Some(parent) = self.parent_for(row, link) {
            self.connect(row, link, parent);
            self.complete_new(parent);
        }
    }

    /// Makes the row name a new one by this foreign key.
    pub(super) fn name_its_own(&mut self, row: RowId, link: LinkId) -> Option<RowId> {
        let parent = self.row(self.world.links[link].parent, Fill::Required)?;
        self.connect(row, link, parent);
        self.complete(parent);
        Some(parent)
    }

    /// Makes the row name rows by every foreign key that it cannot do without: those of the background,
    /// which all share, or one of its own where a shared one would not do.
    pub(super) fn complete(&mut self, row: RowId) {
        let table = self.rows[row].row.table;
        self.completing.push(row);
        for optional in [false, true] {
            for &at in self.world.links_of(table) {
                let link = &self.world.links[at];
                if self.rows[row].row.links.contains_key(&at) || self.is_severed(row, at) {
                    continue;
                }
                let needed = if optional {
                    self.cannot_be_null(row, at) || self.wants(row, at)
                } else {
                    link.required
                };
                if needed {
                    let parent = self.parent_for(row, at);
                    if let Some(parent) = parent {
                        self.connect(row, at, parent);
                        self.complete_new(parent);
                    }
                }
            }
        }
        self.completing.pop();
    }

    /// Whether the row is to name none by this foreign key.
    pub(super) fn is_severed(&self, row: RowId, link: LinkId) -> bool {
        let columns = &self.world.links[link].columns;
        let severed = &self.rows[row].severed;
        columns.iter().any(|(own, _)| severed.contains(own))
    }

    fn complete_new(&mut self, row: RowId) {
        if self.rows[row].row.links.is_empty()
            && !self.rows[row].row.is_background
            && !self.completing.contains(&row)
        {
            self.complete(row);
        }
    }

    /// An optional foreign key of a table whose rows have to name others by all of them, but for those
    /// that a condition wants NULL; where the row names another by one of these, it is the other way round.
    fn wants(&self, row: RowId, link: LinkId) -> bool {
        let (draft, links) = (&self.rows[row], &self.world.links);
        let leaves_null = |at: LinkId| self.world.leaves_null(&links[at]);
        let excludes = |other: &LinkId| {
            leaves_null(*other) && self.world.are_tied(&links[*other], &links[link])
        };
        let given = self.world.links_of(draft.row.table).iter().filter(|other| {
            draft.row.links.contains_key(other)
                || links[**other]
                    .columns
                    .iter()
                    .any(|(own, _)| draft.severed.contains(own))
        });
        self.world.learned.rich.contains(draft.row.table)
            && links[link].live.is_some()
            && !leaves_null(link)
            && !given.copied().any(|other| excludes(&other))
    }

    /// An optional foreign key whose columns other foreign keys have given values to.
    fn cannot_be_null(&mut self, row: RowId, link: LinkId) -> bool {
        let link = &self.world.links[link];
        if link.required || link.live.is_none() {
            return false;
        }
        let definition = self.rows[row].row.definition;
        let match_full = link.live.is_some_and(|key| key.match_full);
        let mut bound = link.columns.iter().map(|(own, _)| {
            let is_bound = self.is_bound(row, own);
            (self.world.takes_null(definition, own), is_bound)
        });
        if match_full {
            bound.any(|(_, is_bound)| is_bound)
        } else {
            bound.all(|(takes_null, is_bound)| is_bound || !takes_null)
        }
    }

    pub(super) fn node(&self, row: RowId, column: &Identifier) -> Option<usize> {
        let draft = &self.rows[row];
        let at = draft
            .row
            .definition
            .columns
            .iter()
            .position(|other| other.name == *column)?;
        Some(draft.first_node + at)
    }

    pub(super) fn root(&mut self, mut node: usize) -> usize {
        while self.class[node] != node {
            self.class[node] = self.class[self.class[node]];
            node = self.class[node];
        }
        node
    }

    /// Whether the column has to equal another, or has a value already.
    pub(super) fn is_bound(&mut self, row: RowId, column: &Identifier) -> bool {
        let Some(node) = self.node(row, column) else {
            return false;
        };
        let root = self.root(node);
        self.members[root] > 1
    }

    pub(super) fn are_same(
        &mut self,
        one: RowId,
        column: &Identifier,
        other: RowId,
        other_column: &Identifier,
    ) -> bool {
        let nodes = self.node(one, column).zip(self.node(other, other_column));
        nodes.is_some_and(|(one, other)| self.root(one) == self.root(other))
    }
}
