//! What something means that is there and that nobody asked for: decided here and nowhere else.

use std::collections::BTreeMap;

use crate::model::{
    Column, Constraint, Domain, Firing, Identifier, Index, RowSecurity, Trigger, Validity,
};

use super::Effect;

/// A column that a row may leave out costs nothing. One that is required, or computed, or whose domain
/// has conditions, may refuse rows.
pub(super) fn column(column: &Column, domains: &BTreeMap<Identifier, Domain>) -> Effect {
    let ty = column.ty.as_str();
    let mut strict = domains
        .iter()
        .filter(|(_, domain)| domain.not_null || !domain.checks.is_empty());
    let of_strict_domain = strict.any(|(name, _)| *name == *ty || name.quoted() == ty);
    if column.nullable && column.generated.is_none() && !of_strict_domain {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
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
