//! What becomes of the new models' rows when their tenant, or another row that they reference, is deleted.

use std::collections::BTreeMap;

use leora_schema::dsl::{Model, Origin, ScenarioKind};

use super::composer::Composer;
use super::graph::Fill;
use super::outcome::STILL_NAMED;
use super::places::{LinkId, RowId};
use super::programme::{Claim, Expect, RowExpected, RowFate, Step, Trial};
use super::rows::Rows;
use crate::model::Identifier;
use crate::verify::check::CheckId;
use crate::verify::checks::tried::{NEW_MODELS, OTHERS_UNCHANGED};
use crate::verify::checks::{id_of, noun_of};

/// Rows of one tenant, a table each.
struct Tenancy<'a> {
    tenant: RowId,
    rows: BTreeMap<&'a Identifier, RowId>,
}

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let declaration = composer.world.subject.declaration;
    let created = declaration
        .models
        .iter()
        .filter(|model| model.origin == Origin::Created);
    for model in created {
        let Some(table) = composer.world.named(model.name) else {
            continue;
        };
        tenant_deleted(composer, table);
        parent_deleted(composer, model, table);
    }
}

fn tenancy<'a>(composer: &mut Composer<'_, 'a>) -> Option<Tenancy<'a>> {
    let name = composer.world.tenant()?;
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
    named: Option<(LinkId, RowId)>,
) -> Option<RowId> {
    let row = composer.graph.row(table, Fill::Required)?;
    let world = composer.world;
    if let Some((link, parent)) = named {
        composer.graph.connect(row, link, parent);
    }
    for &at in world.links_of(table) {
        let link = &world.links[at];
        let wanted = world.is_tenant(link.parent) || link.required;
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

fn look_around(rows: &Rows<'_, '_>, looked_at: &[RowId], change: Step) -> Vec<Step> {
    let look = || rows.look(looked_at);
    vec![look(), change, look()]
}

fn rows_claim(check: CheckId, about: &str, promise: String, rows: Vec<RowExpected>) -> Claim {
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
                claim(NEW_MODELS.id, [0, 3], RowFate::Gone, its),
                claim(OTHERS_UNCHANGED.id, [1, 4], RowFate::Unchanged, anothers),
            ],
        )]
    });
}

fn parent_deleted<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let world = composer.world;
    for scenario in model.scenarios {
        let (field, is_kept) = match scenario.kind {
            ScenarioKind::DeletedWith(field) => (field, false),
            ScenarioKind::KeptWithoutAuthor(field) => (field, true),
            _ => continue,
        };
        let Some(relation) = model.relation(field) else {
            continue;
        };
        let check = id_of(scenario);
        let links = world.links_of(table).iter().copied().filter(|at| {
            let link = &world.links[*at];
            *link.parent == *relation.model
                && link
                    .columns
                    .iter()
                    .any(|(own, _)| **own == *relation.column)
        });
        let link = links.min_by_key(|at| world.links[*at].columns.len());
        let Some(link) = link else {
            let parent = Identifier::new(relation.model).ok();
            let column = Identifier::new(relation.column).ok();
            let reason =
                parent.and_then(|parent| world.why_unlinked(table, &parent, column.as_ref()));
            let reason = reason.unwrap_or_else(|| world.lacks_columns(table));
            composer.not_tried(check, table.quoted(), reason);
            continue;
        };
        let declared = world.subject.declaration.model(relation.model);
        let deleted = Deleted {
            check,
            noun: declared.map_or_else(|| relation.model.to_owned(), noun_of),
            table,
            link,
            is_optional: model
                .column(relation.column)
                .is_some_and(|column| column.nullable),
        };
        if is_kept {
            parent_is_held(composer, deleted);
        } else {
            parent_takes_along(composer, deleted);
        }
    }
}

/// A scenario of what becomes of the rows of `table` when the row that `link` references is deleted.
struct Deleted<'a> {
    check: CheckId,
    /// What people call the row that is deleted.
    noun: String,
    table: &'a Identifier,
    link: LinkId,
    /// Whether a row may reference none.
    is_optional: bool,
}

/// The rows of the deleted one are deleted, those of another and of none are kept.
fn parent_takes_along<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    Deleted {
        check,
        noun,
        table,
        link,
        is_optional,
    }: Deleted<'a>,
) {
    let Some(mut tenancy) = tenancy(composer) else {
        return;
    };
    let parents = composer.world.links[link].parent;
    let mut with_parent = |composer: &mut Composer<'w, 'a>| {
        let parent = member(composer, &mut tenancy, parents, None)?;
        let row = member(composer, &mut tenancy, table, Some((link, parent)))?;
        Some((parent, row))
    };
    let (Some((parent, own)), Some((_, others))) = (with_parent(composer), with_parent(composer))
    else {
        return;
    };
    let mut looked_at = vec![
        (own, RowFate::Gone, format!("the {noun}'s own row")),
        (others, RowFate::Unchanged, format!("another {noun}'s row")),
    ];
    if is_optional {
        let Some(nobodys) = member(composer, &mut tenancy, table, None) else {
            return;
        };
        let whose = format!("the tenant's row without a {noun}");
        looked_at.push((nobodys, RowFate::Unchanged, whose));
    }
    composer.plan(move |rows, _| {
        let expected = looked_at
            .iter()
            .enumerate()
            .map(|(at, (_, fate, whose))| RowExpected {
                at,
                row: format!("{whose} in {}", table.quoted()),
                fate: *fate,
            });
        let promise = format!(
            "a {noun} deleted takes the {noun}'s own rows of {} along and no other",
            table.quoted()
        );
        let about = format!("a {noun} deleted");
        let claim = rows_claim(check, &about, promise, expected.collect());
        let looked_at: Vec<_> = looked_at.iter().map(|(row, ..)| *row).collect();
        let steps = look_around(rows, &looked_at, rows.delete(parent));
        vec![Trial::new(steps, vec![claim])]
    });
}

/// The referenced row cannot be deleted while rows reference it; without them, it can.
fn parent_is_held<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    Deleted {
        check,
        noun,
        table,
        link,
        ..
    }: Deleted<'a>,
) {
    let Some(mut tenancy) = tenancy(composer) else {
        return;
    };
    let parents = composer.world.links[link].parent;
    let Some(parent) = member(composer, &mut tenancy, parents, None) else {
        return;
    };
    let Some(row) = member(composer, &mut tenancy, table, Some((link, parent))) else {
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
        let about = format!("a {noun} deleted");
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
            about: about.clone(),
            promise,
            object: None,
            expect,
        };
        vec![
            Trial {
                together: false,
                steps: look_around(rows, &[row, parent], rows.delete(parent).or_refused()),
                claims: vec![
                    claim(
                        format!(
                            "deleting a {noun} is refused while rows of {} name the {noun}",
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
                        &about,
                        format!("a {noun} deleted leaves {} as it was", table.quoted()),
                        kept.collect(),
                    ),
                ],
            },
            Trial {
                together: false,
                steps: vec![rows.delete(row), rows.delete(parent)],
                claims: vec![claim(
                    format!(
                        "a {noun} can be deleted when no row of {} names the {noun} any more",
                        table.quoted()
                    ),
                    Expect::Accepted,
                )],
            },
        ]
    });
}
