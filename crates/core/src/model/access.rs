//! Who may use tables: privileges as they are granted, and the roles that sessions act as.

mod lacking;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Identifier;

/// A privilege on a table, in the order of the manual (table 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Maintain,
}

impl Privilege {
    /// What an application needs to read and write.
    pub const READ_AND_WRITE: [Privilege; 4] = [
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
    ];

    /// All of them, in order.
    const ALL: [Privilege; 8] = [
        Privilege::Select,
        Privilege::Insert,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Truncate,
        Privilege::References,
        Privilege::Trigger,
        Privilege::Maintain,
    ];

    /// Its keyword, as `aclexplode` and GRANT write it.
    pub fn keyword(self) -> &'static str {
        match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
            Privilege::Truncate => "TRUNCATE",
            Privilege::References => "REFERENCES",
            Privilege::Trigger => "TRIGGER",
            Privilege::Maintain => "MAINTAIN",
        }
    }

    /// The privilege of the keyword.
    pub fn of(keyword: &str) -> Option<Privilege> {
        Privilege::ALL
            .into_iter()
            .find(|privilege| privilege.keyword() == keyword)
    }
}

/// Several privileges, as GRANT lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Privileges(pub BTreeSet<Privilege>);

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keywords: Vec<_> = self.0.iter().map(|one| one.keyword()).collect();
        f.write_str(&keywords.join(", "))
    }
}

/// To whom a privilege is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// Every role.
    Public,
    /// A role.
    Role(Identifier),
}

/// What one grantee may do with a table, or with one of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The grantee.
    pub to: Grantee,
    /// The column; `None` for the whole table.
    pub column: Option<Identifier>,
    /// What it may do.
    pub privileges: Privileges,
}

/// Tables that have one owner and the same privileges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAlike {
    /// The tables.
    pub tables: Vec<Identifier>,
    /// Their owner.
    pub owner: Identifier,
    /// The privileges, the owner's among them.
    pub grants: Vec<Grant>,
    /// How many columns there are, where privileges on columns are granted.
    pub columns: usize,
}

/// A role that sessions act as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActingRole {
    /// The login roles that are it, or may become it; empty where it is only the current role.
    pub logins: BTreeSet<Identifier>,
    /// Whether this session acts as it.
    pub is_current: bool,
    /// Whether it is one of the roles by which Supabase serves the internet.
    pub is_public: bool,
    /// The other grantees whose privileges it has.
    pub has: BTreeSet<Identifier>,
}

/// Who may use the tables of a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The tables.
    pub tables: Vec<GrantedAlike>,
    /// What a table has that the current role creates now; `None` where nobody asked.
    pub created_now: Option<GrantedAlike>,
    /// The roles that sessions act as and that may use the schema. Superusers are not among them.
    pub roles: BTreeMap<Identifier, ActingRole>,
    /// The grantees that are superusers.
    pub superusers: BTreeSet<Identifier>,
}

/// What a role gets by which Supabase serves the internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposed {
    /// The privileges.
    pub privileges: Privileges,
    /// The grantees whose they are: itself, PUBLIC, or roles whose privileges it has.
    pub by: BTreeSet<Grantee>,
}

/// Privileges that are missing on new tables, and usual on the existing ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// Who has them on the existing tables, and so should have them on the new ones.
    pub to: Grantee,
    /// The privileges.
    pub privileges: Privileges,
    /// The new tables.
    pub tables: Vec<Identifier>,
    /// The roles that sessions act as, to which this matters.
    pub roles: BTreeSet<Identifier>,
    /// Whether the existing tables have them on some of their columns only.
    pub by_column: bool,
}

impl Access {
    /// Whether a privilege on the table is granted to the role itself.
    pub fn has_grant(&self, table: &Identifier, role: &Identifier) -> bool {
        let mut there = self.tables.iter();
        let on = there.find(|on| on.tables.contains(table));
        let is_its = |grant: &Grant| matches!(&grant.to, Grantee::Role(to) if to == role);
        on.is_some_and(|on| on.grants.iter().any(is_its))
    }
}

#[cfg(test)]
mod tests;
