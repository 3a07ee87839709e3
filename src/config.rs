//! What was typed, the environment and the configuration file, as one meaning.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::cli::Globals;
use crate::duration;
use crate::error::Error;
use crate::explain;
use leora_core::model::{Identifier, Schema, first_contradiction, snapshot};
use leora_core::plan::record::HISTORY_SCHEMA;
use leora_core::prisma;
use leora_core::verify::check::Group;
use leora_core::verify::waiver::Waiver;
use leora_db::connect::{Environment, Sources, Target};

/// The configuration file's usual name.
pub const FILE_NAME: &str = "leora-migrate.toml";

/// `leora-migrate.toml`: what a team sets once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    url: Option<Url>,
    schema: Option<String>,
    baseline: Option<PathBuf>,
    apply: Apply,
    verify: Verify,
    waiver: Vec<WaiverEntry>,
}

/// A URL, which may hold a password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct Url(String);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Apply {
    #[serde(deserialize_with = "duration")]
    lock_timeout: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    wait: Option<Duration>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverEntry {
    #[serde(deserialize_with = "check")]
    check: String,
    #[serde(default, deserialize_with = "finding")]
    finding: Option<String>,
    #[serde(deserialize_with = "reason")]
    reason: String,
    #[serde(deserialize_with = "day")]
    expires: NaiveDate,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Verify {
    require_proof: bool,
    allow_user_code: bool,
    set: BTreeMap<String, String>,
}

/// What the commands work with.
#[derive(Clone)]
pub struct Settings {
    sources: Sources,
    schema: Option<String>,
    file_schema: Option<String>,
    baseline: Option<PathBuf>,
    /// How long a statement waits for its locks at a time, at most.
    pub lock_timeout: Duration,
    /// How long locks are tried for.
    pub wait: Duration,
    /// Whether what could not be proved fails.
    pub require_proof: bool,
    /// Whether the trials may run user-defined triggers, rules and functions.
    pub allow_user_code: bool,
    /// Settings to make before rows of a tenant are made (`{tenant}` is the tenant's id).
    pub verify_set: BTreeMap<String, String>,
    /// What may fail.
    pub waivers: Vec<Waiver>,
}

impl Settings {
    /// Reads the configuration file, when there is one, and puts what was typed above it.
    ///
    /// # Errors
    ///
    /// When the file was named and is not there, or does not say what it should.
    pub fn resolve(globals: &Globals) -> Result<Settings, Error> {
        let file = match &globals.config {
            Some(path) => read(path)?,
            None if Path::new(FILE_NAME).exists() => read(Path::new(FILE_NAME))?,
            None => File::default(),
        };
        let sources = Sources {
            url_flag: globals.url.clone(),
            config_url: file.url.map(|Url(url)| url),
            environment: Environment::of_process(),
            env_file: globals.env_file.clone(),
        };
        Ok(Settings {
            sources,
            schema: globals.schema.clone(),
            file_schema: file.schema,
            baseline: globals.baseline.clone().or(file.baseline),
            lock_timeout: file
                .apply
                .lock_timeout
                .unwrap_or(Duration::from_millis(500)),
            wait: file.apply.wait.unwrap_or(Duration::from_secs(300)),
            require_proof: file.verify.require_proof,
            allow_user_code: file.verify.allow_user_code,
            verify_set: file.verify.set,
            waivers: file
                .waiver
                .into_iter()
                .map(WaiverEntry::into_waiver)
                .collect(),
        })
    }

    /// The database to work on.
    ///
    /// # Errors
    ///
    /// When no source names one, or what names it makes no sense.
    pub fn target(&self) -> Result<Target, Error> {
        Ok(Target::resolve(&self.sources)?)
    }

    /// Settings for a scratch database of the built-in application: nothing of what a team set.
    pub fn for_scratch(&self, url: String) -> Settings {
        Settings {
            sources: Sources {
                url_flag: Some(url),
                ..Sources::default()
            },
            schema: None,
            file_schema: None,
            baseline: None,
            waivers: Vec::new(),
            verify_set: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The schema to work in: what was typed, else the URL's, else the file's, else `public`.
    ///
    /// # Errors
    ///
    /// When the name is none that PostgreSQL keeps.
    pub fn schema(&self, target: Option<&Target>) -> Result<Identifier, Error> {
        let of_url = target.and_then(Target::schema).map(str::to_owned);
        let name = self
            .schema
            .clone()
            .or(of_url)
            .or_else(|| self.file_schema.clone());
        let name = Identifier::new(name.unwrap_or_else(|| "public".to_owned()))?;
        // search_path takes "$user" for the role's name, quoted or not (manual, 19.11.1).
        let is_reserved = ["$user", "information_schema", HISTORY_SCHEMA].contains(&name.as_str())
            || name.as_str().starts_with("pg_");
        if is_reserved {
            let message = format!("{} is no schema for an application's tables", name.quoted());
            return Err(Error::Usage(message));
        }
        Ok(name)
    }

    /// The file of the schema that stood before, where one is named.
    pub fn baseline_file(&self) -> Option<&Path> {
        self.baseline.as_deref()
    }

    /// The schema that stood before, as the database's schema `namespace`: the file's, or the one built
    /// in.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or holds no schema.
    pub fn baseline(&self, namespace: &Identifier) -> Result<Schema, Error> {
        match &self.baseline {
            None => Ok(snapshot::read(leora_schema::BASELINE)
                .expect("the built-in baseline is tested to be one")),
            Some(path) => read_schema(path, namespace),
        }
    }
}

/// Reads a snapshot, a `.prisma` file or a folder of those, as the database's schema `namespace`.
///
/// # Errors
///
/// When the file cannot be read, or holds no schema.
pub fn read_schema(path: &Path, namespace: &Identifier) -> Result<Schema, Error> {
    if path.is_dir() || is_prisma(path) {
        return Ok(prisma::schema(&read_prisma(path)?, namespace)?);
    }
    let text = read_text(path)?;
    let schema = snapshot::read(&text).map_err(|error| not_toml(path, &text, error.toml()))?;
    match first_contradiction(&schema) {
        None => Ok(schema),
        Some(found) => {
            let offset = snapshot::position_of(&found.table, &text);
            Err(at(path, &text, offset, found.message))
        }
    }
}

/// Reads one file of Prisma's, or all `.prisma` files of a folder.
///
/// # Errors
///
/// When a file cannot be read, or the folder has none.
pub fn read_prisma(path: &Path) -> Result<Vec<prisma::Source>, Error> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let failed = |source| Error::File {
            doing: "read",
            path: path.to_owned(),
            source,
        };
        let entries = fs::read_dir(path)
            .map_err(failed)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        files = entries.into_iter().map(|entry| entry.path()).collect();
        files.retain(|file| is_prisma(file));
        files.sort();
    }
    if files.is_empty() {
        return Err(Error::Usage(format!(
            "there is no .prisma file in {}",
            path.display()
        )));
    }
    let source = |path: &PathBuf| {
        Ok(prisma::Source {
            name: path.display().to_string(),
            text: read_text(path)?,
        })
    };
    files.iter().map(source).collect()
}

/// Whether it is a file of Prisma's, by its name.
pub fn is_prisma(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "prisma")
}

