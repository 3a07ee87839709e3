//! Puts a programme together: scenarios add their rows to one graph, and say what to try once the rows
//! have their values.

use std::collections::BTreeMap;

use super::fate::Names;
use super::graph::Graph;
use super::programme::{NotTried, Programme, Step, Trial};
use super::rows::Rows;
use super::world::World;
use super::{foreign_keys, models, whole_tenant};

type Plan<'w, 'a> = Box<dyn FnOnce(&Rows<'w, 'a>, &Names<'_>) -> Vec<Trial> + 'w>;

/// A programme in the making.
pub(super) struct Composer<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) graph: Graph<'w, 'a>,
    plans: Vec<Plan<'w, 'a>>,
    not_tried: Vec<NotTried>,
}

impl<'w, 'a> Composer<'w, 'a> {
    /// Says what to try, given the finished rows.
    pub(super) fn plan(&mut self, plan: impl FnOnce(&Rows<'w, 'a>, &Names<'_>) -> Vec<Trial> + 'w) {
        self.plans.push(Box::new(plan));
    }

    pub(super) fn not_tried(
        &mut self,
        check: &'static str,
        about: impl Into<String>,
        reason: impl Into<String>,
    ) {
        self.not_tried.push(NotTried {
            check,
            about: about.into(),
            reason: reason.into(),
        });
    }
}

/// The whole programme.
pub(super) fn compose(world: &World<'_>) -> Programme {
    let mut composer = Composer {
        world,
        graph: Graph::new(world),
        plans: Vec::new(),
        not_tried: Vec::new(),
    };
    whole_tenant::add(&mut composer);
    foreign_keys::add(&mut composer);
    models::add(&mut composer);
    let Composer {
        graph,
        plans,
        not_tried,
        ..
    } = composer;
    let rows = graph.finish();
    let present = (0..rows.rows.len()).filter(|row| !rows.rows[*row].held_back);
    let names = Names::of(&rows, present);
    let trials: Vec<_> = plans
        .into_iter()
        .flat_map(|plan| plan(&rows, &names))
        .collect();
    let (insert, counts) = rows.insert_all();
    let options = world.subject.options;
    Programme {
        build: if trials.is_empty() {
            Vec::new()
        } else {
            vec![Step::Ask(insert)]
        },
        rows: counts
            .into_iter()
            .map(|(table, count)| (table.clone(), count))
            .collect(),
        trials,
        not_tried,
        lock_timeout_ms: options.lock_timeout_ms,
        statement_timeout_ms: options.statement_timeout_ms,
    }
}

/// Columns and what they are changed to, from another row.
pub(super) fn as_in<'n>(
    rows: &Rows<'_, '_>,
    like: usize,
    columns: impl IntoIterator<Item = &'n crate::model::Identifier>,
) -> BTreeMap<&'n crate::model::Identifier, super::rows::Cell> {
    columns
        .into_iter()
        .map(|column| (column, rows.cell(like, column).clone()))
        .collect()
}
