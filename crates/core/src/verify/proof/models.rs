//! The models that the migration creates, tried sentence by sentence: what they take, what they fill
//! in, what they refuse. Derived from the declaration, so that none is forgotten.

use leora_schema::dsl::{Declaration, Model, Origin, Scenario, ScenarioKind};

use super::composer::Composer;
use super::consent::not_allowed;
use super::graph::Fill;
use super::outcome::NO_PARENT;
use super::places::RowId;
use super::programme::{Claim, Expect, Refused, Step, Trial};
use super::rows::Cell;
use super::{model_deletes, scenarios, uniqueness};
use crate::diff::{Object, ObjectKind};
use crate::model::Identifier;
use crate::verify::check::CheckId;
use crate::verify::checks::tried::{DEFAULTS, NEW_MODELS, REQUIRED, TENANT_REQUIRED, UNIQUE_KEYS};
use crate::verify::checks::{id_of, noun_of, promise_of};

const NULL_REFUSED: &[&str] = &["23502"];

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let declaration = composer.world.subject.declaration;
    for model in declaration
        .models
        .iter()
        .filter(|model| model.origin == Origin::Created)
    {
        let Some(table) = composer.world.named(model.name) else {
            let world = composer.world;
            let left_out = world
                .left_out
                .keys()
                .find(|table| ***table == model.name)
                .and_then(|table| world.why_left_out(table));
            let reason = left_out.unwrap_or_else(|| format!("\"{}\": it is not there", model.name));
            for check in checks_of(model) {
                composer.not_tried(check, model.name, reason.clone());
            }
            continue;
        };
        defaults(composer, model, table);
        required(composer, model, table);
        uniqueness::add(composer, model, table);
        tenant_required(composer, table);
        scenarios::add(composer, model, table);
    }
    model_deletes::add(composer);
}

/// The checks that a model without a table leaves unproved.
fn checks_of(model: &Model) -> Vec<CheckId> {
    let common = [
        &DEFAULTS,
        &REQUIRED,
        &UNIQUE_KEYS,
        &TENANT_REQUIRED,
        &NEW_MODELS,
    ];
    let tried = model.scenarios.iter();
    let tried = tried.filter(|scenario| !matches!(scenario.kind, ScenarioKind::Referenced));
    common
        .map(|it| it.id)
        .into_iter()
        .chain(tried.map(id_of))
        .collect()
}

/// A claim about no object in particular.
pub(super) fn claim(check: CheckId, about: String, promise: String, expect: Expect) -> Claim {
    Claim {
        check,
        about,
        promise,
        object: None,
        expect,
    }
}

fn column_object(table: &Identifier, column: &str) -> Option<Object> {
    let name = Identifier::new(column).ok()?;
    Some(Object::on(table, ObjectKind::Column, &name))
}

/// A row with nothing but what has no default; then what the database filled in.
fn defaults<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let world = composer.world;
    let code = model.columns.iter().find_map(|column| {
        let name = Identifier::new(column.name).ok()?;
        world.refused_default(table, &name)
    });
    if let Some(code) = code {
        let starts = starts_of(model, world.subject.declaration);
        let starts = starts.into_iter().map(|start| start.check);
        for check in std::iter::once(DEFAULTS.id).chain(starts) {
            composer.not_tried(check, table.quoted(), not_allowed(&code.would_run(table)));
        }
        return;
    }
    let Some(row) = draft(composer, table) else {
        return;
    };
    let with_default: Vec<_> = model
        .columns
        .iter()
        .filter(|column| column.default.is_some())
        .collect();
    for column in model
        .columns
        .iter()
        .filter(|column| column.default.is_some() || column.nullable)
    {
        let live = world
            .tables
            .get(table)
            .and_then(|table| table.column(column.name));
        // A value that a sequence gives is not given back when the transaction is.
        if let Some(live) =
            live.filter(|live| live.default.is_none() || !world.must_be_given(table, live))
        {
            composer.graph.fix(row, &live.name, Cell::Default);
        }
    }
    composer.graph.complete(row);
    composer.plan(move |rows, _| {
        let mut steps = vec![rows.insert(row)];
        let mut claims = vec![claim(
            DEFAULTS.id,
            format!("{} with its required columns alone", table.quoted()),
            format!("{} takes a row with nothing but the required columns", table.quoted()),
            Expect::Accepted,
        )];
        for column in &with_default {
            let Ok(name) = Identifier::new(column.name) else { continue };
            let Some(default) = world.promised_default(table, &name) else { continue };
            let promised = world.subject.desired.tables.get(table).and_then(|table| table.column(column.name));
            let ty = promised.map_or_else(String::new, |column| column.ty.sql());
            steps.push(Step::ask(row, format!(
                "SELECT CASE WHEN {3}.{0} IS NOT DISTINCT FROM CAST({default} AS {ty}) THEN 'as promised' \
                 ELSE coalesce({3}.{0}::text, 'NULL') END FROM {1} {3} WHERE {2}",
                name.quoted(),
                rows.table(table),
                rows.locate(row, &[].into()),
                table.quoted()
            )));
            claims.push(Claim {
                object: column_object(table, column.name),
                ..claim(
                    DEFAULTS.id,
                    format!("{}.{}", table.quoted(), name.quoted()),
                    format!("{}.{} is {default} when nothing is given", table.quoted(), name.quoted()),
                    Expect::Answer { step: steps.len() - 1, is: vec!["as promised".to_owned()], or_refused: None },
                )
            });
        }
        for start in starts_of(model, world.subject.declaration) {
            let columns = start.columns.iter().map(|name| format!("{}.{}", table.quoted(), name.quoted()));
            steps.push(Step::ask(row, format!(
                "SELECT pg_catalog.concat_ws(' ', {3}) FROM {0} {2} WHERE {1}",
                rows.table(table),
                rows.locate(row, &[].into()),
                table.quoted(),
                columns.collect::<Vec<_>>().join(", ")
            )));
            claims.push(claim(
                start.check,
                format!("a new {}", noun_of(model)),
                start.promise,
                Expect::Answer { step: steps.len() - 1, is: vec![start.values.join(" ")], or_refused: None },
            ));
        }
        vec![Trial::new(steps, claims)]
    });
}

