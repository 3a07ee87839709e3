//! What goes wrong on the way: nothing is left half done, and what is said is true.

mod cut_off;
mod disk;
mod failover;
mod killed;
pub(crate) mod lone;
mod lost;
mod not_verified;
mod proxy;
mod reading;
mod rights;
mod shortened;
mod verifying;

use leora_db::apply::ApplyError;

use crate::apply::ground::Ground;
use crate::support::Template;

/// An event trigger that fails DDL of one kind on one object with one error code.
pub(crate) fn fail_on(ground: &Ground, tag: &str, object: &str, code: &str) {
    ground.execute(&format!(
        "CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
           IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%{object}%') THEN
             RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '{code}', HINT = 'Check free disk space.';
           END IF;
         END $$;
         CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION fail();"
    ));
}

fn nothing_changed(ground: &Ground) {
    assert_eq!(ground.pending().len(), 16);
    assert!(ground.history().runs.is_empty());
    ground.no_lock_is_left();
}

#[test]
fn a_statement_that_fails_midway_is_named_and_nothing_changes() {
    let ground = Ground::on(Template::Baseline);
    fail_on(&ground, "CREATE INDEX", "Job_status_idx", "53100");
    let plan = ground.plan(&mut ground.session());
    let error = ground.apply().unwrap_err();
    let ApplyError::StepFailed(failure) = &error else {
        panic!("{error}");
    };
    let step = &plan.steps[failure.step.unwrap()];
    assert!(step.sql.contains("Job_status_idx"), "{}", step.sql);
    assert_eq!(failure.sqlstate.as_deref(), Some("53100"));
    let text = error.to_string();
    for part in [
        "No space left",
        "Check free disk space",
        "nothing changed",
        "Job_status_idx",
    ] {
        assert!(text.contains(part), "{text}");
    }
    nothing_changed(&ground);
}

#[test]
fn a_statement_that_fails_under_the_locks_changes_nothing() {
    let ground = Ground::on(Template::Baseline);
    fail_on(&ground, "ALTER TABLE", "Job", "53200");
    let error = ground.apply().unwrap_err();
    let ApplyError::StepFailed(failure) = &error else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("53200"));
    nothing_changed(&ground);
}

/// Made after the plan, where no check of the plan looks.
#[test]
fn a_name_taken_meanwhile_is_said() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    ground.execute(r#"CREATE SEQUENCE "Job_type_status_idx""#);
    let options = crate::apply::ground::patient();
    let error = ground
        .apply_plan(&mut session, &plan, &options, &mut ())
        .unwrap_err();
    let ApplyError::StepFailed(failure) = &error else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("42P07"));
    assert!(failure.what.contains("Job_type_status_idx"), "{error}");
    ground.execute(r#"DROP SEQUENCE "Job_type_status_idx""#);
    nothing_changed(&ground);
}
