//! Password files (`.pgpass`): `host:port:database:user:password` lines.

use std::path::Path;

use super::secret::Secret;

/// Reads a password file, when it is there and safe to read. As libpq, a file that others can
/// read, and one that is no plain file, is left alone; the warning says so.
pub(super) fn read(path: &Path) -> Result<Option<String>, String> {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if !metadata.is_file() {
        return Err(format!(
            "password file {} was ignored: it is not a plain file",
            path.display()
        ));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "password file {path} was ignored: it can be read by others; chmod 600 {path}",
                path = path.display()
            ));
        }
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("password file {} was ignored: {error}", path.display()))?;
    Ok(Some(text))
}

/// The password on the first line that matches.
pub(super) fn lookup(
    text: &str,
    host: &str,
    port: &str,
    dbname: &str,
    user: &str,
) -> Option<Secret> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut matching = lines.filter_map(|line| {
        [host, port, dbname, user]
            .iter()
            .try_fold(line, |rest, wanted| matches(rest, wanted))
    });
    let password = unescape(matching.next()?.trim_end_matches('\r'));
    (!password.is_empty()).then(|| Secret::new(password))
}

/// What follows the field at the start of `line`, when the field is `*` or `wanted`.
fn matches<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let mut escaped = false;
    let end = line.char_indices().find_map(|(at, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        ':' => Some(at),
        _ => None,
    })?;
    (unescape(&line[..end]) == wanted).then(|| &line[end + 1..])
}

/// Takes away the backslashes that protect a `:` or a backslash.
fn unescape(text: &str) -> String {
    let mut characters = text.chars();
    let mut plain = String::new();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' {
            characters.next()
        } else {
            Some(c)
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(file: &str, expected: Option<&str>) {
        let found = lookup(file, "db.example.com", "5432", "leora", "app");
        assert_eq!(found.as_ref().map(Secret::reveal), expected, "{file:?}");
    }

    #[test]
    fn finds_the_first_line_that_matches() {
        finds("db.example.com:5432:leora:app:pw", Some("pw"));
        finds("db.example.com:5432:leora:app:pw\r\n", Some("pw"));
        finds("*:*:*:*:pw", Some("pw"));
        finds(
            "*:*:*:app:one\ndb.example.com:5432:leora:app:two",
            Some("one"),
        );
        finds(
            "other:5432:leora:app:one\n*:5432:leora:app:two",
            Some("two"),
        );
        finds("#*:*:*:*:comment\n*:*:*:*:pw", Some("pw"));
        finds("*:5433:*:*:pw", None);
        finds("*:*:*:ap:pw", None);
        finds("*:*:*:apps:pw", None);
        finds("*:*:*:app", None);
        finds("*:*:*:*:", None);
        finds("", None);
    }

    #[test]
    fn escapes_protect_colons_and_backslashes() {
        finds("*:*:*:*:a\\:b\\\\c", Some("a:b\\c"));
        finds("*:*:*:*:a:b", Some("a:b"));
        finds("*:*:*:a\\pp:pw", Some("pw"));
        let found = lookup("\\:\\:1:*:a\\:b:*:pw", "::1", "5432", "a:b", "u");
        assert_eq!(found.as_ref().map(Secret::reveal), Some("pw"));
        let found = lookup("*x:*:*:*:pw", "*x", "1", "d", "u");
        assert_eq!(found.as_ref().map(Secret::reveal), Some("pw"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_can_read_is_left_alone() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), "*:*:*:*:hunter2").expect("written");
        let set = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(file.path(), permissions).expect("chmod");
        };
        set(0o600);
        assert!(read(file.path()).expect("no warning").is_some());
        for mode in [0o640, 0o604, 0o644, 0o620] {
            set(mode);
            let warning = read(file.path()).expect_err("a warning");
            assert!(
                warning.contains("chmod 600") && !warning.contains("hunter2"),
                "{warning}"
            );
        }
        assert!(
            read(Path::new("/nonexistent"))
                .expect("no warning")
                .is_none()
        );
        assert!(
            read(Path::new("/tmp"))
                .expect_err("a warning")
                .contains("not a plain file")
        );
    }
}
