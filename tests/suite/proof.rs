//! The proof engine on a real server: green on what is sound, red on what is broken, and nothing left.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use leora_migrate::db::introspect::introspect;
use leora_migrate::db::probe;
use leora_migrate::db::session::Session;
use leora_migrate::model::{Identifier, Schema};
use leora_migrate::plan::plan;
use leora_migrate::verify::advice::Advice;
use leora_migrate::verify::check::{Check, Outcome};
use leora_migrate::verify::promise::Promise;
use leora_migrate::verify::proof::{self, ProofOptions, Subject};
use leora_schema::LEORA;
use postgres::Client;

use super::support::{Template, TestDatabase};

fn public() -> Identifier {
    Identifier::new("public").unwrap()
}

fn promise() -> &'static Promise {
    static PROMISE: OnceLock<Promise> = OnceLock::new();
    PROMISE.get_or_init(|| {
        let database = TestDatabase::from(Template::Baseline);
        let mut session = Session::open(database.client(), public()).unwrap();
        Promise::new(&LEORA, introspect(&mut session).unwrap().schema)
    })
}

/// The 61 tables as the migration leaves them.
fn migrated() -> Template {
    Template::Baseline.and_then("migrated", migrate)
}

fn migrate(client: &mut Client) {
    let promise = promise();
    let schema = public();
    let steps = plan(
        &promise.request(&schema),
        &promise.baseline,
        &BTreeMap::new(),
    )
    .steps;
    for step in steps {
        client.batch_execute(&step.sql).unwrap();
    }
}

struct Proof {
    checks: Vec<Check>,
    round_trips: u32,
    time: Duration,
    planned: Duration,
    script: usize,
}

impl Proof {
    fn of(database: &TestDatabase, options: &ProofOptions) -> Proof {
        Proof::against(database, &promise().whole, options)
    }

    fn against(database: &TestDatabase, desired: &Schema, options: &ProofOptions) -> Proof {
        Proof::by(database.client(), desired, options)
    }

    fn by(client: Client, desired: &Schema, options: &ProofOptions) -> Proof {
        let mut session = Session::open(client, public()).unwrap();
        let schema = public();
        let found = introspect(&mut session).unwrap();
        let subject = Subject {
            schema: &schema,
            actual: &found.schema,
            desired,
            declaration: &LEORA,
            sizes: &found.sizes,
            firing_order: &found.firing_order,
            bypasses_row_security: session.server.bypasses_row_security,
            options,
        };
        let began = Instant::now();
        let proof = proof::Proof::new(&subject);
        let planned = began.elapsed();
        let programme = proof.next().unwrap();
        let script = programme.script().len();
        if let Some(path) = std::env::var_os("LEORA_TEST_KEEP_PROBE") {
            std::fs::write(path, probe::sql(&session, programme)).unwrap();
        }
        let before = session.round_trips();
        let began = Instant::now();
        let checks = probe::prove(&mut session, &subject).unwrap().checks;
        Proof {
            checks,
            round_trips: session.round_trips() - before,
            time: began.elapsed(),
            planned,
            script,
        }
    }

    fn ids(&self, holds: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
        self.checks
            .iter()
            .filter(|check| holds(&check.outcome))
            .map(|check| check.id)
            .collect()
    }

    fn failed(&self) -> Vec<&'static str> {
        self.ids(Outcome::is_failure)
    }

    fn not_passed(&self) -> Vec<&'static str> {
        self.ids(|outcome| *outcome != Outcome::Passed)
    }

    fn print(&self) {
        println!(
            "{:?} of which planning {:?}; {} bytes; {} round trips",
            self.time, self.planned, self.script, self.round_trips
        );
        for check in &self.checks {
            println!(
                "{:32} {} / {}: {:?}",
                check.id, check.found, check.expected, check.outcome
            );
        }
    }
}

#[test]
fn a_sound_database_passes_all() {
    let database = TestDatabase::from(migrated());
    let proof = Proof::of(&database, &ProofOptions::default());
    proof.print();
    assert_eq!(proof.not_passed(), [""; 0]);
}

