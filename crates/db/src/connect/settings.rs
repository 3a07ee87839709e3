//! Connection parameters from all their layers: what was given, over the service file, over the
//! environment. libpq fills in the same order what a stronger layer leaves out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::environment::Environment;
use super::error::TargetError;
use super::parameters::{self, KNOWN};
use super::service;

/// Where a parameter's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layer {
    Given,
    Service(PathBuf),
    Variable(&'static str),
}

/// The parameters; no Debug, for one of them is the password.
pub(super) struct Settings {
    values: BTreeMap<&'static str, (String, Layer)>,
    /// Whether the address was a URL, in which Prisma's meanings are possible.
    pub is_url: bool,
    pub warnings: Vec<String>,
}

impl Settings {
    /// Puts the layers together.
    ///
    /// # Errors
    /// When a given parameter is unknown and its name begins with `ssl` (a misspelling that would
    /// weaken the connection), or the service cannot be read. Other unknown parameters are
    /// warnings, since Prisma ignores them.
    pub(super) fn gather(
        given: Vec<(String, String)>,
        is_url: bool,
        environment: &Environment,
    ) -> Result<Settings, TargetError> {
        let mut settings = Settings {
            values: BTreeMap::new(),
            is_url,
            warnings: Vec::new(),
        };
        let mut behind_password = false;
        for (keyword, value) in given {
            match parameters::known(&keyword) {
                Some(parameter) => {
                    behind_password = parameter.keyword == "password";
                    settings
                        .values
                        .insert(parameter.keyword, (value, Layer::Given));
                }
                // Behind a password, and behind what may be its rest, this may be more of it.
                None => settings.unknown(&keyword, behind_password)?,
            }
        }
        let or_variable = |given: Option<&str>, name| -> Option<String> {
            given.or_else(|| environment.get(name)).map(str::to_owned)
        };
        if let Some(name) = or_variable(settings.get("service"), "PGSERVICE") {
            let servicefile = or_variable(settings.get("servicefile"), "PGSERVICEFILE");
            let service = service::find(&name, servicefile.as_deref(), environment)?;
            let has_host = settings.values.contains_key("host");
            for (keyword, value) in service.parameters {
                // A file names its parameters as it likes; the first of a name counts, and an
                // address goes with the host name of its own layer.
                if let Some(parameter) = parameters::known(&keyword)
                    && !(has_host && parameter.keyword == "hostaddr")
                {
                    let layer = Layer::Service(service.file.clone());
                    settings
                        .values
                        .entry(parameter.keyword)
                        .or_insert((value, layer));
                }
            }
        }
        let has_host = settings.values.contains_key("host");
        for parameter in KNOWN {
            let variable = parameter.variable.filter(|_| {
                // Whoever names the host in a URL means that host: PGHOSTADDR goes with PGHOST.
                !(has_host && parameter.keyword == "hostaddr")
            });
            if let Some(variable) = variable
                && let Some(value) = environment.get(variable)
            {
                let layer = Layer::Variable(variable);
                settings
                    .values
                    .entry(parameter.keyword)
                    .or_insert((value.to_owned(), layer));
            }
        }
        Ok(settings)
    }

    fn unknown(&mut self, keyword: &str, behind_password: bool) -> Result<(), TargetError> {
        if keyword.to_ascii_lowercase().starts_with("ssl") {
            return Err(TargetError::UnknownTlsParameter {
                keyword: keyword.to_owned(),
            });
        }
        let is_name = keyword.len() <= 40
            && keyword
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        self.warnings.push(if is_name && !behind_password {
            format!("connection parameter `{keyword}` is not known and has no effect")
        } else {
            "a connection parameter is not known and has no effect; if it is the rest of a \
             password, write its & as %26"
                .to_owned()
        });
        Ok(())
    }

    /// A parameter's value; one that is set to nothing is as good as unset.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        self.values
            .get(keyword)
            .map(|(value, _)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The layer a parameter's value came from.
    pub(super) fn layer(&self, keyword: &str) -> Option<&Layer> {
        self.get(keyword)
            .and_then(|_| self.values.get(keyword))
            .map(|(_, layer)| layer)
    }

    /// A parameter whose value is one of a few words.
    ///
    /// # Errors
    /// When it is another, naming the words.
    pub(super) fn choice<T: Copy>(
        &self,
        keyword: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, TargetError> {
        let Some(value) = self.get(keyword) else {
            return Ok(None);
        };
        let known = words.iter().find(|(word, _)| *word == value);
        known.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.bad_value(keyword, format!("one of {}", words.join(", ")))
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn integer(&self, keyword: &'static str) -> Result<Option<i64>, TargetError> {
        let Some(value) = self.get(keyword) else {
            return Ok(None);
        };
        let number = value
            .trim()
            .parse()
            .map_err(|_| self.bad_value(keyword, "a whole number"));
        number.map(Some)
    }

    /// The error for a value that cannot be used.
    pub(super) fn bad_value(
        &self,
        keyword: &'static str,
        expected: impl Into<String>,
    ) -> TargetError {
        let value = self.get(keyword).unwrap_or_default().to_owned();
        let place = match self.layer(keyword) {
            Some(Layer::Variable(name)) => format!(" (from {name})"),
            Some(Layer::Service(file)) => format!(" (from {})", file.display()),
            Some(Layer::Given) | None => String::new(),
        };
        TargetError::BadValue {
            keyword,
            value,
            place,
            expected: expected.into(),
        }
    }
}
