//! Code of others is not run by who verifies: a role that may create in the schema and reference "Tenant" makes tables
//! whose rows run its functions, in every way there is.

use crate::support::{Cli, Output, Template, TestDatabase, not_tested};

/// What the role `mallory` may do, and functions of its own that say that they ran: what a sequence gives is not given
/// back, and where nothing may be written, as in a transaction that reads, a superuser writes a file.
const MALLORY: &str = r#"
DO $$ BEGIN CREATE ROLE mallory; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
GRANT USAGE, CREATE ON SCHEMA public TO mallory;
GRANT REFERENCES, SELECT ON "Tenant" TO mallory;
CREATE SCHEMA watch;
GRANT USAGE, CREATE ON SCHEMA watch TO mallory;
CREATE SEQUENCE watch.ran;
GRANT USAGE ON SEQUENCE watch.ran TO PUBLIC;
SET SESSION AUTHORIZATION mallory;
CREATE FUNCTION watch.file() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN lo_export(4711, 'ran-in-' || current_database());
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;
CREATE FUNCTION evil(anyelement) RETURNS boolean IMMUTABLE LANGUAGE plpgsql
  AS 'BEGIN PERFORM watch.file(); PERFORM nextval(''watch.ran''); RETURN true; END';
CREATE FUNCTION evil_text() RETURNS text LANGUAGE plpgsql
  AS 'BEGIN PERFORM watch.file(); PERFORM nextval(''watch.ran''); RETURN ''x''; END';
CREATE FUNCTION evil_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''watch.ran''); RETURN NULL; END';
"#;

/// A table of mallory's, with more columns or constraints and what else comes after.
fn table(more: &str, after: &str) -> String {
    format!(
        "CREATE TABLE evil (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES \"Tenant\" ON DELETE CASCADE{more});\n{after}"
    )
}

fn with(sql: &str) -> TestDatabase {
    let database =
        TestDatabase::from(Template::BaselineWithRows.and_then("applied-for-mallory", apply));
    database.execute(&format!(
        "{MALLORY}{sql};\nRESET SESSION AUTHORIZATION;\nALTER SEQUENCE watch.ran RESTART;\nSELECT lo_from_bytea(4711, 'ran')"
    ));
    database
}

fn apply(client: &mut postgres::Client) {
    let name: String = client
        .query_one("SELECT current_database()", &[])
        .unwrap()
        .get(0);
    let url = crate::support::server_url(&name);
    let args = ["apply", "--yes", "--no-verify", "--url", &url];
    Cli::new().args(args).run().exits(0);
}

const RAN: &str = "SELECT is_called OR (pg_stat_file('ran-in-' || current_database(), true)).size IS NOT NULL FROM watch.ran";

fn ran(database: &TestDatabase) -> bool {
    let asked = database.client().query_one(RAN, &[]);
    asked.unwrap().get(0)
}

fn verify(database: &TestDatabase, args: &[&str]) -> Output {
    Cli::new()
        .database(database)
        .args(["verify"])
        .args(args)
        .run()
}