/// Breaks a migrated database, and expects exactly these checks to fail.
#[track_caller]
fn breaks(sql: &str, expected: &[&str]) {
    let database = TestDatabase::from(migrated());
    database.execute(sql);
    let proof = Proof::of(&database, &ProofOptions::default());
    if proof.failed() != expected {
        proof.print();
    }
    assert_eq!(proof.failed(), expected, "{sql}");
}

#[test]
fn a_cascade_that_is_gone_is_seen() {
    breaks(
        r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey""#,
        &[
            "integrity.orphans-refused",
            "deletes.tenant-erased",
            "deletes.tenant-new-models",
            "deletes.foreign-keys",
            "deletes.key-changes",
            "tenants.required",
        ],
    );
    breaks(
        r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey",
           ADD FOREIGN KEY ("tenantId") REFERENCES "Tenant" ON UPDATE CASCADE"#,
        &[
            "deletes.tenant-erased",
            "deletes.tenant-new-models",
            "deletes.foreign-keys",
        ],
    );
}

#[test]
fn disabled_triggers_are_seen() {
    breaks(
        r#"ALTER TABLE "DashboardWidget" DISABLE TRIGGER ALL"#,
        &["integrity.orphans-refused", "tenants.required"],
    );
}

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

/// The advice on the order of foreign keys, and whether a tenant could be erased.
fn order_of(database: &TestDatabase) -> (Vec<Advice>, bool) {
    let mut session = Session::open(database.client(), public()).unwrap();
    let found = introspect(&mut session).unwrap();
    let root = Identifier::new("Tenant").unwrap();
    let advice = proof::order_advice(&found.schema, &found.firing_order, &root, &[]);
    let proof = Proof::against(database, &found.schema, &ProofOptions::default());
    let erased = proof
        .checks
        .iter()
        .find(|check| check.id == "deletes.tenant-erased")
        .unwrap();
    assert!(
        matches!(erased.outcome, Outcome::Passed | Outcome::Failed { .. }),
        "{erased:?}"
    );
    (advice, erased.outcome == Outcome::Passed)
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
    let desired = introspect(&mut session).unwrap().schema;
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
        r#"the delete went "Tenant" -> "usr", whose row "post" still names"#,
        r#""post" goes by "Tenant" -> "proj" -> "post""#,
        r#""usr_tenant" fires before "proj_tenant""#,
    ] {
        assert!(message.contains(part), "{part} in: {message}");
    }
    assert!(
        findings[0]
            .remedy
            .as_ref()
            .unwrap()
            .contains("DEFERRABLE INITIALLY DEFERRED")
    );
}

/// Adds tables to the migrated database, promised as they stand, and expects all to be proved.
#[track_caller]
fn proves(sql: &str) -> Proof {
    let database = TestDatabase::from(migrated());
    database.execute(sql);
    let desired = {
        let mut session = Session::open(database.client(), public()).unwrap();
        introspect(&mut session).unwrap().schema
    };
    let proof = Proof::against(&database, &desired, &ProofOptions::default());
    if !proof.not_passed().is_empty() {
        proof.print();
    }
    assert_eq!(proof.not_passed(), [""; 0], "{sql}");
    proof
}

#[test]
fn rows_are_made_of_every_type() {
    let types = [
        "uuid",
        "text",
        "varchar(1)",
        "varchar(5)",
        "char(4)",
        "citextish",
        "name",
        "\"char\"",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "numeric(2,2)",
        "numeric(20,5)",
        "real",
        "double precision",
        "money",
        "boolean",
        "date",
        "timestamp(0)",
        "timestamptz",
        "time",
        "timetz",
        "interval",
        "json",
        "jsonb",
        "bytea",
        "bit(3)",
        "varbit(7)",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "int4range",
        "int8range",
        "numrange",
        "daterange",
        "tsrange",
        "tstzrange",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "tsvector",
        "tsquery",
        "pg_lsn",
        "oid",
        "text[]",
        "integer[]",
        "mood",
        "mood[]",
        "positive",
        "email",
        "jsonb[]",
        "timestamptz[]",
        "numeric(5,1)[]",
    ];
    let columns: String = types
        .iter()
        .enumerate()
        .map(|(at, ty)| format!(", \"c{at} {}\" {ty} NOT NULL", at % 3))
        .collect();
    proves(&format!(
        r#"CREATE DOMAIN citextish AS varchar(30) NOT NULL; CREATE TYPE mood AS ENUM ('it''s', 'b "c"', 'd\e');
           CREATE DOMAIN positive AS integer CHECK (VALUE > 0 AND VALUE < 10);
           CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@]+@[^@]+\.[a-z]+$');
           CREATE TABLE "All ""Types""" (
             id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial serial, "tenantId" uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
             twice integer GENERATED ALWAYS AS (serial * 2) STORED{columns})"#
    ));
}

