//! Every promised foreign key by itself: a row and the one it names, made so that nothing else decides
//! what comes of deleting or changing the one, or of naming one that is not there.

use std::collections::{BTreeMap, BTreeSet};

use super::composer::{Composer, as_in};
use super::fate::Names;
use super::graph::Fill;
use super::outcome::{
    Ends, NO_PARENT, after_delete, after_key_change, constraint_names, refused, state,
};
use super::places::{LinkId, RowId};
use super::programme::{Claim, Expect, Refused, Step, Trial};
use super::rows::{Cell, Rows};
use super::subject::KeyName;
use super::world::{Link, World};
use crate::diff::{Object, ObjectKind};
use crate::model::{Action, Identifier, Identity};
use crate::verify::check::CheckId;
use crate::verify::checks::tried::{DELETES, KEY_CHANGES, ORPHANS};
use crate::verify::user_code::Event;

/// A row and those that name it, each by another foreign key.
struct Family {
    parent: RowId,
    /// A row that has the values to change the parent's key to.
    rekeyed: Option<RowId>,
    children: Vec<Child>,
}

/// A row that names the parent of its family.
pub(super) struct Child {
    pub(super) link: LinkId,
    pub(super) row: RowId,
    /// A row like it that names none.
    orphan: RowId,
}

/// Every promised foreign key. Those that refuse, or fire what may not fire, stand alone; the others that reference the same key
/// share a parent: one delete tries them all, as each acts on a row of its own.
pub(super) fn add(composer: &mut Composer<'_, '_>) {
    let world = composer.world;
    not_tried(composer);
    let mut families: BTreeMap<_, Vec<LinkId>> = BTreeMap::new();
    for (at, link) in world
        .links
        .placed()
        .filter(|(_, link)| link.declared.is_some())
    {
        if world.learned.fragile.contains(link.child) && world.leaves_null(link) {
            for check in [&DELETES, &KEY_CHANGES, &ORPHANS].map(|it| it.id) {
                let reason = format!(
                    "no row of {} could be made that names another by it",
                    link.child.quoted()
                );
                composer.not_tried(check, about(link.name, link.child), reason);
            }
            continue;
        }
        let refuses = |action| matches!(action, Action::Restrict | Action::NoAction);
        let stands_alone =
            refuses(link.on_delete) || refuses(link.on_update) || would_fire(world, link);
        let alone = stands_alone.then_some(at);
        let mut key: Vec<_> = link
            .columns
            .iter()
            .map(|(_, referenced)| *referenced)
            .collect();
        key.sort();
        families
            .entry((link.parent, key, alone))
            .or_default()
            .push(at);
    }
    for links in families.values() {
        plan(composer, links);
    }
}

/// Whether a change of the row that is named fires what may not fire at the row that names it.
fn would_fire(world: &World<'_>, link: &Link<'_>) -> bool {
    let Some(key) = link.live else { return false };
    let fires = |action, cascaded| {
        let event = match action {
            Action::Cascade => cascaded,
            Action::SetNull | Action::SetDefault => Event::Update,
            Action::NoAction | Action::Restrict => return false,
        };
        world.would_fire(link.child, event).is_some()
    };
    fires(key.on_delete, Event::Delete) || fires(key.on_update, Event::Update)
}

/// Each of these foreign keys by itself.
pub(super) fn add_each(composer: &mut Composer<'_, '_>, which: &BTreeSet<KeyName>) {
    let world = composer.world;
    for (at, link) in world
        .links
        .placed()
        .filter(|(_, link)| link.declared.is_some())
    {
        if which.contains(&KeyName {
            table: link.child.clone(),
            constraint: link.name.clone(),
        }) {
            plan(composer, &[at]);
        }
    }
}

fn plan(composer: &mut Composer<'_, '_>, links: &[LinkId]) {
    if let Some(family) = family(composer, links) {
        composer.plan(move |rows, names| trials(rows, names, &family));
    }
}

