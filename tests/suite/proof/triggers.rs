//! Triggers that people wrote: none fires that may not, and what is left open for it.

use super::*;

/// A trigger that people wrote may do anything, outside the database too.
#[test]
fn a_trigger_fires_only_when_allowed() {
    let database = TestDatabase::from(migrated());
    database.execute(
        r#"CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER keep BEFORE DELETE ON "Job" FOR EACH ROW EXECUTE FUNCTION keep()"#,
    );
    let unasked = Proof::of(&database, &ProofOptions::default());
    assert_eq!(unasked.failed(), [""; 0]);
    let erased = unasked
        .checks
        .iter()
        .find(|check| check.id == "deletes.tenant-erased")
        .unwrap();
    let said = format!("{:?}", erased.outcome);
    assert!(
        said.contains("NotProved") && said.contains(r#"trigger \"keep\" on \"Job\" would fire"#),
        "{said}"
    );

    let options = ProofOptions {
        allow_user_code: true,
        ..ProofOptions::default()
    };
    let allowed = Proof::of(&database, &options);
    assert_eq!(
        allowed.failed(),
        [
            "deletes.tenant-erased",
            "deletes.tenant-new-models",
            "deletes.foreign-keys"
        ]
    );

    // One that fires for statements does so for every tenant deleted, rows or none.
    database.execute(
        r#"DROP TRIGGER keep ON "Job"; CREATE TRIGGER keep AFTER DELETE ON "Job" FOR EACH STATEMENT EXECUTE FUNCTION keep()"#,
    );
    let unasked = Proof::of(&database, &ProofOptions::default());
    assert_eq!(unasked.failed(), [""; 0]);
    assert!(
        unasked
            .not_passed()
            .iter()
            .all(|id| *id != "deletes.user-widgets"),
        "no tenant is deleted for it"
    );
    assert!(
        unasked
            .not_passed()
            .iter()
            .any(|id| *id == "deletes.tenant-new-models")
    );
    assert_eq!(Proof::of(&database, &options).not_passed(), [""; 0]);
}

/// The migrated database with a trigger on `table`, proved without leave to fire it.
fn with_trigger(event: &str, table: &str) -> Proof {
    let database = TestDatabase::from(migrated());
    database.execute(&format!(
        r#"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END';
           CREATE TRIGGER t BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION f()"#
    ));
    let proof = Proof::of(&database, &ProofOptions::default());
    proof.print();
    assert_eq!(proof.failed(), [""; 0]);
    assert_eq!(proof.round_trips, 1);
    proof
}

/// Every check that is not proved says so for the trigger, and first.
fn names_the_trigger(proof: &Proof, table: &str) {
    let named =
        format!(r#"trigger "t" on "{table}" would fire, and --allow-user-code is not given"#);
    for check in &proof.checks {
        if let Outcome::NotProved { reasons } = &check.outcome {
            assert_eq!(reasons, &[named.as_str()], "{}", check.id);
        }
    }
}

/// Each check that is not proved, and what was found.
fn open(proof: &Proof) -> Vec<String> {
    let checks = proof.checks.iter();
    let open = checks.filter(|check| check.outcome != Outcome::Passed);
    open.map(|check| format!("{}: {}", check.id, check.found))
        .collect()
}

/// A row that is made fires nothing: only what deletes one is left out.
#[test]
fn a_trigger_on_delete_keeps_only_those_deletes_open() {
    let proof = with_trigger("DELETE", "Customer");
    assert_eq!(
        open(&proof),
        [
            "deletes.tenant-erased: 42 of 61 rows, 19 not proved",
            "deletes.foreign-keys: 129 of 145 foreign keys, 16 not proved",
            "tenants.others-unchanged: 4 of 23 trials, 19 not proved",
        ]
    );
    names_the_trigger(&proof, "Customer");
}

/// 18 tables need a customer; those that may name one do without.
#[test]
fn a_trigger_on_insert_keeps_only_what_needs_its_table_open() {
    let proof = with_trigger("INSERT", "Customer");
    assert_eq!(
        open(&proof),
        [
            "integrity.orphans-refused: 85 of 145 foreign keys, 60 not proved",
            "deletes.tenant-erased: 42 of 61 rows, 19 not proved",
            "deletes.foreign-keys: 85 of 145 foreign keys, 60 not proved",
            "deletes.key-changes: 85 of 145 foreign keys, 60 not proved",
            "tenants.others-unchanged: 4 of 23 trials, 19 not proved",
        ]
    );
    names_the_trigger(&proof, "Customer");
}

#[test]
fn a_trigger_on_update_keeps_only_those_changes_open() {
    let proof = with_trigger("UPDATE", "Task");
    assert_eq!(
        open(&proof),
        [
            "integrity.orphans-refused: 139 of 145 foreign keys, 6 not proved",
            "deletes.tenant-erased: 60 of 61 rows, 1 not proved",
            "deletes.foreign-keys: 143 of 145 foreign keys, 2 not proved",
            "deletes.key-changes: 139 of 145 foreign keys, 6 not proved",
        ]
    );
    names_the_trigger(&proof, "Task");
}

/// Whether a trigger for `event` on a row of `table` fires while the database is proved without leave to fire it. What it
/// leaves is not rolled back: the next number of a sequence.
fn fires(database: &TestDatabase, event: &str, table: &str) -> bool {
    let desired = {
        let mut session = Session::open(database.client(), public()).unwrap();
        introspect_tables(&mut session).unwrap().schema
    };
    database.execute(&format!(
        r#"CREATE TRIGGER t AFTER {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION watch.fired()"#
    ));
    let proof = Proof::against(database, &desired, &ProofOptions::default());
    assert_eq!(proof.failed(), [""; 0], "{event} on {table}");
    database.execute(&format!(r#"DROP TRIGGER t ON "{table}""#));
    let fired = "SELECT is_called FROM watch.firing";
    database.client().query_one(fired, &[]).unwrap().get(0)
}

fn watched() -> TestDatabase {
    let database = TestDatabase::from(migrated());
    database.execute(
        "CREATE SCHEMA watch; CREATE SEQUENCE watch.firing;
         CREATE FUNCTION watch.fired() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM nextval(''watch.firing''); RETURN NULL; END'",
    );
    database
}

#[test]
fn no_trigger_fires_that_may_not() {
    let database = watched();
    for table in promise().whole.table_names() {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            assert!(
                !fires(&database, event, table.as_str()),
                "{event} on {table}"
            );
        }
    }
}

/// A row that is changed by two foreign keys, the second of which others follow.
#[test]
fn no_trigger_fires_where_a_key_that_others_follow_becomes_null() {
    let database = watched();
    database.execute(
        r#"CREATE TABLE "A" (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE);
           CREATE TABLE "B" (id uuid PRIMARY KEY, one uuid REFERENCES "A" ON DELETE SET NULL,
             two uuid UNIQUE REFERENCES "A" ON DELETE SET NULL);
           CREATE TABLE "C" (id uuid PRIMARY KEY, two uuid REFERENCES "B" (two) ON DELETE CASCADE ON UPDATE CASCADE)"#,
    );
    for table in ["A", "B", "C"] {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            assert!(!fires(&database, event, table), "{event} on {table}");
        }
    }
    assert_eq!(Proof::against_itself(&database).failed(), [""; 0]);
}

/// Of MATCH FULL, all columns name a row, or all are NULL: what can be neither has no row.
#[test]
fn a_key_of_all_columns_or_none_stays_null_as_a_whole() {
    let database = watched();
    database.execute(
        r#"CREATE TABLE "A" (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE ON UPDATE CASCADE,
             UNIQUE (id, tenant));
           CREATE TABLE "B" (id uuid PRIMARY KEY, a uuid, tenant uuid REFERENCES "Tenant" ON DELETE CASCADE ON UPDATE CASCADE,
             FOREIGN KEY (a, tenant) REFERENCES "A" (id, tenant) MATCH FULL ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE TABLE "C" (id uuid PRIMARY KEY, a uuid, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE ON UPDATE CASCADE,
             FOREIGN KEY (a, tenant) REFERENCES "A" (id, tenant) MATCH FULL ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE TRIGGER t AFTER INSERT ON "A" FOR EACH ROW EXECUTE FUNCTION watch.fired()"#,
    );
    let proof = Proof::against_itself(&database);
    assert_eq!(proof.failed(), [""; 0]);
    assert_eq!(proof.round_trips, 1);
    names_the_trigger(&proof, "A");
    database.execute(r#"DROP TRIGGER t ON "A""#);
    assert_eq!(Proof::against_itself(&database).failed(), [""; 0]);
}

/// A column that may name no row of such a table is taken for neither unique nor not.
#[test]
fn a_trigger_where_new_models_name_a_row_makes_nothing_fail() {
    for (event, table) in [
        ("INSERT", "User"),
        ("UPDATE", "User"),
        ("INSERT", "Job"),
        ("DELETE", "Tenant"),
    ] {
        let proof = with_trigger(event, table);
        names_the_trigger(&proof, table);
    }
}

/// A column that names a row by two foreign keys names none where one of them finds no row.
#[test]
fn a_column_that_two_foreign_keys_are_on_stays_null_for_one() {
    let database = TestDatabase::from(migrated());
    database.execute(
        r#"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''fired''; END';
           CREATE TRIGGER t BEFORE INSERT ON "Customer" FOR EACH ROW EXECUTE FUNCTION f();
           CREATE TABLE "Both" (id uuid PRIMARY KEY REFERENCES "Tenant" ON DELETE CASCADE,
             either uuid REFERENCES "Customer" ON DELETE CASCADE REFERENCES "User" ON DELETE CASCADE)"#,
    );
    let proof = Proof::against_itself(&database);
    assert_eq!(proof.failed(), [""; 0]);
    assert_eq!(proof.round_trips, 1);
    assert!(proof.not_passed().iter().all(|id| *id != "uniqueness.keys"));
    names_the_trigger(&proof, "Customer");
}

/// Code that somebody adds between the look and the trials: locks keep it away from then on, and what came before is seen.
#[test]
fn code_that_came_after_the_look_does_not_run() {
    for (sql, seen) in [
        (
            r#"CREATE TRIGGER t BEFORE INSERT ON "Job" FOR EACH ROW EXECUTE FUNCTION watch.fired()"#,
            true,
        ),
        (
            r#"CREATE TABLE later (id uuid PRIMARY KEY, tenant uuid REFERENCES "Tenant" ON DELETE CASCADE)"#,
            false,
        ),
    ] {
        let database = watched();
        let mut session = Session::open(database.client(), public()).unwrap();
        let found = introspect(&mut session).unwrap();
        let (schema, options) = (public(), ProofOptions::default());
        let subject = Subject {
            schema: &schema,
            actual: &found.tables.schema,
            desired: &promise().whole,
            declaration: &LEORA,
            sizes: &found.tables.sizes,
            firing_order: &found.around.firing_order,
            user_code: &found.around.user_code,
            bypasses_row_security: true,
            superuser: true,
            options: &options,
        };
        database.execute(sql);
        let proved = probe::prove(&mut session, &subject, FirstRound::of(&subject));
        let changed = proved.checks.iter().all(|check| {
            format!("{:?}", check.outcome).contains("changed after they were looked at")
        });
        assert_eq!(changed, seen, "{sql}: {:?}", proved.checks);
        let asked = database
            .client()
            .query_one("SELECT is_called FROM watch.firing", &[]);
        assert!(!asked.unwrap().get::<_, bool>(0), "{sql}");
    }
}
