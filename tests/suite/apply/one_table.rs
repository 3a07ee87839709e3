//! One existing table at a time, each in a transaction of its own.

use std::time::Duration;

use leora_core::plan::prisma_record::PrismaMigration;
use leora_core::plan::{Grouping, Plan};
use leora_db::apply::{Applied, ApplyError, ApplyOptions, Interrupt, Stop};
use leora_db::history::RunState;

use super::ground::{Ground, Holder, ROWS, patient, without};
use super::waiting::{Notes, UPDATE_ONE};
use crate::support::{Cli, Template};

fn divided(ground: &Ground) -> Plan {
    Plan {
        grouping: Grouping::OneTableAtATime,
        ..ground.plan(&mut ground.session())
    }
}

fn apply(ground: &Ground, options: &ApplyOptions) -> Result<Applied, ApplyError> {
    ground.apply_plan(&mut ground.session(), &divided(ground), options, &mut ())
}

fn impatient() -> ApplyOptions {
    ApplyOptions {
        wait: Duration::from_secs(1),
        ..patient()
    }
}

#[test]
fn it_is_recorded_as_one_run() {
    let ground = Ground::on(Template::BaselineWithRows);
    let plan = divided(&ground);
    assert_eq!(plan.transactions().len(), 2);
    let Ok(Applied::Done(done)) = apply(&ground, &patient()) else {
        panic!("done");
    };
    assert_eq!(done.transaction.attempts, 1);
    assert_eq!(ground.pending(), Vec::<String>::new());
    let [run] = &ground.history().runs[..] else {
        panic!("one run");
    };
    assert_eq!(
        (run.id, run.state, run.steps_done),
        (done.run, RunState::Applied, 16)
    );
    assert_eq!(ground.apply().unwrap(), Applied::Already);
    ground.no_lock_is_left();
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(ground.pending().len(), 16);
}

/// Steps that stand alone come after it, under the same record.
#[test]
fn steps_that_stand_alone_follow() {
    let template = Template::BaselineWithRows.and_then("no-index-no-key", |client| {
        without(client, &["_idx", "_key", "_fkey"]);
        client.batch_execute(ROWS).unwrap();
    });
    let ground = Ground::on(template);
    let plan = divided(&ground);
    assert!(plan.transactions().len() > 2 && !plan.together_and_alone().1.is_empty());
    apply(&ground, &patient()).unwrap();
    assert_eq!(ground.pending(), Vec::<String>::new());
    let [run] = &ground.history().runs[..] else {
        panic!("one run");
    };
    assert_eq!(
        (run.state, run.steps_done),
        (RunState::Applied, plan.steps.len())
    );
    ground.no_lock_is_left();
}

/// `Tenant` is locked first, `User` is not free.
fn stopped_midway(ground: &Ground) -> ApplyError {
    let holder = Holder::of(ground, UPDATE_ONE);
    let error = apply(ground, &impatient()).unwrap_err();
    holder.let_go();
    error
}

#[test]
fn what_is_done_stays_and_applying_again_goes_on() {
    let ground = Ground::on(Template::BaselineWithRows);
    let all = ground.pending();
    let error = stopped_midway(&ground);
    let ApplyError::PartlyApplied(partly) = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(&partly.why, Stop::Locked(tried) if tried.blockers.len() == 1),
        "{error}"
    );
    assert_eq!(partly.done.len() + 1 + partly.left.len(), 16);
    assert!(
        error
            .to_string()
            .contains("apply again, which goes on from there"),
        "{error}"
    );
    let left = ground.pending();
    assert_eq!(left, all[partly.at..]);
    assert!(
        left.iter()
            .all(|step| step.contains("userId") || step.contains("createdById")),
        "{left:?}"
    );
    let run = &ground.history().runs[0];
    assert_eq!(
        (run.state, run.steps_done),
        (RunState::Failed, partly.done.len())
    );
    ground.no_lock_is_left();

    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    let states: Vec<_> = ground.history().runs.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Failed, RunState::Applied]);
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(ground.pending(), all);
}

#[test]
fn what_is_half_done_is_rolled_back() {
    let ground = Ground::on(Template::BaselineWithRows);
    let all = ground.pending();
    stopped_midway(&ground);
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(ground.pending(), all);
    assert_eq!(ground.history().runs[0].state, RunState::RolledBack);
}

