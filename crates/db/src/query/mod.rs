//! Queries on the catalogs and the server: a file of `crates/db/sql` each, whose columns are read by name.
//!
//! A file can be pasted into psql. Its parameters are psql's variables: `:'schema'` is a text in quotes (`\set schema
//! public`), `:user_code` the text of another file. Where a version of PostgreSQL needs a text of its own,
//! `NAME.15.sql` is for 15 and later.
//!
//! The schema's owner is not who asks, and on the search path its functions and operators are preferred to PostgreSQL's
//! where their argument types fit better (manual, chapter 10). So every function is called by its full name, and
//! operators by that or with arguments of exactly their types. No query is sent per table.

mod parameters;
mod value;

use std::marker::PhantomData;

use crate::answer::{Rows, Unreadable};
use crate::catalog::ServerVersion;
use crate::session::{NoAnswer, QueryError};

pub(crate) use parameters::Parameters;
pub(crate) use value::{Value, codes};

/// One query: its file, and the columns that are read of its answer.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The name of its file, without `.sql`.
    pub name: &'static str,
    /// Its texts, each with the oldest major version that it is for, in order.
    pub texts: &'static [(u32, &'static str)],
    /// The columns that are read, in order.
    pub columns: &'static [&'static str],
}

impl Query {
    /// Its text for `version`.
    pub fn text(&self, version: ServerVersion) -> &'static str {
        let fits = |(since, _): &&(u32, &str)| *since <= version.major();
        let newest = self.texts.iter().rfind(fits).or(self.texts.first());
        newest.map_or("", |(_, text)| text.trim_end())
    }
}

/// A row of a query's answer.
pub(crate) trait Answer: Sized {
    const QUERY: Query;

