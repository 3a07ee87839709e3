//! Partitioned tables and tables that inherit, in a sound database: PostgreSQL's copies of keys and triggers for the
//! partitions are no findings, and rows that no key concerns are no orphans.

use super::support::{Cli, Output, Template, TestDatabase};

/// Partitions, also of partitions and in another schema, with foreign keys to and from them, and rows.
const PARTITIONED: &str = "
CREATE SCHEMA parts;
CREATE TABLE m (id int, at date, n int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE m_2024 PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (at);
CREATE TABLE m_2024_a PARTITION OF m_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE parts.m_2024_b PARTITION OF m_2024 FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
CREATE TABLE m_2025 PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE r (id int PRIMARY KEY, mid int, at date, CONSTRAINT r_m FOREIGN KEY (mid, at) REFERENCES m ON DELETE CASCADE);
INSERT INTO m VALUES (1, '2024-05-05'), (3, '2024-08-05'), (2, '2025-05-05');
INSERT INTO r VALUES (1, 1, '2024-05-05'), (2, 2, '2025-05-05'), (3, 3, '2024-08-05');
CREATE TABLE f (id int, at date, mid int, mat date, PRIMARY KEY (id, at),
    FOREIGN KEY (mid, mat) REFERENCES m, FOREIGN KEY (id) REFERENCES r) PARTITION BY LIST (id);
CREATE TABLE f_1 PARTITION OF f FOR VALUES IN (1);
CREATE TABLE f_d PARTITION OF f DEFAULT;
INSERT INTO f VALUES (1, '2024-01-01', 1, '2024-05-05'), (3, '2024-01-01', 2, '2025-05-05');
CREATE TABLE tree (id int, k int, up int, PRIMARY KEY (id, k), FOREIGN KEY (up, k) REFERENCES tree) PARTITION BY LIST (k);
CREATE TABLE tree_1 PARTITION OF tree FOR VALUES IN (1);
CREATE TABLE tree_2 PARTITION OF tree FOR VALUES IN (2);
INSERT INTO tree VALUES (1, 1, NULL), (2, 1, 1), (1, 2, NULL), (5, 2, 1);
CREATE INDEX m_n ON m (n);
CREATE UNIQUE INDEX m_u ON m (at, n, id);
CREATE TABLE parts.o (id int PRIMARY KEY, mid int, at date, FOREIGN KEY (mid, at) REFERENCES public.m ON DELETE CASCADE);
INSERT INTO parts.o VALUES (1, 1, '2024-05-05');
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t_m BEFORE INSERT ON m FOR EACH ROW EXECUTE FUNCTION noop();
";

/// Neither the primary key nor the foreign key of a table concerns the rows of those that inherit from it.
const INHERITED: &str = "
CREATE TABLE base (id int PRIMARY KEY, tenant uuid REFERENCES \"Tenant\" ON DELETE CASCADE);
CREATE TABLE derived (more int) INHERITS (base);
INSERT INTO derived VALUES (1, gen_random_uuid(), 5), (1, NULL, 5);
";

/// A migrated database with a baseline of its own.
struct Sound {
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Sound {
    fn with(sql: &str) -> Sound {
        let database = TestDatabase::from(Template::Baseline);
        database.execute(sql);
        let folder = tempfile::tempdir().unwrap();
        let sound = Sound { database, folder };
        sound.run(&["snapshot", "--out", "baseline.toml"]).exits(0);
        let apply = [
            "apply",
            "--yes",
            "--no-verify",
            "--baseline",
            "baseline.toml",
        ];
        sound.run(&apply).exits(0);
        sound
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let cli = Cli::new().database(&self.database);
        cli.in_directory(self.folder.path()).args(arguments).run()
    }

    fn verify(&self) -> Output {
        self.run(&["verify", "--baseline", "baseline.toml"])
    }
}

#[test]
fn copies_for_partitions_are_no_findings() {
    let sound = Sound::with(PARTITIONED);
    sound.verify().exits(0);
    let baseline = std::fs::read_to_string(sound.folder.path().join("baseline.toml")).unwrap();
    let of_r = baseline
        .lines()
        .filter(|line| line.contains(r#"columns = ["mid", "at"]"#));
    assert_eq!(of_r.count(), 1, "the foreign key, and no copy");
    assert!(
        !baseline.contains("triggers ="),
        "no trigger of a copy is missed"
    );
}

/// What is done to a copy is said of the foreign key that it is a copy of.
#[test]
fn what_is_disabled_on_one_partition_is_said_of_the_foreign_key() {
    let sound = Sound::with(PARTITIONED);
    sound
        .database
        .execute("ALTER TABLE m_2024_a DISABLE TRIGGER ALL");
    let red = sound.verify().exits(1);
    red.stdout_has(r#"foreign key "r_m" on "r": triggers are disabled on "m_2024_a""#)
        .stdout_has(r#"foreign key "f_mid_mat_fkey" on "f": triggers are disabled on "m_2024_a""#)
        .stdout_has(r#"ALTER TABLE "m_2024_a" ENABLE TRIGGER ALL;"#)
        .stdout_has(r#"ALTER TABLE "m_2024_a" ENABLE TRIGGER "t_m";"#);
    sound.database.psql(r#"ALTER TABLE "m_2024_a" ENABLE TRIGGER "t_m"; ALTER TABLE "m_2024_a" ENABLE TRIGGER ALL;"#).exits(0);
    sound.verify().exits(0);
}

#[test]
fn a_lost_row_of_one_partition_is_an_orphan() {
    let sound = Sound::with(PARTITIONED);
    sound.database.execute(
        "SET session_replication_role = replica; DELETE FROM m_2025; RESET session_replication_role",
    );
    let red = sound.verify().exits(1);
    red.stdout_has(r#""r" holds rows that name none by "r_m""#)
        .stdout_has(r#"SELECT * FROM ONLY "r" c WHERE"#)
        .stdout_has("This loses data: the rows that you delete");
}

#[test]
fn rows_of_a_table_that_inherits_are_not_the_parents() {
    let sound = Sound::with(INHERITED);
    sound.verify().exits(0);
    sound.database.execute(
        "SET session_replication_role = replica; INSERT INTO base VALUES (7, gen_random_uuid()); \
         RESET session_replication_role",
    );
    let red = sound.verify().exits(1);
    red.stdout_has(r#""base" holds rows that name none by "base_tenant_fkey""#);
}
