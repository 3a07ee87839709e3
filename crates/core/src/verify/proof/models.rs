//! The models that the migration creates, tried sentence by sentence: what they take, what they fill
//! in, what they refuse. Derived from the declaration, so that none is forgotten; what the checklist
//! says of one model by name is beside it.

use leora_schema::dsl::{Model, Origin};
use leora_schema::{DASHBOARD_WIDGET, JOB, METRIC_DEFINITION, TENANT};

use super::composer::Composer;
use super::consent::not_allowed;
use super::graph::Fill;
use super::model_deletes;
use super::outcome::NO_PARENT;
use super::programme::{Claim, Expect, Refused, Step, Trial};
use super::rows::Cell;
use super::uniqueness::{self, Apart, UNIQUE_KEYS, alike, keeps_null, uniqueness_of};
use crate::diff::{Object, ObjectKind};
use crate::model::Identifier;
use crate::model::name::literal;

pub(super) const DEFAULTS: &str = "behaviour.defaults";
pub(super) const REQUIRED: &str = "behaviour.required-columns";
pub(super) const METRIC_VERSIONS: &str = "behaviour.metric-versions";
pub(super) const WIDGETS: &str = "behaviour.widgets";
pub(super) const JOB_DEFAULTS: &str = "behaviour.job-defaults";
pub(super) const TENANT_REQUIRED: &str = "tenants.required";

const NULL_REFUSED: &[&str] = &["23502"];

pub(super) fn add<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>) {
    let declaration = composer.world.subject.declaration;
    for model in declaration
        .models
        .iter()
        .filter(|model| model.origin == Origin::Phase1)
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
        match model.name {
            name if name == METRIC_DEFINITION.name => metric_versions(composer, table),
            name if name == DASHBOARD_WIDGET.name => widgets(composer, table),
            _ => {}
        }
    }
    model_deletes::add(composer);
}

/// The checks that a model without a table leaves unproved.
fn checks_of(model: &Model) -> Vec<&'static str> {
    let own: &[&str] = match model.name {
        name if name == METRIC_DEFINITION.name => &[METRIC_VERSIONS, model_deletes::METRICS_KEPT],
        name if name == DASHBOARD_WIDGET.name => &[WIDGETS, model_deletes::USER_WIDGETS],
        name if name == JOB.name => &[JOB_DEFAULTS],
        _ => &[],
    };
    let common = [
        DEFAULTS,
        REQUIRED,
        UNIQUE_KEYS,
        TENANT_REQUIRED,
        model_deletes::NEW_MODELS,
    ];
    common
        .into_iter()
        .chain(own.iter().copied())
        .chain([uniqueness_of(model)])
        .collect()
}

/// A claim about no object in particular.
pub(super) fn claim(check: &'static str, about: String, promise: String, expect: Expect) -> Claim {
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
        let job = (model.name == JOB.name).then_some(JOB_DEFAULTS);
        for check in [DEFAULTS].into_iter().chain(job) {
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
            DEFAULTS,
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
                    DEFAULTS,
                    format!("{}.{}", table.quoted(), name.quoted()),
                    format!("{}.{} is {default} when nothing is given", table.quoted(), name.quoted()),
                    Expect::Answer { step: steps.len() - 1, is: vec!["as promised".to_owned()], or_refused: None },
                )
            });
        }
        if model.name == JOB.name {
            steps.push(Step::ask(row, format!(
                "SELECT pg_catalog.concat_ws(' ', {2}.\"status\", {2}.\"attempts\", {2}.\"maxAttempts\") FROM {0} {2} WHERE {1}",
                rows.table(table),
                rows.locate(row, &[].into()),
                table.quoted()
            )));
            claims.push(claim(
                JOB_DEFAULTS,
                "a new job".to_owned(),
                "a job starts as pending with 0 of 3 attempts".to_owned(),
                Expect::Answer { step: steps.len() - 1, is: vec!["pending 0 3".to_owned()], or_refused: None },
            ));
        }
        vec![Trial::new(steps, claims)]
    });
}

