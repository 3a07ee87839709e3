//! What a role that may create in the application's schema leaves there is not run by who verifies or migrates:
//! functions and operators of PostgreSQL's names, for the types that PostgreSQL's own take only by conversion. Nor is
//! what stands under PostgreSQL's names in a schema that the search_path has before `pg_catalog`.

use crate::support::{Cli, Output, Template, TestDatabase};

/// For every function and operator of PostgreSQL that the questions may name, ones of its name for other types.
/// All of them raise an error, and give what no question takes, so that one over no rows fails too. They are made for
/// each argument alone and for all of them.
const HOSTILE: &str = r#"
CREATE ROLE hijacker;
GRANT USAGE, CREATE ON SCHEMA public TO hijacker;
SET SESSION AUTHORIZATION hijacker;
DO $hostile$
DECLARE
  types CONSTANT text[] := ARRAY['name', 'text', '"char"', 'varchar', 'bpchar', 'smallint', 'integer', 'bigint', 'oid', 'boolean',
    'numeric', 'double precision', 'regclass', 'regnamespace', 'regrole', 'oidvector', 'int2vector', 'name[]', 'text[]', 'oid[]',
    'smallint[]', 'json', 'jsonb', 'timestamptz', 'timestamp', 'uuid', 'inet', 'xid8', 'anyelement', 'anynonarray', 'anyarray'];
  body CONSTANT text := $$ RETURNS point LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hijacked''; END' $$;
  signature text;
  own record;
  one text;
  other text;
  sign text;
BEGIN
  FOR own IN
    SELECT DISTINCT p.proname AS name,
           ARRAY(SELECT format_type(a, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(a, n) ORDER BY n) AS taken
    FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs > 0 AND p.proname ~ ('^(quote_ident|quote_literal|string_agg|'
      'array_agg|format_type|pg_get_.*|has_.*_privilege|pg_has_role|row_security_active|pg_stat_get_live_tuples|current_setting|unnest|'
      'generate_series|pg_opclass_is_visible|strpos|to_regclass|to_regnamespace|to_char|host|format|pg_xact_status|set_config|'
      'pg_advisory_.*|jsonb_.*|concat_ws|to_json|to_jsonb|array_to_string|array_append|count|max|min|pg_blocking_pids|right|timezone|date_part|'
      'extract|nextval|setval|array_cat|pg_sleep|starts_with)$')
  LOOP
    FOREACH one IN ARRAY types LOOP
      FOR at IN 0 .. cardinality(own.taken) LOOP
        SELECT string_agg(CASE WHEN at IN (0, n) THEN one ELSE replace(replace(t, '"any"', 'text'), 'internal', 'text') END, ', ' ORDER BY n)
          INTO signature FROM unnest(own.taken) WITH ORDINALITY u(t, n);
        BEGIN
          EXECUTE format('CREATE FUNCTION public.%I(%s) %s', own.name, signature, body);
        EXCEPTION WHEN duplicate_function OR undefined_object OR invalid_function_definition THEN
        END;
      END LOOP;
    END LOOP;
  END LOOP;
  FOREACH one IN ARRAY types LOOP
    FOREACH other IN ARRAY types LOOP
      EXECUTE format('CREATE FUNCTION public.hijack(%s, %s) RETURNS point LANGUAGE plpgsql AS %L', one, other,
        'BEGIN RAISE EXCEPTION ''hijacked''; END');
      FOREACH sign IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>=', '||', '&', '~', '!~', '~~', '+', '-', '/', '<@', '@>', '->', '->>'] LOOP
        BEGIN
          EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = public.hijack, LEFTARG = %s, RIGHTARG = %s)', sign, one, other);
        EXCEPTION WHEN duplicate_function OR invalid_function_definition THEN
        END;
      END LOOP;
    END LOOP;
  END LOOP;
END $hostile$;
DO $$ BEGIN
  ASSERT (SELECT count(*) > 1000 FROM pg_catalog.pg_proc WHERE pronamespace::regnamespace::text = 'public'), 'functions';
  ASSERT (SELECT count(*) > 10000 FROM pg_catalog.pg_operator WHERE oprnamespace::regnamespace::text = 'public'), 'operators';
END $$;
RESET SESSION AUTHORIZATION;
"#;

fn run(database: &TestDatabase, args: &[&str]) -> Output {
    let output = Cli::new().database(database).args(args).run();
    for said in [&output.stdout, &output.stderr] {
        let told = said.contains("hijacked") || said.contains("SQLSTATE");
        assert!(!told, "{args:?}: {said}");
    }
    output
}

#[test]
fn hijack_of_functions_and_operators_is_in_vain() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    database.execute(HOSTILE);
    let directory = tempfile::tempdir().unwrap();
    let baseline = directory.path().join("baseline.toml");
    let baseline = baseline.to_str().unwrap();

    run(&database, &["snapshot", "--out", baseline]).exits(0);
    run(&database, &["plan"]).exits(0);
    run(&database, &["status"]);
    run(&database, &["apply", "--yes"]).exits(0);
    run(&database, &["status"]).exits(0);
    run(&database, &["verify", "--baseline", baseline]).exits(0);
    run(&database, &["diff", "--from", "url", "--to", baseline]).exits(1);
    run(&database, &["rollback", "--yes"]).exits(0);
    run(&database, &["plan"]).exits(0);

    // What is asked of rows: an error there would only keep the contradictions from being found.
    run(&database, &["apply", "--yes", "--no-verify"]).exits(0);
    database.execute(CONTRADICTIONS);
    let planned = run(&database, &["plan"]).exits(0);
    for found in ["have the same", "name by (\"tenantId\") none of \"Tenant\""] {
        assert!(
            planned.stderr.replace('\n', " ").contains(found),
            "{found}: {planned:?}"
        );
    }
}

