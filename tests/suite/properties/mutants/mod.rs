//! Everything that can be otherwise about a schema, one thing at a time.

mod guards;
mod keys;
mod other;

use std::collections::BTreeMap;

use leora_core::diff::{Difference, DifferenceKind, Effect, Object, ObjectKind};
use leora_core::model::{
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
        match &found.kind {
            DifferenceKind::Missing => Expected::Missing(object),
            DifferenceKind::Unexpected => Expected::Unexpected(object, found.effect),
            DifferenceKind::Changed(alteration) => Expected::Changed(object, alteration.field()),
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
        let mut changed = |field, change: fn(&mut leora_core::model::Domain)| {
            self.add(Expected::Changed(object.clone(), field), |schema| {
                change(schema.domains.get_mut(name).unwrap());
            });
        };
        changed("type", |domain| domain.ty = other::ty(&domain.ty));
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
        changed("composite type", |table| {
            table.of_type = match table.of_type {
                Some(_) => None,
                None => Some("another".to_owned()),
            };
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
        changed("type", |column| column.ty = other::ty(&column.ty));
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

fn check(validity: Validity) -> Constraint {
    Constraint {
        definition: "CHECK (one that is not generated elsewhere)".to_owned(),
        validity,
    }
}
