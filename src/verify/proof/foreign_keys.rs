//! Every promised foreign key by itself: a row and the one it names, made so that nothing else decides
//! what comes of deleting or changing the one, or of naming one that is not there.

use std::collections::BTreeMap;

use super::composer::{Composer, as_in};
use super::fate::{Fate, Names, Order, Outcome};
use super::graph::Fill;
use super::programme::{Claim, Expect, Refused, Step, Trial};
use super::rows::{Cell, Rows};
use super::world::{Link, World};
use crate::diff::{Object, ObjectKind};
use crate::model::{Action, Identifier, Identity};

pub(super) const DELETES: &str = "deletes.foreign-keys";
pub(super) const KEY_CHANGES: &str = "deletes.key-changes";
pub(super) const ORPHANS: &str = "integrity.orphans-refused";

/// A foreign key without its row: 23503. RESTRICT has an error code of its own since PostgreSQL 18.
pub(super) const NO_PARENT: &[&str] = &["23503"];
pub(super) const STILL_NAMED: &[&str] = &["23503", "23001"];
const NOT_NULL: &[&str] = &["23502"];

/// The rows of one foreign key's trials.
#[derive(Clone, Copy)]
struct Pair {
    link: usize,
    child: usize,
    parent: usize,
    /// A row like `child` that names none.
    orphan: usize,
    /// A row that has the values to change the parent's key to.
    rekeyed: Option<usize>,
}

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let world = composer.world;
    not_tried(composer);
    for (at, link) in world
        .links
        .iter()
        .enumerate()
        .filter(|(_, link)| link.declared.is_some())
    {
        if let Some(pair) = pair(composer, at, link) {
            composer.plan(move |rows, names| trials(rows, names, pair));
        }
    }
}

/// The promised foreign keys that have no link, because of a table or a column.
fn not_tried(composer: &mut Composer<'_, '_>) {
    let world = composer.world;
    for (child, table) in &world.subject.desired.tables {
        for (name, key) in &table.foreign_keys {
            let is_linked = world
                .links
                .iter()
                .any(|link| link.child == child && link.name == name);
            let Some(parent) = key.references.here().filter(|_| !is_linked) else {
                continue;
            };
            let reason = [child, parent].into_iter().find_map(|table| {
                world
                    .left_out
                    .get(table)
                    .map(|reason| format!("{}: {reason}", table.quoted()))
            });
            let reason = reason.unwrap_or_else(|| "a column of it is not there".to_owned());
            for check in [DELETES, KEY_CHANGES, ORPHANS] {
                composer.not_tried(check, about(name, child), reason.clone());
            }
        }
    }
}

fn about(name: &Identifier, child: &Identifier) -> String {
    format!("{} on {}", name.quoted(), child.quoted())
}

fn pair<'a>(composer: &mut Composer<'_, 'a>, at: usize, link: &Link<'a>) -> Option<Pair> {
    let graph = &mut composer.graph;
    let (child, parent) = (
        graph.row(link.child, Fill::Required)?,
        graph.row(link.parent, Fill::Required)?,
    );
    graph.connect(child, at, parent);
    graph.complete(parent);
    graph.complete(child);
    let orphan = graph.row(link.child, Fill::Required)?;
    graph.hold_back(orphan);
    graph.sever(orphan, own_columns(composer.world, at));
    graph.complete(orphan);
    if matches!(link.on_delete, Action::SetDefault) || matches!(link.on_update, Action::SetDefault)
    {
        stand_by_for_default(composer, link);
    }
    let rekeyed = rekeyed(composer, link);
    Some(Pair {
        link: at,
        child,
        parent,
        orphan,
        rekeyed,
    })
}

/// The columns of a foreign key that are in no other, or all when each is.
fn own_columns<'a>(world: &World<'a>, at: usize) -> Vec<&'a Identifier> {
    let link = &world.links[at];
    let others = world
        .links_of(link.child)
        .iter()
        .filter(|other| **other != at);
    let shared = |own: &Identifier| {
        others
            .clone()
            .any(|other| world.links[*other].has_column(own))
    };
    let all = link.columns.iter().map(|(own, _)| *own);
    let own: Vec<_> = all.clone().filter(|own| !shared(own)).collect();
    if own.is_empty() { all.collect() } else { own }
}

/// SET DEFAULT needs a row that the default names.
fn stand_by_for_default(composer: &mut Composer<'_, '_>, link: &Link<'_>) {
    let world = composer.world;
    let constants: Option<Vec<_>> = link
        .columns
        .iter()
        .map(|(own, referenced)| {
            let default = world.promised_default(link.child, own)?.as_str();
            let text = default
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            Some((
                *referenced,
                text.map_or_else(|| default.to_owned(), |text| text.replace("''", "'")),
            ))
        })
        .collect();
    let Some(constants) = constants else { return };
    let Some(row) = composer.graph.row(link.parent, Fill::Required) else {
        return;
    };
    for (referenced, text) in constants {
        composer.graph.fix(row, referenced, Cell::Text(text));
    }
    composer.graph.only_if_absent(row);
    composer.graph.complete(row);
}

