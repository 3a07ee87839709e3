//! Primary keys, indexes and foreign keys.

use super::*;

impl Mutants<'_> {
    pub(super) fn primary_key(&mut self, table: &Identifier, key: Option<&PrimaryKey>) {
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
            key.deferrable = other::deferrable(key.deferrable);
        });
        changed("state", |key| key.state = other::index_state(key.state));
    }

    pub(super) fn indexes(&mut self, table: &Identifier, definition: &Table) {
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
                index.deferrable = other::deferrable(index.deferrable);
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
            changed("state", |index| {
                index.state = other::index_state(index.state)
            });
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

    pub(super) fn foreign_keys(&mut self, table: &Identifier, definition: &Table) {
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
                key.on_delete = other::action(key.on_delete)
            });
            changed("ON UPDATE", |key| {
                key.on_update = other::action(key.on_update)
            });
            changed("columns set on delete", |key| {
                key.on_delete_columns.push(another());
            });
            changed("MATCH FULL", |key| key.match_full ^= true);
            changed("deferrability", |key| {
                key.deferrable = other::deferrable(key.deferrable);
            });
            changed("validation", |key| {
                key.validity = other::validity(key.validity)
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
            disabled_on: Default::default(),
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
