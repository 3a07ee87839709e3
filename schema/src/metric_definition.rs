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
    scenarios: &[
        kept_without_author("user-metrics-kept", "createdBy").because(
            "Metric definitions are kept for the audit trail: they must not vanish with a user.",
        ),
        unique_per("metric-version", &["tenantId", "code", "version"])
            .titled("one metric definition per tenant, code and version")
            .because("Two definitions of one version would give two answers to one question."),
        next_version("metric-versions", "version", &["tenantId", "code"])
            .how("Version 1 of a metric is inserted, then version 2 of the same code, and both are read back.")
            .expected("version 1 of a metric can be created, then version 2 of the same code"),
    ],
    written_after: Some("DataIntegritySnapshot"),
    ..Model::named("MetricDefinition")
};

const _: () = METRIC_DEFINITION.assert_valid();
