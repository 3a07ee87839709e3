//! The locks that each step claims, against those that PostgreSQL shows.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use leora_core::plan::locking::strongest;
use leora_core::plan::record::Record;
use leora_core::plan::script::{Statement, Unit, units};
use leora_core::plan::undo::undo;
use leora_core::plan::{Grouping, LockMode, Plan, Step, Transaction};
use leora_db::introspect::introspect_tables;
use postgres::Client;

use super::ground::{Ground, Holder, ROWS, until, without};
use crate::support::Template;

/// The tables that stood before, by their oids: a table that a step drops has no name afterwards.
type Stood = BTreeMap<u32, String>;

/// The strongest lock that the server process `pid` holds on each of them.
fn held(client: &mut Client, pid: i32, stood: &Stood) -> BTreeMap<String, LockMode> {
    let question =
        "SELECT relation, mode FROM pg_locks WHERE pid = $1 AND granted AND locktype = 'relation'";
    let mut held = BTreeMap::new();
    for row in client.query(question, &[&pid]).unwrap() {
        let (relation, mode): (u32, String) = (row.get(0), row.get(1));
        let is_it = |known: &LockMode| known.in_pg_locks() == mode;
        let mode = LockMode::ALL.into_iter().find(is_it).unwrap();
        if let Some(table) = stood.get(&relation) {
            let strongest = held.entry(table.clone()).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
    }
    held
}

fn claimed(step: &Step) -> BTreeMap<String, LockMode> {
    let pair = |lock: &leora_core::plan::Lock| (lock.table.to_string(), lock.mode);
    step.locks.iter().map(pair).collect()
}

fn pid_of(client: &mut Client) -> i32 {
    client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0)
}

/// Does each step by itself, and compares what it claims with what `pg_locks` shows.
fn compare(ground: &Ground, steps: &[Step], stood: &Stood) {
    for step in steps {
        let found = match step.transaction {
            Transaction::Together => in_a_transaction(ground, step, stood),
            // VALIDATE could share one; only what CONCURRENTLY does refuses to.
            Transaction::Alone if !step.sql.contains("CONCURRENTLY") => {
                in_a_transaction(ground, step, stood)
            }
            Transaction::Alone => while_it_waits(ground, step, stood),
        };
        assert_eq!(found, claimed(step), "{}", step.sql);
    }
}

fn in_a_transaction(ground: &Ground, step: &Step, stood: &Stood) -> BTreeMap<String, LockMode> {
    let mut client = ground.client();
    let pid = pid_of(&mut client);
    client
        .batch_execute(&format!("BEGIN; {}", step.sql))
        .unwrap();
    let held = held(&mut client, pid, stood);
    client.batch_execute("COMMIT").unwrap();
    held
}

/// What runs concurrently waits for whoever writes to the table, with its own locks in hand.
fn while_it_waits(ground: &Ground, step: &Step, stood: &Stood) -> BTreeMap<String, LockMode> {
    let table = step.locks[0].table.quoted();
    let holder = Holder::of(ground, &format!("DELETE FROM {table} WHERE false"));
    let mut client = ground.client();
    let pid = pid_of(&mut client);
    let sql = step.sql.clone();
    let worker = thread::spawn(move || client.batch_execute(&sql).unwrap());
    let mut other = ground.client();
    until("it waits", || {
        let waits = "SELECT cardinality(pg_blocking_pids($1)) > 0";
        other.query_one(waits, &[&pid]).unwrap().get(0)
    });
    let held = held(&mut other, pid, stood);
    holder.let_go();
    worker.join().unwrap();
    held
}

fn stood(ground: &Ground) -> Stood {
    let question = "SELECT oid, relname::text FROM pg_class \
                    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    let rows = ground.client().query(question, &[]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn check(ground: &Ground) -> Plan {
    let plan = ground.plan(&mut ground.session());
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    compare(ground, &plan.steps, &stood(ground));
    assert_eq!(ground.pending(), Vec::<String>::new());
    plan
}

/// The same for the way back from `plan`, on what stands now.
fn check_the_way_back(ground: &Ground, plan: &Plan, steps: usize) {
    let found = introspect_tables(&mut ground.session()).unwrap();
    let back = undo(&plan.steps, &found.schema, &found.access);
    assert_eq!(back.steps.len(), steps);
    compare(ground, &back.steps, &stood(ground));
}

