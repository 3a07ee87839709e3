//! What becomes of the new models' rows when their tenant or their user is deleted.

use std::collections::BTreeMap;

use leora_schema::dsl::{Model, OnDelete, Origin};
use leora_schema::{DASHBOARD_WIDGET, METRIC_DEFINITION, TENANT, USER};

use super::composer::Composer;
use super::graph::Fill;
use super::outcome::STILL_NAMED;
use super::programme::{Claim, Expect, RowExpected, RowFate, Step, Trial};
use super::rows::Rows;
use super::whole_tenant::OTHERS_UNCHANGED;
use crate::model::Identifier;

pub(super) const NEW_MODELS: &str = "deletes.tenant-new-models";
pub(super) const USER_WIDGETS: &str = "deletes.user-widgets";
pub(super) const METRICS_KEPT: &str = "deletes.user-metrics-kept";

/// Rows of one tenant, a table each.
struct Tenancy<'a> {
    tenant: usize,
    rows: BTreeMap<&'a Identifier, usize>,
}

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let declaration = composer.world.subject.declaration;
    let created = declaration
        .models
        .iter()
        .filter(|model| model.origin == Origin::Phase1);
    for model in created {
        let Some(table) = composer.world.named(model.name) else {
            continue;
        };
        tenant_deleted(composer, table);
        user_deleted(composer, model, table);
    }
}

fn tenancy<'a>(composer: &mut Composer<'_, 'a>) -> Option<Tenancy<'a>> {
    let name = composer.world.named(TENANT.name)?;
    let tenant = composer.graph.row(name, Fill::Required)?;
    composer.graph.complete(tenant);
    Some(Tenancy {
        tenant,
        rows: BTreeMap::from([(name, tenant)]),
    })
}

/// A row of `table` in the tenant, naming `named` by a link, and rows of the same tenant wherever it
/// must name one.
fn member<'a>(
    composer: &mut Composer<'_, 'a>,
    tenancy: &mut Tenancy<'a>,
    table: &'a Identifier,
    named: Option<(usize, usize)>,
) -> Option<usize> {
    let row = composer.graph.row(table, Fill::Required)?;
    let world = composer.world;
    if let Some((link, parent)) = named {
        composer.graph.connect(row, link, parent);
    }
    for &at in world.links_of(table) {
        let link = &world.links[at];
        let wanted = *link.parent == *TENANT.name || link.required;
        if !wanted || link.parent == table || named.is_some_and(|(link, _)| link == at) {
            continue;
        }
        let named = named.filter(|(other, _)| {
            let other = &world.links[*other];
            other.parent == link.parent && link.columns.iter().any(|(own, _)| other.has_column(own))
        });
        let there = named.map(|(_, parent)| parent);
        let parent = match there.or_else(|| tenancy.rows.get(link.parent).copied()) {
            Some(parent) => parent,
            None => {
                let parent = member(composer, tenancy, link.parent, None)?;
                tenancy.rows.insert(link.parent, parent);
                parent
            }
        };
        composer.graph.connect(row, at, parent);
    }
    composer.graph.complete(row);
    Some(row)
}

fn look_around(rows: &Rows<'_, '_>, looked_at: &[usize], change: Step) -> Vec<Step> {
    let look = || rows.look(looked_at);
    vec![look(), change, look()]
}

fn rows_claim(check: &'static str, about: &str, promise: String, rows: Vec<RowExpected>) -> Claim {
    Claim {
        check,
        about: about.to_owned(),
        promise,
        object: None,
        expect: Expect::Rows {
            before: 0,
            after: 2,
            rows,
        },
    }
}

fn tenant_deleted<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>, table: &'a Identifier) {
    let (Some(mut first), Some(mut second)) = (tenancy(composer), tenancy(composer)) else {
        return;
    };
    let rows = [
        member(composer, &mut first, table, None),
        member(composer, &mut second, table, None),
    ];
    let [Some(own), Some(other)] = rows else {
        return;
    };
    composer.plan(move |rows, _| {
        let claim = |check, looks: [usize; 2], fate, promise: &str| Claim {
            check,
            about: table.quoted(),
            promise: promise.replace("{}", &table.quoted()),
            object: None,
            expect: Expect::Rows {
                before: looks[0],
                after: looks[1],
                rows: vec![RowExpected {
                    at: 0,
                    row: rows.describe(own),
                    fate,
                }],
            },
        };
        let (its, anothers) = (
            "a tenant deleted takes its rows of {} along",
            "a tenant deleted leaves another's rows of {} as they were",
        );
        vec![Trial::new(
            vec![
                rows.look(&[own]),
                rows.look(&[other]),
                rows.delete(first.tenant),
                rows.look(&[own]),
                rows.look(&[other]),
            ],
            vec![
                claim(NEW_MODELS, [0, 3], RowFate::Gone, its),
                claim(OTHERS_UNCHANGED, [1, 4], RowFate::Unchanged, anothers),
            ],
        )]
    });
}

