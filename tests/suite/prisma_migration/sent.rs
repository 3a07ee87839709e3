//! The file as different programs send it: whole, one statement at a time, through psql, by Prisma's engine.
//! One transaction each way, so a failure leaves nothing and it can be sent again.

use postgres::Client;
use postgres::error::SqlState;

use super::Project;
use crate::support::{Template, TestDatabase, psql};

/// How a program sends a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// As one query, as Prisma up to 7.3 does.
    Whole,
    /// Cut at each semicolon, one statement at a time up to the first error, as Prisma from 7.4 on does.
    OneByOne,
}

const SENDERS: [Sender; 2] = [Sender::Whole, Sender::OneByOne];

impl Sender {
    fn send(self, client: &mut Client, script: &str) -> Result<(), postgres::Error> {
        match self {
            Sender::Whole => client.simple_query(script).map(drop),
            Sender::OneByOne => {
                let mut statements = script.split(';').filter(|text| !text.trim().is_empty());
                statements.try_for_each(|statement| client.simple_query(statement).map(drop))
            }
        }
    }
}

/// What keeps the migration from succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// Another session holds a lock that the last foreign keys need.
    Lock,
    /// A name that is taken, in the middle of the file.
    Name,
}

/// The obstacle, until it is removed. A sender that waits for it without a limit is ended, as an error of another kind.
fn obstruct(database: &TestDatabase, obstacle: Obstacle) -> Client {
    let mut client = database.client();
    let limit = format!(
        "ALTER DATABASE \"{}\" SET statement_timeout = '20s'",
        database.name()
    );
    client.batch_execute(&limit).unwrap();
    let sql = match obstacle {
        Obstacle::Lock => r#"BEGIN; LOCK TABLE "User" IN ROW EXCLUSIVE MODE"#,
        Obstacle::Name => r#"CREATE SEQUENCE "Job_status_idx""#,
    };
    client.batch_execute(sql).unwrap();
    client
}

fn remove(obstacle: Obstacle, mut client: Client) {
    let sql = match obstacle {
        Obstacle::Lock => "ROLLBACK",
        Obstacle::Name => r#"DROP SEQUENCE "Job_status_idx""#,
    };
    client.batch_execute(sql).unwrap();
}

fn show(client: &mut Client, setting: &str) -> String {
    let row = client.query_one(&format!("SHOW {setting}"), &[]).unwrap();
    row.get(0)
}

#[track_caller]
fn is_complete(project: &Project) {
    let check = project.run(&["plan", "--check"]);
    check.exits(0);
}

#[test]
fn it_happens_whole_or_not_at_all_however_it_is_sent() {
    for sender in SENDERS {
        for obstacle in [Obstacle::Lock, Obstacle::Name] {
            let project = Project::planned(Template::Baseline);
            let text = project.text();
            let holder = obstruct(&project.database, obstacle);
            let mut client = project.database.client();
            let error = sender.send(&mut client, &text).unwrap_err();
            let expected = match obstacle {
                Obstacle::Lock => SqlState::LOCK_NOT_AVAILABLE,
                Obstacle::Name => SqlState::DUPLICATE_TABLE,
            };
            assert_eq!(error.code(), Some(&expected), "{sender:?} {obstacle:?}");
            // What Prisma does next on its only session: it says so in _prisma_migrations.
            let next = client.simple_query("SELECT 1").unwrap_err();
            let aborted = Some(&SqlState::IN_FAILED_SQL_TRANSACTION);
            assert_eq!(next.code(), aborted, "{sender:?} {obstacle:?}");
            drop(client);
            assert!(project.is_untouched(), "{sender:?} {obstacle:?}");

            remove(obstacle, holder);
            let mut client = project.database.client();
            sender.send(&mut client, &text).unwrap();
            assert_eq!(show(&mut client, "lock_timeout"), "0");
            is_complete(&project);
        }
    }
}

/// While a lock is held, the next one is waited for less than `deadlock_timeout`.
#[test]
fn only_the_first_lock_is_waited_for_long() {
    let project = Project::planned(Template::Baseline);
    let mut client = project.database.client();
    let mut waits = Vec::new();
    let text = project.text();
    for statement in text.split(';').filter(|text| !text.trim().is_empty()) {
        if statement.contains("REFERENCES") {
            waits.push(show(&mut client, "lock_timeout"));
            assert_ne!(
                show(&mut client, "idle_in_transaction_session_timeout"),
                "0"
            );
        }
        client.simple_query(statement).unwrap();
    }
    assert_eq!(waits, ["2s", "500ms", "500ms", "500ms", "500ms"]);
    assert_eq!(show(&mut client, "deadlock_timeout"), "1s");
}

