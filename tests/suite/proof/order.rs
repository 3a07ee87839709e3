//! The order in which foreign keys act, which no catalog comparison sees.

use super::*;

/// `usr` and `proj` go with the tenant, `post` with its project, and `post` holds its user.
const TWO_PATHS: &str = r#"
    CREATE TABLE "Tenant" (id uuid PRIMARY KEY);
    CREATE TABLE usr (id uuid PRIMARY KEY, tenant uuid NOT NULL);
    CREATE TABLE proj (id uuid PRIMARY KEY, tenant uuid NOT NULL);
    CREATE TABLE post (id uuid PRIMARY KEY, usr uuid NOT NULL, proj uuid NOT NULL);
"#;

const TWO_PATHS_KEYS: [(&str, &str, &str); 4] = [
    (
        "usr",
        "usr_tenant",
        r#"(tenant) REFERENCES "Tenant" ON DELETE CASCADE"#,
    ),
    (
        "proj",
        "proj_tenant",
        r#"(tenant) REFERENCES "Tenant" ON DELETE CASCADE"#,
    ),
    (
        "post",
        "post_proj",
        "(proj) REFERENCES proj ON DELETE CASCADE",
    ),
    (
        "post",
        "post_usr",
        "(usr) REFERENCES usr ON DELETE RESTRICT",
    ),
];

fn permutations(of: Vec<usize>) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let each = of.iter().flat_map(|first| {
        let rest = of.iter().copied().filter(|other| other != first).collect();
        permutations(rest)
            .into_iter()
            .map(|rest| [vec![*first], rest].concat())
    });
    each.collect()
}

/// The advice on the order of foreign keys, and why a tenant cannot be erased, when it cannot.
fn advice_and_refusal(database: &TestDatabase) -> (Vec<Advice>, Option<String>) {
    let mut session = Session::open(database.client(), public()).unwrap();
    let found = introspect(&mut session).unwrap();
    let root = Identifier::new("Tenant").unwrap();
    let advice = proof::order_advice(&found.tables.schema, &found.around.firing_order, &root, &[]);
    let proof = Proof::against(database, &found.tables.schema, &ProofOptions::default());
    let erased = proof
        .checks
        .into_iter()
        .find(|check| check.id == "deletes.tenant-erased")
        .unwrap();
    match erased.outcome {
        Outcome::Passed => (advice, None),
        Outcome::Failed { findings } => (advice, Some(findings[0].message.clone())),
        other => panic!("{other:?}"),
    }
}

/// The advice, and whether a tenant could be erased.
fn order_of(database: &TestDatabase) -> (Vec<Advice>, bool) {
    let (advice, refusal) = advice_and_refusal(database);
    (advice, refusal.is_none())
}

#[test]
fn what_the_order_of_foreign_keys_decides_is_foretold() {
    let database = TestDatabase::from(Template::Empty);
    database.execute(TWO_PATHS);
    let mut succeeded = 0;
    for order in permutations((0..4).collect()) {
        for at in &order {
            let (table, name, key) = TWO_PATHS_KEYS[*at];
            database.execute(&format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
            ));
        }
        let (advice, erased) = order_of(&database);
        let [advice] = &advice[..] else {
            panic!("{advice:?}")
        };
        assert_eq!(
            advice.title.contains("succeeds here"),
            erased,
            "{order:?}: {advice:?}"
        );
        succeeded += usize::from(erased);
        for (table, name, _) in TWO_PATHS_KEYS {
            database.execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
        }
    }
    assert_eq!(succeeded, 12);
}

#[test]
fn what_a_restored_copy_does_is_foretold() {
    for (names, restored) in [(["a", "b"], true), (["b", "a"], false)] {
        let database = TestDatabase::from(Template::Empty);
        database.execute(TWO_PATHS);
        for (table, name, key) in TWO_PATHS_KEYS {
            let name = match name {
                "proj_tenant" => names[0],
                "usr_tenant" => names[1],
                other => other,
            };
            database.execute(&format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
            ));
        }
        let (advice, erased) = order_of(&database);
        assert!(!erased);
        let verdict = if restored {
            "there it succeeds"
        } else {
            "there it is refused"
        };
        assert!(advice[0].detail.contains(verdict), "{advice:?}");
        let two_paths = r#""post_usr" (ON DELETE RESTRICT) refuses to delete a row of "usr" while a row of "post" names it. Deleting a row of "Tenant" deletes both: the row of "usr" by "Tenant" -> "usr", the row of "post" by "Tenant" -> "proj" -> "post". It succeeds where the row of "post" goes before "post_usr" is checked."#;
        let [usr, proj] = [names[1], names[0]];
        let decides = format!(r#"Here "{usr}" was created before "{proj}": it is refused;"#);
        for said in [two_paths, &decides] {
            assert!(
                advice[0].detail.contains(said),
                "{said}: {}",
                advice[0].detail
            );
        }

        if let Some(copy) = database.dumped_and_restored() {
            assert_eq!(order_of(&copy).1, restored);
        }

        database.execute(advice[0].sql.as_ref().unwrap());
        assert_eq!(order_of(&database), (Vec::new(), true));
    }
}

