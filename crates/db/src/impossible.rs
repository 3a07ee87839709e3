//! Rows that a table's own catalog entries rule out: doubles under a unique index, NULL where none may be.

use leora_core::model::{Identifier, Index, IndexState, IndexTarget, Table};
use leora_core::verify::evidence::Impossible;

/// Set before the questions: an index that rows are missing from must not answer for the table.
pub(super) const READ_THE_TABLE: &str = "SET LOCAL enable_indexscan = off;\nSET LOCAL enable_indexonlyscan = off;\n\
     SET LOCAL enable_bitmapscan = off";

/// Each thing that must not be in `table`, with the question, of one row and one boolean, whether it is.
pub(super) fn questions(name: &Identifier, table: &Table) -> Vec<(Impossible, String)> {
    let of_key = table
        .primary_key
        .iter()
        .filter(|key| key.state == IndexState::Valid);
    let keys = of_key.map(|key| key.columns.clone());
    let of_indexes = table.indexes.values().filter_map(plain_columns);
    let mut questions: Vec<_> = keys
        .chain(of_indexes)
        .map(|columns| alike(name, table.only(), columns))
        .collect();
    let required = table.columns.iter().filter(|column| !column.nullable);
    let required: Vec<_> = required
        .map(|column| format!("t.{}", column.name.quoted()))
        .collect();
    if !required.is_empty() {
        // As IS NULL, PostgreSQL 17 would answer by the catalog and not read a row.
        let sql = format!(
            "SELECT EXISTS (SELECT FROM {}{} t WHERE pg_catalog.num_nulls({}) OPERATOR(pg_catalog.>) 0) AS is_so",
            table.only(),
            name.quoted(),
            required.join(", ")
        );
        questions.push((
            Impossible::Null {
                table: name.clone(),
            },
            sql,
        ));
    }
    questions
}

fn alike(table: &Identifier, only: &str, columns: Vec<Identifier>) -> (Impossible, String) {
    let quoted: Vec<_> = columns.iter().map(Identifier::quoted).collect();
    let given: Vec<_> = quoted
        .iter()
        .map(|column| format!("{column} IS NOT NULL"))
        .collect();
    let sql = format!(
        "SELECT EXISTS (SELECT FROM {only}{} WHERE {} GROUP BY {} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS is_so",
        table.quoted(),
        given.join(" AND "),
        quoted.join(", "),
    );
    let table = table.clone();
    (Impossible::Alike { table, columns }, sql)
}

/// The columns of an index in force that is unique over all rows and compares as its columns do.
fn plain_columns(index: &Index) -> Option<Vec<Identifier>> {
    let in_force = index.unique && index.predicate.is_none() && index.state == IndexState::Valid;
    let columns = index.keys.iter().map(|key| match &key.on {
        IndexTarget::Column(column) if key.operator_class.is_none() && key.collation.is_none() => {
            Some(column.clone())
        }
        _ => None,
    });
    columns.collect::<Option<Vec<_>>>().filter(|_| in_force)
}
