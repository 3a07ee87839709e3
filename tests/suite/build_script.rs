//! Which commit the program says it is built from: build.rs, compiled and run as Cargo does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Cli, Output, repository, required};

/// build.rs of `source`, as a program.
fn compiled(source: &Path, directory: &Path) -> PathBuf {
    let program = directory.join("build-script");
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--edition=2024", "-o"])
        .arg(&program)
        .arg(source);
    Output::of(rustc, "").exits(0);
    program
}

/// What it tells Cargo about the sources in `root`.
fn told(program: &Path, root: &Path, profile: &str) -> Output {
    let root = root.to_str().unwrap();
    Cli::running(program.to_str().unwrap())
        .env("CARGO_MANIFEST_DIR", root)
        .env("CARGO_PKG_VERSION", "1.2.3")
        .env("PROFILE", profile)
        .run()
        .exits(0)
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    Output::of(git, "").exits(0).stdout.trim().to_owned()
}

/// A repository with build.rs in it, committed.
fn committed() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in ["build.rs", ".gitattributes"] {
        fs::copy(repository(file), root.path().join(file)).unwrap();
    }
    git(root.path(), &["init", "--quiet"]);
    git(root.path(), &["add", "."]);
    git(root.path(), &["commit", "--quiet", "--message=first"]);
    root
}

fn commit_of(root: &Path) -> String {
    git(root, &["rev-parse", "HEAD"])[..12].to_owned()
}

#[test]
fn a_release_knows_its_commit_and_whether_the_sources_are_as_committed() {
    if !required("git", "git") {
        return;
    }
    let (root, place) = (committed(), tempfile::tempdir().unwrap());
    let root = root.path();
    let program = compiled(&repository("build.rs"), place.path());
    let commit = commit_of(root);
    told(&program, root, "release")
        .stdout_has(&format!("LEORA_MIGRATE_COMMIT={commit}\n"))
        .stdout_has(&format!("LEORA_MIGRATE_VERSION=1.2.3 ({commit})\n"));
    fs::write(root.join("build.rs"), "changed").unwrap();
    told(&program, root, "release")
        .stdout_has(&format!("LEORA_MIGRATE_VERSION=1.2.3 ({commit}+)\n"));
    // A build for development is not made anew for each commit.
    told(&program, root, "debug")
        .stdout_has("LEORA_MIGRATE_VERSION=1.2.3\n")
        .lacks("COMMIT");
}

#[test]
fn sources_that_are_no_repository_of_their_own_claim_no_commit() {
    let place = tempfile::tempdir().unwrap();
    let program = compiled(&repository("build.rs"), place.path());
    let unpacked = tempfile::tempdir().unwrap();
    let nothing = told(&program, unpacked.path(), "release");
    nothing
        .stdout_has("LEORA_MIGRATE_VERSION=1.2.3\n")
        .lacks("COMMIT");
    if required("git", "git") {
        let other = committed();
        let inside = other.path().join("vendored");
        fs::create_dir(&inside).unwrap();
        told(&program, &inside, "release").lacks("COMMIT");
    }
}

#[test]
fn an_archive_that_git_made_knows_its_commit() {
    if !required("git", "git") {
        return;
    }
    let (root, place) = (committed(), tempfile::tempdir().unwrap());
    let archive = place.path().join("sources.tar");
    let archive = archive.to_str().unwrap();
    git(root.path(), &["archive", "--output", archive, "HEAD"]);
    let mut tar = Command::new("tar");
    tar.current_dir(place.path()).args(["xf", archive]);
    Output::of(tar, "").exits(0);
    let program = compiled(&place.path().join("build.rs"), place.path());
    let commit = commit_of(root.path());
    told(&program, place.path(), "release").stdout_has(&format!("1.2.3 ({commit})\n"));
}
