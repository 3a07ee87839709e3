//! Finished rows, and the statements that make them and find them again.

use std::collections::BTreeMap;

use super::keys::row_key;
use super::places::{LinkId, List, RowId};
use super::programme::{Kind, Step};
use super::world::World;
use crate::model::name::literal;
use crate::model::{Identifier, SqlType, Table};

/// Rows with their values.
pub(super) struct Rows<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) rows: List<RowId, Row<'a>>,
    /// By row, in the order of the table's columns.
    pub(super) cells: List<RowId, Vec<Cell>>,
    /// The tenant of the rows that all may name.
    pub(super) background: Option<RowId>,
}

/// One row.
pub(super) struct Row<'a> {
    pub(super) table: &'a Identifier,
    pub(super) definition: &'a Table,
    /// The rows it names, by the foreign key's place in [`World::links`].
    pub(super) links: BTreeMap<LinkId, RowId>,
    /// Others may name it too.
    pub(super) is_background: bool,
    /// Not inserted with the others.
    pub(super) held_back: bool,
    /// Inserted only when no row has its key.
    pub(super) if_absent: bool,
}

/// What a column of a row is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing: the database fills it in.
    Default,
    /// NULL.
    Null,
    /// A value, as text.
    Text(String),
}

impl Cell {
    pub(super) fn sql(&self) -> String {
        match self {
            Cell::Default => "DEFAULT".to_owned(),
            Cell::Null => "NULL".to_owned(),
            Cell::Text(text) => literal(text),
        }
    }
}

