//! Snapshots.

use crate::reports::migrated;
use crate::support::{Cli, Template, TestDatabase, repository};

use super::assert_golden;

#[test]
fn snapshots_are_written_as_before() {
    let fenced = migrated().and_then("migrated-and-fenced", |client| {
        let fence = repository("fixtures/sabotage/row-security.sql");
        client
            .batch_execute(&std::fs::read_to_string(fence).unwrap())
            .unwrap();
    });
    for (name, template) in [
        ("baseline", Template::Baseline),
        ("migrated-with-row-security", fenced),
    ] {
        let database = TestDatabase::from(template);
        let snapshot = Cli::new().args(["snapshot"]).database(&database).run();
        let snapshot = snapshot.exits(0).stdout;
        assert_golden(&format!("snapshot/{name}.toml"), &snapshot);
    }
}
