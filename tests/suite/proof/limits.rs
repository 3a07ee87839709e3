//! What is left alone, and what is left behind: nothing.

use leora_core::verify::checks::{self, Evaluation};

use super::*;

#[test]
fn only_what_is_asked_for_is_tried() {
    let database = TestDatabase::from(migrated());
    let proof = |only: &[Group]| {
        let options = ProofOptions {
            only: only.to_vec(),
            ..ProofOptions::default()
        };
        Proof::of(&database, &options)
    };
    let untried = proof(&[Group::Tables, Group::Migration]);
    assert_eq!(untried.round_trips, 0, "it needs no rows");
    assert_eq!(untried.not_passed().len(), tried());

    let unique = proof(&[Group::Tables, Group::Uniqueness]);
    assert_eq!(unique.round_trips, 1);
    let asked_for = |id: &CheckId| id.group == Group::Uniqueness;
    let (asked_for, others): (Vec<_>, Vec<_>) =
        unique.not_passed().into_iter().partition(asked_for);
    assert_eq!(asked_for, [""; 0]);
    assert_eq!(others.len() + 4, tried());

    let of_all = proof(&[]);
    assert_eq!(of_all.not_passed(), [""; 0]);
    assert!(unique.script < of_all.script);
}

#[test]
fn a_table_that_would_be_read_from_end_to_end_is_left_alone() {
    let database = TestDatabase::from(migrated());
    database.execute(
        r#"UPDATE pg_class SET relpages = 1000000, reltuples = 10000000 WHERE oid = '"DashboardWidget"'::regclass"#,
    );
    let proof = Proof::of(&database, &ProofOptions::default());
    assert_eq!(proof.failed(), [""; 0]);
    let widgets = proof
        .checks
        .iter()
        .find(|check| check.id == "deletes.user-widgets")
        .unwrap();
    let said = format!("{:?}", widgets.outcome);
    assert!(
        said.contains(
            r#"CREATE INDEX CONCURRENTLY \"DashboardWidget_userId_idx\" ON \"DashboardWidget\""#
        ),
        "{said}"
    );

    database.execute(
        r#"CREATE INDEX CONCURRENTLY ON "DashboardWidget" ("userId") WHERE "userId" IS NOT NULL"#,
    );
    assert_eq!(
        Proof::of(&database, &ProofOptions::default()).not_passed(),
        [""; 0]
    );
}

/// The pages that the last ANALYZE counted, more where rows came since.
#[test]
fn the_size_of_a_table_is_what_it_was_last_found_to_be() {
    let database = TestDatabase::from(migrated());
    database.execute(
        r#"CREATE TABLE "Rows" AS SELECT i FROM generate_series(1, 10000) i; ANALYZE "Rows""#,
    );
    // The counters of statistics are sent when a session ends, and arrive later.
    let counted = r#"SELECT pg_stat_get_live_tuples('"Rows"'::regclass)"#;
    let arrived = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let rows: i64 = database.client().query_one(counted, &[]).unwrap().get(0);
        rows == 10_000
    });
    assert!(arrived);
    let pages = || {
        let mut session = Session::open(database.client(), public()).unwrap();
        introspect_tables(&mut session).unwrap().sizes[&Identifier::new("Rows").unwrap()].pages
    };
    let relpages = r#"SELECT relpages FROM pg_class WHERE oid = '"Rows"'::regclass"#;
    let found: i32 = database.client().query_one(relpages, &[]).unwrap().get(0);
    let found = u64::try_from(found).unwrap();
    // 226 rows of one integer are in a page; 20 would make 500 pages of them.
    assert!((45..100).contains(&found), "{found}");
    assert_eq!(pages(), found);
    database.execute(r#"UPDATE pg_class SET reltuples = 5000 WHERE oid = '"Rows"'::regclass"#);
    assert_eq!(pages(), 2 * found);
    database.execute(
        r#"UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = '"Rows"'::regclass"#,
    );
    assert_eq!(pages(), 500);
}

