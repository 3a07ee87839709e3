//! The password for a server, and where it came from.

use std::path::Path;

use super::environment::Environment;
use super::hosts::Host;
use super::passfile;
use super::secret::Secret;
use super::settings::{Layer, Settings};

/// A password and, to tell who typed it wrong, its place.
#[derive(Debug, Clone)]
pub(super) struct Password {
    pub secret: Secret,
    pub from: String,
}

impl Password {
    /// Whether it stands in square brackets, as in a URL copied from a page that says
    /// `[YOUR-PASSWORD]`.
    pub(super) fn is_bracketed(&self) -> bool {
        let password = self.secret.reveal();
        password.starts_with('[') && password.ends_with(']')
    }
}

/// The password for each of the servers: the one given, or what the password file has for it.
pub(super) fn passwords(
    settings: &mut Settings,
    hosts: &[Host],
    user: &str,
    dbname: &str,
    origin: &str,
    environment: &Environment,
) -> Vec<Option<Password>> {
    if let Some(password) = settings.get("password") {
        let from = match settings.layer("password") {
            Some(Layer::Service(file)) => file.display().to_string(),
            Some(Layer::Variable(name)) => match environment.file_of(name) {
                Some(file) => format!("{name} in {}", file.display()),
                None => (*name).to_owned(),
            },
            Some(Layer::Given) | None => origin.to_owned(),
        };
        let password = Password {
            secret: Secret::new(password),
            from,
        };
        return vec![Some(password); hosts.len()];
    }
    let file = match settings.get("passfile") {
        Some(file) => Some(Path::new(file).to_owned()),
        None => environment.in_home(".pgpass"),
    };
    let Some(file) = file else {
        return vec![None; hosts.len()];
    };
    let text = match passfile::read(&file) {
        Ok(text) => text.unwrap_or_default(),
        Err(warning) => {
            settings.warnings.push(warning);
            String::new()
        }
    };
    let lookup = |host: &Host| {
        let port = host.port.to_string();
        let found = passfile::lookup(&text, &host.name_in_passfile(), &port, dbname, user)?;
        Some(Password {
            secret: found,
            from: file.display().to_string(),
        })
    };
    hosts.iter().map(lookup).collect()
}
