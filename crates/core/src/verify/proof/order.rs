//! Deletes that reach a table by two paths, one of which refuses: whether they succeed can depend on
//! the order in which the foreign keys were created.
//!
//! A delete goes in rounds (see [`super::fate`]). Say a row of `X` goes in round `n`, and `Y` names it
//! by RESTRICT or NO ACTION: that is looked at in round `n + 1`. The row of `Y` is gone by then when it
//! goes in round `n` or before, whatever the order; it is still there when it goes later than round
//! `n + 1`; and when it goes in that very round, the order of the triggers decides.

mod said;

use std::collections::{BTreeMap, BTreeSet};

use said::{deferred, made_again};

use super::subject::KeyName;
use crate::model::{Action, Deferrable, ForeignKey, Identifier, Schema};
use crate::verify::advice::Advice;

/// What deleting a row of `root` leaves to the order of the foreign keys, in `schema`, whose foreign
/// keys fire in `firing_order`. Of the tables in `always` it is said also when nothing is left open.
pub fn order_advice(
    schema: &Schema,
    firing_order: &[KeyName],
    root: &Identifier,
    always: &[Identifier],
) -> Vec<Advice> {
    let graph = Graph::of(schema, root);
    let holds = graph.holding();
    let open = holds
        .iter()
        .filter(|hold| graph.certainty(hold) != Certainty::Succeeds);
    let mut advice: Vec<_> = open.map(|hold| graph.advice(hold, firing_order)).collect();
    let settled = holds
        .iter()
        .filter(|hold| graph.certainty(hold) == Certainty::Succeeds);
    advice.extend(
        settled
            .filter(|hold| always.contains(hold.child))
            .map(|hold| graph.settled(hold)),
    );
    let mut said = BTreeSet::new();
    advice.retain(|advice| said.insert(advice.title.clone()));
    advice
}

/// How a refused delete of `root` came about, and the SQL that would make it succeed: for the foreign
/// key that refused.
pub(super) fn refusal(
    schema: &Schema,
    firing_order: &[KeyName],
    root: &Identifier,
    refused_by: (&str, &str),
) -> Option<(String, Option<String>)> {
    let graph = Graph::of(schema, root);
    let (child, table) = schema.tables.get_key_value(refused_by.0)?;
    let (name, key) = table.foreign_keys.get_key_value(refused_by.1)?;
    if !matches!(key.on_delete, Action::NoAction | Action::Restrict) {
        let text = format!(
            "{} is {}, so its trigger does not do what the foreign key says",
            name.quoted(),
            key.on_delete.sql()
        );
        return Some((text, None));
    }
    let hold = Edge {
        child,
        name,
        key,
        parent: key.references.here()?,
    };
    let to_parent = graph.path(hold.parent, &graph.first)?;
    if *hold.parent == *root && !graph.first.contains_key(child) {
        let text = format!(
            "{} itself holds the row, and no foreign key takes {} along",
            name.quoted(),
            child.quoted()
        );
        return Some((text, None));
    }
    let Some(to_child) = graph.path(child, &graph.first) else {
        let text = format!(
            "{}, whose row is named by {}; no cascade leads there",
            arrows(root, &to_parent),
            child.quoted()
        );
        return Some((text, None));
    };
    let order = graph.why(&hold, firing_order);
    let why = match (graph.certainty(&hold), &order) {
        (Certainty::Refuses, _) => "which is too late in any order".to_owned(),
        (_, None) => "which was too late".to_owned(),
        (_, Some((first, second))) => format!(
            "which came too late, as {} fires before {}: the order in which they were created",
            first.name.quoted(),
            second.name.quoted()
        ),
    };
    // Made again, a foreign key is the last to fire; that keeps every promise, and may be enough.
    let made_last = order.map(|(first, _)| first).filter(|first| {
        graph.lets_go(&hold, |edge| match (edge.child, edge.name) {
            one if one == (first.child, first.name) => usize::MAX,
            _ => place(firing_order, edge),
        })
    });
    let text = format!(
        "the delete went {}, whose row {} still names; {} goes by {}, {why}",
        arrows(root, &to_parent),
        child.quoted(),
        child.quoted(),
        arrows(root, &to_child)
    );
    let sql = made_last.map_or_else(|| deferred(&hold), |first| made_again(&first));
    Some((text, Some(sql)))
}

/// Where a foreign key stands in the order in which they fire.
fn place(firing_order: &[KeyName], edge: &Edge<'_>) -> usize {
    let is_it = |key: &KeyName| key.table == *edge.child && key.constraint == *edge.name;
    firing_order.iter().position(is_it).unwrap_or(usize::MAX)
}

/// What comes of a delete as far as one foreign key that refuses is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    Succeeds,
    Depends,
    Refuses,
}

/// A foreign key between tables.
#[derive(Clone, Copy)]
struct Edge<'a> {
    child: &'a Identifier,
    name: &'a Identifier,
    key: &'a ForeignKey,
    parent: &'a Identifier,
}

/// The round in which rows of a table go at the earliest, and the foreign key that takes them.
type Rounds<'a> = BTreeMap<&'a Identifier, (usize, Option<Edge<'a>>)>;

struct Graph<'a> {
    root: &'a Identifier,
    edges: Vec<Edge<'a>>,
    /// By every cascade.
    first: Rounds<'a>,
    /// By cascades alone whose columns take no NULL: at the latest, then, rows go in this round.
    last: Rounds<'a>,
}

