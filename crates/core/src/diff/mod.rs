//! The one comparison. `plan`, `verify` and every printed diff read its [`Difference`]s, so they
//! cannot disagree.

mod alteration;
mod comparison;
mod shown;
mod unexpected;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Identifier, Schema};

pub use alteration::{Alteration, Collation, IndexMethod, Sides, Switch, TriggerState};

use comparison::Comparison;

/// One thing in which two schemas differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs.
    pub object: Object,
    /// How.
    pub kind: DifferenceKind,
    /// Whether it matters.
    pub effect: Effect,
}

/// How the actual schema differs from the desired one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DifferenceKind {
    /// It is not there.
    Missing,
    /// It is there and nobody asked for it.
    Unexpected,
    /// It is there, and one thing about it is otherwise.
    Changed(Alteration),
}

/// Whether a difference changes what the application can do, or what Prisma sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It does.
    Breaks,
    /// It does not; people may want to know.
    Harmless,
}

/// The address of a thing in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// The table it is on, or its own name when it stands by itself.
    pub owner: Identifier,
    /// What it is.
    pub kind: ObjectKind,
    /// Its name; the owner's when it stands by itself.
    pub name: Identifier,
}

/// What kind of thing an [`Object`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum ObjectKind {
    Enum,
    Domain,
    Table,
    Column,
    PrimaryKey,
    Index,
    ForeignKey,
    Check,
    Trigger,
    Rule,
    Policy,
}

impl ObjectKind {
    /// As a sentence names it.
    pub fn noun(self) -> &'static str {
        match self {
            ObjectKind::Enum => "enum",
            ObjectKind::Domain => "domain",
            ObjectKind::Table => "table",
            ObjectKind::Column => "column",
            ObjectKind::PrimaryKey => "primary key",
            ObjectKind::Index => "index",
            ObjectKind::ForeignKey => "foreign key",
            ObjectKind::Check => "constraint",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Rule => "rule",
            ObjectKind::Policy => "policy",
        }
    }
}

impl Object {
    /// A thing that stands by itself: an enum, a domain, a table.
    pub(crate) fn alone(kind: ObjectKind, name: &Identifier) -> Object {
        Object::on(name, kind, name)
    }

    /// A thing of a table: a column, a key, an index, ...
    pub fn on(owner: &Identifier, kind: ObjectKind, name: &Identifier) -> Object {
        Object {
            owner: owner.clone(),
            kind,
            name: name.clone(),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => {
                write!(f, "{} {}", self.kind.noun(), self.name.quoted())
            }
            ObjectKind::Column => {
                write!(f, "column {}.{}", self.owner.quoted(), self.name.quoted())
            }
            kind => write!(
                f,
                "{} {} on {}",
                kind.noun(),
                self.name.quoted(),
                self.owner.quoted()
            ),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.kind {
            DifferenceKind::Missing => write!(f, "{object} is missing"),
            DifferenceKind::Unexpected => write!(f, "{object} is not expected"),
            DifferenceKind::Changed(alteration) => write!(f, "{object}: {alteration}"),
        }
    }
}

/// What makes `actual` differ from `desired`, in the order of names. Empty for a schema and itself.
///
/// Both must have passed [`crate::model::canon::normalise`]. Views and sequences that nobody asked
/// for, and enums and domains no table uses, are not differences; the order of columns is none.
pub fn compare(actual: &Schema, desired: &Schema) -> Vec<Difference> {
    Comparison::of(actual, desired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lower::lower;
    use crate::sample::SAMPLE;

    #[test]
    fn a_schema_does_not_differ_from_itself() {
        let schema = lower(&SAMPLE);
        assert_eq!(compare(&schema, &schema), []);
    }

    #[test]
    fn an_empty_database_misses_each_table_and_nothing_else() {
        let differences = compare(&Schema::default(), &lower(&SAMPLE));
        let texts: Vec<_> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                r#"table "Card" is missing"#,
                r#"table "Errand" is missing"#,
                r#"table "Measure" is missing"#,
                r#"table "Shop" is missing"#,
                r#"table "Staff" is missing"#,
            ]
        );
    }

    #[test]
    fn a_renamed_index_is_one_difference() {
        let desired = lower(&SAMPLE);
        let mut actual = desired.clone();
        let job = actual.tables.get_mut("Errand").expect("declared");
        let index = job.indexes.remove("Errand_status_idx").expect("declared");
        job.indexes
            .insert(Identifier::new("other").expect("legal"), index);
        let texts: Vec<_> = compare(&actual, &desired)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [
                r#"index "Errand_status_idx" on "Errand": name is "other", expected "Errand_status_idx""#
            ]
        );
    }
}
