//! What must be true of one model: each scenario is a check, declared beside its model.

/// One thing that must be true of a model, tried on rows of it unless it says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The name of its check, without the group: `job-defaults`.
    pub check: &'static str,
    /// What must be true.
    pub kind: ScenarioKind,
    /// What holds when it passes, where the words made from the names do not say it.
    pub title: Option<&'static str>,
    /// How it is tried, where the words made from the names do not say it.
    pub how: Option<&'static str>,
    /// Why it matters to the people who use the application.
    pub why: Option<&'static str>,
    /// What is expected of the trial, where the words made from the names do not say it.
    pub expected: Option<&'static str>,
}

/// What can be true of one model. The order is that of the checks within their group.
#[derive(Clone, Copy, Debug)]
pub enum ScenarioKind {
    /// The migration's models that declare a relation to this one reference it. Read from the catalog.
    Referenced,
    /// A row is deleted with the row that this relation references; rows that reference another or none are kept.
    DeletedWith(&'static str),
    /// A row keeps the row that this relation references from being deleted.
    KeptWithoutAuthor(&'static str),
    /// No two rows have the same values in these columns.
    UniquePer(&'static [&'static str]),
    /// Two rows may have the same values in all columns but the primary key.
    NothingUnique,
    /// A row of version 1 can be created, then one of version 2 with the same values in the other columns.
    NextVersion {
        /// The column of the version.
        version: &'static str,
        /// The columns with the same values.
        of: &'static [&'static str],
    },
    /// A row without an owner can be created beside one that has an owner.
    WideAndOwn {
        /// The column of the owner.
        owner: &'static str,
        /// The columns with the same values in both.
        of: &'static [&'static str],
    },
    /// A new row has these values, as text, in columns that were not given any.
    StartsAs(&'static [(&'static str, &'static str)]),
}

const fn scenario(check: &'static str, kind: ScenarioKind) -> Scenario {
    Scenario {
        check,
        kind,
        title: None,
        how: None,
        why: None,
        expected: None,
    }
}

/// The migration's models reference this one, as they declare.
pub const fn referenced(check: &'static str) -> Scenario {
    scenario(check, ScenarioKind::Referenced)
}

/// A row is deleted with the row that the relation `field` references, and no other row is.
pub const fn deleted_with(check: &'static str, field: &'static str) -> Scenario {
    scenario(check, ScenarioKind::DeletedWith(field))
}

/// A row is kept when its author, whom the relation `field` references, is to be deleted.
pub const fn kept_without_author(check: &'static str, field: &'static str) -> Scenario {
    scenario(check, ScenarioKind::KeptWithoutAuthor(field))
}

/// No two rows have the same values in `columns`, which a unique index has.
pub const fn unique_per(check: &'static str, columns: &'static [&'static str]) -> Scenario {
    scenario(check, ScenarioKind::UniquePer(columns))
}

/// Nothing but the primary key is unique.
pub const fn nothing_unique(check: &'static str) -> Scenario {
    scenario(check, ScenarioKind::NothingUnique)
}

/// After version 1 a version 2 can be created, with the same values in the columns `of`.
pub const fn next_version(
    check: &'static str,
    version: &'static str,
    of: &'static [&'static str],
) -> Scenario {
    scenario(check, ScenarioKind::NextVersion { version, of })
}

/// A row of the whole tenant, without an `owner`, and an owner's own can both be created, with the same values in the
/// columns `of`.
pub const fn wide_and_own(
    check: &'static str,
    owner: &'static str,
    of: &'static [&'static str],
) -> Scenario {
    scenario(check, ScenarioKind::WideAndOwn { owner, of })
}

/// A new row has these values, as text, in columns that were not given any.
pub const fn starts_as(
    check: &'static str,
    values: &'static [(&'static str, &'static str)],
) -> Scenario {
    scenario(check, ScenarioKind::StartsAs(values))
}

impl Scenario {
    /// Says what holds when it passes.
    pub const fn titled(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// Says how it is tried.
    pub const fn how(mut self, how: &'static str) -> Self {
        self.how = Some(how);
        self
    }

    /// Says why it matters.
    pub const fn because(mut self, why: &'static str) -> Self {
        self.why = Some(why);
        self
    }

    /// Says what is expected of the trial.
    pub const fn expected(mut self, expected: &'static str) -> Self {
        self.expected = Some(expected);
        self
    }
}
