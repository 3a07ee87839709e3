//! The walk through two schemas.
//!
//! Each part is taken to pieces by name, so that a field added to the model does not compile until it
//! is compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Column, Domain, Enum, Firing, ForeignKey, Identifier, Index, PrimaryKey, RowSecurity, Schema,
    Table, Trigger,
};

use super::shown::{Fired, Shown, Switch};
use super::{Difference, DifferenceKind, Effect, Object, ObjectKind, unexpected};

/// What was found so far.
pub(super) struct Comparison<'a> {
    differences: Vec<Difference>,
    /// The domains that stand.
    domains: &'a BTreeMap<Identifier, Domain>,
}

impl<'a> Comparison<'a> {
    pub(super) fn of(actual: &'a Schema, desired: &Schema) -> Vec<Difference> {
        let Schema {
            enums,
            domains,
            tables,
        } = desired;
        let mut found = Comparison {
            differences: Vec::new(),
            domains: &actual.domains,
        };
        found.standing_alone(ObjectKind::Enum, &actual.enums, enums, Self::labels);
        found.standing_alone(ObjectKind::Domain, &actual.domains, domains, Self::domain);
        found.standing_alone(ObjectKind::Table, &actual.tables, tables, Self::table);
        for name in actual.table_names() {
            if !tables.contains_key(name) {
                found.unexpected(Object::alone(ObjectKind::Table, name), Effect::Breaks);
            }
        }
        found.differences
    }

    fn push(&mut self, object: Object, kind: DifferenceKind, effect: Effect) {
        self.differences.push(Difference {
            object,
            kind,
            effect,
        });
    }

    fn missing(&mut self, object: Object) {
        self.push(object, DifferenceKind::Missing, Effect::Breaks);
    }

    fn unexpected(&mut self, object: Object, effect: Effect) {
        self.push(object, DifferenceKind::Unexpected, effect);
    }

    fn field<T: PartialEq + Shown + ?Sized>(
        &mut self,
        object: &Object,
        field: &'static str,
        actual: &T,
        desired: &T,
    ) {
        if actual != desired {
            let kind = DifferenceKind::Changed {
                field,
                actual: actual.shown(),
                desired: desired.shown(),
            };
            self.push(object.clone(), kind, Effect::Breaks);
        }
    }

    fn standing_alone<T>(
        &mut self,
        kind: ObjectKind,
        actual: &BTreeMap<Identifier, T>,
        desired: &BTreeMap<Identifier, T>,
        compare: impl Fn(&mut Self, &Object, &T, &T),
    ) {
        for (name, wanted) in desired {
            let object = Object::alone(kind, name);
            match actual.get(name) {
                None => self.missing(object),
                Some(there) => compare(self, &object, there, wanted),
            }
        }
    }

    fn labels(&mut self, object: &Object, actual: &Enum, desired: &Enum) {
        let Enum { labels } = desired;
        self.field(object, "labels", &actual.labels, labels);
    }

    fn domain(&mut self, object: &Object, actual: &Domain, desired: &Domain) {
        let Domain {
            ty,
            not_null,
            default,
            checks,
        } = desired;
        self.field(object, "type", &actual.ty, ty);
        self.field(object, "NOT NULL", &actual.not_null, not_null);
        self.field(object, "default", &actual.default, default);
        self.field(object, "constraints", &actual.checks, checks);
    }

    fn table(&mut self, object: &Object, actual: &Table, desired: &Table) {
        let Table {
            kind,
            persistence,
            columns,
            primary_key,
            indexes,
            foreign_keys,
            checks,
            triggers,
            rules,
            row_security,
            inherits,
            children,
            of_type,
            partitioning,
        } = desired;
        self.field(object, "kind", &actual.kind, kind);
        if actual.kind != *kind {
            return; // nothing on it can be compared
        }
        let table = &object.name;
        self.field(object, "persistence", &actual.persistence, persistence);
        self.field(object, "parents", &actual.inherits, inherits);
        self.field(object, "children", &actual.children, children);
        self.field(object, "composite type", &actual.of_type, of_type);
        self.field(object, "partitioning", &actual.partitioning, partitioning);
        self.columns(table, &actual.columns, columns);
        self.primary_key(table, actual.primary_key.as_ref(), primary_key.as_ref());
        let on = |kind| On { table, kind };
        self.named(
            on(ObjectKind::Index),
            &actual.indexes,
            indexes,
            |index| unexpected::index(index, actual),
            Self::index,
        );
        self.named(
            on(ObjectKind::ForeignKey),
            &actual.foreign_keys,
            foreign_keys,
            unexpected::always,
            Self::foreign_key,
        );
        self.named(
            on(ObjectKind::Check),
            &actual.checks,
            checks,
            unexpected::check,
            Self::definition,
        );
        self.named(
            on(ObjectKind::Trigger),
            &actual.triggers,
            triggers,
            unexpected::trigger,
            Self::trigger,
        );
        self.named(
            on(ObjectKind::Rule),
            &actual.rules,
            rules,
            unexpected::trigger,
            Self::trigger,
        );
        self.row_security(object, &actual.row_security, row_security);
    }

