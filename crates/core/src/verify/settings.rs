//! Settings that sessions start with, and which of them switch off what the application relies on.

use serde::Serialize;

use super::check::{Finding, Judgement};
use super::evidence::Basis;
use crate::model::name::literal_plain;
use crate::model::{Identifier, Schema};

/// What it means that a session starts with `session_replication_role = replica`.
pub const NOT_ENFORCED: &str =
    "session_replication_role is replica: no foreign key is enforced in this session";

/// What to do about it.
pub const ENFORCE_AGAIN: &str = "Take the setting out of where the session gets it from: the URL's options, PGOPTIONS, or \
     a pooler's configuration.";

/// A setting that sessions start with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptSetting {
    /// Whether it is kept for this database.
    pub of_database: bool,
    /// The role it is kept for.
    pub role: Option<String>,
    /// `name=value`.
    pub setting: String,
    /// Whether the server's configuration says it.
    pub of_server: bool,
}

impl KeptSetting {
    /// Where it is kept, in words.
    pub fn holder(&self) -> String {
        match (&self.role, self.of_database) {
            _ if self.of_server => "the server".to_owned(),
            (Some(role), true) => format!("role {role} in this database"),
            (Some(role), false) => format!("role {role}"),
            (None, true) => "this database".to_owned(),
            (None, false) => "all roles".to_owned(),
        }
    }

    /// The statement that takes it off again, in the database called `database`.
    pub(super) fn reset(&self, name: &str, database: &Identifier) -> String {
        let database = database.quoted();
        let reset = match (&self.role, self.of_database) {
            _ if name == NO_CONNECTIONS => {
                format!("ALTER DATABASE {database} CONNECTION LIMIT -1;")
            }
            _ if self.of_server => {
                format!(
                    "ALTER SYSTEM RESET {name}; SELECT pg_reload_conf(); -- or in postgresql.conf"
                )
            }
            (Some(role), true) => format!("ALTER ROLE {role} IN DATABASE {database} RESET {name};"),
            (Some(role), false) => format!("ALTER ROLE {role} RESET {name};"),
            (None, true) => format!("ALTER DATABASE {database} RESET {name};"),
            (None, false) => format!("ALTER ROLE ALL RESET {name};"),
        };
        if name == READ_ONLY {
            // The session that it is typed in starts with the setting.
            format!("SET {READ_ONLY} = off;\n{reset}")
        } else {
            reset
        }
    }

    /// What it does to its sessions, when that matters.
    fn consequence(&self, policies: &Policies<'_>) -> Option<&'static str> {
        let (name, value) = self.setting.split_once('=')?;
        match name {
            "session_replication_role" if value.eq_ignore_ascii_case("replica") => {
                Some("no foreign key is enforced and no cascade fires in its sessions")
            }
            READ_ONLY if is_true(value) => Some("its sessions cannot write"),
            "row_security" if policies.hold && !is_true(value) => {
                Some("queries that policies would filter fail in its sessions")
            }
            "statement_timeout" if is_hardly_any_time(value) => {
                Some("deleting a tenant takes longer, and is stopped in its sessions")
            }
            NO_CONNECTIONS => Some("nobody but a superuser can connect"),
            _ if !value.is_empty() && policies.read(name) => Some(
                "policies read it, so its sessions are of one tenant unless they say otherwise",
            ),
            _ => None,
        }
    }
}

/// The setting that has transactions refuse to write.
const READ_ONLY: &str = "default_transaction_read_only";

/// What the catalog's question calls a database that takes no connections.
const NO_CONNECTIONS: &str = "CONNECTION LIMIT";

/// Row-level security, as far as settings touch it.
struct Policies<'a> {
    /// Whether any holds.
    hold: bool,
    /// What those say that hold.
    texts: Vec<&'a str>,
}

impl<'a> Policies<'a> {
    fn of(schema: &'a Schema) -> Policies<'a> {
        let tables = schema.tables.values().map(|table| &table.row_security);
        let fenced: Vec<_> = tables.filter(|rls| rls.enabled).collect();
        let texts = fenced.iter().flat_map(|rls| rls.policies.values());
        Policies {
            texts: texts.map(String::as_str).collect(),
            hold: !fenced.is_empty(),
        }
    }

    /// Whether one reads the setting.
    fn read(&self, name: &str) -> bool {
        let quoted = literal_plain(name).to_lowercase();
        self.texts
            .iter()
            .any(|text| text.to_lowercase().contains(&quoted))
    }
}

/// Whether a limit of time is under a tenth of a second; 0 is none (manual, 20.1.1: milliseconds, or with a unit).
fn is_hardly_any_time(value: &str) -> bool {
    let value = value.trim();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let factor = match value[digits.len()..].trim() {
        "us" => 0.001,
        "" | "ms" => 1.0,
        _ => return false,
    };
    let limit = digits.parse().map(|number: f64| number * factor);
    limit.is_ok_and(|limit| limit > 0.0 && limit < 100.0)
}

/// A boolean as PostgreSQL reads one in a setting: any unambiguous beginning, in any case (manual, 20.1.1).
fn is_true(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let begins = |word: &str| !value.is_empty() && word.starts_with(&value);
    begins("true") || begins("yes") || value == "on" || value == "1"
}

/// Settings that switch foreign keys, triggers or writing off without a trace in the schema.
pub(super) fn check(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let policies = Policies::of(evidence.actual);
    let off = |kept: &KeptSetting| {
        let consequence = kept.consequence(&policies)?;
        let (name, _) = kept.setting.split_once('=')?;
        let message = format!(
            "{} is set for {}: {consequence}",
            kept.setting,
            kept.holder()
        );
        Some(Finding::new(message).remedy(kept.reset(name, evidence.database)))
    };
    let mut findings: Vec<_> = evidence.around.settings.iter().filter_map(off).collect();
    if findings.is_empty() && evidence.session_replication_role == "replica" {
        findings.push(Finding::new(NOT_ENFORCED).remedy(ENFORCE_AGAIN));
    }
    Judgement::none_expected(findings).titled(
        "no setting of the server, the database or a role switches off what the application relies on",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_setting_off_names_the_database_and_can_be_typed() {
        let kept = |of_database, role: Option<&str>| KeptSetting {
            of_database,
            role: role.map(str::to_owned),
            setting: "row_security=off".to_owned(),
            of_server: false,
        };
        let database = Identifier::new("my \"base").expect("a name");
        assert_eq!(
            kept(true, None).reset("row_security", &database),
            r#"ALTER DATABASE "my ""base" RESET row_security;"#
        );
        assert_eq!(
            kept(true, Some("\"R\"")).reset("row_security", &database),
            r#"ALTER ROLE "R" IN DATABASE "my ""base" RESET row_security;"#
        );
    }

    #[test]
    fn a_limit_of_time_is_read_with_its_unit() {
        for hardly in ["1", "99", "5ms", "5 ms", "99.9", "50000us"] {
            assert!(is_hardly_any_time(hardly), "{hardly}");
        }
        for enough in ["0", "100", "100ms", "1s", "20min", "100000us", "", "ms"] {
            assert!(!is_hardly_any_time(enough), "{enough}");
        }
    }

    #[test]
    fn a_boolean_setting_is_read_as_postgresql_reads_it() {
        for yes in ["on", "ON", "true", "t", "Tru", "yes", "y", "1", " on "] {
            assert!(is_true(yes), "{yes}");
        }
        for no in ["off", "o", "of", "false", "f", "no", "n", "0", "", "onn"] {
            assert!(!is_true(no), "{no}");
        }
    }
}
