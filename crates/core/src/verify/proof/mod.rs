//! Proof by trying: rows are made across the live foreign-key graph, deletes are tried on them, and
//! everything is rolled back.
//!
//! This part is pure: it writes a [`Programme`], which `db::probe` runs in one transaction that always
//! rolls back, and judges the [`Evidence`].

mod candidates;
mod composer;
mod conditions;
mod consent;
mod evidence;
mod fate;
mod fill;
mod firing;
mod foreign_keys;
mod graph;
mod judge;
mod keys;
mod lacking;
mod limits;
mod model_deletes;
mod models;
mod order;
mod outcome;
mod parent;
mod pattern;
mod places;
mod programme;
mod refusal;
mod rounds;
mod rows;
mod scenarios;
mod server;
mod subject;
mod tenants;
mod touches;
mod uniqueness;
mod value;
mod verdict;
mod whole_tenant;
mod world;

pub use evidence::{Answers, Evidence, Failure, Gathered, ServerFailure, is_server_failure};
pub use order::order_advice;
pub use programme::Programme;
pub use rounds::{FirstRound, Proof};
pub use subject::{KeyName, ProofOptions, Subject, TableSize};
pub use touches::AlsoLocked;

#[cfg(test)]
mod tests;
