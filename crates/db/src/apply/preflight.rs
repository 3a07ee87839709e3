//! What would stop a plan, asked before anything is done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::pooled::is_pooled;
use crate::catalog::ServerVersion;
use crate::connect::Target;
use crate::query::{Answer as _, Answers, Batch, Parameters, Query, answer};
use crate::record_table::{CodeRunByWrites, RecordTable};
use crate::session::{QueryError, Session, Unreadable};
use leora_core::ddl::Change;
use leora_core::model::{Identifier, Schema, TableReference, in_a_line, printable};
use leora_core::plan::record::{HISTORY_SCHEMA, HistoryState};
use leora_core::plan::{Plan, Step, Transaction};
use leora_core::verify::settings::{ENFORCE_AGAIN, NOT_ENFORCED};

/// Something that stands in the way of a plan, and how it is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What is the matter.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}. {}",
            in_a_line(&self.reason),
            printable(&self.remedy)
        )
    }
}

impl Obstacle {
    /// What a table that is to be written to would run.
    pub(crate) fn of_code(code: &CodeRunByWrites) -> Obstacle {
        let (reason, remedy) = code.told();
        obstacle(reason, remedy)
    }
}

const DOING: &str = "asking for rights";

fn obstacle(reason: impl Into<String>, remedy: impl Into<String>) -> Obstacle {
    Obstacle {
        reason: reason.into(),
        remedy: remedy.into(),
    }
}

/// Everything that would make `plan` fail, or unsafe, on this connection: a server that cannot, a
/// pooler under steps that need a session, or several transactions, a right that is missing. One round trip, and a second
/// connection where there are such steps.
///
/// # Errors
///
/// When PostgreSQL does not answer.
pub fn preflight(
    target: &Target,
    session: &mut Session,
    plan: &Plan,
) -> Result<Vec<Obstacle>, QueryError> {
    let several = plan.transactions().len() > 1;
    preflight_of(target, session, &plan.steps, &plan.basis.stood, several)
}

/// The same for `steps` on a schema in which `stood` stands, in `several` transactions or in one.
pub(crate) fn preflight_of(
    target: &Target,
    session: &mut Session,
    steps: &[Step],
    stood: &Schema,
    several: bool,
) -> Result<Vec<Obstacle>, QueryError> {
    let mut obstacles = of_server(session);
    if !obstacles.is_empty() || steps.is_empty() {
        return Ok(obstacles);
    }
    let edited = steps.iter().filter(|step| step.sql != step.change.sql());
    obstacles.extend(edited.map(|step| {
        obstacle(
            format!(
                "the plan says \"{}\", and its statement is another: {}",
                step.change.summary(),
                step.sql
            ),
            "Make the plan anew; a plan is not edited by hand.",
        )
    }));
    let altered: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| altered(step, stood))
        .collect();
    let referenced: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| referenced(step, stood))
        .collect();
    let of_schema = Parameters::of_schema(&session.schema);
    let tables = referenced.iter().map(|(table, _)| *table);
    let tables: BTreeSet<_> = tables.chain(altered.iter().copied()).collect();
    let of_tables = of_schema
        .clone()
        .texts("tables", tables.into_iter().map(Identifier::as_str));
    let version = session.server.version();
    let mut batch = Batch::default();
    let create = batch.ask::<CreatePrivileges>(version, &of_schema);
    let history = batch.ask::<RecordTable>(version, &RecordTable::of_history());
    let tables = batch.ask::<TablePrivileges>(version, &of_tables);
    let has_history = matches!(session.server.history, HistoryState::Present(_));
    let code = has_history.then(|| {
        let of_writes = CodeRunByWrites::of_history(version);
        batch.ask::<CodeRunByWrites>(version, &of_writes)
    });
    let mut answers = Answers::new(session.ask(DOING, &batch.sql())?);
    obstacles.extend(of_pooler(target, session, steps, several)?);
    let read = || {
        let create = answers.one(create)?;
        let history = answers.take(history)?;
        let tables = answers.take(tables)?;
        let tables: BTreeMap<_, _> = tables.iter().map(|row| (&row.table, row)).collect();
        obstacles.extend(create.of_history(history.first()));
        if steps.iter().any(|step| creates(&step.change)) {
            obstacles.extend(create.of_schema());
        }
        let altered = altered.iter().filter_map(|table| tables.get(table));
        obstacles.extend(altered.filter_map(|row| row.of_owner(&create.role)));
        let referenced = referenced.iter().filter_map(|(table, columns)| {
            let row = tables.get(table)?;
            row.of_references(columns, &create)
        });
        obstacles.extend(referenced);
        if let Some(code) = code {
            obstacles.extend(answers.take(code)?.iter().map(Obstacle::of_code));
        }
        Ok(())
    };
    read().map_err(|unreadable: Unreadable| unreadable.doing(DOING))?;
    Ok(obstacles)
}

answer! {
    struct CreatePrivileges of "create_privileges" {
        role: String,
        database: String,
        schema: String,
        may_create: bool,
        may_create_schemas: bool,
        may_create_history_table: Option<bool>,
    }
}

answer! {
    struct TablePrivileges of "table_privileges" {
        table: Identifier,
        quoted: String,
        owner: String,
        may_alter: bool,
        may_reference: bool,
        closed_columns: Vec<Identifier>,
    }
}

