//! Tables under other names.
//!
//! Columns tell where each table alone has its columns. Of tables with the same columns tell the names of their keys
//! and indexes, and what references them, which a rename leaves as they are.

use std::collections::BTreeSet;

use crate::diff::{Alteration, Difference, DifferenceKind, compare};
use crate::model::{Identifier, Schema, SqlType, Table};

use super::search::{Candidate, Ground, Kind, Score, Search, search};
use super::{Names, Rename, Scope, alike, apart, applied, aside};

pub(super) fn renames(live: &Schema, target: &Schema, differences: &[Difference]) -> Vec<Rename> {
    let (here, there) = (table_names(live), table_names(target));
    if differences.is_empty() || here.is_empty() {
        return Vec::new();
    }
    let shape = of_their_columns(live, target);
    let involved = involved(differences);
    let tables = Tables {
        target,
        involved: &involved,
    };
    let names = search(live, shape.clone(), &tables);
    let ground = Ground {
        target,
        differences,
        taken: live.tables.keys().cloned().collect(),
        wanted: there,
    };
    ground.found(
        |_| Scope::Tables,
        &names,
        &shape,
        |names| applied::tables(live, names),
    )
}

fn table_names(schema: &Schema) -> BTreeSet<Identifier> {
    schema.table_names().cloned().collect()
}

pub(super) type Columns<'a> = BTreeSet<(&'a Identifier, &'a SqlType)>;

pub(super) fn columns(table: &Table) -> Columns<'_> {
    let columns = table.columns.iter();
    columns.map(|column| (&column.name, &column.ty)).collect()
}

/// Those that alone have their columns, of those that are not in their places.
fn of_their_columns(live: &Schema, target: &Schema) -> Names {
    fn shapes(schema: &Schema) -> std::collections::BTreeMap<&Identifier, Columns<'_>> {
        let names = schema.table_names();
        names
            .map(|name| (name, columns(&schema.tables[name])))
            .collect()
    }
    let names = alike(&shapes(live), &shapes(target), |live, target| {
        live == target
    });
    let taken = live.tables.keys().cloned().collect();
    let parts = apart(&names).into_iter();
    let free = parts.filter(|part| aside(part.clone(), &taken) == *part);
    free.flatten().collect()
}

/// Whether most columns are the same.
fn are_similar(live: &Table, target: &Table) -> bool {
    let (live, target) = (columns(live), columns(target));
    let common = live.intersection(&target).count();
    common * 4 >= live.len().max(target.len()) * 3
}

/// The tables that something differs on or references.
fn involved(differences: &[Difference]) -> BTreeSet<Identifier> {
    let mut involved = BTreeSet::new();
    for Difference { object, kind, .. } in differences {
        involved.insert(object.owner.clone());
        if let DifferenceKind::Changed(Alteration::ReferencedTable(sides)) = kind {
            let tables = [&sides.live, &sides.target];
            involved.extend(tables.into_iter().filter_map(|table| table.here().cloned()));
        }
    }
    involved
}

struct Tables<'a> {
    target: &'a Schema,
    involved: &'a BTreeSet<Identifier>,
}

impl Search for Tables<'_> {
    fn score(&self, schema: &Schema) -> Score {
        Score {
            differences: compare(schema, self.target).len(),
            disorder: 0,
        }
    }

    fn candidates(&self, schema: &Schema) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        let (live, target) = (table_names(schema), table_names(self.target));
        let is_like = |from: &Identifier, to: &Identifier| {
            are_similar(&schema.tables[from], &self.target.tables[to])
        };
        let taken = schema.tables.keys().cloned().collect();
        for from in live.difference(&target) {
            let fitting = target.iter().filter(|to| is_like(from, to));
            candidates.extend(fitting.map(|to| Candidate {
                names: aside(Names::from([(from.clone(), to.clone())]), &taken),
                kind: match taken.contains(to) {
                    true => Kind::Displace,
                    false => Kind::Rename,
                },
            }));
        }
        let both: Vec<_> = live
            .intersection(&target)
            .filter(|name| self.involved.contains(*name))
            .collect();
        for (at, one) in both.iter().enumerate() {
            let others = both[at + 1..].iter();
            let fitting = others.filter(|other| is_like(one, other) && is_like(other, one));
            candidates.extend(fitting.map(|other| {
                let (one, other) = ((*one).clone(), (*other).clone());
                Candidate {
                    names: Names::from([(one.clone(), other.clone()), (other, one)]),
                    kind: Kind::Swap,
                }
            }));
        }
        candidates
    }

    fn applied(&self, schema: &Schema, names: &Names) -> Schema {
        applied::tables(schema, names)
    }
}
