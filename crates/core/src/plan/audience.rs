//! Who may use the tables that a plan creates, and the grants that make it those who use the existing ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Plan, Published, Request, Step};
use crate::ddl::Change;
use crate::model::access::{Access, Exposed, Grantee, Lack, Privileges};
use crate::model::{Identifier, Schema, in_a_line};

/// Who may use the tables that a plan creates, once they exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Who will own them: the current role.
    pub owner: Identifier,
    /// What default privileges give to others on each of them.
    pub by_default: Vec<DefaultGrant>,
    /// What the roles get by which Supabase serves the internet, by themselves or through others.
    pub exposed: BTreeMap<Identifier, Exposed>,
    /// What those lack who use the existing tables.
    pub lacking: Vec<Lack>,
}

/// Privileges that each new table comes with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultGrant {
    /// To whom.
    pub to: Grantee,
    /// Which.
    pub privileges: Privileges,
}

/// The grants of a plan: to whom, on which table, what.
pub type Grants = BTreeMap<Identifier, BTreeMap<Identifier, Privileges>>;

/// A sentence about a plan that is said before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Whether it must not be overlooked.
    pub is_warning: bool,
    /// The sentence, in one line.
    pub text: String,
}

/// What the grantees of the existing tables lack on those to create.
pub fn grants(request: &Request<'_>, access: &Access) -> Grants {
    let mut grants = Grants::new();
    for lack in access.lacking_grants(&request.existing, request.created) {
        let Grantee::Role(to) = lack.to else { continue };
        for table in lack.tables {
            let privileges = grants.entry(to.clone()).or_default().entry(table);
            privileges.or_default().0.extend(&lack.privileges.0);
        }
    }
    grants
}

impl Plan {
    /// The same plan with what it means for who may use the tables, on a database where `access` is as it is.
    pub fn with_audience(mut self, request: &Request<'_>, access: &Access) -> Plan {
        let creates = |name: &&Identifier| {
            let makes = |step: &Step| matches!(&step.change, Change::CreateTable { name: made, .. } if made == *name);
            self.steps.iter().any(makes)
        };
        let created: Vec<_> = request.created.iter().filter(creates).cloned().collect();
        let Some(now) = access.created_now.as_ref().filter(|_| !created.is_empty()) else {
            self.audience = None;
            return self;
        };
        let mut by_default = BTreeMap::<_, Privileges>::new();
        let is_owner = |to: &Grantee| matches!(to, Grantee::Role(role) if *role == now.owner);
        for grant in now.grants.iter().filter(|grant| !is_owner(&grant.to)) {
            let privileges = by_default.entry(grant.to.clone()).or_default();
            privileges.0.extend(&grant.privileges.0);
        }
        self.audience = Some(Audience {
            owner: now.owner.clone(),
            by_default: by_default
                .into_iter()
                .map(|(to, privileges)| DefaultGrant { to, privileges })
                .collect(),
            exposed: access.exposed_now(),
            lacking: self.still_lacking(request, access, &created),
        });
        self
    }

    /// What the users and the grantees of the existing tables will lack on those that are created, when the plan is
    /// carried out with the grants that it has.
    fn still_lacking(
        &self,
        request: &Request<'_>,
        access: &Access,
        created: &[Identifier],
    ) -> Vec<Lack> {
        if self.basis.grants.is_some() {
            let mut left = access.lacking(&request.existing, created);
            left.retain(|lack| lack.by_column || lack.to == Grantee::Public);
            return left;
        }
        let mut lacking = access.lacking_grants(&request.existing, created);
        let mut users = access.lacking(&request.existing, created);
        users.retain(|lack| lack.by_column || lack.to == Grantee::Public);
        lacking.append(&mut users);
        lacking
    }

    /// The same plan with a step for each of the `grants`, before the steps that lock an existing table.
    pub fn with_grants(mut self, grants: Grants, standing: &Schema) -> Plan {
        if !self.refusals.is_empty() {
            return self;
        }
        let mut steps: Vec<_> = grants
            .iter()
            .flat_map(|(to, tables)| tables.iter().map(move |on| (to, on)))
            .map(|(to, (table, privileges))| {
                let change = Change::Grant {
                    table: table.clone(),
                    privileges: privileges.clone(),
                    to: to.clone(),
                };
                Step::new(change, standing)
            })
            .collect();
        steps.sort_by(|one, other| one.change.object_name().cmp(other.change.object_name()));
        let is_quiet = |step: &Step| step.locks.is_empty();
        let at = self.steps.iter().take_while(|step| is_quiet(step)).count();
        self.steps.splice(at..at, steps);
        self.basis.grants = Some(grants);
        self
    }

    /// What is said of the plan before it is carried out.
    pub fn remarks(&self) -> Vec<Remark> {
        let published = self.published.iter().flat_map(Published::remarks);
        let audience = self.audience.iter();
        let audience = audience.flat_map(|audience| audience.remarks(&self.schema));
        published.chain(audience).collect()
    }

