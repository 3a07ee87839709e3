use crate::dsl::*;

/// A place on a dashboard: a user's own, or the tenant's for everybody when `userId` is null.
pub const DASHBOARD_WIDGET: Model = Model {
    columns: &[
        id(),
        uuid("tenantId"),
        uuid("userId")
            .optional()
            .comment("null = the tenant's default"),
        text("widgetType").comment("\"at_risk_customers\", \"revenue_trend\""),
        int("position"),
        text("size")
            .default_text("medium")
            .comment("\"small\", \"medium\", \"large\""),
        boolean("isVisible").default_boolean(true),
        jsonb("config").optional(),
        created_at(),
        updated_at(),
    ],
    foreign_keys: &[
        relation("tenant", "tenantId", "Tenant")
            .on_delete_cascade()
            .listed_as("dashboardWidgets"),
        relation("user", "userId", "User")
            .on_delete_cascade()
            .listed_as("dashboardWidgets"),
    ],
    indexes: &[
        unique(&["tenantId", "userId", "widgetType"]),
        index(&["tenantId", "userId"]),
    ],
    noun: Some("widget"),
    scenarios: &[
        deleted_with("user-widgets", "user")
            .because("A dashboard of nobody is of no use; another's must stay."),
        unique_per("widget", &["tenantId", "userId", "widgetType"])
            .titled("one widget per tenant, user and type")
            .how(
                "A second row with the same (tenantId, userId, widgetType) must be refused with 23505; one that \
                 differs in any one of them must be accepted. Two NULLs are distinct in the declared index, so \
                 two tenant-wide widgets of one type must be accepted: what the design says, if not what it means.",
            )
            .because("A widget twice on a dashboard is a fault that users see."),
        wide_and_own("widgets", "userId", &["tenantId", "widgetType"])
            .how("A widget without userId and one with it, of the same tenant and type, are inserted and read back.")
            .expected("a tenant-wide widget (userId null) and a user's own of one type can be created"),
    ],
    ..Model::named("DashboardWidget")
};

const _: () = DASHBOARD_WIDGET.assert_valid();
