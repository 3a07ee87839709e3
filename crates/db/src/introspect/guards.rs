//! Triggers, rules and policies.

use super::cell::{firing, name, oid, text, yes};
use super::keys::ForeignKeys;
use super::reader::Reader;
use crate::session::Rows;
use leora_core::model::{Firing, Trigger};

impl Reader {
    pub(super) fn triggers(&mut self, rows: &Rows, constraints: &Rows) {
        let foreign_keys = ForeignKeys::of(constraints);
        for row in rows {
            let firing = firing(text(row, 3));
            if !yes(row, 2) {
                let Some(entry) = self.relations.get_mut(&oid(row, 0)) else {
                    continue;
                };
                let definition = text(row, 5).to_owned();
                entry
                    .table
                    .triggers
                    .insert(name(row, 1), Trigger { definition, firing });
            } else if let Some((child, constraint)) = foreign_keys.named(oid(row, 4)) {
                self.weaken(child, constraint, firing, Some(oid(row, 0)));
            }
        }
    }

    pub(super) fn lost_triggers(&mut self, rows: &Rows, constraints: &Rows) {
        let foreign_keys = ForeignKeys::of(constraints);
        for row in rows {
            if let Some((child, constraint)) = foreign_keys.named(oid(row, 0)) {
                self.weaken(child, constraint, Firing::Missing, None);
            }
        }
    }

    /// The table `on` has a trigger of a foreign key that fires otherwise than it should.
    fn weaken(&mut self, child: u32, constraint: &str, firing: Firing, on: Option<u32>) {
        let is_off = matches!(firing, Firing::Disabled | Firing::ReplicaOnly);
        let on = on.filter(|_| is_off).and_then(|on| self.relations.get(&on));
        let on = on.map(|entry| entry.name.clone());
        let key = self
            .relations
            .get_mut(&child)
            .and_then(|entry| entry.table.foreign_keys.get_mut(constraint));
        if let Some(key) = key {
            key.triggers = key.triggers.max(firing);
            key.disabled_on.extend(on);
        }
    }

    pub(super) fn rules(&mut self, rows: &Rows) {
        for row in rows {
            if let Some(entry) = self.relations.get_mut(&oid(row, 0)) {
                let rule = Trigger {
                    definition: text(row, 3).to_owned(),
                    firing: firing(text(row, 2)),
                };
                entry.table.rules.insert(name(row, 1), rule);
            }
        }
    }

    pub(super) fn policies(&mut self, rows: &Rows) {
        for row in rows {
            let Some(entry) = self.relations.get_mut(&oid(row, 0)) else {
                continue;
            };
            let kind = if yes(row, 2) {
                "PERMISSIVE"
            } else {
                "RESTRICTIVE"
            };
            let command = match text(row, 3) {
                "r" => "SELECT",
                "a" => "INSERT",
                "w" => "UPDATE",
                "d" => "DELETE",
                _ => "ALL",
            };
            let mut policy = format!("AS {kind} FOR {command} TO {}", text(row, 4));
            for (clause, expression) in [("USING", row.get(5)), ("WITH CHECK", row.get(6))] {
                if let Some(expression) = expression {
                    policy += &format!(" {clause} ({expression})");
                }
            }
            entry
                .table
                .row_security
                .policies
                .insert(name(row, 1), policy);
        }
    }
}
