//! Rows of the history, as the table has them and as `status` shows them: applied, running, failed, rolled back.

use leora_core::plan::record::{HistoryState, Record};
use leora_core::plan::script::{Unit, units};

use super::assert_golden;
use crate::apply::ground::{Ground, patient};
use crate::faults::lone::lacking;
use crate::support::{Cli, Template};

/// The rows of `ground`'s history, and what `status` says of them.
#[track_caller]
fn history(name: &str, ground: &Ground) {
    let rows = "SELECT pg_catalog.jsonb_pretty(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(m) - 'client_address' - 'applied_by' \
                ORDER BY m.started_at)) FROM leora_migrate.migration m";
    assert_golden(
        &format!("history/{name}.row.json"),
        &(ground.ask(rows) + "\n"),
    );
    for (format, ending) in [("text", "txt"), ("json", "json")] {
        let status = Cli::new().args(["status", "--format", format]);
        let status = status.database(ground.database()).run().exits(0).stdout;
        assert_golden(&format!("history/{name}.{ending}"), &status);
    }
}

#[test]
fn an_applied_and_a_rolled_back_run_are_recorded_as_before() {
    let ground = Ground::on(Template::Baseline);
    ground.applied();
    history("applied", &ground);
    ground.roll_back(&ground.way_back(), false).unwrap();
    history("rolled-back", &ground);
}

/// The statements before a step that stands alone, and then none: the state while that step is under way.
#[test]
fn a_running_run_is_recorded_as_before() {
    let ground = Ground::on(lacking("_type_status_idx"));
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    let options = patient();
    let conditions = session
        .server
        .conditions(options.lock_timeout, options.wait);
    let record = Record::of(&plan, "a test", HistoryState::Absent);
    let mut client = ground.client();
    for unit in units(&plan, &record, &conditions) {
        let (sent, ends) = match &unit {
            Unit::Transaction(_) => (unit.statements().collect::<Vec<_>>(), false),
            Unit::Alone(alone) => (alone.before.iter().collect(), true),
        };
        for statement in sent {
            client.batch_execute(&statement.sql).unwrap();
        }
        if ends {
            break;
        }
    }
    history("running", &ground);
    drop(client);
}

#[test]
fn a_failed_run_is_recorded_as_before() {
    let ground = Ground::on(lacking("Job_tenantId_fkey"));
    let orphan = r#"INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
        VALUES (gen_random_uuid(), gen_random_uuid(), 'orphan', '{}', now())"#;
    ground.execute(orphan);
    ground.apply().unwrap_err();
    history("failed", &ground);
}
