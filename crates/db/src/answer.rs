//! What a server answered, and whether it could be read.
//!
//! Columns are read by their places. What is no PostgreSQL server, or a pooler that rewrites answers, may answer with
//! fewer of them, or with something else in them. What could not be read is remembered for the session: nothing more is
//! sent on it, and whoever read from it is told (`Session::has_read`). So nothing is decided by what stands in for a
//! value that is missing.

use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use postgres::SimpleQueryRow;

/// What could not be read. Places count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A row has fewer columns than were asked for.
    #[error("it has {of} columns, and column {} was asked for", column + 1)]
    Missing {
        /// The place of the column.
        column: usize,
        /// How many there are.
        of: usize,
    },
    /// A column holds what it cannot hold.
    #[error("column {} is no {expected}", column + 1)]
    Unexpected {
        /// The place of the column.
        column: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// A column holds bytes that are no UTF-8: a database of the encoding SQL_ASCII gives out what it was given
    /// (manual, 24.3.4).
    #[error("column {} is no UTF-8, as a name or a value of a database in SQL_ASCII may be", column + 1)]
    NotUtf8 {
        /// The place of the column.
        column: usize,
    },
    /// There is no row where one was asked for.
    #[error("it has no row")]
    NoRow,
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

/// One row of an answer.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Option<String>>,
    reading: Reading,
}

impl Row {
    pub(super) fn new(row: &SimpleQueryRow, reading: &Reading) -> Row {
        let cell = |column| {
            let cell = row.try_get(column).unwrap_or_else(|_| {
                reading.fails(Unreadable::NotUtf8 { column });
                None
            });
            cell.map(str::to_owned)
        };
        Row {
            cells: (0..row.len()).map(cell).collect(),
            reading: reading.clone(),
        }
    }

    /// Remembers it when the row has fewer columns than `width`.
    pub fn has(&self, width: usize) {
        let of = self.cells.len();
        if of < width {
            let column = width - 1;
            self.reading.fails(Unreadable::Missing { column, of });
        }
    }

    /// What the column at `column` holds; `None` for NULL, and for one that is not there, which is remembered.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.has(column + 1);
        self.cells.get(column)?.as_deref()
    }

    /// The number that the column at `column` holds; `None` for NULL, and for what is no such number, which is
    /// remembered.
    pub fn number<N: FromStr>(&self, column: usize) -> Option<N> {
        let number = self.get(column)?.parse().ok();
        if number.is_none() {
            self.is_no("number", column);
        }
        number
    }

    /// Remembers that the column at `column` does not hold what was `expected`.
    pub fn is_no(&self, expected: &'static str, column: usize) {
        self.reading
            .fails(Unreadable::Unexpected { column, expected });
    }
}
