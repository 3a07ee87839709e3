//! The scenarios of one model, tried: versions that follow each other, and rows with and without an owner.

use leora_schema::dsl::{Model, ScenarioKind};

use super::composer::Composer;
use super::models::claim;
use super::programme::{Expect, Step, Trial};
use super::rows::Cell;
use super::uniqueness::{Apart, alike, keeps_null};
use crate::model::Identifier;
use crate::model::name::literal;
use crate::verify::check::CheckId;
use crate::verify::checks::{id_of, noun_of, owner_of, promise_of};

/// Adds the scenarios of `model` that are tried by themselves, on rows of `table`.
pub(super) fn add<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let declaration = composer.world.subject.declaration;
    for scenario in model.scenarios {
        let trial = Tried {
            check: id_of(scenario),
            promise: promise_of(model, scenario, declaration),
            table,
        };
        match scenario.kind {
            ScenarioKind::NextVersion { version, of } => next_version(composer, trial, version, of),
            ScenarioKind::WideAndOwn { owner, of } => {
                let about = format!("both {}s", noun_of(model));
                let owners = owner_of(declaration, model, owner);
                wide_and_own(composer, trial, about, (owner, owners), of);
            }
            // With the unique indexes, the defaults and the deletes of every model.
            ScenarioKind::UniquePer(_)
            | ScenarioKind::NothingUnique
            | ScenarioKind::StartsAs(_)
            | ScenarioKind::DeletedWith(_)
            | ScenarioKind::KeptWithoutAuthor(_)
            | ScenarioKind::Referenced => {}
        }
    }
}

/// What is tried, where.
struct Tried<'a> {
    check: CheckId,
    promise: String,
    table: &'a Identifier,
}

fn next_version<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    Tried {
        check,
        promise,
        table,
    }: Tried<'a>,
    version: &'static str,
    of: &'static [&'static str],
) {
    let Ok(column) = Identifier::new(version) else {
        return;
    };
    if keeps_null(composer, check, table, of) {
        return;
    }
    let Some([one, two]) = alike(composer, table, of, Apart::Nowhere) else {
        return;
    };
    for (row, number) in [(one, "1"), (two, "2")] {
        composer
            .graph
            .fix_named(row, version, Cell::Text(number.to_owned()));
    }
    composer.plan(move |rows, _| {
        let mut steps: Vec<_> = [one, two].map(|row| rows.insert(row)).into();
        steps.push(Step::ask(one, format!(
            "SELECT pg_catalog.string_agg({3}.{4}::text, ' ' ORDER BY {3}.{4}) FROM {0} {3} WHERE ({1}) OR ({2})",
            rows.table(table),
            rows.locate(one, &[].into()),
            rows.locate(two, &[].into()),
            table.quoted(),
            column.quoted()
        )));
        let expect = Expect::Answer { step: 2, is: vec!["1 2".to_owned()], or_refused: None };
        vec![Trial::new(steps, vec![claim(check, "two versions".to_owned(), promise, expect)])]
    });
}

fn wide_and_own<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    Tried {
        check,
        promise,
        table,
    }: Tried<'a>,
    about: String,
    (owner, owners): (&'static str, String),
    of: &'static [&'static str],
) {
    let Ok(column) = Identifier::new(owner) else {
        return;
    };
    if keeps_null(composer, check, table, &[of, &[owner]].concat()) {
        return;
    }
    let Some([wide, own]) = alike(composer, table, of, Apart::NullInFirst(owner)) else {
        return;
    };
    composer.plan(move |rows, _| {
        let mut steps: Vec<_> = [wide, own].map(|row| rows.insert(row)).into();
        steps.push(Step::ask(
            wide,
            format!(
            "SELECT pg_catalog.concat_ws(' ', {}) ",
            [wide, own].map(|row| format!(
                "(SELECT CASE WHEN {4}.{5} IS NULL THEN {0} ELSE {1} END FROM {2} {4} WHERE {3})",
                literal("tenant"),
                literal(&owners),
                rows.table(table),
                rows.locate(row, &[].into()),
                table.quoted(),
                column.quoted()
            )).join(", ")
        ),
        ));
        let expect = Expect::Answer {
            step: 2,
            is: vec![format!("tenant {owners}")],
            or_refused: None,
        };
        vec![Trial::new(
            steps,
            vec![claim(check, about, promise, expect)],
        )]
    });
}
