//! The only normaliser: every source of a schema passes through it, so that what means the same is
//! the same.
//!
//! Types get PostgreSQL's own spelling; defaults lose the casts PostgreSQL adds to constants, and
//! the many ways to say 'now' and one constant become one. Normalising twice is normalising once.

mod default;
mod policy;

use std::collections::BTreeMap;

pub(in crate::model) use default::constant_of;
use default::default_of;

use super::expression::{self, ColumnType};
use super::sql_type::{Expression, SqlType};
use super::{Column, ColumnDefault, Index, IndexTarget, Schema, Table};

/// Brings `schema` into the one form in which schemas are compared.
pub fn normalise(mut schema: Schema) -> Schema {
    for domain in schema.domains.values_mut() {
        domain.ty = type_name(&domain.ty);
        domain.default = domain
            .default
            .take()
            .and_then(|default| default_of(&default, &domain.ty));
    }
    for table in schema.tables.values_mut() {
        normalise_table(table);
    }
    schema
}

fn normalise_table(table: &mut Table) {
    for column in &mut table.columns {
        normalise_column(column);
    }
    let types: BTreeMap<_, _> = table
        .columns
        .iter()
        .map(|column| (column.name.as_str(), &column.ty))
        .collect();
    for index in table.indexes.values_mut() {
        normalise_index(index, &|column| types.get(column).map(|ty| (*ty).clone()));
    }
    for check in table.checks.values_mut() {
        check.definition = collapse(&check.definition);
    }
    for policy in table.row_security.policies.values_mut() {
        policy::normalise(policy);
    }
    table.inherits.sort();
    table.children.sort();
}

fn normalise_column(column: &mut Column) {
    column.ty = type_name(&column.ty);
    column.default = match column.default.take() {
        Some(ColumnDefault::Expression(expression)) => {
            default_of(&expression, &column.ty).map(ColumnDefault::Expression)
        }
        other => other,
    };
    if let Some(generated) = &mut column.generated {
        generated.expression = Expression::new(bare(generated.expression.as_str()));
    }
}

fn normalise_index(index: &mut Index, column_type: &ColumnType<'_>) {
    let canonical = |text: &Expression| {
        let text = text.as_str();
        let spelled = expression::canonical(text, column_type);
        Expression::new(spelled.unwrap_or_else(|| bare(text)))
    };
    if index.method.as_deref() == Some("btree") {
        index.method = None;
    }
    index.predicate = index.predicate.as_ref().map(canonical);
    for key in &mut index.keys {
        if let IndexTarget::Expression(expression) = &mut key.on {
            *expression = canonical(expression);
        }
    }
}

