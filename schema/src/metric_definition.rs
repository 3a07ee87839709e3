use crate::dsl::*;

/// A business metric, one row per version: what a number on a dashboard meant, and since when.
pub const METRIC_DEFINITION: Model = Model {
    columns: &[
        id(),
        uuid("tenantId"),
        text("code").comment("\"at_risk_customer\", \"contacted_recently\""),
        text("name").comment("\"At Risk Customer\""),
        text("description"),
        jsonb("formula")
            .optional()
            .comment("{ field: \"lastOrderDate\", operator: \">\", value: \"30 days\" }"),
        int("version").default_int(1),
        datetime("effectiveAt").default_now(),
        datetime("deprecatedAt").optional(),
        uuid("createdById"),
        created_at(),
    ],
    foreign_keys: &[
        relation("tenant", "tenantId", "Tenant")
            .on_delete_cascade()
            .listed_as("metricDefinitions"),
        // Says nothing of deletes, and is required: RESTRICT. The audit trail outlives the wish to
        // delete its author.
        relation("createdBy", "createdById", "User").listed_as("metricDefinitions"),
    ],
    indexes: &[
        unique(&["tenantId", "code", "version"]),
        index(&["tenantId", "code"]),
        index(&["tenantId", "effectiveAt"]),
    ],
    ..Model::created_in_phase_1("MetricDefinition")
};

const _: () = METRIC_DEFINITION.assert_valid();
