//! Input and output: everything that speaks to PostgreSQL.

mod array;
pub mod catalog;
pub mod connect;
pub mod facts;
pub mod introspect;
pub mod scratch;
pub mod session;
