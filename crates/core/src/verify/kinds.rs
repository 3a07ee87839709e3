//! What tables are made of, kind by kind: how many there should be, how many are, and every difference.

use std::collections::BTreeSet;

use super::check::{Check, Finding, Group, Outcome};
use super::checklist::{counted, finding};
use super::evidence::Evidence;
use super::remedy::SETTLE_TABLES;
use super::surroundings;
use crate::diff::{Difference, DifferenceKind, ObjectKind};
use crate::model::{Identifier, Table};

/// A check for each kind of thing that a table is made of: a figure of how many there should be, and
/// every difference.
pub(super) fn by_kind(evidence: &Evidence<'_>, differences: &[Difference]) -> Vec<Check> {
    let whole = &evidence.promise.whole;
    let sum = |count: fn(&Table) -> usize| whole.tables.values().map(count).sum::<usize>();
    type Kind<'a> = (
        &'static str,
        Group,
        usize,
        &'a str,
        &'a str,
        fn(&Difference) -> bool,
    );
    let standing = whole.table_names().filter(|name| stands(evidence, name));
    let standing = standing.count();
    let kinds: [Kind<'_>; 8] = [
        (
            "tables.kind",
            Group::Tables,
            standing,
            "table",
            "tables",
            |d| {
                d.object.kind == ObjectKind::Table
                    && matches!(&d.kind, DifferenceKind::Changed(alteration) if !alteration.is_row_security())
            },
        ),
        (
            "tables.types",
            Group::Tables,
            whole.enums.len() + whole.domains.len(),
            "enum or domain",
            "enums and domains",
            |d| matches!(d.object.kind, ObjectKind::Enum | ObjectKind::Domain),
        ),
        (
            "tables.columns",
            Group::Tables,
            sum(|t| t.columns.len()),
            "column",
            "columns",
            |d| d.object.kind == ObjectKind::Column,
        ),
        (
            "tables.constraints",
            Group::Tables,
            sum(|t| t.checks.len()),
            "CHECK or exclusion constraint",
            "CHECK and exclusion constraints",
            |d| d.object.kind == ObjectKind::Check,
        ),
        (
            "tables.triggers",
            Group::Tables,
            sum(|t| t.triggers.len() + t.rules.len()),
            "trigger or rule",
            "triggers and rules",
            |d| matches!(d.object.kind, ObjectKind::Trigger | ObjectKind::Rule),
        ),
        (
            "integrity.primary-keys",
            Group::Integrity,
            sum(|t| usize::from(t.primary_key.is_some())),
            "primary key",
            "primary keys",
            |d| d.object.kind == ObjectKind::PrimaryKey,
        ),
        (
            "integrity.indexes",
            Group::Integrity,
            sum(|t| t.indexes.len()),
            "index",
            "indexes",
            |d| d.object.kind == ObjectKind::Index,
        ),
        (
            "integrity.foreign-keys",
            Group::Integrity,
            sum(|t| t.foreign_keys.len()),
            "foreign key",
            "foreign keys",
            |d| d.object.kind == ObjectKind::ForeignKey,
        ),
    ];
    kinds
        .into_iter()
        .map(|(id, group, count, one, many, concerns)| {
            let concerned: Vec<_> = differences.iter().filter(|d| concerns(d)).collect();
            let mut tally = Tally::of(&concerned);
            let mut findings: Vec<_> = concerned
                .into_iter()
                .map(|difference| finding(evidence, difference))
                .collect();
            for (lost, with_its_table) in missing_with_its_table(evidence, id) {
                tally.missing += lost;
                findings.push(with_its_table);
            }
            if id == "integrity.foreign-keys" {
                let held = surroundings::held(evidence.around);
                findings.extend(held.inspect(|_| tally.unexpected += 1));
            }
            if id == "tables.columns" {
                let cramped = surroundings::cramped(evidence.around);
                findings.extend(cramped.inspect(|_| tally.different += 1));
            }
            let in_force = if group == Group::Integrity {
                "valid and in force"
            } else {
                "as they should be"
            };
            Check {
                id,
                group,
                title: match count {
                    0 => format!("no unexpected {one}"),
                    _ => format!("{} {in_force}", counted(count, one, many)),
                },
                expected: count.to_string(),
                found: tally.found(count),
                outcome: Outcome::of(findings),
            }
        })
        .collect()
}

/// Things of one kind that are not as they should be.
#[derive(Default)]
struct Tally {
    missing: usize,
    different: usize,
    unexpected: usize,
}

impl Tally {
    /// Each thing once, in however many ways it differs.
    fn of(differences: &[&Difference]) -> Tally {
        let count = |is: fn(&DifferenceKind) -> bool| {
            let concerned = differences.iter().filter(|d| is(&d.kind));
            let objects: BTreeSet<_> = concerned.map(|d| &d.object).collect();
            objects.len()
        };
        Tally {
            missing: count(|kind| matches!(kind, DifferenceKind::Missing)),
            different: count(|kind| matches!(kind, DifferenceKind::Changed(_))),
            unexpected: count(|kind| matches!(kind, DifferenceKind::Unexpected)),
        }
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

/// What a missing table takes with it, told once for each kind of thing, with its number.
fn missing_with_its_table(evidence: &Evidence<'_>, id: &str) -> Vec<(usize, Finding)> {
    let lost: fn(&Table) -> (usize, &'static str, &'static str) = match id {
        "integrity.foreign-keys" => {
            |table| (table.foreign_keys.len(), "foreign key", "foreign keys")
        }
        "integrity.indexes" => |table| (table.indexes.len(), "index", "indexes"),
        "integrity.primary-keys" => |table| {
            (
                usize::from(table.primary_key.is_some()),
                "primary key",
                "primary keys",
            )
        },
        "tables.columns" => |table| (table.columns.len(), "column", "columns"),
        _ => return Vec::new(),
    };
    let whole = &evidence.promise.whole;
    let absent = whole.table_names().filter(|name| !stands(evidence, name));
    absent
        .map(|name| (name, lost(&whole.tables[name])))
        .filter(|(_, (count, ..))| *count > 0)
        .map(|(name, (count, one, many))| {
            let lost = counted(count, one, many);
            let message = format!("{lost} of {}, which is missing", name.quoted());
            (count, Finding::new(message).remedy(SETTLE_TABLES))
        })
        .collect()
}