    /// Those that are said where nobody asked for the plan: what is published, and warnings.
    pub fn remarks_unasked(&self) -> Vec<Remark> {
        let published = self.published.iter().flat_map(Published::remarks);
        let others = self.audience.iter();
        let others = others.flat_map(|audience| audience.remarks(&self.schema));
        published
            .chain(others.filter(|remark| remark.is_warning))
            .collect()
    }
}

impl Audience {
    fn remarks(&self, schema: &Identifier) -> Vec<Remark> {
        let mut remarks = vec![Remark::plain(format!(
            "The new tables will belong to {}.",
            self.owner.quoted()
        ))];
        if !self.exposed.is_empty() {
            remarks.push(self.exposure(schema));
        }
        for DefaultGrant { to, privileges } in &self.by_default {
            let is_told = matches!(to, Grantee::Role(role) if self.exposed.contains_key(role));
            if !is_told {
                remarks.push(Remark::plain(format!(
                    "Default privileges give {} {privileges} on each of them.",
                    grantee(to)
                )));
            }
        }
        let lacking = self.lacking.iter();
        remarks.extend(lacking.map(|lack| Remark::warning(told(lack))));
        let grantable = |lack: &Lack| !lack.by_column && lack.to != Grantee::Public;
        if self.lacking.iter().any(grantable) {
            remarks.push(Remark::plain(
                "--grants-like-existing adds these grants to the plan.".to_owned(),
            ));
        }
        remarks
    }

    /// Each table that Supabase's public roles may use is served to the internet.
    fn exposure(&self, schema: &Identifier) -> Remark {
        let exposed = self.exposed.iter();
        let gets: Vec<_> = exposed
            .map(|(role, exposed)| format!("{} gets {}", role.quoted(), exposed.privileges))
            .collect();
        let by: BTreeSet<_> = self
            .exposed
            .values()
            .flat_map(|exposed| &exposed.by)
            .collect();
        let is_owner = |to: &Grantee| matches!(to, Grantee::Role(role) if *role == self.owner);
        let given: Vec<_> = by
            .into_iter()
            .filter(|to| !is_owner(to))
            .map(grantee)
            .collect();
        let (owner, schema) = (self.owner.quoted(), schema.quoted());
        let mut prevent = Vec::new();
        if !given.is_empty() {
            let revoke = format!("REVOKE ALL ON TABLES FROM {};", given.join(", "));
            let of_owner = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {owner}");
            prevent.push(format!("{of_owner} IN SCHEMA {schema} {revoke}"));
            prevent.push(format!("{of_owner} {revoke}"));
        }
        let members = self.exposed.iter();
        let members = members.filter(|(_, exposed)| exposed.by.iter().any(is_owner));
        prevent.extend(members.map(|(role, _)| format!("REVOKE {owner} FROM {};", role.quoted())));
        let prevent = match prevent.is_empty() {
            true => String::new(),
            false => format!(
                " To prevent it, before the migration: {}",
                prevent.join(" ")
            ),
        };
        Remark::warning(format!(
            "The new tables will be open to the internet: {} on each of them, and no row-level security is declared.{prevent}",
            gets.join(", ")
        ))
    }
}

impl Remark {
    pub(super) fn plain(text: String) -> Remark {
        Remark {
            is_warning: false,
            text: in_a_line(&text),
        }
    }

    pub(super) fn warning(text: String) -> Remark {
        Remark {
            is_warning: true,
            text: in_a_line(&text),
        }
    }
}

fn grantee(to: &Grantee) -> String {
    match to {
        Grantee::Public => "PUBLIC".to_owned(),
        Grantee::Role(role) => role.quoted(),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a Identifier>) -> String {
    let quoted: Vec<_> = names.into_iter().map(Identifier::quoted).collect();
    quoted.join(", ")
}

fn told(lack: &Lack) -> String {
    let (privileges, tables) = (&lack.privileges, listed(&lack.tables));
    let usual = match lack.by_column {
        true => "on columns of most existing tables",
        false => "on most existing tables",
    };
    let (who, to) = match &lack.to {
        Grantee::Public => ("PUBLIC".to_owned(), listed(&lack.roles)),
        Grantee::Role(role) => (role.quoted(), role.quoted()),
    };
    let users: BTreeSet<_> = match &lack.to {
        Grantee::Role(role) => lack.roles.iter().filter(|user| *user != role).collect(),
        Grantee::Public => lack.roles.iter().collect(),
    };
    let through = match users.is_empty() {
        true => String::new(),
        false => format!(" (used by {})", listed(users)),
    };
    format!(
        "{who}{through} has {privileges} {usual}, and will lack that on the new ones. After the migration: GRANT {privileges} ON \
         {tables} TO {to};"
    )
}
