//! Databases with all that somebody may create who may create things.

use leora_core::model::name::{literal, quoted};

use crate::reports::migrated;
use crate::support::{Template, TestDatabase};

/// A colour that the program has not, a C1 control, a turn of the reading direction, what is not seen, a line of its
/// own, and two commands to GitHub's runner: as short as a name must be.
pub(super) fn text(about: &str) -> String {
    format!("{about}\u{1b}[35m\u{9b}1m\u{202e}\u{200b}\n::x::y\n##[x]\nFAKE")
}

/// The same with what only a value may be long enough for.
pub(super) fn value() -> String {
    text("v\\'\"\u{0b}") + "\r\r\nsection_start:1:a\r\u{1b}[0K\u{feff}\u{e0041}<img src=x>`|]]>"
}

pub(super) fn name(about: &str) -> String {
    quoted(&text(about))
}

/// `template` with all that somebody may create who may create things.
pub(super) fn scene(template: Template) -> TestDatabase {
    let database = TestDatabase::from(template);
    let value = literal(&value());
    let [table, column, kind, domain, sequence] = ["t", "c", "e", "d", "s"].map(name);
    let [check, key, index, trigger, function] = ["ck", "fk", "ix", "tr", "fn"].map(name);
    let [view, rule, policy, schema] = ["vw", "ru", "po", "sc"].map(name);
    let next = literal(&format!("\"{}\"", text("s").replace('"', "\"\"")));
    database.execute(&format!(
        "CREATE TYPE {kind} AS ENUM ('a', {label});
         CREATE DOMAIN {domain} AS text DEFAULT {value} CONSTRAINT {check} CHECK (VALUE <> {value});
         CREATE SEQUENCE {sequence};
         CREATE TABLE {table} (
            {column} uuid DEFAULT gen_random_uuid() PRIMARY KEY,
            a text DEFAULT {value}, b {kind} DEFAULT {label}, c {domain}, d int DEFAULT nextval({next}),
            e text GENERATED ALWAYS AS (a || {value}) STORED,
            CONSTRAINT {check} CHECK (a <> {value}),
            CONSTRAINT {key} FOREIGN KEY ({column}) REFERENCES \"Tenant\" (id) ON DELETE RESTRICT);
         ALTER SEQUENCE {sequence} OWNED BY {table}.d;
         CREATE INDEX {index} ON {table} (a, (a || {value})) WHERE a <> {value};
         CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS
            $f$ BEGIN RAISE EXCEPTION '%', {value} USING DETAIL = {value}, HINT = {value}; END $f$;
         CREATE TRIGGER {trigger} BEFORE DELETE ON \"Customer\" FOR EACH ROW EXECUTE FUNCTION {function}({value});
         CREATE VIEW {view} AS SELECT a AS {column}, {value}::text AS z FROM {table};
         CREATE RULE {rule} AS ON INSERT TO {table} WHERE new.a = {value} DO INSTEAD NOTHING;
         CREATE POLICY {policy} ON \"Customer\" USING (name <> {value});
         CREATE SCHEMA {schema};
         CREATE TABLE {schema}.{table} ({column} uuid CONSTRAINT {key} REFERENCES \"Tenant\" (id));
         CREATE TABLE {schema}.\"Job\" (id uuid);
         CREATE TABLE _prisma_migrations (id text PRIMARY KEY, checksum text NOT NULL, finished_at timestamptz,
            migration_name text NOT NULL, logs text, rolled_back_at timestamptz,
            started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0);
         INSERT INTO _prisma_migrations (id, checksum, migration_name, logs)
            VALUES ('1', {value}, {value} || '_add_phase1_foundation', {value}), ('2', '', {value}, {value});",
        label = literal(&text("l")),
    ));
    database
}

/// The same with differences in the tables that the program knows.
pub(super) fn changed() -> TestDatabase {
    let database = scene(migrated());
    let (value, column) = (literal(&value()), name("c"));
    let [trigger, check] = ["jt", "jc"].map(name);
    database.execute(&format!(
        "ALTER TABLE \"Tenant\" ALTER COLUMN name SET DEFAULT {value};
         ALTER TABLE \"Job\" ALTER COLUMN status SET DEFAULT {value};
         ALTER TABLE \"Job\" ADD COLUMN {column} text NOT NULL DEFAULT {value};
         ALTER TABLE \"Job\" ADD CONSTRAINT {check} CHECK (type <> {value});
         CREATE TRIGGER {trigger} BEFORE INSERT ON \"Job\" FOR EACH ROW EXECUTE FUNCTION {function}();
         DROP INDEX \"Job_status_idx\";
         CREATE INDEX {index} ON \"Job\" (status, {column})",
        function = name("fn"),
        index = name("ji"),
    ));
    database
}
