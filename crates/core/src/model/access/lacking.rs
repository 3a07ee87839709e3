//! Who lacks what on new tables, by what is usual on the existing ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Access, ActingRole, Exposed, Grant, GrantedAlike, Grantee, Lack, Privilege, Privileges,
};
use crate::model::Identifier;

/// How far a privilege goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    SomeColumns,
    WholeTable,
}

/// What a role may do with a table.
type Rights = BTreeMap<Privilege, Reach>;

/// On how many tables a role has what.
#[derive(Default)]
struct Counted {
    /// Any of the four.
    any: usize,
    /// Each of the four, at least so far.
    counts: BTreeMap<(Privilege, Reach), usize>,
}

/// The roles that a migration grants nothing to: Supabase serves the internet by them.
const SUPABASE_PUBLIC: [&str; 2] = ["anon", "authenticated"];

/// Two thirds.
fn is_usual(count: usize, of: usize) -> bool {
    of > 0 && count * 3 >= of * 2
}

impl Access {
    /// What the roles that use the `existing` tables lack on the `new` ones: login roles, and roles that they act as,
    /// that have SELECT, INSERT, UPDATE and DELETE on at least two thirds of the existing tables; of the current role
    /// each of the four that it has there. A new table that does not exist has what the current role would give it.
    pub fn lacking(&self, existing: &BTreeSet<&Identifier>, new: &[Identifier]) -> Vec<Lack> {
        let mut lacks = Lacks::default();
        let total = self.total(existing);
        let counts = self.counts(existing, |_| true);
        for (name, role) in self.roles.iter().filter(|(_, role)| !role.is_public) {
            let is_usual_for = |to: &Grantee, privilege| {
                let count = counts.get(to).and_then(|counts| counts.get(&privilege));
                count.is_some_and(|count| is_usual(*count, total))
            };
            let usual = self.usual(name, role, existing);
            self.add_lacks(&mut lacks, (name, role), &usual, new, is_usual_for);
        }
        lacks.merged()
    }

    /// What the role that looks lacks on the `new` tables beside that: a privilege that is granted to it, or to a role
    /// whose privileges it has, on each of the `referenced` tables, or on at least two thirds of the existing tables on
    /// which it has any of the four. Where it has none itself, the roles that it may become are looked at.
    pub fn lacking_to_look(
        &self,
        existing: &BTreeSet<&Identifier>,
        referenced: &BTreeSet<&Identifier>,
        new: &[Identifier],
    ) -> Vec<Lack> {
        let mut lacks = Lacks::default();
        let counts = self.counts(existing, |_| true);
        for (name, role) in self.looking(existing) {
            let own = self.counted(name, role, existing);
            let on_referenced = self.counted(name, role, referenced).counts;
            let mut usual = Rights::new();
            for (&(privilege, reach), &count) in &own.counts {
                let everywhere = on_referenced.get(&(privilege, reach)) == Some(&referenced.len());
                if is_usual(count, own.any) || everywhere {
                    usual.insert(privilege, reach);
                }
            }
            for (privilege, reach) in self.usual(name, role, existing) {
                if usual.get(&privilege) <= Some(&reach) {
                    usual.remove(&privilege);
                }
            }
            let is_usual_for = |to: &Grantee, privilege| {
                let count = counts.get(to).and_then(|counts| counts.get(&privilege));
                let all = own.counts.get(&(privilege, Reach::SomeColumns));
                *to != Grantee::Public
                    && count
                        .zip(all)
                        .is_some_and(|(count, all)| is_usual(*count, *all))
            };
            self.add_lacks(&mut lacks, (name, role), &usual, new, is_usual_for);
        }
        lacks.merged()
    }

