//! What a role that may create in the application's schema leaves there is not run by who verifies or migrates:
//! functions and operators of PostgreSQL's names, for the types that PostgreSQL's own take only by conversion.

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
      'extract|nextval|setval)$')
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
