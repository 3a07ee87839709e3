//! The privileges in docs/roles.md suffice, and none of them is superfluous.

use std::fs;

use crate::support::{Cli, Output, Template, TestDatabase, repository};

/// A database, and the page's statements for it: before the migration, and after it.
struct Page {
    database: TestDatabase,
    before: Vec<String>,
    after: Vec<String>,
}

impl Page {
    fn new() -> Page {
        let database = TestDatabase::from(Template::BaselineWithRows);
        // Roles belong to the server, which other tests share.
        let own = |text: &str| {
            text.replace("DATABASE leora", &format!("DATABASE {}", database.name()))
                .replace("leora_plan", &format!("{}_plan", database.name()))
                .replace("leora_deploy", &format!("{}_deploy", database.name()))
                .replace("leora_verify", &format!("{}_verify", database.name()))
        };
        let page = fs::read_to_string(repository("docs/roles.md")).unwrap();
        let mut blocks: Vec<Vec<String>> = page
            .split("```sql\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
            .map(|block| block.lines().map(own).collect())
            .collect();
        let after = blocks.pop().unwrap();
        database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC");
        Page {
            before: blocks.concat(),
            after,
            database,
        }
    }

    fn run(&self, role: &str, arguments: &[&str]) -> Output {
        let role = format!("//{}_{role}@", self.database.name());
        let url = self.database.url().replace("//leora@", &role);
        Cli::new().env("DATABASE_URL", url).args(arguments).run()
    }

    /// Runs the commands with all statements but the one at `left_out`, until one does not do what it should: which that is.
    fn fails(&self, left_out: Option<usize>) -> Option<Output> {
        let execute = |statements: &[String], first: usize| {
            for (at, statement) in (first..).zip(statements) {
                if Some(at) != left_out {
                    self.database.execute(statement);
                }
            }
        };
        execute(&self.before, 0);
        let commands: [(&str, &[&str], &str); 5] = [
            ("plan", &["plan"], "16 steps"),
            ("deploy", &["apply", "--yes", "--no-verify"], "Applied"),
            ("plan", &["status"], "_deploy"),
            ("verify", &["verify"], "GREEN"),
            ("deploy", &["rollback", "--yes"], "Rolled back"),
        ];
        for (role, arguments, says) in commands {
            let output = self.run(role, arguments);
            if output.code != Some(0) || !output.stdout.contains(says) {
                return Some(output);
            }
            if arguments[0] == "apply" {
                execute(&self.after, self.before.len());
            }
        }
        None
    }
}

#[test]
fn the_privileges_suffice() {
    if let Some(output) = Page::new().fails(None) {
        panic!("{output}");
    }
}

#[test]
fn each_privilege_is_needed() {
    let page = Page::new();
    let statements = [page.before, page.after].concat();
    for (at, statement) in statements.iter().enumerate() {
        if !statement.starts_with("CREATE ROLE") {
            assert!(
                Page::new().fails(Some(at)).is_some(),
                "not needed: {statement}"
            );
        }
    }
}