    /// The role that looks, or those that it may become, where it has no privilege itself.
    fn looking<'a>(
        &'a self,
        existing: &BTreeSet<&Identifier>,
    ) -> Vec<(&'a Identifier, &'a ActingRole)> {
        let mut roles = self.roles.iter();
        let Some((name, role)) = roles.find(|(_, role)| role.is_current) else {
            return Vec::new();
        };
        if self.counted(name, role, existing).any > 0 {
            return vec![(name, role)];
        }
        let others = self.roles.iter().filter(|(_, role)| !role.is_public);
        others
            .filter(|(_, other)| other.logins.contains(name))
            .collect()
    }

    /// On how many of the tables `role` has which of the four, by what is granted to it and to roles whose privileges
    /// it has, and not to PUBLIC.
    fn counted(
        &self,
        name: &Identifier,
        role: &ActingRole,
        tables: &BTreeSet<&Identifier>,
    ) -> Counted {
        let mut counted = Counted::default();
        for on in &self.tables {
            let granted = on.grants.iter().filter(|grant| grant.to != Grantee::Public);
            let granted = GrantedAlike {
                grants: granted.cloned().collect(),
                ..on.clone()
            };
            let rights = rights(name, role, &granted);
            let tables = of(on, tables);
            let four = Privilege::READ_AND_WRITE.iter();
            let there: Vec<_> = four
                .filter_map(|one| Some((*one, *rights.get(one)?)))
                .collect();
            if !there.is_empty() {
                counted.any += tables;
            }
            for (privilege, reach) in there {
                for least in [Reach::SomeColumns, Reach::WholeTable] {
                    if reach >= least {
                        *counted.counts.entry((privilege, least)).or_default() += tables;
                    }
                }
            }
        }
        counted
    }

    /// Adds what `role` lacks on the `new` tables of what is `usual` for it.
    fn add_lacks(
        &self,
        lacks: &mut Lacks,
        (name, role): (&Identifier, &ActingRole),
        usual: &Rights,
        new: &[Identifier],
        is_usual_for: impl Fn(&Grantee, Privilege) -> bool,
    ) {
        for table in new {
            let rights = self.on(table).map(|on| rights(name, role, on));
            let rights = rights.unwrap_or_default();
            for (&privilege, &reach) in usual {
                if rights.get(&privilege).is_some_and(|there| *there >= reach) {
                    continue;
                }
                if let Some(to) = self.source(name, role, |to| is_usual_for(to, privilege)) {
                    let roles = match role.logins.is_empty() {
                        true => BTreeSet::from([name.clone()]),
                        false => role.logins.clone(),
                    };
                    lacks.add(to, table, privilege, reach, roles);
                }
            }
        }
    }

    /// What the grantees of the `existing` tables lack on the `new` ones: the privileges that each has on at least two
    /// thirds of them; and of [`Access::lacking`] what a role has by several. PUBLIC, superusers and the roles by which
    /// Supabase serves the internet are left out, and so is what is granted on columns: the new tables have others.
    pub fn lacking_grants(
        &self,
        existing: &BTreeSet<&Identifier>,
        new: &[Identifier],
    ) -> Vec<Lack> {
        let mut lacks = Lacks::default();
        let total = self.total(existing);
        for (to, counts) in self.counts(existing, |grant| grant.column.is_none()) {
            let Grantee::Role(name) = to else { continue };
            if self.is_left_out(name) {
                continue;
            }
            let nobody = ActingRole::default();
            let role = self.roles.get(name).unwrap_or(&nobody);
            for table in new {
                let rights = self.on(table).map(|on| rights(name, role, on));
                let rights = rights.unwrap_or_default();
                let usual = counts.iter().filter(|(_, count)| is_usual(**count, total));
                for (&privilege, _) in usual {
                    if rights.get(&privilege) != Some(&Reach::WholeTable) {
                        let roles = self.acting_as(name);
                        lacks.add(to.clone(), table, privilege, Reach::WholeTable, roles);
                    }
                }
            }
        }
        for lack in self.lacking(existing, new) {
            if lack.by_column || lack.to == Grantee::Public {
                continue;
            }
            for table in &lack.tables {
                for &privilege in &lack.privileges.0 {
                    let (to, roles) = (lack.to.clone(), lack.roles.clone());
                    lacks.add(to, table, privilege, Reach::WholeTable, roles);
                }
            }
        }
        lacks.merged()
    }

    /// What a table that is created now gives to each of the roles by which Supabase serves the internet.
    pub fn exposed_now(&self) -> BTreeMap<Identifier, Exposed> {
        let Some(now) = &self.created_now else {
            return BTreeMap::new();
        };
        let public = self.roles.iter().filter(|(_, role)| role.is_public);
        let exposed = public.map(|(name, role)| {
            let grants = now.grants.iter().filter(|grant| has(name, role, &grant.to));
            let exposed = Exposed {
                privileges: Privileges(rights(name, role, now).into_keys().collect()),
                by: grants.map(|grant| grant.to.clone()).collect(),
            };
            (name.clone(), exposed)
        });
        exposed
            .filter(|(_, exposed)| !exposed.privileges.0.is_empty())
            .collect()
    }

    /// How many of the existing tables there are.
    pub fn total(&self, existing: &BTreeSet<&Identifier>) -> usize {
        self.tables.iter().map(|on| of(on, existing)).sum()
    }

    /// The table, or what it will be once the current role creates it.
    fn on(&self, table: &Identifier) -> Option<&GrantedAlike> {
        let mut there = self.tables.iter();
        let there = there.find(|on| on.tables.contains(table));
        there.or(self.created_now.as_ref())
    }

    fn is_left_out(&self, role: &Identifier) -> bool {
        self.superusers.contains(role) || SUPABASE_PUBLIC.contains(&role.as_str())
    }

    /// The login roles that have the privileges of `name`; itself where there is none.
    fn acting_as(&self, name: &Identifier) -> BTreeSet<Identifier> {
        let roles = self.roles.iter();
        let acting = roles.filter(|(acting, role)| *acting == name || role.has.contains(name));
        let mut logins: BTreeSet<_> = acting.flat_map(|(_, role)| role.logins.clone()).collect();
        if logins.is_empty() {
            logins.insert(name.clone());
        }
        logins
    }

    /// What is usual for `role` on the existing tables, of reading and writing.
    fn usual(
        &self,
        name: &Identifier,
        role: &ActingRole,
        existing: &BTreeSet<&Identifier>,
    ) -> Rights {
        let total = self.total(existing);
        let (mut all_four, mut counts) = (0, BTreeMap::<_, usize>::new());
        for on in &self.tables {
            let rights = rights(name, role, on);
            let tables = of(on, existing);
            if Privilege::READ_AND_WRITE
                .iter()
                .all(|one| rights.contains_key(one))
            {
                all_four += tables;
            }
            for privilege in Privilege::READ_AND_WRITE {
                let reach = rights.get(&privilege).copied();
                for least in [Reach::SomeColumns, Reach::WholeTable] {
                    if reach >= Some(least) {
                        *counts.entry((privilege, least)).or_default() += tables;
                    }
                }
            }
        }
        let is_user = !role.logins.is_empty() && is_usual(all_four, total);
        if !is_user && !role.is_current {
            return Rights::new();
        }
        let usual = counts
            .into_iter()
            .filter(|(_, count)| is_usual(*count, total));
        // Sorted, so that the farther reach comes last.
        usual.map(|(key, _)| key).collect()
    }

    /// By whom `role` has a privilege that is usual for some grantees: itself, a role whose privileges it has, or every
    /// role; itself where it is none of them alone. Nothing for a role without a login that has it as every role does.
    fn source(
        &self,
        name: &Identifier,
        role: &ActingRole,
        is_usual_for: impl Fn(&Grantee) -> bool,
    ) -> Option<Grantee> {
        let itself = Grantee::Role(name.clone());
        if is_usual_for(&itself) {
            return Some(itself);
        }
        let others = role.has.iter().filter(|other| !self.is_left_out(other));
        let mut others = others.map(|other| Grantee::Role(other.clone()));
        if let Some(other) = others.find(&is_usual_for) {
            return Some(other);
        }
        match is_usual_for(&Grantee::Public) {
            true if role.logins.contains(name) || role.is_current => Some(Grantee::Public),
            true => None,
            false => Some(itself),
        }
    }

    /// On how many of the existing tables each grantee has each privilege, by the grants that count.
    fn counts(
        &self,
        existing: &BTreeSet<&Identifier>,
        counted: impl Fn(&Grant) -> bool,
    ) -> BTreeMap<&Grantee, BTreeMap<Privilege, usize>> {
        let mut counts = BTreeMap::<_, BTreeMap<_, usize>>::new();
        for on in &self.tables {
            let mut granted = BTreeSet::new();
            for grant in on.grants.iter().filter(|grant| counted(grant)) {
                granted.extend(grant.privileges.0.iter().map(|one| (&grant.to, *one)));
            }
            let tables = of(on, existing);
            for (to, privilege) in granted {
                *counts.entry(to).or_default().entry(privilege).or_default() += tables;
            }
        }
        counts
    }
}

