//! The connection is lost while the transaction commits, on one server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use leora_db::apply::{Applied, ApplyError, ApplyOptions, Doubt, Interrupt, Outcome, Stop, apply};

use leora_core::plan::{Grouping, Plan};
use leora_db::scratch::{Binaries, Options, ScratchServer};

use super::proxy::{Cut, Proxy};
use crate::apply::ground::{Ground, patient, session, target};
use crate::support::{Template, repository};

/// Applies through `proxy`, as `user`; the server is given three seconds to answer.
pub(super) fn applied_through(
    ground: &Ground,
    proxy: &Proxy,
    (user, database): (&str, &str),
) -> Result<Applied, ApplyError> {
    let plan = ground.plan(&mut ground.session());
    plan_applied_through(ground, &plan, proxy, (user, database))
}

fn plan_applied_through(
    ground: &Ground,
    plan: &Plan,
    proxy: &Proxy,
    (user, database): (&str, &str),
) -> Result<Applied, ApplyError> {
    let target = target(&proxy.url(user, database));
    let mut session = session(&target);
    let request = ground.request(&session);
    let options = ApplyOptions {
        reconnect: Duration::from_secs(3),
        ..patient()
    };
    apply(
        &target,
        &mut session,
        plan,
        &request,
        &options,
        &mut (),
        &Interrupt::default(),
    )
}

fn socket(ground: &Ground) -> String {
    format!("{}/.s.PGSQL.5432", ground.socket_directory())
}

fn cut(
    ground: &Ground,
    cut: Cut,
    meanwhile: impl FnOnce(String) -> Option<String> + Send + 'static,
) -> Result<Applied, ApplyError> {
    let proxy = Proxy::start(socket(ground), cut, meanwhile);
    applied_through(ground, &proxy, ("leora", ground.database().name()))
}

#[track_caller]
pub(super) fn doubt(ended: Result<Applied, ApplyError>) -> Doubt {
    match ended {
        Err(ApplyError::ConnectionLost {
            outcome: Outcome::Unknown { why, .. },
            ..
        }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_commit_that_was_not_heard_of_is_found_out() {
    let ground = Ground::on(Template::Baseline);
    let Applied::Done(done) = cut(&ground, Cut::After, Some).unwrap() else {
        panic!("done");
    };
    assert!(done.transaction.reconnected);
    assert_eq!(done.transaction.stalled, None, "nobody heard when it ended");
    assert_eq!(ground.pending(), Vec::<String>::new());
}

/// The lock that keeps other migrations out went with the session, so the second table is left to the next run.
#[test]
fn the_first_of_several_commits_that_was_not_heard_of_stops_it_there() {
    let ground = Ground::on(Template::Baseline);
    let plan = Plan {
        grouping: Grouping::OneTableAtATime,
        ..ground.plan(&mut ground.session())
    };
    let proxy = Proxy::start(socket(&ground), Cut::After, Some);
    let to = ("leora", ground.database().name());
    let error = plan_applied_through(&ground, &plan, &proxy, to).unwrap_err();
    let ApplyError::PartlyApplied(partly) = &error else {
        panic!("{error}");
    };
    assert!(matches!(partly.why, Stop::Lost(_)), "{error}");
    assert_eq!(ground.pending().len(), 1 + partly.left.len());
    ground.applied();
    assert_eq!(ground.pending(), Vec::<String>::new());
    ground.no_lock_is_left();
}

#[test]
fn a_commit_that_never_arrived_is_said_to_have_changed_nothing() {
    let ground = Ground::on(Template::Baseline);
    let error = cut(&ground, Cut::Before, Some).unwrap_err();
    let ApplyError::ConnectionLost {
        outcome: Outcome::RolledBack,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn what_nobody_can_say_is_not_said() {
    let ground = Ground::on(Template::Baseline);
    assert_eq!(doubt(cut(&ground, Cut::After, |_| None)), Doubt::NoAnswer);
    assert_eq!(ground.apply().unwrap(), Applied::Already);
}

/// The id's status says 'committed', and nothing that was done is there.
#[test]
fn a_commit_without_its_record_is_not_believed() {
    let ground = Ground::on(Template::Baseline);
    let url = ground.url.clone();
    let ended = cut(&ground, Cut::After, move |led| {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client
            .batch_execute("DELETE FROM leora_migrate.migration")
            .unwrap();
        Some(led)
    });
    assert!(matches!(
        &ended,
        Err(error) if error.to_string().contains("FROM leora_migrate.migration WHERE id = '")
    ));
    assert_eq!(doubt(ended), Doubt::NoRecord);
}

/// A role that may not ask which server it is on believes the record, and nothing else.
#[test]
fn a_role_that_cannot_tell_the_server_believes_its_own_record_only() {
    for (cut, rewritten) in [
        (Cut::After, false),
        (Cut::Before, false),
        (Cut::After, true),
    ] {
        let ground = Ground::on(Template::Baseline);
        let (role, database) = (
            format!("lost_{}", ground.database().name()),
            ground.database().name().to_owned(),
        );
        ground.execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {database} TO {role}; \
             GRANT ALL ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; \
             REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_current_wal_lsn(), pg_walfile_name(pg_lsn) FROM PUBLIC"
        ));
        let url = ground.url.clone();
        let proxy = Proxy::start(socket(&ground), cut, move |led| {
            if rewritten {
                let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
                client
                    .batch_execute("UPDATE leora_migrate.migration SET host = 'another transaction wrote this'")
                    .unwrap();
            }
            Some(led)
        });
        let ended = applied_through(&ground, &proxy, (&role, &database));
        if cut == Cut::After && !rewritten {
            assert!(
                matches!(&ended, Ok(Applied::Done(done)) if done.transaction.reconnected),
                "{ended:?}"
            );
        } else {
            assert_eq!(doubt(ended), Doubt::NotIdentified);
        }
        ground.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }
}

/// The id was never written down, so a server that comes back has never given it.
#[test]
fn a_crash_that_loses_the_transaction_has_rolled_it_back() {
    let binaries = Binaries::find().unwrap();
    let server = ScratchServer::start(&binaries, &Options::default()).unwrap();
    let url = server.url("postgres");
    let server = Arc::new(Mutex::new(server));
    let crashing = Arc::clone(&server);
    let ground = Ground::at(&url);
    let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
    ground.client().batch_execute(&baseline).unwrap();
    ground.client().batch_execute("CHECKPOINT").unwrap();
    let proxy = Proxy::start(socket(&ground), Cut::Before, move |led| {
        let mut server = crashing.lock().unwrap();
        server.stop_immediately().unwrap();
        server.start_again(&binaries).unwrap();
        Some(led)
    });
    let ended = applied_through(&ground, &proxy, ("leora", "postgres"));
    assert!(
        matches!(
            &ended,
            Err(ApplyError::ConnectionLost {
                outcome: Outcome::RolledBack,
                ..
            })
        ),
        "{ended:?}"
    );
    drop(server);
}
