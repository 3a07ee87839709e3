//! What tables without rows cost others: those that need a row there have none either, and what may name one
//! names none.

use std::collections::BTreeSet;

use super::places::LinkId;
use super::world::{Link, World};
use crate::model::{ForeignKey, Identifier};

/// How the reason ends where user-defined code may not run.
pub(super) const NOT_ALLOWED: &str = ", and --allow-user-code is not given";

/// Part of the reason where the role may not make a row.
pub(super) const NO_RIGHT: &str = "(SQLSTATE 42501)";
const NEEDS_REFUSING: &str = "it needs a row of a table that takes none from this role";

impl<'a> World<'a> {
    /// Why no row is made in `name`, with its name.
    pub(super) fn why_left_out(&self, name: &Identifier) -> Option<String> {
        let (reason, name) = (self.left_out.get(name)?, name.quoted());
        if reason.ends_with(NOT_ALLOWED) {
            Some(reason.clone())
        } else {
            Some(format!("{name}: {reason}"))
        }
    }

    /// Which promised columns `table` does not have.
    pub(super) fn lacks_columns(&self, table: &Identifier) -> String {
        let promised = self.subject.desired.tables.get(table);
        let there = self.tables.get(table);
        let columns = promised.into_iter().flat_map(|table| &table.columns);
        let missing: Vec<_> = columns
            .filter(|column| there.is_none_or(|table| table.column(column.name.as_str()).is_none()))
            .map(|column| column.name.quoted())
            .collect();
        let (table, named) = (table.quoted(), missing.join(", "));
        match missing.len() {
            1 => format!("{table}: column {named} is not there"),
            _ => format!("{table}: columns {named} are not there"),
        }
    }

    /// Why a foreign key from `child` to `parent` over these columns cannot be tried.
    pub(super) fn why_unlinked<'n>(
        &self,
        child: &Identifier,
        parent: &Identifier,
        columns: impl IntoIterator<Item = &'n Identifier>,
    ) -> Option<String> {
        let left_out = [child, parent]
            .into_iter()
            .find_map(|table| self.why_left_out(table));
        left_out.or_else(|| {
            let mut columns = columns.into_iter();
            columns.find_map(|column| Some(self.why_kept_null(child, column)?.to_owned()))
        })
    }

    /// Why a column names no row, where that is so.
    pub(super) fn why_kept_null(&self, table: &Identifier, column: &Identifier) -> Option<&str> {
        Some(self.kept_null.get(table)?.get(column)?.as_str())
    }

    /// A row of a table has to name a row of every table that its required foreign keys reference.
    pub(super) fn leave_out_what_needs_them(&mut self) {
        loop {
            let lost = self.tables.iter().find_map(|(name, table)| {
                let required = |key: &&ForeignKey| {
                    let mut takes_null = key.columns.iter().map(|own| self.takes_null(table, own));
                    if key.match_full {
                        !takes_null.all(|takes_null| takes_null)
                    } else {
                        !takes_null.any(|takes_null| takes_null)
                    }
                };
                let reason =
                    table
                        .foreign_keys
                        .values()
                        .filter(required)
                        .find_map(|key| match key.references.here() {
                            Some(target) if self.tables.contains_key(target) => None,
                            Some(target) => Some(self.why_needing(target)),
                            None => Some("it needs a row of a table in another schema".to_owned()),
                        })?;
                Some((*name, reason))
            });
            let Some((name, reason)) = lost else { return };
            self.leave_out(name, reason);
        }
    }

    /// Why a table is left out that needs a row of `target`: user-defined code that may not run is named all along, and
    /// what a role may not do is said of all tables at once.
    fn why_needing(&self, target: &Identifier) -> String {
        let reason = self.left_out.get(target).map_or("", String::as_str);
        if reason.ends_with(NOT_ALLOWED) {
            reason.to_owned()
        } else if reason.contains(NO_RIGHT) || reason == NEEDS_REFUSING {
            NEEDS_REFUSING.to_owned()
        } else {
            format!("it needs a row of {}, where none is made", target.quoted())
        }
    }

    /// Those of the foreign keys that give no value to what has to stay NULL.
    pub(super) fn keep_null(&mut self, mut links: Vec<Link<'a>>) -> Vec<Link<'a>> {
        for name in self.tables.keys() {
            let columns =
                self.null_without(name, &links, |target| self.tables.contains_key(target));
            for (column, target) in columns {
                let reason = match target {
                    Some(target) => self.why_left_out(target),
                    None => Some("a row of another schema would have to be named".to_owned()),
                };
                let reason = reason.unwrap_or_else(|| "no row is made to be named".to_owned());
                self.kept_null
                    .entry(name)
                    .or_default()
                    .insert(column, reason);
            }
        }
        let kept_null = &self.kept_null;
        links.retain(|link| {
            let mut columns = link.columns.iter();
            let of_child = kept_null.get(link.child);
            !of_child.is_some_and(|kept| columns.any(|(own, _)| kept.contains_key(own)))
        });
        links
    }

    /// The columns of `child` that have to stay NULL where only some tables have rows, each with the
    /// table that has none: those that no other foreign key gives a value to, or else one of them.
    fn null_without(
        &self,
        child: &Identifier,
        links: &[Link<'a>],
        has_rows: impl Fn(&Identifier) -> bool,
    ) -> Vec<(&'a Identifier, Option<&'a Identifier>)> {
        let Some(table) = self.tables.get(child).copied() else {
            return Vec::new();
        };
        let is_given = |column: &Identifier| {
            let mut links = links
                .iter()
                .filter(|link| link.child == child && has_rows(link.parent));
            links.any(|link| link.has_column(column))
        };
        let mut stay = Vec::new();
        for key in table.foreign_keys.values() {
            let target = key.references.here();
            if target.is_some_and(&has_rows) {
                continue;
            }
            let null: Vec<_> = key
                .columns
                .iter()
                .filter(|own| self.takes_null(table, own))
                .collect();
            let free: Vec<_> = null.iter().copied().filter(|own| !is_given(own)).collect();
            let chosen = match (key.match_full, free.is_empty()) {
                (true, _) => null,
                (false, false) => free,
                (false, true) => null.into_iter().take(1).collect(),
            };
            stay.extend(chosen.into_iter().map(|column| (column, target)));
        }
        stay
    }

    /// The foreign keys that rows of only these tables can name each other by, as places in [`World::links`].
    pub(super) fn links_among(&self, tables: &BTreeSet<&Identifier>) -> Vec<LinkId> {
        let has_rows = |table: &Identifier| tables.contains(table);
        let mut among = Vec::new();
        for child in tables {
            let stays = self.null_without(child, self.links.all(), has_rows);
            let names_one = |at: &LinkId| {
                let link = &self.links[*at];
                has_rows(link.parent) && !stays.iter().any(|(column, _)| link.has_column(column))
            };
            among.extend(self.links_of(child).iter().copied().filter(names_one));
        }
        among
    }
}