/// Every way to have code run for rows of a table.
fn ways() -> Vec<Way> {
    let domain = "CREATE DOMAIN d AS text CHECK (evil(VALUE));\n";
    let way = |name, more: &str, after: &str| Way::new(name, &table(more, after));
    let typed = |name, types: &str, column: &str| {
        Way::new(
            name,
            &format!("{domain}{types}{}", table(&format!(", c {column}"), "")),
        )
    };
    let xml = "query_to_xml('SELECT nextval(''watch.ran'')', true, false, '') IS NOT NULL";
    let always = "evil('00000000-0000-0000-0000-000000000000'::uuid)";
    vec![
        way("a CHECK", ", CHECK (evil(id))", ""),
        way(
            "a generated column",
            ", g boolean GENERATED ALWAYS AS (evil(id)) STORED",
            "",
        ),
        way("an index expression", "", "CREATE INDEX ON evil ((evil(id)))"),
        way("an index predicate", "", "CREATE INDEX ON evil (id) WHERE evil(id)"),
        way(
            "a constant index predicate",
            "",
            &format!("CREATE INDEX ON evil (id) WHERE {always}"),
        ),
        way("a default", ", c text NOT NULL DEFAULT evil_text()", "").given_a_value(),
        typed("a domain", "", "d NOT NULL"),
        typed(
            "a domain over a domain",
            "CREATE DOMAIN e AS d; CREATE DOMAIN f AS e;",
            "f NOT NULL",
        ),
        typed("an array of a domain", "", "d[] NOT NULL DEFAULT '{x}'"),
        typed(
            "a composite type",
            "CREATE TYPE t AS (c d);",
            "t NOT NULL DEFAULT '(x)'",
        )
        .not_reached(),
        typed(
            "a default of a domain",
            "CREATE DOMAIN e AS text DEFAULT evil_text();",
            "e",
        )
        .not_reached(),
        way("an operator", ", CHECK (id ### id)", ""),
        Way::new(
            "an operator over nextval",
            &format!(
                "CREATE OPERATOR @@@@ (rightarg = regclass, procedure = pg_catalog.nextval);\n{}",
                table(", CHECK ((@@@@ 'watch.ran'::regclass) > 0)", "")
            ),
        ),
        Way::new(
            "an operator over nextval in a domain",
            &format!(
                "CREATE OPERATOR @@@@ (rightarg = regclass, procedure = pg_catalog.nextval);\n\
                 CREATE DOMAIN n AS integer CHECK (VALUE < (@@@@ 'watch.ran'::regclass));\n{}",
                table(", c n NOT NULL", "")
            ),
        ),
        way("nextval in a CHECK", ", CHECK (nextval('watch.ran') > 0)", ""),
        way("SQL in a text", &format!(", CHECK ({xml})"), ""),
        Way::new(
            "a type's name in a text",
            &format!(
                "{domain}{}",
                table(", CHECK (domain_in('x', 'd'::regtype::oid, -1) IS NOT NULL)", "")
            ),
        ),
        // PostgreSQL refuses RETURNING, which the rows are counted by.
        way(
            "a condition of a rule",
            "",
            "CREATE RULE r AS ON INSERT TO evil WHERE NOT evil(NEW.id) DO INSTEAD NOTHING",
        )
        .not_reached(),
        way(
            "a trigger with a name like a clause",
            "",
            "CREATE TRIGGER \"a FOR EACH ROW b\" AFTER DELETE ON evil FOR EACH STATEMENT EXECUTE FUNCTION evil_trigger()",
        ),
        way(
            "a trigger whose columns have names like a clause",
            ", \"x ON y\" text",
            "CREATE TRIGGER t AFTER UPDATE OF \"x ON y\" OR INSERT ON evil FOR EACH ROW EXECUTE FUNCTION evil_trigger()",
        ),
        Way::new(
            "a partition's CHECK",
            "CREATE TABLE evil (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES \"Tenant\" ON DELETE CASCADE)
               PARTITION BY HASH (id);
             CREATE TABLE watch.part PARTITION OF evil FOR VALUES WITH (MODULUS 1, REMAINDER 0);
             ALTER TABLE watch.part ADD CHECK (evil(id))",
        ),
        Way::new(
            "a trigger of another schema",
            "CREATE TABLE watch.evil (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES public.\"Tenant\" ON DELETE CASCADE);
             CREATE TRIGGER t AFTER DELETE ON watch.evil FOR EACH STATEMENT EXECUTE FUNCTION evil_trigger()",
        ),
        way(
            "a cast of a row",
            "",
            "CREATE FUNCTION evil_row(evil) RETURNS text LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''watch.ran''); RETURN ''x''; END';
             CREATE CAST (evil AS text) WITH FUNCTION evil_row(evil)",
        )
        .not_reached(),
        Way::new(
            "a cast to the key",
            "CREATE TYPE e AS ENUM ('00000000-0000-0000-0000-000000000000');
             CREATE FUNCTION evil_key(e) RETURNS uuid LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''watch.ran''); RETURN $1::text; END';
             CREATE CAST (e AS uuid) WITH FUNCTION evil_key(e) AS IMPLICIT;
             CREATE TABLE evil (id uuid PRIMARY KEY, tenant e NOT NULL REFERENCES \"Tenant\" ON DELETE CASCADE)",
        ),
    ]
}