fn user_deleted<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let world = composer.world;
    for relation in model
        .foreign_keys
        .iter()
        .filter(|relation| relation.model == USER.name)
    {
        let links = world.links_of(table).iter().copied().filter(|at| {
            let link = &world.links[*at];
            *link.parent == *USER.name
                && link
                    .columns
                    .iter()
                    .any(|(own, _)| **own == *relation.column)
        });
        let link = links.min_by_key(|at| world.links[*at].columns.len());
        let required = model
            .column(relation.column)
            .is_some_and(|column| !column.nullable);
        let cascades = relation.on_delete == OnDelete::Cascade;
        let check = match model.name {
            name if name == DASHBOARD_WIDGET.name => USER_WIDGETS,
            name if name == METRIC_DEFINITION.name => METRICS_KEPT,
            _ => continue,
        };
        let Some(link) = link else {
            let users = Identifier::new(USER.name).ok();
            let column = Identifier::new(relation.column).ok();
            let reason = users.and_then(|users| world.why_unlinked(table, &users, column.as_ref()));
            let reason = reason.unwrap_or_else(|| world.lacks_columns(table));
            composer.not_tried(check, table.quoted(), reason);
            continue;
        };
        if cascades {
            user_takes_along(composer, check, table, link);
        } else if required {
            user_is_held(composer, check, table, link);
        }
    }
}

/// The user's own rows go, another's and those of nobody stay.
fn user_takes_along<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: &'static str,
    table: &'a Identifier,
    link: usize,
) {
    let Some(mut tenancy) = tenancy(composer) else {
        return;
    };
    let user_table = composer.world.links[link].parent;
    let mut with_user = |composer: &mut Composer<'w, 'a>| {
        let user = member(composer, &mut tenancy, user_table, None)?;
        Some((
            user,
            member(composer, &mut tenancy, table, Some((link, user)))?,
        ))
    };
    let (Some((user, own)), Some((_, others))) = (with_user(composer), with_user(composer)) else {
        return;
    };
    let Some(nobodys) = member(composer, &mut tenancy, table, None) else {
        return;
    };
    composer.plan(move |rows, _| {
        let looked_at = [
            (own, RowFate::Gone),
            (others, RowFate::Unchanged),
            (nobodys, RowFate::Unchanged),
        ];
        let whose = [
            "the user's own row",
            "another user's row",
            "the tenant's row without a user",
        ];
        let expected = looked_at
            .iter()
            .zip(whose)
            .enumerate()
            .map(|(at, ((_, fate), whose))| RowExpected {
                at,
                row: format!("{whose} in {}", table.quoted()),
                fate: *fate,
            });
        let promise = format!(
            "a user deleted takes the user's own rows of {} along and no other",
            table.quoted()
        );
        vec![Trial {
            together: false,
            steps: look_around(rows, &looked_at.map(|(row, _)| row), rows.delete(user)),
            claims: vec![rows_claim(
                check,
                "a user deleted",
                promise,
                expected.collect(),
            )],
        }]
    });
}

/// The user cannot be deleted while such rows are there; without them, the user can.
fn user_is_held<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: &'static str,
    table: &'a Identifier,
    link: usize,
) {
    let Some(mut tenancy) = tenancy(composer) else {
        return;
    };
    let user_table = composer.world.links[link].parent;
    let Some(user) = member(composer, &mut tenancy, user_table, None) else {
        return;
    };
    let Some(row) = member(composer, &mut tenancy, table, Some((link, user))) else {
        return;
    };
    composer.plan(move |rows, _| {
        let named = &rows.world.links[link];
        let names = [Some(named.name), named.live_name].into_iter().flatten();
        let refused = names.flat_map(|name| {
            STILL_NAMED
                .iter()
                .map(move |state| format!("{state} {}", name.as_str()))
        });
        let about = "a user deleted";
        let kept = [table, named.parent]
            .into_iter()
            .enumerate()
            .map(|(at, table)| RowExpected {
                at,
                row: format!("the row of {}", table.quoted()),
                fate: RowFate::Unchanged,
            });
        let claim = |promise: String, expect: Expect| Claim {
            check,
            about: about.to_owned(),
            promise,
            object: None,
            expect,
        };
        vec![
            Trial {
                together: false,
                steps: look_around(rows, &[row, user], rows.delete(user).or_refused()),
                claims: vec![
                    claim(
                        format!(
                            "deleting a user is refused while rows of {} name the user",
                            table.quoted()
                        ),
                        Expect::Answer {
                            step: 1,
                            is: refused.collect(),
                            or_refused: None,
                        },
                    ),
                    rows_claim(
                        check,
                        about,
                        format!("a user deleted leaves {} as it was", table.quoted()),
                        kept.collect(),
                    ),
                ],
            },
            Trial {
                together: false,
                steps: vec![rows.delete(row), rows.delete(user)],
                claims: vec![claim(
                    format!(
                        "a user can be deleted when no row of {} names the user any more",
                        table.quoted()
                    ),
                    Expect::Accepted,
                )],
            },
        ]
    });
}
