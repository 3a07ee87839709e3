//! Who may use the new tables, where the role that migrates is not the one as which the application connects.

mod planning;
mod verifying;

use crate::support::{Cli, Output, Template, TestDatabase};

/// A database with the tables of before, and roles of its own: `deploy` migrates, `app` is the application.
struct Shared {
    database: TestDatabase,
}

impl Shared {
    /// `sql` is run with the roles' own names in the place of `:deploy` and of other names after a colon.
    fn with(sql: &str) -> Shared {
        let shared = Shared {
            database: TestDatabase::from(Template::Baseline),
        };
        shared.execute(
            "CREATE ROLE :deploy LOGIN;
             GRANT CREATE ON DATABASE :database TO :deploy;
             GRANT USAGE, CREATE ON SCHEMA public TO :deploy;
             GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO :deploy",
        );
        shared.execute(sql);
        shared
    }

    /// The role's name on the server, which it shares with other databases.
    fn role(&self, name: &str) -> String {
        format!("{}_{name}", self.database.name())
    }

    fn named(&self, sql: &str) -> String {
        let names = ["deploy", "app", "web", "readers", "writers", "group"];
        let named = sql.replace(":database", self.database.name());
        names.iter().fold(named, |sql, name| {
            sql.replace(&format!(":{name}"), &self.role(name))
        })
    }

    #[track_caller]
    fn execute(&self, sql: &str) {
        self.database.execute(&self.named(sql));
    }

    fn url(&self, role: &str) -> String {
        let role = format!("//{}@", self.role(role));
        self.database.url().replace("//leora@", &role)
    }

    /// Runs the program as `role`; as the superuser where it is empty.
    fn run(&self, role: &str, args: &[&str]) -> Output {
        let url = match role {
            "" => self.database.url(),
            role => self.url(role),
        };
        Cli::new().env("DIRECT_URL", url).args(args).run()
    }

    #[track_caller]
    fn applied(&self, role: &str) {
        self.run(role, &["apply", "--yes", "--no-verify"]).exits(0);
    }

    /// What `verify` finds of rights: the messages and the remedies.
    #[track_caller]
    fn found(&self, role: &str) -> Vec<(String, String)> {
        let output = self.run(role, &["verify", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{output}"));
        let checks = report["checks"].as_array().unwrap().iter();
        let mut rights = checks.filter(|check| check["id"] == "integrity.rights");
        let findings = rights.next().unwrap()["outcome"]["findings"].as_array();
        let text = |finding: &serde_json::Value, field| {
            let text = finding[field].as_str().unwrap_or_default();
            text.replace(&format!("{}_", self.database.name()), ":")
        };
        let findings = findings.into_iter().flatten();
        findings
            .map(|finding| (text(finding, "message"), text(finding, "remedy")))
            .collect()
    }
}

/// The application reads and writes every table that there is.
const APP: &str = "CREATE ROLE :app LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :app";

const NEW: &str = r#""DashboardWidget", "Job", "MetricDefinition""#;