#[test]
fn values_are_found_for_check_constraints() {
    let proof = proves(
        r#"CREATE TABLE "Checked" (
             id uuid PRIMARY KEY, "tenantId" uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
             "userId" uuid REFERENCES "User" ON DELETE CASCADE, "jobId" uuid REFERENCES "Job" ON DELETE CASCADE,
             "parentId" uuid REFERENCES "Checked" ON DELETE CASCADE,
             code varchar(8) NOT NULL UNIQUE CHECK (code ~ '^[A-Z]{2}-\d{4}$'),
             status text NOT NULL CHECK (status IN ('open', 'shut')),
             rate numeric(5,4) NOT NULL CHECK (rate BETWEEN 0 AND 1),
             cents integer NOT NULL CHECK (cents > 100 AND cents <= 105),
             "startsAt" timestamp(3) NOT NULL, "endsAt" timestamp(3) NOT NULL, CHECK ("startsAt" < "endsAt"),
             slug text NOT NULL CHECK (slug = lower(slug) AND char_length(slug) BETWEEN 20 AND 22),
             born date NOT NULL CHECK (born <= CURRENT_DATE),
             expires date NOT NULL CHECK (expires > DATE '2090-01-01'),
             weekday smallint NOT NULL CHECK (weekday >= 0 AND weekday <= 6),
             address jsonb NOT NULL CHECK (jsonb_typeof(address) = 'array'),
             email text NOT NULL CHECK (email LIKE '%@%.%'),
             CHECK (num_nonnulls("userId", "jobId") = 1),
             CHECK ("parentId" <> id)
           );
           CREATE TABLE "Holding" ("checkedId" uuid PRIMARY KEY REFERENCES "Checked" ON DELETE CASCADE,
             code varchar(20) NOT NULL REFERENCES "Checked"(code) ON UPDATE CASCADE ON DELETE CASCADE)"#,
    );
    // Values, everything, each table by itself, and everything again, as no row goes without a user or a job.
    assert_eq!(proof.round_trips, 4);
    let proof = proves(
        r#"ALTER TABLE "Job" ADD CHECK (attempts <= "maxAttempts"), ADD CHECK (type ~ '^[a-z]+(_[a-z]+)*$')"#,
    );
    assert_eq!(proof.round_trips, 2);
}

