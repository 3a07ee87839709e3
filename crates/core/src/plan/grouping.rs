//! Which steps share a transaction.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::script::Numbered;
use super::step::{Step, Transaction};
use crate::model::Identifier;

/// How the steps that can share a transaction are divided among transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// All in one: it happens whole or not at all.
    #[default]
    OneTransaction,
    /// A transaction locks one existing table, or those that one step locks together. No transaction then waits for a
    /// table while it holds another.
    OneTableAtATime,
}

impl Plan {
    /// The transactions, in order. Their steps, one after the other, are the beginning of the plan's. There is always
    /// one, without steps when all of them stand alone.
    pub fn transactions(&self) -> Vec<Vec<Numbered<'_>>> {
        self.transactions_if(self.grouping)
    }

    /// Whether fewer existing tables would be locked together, one table at a time.
    pub fn may_be_divided(&self) -> bool {
        self.transactions_if(Grouping::OneTableAtATime).len() > self.transactions().len()
    }

    fn transactions_if(&self, grouping: Grouping) -> Vec<Vec<Numbered<'_>>> {
        let (together, _) = self.together_and_alone();
        let mut groups: Vec<Vec<Numbered<'_>>> = vec![Vec::new()];
        let mut locked = BTreeSet::new();
        for numbered in together {
            let tables = blocked_tables(numbered.1);
            let goes_on = tables.is_empty() || tables == locked || locked.is_empty();
            if grouping == Grouping::OneTableAtATime && !goes_on {
                groups.push(Vec::new());
                locked.clear();
            }
            locked.extend(tables);
            if let Some(group) = groups.last_mut() {
                group.push(numbered);
            }
        }
        groups
    }

    /// The steps that share a transaction and those that stand alone, with their places.
    pub fn together_and_alone(&self) -> (Vec<Numbered<'_>>, Vec<Numbered<'_>>) {
        self.steps
            .iter()
            .enumerate()
            .partition(|(_, step)| step.transaction == Transaction::Together)
    }
}

/// The existing tables whose writers wait for the step.
fn blocked_tables(step: &Step) -> BTreeSet<&Identifier> {
    let blocking = step.locks.iter().filter(|lock| lock.mode.blocks_writes());
    blocking.map(|lock| &lock.table).collect()
}
