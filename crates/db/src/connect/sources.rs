//! Where the address may come from, and which source wins.

use std::fmt;
use std::path::PathBuf;

use super::environment::Environment;

/// Everything an address may come from. No Debug: the URLs hold passwords.
#[derive(Clone, Default)]
pub struct Sources {
    /// What `--url` was given: a URL or a key=value string.
    pub url_flag: Option<String>,
    /// The URL in `leora-migrate.toml`.
    pub config_url: Option<String>,
    /// The environment; [`Environment::of_process`] outside tests.
    pub environment: Environment,
    /// A file of variables, below the environment.
    pub env_file: Option<PathBuf>,
}

/// The source an address came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The `--url` flag.
    UrlFlag,
    /// `DIRECT_URL` or `DATABASE_URL`.
    Variable {
        /// The variable's name.
        name: &'static str,
        /// The env file that set it, when the environment did not.
        env_file: Option<PathBuf>,
    },
    /// The configuration file.
    ConfigFile,
    /// libpq's variables alone.
    LibpqVariables,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::UrlFlag => f.write_str("--url"),
            Origin::Variable {
                name,
                env_file: None,
            } => f.write_str(name),
            Origin::Variable {
                name,
                env_file: Some(file),
            } => {
                write!(f, "{name} in {}", file.display())
            }
            Origin::ConfigFile => f.write_str("leora-migrate.toml"),
            Origin::LibpqVariables => f.write_str("libpq's variables"),
        }
    }
}

/// The strongest source that has an address, and the address, which libpq's variables do not have
/// in one piece.
pub(super) fn choose(
    sources: &Sources,
    environment: &Environment,
) -> Option<(Origin, Option<String>)> {
    if let Some(url) = &sources.url_flag {
        return Some((Origin::UrlFlag, Some(url.clone())));
    }
    for name in ["DIRECT_URL", "DATABASE_URL"] {
        if let Some(url) = environment.get(name) {
            let env_file = environment.file_of(name).map(ToOwned::to_owned);
            return Some((Origin::Variable { name, env_file }, Some(url.to_owned())));
        }
    }
    if let Some(url) = &sources.config_url {
        return Some((Origin::ConfigFile, Some(url.clone())));
    }
    // Any one of these names something. Without, libpq would take the local server and a database
    // named like the user: fine for a shell, not for a program that changes schemas.
    [
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGSERVICE",
    ]
    .iter()
    .any(|name| environment.get(name).is_some())
    .then_some((Origin::LibpqVariables, None))
}
