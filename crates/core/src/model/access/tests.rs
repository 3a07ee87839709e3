//! Who lacks what on new tables, over privileges in memory.

use super::*;

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

fn names(list: &str) -> BTreeSet<Identifier> {
    list.split_whitespace().map(name).collect()
}

/// `app=SELECT,INSERT` or `app.column=SELECT`; `PUBLIC=...` for every role.
fn grant(text: &str) -> Grant {
    let (to, privileges) = text.split_once('=').expect("grantee=privileges");
    let (to, column) = match to.split_once('.') {
        Some((to, column)) => (to, Some(name(column))),
        None => (to, None),
    };
    let privileges = match privileges {
        "4" => "SELECT,INSERT,UPDATE,DELETE",
        "3" => "SELECT,INSERT,UPDATE",
        other => other,
    };
    Grant {
        to: match to {
            "PUBLIC" => Grantee::Public,
            role => Grantee::Role(name(role)),
        },
        column,
        privileges: Privileges(privileges.split(',').filter_map(Privilege::of).collect()),
    }
}

fn alike(tables: &str, grants: &str) -> GrantedAlike {
    GrantedAlike {
        tables: names(tables).into_iter().collect(),
        owner: name("deploy"),
        grants: grants.split_whitespace().map(grant).collect(),
        columns: 2,
    }
}

/// `app`, `group<app,web` for one that login roles become, `app:readers,writers` for what it has, `*app` for the current
/// role without a login.
fn roles(text: &str) -> BTreeMap<Identifier, ActingRole> {
    let role = |text: &str| {
        let (text, has) = text.split_once(':').unwrap_or((text, ""));
        let (role, logins) = text.split_once('<').unwrap_or((text, text));
        let current = role.strip_prefix('*');
        let acting = ActingRole {
            logins: match current {
                Some(_) => BTreeSet::new(),
                None => names(&logins.replace(',', " ")),
            },
            is_current: current.is_some(),
            is_public: ["anon", "authenticated"].contains(&role),
            has: names(&has.replace(',', " ")),
        };
        (name(current.unwrap_or(role)), acting)
    };
    text.split_whitespace().map(role).collect()
}

/// Three existing tables, `a b c`, granted as `old` says, and one that is created now.
fn access(old: &[(&str, &str)], now: &str, acting: &str) -> Access {
    Access {
        tables: old
            .iter()
            .map(|(tables, grants)| alike(tables, grants))
            .collect(),
        created_now: Some(alike("", now)),
        roles: roles(acting),
        superusers: names("root"),
    }
}

