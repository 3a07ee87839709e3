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

/// Linux's file system in memory, whose size is half of the memory unless somebody chose it.
const IN_MEMORY: &str = "/dev/shm";
/// What it must have free: many copies of a database, and the log of writing them.
const ROOM_KIB: u64 = 2 * 1024 * 1024;

/// Where the server's directory is made: `$TMPDIR`; without one in memory, where there is room; or `/tmp`
/// when the path is too long for a socket or the server's user cannot reach it. A database is hundreds
/// of files, and ext4 without a journal looks long for a place of a new one when many were deleted: 300
/// databases made and dropped took 160 seconds on disk and 51 in memory.
pub(super) fn base_directory(owner: Option<Owner>) -> PathBuf {
    if env::var_os("TMPDIR").is_none() && free_kib(IN_MEMORY).is_some_and(|kib| kib > ROOM_KIB) {
        return PathBuf::from(IN_MEMORY);
    }
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

/// What is free on the file system that is mounted at `place` itself; nothing where none is.
fn free_kib(place: &str) -> Option<u64> {
    let output = Command::new("df").args(["-Pk", place]).output().ok()?;
    let output = String::from_utf8(output.stdout).ok()?;
    free_in(&output, place)
}

/// `df -P`: a line of heads, and one of device, size, used, free, share and mount point (POSIX).
fn free_in(output: &str, place: &str) -> Option<u64> {
    let fields: Vec<_> = output.lines().nth(1)?.split_whitespace().collect();
    (fields.last() == Some(&place)).then(|| fields.get(3)?.parse().ok())?
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

#[cfg(test)]
mod tests {
    use super::free_in;

    #[test]
    fn the_room_in_memory_is_that_of_its_own_file_system() {
        let head = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        let own = format!("{head}tmpfs 24684096 208568 24475528 1% /dev/shm\n");
        assert_eq!(free_in(&own, "/dev/shm"), Some(24_475_528));
        let disk = format!("{head}/dev/vda 263174212 29127160 223225004 12% /\n");
        assert_eq!(free_in(&disk, "/dev/shm"), None);
        assert_eq!(free_in("", "/dev/shm"), None);
    }
}
