//! Rows that can be made, whatever the tables are.

use super::*;

/// Adds tables to the migrated database, promised as they stand, and expects all to be proved.
#[track_caller]
fn proves(sql: &str) -> Proof {
    let database = TestDatabase::from(migrated());
    database.execute(sql);
    let desired = {
        let mut session = Session::open(database.client(), public()).unwrap();
        introspect_tables(&mut session).unwrap().schema
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

/// As advised, so that no row names one of another tenant.
#[test]
fn foreign_keys_that_carry_the_tenant_as_well_are_followed() {
    let key = r#"FOREIGN KEY ("tenantId", "{by}") REFERENCES "User" ("tenantId", id) ON DELETE {action} ON UPDATE CASCADE"#;
    let add = |table: &str, by: &str, action: &str| {
        let key = key.replace("{by}", by).replace("{action}", action);
        format!(r#"ALTER TABLE "{table}" ADD {key};"#)
    };
    proves(
        &[
            r#"CREATE UNIQUE INDEX ON "User" ("tenantId", id);"#.to_owned(),
            add("MetricDefinition", "createdById", "RESTRICT"),
            add("Order", "placedById", "RESTRICT"),
            add("CalendarEvent", "organizerId", "CASCADE"),
        ]
        .concat(),
    );
}