impl CreatePrivileges {
    /// The history is kept by whoever migrates: its schema is created once, and written to each time.
    fn of_history(&self, table: Option<&RecordTable>) -> Option<Obstacle> {
        let CreatePrivileges { role, database, .. } = self;
        match (self.may_create_history_table, table) {
            (None, _) if !self.may_create_schemas => Some(obstacle(
                format!(
                    "the role {role} may not create schemas in database {database}, and the history needs one"
                ),
                format!(
                    "GRANT CREATE ON DATABASE {database} TO {role}; -- or: CREATE SCHEMA {HISTORY_SCHEMA} AUTHORIZATION {role};"
                ),
            )),
            (Some(false), None) => Some(obstacle(
                format!("the role {role} may not create in schema {HISTORY_SCHEMA}"),
                format!("GRANT USAGE, CREATE ON SCHEMA {HISTORY_SCHEMA} TO {role};"),
            )),
            (_, Some(table)) if !table.may_be_used() => Some(obstacle(
                format!("the role {role} may not write to the history, {HISTORY_SCHEMA}.migration"),
                format!(
                    "GRANT USAGE ON SCHEMA {HISTORY_SCHEMA} TO {role}; GRANT SELECT, INSERT, UPDATE ON {HISTORY_SCHEMA}.migration TO {role};"
                ),
            )),
            _ => None,
        }
    }

    fn of_schema(&self) -> Option<Obstacle> {
        let CreatePrivileges { role, schema, .. } = self;
        (!self.may_create).then(|| {
            obstacle(
                format!("the role {role} may not create in schema {schema}"),
                format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};"),
            )
        })
    }
}

impl TablePrivileges {
    fn of_owner(&self, role: &str) -> Option<Obstacle> {
        let TablePrivileges { quoted, owner, .. } = self;
        (!self.may_alter).then(|| {
            obstacle(
                format!("the role {role} does not own {quoted}, which is to be changed"),
                format!("GRANT {owner} TO {role}; -- its owner, or run it as that role"),
            )
        })
    }

    fn of_references(&self, columns: &[Identifier], create: &CreatePrivileges) -> Option<Obstacle> {
        let CreatePrivileges { role, schema, .. } = create;
        let quoted = &self.quoted;
        let is_closed = |column: &Identifier| self.closed_columns.contains(column);
        (!self.may_reference && columns.iter().any(is_closed)).then(|| {
            obstacle(
                format!("the role {role} may not make foreign keys to {quoted}"),
                format!("GRANT REFERENCES ON TABLE {schema}.{quoted} TO {role};"),
            )
        })
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[CreatePrivileges::QUERY, TablePrivileges::QUERY];

/// What is the matter with the server itself.
fn of_server(session: &Session) -> Vec<Obstacle> {
    let server = &session.server;
    let mut obstacles = Vec::new();
    if server.version() < ServerVersion::OLDEST {
        obstacles.push(obstacle(
            format!("the server is PostgreSQL {}", server.version),
            format!("It takes {} or newer.", ServerVersion::OLDEST.major()),
        ));
    }
    if server.in_recovery {
        obstacles.push(obstacle(
            "the server is a replica, which takes no changes",
            "Name its primary; with several hosts, target_session_attrs=read-write finds it.",
        ));
    } else if server.read_only {
        obstacles.push(obstacle(
            "transactions are read-only here (default_transaction_read_only)",
            "Find out who set it (the address's options, the role, the database, or a provider whose disk is full) and why.",
        ));
    }
    if server.schema_oid.is_none() {
        obstacles.push(obstacle(
            format!(
                "there is no schema {} in database {}; it has: {}",
                session.schema.quoted(),
                server.database,
                server.schemas
            ),
            "Name another database with --url, or another schema with --schema.",
        ));
    }
    if server.session_replication_role == "replica" {
        obstacles.push(obstacle(NOT_ENFORCED, ENFORCE_AGAIN));
    }
    obstacles
}

/// Steps that stand alone need a session that stays, and so does the lock that keeps other migrations out over several
/// transactions.
fn of_pooler(
    target: &Target,
    session: &mut Session,
    steps: &[Step],
    several: bool,
) -> Result<Option<Obstacle>, QueryError> {
    let alone: Vec<_> = steps
        .iter()
        .filter(|step| step.transaction == Transaction::Alone)
        .map(|step| step.change.summary())
        .collect();
    if (alone.is_empty() && !several) || !is_pooled(target, session)? {
        return Ok(None);
    }
    let what = match alone.is_empty() {
        true => {
            "one table at a time, in several transactions, needs a session of its own".to_owned()
        }
        false => format!(
            "these steps need a session of their own: {}",
            alone.join("; ")
        ),
    };
    Ok(Some(obstacle(
        format!("the connection goes through a pooler, and {what}"),
        "Use the direct address (DIRECT_URL; Supabase: port 5432) for this.",
    )))
}

fn creates(change: &Change) -> bool {
    matches!(
        change,
        Change::CreateTable { .. } | Change::CreateEnum { .. } | Change::CreateIndex { .. }
    )
}

/// The table that stood before and that the step changes.
fn altered<'a>(step: &'a Step, stood: &Schema) -> Option<&'a Identifier> {
    let table = match &step.change {
        Change::AddColumn { table, .. }
        | Change::AddPrimaryKey { table, .. }
        | Change::CreateIndex { table, .. }
        | Change::AddForeignKey { table, .. }
        | Change::ValidateForeignKey { table, .. }
        | Change::DropColumn { table, .. }
        | Change::DropConstraint { table, .. }
        | Change::Grant { table, .. }
        | Change::Revoke { table, .. } => table,
        Change::DropTable { name } => name,
        _ => return None,
    };
    stood.tables.contains_key(table).then_some(table)
}

/// The table that stood before and that the step makes a foreign key to, with the columns.
fn referenced<'a>(step: &'a Step, stood: &Schema) -> Option<(&'a Identifier, &'a [Identifier])> {
    let Change::AddForeignKey { key, .. } = &step.change else {
        return None;
    };
    match &key.references {
        TableReference::Here(table) if stood.tables.contains_key(table) => {
            Some((table, &key.referenced_columns))
        }
        _ => None,
    }
}