/// A row that has another key than any: a value of its own where the key is the parent's own, else that
/// of another row that the parent could name.
fn rekeyed<'a>(composer: &mut Composer<'_, 'a>, link: &Link<'a>) -> Option<usize> {
    let world = composer.world;
    let graph = &mut composer.graph;
    let row = graph.row(link.parent, Fill::Required)?;
    graph.hold_back(row);
    let columns = changeable(world, link);
    let borrowed = columns
        .iter()
        .any(|column| names_another(world, link.parent, column));
    if !borrowed {
        graph.sever(row, columns);
        return Some(row);
    }
    for &at in world.links_of(link.parent) {
        let other = &world.links[at];
        if columns.iter().any(|column| other.has_column(column)) {
            let grandparent = graph.row(other.parent, Fill::Required)?;
            graph.connect(row, at, grandparent);
            graph.complete(grandparent);
        }
    }
    Some(row)
}

fn names_another(world: &World<'_>, table: &Identifier, column: &Identifier) -> bool {
    world
        .links_of(table)
        .iter()
        .any(|at| world.links[*at].has_column(column))
}

/// The columns of the referenced key to change: those that name no other row, or all when each does.
fn changeable<'a>(world: &World<'a>, link: &Link<'a>) -> Vec<&'a Identifier> {
    let table = world.tables.get(link.parent);
    let can_change = |column: &&Identifier| {
        let column = table.and_then(|table| table.column(column.as_str()));
        column.is_some_and(|column| {
            column.generated.is_none() && column.identity != Some(Identity::Always)
        })
    };
    let all: Vec<_> = link
        .columns
        .iter()
        .map(|(_, referenced)| *referenced)
        .filter(can_change)
        .collect();
    let own: Vec<_> = all
        .iter()
        .copied()
        .filter(|column| !names_another(world, link.parent, column))
        .collect();
    if own.is_empty() { all } else { own }
}

fn trials(rows: &Rows<'_, '_>, names: &Names<'_>, pair: Pair) -> Vec<Trial> {
    let world = rows.world;
    let link = &world.links[pair.link];
    let claim = |check, promise: String, expect| Claim {
        check,
        about: about(link.name, link.child),
        promise,
        object: Some(Object {
            owner: link.child.clone(),
            kind: ObjectKind::ForeignKey,
            name: link.name.clone(),
        }),
        expect,
    };
    let mut trials = Vec::new();
    let (child, parent) = (link.child.quoted(), link.parent.quoted());

    let no_changes = BTreeMap::new();
    trials.push(Trial {
        steps: vec![
            Step::one_row(rows.delete(pair.parent)),
            Step::Ask(state(rows, pair, &no_changes)),
        ],
        claims: vec![claim(
            DELETES,
            format!(
                "ON DELETE {} from {parent} to {child}",
                link.on_delete.sql()
            ),
            after_delete(rows, names, pair),
        )],
    });

    if let Some(rekeyed) = pair.rekeyed {
        let changes = as_in(rows, rekeyed, changeable(world, link));
        if !changes.is_empty() {
            trials.push(Trial {
                steps: vec![
                    Step::one_row(rows.update(pair.parent, &changes)),
                    Step::Ask(state(rows, pair, &changes)),
                ],
                claims: vec![claim(
                    KEY_CHANGES,
                    format!(
                        "ON UPDATE {} from {parent} to {child}",
                        link.on_update.sql()
                    ),
                    after_key_change(world, pair.link),
                )],
            });
        }
    }

    let orphaned = as_in(rows, pair.orphan, own_columns(world, pair.link));
    let no_parent = || {
        let shares = |other: &&usize| {
            link.columns
                .iter()
                .any(|(own, _)| world.links[**other].has_column(own))
        };
        let by = world
            .links_of(link.child)
            .iter()
            .filter(shares)
            .flat_map(|other| constraint_names(&world.links[*other]));
        refused(Refused {
            states: NO_PARENT,
            by: by.collect(),
        })
    };
    for (what, step) in [
        (
            "a new row of",
            Step::Do {
                sql: rows.insert(&[pair.orphan]),
                rows: None,
            },
        ),
        (
            "a row of",
            Step::Do {
                sql: rows.update(pair.child, &orphaned),
                rows: None,
            },
        ),
    ] {
        let promise = format!("{what} {child} that names no row of {parent} is refused");
        trials.push(Trial {
            steps: vec![step],
            claims: vec![claim(ORPHANS, promise, no_parent())],
        });
    }
    trials
}

/// The first step is refused.
fn refused(how: Refused) -> Expect {
    Expect::Refused { step: 0, how }
}

fn constraint_names(link: &Link<'_>) -> Vec<Identifier> {
    let live = link.live_name.filter(|live| *live != link.name);
    std::iter::once(link.name).chain(live).cloned().collect()
}

