//! leora-migrate: plans, applies and proves Leora's migration on PostgreSQL.

pub mod cli;
pub mod commands;
pub mod config;
pub mod duration;
pub mod error;
pub mod explain;
pub mod render;
pub mod report;
