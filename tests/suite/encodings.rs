//! Databases whose encoding is not UTF-8: a name has 63 bytes in theirs, and more in ours.

use super::support::{Cli, Output, Template, TestDatabase, repository, server_url};

/// A database of another encoding. Dropped with the test.
struct Encoded {
    name: String,
    /// Where the SQL about it is sent.
    aside: TestDatabase,
}

impl Encoded {
    /// With the 58 tables, and `also`.
    fn new(encoding: &str, also: &str) -> Encoded {
        let aside = TestDatabase::from(Template::Empty);
        let name = format!("{}_{}", aside.name(), encoding.to_lowercase());
        aside.execute(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        ));
        let database = Encoded { name, aside };
        let mut client =
            postgres::Client::connect(&server_url(&database.name), postgres::NoTls).unwrap();
        let baseline = std::fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
        client.batch_execute(&baseline).unwrap();
        client
            .batch_execute(also)
            .unwrap_or_else(|error| panic!("{error:?}"));
        database
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Cli::new()
            .args(arguments)
            .env("DIRECT_URL", server_url(&self.name))
            .run()
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.aside.execute(&format!(
            "DROP DATABASE IF EXISTS {} WITH (FORCE)",
            self.name
        ));
    }
}

/// A table, a column, a key, an index, a check, a policy, an enum, a domain and a sequence, each of the name.
fn of_the_name(name: &str) -> String {
    format!(
        "CREATE TYPE \"{name}e\" AS ENUM ('{name}');
         CREATE DOMAIN \"{name}d\" AS text CHECK (VALUE <> '{name}');
         CREATE TABLE \"{name}\" (\"{name}\" SERIAL PRIMARY KEY, b \"{name}e\" DEFAULT '{name}', c \"{name}d\",
            d uuid CONSTRAINT \"{name}f\" REFERENCES \"Tenant\" (id) ON DELETE CASCADE,
            CONSTRAINT \"{name}c\" CHECK (\"{name}\" > 0));
         CREATE INDEX \"{name}i\" ON \"{name}\" (b, c);
         CREATE POLICY \"{name}p\" ON \"{name}\" USING (c <> '{name}');"
    )
}

/// Everything works with the database's own snapshot as the baseline, as it does in UTF-8.
fn all_is_read(encoding: &str, name: &str) {
    assert!(name.len() > 63, "{name}");
    let database = Encoded::new(encoding, &of_the_name(name));
    let snapshot = database.run(&["snapshot"]).exits(0).stdout_has(name).stdout;
    let run = |arguments: &[&str]| {
        let cli = Cli::new().file("s.toml", &snapshot).args(arguments);
        cli.env("DIRECT_URL", server_url(&database.name)).run()
    };
    run(&["diff", "--from", "url", "--to", "s.toml"]).exits(0);
    run(&["diff", "--from", "empty", "--to", "url", "--format", "sql"])
        .exits(1)
        .stdout_has(name);
    run(&["graph", "--baseline", "s.toml"])
        .exits(0)
        .stdout_has(name);
    run(&["validate", "--baseline", "s.toml"]).exits(0);
    run(&["plan", "--baseline", "s.toml"])
        .exits(0)
        .stdout_has("16 steps");
    run(&["plan"]).exits(0);
    run(&["verify", "--baseline", "s.toml", "--format", "json"]).exits(1);
    run(&["apply", "--yes", "--baseline", "s.toml"]).exits(0);
    run(&["verify", "--baseline", "s.toml"]).exits(0);
    run(&["verify"]).exits(1).stdout_has(name);
    run(&["status"]).exits(0);
    run(&["rollback", "--yes"]).exits(0);
}

#[test]
fn latin1_has_names_of_126_bytes() {
    all_is_read("LATIN1", &"\u{e9}".repeat(62));
}

#[test]
fn euc_jp_has_names_of_93_bytes() {
    // A kanji has two bytes there and three here, a kana of half width the same.
    all_is_read("EUC_JP", &"\u{6f22}".repeat(31));
    all_is_read("EUC_JP", &"\u{ff76}".repeat(31));
}

/// It gives out the bytes that it was given: those that are UTF-8 are read, and others are an error.
#[test]
fn sql_ascii_is_read_where_it_is_utf8() {
    // PostgreSQL itself cuts names in SQL_ASCII between any two bytes: that of a sequence, where it is too long.
    let name = "\u{e9}".repeat(10);
    let database = Encoded::new("SQL_ASCII", &of_the_name(&name));
    database.run(&["snapshot"]).exits(0).stdout_has(&name);
    database.run(&["plan"]).exits(0);
    let other = Encoded::new(
        "SQL_ASCII",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE \"a' || convert_from('\\xe9'::bytea, 'SQL_ASCII') || '\" ()'; END $$",
    );
    for command in ["plan", "verify", "snapshot"] {
        let output = other.run(&[command]).exits(2);
        output.stderr_has("error[LM0046]").stderr_has("UTF");
    }
    let applied = other.run(&["apply", "--yes"]).exits(2);
    applied.stderr_has("error[LM0046]");
}
