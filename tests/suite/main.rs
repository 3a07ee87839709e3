//! All integration tests in one binary: one link, one scratch server, a database per test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apply;
mod bad_input;
mod connect;
mod explain;
mod faults;
mod floors;
mod graph;
mod harness;
mod main_job;
mod page;
mod pooler;
mod prisma;
mod prisma_commands;
mod prisma_migration;
mod proof;
mod properties;
mod readme;
mod reports;
mod rollback;
mod sabotage;
mod scratch;
mod support;
