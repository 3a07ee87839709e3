//! Rights that are missing where nothing works without them. Grants to others are people's own business.

use super::check::{Check, Finding};
use super::evidence::Evidence;
use super::surroundings::none_expected;
use crate::model::{Identifier, References};

/// Rights that a role has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What they are on.
    pub kind: Holds,
    /// Its name.
    pub name: Identifier,
    /// The role, as SQL.
    pub role: String,
    /// Whether it owns the table or the sequence; it is the role that every session starts as otherwise.
    pub owns: bool,
    /// The rights.
    pub missing: Vec<String>,
}

/// What rights are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Holds {
    Table,
    Sequence,
    Schema,
}

/// PostgreSQL checks and follows a foreign key as the owner of the tables it ties (`ri_triggers.c`), and applications
/// commonly connect as the owner.
pub(super) fn check(evidence: &Evidence<'_>) -> Check {
    let references = evidence.actual.references();
    let findings = evidence
        .around
        .short_of_rights
        .iter()
        .filter_map(|shortfall| finding(evidence, &references, shortfall))
        .collect();
    none_expected(
        "integrity.rights",
        "the owner of each table may do with it what the models and the foreign keys need",
        findings,
    )
}

fn finding(
    evidence: &Evidence<'_>,
    references: &References<'_>,
    shortfall: &Shortfall,
) -> Option<Finding> {
    let Shortfall {
        kind,
        name,
        role,
        owns,
        missing,
    } = shortfall;
    let quoted = name.quoted();
    // Whether a foreign key ties the table to another.
    let is_tied = || {
        let own = evidence.actual.tables.get(name);
        own.is_some_and(|table| !table.foreign_keys.is_empty())
            || !references.to(name.as_str()).is_empty()
    };
    let is_model = evidence.promise.declared.tables.contains_key(name);
    let matters = |right: &String| match kind {
        Holds::Schema | Holds::Sequence => true,
        Holds::Table => is_model || *owns && right != "INSERT" && is_tied(),
    };
    let missing: Vec<_> = missing
        .iter()
        .filter(|right| matters(right))
        .cloned()
        .collect();
    if missing.is_empty() {
        return None;
    }
    let (noun, keyword) = match kind {
        Holds::Table => ("", ""),
        Holds::Sequence => ("sequence ", "SEQUENCE "),
        Holds::Schema => ("schema ", "SCHEMA "),
    };
    let missing = missing.join(", ");
    let who = match (owns, kind) {
        (false, _) => format!("role {role}, which every session here starts as,"),
        (true, Holds::Schema) => format!("role {role}, which owns tables of it,"),
        (true, _) => format!("role {role}, which owns it,"),
    };
    let finding = Finding::new(format!("{noun}{quoted}: {who} has no {missing}"));
    // A session that starts as the role may grant nothing.
    let first = if *owns { "" } else { "SET ROLE NONE;\n" };
    Some(finding.remedy(format!(
        "{first}GRANT {missing} ON {keyword}{quoted} TO {role};"
    )))
}
