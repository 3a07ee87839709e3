//! A plan as a migration of Prisma's: one file that `prisma migrate deploy` runs as it stands.
//!
//! Prisma sends a migration's file as one query of many statements, which PostgreSQL runs as one
//! transaction (manual, 55.2.2.1, Multiple Statements in a Simple Query). So there is no BEGIN in it: a
//! failed one would keep Prisma from writing down that it failed.

use super::script::{Exclusion, transaction};
use super::{Plan, script::Conditions};

use std::time::Duration;

/// How long each statement waits for its lock. Prisma does not try again, and a migration that failed
/// stops all later ones until somebody resolves it, so it is longer than an attempt of `apply`.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// The file that carries out `plan`, whose steps all share a transaction. Names are unqualified, as
/// Prisma's are: the schema is the connection's, and `migrate dev` replays the file in another database.
/// No comment holds a semicolon, since Prisma's driver adapters cut the file at each.
pub fn migration_sql(plan: &Plan) -> String {
    let conditions = Conditions {
        lock_timeout: LOCK_TIMEOUT,
        patience: LOCK_TIMEOUT,
        checks_connection: false,
        limits_transactions: false,
    };
    let steps: Vec<_> = plan.steps.iter().enumerate().collect();
    let stages = transaction(
        &plan.schema,
        &steps,
        Vec::new(),
        Exclusion::UntilCommit,
        &conditions,
    );
    let seconds = LOCK_TIMEOUT.as_secs();
    let mut out = format!(
        "-- {}: {}.\n\
         -- Written by leora-migrate. It happens whole or not at all, since `prisma migrate deploy` sends\n\
         -- it as one query. A lock that is not free within {seconds} s ends it, so that nobody waits for long.\n\
         SET LOCAL lock_timeout = '{seconds}s';\n",
        plan.migration,
        plan.summary(),
    );
    for statement in stages.quiet.iter().chain(&stages.locking) {
        let step = statement.step.and_then(|number| plan.steps.get(number));
        if let Some(step) = step {
            let summary = step.change.summary().replace(['\n', '\r', ';'], " ");
            out += &format!("\n-- {summary}\n");
        }
        out += &format!("{};\n", statement.sql);
    }
    out
}

/// Whether two scripts are made of the same statements: comments, space, the order and how long locks are
/// waited for aside. So the file may also be the one that `prisma migrate dev --create-only` writes.
pub fn same_statements(one: &str, other: &str) -> bool {
    statements(one) == statements(other)
}

/// The statements without comments and space, in the order of their text.
fn statements(script: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let last = statements.last_mut().expect("there is one from the start");
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => {
                let closing = rest.get(1..).and_then(|inner| inner.find(c));
                let length = closing.map_or(rest.len(), |at| at + 2);
                last.push_str(&rest[..length]);
                length
            }
            ';' => {
                statements.push(String::new());
                1
            }
            _ => {
                if !c.is_whitespace() {
                    last.push(c.to_ascii_uppercase());
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    statements.retain(|text| !text.is_empty() && !text.starts_with("SETLOCALLOCK_TIMEOUT="));
    statements.sort();
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_comments_order_and_patience_make_no_difference() {
        let ours = "-- a comment; with a semicolon\nSET LOCAL lock_timeout = '2s';\n\
                    create table \"A\" (\"b\" TEXT DEFAULT 'x -- y');\nCREATE INDEX \"i\" ON \"A\" (\"b\");";
        let theirs = "CREATE INDEX \"i\" ON \"A\"(\"b\");\r\n\r\n-- CreateTable\r\n\
                      CREATE TABLE \"A\" (\r\n  \"b\" TEXT DEFAULT 'x -- y'\r\n);\r\n";
        assert!(same_statements(ours, theirs));
    }

    #[test]
    fn everything_else_does() {
        let ours = "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x')";
        for other in [
            "",
            "CREATE TABLE \"a\" (\"b\" TEXT DEFAULT 'x')",
            "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x ')",
            "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x'); DROP TABLE \"B\"",
            "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x",
            "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x'); SET LOCAL search_path = x",
            "/* CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x') */",
        ] {
            assert!(!same_statements(ours, other), "{other}");
        }
    }
}
