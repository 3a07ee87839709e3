//! leora-migrate: plans, applies and proves Leora's Phase 1 migration on PostgreSQL.

pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod ddl;
pub mod diff;
pub mod error;
pub mod explain;
pub mod graph;
pub mod model;
pub mod plan;
pub mod prisma;
pub mod render;
pub mod report;
pub mod verify;
