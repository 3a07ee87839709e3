//! Enums and domains under other names: what columns use them follows a rename.

use std::collections::BTreeSet;

use crate::diff::{Alteration, Difference, DifferenceKind, ObjectKind, compare};
use crate::model::{Identifier, Schema};

use super::search::{Candidate, Ground, Kind, Score, Search, search};
use super::{Names, Rename, Scope, alike, apart, applied, aside};

pub(super) fn renames(live: &Schema, target: &Schema, differences: &[Difference]) -> Vec<Rename> {
    let involved = involved(differences);
    if involved.is_empty() {
        return Vec::new();
    }
    let taken = taken(live);
    let shape = of_their_labels(live, target, &taken);
    let types = Types {
        target,
        involved: &involved,
    };
    let names = search(live, shape.clone(), &types);
    let ground = Ground {
        target,
        differences,
        taken,
        wanted: type_names(target),
    };
    let scope = |name: &Identifier| match live.enums.contains_key(name) {
        true => Scope::Enums,
        false => Scope::Domains,
    };
    ground.found(scope, &names, &shape, |names| applied::types(live, names))
}

fn type_names(schema: &Schema) -> BTreeSet<Identifier> {
    let names = schema.enums.keys().chain(schema.domains.keys());
    names.cloned().collect()
}

/// A table is a type of its name.
fn taken(schema: &Schema) -> BTreeSet<Identifier> {
    let mut names = type_names(schema);
    names.extend(schema.tables.keys().cloned());
    names
}

/// The enums that alone have their labels, of those that are not in their places.
fn of_their_labels(live: &Schema, target: &Schema, taken: &BTreeSet<Identifier>) -> Names {
    let (live, target) = (live.enums.iter().collect(), target.enums.iter().collect());
    let names = alike(&live, &target, |live, target| live.has_labels_of(target));
    let parts = apart(&names).into_iter();
    let free = parts.filter(|part| aside(part.clone(), taken) == *part);
    free.flatten().collect()
}

/// The types that differ, or that columns have and should not have, or the other way round.
fn involved(differences: &[Difference]) -> BTreeSet<String> {
    let mut involved = BTreeSet::new();
    for Difference { object, kind, .. } in differences {
        if matches!(object.kind, ObjectKind::Enum | ObjectKind::Domain) {
            involved.insert(object.name.as_str().to_owned());
        }
        if let DifferenceKind::Changed(Alteration::Type(sides)) = kind {
            involved.extend([&sides.live, &sides.target].map(|ty| ty.element().name()));
        }
    }
    involved
}

struct Types<'a> {
    target: &'a Schema,
    involved: &'a BTreeSet<String>,
}

impl Search for Types<'_> {
    fn score(&self, schema: &Schema) -> Score {
        Score {
            differences: compare(schema, self.target).len(),
            disorder: 0,
        }
    }

    fn candidates(&self, schema: &Schema) -> Vec<Candidate> {
        let taken = taken(schema);
        let is_involved = |name: &&Identifier| self.involved.contains(name.as_str());
        let names_of = |of: fn(&Schema) -> BTreeSet<Identifier>| {
            let (live, target) = (of(schema), of(self.target));
            let mut candidates = Vec::new();
            for from in live.difference(&target).filter(is_involved) {
                candidates.extend(target.iter().filter(is_involved).map(|to| Candidate {
                    names: aside(Names::from([(from.clone(), to.clone())]), &taken),
                    kind: match live.contains(to) {
                        true => Kind::Displace,
                        false => Kind::Rename,
                    },
                }));
            }
            let both = live.intersection(&target).filter(is_involved);
            let both: Vec<_> = both.cloned().collect();
            for (at, one) in both.iter().enumerate() {
                candidates.extend(both[at + 1..].iter().map(|other| Candidate {
                    names: Names::from([
                        (one.clone(), other.clone()),
                        (other.clone(), one.clone()),
                    ]),
                    kind: Kind::Swap,
                }));
            }
            candidates
        };
        let mut candidates = names_of(|schema| schema.enums.keys().cloned().collect());
        candidates.extend(names_of(|schema| schema.domains.keys().cloned().collect()));
        candidates
    }

    fn applied(&self, schema: &Schema, names: &Names) -> Schema {
        applied::types(schema, names)
    }
}
