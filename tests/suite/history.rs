//! The history's table in each of its versions: all commands read it, and apply alone upgrades it.

use crate::apply::ground::{Ground, Holder};
use crate::faults::fail_on;
use crate::reports::migrated;
use crate::support::{Cli, Output, Template};

/// The table as 0.1.0 makes it. Frozen: databases have it.
const VERSION_1: &str = "\
CREATE SCHEMA leora_migrate;
CREATE TABLE leora_migrate.migration (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    target_schema TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'applied', 'failed', 'rolled back')),
    plan JSONB NOT NULL,
    steps_done INTEGER NOT NULL,
    running_step INTEGER,
    step_started_at TIMESTAMPTZ,
    error TEXT,
    tool_version TEXT NOT NULL,
    server_version TEXT NOT NULL DEFAULT pg_catalog.current_setting('server_version'),
    applied_by TEXT NOT NULL DEFAULT session_user,
    host TEXT NOT NULL,
    client_address INET DEFAULT inet_client_addr(),
    started_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at TIMESTAMPTZ,
    rolled_back_at TIMESTAMPTZ,
    rolled_back_by TEXT,
    rolled_back_from TEXT
)";

/// What 0.1.0 records a run with, which did `steps`. Frozen.
fn insert_of_version_1(steps: &str, done: usize) -> String {
    format!(
        "INSERT INTO leora_migrate.migration\n    \
         (id, name, target_schema, state, plan, steps_done, tool_version, host, finished_at)\n    \
         VALUES (gen_random_uuid(), 'add_phase1_foundation', 'public', 'applied', $plan${steps}$plan$, {done}, '0.1.0', 'an older host', clock_timestamp())\n    \
         RETURNING pg_current_xact_id()"
    )
}

/// A database that 0.1.0 migrated.
fn migrated_by_version_1() -> Ground {
    let steps = Ground::on(Template::Baseline);
    let plan = steps.plan(&mut steps.session());
    let ground = Ground::on(migrated());
    ground.execute(r#"TRUNCATE "Job", "DashboardWidget", "MetricDefinition""#);
    ground.execute(VERSION_1);
    let recorded = serde_json::to_string(&plan.steps).unwrap();
    ground.execute(&insert_of_version_1(&recorded, plan.steps.len()));
    ground
}

/// The same before 0.1.0 migrated it: it was rolled back, say.
fn with_history_of_version_1() -> Ground {
    let ground = Ground::on(Template::Baseline);
    ground.execute(VERSION_1);
    ground
}

fn run(ground: &Ground, arguments: &[&str]) -> Output {
    Cli::new().args(arguments).database(ground.database()).run()
}

/// The version that the table has by itself.
fn version(ground: &Ground) -> String {
    ground.ask(
        "SELECT coalesce((SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum \
         WHERE adrelid = 'leora_migrate.migration'::regclass AND attname = 'layout' AND attgenerated = 's'), '1')",
    )
}

#[test]
fn version_1_is_read_by_every_command_and_upgraded_by_apply_alone() {
    let ground = migrated_by_version_1();
    run(&ground, &["status"])
        .exits(0)
        .stdout_has("applied, nothing pending")
        .stdout_has("leora-migrate 0.1.0 on");
    run(&ground, &["verify"])
        .exits(0)
        .stdout_has("migration    2 of 2");
    run(&ground, &["plan", "--check"]).exits(0);
    // There is nothing to do, and so nothing to record.
    run(&ground, &["apply", "--yes", "--no-verify"]).exits(0);
    assert_eq!(version(&ground), "1");
    run(&ground, &["rollback", "--yes"]).exits(0);
    assert_eq!(version(&ground), "1");
    run(&ground, &["apply", "--yes", "--no-verify"]).exits(0);
    assert_eq!(version(&ground), "2");
    let layouts = "SELECT string_agg(state || ' ' || layout, ', ' ORDER BY started_at) FROM leora_migrate.migration";
    assert_eq!(ground.ask(layouts), "rolled back 2, applied 2");

    // An older program still writes to it.
    ground.execute(&insert_of_version_1("[]", 0));
    let older = "SELECT layout FROM leora_migrate.migration WHERE host = 'an older host' AND state = 'applied'";
    assert_eq!(ground.ask(older), "2");
    run(&ground, &["rollback", "--yes"]).exits(0);
    assert!(ground.pending().len() > 1);
}

#[test]
fn a_history_that_is_made_now_has_the_current_version() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    assert_eq!(version(&ground), "2");
}

