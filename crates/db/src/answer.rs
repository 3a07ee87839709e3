//! What a server answered to one statement, as text, and what of it could not be read.
//!
//! What is no PostgreSQL server, or a pooler that rewrites answers, may answer with fewer columns, or with something else
//! in them. A newer PostgreSQL may have values in its catalogs that this program does not know. Both are errors.

use std::sync::{Arc, OnceLock};

use postgres::SimpleQueryRow;

use leora_core::model::said;

/// What of an answer could not be read. Queries are named as their files in `crates/db/sql`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A row has fewer columns than were asked for. Places count from 0.
    #[error("it has {of} columns, and column {} was asked for", column + 1)]
    TooFew {
        /// The place of the column.
        column: usize,
        /// How many there are.
        of: usize,
    },
    /// The answer has no column of the name.
    #[error("query {query} has no column {column}")]
    Missing {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A column holds what it cannot hold.
    #[error("query {query}, column {column}: {} is no {expected}", shown(found.as_deref()))]
    Unexpected {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it holds; `None` for NULL.
        found: Option<String>,
    },
    /// A column holds a code that this program does not know: PostgreSQL is newer than it.
    #[error(
        "query {query}, column {column}: {} is no known {expected}; the server may be newer than leora-migrate: update it",
        shown(Some(found))
    )]
    Unknown {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// A number refers to nothing in the answers of the same snapshot.
    #[error(
        "query {query}, column {column}: there is no {expected} of number {number}; the server may be newer than \
         leora-migrate: update it"
    )]
    Unresolved {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// What it refers to.
        expected: &'static str,
        /// An oid, or the number of a column.
        number: i64,
    },
    /// A column holds bytes that are no UTF-8: a database of the encoding SQL_ASCII gives out what it was given
    /// (manual, 24.3.4).
    #[error("column {column} is no UTF-8, as a name or a value of a database in SQL_ASCII may be")]
    NotUtf8 {
        /// The column.
        column: String,
    },
    /// There is no row where one was asked for.
    #[error("it has no row")]
    NoRow,
    /// A query has no answer.
    #[error("query {query} has no answer")]
    NoAnswer {
        /// The query.
        query: &'static str,
    },
}

/// A value for a message: short, and safe to print.
fn shown(found: Option<&str>) -> String {
    const LONGEST: usize = 40;
    match found {
        None => "NULL".to_owned(),
        Some(text) => {
            let short: String = text.chars().take(LONGEST).collect();
            let more = if short.len() < text.len() { "..." } else { "" };
            format!("\"{}{more}\"", said(&short))
        }
    }
}

/// The first thing in a session that could not be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading(Arc<OnceLock<Unreadable>>);

impl Reading {
    pub(super) fn fails(&self, with: Unreadable) {
        // The first one stays: what follows may come of it.
        let _ = self.0.set(with);
    }

    pub(super) fn failure(&self) -> Option<Unreadable> {
        self.0.get().cloned()
    }
}

/// The answer to one statement: the names of its columns, and its rows.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    columns: Vec<String>,
    rows: Vec<Row>,
}

impl Rows {
    pub(super) fn new<'a>(columns: impl Iterator<Item = &'a str>) -> Rows {
        Rows {
            columns: columns.map(str::to_owned).collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: &SimpleQueryRow, reading: &Reading) {
        self.rows.push(Row::new(row, reading));
    }

    /// An answer as a test wants it.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(columns: [&str; N], rows: &[[Option<&str>; N]]) -> Rows {
        let mut answer = Rows::new(columns.into_iter());
        answer
            .rows
            .extend(rows.iter().map(|cells| Row::of(cells.iter().copied())));
        answer
    }

    /// The same with one row.
    #[cfg(test)]
    pub(crate) fn of_one<'a>(
        columns: &[&str],
        cells: impl Iterator<Item = Option<&'a str>>,
    ) -> Rows {
        let mut answer = Rows::new(columns.iter().copied());
        answer.rows.push(Row::of(cells));
        answer
    }

    /// The names of the columns, and the cells of each row.
    pub(super) fn into_parts(self) -> (Vec<String>, impl Iterator<Item = Vec<Option<String>>>) {
        (self.columns, self.rows.into_iter().map(|row| row.cells))
    }

    /// The first row.
    pub fn first(&self) -> Option<&Row> {
        self.rows.first()
    }

    /// The rows.
    pub fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.rows.iter()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Row;
    type IntoIter = std::slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Option<String>>,
    reading: Reading,
}

impl Row {
    #[cfg(test)]
    fn of<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Row {
        Row {
            cells: cells.map(|cell| cell.map(str::to_owned)).collect(),
            reading: Reading::default(),
        }
    }

    fn new(row: &SimpleQueryRow, reading: &Reading) -> Row {
        let cell = |column: usize| {
            let cell = row.try_get(column).unwrap_or_else(|_| {
                let column = row.columns().get(column);
                reading.fails(Unreadable::NotUtf8 {
                    column: column.map_or_else(String::new, |column| said(column.name())),
                });
                None
            });
            cell.map(str::to_owned)
        };
        Row {
            cells: (0..row.len()).map(cell).collect(),
            reading: reading.clone(),
        }
    }

    /// What the column at `column` holds; `None` for NULL, and for one that is not there, which is remembered.
    pub fn get(&self, column: usize) -> Option<&str> {
        let of = self.cells.len();
        if of <= column {
            self.reading.fails(Unreadable::TooFew { column, of });
        }
        self.cells.get(column)?.as_deref()
    }
}
