//! What shall become of a row when the one it names is deleted or gets another key, and how the server
//! tells what did.

use std::collections::BTreeMap;

use super::fate::{Fate, Names, NewValue, Order, Outcome};
use super::foreign_keys::Child;
use super::places::{LinkId, RowId};
use super::programme::{Expect, Refused};
use super::rows::{Cell, Rows};
use super::world::{Link, World};
use crate::model::{Action, Identifier};

/// A foreign key without its row: 23503. RESTRICT has an error code of its own since PostgreSQL 18.
pub(super) const NO_PARENT: &[&str] = &["23503"];
pub(super) const STILL_NAMED: &[&str] = &["23503", "23001"];
const NOT_NULL: &[&str] = &["23502"];

/// What the child's reference is: `gone` with its row, `kept`, `followed` the changed key, `null`,
/// `default`, or `changed`.
pub(super) fn state(
    rows: &Rows<'_, '_>,
    child: &Child,
    changes: &BTreeMap<&Identifier, Cell>,
) -> String {
    let link = &rows.world.links[child.link];
    let new_values: BTreeMap<_, _> = link
        .columns
        .iter()
        .filter_map(|(own, referenced)| Some((*own, changes.get(referenced)?.clone())))
        .collect();
    let all: Vec<_> = link.columns.iter().map(|(own, _)| *own).collect();
    let touched = if changes.is_empty() {
        link.touched_on_delete()
    } else {
        all.clone()
    };
    let old_value = |own: &Identifier| rows.cell(child.row, own).sql();
    let kept = each(&all, |own| {
        let equals = rows.equality(child.row, own);
        format!("r.{} {equals} {}", own.quoted(), old_value(own))
    });
    let followed = each(&all, |own| {
        let value = new_values
            .get(own)
            .map_or_else(|| old_value(own), Cell::sql);
        let equals = rows.equality(child.row, own);
        format!("r.{} {equals} {value}", own.quoted())
    });
    let null = each(&touched, |own| format!("r.{} IS NULL", own.quoted()));
    let default = each(&touched, |own| {
        let default = rows
            .world
            .promised_default(link.child, own)
            .map_or("NULL", |default| default.as_str());
        format!("r.{} IS NOT DISTINCT FROM ({default})", own.quoted())
    });
    let sets_default = [link.on_delete, link.on_update].contains(&Action::SetDefault);
    let whens = [
        Some(("kept", kept)),
        (!changes.is_empty()).then_some(("followed", followed)),
        Some(("null", null)),
        sets_default.then_some(("default", default)),
    ];
    let whens: Vec<_> = whens
        .iter()
        .flatten()
        .map(|(state, condition)| format!("WHEN {condition} THEN '{state}'"))
        .collect();
    let key = rows.locate(child.row, &BTreeMap::new());
    let moved = rows.locate(child.row, &new_values);
    let or_moved = if moved == key {
        String::new()
    } else {
        format!(" OR {moved}")
    };
    format!(
        "SELECT coalesce((SELECT CASE {} ELSE 'changed' END FROM {} r WHERE {key}{or_moved}), 'gone')",
        whens.join(" "),
        rows.table(link.child)
    )
}

fn each(columns: &[&Identifier], condition: impl Fn(&Identifier) -> String) -> String {
    columns
        .iter()
        .map(|column| condition(column))
        .collect::<Vec<_>>()
        .join(" AND ")
}

/// What deleting a row comes to, in the worst and in the best order of the triggers.
pub(super) struct Ends {
    worst: Outcome,
    best: Outcome,
}

impl Ends {
    /// Of deleting `row`, by the promised foreign keys.
    pub(super) fn of_deleting(world: &World<'_>, names: &Names<'_>, row: RowId) -> Ends {
        let promised = |link: LinkId| world.links[link].declared.is_some();
        let [worst, best] = [Order::RefusalsFirst, Order::RefusalsLast]
            .map(|order| names.delete(row, order, promised));
        Ends { worst, best }
    }
}

/// What the second step answers when the first deleted the row that `child` names, or that the first is refused.
pub(super) fn after_delete(world: &World<'_>, ends: &Ends, child: &Child) -> Expect {
    let link = &world.links[child.link];
    if link.on_delete == Action::SetNull
        && !link
            .touched_on_delete()
            .iter()
            .all(|own| takes_null(world, link, own))
    {
        return refused(Refused {
            states: NOT_NULL,
            by: Vec::new(),
        });
    }
    let state = |fates: &BTreeMap<RowId, Fate>| match fates.get(&child.row) {
        Some(Fate::Gone) => "gone",
        Some(Fate::Changed(links)) if links.get(&child.link) == Some(&NewValue::Default) => {
            default_state(world, link)
        }
        Some(Fate::Changed(_)) => "null",
        None => "kept",
    };
    let by = |link: LinkId| Refused {
        states: STILL_NAMED,
        by: constraint_names(&world.links[link]),
    };
    match (&ends.worst, &ends.best) {
        (_, Outcome::Refused(refusal)) => refused(by(refusal.link)),
        (Outcome::Done(_), Outcome::Done(fates)) => answer(state(fates), None),
        (Outcome::Refused(refusal), Outcome::Done(fates)) => {
            answer(state(fates), Some(by(refusal.link)))
        }
    }
}

/// The same when the first step changed the parent's key.
pub(super) fn after_key_change(world: &World<'_>, at: LinkId) -> Expect {
    let link = &world.links[at];
    match link.on_update {
        Action::Cascade => answer("followed", None),
        Action::SetNull
            if !link
                .columns
                .iter()
                .all(|(own, _)| takes_null(world, link, own)) =>
        {
            refused(Refused {
                states: NOT_NULL,
                by: Vec::new(),
            })
        }
        Action::SetNull => answer("null", None),
        Action::SetDefault => answer(default_state(world, link), None),
        Action::NoAction | Action::Restrict => refused(Refused {
            states: STILL_NAMED,
            by: constraint_names(link),
        }),
    }
}

fn answer(state: &str, or_refused: Option<Refused>) -> Expect {
    Expect::Answer {
        step: 1,
        is: vec![state.to_owned()],
        or_refused,
    }
}

/// The first step is refused.
pub(super) fn refused(how: Refused) -> Expect {
    Expect::Refused { step: 0, how }
}

/// The names that a foreign key's refusal may give: the promised one, and the live one's.
pub(super) fn constraint_names(link: &Link<'_>) -> Vec<Identifier> {
    let live = link.live_name.filter(|live| *live != link.name);
    std::iter::once(link.name).chain(live).cloned().collect()
}

fn takes_null(world: &World<'_>, link: &Link<'_>, own: &Identifier) -> bool {
    world
        .tables
        .get(link.child)
        .is_some_and(|table| world.takes_null(table, own))
}

/// A column without a default has NULL for one.
fn default_state(world: &World<'_>, link: &Link<'_>) -> &'static str {
    let has_default = link
        .columns
        .iter()
        .any(|(own, _)| world.promised_default(link.child, own).is_some());
    if has_default { "default" } else { "null" }
}