#[test]
fn a_script_for_psql_upgrades_too() {
    let ground = with_history_of_version_1();
    let script = run(&ground, &["plan", "--format", "sql"]).exits(0).stdout;
    ground.database().psql(&script).exits(0);
    assert_eq!(version(&ground), "2");
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// The upgrade is part of the transaction.
#[test]
fn an_apply_that_fails_upgrades_nothing() {
    let ground = with_history_of_version_1();
    fail_on(&ground, "CREATE INDEX", "Job_status_idx", "53100");
    ground.apply().unwrap_err();
    assert_eq!(version(&ground), "1");
    assert_eq!(ground.history().runs.len(), 0);
}

/// Neither is a reason not to migrate: what is recorded is the same in both versions.
#[test]
fn who_may_not_upgrade_or_would_wait_records_as_before() {
    // pg_dump holds the same lock on every table for as long as it runs.
    let ground = with_history_of_version_1();
    let reader = Holder::of(&ground, "SELECT FROM leora_migrate.migration");
    ground.applied();
    assert_eq!(version(&ground), "1");
    reader.let_go();

    let ground = with_history_of_version_1();
    ground.execute(
        r#"CREATE ROLE "recorder" LOGIN; GRANT CREATE, USAGE ON SCHEMA public TO "recorder";
           GRANT SELECT, REFERENCES, UPDATE ON ALL TABLES IN SCHEMA public TO "recorder";
           GRANT USAGE ON SCHEMA leora_migrate TO "recorder";
           GRANT SELECT, INSERT, UPDATE ON leora_migrate.migration TO "recorder""#,
    );
    let url = ground.url.replace("//leora@", "//recorder@");
    let apply = Cli::new().args(["apply", "--yes", "--no-verify"]);
    apply.env("DATABASE_URL", url).run().exits(0);
    assert_eq!(version(&ground), "1");
    assert_eq!(ground.history().runs.len(), 1);
}

#[test]
fn a_version_that_is_not_known_is_read_and_not_written() {
    let newer = "ALTER TABLE leora_migrate.migration ADD COLUMN layout INTEGER GENERATED ALWAYS AS (3) STORED, ADD COLUMN more TEXT";
    let strange = "ALTER TABLE leora_migrate.migration ADD COLUMN layout TEXT DEFAULT 'mine'";
    for (change, what) in [(newer, "has version 3"), (strange, "has a column layout")] {
        let ground = with_history_of_version_1();
        ground.execute(change);
        let before = ground.ask("SELECT count(*) FROM pg_class");
        run(&ground, &["apply", "--yes"])
            .exits(2)
            .stderr_has("error[LM0068]")
            .stderr_has(what);
        run(&ground, &["plan"])
            .exits(0)
            .stderr_has("apply would be refused");
        run(&ground, &["status"]).exits(0).stdout_has("pending");
        assert_eq!(ground.ask("SELECT count(*) FROM pg_class"), before);
    }
    let ground = migrated_by_version_1();
    ground.execute(newer);
    run(&ground, &["status"]).exits(0).stdout_has("applied");
    run(&ground, &["rollback", "--yes"])
        .exits(2)
        .stderr_has("error[LM0068]");
    assert_eq!(ground.pending(), Vec::<String>::new());
}
