//! What tables are made of, kind by kind: how many there should be, how many are, and every difference.

use std::collections::BTreeSet;

use super::check::{Finding, Judgement, Outcome};
use super::counted::counted;
use super::evidence::{Basis, Evidence};
use super::remedy::{SETTLE_TABLES, remedy};
use super::surroundings;
use crate::diff::{Difference, DifferenceKind, ObjectKind};
use crate::model::{Identifier, Schema, Table};

/// A kind of thing that tables are made of.
struct Kind {
    /// What one and many are called.
    names: (&'static str, &'static str),
    /// What they should be.
    state: &'static str,
    /// How many there should be.
    count: usize,
    /// Whether a difference is about one.
    concerns: fn(&Difference) -> bool,
    /// How many a table has, where a missing table counts as that many missing.
    of_table: Option<fn(&Table) -> usize>,
}

const AS_THEY_SHOULD_BE: &str = "as they should be";
const VALID: &str = "valid and in force";

/// What every table is: an ordinary table that keeps its rows.
pub(super) fn tables(basis: &Basis<'_>) -> Judgement {
    let whole = &basis.evidence.promise.whole;
    let standing = whole.table_names();
    let kind = Kind {
        names: ("table", "tables"),
        state: AS_THEY_SHOULD_BE,
        count: standing.filter(|name| stands(basis.evidence, name)).count(),
        concerns: |d| {
            d.object.kind == ObjectKind::Table
                && matches!(&d.kind, DifferenceKind::Changed(alteration) if !alteration.is_row_security())
        },
        of_table: None,
    };
    kind.judge(basis)
}

/// Enums and domains.
pub(super) fn types(basis: &Basis<'_>) -> Judgement {
    let Schema { enums, domains, .. } = &basis.evidence.promise.whole;
    let kind = Kind {
        names: ("enum or domain", "enums and domains"),
        state: AS_THEY_SHOULD_BE,
        count: enums.len() + domains.len(),
        concerns: |d| matches!(d.object.kind, ObjectKind::Enum | ObjectKind::Domain),
        of_table: None,
    };
    kind.judge(basis)
}

/// Columns.
pub(super) fn columns(basis: &Basis<'_>) -> Judgement {
    let of_table = |table: &Table| table.columns.len();
    let kind = Kind {
        names: ("column", "columns"),
        state: AS_THEY_SHOULD_BE,
        count: sum(basis, of_table),
        concerns: |d| d.object.kind == ObjectKind::Column,
        of_table: Some(of_table),
    };
    let cramped: Vec<_> = surroundings::cramped(basis.evidence.around).collect();
    let cramped_tally = Tally {
        different: cramped.len(),
        ..Tally::default()
    };
    kind.judge_with(basis, cramped_tally, cramped)
}

/// CHECK and exclusion constraints.
pub(super) fn constraints(basis: &Basis<'_>) -> Judgement {
    let kind = Kind {
        names: (
            "CHECK or exclusion constraint",
            "CHECK and exclusion constraints",
        ),
        state: AS_THEY_SHOULD_BE,
        count: sum(basis, |table| table.checks.len()),
        concerns: |d| d.object.kind == ObjectKind::Check,
        of_table: None,
    };
    kind.judge(basis)
}

/// Triggers and rules.
pub(super) fn triggers(basis: &Basis<'_>) -> Judgement {
    let kind = Kind {
        names: ("trigger or rule", "triggers and rules"),
        state: AS_THEY_SHOULD_BE,
        count: sum(basis, |table| table.triggers.len() + table.rules.len()),
        concerns: |d| matches!(d.object.kind, ObjectKind::Trigger | ObjectKind::Rule),
        of_table: None,
    };
    kind.judge(basis)
}

/// Primary keys.
pub(super) fn primary_keys(basis: &Basis<'_>) -> Judgement {
    let of_table = |table: &Table| usize::from(table.primary_key.is_some());
    let kind = Kind {
        names: ("primary key", "primary keys"),
        state: VALID,
        count: sum(basis, of_table),
        concerns: |d| d.object.kind == ObjectKind::PrimaryKey,
        of_table: Some(of_table),
    };
    kind.judge(basis)
}

/// Indexes besides those of primary keys.
pub(super) fn indexes(basis: &Basis<'_>) -> Judgement {
    let of_table = |table: &Table| table.indexes.len();
    let kind = Kind {
        names: ("index", "indexes"),
        state: VALID,
        count: sum(basis, of_table),
        concerns: |d| d.object.kind == ObjectKind::Index,
        of_table: Some(of_table),
    };
    kind.judge(basis)
}

