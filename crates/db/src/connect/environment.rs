//! The variables a connection may be read from: the process's, and below them an env file's.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::dotenv;
use super::error::TargetError;

/// Environment variables as a value, so that a test need not touch the process's own.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    file: Option<(PathBuf, BTreeMap<String, String>)>,
}

impl Environment {
    /// The process's own environment. Variables that are not UTF-8 are left out. `HOME` falls back
    /// to the user database, where libpq looks too.
    pub fn of_process() -> Environment {
        let mut variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        if variables.get("HOME").is_none_or(String::is_empty)
            && let Some(home) =
                std::env::home_dir().and_then(|home| home.to_str().map(str::to_owned))
        {
            variables.insert("HOME".to_owned(), home);
        }
        Environment {
            variables,
            file: None,
        }
    }

    /// The same with an env file below it: what the environment sets already, wins.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn with_file(mut self, path: &Path) -> Result<Environment, TargetError> {
        let text = std::fs::read_to_string(path).map_err(|source| TargetError::EnvFile {
            path: path.to_owned(),
            source,
        })?;
        let parsed = dotenv::parse(&text);
        let lookup = |name: &str| {
            let set = self.variables.get(name).or_else(|| parsed.get(name));
            set.cloned()
        };
        let expanded = parsed
            .iter()
            .map(|(name, value)| (name.clone(), dotenv::expand(value, &lookup, 16)))
            .collect();
        self.file = Some((path.to_owned(), expanded));
        Ok(self)
    }

    /// The value of a variable; one that is set to nothing counts as not set, as in libpq.
    pub fn get(&self, name: &str) -> Option<&str> {
        let set = |variables: &BTreeMap<String, String>| -> bool {
            variables.get(name).is_some_and(|value| !value.is_empty())
        };
        let variables = match &self.file {
            Some((_, from_file)) if !set(&self.variables) => from_file,
            _ => &self.variables,
        };
        variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The env file a variable's value came from, when it came from one.
    pub(super) fn file_of(&self, name: &str) -> Option<&Path> {
        if self
            .variables
            .get(name)
            .is_some_and(|value| !value.is_empty())
        {
            return None;
        }
        let (path, variables) = self.file.as_ref()?;
        variables.contains_key(name).then_some(path.as_path())
    }

    /// A file below the home directory, such as `.pgpass`.
    pub(super) fn in_home(&self, relative: &str) -> Option<PathBuf> {
        self.get("HOME").map(|home| Path::new(home).join(relative))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Environment {
        let variables = variables
            .into_iter()
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        Environment {
            variables,
            file: None,
        }
    }
}

/// Names only: the values hold passwords.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from_file = self.file.iter().flat_map(|(_, variables)| variables.keys());
        f.debug_set()
            .entries(self.variables.keys())
            .entries(from_file)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn the_environment_wins_over_the_file_and_empty_is_unset() {
        let file = file("A=file\nB=file\nC=${A}-${B}\nEMPTY=\n");
        let environment: Environment = [("A", "process"), ("B", "")].into_iter().collect();
        let environment = environment.with_file(file.path()).expect("readable");
        assert_eq!(environment.get("A"), Some("process"));
        assert_eq!(environment.file_of("A"), None);
        assert_eq!(environment.get("B"), Some("file"));
        assert_eq!(environment.file_of("B"), Some(file.path()));
        assert_eq!(environment.get("C"), Some("process-"));
        assert_eq!(environment.get("EMPTY"), None);
        assert_eq!(environment.get("NONE"), None);
    }

    #[test]
    fn debug_shows_names_only() {
        let file = file("FROM_FILE=hunter2\n");
        let environment: Environment = [("PGPASSWORD", "hunter2")].into_iter().collect();
        let environment = environment.with_file(file.path()).expect("readable");
        assert_eq!(format!("{environment:?}"), r#"{"PGPASSWORD", "FROM_FILE"}"#);
    }

    #[test]
    fn an_env_file_that_is_missing_is_an_error() {
        let missing = Path::new("/nonexistent/.env");
        let error = Environment::default()
            .with_file(missing)
            .expect_err("missing");
        assert!(error.to_string().contains("/nonexistent/.env"), "{error}");
    }
}
