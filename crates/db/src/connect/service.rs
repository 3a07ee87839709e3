//! Service files (`pg_service.conf`): named sets of connection parameters.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::TargetError;
use super::parameters;

/// The parameters of a service, and the file that had it.
pub(super) struct Service {
    pub file: PathBuf,
    pub parameters: Vec<(String, String)>,
}

/// Looks a service up as libpq does: in `PGSERVICEFILE`, or else `~/.pg_service.conf`; then in
/// `pg_service.conf` in the system's directory.
///
/// # Errors
/// When no file has the service, a file cannot be read, or the service's section has an error.
pub(super) fn find(
    name: &str,
    servicefile: Option<&str>,
    environment: &Environment,
) -> Result<Service, TargetError> {
    let own = match servicefile {
        Some(file) => Some(PathBuf::from(file)),
        None => environment
            .in_home(".pg_service.conf")
            .filter(|file| file.exists()),
    };
    let mut looked_in: Vec<PathBuf> = Vec::new();
    for file in own.into_iter().chain(system_files(environment)) {
        let text = std::fs::read_to_string(&file).map_err(|source| TargetError::ServiceFile {
            path: file.clone(),
            source,
        })?;
        if let Some(parameters) = section(&text, name, &file)? {
            return Ok(Service { file, parameters });
        }
        looked_in.push(file);
    }
    Err(TargetError::NoSuchService {
        name: name.to_owned(),
        looked_in,
    })
}

/// The system's service files that exist. libpq has one directory compiled in, which differs
/// between packages; `PGSYSCONFDIR` names it.
fn system_files(environment: &Environment) -> Vec<PathBuf> {
    let directories = match environment.get("PGSYSCONFDIR") {
        Some(directory) => vec![directory],
        None => vec![
            "/etc/postgresql-common",
            "/etc/sysconfig/pgsql",
            "/usr/local/pgsql/etc",
        ],
    };
    let files = directories
        .into_iter()
        .map(|dir| Path::new(dir).join("pg_service.conf"));
    files.filter(|file| file.is_file()).collect()
}

/// The parameters in `[name]`, or `None` when the file has no such section.
fn section(
    text: &str,
    name: &str,
    file: &Path,
) -> Result<Option<Vec<(String, String)>>, TargetError> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        let error = |problem| TargetError::ServiceLine {
            path: file.to_owned(),
            line: number,
            problem,
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if header.split(']').next() == Some(name) {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(parameters) = &mut found else {
            continue;
        };
        if line.starts_with("ldap") {
            return Err(error("LDAP lookup is not supported"));
        }
        let (keyword, value) = line
            .split_once('=')
            .ok_or_else(|| error("there is no `=`"))?;
        let keyword = keyword.trim_end();
        match parameters::known(keyword).filter(|parameter| parameter.libpq) {
            None => return Err(error("this is not a connection parameter of libpq")),
            Some(parameter) if matches!(parameter.keyword, "service" | "servicefile") => {
                return Err(error("a service cannot name another service"));
            }
            Some(parameter) => {
                parameters.push((parameter.keyword.to_owned(), value.trim_start().to_owned()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# teams
[other]
host=elsewhere

[leora]
# production
host=db.example.com
port = 5433
password=a b#c
[leora]
host=second
";

    #[test]
    fn reads_the_section_and_no_other() {
        let path = Path::new("pg_service.conf");
        let found = section(FILE, "leora", path)
            .expect("no error")
            .expect("found");
        let expected = [
            ("host", "db.example.com"),
            ("port", "5433"),
            ("password", "a b#c"),
        ];
        assert_eq!(found, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert!(section(FILE, "none", path).expect("no error").is_none());
    }

    #[test]
    fn errors_name_file_and_line_and_never_the_text() {
        let path = Path::new("pg_service.conf");
        for (bad, problem) in [
            ("[s]\npassword hunter2", "no `=`"),
            ("[s]\nhunter2=x", "not a connection parameter"),
            ("[s]\nservice=t", "another service"),
            ("[s]\nldap://h/hunter2", "LDAP"),
        ] {
            let error = section(bad, "s", path).expect_err(bad).to_string();
            assert!(error.contains("pg_service.conf, line 2"), "{error}");
            assert!(
                error.contains(problem) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
