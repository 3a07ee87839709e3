use crate::dsl::*;

/// A customer of Leora: everything a tenant owns goes when the tenant goes.
pub const TENANT: Model = Model {
    columns: &[
        id(),
        text("slug"),
        text("name"),
        text("timezone").default_text("America/New_York"),
        created_at(),
        updated_at(),
    ],
    indexes: &[unique(&["slug"])],
    lists_after: Some("integritySnapshots"),
    ..Model::existing("Tenant")
};

const _: () = TENANT.assert_valid();
