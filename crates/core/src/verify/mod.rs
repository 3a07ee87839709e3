//! The post-migration checklist: what must be true, evaluated from evidence.

pub mod advice;
pub mod baseline;
pub mod check;
pub mod checklist;
pub mod counters;
pub mod evidence;
mod kinds;
pub mod promise;
pub mod proof;
pub mod remedy;
pub mod renames;
pub mod rights;
mod rows;
pub mod settings;
pub mod surroundings;
mod tenants;
pub mod user_code;
pub mod waiver;
