//! `verify` fails where a role that uses the existing tables is locked out of the new ones.

use super::{APP, NEW, Shared};

fn told(message: &str, remedy: &str) -> Vec<(String, String)> {
    vec![(message.replace(":new", NEW), remedy.replace(":new", NEW))]
}

#[test]
fn the_application_is_locked_out_until_what_is_printed_is_typed() {
    let shared = Shared::with(APP);
    shared.applied("deploy");
    let expected = told(
        r#"role ":app" has no SELECT, INSERT, UPDATE, DELETE on :new, which it has on most existing tables"#,
        r#"GRANT SELECT, INSERT, UPDATE, DELETE ON :new TO ":app";"#,
    );
    shared
        .run("", &["verify"])
        .exits(1)
        .stdout_has("integrity.rights");
    for role in ["", "deploy", "app"] {
        assert_eq!(shared.found(role), expected, "as {role}");
    }
    shared.run("app", &["verify"]).exits(1);
    shared.execute(&format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON {NEW} TO :app"
    ));
    for role in ["", "deploy", "app"] {
        assert_eq!(shared.found(role), [], "as {role}");
    }
    shared.run("", &["verify"]).exits(0);
}

/// By the role that has them on the existing tables; one statement for each.
#[test]
fn rights_are_missed_in_each_way_in_which_they_are_had() {
    let of_owner = "
        CREATE ROLE :app LOGIN;
        DO $$ DECLARE one regclass; BEGIN
          FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE %s OWNER TO :app', one);
          END LOOP;
        END $$;
        GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO :deploy";
    let group = "
        CREATE ROLE :app LOGIN; CREATE ROLE :web LOGIN NOINHERIT; CREATE ROLE :group;
        GRANT :group TO :app, :web;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :group";
    let split = "
        CREATE ROLE :app LOGIN; CREATE ROLE :readers; CREATE ROLE :writers; GRANT :readers, :writers TO :app;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO :readers;
        GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :writers";
    let cases: [(&str, &[&str]); 3] = [
        (
            of_owner,
            &[r#"GRANT SELECT, INSERT, UPDATE, DELETE ON :new TO ":app";"#],
        ),
        (
            group,
            &[r#"GRANT SELECT, INSERT, UPDATE, DELETE ON :new TO ":group";"#],
        ),
        (
            split,
            &[
                r#"GRANT SELECT ON :new TO ":readers";"#,
                r#"GRANT INSERT, UPDATE, DELETE ON :new TO ":writers";"#,
            ],
        ),
    ];
    for (sql, expected) in cases {
        let shared = Shared::with(sql);
        shared.applied("deploy");
        let found = shared.found("");
        let remedies: Vec<_> = found.iter().map(|(_, remedy)| remedy.as_str()).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|sql| sql.replace(":new", NEW))
            .collect();
        assert_eq!(remedies, expected, "{sql}");
        for (_, remedy) in &found {
            // Quoted names of roles: with what is before them.
            shared
                .database
                .execute(&remedy.replace("\":", &format!("\"{}_", shared.database.name())));
        }
        assert_eq!(shared.found(""), [], "{sql}");
    }
}

/// What it has, be it less than all four, and none of what nobody gave it.
#[test]
fn who_verifies_misses_what_it_has_on_the_others() {
    let shared =
        Shared::with("CREATE ROLE :app LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO :app");
    shared.applied("deploy");
    assert_eq!(shared.found(""), []);
    let expected = told(
        r#"role ":app" has no SELECT on :new, which it has on most existing tables"#,
        r#"GRANT SELECT ON :new TO ":app";"#,
    );
    assert_eq!(shared.found("app"), expected);
    shared.run("app", &["verify"]).exits(1);
    shared.execute(&format!("GRANT SELECT ON {NEW} TO :app"));
    assert_eq!(shared.found("app"), []);
}

/// What it uses counts, and not how many tables there are.
#[test]
fn who_verifies_misses_what_it_has_on_the_tables_that_it_uses() {
    let some = "
        CREATE ROLE :app LOGIN;
        DO $$ DECLARE one regclass; BEGIN
          FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname NOT IN ('Tenant', 'User') ORDER BY relname LIMIT :n LOOP
            EXECUTE format('GRANT :four ON %s TO :app', one);
          END LOOP;
        END $$";
    let four = "SELECT, INSERT, UPDATE, DELETE";
    for (count, privileges, more, expected) in [
        ("30", four, "", Some(four)),
        ("5", four, "", Some(four)),
        ("30", "SELECT", "", Some("SELECT")),
        (
            "30",
            "SELECT",
            "GRANT INSERT ON \"Tenant\", \"User\" TO :app",
            Some("SELECT, INSERT"),
        ),
        (
            "30",
            "SELECT",
            "GRANT INSERT ON \"Tenant\" TO :app",
            Some("SELECT"),
        ),
        (
            "0",
            "SELECT",
            "GRANT SELECT ON \"Sku\", \"Order\" TO PUBLIC",
            None,
        ),
    ] {
        let sql = some.replace(":n", count).replace(":four", privileges);
        let shared = Shared::with(&format!("{sql}; {more}"));
        shared.applied("deploy");
        assert_eq!(shared.found(""), [], "{sql}");
        let expected = expected.map_or(Vec::new(), |missing| {
            told(
                &format!(r#"role ":app" has no {missing} on :new, which it has on the tables that it uses"#),
                &format!(r#"GRANT {missing} ON :new TO ":app";"#),
            )
        });
        assert_eq!(shared.found("app"), expected, "{sql} {more}");
        if let [(_, remedy)] = &expected[..] {
            shared
                .run("app", &["verify", "--only", "integrity"])
                .exits(1);
            shared.execute(&remedy.replace("\":app\"", ":app"));
            assert_eq!(shared.found("app"), [], "{sql} {more}");
        }
    }
}

/// Nothing is missed where it was given beforehand, nor by roles that never used the tables.
#[test]
fn nothing_is_missed_by_those_who_have_it_or_never_had_it() {
    for sql in [
        "ALTER DEFAULT PRIVILEGES FOR ROLE :deploy GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE :deploy IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC",
        "GRANT :app TO :deploy; ALTER ROLE :deploy SET role = ':app'; GRANT CREATE ON SCHEMA public TO :app;
         GRANT CREATE ON DATABASE :database TO :app; GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO :app",
        "ALTER ROLE :app BYPASSRLS NOLOGIN",
        "ALTER ROLE :app SUPERUSER",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :app; GRANT ALL ON \"User\", \"Tenant\" TO :app",
        "REVOKE DELETE ON ALL TABLES IN SCHEMA public FROM :app",
        "REVOKE CONNECT ON DATABASE :database FROM PUBLIC; GRANT CONNECT ON DATABASE :database TO :deploy",
    ] {
        let shared = Shared::with(&format!("{APP}; {sql}"));
        shared.applied("deploy");
        assert_eq!(shared.found(""), [], "{sql}");
    }
    let shared = Shared::with(&format!("{APP}; ALTER ROLE :app BYPASSRLS"));
    shared.applied("deploy");
    assert_eq!(shared.found("").len(), 1, "BYPASSRLS gives no privilege");
}
