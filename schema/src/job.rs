use crate::dsl::*;

/// Background work that must outlive a serverless request.
pub const JOB: Model = Model {
    columns: &[
        id(),
        uuid("tenantId"),
        text("type").comment("\"image_extraction\", \"account_type_update\""),
        jsonb("payload"),
        text("status")
            .default_text("pending")
            .comment("\"pending\", \"processing\", \"completed\", \"failed\""),
        int("attempts").default_int(0),
        int("maxAttempts").default_int(3),
        jsonb("result").optional(),
        text("error").optional(),
        created_at(),
        updated_at(),
    ],
    foreign_keys: &[relation("tenant", "tenantId", "Tenant")
        .on_delete_cascade()
        .listed_as("jobs")],
    indexes: &[
        index(&["tenantId"]),
        index(&["status"]),
        index(&["type", "status"]),
    ],
    scenarios: &[
        nothing_unique("jobs-none").because("The same work may be asked for twice."),
        starts_as(
            "job-defaults",
            &[
                ("status", "pending"),
                ("attempts", "0"),
                ("maxAttempts", "3"),
            ],
        )
        .titled("a job starts as pending with 0 of 3 attempts")
        .because("Workers look for jobs that are pending."),
    ],
    ..Model::named("Job")
};

const _: () = JOB.assert_valid();
