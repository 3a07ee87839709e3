//! Values that CHECK constraints take: candidates gathered from what the constraints say, and the
//! server asked which of them hold.

use std::collections::BTreeMap;

use super::candidates::{Said, candidates, quoted_apart};
use super::keys::unique_keys;
use super::value::{Maker, Spread};
use super::world::World;
use crate::model::{Column, Constraint, Identifier, Table};

/// Columns of one table that conditions tie together, and the values they might have.
pub(super) struct Question<'a> {
    pub(super) table: &'a Identifier,
    pub(super) columns: Vec<&'a Column>,
    /// Values to choose from, one for each column; those tried first that are most like any other.
    pub(super) choices: Vec<Vec<Maker>>,
    /// Asks for the first choice that all conditions take.
    pub(super) sql: String,
}

/// How many choices are asked about at most.
const MANY: usize = 300;

/// A question for each group of columns that conditions speak of.
pub(super) fn questions<'a>(world: &World<'a>) -> Vec<Question<'a>> {
    let tables = world.tables.iter();
    tables
        .flat_map(|(name, table)| {
            groups(world, table)
                .into_iter()
                .map(|group| question(world, name, group))
        })
        .collect()
}

/// Columns and the conditions on them, as SQL expressions.
struct Group<'a> {
    columns: Vec<&'a Column>,
    conditions: Vec<String>,
}

fn groups<'a>(world: &World<'a>, table: &'a Table) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut add = |columns: Vec<&'a Column>, condition: String| {
        let is_tied = |group: &Group<'_>| {
            group
                .columns
                .iter()
                .any(|column| columns.iter().any(|c| c.name == column.name))
        };
        let (tied, apart): (Vec<_>, Vec<_>) =
            std::mem::take(&mut groups).into_iter().partition(is_tied);
        let mut merged = Group {
            columns,
            conditions: vec![condition],
        };
        for group in tied {
            merged.columns.extend(group.columns);
            merged.conditions.extend(group.conditions);
        }
        merged.columns.sort_by_key(|column| &column.name);
        merged.columns.dedup_by_key(|column| &column.name);
        groups = apart;
        groups.push(merged);
    };
    for Constraint { definition, .. } in table.checks.values() {
        let Some(condition) = condition(definition) else {
            continue;
        };
        let columns: Vec<_> = table
            .columns
            .iter()
            .filter(|column| mentions(condition, &column.name))
            .collect();
        if !columns.is_empty() {
            add(columns, condition.to_owned());
        }
    }
    for column in table
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
    {
        for domain in world.subject.actual.domains_of(&column.ty) {
            for Constraint { definition, .. } in domain.checks.values() {
                if let Some(condition) = condition(definition) {
                    add(vec![column], of_value(condition, &column.name));
                }
            }
        }
    }
    groups
}

/// The expression of `CHECK (expression)`; nothing of an exclusion constraint.
fn condition(definition: &str) -> Option<&str> {
    let rest = definition.strip_prefix("CHECK ")?;
    Some(rest.strip_suffix(" NO INHERIT").unwrap_or(rest))
}

/// A domain's condition, of a column instead of its `VALUE`.
fn of_value(condition: &str, column: &Identifier) -> String {
    let mut out = String::new();
    for (text, is_code) in quoted_apart(condition) {
        out += &if is_code {
            text.replace("VALUE", &column.quoted())
        } else {
            text.to_owned()
        };
    }
    out
}

/// Whether an expression, outside its text constants, names a column.
fn mentions(condition: &str, column: &Identifier) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '"';
    quoted_apart(condition)
        .iter()
        .filter(|(_, is_code)| *is_code)
        .any(|(code, _)| {
            let quoted = column.quoted();
            code.contains(&quoted) || code.split(|c| !is_name(c)).any(|word| *column == *word)
        })
}