struct Way {
    name: &'static str,
    sql: String,
    /// Whether it is told of, and needs leave.
    is_told: bool,
    /// Whether the trials get that far where it is allowed.
    is_reached: bool,
}

impl Way {
    fn new(name: &'static str, sql: &str) -> Way {
        Way {
            name,
            sql: sql.to_owned(),
            is_told: true,
            is_reached: true,
        }
    }

    /// The trials give the column a value.
    fn given_a_value(mut self) -> Way {
        self.is_told = false;
        self.not_reached()
    }

    fn not_reached(mut self) -> Way {
        self.is_reached = false;
        self
    }
}

const OPERATOR: &str = "CREATE FUNCTION evil_uuid(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''watch.ran''); RETURN true; END';
CREATE OPERATOR ### (FUNCTION = evil_uuid, LEFTARG = uuid, RIGHTARG = uuid);\n";

#[test]
fn user_code_does_not_run_unless_it_is_allowed() {
    let mut wrong = Vec::new();
    for way in ways() {
        let Way {
            name,
            is_told,
            is_reached,
            ..
        } = way;
        let database = with(&format!("{OPERATOR}{}", way.sql));
        let output = verify(&database, &[]);
        let told = output.stdout.contains("--allow-user-code");
        if ran(&database) || told != is_told || output.code.is_none_or(|code| code > 1) {
            wrong.push(format!("{name}: {output:?}"));
        }
        let allowed = verify(&database, &["--allow-user-code"]);
        if ran(&database) != is_reached || allowed.code.is_none_or(|code| code > 1) {
            wrong.push(format!("{name}, allowed: {allowed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two tables, one with two functions: each function is named once, and what reaches neither table is proved.
#[test]
fn user_code_is_told_once_a_function_and_the_rest_is_proved() {
    let more = "CREATE FUNCTION \"Odd\"(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE TABLE other (id uuid PRIMARY KEY CHECK (\"Odd\"(id)), tenant uuid REFERENCES \"Tenant\" ON DELETE CASCADE CHECK (evil(tenant)))";
    let database = with(&table(", CHECK (evil(id))", more));
    let output = verify(&database, &["--format", "json"]).exits(1);
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let open: Vec<_> = checks
        .iter()
        .filter(|check| check["outcome"]["status"] == "not-proved")
        .map(|check| {
            (
                check["id"].as_str().unwrap(),
                check["found"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        open,
        [
            ("deletes.tenant-erased", "61 of 63 rows, 2 not proved"),
            ("tenants.others-unchanged", "4 of 6 trials, 2 not proved"),
        ]
    );
    let reasons = &checks
        .iter()
        .find(|check| check["id"] == "deletes.tenant-erased")
        .unwrap()["outcome"]["reasons"];
    assert_eq!(
        *reasons,
        serde_json::json!([
            "function public.evil(anyelement) of mallory would run, and --allow-user-code is not given",
            "function public.\"Odd\"(uuid) of mallory would run, and --allow-user-code is not given",
        ])
    );
    assert!(!ran(&database));
}

/// `apply` verifies what it has done.
#[test]
fn user_code_does_not_run_in_apply() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    database.execute(&format!("{MALLORY}{}", table(", CHECK (evil(id))", "")));
    let output = Cli::new()
        .database(&database)
        .args(["apply", "--yes"])
        .run();
    assert!(
        output
            .stdout
            .contains("function public.evil(anyelement) of mallory"),
        "{output:?}"
    );
    assert!(!ran(&database), "{output:?}");
}

/// What is PostgreSQL's own, or an extension's of a superuser, needs no leave.
#[test]
fn user_code_is_not_what_postgresql_and_its_extensions_bring() {
    let database = with("RESET SESSION AUTHORIZATION;
        CREATE TABLE evil (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n integer DEFAULT (random() * 100)::integer,
          at timestamptz DEFAULT clock_timestamp() CHECK (at > '2000-01-01'::timestamptz), s serial,
          tenant uuid NOT NULL REFERENCES \"Tenant\" ON DELETE CASCADE, c text CHECK (lower(c) = c AND length(c) < 100));
        CREATE INDEX ON evil (lower(c)) WHERE c IS NOT NULL;
        CREATE RULE r AS ON DELETE TO evil WHERE false DO INSTEAD NOTHING;
        SET SESSION AUTHORIZATION mallory");
    let output = verify(&database, &[]).exits(1);
    output.lacks("--allow-user-code");
    database.execute("DROP RULE r ON evil");
    verify(&database, &[]).exits(1).lacks("Not proved\n");
}

/// Rows of Prisma's history are read by every command that plans, and of the new tables, where there are any.
#[test]
fn user_code_does_not_run_where_rows_are_read() {
    let columns = "AS SELECT evil_text() AS migration_name, evil_text() AS checksum, evil_text() AS logs, now() AS started_at,
        now() AS finished_at, now() AS rolled_back_at, evil_text() AS id, 1 AS applied_steps_count";
    let always = "WHERE evil('x'::text)";
    for sql in [
        format!("CREATE VIEW _prisma_migrations {columns}"),
        format!(
            "CREATE TABLE _prisma_migrations {columns}; CREATE INDEX ON _prisma_migrations (id) {always}"
        ),
        format!(
            "RESET SESSION AUTHORIZATION; CREATE INDEX ON \"Job\" (id) {always}; SET SESSION AUTHORIZATION mallory"
        ),
        format!(
            "RESET SESSION AUTHORIZATION; CREATE INDEX ON \"Tenant\" (id) {always}; SET SESSION AUTHORIZATION mallory"
        ),
    ] {
        let database = with(&sql);
        for args in [
            &["plan"][..],
            &["status"],
            &["verify"],
            &["snapshot", "--out", "-"],
            &["apply", "--yes"],
        ] {
            let output = Cli::new().database(&database).args(args).run();
            assert!(!ran(&database), "{sql} {args:?}: {output:?}");
        }
    }
}

/// A role that row-level security holds for runs the functions of its policies.
#[test]
fn user_code_of_policies_runs_only_where_row_level_security_holds() {
    let database = with("RESET SESSION AUTHORIZATION;
        DO $$ BEGIN CREATE ROLE fenced LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
        GRANT ALL ON ALL TABLES IN SCHEMA public TO fenced; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO fenced;
        GRANT USAGE ON SCHEMA watch TO fenced;
        ALTER TABLE \"Job\" ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON \"Job\" USING (evil(\"tenantId\"));
        SET SESSION AUTHORIZATION mallory");
    let told = "function public.evil(anyelement) of mallory would run, and --allow-user-code";
    let said = |output: &Output| output.stdout.replace("\n    ", " ").contains(told);
    let owner = verify(&database, &[]);
    assert!(!said(&owner) && !ran(&database), "{owner:?}");
    let url = database.url().replace("leora@", "fenced@");
    let by_fenced = |args: &[&str]| {
        let args = ["verify", "--url", &url]
            .into_iter()
            .chain(args.iter().copied());
        Cli::new().args(args).run()
    };
    let fenced = by_fenced(&[]);
    assert!(said(&fenced) && !ran(&database), "{fenced:?}");
    let allowed = by_fenced(&["--allow-user-code"]);
    assert!(ran(&database), "{allowed:?}");
}

/// Whose a function is decides, and where it is; of an extension's also what it may do.
#[test]
fn user_code_is_told_from_extensions_by_its_owner() {
    let database = with("RESET SESSION AUTHORIZATION");
    let count = "SELECT count(*) FROM pg_available_extensions WHERE name IN ('citext', 'uuid-ossp', 'dblink', 'unaccent', 'cube', 'earthdistance')";
    let available: i64 = database.client().query_one(count, &[]).unwrap().get(0);
    if available < 6 {
        return not_tested("contrib is not installed: functions of extensions");
    }
    database.execute(
        "CREATE EXTENSION citext; CREATE EXTENSION \"uuid-ossp\"; CREATE EXTENSION dblink; CREATE EXTENSION unaccent;
         CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
         ALTER EXTENSION citext ADD FUNCTION evil(anyelement);
         ALTER FUNCTION unaccent(text) OWNER TO mallory;
         CREATE FUNCTION pg_catalog.extra(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
         ALTER FUNCTION pg_catalog.extra(text) OWNER TO mallory;",
    );
    let told = |check: &str| {
        database.execute(&format!(
            "CREATE TABLE one (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), tenant uuid REFERENCES \"Tenant\", c citext CHECK ({check}))"
        ));
        let said = verify(&database, &["--dry-run"]).exits(0);
        database.execute("DROP TABLE one");
        said.stdout.contains("\n  - function ")
    };
    for (check, expected) in [
        ("c <> 'a'", false),
        ("dblink_exec('', 'SELECT 1') <> c::text", true),
        ("unaccent(c::text) <> ''", true),
        // In SQL, with the names of others in its text.
        (
            "earth_distance(ll_to_earth(1, 1), ll_to_earth(2, 2)) IS NOT NULL",
            true,
        ),
        ("cube(1, 2) <> cube(length(c))", false),
        ("pg_catalog.extra(c::text)", true),
        ("evil(c)", true),
    ] {
        assert_eq!(told(check), expected, "{check}");
    }
}

/// Who may create the tables in which a migration is recorded could make them first, with code on them.
#[test]
fn user_code_does_not_run_where_a_migration_is_recorded() {
    let ours = "CREATE TABLE leora_migrate.migration (id uuid PRIMARY KEY, name text, target_schema text, state text, plan jsonb, \
                steps_done integer, running_step integer, step_started_at timestamptz, error text, tool_version text, \
                server_version text, applied_by text DEFAULT session_user, host text, client_address inet, \
                started_at timestamptz DEFAULT now(), finished_at timestamptz, rolled_back_at timestamptz, \
                rolled_back_by text, rolled_back_from text";
    let prismas = "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, \
                   finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, \
                   started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0";
    let fires = "AFTER INSERT OR UPDATE";
    for (table, name) in [
        (ours, "leora_migrate.migration"),
        (prismas, "_prisma_migrations"),
    ] {
        for (more, after) in [
            (
                "",
                format!(
                    "CREATE TRIGGER t {fires} ON {name} FOR EACH ROW EXECUTE FUNCTION evil_trigger()"
                ),
            ),
            (
                "",
                format!("CREATE TRIGGER t {fires} ON {name} EXECUTE FUNCTION evil_trigger()"),
            ),
            (", CHECK (evil(id))", String::new()),
            (", more text DEFAULT evil_text()", String::new()),
            (
                ", more text GENERATED ALWAYS AS (evil(id)::text) STORED",
                String::new(),
            ),
            (
                ", CHECK (id IS NOT NULL AND nextval('watch.ran') > 0)",
                String::new(),
            ),
        ] {
            let database = TestDatabase::from(Template::Baseline);
            let sql = format!("{table}{more});\n{after}");
            database.execute(&format!(
                "{MALLORY}RESET SESSION AUTHORIZATION; CREATE SCHEMA leora_migrate AUTHORIZATION mallory;\n\
                 SET SESSION AUTHORIZATION mallory;\n{sql};\nRESET SESSION AUTHORIZATION;\n\
                 ALTER SEQUENCE watch.ran RESTART;\nSELECT lo_from_bytea(4711, 'ran')"
            ));
            let project = tempfile::tempdir().unwrap();
            let directory = project.path().join("migrations");
            std::fs::create_dir(&directory).unwrap();
            let directory = directory.to_str().unwrap();
            let run = |args: &[&str]| Cli::new().database(&database).args(args).run();
            run(&["plan", "--prisma-migration", directory]);
            let refused = run(&[
                "apply",
                "--yes",
                "--no-verify",
                "--prisma-migration",
                directory,
            ]);
            assert!(!ran(&database), "{sql}: {refused:?}");
            refused.exits(2).stderr_has("would run");
        }
    }
}
