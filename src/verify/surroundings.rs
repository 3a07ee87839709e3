//! What stands around the tables and decides what can be done with them: settings, publications, and
//! foreign keys from elsewhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::{Check, Finding, Group, Outcome};
use super::evidence::{Evidence, Orphans};
use crate::model::{Identifier, Validity};

/// What it means that a session starts with `session_replication_role = replica`.
pub const NOT_ENFORCED: &str =
    "session_replication_role is replica: no foreign key is enforced in this session";

/// What to do about it.
pub const ENFORCE_AGAIN: &str = "Take the setting off the database or the role it is kept for: ALTER DATABASE ... \
     RESET session_replication_role;";

/// What stands around a schema.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The settings that sessions start with here.
    pub settings: Vec<KeptSetting>,
    /// The tables that Supabase's public roles may use and no row-level security keeps from them, with the roles.
    pub exposed: BTreeMap<Identifier, Exposed>,
    /// The foreign keys of other schemas that hold rows of this one back.
    pub held: Vec<Holder>,
    /// The tables whose rows no publication can name, though some must, with those.
    pub nameless: BTreeMap<Identifier, String>,
}

/// Who may use a table that no row-level security keeps from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The roles, with commas between.
    pub roles: String,
    /// Whether one of them owns the table.
    pub owned: bool,
}

/// A foreign key of another schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The table of this schema whose rows it holds back.
    pub held: Identifier,
    /// The table it is on, with its schema, as SQL.
    pub table: String,
    /// Its name.
    pub constraint: Identifier,
}

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
    fn reset(&self, name: &str, database: &Identifier) -> String {
        let database = database.quoted();
        match (&self.role, self.of_database) {
            _ if self.of_server => {
                format!(
                    "ALTER SYSTEM RESET {name}; SELECT pg_reload_conf(); -- or in postgresql.conf"
                )
            }
            (Some(role), true) => format!("ALTER ROLE {role} IN DATABASE {database} RESET {name};"),
            (Some(role), false) => format!("ALTER ROLE {role} RESET {name};"),
            (None, true) => format!("ALTER DATABASE {database} RESET {name};"),
            (None, false) => format!("ALTER ROLE ALL RESET {name};"),
        }
    }

    /// What it switches off, when it does.
    fn switches_off(&self, row_security: bool) -> Option<&'static str> {
        let (name, value) = self.setting.split_once('=')?;
        match name {
            "session_replication_role" if value.eq_ignore_ascii_case("replica") => {
                Some("no foreign key is enforced and no cascade fires in its sessions")
            }
            "default_transaction_read_only" if is_true(value) => Some("its sessions cannot write"),
            "row_security" if row_security && !is_true(value) => {
                Some("queries that policies would filter fail in its sessions")
            }
            _ => None,
        }
    }
}

/// A boolean as PostgreSQL reads one in a setting: any unambiguous beginning, in any case (manual, 20.1.1).
fn is_true(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let begins = |word: &str| !value.is_empty() && word.starts_with(&value);
    begins("true") || begins("yes") || value == "on" || value == "1"
}

/// The checks of what stands around.
pub(super) fn checks(evidence: &Evidence<'_>) -> [Check; 3] {
    [settings(evidence), replication(evidence), rows(evidence)]
}

/// Settings that switch foreign keys, triggers or writing off without a trace in the schema.
fn settings(evidence: &Evidence<'_>) -> Check {
    let tables = &evidence.actual.tables;
    let row_security = tables.values().any(|table| table.row_security.enabled);
    let off = |kept: &KeptSetting| {
        let consequence = kept.switches_off(row_security)?;
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
    none_expected(
        "integrity.settings",
        "no setting of the server, the database or a role switches enforcement off",
        findings,
    )
}

/// A publication must be able to name the rows whose change or deletion it tells.
fn replication(evidence: &Evidence<'_>) -> Check {
    let refused = |(table, publications): (&Identifier, &String)| {
        let table = table.quoted();
        Finding::new(format!(
            "rows of {table} can be neither changed nor deleted: publication {publications} must name them, and the \
             table's replica identity names none"
        ))
        .remedy(format!("ALTER TABLE {table} REPLICA IDENTITY DEFAULT; -- once it has a primary key"))
    };
    none_expected(
        "integrity.replication",
        "no publication stops changes and deletes",
        evidence.around.nameless.iter().map(refused).collect(),
    )
}

/// Foreign keys that are enforced today say nothing of rows written while they were not.
fn rows(evidence: &Evidence<'_>) -> Check {
    let of = |wanted: Orphans| {
        let which = move |(_, orphans): &&_| *orphans == wanted;
        evidence.orphans.iter().filter(which).map(|(key, _)| key)
    };
    let findings: Vec<_> = of(Orphans::Some)
        .map(|key| {
            let (table, constraint) = (key.table.quoted(), key.constraint.quoted());
            let there = evidence.actual.tables.get(&key.table);
            let key = there.and_then(|table| table.foreign_keys.get(&key.constraint));
            let is_valid = key.is_some_and(|key| key.validity == Validity::Valid);
            let though = if is_valid { ", though PostgreSQL calls it valid" } else { "" };
            Finding::new(format!("{table} holds rows that name none by {constraint}{though}"))
                .remedy("Find out when it was not enforced (a load, a replica, disabled triggers), and settle the rows; \
                         VALIDATE CONSTRAINT fails until then.")
        })
        .collect();
    let unlooked = |wanted, why: &'static str| {
        of(wanted).map(move |key| format!("{}: {why}", key.constraint.quoted()))
    };
    let reasons: Vec<_> = unlooked(
        Orphans::TooLarge,
        "the table is too large to read all of it",
    )
    .chain(unlooked(
        Orphans::Unreadable,
        "the role may not read all rows",
    ))
    .collect();
    let mut check = none_expected(
        "integrity.rows",
        "no row of the new tables names one that is not there",
        findings,
    );
    if check.outcome == Outcome::Passed && !reasons.is_empty() {
        check.outcome = Outcome::NotProved { reasons };
    }
    check
}

fn none_expected(id: &'static str, title: &str, findings: Vec<Finding>) -> Check {
    Check {
        id,
        group: Group::Integrity,
        title: title.to_owned(),
        expected: "none".to_owned(),
        found: match findings.len() {
            0 => "none".to_owned(),
            n => n.to_string(),
        },
        outcome: Outcome::of(findings),
    }
}

/// The foreign keys of other schemas that hold rows back, as reasons to fail.
pub(super) fn held(around: &Surroundings) -> impl Iterator<Item = Finding> {
    around.held.iter().map(|holder| {
        let (held, table, constraint) = (&holder.held, &holder.table, &holder.constraint);
        Finding::new(format!(
            "{table} holds rows of {} back, by {}",
            held.quoted(),
            constraint.quoted()
        ))
        .remedy(format!(
            "ALTER TABLE {table} DROP CONSTRAINT {}; -- or make it ON DELETE CASCADE",
            constraint.quoted()
        ))
    })
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
    fn a_boolean_setting_is_read_as_postgresql_reads_it() {
        for yes in ["on", "ON", "true", "t", "Tru", "yes", "y", "1", " on "] {
            assert!(is_true(yes), "{yes}");
        }
        for no in ["off", "o", "of", "false", "f", "no", "n", "0", "", "onn"] {
            assert!(!is_true(no), "{no}");
        }
    }
}
