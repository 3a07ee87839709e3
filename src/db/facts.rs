//! What the catalogs do not say: which tables hold rows, and who recorded the migration.

use std::collections::BTreeMap;

use super::introspect::settings_for;
use super::session::{QueryError, Session};
use crate::model::name::literal;
use crate::model::{Identifier, Schema};
use crate::plan::Rows;
use crate::verify::evidence::Recorded;

/// What was found beside the catalogs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Which of the tables asked for hold rows.
    pub rows: BTreeMap<Identifier, Rows>,
    /// Who recorded the migration.
    pub recorded: Recorded,
}

/// Looks at the rows of `tables`, as far as they stand in `actual`, and for a record of `migration`.
/// One round trip, none when there is nothing to look at.
///
/// # Errors
///
/// When a table may not be read, or row-level security would hide rows of it.
pub fn facts(
    session: &mut Session,
    actual: &Schema,
    tables: &[Identifier],
    migration: &str,
) -> Result<Facts, QueryError> {
    let standing: Vec<_> = tables
        .iter()
        .filter(|name| actual.tables.get(*name).is_some_and(|t| t.kind.is_table()))
        .collect();
    let mut questions: Vec<String> = standing
        .iter()
        .map(|name| format!("SELECT EXISTS (SELECT FROM {})", name.quoted()))
        .collect();
    let ours = session.server.may_read_history;
    if ours {
        questions.push(format!(
            "SELECT to_char(finished_at, 'YYYY-MM-DD HH24:MI:SS') || ' by ' || applied_by FROM leora_migrate.migration \
             WHERE name = {} AND target_schema = {} AND state = 'applied' ORDER BY finished_at DESC LIMIT 1",
            literal(migration),
            literal(session.schema.as_str()),
        ));
    }
    if session.server.may_read_prisma_history {
        questions.push(format!(
            "SELECT migration_name FROM _prisma_migrations WHERE right(migration_name, {}) = {} \
             AND finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY finished_at DESC LIMIT 1",
            migration.chars().count() + 1,
            literal(&format!("_{migration}")),
        ));
    }
    if questions.is_empty() {
        return Ok(Facts::default());
    }
    // Off: a policy that would hide rows is an error instead of an empty table.
    let batch = format!(
        "BEGIN TRANSACTION READ ONLY;\n{}SET LOCAL row_security = off;\n{};\nCOMMIT",
        settings_for(&session.schema),
        questions.join(";\n")
    );
    let answers = session.batch("looking for rows and records", &batch)?;
    let first = |at: usize| {
        answers
            .get(at)
            .and_then(|rows| rows.first())
            .and_then(|row| row.get(0))
            .map(str::to_owned)
    };
    let rows = standing
        .iter()
        .enumerate()
        .map(|(at, name)| {
            (
                (*name).clone(),
                Rows {
                    any: first(at).as_deref() == Some("t"),
                },
            )
        })
        .collect();
    let here = if ours { first(standing.len()) } else { None };
    let by_prisma = first(standing.len() + usize::from(ours));
    let recorded = match (here, by_prisma) {
        (Some(when), _) => Recorded::Here(when),
        (None, Some(name)) => Recorded::ByPrisma(name),
        (None, None) => Recorded::Nowhere,
    };
    Ok(Facts { rows, recorded })
}
