//! `verify --dry-run`: what it says beforehand, held against what `verify` then does.

use crate::support::{Cli, Output, Template, TestDatabase};

fn applied(sql: &str) -> TestDatabase {
    let database = TestDatabase::from(Template::BaselineWithRows);
    let apply = ["apply", "--yes", "--no-verify"];
    Cli::new().database(&database).args(apply).run().exits(0);
    database.execute(sql);
    database
}

/// What is printed, a line for each item.
fn verify(database: &TestDatabase, args: &[&str]) -> Output {
    let mut output = Cli::new()
        .database(database)
        .args(["verify"])
        .args(args)
        .run();
    output.stdout = output.stdout.replace("\n    ", " ");
    output
}

fn inserted(database: &TestDatabase) -> i64 {
    let sum = "SELECT sum(pg_stat_get_tuples_inserted(oid))::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    database.client().query_one(sum, &[]).unwrap().get(0)
}

/// An ordinary CHECK has verify ask for values first; the rows come after.
#[test]
fn dry_run_tells_of_rows_locks_sequences_and_wal_where_there_is_a_check() {
    let database = applied("ALTER TABLE \"Job\" ADD CHECK (attempts >= 0)");
    let before = inserted(&database);
    let said = verify(&database, &["--dry-run"]).exits(0);
    for part in [
        "  - one transaction that is rolled back: 389 rows made in 61 tables, 452 trials on them, each undone\n",
        "  - one before it, without rows or locks: 1 question of which values CHECK constraints accept;",
        "  - locks: ROW EXCLUSIVE on 61 tables, and ROW SHARE on tables that these reference; waited for at most 500 ms each, held at most 15000 ms.",
        "  - WAL: about 379 kB, estimated as 450 bytes for each row and trial;",
        "  - sequences: none advances: every row brings its values\n",
        "\n  - \"Job\": ",
        "\nNothing was tried now.\n",
    ] {
        assert!(said.stdout.contains(part), "{part}{said:?}");
    }
    assert_eq!(inserted(&database), before);
    verify(&database, &[]);
    // Counted though it was rolled back, as soon as the session has reported it.
    let mut done = 0;
    for _ in 0..1000 {
        done = inserted(&database) - before;
        if done >= 389 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(done >= 389, "{done}");
}

/// A trigger that reports the locks of the transaction it fires in.
const REPORT: &str = r#"
CREATE SEQUENCE tickets;
CREATE FUNCTION report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('tickets');
  RAISE EXCEPTION 'ROW EXCLUSIVE on % tables, others %',
    (SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND l.mode = 'RowExclusiveLock'),
    (SELECT coalesce(string_agg(DISTINCT l.mode, ', '), 'none') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
        AND l.mode NOT IN ('RowExclusiveLock', 'RowShareLock', 'AccessShareLock'));
END $$;
CREATE TRIGGER report AFTER INSERT ON "Job" FOR EACH STATEMENT EXECUTE FUNCTION report();
"#;

#[test]
fn dry_run_tells_the_locks_that_are_taken_and_the_code_that_runs() {
    let database = applied(REPORT);
    let line = "  - trigger \"report\" on \"Job\" would fire for rows of \"Job\": it ";
    let said = verify(&database, &["--dry-run"]).exits(0);
    assert!(
        said.stdout.contains("ROW EXCLUSIVE on 61 tables,"),
        "{said:?}"
    );
    let without = format!("{line}does not run without --allow-user-code\n");
    assert!(said.stdout.contains(&without), "{said:?}");
    assert!(
        said.stdout.contains("  - sequences: none advances"),
        "{said:?}"
    );

    let said = verify(&database, &["--dry-run", "--allow-user-code"]).exits(0);
    let with = format!("{line}runs, by --allow-user-code\n");
    assert!(said.stdout.contains(&with), "{said:?}");
    assert!(
        said.stdout
            .contains("takes numbers from advance; a rollback does not take the numbers back\n"),
        "{said:?}"
    );
    let called = || -> bool {
        let called = database
            .client()
            .query_one("SELECT is_called FROM tickets", &[]);
        called.unwrap().get(0)
    };
    assert!(!called(), "a dry run runs nothing");

    let done = verify(&database, &["--allow-user-code"]);
    assert!(
        done.stdout
            .contains("ROW EXCLUSIVE on 61 tables, others none"),
        "{done:?}"
    );
    assert!(called(), "{done:?}");
}

/// Tables of another schema that foreign keys and partitions lead to.
const ELSEWHERE: &str = r#"
CREATE SCHEMA other;
CREATE TABLE other.note (id int PRIMARY KEY, tenant uuid REFERENCES "Tenant" ON DELETE CASCADE);
CREATE TABLE other.kept (tenant uuid REFERENCES "Tenant");
CREATE TABLE other.split (id int, tenant uuid REFERENCES "Tenant" ON DELETE SET NULL) PARTITION BY LIST (id);
CREATE TABLE other.split_1 PARTITION OF other.split FOR VALUES IN (1);
CREATE TABLE other."Line" (note int REFERENCES other.note ON DELETE CASCADE);
CREATE TABLE other.kind (id uuid PRIMARY KEY);
CREATE TABLE other.derived () INHERITS ("Job");
INSERT INTO other.kind SELECT "tenantId" FROM "Customer" LIMIT 1;
ALTER TABLE "Customer" ADD COLUMN kind uuid REFERENCES other.kind;
CREATE FUNCTION report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'locked: %', (SELECT string_agg(x.relation || ' ' || x.modes, ', ' ORDER BY x.relation) FROM (
    SELECT l.relation::regclass::text COLLATE "C" AS relation, string_agg(l.mode, '+' ORDER BY l.mode) AS modes
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND c.relkind IN ('r', 'p') AND c.relnamespace = 'other'::regnamespace AND l.mode <> 'AccessShareLock'
    GROUP BY l.relation) x);
END $$;
CREATE TRIGGER zzz AFTER DELETE ON "Tenant" FOR EACH ROW EXECUTE FUNCTION report();
"#;

/// What is said beforehand is what `pg_locks` shows when a tenant is deleted; of `kind`, which no row needs, nothing.
#[test]
fn dry_run_tells_the_locks_that_foreign_keys_and_partitions_lead_to() {
    let database = applied(ELSEWHERE);
    let said = verify(&database, &["--dry-run"]).exits(0);
    let line = "  - locks beside them, on partitions and on tables of other schemas with foreign keys to or from them: \
                ROW EXCLUSIVE on other.derived, other.note, other.split, other.split_1; ROW SHARE on other.kept, other.kind\n";
    assert!(said.stdout.contains(line), "{said:?}");
    let done = verify(&database, &["--allow-user-code", "--details"]);
    let locked = "other.derived RowExclusiveLock, other.kept RowShareLock, other.note RowExclusiveLock, other.split RowExclusiveLock, \
                  other.split_1 RowExclusiveLock";
    let words = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(locked), "{done:?}");
}

#[test]
fn dry_run_of_parts_that_need_no_rows_touches_nothing() {
    let database = applied("ALTER TABLE \"Job\" ADD CHECK (attempts >= 0)");
    let said = verify(&database, &["--dry-run", "--only", "tables"]).exits(0);
    let nothing = "verify would try:\n  - nothing: the checks that are asked for need no rows\nNothing was tried now.\n";
    assert_eq!(said.stdout, nothing);
}
