//! Input and output: everything that speaks to PostgreSQL.

mod answer;
pub mod apply;
mod array;
pub mod catalog;
pub mod connect;
mod counters;
pub mod facts;
pub mod history;
mod history_state;
mod impossible;
pub mod introspect;
mod orphans;
pub mod prisma_history;
pub mod probe;
pub mod queries;
pub mod query;
mod record_table;
pub mod rollback;
pub mod rows;
pub mod scratch;
pub mod session;
pub mod trace;