impl<'a> Graph<'a> {
    fn of(schema: &'a Schema, root: &'a Identifier) -> Graph<'a> {
        let mut edges = Vec::new();
        for (child, table) in &schema.tables {
            let keys = table.foreign_keys.iter();
            edges.extend(keys.filter_map(|(name, key)| {
                Some(Edge {
                    child,
                    name,
                    key,
                    parent: key.references.here()?,
                })
            }));
        }
        let required = |edge: &Edge<'_>| {
            let table = schema.tables.get(edge.child);
            let takes_null = |own: &Identifier| {
                table
                    .and_then(|table| table.column(own.as_str()))
                    .is_none_or(|column| column.nullable)
            };
            !edge.key.columns.iter().any(takes_null)
        };
        let cascades = |edge: &&Edge<'a>| edge.key.on_delete == Action::Cascade;
        let all: Vec<_> = edges.iter().filter(cascades).copied().collect();
        let sure: Vec<_> = all.iter().filter(|edge| required(edge)).copied().collect();
        Graph {
            root,
            first: rounds(root, &all),
            last: rounds(root, &sure),
            edges,
        }
    }

    /// The foreign keys that refuse to let a row go, between tables that both go with the root.
    fn holding(&self) -> Vec<Edge<'a>> {
        let refuses = |edge: &&Edge<'_>| {
            let at_commit = edge.key.deferrable == Deferrable::InitiallyDeferred
                && edge.key.on_delete == Action::NoAction;
            matches!(edge.key.on_delete, Action::Restrict | Action::NoAction) && !at_commit
        };
        let both_go = |edge: &&Edge<'_>| {
            self.first.contains_key(edge.child) && self.first.contains_key(edge.parent)
        };
        self.edges
            .iter()
            .filter(refuses)
            .filter(both_go)
            .copied()
            .collect()
    }

    fn certainty(&self, hold: &Edge<'_>) -> Certainty {
        let round = |rounds: &Rounds<'_>, table| rounds.get(table).map(|(round, _)| *round);
        let parent = round(&self.first, hold.parent).unwrap_or_default();
        let child = round(&self.last, hold.child)
            .or(round(&self.first, hold.child))
            .unwrap_or_default();
        let child_with_all = round(&self.first, hold.child).unwrap_or_default();
        if child <= parent {
            Certainty::Succeeds
        } else if child_with_all > parent + 1 {
            Certainty::Refuses
        } else {
            Certainty::Depends
        }
    }

    /// The foreign keys from the root to `table`.
    fn path(&self, table: &Identifier, rounds: &Rounds<'a>) -> Option<Vec<Edge<'a>>> {
        let mut path = Vec::new();
        let mut at = rounds.get(table)?;
        while let Some(edge) = at.1 {
            path.push(edge);
            at = rounds.get(edge.parent)?;
        }
        path.reverse();
        Some(path)
    }

    /// The two foreign keys whose order decides, as they fire: the one on the way to the row held first
    /// when the delete is refused.
    fn why(&self, hold: &Edge<'a>, firing_order: &[KeyName]) -> Option<(Edge<'a>, Edge<'a>)> {
        let (to_parent, to_child) = (
            self.path(hold.parent, &self.first)?,
            self.path(hold.child, &self.first)?,
        );
        let with_hold: Vec<_> = to_parent.iter().chain([hold]).collect();
        let (refuses, takes) = with_hold
            .into_iter()
            .zip(&to_child)
            .find(|(one, other)| (one.child, one.name) != (other.child, other.name))?;
        let by_place = [refuses, takes].map(|edge| (place(firing_order, edge), *edge));
        Some(if by_place[0].0 <= by_place[1].0 {
            (*refuses, *takes)
        } else {
            (*takes, *refuses)
        })
    }

    /// Whether `hold`, were it the only one that refuses, lets a row of the root go where every table has
    /// one row, all naming each other.
    fn lets_go(&self, hold: &Edge<'_>, place: impl Fn(&Edge<'_>) -> usize) -> bool {
        let mut gone = BTreeSet::from([self.root]);
        let mut queue = std::collections::VecDeque::from([self.root]);
        while let Some(table) = queue.pop_front() {
            let mut fired: Vec<_> = self
                .edges
                .iter()
                .filter(|edge| edge.parent == table)
                .collect();
            fired.sort_by_key(|edge| place(edge));
            for edge in fired {
                if gone.contains(edge.child) {
                    continue;
                }
                match edge.key.on_delete {
                    Action::Cascade => {
                        gone.insert(edge.child);
                        queue.push_back(edge.child);
                    }
                    Action::SetNull | Action::SetDefault => {}
                    Action::NoAction | Action::Restrict => {
                        if (edge.child, edge.name) == (hold.child, hold.name) {
                            return false;
                        }
                    }
                }
            }
        }
        true
    }
}

/// The round in which the first rows of each table go.
fn rounds<'a>(root: &'a Identifier, cascades: &[Edge<'a>]) -> Rounds<'a> {
    let mut rounds = Rounds::from([(root, (0, None))]);
    let mut last = vec![root];
    for round in 1.. {
        let mut next = Vec::new();
        for edge in cascades.iter().filter(|edge| last.contains(&edge.parent)) {
            rounds.entry(edge.child).or_insert_with(|| {
                next.push(edge.child);
                (round, Some(*edge))
            });
        }
        if next.is_empty() {
            break;
        }
        last = next;
    }
    rounds
}

fn arrows(root: &Identifier, path: &[Edge<'_>]) -> String {
    path.iter().fold(root.quoted(), |text, edge| {
        text + " -> " + &edge.child.quoted()
    })
}
