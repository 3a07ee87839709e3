//! A value as a sentence shows it: `ON DELETE is CASCADE, expected RESTRICT`.

use std::collections::BTreeMap;

use super::alteration::{Collation, IndexMethod, Switch, TriggerState};
use crate::ddl::key_list;
use crate::model::{
    Action, ColumnDefault, Constraint, Deferrable, Expression, Firing, Generated, Identifier,
    Identity, IndexKey, IndexState, Persistence, SqlType, TableKind, TableReference, Validity,
};

/// What differences can show of a field.
pub(super) trait Shown {
    /// The value in words, without a full stop.
    fn shown(&self) -> String;
}

impl Shown for Switch {
    fn shown(&self) -> String {
        if self.0 { "on" } else { "off" }.to_owned()
    }
}

impl Shown for TriggerState {
    fn shown(&self) -> String {
        let tables: Vec<_> = self.disabled_on.iter().map(Identifier::quoted).collect();
        match self.firing {
            Firing::Disabled | Firing::ReplicaOnly if !tables.is_empty() => {
                format!("{} on {}", self.firing.shown(), tables.join(" and "))
            }
            _ => self.firing.shown(),
        }
    }
}

impl Shown for Collation {
    fn shown(&self) -> String {
        self.0.as_deref().unwrap_or("the type's own").to_owned()
    }
}

impl Shown for IndexMethod {
    fn shown(&self) -> String {
        self.0.as_deref().unwrap_or("btree").to_owned()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for Identifier {
    fn shown(&self) -> String {
        self.quoted()
    }
}

impl Shown for SqlType {
    fn shown(&self) -> String {
        self.sql()
    }
}

impl Shown for Expression {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or("none".to_owned(), T::shown)
    }
}

impl Shown for Vec<String> {
    fn shown(&self) -> String {
        joined(self.iter().cloned())
    }
}

impl Shown for Vec<Identifier> {
    fn shown(&self) -> String {
        let names: Vec<_> = self.iter().map(Identifier::quoted).collect();
        format!("({})", names.join(", "))
    }
}

impl Shown for Vec<IndexKey> {
    fn shown(&self) -> String {
        format!("({})", key_list(self))
    }
}

impl Shown for BTreeMap<Identifier, Constraint> {
    fn shown(&self) -> String {
        joined(self.values().map(Constraint::shown))
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

impl Shown for Constraint {
    fn shown(&self) -> String {
        match self.validity {
            Validity::Valid => self.definition.clone(),
            other => format!("{} ({})", self.definition, other.shown()),
        }
    }
}

impl Shown for TableReference {
    fn shown(&self) -> String {
        match self {
            TableReference::Here(table) => table.quoted(),
            TableReference::Elsewhere { schema, table } => {
                format!("{}.{}", schema.quoted(), table.quoted())
            }
        }
    }
}

impl Shown for ColumnDefault {
    fn shown(&self) -> String {
        match self {
            ColumnDefault::Autoincrement => "the next value of its own sequence".to_owned(),
            ColumnDefault::Sequence(options) => {
                format!("the next value of its own sequence ({options})")
            }
            ColumnDefault::Any => "anything but a sequence of its own".to_owned(),
            ColumnDefault::Expression(expression) => expression.to_string(),
        }
    }
}

impl Shown for Generated {
    fn shown(&self) -> String {
        let kept = if self.stored { "STORED" } else { "VIRTUAL" };
        format!("({}) {kept}", self.expression)
    }
}

impl Shown for Action {
    fn shown(&self) -> String {
        self.sql().to_owned()
    }
}

impl Shown for TableKind {
    fn shown(&self) -> String {
        self.noun().to_owned()
    }
}

/// The words for the values of an enum.
macro_rules! shown {
    ($kind:ident { $($value:ident => $words:literal,)+ }) => {
        impl Shown for $kind {
            fn shown(&self) -> String {
                match self { $($kind::$value => $words,)+ }.to_owned()
            }
        }
    };
}

shown!(Identity {
    Always => "ALWAYS",
    ByDefault => "BY DEFAULT",
});

shown!(Persistence {
    Permanent => "permanent",
    Unlogged => "UNLOGGED: a crash empties it",
    Temporary => "TEMPORARY",
});

shown!(Deferrable {
    No => "NOT DEFERRABLE",
    InitiallyImmediate => "DEFERRABLE INITIALLY IMMEDIATE",
    InitiallyDeferred => "DEFERRABLE INITIALLY DEFERRED",
});

shown!(IndexState {
    Valid => "valid",
    Invalid => "INVALID: a concurrent build did not finish, and queries do not use it",
    NotReady => "not ready: a concurrent build did not finish, and writes do not maintain it",
    Contradicted => "contradicted by the catalogs: they say that it is not unique, or looks for doubles late, or that the table \
                     has no index",
});

shown!(Validity {
    Valid => "valid",
    NotValid => "NOT VALID: rows that stood before were not checked",
    NotEnforced => "NOT ENFORCED: no row is checked",
});

shown!(Firing {
    Enabled => "enabled",
    Always => "enabled always",
    ReplicaOnly => "enabled for replicas only",
    Disabled => "disabled",
    Missing => "missing from the catalog",
});

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Identifier {
        Identifier::new(text).expect("legal")
    }

    #[test]
    fn values_are_shown_as_postgresql_writes_them_or_in_words() {
        let check = |validity| Constraint {
            definition: "CHECK (a > 0)".to_owned(),
            validity,
        };
        let checks = BTreeMap::from([
            (name("first"), check(Validity::Valid)),
            (name("second"), check(Validity::NotEnforced)),
        ]);
        let elsewhere = TableReference::Elsewhere {
            schema: name("billing"),
            table: name("Account"),
        };
        let generated = Generated {
            expression: Expression::new("a + 1"),
            stored: true,
        };
        let shown: &[(&dyn Shown, &str)] = &[
            (&Switch(true), "on"),
            (&Switch(false), "off"),
            (&true, "yes"),
            (&false, "no"),
            (&"as it is".to_owned(), "as it is"),
            (&name("we\"ird"), "\"we\"\"ird\""),
            (
                &SqlType::new("timestamp(3) without time zone"),
                "TIMESTAMP(3)",
            ),
            (&Some(name("a")), "\"a\""),
            (&None::<Identifier>, "none"),
            (&vec!["x".to_owned(), "y".to_owned()], "x, y"),
            (&Vec::<String>::new(), "none"),
            (&vec![name("a"), name("b")], "(\"a\", \"b\")"),
            (
                &checks,
                "CHECK (a > 0), CHECK (a > 0) (NOT ENFORCED: no row is checked)",
            ),
            (&TableReference::Here(name("Shop")), "\"Shop\""),
            (&elsewhere, "\"billing\".\"Account\""),
            (
                &ColumnDefault::Autoincrement,
                "the next value of its own sequence",
            ),
            (&ColumnDefault::Expression(Expression::new("1")), "1"),
            (&generated, "(a + 1) STORED"),
            (&Action::SetNull, "SET NULL"),
            (&TableKind::View, "a view"),
            (&Identity::Always, "ALWAYS"),
        ];
        for (value, text) in shown {
            assert_eq!(value.shown(), *text);
        }
    }
}