    fn columns(&mut self, table: &Identifier, actual: &[Column], desired: &[Column]) {
        let column = On {
            table,
            kind: ObjectKind::Column,
        };
        let there: BTreeMap<_, _> = actual.iter().map(|column| (&column.name, column)).collect();
        for wanted in desired {
            let object = column.named(&wanted.name);
            match there.get(&wanted.name) {
                None => self.missing(object),
                Some(there) => self.column(&object, there, wanted),
            }
        }
        let expected: BTreeSet<_> = desired.iter().map(|column| &column.name).collect();
        for extra in actual
            .iter()
            .filter(|there| !expected.contains(&there.name))
        {
            let effect = unexpected::column(extra, self.domains);
            self.unexpected(column.named(&extra.name), effect);
        }
    }

    fn column(&mut self, object: &Object, actual: &Column, desired: &Column) {
        let (actual, desired) = (actual.settled_as(desired), desired.settled_as(actual));
        let Column {
            name: _,
            ty,
            nullable,
            default,
            identity,
            generated,
            collation,
        } = &*desired;
        let collation_of = |collation: &Option<String>| {
            let name = collation.as_deref();
            name.unwrap_or("the type's own").to_owned()
        };
        self.field(object, "type", &actual.ty, ty);
        self.field(object, "NOT NULL", &!actual.nullable, &!nullable);
        self.field(object, "default", &actual.default, default);
        self.field(object, "identity", &actual.identity, identity);
        self.field(object, "generation", &actual.generated, generated);
        self.field(
            object,
            "collation",
            &collation_of(&actual.collation),
            &collation_of(collation),
        );
    }

    fn primary_key(
        &mut self,
        table: &Identifier,
        actual: Option<&PrimaryKey>,
        desired: Option<&PrimaryKey>,
    ) {
        let key = On {
            table,
            kind: ObjectKind::PrimaryKey,
        };
        match (actual, desired) {
            (None, None) => {}
            (None, Some(wanted)) => self.missing(key.named(&wanted.name)),
            (Some(there), None) => self.unexpected(key.named(&there.name), Effect::Breaks),
            (Some(there), Some(wanted)) => {
                let PrimaryKey {
                    name,
                    columns,
                    include,
                    deferrable,
                    state,
                } = wanted;
                let object = key.named(name);
                self.field(&object, "name", &there.name, name);
                self.field(&object, "columns", &there.columns, columns);
                self.field(&object, "included columns", &there.include, include);
                self.field(&object, "deferrability", &there.deferrable, deferrable);
                self.field(&object, "state", &there.state, state);
            }
        }
    }

    /// Compares things with names of their own. One that is missing while the same stands under
    /// another name is one difference: the name.
    fn named<T>(
        &mut self,
        on: On<'_>,
        actual: &BTreeMap<Identifier, T>,
        desired: &BTreeMap<Identifier, T>,
        effect: impl Fn(&T) -> Effect,
        compare: impl Fn(&mut Self, &Object, &T, &T),
    ) {
        let mut extra: BTreeMap<_, _> = actual
            .iter()
            .filter(|(name, _)| !desired.contains_key(*name))
            .collect();
        for (name, wanted) in desired {
            let object = on.named(name);
            if let Some(there) = actual.get(name) {
                compare(self, &object, there, wanted);
                continue;
            }
            let is_same = |there: &T| {
                let mut apart = Comparison {
                    differences: Vec::new(),
                    domains: self.domains,
                };
                compare(&mut apart, &object, there, wanted);
                apart.differences.is_empty()
            };
            let twin = extra.iter().find(|(_, there)| is_same(there));
            match twin.map(|(twin, _)| *twin) {
                Some(twin) => {
                    extra.remove(twin);
                    self.field(&object, "name", twin, name);
                }
                None => self.missing(object),
            }
        }
        for (name, there) in extra {
            self.unexpected(on.named(name), effect(there));
        }
    }

