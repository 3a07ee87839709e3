//! Triggers, rules and policies.

use super::constraints::ForeignKeys;
use super::reader::Reader;
use crate::query::{Answer as _, Query, answer, codes};
use crate::session::Unreadable;
use leora_core::model::{Firing, Identifier, Trigger, Validity};

answer! {
    pub(super) struct TriggerRow of "triggers" {
        relation: u32,
        name: Identifier,
        is_internal: bool,
        enabled: Firing,
        foreign_key: Option<u32>,
        definition: Option<String>,
    }
}

answer! {
    pub(super) struct MissingTriggersRow of "missing_foreign_key_triggers" {
        foreign_key: u32,
    }
}

answer! {
    pub(super) struct RuleRow of "rules" {
        relation: u32,
        name: Identifier,
        enabled: Firing,
        definition: String,
    }
}

answer! {
    pub(super) struct PolicyRow of "policies" {
        relation: u32,
        name: Identifier,
        is_permissive: bool,
        command: PolicyCommand,
        roles: String,
        using_expression: Option<String>,
        check_expression: Option<String>,
    }
}

/// The command that a policy is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicyCommand(&'static str);

codes! {
    PolicyCommand, "command of a policy (polcmd)" {
        "*" => PolicyCommand("ALL"),
        "r" => PolicyCommand("SELECT"),
        "a" => PolicyCommand("INSERT"),
        "w" => PolicyCommand("UPDATE"),
        "d" => PolicyCommand("DELETE"),
    }
}

impl Reader {
    pub(super) fn triggers(
        &mut self,
        rows: Vec<TriggerRow>,
        foreign_keys: &ForeignKeys,
    ) -> Result<(), Unreadable> {
        let query = TriggerRow::QUERY;
        for row in rows {
            let firing = row.enabled;
            let Some(entry) = self.relation(query, "relation", row.relation)? else {
                continue;
            };
            if row.is_internal {
                let is_off = matches!(firing, Firing::Disabled | Firing::ReplicaOnly);
                let on = is_off.then(|| entry.name.clone());
                if let Some(key) = row.foreign_key {
                    self.weaken(query, foreign_keys, key, firing, on)?;
                }
            } else {
                let definition = row.definition.ok_or(Unreadable::Unexpected {
                    query: query.name,
                    column: "definition",
                    expected: "text",
                    found: None,
                })?;
                let trigger = Trigger { definition, firing };
                entry.table.triggers.insert(row.name, trigger);
            }
        }
        Ok(())
    }

    pub(super) fn missing_triggers(
        &mut self,
        rows: Vec<MissingTriggersRow>,
        foreign_keys: &ForeignKeys,
    ) -> Result<(), Unreadable> {
        let query = MissingTriggersRow::QUERY;
        for row in rows {
            self.weaken(query, foreign_keys, row.foreign_key, Firing::Missing, None)?;
        }
        Ok(())
    }

    /// The table `on` has a trigger of a foreign key that fires otherwise than it should.
    fn weaken(
        &mut self,
        query: Query,
        foreign_keys: &ForeignKeys,
        key: u32,
        firing: Firing,
        on: Option<Identifier>,
    ) -> Result<(), Unreadable> {
        let named = foreign_keys.named(key);
        let (child, constraint) = named.ok_or(Unreadable::Unresolved {
            query: query.name,
            column: "foreign_key",
            expected: "foreign key",
            number: key.into(),
        })?;
        let entry = self.relation(query, "foreign_key", child)?;
        let key = entry.and_then(|entry| entry.table.foreign_keys.get_mut(constraint));
        if let Some(key) = key {
            // One that is not enforced has no triggers.
            if (firing, key.validity) != (Firing::Missing, Validity::NotEnforced) {
                key.triggers = key.triggers.max(firing);
                key.disabled_on.extend(on);
            }
        }
        Ok(())
    }

    pub(super) fn rules(&mut self, rows: Vec<RuleRow>) -> Result<(), Unreadable> {
        for row in rows {
            let rule = Trigger {
                definition: row.definition,
                firing: row.enabled,
            };
            if let Some(entry) = self.relation(RuleRow::QUERY, "relation", row.relation)? {
                entry.table.rules.insert(row.name, rule);
            }
        }
        Ok(())
    }

    pub(super) fn policies(&mut self, rows: Vec<PolicyRow>) -> Result<(), Unreadable> {
        for row in rows {
            let Some(entry) = self.relation(PolicyRow::QUERY, "relation", row.relation)? else {
                continue;
            };
            let kind = match row.is_permissive {
                true => "PERMISSIVE",
                false => "RESTRICTIVE",
            };
            let PolicyCommand(command) = row.command;
            let mut policy = format!("AS {kind} FOR {command} TO {}", row.roles);
            let clauses = [
                ("USING", row.using_expression),
                ("WITH CHECK", row.check_expression),
            ];
            for (clause, expression) in clauses {
                if let Some(expression) = expression {
                    policy += &format!(" {clause} ({expression})");
                }
            }
            let policies = &mut entry.table.row_security.policies;
            policies.insert(row.name, policy);
        }
        Ok(())
    }
}
