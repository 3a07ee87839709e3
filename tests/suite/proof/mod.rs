//! The proof engine on a real server: green on what is sound, red on what is broken, and nothing left.

mod broken;
mod limits;
mod order;
mod rows;
mod security;
mod triggers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use leora_core::model::{Identifier, Schema};
use leora_core::plan::plan;
use leora_core::verify::advice::Advice;
use leora_core::verify::check::{Check, CheckId, Group, Outcome};
use leora_core::verify::promise::Promise;
use leora_core::verify::proof::{self, FirstRound, ProofOptions, Subject};
use leora_db::introspect::{introspect, introspect_tables};
use leora_db::probe;
use leora_db::session::Session;
use leora_schema::LEORA;
use postgres::Client;

use super::support::{Template, TestDatabase};

fn public() -> Identifier {
    Identifier::new("public").unwrap()
}

fn promise() -> &'static Promise {
    static PROMISE: OnceLock<Promise> = OnceLock::new();
    PROMISE.get_or_init(|| {
        let database = TestDatabase::from(Template::Baseline);
        let mut session = Session::open(database.client(), public()).unwrap();
        Promise::new(&LEORA, introspect_tables(&mut session).unwrap().schema)
    })
}

/// The 61 tables as the migration leaves them.
fn migrated() -> Template {
    Template::Baseline.and_then("migrated", migrate)
}

fn migrate(client: &mut Client) {
    let promise = promise();
    let schema = public();
    let steps = plan(
        &promise.request(&schema),
        &promise.baseline,
        &BTreeSet::new(),
    )
    .steps;
    for step in steps {
        client.batch_execute(&step.sql).unwrap();
    }
}

struct Proof {
    checks: Vec<Check>,
    round_trips: u32,
    time: Duration,
    planned: Duration,
    script: usize,
}

impl Proof {
    fn of(database: &TestDatabase, options: &ProofOptions) -> Proof {
        Proof::against(database, &promise().whole, options)
    }

    fn against(database: &TestDatabase, desired: &Schema, options: &ProofOptions) -> Proof {
        Proof::by(database.client(), desired, options)
    }

    /// Of what stands, taken for what is promised.
    fn against_itself(database: &TestDatabase) -> Proof {
        let mut session = Session::open(database.client(), public()).unwrap();
        let desired = introspect_tables(&mut session).unwrap().schema;
        drop(session);
        Proof::against(database, &desired, &ProofOptions::default())
    }

    fn by(client: Client, desired: &Schema, options: &ProofOptions) -> Proof {
        let mut session = Session::open(client, public()).unwrap();
        let schema = public();
        let found = introspect(&mut session).unwrap();
        let subject = Subject {
            schema: &schema,
            actual: &found.tables.schema,
            desired,
            declaration: &LEORA,
            sizes: &found.tables.sizes,
            firing_order: &found.around.firing_order,
            user_code: &found.around.user_code,
            bypasses_row_security: session.server.bypasses_row_security,
            superuser: session.server.superuser,
            options,
        };
        let began = Instant::now();
        let proof = proof::Proof::new(&subject, FirstRound::of(&subject));
        let planned = began.elapsed();
        let programme = proof.next().unwrap();
        let script = programme.script().len();
        if let Some(path) = std::env::var_os("LEORA_TEST_KEEP_PROBE") {
            std::fs::write(path, probe::sql(&session, programme)).unwrap();
        }
        let before = session.round_trips();
        let began = Instant::now();
        let checks = probe::prove(&mut session, &subject, FirstRound::of(&subject)).checks;
        Proof {
            checks,
            round_trips: session.round_trips() - before,
            time: began.elapsed(),
            planned,
            script,
        }
    }

    fn ids(&self, holds: impl Fn(&Outcome) -> bool) -> Vec<CheckId> {
        self.checks
            .iter()
            .filter(|check| holds(&check.outcome))
            .map(|check| check.id)
            .collect()
    }

    fn failed(&self) -> Vec<CheckId> {
        self.ids(Outcome::is_failure)
    }

    fn not_passed(&self) -> Vec<CheckId> {
        self.ids(|outcome| *outcome != Outcome::Passed)
    }

    fn print(&self) {
        println!(
            "{:?} of which planning {:?}; {} bytes; {} round trips",
            self.time, self.planned, self.script, self.round_trips
        );
        for check in &self.checks {
            println!(
                "{:32} {} / {}: {:?}",
                check.id.to_string(),
                check.found,
                check.expected,
                check.outcome
            );
        }
    }
}

#[test]
fn a_sound_database_passes_all() {
    let database = TestDatabase::from(migrated());
    let proof = Proof::of(&database, &ProofOptions::default());
    proof.print();
    assert_eq!(proof.not_passed(), [""; 0]);
}