/// Foreign keys, and those of other schemas that hold rows back.
pub(super) fn foreign_keys(basis: &Basis<'_>) -> Judgement {
    let of_table = |table: &Table| table.foreign_keys.len();
    let kind = Kind {
        names: ("foreign key", "foreign keys"),
        state: VALID,
        count: sum(basis, of_table),
        concerns: |d| d.object.kind == ObjectKind::ForeignKey,
        of_table: Some(of_table),
    };
    let held: Vec<_> = surroundings::held(basis.evidence.around).collect();
    let held_tally = Tally {
        unexpected: held.len(),
        ..Tally::default()
    };
    kind.judge_with(basis, held_tally, held)
}

fn sum(basis: &Basis<'_>, of_table: fn(&Table) -> usize) -> usize {
    let tables = basis.evidence.promise.whole.tables.values();
    tables.map(of_table).sum()
}

impl Kind {
    fn judge(&self, basis: &Basis<'_>) -> Judgement {
        self.judge_with(basis, Tally::default(), Vec::new())
    }

    /// The same with `more` findings, which add `tally`.
    fn judge_with(&self, basis: &Basis<'_>, mut tally: Tally, more: Vec<Finding>) -> Judgement {
        let concerned = basis.differences.iter();
        let concerned: Vec<_> = concerned.filter(|d| (self.concerns)(d)).collect();
        tally.add(&concerned);
        let mut findings: Vec<_> = concerned
            .into_iter()
            .map(|difference| finding(basis.evidence, difference))
            .collect();
        for (lost, with_its_table) in self.missing_with_its_table(basis.evidence) {
            tally.missing += lost;
            findings.push(with_its_table);
        }
        findings.extend(more);
        let (one, many) = self.names;
        Judgement {
            title: Some(match self.count {
                0 => format!("no unexpected {one}"),
                _ => format!("{} {}", counted(self.count, one, many), self.state),
            }),
            expected: self.count.to_string(),
            found: tally.found(self.count),
            outcome: Outcome::of(findings),
        }
    }

    /// What a missing table takes with it, told once, with its number.
    fn missing_with_its_table(&self, evidence: &Evidence<'_>) -> Vec<(usize, Finding)> {
        let Some(of_table) = self.of_table else {
            return Vec::new();
        };
        let (one, many) = self.names;
        let whole = &evidence.promise.whole;
        let absent = whole.table_names().filter(|name| !stands(evidence, name));
        absent
            .map(|name| (name, of_table(&whole.tables[name])))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| {
                let lost = counted(count, one, many);
                let message = format!("{lost} of {}, which is missing", name.quoted());
                (count, Finding::new(message).remedy(SETTLE_TABLES))
            })
            .collect()
    }
}

/// A difference as a reason to fail.
pub(super) fn finding(evidence: &Evidence<'_>, difference: &Difference) -> Finding {
    Finding {
        message: difference.to_string(),
        object: Some(difference.object.clone()),
        remedy: Some(remedy(evidence, difference)),
        ..Finding::default()
    }
}

/// Things of one kind that are not as they should be.
#[derive(Default)]
struct Tally {
    missing: usize,
    different: usize,
    unexpected: usize,
}

impl Tally {
    /// Counts each thing once, in however many ways it differs.
    fn add(&mut self, differences: &[&Difference]) {
        let count = |is: fn(&DifferenceKind) -> bool| {
            let concerned = differences.iter().filter(|d| is(&d.kind));
            let objects: BTreeSet<_> = concerned.map(|d| &d.object).collect();
            objects.len()
        };
        self.missing += count(|kind| matches!(kind, DifferenceKind::Missing));
        self.different += count(|kind| matches!(kind, DifferenceKind::Changed(_)));
        self.unexpected += count(|kind| matches!(kind, DifferenceKind::Unexpected));
    }

    /// How many are there where `all` should be, and what is the matter with them, unless the number says it: that
    /// some are too many, and nothing else.
    fn found(&self, all: usize) -> String {
        let there = all.saturating_sub(self.missing) + self.unexpected;
        let mut found = there.to_string();
        if self.missing + self.different == 0 {
            return found;
        }
        for (count, what) in [
            (self.different, "different"),
            (self.missing, "missing"),
            (self.unexpected, "unexpected"),
        ] {
            if count > 0 {
                found += &format!(", {count} {what}");
            }
        }
        found
    }
}

/// Whether a table of the name is there, and is a table.
fn stands(evidence: &Evidence<'_>, name: &Identifier) -> bool {
    let there = evidence.actual.tables.get(name);
    there.is_some_and(|table| table.kind.is_table())
}