fn question<'a>(world: &World<'a>, table: &'a Identifier, group: Group<'a>) -> Question<'a> {
    let said = Said::of(&group.conditions);
    let candidates: Vec<Vec<Maker>> = group
        .columns
        .iter()
        .map(|column| candidates(world, table, column, &said))
        .collect();
    let choices = nearest_first(&candidates);
    let definition = world.tables.get(table).copied();
    let value = |column: &Column, maker: &Maker| {
        let ty = world.subject.actual.base_type(&column.ty);
        let n = sample(world, definition, table, column);
        let is_unique = definition.is_some_and(|table| {
            unique_keys(table)
                .iter()
                .any(|(columns, _)| columns.contains(&&column.name))
        });
        let spread = if is_unique { Spread::Far } else { Spread::Near };
        let cell = maker.cell(
            ty,
            world.subject.actual,
            (world.subject.options.seed, spread),
            n,
        );
        format!(
            "CAST({} AS {})",
            cell.map_or_else(|_| "NULL".to_owned(), |cell| cell.sql()),
            ty.sql()
        )
    };
    let rows: Vec<_> = choices
        .iter()
        .enumerate()
        .map(|(at, choice)| {
            let values: Vec<_> = group
                .columns
                .iter()
                .zip(choice)
                .map(|(column, maker)| value(column, maker))
                .collect();
            format!("({at}, {})", values.join(", "))
        })
        .collect();
    let names: Vec<_> = group
        .columns
        .iter()
        .map(|column| column.name.quoted())
        .collect();
    let conditions: Vec<_> = group
        .conditions
        .iter()
        .map(|condition| format!("({condition}) IS NOT FALSE"))
        .collect();
    let sql = format!(
        "SELECT leora_choice FROM (VALUES {}) v (leora_choice, {}) WHERE {} ORDER BY leora_choice LIMIT 1",
        rows.join(", "),
        names.join(", "),
        conditions.join(" AND ")
    );
    Question {
        table,
        columns: group.columns,
        choices,
        sql,
    }
}

/// Which value of a rule stands for a column: one for each, but a row that names itself has one in both.
fn sample(
    world: &World<'_>,
    definition: Option<&Table>,
    table: &Identifier,
    column: &Column,
) -> u64 {
    let to_itself = world
        .links_of(table)
        .iter()
        .map(|at| &world.links[*at])
        .filter(|link| link.parent == table);
    let named = to_itself
        .flat_map(|link| &link.columns)
        .find(|(own, _)| **own == column.name);
    let name = named.map_or(&column.name, |(_, referenced)| *referenced);
    let at =
        definition.and_then(|table| table.columns.iter().position(|other| other.name == *name));
    at.unwrap_or_default() as u64
}

/// Every combination, the sum of the places from the lowest up, as far as [`MANY`].
fn nearest_first(candidates: &[Vec<Maker>]) -> Vec<Vec<Maker>> {
    let farthest: usize = candidates
        .iter()
        .map(|some| some.len().saturating_sub(1))
        .sum();
    let mut choices = Vec::new();
    for distance in 0..=farthest {
        combine(candidates, distance, &mut Vec::new(), &mut choices);
        if choices.len() >= MANY {
            break;
        }
    }
    choices
}

fn combine(
    candidates: &[Vec<Maker>],
    distance: usize,
    chosen: &mut Vec<Maker>,
    choices: &mut Vec<Vec<Maker>>,
) {
    if choices.len() >= MANY {
        return;
    }
    let Some(own) = candidates.get(chosen.len()) else {
        if distance == 0 {
            choices.push(chosen.clone());
        }
        return;
    };
    for (place, maker) in own.iter().enumerate().take(distance + 1) {
        chosen.push(maker.clone());
        combine(candidates, distance - place, chosen, choices);
        chosen.pop();
    }
}

/// What the answers teach: how to make the values of columns.
pub(super) fn learn(
    questions: &[Question<'_>],
    answers: impl Iterator<Item = Option<usize>>,
) -> BTreeMap<(Identifier, Identifier), Maker> {
    let mut makers = BTreeMap::new();
    for (question, answer) in questions.iter().zip(answers) {
        let Some(choice) = answer.and_then(|at| question.choices.get(at)) else {
            continue;
        };
        for (column, maker) in question.columns.iter().zip(choice) {
            if *maker != Maker::Rule {
                makers.insert((question.table.clone(), column.name.clone()), maker.clone());
            }
        }
    }
    makers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_outside_quotes() {
        let name = |name: &str| Identifier::new(name).expect("legal");
        assert!(mentions("((total >= (0)::numeric))", &name("total")));
        assert!(!mentions("((subtotal >= 'total'::text))", &name("total")));
        assert!(mentions(r#"(("startsAt" < "endsAt"))"#, &name("endsAt")));
        assert_eq!(
            of_value("((VALUE <> 'VALUE'::text))", &name("c")),
            r#"(("c" <> 'VALUE'::text))"#
        );
    }

    #[test]
    fn combinations_begin_with_the_usual() {
        let two = || vec![Maker::Rule, Maker::Null];
        let choices = nearest_first(&[two(), two()]);
        assert_eq!(choices.len(), 4);
        assert_eq!(choices[0], [Maker::Rule, Maker::Rule]);
        assert_eq!(choices[3], [Maker::Null, Maker::Null]);
    }
}
