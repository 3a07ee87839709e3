//! Roles that row-level security holds for.

use super::*;

/// The migrated database with every table that has a tenant under forced row-level security, and a role
/// that it holds for.
fn secured(role: &str) -> TestDatabase {
    let database = TestDatabase::from(migrated());
    database.execute(&format!(
        r#"CREATE ROLE {role} LOGIN;
           GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
           DO $$
           DECLARE t record;
           BEGIN
             FOR t IN SELECT a.attrelid::regclass AS name, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                       WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname IN ('tenantId', 'tenant_id') LOOP
               EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t.name);
               EXECUTE format('CREATE POLICY tenant ON %s USING (%I = NULLIF(current_setting(''app.current_tenant_id'', true), '''')::uuid)',
                              t.name, t.attname);
             END LOOP;
           END $$"#
    ));
    database
}

fn as_role(database: &TestDatabase, role: &str) -> Client {
    Client::connect(
        &database.url().replace("leora@", &format!("{role}@")),
        postgres::NoTls,
    )
    .unwrap()
}

#[test]
fn row_level_security_is_met_in_the_name_of_each_tenant() {
    let database = secured("met_by_name");
    let mut session = Session::open(database.client(), public()).unwrap();
    let desired = introspect_tables(&mut session).unwrap().schema;
    drop(session);

    // A role that bypasses it proves all.
    let proof = Proof::against(&database, &desired, &ProofOptions::default());
    assert_eq!(proof.not_passed(), [""; 0]);

    // Another, told how the tenant is set, proves all but what it cannot see.
    let set = [("app.current_tenant_id".to_owned(), "{tenant}".to_owned())];
    let options = ProofOptions {
        set: set.into(),
        ..ProofOptions::default()
    };
    let proof = Proof::by(as_role(&database, "met_by_name"), &desired, &options);
    assert_eq!(proof.failed(), [""; 0]);
    // A row without a tenant is refused before anybody looks at the column.
    assert_eq!(
        proof.not_passed(),
        ["behaviour.required-columns", "tenants.required"]
    );

    // Not told, it says so.
    let proof = Proof::by(
        as_role(&database, "met_by_name"),
        &desired,
        &ProofOptions::default(),
    );
    assert_eq!(proof.failed(), [""; 0]);
    let erased = proof
        .checks
        .iter()
        .find(|check| check.id == "deletes.tenant-erased")
        .unwrap();
    let Outcome::NotProved { reasons } = &erased.outcome else {
        panic!("{erased:?}")
    };
    let refused: BTreeMap<&str, usize> = after_table(reasons);
    assert_eq!(
        refused.keys().copied().collect::<Vec<_>>(),
        [
            "it needs a row of a table that takes none from this role",
            "no row could be made: new row violates row-level security policy (SQLSTATE 42501); [verify.set] with \
             \"app.current_tenant_id\" = \"{tenant}\" in leora-migrate.toml names the tenant, or another role may bypass it",
        ]
    );
}

/// What is said after the tables' names, and how often.
fn after_table(reasons: &[String]) -> BTreeMap<&str, usize> {
    let mut said = BTreeMap::new();
    for reason in reasons {
        let (_, after) = reason.split_once(": ").unwrap();
        *said.entry(after).or_default() += 1;
    }
    said
}

#[test]
fn a_role_without_grants_is_told_so_once() {
    let database = TestDatabase::from(migrated());
    database.execute("CREATE ROLE without_grants LOGIN");
    let proof = Proof::by(
        as_role(&database, "without_grants"),
        &promise().whole,
        &ProofOptions::default(),
    );
    assert_eq!(proof.failed(), [""; 0]);
    let erased = proof
        .checks
        .iter()
        .find(|check| check.id == "deletes.tenant-erased");
    let Outcome::NotProved { reasons } = &erased.unwrap().outcome else {
        panic!("{erased:?}")
    };
    let refused = after_table(reasons);
    let expected = "no row could be made: permission denied (SQLSTATE 42501); another role may have the rights";
    assert_eq!(refused, [(expected, 61)].into());
}