/// What the child's reference is: `gone` with its row, `kept`, `followed` the changed key, `null`,
/// `default`, or `changed`.
fn state(rows: &Rows<'_, '_>, pair: Pair, changes: &BTreeMap<&Identifier, Cell>) -> String {
    let link = &rows.world.links[pair.link];
    let table = rows.table(link.child);
    let of_child: BTreeMap<_, _> = link
        .columns
        .iter()
        .filter_map(|(own, referenced)| Some((*own, changes.get(referenced)?.clone())))
        .collect();
    let equal = |cells: &dyn Fn(&Identifier) -> Cell| {
        let each = link
            .columns
            .iter()
            .map(|(own, _)| format!("leora_row.{} = {}", own.quoted(), cells(own).sql()));
        each.collect::<Vec<_>>().join(" AND ")
    };
    let kept = equal(&|own| rows.cell(pair.child, own).clone());
    let followed = equal(&|own| {
        of_child
            .get(own)
            .unwrap_or_else(|| rows.cell(pair.child, own))
            .clone()
    });
    let touched = if changes.is_empty() {
        link.touched_on_delete()
    } else {
        link.columns.iter().map(|(own, _)| *own).collect()
    };
    let each = |condition: &dyn Fn(&Identifier) -> String| {
        touched
            .iter()
            .map(|own| condition(own))
            .collect::<Vec<_>>()
            .join(" AND ")
    };
    let null = each(&|own| format!("leora_row.{} IS NULL", own.quoted()));
    let default = each(&|own| {
        let default = rows
            .world
            .promised_default(link.child, own)
            .map_or("NULL", |default| default.as_str());
        format!(
            "leora_row.{} IS NOT DISTINCT FROM ({default})",
            own.quoted()
        )
    });
    let whens = [
        ("kept", kept),
        ("followed", followed),
        ("null", null),
        ("default", default),
    ];
    let whens: Vec<_> = whens
        .iter()
        .map(|(state, condition)| format!("WHEN {condition} THEN '{state}'"))
        .collect();
    format!(
        "SELECT coalesce((SELECT CASE {} ELSE 'changed' END FROM {table} leora_row WHERE ({}) OR ({})), 'gone')",
        whens.join(" "),
        rows.locate(pair.child, &BTreeMap::new()),
        rows.locate(pair.child, &of_child),
    )
}

fn after_delete(rows: &Rows<'_, '_>, names: &Names<'_>, pair: Pair) -> Expect {
    let world = rows.world;
    let link = &world.links[pair.link];
    let takes_null = |own: &&Identifier| {
        world
            .tables
            .get(link.child)
            .is_some_and(|table| world.takes_null(table, own))
    };
    if link.on_delete == Action::SetNull && !link.touched_on_delete().iter().all(takes_null) {
        return refused(Refused {
            states: NOT_NULL,
            by: Vec::new(),
        });
    }
    let promised = |link: usize| world.links[link].declared.is_some();
    let state = |fates: &BTreeMap<usize, Fate>| match fates.get(&pair.child) {
        Some(Fate::Gone) => "gone",
        Some(Fate::Changed(links)) if links.get(&pair.link) == Some(&true) => {
            default_state(world, pair.link)
        }
        Some(Fate::Changed(_)) => "null",
        None => "kept",
    };
    let [worst, best] = [Order::RefusalsFirst, Order::RefusalsLast]
        .map(|order| names.delete(pair.parent, order, promised));
    let by = |link: usize| Refused {
        states: STILL_NAMED,
        by: constraint_names(&world.links[link]),
    };
    match (worst, best) {
        (_, Outcome::Refused(refusal)) => refused(by(refusal.link)),
        (Outcome::Done(_), Outcome::Done(fates)) => Expect::Answer {
            step: 1,
            is: vec![state(&fates).to_owned()],
            or_refused: None,
        },
        (Outcome::Refused(refusal), Outcome::Done(fates)) => Expect::Answer {
            step: 1,
            is: vec![state(&fates).to_owned()],
            or_refused: Some(by(refusal.link)),
        },
    }
}

/// A column without a default has NULL for one.
fn default_state(world: &World<'_>, at: usize) -> &'static str {
    let link = &world.links[at];
    let has_default = link
        .columns
        .iter()
        .any(|(own, _)| world.promised_default(link.child, own).is_some());
    if has_default { "default" } else { "null" }
}

fn after_key_change(world: &World<'_>, at: usize) -> Expect {
    let link = &world.links[at];
    let answer = |state: &str| Expect::Answer {
        step: 1,
        is: vec![state.to_owned()],
        or_refused: None,
    };
    let takes_null = |own: &Identifier| {
        world
            .tables
            .get(link.child)
            .is_some_and(|table| world.takes_null(table, own))
    };
    match link.on_update {
        Action::Cascade => answer("followed"),
        Action::SetNull if !link.columns.iter().all(|(own, _)| takes_null(own)) => {
            refused(Refused {
                states: NOT_NULL,
                by: Vec::new(),
            })
        }
        Action::SetNull => answer("null"),
        Action::SetDefault => answer(default_state(world, at)),
        Action::NoAction | Action::Restrict => refused(Refused {
            states: STILL_NAMED,
            by: constraint_names(link),
        }),
    }
}