#[test]
fn keys_that_lie_across_each_other_are_followed() {
    proves(
        r#"CREATE TABLE "Profile" ("userId" uuid PRIMARY KEY REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE TABLE "Picture" ("profileId" uuid PRIMARY KEY REFERENCES "Profile" ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE TABLE "Region" ("tenantId" uuid REFERENCES "Tenant" ON DELETE CASCADE, code smallint,
             PRIMARY KEY ("tenantId", code), "parentCode" smallint,
             FOREIGN KEY ("tenantId", "parentCode") REFERENCES "Region" ON DELETE NO ACTION);
           CREATE TABLE "Store" (id uuid PRIMARY KEY, "tenantId" uuid NOT NULL, "regionCode" smallint NOT NULL, "openRegion" smallint,
             FOREIGN KEY ("tenantId", "regionCode") REFERENCES "Region" ON DELETE CASCADE,
             FOREIGN KEY ("tenantId", "openRegion") REFERENCES "Region" MATCH SIMPLE ON DELETE CASCADE,
             UNIQUE ("tenantId", "regionCode"));
           CREATE TABLE "Pair" ("a" uuid NOT NULL REFERENCES "User" ON DELETE CASCADE, "b" uuid NOT NULL REFERENCES "User" ON DELETE CASCADE,
             PRIMARY KEY (a, b), UNIQUE (a), UNIQUE (b));
           CREATE TABLE "Left" (id uuid PRIMARY KEY, "rightId" uuid NOT NULL UNIQUE, "tenantId" uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE);
           CREATE TABLE "Right" (id uuid PRIMARY KEY, "leftId" uuid UNIQUE REFERENCES "Left" ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
           ALTER TABLE "Left" ADD FOREIGN KEY ("rightId") REFERENCES "Right" ON DELETE CASCADE;
           CREATE TABLE "Loop" (id uuid PRIMARY KEY, "tenantId" uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE,
             "nextId" uuid NOT NULL REFERENCES "Loop" ON DELETE CASCADE);
           CREATE TABLE "Full" (id uuid PRIMARY KEY, "tenantId" uuid, code smallint,
             FOREIGN KEY ("tenantId", code) REFERENCES "Region" MATCH FULL ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE TABLE "NoKey" ("tenantId" uuid NOT NULL REFERENCES "Tenant" ON DELETE CASCADE, note text NOT NULL)"#,
    );
}

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
    let desired = introspect(&mut session).unwrap().schema;
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
    assert!(
        format!("{:?}", erased.outcome).contains("[verify.set]"),
        "{erased:?}"
    );
}

