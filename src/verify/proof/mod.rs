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
mod model_deletes;
mod models;
mod programme;
mod rows;
mod subject;
mod value;
mod whole_tenant;
mod world;

use std::collections::BTreeMap;

pub use catalogue::{TRIED, Tried};
pub use evidence::{Answers, Evidence, Failure, Gathered};
pub use programme::Programme;
pub use subject::{KeyName, ProofOptions, Subject, TableSize};

use super::check::Check;
use world::World;

/// What will be tried.
pub fn programme(subject: &Subject<'_>) -> Programme {
    composer::compose(&World::new(subject, &BTreeMap::new()))
}

/// Every check of [`TRIED`], by what `evidence` shows.
pub fn evaluate(programme: &Programme, evidence: &Evidence) -> Vec<Check> {
    judge::judge(programme, evidence)
}
