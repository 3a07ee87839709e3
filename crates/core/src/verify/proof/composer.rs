//! Puts a programme together: scenarios add their rows to one graph, and say what to try once the rows
//! have their values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::fate::Names;
use super::graph::{Fill, Graph};
use super::limits::Limits;
use super::places::RowId;
use super::programme::{NotTried, Programme, Step, Trial};
use super::rows::Rows;
use super::subject::{KeyName, ProofOptions};
use super::tenants::Tenants;
use super::world::World;
use super::{foreign_keys, models, whole_tenant};
use crate::verify::check::CheckId;

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
        check: CheckId,
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
pub(super) fn everything(world: &World<'_>) -> Programme {
    compose(world, |composer| {
        whole_tenant::add(composer);
        foreign_keys::add(composer);
        models::add(composer);
    })
}

/// Foreign keys, each by itself.
pub(super) fn each_alone(world: &World<'_>, which: &BTreeSet<KeyName>) -> Programme {
    compose(world, |composer| foreign_keys::add_each(composer, which))
}

/// A row of each table by itself, with all its columns and with the required ones.
pub(super) fn each_singly(world: &World<'_>) -> Programme {
    compose(world, |composer| {
        let whole = composer.graph.whole_set();
        for (table, whole) in whole {
            let Some(sparse) = composer.graph.row(table, Fill::Required) else {
                continue;
            };
            for row in [whole, sparse] {
                composer.graph.hold_back(row);
            }
            composer.plan(move |rows, _| {
                [whole, sparse]
                    .map(|row| Trial::new(vec![rows.insert(row)], Vec::new()))
                    .into()
            });
        }
    })
}

fn compose<'w, 'a: 'w>(
    world: &'w World<'a>,
    scenarios: impl FnOnce(&mut Composer<'w, 'a>),
) -> Programme {
    let mut composer = Composer {
        world,
        graph: Graph::new(world),
        plans: Vec::new(),
        not_tried: Vec::new(),
    };
    scenarios(&mut composer);
    let Composer {
        graph,
        plans,
        mut not_tried,
        ..
    } = composer;
    let rows = graph.finish();
    let present = rows.rows.places().filter(|row| !rows.rows[*row].held_back);
    let names = Names::of(&rows, present);
    let mut limits = Limits::new(world);
    let options = world.subject.options;
    // A trial without claims finds out how to make rows.
    let is_asked_for = |trial: &Trial| {
        let mut claims = trial.claims.iter();
        trial.claims.is_empty() || claims.any(|claim| options.ask_for(claim.check))
    };
    let asked_for = plans
        .into_iter()
        .flat_map(|plan| plan(&rows, &names))
        .filter(is_asked_for);
    let mut trials = Vec::new();
    for trial in asked_for {
        match limits.admit(&rows, &trial) {
            Ok(()) => trials.push(trial),
            Err(reasons) => {
                for claim in trial.claims {
                    not_tried.extend(reasons.iter().map(|reason| NotTried {
                        check: claim.check,
                        about: claim.about.clone(),
                        reason: reason.clone(),
                    }));
                }
            }
        }
    }
    not_tried.retain(|skipped| options.ask_for(skipped.check));
    let not_tried = with_all_code(world, not_tried);
    let tenants = world
        .subject
        .is_one_tenant_at_a_time()
        .then(|| Tenants::of(&rows));
    let all = || {
        vec![
            rows.rows
                .places()
                .filter(|row| !rows.rows[*row].held_back)
                .collect::<Vec<_>>(),
        ]
    };
    let groups = tenants
        .as_ref()
        .map_or_else(all, |tenants| tenants.groups(&rows));
    let inserts = groups
        .iter()
        .filter(|group| !group.is_empty() && !trials.is_empty());
    let (mut build, counts): (Vec<_>, Vec<_>) = inserts.map(|group| rows.insert_all(group)).unzip();
    if let Some(tenants) = tenants {
        let in_the_name = |steps: &mut Vec<Step>| {
            for step in steps {
                step.set = tenants
                    .of_step(step)
                    .map(|tenant| settings(options, tenant))
                    .unwrap_or_default();
            }
        };
        in_the_name(&mut build);
        trials
            .iter_mut()
            .for_each(|trial: &mut Trial| in_the_name(&mut trial.steps));
    }
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    Programme {
        build,
        lock: world.to_lock(),
        code: world.code_to_find(),
        rows: counts
            .into_iter()
            .map(|(table, count)| (table.clone(), count))
            .collect(),
        trials,
        not_tried,
        defer: world.defer(),
        lock_timeout_ms: options.lock_timeout_ms,
        statement_timeout_ms: options.statement_timeout_ms,
        script: OnceLock::new(),
    }
}

/// The same, naming all code that keeps a table out, and not the first alone.
fn with_all_code(world: &World<'_>, not_tried: Vec<NotTried>) -> Vec<NotTried> {
    let others = world.code_beside();
    let beside = |skipped: &NotTried| {
        let reasons = others.get(&skipped.reason).into_iter().flatten().cloned();
        let skipped = skipped.clone();
        reasons.map(move |reason| NotTried {
            reason,
            ..skipped.clone()
        })
    };
    let more: Vec<_> = not_tried.iter().flat_map(beside).collect();
    not_tried.into_iter().chain(more).collect()
}

/// What `[verify.set]` sets in the name of a tenant.
fn settings(options: &ProofOptions, tenant: &str) -> BTreeMap<String, String> {
    options
        .set
        .iter()
        .map(|(name, value)| (name.clone(), value.replace("{tenant}", tenant)))
        .collect()
}

/// Columns and what they are changed to, from another row.
pub(super) fn as_in<'n>(
    rows: &Rows<'_, '_>,
    like: RowId,
    columns: impl IntoIterator<Item = &'n crate::model::Identifier>,
) -> BTreeMap<&'n crate::model::Identifier, super::rows::Cell> {
    columns
        .into_iter()
        .map(|column| (column, rows.cell(like, column).clone()))
        .collect()
}
