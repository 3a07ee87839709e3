//! The post-migration checklist: what must be true, evaluated from evidence.

pub mod advice;
pub mod baseline;
pub mod check;
pub mod checklist;
pub mod checks;
pub mod counted;
pub mod counters;
pub mod evidence;
mod kinds;
mod migration;
pub mod promise;
pub mod proof;
mod relations;
pub mod remedy;
pub mod renames;
pub mod rights;
mod rows;
pub mod settings;
pub mod surroundings;
mod tables;
mod tenants;
pub mod user_code;
pub mod waiver;
