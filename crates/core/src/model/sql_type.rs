//! Column types and expressions, as text in one spelling.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::printable;

/// A column type in PostgreSQL's own spelling, as `format_type` prints it with only the table's
/// schema on the search path: `timestamp(3) without time zone`, `numeric(65,30)`, `text[]`,
/// `"OrderStatus"`.
///
/// Two types are the same when their texts are, once [`super::canon`] has seen them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SqlType(Box<str>);

impl SqlType {
    /// Keeps `text`. It is brought into PostgreSQL's spelling by [`super::canon::normalise`].
    pub fn new(text: impl Into<Box<str>>) -> Self {
        SqlType(text.into())
    }

    /// PostgreSQL's spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of a type of the schema, without the quotes it may need.
    pub fn name(&self) -> String {
        match self
            .0
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        {
            Some(inside) => inside.replace("\"\"", "\""),
            None => self.0.to_string(),
        }
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.0.ends_with(']')
    }

    /// The type of an array's elements; the type itself when it is none.
    pub fn element(&self) -> SqlType {
        SqlType::new(self.0.split('[').next().unwrap_or_default())
    }

    /// The type without length, precision and scale: `timestamp without time zone`, `numeric`.
    pub fn without_modifiers(&self) -> String {
        if self.0.starts_with('"') {
            return self.0.to_string();
        }
        match (self.0.find('('), self.0.find(')')) {
            (Some(open), Some(close)) if open < close => {
                format!("{}{}", &self.0[..open], &self.0[close + 1..])
            }
            _ => self.0.to_string(),
        }
    }

    /// The operator that compares two values of it. PostgreSQL's own types are compared by its own operators, by
    /// name, since `varchar` has none and takes those of `text` only where no other schema has one for it.
    pub fn equality(&self) -> &'static str {
        // A quoted name is that of an enum or the like of the schema's own, unless a schema stands before it; all arrays
        // are compared by one operator.
        let is_the_schemas = self.0.starts_with('"') && !self.0.contains("\".");
        match is_the_schemas || self.is_array() || self.is_compared_by_value() {
            true => "OPERATOR(pg_catalog.=)",
            false => "=",
        }
    }

    /// Whether it is one of PostgreSQL's own types whose `=` tells values apart as a key does: no array, and
    /// neither `json`, `xml`, floating point nor geometry.
    pub fn is_compared_by_value(&self) -> bool {
        const SCALARS: [&str; 13] = [
            "uuid",
            "text",
            "character",
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "boolean",
            "date",
            "timestamp",
            "time",
            "bytea",
            "inet",
        ];
        !self.is_array() && SCALARS.contains(&self.first_word())
    }

    /// The first word, without what is in parentheses.
    fn first_word(&self) -> &str {
        self.0.split([' ', '(']).next().unwrap_or_default()
    }

    /// The numbers in parentheses: length, or precision and scale.
    pub fn modifiers(&self) -> Vec<i32> {
        let inside = self
            .0
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(inside, _)| inside);
        inside
            .into_iter()
            .flat_map(|inside| inside.split(','))
            .filter_map(|n| n.trim().parse().ok())
            .collect()
    }

    /// The type as Prisma's migrations write it: `TIMESTAMP(3)`, `DECIMAL(65,30)`.
    pub fn sql(&self) -> String {
        if self.0.starts_with('"') {
            return printable(&self.0);
        }
        let base = self.without_modifiers();
        let (base, array) = match base.find('[') {
            Some(at) => base.split_at(at),
            None => (base.as_str(), ""),
        };
        let modifiers = match self.modifiers() {
            none if none.is_empty() => String::new(),
            some => format!(
                "({})",
                some.iter()
                    .map(i32::to_string)
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        };
        let name = match base {
            "timestamp without time zone" => "TIMESTAMP".to_owned(),
            "timestamp with time zone" => "TIMESTAMPTZ".to_owned(),
            "time without time zone" => "TIME".to_owned(),
            "time with time zone" => "TIMETZ".to_owned(),
            "character varying" => "VARCHAR".to_owned(),
            "character" => "CHAR".to_owned(),
            "bit varying" => "VARBIT".to_owned(),
            "numeric" => "DECIMAL".to_owned(),
            plain
                if plain
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b' ') =>
            {
                plain.to_ascii_uppercase()
            }
            other => other.to_owned(),
        };
        name + &modifiers + array
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql())
    }
}

/// An SQL expression: a default, a predicate, a generated column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(Box<str>);

impl Expression {
    /// Keeps `text`. It is brought into one spelling by [`super::canon::normalise`].
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Expression(text.into())
    }

    /// The expression as SQL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is known to give a value, or NULL, whatever the row holds: nothing in it divides, reads a number
    /// from a text or calls what people wrote. It may name columns of the types that `column_type` tells.
    pub fn cannot_fail(&self, column_type: &dyn Fn(&str) -> Option<SqlType>) -> bool {
        super::expression::cannot_fail(&self.0, column_type)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
