//! The answers about the tables, read one after the other into a schema.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Tables;
use super::access::{AccessRow, access};
use super::constraints::{ConstraintRow, ForeignKeys};
use super::guards::{MissingTriggersRow, PolicyRow, RuleRow, TriggerRow};
use super::indexes::{IndexRow, OperatorClassRow};
use super::relations::{ColumnRow, InheritanceRow, RelationRow, SequenceRow};
use super::replication::AskedReplication;
use super::types::{DomainRow, EnumRow};
use crate::counters::Sequence;
use crate::query::{Answer as _, Answers, Asked, Batch, Parameters, Query};
use crate::session::{Session, Unreadable};
use leora_core::model::access::Access;
use leora_core::model::replication::Replication;
use leora_core::model::{Identifier, Schema, Table, canon};
use leora_core::verify::proof::TableSize;

/// Tables that belong to Prisma and not to the application.
const NOT_THE_APPLICATIONS: &[&str] = &["_prisma_migrations"];

/// All queries about tables, but those about replication.
pub(super) const QUERIES: &[Query] = &[
    RelationRow::QUERY,
    InheritanceRow::QUERY,
    ColumnRow::QUERY,
    SequenceRow::QUERY,
    ConstraintRow::QUERY,
    OperatorClassRow::QUERY,
    IndexRow::QUERY,
    TriggerRow::QUERY,
    MissingTriggersRow::QUERY,
    RuleRow::QUERY,
    PolicyRow::QUERY,
    EnumRow::QUERY,
    DomainRow::QUERY,
    AccessRow::QUERY,
];

/// The queries about the tables of a schema, asked in one batch.
pub(crate) struct AskedTables {
    relations: Asked<RelationRow>,
    inheritance: Asked<InheritanceRow>,
    columns: Asked<ColumnRow>,
    sequences: Asked<SequenceRow>,
    constraints: Asked<ConstraintRow>,
    operator_classes: Asked<OperatorClassRow>,
    indexes: Asked<IndexRow>,
    triggers: Asked<TriggerRow>,
    missing_triggers: Asked<MissingTriggersRow>,
    rules: Asked<RuleRow>,
    policies: Asked<PolicyRow>,
    enums: Asked<EnumRow>,
    domains: Asked<DomainRow>,
    access: Asked<AccessRow>,
    replication: AskedReplication,
}

impl AskedTables {
    /// Adds the queries to `batch`, for a transaction with [`super::settings_for`] the schema.
    pub(crate) fn ask(session: &Session, batch: &mut Batch) -> AskedTables {
        let version = session.server.version();
        let of_schema = Parameters::of_schema(&session.schema);
        let of_roles = of_schema
            .clone()
            .text("become", version.privilege_to_become());
        AskedTables {
            relations: batch.ask(version, &of_schema),
            inheritance: batch.ask(version, &of_schema),
            columns: batch.ask(version, &of_schema),
            sequences: batch.ask(version, &of_schema),
            constraints: batch.ask(version, &of_schema),
            operator_classes: batch.ask(version, &of_schema),
            indexes: batch.ask(version, &of_schema),
            triggers: batch.ask(version, &of_schema),
            missing_triggers: batch.ask(version, &of_schema),
            rules: batch.ask(version, &of_schema),
            policies: batch.ask(version, &of_schema),
            enums: batch.ask(version, &of_schema),
            domains: batch.ask(version, &of_schema),
            access: batch.ask(version, &of_roles),
            replication: AskedReplication::ask(session, batch, &of_schema),
        }
    }

