//! Everything that can be otherwise about a schema, one thing at a time.

use std::collections::BTreeMap;

use leora_migrate::diff::{Difference, DifferenceKind, Effect, Object, ObjectKind};
use leora_migrate::model::{
    Action, Column, ColumnDefault, Constraint, Deferrable, Expression, Firing, ForeignKey,
    Generated, Identifier, Identity, Index, IndexKey, IndexState, IndexTarget, Persistence,
    PrimaryKey, Schema, SqlType, Table, TableKind, TableReference, Trigger, Validity,
};

/// A schema that differs from the original in one thing, and which.
pub(super) struct Mutant {
    pub(super) actual: Schema,
    pub(super) expected: Expected,
}

/// What of a [`Difference`] is known before it is found.
#[derive(Debug, PartialEq)]
pub(super) enum Expected {
    Missing(Object),
    Unexpected(Object, Effect),
    Changed(Object, &'static str),
}

impl From<&Difference> for Expected {
    fn from(found: &Difference) -> Self {
        let object = found.object.clone();
        match found.kind {
            DifferenceKind::Missing => Expected::Missing(object),
            DifferenceKind::Unexpected => Expected::Unexpected(object, found.effect),
            DifferenceKind::Changed { field, .. } => Expected::Changed(object, field),
        }
    }
}

pub(super) fn of(original: &Schema) -> Vec<Mutant> {
    let mut mutants = Mutants {
        original,
        found: Vec::new(),
    };
    for name in original.enums.keys() {
        mutants.enumeration(name);
    }
    for name in original.domains.keys() {
        mutants.domain(name);
    }
    for (name, table) in &original.tables {
        mutants.table(name, table);
    }
    let new = another();
    let object = Object {
        owner: new.clone(),
        kind: ObjectKind::Table,
        name: new.clone(),
    };
    mutants.add(Expected::Unexpected(object, Effect::Breaks), |schema| {
        schema.tables.insert(new, Table::default());
    });
    mutants.found
}

/// A name that no generated schema has.
fn another() -> Identifier {
    Identifier::new("one name that is not generated elsewhere").unwrap()
}

struct Mutants<'a> {
    original: &'a Schema,
    found: Vec<Mutant>,
}

