//! Rights that are missing where nothing works without them: those of owners, and of roles that use the existing tables.

use super::check::{Finding, Judgement};
use super::evidence::{Basis, Evidence};
use super::settings::KeptSetting;
use crate::model::access::{Grantee, Lack};
use crate::model::{Identifier, References};

/// Rights that a role has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// What they are on.
    pub kind: Holds,
    /// Its name.
    pub name: Identifier,
    /// The role, as SQL.
    pub role: String,
    /// The rights.
    pub missing: Vec<String>,
    /// The setting that has sessions start as the role; it owns the table or the sequence otherwise.
    pub starting: Option<KeptSetting>,
}

/// What rights are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PostgreSQL's")]
pub enum Holds {
    Table,
    Sequence,
    Schema,
}

/// PostgreSQL checks and follows a foreign key as the owner of the tables it ties (`ri_triggers.c`), and applications
/// commonly connect as the owner. A setting may have their sessions start as another role.
pub(super) fn check(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let references = evidence.actual.references();
    let matters = |shortfall| that_matters(evidence, &references, shortfall);
    let short: Vec<_> = evidence
        .around
        .short_of_rights
        .iter()
        .filter_map(matters)
        .collect();
    let (of_sessions, of_owners): (Vec<_>, Vec<_>) = short
        .iter()
        .partition(|shortfall| shortfall.starting.is_some());
    let by_setting = of_sessions
        .chunk_by(|one, other| one.starting == other.starting)
        .filter_map(|lacking| of_session(evidence, lacking));
    let of_users = of_users(evidence);
    let findings = of_users.chain(of_owners.into_iter().map(of_owner));
    Judgement::none_expected(findings.chain(by_setting).collect()).titled(
        "owners and users of the tables may do with them what the models and the foreign keys need",
    )
}

/// What those lack on the new tables who use the existing ones: an application whose role is not the one that migrates.
fn of_users(evidence: &Evidence<'_>) -> impl Iterator<Item = Finding> {
    let promise = evidence.promise;
    let existing = promise.baseline.table_names().collect();
    let there = |name: &&Identifier| {
        let table = evidence.actual.tables.get(*name);
        table.is_some_and(|table| table.kind.is_table())
    };
    let new: Vec<_> = promise.created.iter().filter(there).cloned().collect();
    let declared = promise
        .created
        .iter()
        .filter_map(|name| promise.declared.tables.get(name));
    let keys = declared.flat_map(|table| table.foreign_keys.values());
    let referenced = keys.filter_map(|key| key.references.here());
    let referenced = referenced
        .filter(|name| !promise.created.contains(name))
        .collect();
    let access = &evidence.around.access;
    let lacking = access.lacking(&existing, &new).into_iter();
    let to_look = access
        .lacking_to_look(&existing, &referenced, &new)
        .into_iter();
    let lacking = lacking.map(|lack| of_user(&lack, "most existing tables"));
    lacking.chain(to_look.map(|lack| of_user(&lack, "the tables that it uses")))
}

/// A finding about what is missing and is there `on` other tables.
fn of_user(lack: &Lack, on: &str) -> Finding {
    let tables = listed(&lack.tables);
    let lacks = format!("no {} on {tables}", lack.privileges);
    let usual = match lack.by_column {
        true => format!("which it has on columns of {on}"),
        false => format!("which it has on {on}"),
    };
    let logins = listed(&lack.roles);
    let (message, to) = match &lack.to {
        Grantee::Public => (
            format!("roles {logins} have {lacks}, which PUBLIC has on {on}"),
            logins,
        ),
        Grantee::Role(role) if lack.roles.iter().eq([role]) => (
            format!("role {} has {lacks}, {usual}", role.quoted()),
            role.quoted(),
        ),
        Grantee::Role(role) => (
            format!(
                "role {}, by which {logins} use the tables, has {lacks}, {usual}",
                role.quoted()
            ),
            role.quoted(),
        ),
    };
    let remedy = format!("GRANT {} ON {tables} TO {to};", lack.privileges);
    Finding::new(message).remedy(match (&lack.to, lack.by_column) {
        (Grantee::Public, _) => remedy + " -- or only those as which the application connects",
        (_, true) => remedy + " -- or only on the columns that it needs",
        (_, false) => remedy,
    })
}

fn listed<'a>(names: impl IntoIterator<Item = &'a Identifier>) -> String {
    let quoted: Vec<_> = names.into_iter().map(Identifier::quoted).collect();
    quoted.join(", ")
}

/// The same without the rights that nothing needs; nothing when none is left.
fn that_matters(
    evidence: &Evidence<'_>,
    references: &References<'_>,
    shortfall: &Shortfall,
) -> Option<Shortfall> {
    let name = &shortfall.name;
    // Whether a foreign key ties the table to another.
    let is_tied = || {
        let own = evidence.actual.tables.get(name);
        own.is_some_and(|table| !table.foreign_keys.is_empty())
            || !references.to(name.as_str()).is_empty()
    };
    let is_model = evidence.promise.declared.tables.contains_key(name);
    let owns = shortfall.starting.is_none();
    let matters = |right: &&String| match shortfall.kind {
        Holds::Schema | Holds::Sequence => true,
        Holds::Table => is_model || owns && *right != "INSERT" && is_tied(),
    };
    let missing: Vec<_> = shortfall.missing.iter().filter(matters).cloned().collect();
    (!missing.is_empty()).then(|| Shortfall {
        missing,
        ..shortfall.clone()
    })
}

fn of_owner(shortfall: &Shortfall) -> Finding {
    let (quoted, role) = (shortfall.name.quoted(), &shortfall.role);
    let missing = shortfall.missing.join(", ");
    let (noun, keyword, owns) = match shortfall.kind {
        Holds::Table => ("", "", "which owns it,"),
        Holds::Sequence => ("sequence ", "SEQUENCE ", "which owns it,"),
        Holds::Schema => ("schema ", "SCHEMA ", "which owns tables of it,"),
    };
    let finding = Finding::new(format!(
        "{noun}{quoted}: role {role}, {owns} has no {missing}"
    ));
    finding.remedy(format!("GRANT {missing} ON {keyword}{quoted} TO {role};"))
}

/// What sessions lack that start as another role: the setting is what is wrong, for the role may be meant to have no rights.
fn of_session(evidence: &Evidence<'_>, lacking: &[&Shortfall]) -> Option<Finding> {
    let [first, ..] = lacking else { return None };
    let setting = first.starting.as_ref()?;
    let rights = lacking.iter().map(|shortfall| {
        let (name, missing) = (shortfall.name.quoted(), shortfall.missing.join(", "));
        match shortfall.kind {
            Holds::Schema => format!("schema {name} ({missing})"),
            Holds::Table | Holds::Sequence => format!("{name} ({missing})"),
        }
    });
    let told: Vec<_> = rights.take(MOST_TOLD).collect();
    let more = match lacking.len() - told.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let finding = Finding::new(format!(
        "{} is set for {}: its sessions lack rights on {}{more}",
        setting.setting,
        setting.holder(),
        told.join(", ")
    ));
    // A session that starts as the role may take nothing back.
    let reset = setting.reset("role", evidence.database);
    Some(finding.remedy(format!("SET ROLE NONE;\n{reset}")))
}

/// The most tables that are told of one setting.
const MOST_TOLD: usize = 5;

#[cfg(test)]
mod tests;
