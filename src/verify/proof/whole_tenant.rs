//! Two tenants with a row in every table, and the first is deleted.

use std::collections::BTreeMap;

use leora_schema::TENANT;

use super::composer::Composer;
use super::fate::{Fate, Order, Outcome};
use super::programme::{Claim, Expect, RowExpected, RowFate, Trial};
use super::rows::Rows;
use crate::model::Action;

pub(super) const ERASED: &str = "deletes.tenant-erased";
pub(super) const OTHERS_UNCHANGED: &str = "tenants.others-unchanged";

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let world = composer.world;
    for (table, reason) in &world.left_out {
        for check in [ERASED, OTHERS_UNCHANGED] {
            composer.not_tried(
                check,
                table.quoted(),
                format!("{}: {reason}", table.quoted()),
            );
        }
    }
    let sets = [composer.graph.whole_set(), composer.graph.whole_set()];
    let Some(first) = world
        .named(TENANT.name)
        .and_then(|tenant| sets[0].get(tenant).copied())
    else {
        return;
    };
    let [own, others] = sets.map(|set| set.into_values().collect::<Vec<_>>());
    composer.plan(move |rows, names| {
        let promised = |link: usize| {
            let link = &world.links[link];
            link.declared.is_some() || !world.subject.desired.tables.contains_key(link.child)
        };
        // The end is promised, whatever the order; what refuses it is for the trial to show.
        let refuses = |link: usize| {
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
        let claim = |check, of: &[usize], looks: [usize; 2], promise: &str| Claim {
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
                    ERASED,
                    &own,
                    [0, 3],
                    "deleting a tenant deletes every row of it",
                ),
                claim(
                    OTHERS_UNCHANGED,
                    &others,
                    [1, 4],
                    "deleting a tenant leaves another's rows as they were",
                ),
            ],
        )]
    });
}

fn expected(rows: &Rows<'_, '_>, of: &[usize], fates: &BTreeMap<usize, Fate>) -> Vec<RowExpected> {
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
