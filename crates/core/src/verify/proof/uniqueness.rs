//! What must be unique on the new models, and what need not be: rows alike are inserted, and rows that
//! differ in one column.

use leora_schema::dsl::{Index, Model, ScenarioKind};

use super::composer::Composer;
use super::keys::unique_keys;
use super::models::{claim, draft};
use super::places::RowId;
use super::programme::{Expect, Refused, Trial};
use super::rows::Cell;
use super::value::Maker;
use super::world::World;
use crate::model::Identifier;
use crate::verify::check::CheckId;
use crate::verify::checks::id_of;
use crate::verify::checks::tried::UNIQUE_KEYS;

const NOT_UNIQUE: &[&str] = &["23505"];

/// The check that a unique index of the model answers to; or, without an index, that nothing is unique.
fn check_of(model: &Model, index: Option<&Index>) -> CheckId {
    let mut scenarios = model.scenarios.iter();
    let scenario = scenarios.find(|scenario| match (scenario.kind, index) {
        (ScenarioKind::UniquePer(columns), Some(index)) => columns == index.columns,
        (ScenarioKind::NothingUnique, None) => true,
        _ => false,
    });
    scenario.map_or(UNIQUE_KEYS.id, id_of)
}

/// The primary key and each unique index: the same again, and the same but for one column.
pub(super) fn add<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    model: &'static Model,
    table: &'a Identifier,
) {
    let primary = Index {
        columns: model.primary_key,
        unique: true,
    };
    repeated(composer, UNIQUE_KEYS.id, table, primary);
    let mut none = true;
    for index in model.indexes.iter().filter(|index| index.unique) {
        none = false;
        let check = check_of(model, Some(index));
        repeated(composer, check, table, *index);
        for column in index.columns {
            varied(composer, check, table, *index, column);
        }
        let nullable: Vec<_> = index
            .columns
            .iter()
            .copied()
            .filter(|name| model.column(name).is_some_and(|c| c.nullable))
            .collect();
        if !nullable.is_empty() {
            null_repeated(composer, check, table, *index, &nullable);
        }
    }
    if none {
        let columns: Vec<_> = model.columns.iter().map(|column| column.name).collect();
        let same = |name: &&str| !model.primary_key.contains(name);
        accepted_twice(
            composer,
            check_of(model, None),
            table,
            columns.into_iter().filter(same).collect(),
            "two rows alike but for the id".to_owned(),
        );
    }
}

fn listed(columns: &[&str]) -> String {
    columns.join(", ")
}

/// Whether one of these columns can name no row, and so shows nothing of what is unique: then it is said.
pub(super) fn keeps_null(
    composer: &mut Composer<'_, '_>,
    check: CheckId,
    table: &Identifier,
    columns: &[&str],
) -> bool {
    let world = composer.world;
    let definition = world.tables.get(table);
    let named = columns.iter().filter_map(|name| definition?.column(name));
    let mut reasons = named.filter_map(|column| world.why_kept_null(table, &column.name));
    let Some(reason) = reasons.next() else {
        return false;
    };
    let about = format!("{} ({})", table.quoted(), listed(columns));
    composer.not_tried(check, about, reason);
    true
}

fn repeated<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: CheckId,
    table: &'a Identifier,
    index: Index,
) {
    if keeps_null(composer, check, table, index.columns) {
        return;
    }
    let Some([one, other]) = alike(composer, table, index.columns, Apart::Nowhere) else {
        return;
    };
    let what = format!("{} ({})", table.quoted(), listed(index.columns));
    composer.plan(move |rows, _| {
        let steps = [one, other].map(|row| rows.insert(row));
        let expect = Expect::Refused {
            step: 1,
            how: Refused {
                states: NOT_UNIQUE,
                by: Vec::new(),
            },
        };
        vec![Trial {
            together: false,
            steps: steps.into(),
            claims: vec![claim(
                check,
                what.clone(),
                format!("a second row with the same {what} is refused"),
                expect,
            )],
        }]
    });
}

/// A foreign key that gives `differs` one value where the columns `same` are the same: they tell already
/// which row is named.
fn tie<'a>(
    world: &World<'a>,
    table: &Identifier,
    same: &[&str],
    differs: &str,
) -> Option<&'a Identifier> {
    let links = world.links_of(table).iter().map(|at| &world.links[*at]);
    let mut through = links.filter(|link| link.columns.iter().any(|(own, _)| *own == differs));
    let found = through.find(|link| {
        let Some(parent) = world.tables.get(link.parent) else {
            return false;
        };
        let named = |key: &&Identifier| {
            let mut pairs = link.columns.iter();
            pairs.any(|(own, referenced)| *referenced == *key && same.contains(&own.as_str()))
        };
        unique_keys(parent)
            .iter()
            .any(|(key, _)| key.iter().all(&named))
    });
    found.map(|link| link.name)
}

