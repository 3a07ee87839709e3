//! Proof by trying: rows are made across the live foreign-key graph, deletes are tried on them, and
//! everything is rolled back.
//!
//! This part is pure: it writes a [`Programme`], which `db::probe` runs in one transaction that always
//! rolls back, and judges the [`Evidence`].

mod catalogue;
mod composer;
mod evidence;
mod fate;
mod foreign_keys;
mod graph;
mod judge;
mod limits;
mod model_deletes;
mod models;
mod order;
mod outcome;
mod programme;
mod rows;
mod subject;
mod triggers;
mod uniqueness;
mod value;
mod whole_tenant;
mod world;

use std::collections::BTreeMap;

pub use catalogue::{TRIED, Tried};
pub use evidence::{Answers, Evidence, Failure, Gathered};
pub use order::order_advice;
pub use programme::Programme;
pub use subject::{KeyName, ProofOptions, Subject, TableSize};

use super::check::Check;
use world::World;

/// What a proof begins with: what will be touched, for people who want to know before.
pub fn programme(subject: &Subject<'_>) -> Programme {
    composer::everything(&World::new(subject, &BTreeMap::new()))
}

/// A proof in the making: programmes to run, one after the other, each written from what came of those
/// before. One is enough where all is well.
pub struct Proof<'a> {
    subject: &'a Subject<'a>,
    next: Option<Programme>,
    rounds: Vec<(Programme, Evidence)>,
}

impl<'a> Proof<'a> {
    /// Writes the first programme.
    pub fn new(subject: &'a Subject<'a>) -> Proof<'a> {
        Proof {
            subject,
            next: Some(programme(subject)),
            rounds: Vec::new(),
        }
    }

    /// What to run next, until there is nothing more.
    pub fn next(&self) -> Option<&Programme> {
        self.next.as_ref()
    }

    /// Takes what came of it.
    pub fn learn(&mut self, evidence: Evidence) {
        let Some(programme) = self.next.take() else {
            return;
        };
        let alone = judge::to_try_alone(&programme, &evidence);
        if self.rounds.is_empty() && !alone.is_empty() {
            self.next = Some(composer::each_alone(
                &World::new(self.subject, &BTreeMap::new()),
                &alone,
            ));
        }
        self.rounds.push((programme, evidence));
    }

    /// Every check of [`TRIED`], by what came of it.
    pub fn checks(&self) -> Vec<Check> {
        judge::judge(self.subject, &self.rounds)
    }
}
