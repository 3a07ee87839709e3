//! In what two things of one name differ, with both values in their own types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::shown::Shown;
use crate::model::{
    Action, ColumnDefault, Constraint, Deferrable, Expression, Firing, Generated, Identifier,
    Identity, IndexKey, IndexState, Persistence, SqlType, TableKind, TableReference, Validity,
};

/// A value in both schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides<T> {
    /// In the live schema.
    pub live: T,
    /// In the target schema.
    pub target: T,
}

/// Whether the triggers behind a foreign key fire.
#[derive(Clone, Debug, Eq)]
pub struct TriggerState {
    /// What the least enabled of them does.
    pub firing: Firing,
    /// The tables on which triggers of it do not fire. Not compared: `firing` says whether that is so.
    pub disabled_on: BTreeSet<Identifier>,
}

impl PartialEq for TriggerState {
    fn eq(&self, other: &TriggerState) -> bool {
        self.firing == other.firing
    }
}

macro_rules! alterations {
    ($($(#[$doc:meta])* $variant:ident($ty:ty) $verb:ident $field:literal,)*) => {
        /// In what a thing differs.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Alteration {
            $($(#[$doc])* $variant(Sides<$ty>),)*
        }

        impl Alteration {
            /// What differs, as text and JSON call it.
            pub fn field(&self) -> &'static str {
                match self { $(Alteration::$variant(_) => $field,)* }
            }

            fn verb(&self) -> &'static str {
                match self { $(Alteration::$variant(_) => stringify!($verb),)* }
            }

            /// Both values in words.
            fn shown(&self) -> Sides<String> {
                match self {
                    $(Alteration::$variant(Sides { live, target }) => {
                        Sides { live: live.shown(), target: target.shown() }
                    })*
                }
            }
        }
    };
}

alterations! {
    /// The labels of an enum, in order.
    Labels(Vec<String>) are "labels",
    /// The type of a column or below a domain.
    Type(SqlType) is "type",
    /// Whether a column or a domain refuses NULL.
    NotNull(bool) is "NOT NULL",
    /// The default of a column.
    Default(Option<ColumnDefault>) is "default",
    /// The default of a domain.
    DomainDefault(Option<Expression>) is "default",
    /// The CHECK constraints of a domain.
    DomainChecks(BTreeMap<Identifier, Constraint>) are "constraints",
    /// What kind of relation it is.
    Kind(TableKind) is "kind",
    /// How long the rows of a table last.
    Persistence(Persistence) is "persistence",
    /// The tables it inherits from or is a partition of.
    Parents(Vec<String>) are "parents",
    /// The tables that inherit from it.
    Children(Vec<String>) are "children",
    /// The composite type that its columns follow.
    CompositeType(Option<String>) is "composite type",
    /// How it is partitioned, or which partition it is.
    Partitioning(Option<String>) is "partitioning",
    /// `GENERATED ... AS IDENTITY`.
    Identity(Option<Identity>) is "identity",
    /// `GENERATED ALWAYS AS (...)`.
    Generation(Option<Generated>) is "generation",
    /// The collation of a column.
    Collation(Collation) is "collation",
    /// The name of a key, an index, a constraint, a trigger or a policy.
    Name(Identifier) is "name",
    /// The columns of a primary key or a foreign key, in order.
    Columns(Vec<Identifier>) are "columns",
    /// The columns of `INCLUDE`.
    IncludedColumns(Vec<Identifier>) are "included columns",
    /// When a constraint is checked.
    Deferrability(Deferrable) is "deferrability",
    /// Whether an index can be used.
    IndexState(IndexState) is "state",
    /// What an index is over.
    IndexKeys(Vec<IndexKey>) are "keys",
    /// Whether an index is unique.
    Uniqueness(bool) is "uniqueness",
    /// Whether a unique index takes two NULLs for duplicates.
    NullsNotDistinct(bool) are "NULLS NOT DISTINCT",
    /// The access method of an index.
    IndexMethod(IndexMethod) is "method",
    /// Which rows an index is over.
    Predicate(Option<Expression>) is "predicate",
    /// The table that a foreign key references.
    ReferencedTable(TableReference) is "referenced table",
    /// The columns that a foreign key references.
    ReferencedColumns(Vec<Identifier>) are "referenced columns",
    /// `ON DELETE`.
    OnDelete(Action) is "ON DELETE",
    /// `ON UPDATE`.
    OnUpdate(Action) is "ON UPDATE",
    /// The columns of `ON DELETE SET NULL (...)`.
    ColumnsSetOnDelete(Vec<Identifier>) are "columns set on delete",
    /// `MATCH FULL`.
    MatchFull(bool) is "MATCH FULL",
    /// Which rows a foreign key was checked for.
    Validity(Validity) is "validation",
    /// Whether the triggers behind a foreign key fire.
    Triggers(TriggerState) are "triggers",
    /// A CHECK or exclusion constraint.
    Constraint(Constraint) is "definition",
    /// A trigger, a rule or a policy, as SQL.
    Definition(String) is "definition",
    /// Whether a trigger or a rule fires.
    Firing(Firing) is "firing",
    /// Whether row-level security is enabled.
    RowSecurity(Switch) is "row-level security",
    /// Whether row-level security holds for the owner too.
    ForcedRowSecurity(Switch) is "forced row-level security",
}

/// The name of a collation; the type's own where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collation(pub Option<String>);

/// The name of an access method; `btree` where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexMethod(pub Option<String>);

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(pub bool);

impl Alteration {
    /// Whether it is one of row-level security.
    pub fn is_row_security(&self) -> bool {
        matches!(
            self,
            Alteration::RowSecurity(_) | Alteration::ForcedRowSecurity(_)
        )
    }
}

/// As a sentence ends: `ON DELETE is CASCADE, expected RESTRICT`.
impl fmt::Display for Alteration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes_or_no = |what, target: bool| match target {
            true => format!("is not {what}, and must be"),
            false => format!("is {what}, and must not be"),
        };
        f.write_str(&match self {
            Alteration::NotNull(sides) if sides.target => "takes NULL, and must not".to_owned(),
            Alteration::NotNull(_) => "takes no NULL, and must".to_owned(),
            Alteration::Uniqueness(sides) => yes_or_no("unique", sides.target),
            Alteration::MatchFull(sides) | Alteration::NullsNotDistinct(sides) => {
                yes_or_no(self.field(), sides.target)
            }
            _ => {
                let (field, verb, shown) = (self.field(), self.verb(), self.shown());
                format!("{field} {verb} {}, expected {}", shown.live, shown.target)
            }
        })
    }
}

