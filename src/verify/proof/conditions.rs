//! Values that CHECK constraints take: candidates gathered from what the constraints say, and the
//! server asked which of them hold.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::Pattern;
use super::value::{Maker, Spread};
use super::world::{World, unique_keys};
use crate::model::{Column, Constraint, Domain, Identifier, SqlType, Table};

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
        for domain in domains(world, &column.ty) {
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

/// The domain of a column, and those that it is over.
fn domains<'a>(world: &World<'a>, ty: &SqlType) -> Vec<&'a Domain> {
    let named = |ty: &SqlType| {
        world
            .subject
            .actual
            .domains
            .get(ty.as_str().trim_matches('"'))
    };
    std::iter::successors(named(ty), |domain| named(&domain.ty)).collect()
}

/// The type below all domains.
fn base_type<'a>(world: &World<'a>, ty: &'a SqlType) -> &'a SqlType {
    domains(world, ty).last().map_or(ty, |domain| &domain.ty)
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

/// Pieces of an expression: text constants with their quotes, and what is between them, which is code.
fn quoted_apart(text: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, piece) in text.split('\'').enumerate() {
        let end = start + piece.len();
        let is_code = at % 2 == 0;
        pieces.push(if is_code {
            (piece, true)
        } else {
            (&text[start - 1..(end + 1).min(text.len())], false)
        });
        start = end + 1;
    }
    pieces
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
        let ty = base_type(world, &column.ty);
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

/// What conditions say: their constants.
#[derive(Default)]
struct Said {
    numbers: BTreeSet<i64>,
    fractions: BTreeSet<String>,
    texts: Vec<String>,
    /// What stands behind `~`.
    expressions: Vec<String>,
    /// What stands behind `LIKE`, which PostgreSQL prints as `~~`.
    likenesses: Vec<String>,
}

impl Said {
    fn of(conditions: &[String]) -> Said {
        let mut said = Said::default();
        for condition in conditions {
            let mut before = "";
            for (piece, is_code) in quoted_apart(condition) {
                if is_code {
                    said.read_numbers(piece);
                    before = piece.trim_end_matches([' ', '(']);
                    continue;
                }
                let text = piece.trim_matches('\'').to_owned();
                if before.ends_with("~~") || before.ends_with("~~*") {
                    said.likenesses.push(text);
                } else if before.ends_with('~') || before.ends_with("~*") {
                    said.expressions.push(text);
                } else {
                    said.texts.push(text);
                }
            }
        }
        said
    }

    fn read_numbers(&mut self, code: &str) {
        for word in code.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')) {
            if let Ok(number) = word.parse() {
                self.numbers.insert(number);
            } else if word.parse::<f64>().is_ok() {
                self.fractions.insert(word.to_owned());
            }
        }
    }
}

fn candidates(world: &World<'_>, table: &Identifier, column: &Column, said: &Said) -> Vec<Maker> {
    let ty = base_type(world, &column.ty);
    let mut makers = vec![Maker::Rule];
    let names_a_row = world
        .links_of(table)
        .iter()
        .any(|at| world.links[*at].has_column(&column.name));
    if !names_a_row && column.generated.is_none() {
        let base = ty.without_modifiers();
        match base.as_str() {
            _ if ty.is_array() => makers.extend(["{}"].map(constant)),
            "text" | "character varying" | "character" | "bpchar" | "citext" => {
                texts(ty, said, &mut makers)
            }
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
            | "money" => {
                numbers(&base, said, &mut makers);
            }
            "boolean" => makers.extend(["true", "false"].map(constant)),
            "json" | "jsonb" => makers.extend(["{}", "[]", "\"proof\"", "1"].map(constant)),
            "interval" => makers.extend(["1 hour", "1 day", "30 days"].map(constant)),
            other if other.starts_with("timestamp") || other == "date" => {
                makers.extend(said.texts.iter().map(|text| constant(text)));
                makers.extend(["1980-01-01", "2098-01-01", "2000-02-01"].map(constant));
            }
            _ => {
                let name = ty.as_str().trim_matches('"');
                let labels = world
                    .subject
                    .actual
                    .enums
                    .get(name)
                    .into_iter()
                    .flat_map(|one| &one.labels);
                makers.extend(labels.map(|label| constant(label)));
            }
        }
    }
    if column.nullable {
        makers.push(Maker::Null);
    }
    makers
}

fn constant(text: &str) -> Maker {
    Maker::Constant(text.to_owned())
}

fn texts(ty: &SqlType, said: &Said, makers: &mut Vec<Maker>) {
    let longest = ty.modifiers().first().map_or(usize::MAX, |length| {
        usize::try_from(*length).unwrap_or(usize::MAX)
    });
    let mut patterns: Vec<Pattern> = said
        .expressions
        .iter()
        .filter_map(|one| Pattern::matching(one))
        .collect();
    patterns.extend(
        said.likenesses
            .iter()
            .map(|one| Pattern::like(&one.replace('%', "aaaaaaaa").replace('_', "a"))),
    );
    makers.extend(
        said.texts
            .iter()
            .filter(|text| text.chars().count() <= longest)
            .map(|text| constant(text)),
    );
    for length in &said.numbers {
        for length in [*length, length + 1, length - 1] {
            let length = usize::try_from(length).unwrap_or_default().min(longest);
            if (1..=2000).contains(&length) {
                patterns
                    .extend(["a", "A", "0"].map(|example| Pattern::like(&example.repeat(length))));
            }
        }
    }
    const EXAMPLES: [&str; 8] = [
        "AAAAAA",
        "000000",
        "Aaaaaa",
        "aaaaaaaa@example.com",
        "https://example.com/aaaaaaaa",
        "aaaa-aaaa",
        "+1202555000",
        "#000000",
    ];
    patterns.extend(EXAMPLES.map(Pattern::like));
    makers.extend(
        patterns
            .into_iter()
            .filter(|pattern| pattern.length() <= longest)
            .map(Maker::Shaped),
    );
    makers.push(constant(""));
}

fn numbers(base: &str, said: &Said, makers: &mut Vec<Maker>) {
    let most = match base {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX / 2,
    };
    let mut some: Vec<i64> = Vec::new();
    let sorted: Vec<i64> = said.numbers.iter().copied().collect();
    some.extend(
        sorted
            .windows(2)
            .map(|pair| pair[0] + (pair[1] - pair[0]) / 2),
    );
    some.extend(
        sorted
            .iter()
            .flat_map(|n| [n.saturating_add(1), *n, n.saturating_sub(1)]),
    );
    some.extend([1, 0, -1]);
    some.retain(|n| n.abs() <= most);
    makers.extend(some.iter().take(2).map(|n| Maker::From(*n)));
    makers.extend(some.iter().map(|n| constant(&n.to_string())));
    if !matches!(base, "smallint" | "integer" | "bigint") {
        makers.extend(said.fractions.iter().map(|text| constant(text)));
        makers.extend(["0.5", "0.1"].map(constant));
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
    fn constants_are_told_by_what_stands_before_them() {
        let said = Said::of(&["((code ~ '^[A-Z]{3}$'::text) AND (n >= 10) AND (s ~~ 'a%'::text) AND (t = 'it''s'::text))".to_owned()]);
        assert_eq!(said.expressions, ["^[A-Z]{3}$"]);
        assert_eq!(said.likenesses, ["a%"]);
        assert!(said.numbers.contains(&10));
    }

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
