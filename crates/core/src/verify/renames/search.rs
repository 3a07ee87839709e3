//! Trying names, and keeping those with which less differs.

use std::collections::BTreeSet;

use crate::diff::{Difference, compare};
use crate::model::{Identifier, Schema};

use super::order::ordered;
use super::{Names, Reason, Rename, Scope, apart};

/// More than this many renames at once are no mistake of a person's.
const MOST_STEPS: usize = 12;

/// Names to try.
pub(super) struct Candidate {
    pub(super) names: Names,
    pub(super) kind: Kind,
}

/// What names that are tried do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Things of both schemas get each other's names.
    Swap,
    /// What only the live schema has gets the name of what only the target has.
    Rename,
    /// What only the live schema has gets a name that something else has.
    Displace,
}

/// How well a schema fits the target: the less the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    /// How many things differ.
    pub(super) differences: usize,
    /// How many pairs of columns are in another order than in the target.
    pub(super) disorder: usize,
}

/// What a search is about.
pub(super) trait Search {
    /// How well `schema` fits.
    fn score(&self, schema: &Schema) -> Score;
    /// What to try next.
    fn candidates(&self, schema: &Schema) -> Vec<Candidate>;
    /// `schema` with other names.
    fn applied(&self, schema: &Schema, names: &Names) -> Schema;
}

/// The names with which `live` fits best, beginning with `names`.
pub(super) fn search(live: &Schema, mut names: Names, search: &impl Search) -> Names {
    let mut now = search.applied(live, &names);
    let mut score = search.score(&now);
    for _ in 0..MOST_STEPS {
        let tried = search.candidates(&now).into_iter().filter_map(|candidate| {
            let schema = search.applied(&now, &candidate.names);
            let better = search.score(&schema);
            let less = better.differences < score.differences;
            let in_order = candidate.kind == Kind::Displace && better < score;
            (less || in_order).then_some((better, candidate, schema))
        });
        let mut tried: Vec<_> = tried.collect();
        tried.sort_by_key(|(score, ..)| *score);
        let is_clear = |(score, candidate, _): &(Score, Candidate, Schema)| {
            candidate.kind == Kind::Swap
                || !tried.iter().any(|(other_score, other, _)| {
                    other_score.differences == score.differences
                        && other.kind == candidate.kind
                        && other.names != candidate.names
                        && have_one_in_common(&other.names, &candidate.names)
                })
        };
        let Some(at) = tried.iter().position(is_clear) else {
            break;
        };
        let (better, candidate, schema) = tried.swap_remove(at);
        names = followed_by(names, candidate.names);
        (score, now) = (better, schema);
    }
    names
}

/// Whether one gets the name in both, or both give one name.
fn have_one_in_common(one: &Names, other: &Names) -> bool {
    let given: BTreeSet<_> = one.values().collect();
    let mut others = other.iter();
    others.any(|(from, to)| one.contains_key(from) || given.contains(to))
}

/// What comes of `first` and then `then`.
fn followed_by(first: Names, mut then: Names) -> Names {
    let first = first.into_iter();
    let mut names: Names = first
        .map(|(from, to)| {
            let last = then.remove(&to).unwrap_or(to);
            (from, last)
        })
        .collect();
    names.extend(then);
    names.retain(|from, to| from != to);
    names
}

/// What is found is judged by.
pub(super) struct Ground<'a> {
    pub(super) target: &'a Schema,
    /// The differences between them.
    pub(super) differences: &'a [Difference],
    /// All names of the kind in the live schema, and of what shares names with it.
    pub(super) taken: BTreeSet<Identifier>,
    /// The names of the kind in the target.
    pub(super) wanted: BTreeSet<Identifier>,
}

impl Ground<'_> {
    /// What was found, apart from each other where they have nothing to do with each other, those left out that explain
    /// nothing. `shape` are those that what they are tells.
    pub(super) fn found(
        &self,
        scope: impl Fn(&Identifier) -> Scope,
        names: &Names,
        shape: &Names,
        applied: impl Fn(&Names) -> Schema,
    ) -> Vec<Rename> {
        let parts = apart(names).into_iter();
        let renames = parts.filter_map(|part| {
            let after = compare(&applied(&part), self.target);
            let gone = |difference: &&Difference| !after.contains(difference);
            let explained: Vec<_> = self.differences.iter().filter(gone).cloned().collect();
            let (first, _) = part.iter().next()?;
            (!explained.is_empty()).then(|| Rename {
                scope: scope(first),
                statements: ordered(&part, &self.taken),
                reason: self.reason(&part, shape),
                names: part.keys().chain(part.values()).cloned().collect(),
                explained,
            })
        });
        renames.collect()
    }

    fn reason(&self, part: &Names, shape: &Names) -> Reason {
        let in_the_way = part.iter().find(|(_, to)| !self.wanted.contains(*to));
        let expected = match in_the_way {
            Some((from, _)) => Some(from),
            None if part.len() == 1 => part.values().next(),
            None => None,
        };
        let held = expected.and_then(|expected| {
            let mut held = part.iter();
            held.find(|(_, to)| *to == expected)
        });
        let is_shape = part.iter().all(|(from, to)| shape.get(from) == Some(to));
        match held {
            _ if is_shape => Reason::Shape,
            Some((held, expected)) => Reason::MayHold {
                held: held.clone(),
                expected: expected.clone(),
            },
            None => Reason::MayBeSwapped(part.keys().cloned().collect()),
        }
    }
}