/// Both values as text people read.
impl Serialize for Alteration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = self.shown();
        let mut fields = serializer.serialize_struct("Alteration", 3)?;
        fields.serialize_field("field", self.field())?;
        fields.serialize_field("actual", &shown.live)?;
        fields.serialize_field("desired", &shown.target)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and values in JSON, which programs read.
    #[test]
    fn an_alteration_is_written_with_its_field_and_both_values() {
        let alteration = Alteration::OnDelete(Sides {
            live: Action::Cascade,
            target: Action::Restrict,
        });
        let written = serde_json::to_value(&alteration).expect("text");
        let expected =
            serde_json::json!({"field": "ON DELETE", "actual": "CASCADE", "desired": "RESTRICT"});
        assert_eq!(written, expected);
        assert_eq!(
            alteration.to_string(),
            "ON DELETE is CASCADE, expected RESTRICT"
        );
    }

    #[test]
    fn what_is_yes_or_no_is_a_sentence() {
        let sides = |target: bool| Sides {
            live: !target,
            target,
        };
        for (alteration, text) in [
            (Alteration::NotNull(sides(true)), "takes NULL, and must not"),
            (Alteration::NotNull(sides(false)), "takes no NULL, and must"),
            (
                Alteration::Uniqueness(sides(true)),
                "is not unique, and must be",
            ),
            (
                Alteration::Uniqueness(sides(false)),
                "is unique, and must not be",
            ),
            (
                Alteration::MatchFull(sides(true)),
                "is not MATCH FULL, and must be",
            ),
            (
                Alteration::NullsNotDistinct(sides(false)),
                "is NULLS NOT DISTINCT, and must not be",
            ),
        ] {
            assert_eq!(alteration.to_string(), text);
        }
    }
}
