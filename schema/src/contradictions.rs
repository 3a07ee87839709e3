//! What does not compile, and the smallest change that makes it compile: each example here is
//! compiled as a test, and the pairs differ in one word.
//!
//! An index over a column that the model does not have:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model {
//!     columns: &[id(), uuid("tenantId")],
//!     indexes: &[index(&["tenantID"])],
//!     ..Model::named("Tag")
//! };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model {
//!     columns: &[id(), uuid("tenantId")],
//!     indexes: &[index(&["tenantId"])],
//!     ..Model::named("Tag")
//! };
//! const _: () = TAG.assert_valid();
//! ```
//!
//! Two columns of one name:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const TAG: Model =
//!     Model { columns: &[id(), text("name"), text("name")], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const TAG: Model =
//!     Model { columns: &[id(), text("name"), text("label")], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//!
//! A name past the 63 bytes that PostgreSQL keeps:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const NAME: &str = "n234567890123456789012345678901234567890123456789012345678901234";
//! const TAG: Model = Model { columns: &[id(), text(NAME)], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const NAME: &str = "n23456789012345678901234567890123456789012345678901234567890123";
//! const TAG: Model = Model { columns: &[id(), text(NAME)], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//!
//! A name that would need escaping:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model { columns: &[id()], ..Model::named("Ta\"g") };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model { columns: &[id()], ..Model::named("Ta_g") };
//! const _: () = TAG.assert_valid();
//! ```
//!
//! A default of another type than its column:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const RANK: Column = int("rank").default_text("first");
//! const TAG: Model = Model { columns: &[id(), RANK], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const RANK: Column = text("rank").default_text("first");
//! const TAG: Model = Model { columns: &[id(), RANK], ..Model::named("Tag") };
//! const _: () = TAG.assert_valid();
//! ```
//!
//! A foreign key of another type than its target:
//! ```compile_fail
//! # use leora_schema::{LEORA, TENANT, dsl::*};
//! const TAG: Model = Model {
//!     columns: &[id(), text("tenantId")],
//!     foreign_keys: &[relation("tenant", "tenantId", "Tenant")],
//!     ..Model::named("Tag")
//! };
//! const _: () = Declaration { models: &[TENANT, TAG], ..LEORA }.assert_valid();
//! ```
//! ```
//! # use leora_schema::{LEORA, TENANT, dsl::*};
//! const TAG: Model = Model {
//!     columns: &[id(), uuid("tenantId")],
//!     foreign_keys: &[relation("tenant", "tenantId", "Tenant")],
//!     ..Model::named("Tag")
//! };
//! const _: () = Declaration { models: &[TENANT, TAG], ..LEORA }.assert_valid();
//! ```
//!
//! A relation to a model that is not declared:
//! ```compile_fail
//! # use leora_schema::{LEORA, TENANT, dsl::*};
//! const TAG: Model = Model {
//!     columns: &[id(), uuid("tenantId")],
//!     foreign_keys: &[relation("tenant", "tenantId", "Tenant")],
//!     ..Model::named("Tag")
//! };
//! const _: () = Declaration { tenant: "Tag", models: &[TAG], ..LEORA }.assert_valid();
//! ```
//!
//! Two relations that would put lists of one name on a model:
//! ```compile_fail
//! # use leora_schema::{LEORA, TENANT, dsl::*};
//! const COLUMNS: &[Column] = &[id(), uuid("tenantId")];
//! const OWNER: &[ForeignKey] =
//!     &[relation("tenant", "tenantId", "Tenant").on_delete_cascade().listed_as("things")];
//! const TAG: Model =
//!     Model { columns: COLUMNS, foreign_keys: OWNER, ..Model::named("Tag") };
//! const NOTE: Model =
//!     Model { columns: COLUMNS, foreign_keys: OWNER, ..Model::named("Note") };
//! const BOTH: &[Model] = &[TENANT, TAG, NOTE];
//! const _: () = Declaration { models: BOTH, ..LEORA }.assert_valid();
//! ```
//! ```
//! # use leora_schema::{LEORA, TENANT, dsl::*};
//! const COLUMNS: &[Column] = &[id(), uuid("tenantId")];
//! const OWNER: &[ForeignKey] =
//!     &[relation("tenant", "tenantId", "Tenant").on_delete_cascade().listed_as("things")];
//! const TAG: Model =
//!     Model { columns: COLUMNS, foreign_keys: OWNER, ..Model::named("Tag") };
//! const NOTE: Model =
//!     Model { columns: COLUMNS, foreign_keys: OWNER, ..Model::named("Note") };
//! const ONE: &[Model] = &[TENANT, TAG];
//! const _: () = Declaration { models: ONE, ..LEORA }.assert_valid();
//! ```
//!
//! A scenario of a column that the model does not have:
//! ```compile_fail
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model {
//!     columns: &[id(), text("state").default_text("new")],
//!     scenarios: &[starts_as("tag-defaults", &[("status", "new")])],
//!     ..Model::named("Tag")
//! };
//! const _: () = TAG.assert_valid();
//! ```
//! ```
//! # use leora_schema::dsl::*;
//! const TAG: Model = Model {
//!     columns: &[id(), text("status").default_text("new")],
//!     scenarios: &[starts_as("tag-defaults", &[("status", "new")])],
//!     ..Model::named("Tag")
//! };
//! const _: () = TAG.assert_valid();
//! ```
