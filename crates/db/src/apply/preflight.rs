//! What would stop a plan, asked before anything is done.

use std::collections::BTreeSet;
use std::fmt;

use super::pooled::is_pooled;
use crate::catalog::ServerVersion;
use crate::connect::Target;
use crate::query::{Answers, Batch};
use crate::record_table::CodeRunByWrites;
use crate::session::{QueryError, Session};
use leora_core::ddl::Change;
use leora_core::model::name::literal;
use leora_core::model::{Identifier, Schema, TableReference, in_a_line, printable};
use leora_core::plan::record::HISTORY_SCHEMA;
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
    let mut questions = questions(&session.schema, steps, stood);
    let mut batch = Batch::default();
    let version = session.server.version();
    let code = match (session.server.has_history, Identifier::new(HISTORY_SCHEMA)) {
        (true, Ok(schema)) => {
            let of_writes = CodeRunByWrites::of(&schema, "migration", version);
            let code = batch.ask::<CodeRunByWrites>(version, &of_writes);
            questions = format!("{};\n{questions}", batch.sql());
            Some(code)
        }
        _ => None,
    };
    let mut answers = session.ask(DOING, &questions)?;
    obstacles.extend(of_pooler(target, session, steps, several)?);
    let rights = answers.split_off(usize::from(code.is_some()));
    for row in rights.iter().flatten() {
        let (Some(reason), Some(remedy)) = (row.get(0), row.get(1)) else {
            continue;
        };
        obstacles.push(obstacle(reason, remedy));
    }
    if let Some(code) = code {
        let code = Answers::new(answers).take(code);
        let code = code.map_err(|unreadable| unreadable.doing(DOING))?;
        obstacles.extend(code.iter().map(Obstacle::of_code));
    }
    session.has_read(DOING)?;
    Ok(obstacles)
}

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

/// Questions whose rows are a reason and a remedy each.
fn questions(schema: &Identifier, steps: &[Step], stood: &Schema) -> String {
    let mut questions = vec![history_rights()];
    if steps.iter().any(|step| creates(&step.change)) {
        questions.push(format!(
            "SELECT pg_catalog.format('the role %I may not create in schema %I', current_user, {schema}),\n  \
             pg_catalog.format('GRANT USAGE, CREATE ON SCHEMA %I TO %I;', {schema}, current_user)\n\
             WHERE NOT pg_catalog.has_schema_privilege({schema}, 'CREATE') OR NOT pg_catalog.has_schema_privilege({schema}, 'USAGE')",
            schema = literal(schema.as_str()),
        ));
    }
    let altered: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| altered(step, stood))
        .collect();
    questions.extend(altered.into_iter().map(|table| {
        format!(
            "SELECT pg_catalog.format('the role %I does not own %I, which is to be changed', current_user, c.relname),\n  \
             pg_catalog.format('GRANT %I TO %I; -- its owner, or run it as that role', o.rolname, current_user)\n\
             FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner\n\
             WHERE c.relnamespace = {}::regnamespace::oid AND c.relname = {} AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')",
            literal(&schema.quoted_plain()),
            literal(table.as_str()),
        )
    }));
    let referenced: BTreeSet<_> = steps
        .iter()
        .filter_map(|step| referenced(step, stood))
        .collect();
    questions.extend(referenced.into_iter().map(|(table, columns)| {
        let columns: Vec<_> = columns.iter().map(|column| literal(column.as_str())).collect();
        format!(
            "SELECT pg_catalog.format('the role %I may not make foreign keys to %I', current_user, c.relname),\n  \
             pg_catalog.format('GRANT REFERENCES ON TABLE %I.%I TO %I;', {schema}, c.relname, current_user)\n\
             FROM pg_class c\n\
             WHERE c.relnamespace = {namespace}::regnamespace::oid AND c.relname = {table}\n  \
             AND NOT pg_catalog.has_table_privilege(c.oid, 'REFERENCES')\n  \
             AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ({columns})\n    \
             AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'REFERENCES'))",
            schema = literal(schema.as_str()),
            namespace = literal(&schema.quoted_plain()),
            table = literal(table.as_str()),
            columns = columns.join(", "),
        )
    }));
    questions.join(";\n")
}

/// The history is kept by whoever migrates: its schema is created once, and written to each time.
fn history_rights() -> String {
    let schema = literal(HISTORY_SCHEMA);
    format!(
        "SELECT pg_catalog.format('the role %I may not create schemas in database %I, and the history needs one', current_user, pg_catalog.current_database()),\n  \
         pg_catalog.format('GRANT CREATE ON DATABASE %I TO %I; -- or: CREATE SCHEMA {HISTORY_SCHEMA} AUTHORIZATION %I;', pg_catalog.current_database(), current_user, current_user)\n\
         WHERE pg_catalog.to_regnamespace({schema}) IS NULL AND NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE');\n\
         SELECT pg_catalog.format('the role %I may not create in schema {HISTORY_SCHEMA}', current_user),\n  \
         pg_catalog.format('GRANT USAGE, CREATE ON SCHEMA {HISTORY_SCHEMA} TO %I;', current_user)\n\
         FROM pg_namespace n WHERE n.nspname = {schema}\n  \
         AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'migration')\n  \
         AND NOT (pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'));\n\
         SELECT pg_catalog.format('the role %I may not write to the history, {HISTORY_SCHEMA}.migration', current_user),\n  \
         pg_catalog.format('GRANT USAGE ON SCHEMA {HISTORY_SCHEMA} TO %I; GRANT SELECT, INSERT, UPDATE ON {HISTORY_SCHEMA}.migration TO %I;', current_user, current_user)\n\
         FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'migration'\n\
         WHERE n.nspname = {schema} AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')\n  \
         AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'))"
    )
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
