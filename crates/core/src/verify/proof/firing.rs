//! Which user-defined code a trial would run for its rows. Nobody else sees these rows, so none but they name each other.

use std::collections::BTreeSet;

use super::places::RowId;
use super::programme::{Kind, Trial};
use super::rows::{Cell, Rows};
use super::world::World;
use crate::model::{Action, ForeignKey, Identifier};
use crate::verify::user_code::Event;

/// Looks for code that may not run.
pub(super) struct Firing<'w, 'a> {
    world: &'w World<'a>,
}

impl<'w, 'a> Firing<'w, 'a> {
    /// `None` where no table that rows are made in has any.
    pub(super) fn new(world: &'w World<'a>) -> Option<Self> {
        let has_any = |table: &&Identifier| {
            Event::ALL
                .iter()
                .any(|event| world.would_fire(table, *event).is_some())
        };
        let any = world.tables.keys().copied().any(|table| has_any(&table));
        any.then_some(Firing { world })
    }

    /// The first that the trial would fire, in words.
    pub(super) fn of(&self, rows: &Rows<'_, '_>, trial: &Trial) -> Option<String> {
        let of_trial: BTreeSet<RowId> = trial.steps.iter().filter_map(|step| step.row).collect();
        let mut wave = Wave {
            world: self.world,
            rows,
            of_trial,
            seen: BTreeSet::new(),
        };
        trial.steps.iter().find_map(|step| {
            let row = step.row?;
            match &step.kind {
                Kind::Ask => None,
                Kind::Insert => wave.change(row, Event::Insert, &[]),
                Kind::Update(columns) => {
                    wave.change(row, Event::Update, &columns.iter().collect::<Vec<_>>())
                }
                Kind::Delete => wave.change(row, Event::Delete, &[]),
            }
        })
    }
}

/// What a change of a row leads to, row by row.
struct Wave<'r> {
    world: &'r World<'r>,
    rows: &'r Rows<'r, 'r>,
    /// The rows that the trial may bring itself.
    of_trial: BTreeSet<RowId>,
    /// Changes that were followed: others of the same row may be followed by other rows.
    seen: BTreeSet<(RowId, Event, Vec<Identifier>)>,
}

impl Wave<'_> {
    fn change(&mut self, row: RowId, event: Event, changed: &[&Identifier]) -> Option<String> {
        let columns = changed.iter().map(|column| (*column).clone()).collect();
        if !self.seen.insert((row, event, columns)) {
            return None;
        }
        let (world, table) = (self.world, self.rows.rows[row].table);
        if let Some(reason) = world.would_fire(table, event) {
            return Some(reason);
        }
        if event == Event::Insert {
            return None;
        }
        for &(child, _, key) in world.references.to(table.as_str()) {
            let is_changed = |column: &Identifier| changed.contains(&column);
            if event == Event::Update && !key.referenced_columns.iter().any(is_changed) {
                continue;
            }
            let (action, cascaded) = match event {
                Event::Delete => (key.on_delete, Event::Delete),
                Event::Insert | Event::Update | Event::Read => (key.on_update, Event::Update),
            };
            let event = match action {
                Action::Cascade => cascaded,
                Action::SetNull | Action::SetDefault => Event::Update,
                Action::NoAction | Action::Restrict => continue,
            };
            let own: Vec<_> = key.columns.iter().collect();
            for naming in self.naming(child, key, row) {
                if let Some(fires) = self.change(naming, event, &own) {
                    return Some(fires);
                }
            }
        }
        None
    }

    /// The rows of `child` that name `row`, or may: what the database fills in is not known.
    fn naming(&self, child: &Identifier, key: &ForeignKey, row: RowId) -> Vec<RowId> {
        let rows = self.rows;
        let names = |other: &RowId| {
            let mut pairs = key.columns.iter().zip(&key.referenced_columns);
            pairs.all(|(own, referenced)| {
                match (rows.cell(*other, own), rows.cell(row, referenced)) {
                    (Cell::Null, _) | (_, Cell::Null) => false,
                    (Cell::Text(own), Cell::Text(referenced)) => own == referenced,
                    (Cell::Default, _) => self.has_default(child, own),
                    (_, Cell::Default) => true,
                }
            })
        };
        let all = rows.rows.places();
        let is_there = |other: &RowId| {
            let other_row = &rows.rows[*other];
            other_row.table == child && (!other_row.held_back || self.of_trial.contains(other))
        };
        all.filter(is_there).filter(names).collect()
    }

    fn has_default(&self, table: &Identifier, column: &Identifier) -> bool {
        let definition = self.world.tables.get(table);
        definition
            .and_then(|table| table.column(column.as_str()))
            .is_none_or(|column| column.default.is_some() || column.generated.is_some())
    }
}
