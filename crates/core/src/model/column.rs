//! A column, and what the database fills in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::name::Identifier;
use super::sql_type::{Expression, SqlType};
use super::table::is_default;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: Identifier,
    /// Its type, length, precision and scale included.
    #[serde(rename = "type")]
    pub ty: SqlType,
    /// Whether it takes NULL.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nullable: bool,
    /// What the database fills in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ColumnDefault>,
    /// `GENERATED ... AS IDENTITY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// `GENERATED ALWAYS AS (...)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// Its collation, when it is not its type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

/// What the database fills in where a column is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnDefault {
    /// The next value of the sequence that the column owns (`SERIAL`).
    Autoincrement,
    /// The same, from a sequence with other than the usual options (`INCREMENT 2 CYCLE`).
    Sequence(String),
    /// Whatever the database has, be it nothing, a default or a generated column, but no sequence of
    /// the column's own: what Prisma's `dbgenerated()` leaves open.
    Any,
    /// An expression.
    #[serde(untagged)]
    Expression(Expression),
}

/// `GENERATED ... AS IDENTITY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// A value may not be given.
    Always,
    /// A value may be given.
    ByDefault,
}

/// `GENERATED ALWAYS AS (expression)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The expression.
    pub expression: Expression,
    /// Computed on write (`STORED`), or on read (`VIRTUAL`, PostgreSQL 18).
    pub stored: bool,
}

impl Column {
    /// This column, with the default and the generation of `other` where it leaves them open
    /// ([`ColumnDefault::Any`]).
    pub fn settled_as(&self, other: &Column) -> Cow<'_, Column> {
        use ColumnDefault::{Any, Autoincrement, Sequence};
        let counts = matches!(other.default, Some(Autoincrement | Sequence(_)));
        if self.default != Some(Any) || counts {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Column {
            default: other.default.clone(),
            generated: other.generated.clone(),
            ..self.clone()
        })
    }
}
