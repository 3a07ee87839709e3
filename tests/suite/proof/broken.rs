//! What is broken is seen, by exactly the checks that are about it.

use super::*;

/// Breaks a migrated database, and expects exactly these checks to fail.
#[track_caller]
fn breaks(sql: &str, expected: &[&str]) {
    let database = TestDatabase::from(migrated());
    database.execute(sql);
    let proof = Proof::of(&database, &ProofOptions::default());
    if proof.failed() != expected {
        proof.print();
    }
    assert_eq!(proof.failed(), expected, "{sql}");
}

#[test]
fn a_cascade_that_is_gone_is_seen() {
    breaks(
        r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey""#,
        &[
            "integrity.orphans-refused",
            "deletes.tenant-erased",
            "deletes.tenant-new-models",
            "deletes.foreign-keys",
            "deletes.key-changes",
            "tenants.required",
        ],
    );
    breaks(
        r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey",
           ADD FOREIGN KEY ("tenantId") REFERENCES "Tenant" ON UPDATE CASCADE"#,
        &[
            "deletes.tenant-erased",
            "deletes.tenant-new-models",
            "deletes.foreign-keys",
        ],
    );
}

#[test]
fn disabled_triggers_are_seen() {
    breaks(
        r#"ALTER TABLE "DashboardWidget" DISABLE TRIGGER ALL"#,
        &["integrity.orphans-refused", "tenants.required"],
    );
}

#[test]
fn what_is_broken_is_seen() {
    const USER_DELETES: &str = "deletes.user-widgets";
    for (sql, expected) in [
        // The widget's user: cascade gone, or another action.
        (
            r#"ALTER TABLE "DashboardWidget" DROP CONSTRAINT "DashboardWidget_userId_fkey", ADD CONSTRAINT "DashboardWidget_userId_fkey"
               FOREIGN KEY ("userId") REFERENCES "User" ON DELETE SET NULL ON UPDATE CASCADE"#,
            &[USER_DELETES, "deletes.foreign-keys"][..],
        ),
        // The author may go, the metric definitions with her.
        (
            r#"ALTER TABLE "MetricDefinition" DROP CONSTRAINT "MetricDefinition_createdById_fkey", ADD CONSTRAINT "MetricDefinition_createdById_fkey"
               FOREIGN KEY ("createdById") REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE"#,
            &["deletes.user-metrics-kept", "deletes.foreign-keys"],
        ),
        // A foreign key on one of the 58, and on none that Phase 1 knows.
        (
            r#"ALTER TABLE "Cart" DROP CONSTRAINT "Cart_portalUserId_fkey", ADD CONSTRAINT "Cart_portalUserId_fkey"
               FOREIGN KEY ("portalUserId") REFERENCES "PortalUser" ON DELETE CASCADE ON UPDATE NO ACTION"#,
            &["deletes.foreign-keys", "deletes.key-changes"],
        ),
        // Deletes swallowed by a rule: the parent goes, the child stays.
        (
            r#"CREATE RULE keep AS ON DELETE TO "Job" DO INSTEAD NOTHING"#,
            &[
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                "deletes.foreign-keys",
            ],
        ),
        (
            r#"CREATE RULE keep AS ON UPDATE TO "Job" DO INSTEAD NOTHING"#,
            &["integrity.orphans-refused", "deletes.key-changes"],
        ),
        // Enforcement switched off for every session here.
        (
            "ALTER ROLE leora IN DATABASE {database} SET session_replication_role = replica",
            &[
                "integrity.orphans-refused",
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                USER_DELETES,
                "deletes.user-metrics-kept",
                "deletes.foreign-keys",
                "deletes.key-changes",
                "tenants.required",
            ],
        ),
        (
            r#"DROP INDEX "MetricDefinition_tenantId_code_version_key""#,
            &["uniqueness.metric-version"],
        ),
        (
            r#"DROP INDEX "MetricDefinition_tenantId_code_version_key"; CREATE UNIQUE INDEX ON "MetricDefinition" ("tenantId", code)"#,
            &["uniqueness.metric-version", "behaviour.metric-versions"],
        ),
        (
            r#"DROP INDEX "DashboardWidget_tenantId_userId_widgetType_key";
               CREATE UNIQUE INDEX ON "DashboardWidget" ("tenantId", "userId", "widgetType") WHERE "isVisible" = false"#,
            &["uniqueness.widget"],
        ),
        (
            r#"CREATE UNIQUE INDEX ON "DashboardWidget" ("tenantId", "widgetType")"#,
            &["uniqueness.widget", "behaviour.widgets"],
        ),
        (
            r#"CREATE UNIQUE INDEX ON "Job" ("tenantId", type)"#,
            &["uniqueness.jobs-none"],
        ),
        (
            r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_pkey""#,
            &["uniqueness.keys"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER status SET DEFAULT 'queued'"#,
            &["behaviour.job-defaults", "behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER "createdAt" SET DEFAULT CURRENT_DATE"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "MetricDefinition" ALTER version DROP DEFAULT"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "MetricDefinition" ALTER formula SET NOT NULL"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER "tenantId" DROP NOT NULL"#,
            &["behaviour.required-columns", "tenants.required"],
        ),
        (
            r#"ALTER TABLE "DashboardWidget" ALTER position DROP NOT NULL"#,
            &["behaviour.required-columns"],
        ),
        (
            r#"ALTER TABLE "DashboardWidget" ALTER "userId" SET NOT NULL"#,
            &[
                "uniqueness.widget",
                "behaviour.widgets",
                "behaviour.defaults",
            ],
        ),
        // A table nobody asked for holds its tenant.
        (
            r#"CREATE TABLE extra (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant")"#,
            &["deletes.tenant-erased"],
        ),
        // A second foreign key beside the first, created before it would be asked.
        (
            r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey"; ALTER TABLE "Job" ADD CONSTRAINT first FOREIGN KEY ("tenantId") REFERENCES "Tenant";
               ALTER TABLE "Job" ADD CONSTRAINT "Job_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ON DELETE CASCADE ON UPDATE CASCADE"#,
            &[
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                "deletes.foreign-keys",
                "deletes.key-changes",
            ],
        ),
    ] {
        let database = TestDatabase::from(migrated());
        database.execute(&sql.replace("{database}", database.name()));
        let proof = Proof::of(&database, &ProofOptions::default());
        if proof.failed() != expected {
            proof.print();
        }
        assert_eq!(proof.failed(), expected, "{sql}");
    }
}
