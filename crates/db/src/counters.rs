//! How far the sequences are that columns count by.

use super::introspect::SequenceRow;
use leora_core::model::{ColumnDefault, IndexState, IndexTarget, Table};
use leora_core::verify::counters::{Counter, Counting};

/// A sequence that a column owns, as the catalogs have it.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    pub(super) counter: Counter,
    increment: i64,
    /// The last number that it may give.
    end: i64,
    cycles: bool,
    readable: bool,
}

impl Sequence {
    pub(super) fn new(row: &SequenceRow, counter: Counter) -> Sequence {
        Sequence {
            increment: row.increment,
            end: match counter.downwards {
                true => row.minimum,
                false => row.maximum,
            },
            cycles: row.cycles,
            readable: row.is_readable,
            counter,
        }
    }

    /// What to ask about it, or what is known without; `table` is the column's, whose rows the role may
    /// read or not.
    pub(super) fn ask(&self, table: &Table, rows_are_readable: bool) -> Result<String, Counting> {
        let name = self.counter.column.as_str();
        let counts = table.column(name).is_some_and(|column| {
            let default = &column.default;
            let by_default = matches!(
                default,
                Some(ColumnDefault::Autoincrement | ColumnDefault::Sequence(_))
            );
            by_default || column.identity.is_some()
        });
        if !counts || self.cycles {
            return Err(Counting::Ahead); // it gives no number, or means to give them again
        }
        let alone = is_unique_alone(table, name);
        if !self.readable || alone && !rows_are_readable {
            return Err(Counting::Unreadable);
        }
        let rows = match alone {
            true => self.rows_ahead(),
            false => "false".to_owned(),
        };
        let last = i128::from(self.end) - i128::from(self.increment);
        let past = if self.counter.downwards { '<' } else { '>' };
        Ok(format!(
            "SELECT CASE WHEN s.is_called AND s.last_value::numeric {past} '{last}' THEN 'exhausted' WHEN {rows} THEN 'behind' END AS counting \
             FROM {} s",
            self.counter.sequence
        ))
    }

    /// Whether a row has a number that the sequence has yet to give.
    fn rows_ahead(&self) -> String {
        let Counter {
            table,
            column,
            downwards,
            ..
        } = &self.counter;
        let (beyond, step) = if *downwards { ("<=", '-') } else { (">=", '+') };
        format!(
            "EXISTS (SELECT FROM {} t WHERE t.{} OPERATOR(pg_catalog.{beyond}) s.last_value {step} s.is_called::integer)",
            table.quoted(),
            column.quoted()
        )
    }
}

/// Whether no two rows may have the same in the column, whatever else they have. Where it is unique with
/// others only, as a number within its tenant, the application may count by itself.
fn is_unique_alone(table: &Table, column: &str) -> bool {
    let is_key = table.primary_key.as_ref().is_some_and(|key| {
        key.state == IndexState::Valid && matches!(&key.columns[..], [only] if *only == *column)
    });
    is_key || table.indexes.values().any(|index| {
        let over =
            |target: &IndexTarget| matches!(target, IndexTarget::Column(name) if *name == *column);
        let whole = index.unique && index.predicate.is_none() && index.state == IndexState::Valid;
        whole && matches!(&index.keys[..], [only] if over(&only.on))
    })
}