#[test]
fn a_signal_between_two_tables_says_what_is_done() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let interrupt = Interrupt::default();
    let mut notes = Notes {
        first: Some(Box::new(|| interrupt.raise(15))),
        ..Notes::default()
    };
    let (mut session, plan) = (ground.session(), divided(&ground));
    let error = ground.apply_until(&mut session, &plan, &mut notes, &interrupt);
    let error = error.unwrap_err();
    let ApplyError::Interrupted {
        signal: 15,
        partly: Some(partly),
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(partly.done.len(), ground.history().runs[0].steps_done);
    holder.let_go();
    ground.no_lock_is_left();
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// Prisma is told when all of it is done.
#[test]
fn prismas_history_gets_it_at_the_end() {
    let ground = Ground::on(Template::BaselineWithRows);
    let options = ApplyOptions {
        prisma: Some(PrismaMigration {
            name: "1_add_phase1_foundation".to_owned(),
            checksum: "x".to_owned(),
            schema: ground.schema.clone(),
        }),
        ..impatient()
    };
    let holder = Holder::of(&ground, UPDATE_ONE);
    apply(&ground, &options).unwrap_err();
    assert_eq!(ground.ask("SELECT to_regclass('_prisma_migrations')"), "");
    holder.let_go();
    apply(&ground, &options).unwrap();
    let recorded = "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL";
    assert_eq!(ground.ask(recorded), "1");
    ground.roll_back(&ground.way_back(), false).unwrap();
    assert_eq!(
        ground.ask(&format!("{recorded} AND rolled_back_at IS NULL")),
        "0"
    );

    apply(&ground, &options).unwrap();
    assert_eq!(
        ground.ask(&format!("{recorded} AND rolled_back_at IS NULL")),
        "1"
    );
}

#[test]
fn when_the_first_table_is_not_free_nothing_changes() {
    let ground = Ground::on(Template::BaselineWithRows);
    let holder = Holder::of(&ground, r#"UPDATE "Tenant" SET "name" = "name""#);
    let error = apply(&ground, &impatient()).unwrap_err();
    assert!(
        matches!(error, ApplyError::LockNotObtained { .. }),
        "{error}"
    );
    assert!(!error.to_string().contains("one-table"), "{error}");
    holder.let_go();
    assert_eq!(ground.pending().len(), 16);
    assert!(ground.history().runs.is_empty());
    ground.no_lock_is_left();
}

#[test]
fn the_command_suggests_it_does_it_and_tells_how_far_it_came() {
    let ground = Ground::on(Template::BaselineWithRows);
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    let holder = Holder::of(&ground, UPDATE_ONE);
    run(&["apply", "--yes", "--wait=1s"])
        .exits(3)
        .stderr_has("--one-table-at-a-time");
    let partly = run(&["apply", "--yes", "--wait=1s", "--one-table-at-a-time"]).exits(4);
    assert!(
        partly.stderr.contains("apply again, which goes on"),
        "{partly}"
    );
    run(&["status"]).exits(0).stdout_has("14 of 16");
    holder.let_go();
    run(&["apply", "--yes", "--one-table-at-a-time"]).exits(0);
    run(&["verify"]).exits(0);
}

#[test]
fn a_saved_plan_says_how_it_is_divided() {
    let ground = Ground::on(Template::BaselineWithRows);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plan.json").display().to_string();
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    run(&["plan", "--one-table-at-a-time", "--out", &file]).exits(0);
    let holder = Holder::of(&ground, UPDATE_ONE);
    let partly = run(&["apply", "--yes", "--wait=1s", "--plan", &file]);
    partly.exits(4);
    holder.let_go();
    // The rest is another plan.
    run(&["apply", "--yes", "--plan", &file])
        .exits(2)
        .stderr_has("LM0072");
    run(&["apply", "--yes", "--no-verify"]).exits(0);

    run(&["rollback", "--yes"]).exits(0);
    run(&["plan", "--out", &file]).exits(0);
    run(&["apply", "--yes", "--one-table-at-a-time", "--plan", &file]).exits(0);
    assert_eq!(
        ground.history().runs.last().unwrap().state,
        RunState::Applied
    );
}

#[test]
fn its_script_does_the_same_in_psql() {
    let ground = Ground::on(Template::Baseline);
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(ground.database()).run();
    let script = run(&["plan", "--one-table-at-a-time", "--format=sql"])
        .exits(0)
        .stdout;
    assert_eq!(script.matches("\nCOMMIT;\n").count(), 2, "{script}");
    ground.database().psql(&script).exits(0);
    assert_eq!(ground.pending(), Vec::<String>::new());
    let [state] = ground
        .history()
        .runs
        .iter()
        .map(|run| run.state)
        .collect::<Vec<_>>()[..]
    else {
        panic!("one run");
    };
    assert_eq!(state, RunState::Applied);
    ground.no_lock_is_left();
}
