//! Indexes, constraints and policies under each other's names: what they are tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Difference, Object, ObjectKind};
use crate::model::{Constraint, ForeignKey, Identifier, Index, PrimaryKey, Schema, Table};

use super::order::ordered;
use super::{Names, Reason, Rename, Scope, alike, apart, aside};

/// Where one alone has another name, the comparison says so; here are those whose names something else has.
pub(super) fn renames(live: &Schema, target: &Schema, differences: &[Difference]) -> Vec<Rename> {
    let mut found = Vec::new();
    let is_index =
        |object: &Object| matches!(object.kind, ObjectKind::Index | ObjectKind::PrimaryKey);
    let indexes = Kind {
        scope: Scope::Indexes,
        taken: relation_names(live),
        differences,
        concerns: &is_index,
    };
    found.extend(indexes.renames(&all_keyed(live), &all_keyed(target)));
    let owners: BTreeSet<_> = differences.iter().map(|d| &d.object.owner).collect();
    for owner in owners {
        let (Some(here), Some(there)) = (live.tables.get(owner), target.tables.get(owner)) else {
            continue;
        };
        let is_constraint = |object: &Object| {
            object.owner == *owner
                && matches!(object.kind, ObjectKind::ForeignKey | ObjectKind::Check)
        };
        let constraints = Kind {
            scope: Scope::Constraints(owner.clone()),
            taken: constraint_names(here),
            differences,
            concerns: &is_constraint,
        };
        found.extend(constraints.renames(&constrained(here), &constrained(there)));
        let is_policy =
            |object: &Object| object.owner == *owner && object.kind == ObjectKind::Policy;
        let (here, there) = (&here.row_security.policies, &there.row_security.policies);
        let policies = Kind {
            scope: Scope::Policies(owner.clone()),
            taken: here.keys().cloned().collect(),
            differences,
            concerns: &is_policy,
        };
        found.extend(policies.renames(&here.iter().collect(), &there.iter().collect()));
    }
    found
}

struct Kind<'a> {
    scope: Scope,
    taken: BTreeSet<Identifier>,
    differences: &'a [Difference],
    concerns: &'a dyn Fn(&Object) -> bool,
}

impl Kind<'_> {
    fn renames<T: PartialEq>(
        &self,
        live: &BTreeMap<&Identifier, T>,
        target: &BTreeMap<&Identifier, T>,
    ) -> Vec<Rename> {
        let names = alike(live, target, |live, target| live == target);
        let parts = apart(&aside(names, &self.taken)).into_iter();
        let several = parts.filter(|part| part.len() > 1);
        let renames = several.filter_map(|part| self.rename(&part));
        renames.collect()
    }

    fn rename(&self, part: &Names) -> Option<Rename> {
        let names: BTreeSet<_> = part.keys().chain(part.values()).cloned().collect();
        let is_theirs = |difference: &&Difference| {
            (self.concerns)(&difference.object) && names.contains(&difference.object.name)
        };
        let explained: Vec<_> = self.differences.iter().filter(is_theirs).cloned().collect();
        (!explained.is_empty()).then(|| Rename {
            scope: self.scope.clone(),
            statements: ordered(part, &self.taken),
            reason: Reason::Shape,
            names,
            explained,
        })
    }
}

/// What an index is over; that of a key too.
#[derive(PartialEq)]
enum Keyed {
    Index(Identifier, Index),
    PrimaryKey(Identifier, PrimaryKey),
}

fn all_keyed(schema: &Schema) -> BTreeMap<&Identifier, Keyed> {
    let mut all = BTreeMap::new();
    for (owner, table) in &schema.tables {
        for (name, index) in &table.indexes {
            let index = Index {
                constraint: false,
                ..index.clone()
            };
            all.insert(name, Keyed::Index(owner.clone(), index));
        }
        if let Some(key) = &table.primary_key {
            let unnamed = PrimaryKey {
                name: owner.clone(),
                ..key.clone()
            };
            all.insert(&key.name, Keyed::PrimaryKey(owner.clone(), unnamed));
        }
    }
    all
}

/// Indexes have names among those of tables (manual, CREATE INDEX).
fn relation_names(schema: &Schema) -> BTreeSet<Identifier> {
    let indexes = all_keyed(schema).into_keys();
    indexes.chain(schema.tables.keys()).cloned().collect()
}

#[derive(PartialEq)]
enum Constrained<'a> {
    ForeignKey(&'a ForeignKey),
    Constraint(&'a Constraint),
}

fn constrained(table: &Table) -> BTreeMap<&Identifier, Constrained<'_>> {
    let keys = table.foreign_keys.iter();
    let keys = keys.map(|(name, key)| (name, Constrained::ForeignKey(key)));
    let checks = table.checks.iter();
    let checks = checks.map(|(name, check)| (name, Constrained::Constraint(check)));
    keys.chain(checks).collect()
}

fn constraint_names(table: &Table) -> BTreeSet<Identifier> {
    let key = table.primary_key.iter().map(|key| &key.name);
    let indexes = table.indexes.iter();
    let unique = indexes
        .filter(|(_, index)| index.constraint)
        .map(|(name, _)| name);
    let others = constrained(table).into_keys();
    others.chain(key).chain(unique).cloned().collect()
}
