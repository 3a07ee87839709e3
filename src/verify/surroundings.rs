//! What stands around the tables and decides what can be done with them: settings, publications, and
//! foreign keys from elsewhere.

use serde::Serialize;

use super::check::{Check, Finding, Group, Outcome};
use super::evidence::Evidence;
use super::rights::{self, Shortfall};
use super::rows;
use crate::model::name::literal;
use crate::model::{Identifier, Schema};

/// What it means that a session starts with `session_replication_role = replica`.
pub const NOT_ENFORCED: &str =
    "session_replication_role is replica: no foreign key is enforced in this session";

/// What to do about it.
pub const ENFORCE_AGAIN: &str = "Take the setting out of where the session gets it from: the URL's options, PGOPTIONS, or \
     a pooler's configuration.";

/// What stands around a schema.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The settings that sessions start with here.
    pub settings: Vec<KeptSetting>,
    /// The tables that Supabase's public roles may use and no row-level security keeps from them, with the roles.
    pub exposed: Vec<(Identifier, Exposed)>,
    /// The foreign keys of other schemas that hold rows of this one back.
    pub held: Vec<Holder>,
    /// The tables whose rows a publication must name and cannot.
    pub nameless: Vec<Nameless>,
    /// The rights that owners of tables lack.
    pub short_of_rights: Vec<Shortfall>,
    /// The columns, after their tables, whose long values are refused for want of room in a page.
    pub cramped: Vec<(Identifier, Identifier)>,
}

/// Who may use a table that no row-level security keeps from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The roles, with commas between.
    pub roles: String,
    /// What lets them.
    pub by: Opening,
}

/// What lets a role use a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Privileges on it.
    Privileges(Privileges),
    /// It is the table's owner, or may become it.
    Ownership,
    /// It is the owner of the schema, given as SQL, or may become it: it may drop the table.
    Schema(String),
    /// It is the owner of the database, given as SQL, whom the schema belongs to (`pg_database_owner`).
    Database(String),
    /// A view, given as SQL, that reads the table.
    View(String),
}

/// How roles come by privileges on a table. Names are SQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// To whom they are granted, with commas between.
    pub granted_to: Option<String>,
    /// The memberships that give them without a grant on the table: `pg_read_all_data FROM anon`.
    pub memberships: Vec<String>,
    /// Those of the roles that are superusers, with commas between.
    pub superusers: Option<String>,
}

/// A table whose rows publications must name when they are changed or deleted, and cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nameless {
    /// The table.
    pub table: Identifier,
    /// Why they cannot.
    pub how: Unnamed,
    /// The publications, as SQL, with commas between.
    pub publications: String,
}

/// Why a publication cannot name the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// The table's replica identity names none.
    ByIdentity,
    /// It chooses rows by a column that the replica identity has not.
    ByRowFilter,
    /// It leaves out a column of the replica identity.
    ByColumnList,
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
    /// How it holds rows back.
    pub how: Holding,
}

/// How a foreign key of another schema holds rows back, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It refuses, or sets NULL where that is refused.
    ByItself,
    /// A trigger fires on the way.
    ByTrigger,
    /// A rule does something else instead.
    ByRule,
    /// The owner of the table may not delete or change its rows.
    ForWantOfRights,
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
        let quoted = literal(name).to_lowercase();
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

/// The checks of what stands around.
pub(super) fn checks(evidence: &Evidence<'_>) -> [Check; 4] {
    [
        settings(evidence),
        rights::check(evidence),
        replication(evidence),
        rows::check(evidence),
    ]
}

/// Settings that switch foreign keys, triggers or writing off without a trace in the schema.
fn settings(evidence: &Evidence<'_>) -> Check {
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
    none_expected(
        "integrity.settings",
        "no setting of the server, the database or a role switches off what the application relies on",
        findings,
    )
}

/// A publication must be able to name the rows whose change or deletion it tells.
fn replication(evidence: &Evidence<'_>) -> Check {
    let refused = |nameless: &Nameless| {
        let Nameless {
            table,
            how,
            publications,
        } = nameless;
        let table = table.quoted();
        let (why, remedy) = match how {
            Unnamed::ByIdentity => (
                "must name them, and the table's replica identity names none",
                format!(
                    "ALTER TABLE {table} REPLICA IDENTITY DEFAULT; -- once it has a primary key"
                ),
            ),
            Unnamed::ByRowFilter => (
                "chooses rows by a column that the table's replica identity has not",
                format!(
                    "ALTER TABLE {table} REPLICA IDENTITY FULL; -- or choose by columns of its primary key, or publish \
                     inserts alone"
                ),
            ),
            Unnamed::ByColumnList => (
                "leaves out columns of the table's replica identity",
                format!(
                    "ALTER PUBLICATION {publications} DROP TABLE {table}; -- and add it again with all columns of its \
                     primary key"
                ),
            ),
        };
        Finding::new(format!(
            "rows of {table} can be neither changed nor deleted: publication {publications} {why}"
        ))
        .remedy(remedy)
    };
    none_expected(
        "integrity.replication",
        "no publication stops changes and deletes",
        evidence.around.nameless.iter().map(refused).collect(),
    )
}

/// A check that passes when there is nothing to find.
pub(super) fn none_expected(id: &'static str, title: &str, findings: Vec<Finding>) -> Check {
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

/// The columns whose long values are refused, as reasons to fail.
pub(super) fn cramped(around: &Surroundings) -> impl Iterator<Item = Finding> {
    around.cramped.iter().map(|(table, column)| {
        let (table, column) = (table.quoted(), column.quoted());
        Finding::new(format!(
            "column {table}.{column}: storage is PLAIN, so that a row of more than 8 kB is refused"
        ))
        .remedy(format!(
            "ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTENDED;"
        ))
    })
}

/// The foreign keys of other schemas that hold rows back, as reasons to fail.
pub(super) fn held(around: &Surroundings) -> impl Iterator<Item = Finding> {
    around.held.iter().map(|holder| {
        let Holder {
            held,
            table,
            constraint,
            how,
        } = holder;
        let (held, constraint) = (held.quoted(), constraint.quoted());
        let (what, remedy) = match how {
            Holding::ByItself => (
                format!("{table} holds rows of {held} back, by {constraint}"),
                format!("ALTER TABLE {table} DROP CONSTRAINT {constraint}; -- or make it ON DELETE CASCADE"),
            ),
            Holding::ByTrigger => (
                format!("a trigger of {table} fires where rows of {held} are deleted, by {constraint}, and may refuse"),
                format!("See what it does: \\d {table} in psql. If it refuses nothing, waive this; otherwise drop it."),
            ),
            Holding::ByRule => (
                format!("a rule of {table} changes what deleting rows of {held} does there, by {constraint}"),
                format!("See what it does: \\d {table} in psql, and drop it."),
            ),
            Holding::ForWantOfRights => (
                format!("{table} holds rows of {held} back, by {constraint}: its owner may not delete or change its rows"),
                format!("Give its owner back what it lacks: GRANT SELECT, UPDATE, DELETE ON {table} TO ..."),
            ),
        };
        Finding::new(what).remedy(remedy)
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
