//! What has another name in the live schema than in the target: found by trying.
//!
//! Taken one by one, the columns of two tables with swapped names are all unexpected or missing, and the advice would
//! be to drop them. So names are tried: where the live schema with other names differs in less from the target, the
//! names explain the differences that are gone, and to give the names is all that is advised on these.

mod applied;
mod columns;
mod definitions;
mod order;
mod search;
pub mod suspected;
mod tables;
mod text;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Difference, Object, ObjectKind, compare};
use crate::model::{ForeignKey, Identifier, Schema, Table};

/// Other names, by the live name.
type Names = BTreeMap<Identifier, Identifier>;

/// The things that have names within one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The tables of the schema.
    Tables,
    /// The enums of the schema.
    Enums,
    /// The domains of the schema.
    Domains,
    /// The columns of a table.
    Columns(Identifier),
    /// The indexes of the schema, those of keys included.
    Indexes,
    /// The foreign keys, CHECK and exclusion constraints of a table.
    Constraints(Identifier),
    /// The policies of a table.
    Policies(Identifier),
}

/// Things of one kind that have other names in the live schema, each another's or one that is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// What they are.
    pub scope: Scope,
    /// The renames in their order, each from a name to a name.
    pub statements: Vec<(Identifier, Identifier)>,
    /// How sure it is.
    pub reason: Reason,
    /// The names, live ones and those of the target.
    names: BTreeSet<Identifier>,
    /// The differences that are gone with the right names.
    explained: Vec<Difference>,
}

impl Rename {
    /// One that explains no difference.
    fn suspected(
        scope: Scope,
        statements: Vec<(Identifier, Identifier)>,
        reason: Reason,
    ) -> Rename {
        Rename {
            scope,
            statements,
            reason,
            names: BTreeSet::new(),
            explained: Vec::new(),
        }
    }
}

/// What tells that things have other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What they are: each is the only one of its kind that is not in its place.
    Shape,
    /// What follows a rename, such as keys and indexes. The values decide whether they have each other's names.
    MayBeSwapped(Vec<Identifier>),
    /// The same, where `held` may hold what is expected under the name of `expected`, which something else has.
    MayHold {
        /// The live name.
        held: Identifier,
        /// The name in the target.
        expected: Identifier,
    },
}

/// All that has other names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames(Vec<Rename>);

impl Renames {
    /// The tables alone.
    pub fn of_tables(live: &Schema, target: &Schema) -> Renames {
        let differences = compare(live, target);
        Renames(tables::renames(live, target, &differences))
    }

    /// Everything.
    pub fn between(live: &Schema, target: &Schema) -> Renames {
        let differences = &compare(live, target)[..];
        if differences.is_empty() {
            return Renames::default();
        }
        let types = types::renames(live, target, differences);
        let tables = tables::renames(live, target, differences);
        let mut found = Renames([types, tables].concat());
        let owners: BTreeSet<_> = differences.iter().map(|d| &d.object.owner).collect();
        for table in owners {
            if found.table(table).is_none() {
                found
                    .0
                    .extend(columns::renames(live, target, table, differences));
            }
        }
        let explained = |difference: &&Difference| found.explaining(difference).is_none();
        let left: Vec<_> = differences.iter().filter(explained).cloned().collect();
        found.0.extend(definitions::renames(live, target, &left));
        found
    }

    /// What explains `difference`, which is then left to it.
    pub fn explaining(&self, difference: &Difference) -> Option<&Rename> {
        self.explains(&difference.object, |rename| {
            rename.explained.contains(difference)
        })
    }

    /// What explains a difference of `object`.
    pub fn of(&self, object: &Object) -> Option<&Rename> {
        let is_of = |difference: &Difference| difference.object == *object;
        self.explains(object, |rename| rename.explained.iter().any(is_of))
    }

    fn explains(&self, object: &Object, is_explained: impl Fn(&Rename) -> bool) -> Option<&Rename> {
        let Object { owner, kind, name } = object;
        let is_column = *kind == ObjectKind::Column;
        let is_type = matches!(kind, ObjectKind::Enum | ObjectKind::Domain);
        let is_of_one = |rename: &Rename| match &rename.scope {
            Scope::Tables => !is_type && rename.names.contains(owner),
            Scope::Columns(table) => table == owner && is_column && rename.names.contains(name),
            _ => false,
        };
        let mut all = self.0.iter();
        all.find(|rename| is_of_one(rename) || is_explained(rename))
    }