/// A scenario of what a new row has in some columns.
struct Start {
    check: CheckId,
    promise: String,
    columns: Vec<Identifier>,
    values: Vec<&'static str>,
}

fn starts_of(model: &'static Model, declaration: &Declaration) -> Vec<Start> {
    let start = |scenario: &Scenario| {
        let ScenarioKind::StartsAs(values) = scenario.kind else {
            return None;
        };
        let columns = values
            .iter()
            .filter_map(|(name, _)| Identifier::new(*name).ok());
        Some(Start {
            check: id_of(scenario),
            promise: promise_of(model, scenario, declaration),
            columns: columns.collect(),
            values: values.iter().map(|(_, value)| *value).collect(),
        })
    };
    model.scenarios.iter().filter_map(start).collect()
}

/// Each required column, left NULL.
fn required<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let world = composer.world;
    for column in model.columns.iter().filter(|column| !column.nullable) {
        let live = composer
            .world
            .tables
            .get(table)
            .and_then(|table| table.column(column.name));
        let about = format!("{}.\"{}\"", table.quoted(), column.name);
        let Some(live) = live else {
            composer.not_tried(REQUIRED.id, about, composer.world.lacks_columns(table));
            continue;
        };
        let Some(row) = draft(composer, table) else {
            return;
        };
        composer.graph.fix(row, &live.name, Cell::Null);
        composer.graph.complete(row);
        composer.plan(move |rows, _| {
            let expect = || Expect::Refused {
                step: 0,
                how: Refused {
                    states: NULL_REFUSED,
                    by: vec![live.name.clone()],
                },
            };
            let promise = format!("{about} does not take NULL");
            let mut claims = vec![Claim {
                object: column_object(table, column.name),
                ..claim(REQUIRED.id, about.clone(), promise.clone(), expect())
            }];
            if Some(column.name) == world.subject.declaration.tenant_column() {
                claims.push(claim(TENANT_REQUIRED.id, table.quoted(), promise, expect()));
            }
            vec![Trial::new(vec![rows.insert(row)], claims)]
        });
    }
}

/// A row of a tenant that is not there.
fn tenant_required<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>, table: &'a Identifier) {
    let declaration = composer.world.subject.declaration;
    let definition = composer.world.tables.get(table);
    let column = definition
        .zip(declaration.tenant_column())
        .and_then(|(table, column)| table.column(column));
    let Some(column) = column else {
        composer.not_tried(
            TENANT_REQUIRED.id,
            table.quoted(),
            composer.world.lacks_columns(table),
        );
        return;
    };
    let Some(row) = draft(composer, table) else {
        return;
    };
    composer.graph.sever(row, [&column.name]);
    composer.graph.complete(row);
    composer.plan(move |rows, _| {
        let promise = format!(
            "{} takes no row of a {} that is not there",
            table.quoted(),
            declaration.tenant
        );
        let expect = Expect::Refused {
            step: 0,
            how: Refused {
                states: NO_PARENT,
                by: Vec::new(),
            },
        };
        vec![Trial {
            together: false,
            steps: vec![rows.insert(row)],
            claims: vec![claim(TENANT_REQUIRED.id, table.quoted(), promise, expect)],
        }]
    });
}

/// A row that a trial inserts.
pub(super) fn draft(composer: &mut Composer<'_, '_>, table: &Identifier) -> Option<RowId> {
    let row = composer.graph.row(table, Fill::Required)?;
    composer.graph.hold_back(row);
    Some(row)
}