    fn index(&mut self, object: &Object, actual: &Index, desired: &Index) {
        let Index {
            keys,
            unique,
            nulls_not_distinct,
            deferrable,
            method,
            include,
            predicate,
            state,
            constraint: _,
        } = desired;
        let method_of = |method: &Option<String>| method.as_deref().unwrap_or("btree").to_owned();
        self.field(object, "keys", &actual.keys, keys);
        self.field(object, "uniqueness", &actual.unique, unique);
        self.field(
            object,
            "NULLS NOT DISTINCT",
            &actual.nulls_not_distinct,
            nulls_not_distinct,
        );
        self.field(object, "deferrability", &actual.deferrable, deferrable);
        self.field(
            object,
            "method",
            &method_of(&actual.method),
            &method_of(method),
        );
        self.field(object, "included columns", &actual.include, include);
        self.field(object, "predicate", &actual.predicate, predicate);
        self.field(object, "state", &actual.state, state);
    }

    fn foreign_key(&mut self, object: &Object, actual: &ForeignKey, desired: &ForeignKey) {
        let ForeignKey {
            columns,
            references,
            referenced_columns,
            on_delete,
            on_update,
            on_delete_columns,
            match_full,
            deferrable,
            validity,
            triggers: _,
            disabled_on: _,
        } = desired;
        let fired = |key: &ForeignKey| Fired {
            triggers: match key.triggers {
                Firing::Always => Firing::Enabled,
                other => other,
            },
            disabled_on: key.disabled_on.iter().cloned().collect(),
        };
        self.field(object, "columns", &actual.columns, columns);
        self.field(object, "referenced table", &actual.references, references);
        self.field(
            object,
            "referenced columns",
            &actual.referenced_columns,
            referenced_columns,
        );
        self.field(object, "ON DELETE", &actual.on_delete, on_delete);
        self.field(object, "ON UPDATE", &actual.on_update, on_update);
        self.field(
            object,
            "columns set on delete",
            &actual.on_delete_columns,
            on_delete_columns,
        );
        self.field(object, "MATCH FULL", &actual.match_full, match_full);
        self.field(object, "deferrability", &actual.deferrable, deferrable);
        self.field(object, "validation", &actual.validity, validity);
        self.field(object, "triggers", &fired(actual), &fired(desired));
    }

    fn trigger(&mut self, object: &Object, actual: &Trigger, desired: &Trigger) {
        let Trigger { definition, firing } = desired;
        self.field(object, "definition", &actual.definition, definition);
        self.field(object, "firing", &actual.firing, firing);
    }

    /// What is one text, with nothing in it to tell apart.
    fn definition<T: PartialEq + Shown>(&mut self, object: &Object, actual: &T, desired: &T) {
        self.field(object, "definition", actual, desired);
    }

    fn row_security(&mut self, object: &Object, actual: &RowSecurity, desired: &RowSecurity) {
        let RowSecurity {
            enabled,
            forced,
            policies,
        } = desired;
        self.field(
            object,
            "row-level security",
            &Switch(actual.enabled),
            &Switch(*enabled),
        );
        if actual.enabled || *enabled {
            self.field(
                object,
                "forced row-level security",
                &Switch(actual.forced),
                &Switch(*forced),
            );
        }
        let on = On {
            table: &object.name,
            kind: ObjectKind::Policy,
        };
        let effect = |_: &String| unexpected::policy(actual);
        self.named(on, &actual.policies, policies, effect, Self::definition);
    }
}

/// What kind of thing of which table is compared.
#[derive(Clone, Copy)]
struct On<'a> {
    table: &'a Identifier,
    kind: ObjectKind,
}

impl On<'_> {
    fn named(self, name: &Identifier) -> Object {
        Object::on(self.table, self.kind, name)
    }
}
