//! Finds the programs of a PostgreSQL server, which most systems keep out of `$PATH`.

use std::env;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the directory of `initdb` and `postgres`.
pub const BINDIR_VARIABLE: &str = "LEORA_MIGRATE_PG_BINDIR";

/// The directory that holds `initdb` and `postgres` of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    directory: PathBuf,
}

/// No `initdb` and `postgres` side by side in any directory where they are usually found.
///
/// Its `Display` is for a person: where it looked, and the command that installs them here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInstalled {
    /// Whether `LEORA_MIGRATE_PG_BINDIR` was set: then no other place was looked at.
    pub told_where: bool,
    /// The directories that were looked at, in that order.
    pub looked_in: Vec<PathBuf>,
    /// The command that installs a PostgreSQL server on this system.
    pub install: &'static str,
}

impl Binaries {
    /// Finds the server's programs: where `LEORA_MIGRATE_PG_BINDIR` says and nowhere else when it is
    /// set; or else where `pg_config` says, then where Debian, the PostgreSQL project's RPMs, Homebrew
    /// and Postgres.app put them, the highest version first, then in `$PATH`.
    ///
    /// # Errors
    /// [`NotInstalled`] when none of these has both `initdb` and `postgres`.
    pub fn find() -> Result<Self, NotInstalled> {
        let told = env::var_os(BINDIR_VARIABLE).filter(|told| !told.is_empty());
        let told_where = told.is_some();
        let looked_in = match told {
            Some(directory) => vec![PathBuf::from(directory)],
            None => usual_directories(),
        };
        match looked_in.iter().find(|directory| has_server(directory)) {
            Some(directory) => Ok(Self {
                directory: directory.clone(),
            }),
            None => Err(NotInstalled {
                told_where,
                looked_in,
                install: install_command(),
            }),
        }
    }

    /// The programs in `directory`, when they are there.
    pub fn in_directory(directory: PathBuf) -> Option<Self> {
        has_server(&directory).then_some(Self { directory })
    }

    /// The directory they are in.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The version `postgres --version` gives, without the name and the packager's remarks: `15.18`.
    ///
    /// # Errors
    /// When `postgres` cannot be run or answers something else.
    pub fn version(&self) -> io::Result<String> {
        let output = Command::new(self.directory.join("postgres"))
            .arg("--version")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace()
            .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other(format!("postgres --version says no version: {text}")))
    }
}

impl fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.told_where {
            write!(
                f,
                "{BINDIR_VARIABLE} names a directory without initdb and postgres:"
            )?;
        } else {
            write!(
                f,
                "no PostgreSQL server is installed; looked for initdb and postgres in:"
            )?;
        }
        for directory in &self.looked_in {
            write!(f, "\n  {}", directory.display())?;
        }
        write!(f, "\nTo install one: {}", self.install)?;
        if !self.told_where {
            write!(
                f,
                "\nIf there is one elsewhere, set {BINDIR_VARIABLE} to its directory."
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for NotInstalled {}

fn has_server(directory: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| directory.join(program).is_file())
}

fn usual_directories() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = Vec::new();
    directories.extend(pg_config_bindir());
    directories.extend(versions_in("/usr/lib/postgresql", "", "bin"));
    directories.extend(versions_in("/usr", "pgsql-", "bin"));
    directories.extend(versions_in("/opt/homebrew/opt", "postgresql", "bin"));
    directories.extend(versions_in("/usr/local/opt", "postgresql", "bin"));
    directories.extend(versions_in(
        "/Applications/Postgres.app/Contents/Versions",
        "",
        "bin",
    ));
    if let Some(path) = env::var_os("PATH") {
        directories.extend(env::split_paths(&path).filter(|entry| entry.is_absolute()));
    }
    let mut seen = Vec::new();
    directories.retain(|directory| {
        let new = !seen.contains(directory);
        seen.push(directory.clone());
        new
    });
    directories
}

fn pg_config_bindir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let directory = String::from_utf8(output.stdout).ok()?;
    let directory = directory.trim();
    (output.status.success() && !directory.is_empty()).then(|| PathBuf::from(directory))
}

/// `PARENT/PREFIX*/SUFFIX`, the highest version first. Where there is none, the pattern itself, so that
/// a message can say it was looked for.
fn versions_in(parent: &str, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name
                .strip_prefix(prefix)?
                .trim_start_matches('@')
                .to_owned();
            Some((version.parse().unwrap_or(0), entry.path().join(suffix)))
        })
        .collect();
    if found.is_empty() {
        return vec![Path::new(parent).join(format!("{prefix}*")).join(suffix)];
    }
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, directory)| directory).collect()
}

fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    install_command_for(&fs::read_to_string("/etc/os-release").unwrap_or_default())
}

/// From the text of `/etc/os-release`: its ID, or else the first known one in ID_LIKE.
fn install_command_for(os_release: &str) -> &'static str {
    ["ID=", "ID_LIKE="]
        .iter()
        .filter_map(|key| os_release.lines().find_map(|line| line.strip_prefix(key)))
        .flat_map(|names| names.trim_matches(['"', '\'']).split_whitespace())
        .find_map(|name| match name {
            "debian" | "ubuntu" => Some("apt-get install postgresql"),
            "fedora" | "rhel" | "centos" => Some("dnf install postgresql-server"),
            "alpine" => Some("apk add postgresql"),
            "arch" => Some("pacman -S postgresql"),
            "suse" | "opensuse" => Some("zypper install postgresql-server"),
            _ => None,
        })
        .unwrap_or("see https://www.postgresql.org/download/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_install_command_follows_the_system() {
        let command = install_command_for;
        assert_eq!(command("NAME=x\nID=debian\n"), "apt-get install postgresql");
        assert_eq!(
            command("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"),
            "dnf install postgresql-server"
        );
        assert_eq!(
            command("ID=linuxmint\nID_LIKE='ubuntu debian'"),
            "apt-get install postgresql"
        );
        assert_eq!(command("ID=alpine"), "apk add postgresql");
        assert_eq!(command(""), "see https://www.postgresql.org/download/");
    }

    #[test]
    fn the_highest_version_comes_first() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        for name in [
            "postgresql@9",
            "postgresql@17",
            "postgresql",
            "postgresql@16",
            "mysql",
        ] {
            fs::create_dir(parent.path().join(name)).expect("a directory");
        }
        let found = versions_in(parent.path().to_str().expect("UTF-8"), "postgresql", "bin");
        let expected = [
            "postgresql@17",
            "postgresql@16",
            "postgresql@9",
            "postgresql",
        ];
        assert_eq!(
            found,
            expected.map(|name| parent.path().join(name).join("bin"))
        );
    }

    #[test]
    fn the_message_says_where_and_how() {
        let missing = NotInstalled {
            told_where: false,
            looked_in: vec!["/a/bin".into(), "/b".into()],
            install: "apt-get install postgresql",
        };
        assert_eq!(
            missing.to_string(),
            "no PostgreSQL server is installed; looked for initdb and postgres in:\n  /a/bin\n  /b\n\
             To install one: apt-get install postgresql\n\
             If there is one elsewhere, set LEORA_MIGRATE_PG_BINDIR to its directory."
        );
    }
}
