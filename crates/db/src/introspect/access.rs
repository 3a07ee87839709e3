//! Who may use the tables.

use crate::session::Rows;
use leora_core::model::Identifier;
use leora_core::model::access::{
    Access, ActingRole, Grant, GrantedAlike, Grantee, Privilege, Privileges,
};

use super::cell::{name, text, texts};

/// Reads the answer of [`crate::catalog`]'s question. Its rows are sorted: those of the same tables come together.
pub(super) fn access(rows: &Rows) -> Access {
    let mut access = Access::default();
    for row in rows {
        let names = |column| {
            let texts = texts(row, column);
            let names = texts.into_iter().flatten();
            names.filter_map(|name| Identifier::of_the_catalog(name).ok())
        };
        if text(row, 0) == "r" {
            let role = access
                .roles
                .entry(name(row, 2))
                .or_insert_with(ActingRole::default);
            role.logins.extend(names(1));
            role.has.extend(names(6));
            role.is_public |= text(row, 3) == "public";
            role.is_current |= text(row, 3) == "current";
            continue;
        }
        let to = match (text(row, 3), row.get(4)) {
            ("PUBLIC", _) => Some(Grantee::Public),
            (_, Some(_)) => Some(Grantee::Role(name(row, 4))),
            // Nobody may do anything with the table.
            (_, None) => None,
        };
        if text(row, 3) == "superuser" {
            access.superusers.insert(name(row, 4));
        }
        let keywords = texts(row, 6).into_iter().flatten();
        let privileges = keywords.filter_map(|keyword| Privilege::of(&keyword));
        let grant = to.map(|to| Grant {
            to,
            column: row.get(5).map(|_| name(row, 5)),
            privileges: Privileges(privileges.collect()),
        });
        let tables: Vec<_> = names(1).collect();
        let alike = || GrantedAlike {
            tables: tables.clone(),
            owner: name(row, 2),
            grants: Vec::new(),
            columns: 0,
        };
        let on = if tables.is_empty() {
            access.created_now.get_or_insert_with(alike)
        } else {
            if access
                .tables
                .last()
                .is_none_or(|last| last.tables != tables)
            {
                access.tables.push(alike());
            }
            match access.tables.last_mut() {
                Some(last) => last,
                None => continue,
            }
        };
        on.grants.extend(grant);
        on.columns = on.columns.max(text(row, 7).parse().unwrap_or_default());
    }
    access
}
