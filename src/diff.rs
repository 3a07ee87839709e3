//! The one comparison. `plan`, `verify` and every printed diff read its [`Difference`]s, so they
//! cannot disagree.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ddl::key_list;
use crate::model::{
    Action, Column, ColumnDefault, Constraint, Deferrable, Domain, Firing, ForeignKey, Generated,
    Identifier, Identity, Index, IndexState, Persistence, PrimaryKey, RowSecurity, Schema, Table,
    TableKind, TableReference, Trigger, Validity,
};

/// One thing in which two schemas differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs.
    pub object: Object,
    /// How.
    pub kind: DifferenceKind,
    /// Whether it matters.
    pub effect: Effect,
}

/// How the actual schema differs from the desired one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum DifferenceKind {
    /// It is not there.
    Missing,
    /// It is there and nobody asked for it.
    Unexpected,
    /// It is there, and one thing about it is otherwise.
    Changed {
        /// What is otherwise.
        field: &'static str,
        /// What it is.
        actual: String,
        /// What it should be.
        desired: String,
    },
}

/// Whether a difference changes what the application can do, or what Prisma sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It does.
    Breaks,
    /// It does not; people may want to know.
    Harmless,
}

/// The address of a thing in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// The table it is on, or its own name when it stands by itself.
    pub owner: Identifier,
    /// What it is.
    pub kind: ObjectKind,
    /// Its name; the owner's when it stands by itself.
    pub name: Identifier,
}

/// What kind of thing an [`Object`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum ObjectKind {
    Enum,
    Domain,
    Table,
    Column,
    PrimaryKey,
    Index,
    ForeignKey,
    Check,
    Trigger,
    Rule,
    Policy,
}

impl ObjectKind {
    /// As a sentence names it.
    pub fn noun(self) -> &'static str {
        match self {
            ObjectKind::Enum => "enum",
            ObjectKind::Domain => "domain",
            ObjectKind::Table => "table",
            ObjectKind::Column => "column",
            ObjectKind::PrimaryKey => "primary key",
            ObjectKind::Index => "index",
            ObjectKind::ForeignKey => "foreign key",
            ObjectKind::Check => "constraint",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Rule => "rule",
            ObjectKind::Policy => "policy",
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => {
                write!(f, "{} {}", self.kind.noun(), self.name.quoted())
            }
            ObjectKind::Column => {
                write!(f, "column {}.{}", self.owner.quoted(), self.name.quoted())
            }
            kind => write!(
                f,
                "{} {} on {}",
                kind.noun(),
                self.name.quoted(),
                self.owner.quoted()
            ),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = &self.object;
        match &self.kind {
            DifferenceKind::Missing => write!(f, "{object} is missing"),
            DifferenceKind::Unexpected => write!(f, "{object} is not expected"),
            DifferenceKind::Changed {
                field,
                actual,
                desired,
            } => {
                write!(f, "{object}: {field} is {actual}, expected {desired}")
            }
        }
    }
}

/// What makes `actual` differ from `desired`, in the order of names. Empty for a schema and itself.
///
/// Both must have passed [`crate::model::canon::normalise`]. Views and sequences that nobody asked
/// for, and enums and domains no table uses, are not differences; the order of columns is none.
pub fn compare(actual: &Schema, desired: &Schema) -> Vec<Difference> {
    let Schema {
        enums,
        domains,
        tables,
    } = desired;
    let mut found = Comparison {
        differences: Vec::new(),
        domains: &actual.domains,
    };
    for (name, wanted) in enums {
        let object = standing_alone(ObjectKind::Enum, name);
        match actual.enums.get(name) {
            None => found.missing(object),
            Some(there) => {
                let labels = |labels: &[String]| format!("({})", labels.join(", "));
                found.field(&object, "labels", &there.labels, &wanted.labels, |l| {
                    labels(l)
                });
            }
        }
    }
    for (name, wanted) in domains {
        let object = standing_alone(ObjectKind::Domain, name);
        match actual.domains.get(name) {
            None => found.missing(object),
            Some(there) => found.domain(&object, there, wanted),
        }
    }
    for (name, wanted) in tables {
        match actual.tables.get(name) {
            None => found.missing(standing_alone(ObjectKind::Table, name)),
            Some(there) => found.table(name, there, wanted),
        }
    }
    for name in actual
        .table_names()
        .filter(|name| !tables.contains_key(*name))
    {
        found.unexpected(standing_alone(ObjectKind::Table, name), Effect::Breaks);
    }
    found.differences
}

