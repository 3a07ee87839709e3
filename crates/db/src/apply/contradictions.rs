//! Rows that a unique index or a foreign key could not be made over, looked for before anything is done.

use crate::introspect::{settings_for, short_waits};
use crate::orphans::rows_that_name_none;
use crate::query::{Answers, Batch, answer};
use crate::session::{QueryError, Session};
use leora_core::ddl::Change;
use leora_core::model::{ForeignKey, Identifier, Index, IndexTarget};
use leora_core::plan::{Plan, Step};
use leora_core::verify::counted::counted;

use super::attempt::roll_back;
use super::preflight::Obstacle;

/// How long is looked for each. What takes longer is left to PostgreSQL, which finds it too, midway.
const LOOKING: &str = "SET LOCAL statement_timeout = '5s';\n";

/// The rows that steps of `plan` would fail over. A round trip for each unique index and foreign key that
/// is to be made on a table that holds rows; one that is not answered in seconds is not looked for.
///
/// # Errors
///
/// When the connection is gone.
pub fn contradictions(session: &mut Session, plan: &Plan) -> Result<Vec<Obstacle>, QueryError> {
    let mut found = Vec::new();
    for question in plan.steps.iter().filter_map(|step| question(plan, step)) {
        let mut batch = Batch::default();
        let asked = batch.write::<Contradiction>(question.sql.clone());
        let sql = format!(
            "BEGIN TRANSACTION READ ONLY;\n{}{LOOKING}{}SET LOCAL row_security = off;\n{};\nCOMMIT",
            short_waits(session),
            settings_for(&session.schema),
            batch.sql()
        );
        match session.batch(DOING, &sql) {
            Ok(answers) => {
                let rows = Answers::new(answers).take(asked);
                let rows = rows.map_err(|unreadable| unreadable.doing(DOING))?;
                found.extend(rows.first().map(|row| question.obstacle(row)));
            }
            Err(error) if error.is_loss() => return Err(error),
            Err(_) => roll_back(session)?,
        }
    }
    Ok(found)
}

const DOING: &str = "looking for rows that contradict";

answer! {
    /// How many there are, and one of them.
    struct Contradiction of written "rows" {
        number: usize,
        example: String,
    }
}

/// What is asked of a step: how many there are, and one of them.
struct Question {
    /// One [`Contradiction`], or none.
    sql: String,
    /// What it counts.
    counted: (&'static str, &'static str),
    /// What is the matter, before the number and after it.
    matter: (String, String),
    remedy: String,
}

impl Question {
    fn obstacle(&self, row: &Contradiction) -> Obstacle {
        let (one, many) = self.counted;
        let number = counted(row.number, one, many);
        let example = &row.example;
        let (holds, therefore) = &self.matter;
        Obstacle {
            reason: format!("{holds} {number}, as ({example}), so {therefore} cannot be made"),
            remedy: self.remedy.clone(),
        }
    }
}

fn question(plan: &Plan, step: &Step) -> Option<Question> {
    let held = |table: &Identifier| plan.basis.held_rows.contains(table);
    match &step.change {
        Change::CreateIndex {
            table, name, index, ..
        } if index.unique && held(table) => twice(table, name, index),
        Change::AddForeignKey {
            table, name, key, ..
        } if held(table) => orphans(plan, table, name, key),
        Change::ValidateForeignKey { table, name, .. } if held(table) => {
            let key = plan.basis.stood.tables.get(table)?.foreign_keys.get(name)?;
            orphans(plan, table, name, key)
        }
        _ => None,
    }
}

/// Keys that several rows have. Of an index that compares otherwise than its columns do, nothing is asked.
fn twice(table: &Identifier, name: &Identifier, index: &Index) -> Option<Question> {
    let mut columns = Vec::new();
    for key in &index.keys {
        match &key.on {
            IndexTarget::Column(column)
                if key.operator_class.is_none() && key.collation.is_none() =>
            {
                columns.push(column.quoted());
            }
            _ => return None,
        }
    }
    if index.predicate.is_some() || index.nulls_not_distinct {
        return None;
    }
    let rest = format!(
        "FROM {} WHERE {} GROUP BY {list} HAVING pg_catalog.count(*) > 1",
        table.quoted(),
        all_given("", &columns),
        list = columns.join(", "),
    );
    Some(Question {
        sql: format!(
            "SELECT pg_catalog.count(*) OVER () AS number, {} AS example {rest} LIMIT 1",
            example("", &columns)
        ),
        counted: ("value", "values"),
        matter: (
            format!(
                "several rows of {} have the same ({}):",
                table.quoted(),
                columns.join(", ")
            ),
            format!("the unique index {}", name.quoted()),
        ),
        remedy: format!(
            "This loses data: the rows that you delete. Change or delete all rows but one of each. They are: SELECT {}, count(*) {rest};",
            columns.join(", ")
        ),
    })
}

/// Rows of `table` that name a row which is not there.
fn orphans(
    plan: &Plan,
    table: &Identifier,
    name: &Identifier,
    key: &ForeignKey,
) -> Option<Question> {
    let parent = key.references.here()?;
    let columns: Vec<_> = key.columns.iter().map(Identifier::quoted).collect();
    let stood = &plan.basis.stood.tables;
    let there = stood.get_key_value(parent);
    let rest = rows_that_name_none(table, stood.get(table)?, there, key);
    Some(Question {
        sql: format!(
            "SELECT pg_catalog.count(*) OVER () AS number, {} AS example {rest} LIMIT 1",
            example("c.", &columns)
        ),
        counted: ("row", "rows"),
        matter: (
            format!(
                "rows of {} name by ({}) none of {} that is there:",
                table.quoted(),
                columns.join(", "),
                parent.quoted()
            ),
            format!("the foreign key {}", name.quoted()),
        ),
        remedy: format!(
            "This loses data: the rows that you delete. Delete them, or let them name one that is there. They are: SELECT * {rest};"
        ),
    })
}

fn all_given(before: &str, columns: &[String]) -> String {
    let given: Vec<_> = columns
        .iter()
        .map(|column| format!("{before}{column} IS NOT NULL"))
        .collect();
    given.join(" AND ")
}

fn example(before: &str, columns: &[String]) -> String {
    let texts: Vec<_> = columns
        .iter()
        .map(|column| format!("{before}{column}::text"))
        .collect();
    format!("pg_catalog.concat_ws(', ', {})", texts.join(", "))
}
