//! Input and output: everything that speaks to PostgreSQL.

pub mod scratch;
