//! The walk through two schemas.
//!
//! Each part is taken to pieces by name, so that a field added to the model does not compile until it
//! is compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Column, Constraint, Domain, Enum, Firing, ForeignKey, Identifier, Index, PrimaryKey,
    RowSecurity, Schema, Table, Trigger,
};

use super::alteration::{Collation, IndexMethod, Sides, Switch, TriggerState};
use super::{Alteration, Difference, DifferenceKind, Effect, Object, ObjectKind, unexpected};

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

    fn field<T: PartialEq + Clone>(
        &mut self,
        object: &Object,
        alteration: impl Fn(Sides<T>) -> Alteration,
        live: &T,
        target: &T,
    ) {
        if live != target {
            let sides = Sides {
                live: live.clone(),
                target: target.clone(),
            };
            let kind = DifferenceKind::Changed(alteration(sides));
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
        let Enum {
            labels,
            in_any_order: _,
        } = desired;
        if !actual.has_labels_of(desired) {
            self.field(object, Alteration::Labels, &actual.labels, labels);
        }
    }

    fn domain(&mut self, object: &Object, actual: &Domain, desired: &Domain) {
        let Domain {
            ty,
            not_null,
            default,
            checks,
        } = desired;
        self.field(object, Alteration::Type, &actual.ty, ty);
        self.field(object, Alteration::NotNull, &actual.not_null, not_null);
        self.field(object, Alteration::DomainDefault, &actual.default, default);
        self.field(object, Alteration::DomainChecks, &actual.checks, checks);
    }

    fn table(&mut self, object: &Object, actual: &Table, desired: &Table) {
        let Table {
            kind,
            persistence,
            columns,
            in_any_order: _,
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
        self.field(object, Alteration::Kind, &actual.kind, kind);
        if actual.kind != *kind {
            return; // nothing on it can be compared
        }
        let table = &object.name;
        self.field(
            object,
            Alteration::Persistence,
            &actual.persistence,
            persistence,
        );
        self.field(object, Alteration::Parents, &actual.inherits, inherits);
        self.field(object, Alteration::Children, &actual.children, children);
        self.field(object, Alteration::CompositeType, &actual.of_type, of_type);
        self.field(
            object,
            Alteration::Partitioning,
            &actual.partitioning,
            partitioning,
        );
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
            Self::constraint,
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
        self.field(object, Alteration::Type, &actual.ty, ty);
        self.field(object, Alteration::NotNull, &!actual.nullable, &!nullable);
        self.field(object, Alteration::Default, &actual.default, default);
        self.field(object, Alteration::Identity, &actual.identity, identity);
        self.field(object, Alteration::Generation, &actual.generated, generated);
        self.field(
            object,
            Alteration::Collation,
            &Collation(actual.collation.clone()),
            &Collation(collation.clone()),
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
                self.field(&object, Alteration::Name, &there.name, name);
                self.field(&object, Alteration::Columns, &there.columns, columns);
                self.field(
                    &object,
                    Alteration::IncludedColumns,
                    &there.include,
                    include,
                );
                self.field(
                    &object,
                    Alteration::Deferrability,
                    &there.deferrable,
                    deferrable,
                );
                self.field(&object, Alteration::IndexState, &there.state, state);
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
                    self.field(&object, Alteration::Name, twin, name);
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
        self.field(object, Alteration::IndexKeys, &actual.keys, keys);
        self.field(object, Alteration::Uniqueness, &actual.unique, unique);
        self.field(
            object,
            Alteration::NullsNotDistinct,
            &actual.nulls_not_distinct,
            nulls_not_distinct,
        );
        self.field(
            object,
            Alteration::Deferrability,
            &actual.deferrable,
            deferrable,
        );
        self.field(
            object,
            Alteration::IndexMethod,
            &IndexMethod(actual.method.clone()),
            &IndexMethod(method.clone()),
        );
        self.field(
            object,
            Alteration::IncludedColumns,
            &actual.include,
            include,
        );
        self.field(object, Alteration::Predicate, &actual.predicate, predicate);
        self.field(object, Alteration::IndexState, &actual.state, state);
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
        let fired = |key: &ForeignKey| TriggerState {
            firing: match key.triggers {
                Firing::Always => Firing::Enabled,
                other => other,
            },
            disabled_on: key.disabled_on.clone(),
        };
        self.field(object, Alteration::Columns, &actual.columns, columns);
        self.field(
            object,
            Alteration::ReferencedTable,
            &actual.references,
            references,
        );
        self.field(
            object,
            Alteration::ReferencedColumns,
            &actual.referenced_columns,
            referenced_columns,
        );
        self.field(object, Alteration::OnDelete, &actual.on_delete, on_delete);
        self.field(object, Alteration::OnUpdate, &actual.on_update, on_update);
        self.field(
            object,
            Alteration::ColumnsSetOnDelete,
            &actual.on_delete_columns,
            on_delete_columns,
        );
        self.field(
            object,
            Alteration::MatchFull,
            &actual.match_full,
            match_full,
        );
        self.field(
            object,
            Alteration::Deferrability,
            &actual.deferrable,
            deferrable,
        );
        self.field(object, Alteration::Validity, &actual.validity, validity);
        self.field(
            object,
            Alteration::Triggers,
            &fired(actual),
            &fired(desired),
        );
    }

    fn trigger(&mut self, object: &Object, actual: &Trigger, desired: &Trigger) {
        let Trigger { definition, firing } = desired;
        self.field(
            object,
            Alteration::Definition,
            &actual.definition,
            definition,
        );
        self.field(object, Alteration::Firing, &actual.firing, firing);
    }

    fn constraint(&mut self, object: &Object, actual: &Constraint, desired: &Constraint) {
        self.field(object, Alteration::Constraint, actual, desired);
    }

    fn policy(&mut self, object: &Object, actual: &String, desired: &String) {
        self.field(object, Alteration::Definition, actual, desired);
    }

    fn row_security(&mut self, object: &Object, actual: &RowSecurity, desired: &RowSecurity) {
        let RowSecurity {
            enabled,
            forced,
            policies,
        } = desired;
        self.field(
            object,
            Alteration::RowSecurity,
            &Switch(actual.enabled),
            &Switch(*enabled),
        );
        if actual.enabled || *enabled {
            self.field(
                object,
                Alteration::ForcedRowSecurity,
                &Switch(actual.forced),
                &Switch(*forced),
            );
        }
        let on = On {
            table: &object.name,
            kind: ObjectKind::Policy,
        };
        let effect = |_: &String| unexpected::policy(actual);
        self.named(on, &actual.policies, policies, effect, Self::policy);
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
