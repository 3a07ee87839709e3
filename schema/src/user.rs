use crate::dsl::*;

/// A person who signs in, in one tenant.
pub const USER: Model = Model {
    columns: &[
        id(),
        uuid("tenantId"),
        text("email"),
        text("fullName"),
        text("hashedPassword"),
        boolean("isActive").default_boolean(true),
        datetime("lastLoginAt").optional(),
        created_at(),
        updated_at(),
    ],
    foreign_keys: &[relation("tenant", "tenantId", "Tenant").on_delete_cascade()],
    indexes: &[unique(&["tenantId", "email"])],
    scenarios: &[referenced("user").because("Without it a row may name a user who is not there.")],
    lists_after: Some("auditLogs"),
    ..Model::existing("User")
};

const _: () = USER.assert_valid();