/// A sender with a transaction of its own gets a warning, and the COMMIT of the file ends that transaction.
#[test]
fn in_a_transaction_of_the_sender_its_commit_counts() {
    for sender in SENDERS {
        let project = Project::planned(Template::Baseline);
        let mut client = project.database.client();
        client.batch_execute("BEGIN").unwrap();
        sender.send(&mut client, &project.text()).unwrap();
        client.batch_execute("ROLLBACK").unwrap();
        is_complete(&project);
    }
}

#[test]
fn psql_runs_it_with_and_without_a_transaction_of_its_own() {
    // Without ON_ERROR_STOP psql goes on after an error, up to a COMMIT that rolls back. The last is `psql -1`.
    for (before, after) in [
        ("\\set ON_ERROR_STOP on\n", ""),
        ("\\set ON_ERROR_STOP off\n", ""),
        ("BEGIN;\n", "COMMIT;\n"),
    ] {
        let project = Project::planned(Template::Baseline);
        let script = format!("{before}{}{after}", project.text());
        let holder = obstruct(&project.database, Obstacle::Name);
        psql(&project.database.url(), &script).stderr_has("already exists");
        assert!(project.is_untouched(), "{before}");
        remove(Obstacle::Name, holder);
        psql(&project.database.url(), &script).exits(0);
        is_complete(&project);
    }
}

#[test]
fn prismas_engine_leaves_nothing_of_it_and_runs_it_again_once_resolved() {
    for obstacle in [Obstacle::Lock, Obstacle::Name] {
        let project = Project::with_a_past(Template::Baseline);
        project.plan().exits(0);
        let holder = obstruct(&project.database, obstacle);
        let Some(deployed) = project.prisma("deploy") else {
            return;
        };
        let said = match obstacle {
            Obstacle::Lock => "lock timeout",
            Obstacle::Name => "already exists",
        };
        deployed.exits(1).stderr_has(said);
        assert!(project.is_untouched(), "{obstacle:?}");
        remove(obstacle, holder);

        let resolve =
            "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL";
        project.database.execute(resolve);
        let deployed = project.prisma("deploy").unwrap().exits(0);
        deployed.stdout_has(&project.name());
        project.prisma_is_content();
    }
}

/// As version 1 wrote it, and as `prisma migrate dev --create-only` writes it.
#[test]
fn a_file_without_begin_and_commit_is_told_of_and_applied() {
    let project = Project::planned(Template::Baseline);
    project.plan().exits(0).lacks("BEGIN");
    let text = project.text();
    let bare = text.replace("\nBEGIN;\n", "\n").replace("\nCOMMIT;\n", "");
    assert_eq!(text.len() - bare.len(), "BEGIN;\n\nCOMMIT;\n".len());
    std::fs::write(project.file(), &bare).unwrap();
    // One by one, it leaves part of it behind: the reason to say so.
    let other = Project::on(Template::Baseline);
    let holder = obstruct(&other.database, Obstacle::Name);
    Sender::OneByOne
        .send(&mut other.database.client(), &bare)
        .unwrap_err();
    assert!(!other.is_untouched());
    drop(holder);

    let plan = project.plan().exits(0);
    plan.stdout_has("is this migration")
        .stdout_has("does not begin with BEGIN")
        .stdout_has(&format!("delete {}", directory(&project)));
    assert_eq!(project.text(), bare);
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
}

/// Deleting it, as `plan` says to do, gets the file in one transaction.
#[test]
fn a_deleted_file_is_written_in_one_transaction() {
    let project = Project::planned(Template::Baseline);
    let text = project.text();
    std::fs::write(project.file(), text.replace("BEGIN;", "")).unwrap();
    project.plan().exits(0).stdout_has("does not begin");
    std::fs::remove_dir_all(project.directory().join(project.name())).unwrap();
    project.plan().exits(0).lacks("does not begin");
    assert_eq!(project.text(), text);
}

fn directory(project: &Project) -> String {
    format!("prisma/migrations/{}", project.name())
}
