//! What one column may hold.

use leora_core::model::{
    Action, Expression, Firing, Identifier, Identity, Persistence, SqlType, TableKind,
};

use crate::array;
use leora_core::plan::LockMode;

/// What a column may hold, read from PostgreSQL's text of it.
pub(crate) trait Value: Sized {
    /// What it is called in an error.
    const EXPECTED: &'static str;
    /// Whether it is one of a fixed set of codes, which a newer PostgreSQL may have more of.
    const IS_CODE: bool = false;

    /// The value; the text when it is none.
    fn of(text: String) -> Result<Self, String>;

    /// What NULL is, where it may be.
    fn null() -> Option<Self> {
        None
    }
}

impl<V: Value> Value for Option<V> {
    const EXPECTED: &'static str = V::EXPECTED;
    const IS_CODE: bool = V::IS_CODE;

    fn of(text: String) -> Result<Self, String> {
        V::of(text).map(Some)
    }

    fn null() -> Option<Self> {
        Some(None)
    }
}

/// A value that one function reads.
macro_rules! values {
    ($($kind:ty, $expected:literal, $read:expr;)*) => {$(
        impl Value for $kind {
            const EXPECTED: &'static str = $expected;

            fn of(text: String) -> Result<Self, String> {
                let read: fn(&str) -> Option<$kind> = $read;
                read(&text).ok_or(text)
            }
        }
    )*};
}

values! {
    u32, "oid", |text| text.parse().ok();
    i16, "number", |text| text.parse().ok();
    i32, "number", |text| text.parse().ok();
    i64, "number", |text| text.parse().ok();
    u64, "number", |text| text.parse().ok();
    usize, "number", |text| text.parse().ok();
    f64, "number", |text| text.parse().ok();
    Vec<i16>, "array of numbers", array::numbers;
    Vec<u32>, "array of oids", array::numbers;
    Vec<Option<String>>, "array", array::texts;
    Vec<String>, "array without NULL", |text| array::texts(text)?.into_iter().collect();
    Vec<Identifier>, "array of names", |text| {
        let names = array::texts(text)?.into_iter();
        names.map(|name| Identifier::of_the_catalog(name?).ok()).collect()
    };
    uuid::Uuid, "UUID", |text| uuid::Uuid::parse_str(text).ok();
}

impl Value for String {
    const EXPECTED: &'static str = "text";

    fn of(text: String) -> Result<Self, String> {
        Ok(text)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "boolean";

    fn of(text: String) -> Result<Self, String> {
        match text.as_str() {
            "t" => Ok(true),
            "f" => Ok(false),
            _ => Err(text),
        }
    }
}

impl Value for Identifier {
    const EXPECTED: &'static str = "name";

    fn of(text: String) -> Result<Self, String> {
        Identifier::of_the_catalog(text.as_str()).map_err(|_| text)
    }
}

impl Value for Expression {
    const EXPECTED: &'static str = "expression";

    fn of(text: String) -> Result<Self, String> {
        Ok(Expression::new(text))
    }
}

impl Value for SqlType {
    const EXPECTED: &'static str = "type";

    fn of(text: String) -> Result<Self, String> {
        Ok(SqlType::new(text))
    }
}

impl Value for LockMode {
    const EXPECTED: &'static str = "lock mode";
    const IS_CODE: bool = true;

    fn of(text: String) -> Result<LockMode, String> {
        let mut modes = LockMode::ALL.into_iter();
        modes.find(|mode| mode.in_pg_locks() == text).ok_or(text)
    }
}

/// Reads a code of the catalogs: one of a fixed set, any other being an error.
macro_rules! codes {
    ($($kind:ty, $expected:literal { $($code:literal => $value:expr),* $(,)? })*) => {$(
        impl $crate::query::Value for $kind {
            const EXPECTED: &'static str = $expected;
            const IS_CODE: bool = true;

            fn of(text: String) -> Result<Self, String> {
                match text.as_str() {
                    $($code => Ok($value),)*
                    _ => Err(text),
                }
            }
        }
    )*};
}
pub(crate) use codes;

codes! {
    // pg_class.h
    TableKind, "kind of relation (relkind)" {
        "r" => TableKind::Table,
        "p" => TableKind::PartitionedTable,
        "v" => TableKind::View,
        "m" => TableKind::MaterializedView,
        "f" => TableKind::ForeignTable,
        "S" => TableKind::Sequence,
        "c" => TableKind::CompositeType,
    }
    Persistence, "persistence (relpersistence)" {
        "p" => Persistence::Permanent,
        "u" => Persistence::Unlogged,
        "t" => Persistence::Temporary,
    }
    // pg_attribute.h
    Identity, "kind of identity column (attidentity)" {
        "a" => Identity::Always,
        "d" => Identity::ByDefault,
    }
    // parsenodes.h, FKCONSTR_ACTION_*
    Action, "action of a foreign key (confupdtype, confdeltype)" {
        "a" => Action::NoAction,
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
    }
    // trigger.h, TRIGGER_FIRES_*; rules have the same
    Firing, "firing configuration (tgenabled, ev_enabled)" {
        "O" => Firing::Enabled,
        "D" => Firing::Disabled,
        "R" => Firing::ReplicaOnly,
        "A" => Firing::Always,
    }
}