/// How many of the tables are among the existing ones.
fn of(on: &GrantedAlike, existing: &BTreeSet<&Identifier>) -> usize {
    let tables = on.tables.iter();
    tables.filter(|table| existing.contains(table)).count()
}

/// Whether the role has what is granted to `to`.
fn has(name: &Identifier, role: &ActingRole, to: &Grantee) -> bool {
    match to {
        Grantee::Public => true,
        Grantee::Role(to) => to == name || role.has.contains(to),
    }
}

/// What the role may do with the tables.
fn rights(name: &Identifier, role: &ActingRole, on: &GrantedAlike) -> Rights {
    let mut rights = Rights::new();
    let mut columns = BTreeMap::<_, BTreeSet<_>>::new();
    for grant in on.grants.iter().filter(|grant| has(name, role, &grant.to)) {
        for &privilege in &grant.privileges.0 {
            let reach = match &grant.column {
                None => Reach::WholeTable,
                Some(column) => {
                    let granted = columns.entry(privilege).or_default();
                    granted.insert(column);
                    match granted.len() == on.columns {
                        true => Reach::WholeTable,
                        false => Reach::SomeColumns,
                    }
                }
            };
            let there = rights.entry(privilege).or_insert(reach);
            *there = reach.max(*there);
        }
    }
    let predefined: [(&str, &[Privilege]); 2] = [
        ("pg_read_all_data", &Privilege::READ_AND_WRITE[..1]),
        ("pg_write_all_data", &Privilege::READ_AND_WRITE[1..]),
    ];
    for (_, privileges) in predefined.iter().filter(|(of, _)| role.has.contains(*of)) {
        rights.extend(privileges.iter().map(|one| (*one, Reach::WholeTable)));
    }
    rights
}