    /// Reads the answers.
    pub(super) fn read(self, answers: &mut Answers) -> Result<Reader, Unreadable> {
        let mut reader = Reader::default();
        reader.relations(answers.take(self.relations)?);
        reader.inheritance(answers.take(self.inheritance)?)?;
        reader.columns(answers.take(self.columns)?)?;
        reader.sequences(answers.take(self.sequences)?)?;
        let constraints = answers.take(self.constraints)?;
        let foreign_keys = ForeignKeys::of(&constraints);
        let backing = reader.constraints(constraints, &foreign_keys)?;
        let operator_classes = answers.take(self.operator_classes)?;
        reader.indexes(answers.take(self.indexes)?, operator_classes, &backing)?;
        reader.triggers(answers.take(self.triggers)?, &foreign_keys)?;
        reader.missing_triggers(answers.take(self.missing_triggers)?, &foreign_keys)?;
        reader.rules(answers.take(self.rules)?)?;
        reader.policies(answers.take(self.policies)?)?;
        reader.enums(answers.take(self.enums)?);
        reader.domains(answers.take(self.domains)?);
        reader.access = access(answers.take(self.access)?)?;
        reader.replication = self.replication.read(answers)?;
        Ok(reader)
    }
}

/// A relation, as far as it is read.
pub(super) struct Entry {
    pub(super) name: Identifier,
    pub(super) table: Table,
    /// Position in `table.columns` by attribute number; dropped columns leave gaps.
    pub(super) by_number: HashMap<i16, usize>,
    pub(super) collations: Vec<u32>,
    pub(super) size: TableSize,
    pub(super) readable: bool,
}

impl Entry {
    /// The place of the column of an attribute number.
    pub(super) fn position(
        &self,
        query: Query,
        column: &'static str,
        number: i16,
    ) -> Result<usize, Unreadable> {
        let position = self.by_number.get(&number).copied();
        position.ok_or(Unreadable::Unresolved {
            query: query.name,
            column,
            expected: "column",
            number: number.into(),
        })
    }

    /// The columns of the attribute numbers.
    pub(super) fn names(
        &self,
        query: Query,
        column: &'static str,
        numbers: &[i16],
    ) -> Result<Vec<Identifier>, Unreadable> {
        let name = |number: &i16| {
            let position = self.position(query, column, *number)?;
            Ok(self.table.columns[position].name.clone())
        };
        numbers.iter().map(name).collect()
    }
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Reader {
    /// By oid.
    pub(super) relations: HashMap<u32, Entry>,
    /// The relations that extensions made, which are not the application's.
    pub(super) of_extensions: HashSet<u32>,
    pub(super) schema: Schema,
    pub(super) owned_sequences: Vec<Sequence>,
    access: Access,
    replication: Replication,
}

impl Reader {
    /// The relation of an oid; `None` when it is an extension's.
    pub(super) fn relation(
        &mut self,
        query: Query,
        column: &'static str,
        oid: u32,
    ) -> Result<Option<&mut Entry>, Unreadable> {
        let entry = self.relations.get_mut(&oid);
        if entry.is_none() && !self.of_extensions.contains(&oid) {
            return Err(unresolved(query, column, oid));
        }
        Ok(entry)
    }

    /// Its name.
    pub(super) fn name(
        &self,
        query: Query,
        column: &'static str,
        oid: u32,
    ) -> Result<Option<Identifier>, Unreadable> {
        match self.relations.get(&oid) {
            Some(entry) => Ok(Some(entry.name.clone())),
            None if self.of_extensions.contains(&oid) => Ok(None),
            None => Err(unresolved(query, column, oid)),
        }
    }

    /// All that was read.
    pub(super) fn finish(mut self) -> Tables {
        let readable = self.relations.values().filter(|entry| entry.readable);
        let readable = readable.map(|entry| entry.name.clone()).collect();
        let sizes: BTreeMap<_, _> = self
            .relations
            .values()
            .map(|entry| (entry.name.clone(), entry.size))
            .collect();
        let tables = self.relations.into_values();
        self.schema.tables = tables
            .map(|entry| (entry.name, entry.table))
            .filter(|(name, _)| !NOT_THE_APPLICATIONS.contains(&name.as_str()))
            .collect();
        Tables {
            schema: canon::normalise(self.schema),
            access: self.access,
            replication: self.replication,
            readable,
            sizes,
            sequences: self.owned_sequences,
        }
    }
}

fn unresolved(query: Query, column: &'static str, oid: u32) -> Unreadable {
    Unreadable::Unresolved {
        query: query.name,
        column,
        expected: "relation",
        number: oid.into(),
    }
}