fn read(path: &Path) -> Result<File, Error> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| not_toml(path, &text, &error))
}

fn read_text(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::File {
        doing: "read",
        path: path.to_owned(),
        source,
    })
}

/// The place and the message of a TOML error, without the line itself, which may hold a password.
fn not_toml(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let offset = error.span().map_or(0, |span| span.start);
    at(path, text, offset, error.message().to_owned())
}

/// `message` on what stands `offset` bytes into the file's `text`.
fn at(path: &Path, text: &str, offset: usize, message: String) -> Error {
    let before = text.get(..offset.min(text.len())).unwrap_or_default();
    let last = before.rsplit('\n').next().unwrap_or_default();
    Error::Config {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: last.chars().count() + 1,
        message,
    }
}

fn duration<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration::parse(&text)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Day {
        Text(String),
        Date(toml::value::Datetime),
    }
    let expected = || serde::de::Error::custom("expected a day like \"2027-01-31\"");
    let text = match Day::deserialize(deserializer).map_err(|_| expected())? {
        Day::Text(text) => text,
        Day::Date(date) => date.to_string(),
    };
    NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| expected())
}

fn check<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let mut known = Group::ALL.into_iter().flat_map(explain::checks);
    if known.any(|check| check.id == name) {
        return Ok(name);
    }
    let expected = "expected a check as verify names it, like \"tables.columns\"";
    Err(serde::de::Error::custom(expected))
}

/// A blank one would be part of what any finding says.
fn finding<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        let expected = "expected part of what a finding says; leave it out to waive all of them";
        return Err(serde::de::Error::custom(expected));
    }
    Ok(Some(text))
}

fn reason<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom("expected a reason"));
    }
    Ok(text)
}

impl WaiverEntry {
    fn into_waiver(self) -> Waiver {
        Waiver {
            check: self.check,
            finding: self.finding,
            reason: self.reason,
            expires: self.expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiver_expires_on_a_day_with_or_without_quotes() {
        let expires = |day: &str| {
            let text = format!(
                "[[waiver]]\ncheck = \"tables.count\"\nreason = \"known\"\nexpires = {day}\n"
            );
            toml::from_str::<File>(&text).map(|file| file.waiver[0].expires.to_string())
        };
        for day in ["2027-01-31", "\"2027-01-31\""] {
            assert_eq!(expires(day).as_deref(), Ok("2027-01-31"));
        }
        for wrong in ["2027-01-31T10:00:00", "\"31.1.2027\"", "7", "2027"] {
            let error = expires(wrong).expect_err(wrong).to_string();
            assert!(
                error.contains("expected a day like \"2027-01-31\""),
                "{error}"
            );
        }
    }

    #[test]
    fn a_broken_file_is_shown_by_place_and_never_by_content() {
        let text = "schema = \"public\"\nurl = \"postgresql://u:secret@h/d\" oops\n";
        let error = toml::from_str::<File>(text).expect_err("broken");
        let message = not_toml(Path::new("x.toml"), text, &error).to_string();
        assert!(message.starts_with("x.toml:2:"), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}
