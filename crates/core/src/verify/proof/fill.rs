//! Gives rows their values: one for each class of columns that have to be equal.

use std::collections::BTreeMap;

use super::graph::{Fill, Graph};
use super::keys::unique_keys;
use super::places::RowId;
use super::rows::{Cell, Rows};
use super::value::{Maker, Spread};
use crate::model::{Column, ColumnDefault, Identifier, SqlType, Table};

/// How the value of a class is made: by the column that leaves the least choice.
struct Recipe<'a> {
    column: &'a Column,
    maker: Option<&'a Maker>,
}

impl<'w, 'a> Graph<'w, 'a> {
    /// Gives every class its value.
    pub(super) fn finish(mut self) -> Rows<'w, 'a> {
        let fixed = std::mem::take(&mut self.fixed);
        let mut values = fixed
            .into_iter()
            .map(|(node, cell)| (self.root(node), cell))
            .collect();
        let recipes = self.recipes();
        let mut drawn = BTreeMap::new();
        let cells = self
            .rows
            .places()
            .map(|row| self.cells(row, &recipes, &mut values, &mut drawn))
            .collect();
        let tenant = self.world.tenant();
        let background = tenant.and_then(|tenant| self.background.get(tenant).copied());
        Rows {
            world: self.world,
            rows: self.rows.into_iter().map(|draft| draft.row).collect(),
            cells,
            background,
        }
    }

    fn recipes(&mut self) -> BTreeMap<usize, Recipe<'w>>
    where
        'a: 'w,
    {
        let world = self.world;
        let mut recipes: BTreeMap<usize, Recipe<'w>> = BTreeMap::new();
        for row in self.rows.places() {
            let definition: &'a Table = self.rows[row].row.definition;
            let table: &'a Identifier = self.rows[row].row.table;
            for (at, column) in definition.columns.iter().enumerate() {
                let root = self.root(self.rows[row].first_node + at);
                if self.members[root] == 1 {
                    continue;
                }
                let maker = world
                    .maker(table, &column.name)
                    .filter(|maker| **maker != Maker::Null);
                let recipe = recipes.entry(root).or_insert(Recipe { column, maker });
                if maker.is_some() && recipe.maker.is_none() {
                    *recipe = Recipe { column, maker };
                } else if recipe.maker.is_none() && room(&column.ty) < room(&recipe.column.ty) {
                    recipe.column = column;
                }
            }
        }
        recipes
    }

    fn cells(
        &mut self,
        row: RowId,
        recipes: &BTreeMap<usize, Recipe<'w>>,
        values: &mut BTreeMap<usize, Cell>,
        drawn: &mut BTreeMap<String, u64>,
    ) -> Vec<Cell>
    where
        'a: 'w,
    {
        let world = self.world;
        let definition: &'a Table = self.rows[row].row.definition;
        let table = self.rows[row].row.table;
        let links = world.links_of(table);
        let keys = unique_keys(definition);
        let mut cells = Vec::with_capacity(definition.columns.len());
        for (at, column) in definition.columns.iter().enumerate() {
            let root = self.root(self.rows[row].first_node + at);
            if let Some(cell) = values.get(&root) {
                cells.push(cell.clone());
                continue;
            }
            let in_reference = world.why_kept_null(table, &column.name).is_some()
                || links
                    .iter()
                    .any(|link| world.links[*link].has_column(&column.name));
            let in_unique_key = keys
                .iter()
                .any(|(columns, _)| columns.contains(&&column.name));
            let takes_null = world.takes_null(definition, &column.name);
            let is_bound = self.members[root] > 1;
            let is_severed = self.rows[row].severed.contains(&column.name);
            let constant = matches!(column.default, Some(ColumnDefault::Expression(_)));
            let give = world.must_be_given(table, column)
                || (in_unique_key && (!takes_null || constant))
                || self.rows[row].fill == Fill::Everything;
            let cell = if column.generated.is_some() {
                Cell::Default
            } else if in_reference && !is_bound && !is_severed && takes_null {
                Cell::Null
            } else if is_bound || is_severed || in_reference || give {
                let maker = world
                    .maker(table, &column.name)
                    .filter(|maker| !is_severed || **maker != Maker::Null);
                let own = Recipe { column, maker };
                let recipe = recipes.get(&root).unwrap_or(&own);
                let n = drawn
                    .entry(recipe.column.ty.as_str().to_owned())
                    .or_default();
                *n += 1;
                let subject = world.subject;
                let spread = if is_bound || in_unique_key {
                    Spread::Far
                } else {
                    Spread::Near
                };
                let ty = &recipe.column.ty;
                let maker = recipe.maker.unwrap_or(&Maker::Rule);
                maker
                    .cell(ty, subject.actual, (subject.options.seed, spread), *n)
                    .unwrap_or(Cell::Default)
            } else {
                Cell::Default
            };
            if is_bound {
                values.insert(root, cell.clone());
            }
            cells.push(cell);
        }
        cells
    }
}

/// How much a type takes, for columns that have to be equal: the least is what all of them take.
fn room(ty: &SqlType) -> u32 {
    match ty.without_modifiers().as_str() {
        "smallint" => 1,
        "integer" => 2,
        _ => ty
            .modifiers()
            .first()
            .map_or(u32::MAX, |length| length.unsigned_abs().saturating_add(2)),
    }
}
