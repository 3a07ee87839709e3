//! All queries that are files of `crates/db/sql`.

use super::query::Query;
use super::{
    apply, facts, history, history_state, introspect, prisma_history, probe, record_table, session,
};

/// Each of them, once.
pub fn queries() -> impl Iterator<Item = Query> {
    let [tables, replication, around] = introspect::QUERIES;
    let of_modules = [
        session::QUERIES,
        record_table::QUERIES,
        tables,
        replication,
        around,
        facts::QUERIES,
        history::QUERIES,
        history_state::QUERIES,
        prisma_history::QUERIES,
        probe::QUERIES,
    ];
    let of_modules = of_modules.into_iter().chain(apply::QUERIES);
    of_modules.flatten().copied()
}
