//! The live foreign-key graph, with what was promised of it: which tables rows can be made in, and
//! which foreign keys lie between them.

use std::collections::{BTreeMap, BTreeSet};

use super::places::{LinkId, List};
use super::subject::Subject;
use super::value::{self, Maker};
use crate::model::{
    Action, Column, ColumnDefault, Deferrable, Expression, ForeignKey, Identifier, References,
    Schema, Table,
};
use crate::verify::user_code::Event;

/// What a database taught about its rows when some could not be made.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    /// Tables that take no row, with the reason.
    pub(super) unbuildable: BTreeMap<Identifier, String>,
    /// Tables that take a row with the required columns only.
    pub(super) sparse: BTreeSet<Identifier>,
    /// Tables that take no row with the required columns only: they get all, and name others by all
    /// foreign keys.
    pub(super) rich: BTreeSet<Identifier>,
    /// Of those, tables that take no row that names another by the foreign keys otherwise left NULL.
    pub(super) fragile: BTreeSet<Identifier>,
    /// Columns of a table that conditions speak of together.
    pub(super) tied: Vec<(Identifier, BTreeSet<Identifier>)>,
    /// How to make the values of a table's column.
    pub(super) makers: BTreeMap<(Identifier, Identifier), Maker>,
}

/// The tables that rows are made in, and the foreign keys between them.
pub(super) struct World<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) learned: &'a Learned,
    /// The tables that rows are made in, as they stand.
    pub(super) tables: BTreeMap<&'a Identifier, &'a Table>,
    /// The tables that are concerned and in which no row is made, with the reason.
    pub(super) left_out: BTreeMap<&'a Identifier, String>,
    /// The foreign keys between the tables, promised or live.
    pub(super) links: List<LinkId, Link<'a>>,
    /// The columns of a table that stay NULL, as a foreign key would look for a row where none is made, with the reason.
    pub(super) kept_null: BTreeMap<&'a Identifier, BTreeMap<&'a Identifier, String>>,
    by_child: BTreeMap<&'a Identifier, Vec<LinkId>>,
    /// The live foreign keys, those of tables without rows too.
    pub(super) references: References<'a>,
}

/// A foreign key, as promised, as it stands, or both.
pub(super) struct Link<'a> {
    pub(super) child: &'a Identifier,
    pub(super) parent: &'a Identifier,
    /// Referencing and referenced column, in pairs.
    pub(super) columns: Vec<(&'a Identifier, &'a Identifier)>,
    pub(super) name: &'a Identifier,
    pub(super) declared: Option<&'a ForeignKey>,
    pub(super) live: Option<&'a ForeignKey>,
    /// The name of the live constraint, where it is another's.
    pub(super) live_name: Option<&'a Identifier>,
    /// What deleting the referenced row does: as promised, where something is.
    pub(super) on_delete: Action,
    /// What changing the referenced key does: as promised, where something is.
    pub(super) on_update: Action,
    /// `INITIALLY DEFERRED`.
    pub(super) deferred: bool,
    /// The live constraint has to be satisfied by every row: none of its columns takes NULL.
    pub(super) required: bool,
}

impl<'a> Link<'a> {
    pub(super) fn has_column(&self, name: &Identifier) -> bool {
        self.columns.iter().any(|(own, _)| *own == name)
    }

    /// Whether it looks when the transaction ends, and not before, where this is what it does: only NO ACTION can wait
    /// (PostgreSQL manual, CREATE TABLE).
    pub(super) fn waits(&self, action: Action) -> bool {
        self.deferred && action == Action::NoAction
    }

    /// The columns that SET NULL and SET DEFAULT touch on delete.
    pub(super) fn touched_on_delete(&self) -> Vec<&'a Identifier> {
        let key = self.declared.or(self.live);
        let named = key
            .map(|key| key.on_delete_columns.as_slice())
            .unwrap_or_default();
        let all = self.columns.iter().map(|(own, _)| *own);
        all.filter(|own| named.is_empty() || named.contains(own))
            .collect()
    }
}