fn standing_alone(kind: ObjectKind, name: &Identifier) -> Object {
    Object {
        owner: name.clone(),
        kind,
        name: name.clone(),
    }
}

struct Comparison<'a> {
    differences: Vec<Difference>,
    /// The domains that stand.
    domains: &'a BTreeMap<Identifier, Domain>,
}

impl Comparison<'_> {
    fn missing(&mut self, object: Object) {
        self.differences.push(Difference {
            object,
            kind: DifferenceKind::Missing,
            effect: Effect::Breaks,
        });
    }

    fn unexpected(&mut self, object: Object, effect: Effect) {
        self.differences.push(Difference {
            object,
            kind: DifferenceKind::Unexpected,
            effect,
        });
    }

    fn field<T: PartialEq + ?Sized>(
        &mut self,
        object: &Object,
        field: &'static str,
        actual: &T,
        desired: &T,
        show: impl Fn(&T) -> String,
    ) {
        if actual != desired {
            let kind = DifferenceKind::Changed {
                field,
                actual: show(actual),
                desired: show(desired),
            };
            self.differences.push(Difference {
                object: object.clone(),
                kind,
                effect: Effect::Breaks,
            });
        }
    }

    fn domain(&mut self, object: &Object, actual: &Domain, desired: &Domain) {
        let Domain {
            ty,
            not_null,
            default,
            checks,
        } = desired;
        self.field(object, "type", &actual.ty, ty, |ty| ty.sql());
        self.field(object, "NOT NULL", &actual.not_null, not_null, |yes| {
            yes_no(*yes)
        });
        self.field(object, "default", &actual.default, default, |d| {
            or_none(d.as_ref())
        });
        let definitions = |checks: &BTreeMap<Identifier, Constraint>| {
            let texts: Vec<_> = checks.values().map(constraint).collect();
            if texts.is_empty() {
                "none".to_owned()
            } else {
                texts.join(", ")
            }
        };
        self.field(object, "constraints", &actual.checks, checks, definitions);
    }

    fn table(&mut self, name: &Identifier, actual: &Table, desired: &Table) {
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
            partitioning,
        } = desired;
        let table = standing_alone(ObjectKind::Table, name);
        self.field(&table, "kind", &actual.kind, kind, |kind| {
            kind_name(*kind).to_owned()
        });
        if actual.kind != *kind {
            return; // nothing on it can be compared
        }
        self.field(
            &table,
            "persistence",
            &actual.persistence,
            persistence,
            |p| persistence_name(*p).to_owned(),
        );
        self.field(&table, "parents", &actual.inherits, inherits, |parents| {
            list(parents)
        });
        self.field(&table, "children", &actual.children, children, |children| {
            list(children)
        });
        self.field(
            &table,
            "partitioning",
            &actual.partitioning,
            partitioning,
            |p| or_none(p.as_ref()),
        );
        self.columns(name, &actual.columns, columns);
        self.primary_key(name, actual.primary_key.as_ref(), primary_key.as_ref());
        self.named(
            name,
            ObjectKind::Index,
            &actual.indexes,
            indexes,
            unexpected_index,
            Self::index,
        );
        self.named(
            name,
            ObjectKind::ForeignKey,
            &actual.foreign_keys,
            foreign_keys,
            breaks,
            Self::foreign_key,
        );
        self.named(
            name,
            ObjectKind::Check,
            &actual.checks,
            checks,
            unexpected_check,
            |found, object, there, wanted| {
                found.field(object, "definition", there, wanted, constraint);
            },
        );
        self.named(
            name,
            ObjectKind::Trigger,
            &actual.triggers,
            triggers,
            unexpected_trigger,
            Self::trigger,
        );
        self.named(
            name,
            ObjectKind::Rule,
            &actual.rules,
            rules,
            unexpected_trigger,
            Self::trigger,
        );
        self.row_security(&table, &actual.row_security, row_security);
    }

    fn columns(&mut self, table: &Identifier, actual: &[Column], desired: &[Column]) {
        let object = |name: &Identifier| Object {
            owner: table.clone(),
            kind: ObjectKind::Column,
            name: name.clone(),
        };
        let there: BTreeMap<_, _> = actual.iter().map(|column| (&column.name, column)).collect();
        for wanted in desired {
            match there.get(&wanted.name) {
                None => self.missing(object(&wanted.name)),
                Some(there) => self.column(&object(&wanted.name), there, wanted),
            }
        }
        for column in actual
            .iter()
            .filter(|column| desired.iter().all(|wanted| wanted.name != column.name))
        {
            let effect = unexpected_column(column, self.domains);
            self.unexpected(object(&column.name), effect);
        }
    }

    fn column(&mut self, object: &Object, actual: &Column, desired: &Column) {
        let Column {
            name: _,
            ty,
            nullable,
            default,
            identity,
            generated,
            collation,
        } = desired;
        self.field(object, "type", &actual.ty, ty, |ty| ty.sql());
        self.field(object, "NOT NULL", &!actual.nullable, &!nullable, |yes| {
            yes_no(*yes)
        });
        self.field(object, "default", &actual.default, default, |d| {
            d.as_ref().map_or("none".to_owned(), column_default)
        });
        self.field(object, "identity", &actual.identity, identity, |i| {
            or_none(i.map(identity_name))
        });
        self.field(object, "generation", &actual.generated, generated, |g| {
            or_none(g.as_ref().map(generation))
        });
        self.field(object, "collation", &actual.collation, collation, |c| {
            c.clone().unwrap_or_else(|| "the type's own".to_owned())
        });
    }

    fn primary_key(
        &mut self,
        table: &Identifier,
        actual: Option<&PrimaryKey>,
        desired: Option<&PrimaryKey>,
    ) {
        let object = |key: &PrimaryKey| Object {
            owner: table.clone(),
            kind: ObjectKind::PrimaryKey,
            name: key.name.clone(),
        };
        match (actual, desired) {
            (None, None) => {}
            (None, Some(wanted)) => self.missing(object(wanted)),
            (Some(there), None) => self.unexpected(object(there), Effect::Breaks),
            (Some(there), Some(wanted)) => {
                let PrimaryKey {
                    name,
                    columns,
                    include,
                    deferrable,
                    state,
                } = wanted;
                let object = object(wanted);
                self.field(&object, "name", &there.name, name, |name| name.quoted());
                self.field(&object, "columns", &there.columns, columns, |columns| {
                    name_list(columns)
                });
                self.field(
                    &object,
                    "included columns",
                    &there.include,
                    include,
                    |columns| name_list(columns),
                );
                self.field(
                    &object,
                    "deferrability",
                    &there.deferrable,
                    deferrable,
                    |d| deferrable_name(*d).to_owned(),
                );
                self.field(&object, "state", &there.state, state, |state| {
                    state_name(*state).to_owned()
                });
            }
        }
    }

    /// Compares things with names of their own. One that is missing while the same stands under
    /// another name is one difference: the name.
    fn named<T: Clone + PartialEq>(
        &mut self,
        table: &Identifier,
        kind: ObjectKind,
        actual: &BTreeMap<Identifier, T>,
        desired: &BTreeMap<Identifier, T>,
        effect: impl Fn(&T) -> Effect,
        compare: impl Fn(&mut Self, &Object, &T, &T),
    ) {
        let object = |name: &Identifier| Object {
            owner: table.clone(),
            kind,
            name: name.clone(),
        };
        let mut unexpected: BTreeMap<_, _> = actual
            .iter()
            .filter(|(name, _)| !desired.contains_key(*name))
            .collect();
        for (name, wanted) in desired {
            if let Some(there) = actual.get(name) {
                compare(self, &object(name), there, wanted);
                continue;
            }
            let twin = unexpected
                .iter()
                .find(|(_, there)| **there == wanted)
                .map(|(twin, _)| (*twin).clone());
            match twin {
                Some(twin) => {
                    unexpected.remove(&twin);
                    self.field(&object(name), "name", &twin, name, |name| name.quoted());
                }
                None => self.missing(object(name)),
            }
        }
        for (name, there) in unexpected {
            self.unexpected(object(name), effect(there));
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
        } = desired;
        self.field(object, "keys", &actual.keys, keys, |keys| {
            format!("({})", key_list(keys))
        });
        self.field(object, "uniqueness", &actual.unique, unique, |yes| {
            yes_no(*yes)
        });
        self.field(
            object,
            "NULLS NOT DISTINCT",
            &actual.nulls_not_distinct,
            nulls_not_distinct,
            |yes| yes_no(*yes),
        );
        self.field(
            object,
            "deferrability",
            &actual.deferrable,
            deferrable,
            |d| deferrable_name(*d).to_owned(),
        );
        self.field(object, "method", &actual.method, method, |m| {
            m.clone().unwrap_or_else(|| "btree".to_owned())
        });
        self.field(
            object,
            "included columns",
            &actual.include,
            include,
            |columns| name_list(columns),
        );
        self.field(object, "predicate", &actual.predicate, predicate, |p| {
            or_none(p.as_ref())
        });
        self.field(object, "state", &actual.state, state, |state| {
            state_name(*state).to_owned()
        });
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
            triggers,
        } = desired;
        self.field(object, "columns", &actual.columns, columns, |columns| {
            name_list(columns)
        });
        self.field(
            object,
            "referenced table",
            &actual.references,
            references,
            reference_name,
        );
        self.field(
            object,
            "referenced columns",
            &actual.referenced_columns,
            referenced_columns,
            |c| name_list(c),
        );
        let action = |action: &Action| action.sql().to_owned();
        self.field(object, "ON DELETE", &actual.on_delete, on_delete, action);
        self.field(object, "ON UPDATE", &actual.on_update, on_update, action);
        self.field(
            object,
            "columns set on delete",
            &actual.on_delete_columns,
            on_delete_columns,
            |c| name_list(c),
        );
        self.field(
            object,
            "MATCH FULL",
            &actual.match_full,
            match_full,
            |yes| yes_no(*yes),
        );
        self.field(
            object,
            "deferrability",
            &actual.deferrable,
            deferrable,
            |d| deferrable_name(*d).to_owned(),
        );
        self.field(object, "validation", &actual.validity, validity, |v| {
            validity_name(*v).to_owned()
        });
        let enforced = |firing: Firing| {
            if firing == Firing::Always {
                Firing::Enabled
            } else {
                firing
            }
        };
        self.field(
            object,
            "triggers",
            &enforced(actual.triggers),
            &enforced(*triggers),
            |f| firing_name(*f).to_owned(),
        );
    }

    fn trigger(&mut self, object: &Object, actual: &Trigger, desired: &Trigger) {
        let Trigger { definition, firing } = desired;
        self.field(
            object,
            "definition",
            &actual.definition,
            definition,
            |text| text.to_owned(),
        );
        self.field(object, "firing", &actual.firing, firing, |f| {
            firing_name(*f).to_owned()
        });
    }

    fn row_security(&mut self, table: &Object, actual: &RowSecurity, desired: &RowSecurity) {
        let RowSecurity {
            enabled,
            forced,
            policies,
        } = desired;
        self.field(
            table,
            "row-level security",
            &actual.enabled,
            enabled,
            |yes| on_off(*yes),
        );
        if actual.enabled || *enabled {
            self.field(
                table,
                "forced row-level security",
                &actual.forced,
                forced,
                |yes| on_off(*yes),
            );
        }
        let effect = |_: &String| {
            if actual.enabled {
                Effect::Breaks
            } else {
                Effect::Harmless
            }
        };
        self.named(
            &table.owner,
            ObjectKind::Policy,
            &actual.policies,
            policies,
            effect,
            |found, object, there, wanted| {
                found.field(object, "definition", there, wanted, String::clone);
            },
        );
    }
}