/// What is missing, while it is collected: by grantee, table and reach.
#[derive(Default)]
struct Lacks(
    BTreeMap<(Grantee, Reach), BTreeMap<Identifier, BTreeSet<Privilege>>>,
    BTreeMap<Grantee, BTreeSet<Identifier>>,
);

impl Lacks {
    fn add(
        &mut self,
        to: Grantee,
        table: &Identifier,
        privilege: Privilege,
        reach: Reach,
        roles: BTreeSet<Identifier>,
    ) {
        self.1.entry(to.clone()).or_default().extend(roles);
        let tables = self.0.entry((to, reach)).or_default();
        tables.entry(table.clone()).or_default().insert(privilege);
    }

    /// One for each grantee and set of privileges.
    fn merged(self) -> Vec<Lack> {
        let Lacks(missing, roles) = self;
        let mut merged: Vec<Lack> = Vec::new();
        for ((to, reach), tables) in missing {
            for (table, privileges) in tables {
                let (privileges, by_column) = (Privileges(privileges), reach == Reach::SomeColumns);
                let same = merged.iter_mut().find(|lack| {
                    lack.to == to && lack.by_column == by_column && lack.privileges == privileges
                });
                match same {
                    Some(lack) => lack.tables.push(table),
                    None => merged.push(Lack {
                        privileges,
                        tables: vec![table],
                        roles: roles.get(&to).cloned().unwrap_or_default(),
                        by_column,
                        to: to.clone(),
                    }),
                }
            }
        }
        merged
    }
}