impl<'a> World<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, learned: &'a Learned) -> World<'a> {
        let mut world = World {
            subject,
            learned,
            tables: BTreeMap::new(),
            left_out: BTreeMap::new(),
            links: List::new(),
            kept_null: BTreeMap::new(),
            by_child: BTreeMap::new(),
            references: subject.actual.references(),
        };
        world.find_tables();
        for name in world.tables.keys().copied().collect::<Vec<_>>() {
            let reason = learned
                .unbuildable
                .get(name)
                .cloned()
                .or_else(|| world.would_fire(name, Event::Insert))
                .or_else(|| world.cannot_be_filled(name))
                .or_else(|| world.could_be_hidden(name));
            if let Some(reason) = reason {
                world.leave_out(name, reason);
            }
        }
        world.leave_out_what_needs_them();
        world.find_links();
        world
    }

    /// The promised tables, and every live one that references them, directly or not.
    fn find_tables(&mut self) {
        let Subject {
            actual, desired, ..
        } = *self.subject;
        for name in desired
            .tables
            .iter()
            .filter(|(_, table)| table.kind.is_table())
            .map(|(name, _)| name)
        {
            match actual.tables.get(name) {
                Some(table) if stands_alone(table) => {
                    self.tables.insert(name, table);
                }
                Some(table) if table.of_type.is_some() => {
                    self.left_out
                        .insert(name, "its columns are those of a type".to_owned());
                }
                Some(table) if table.kind.is_table() => {
                    self.left_out
                        .insert(name, "it is part of another table".to_owned());
                }
                Some(table) => {
                    self.left_out
                        .insert(name, format!("it is {}", table.kind.noun()));
                }
                None => {
                    self.left_out.insert(name, "it is not there".to_owned());
                }
            }
        }
        let mut ahead: Vec<_> = self.tables.keys().copied().collect();
        while let Some(parent) = ahead.pop() {
            for (child, ..) in self.references.to(parent.as_str()) {
                let table = &actual.tables[*child];
                if stands_alone(table) && self.tables.insert(child, table).is_none() {
                    ahead.push(child);
                }
            }
        }
    }

    pub(super) fn leave_out(&mut self, name: &'a Identifier, reason: String) {
        self.tables.remove(name);
        self.left_out.insert(name, reason);
    }

    /// A policy that asks about other rows: what is gone and what is merely hidden look the same.
    fn could_be_hidden(&self, name: &Identifier) -> Option<String> {
        let security = &self.tables.get(name)?.row_security;
        let asks = || {
            security
                .policies
                .iter()
                .find(|(_, policy)| policy.to_ascii_uppercase().contains("SELECT"))
        };
        let (policy, _) =
            (security.enabled && !self.subject.bypasses_row_security).then(asks)??;
        let policy = policy.quoted();
        Some(format!(
            "its policy {policy} asks about other rows, so a row that is there could be hidden from this role"
        ))
    }

    fn cannot_be_filled(&self, name: &Identifier) -> Option<String> {
        let table = self.tables.get(name)?;
        let types = self.subject.actual;
        table
            .columns
            .iter()
            .filter(|column| self.must_be_given(name, column))
            .find_map(|column| {
                let reason = value::fresh(&column.ty, types, 0, 0).err()?;
                Some(format!(
                    "{reason}, which column {} needs",
                    column.name.quoted()
                ))
            })
    }

    fn find_links(&mut self) {
        let desired = self.subject.desired;
        let mut links = Vec::new();
        for (child, table) in &self.tables {
            let declared = desired.tables.get(*child).map(|table| &table.foreign_keys);
            let mut live: Vec<_> = table.foreign_keys.iter().collect();
            for (name, key) in declared.into_iter().flatten() {
                let at = live
                    .iter()
                    .position(|(other, there)| *other == name && same_reference(key, there));
                let at = at.or_else(|| {
                    live.iter()
                        .position(|(_, there)| same_reference(key, there))
                });
                let there = at.map(|at| live.remove(at));
                links.extend(self.link(child, name, Some(key), there));
            }
            for (name, there) in live {
                links.extend(self.link(child, name, None, Some((name, there))));
            }
        }
        self.links = self.keep_null(links).into();
        for (at, link) in self.links.placed() {
            self.by_child.entry(link.child).or_default().push(at);
        }
    }

    fn link(
        &self,
        child: &'a Identifier,
        name: &'a Identifier,
        declared: Option<&'a ForeignKey>,
        live: Option<(&'a Identifier, &'a ForeignKey)>,
    ) -> Option<Link<'a>> {
        let (live_name, live) = live.unzip();
        let key = declared.or(live)?;
        let parent = key.references.here()?;
        let (own, referenced) = (self.tables.get(child)?, self.tables.get(parent)?);
        let columns: Vec<_> = key.columns.iter().zip(&key.referenced_columns).collect();
        let there = columns.iter().all(|(c, r)| {
            own.column(c.as_str()).is_some() && referenced.column(r.as_str()).is_some()
        });
        there.then(|| Link {
            child,
            parent,
            required: live.is_some() && columns.iter().all(|(c, _)| !self.takes_null(own, c)),
            columns,
            name,
            declared,
            live,
            live_name,
            on_delete: key.on_delete,
            on_update: key.on_update,
            deferred: key.deferrable == Deferrable::InitiallyDeferred,
        })
    }

    /// The table called `name`, when rows are made in it.
    pub(super) fn named(&self, name: &str) -> Option<&'a Identifier> {
        self.tables.keys().copied().find(|table| **table == *name)
    }

    /// The tenants' table, when rows are made in it.
    pub(super) fn tenant(&self) -> Option<&'a Identifier> {
        self.named(self.subject.declaration.tenant)
    }

    /// Whether `table` is that of the tenants.
    pub(super) fn is_tenant(&self, table: &Identifier) -> bool {
        *table == *self.subject.declaration.tenant
    }

    /// How the values of a column are made, when it was learned.
    pub(super) fn maker(&self, table: &Identifier, column: &Identifier) -> Option<&'a Maker> {
        self.learned.makers.get(&(table.clone(), column.clone()))
    }

    /// Whether a column has fewer values than a proof may have rows.
    pub(super) fn is_narrow(&self, table: &Identifier, column: &Identifier) -> bool {
        let definition = self
            .tables
            .get(table)
            .and_then(|table| table.column(column.as_str()));
        self.maker(table, column).is_some_and(Maker::is_narrow)
            || definition.is_some_and(|column| value::is_narrow(&column.ty, self.subject.actual))
    }

    /// Whether a condition wants a foreign key to name nothing where all others name something.
    pub(super) fn leaves_null(&self, link: &Link<'_>) -> bool {
        link.columns
            .iter()
            .any(|(own, _)| self.maker(link.child, own) == Some(&Maker::Null))
    }

    /// Whether a condition speaks of two foreign keys of one table together.
    pub(super) fn are_tied(&self, one: &Link<'_>, other: &Link<'_>) -> bool {
        let of_table = self
            .learned
            .tied
            .iter()
            .filter(|(table, _)| table == one.child);
        let has = |columns: &BTreeSet<Identifier>, link: &Link<'_>| {
            link.columns.iter().any(|(own, _)| columns.contains(*own))
        };
        of_table
            .into_iter()
            .any(|(_, columns)| has(columns, one) && has(columns, other))
    }

    /// The statement that defers what is initially deferred, when anything is.
    pub(super) fn defer(&self) -> Option<String> {
        let is = |deferrable: Deferrable| deferrable == Deferrable::InitiallyDeferred;
        let says = |definition: &str| definition.contains("INITIALLY DEFERRED");
        let named = self.subject.actual.tables.values().flat_map(|table| {
            let keys = table
                .foreign_keys
                .iter()
                .filter(move |(_, key)| is(key.deferrable))
                .map(|(name, _)| name);
            let primary = table
                .primary_key
                .iter()
                .filter(move |key| is(key.deferrable))
                .map(|key| &key.name);
            let indexes = table
                .indexes
                .iter()
                .filter(move |(_, index)| is(index.deferrable))
                .map(|(name, _)| name);
            let checks = table
                .checks
                .iter()
                .filter(move |(_, check)| says(&check.definition))
                .map(|(name, _)| name);
            let triggers = table
                .triggers
                .iter()
                .filter(move |(_, one)| says(&one.definition))
                .map(|(name, _)| name);
            keys.chain(primary)
                .chain(indexes)
                .chain(checks)
                .chain(triggers)
        });
        let schema = self.subject.schema.quoted();
        let names: BTreeSet<_> = named
            .map(|name| format!("{schema}.{}", name.quoted()))
            .collect();
        let names: Vec<_> = names.into_iter().collect();
        (!names.is_empty()).then(|| format!("SET CONSTRAINTS {} DEFERRED", names.join(", ")))
    }

    /// The foreign keys of `child`, as places in [`World::links`].
    pub(super) fn links_of(&self, child: &Identifier) -> &[LinkId] {
        self.by_child
            .get(child)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(super) fn takes_null(&self, table: &Table, column: &Identifier) -> bool {
        table
            .column(column.as_str())
            .is_none_or(|column| column.nullable && !self.domain_refuses_null(column))
    }

    fn domain_refuses_null(&self, column: &Column) -> bool {
        let mut domains = self.subject.actual.domains_of(&column.ty).into_iter();
        domains.any(|domain| domain.not_null)
    }

    /// Whether a row has to bring a value: the column takes no NULL and the database fills nothing in, or would take
    /// it from a sequence, which no rollback undoes, or from code that may not run.
    pub(super) fn must_be_given(&self, table: &Identifier, column: &Column) -> bool {
        let required = !column.nullable || self.domain_refuses_null(column);
        column.generated.is_none()
            && (column.identity.is_some()
                || self.refused_default(table, &column.name).is_some()
                || match &column.default {
                    None | Some(ColumnDefault::Any) => required,
                    Some(ColumnDefault::Autoincrement | ColumnDefault::Sequence(_)) => true,
                    Some(ColumnDefault::Expression(expression)) => {
                        expression.as_str().contains("nextval(")
                    }
                })
    }

    /// What the declared table fills in for a column; the live one, when the table is not declared.
    pub(super) fn promised_default(
        &self,
        table: &Identifier,
        column: &Identifier,
    ) -> Option<&'a Expression> {
        let Subject {
            actual, desired, ..
        } = *self.subject;
        let of = |schema: &'a Schema| schema.tables.get(table);
        match &of(desired).or(of(actual))?.column(column.as_str())?.default {
            Some(ColumnDefault::Expression(expression)) => Some(expression),
            _ => None,
        }
    }
}

/// Whether its rows and columns are its own alone, as those of a child, a partition or a typed table are not.
fn stands_alone(table: &Table) -> bool {
    table.kind.is_table() && table.inherits.is_empty() && table.of_type.is_none()
}

fn same_reference(one: &ForeignKey, other: &ForeignKey) -> bool {
    let pairs = |key: &'_ ForeignKey| {
        let mut pairs: Vec<_> = key
            .columns
            .iter()
            .cloned()
            .zip(key.referenced_columns.iter().cloned())
            .collect();
        pairs.sort();
        pairs
    };
    one.references == other.references && pairs(one) == pairs(other)
}