    /// That of the table called `name` in either schema.
    pub fn table(&self, name: &Identifier) -> Option<&Rename> {
        let of_tables = |rename: &&Rename| rename.scope == Scope::Tables;
        let mut all = self.0.iter().filter(of_tables);
        all.find(|rename| rename.names.contains(name))
    }

    /// That of one of `columns` of `table`.
    pub fn column(&self, table: &Identifier, columns: &[Identifier]) -> Option<&Rename> {
        let is_of_table = |scope: &Scope| matches!(scope, Scope::Columns(own) if own == table);
        let mut all = self.0.iter().filter(|rename| is_of_table(&rename.scope));
        all.find(|rename| columns.iter().any(|column| rename.names.contains(column)))
    }

    /// That of a table of `key`, which `table` has, or of its columns.
    pub fn key(&self, table: &Identifier, key: &ForeignKey) -> Option<&Rename> {
        let tables = [Some(table), key.references.here()];
        let tables = tables.into_iter().flatten();
        let of_columns = || {
            let parent = key.references.here()?;
            self.column(parent, &key.referenced_columns)
        };
        let mut of_tables = tables.filter_map(|table| self.table(table));
        let of_tables = of_tables.next();
        of_tables
            .or_else(|| self.column(table, &key.columns))
            .or_else(of_columns)
    }

    /// Whether it was found that something of `table`, in either schema, has another name.
    pub fn concern(&self, table: &Identifier) -> bool {
        let of_table = |difference: &Difference| difference.object.owner == *table;
        self.table(table).is_some()
            || self
                .0
                .iter()
                .any(|rename| rename.explained.iter().any(of_table))
    }
}

/// Divides `names` into those that have to be given together.
fn apart(names: &Names) -> Vec<Names> {
    let mut parts: Vec<Names> = Vec::new();
    for (from, to) in names {
        let touches = |part: &Names| part.iter().any(|(own, given)| own == to || given == from);
        let (together, others): (Vec<_>, Vec<_>) = parts.into_iter().partition(touches);
        let mut part: Names = together.into_iter().flatten().collect();
        part.insert(from.clone(), to.clone());
        parts = others;
        parts.push(part);
    }
    parts
}

/// The only pairs, live and target, that are alike and have different names, of those that are not in their places.
fn alike<T>(
    live: &BTreeMap<&Identifier, T>,
    target: &BTreeMap<&Identifier, T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Names {
    let in_place = |name: &Identifier| {
        let both = live.get(name).zip(target.get(name));
        both.is_some_and(|(live, target)| is_same(live, target))
    };
    let open = |side: &BTreeMap<&Identifier, T>| -> Vec<Identifier> {
        let names = side.keys().filter(|name| !in_place(name));
        names.map(|name| (*name).clone()).collect()
    };
    let (open_live, open_target) = (open(live), open(target));
    let only = |mut alike: Vec<&Identifier>| match alike.len() {
        1 => alike.pop().cloned(),
        _ => None,
    };
    let pairs = open_target.iter().filter_map(|to| {
        let is_like = |from: &&Identifier| is_same(&live[*from], &target[to]);
        let from = only(open_live.iter().filter(is_like).collect())?;
        let is_like = |to: &&Identifier| is_same(&live[&from], &target[*to]);
        only(open_target.iter().filter(is_like).collect())?;
        Some((from, to.clone()))
    });
    pairs.collect()
}

/// `names`, with another one for what has a name that is given and gets none itself.
fn aside(mut names: Names, live: &BTreeSet<Identifier>) -> Names {
    let given: BTreeSet<_> = names.values().cloned().collect();
    let in_the_way = given
        .iter()
        .filter(|to| live.contains(*to) && !names.contains_key(*to));
    let in_the_way: Vec<_> = in_the_way.cloned().collect();
    for name in in_the_way {
        let taken = live.union(&given).cloned().collect();
        let other = order::free_name(&name, "other", &taken);
        names.insert(name, other);
    }
    names
}

/// Whether a table has at least half of the columns of `wanted`, by name.
pub(super) fn is_mostly(there: &Table, wanted: &Table) -> bool {
    let columns = wanted.columns.iter();
    let held = columns.filter(|column| there.column(column.name.as_str()).is_some());
    held.count() * 2 >= wanted.columns.len()
}

#[cfg(test)]
mod tests;