/// Each required column, left NULL.
fn required<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    for column in model.columns.iter().filter(|column| !column.nullable) {
        let live = composer
            .world
            .tables
            .get(table)
            .and_then(|table| table.column(column.name));
        let about = format!("{}.\"{}\"", table.quoted(), column.name);
        let Some(live) = live else {
            composer.not_tried(REQUIRED, about, composer.world.lacks_columns(table));
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
                ..claim(REQUIRED, about.clone(), promise.clone(), expect())
            }];
            if column.name == TENANT_COLUMN {
                claims.push(claim(TENANT_REQUIRED, table.quoted(), promise, expect()));
            }
            vec![Trial::new(vec![rows.insert(row)], claims)]
        });
    }
}

/// The column that says whose a row is.
const TENANT_COLUMN: &str = "tenantId";

/// A row of a tenant that is not there.
fn tenant_required<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>, table: &'a Identifier) {
    let column = composer
        .world
        .tables
        .get(table)
        .and_then(|table| table.column(TENANT_COLUMN));
    let Some(column) = column else {
        composer.not_tried(
            TENANT_REQUIRED,
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
            TENANT.name
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
            claims: vec![claim(TENANT_REQUIRED, table.quoted(), promise, expect)],
        }]
    });
}

/// A row that a trial inserts.
pub(super) fn draft(composer: &mut Composer<'_, '_>, table: &Identifier) -> Option<usize> {
    let row = composer.graph.row(table, Fill::Required)?;
    composer.graph.hold_back(row);
    Some(row)
}

fn metric_versions<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>, table: &'a Identifier) {
    if keeps_null(composer, METRIC_VERSIONS, table, &["tenantId", "code"]) {
        return;
    }
    let Some([one, two]) = alike(composer, table, &["tenantId", "code"], Apart::Nowhere) else {
        return;
    };
    for (row, version) in [(one, "1"), (two, "2")] {
        composer
            .graph
            .fix_named(row, "version", Cell::Text(version.to_owned()));
    }
    composer.plan(move |rows, _| {
        let mut steps: Vec<_> = [one, two].map(|row| rows.insert(row)).into();
        steps.push(Step::ask(one, format!(
            "SELECT pg_catalog.string_agg({3}.\"version\"::text, ' ' ORDER BY {3}.\"version\") FROM {0} {3} WHERE ({1}) OR ({2})",
            rows.table(table),
            rows.locate(one, &[].into()),
            rows.locate(two, &[].into()),
            table.quoted()
        )));
        let expect = Expect::Answer { step: 2, is: vec!["1 2".to_owned()], or_refused: None };
        let promise = "version 1 of a metric can be created, then version 2 of the same code".to_owned();
        vec![Trial::new(steps, vec![claim(METRIC_VERSIONS, "two versions".to_owned(), promise, expect)])]
    });
}

fn widgets<'w, 'a: 'w>(composer: &mut Composer<'w, 'a>, table: &'a Identifier) {
    if keeps_null(
        composer,
        WIDGETS,
        table,
        &["tenantId", "widgetType", "userId"],
    ) {
        return;
    }
    let apart = Apart::NullInFirst("userId");
    let Some([shared, own]) = alike(composer, table, &["tenantId", "widgetType"], apart) else {
        return;
    };
    composer.plan(move |rows, _| {
        let mut steps: Vec<_> = [shared, own].map(|row| rows.insert(row)).into();
        steps.push(Step::ask(shared, format!(
            "SELECT pg_catalog.concat_ws(' ', {}) ",
            [shared, own].map(|row| format!(
                "(SELECT CASE WHEN {4}.\"userId\" IS NULL THEN {0} ELSE {1} END FROM {2} {4} WHERE {3})",
                literal("tenant"),
                literal("user"),
                rows.table(table),
                rows.locate(row, &[].into()),
                table.quoted()
            )).join(", ")
        )));
        let expect = Expect::Answer { step: 2, is: vec!["tenant user".to_owned()], or_refused: None };
        let promise = "a tenant-wide widget (userId null) and a user's own of one type can be created".to_owned();
        vec![Trial::new(steps, vec![claim(WIDGETS, "both widgets".to_owned(), promise, expect)])]
    });
}
