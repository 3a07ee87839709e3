//! The post-migration checklist: what must be true, evaluated from evidence.

pub mod check;
