//! Another value than there is.

use super::*;

pub(super) fn ty(ty: &SqlType) -> SqlType {
    let other = if ty.as_str() == "money" {
        "xml"
    } else {
        "money"
    };
    SqlType::new(other)
}

pub(super) fn deferrable(now: Deferrable) -> Deferrable {
    match now {
        Deferrable::No => Deferrable::InitiallyImmediate,
        Deferrable::InitiallyImmediate => Deferrable::InitiallyDeferred,
        Deferrable::InitiallyDeferred => Deferrable::No,
    }
}

pub(super) fn index_state(now: IndexState) -> IndexState {
    match now {
        IndexState::Valid => IndexState::Invalid,
        IndexState::Invalid => IndexState::NotReady,
        IndexState::NotReady => IndexState::Contradicted,
        IndexState::Contradicted => IndexState::Valid,
    }
}

pub(super) fn validity(now: Validity) -> Validity {
    match now {
        Validity::Valid => Validity::NotValid,
        Validity::NotValid => Validity::NotEnforced,
        Validity::NotEnforced => Validity::Valid,
    }
}

pub(super) fn action(now: Action) -> Action {
    match now {
        Action::NoAction => Action::Restrict,
        Action::Restrict => Action::Cascade,
        Action::Cascade => Action::SetNull,
        Action::SetNull => Action::SetDefault,
        Action::SetDefault => Action::NoAction,
    }
}
