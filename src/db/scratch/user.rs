//! Whose a scratch server is: PostgreSQL refuses to run as root.

use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ScratchError;

/// `/.s.PGSQL.65535` in a directory `/leora-xxxxxx`, and the NUL behind it.
const SOCKET_BYTES: usize = 13 + 15 + 1;
/// A socket's path has room for 104 bytes on macOS, for 108 on Linux.
const SOCKET_PATH_BYTES: usize = 104;

/// The user a server runs as when this process is root's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// None when this process is not root's and can run the server itself.
    pub(super) fn other_than_root() -> Result<Option<Self>, ScratchError> {
        if id(&["-u"]) != Some(0) {
            return Ok(None);
        }
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| {
                Some(Self {
                    uid: id(&["-u", name])?,
                    gid: id(&["-g", name])?,
                })
            })
            .map(Some)
            .ok_or(ScratchError::NoUser)
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Where the server's directory is made: `$TMPDIR`, or `/tmp` when the path is too long for a socket or
/// the server's user cannot reach it.
pub(super) fn base_directory(owner: Option<Owner>) -> PathBuf {
    let temporary = env::temp_dir();
    let short = temporary.as_os_str().len() + SOCKET_BYTES <= SOCKET_PATH_BYTES;
    let reachable = owner.is_none()
        || temporary
            .canonicalize()
            .is_ok_and(|path| open_to_all(&path));
    if short && reachable {
        temporary
    } else {
        PathBuf::from("/tmp")
    }
}

fn open_to_all(path: &Path) -> bool {
    path.ancestors()
        .all(|step| fs::metadata(step).is_ok_and(|found| found.mode() & 0o001 != 0))
}

pub(super) fn give(path: &Path, owner: Option<Owner>) -> Result<(), ScratchError> {
    match owner {
        None => Ok(()),
        Some(Owner { uid, gid }) => {
            chown(path, Some(uid), Some(gid)).map_err(|source| ScratchError::Directory {
                path: path.to_owned(),
                source,
            })
        }
    }
}
