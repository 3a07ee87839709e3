//! What something means that is there and that nobody asked for: decided here and nowhere else.

use std::collections::BTreeMap;

use crate::model::{
    Column, ColumnDefault, Constraint, Domain, Firing, Identifier, Index, RowSecurity, Trigger,
    Validity,
};

use super::Effect;

/// A column that a row may leave out costs nothing. One that is required, or computed, or whose domain
/// has conditions, or whose default calls a function that may fail, may refuse rows.
pub(super) fn column(column: &Column, domains: &BTreeMap<Identifier, Domain>) -> Effect {
    let ty = column.ty.as_str();
    let mut strict = domains
        .iter()
        .filter(|(_, domain)| domain.not_null || !domain.checks.is_empty());
    let of_strict_domain = strict.any(|(name, _)| *name == *ty || name.quoted() == ty);
    let calls = column.default.as_ref().is_some_and(calls_unknown);
    if column.nullable && column.generated.is_none() && !of_strict_domain && !calls {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

/// What stands before a parenthesis in defaults that do not fail: functions of PostgreSQL's and its
/// extensions', and types with a length.
const SAFE: &[&str] = &[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "timezone",
    "date_trunc",
    "random",
    "gen_random_uuid",
    "uuidv7",
    "uuid_generate_v4",
    "nextval",
    "jsonb_build_object",
    "jsonb_build_array",
    "to_jsonb",
    "CURRENT_TIMESTAMP",
    "LOCALTIMESTAMP",
    "varying",
    "character",
    "bpchar",
    "numeric",
    "timestamp",
    "time",
    "interval",
];

/// Whether `default` calls a function that is not known to be safe.
fn calls_unknown(default: &ColumnDefault) -> bool {
    let ColumnDefault::Expression(expression) = default else {
        return false;
    };
    let outside_strings = expression.as_str().split('\'').step_by(2);
    outside_strings.flat_map(called).any(|name| {
        let name = name.trim_start_matches("pg_catalog.");
        !SAFE.contains(&name)
    })
}

/// What stands before each parenthesis that opens a call: a name, maybe with its schema.
fn called(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || "_.\"$".contains(c);
    text.match_indices('(').filter_map(move |(at, _)| {
        let before = &text[..at];
        let name = &before[before.trim_end_matches(is_part).len()..];
        (!name.is_empty()).then_some(name)
    })
}

/// One that is not enforced refuses no row.
pub(super) fn check(check: &Constraint) -> Effect {
    match check.validity {
        Validity::NotEnforced => Effect::Harmless,
        Validity::Valid | Validity::NotValid => Effect::Breaks,
    }
}

/// What nobody would add without a reason.
pub(super) fn always<T>(_: &T) -> Effect {
    Effect::Breaks
}

/// A plain index costs time; a unique one refuses rows.
pub(super) fn index(index: &Index) -> Effect {
    if index.unique {
        Effect::Breaks
    } else {
        Effect::Harmless
    }
}

/// One that does not fire in the application's sessions does nothing there.
pub(super) fn trigger(trigger: &Trigger) -> Effect {
    if matches!(trigger.firing, Firing::Disabled | Firing::ReplicaOnly) {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

/// Policies hold only where row-level security is on.
pub(super) fn policy(on: &RowSecurity) -> Effect {
    if on.enabled {
        Effect::Breaks
    } else {
        Effect::Harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Expression, SqlType};

    #[test]
    fn a_column_whose_default_may_fail_may_refuse_rows() {
        let effect = |default: &str| {
            let extra = Column {
                name: Identifier::new("extra").expect("legal"),
                ty: SqlType::new("text"),
                nullable: true,
                default: Some(ColumnDefault::Expression(Expression::new(default))),
                identity: None,
                generated: None,
                collation: None,
            };
            column(&extra, &BTreeMap::new())
        };
        for harmless in [
            "''",
            "0",
            "CURRENT_TIMESTAMP",
            "now()",
            "(now() + '1 day'::interval)",
            "pg_catalog.now()",
            "'boom()'",
            "'it''s (not) called'::character varying(40)",
            "gen_random_uuid()",
            "ARRAY['a'::text]",
        ] {
            assert_eq!(effect(harmless), Effect::Harmless, "{harmless}");
        }
        for breaks in [
            "boom()",
            "public.boom()",
            "(now() + boom(1))",
            "\"Boom\"('x')",
        ] {
            assert_eq!(effect(breaks), Effect::Breaks, "{breaks}");
        }
    }
}