    /// Takes one value for each of the query's columns, in their order.
    fn read(cells: &mut Cells<'_>) -> Result<Self, Unreadable>;
}

/// A struct that a query's answer is read into: a field for each column, of the column's name.
macro_rules! answer {
    (
        $(#[$about:meta])*
        $visible:vis struct $row:ident of $name:literal $([$($since:literal),+])? { $($fields:tt)* }
    ) => {
        $crate::query::answer! {
            $(#[$about])*
            $visible struct $row of $name, &[
                (0, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sql"))),
                $($(($since, include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".", $since, ".sql"
                )))),+)?
            ], { $($fields)* }
        }
    };
    // Of statements about the rows of tables, which are written for each table.
    (
        $(#[$about:meta])*
        $visible:vis struct $row:ident of written $name:literal { $($fields:tt)* }
    ) => {
        $crate::query::answer! { $(#[$about])* $visible struct $row of $name, &[], { $($fields)* } }
    };
    (
        $(#[$about:meta])*
        $visible:vis struct $row:ident of $name:literal, $texts:expr, {
            $($(#[$doc:meta])* $field_visible:vis $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        $visible struct $row {
            $($(#[$doc])* $field_visible $field: $kind,)*
        }

        impl $crate::query::Answer for $row {
            const QUERY: $crate::query::Query = $crate::query::Query {
                name: $name,
                texts: $texts,
                columns: &[$($crate::query::plain(stringify!($field))),*],
            };

            fn read(cells: &mut $crate::query::Cells<'_>) -> Result<Self, $crate::answer::Unreadable> {
                // The fields of a struct are evaluated as they are written.
                Ok($row { $($field: cells.next()?,)* })
            }
        }
    };
}
pub(crate) use answer;

/// The name of a column for that of a field, where it is a keyword of Rust (`r#match`).
pub(crate) const fn plain(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// The cells of one row, given out in the order of the query's columns, wherever they are in the answer.
pub(crate) struct Cells<'a> {
    query: Query,
    /// The place of each column in the answer.
    places: &'a [usize],
    cells: Vec<Option<String>>,
    next: usize,
}

impl Cells<'_> {
    /// The value of the next column.
    pub(crate) fn next<V: Value>(&mut self) -> Result<V, Unreadable> {
        let at = self.next;
        self.next += 1;
        let column = self.query.columns.get(at).copied().unwrap_or_default();
        let query = self.query.name;
        let place = self.places.get(at);
        let cell = place.and_then(|place| self.cells.get_mut(*place));
        let Some(cell) = cell else {
            return Err(Unreadable::Missing { query, column });
        };
        let found = match cell.take() {
            None => V::null().ok_or(None),
            Some(text) => V::of(text).map_err(Some),
        };
        found.map_err(|found| match found {
            Some(found) if V::IS_CODE => Unreadable::Unknown {
                query,
                column,
                expected: V::EXPECTED,
                found,
            },
            found => Unreadable::Unexpected {
                query,
                column,
                expected: V::EXPECTED,
                found,
            },
        })
    }
}

/// Reads all rows of an answer.
pub(crate) fn read<A: Answer>(answer: Rows) -> Result<Vec<A>, Unreadable> {
    let query = A::QUERY;
    let (names, rows) = answer.into_parts();
    let place = |column: &&'static str| {
        let place = names.iter().position(|name| name == column);
        place.ok_or(Unreadable::Missing {
            query: query.name,
            column,
        })
    };
    let places: Result<Vec<usize>, _> = query.columns.iter().map(place).collect();
    let places = places?;
    let read = |cells| {
        A::read(&mut Cells {
            query,
            places: &places,
            cells,
            next: 0,
        })
    };
    rows.map(read).collect()
}

/// Queries for one round trip.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    statements: Vec<String>,
    asked: usize,
}

/// A query that was added to a [`Batch`]: the way to its answer in [`Answers`].
#[derive(Debug)]
pub(crate) struct Asked<A> {
    at: usize,
    answer: PhantomData<A>,
}

impl Batch {
    /// Adds a query.
    pub(crate) fn ask<A: Answer>(
        &mut self,
        version: ServerVersion,
        parameters: &Parameters,
    ) -> Asked<A> {
        self.write(parameters.fill(A::QUERY.text(version)))
    }

    /// Adds a statement that was written for its tables.
    pub(crate) fn write<A: Answer>(&mut self, sql: String) -> Asked<A> {
        self.statements.push(sql);
        let at = self.asked;
        self.asked += 1;
        Asked {
            at,
            answer: PhantomData,
        }
    }

    /// Adds a statement that has no rows.
    pub(crate) fn run(&mut self, sql: &str) {
        self.statements.push(sql.to_owned());
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// All of it, as SQL.
    pub(crate) fn sql(&self) -> String {
        self.statements.join(";\n")
    }
}

/// The answers to a [`Batch`].
#[derive(Debug)]
pub(crate) struct Answers {
    answers: Vec<Option<Rows>>,
}

impl Answers {
    pub(crate) fn new(answers: impl IntoIterator<Item = Rows>) -> Answers {
        Answers {
            answers: answers.into_iter().map(Some).collect(),
        }
    }

    /// The rows that a query was answered with.
    pub(crate) fn take<A: Answer>(&mut self, asked: Asked<A>) -> Result<Vec<A>, Unreadable> {
        let answer = self.answers.get_mut(asked.at).and_then(Option::take);
        read(answer.ok_or(Unreadable::NoAnswer {
            query: A::QUERY.name,
        })?)
    }
}

impl Answers {
    /// The one row that a query was answered with.
    pub(crate) fn one<A: Answer>(&mut self, asked: Asked<A>) -> Result<A, Unreadable> {
        let rows = self.take(asked)?;
        rows.into_iter().next().ok_or(Unreadable::NoRow)
    }
}

impl Unreadable {
    /// The error of a session that was `doing` something.
    pub(crate) fn doing(self, doing: &'static str) -> QueryError {
        QueryError {
            doing,
            source: NoAnswer::Unreadable(self),
        }
    }
}

#[cfg(test)]
mod tests;
