//! What Leora's database must be: `Tenant`, `User`, and the three models of Phase 1.
//!
//! Read this crate first. It is data and nothing else: it has no dependencies, so it cannot reach a
//! database, a file or a clock, and whatever contradicts itself in it does not compile (see [`contradictions`]).
//!
//! `baseline.toml`, beside it, is the schema that stood before Phase 1, as `leora-migrate snapshot`
//! wrote it.

pub mod contradictions;
pub mod dsl;

mod dashboard_widget;
mod job;
mod metric_definition;
mod scenario;
mod tenant;
mod user;
mod valid;

pub use dashboard_widget::DASHBOARD_WIDGET;
pub use job::JOB;
pub use metric_definition::METRIC_DEFINITION;
pub use tenant::TENANT;
pub use user::USER;

use dsl::Declaration;

/// The whole declaration.
pub const LEORA: Declaration = Declaration {
    tenant: "Tenant",
    migration: "add_phase1_foundation",
    title: "Phase 1",
    models: &[TENANT, USER, METRIC_DEFINITION, DASHBOARD_WIDGET, JOB],
};

const _: () = LEORA.assert_valid();

/// The schema that stood before Phase 1, in the snapshot format.
pub const BASELINE: &str = include_str!("../baseline.toml");