#[test]
fn a_refusal_names_the_way_and_the_order() {
    let database = TestDatabase::from(Template::Empty);
    database.execute(TWO_PATHS);
    for (table, name, key) in TWO_PATHS_KEYS {
        database.execute(&format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
        ));
    }
    let mut session = Session::open(database.client(), public()).unwrap();
    let desired = introspect_tables(&mut session).unwrap().schema;
    let proof = Proof::against(&database, &desired, &ProofOptions::default());
    let erased = proof
        .checks
        .iter()
        .find(|check| check.id == "deletes.tenant-erased")
        .unwrap();
    let Outcome::Failed { findings } = &erased.outcome else {
        panic!("{erased:?}")
    };
    let message = &findings[0].message;
    // PostgreSQL 18 gave RESTRICT an error of its own.
    let refused = ["(SQLSTATE 23503)", "(SQLSTATE 23001)"];
    assert!(
        refused.iter().any(|state| message.contains(state)),
        "{message}"
    );
    for part in [
        r#""Tenant" -> "usr", whose row "post" still names"#,
        r#""post" goes by "Tenant" -> "proj" -> "post""#,
        r#""usr_tenant" fires before "proj_tenant""#,
    ] {
        assert!(message.contains(part), "{part} in: {message}");
    }
    // What is typed keeps what was promised.
    let remedy = &findings[0].remedy.as_ref().unwrap().text;
    assert!(
        remedy.contains(r#"DROP CONSTRAINT "usr_tenant""#),
        "{remedy}"
    );
    database.psql(remedy).exits(0);
    let mut session = Session::open(database.client(), public()).unwrap();
    assert_eq!(introspect_tables(&mut session).unwrap().schema, desired);
    let proof = Proof::against(&database, &desired, &ProofOptions::default());
    assert!(
        proof
            .failed()
            .iter()
            .all(|id| *id != "deletes.tenant-erased")
    );
}

/// `post` goes with `part`, a round later than its user is looked for.
#[test]
fn what_is_refused_in_any_order_is_foretold() {
    let database = TestDatabase::from(Template::Empty);
    database.execute(TWO_PATHS);
    database.execute("CREATE TABLE part (id uuid PRIMARY KEY, proj uuid NOT NULL); ALTER TABLE post ADD part uuid NOT NULL");
    let mut keys = TWO_PATHS_KEYS;
    keys[2] = (
        "post",
        "post_part",
        "(part) REFERENCES part ON DELETE CASCADE",
    );
    let part = (
        "part",
        "part_proj",
        "(proj) REFERENCES proj ON DELETE CASCADE",
    );
    let there: Vec<_> = [part].into_iter().chain(keys).collect();
    let back: Vec<_> = there.iter().rev().copied().collect();
    for order in [there, back] {
        for (table, name, key) in &order {
            database.execute(&format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
            ));
        }
        let (advice, refusal) = advice_and_refusal(&database);
        let refusal = refusal.expect("a refusal");
        assert!(refusal.contains("too late in any order"), "{refusal}");
        let titles: Vec<_> = advice.iter().map(|advice| advice.title.as_str()).collect();
        let refused = r#"deleting a row of "Tenant" is refused by "post_usr" in any order"#;
        assert_eq!(titles, [refused]);
        assert!(!advice[0].detail.contains("created before"), "{advice:?}");
        for (table, name, _) in &order {
            database.execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
        }
    }
}

/// A row that does not name its tenant does not go with it: then it goes with its project, and the order decides.
#[test]
fn a_way_that_null_may_close_settles_nothing() {
    let database = TestDatabase::from(Template::Empty);
    database.execute(TWO_PATHS);
    database.execute("ALTER TABLE post ADD tenant uuid");
    let own = (
        "post",
        "post_tenant",
        r#"(tenant) REFERENCES "Tenant" ON DELETE CASCADE"#,
    );
    for (table, name, key) in [own].into_iter().chain(TWO_PATHS_KEYS) {
        database.execute(&format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
        ));
    }
    let (advice, erased) = order_of(&database);
    assert!(erased, "the rows of the proof name their tenant");
    let [open] = &advice[..] else {
        panic!("{advice:?}")
    };
    assert!(
        open.title.contains("by the order of the foreign keys"),
        "{open:?}"
    );
    for said in [
        r#"the row of "post" by "Tenant" -> "proj" -> "post""#,
        r#"always by "post_tenant", but that may be NULL"#,
    ] {
        assert!(open.detail.contains(said), "{said}: {}", open.detail);
    }
    database.execute("ALTER TABLE post ALTER tenant SET NOT NULL");
    assert_eq!(order_of(&database), (Vec::new(), true));
}

