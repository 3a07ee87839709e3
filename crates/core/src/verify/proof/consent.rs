//! Which user-defined code the trials would run, and may not without leave.

use std::collections::{BTreeMap, BTreeSet};

use super::lacking::NOT_ALLOWED;
use super::world::World;
use crate::model::Identifier;
use crate::verify::user_code::{Event, UserCode};

impl<'a> World<'a> {
    /// The first user-defined code that inserting, updating or deleting a row of `name` would run, where none may.
    pub(super) fn would_fire(&self, name: &Identifier, event: Event) -> Option<String> {
        self.refused_code(name, event, true).next()
    }

    /// The user-defined code that `event` on `name` would run and may not, each in words: with `rows` what runs for
    /// rows, too.
    pub(super) fn refused_code(
        &self,
        name: &Identifier,
        event: Event,
        rows: bool,
    ) -> impl Iterator<Item = String> {
        let allowed = self.subject.options.allow_user_code;
        let run = self.subject.user_code.run_by(name, event, rows);
        run.filter(move |_| !allowed)
            .map(|code| not_allowed(&code.would_run(name)))
    }

    /// By the code that is named for keeping rows out of a table: the other code that does.
    pub(super) fn code_beside(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut beside: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for table in self.subject.actual.tables.keys() {
            for event in Event::ALL {
                let mut reasons = self.refused_code(table, event, true);
                let Some(first) = reasons.next() else {
                    continue;
                };
                beside.entry(first).or_default().extend(reasons);
            }
        }
        beside
    }

    /// The user-defined code as it must still be when the trials begin, where it may not run.
    pub(super) fn code_to_find(&self) -> Option<String> {
        let refused = !self.subject.options.allow_user_code;
        refused.then(|| self.subject.user_code.fingerprint().to_owned())
    }

    /// The tables that trials change or may reach, with their schema. Locked as INSERT locks them, they get neither a
    /// trigger, rule, constraint, index or policy nor a foreign key that references them.
    pub(super) fn to_lock(&self) -> Vec<String> {
        let actual = &self.subject.actual.tables;
        let is_table = |name: &&&Identifier| actual.get(**name).is_some_and(|t| t.kind.is_table());
        let all = self.tables.keys().chain(self.left_out.keys());
        let all: BTreeSet<_> = all.filter(is_table).collect();
        let schema = self.subject.schema.quoted();
        all.into_iter()
            .map(|name| format!("{schema}.{}", name.quoted()))
            .collect()
    }

    /// The user-defined code that computes the default of a column, where it may not run.
    pub(super) fn refused_default(
        &self,
        table: &Identifier,
        column: &Identifier,
    ) -> Option<&'a UserCode> {
        let fills = self.subject.user_code.fills(table, column);
        fills.filter(|_| !self.subject.options.allow_user_code)
    }
}

/// What is said of user-defined code that may not run.
pub(super) fn not_allowed(would_run: &str) -> String {
    format!("{would_run}{NOT_ALLOWED}")
}