/// Rows and sequences of the whole database, as text.
fn contents(database: &TestDatabase) -> String {
    let question = "
        SELECT string_agg(query_to_xml(format(CASE relkind WHEN 'r' THEN 'SELECT t::text FROM %s t ORDER BY 1'
                                                           ELSE 'SELECT last_value, is_called FROM %s' END, oid::regclass),
                                       true, false, '')::text, '' ORDER BY oid)
        FROM pg_class WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace";
    database.client().query_one(question, &[]).unwrap().get(0)
}

#[test]
fn nothing_is_left() {
    let database =
        TestDatabase::from(Template::BaselineWithRows.and_then("migrated-with-rows", migrate));
    database.execute(
        r#"ALTER TABLE "Job" ADD COLUMN serial bigserial, ADD COLUMN always integer GENERATED ALWAYS AS IDENTITY, ADD CHECK (attempts >= 0)"#,
    );
    let before = contents(&database);
    assert!(before.len() > 100_000);
    let proof = Proof::against_itself(&database);
    assert_eq!(proof.not_passed(), [""; 0]);
    assert!(before == contents(&database), "rows or sequences differ");
    let settings = database.client().query_one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'", &[]);
    assert_eq!(settings.unwrap().get::<_, i64>(0), 0);
}

#[test]
fn where_nothing_can_be_written_it_says_why() {
    let database = TestDatabase::from(migrated());
    database.execute(&format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name()
    ));
    let proof = Proof::of(&database, &ProofOptions::default());
    assert_eq!(proof.failed(), [""; 0]);
    assert_eq!(proof.not_passed().len(), tried());
    assert!(format!("{:?}", proof.checks[0].outcome).contains("read-only"));

    let database = TestDatabase::from(migrated());
    database.execute("DROP EXTENSION plpgsql");
    let proof = Proof::of(&database, &ProofOptions::default());
    assert!(
        format!("{:?}", proof.checks[0].outcome).contains("PL/pgSQL"),
        "{:?}",
        proof.checks[0]
    );

    // A table that another session has locked: one is not waited for longer than said.
    let database = TestDatabase::from(migrated());
    let mut session = Session::open(database.client(), public()).unwrap();
    let (schema, found, options) = (
        public(),
        introspect(&mut session).unwrap(),
        ProofOptions::default(),
    );
    let mut other = database.client();
    other
        .batch_execute(r#"BEGIN; LOCK TABLE "Job" IN ACCESS EXCLUSIVE MODE"#)
        .unwrap();
    let subject = Subject {
        schema: &schema,
        actual: &found.tables.schema,
        desired: &promise().whole,
        declaration: &LEORA,
        sizes: &found.tables.sizes,
        firing_order: &found.around.firing_order,
        user_code: &found.around.user_code,
        bypasses_row_security: true,
        superuser: false,
        options: &options,
    };
    let began = Instant::now();
    let checks = probe::prove(&mut session, &subject, FirstRound::of(&subject));
    assert!(began.elapsed() < Duration::from_secs(4));
    let said = format!("{:?}", checks.checks[0].outcome);
    assert!(
        said.contains("lock timeout; pid ")
            && said.contains(r#" of leora holds ACCESS EXCLUSIVE on \"Job\" (SQLSTATE 55P03)"#),
        "{said}"
    );

    // One that is let go soon is waited for.
    drop(other);
    let mut other = database.client();
    other
        .batch_execute(r#"BEGIN; LOCK TABLE "Job" IN SHARE MODE"#)
        .unwrap();
    let first = FirstRound::of(&subject);
    let before = session.round_trips();
    let letting_go = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(900));
        drop(other);
    });
    let checks = probe::prove(&mut session, &subject, first);
    letting_go.join().unwrap();
    let tries = session.round_trips() - before;
    assert!((2..=3).contains(&tries), "{tries}");
    let open = |check: &&Check| check.outcome != Outcome::Passed;
    assert_eq!(checks.checks.iter().filter(open).count(), 0);
}

/// How many checks are tried on rows.
fn tried() -> usize {
    let all = checks::all(&LEORA).into_iter();
    all.filter(|entry| matches!(entry.evaluation, Evaluation::Tried { .. }))
        .count()
}