fn varied<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: CheckId,
    table: &'a Identifier,
    index: Index,
    differs: &'static str,
) {
    if keeps_null(composer, check, table, index.columns) {
        return;
    }
    let same: Vec<_> = index
        .columns
        .iter()
        .copied()
        .filter(|column| *column != differs)
        .collect();
    if let Some(tie) = tie(composer.world, table, &same, differs) {
        let what = format!("{}: {differs}", table.quoted());
        let reason = format!(
            "{} lets no two rows differ in {differs} alone",
            tie.quoted()
        );
        composer.not_tried(check, what, reason);
        return;
    }
    let maker = Identifier::new(differs)
        .ok()
        .and_then(|column| composer.world.maker(table, &column));
    if let Some(Maker::Constant(_) | Maker::Null) = maker {
        let what = format!("{}: {differs}", table.quoted());
        let reason = format!("a constraint on {differs} leaves it no two values that were found");
        composer.not_tried(check, what, reason);
        return;
    }
    let Some(both) = alike(composer, table, &same, Apart::In(differs)) else {
        return;
    };
    accepted(
        composer,
        check,
        table,
        both,
        format!("the same ({}) with another {differs}", listed(&same)),
    );
}

fn null_repeated<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: CheckId,
    table: &'a Identifier,
    index: Index,
    nullable: &[&'static str],
) {
    let same: Vec<_> = index
        .columns
        .iter()
        .copied()
        .filter(|column| !nullable.contains(column))
        .collect();
    if keeps_null(composer, check, table, &same) {
        return;
    }
    let Some(both) = alike(composer, table, &same, Apart::Null(nullable)) else {
        return;
    };
    let what = format!(
        "the same ({}) twice, {} being NULL",
        listed(&same),
        listed(nullable)
    );
    accepted(composer, check, table, both, what);
}

fn accepted_twice<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: CheckId,
    table: &'a Identifier,
    same: Vec<&'static str>,
    what: String,
) {
    if keeps_null(composer, check, table, &same) {
        return;
    }
    if let Some(both) = alike(composer, table, &same, Apart::Nowhere) {
        accepted(composer, check, table, both, what);
    }
}

fn accepted<'w, 'a: 'w>(
    composer: &mut Composer<'w, 'a>,
    check: CheckId,
    table: &'a Identifier,
    both: [RowId; 2],
    what: String,
) {
    composer.plan(move |rows, _| {
        let promise = format!("{} takes {what}", table.quoted());
        vec![Trial {
            together: false,
            steps: both.map(|row| rows.insert(row)).into(),
            claims: vec![claim(
                check,
                format!("{}: {what}", table.quoted()),
                promise,
                Expect::Accepted,
            )],
        }]
    });
}

/// In what two rows alike are not.
pub(super) enum Apart<'n> {
    Nowhere,
    /// This column differs.
    In(&'n str),
    /// These are NULL in both.
    Null(&'n [&'static str]),
    /// This one names a row in the second only.
    NullInFirst(&'n str),
}

/// Two rows, not inserted yet, with the same values in `same`.
pub(super) fn alike<'a>(
    composer: &mut Composer<'_, 'a>,
    table: &'a Identifier,
    same: &[&str],
    apart: Apart<'_>,
) -> Option<[RowId; 2]> {
    let (one, other) = (draft(composer, table)?, draft(composer, table)?);
    let world = composer.world;
    let definition = world.tables.get(table)?;
    let column = |name: &&str| definition.column(name).map(|column| &column.name);
    match apart {
        Apart::Nowhere => {}
        Apart::In(column) => composer.graph.vary(one, other, column),
        Apart::Null(columns) => {
            for name in columns.iter().filter_map(column) {
                composer.graph.fix(one, name, Cell::Null);
                composer.graph.fix(other, name, Cell::Null);
            }
        }
        Apart::NullInFirst(name) => {
            let name = column(&name)?;
            composer.graph.fix(one, name, Cell::Null);
            for at in world
                .links_of(table)
                .iter()
                .filter(|at| world.links[**at].has_column(name))
            {
                composer.graph.name_by(other, *at);
            }
        }
    }
    for name in same.iter().filter_map(column) {
        if composer.graph.is_bound(other, name) {
            composer.graph.same(one, name, other, name);
        }
        for at in world.links_of(table) {
            if world.links[*at].has_column(name) {
                composer.graph.name_by(one, *at);
            }
        }
        composer.graph.same(one, name, other, name);
    }
    composer.graph.complete(one);
    composer.graph.complete(other);
    Some([one, other])
}
