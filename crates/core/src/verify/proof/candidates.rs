//! Values that a column under conditions might have, by what the conditions say.

use std::collections::BTreeSet;

use super::pattern::Pattern;
use super::value::Maker;
use super::world::World;
use crate::model::{Column, Identifier, SqlType};

/// Pieces of an expression: text constants with their quotes, and what is between them, which is code.
pub(super) fn quoted_apart(text: &str) -> Vec<(&str, bool)> {
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

/// What conditions say: their constants.
#[derive(Default)]
pub(super) struct Said {
    numbers: BTreeSet<i64>,
    fractions: BTreeSet<String>,
    texts: Vec<String>,
    /// What stands behind `~`.
    expressions: Vec<String>,
    /// What stands behind `LIKE`, which PostgreSQL prints as `~~`.
    likenesses: Vec<String>,
}

impl Said {
    /// What `conditions`, as PostgreSQL prints them, say.
    pub(super) fn of(conditions: &[String]) -> Said {
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

/// Those of one column, the most usual first.
pub(super) fn candidates(
    world: &World<'_>,
    table: &Identifier,
    column: &Column,
    said: &Said,
) -> Vec<Maker> {
    let ty = world.subject.actual.base_type(&column.ty);
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

    fn said(condition: &str) -> Said {
        Said::of(&[condition.to_owned()])
    }

    fn numbers_for(base: &str, condition: &str) -> Vec<Maker> {
        let mut makers = Vec::new();
        numbers(base, &said(condition), &mut makers);
        makers
    }

    #[test]
    fn numbers_lie_between_at_and_beside_those_of_the_conditions() {
        let mut expected = vec![Maker::From(15), Maker::From(11)];
        expected.extend(["15", "11", "10", "9", "21", "20", "19", "1", "0", "-1"].map(constant));
        assert_eq!(
            numbers_for("integer", "((n >= 10) AND (n <= 20))"),
            expected
        );
        expected.extend(["0.25", "0.5", "0.1"].map(constant));
        let of_numeric = "((n >= (10)::numeric) AND (n <= (20)::numeric) AND (n <> 0.25))";
        assert_eq!(numbers_for("numeric", of_numeric), expected);
    }

    #[test]
    fn numbers_fit_the_type() {
        for (base, small, large) in [
            ("smallint", "32766", "40000"),
            ("integer", "40000", "3000000000"),
            ("bigint", "3000000000", "9000000000000000000"),
        ] {
            assert!(
                numbers_for(base, small).contains(&constant(small)),
                "{base}"
            );
            assert!(
                !numbers_for(base, large).contains(&constant(large)),
                "{base}"
            );
        }
    }

    #[test]
    fn texts_are_as_long_as_the_conditions_and_the_type_say() {
        let lengths = |ty: &str, condition: &str| -> BTreeSet<usize> {
            let mut makers = Vec::new();
            texts(&SqlType::new(ty), &said(condition), &mut makers);
            let shaped = makers.iter().filter_map(|maker| match maker {
                Maker::Shaped(pattern) => Some(pattern.length()),
                _ => None,
            });
            shaped.collect()
        };
        let long = lengths("text", "(char_length(s) > 40)");
        assert!(
            [39, 40, 41].iter().all(|length| long.contains(length)),
            "{long:?}"
        );
        let short = lengths("character varying(10)", "(char_length(s) > 40)");
        assert_eq!(short, BTreeSet::from([6, 7, 9, 10]));
        let mut makers = Vec::new();
        let ty = SqlType::new("character varying(4)");
        texts(
            &ty,
            &said("((s = 'open'::text) OR (s = 'closed'::text))"),
            &mut makers,
        );
        assert!(makers.contains(&constant("open")) && !makers.contains(&constant("closed")));
    }
}