/// The type in the spelling of `format_type`: lower case, the standard's long names.
pub(super) fn type_name(ty: &SqlType) -> SqlType {
    let text = ty.as_str().trim();
    if text.contains('"') {
        return SqlType::new(text);
    }
    let text = collapse(text).to_ascii_lowercase();
    let (base, array) = match text.find('[') {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let array = "[]".repeat(array.matches('[').count().min(1)); // PostgreSQL ignores dimensions and sizes
    let (name, modifier, rest) = match (base.find('('), base.find(')')) {
        (Some(open), Some(close)) if open < close => (
            base[..open].trim(),
            base[open..=close].replace(' ', ""),
            base[close + 1..].trim(),
        ),
        _ => (base.trim(), String::new(), ""),
    };
    let zoned = |zone: &str| rest == zone || name.ends_with(zone);
    let stem = name
        .strip_suffix(" with time zone")
        .or(name.strip_suffix(" without time zone"))
        .unwrap_or(name);
    let canonical = match stem {
        "int" | "int4" | "integer" => "integer".to_owned(),
        "int2" => "smallint".to_owned(),
        "int8" => "bigint".to_owned(),
        "bool" => "boolean".to_owned(),
        "float4" => "real".to_owned(),
        "float8" | "float" => "double precision".to_owned(),
        "decimal" | "numeric" => match modifier.strip_suffix(')') {
            Some(precision) if !precision.contains(',') => format!("numeric{precision},0)"),
            _ => format!("numeric{modifier}"),
        },
        "varchar" | "character varying" => format!("character varying{modifier}"),
        "bpchar" if modifier.is_empty() => "bpchar".to_owned(),
        "char" | "character" | "bpchar" => match modifier.as_str() {
            "" => "character(1)".to_owned(),
            some => format!("character{some}"),
        },
        "varbit" => format!("bit varying{modifier}"),
        "bit" if modifier.is_empty() => "bit(1)".to_owned(),
        "timestamptz" | "timetz" => {
            format!("{}{modifier} with time zone", stem.trim_end_matches("tz"))
        }
        "timestamp" | "time" => {
            let zone = if zoned("with time zone") {
                "with"
            } else {
                "without"
            };
            format!("{stem}{modifier} {zone} time zone")
        }
        other if rest.is_empty() => format!("{other}{modifier}"),
        other => format!("{other}{modifier} {rest}"),
    };
    SqlType::new(canonical + &array)
}

/// `text` in one spelling of blanks, without the parentheses around all of it.
fn bare(text: &str) -> String {
    collapse(strip_parentheses(text.trim()))
}

fn strip_parentheses(text: &str) -> &str {
    if !text.starts_with('(') {
        return text;
    }
    let mut open = Vec::new();
    let mut closes = BTreeMap::new();
    for (at, _, byte) in Depths::of(text) {
        match byte {
            b'(' => open.push(at),
            b')' => closes.extend(open.pop().map(|opened| (opened, at))),
            _ => {}
        }
    }
    let (mut start, mut end) = (0, text.len());
    while text[start..end].starts_with('(') && closes.get(&start) == Some(&(end - 1)) {
        let inside = &text[start + 1..end - 1];
        start += 1 + inside.len() - inside.trim_start().len();
        end = start + inside.trim().len();
    }
    &text[start..end]
}

/// Runs of blanks outside quotes become one space.
fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.trim().chars() {
        match quote {
            Some(q) if c == q => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// The bytes of an expression outside quotes, each with its position and the depth of parentheses
/// and brackets around it; a closing one counts as inside.
struct Depths<'a> {
    bytes: std::iter::Enumerate<std::str::Bytes<'a>>,
    depth: usize,
}

impl<'a> Depths<'a> {
    fn of(text: &'a str) -> Self {
        Depths {
            bytes: text.bytes().enumerate(),
            depth: 0,
        }
    }
}

impl Iterator for Depths<'_> {
    type Item = (usize, usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, byte) = self.bytes.next()?;
        let here = self.depth;
        match byte {
            b'\'' | b'"' => {
                self.bytes.by_ref().find(|(_, b)| *b == byte);
            }
            b'(' | b'[' => self.depth += 1,
            b')' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Some((at, here, byte))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Constraint, Generated, Identifier, IndexKey, Validity};
    use super::*;

    #[test]
    fn types_have_one_spelling() {
        for (written, expected) in [
            ("INT4", "integer"),
            ("varchar(20)", "character varying(20)"),
            ("TIMESTAMP(3)", "timestamp(3) without time zone"),
            ("timestamptz(6)", "timestamp(6) with time zone"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("timestamp without time zone", "timestamp without time zone"),
            ("DECIMAL(65, 30)", "numeric(65,30)"),
            ("numeric(10)", "numeric(10,0)"),
            ("text[]", "text[]"),
            ("INTEGER[3][3]", "integer[]"),
            ("char", "character(1)"),
            ("\"OrderStatus\"[]", "\"OrderStatus\"[]"),
            ("double precision", "double precision"),
            ("float8", "double precision"),
            ("float4", "real"),
            ("int2", "smallint"),
            ("int8", "bigint"),
            ("bool", "boolean"),
            // Without a length, one is a type of its own and the other has length 1 (manual, 8.3 and 8.10).
            ("bpchar", "bpchar"),
            ("bpchar(3)", "character(3)"),
            ("bit", "bit(1)"),
            ("bit(3)", "bit(3)"),
            ("varbit(5)", "bit varying(5)"),
            ("time ( 3 ) with  time\tzone", "time(3) with time zone"),
            ("time with time zone", "time with time zone"),
            ("timetz(0)[]", "time(0) with time zone[]"),
            ("interval(3) day to second", "interval(3) day to second"),
            ("geometry(Point, 4326)", "geometry(point,4326)"),
            // No type, and no panic either.
            (")(", ")("),
            ("()", "()"),
        ] {
            assert_eq!(
                type_name(&SqlType::new(written)).as_str(),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn blanks_count_within_quotes_only() {
        for (written, expected) in [
            ("  a \n\t b  ", "a b"),
            ("'a  b'  'c  d'", "'a  b' 'c  d'"),
            ("\"a  b\"  c  d", "\"a  b\" c d"),
            ("'\"  x'  y", "'\"  x' y"),
            ("\"it's  x\"  y", "\"it's  x\" y"),
        ] {
            assert_eq!(collapse(written), expected, "{written}");
        }
    }

    #[test]
    fn every_part_of_a_table_is_normalised() {
        let name = |text: &str| Identifier::new(text).expect("legal");
        let column =
            |named: &str, ty: &str, default: Option<&str>, generated: Option<&str>| Column {
                name: name(named),
                ty: SqlType::new(ty),
                nullable: false,
                default: default.map(|text| ColumnDefault::Expression(Expression::new(text))),
                identity: None,
                generated: generated.map(|text| Generated {
                    expression: Expression::new(text),
                    stored: true,
                }),
                collation: None,
            };
        let index = |method: &str, on: &str| Index {
            method: Some(method.to_owned()),
            keys: vec![IndexKey {
                on: IndexTarget::Expression(Expression::new(on)),
                descending: false,
                nulls_reversed: false,
                operator_class: None,
                collation: None,
            }],
            predicate: Some(Expression::new("((a  > 0))")),
            ..Index::default()
        };
        let check = |definition: &str| Constraint {
            definition: definition.to_owned(),
            validity: Validity::Valid,
        };
        let table =
            |columns, indexes: [Index; 2], checked: &str, [first, second]: [&str; 2]| Table {
                columns,
                indexes: [name("one"), name("two")]
                    .into_iter()
                    .zip(indexes)
                    .collect(),
                checks: BTreeMap::from([(name("check"), check(checked))]),
                inherits: vec![first.to_owned(), second.to_owned()],
                children: vec![first.to_owned(), second.to_owned()],
                ..Table::default()
            };
        let mut written = table(
            vec![
                column("a", "INT4", Some("'1'::integer"), None),
                column("b", "int8", None, Some("((a  + 1))")),
            ],
            [index("btree", "((a  + 1))"), index("gin", "(a)")],
            "CHECK  (a >  0)",
            ["z", "y"],
        );
        normalise_table(&mut written);
        let gin = Index {
            method: Some("gin".to_owned()),
            ..index("gin", "\"a\"")
        };
        let btree = Index {
            method: None,
            ..index("btree", "\"a\" + 1")
        };
        let spelled = |index: Index| Index {
            predicate: Some(Expression::new("\"a\" > 0")),
            ..index
        };
        let expected = table(
            vec![
                column("a", "integer", Some("1"), None),
                column("b", "bigint", None, Some("a + 1")),
            ],
            [spelled(btree), spelled(gin)],
            "CHECK (a > 0)",
            ["y", "z"],
        );
        assert_eq!(written, expected);
    }

    #[test]
    fn what_is_enclosed_is_deeper_and_what_is_quoted_is_passed_over() {
        let depths = |text| {
            Depths::of(text)
                .map(|(_, depth, _)| depth)
                .collect::<Vec<_>>()
        };
        assert_eq!(depths("a(b[c])d"), [0, 0, 1, 1, 2, 2, 1, 0]);
        assert_eq!(depths("'(' (\"[\")"), [0, 0, 0, 1, 1]);
        assert_eq!(depths(")("), [0, 0]);
    }

    #[test]
    fn parentheses_go_only_when_they_enclose_everything() {
        assert_eq!(bare("((a > 0))"), "a > 0");
        assert_eq!(bare("(a > 0) AND (b > 0)"), "(a > 0) AND (b > 0)");
        assert_eq!(bare("(a = ')')"), "a = ')'");
    }
}
