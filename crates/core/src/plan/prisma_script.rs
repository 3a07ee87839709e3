//! A plan as a migration of Prisma's: one file that `prisma migrate deploy` runs.
//!
//! Prisma up to 7.3 sends the file as one query of many statements. From 7.4 on it sends each statement by
//! itself, unless its parser fails on the file (prisma-engines, pull requests 5767 and 5799). The file is one
//! transaction both ways, since it says BEGIN and COMMIT: in a query of many statements, BEGIN turns the
//! implicit transaction into an ordinary one (manual, 55.2.2.1, Multiple Statements in a Simple Query).

use super::locking::Locking;
use super::script::{Exclusion, Guards, transaction};
use super::{Plan, script::Conditions};

use std::time::Duration;

/// How long the first lock on an existing table may be waited for. Prisma does not try again, and a failed
/// migration stops all later ones until it is resolved, so this is longer than an attempt of `apply`.
const FIRST_LOCK: Duration = Duration::from_secs(2);

/// How long each further lock may be waited for, while the ones before it are held. Below `deadlock_timeout`
/// (1 s by default), so that the server never cancels the application's transaction to resolve a deadlock.
const FURTHER_LOCKS: Duration = Duration::from_millis(500);

/// How long the transaction may be idle between two statements, so that a sender that is gone or stopped
/// halfway does not keep its locks.
const IDLE: Duration = Duration::from_secs(30);

/// The file that carries out `plan`, whose steps all share a transaction. Names are unqualified, as
/// Prisma's are: the schema is the connection's, and `migrate dev` replays the file in another database.
/// No comment holds a semicolon and there is no DO block, since Prisma's driver adapters cut the file at each
/// semicolon (`executeScript` of @prisma/adapter-pg 7.10).
pub fn migration_sql(plan: &Plan) -> String {
    let conditions = Conditions {
        lock_timeout: FIRST_LOCK,
        patience: FIRST_LOCK,
        checks_connection: false,
        limits_transactions: false,
        locking: Locking::default(),
    };
    let steps: Vec<_> = plan.steps.iter().enumerate().collect();
    let stages = transaction(
        &plan.schema,
        &steps,
        Guards::default(),
        Vec::new(),
        Some(Exclusion::UntilCommit),
        &conditions,
    );
    let mut out = format!(
        "-- {}: {}.\n\
         -- Written by leora-migrate. One transaction, whether it is sent as one query (Prisma up to 7.3) or\n\
         -- one statement at a time (Prisma from 7.4 on). When a lock on an existing table is not free in\n\
         -- time, it fails and changes nothing. Prisma may then say no more than 'current transaction is\n\
         -- aborted': the server's log has the reason. `prisma migrate resolve --rolled-back` with the\n\
         -- name of this directory lets it run again.\n\
         BEGIN;\n{}{}",
        plan.migration,
        plan.summary(),
        set_local("lock_timeout", FIRST_LOCK),
        set_local("idle_in_transaction_session_timeout", IDLE),
    );
    let first_locking = stages.quiet.len();
    // Each step takes its own locks here: a block that takes them would hold semicolons.
    let locking = stages
        .locking
        .iter()
        .filter(|statement| statement.step.is_some());
    for (place, statement) in stages.quiet.iter().chain(locking).enumerate() {
        if place == first_locking + 1 {
            out += "\n-- the first lock is held from here on\n";
            out += &set_local("lock_timeout", FURTHER_LOCKS);
        }
        let step = statement.step.and_then(|number| plan.steps.get(number));
        if let Some(step) = step {
            let summary = step.change.summary().replace(['\n', '\r', ';'], " ");
            out += &format!("\n-- {summary}\n");
        }
        out += &format!("{};\n", statement.sql);
    }
    out + "\nCOMMIT;\n"
}

fn set_local(setting: &str, value: Duration) -> String {
    format!("SET LOCAL {setting} = '{}ms';\n", value.as_millis())
}

/// Whether two scripts are made of the same statements: comments, space, the order, BEGIN and COMMIT, and
/// timeouts aside. So the file may also be one that an earlier version wrote without BEGIN and COMMIT, or the
/// one that `prisma migrate dev --create-only` writes.
pub fn same_statements(one: &str, other: &str) -> bool {
    let sorted = |script| {
        let mut statements = statements(script);
        statements.retain(|text| !is_envelope(text));
        statements.sort();
        statements
    };
    sorted(one) == sorted(other)
}

/// Whether a script is one transaction also when each of its statements is sent by itself.
pub fn is_one_transaction(script: &str) -> bool {
    match statements(script).as_slice() {
        [first, inner @ .., last] => {
            let ends = |text: &String| text == BEGIN || text == COMMIT;
            first == BEGIN && last == COMMIT && !inner.iter().any(ends)
        }
        _ => false,
    }
}

const BEGIN: &str = "BEGIN";
const COMMIT: &str = "COMMIT";

/// Whether a statement only says how the others run.
fn is_envelope(text: &str) -> bool {
    let timeouts = [
        "SETLOCALLOCK_TIMEOUT=",
        "SETLOCALIDLE_IN_TRANSACTION_SESSION_TIMEOUT=",
    ];
    text == BEGIN || text == COMMIT || timeouts.iter().any(|setting| text.starts_with(setting))
}

/// The statements in order, without comments and space.
fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut current = String::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => {
                let closing = rest.get(1..).and_then(|inner| inner.find(c));
                let length = closing.map_or(rest.len(), |at| at + 2);
                current.push_str(&rest[..length]);
                length
            }
            ';' => {
                statements.push(std::mem::take(&mut current));
                1
            }
            _ => {
                if !c.is_whitespace() {
                    current.push(c.to_ascii_uppercase());
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    statements.push(current);
    statements.retain(|text| !text.is_empty());
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
    fn begin_and_commit_make_no_difference() {
        let bare = "SET LOCAL lock_timeout = '2s'; CREATE TABLE \"A\" (\"b\" TEXT)";
        let whole = "BEGIN; SET LOCAL lock_timeout = '500ms'; CREATE TABLE \"A\" (\"b\" TEXT);\ncommit;\n\
                     -- reviewed";
        assert!(same_statements(bare, whole));
        assert!(is_one_transaction(whole) && !is_one_transaction(bare));
    }

    #[test]
    fn what_is_partly_outside_is_not_one_transaction() {
        for script in [
            "",
            "BEGIN",
            "BEGIN; CREATE TABLE a ()",
            "CREATE TABLE a (); BEGIN; COMMIT",
            "BEGIN; CREATE TABLE a (); COMMIT; CREATE TABLE b ()",
            "BEGIN; CREATE TABLE a (); COMMIT; BEGIN; CREATE TABLE b (); COMMIT",
            "-- BEGIN;\nCREATE TABLE a ();\n-- COMMIT",
        ] {
            assert!(!is_one_transaction(script), "{script}");
        }
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
            "CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x'); ROLLBACK",
            "/* CREATE TABLE \"A\" (\"b\" TEXT DEFAULT 'x') */",
        ] {
            assert!(!same_statements(ours, other), "{other}");
        }
    }
}