/// The promised foreign keys that have no link, because of a table or a column.
fn not_tried(composer: &mut Composer<'_, '_>) {
    let world = composer.world;
    for (child, table) in &world.subject.desired.tables {
        for (name, key) in &table.foreign_keys {
            let is_linked = world
                .links_of(child)
                .iter()
                .any(|at| world.links[*at].name == name);
            let Some(parent) = key.references.here().filter(|_| !is_linked) else {
                continue;
            };
            let reason = world.why_unlinked(child, parent, &key.columns);
            let is_there = |table: &Identifier, columns: &[Identifier]| {
                let definition = world.tables.get(table);
                let has = |column: &Identifier| {
                    definition.is_some_and(|table| table.column(column.as_str()).is_some())
                };
                columns.iter().all(has)
            };
            let lacking = if is_there(child, &key.columns) {
                parent
            } else {
                child
            };
            let reason = reason.unwrap_or_else(|| world.lacks_columns(lacking));
            for check in [&DELETES, &KEY_CHANGES, &ORPHANS].map(|it| it.id) {
                composer.not_tried(check, about(name, child), reason.clone());
            }
        }
    }
}

fn about(name: &Identifier, child: &Identifier) -> String {
    format!("{} on {}", name.quoted(), child.quoted())
}

fn family(composer: &mut Composer<'_, '_>, links: &[LinkId]) -> Option<Family> {
    let world = composer.world;
    let first = &world.links[*links.first()?];
    let parent = composer.graph.row(first.parent, Fill::Required)?;
    let children: Vec<_> = links
        .iter()
        .filter_map(|at| child(composer, *at, parent))
        .collect();
    composer.graph.complete(parent);
    for child in &children {
        composer.graph.complete(child.row);
        composer.graph.complete(child.orphan);
    }
    Some(Family {
        parent,
        rekeyed: rekeyed(composer, first),
        children,
    })
}

fn child(composer: &mut Composer<'_, '_>, at: LinkId, parent: RowId) -> Option<Child> {
    let world = composer.world;
    let link = &world.links[at];
    let row = composer.graph.row(link.child, Fill::Required)?;
    composer.graph.connect(row, at, parent);
    let orphan = composer.graph.row(link.child, Fill::Required)?;
    composer.graph.hold_back(orphan);
    composer.graph.sever(orphan, own_columns(world, at));
    if [link.on_delete, link.on_update].contains(&Action::SetDefault) {
        stand_by_for_default(composer, link);
    }
    Some(Child {
        link: at,
        row,
        orphan,
    })
}

