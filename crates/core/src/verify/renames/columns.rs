//! Columns under other names.
//!
//! Their types tell where each alone has its type. Of columns of one type tells what follows a rename: defaults,
//! NOT NULL, keys, indexes, foreign keys and expressions; and their position, which a rename leaves as it is.

use std::collections::BTreeSet;

use crate::diff::{Difference, compare};
use crate::model::{Identifier, Schema, Table};

use super::search::{Candidate, Ground, Kind, Score, Search, search};
use super::{Names, Rename, Scope, alike, apart, applied, aside};

/// The columns of the table called `name` that have other names.
pub(super) fn renames(
    live: &Schema,
    target: &Schema,
    name: &Identifier,
    differences: &[Difference],
) -> Vec<Rename> {
    let (Some(there), Some(wanted)) = (live.tables.get(name), target.tables.get(name)) else {
        return Vec::new();
    };
    if !there.kind.is_table() || there.kind != wanted.kind {
        return Vec::new();
    }
    let shape = of_their_type(there, wanted);
    let columns = Columns {
        table: name,
        target: around(target, name),
    };
    let names = search(&around(live, name), shape.clone(), &columns);
    let ground = Ground {
        target,
        differences,
        taken: column_names(there),
        wanted: column_names(wanted),
    };
    ground.found(
        |_| Scope::Columns(name.clone()),
        &names,
        &shape,
        |names| applied::columns(live, name, names),
    )
}

/// Those that alone have their type, of those that are not in their places.
fn of_their_type(live: &Table, target: &Table) -> Names {
    let types = |table: &'_ Table| -> Vec<_> {
        let columns = table.columns.iter();
        columns
            .map(|column| (column.name.clone(), column.ty.clone()))
            .collect()
    };
    let (live_types, target_types) = (types(live), types(target));
    let live_types = live_types.iter().map(|(name, ty)| (name, ty)).collect();
    let target_types = target_types.iter().map(|(name, ty)| (name, ty)).collect();
    let names = alike(&live_types, &target_types, |live, target| live == target);
    let taken = column_names(live);
    // What stands in the way of one may be that one: then more has to tell.
    let parts = apart(&names).into_iter();
    let free = parts.filter(|part| aside(part.clone(), &taken) == *part);
    free.flatten().collect()
}

pub(super) fn column_names(table: &Table) -> BTreeSet<Identifier> {
    let columns = table.columns.iter();
    columns.map(|column| column.name.clone()).collect()
}

/// The table called `name`, and those that reference it: nothing else mentions its columns.
fn around(schema: &Schema, name: &Identifier) -> Schema {
    let references = |table: &Table| {
        let mut keys = table.foreign_keys.values();
        keys.any(|key| key.references.here() == Some(name))
    };
    let tables = schema.tables.iter();
    let tables = tables.filter(|(own, table)| *own == name || references(table));
    Schema {
        tables: tables
            .map(|(name, table)| (name.clone(), table.clone()))
            .collect(),
        enums: Default::default(),
        domains: schema.domains.clone(),
    }
}

struct Columns<'a> {
    table: &'a Identifier,
    target: Schema,
}

impl Columns<'_> {
    fn pair<'s>(&'s self, schema: &'s Schema) -> Option<(&'s Table, &'s Table)> {
        let live = schema.tables.get(self.table)?;
        Some((live, self.target.tables.get(self.table)?))
    }
}

impl Search for Columns<'_> {
    fn score(&self, schema: &Schema) -> Score {
        let pair = self.pair(schema);
        Score {
            differences: compare(schema, &self.target).len(),
            disorder: pair.map_or(0, |(live, target)| disorder(live, target)),
        }
    }

    fn candidates(&self, schema: &Schema) -> Vec<Candidate> {
        let Some((live, target)) = self.pair(schema) else {
            return Vec::new();
        };
        let mut candidates = Vec::new();
        let both: Vec<_> = live
            .columns
            .iter()
            .filter_map(|column| Some((column, target.column(column.name.as_str())?)))
            .collect();
        let strange = live
            .columns
            .iter()
            .filter(|column| target.column(column.name.as_str()).is_none());
        let taken = column_names(live);
        for from in strange {
            for to in target.columns.iter().filter(|to| to.ty == from.ty) {
                let names = Names::from([(from.name.clone(), to.name.clone())]);
                let kind = match live.column(to.name.as_str()) {
                    Some(_) => Kind::Displace,
                    None => Kind::Rename,
                };
                candidates.push(Candidate {
                    names: aside(names, &taken),
                    kind,
                });
            }
        }
        let order = disorder(live, target);
        for (at, (one, wanted_one)) in both.iter().enumerate() {
            for (other, wanted_other) in &both[at + 1..] {
                let names = Names::from([
                    (one.name.clone(), other.name.clone()),
                    (other.name.clone(), one.name.clone()),
                ]);
                let fits = one.ty == wanted_other.ty && other.ty == wanted_one.ty;
                if fits && (target.in_any_order || disorder_as(live, target, &names) < order) {
                    candidates.push(Candidate {
                        names,
                        kind: Kind::Swap,
                    });
                }
            }
        }
        candidates.extend(by_position(live, target));
        candidates
    }

    fn applied(&self, schema: &Schema, names: &Names) -> Schema {
        applied::columns(schema, self.table, names)
    }
}

/// All columns that both schemas have, by their positions, where the types agree.
pub(super) fn by_position(live: &Table, target: &Table) -> Option<Candidate> {
    if target.in_any_order {
        return None;
    }
    let here = live.columns.iter();
    let here = here.filter(|column| target.column(column.name.as_str()).is_some());
    let there = target.columns.iter();
    let there = there.filter(|column| live.column(column.name.as_str()).is_some());
    let pairs = here
        .zip(there)
        .filter(|(here, there)| here.name != there.name);
    let pairs: Vec<_> = pairs.collect();
    let fits = pairs.iter().all(|(here, there)| here.ty == there.ty);
    let names = pairs.into_iter();
    let names = names.map(|(here, there)| (here.name.clone(), there.name.clone()));
    fits.then(|| Candidate {
        names: names.collect(),
        kind: Kind::Swap,
    })
}

/// How many pairs of the columns that both have are in another order.
fn disorder(live: &Table, target: &Table) -> usize {
    disorder_as(live, target, &Names::new())
}

fn disorder_as(live: &Table, target: &Table, names: &Names) -> usize {
    if target.in_any_order {
        return 0;
    }
    let place = |name: &Identifier| {
        let name = names.get(name).unwrap_or(name);
        let mut columns = target.columns.iter();
        columns.position(|column| column.name == *name)
    };
    let columns = live.columns.iter();
    let places: Vec<_> = columns.filter_map(|column| place(&column.name)).collect();
    let pairs = places.iter().enumerate();
    let behind = pairs.map(|(at, place)| {
        places[at + 1..]
            .iter()
            .filter(|other| *other < place)
            .count()
    });
    behind.sum()
}
