//! Whether the baseline is that of the live schema.
//!
//! Held to the baseline of another release or another application, most of a database is wrong, and the advice about
//! each thing would be to restore or rewrite it. Then the baseline is what is wrong.

use super::check::{Check, Finding, Group, Outcome};
use super::checks::read::TABLES_COUNT;
use super::counted::counted;
use super::evidence::{Evidence, Namesake};
use super::promise::Promise;
use super::remedy::{SETTLE_TABLES, is_left_to_others};
use super::renames::{Renames, is_mostly};
use crate::model::{Identifier, Schema, Table};

/// At least this many tables of the baseline are missing or others where the baseline is another's.
const LEAST: usize = 3;
/// And at least one in so many. By mistake somebody drops a table, or the few of a feature; an older or newer release
/// lacks what was added between them. Nobody loses a fifth of a schema and goes on: below it each table is reported,
/// from it on the baseline is.
const ONE_IN: usize = 5;

/// A baseline that is not of the live schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherBaseline {
    /// How many of its tables are missing, or have mostly other columns.
    missing: usize,
    /// How many it has.
    all: usize,
    /// How many tables the live schema has that it does not.
    unexpected: usize,
}

impl OtherBaseline {
    /// What tells that the baseline of `promise` is not that of `live`. A table under another name, or in another
    /// schema, is not missing.
    pub fn of(
        live: &Schema,
        promise: &Promise,
        renamed: &Renames,
        elsewhere: &[Namesake],
    ) -> Option<OtherBaseline> {
        let baseline = &promise.baseline.tables;
        let is_there = |name: &Identifier, table: &Table| {
            let there = live.tables.get(name);
            let is_moved = elsewhere.iter().any(|other| other.table == *name);
            is_moved
                || renamed.table(name).is_some()
                || there.is_some_and(|there| !there.kind.is_table() || is_mostly(there, table))
        };
        let missing = baseline
            .iter()
            .filter(|(name, table)| !is_there(name, table))
            .count();
        let unexpected = live.table_names();
        let unexpected = unexpected
            .filter(|name| {
                !promise.whole.tables.contains_key(*name) && renamed.table(name).is_none()
            })
            .count();
        let all = baseline.len();
        let is_other = missing >= LEAST && missing * ONE_IN >= all;
        is_other.then_some(OtherBaseline {
            missing,
            all,
            unexpected,
        })
    }

    /// What is wrong, in a sentence.
    pub fn what(&self) -> String {
        let unexpected = match self.unexpected {
            0 => String::new(),
            n => format!(", and {} not in it", counted(n, "table is", "tables are")),
        };
        format!(
            "this is not the baseline of this database: of its {} tables {} are missing or have other columns{unexpected}",
            self.all, self.missing
        )
    }

    /// What to do about it.
    pub const REMEDY: &'static str = "Is it the right database, and the right schema? Then take its own baseline: \
         leora-migrate snapshot --out FILE, then --baseline FILE.";

    /// What is said of it.
    pub(super) fn finding(&self) -> Finding {
        Finding::new(self.what()).remedy(OtherBaseline::REMEDY)
    }
}

/// Says `cause` once, where the tables are counted, in place of all that comes of it.
pub(super) fn stand_for(cause: &Finding, evidence: &Evidence<'_>, checks: &mut [Check]) {
    let created = &evidence.promise.created;
    let is_of_baseline = |finding: &Finding| match &finding.object {
        Some(object) => !created.contains(&object.owner),
        None => is_left_to_others(finding),
    };
    for check in checks {
        let is_plan = matches!(check.id.group, Group::Declaration | Group::Migration);
        let Outcome::Failed { findings } = &mut check.outcome else {
            continue;
        };
        if check.id == TABLES_COUNT.id {
            *findings = vec![cause.clone()];
            continue;
        }
        let before = findings.len();
        if !is_plan {
            findings.retain(|finding| !is_of_baseline(finding));
        }
        if let left @ 1.. = before - findings.len() {
            let left = counted(left, "finding", "findings");
            let message =
                format!("{left} on tables of the baseline, which leora-migrate diff lists");
            findings.push(Finding::new(message).remedy(SETTLE_TABLES));
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::sample::SAMPLE;

    /// What is said where `missing` of `all` tables of a baseline are not there, and `others` have other columns.
    fn said(all: usize, missing: usize, others: usize) -> Option<String> {
        let name = |at: usize| Identifier::new(format!("t{at:02}")).expect("legal");
        let model = Promise::new(&SAMPLE, Schema::default());
        let [tenant, user] = ["Shop", "Staff"].map(|name| &model.declared.tables[name]);
        let mut baseline = Schema::default();
        for at in 0..all {
            baseline.tables.insert(name(at), tenant.clone());
        }
        let promise = Promise::new(&SAMPLE, baseline);
        let mut live = promise.whole.clone();
        for at in 0..missing {
            live.tables.remove(name(at).as_str());
        }
        for at in missing..missing + others {
            let mut other = user.clone();
            other
                .columns
                .retain(|column| tenant.column(column.name.as_str()).is_none());
            live.tables.insert(name(at), other);
        }
        let other = OtherBaseline::of(&live, &promise, &Renames::default(), &[]);
        other.map(|other| other.what())
    }

    #[test]
    fn from_a_fifth_on_the_baseline_is_what_is_wrong() {
        for (all, missing, others, is_other) in [
            (58, 0, 0, false),
            (58, 5, 0, false),
            (58, 11, 0, false),
            (58, 12, 0, true),
            (58, 6, 6, true),
            (58, 0, 12, true),
            (58, 28, 0, true),
            (10, 2, 0, false),
            (10, 3, 0, true),
            (4, 2, 0, false),
        ] {
            let said = said(all, missing, others);
            assert_eq!(said.is_some(), is_other, "{missing} and {others} of {all}");
        }
        let expected = "this is not the baseline of this database: of its 58 tables 28 are missing or have other columns";
        assert_eq!(said(58, 28, 0).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_moved_or_renamed_is_not_missing() {
        let promise = Promise::new(&SAMPLE, Promise::new(&SAMPLE, Schema::default()).declared);
        let live = Schema {
            tables: promise.whole.tables.clone().into_iter().take(1).collect(),
            ..Schema::default()
        };
        let of = |elsewhere: &[Namesake]| {
            OtherBaseline::of(&live, &promise, &Renames::default(), elsewhere)
        };
        let moved = promise.baseline.table_names().map(|table| Namesake {
            table: table.clone(),
            schema: Identifier::new("app").expect("legal"),
            extension: None,
        });
        assert_eq!(of(&moved.collect::<Vec<_>>()), None);
    }
}
