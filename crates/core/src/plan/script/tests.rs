//! Which statements run before the first lock that writers wait for, and which under it.

use super::*;
use crate::ddl::Change;
use crate::model::{Schema, snapshot};
use crate::plan::locking::WITHOUT_WAITING;

/// "New" is created; "Old" exists.
const TABLES: &str = r#"
[tables.Old]
columns = [{ name = "id", type = "uuid" }]
primary_key = { columns = ["id"], name = "Old_pkey" }

[tables.New]
columns = [{ name = "id", type = "uuid" }, { name = "oldId", type = "uuid" }]
primary_key = { columns = ["id"], name = "New_pkey" }
indexes.New_oldId_idx = { keys = [{ column = "oldId" }] }
foreign_keys.New_oldId_fkey = { columns = ["oldId"], on_delete = "cascade", on_update = "cascade", referenced_columns = ["id"], references = "Old" }
"#;

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

/// Every change that shares a transaction, on both tables; whether it blocks writes of "Old".
fn changes() -> Vec<(Change, bool)> {
    let schema = snapshot::read(TABLES).expect("legal");
    let new = &schema.tables["New"];
    let index = |table: &str| Change::CreateIndex {
        table: name(table),
        name: name("New_oldId_idx"),
        index: new.indexes["New_oldId_idx"].clone(),
        concurrently: false,
    };
    let key = |not_valid| Change::AddForeignKey {
        table: name("New"),
        name: name("New_oldId_fkey"),
        key: new.foreign_keys["New_oldId_fkey"].clone(),
        not_valid,
    };
    let column = |table: &str| Change::AddColumn {
        table: name(table),
        column: new.columns[1].clone(),
    };
    let definition = Box::new(new.clone());
    vec![
        (
            Change::CreateTable {
                name: name("New"),
                definition,
            },
            false,
        ),
        (index("New"), false),
        (index("Old"), true),
        (column("New"), false),
        (column("Old"), true),
        (key(false), true),
        (key(true), true),
    ]
}

fn conditions(by: LockedBy) -> Conditions {
    Conditions {
        lock_timeout: Duration::from_millis(500),
        patience: Duration::from_secs(60),
        checks_connection: true,
        limits_transactions: true,
        locking: Locking {
            by,
            ..Locking::default()
        },
    }
}

/// The steps among `statements`.
fn steps(statements: &[Statement]) -> Vec<usize> {
    statements
        .iter()
        .filter_map(|statement| statement.step)
        .collect()
}

#[test]
fn what_blocks_writes_of_an_existing_table_comes_last() {
    let mut before: Schema = snapshot::read(TABLES).expect("legal");
    before.tables.remove("New");
    let (changes, blocks): (Vec<_>, Vec<_>) = changes().into_iter().unzip();
    let all: Vec<_> = changes
        .into_iter()
        .map(|change| Step::new(change, &before))
        .collect();
    let numbered: Vec<_> = all.iter().enumerate().collect();
    let those = |blocking| -> Vec<usize> {
        let places = blocks.iter().enumerate();
        places
            .filter(|(_, blocks)| **blocks == blocking)
            .map(|(at, _)| at)
            .collect()
    };
    let record = vec!["SELECT 'the record'".to_owned()];
    for (by, stall) in [
        (
            LockedBy::LockTable,
            Stall::WhenSaid {
                without_waiting: WITHOUT_WAITING,
            },
        ),
        (LockedBy::Steps { first: 0 }, Stall::FromTheStart),
    ] {
        let stages = transaction(
            &name("public"),
            &numbered,
            Guards::default(),
            record.clone(),
            Some(Exclusion::UntilCommit),
            &conditions(by),
        );
        assert!(steps(&stages.prepare).is_empty(), "{by:?}");
        assert_eq!(steps(&stages.quiet), those(false), "{by:?}");
        let last = stages.quiet.last().map(|statement| &statement.sql);
        assert_eq!(last, record.first(), "{by:?}");
        let mut under_locks = steps(&stages.locking);
        under_locks.sort_unstable();
        assert_eq!(under_locks, those(true), "{by:?}");
        assert_eq!(stages.stall, stall, "{by:?}");
    }
    // Where nothing blocks writes, nobody waits.
    let quiet: Vec<_> = those(false).into_iter().map(|at| numbered[at]).collect();
    let by = conditions(LockedBy::LockTable);
    let stages = transaction(
        &name("public"),
        &quiet,
        Guards::default(),
        record,
        None,
        &by,
    );
    assert_eq!((stages.locking, stages.stall), (Vec::new(), Stall::Never));
}
