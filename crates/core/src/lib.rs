//! What leora-migrate knows: schemas, their differences, plans and checks. Pure: no I/O, no clock, no server.

pub mod code;
pub mod ddl;
pub mod diff;
pub mod graph;
pub mod model;
pub mod plan;
pub mod prisma;
#[cfg(test)]
mod sample;
pub mod verify;