const CONTRADICTIONS: &str = r#"
ALTER TABLE "Job" DROP CONSTRAINT "Job_tenantId_fkey";
DROP INDEX "DashboardWidget_tenantId_userId_widgetType_key";
SET search_path = pg_catalog;
INSERT INTO public."Job" ("id", "tenantId", "type", "payload", "updatedAt")
  VALUES (gen_random_uuid(), gen_random_uuid(), 'orphan', '{}', now());
INSERT INTO public."DashboardWidget" ("id", "tenantId", "userId", "widgetType", "position", "updatedAt")
  SELECT gen_random_uuid(), u."tenantId", u."id", 'twice', 1, now()
  FROM (SELECT * FROM public."User" LIMIT 1) u, generate_series(1, 2);
RESET search_path;
"#;

/// A namesake for every table, view and type of PostgreSQL, and for every operator and function that takes a name, a
/// text, an oid, a number or a flag: with the same arguments, so that only the search_path tells them apart.
const SHADOWS: &str = r#"
CREATE SCHEMA shadow;
SET search_path = pg_catalog;
DO $shadows$
DECLARE
  types CONSTANT oid[] := ARRAY['name', 'text', '"char"', 'int2', 'int4', 'int8', 'oid', 'bool', 'float8', 'numeric', 'timestamptz',
    'regclass', 'xid8', 'oid[]', 'text[]', '"any"', 'anyelement', 'anyarray']::regtype[]::oid[];
  own record;
BEGIN
  FOR own IN SELECT relname AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') LOOP
    EXECUTE format('CREATE TABLE shadow.%I (shadowed point)', own.name);
  END LOOP;
  FOR own IN SELECT typname AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typelem = 0 LOOP
    EXECUTE format('CREATE DOMAIN shadow.%I AS point', own.name);
  END LOOP;
  FOR own IN
    SELECT oprname AS name, oprleft::regtype AS one, oprright::regtype AS other FROM pg_operator
    WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft = ANY (types) AND oprright = ANY (types)
  LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION shadow.hijack(%s, %s) RETURNS boolean LANGUAGE plpgsql AS %L', own.one, own.other,
      'BEGIN RAISE EXCEPTION ''hijacked''; END');
    EXECUTE format('CREATE OPERATOR shadow.%s (FUNCTION = shadow.hijack, LEFTARG = %s, RIGHTARG = %s)', own.name, own.one, own.other);
  END LOOP;
  FOR own IN
    SELECT p.proname AS name, pg_get_function_identity_arguments(p.oid) AS taken FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0 AND p.pronargs > 0
      AND p.proargmodes IS NULL AND p.proargtypes::oid[] <@ types AND NOT 2276::oid = ANY (p.proargtypes::oid[])
  LOOP
    EXECUTE format('CREATE FUNCTION shadow.%I(%s) RETURNS point LANGUAGE plpgsql AS %L', own.name, own.taken,
      'BEGIN RAISE EXCEPTION ''hijacked''; END');
  END LOOP;
  ASSERT (SELECT count(*) > 100 FROM pg_class WHERE relnamespace = 'shadow'::regnamespace), 'tables';
  ASSERT (SELECT count(*) > 200 FROM pg_operator WHERE oprnamespace = 'shadow'::regnamespace), 'operators';
  ASSERT (SELECT count(*) > 300 FROM pg_proc WHERE pronamespace = 'shadow'::regnamespace), 'functions';
  EXECUTE format('ALTER DATABASE %I SET search_path = shadow, pg_catalog, public', current_database());
END $shadows$;
"#;

#[test]
fn hijack_by_the_search_path_is_in_vain() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    database.execute(SHADOWS);
    let directory = tempfile::tempdir().unwrap();
    let baseline = directory.path().join("baseline.toml");
    let baseline = baseline.to_str().unwrap();

    run(&database, &["snapshot", "--out", baseline]).exits(0);
    run(&database, &["plan"]).exits(0);
    run(&database, &["status"]).exits(0);
    run(&database, &["apply", "--yes"]).exits(0);
    run(&database, &["status"]).exits(0);
    run(&database, &["verify", "--baseline", baseline]).exits(0);
    run(&database, &["diff", "--from", "url", "--to", baseline]).exits(1);
    run(&database, &["rollback", "--yes"]).exits(0);

    // An index on rows is made by a step that stands alone.
    run(&database, &["apply", "--yes", "--no-verify"]).exits(0);
    database.execute(
        r#"SET search_path = public;
           INSERT INTO "Job" ("id", "tenantId", "type", "payload", "updatedAt")
             SELECT gen_random_uuid(), "id", 'any', '{}', now() FROM "Tenant" LIMIT 1;
           DROP INDEX "Job_status_idx";"#,
    );
    let planned = run(&database, &["plan"]).exits(0);
    assert!(planned.stdout.contains("CONCURRENTLY"), "{planned:?}");
    run(&database, &["apply", "--yes"]).exits(0);
    run(&database, &["verify", "--baseline", baseline]).exits(0);
}