#[test]
fn of_the_whole_plan_and_of_the_way_back() {
    let ground = Ground::on(Template::Baseline);
    let plan = check(&ground);
    check_the_way_back(&ground, &plan, 3);
}

/// What the block takes that comes before the steps is what the steps claim together, and they take nothing more.
fn check_the_block(ground: &Ground, plan: &Plan) {
    let session = ground.session();
    let conditions = session
        .server
        .conditions(Duration::from_millis(500), Duration::from_secs(1));
    let record = Record::of(plan, "a test", session.server.history);
    let stood = stood(ground);
    let mut client = ground.client();
    let pid = pid_of(&mut client);
    for unit in units(plan, &record, &conditions) {
        let Unit::Transaction(stages) = unit else {
            continue;
        };
        let mut claims: BTreeMap<String, LockMode> = BTreeMap::new();
        let of_step = |statement: &Statement| statement.step.map(|place| &plan.steps[place]);
        for (table, mode) in stages.locking.iter().filter_map(of_step).flat_map(claimed) {
            let strongest = claims.entry(table).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
        client.batch_execute("BEGIN").unwrap();
        for statement in stages.prepare.iter().chain(&stages.quiet) {
            client.batch_execute(&statement.sql).unwrap();
        }
        assert_eq!(held(&mut client, pid, &stood), BTreeMap::new());
        for statement in &stages.locking {
            client.batch_execute(&statement.sql).unwrap();
            assert_eq!(held(&mut client, pid, &stood), claims, "{}", statement.sql);
        }
        client.batch_execute("COMMIT").unwrap();
    }
}

#[test]
fn of_the_block_before_the_steps() {
    for grouping in [Grouping::OneTransaction, Grouping::OneTableAtATime] {
        let ground = Ground::on(Template::Baseline);
        let plan = Plan {
            grouping,
            ..ground.plan(&mut ground.session())
        };
        check_the_block(&ground, &plan);
        assert_eq!(ground.pending(), Vec::<String>::new());
    }
    let half = Template::Baseline.and_then("half-empty", |client| without(client, MISSING));
    let ground = Ground::on(half);
    ground.execute(r#"ALTER TABLE "DashboardWidget" DROP COLUMN "config""#);
    let plan = ground.plan(&mut ground.session());
    assert!(strongest(plan.steps.iter().flat_map(|step| &step.locks)).len() > 3);
    check_the_block(&ground, &plan);
    assert_eq!(ground.pending(), Vec::<String>::new());
}

const MISSING: &[&str] = &["_idx", "_key", "userId_fkey", "Job_tenantId_fkey", "config"];

#[test]
fn of_what_is_missing_on_empty_tables() {
    let template = Template::Baseline.and_then("half-empty", |client| without(client, MISSING));
    let ground = Ground::on(template);
    ground.execute(r#"ALTER TABLE "DashboardWidget" DROP COLUMN "config""#);
    let plan = check(&ground);
    assert!(plan.is_one_transaction());
    check_the_way_back(&ground, &plan, plan.steps.len());
}

#[test]
fn of_what_is_missing_on_tables_with_rows() {
    let template = Template::BaselineWithRows.and_then("half-full", |client| {
        without(client, MISSING);
        client.batch_execute(ROWS).unwrap();
        client
            .batch_execute(r#"ALTER TABLE "DashboardWidget" DROP COLUMN "config""#)
            .unwrap();
        // What a failed build leaves.
        let index = r#"CREATE INDEX "Job_status_idx" ON "Job" ("status")"#;
        client.batch_execute(index).unwrap();
        let broken = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"Job_status_idx\"'::regclass";
        client.batch_execute(broken).unwrap();
    });
    let ground = Ground::on(template);
    let plan = check(&ground);
    let has = |what: &str| plan.steps.iter().any(|step| step.sql.contains(what));
    for what in [
        "DROP INDEX CONCURRENTLY",
        "CREATE INDEX CONCURRENTLY",
        "NOT VALID",
        "VALIDATE",
        "ADD COLUMN",
    ] {
        assert!(has(what), "{what}");
    }
}
