//! A server with the databases that the cases break copies of.

use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use super::{Base, Case, fixture};
use crate::support::{Cli, Output};

/// A server for the cases alone, because some change what belongs to a whole server.
pub(super) struct Stand {
    server: ScratchServer,
    directory: tempfile::TempDir,
    version: u32,
    contrib: bool,
}

impl Stand {
    pub(super) fn new() -> Stand {
        let binaries = Binaries::find().unwrap_or_else(|missing| panic!("{missing}"));
        let server = ScratchServer::start(&binaries, &Options::default())
            .unwrap_or_else(|error| panic!("{error}"));
        let mut client = Client::connect(&server.url("postgres"), NoTls).unwrap();
        let ask = "SELECT current_setting('server_version_num')::integer / 10000, \
                   EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext')";
        let told = client.query_one(ask, &[]).unwrap();
        let stand = Stand {
            server,
            directory: tempfile::tempdir().unwrap(),
            version: u32::try_from(told.get::<_, i32>(0)).unwrap(),
            contrib: told.get(1),
        };
        stand.run("postgres", &fixture("fixtures/sabotage/roles.sql"));
        stand.administer("CREATE DATABASE before TEMPLATE template0");
        stand.run("before", &fixture("fixtures/leora/baseline.sql"));
        stand.run("before", &fixture("fixtures/leora/rows.sql"));
        let script = stand
            .cli("before", &["plan", "--format", "sql"])
            .exits(0)
            .stdout;
        let migration: String = script
            .lines()
            .filter(|line| !line.starts_with('\\'))
            .map(|line| line.replace(" \\g /dev/null", ";") + "\n")
            .collect();
        for base in [Base::Plain, Base::RowSecurity] {
            stand.copy("before", base.name());
            let fence = |database| {
                if base == Base::RowSecurity {
                    stand.run(database, &fixture("fixtures/sabotage/row-security.sql"));
                }
            };
            stand.copy("before", "unmigrated");
            fence("unmigrated");
            let baseline = stand.baseline(base);
            stand
                .cli("unmigrated", &["snapshot", "--out", &baseline])
                .exits(0);
            stand.administer("DROP DATABASE unmigrated");
            stand.run(base.name(), &migration);
            stand.run(base.name(), &fixture("fixtures/sabotage/migrated.sql"));
            fence(base.name());
        }
        stand
    }

    /// The snapshot of the database before it was migrated.
    fn baseline(&self, base: Base) -> String {
        let path = self.directory.path().join(base.name());
        path.to_str().expect("UTF-8").to_owned() + ".toml"
    }

    fn cli(&self, database: &str, args: &[&str]) -> Output {
        Cli::new()
            .env("DATABASE_URL", self.server.url(database))
            .args(args)
            .run()
    }

    fn copy(&self, from: &str, to: &str) {
        let strategy = if self.version >= 15 {
            "STRATEGY file_copy"
        } else {
            ""
        };
        self.administer(&format!(
            "CREATE DATABASE \"{to}\" TEMPLATE \"{from}\" {strategy}"
        ));
    }

    fn administer(&self, sql: &str) {
        // Some cases make the server one that reads, or gives no time.
        let batches = [
            "SET default_transaction_read_only = off; SET statement_timeout = 0",
            sql,
        ];
        if let Err(error) = self.try_run("postgres", &batches) {
            panic!("{error}\nin {sql}");
        }
    }

    fn run(&self, database: &str, sql: &str) {
        if let Err(error) = self.try_run(database, &[sql]) {
            panic!("{error}\nin {sql}");
        }
    }

    fn try_run(&self, database: &str, batches: &[&str]) -> Result<(), String> {
        let said = |error: postgres::Error| {
            error
                .as_db_error()
                .map_or_else(|| error.to_string(), ToString::to_string)
        };
        let mut client = Client::connect(&self.server.url(database), NoTls).map_err(said)?;
        let mut batches = batches.iter();
        batches.try_for_each(|batch| client.batch_execute(batch).map_err(said))
    }

    /// A database of the case's own while `look` looks at it; the error of its script, when it fails.
    pub(super) fn with_database<T>(
        &self,
        case: &Case,
        number: usize,
        look: impl FnOnce(&str) -> T,
    ) -> Result<T, String> {
        let database = format!("case_{number}");
        self.copy(case.expected.database.name(), &database);
        let sql = case
            .sql
            .replace(":\"database\"", &format!("\"{database}\""));
        // What changes a server must not stand in a transaction, and statements sent together do.
        let batches: Vec<_> = match case.expected.own_server {
            true => sql.split_inclusive(";\n").collect(),
            false => vec![sql.as_str()],
        };
        let seen = self.try_run(&database, &batches).map(|()| look(&database));
        self.administer(&format!("DROP DATABASE \"{database}\" WITH (FORCE)"));
        seen
    }

    /// What verify says of the case's database.
    pub(super) fn verify(&self, case: &Case, database: &str) -> Output {
        self.verifying(case, database)
            .args(["--format", "json"])
            .run()
    }

    /// The same with all details, for people.
    pub(super) fn verify_in_full(&self, case: &Case, database: &str) -> String {
        let output = self.verifying(case, database).args(["--details"]).run();
        output.exits(1).stdout
    }

    /// The same in several `formats`, each with the ending of its file.
    pub(super) fn verify_in<'a>(
        &self,
        case: &Case,
        database: &str,
        formats: &[(&str, &'a str)],
    ) -> Vec<(&'a str, String)> {
        let file = |ending: &str| self.directory.path().join(format!("{database}.{ending}"));
        let reports = formats
            .iter()
            .map(|(format, ending)| format!("--report={format}={}", file(ending).display()));
        self.verifying(case, database).args(reports).run().exits(1);
        let written = formats.iter();
        written
            .map(|(_, ending)| (*ending, std::fs::read_to_string(file(ending)).unwrap()))
            .collect()
    }

    fn verifying(&self, case: &Case, database: &str) -> Cli {
        let baseline = self.baseline(case.expected.database);
        let mut url = self.server.url(database);
        if let Some(role) = &case.expected.role {
            url = url.replacen("leora@", &format!("{role}@"), 1);
        }
        Cli::new()
            .env("DATABASE_URL", url)
            .args(["verify", "--baseline", &baseline])
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }

    pub(super) fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// Undoes what a case did to the server.
    pub(super) fn restore(&self) {
        for sql in [
            "ALTER SYSTEM RESET ALL",
            "ALTER ROLE ALL RESET ALL",
            "ALTER ROLE application RESET ALL",
            "ALTER ROLE anon NOBYPASSRLS",
            "ALTER ROLE authenticated NOSUPERUSER",
            "DO $$ BEGIN REVOKE pg_read_all_data FROM anon; EXCEPTION WHEN undefined_object THEN END $$",
            "SELECT pg_reload_conf()",
        ] {
            self.administer(sql);
        }
    }

    /// Whether this PostgreSQL has what the case needs.
    pub(super) fn fits(&self, case: &Case) -> bool {
        self.version >= case.expected.min_version && (self.contrib || !case.expected.contrib)
    }
}