fn told(lacks: &[Lack]) -> String {
    let told = lacks.iter().map(|lack| {
        let to = match &lack.to {
            Grantee::Public => "PUBLIC".to_owned(),
            Grantee::Role(role) => role.to_string(),
        };
        let roles: Vec<_> = lack.roles.iter().map(Identifier::as_str).collect();
        let by = if lack.by_column { " by column" } else { "" };
        format!("{} to {to} for {}{by}", lack.privileges, roles.join(" "))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn lacking(access: &Access) -> String {
    let existing = names("a b c");
    told(&access.lacking(&existing.iter().collect(), &[name("new")]))
}

fn lacking_grants(access: &Access) -> String {
    let existing = names("a b c");
    told(&access.lacking_grants(&existing.iter().collect(), &[name("new")]))
}

/// What is granted on the existing tables and on the new one, the acting roles, and who lacks what.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
    &'static str,
);

const ALL_FOUR: &str = "SELECT, INSERT, UPDATE, DELETE to ";

#[test]
fn who_uses_the_existing_tables_lacks_them_on_the_new_one() {
    let cases: &[Case] = &[
        // The role itself, on all, on two thirds, on less.
        (&[("a b c", "app=4")], "", "app", "app for app"),
        (&[("a b", "app=4"), ("c", "")], "", "app", "app for app"),
        (&[("a", "app=4"), ("b c", "app=3")], "", "app", ""),
        // Of tables that are not of the baseline nothing counts.
        (&[("a b c", ""), ("d e f g h i", "app=4")], "", "app", ""),
        // All four, and not on the same tables.
        (
            &[("a b", "app=SELECT,INSERT"), ("b c", "app=UPDATE,DELETE")],
            "",
            "app",
            "",
        ),
        // By a group, inherited or not.
        (&[("a b c", "group=4")], "", "app:group", "group for app"),
        (
            &[("a b c", "group=4")],
            "",
            "app group<app,web",
            "group for app web",
        ),
        (
            &[("a b c", "group=4")],
            "",
            "group<app,web app:group",
            "group for app web",
        ),
        // By two roles of which neither has all on most.
        (
            &[("a", "one=4"), ("b c", "two=4")],
            "",
            "app:one,two",
            "two for app",
        ),
        (
            &[("a", "one=4"), ("b", "two=4"), ("c", "three=4")],
            "",
            "app:one,two,three",
            "app for app",
        ),
        // Every role: those with a login.
        (
            &[("a b c", "PUBLIC=4")],
            "",
            "app group<app",
            "PUBLIC for app",
        ),
        // The public roles of Supabase are nobody to grant to.
        (&[("a b c", "authenticated=4")], "", "authenticated<app", ""),
        (
            &[("a b c", "authenticated=4")],
            "",
            "app:authenticated",
            "app for app",
        ),
        // Superusers are not either.
        (&[("a b c", "root=4")], "", "app:root", "app for app"),
        // What the new table gives.
        (&[("a b c", "app=4")], "app=4", "app", ""),
        (&[("a b c", "app=4")], "PUBLIC=4", "app", ""),
        (&[("a b c", "group=4")], "group=4", "app:group", ""),
        (
            &[("a b c", "app=4")],
            "",
            "app:pg_read_all_data,pg_write_all_data",
            "",
        ),
    ];
    for (old, now, acting, expected) in cases {
        let expected = match *expected {
            "" => String::new(),
            who => ALL_FOUR.to_owned() + who,
        };
        assert_eq!(
            lacking(&access(old, now, acting)),
            expected,
            "{old:?} {now} {acting}"
        );
    }
}

#[test]
fn only_what_is_missing_is_told() {
    let old: &[(&str, &str)] = &[("a b c", "app=4")];
    for (now, acting, expected) in [
        ("app=3", "app", "DELETE to app for app"),
        (
            "",
            "app:pg_read_all_data",
            "INSERT, UPDATE, DELETE to app for app",
        ),
        (
            "app.x=SELECT app=INSERT,UPDATE,DELETE",
            "app",
            "SELECT to app for app",
        ),
        (
            "app.x=SELECT app.y=SELECT app=INSERT,UPDATE,DELETE",
            "app",
            "",
        ),
    ] {
        assert_eq!(
            lacking(&access(old, now, acting)),
            expected,
            "{now} {acting}"
        );
    }
    let split: &[(&str, &str)] = &[("a b c", "readers=SELECT writers=INSERT,UPDATE,DELETE")];
    assert_eq!(
        lacking(&access(split, "", "app:readers,writers")),
        "SELECT to readers for app; INSERT, UPDATE, DELETE to writers for app"
    );
}

#[test]
fn privileges_on_some_columns_ask_for_no_more_than_some() {
    let old: &[(&str, &str)] = &[("a b c", "app=SELECT,INSERT,DELETE app.x=UPDATE")];
    let lacks = |now| lacking(&access(old, now, "app"));
    assert_eq!(
        lacks(""),
        "UPDATE to app for app by column; SELECT, INSERT, DELETE to app for app"
    );
    assert_eq!(lacks("app=SELECT,INSERT,DELETE app.x=UPDATE"), "");
}

/// It is held to what it has, be it little; others are only when they use the tables.
#[test]
fn the_current_role_lacks_each_of_the_four_by_itself() {
    let old: &[(&str, &str)] = &[("a b c", "app=SELECT,TRUNCATE reader=SELECT")];
    assert_eq!(
        lacking(&access(old, "", "*app reader")),
        "SELECT to app for app"
    );
    assert_eq!(lacking(&access(old, "app=SELECT", "*app reader")), "");
}

/// What the role that looks, marked by a star, lacks on a table that references `a` and `b`, of nine existing ones, beside what it has on most of them.
fn lacking_to_look(old: &[(&str, &str)], now: &str, acting: &str) -> String {
    let existing = names("a b c d e f g h i");
    let referenced = names("a b");
    let mut access = access(old, now, acting);
    for table in &existing {
        if !access.tables.iter().any(|on| on.tables.contains(table)) {
            access.tables.push(alike(table.as_str(), ""));
        }
    }
    let existing = existing.iter().collect();
    told(&access.lacking_to_look(&existing, &referenced.iter().collect(), &[name("new")]))
}

/// What it uses decides what it needs: neither less than most tables of all, nor what it has on few of its own.
#[test]
fn who_looks_lacks_what_it_has_on_what_it_uses() {
    let four = "SELECT, INSERT, UPDATE, DELETE to ";
    let cases: &[Case] = &[
        // All four on half of the tables, on few, on those that are referenced.
        (&[("c d e f", "app=4")], "", "*app", "4app for app"),
        (&[("c", "app=4")], "", "*app", "4app for app"),
        (
            &[("a b", "app=4"), ("c d e", "app=SELECT")],
            "",
            "*app",
            "4app for app",
        ),
        // Reading alone: nothing of writing.
        (
            &[("c d e", "app=SELECT")],
            "",
            "*app",
            "SELECT to app for app",
        ),
        (&[("c d e", "app=SELECT")], "app=SELECT", "*app", ""),
        (
            &[("c d e", "app=SELECT"), ("f", "app=4")],
            "app=SELECT",
            "*app",
            "",
        ),
        // On one of two that are referenced, and few of its own.
        (
            &[("a", "app=4"), ("c d e", "app=SELECT")],
            "app=SELECT",
            "*app",
            "",
        ),
        // What it has on most of all tables is told as that of other roles.
        (&[("a b c d e f g h i", "app=SELECT")], "", "*app", ""),
        (
            &[("a b", "app=4"), ("c d e f g h i", "app=SELECT")],
            "",
            "*app",
            "INSERT, UPDATE, DELETE to app for app",
        ),
        // By a group, inherited or to become; what it has itself comes first.
        (&[("c d", "group=4")], "", "*app:group", "4group for app"),
        (&[("c d", "group=4")], "group=4", "*app:group", ""),
        (
            &[("c d", "group=4")],
            "",
            "*app group<app,web",
            "4group for app web",
        ),
        (
            &[("c d", "group=4"), ("e", "app=SELECT")],
            "app=SELECT",
            "*app group<app",
            "",
        ),
        // On columns.
        (
            &[("c d", "app=SELECT app.x=UPDATE")],
            "app=SELECT",
            "*app",
            "UPDATE to app for app by column",
        ),
        (
            &[("c d", "app=SELECT app.x=UPDATE")],
            "app=SELECT app.y=UPDATE",
            "*app",
            "",
        ),
        // The owner, and who has its privileges.
        (
            &[("c d", "app=4")],
            "app=SELECT,INSERT,UPDATE,DELETE,TRUNCATE",
            "*app",
            "",
        ),
        (&[("c d", "app=4")], "owner=4", "*app:owner", ""),
        // What every role has says nothing of one, nor do other roles, those of Supabase or predefined ones.
        (&[("c d", "PUBLIC=4")], "", "*app", ""),
        (&[("c d", "other=4")], "", "*app other", ""),
        (&[("c d", "anon=4")], "", "*app anon<app", ""),
        (&[("c d", "app=SELECT")], "", "*app:pg_read_all_data", ""),
        // It gets what is missing by no superuser and by no role of Supabase, but itself.
        (
            &[("c d", "authenticated=4")],
            "",
            "*app:authenticated",
            "4app for app",
        ),
        (&[("c d", "root=4")], "", "*app:root", "4app for app"),
        // Other privileges are none of the four, and no role may be looking.
        (&[("c d", "app=TRUNCATE,REFERENCES")], "", "*app", ""),
        (&[("c d", "app=4")], "", "app", ""),
        (&[], "", "*app", ""),
    ];
    for (old, now, acting, expected) in cases {
        let expected = match expected.strip_prefix('4') {
            Some(who) => four.to_owned() + who,
            None => (*expected).to_owned(),
        };
        assert_eq!(
            lacking_to_look(old, now, acting),
            expected,
            "{old:?} {now} {acting}"
        );
    }
}

#[test]
fn grants_follow_those_of_the_existing_tables() {
    let cases: &[Case] = &[
        (
            &[("a b c", "app=4")],
            "",
            "app",
            "SELECT, INSERT, UPDATE, DELETE to app for app",
        ),
        (
            &[("a b c", "reader=SELECT,TRIGGER")],
            "",
            "",
            "SELECT, TRIGGER to reader for reader",
        ),
        (
            &[("a b", "reader=SELECT"), ("c", "")],
            "",
            "",
            "SELECT to reader for reader",
        ),
        (&[("a", "reader=SELECT"), ("b c", "")], "", "", ""),
        (&[("a b c", "reader=SELECT")], "reader=SELECT", "", ""),
        (&[("a b c", "reader=SELECT")], "PUBLIC=SELECT", "", ""),
        (
            &[("a b c", "reader=SELECT")],
            "group=SELECT",
            "reader:group",
            "",
        ),
        (
            &[("a b c", "group=4")],
            "",
            "app:group web:group",
            "SELECT, INSERT, UPDATE, DELETE to group for app web",
        ),
        (
            &[("a b c", "PUBLIC=4 anon=4 authenticated=4 root=4")],
            "",
            "app",
            "",
        ),
        // What a role has by several is granted to itself, what it has on columns to nobody.
        (
            &[("a", "one=4"), ("b", "two=4"), ("c", "three=4")],
            "",
            "app:one,two,three",
            "SELECT, INSERT, UPDATE, DELETE to app for app",
        ),
        (
            &[("a b c", "app=3 app.x=DELETE")],
            "",
            "app",
            "SELECT, INSERT, UPDATE to app for app",
        ),
        (
            &[("a b c", "app=SELECT,INSERT,DELETE app.x=UPDATE")],
            "",
            "app",
            "SELECT, INSERT, DELETE to app for app",
        ),
    ];
    for (old, now, acting, expected) in cases {
        assert_eq!(
            lacking_grants(&access(old, now, acting)),
            *expected,
            "{old:?} {now} {acting}"
        );
    }
}

#[test]
fn what_supabase_serves_the_internet_by_is_told_with_all_ways_to_it() {
    let exposed = |now| {
        let access = access(&[], now, "anon:group authenticated app");
        let exposed = access.exposed_now().into_iter();
        exposed
            .map(|(role, exposed)| format!("{role}: {}", exposed.privileges))
            .collect::<Vec<_>>()
    };
    assert_eq!(exposed("app=4"), [""; 0]);
    assert_eq!(
        exposed("authenticated=TRUNCATE,SELECT"),
        ["authenticated: SELECT, TRUNCATE"]
    );
    assert_eq!(exposed("group=SELECT"), ["anon: SELECT"]);
    assert_eq!(
        exposed("PUBLIC=SELECT"),
        ["anon: SELECT", "authenticated: SELECT"]
    );
}
