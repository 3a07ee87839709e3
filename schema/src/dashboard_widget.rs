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
    ..Model::created_in_phase_1("DashboardWidget")
};

const _: () = DASHBOARD_WIDGET.assert_valid();
