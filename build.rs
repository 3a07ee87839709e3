//! Tells the program which commit it is built from, where that can be known.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// In an archive that git made (`git archive`, a release's tarball), the commit; see .gitattributes.
const ARCHIVED: &str = "$Format:%H$";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PROFILE");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // A build for development is rebuilt for what changed in the code, not for each commit, and so
    // cannot say which commit it is.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
        for file in ["HEAD", "logs/HEAD", "index"] {
            if let Some(path) = git(&root, &["rev-parse", "--git-path", file]) {
                let path = root.join(path);
                if path.exists() {
                    println!("cargo::rerun-if-changed={}", path.display());
                }
            }
        }
        if let Some(commit) = archived().or_else(|| commit(&root)) {
            println!("cargo::rustc-env=LEORA_MIGRATE_COMMIT={commit}");
            println!("cargo::rustc-env=LEORA_MIGRATE_VERSION={version} ({commit})");
            return;
        }
    }
    println!("cargo::rustc-env=LEORA_MIGRATE_VERSION={version}");
}

fn archived() -> Option<String> {
    let is_commit = ARCHIVED.len() >= 12 && ARCHIVED.chars().all(|c| c.is_ascii_hexdigit());
    is_commit.then(|| ARCHIVED[..12].to_owned())
}

/// The commit checked out at `root`, with `+` when the sources are not as committed. None without
/// git, and where `root` merely lies inside a repository of something else.
fn commit(root: &Path) -> Option<String> {
    let top = PathBuf::from(git(root, &["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(root, &["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(root, &["status", "--porcelain", "--untracked-files=no"])?;
    let mark = if changed.is_empty() { "" } else { "+" };
    Some(format!("{commit}{mark}"))
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
