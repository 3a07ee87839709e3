//! Checks, triggers, rules and policies.

use super::*;

impl Mutants<'_> {
    pub(super) fn guards(&mut self, table: &Identifier, definition: &Table) {
        for name in definition.checks.keys() {
            for change in [
                |check: &mut Constraint| check.definition += " NO INHERIT",
                |check: &mut Constraint| check.validity = other::validity(check.validity),
            ] {
                let object = on(table, ObjectKind::Check, name);
                self.add(Expected::Changed(object, "definition"), |schema| {
                    let checks = &mut schema.tables.get_mut(table).unwrap().checks;
                    change(checks.get_mut(name).unwrap());
                });
            }
        }
        self.by_name(table, ObjectKind::Check, &definition.checks, |t| {
            &mut t.checks
        });
        for (validity, effect) in [
            (Validity::Valid, Effect::Breaks),
            (Validity::NotValid, Effect::Breaks),
            (Validity::NotEnforced, Effect::Harmless),
        ] {
            self.extra(table, ObjectKind::Check, check(validity), effect, |t| {
                &mut t.checks
            });
        }
        self.triggers(table, ObjectKind::Trigger, &definition.triggers, |t| {
            &mut t.triggers
        });
        self.triggers(table, ObjectKind::Rule, &definition.rules, |t| &mut t.rules);
        for name in definition.row_security.policies.keys() {
            let object = on(table, ObjectKind::Policy, name);
            self.add(Expected::Changed(object, "definition"), |schema| {
                let security = &mut schema.tables.get_mut(table).unwrap().row_security;
                *security.policies.get_mut(name).unwrap() += "x";
            });
        }
        let policies = &definition.row_security.policies;
        self.by_name(table, ObjectKind::Policy, policies, |t| {
            &mut t.row_security.policies
        });
        let effect = if definition.row_security.enabled {
            Effect::Breaks
        } else {
            Effect::Harmless
        };
        let policy = "AS PERMISSIVE FOR ALL TO public USING (7)".to_owned();
        self.extra(table, ObjectKind::Policy, policy, effect, |t| {
            &mut t.row_security.policies
        });
    }

    fn triggers(
        &mut self,
        table: &Identifier,
        kind: ObjectKind,
        there: &BTreeMap<Identifier, Trigger>,
        triggers: fn(&mut Table) -> &mut BTreeMap<Identifier, Trigger>,
    ) {
        for name in there.keys() {
            let mut changed = |field, change: fn(&mut Trigger)| {
                self.add(Expected::Changed(on(table, kind, name), field), |schema| {
                    let triggers = triggers(schema.tables.get_mut(table).unwrap());
                    change(triggers.get_mut(name).unwrap());
                });
            };
            changed("definition", |trigger| trigger.definition += "x");
            changed("firing", |trigger| {
                trigger.firing = match trigger.firing {
                    Firing::Always => Firing::Enabled,
                    _ => Firing::Always,
                };
            });
        }
        self.by_name(table, kind, there, triggers);
        for (firing, effect) in [
            (Firing::Enabled, Effect::Breaks),
            (Firing::Always, Effect::Breaks),
            (Firing::Disabled, Effect::Harmless),
            (Firing::ReplicaOnly, Effect::Harmless),
        ] {
            let trigger = Trigger {
                definition: "one that is not generated elsewhere".to_owned(),
                firing,
            };
            self.extra(table, kind, trigger, effect, triggers);
        }
    }
}
