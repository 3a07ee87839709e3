//! A disk that is full. Linux has one to try with: `/dev/full`, on which every write fails with ENOSPC.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use leora_db::apply::ApplyError;

use super::nothing_changed;
use crate::apply::ground::Ground;
use crate::support::{Template, not_tested};

const FULL: &str = "/dev/full";

#[test]
fn a_full_disk_is_named_and_nothing_changes() {
    if !Path::new(FULL).exists() {
        return not_tested("this system has no /dev/full");
    }
    let ground = Ground::on(Template::Baseline);
    ground.apply().unwrap();
    ground.roll_back(&ground.way_back(), false).unwrap();
    // An empty file of its own, which no process has open.
    ground.execute("TRUNCATE leora_migrate.migration");
    ground.execute("CHECKPOINT");
    let file = ground.ask(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('leora_migrate.migration')",
    );
    let set_aside = format!("{file}.empty");
    fs::rename(&file, &set_aside).unwrap();
    symlink(FULL, &file).unwrap();

    let error = ground.apply().unwrap_err();
    let ApplyError::StepFailed(failure) = &error else {
        panic!("{error}");
    };
    assert_eq!(failure.sqlstate.as_deref(), Some("53100"));
    let text = error.to_string();
    for part in [
        "No space left on device",
        "Check free disk space",
        "nothing changed",
    ] {
        assert!(text.contains(part), "{text}");
    }
    nothing_changed(&ground);

    fs::remove_file(&file).unwrap();
    fs::rename(&set_aside, &file).unwrap();
    ground.apply().unwrap();
    assert!(ground.pending().is_empty());
}
