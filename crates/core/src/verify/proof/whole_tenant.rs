//! Two tenants with a row in every table, and the first is deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::composer::Composer;
use super::fate::{Fate, Order, Outcome};
use super::places::{LinkId, RowId};
use super::programme::{Claim, Expect, RowExpected, RowFate, Trial};
use super::rows::Rows;
use super::world::World;
use crate::model::{Action, Identifier};
use crate::verify::checks::tried::{OTHERS_UNCHANGED, TENANT_ERASED};
use crate::verify::user_code::Event;

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let world = composer.world;
    let left_out = world
        .left_out
        .keys()
        .filter_map(|table| Some((*table, world.why_left_out(table)?)));
    let spared = Spared::of(world);
    for (table, reason) in left_out.chain(spared.tables.clone()) {
        for check in [&TENANT_ERASED, &OTHERS_UNCHANGED].map(|it| it.id) {
            composer.not_tried(check, table.quoted(), reason.clone());
        }
    }
    for (link, reason) in &spared.links {
        let about = format!("the row of {}", world.links[*link].child.quoted());
        composer.not_tried(TENANT_ERASED.id, about, reason.clone());
    }
    let tables: BTreeSet<_> = world
        .tables
        .keys()
        .copied()
        .filter(|table| !spared.tables.contains_key(table))
        .collect();
    let links: Vec<_> = world
        .links_among(&tables)
        .into_iter()
        .filter(|link| !spared.links.contains_key(link))
        .collect();
    let sets = [(); 2].map(|()| composer.graph.set(&tables, &links));
    let Some(first) = world
        .tenant()
        .and_then(|tenant| sets[0].get(tenant).copied())
    else {
        return;
    };
    let [own, others] = sets.map(|set| set.into_values().collect::<Vec<_>>());
    composer.plan(move |rows, names| {
        let promised = |link: LinkId| {
            let link = &world.links[link];
            link.declared.is_some() || !world.subject.desired.tables.contains_key(link.child)
        };
        // The end is promised, whatever the order; what refuses it is for the trial to show.
        let refuses = |link: LinkId| {
            matches!(
                world.links[link].on_delete,
                Action::Restrict | Action::NoAction
            )
        };
        let ends = names.delete(first, Order::RefusalsLast, |link| {
            promised(link) && !refuses(link)
        });
        let Outcome::Done(fates) = ends else {
            return Vec::new();
        };
        let claim = |check, of: &[RowId], looks: [usize; 2], promise: &str| Claim {
            check,
            about: "a row in every table".to_owned(),
            promise: promise.to_owned(),
            object: None,
            expect: Expect::Rows {
                before: looks[0],
                after: looks[1],
                rows: expected(rows, of, &fates),
            },
        };
        vec![Trial::new(
            vec![
                rows.look(&own),
                rows.look(&others),
                rows.delete(first),
                rows.look(&own),
                rows.look(&others),
            ],
            vec![
                claim(
                    TENANT_ERASED.id,
                    &own,
                    [0, 3],
                    "deleting a tenant deletes every row of it",
                ),
                claim(
                    OTHERS_UNCHANGED.id,
                    &others,
                    [1, 4],
                    "deleting a tenant leaves another's rows as they were",
                ),
            ],
        )]
    });
}

/// What the rows of the tenants go without, so that deleting one fires nothing that may not fire, with the reason.
struct Spared<'a> {
    tables: BTreeMap<&'a Identifier, String>,
    links: BTreeMap<LinkId, String>,
}

impl<'a> Spared<'a> {
    fn of(world: &World<'a>) -> Spared<'a> {
        let mut tables: BTreeMap<_, _> = world
            .tables
            .keys()
            .filter_map(|table| Some((*table, world.would_fire(table, Event::Delete)?)))
            .collect();
        loop {
            let lost = world.links.iter().find_map(|link| {
                let named = tables.get(link.parent)?;
                let is_lost = link.required && !tables.contains_key(link.child);
                is_lost.then(|| (link.child, named.clone()))
            });
            let Some((table, reason)) = lost else { break };
            tables.insert(table, reason);
        }
        let links = world.links.placed().filter_map(|(at, link)| {
            let sets = matches!(link.live?.on_delete, Action::SetNull | Action::SetDefault);
            let fires =
                (sets && !link.required).then(|| world.would_fire(link.child, Event::Update))??;
            Some((at, fires))
        });
        Spared {
            links: links.collect(),
            tables,
        }
    }
}

fn expected(rows: &Rows<'_, '_>, of: &[RowId], fates: &BTreeMap<RowId, Fate>) -> Vec<RowExpected> {
    of.iter()
        .enumerate()
        .map(|(at, row)| RowExpected {
            at,
            row: rows.describe(*row),
            fate: match fates.get(row) {
                None => RowFate::Unchanged,
                Some(Fate::Gone) => RowFate::Gone,
                Some(Fate::Changed(_)) => RowFate::Changed,
            },
        })
        .collect()
}