impl Mutants<'_> {
    fn add(&mut self, expected: Expected, change: impl FnOnce(&mut Schema)) {
        let mut actual = self.original.clone();
        change(&mut actual);
        self.found.push(Mutant { actual, expected });
    }

    fn enumeration(&mut self, name: &Identifier) {
        let object = alone(ObjectKind::Enum, name);
        self.add(Expected::Missing(object.clone()), |schema| {
            schema.enums.remove(name);
        });
        self.add(Expected::Changed(object, "labels"), |schema| {
            let labels = &mut schema.enums.get_mut(name).unwrap().labels;
            labels.insert(0, "another".to_owned());
        });
    }

    fn domain(&mut self, name: &Identifier) {
        let object = alone(ObjectKind::Domain, name);
        self.add(Expected::Missing(object.clone()), |schema| {
            schema.domains.remove(name);
        });
        let mut changed = |field, change: fn(&mut leora_migrate::model::Domain)| {
            self.add(Expected::Changed(object.clone(), field), |schema| {
                change(schema.domains.get_mut(name).unwrap());
            });
        };
        changed("type", |domain| domain.ty = other_type(&domain.ty));
        changed("NOT NULL", |domain| domain.not_null ^= true);
        changed("default", |domain| {
            domain.default = match domain.default {
                Some(_) => None,
                None => Some(Expression::new("7")),
            };
        });
        changed("constraints", |domain| {
            domain.checks.insert(another(), check(Validity::Valid));
        });
    }

    fn table(&mut self, name: &Identifier, table: &Table) {
        let object = alone(ObjectKind::Table, name);
        self.add(Expected::Missing(object.clone()), |schema| {
            schema.tables.remove(name);
        });
        let mut changed = |field, change: fn(&mut Table)| {
            self.add(Expected::Changed(object.clone(), field), |schema| {
                change(schema.tables.get_mut(name).unwrap());
            });
        };
        changed("kind", |table| {
            table.kind = match table.kind {
                TableKind::Table => TableKind::View,
                _ => TableKind::Table,
            };
        });
        changed("persistence", |table| {
            table.persistence = match table.persistence {
                Persistence::Permanent => Persistence::Unlogged,
                _ => Persistence::Permanent,
            };
        });
        changed("parents", |table| table.inherits.push("another".to_owned()));
        changed("children", |table| {
            table.children.push("another".to_owned())
        });
        changed("partitioning", |table| {
            table.partitioning = match table.partitioning {
                Some(_) => None,
                None => Some("LIST (\"region\")".to_owned()),
            };
        });
        changed("row-level security", |table| {
            // Off on both sides, being forced is nothing.
            table.row_security.enabled ^= true;
        });
        if table.row_security.enabled {
            changed("forced row-level security", |table| {
                table.row_security.forced ^= true;
            });
        }
        for at in 0..table.columns.len() {
            self.column(name, at);
        }
        self.more_columns(name);
        self.primary_key(name, table.primary_key.as_ref());
        self.indexes(name, table);
        self.foreign_keys(name, table);
        self.guards(name, table);
    }

    fn column(&mut self, table: &Identifier, at: usize) {
        let column = self.original.tables[table].columns[at].name.clone();
        let object = on(table, ObjectKind::Column, &column);
        self.add(Expected::Missing(object.clone()), |schema| {
            schema.tables.get_mut(table).unwrap().columns.remove(at);
        });
        let mut changed = |field, change: fn(&mut Column)| {
            self.add(Expected::Changed(object.clone(), field), |schema| {
                change(&mut schema.tables.get_mut(table).unwrap().columns[at]);
            });
        };
        changed("type", |column| column.ty = other_type(&column.ty));
        changed("NOT NULL", |column| column.nullable ^= true);
        changed("default", |column| {
            column.default = match column.default {
                Some(_) => None,
                None => Some(ColumnDefault::Expression(Expression::new("7"))),
            };
        });
        changed("default", |column| {
            let other = ColumnDefault::Sequence("CYCLE".to_owned());
            column.default = Some(other);
        });
        changed("identity", |column| {
            column.identity = match column.identity {
                Some(Identity::Always) => Some(Identity::ByDefault),
                Some(Identity::ByDefault) => None,
                None => Some(Identity::Always),
            };
        });
        changed("generation", |column| {
            column.generated = match column.generated.take() {
                Some(it) => Some(Generated {
                    stored: !it.stored,
                    ..it
                }),
                None => Some(Generated {
                    expression: Expression::new("7"),
                    stored: true,
                }),
            };
        });
        changed("collation", |column| {
            column.collation = match column.collation {
                Some(_) => None,
                None => Some("C".to_owned()),
            };
        });
    }

    fn more_columns(&mut self, table: &Identifier) {
        for (nullable, default, effect) in [
            (true, None, Effect::Harmless),
            (false, None, Effect::Breaks),
            (false, Some("7"), Effect::Breaks),
        ] {
            let object = on(table, ObjectKind::Column, &another());
            self.add(Expected::Unexpected(object, effect), |schema| {
                let columns = &mut schema.tables.get_mut(table).unwrap().columns;
                columns.push(Column {
                    name: another(),
                    ty: SqlType::new("money"),
                    nullable,
                    default: default.map(|text| ColumnDefault::Expression(Expression::new(text))),
                    identity: None,
                    generated: None,
                    collation: None,
                });
            });
        }
    }

    fn primary_key(&mut self, table: &Identifier, key: Option<&PrimaryKey>) {
        let Some(key) = key else {
            let object = on(table, ObjectKind::PrimaryKey, &another());
            self.add(Expected::Unexpected(object, Effect::Breaks), |schema| {
                schema.tables.get_mut(table).unwrap().primary_key = Some(PrimaryKey {
                    name: another(),
                    columns: Vec::new(),
                    include: Vec::new(),
                    deferrable: Deferrable::No,
                    state: IndexState::Valid,
                });
            });
            return;
        };
        let object = on(table, ObjectKind::PrimaryKey, &key.name);
        self.add(Expected::Missing(object.clone()), |schema| {
            schema.tables.get_mut(table).unwrap().primary_key = None;
        });
        let mut changed = |field, change: fn(&mut PrimaryKey)| {
            self.add(Expected::Changed(object.clone(), field), |schema| {
                let key = &mut schema.tables.get_mut(table).unwrap().primary_key;
                change(key.as_mut().unwrap());
            });
        };
        changed("name", |key| key.name = another());
        changed("columns", |key| key.columns.push(another()));
        changed("included columns", |key| key.include.push(another()));
        changed("deferrability", |key| {
            key.deferrable = other_deferrable(key.deferrable);
        });
        changed("state", |key| key.state = other_state(key.state));
    }

    fn indexes(&mut self, table: &Identifier, definition: &Table) {
        for (name, index) in &definition.indexes {
            let mut changed = |field, change: fn(&mut Index)| {
                let object = on(table, ObjectKind::Index, name);
                self.add(Expected::Changed(object, field), |schema| {
                    let indexes = &mut schema.tables.get_mut(table).unwrap().indexes;
                    change(indexes.get_mut(name).unwrap());
                });
            };
            changed("uniqueness", |index| index.unique ^= true);
            changed("NULLS NOT DISTINCT", |index| {
                index.nulls_not_distinct ^= true
            });
            changed("deferrability", |index| {
                index.deferrable = other_deferrable(index.deferrable);
            });
            changed("method", |index| {
                index.method = match index.method.as_deref() {
                    Some("gist") => None,
                    _ => Some("gist".to_owned()),
                };
            });
            changed("included columns", |index| index.include.push(another()));
            changed("predicate", |index| {
                index.predicate = match index.predicate {
                    Some(_) => None,
                    None => Some(Expression::new("7")),
                };
            });
            changed("state", |index| index.state = other_state(index.state));
            changed("keys", |index| index.keys.push(key_on_another()));
            if index.keys.is_empty() {
                continue;
            }
            changed("keys", |index| index.keys[0].on = key_on_another().on);
            changed("keys", |index| index.keys[0].descending ^= true);
            changed("keys", |index| index.keys[0].nulls_reversed ^= true);
            changed("keys", |index| {
                let class = &mut index.keys[0].operator_class;
                *class = match class {
                    Some(_) => None,
                    None => Some("text_pattern_ops".to_owned()),
                };
            });
            changed("keys", |index| {
                let collation = &mut index.keys[0].collation;
                *collation = match collation {
                    Some(_) => None,
                    None => Some("C".to_owned()),
                };
            });
        }
        let plain = Index::default();
        let unique = Index {
            unique: true,
            ..Index::default()
        };
        self.by_name(table, ObjectKind::Index, &definition.indexes, |t| {
            &mut t.indexes
        });
        self.extra(table, ObjectKind::Index, plain, Effect::Harmless, |t| {
            &mut t.indexes
        });
        self.extra(table, ObjectKind::Index, unique, Effect::Breaks, |t| {
            &mut t.indexes
        });
    }

    fn foreign_keys(&mut self, table: &Identifier, definition: &Table) {
        for (name, key) in &definition.foreign_keys {
            let mut changed = |field, change: fn(&mut ForeignKey)| {
                let object = on(table, ObjectKind::ForeignKey, name);
                self.add(Expected::Changed(object, field), |schema| {
                    let keys = &mut schema.tables.get_mut(table).unwrap().foreign_keys;
                    change(keys.get_mut(name).unwrap());
                });
            };
            changed("columns", |key| key.columns.push(another()));
            changed("referenced table", |key| {
                key.references = TableReference::Here(another());
            });
            changed("referenced columns", |key| {
                key.referenced_columns.push(another());
            });
            changed("ON DELETE", |key| {
                key.on_delete = other_action(key.on_delete)
            });
            changed("ON UPDATE", |key| {
                key.on_update = other_action(key.on_update)
            });
            changed("columns set on delete", |key| {
                key.on_delete_columns.push(another());
            });
            changed("MATCH FULL", |key| key.match_full ^= true);
            changed("deferrability", |key| {
                key.deferrable = other_deferrable(key.deferrable);
            });
            changed("validation", |key| {
                key.validity = other_validity(key.validity)
            });
            changed("triggers", |key| {
                key.triggers = match key.triggers {
                    Firing::Disabled => Firing::Enabled,
                    _ => Firing::Disabled,
                };
            });
            if matches!(key.triggers, Firing::Enabled | Firing::Always) {
                changed("triggers", |key| key.triggers = Firing::ReplicaOnly);
                changed("triggers", |key| key.triggers = Firing::Missing);
            }
        }
        let new = ForeignKey {
            columns: Vec::new(),
            references: TableReference::Here(another()),
            referenced_columns: Vec::new(),
            on_delete: Action::Cascade,
            on_update: Action::Cascade,
            on_delete_columns: Vec::new(),
            match_full: false,
            deferrable: Deferrable::No,
            validity: Validity::Valid,
            triggers: Firing::Enabled,
        };
        self.by_name(
            table,
            ObjectKind::ForeignKey,
            &definition.foreign_keys,
            |t| &mut t.foreign_keys,
        );
        self.extra(table, ObjectKind::ForeignKey, new, Effect::Breaks, |t| {
            &mut t.foreign_keys
        });
    }

    fn guards(&mut self, table: &Identifier, definition: &Table) {
        for name in definition.checks.keys() {
            for change in [
                |check: &mut Constraint| check.definition += " NO INHERIT",
                |check: &mut Constraint| check.validity = other_validity(check.validity),
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

    /// Each of `there` gone, and each under another name.
    fn by_name<T: Clone>(
        &mut self,
        table: &Identifier,
        kind: ObjectKind,
        there: &BTreeMap<Identifier, T>,
        of: fn(&mut Table) -> &mut BTreeMap<Identifier, T>,
    ) {
        for (name, definition) in there {
            let object = on(table, kind, name);
            self.add(Expected::Missing(object.clone()), |schema| {
                of(schema.tables.get_mut(table).unwrap()).remove(name);
            });
            self.add(Expected::Changed(object, "name"), |schema| {
                let all = of(schema.tables.get_mut(table).unwrap());
                all.remove(name);
                all.insert(another(), definition.clone());
            });
        }
    }

    /// One more that nobody asked for.
    fn extra<T>(
        &mut self,
        table: &Identifier,
        kind: ObjectKind,
        new: T,
        effect: Effect,
        of: fn(&mut Table) -> &mut BTreeMap<Identifier, T>,
    ) {
        let object = on(table, kind, &another());
        self.add(Expected::Unexpected(object, effect), |schema| {
            of(schema.tables.get_mut(table).unwrap()).insert(another(), new);
        });
    }
}

fn on(table: &Identifier, kind: ObjectKind, name: &Identifier) -> Object {
    Object {
        owner: table.clone(),
        kind,
        name: name.clone(),
    }
}

fn alone(kind: ObjectKind, name: &Identifier) -> Object {
    on(name, kind, name)
}

fn other_type(ty: &SqlType) -> SqlType {
    let other = if ty.as_str() == "money" {
        "xml"
    } else {
        "money"
    };
    SqlType::new(other)
}

fn other_deferrable(now: Deferrable) -> Deferrable {
    match now {
        Deferrable::No => Deferrable::InitiallyImmediate,
        Deferrable::InitiallyImmediate => Deferrable::InitiallyDeferred,
        Deferrable::InitiallyDeferred => Deferrable::No,
    }
}

fn other_state(now: IndexState) -> IndexState {
    match now {
        IndexState::Valid => IndexState::Invalid,
        IndexState::Invalid => IndexState::NotReady,
        IndexState::NotReady => IndexState::Valid,
    }
}

fn other_validity(now: Validity) -> Validity {
    match now {
        Validity::Valid => Validity::NotValid,
        Validity::NotValid => Validity::NotEnforced,
        Validity::NotEnforced => Validity::Valid,
    }
}

fn other_action(now: Action) -> Action {
    match now {
        Action::NoAction => Action::Restrict,
        Action::Restrict => Action::Cascade,
        Action::Cascade => Action::SetNull,
        Action::SetNull => Action::SetDefault,
        Action::SetDefault => Action::NoAction,
    }
}

fn check(validity: Validity) -> Constraint {
    Constraint {
        definition: "CHECK (one that is not generated elsewhere)".to_owned(),
        validity,
    }
}

fn key_on_another() -> IndexKey {
    IndexKey {
        on: IndexTarget::Column(another()),
        descending: false,
        nulls_reversed: false,
        operator_class: None,
        collation: None,
    }
}