#[test]
fn only_what_waits_for_the_end_leaves_nothing_to_the_order() {
    for (key, waits) in [
        ("ON DELETE NO ACTION", false),
        ("ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED", false),
        ("ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED", true),
    ] {
        let database = TestDatabase::from(Template::Empty);
        database.execute(TWO_PATHS);
        let mut keys = TWO_PATHS_KEYS;
        let key = format!("(usr) REFERENCES usr {key}");
        keys[3].2 = &key;
        for (table, name, key) in keys {
            database.execute(&format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {key}"
            ));
        }
        let (advice, erased) = order_of(&database);
        assert_eq!(
            (advice.is_empty(), erased),
            (waits, waits),
            "{key}: {advice:?}"
        );
    }
}

/// A table that no cascade reaches is refused by, and no order helps.
#[test]
fn what_does_not_go_along_is_no_question_of_order() {
    for (parent, said) in [
        (
            "\"Tenant\"",
            r#""held" itself holds the row, and no foreign key takes "bill" along"#,
        ),
        (
            "usr",
            r#""Tenant" -> "usr", whose row is named by "bill"; no cascade leads there"#,
        ),
    ] {
        let database = TestDatabase::from(Template::Empty);
        database.execute(&format!(
            r#"CREATE TABLE "Tenant" (id uuid PRIMARY KEY);
               CREATE TABLE usr (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE);
               CREATE TABLE bill (id uuid PRIMARY KEY, whose uuid NOT NULL CONSTRAINT held REFERENCES {parent} ON DELETE RESTRICT)"#
        ));
        let (advice, refusal) = advice_and_refusal(&database);
        assert_eq!(advice, []);
        let found = introspect(&mut Session::open(database.client(), public()).unwrap()).unwrap();
        let [root, bill] = ["Tenant", "bill"].map(|name| Identifier::new(name).unwrap());
        let settled = proof::order_advice(
            &found.tables.schema,
            &found.around.firing_order,
            &root,
            &[bill],
        );
        assert_eq!(settled, []);
        let refusal = refusal.expect("a refusal");
        assert!(refusal.contains(said), "{refusal}");
    }
}

/// Where two foreign keys refuse, only the first of them says so.
#[test]
fn a_change_that_another_foreign_key_refuses_shows_nothing() {
    let database = TestDatabase::from(migrated());
    database.execute(
        r#"CREATE TABLE "A" (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
             UNIQUE (id, tenant));
           CREATE TABLE "B" (id uuid PRIMARY KEY, a uuid NOT NULL,
             tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
             FOREIGN KEY (a, tenant) REFERENCES "A" (id, tenant) ON DELETE CASCADE)"#,
    );
    let proof = Proof::against_itself(&database);
    assert_eq!(proof.failed(), [""; 0]);
    assert_eq!(proof.not_passed(), ["deletes.key-changes"]);
}

/// A foreign key that may wait with NO ACTION looks at the end, when `B` is gone; and follows at once with CASCADE.
#[test]
fn what_an_action_waits_for_is_its_own() {
    let deferred = "DEFERRABLE INITIALLY DEFERRED";
    for actions in [
        "ON DELETE CASCADE ON UPDATE NO ACTION",
        "ON DELETE NO ACTION ON UPDATE CASCADE",
    ] {
        let database = TestDatabase::from(migrated());
        database.execute(&format!(
            r#"CREATE TABLE "A" (id uuid PRIMARY KEY, code uuid UNIQUE REFERENCES "Tenant" ON DELETE SET NULL);
               CREATE TABLE "B" (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
                 code uuid REFERENCES "A" (code) {actions} {deferred})"#
        ));
        let proof = Proof::against_itself(&database);
        assert_eq!(proof.failed(), [""; 0], "{actions}");
        let erased = ["deletes.tenant-erased", "tenants.others-unchanged"];
        let open = proof.not_passed();
        assert!(
            !open
                .iter()
                .any(|id| erased.iter().any(|erased| id == erased)),
            "{actions}: {open:?}"
        );
    }
}
