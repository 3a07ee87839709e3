//! Rights that are missing are named with what gives them.

use leora_db::apply::{ApplyError, Interrupt, apply, preflight};

use crate::apply::ground::{Ground, ROWS, patient, session, target, without};
use crate::support::Template;

/// Everything that is missing at once, and what it takes; then, with that done, it works.
fn granted(ground: &Ground, role: &str, expected: &[&str]) {
    let url = ground.url.replace("//leora@", &format!("//{role}@"));
    let target = target(&url);
    let plan = ground.plan(&mut ground.session());
    let obstacles = preflight(&target, &mut session(&target), &plan).unwrap();
    let reasons: Vec<_> = obstacles.iter().map(|o| o.reason.as_str()).collect();
    assert_eq!(reasons, expected);

    let mut session = session(&target);
    let request = ground.request(&session);
    let mut apply = || {
        let (options, interrupt) = (patient(), Interrupt::default());
        apply(
            &target,
            &mut session,
            &plan,
            &request,
            &options,
            &mut (),
            &interrupt,
        )
    };
    assert!(matches!(apply(), Err(ApplyError::Refused { obstacles: o }) if o == obstacles));
    for (i, obstacle) in obstacles.iter().enumerate() {
        let Err(ApplyError::Refused { obstacles: left }) = apply() else {
            panic!("{i}");
        };
        assert_eq!(left, &obstacles[i..]);
        ground.execute(&obstacle.remedy);
    }
    apply().unwrap();
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn to_create_and_to_reference() {
    let ground = Ground::on(Template::Baseline);
    ground.execute(
        r#"REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE "poor" LOGIN; GRANT USAGE ON SCHEMA public TO "poor";
           GRANT SELECT ON ALL TABLES IN SCHEMA public TO "poor""#,
    );
    granted(
        &ground,
        "poor",
        &[
            &format!(
                "the role poor may not create schemas in database {}, and the history needs one",
                ground.database().name()
            ),
            "the role poor may not create in schema public",
            "the role poor may not make foreign keys to \"Tenant\"",
            "the role poor may not make foreign keys to \"User\"",
        ],
    );
}

#[test]
fn to_change_what_stands_and_to_write_the_history() {
    let template = Template::BaselineWithRows.and_then("not-owned", |client| {
        without(client, &["_idx"]);
        client.batch_execute(ROWS).unwrap();
    });
    let ground = Ground::on(template);
    ground.execute(
        r#"CREATE SCHEMA leora_migrate; CREATE ROLE "hand" LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO "hand";
           CREATE ROLE "keeper"; GRANT USAGE, CREATE ON SCHEMA public TO "keeper";
           ALTER TABLE "Job" OWNER TO "keeper"; ALTER TABLE "DashboardWidget" OWNER TO "hand";
           ALTER TABLE "MetricDefinition" OWNER TO "hand";"#,
    );
    granted(
        &ground,
        "hand",
        &[
            "the role hand may not create in schema leora_migrate",
            "the role hand does not own \"Job\", which is to be changed",
        ],
    );
}

#[test]
fn a_database_that_takes_no_changes_says_so() {
    let ground = Ground::on(Template::Baseline);
    let mut session = ground.session();
    let plan = ground.plan(&mut session);
    let reason = |change: &dyn Fn(&mut leora_db::session::Server)| {
        let mut session = ground.session();
        change(&mut session.server);
        let obstacles = preflight(&ground.target, &mut session, &plan).unwrap();
        assert_eq!(obstacles.len(), 1);
        obstacles[0].reason.clone()
    };
    assert!(reason(&|server| server.version_number = 120_022).contains("PostgreSQL"));
    assert!(reason(&|server| server.in_recovery = true).contains("replica"));
    assert!(reason(&|server| server.read_only = true).contains("read-only"));
    assert!(reason(&|server| server.schema_oid = None).contains("no schema"));
    let replica = |server: &mut leora_db::session::Server| {
        "replica".clone_into(&mut server.session_replication_role);
    };
    assert!(reason(&replica).contains("no foreign key is enforced"));
}