// What something unexpected means is decided here.

/// A column that a row may leave out costs nothing. One that is required, or computed, or whose domain
/// has conditions, may refuse rows.
fn unexpected_column(column: &Column, domains: &BTreeMap<Identifier, Domain>) -> Effect {
    let ty = column.ty.as_str();
    let mut strict = domains
        .iter()
        .filter(|(_, domain)| domain.not_null || !domain.checks.is_empty());
    let of_strict_domain = strict.any(|(name, _)| *name == *ty || name.quoted() == ty);
    if column.nullable && column.generated.is_none() && !of_strict_domain {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

fn unexpected_check(check: &Constraint) -> Effect {
    match check.validity {
        Validity::NotEnforced => Effect::Harmless,
        Validity::Valid | Validity::NotValid => Effect::Breaks,
    }
}

fn breaks<T>(_: &T) -> Effect {
    Effect::Breaks
}

/// A plain index costs time; a unique one refuses rows.
fn unexpected_index(index: &Index) -> Effect {
    if index.unique {
        Effect::Breaks
    } else {
        Effect::Harmless
    }
}

fn unexpected_trigger(trigger: &Trigger) -> Effect {
    if matches!(trigger.firing, Firing::Disabled | Firing::ReplicaOnly) {
        Effect::Harmless
    } else {
        Effect::Breaks
    }
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

fn name_list(names: &[Identifier]) -> String {
    let names: Vec<_> = names.iter().map(Identifier::quoted).collect();
    format!("({})", names.join(", "))
}

fn constraint(constraint: &Constraint) -> String {
    match constraint.validity {
        Validity::Valid => constraint.definition.clone(),
        other => format!("{} ({})", constraint.definition, validity_name(other)),
    }
}

fn reference_name(reference: &TableReference) -> String {
    match reference {
        TableReference::Here(table) => table.quoted(),
        TableReference::Elsewhere { schema, table } => {
            format!("{}.{}", schema.quoted(), table.quoted())
        }
    }
}

/// A default as people write it.
pub fn column_default(default: &ColumnDefault) -> String {
    match default {
        ColumnDefault::Autoincrement => "the next value of its own sequence".to_owned(),
        ColumnDefault::Sequence(options) => {
            format!("the next value of its own sequence ({options})")
        }
        ColumnDefault::Expression(expression) => expression.to_string(),
    }
}

fn generation(generated: &Generated) -> String {
    format!(
        "({}) {}",
        generated.expression,
        if generated.stored {
            "STORED"
        } else {
            "VIRTUAL"
        }
    )
}

fn identity_name(identity: Identity) -> &'static str {
    match identity {
        Identity::Always => "ALWAYS",
        Identity::ByDefault => "BY DEFAULT",
    }
}

fn kind_name(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table => "a table",
        TableKind::PartitionedTable => "a partitioned table",
        TableKind::View => "a view",
        TableKind::MaterializedView => "a materialized view",
        TableKind::ForeignTable => "a foreign table",
        TableKind::Sequence => "a sequence",
        TableKind::CompositeType => "a composite type",
    }
}

fn persistence_name(persistence: Persistence) -> &'static str {
    match persistence {
        Persistence::Permanent => "permanent",
        Persistence::Unlogged => "UNLOGGED: a crash empties it",
        Persistence::Temporary => "TEMPORARY",
    }
}