/// The columns of a foreign key that are in no other, or all when each is.
fn own_columns<'a>(world: &World<'a>, at: LinkId) -> Vec<&'a Identifier> {
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
fn stand_by_for_default<'a>(composer: &mut Composer<'_, 'a>, link: &Link<'a>) {
    let world = composer.world;
    let constant = |default: &str| {
        let text = default
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''));
        text.map_or_else(|| default.to_owned(), |text| text.replace("''", "'"))
    };
    let constants: Option<Vec<_>> = link
        .columns
        .iter()
        .map(|(own, referenced)| {
            let default = world.promised_default(link.child, own)?;
            Some((*referenced, constant(default.as_str())))
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
fn rekeyed<'a>(composer: &mut Composer<'_, 'a>, link: &Link<'a>) -> Option<RowId> {
    let world = composer.world;
    let graph = &mut composer.graph;
    let row = graph.row(link.parent, Fill::Required)?;
    graph.hold_back(row);
    let columns = changeable(world, link);
    if !columns
        .iter()
        .any(|column| names_another(world, link.parent, column))
    {
        graph.sever(row, columns);
        return Some(row);
    }
    for &at in world.links_of(link.parent) {
        if columns
            .iter()
            .any(|column| world.links[at].has_column(column))
        {
            graph.name_its_own(row, at)?;
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

fn trials(rows: &Rows<'_, '_>, names: &Names<'_>, family: &Family) -> Vec<Trial> {
    let world = rows.world;
    let Some(first) = family.children.first() else {
        return Vec::new();
    };
    let delete = rows.delete(family.parent);
    let ends = Ends::of_deleting(world, names, family.parent);
    let mut trials = vec![tried(rows, family, delete, &BTreeMap::new(), |child| {
        let link = &world.links[child.link];
        let (action, parent, table) = (
            link.on_delete.sql(),
            link.parent.quoted(),
            link.child.quoted(),
        );
        let promise = format!("ON DELETE {action} from {parent} to {table}");
        claim(DELETES.id, link, promise, after_delete(world, &ends, child))
    })];
    let changeable = changeable(world, &world.links[first.link]);
    let changes = family
        .rekeyed
        .map(|rekeyed| as_in(rows, rekeyed, changeable))
        .unwrap_or_default();
    if !changes.is_empty() {
        let update = rows.update(family.parent, &changes);
        trials.push(tried(rows, family, update, &changes, |child| {
            let link = &world.links[child.link];
            let (action, parent, table) = (
                link.on_update.sql(),
                link.parent.quoted(),
                link.child.quoted(),
            );
            let promise = format!("ON UPDATE {action} from {parent} to {table}");
            claim(
                KEY_CHANGES.id,
                link,
                promise,
                after_key_change(world, child.link),
            )
        }));
    }
    trials.extend(
        family
            .children
            .iter()
            .flat_map(|child| orphans(rows, child)),
    );
    trials
}

fn claim(check: CheckId, link: &Link<'_>, promise: String, expect: Expect) -> Claim {
    let object = Object::on(link.child, ObjectKind::ForeignKey, link.name);
    Claim {
        check,
        about: about(link.name, link.child),
        promise,
        object: Some(object),
        expect,
    }
}

/// Changes the parent and looks at every child.
fn tried(
    rows: &Rows<'_, '_>,
    family: &Family,
    change: Step,
    changes: &BTreeMap<&Identifier, Cell>,
    claim: impl Fn(&Child) -> Claim,
) -> Trial {
    let claims = family.children.iter().enumerate().map(|(at, child)| {
        let mut claim = claim(child);
        if let Expect::Answer { step, .. } = &mut claim.expect {
            *step += at;
        }
        claim
    });
    // A tenant that has another key sees its rows under that.
    let is_tenant = rows.world.is_tenant(rows.rows[family.parent].table);
    let seen_by = |child: &Child| match family.rekeyed {
        Some(rekeyed) if is_tenant && !changes.is_empty() => rekeyed,
        _ => child.row,
    };
    let look = family
        .children
        .iter()
        .map(|child| Step::ask(seen_by(child), state(rows, child, changes)));
    Trial {
        steps: std::iter::once(change).chain(look).collect(),
        claims: claims.collect(),
        together: family.children.len() > 1,
    }
}

/// A new row and a changed one that name none.
fn orphans(rows: &Rows<'_, '_>, child: &Child) -> Vec<Trial> {
    let world = rows.world;
    let link = &world.links[child.link];
    let shares = |other: &&LinkId| {
        link.columns
            .iter()
            .any(|(own, _)| world.links[**other].has_column(own))
    };
    let sharing = world.links_of(link.child).iter().filter(shares);
    let by: Vec<_> = sharing
        .flat_map(|other| constraint_names(&world.links[*other]))
        .collect();
    let orphaned = as_in(rows, child.orphan, own_columns(world, child.link));
    // Row-level security lets no tenant's row become another's, so the foreign key is never asked.
    let may_change = !(world.subject.is_one_tenant_at_a_time() && world.is_tenant(link.parent));
    let change = may_change.then(|| ("a row of", rows.update(child.row, &orphaned)));
    let both = std::iter::once(("a new row of", rows.insert(child.orphan))).chain(change);
    both.map(|(what, step)| {
        let (table, parent) = (link.child.quoted(), link.parent.quoted());
        let promise = format!("{what} {table} that names no row of {parent} is refused");
        let expect = refused(Refused {
            states: NO_PARENT,
            by: by.clone(),
        });
        Trial::new(vec![step], vec![claim(ORPHANS.id, link, promise, expect)])
    })
    .collect()
}