#[test]
fn what_is_broken_is_seen() {
    const USER_DELETES: &str = "deletes.user-widgets";
    for (sql, expected) in [
        // The widget's user: cascade gone, or another action.
        (
            r#"ALTER TABLE "DashboardWidget" DROP CONSTRAINT "DashboardWidget_userId_fkey", ADD CONSTRAINT "DashboardWidget_userId_fkey"
               FOREIGN KEY ("userId") REFERENCES "User" ON DELETE SET NULL ON UPDATE CASCADE"#,
            &[USER_DELETES, "deletes.foreign-keys"][..],
        ),
        // The author may go, the metric definitions with her.
        (
            r#"ALTER TABLE "MetricDefinition" DROP CONSTRAINT "MetricDefinition_createdById_fkey", ADD CONSTRAINT "MetricDefinition_createdById_fkey"
               FOREIGN KEY ("createdById") REFERENCES "User" ON DELETE CASCADE ON UPDATE CASCADE"#,
            &["deletes.user-metrics-kept", "deletes.foreign-keys"],
        ),
        // A foreign key on one of the 58, and on none that Phase 1 knows.
        (
            r#"ALTER TABLE "Cart" DROP CONSTRAINT "Cart_portalUserId_fkey", ADD CONSTRAINT "Cart_portalUserId_fkey"
               FOREIGN KEY ("portalUserId") REFERENCES "PortalUser" ON DELETE CASCADE ON UPDATE NO ACTION"#,
            &["deletes.foreign-keys", "deletes.key-changes"],
        ),
        // Deletes swallowed by a rule: the parent goes, the child stays.
        (
            r#"CREATE RULE keep AS ON DELETE TO "Job" DO INSTEAD NOTHING"#,
            &[
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                "deletes.foreign-keys",
            ],
        ),
        (
            r#"CREATE RULE keep AS ON UPDATE TO "Job" DO INSTEAD NOTHING"#,
            &["integrity.orphans-refused", "deletes.key-changes"],
        ),
        // Enforcement switched off for every session here.
        (
            "ALTER ROLE leora IN DATABASE {database} SET session_replication_role = replica",
            &[
                "integrity.orphans-refused",
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                USER_DELETES,
                "deletes.user-metrics-kept",
                "deletes.foreign-keys",
                "deletes.key-changes",
                "tenants.required",
            ],
        ),
        (
            r#"DROP INDEX "MetricDefinition_tenantId_code_version_key""#,
            &["uniqueness.metric-version"],
        ),
        (
            r#"DROP INDEX "MetricDefinition_tenantId_code_version_key"; CREATE UNIQUE INDEX ON "MetricDefinition" ("tenantId", code)"#,
            &["uniqueness.metric-version", "behaviour.metric-versions"],
        ),
        (
            r#"DROP INDEX "DashboardWidget_tenantId_userId_widgetType_key";
               CREATE UNIQUE INDEX ON "DashboardWidget" ("tenantId", "userId", "widgetType") WHERE "isVisible" = false"#,
            &["uniqueness.widget"],
        ),
        (
            r#"CREATE UNIQUE INDEX ON "DashboardWidget" ("tenantId", "widgetType")"#,
            &["uniqueness.widget", "behaviour.widgets"],
        ),
        (
            r#"CREATE UNIQUE INDEX ON "Job" ("tenantId", type)"#,
            &["uniqueness.jobs-none"],
        ),
        (
            r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_pkey""#,
            &["uniqueness.keys"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER status SET DEFAULT 'queued'"#,
            &["behaviour.job-defaults", "behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER "createdAt" SET DEFAULT CURRENT_DATE"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "MetricDefinition" ALTER version DROP DEFAULT"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "MetricDefinition" ALTER formula SET NOT NULL"#,
            &["behaviour.defaults"],
        ),
        (
            r#"ALTER TABLE "Job" ALTER "tenantId" DROP NOT NULL"#,
            &["behaviour.required-columns", "tenants.required"],
        ),
        (
            r#"ALTER TABLE "DashboardWidget" ALTER position DROP NOT NULL"#,
            &["behaviour.required-columns"],
        ),
        (
            r#"ALTER TABLE "DashboardWidget" ALTER "userId" SET NOT NULL"#,
            &[
                "uniqueness.widget",
                "behaviour.widgets",
                "behaviour.defaults",
            ],
        ),
        // A table nobody asked for holds its tenant.
        (
            r#"CREATE TABLE extra (id uuid PRIMARY KEY, tenant uuid NOT NULL REFERENCES "Tenant")"#,
            &["deletes.tenant-erased"],
        ),
        // A second foreign key beside the first, created before it would be asked.
        (
            r#"ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey"; ALTER TABLE "Job" ADD CONSTRAINT first FOREIGN KEY ("tenantId") REFERENCES "Tenant";
               ALTER TABLE "Job" ADD CONSTRAINT "Job_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ON DELETE CASCADE ON UPDATE CASCADE"#,
            &[
                "deletes.tenant-erased",
                "deletes.tenant-new-models",
                "deletes.foreign-keys",
                "deletes.key-changes",
            ],
        ),
    ] {
        let database = TestDatabase::from(migrated());
        database.execute(&sql.replace("{database}", database.name()));
        let proof = Proof::of(&database, &ProofOptions::default());
        if proof.failed() != expected {
            proof.print();
        }
        assert_eq!(proof.failed(), expected, "{sql}");
    }
}

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
        allow_triggers: true,
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
        !unasked.not_passed().contains(&"deletes.user-widgets"),
        "no tenant is deleted for it"
    );
    assert!(unasked.not_passed().contains(&"deletes.tenant-new-models"));
    assert_eq!(Proof::of(&database, &options).not_passed(), [""; 0]);
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
    let proof = proves_against_itself(&database);
    assert_eq!(proof.not_passed(), [""; 0]);
    assert!(before == contents(&database), "rows or sequences differ");
    let settings = database.client().query_one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'", &[]);
    assert_eq!(settings.unwrap().get::<_, i64>(0), 0);
}

fn proves_against_itself(database: &TestDatabase) -> Proof {
    let mut session = Session::open(database.client(), public()).unwrap();
    let desired = introspect(&mut session).unwrap().schema;
    drop(session);
    Proof::against(database, &desired, &ProofOptions::default())
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
    assert_eq!(proof.not_passed().len(), proof::TRIED.len());
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
        actual: &found.schema,
        desired: &promise().whole,
        declaration: &LEORA,
        sizes: &found.sizes,
        firing_order: &found.firing_order,
        bypasses_row_security: true,
        options: &options,
    };
    let began = Instant::now();
    let checks = probe::prove(&mut session, &subject).unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(
        format!("{:?}", checks.checks[0].outcome).contains("lock timeout"),
        "{:?}",
        checks.checks[0]
    );
}