fn deferrable_name(deferrable: Deferrable) -> &'static str {
    match deferrable {
        Deferrable::No => "NOT DEFERRABLE",
        Deferrable::InitiallyImmediate => "DEFERRABLE INITIALLY IMMEDIATE",
        Deferrable::InitiallyDeferred => "DEFERRABLE INITIALLY DEFERRED",
    }
}

fn state_name(state: IndexState) -> &'static str {
    match state {
        IndexState::Valid => "valid",
        IndexState::Invalid => {
            "INVALID: a concurrent build did not finish, and queries do not use it"
        }
        IndexState::NotReady => {
            "not ready: a concurrent build did not finish, and writes do not maintain it"
        }
    }
}

fn validity_name(validity: Validity) -> &'static str {
    match validity {
        Validity::Valid => "valid",
        Validity::NotValid => "NOT VALID: rows that stood before were not checked",
        Validity::NotEnforced => "NOT ENFORCED: no row is checked",
    }
}

fn firing_name(firing: Firing) -> &'static str {
    match firing {
        Firing::Enabled => "enabled",
        Firing::Always => "enabled always",
        Firing::ReplicaOnly => "enabled for replicas only",
        Firing::Disabled => "disabled",
        Firing::Missing => "missing from the catalog",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lower::lower;
    use leora_schema::LEORA;

    #[test]
    fn a_schema_does_not_differ_from_itself() {
        let schema = lower(&LEORA);
        assert_eq!(compare(&schema, &schema), []);
    }

    #[test]
    fn an_empty_database_misses_each_table_and_nothing_else() {
        let differences = compare(&Schema::default(), &lower(&LEORA));
        let texts: Vec<_> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                r#"table "DashboardWidget" is missing"#,
                r#"table "Job" is missing"#,
                r#"table "MetricDefinition" is missing"#,
                r#"table "Tenant" is missing"#,
                r#"table "User" is missing"#,
            ]
        );
    }

    #[test]
    fn a_renamed_index_is_one_difference() {
        let desired = lower(&LEORA);
        let mut actual = desired.clone();
        let job = actual.tables.get_mut("Job").expect("declared");
        let index = job.indexes.remove("Job_status_idx").expect("declared");
        job.indexes
            .insert(Identifier::new("other").expect("legal"), index);
        let texts: Vec<_> = compare(&actual, &desired)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [r#"index "Job_status_idx" on "Job": name is "other", expected "Job_status_idx""#]
        );
    }
}