impl<'a> Rows<'_, 'a> {
    /// The table's name with its schema.
    pub(super) fn table(&self, name: &Identifier) -> String {
        format!("{}.{}", self.world.subject.schema.quoted(), name.quoted())
    }

    pub(super) fn cell(&self, row: RowId, column: &Identifier) -> &Cell {
        let at = self.rows[row]
            .definition
            .columns
            .iter()
            .position(|other| other.name == *column);
        at.map_or(&Cell::Default, |at| &self.cells[row][at])
    }

    /// One statement that inserts these rows. Foreign keys are checked when it ends, so the rows may name
    /// each other in any direction. It answers how many rows each table got, as a JSON array in the order
    /// of the tables given back.
    pub(super) fn insert_all(&self, rows: &[RowId]) -> (Step, Vec<(&'a Identifier, usize)>) {
        let mut by_table: BTreeMap<(bool, &Identifier), Vec<RowId>> = BTreeMap::new();
        for at in rows {
            let row = &self.rows[*at];
            by_table
                .entry((row.if_absent, row.table))
                .or_default()
                .push(*at);
        }
        let mut parts = Vec::new();
        let mut counts = Vec::new();
        let mut expected = Vec::new();
        for (at, ((if_absent, table), rows)) in by_table.iter().enumerate() {
            let conflict = if *if_absent {
                " ON CONFLICT DO NOTHING"
            } else {
                ""
            };
            parts.push(format!(
                "i{at} AS ({}{conflict} RETURNING 1)",
                self.insert_sql(rows)
            ));
            if !if_absent {
                counts.push(format!("(SELECT pg_catalog.count(*) FROM i{at})"));
                expected.push((*table, rows.len()));
            }
        }
        let (parts, counts) = (parts.join(", "), counts.join(", "));
        let sql = format!("WITH {parts} SELECT pg_catalog.to_json(ARRAY[{counts}]::bigint[])");
        (Step::new(Kind::Ask, rows.first().copied(), sql), expected)
    }

    /// Inserts rows of one table.
    fn insert_sql(&self, rows: &[RowId]) -> String {
        let Some(first) = rows.first() else {
            return String::new();
        };
        let Row {
            table, definition, ..
        } = &self.rows[*first];
        let given: Vec<usize> = (0..definition.columns.len())
            .filter(|column| {
                rows.iter()
                    .any(|row| self.cells[*row][*column] != Cell::Default)
            })
            .collect();
        if given.is_empty() {
            return format!("INSERT INTO {} DEFAULT VALUES", self.table(table));
        }
        let columns: Vec<_> = given
            .iter()
            .map(|at| definition.columns[*at].name.quoted())
            .collect();
        let values: Vec<_> = rows
            .iter()
            .map(|row| {
                let cells: Vec<_> = given
                    .iter()
                    .map(|column| self.cells[*row][*column].sql())
                    .collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {}",
            self.table(table),
            columns.join(", "),
            values.join(", ")
        )
    }

    /// Deletes the row.
    pub(super) fn delete(&self, row: RowId) -> Step {
        self.change(row, Kind::Delete, self.delete_sql(row))
    }

    /// Inserts the row.
    pub(super) fn insert(&self, row: RowId) -> Step {
        self.change(row, Kind::Insert, self.insert_sql(&[row]))
    }

    /// Changes columns of the row.
    pub(super) fn update(&self, row: RowId, changes: &BTreeMap<&Identifier, Cell>) -> Step {
        let columns = changes.keys().map(|column| (*column).clone()).collect();
        self.change(row, Kind::Update(columns), self.update_sql(row, changes))
    }

    fn change(&self, row: RowId, kind: Kind, sql: String) -> Step {
        Step::new(kind, Some(row), sql)
    }

    fn delete_sql(&self, row: RowId) -> String {
        format!(
            "DELETE FROM {} WHERE {}",
            self.table(self.rows[row].table),
            self.locate(row, &BTreeMap::new())
        )
    }

    fn update_sql(&self, row: RowId, changes: &BTreeMap<&Identifier, Cell>) -> String {
        let changes: Vec<_> = changes
            .iter()
            .map(|(column, cell)| format!("{} = {}", column.quoted(), cell.sql()))
            .collect();
        format!(
            "UPDATE {} SET {} WHERE {}",
            self.table(self.rows[row].table),
            changes.join(", "),
            self.locate(row, &BTreeMap::new())
        )
    }

    /// The condition that finds the row, with some of its columns changed.
    pub(super) fn locate(&self, row: RowId, changed: &BTreeMap<&Identifier, Cell>) -> String {
        let Row { definition, .. } = &self.rows[row];
        let key = row_key(definition).filter(|key| {
            key.iter()
                .all(|name| matches!(self.cell(row, name), Cell::Text(_)))
        });
        // Without a key, all that a comparison can be made with.
        let columns = key.unwrap_or_else(|| {
            let given = definition.columns.iter().zip(&self.cells[row]);
            given
                .filter(|(column, cell)| matches!(cell, Cell::Text(_)) && has_equality(&column.ty))
                .map(|(column, _)| &column.name)
                .collect()
        });
        let conditions: Vec<_> = columns
            .into_iter()
            .map(
                |name| match changed.get(name).unwrap_or_else(|| self.cell(row, name)) {
                    Cell::Null => format!("{} IS NULL", name.quoted()),
                    cell => {
                        let equals = self.equality(row, name);
                        format!("{} {equals} {}", name.quoted(), cell.sql())
                    }
                },
            )
            .collect();
        if conditions.is_empty() {
            "false".to_owned()
        } else {
            conditions.join(" AND ")
        }
    }

    /// The operator that compares the column.
    pub(super) fn equality(&self, row: RowId, column: &Identifier) -> &'static str {
        let mut columns = self.rows[row].definition.columns.iter();
        let found = columns.find(|other| other.name == *column);
        let enums = &self.world.subject.actual.enums;
        let is_enum = |ty: &SqlType| enums.keys().any(|name| *name == *ty.as_str());
        match found {
            Some(column) if is_enum(&column.ty) => "OPERATOR(pg_catalog.=)",
            Some(column) => column.ty.equality(),
            None => "=",
        }
    }

    /// A JSON array with each row as text, or null where there is none. The rows are of one tenant. A table's own row
    /// type may have a cast to text that its owner made; `record` has none.
    pub(super) fn look(&self, rows: &[RowId]) -> Step {
        let texts: Vec<_> = rows
            .iter()
            .map(|row| {
                let table = self.table(self.rows[*row].table);
                format!(
                    "(SELECT ROW(leora_row.*)::text FROM {table} leora_row WHERE {})",
                    self.locate(*row, &BTreeMap::new())
                )
            })
            .collect();
        let sql = format!(
            "SELECT pg_catalog.to_json(ARRAY[{}]::text[])",
            texts.join(", ")
        );
        Step::new(Kind::Ask, rows.first().copied(), sql)
    }

    /// The row, in words.
    pub(super) fn describe(&self, row: RowId) -> String {
        format!("the row of {}", self.rows[row].table.quoted())
    }
}

/// Whether `=` compares two values of the type as a key would: enums and the like do too.
fn has_equality(ty: &SqlType) -> bool {
    let is_of_a_schema = ty.as_str().starts_with('"') || ty.as_str() == "citext";
    ty.is_compared_by_value() || is_of_a_schema && !ty.is_array()
}
