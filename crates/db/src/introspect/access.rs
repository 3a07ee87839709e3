//! Who may use the tables.

use crate::query::{Answer as _, answer, codes};
use crate::session::Unreadable;
use leora_core::model::Identifier;
use leora_core::model::access::{
    Access, ActingRole, Grant, GrantedAlike, Grantee, Privilege, Privileges,
};

answer! {
    pub(super) struct AccessRow of "access" {
        kind: Kind,
        tables: Option<Vec<Identifier>>,
        owner: Option<Identifier>,
        class: Option<Class>,
        grantee: Option<Identifier>,
        on_column: Option<Identifier>,
        privileges: Option<Vec<Option<String>>>,
        column_count: Option<usize>,
        role: Option<Identifier>,
        logins: Option<Vec<Identifier>>,
        inherits: Option<Vec<Identifier>>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Grant,
    Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Public,
    Superuser,
    PublicRole,
    CurrentRole,
}

codes! {
    Kind, "kind of row" {
        "grant" => Kind::Grant,
        "role" => Kind::Role,
    }
    Class, "class of role" {
        "PUBLIC" => Class::Public,
        "superuser" => Class::Superuser,
        "public" => Class::PublicRole,
        "current" => Class::CurrentRole,
    }
}

/// Reads the rows. They are sorted: those of the same tables come together.
pub(super) fn access(rows: Vec<AccessRow>) -> Result<Access, Unreadable> {
    let mut access = Access::default();
    for row in rows {
        match row.kind {
            Kind::Role => {
                let name = given(row.role, "role")?;
                let role = access.roles.entry(name).or_insert_with(ActingRole::default);
                role.logins.extend(row.logins.into_iter().flatten());
                role.has.extend(row.inherits.into_iter().flatten());
                role.is_public |= row.class == Some(Class::PublicRole);
                role.is_current |= row.class == Some(Class::CurrentRole);
            }
            Kind::Grant => grant(&mut access, row)?,
        }
    }
    Ok(access)
}

fn grant(access: &mut Access, row: AccessRow) -> Result<(), Unreadable> {
    if row.class == Some(Class::Superuser) {
        access.superusers.extend(row.grantee.clone());
    }
    let to = match (row.class, row.grantee) {
        (Some(Class::Public), _) => Some(Grantee::Public),
        (_, Some(role)) => Some(Grantee::Role(role)),
        // Nobody has a privilege on the table.
        (_, None) => None,
    };
    // One NULL is the answer where there is no privilege.
    let keywords = row.privileges.into_iter().flatten().flatten();
    let privileges: Result<_, _> = keywords.map(privilege).collect();
    let privileges = Privileges(privileges?);
    let grant = to.map(|to| Grant {
        to,
        column: row.on_column,
        privileges,
    });
    let alike = GrantedAlike {
        tables: row.tables.unwrap_or_default(),
        owner: given(row.owner, "owner")?,
        grants: Vec::new(),
        columns: 0,
    };
    let on = if alike.tables.is_empty() {
        access.created_now.get_or_insert(alike)
    } else {
        let last = access.tables.last();
        if last.is_none_or(|last| last.tables != alike.tables) {
            access.tables.push(alike);
        }
        match access.tables.last_mut() {
            Some(last) => last,
            None => return Ok(()),
        }
    };
    on.grants.extend(grant);
    on.columns = on.columns.max(row.column_count.unwrap_or_default());
    Ok(())
}

fn privilege(keyword: String) -> Result<Privilege, Unreadable> {
    Privilege::of(&keyword).ok_or(Unreadable::Unknown {
        query: AccessRow::QUERY.name,
        column: "privileges",
        expected: "privilege on a table",
        found: keyword,
    })
}

fn given(name: Option<Identifier>, column: &'static str) -> Result<Identifier, Unreadable> {
    name.ok_or(Unreadable::Unexpected {
        query: AccessRow::QUERY.name,
        column,
        expected: "name",
        found: None,
    })
}
