//! What is to be typed about each kind of difference.

mod column;
mod labels;

use super::{
    APPLY_MAKES, SEE_WHAT_STANDS, SETTLE_FOREIGN_KEYS, SETTLE_TABLE, SETTLE_TABLES,
    is_left_to_others,
};
use crate::model::{
    Column, ColumnDefault, Constraint, Enum, Expression, Firing, Generated, Identity, IndexState,
    IndexTarget, Persistence, Schema, SqlType, Table, Trigger, Validity,
};
use crate::verify::check::Finding;
use crate::verify::check::Outcome;
use crate::verify::checklist::tests::{check_against, name, promise, table};
use crate::verify::promise::Promise;

/// The first remedy of the check called `id`, on one line, where `promised` was changed from what the
/// application promises and `change` from that.
fn said(
    id: &str,
    promised: impl FnOnce(&mut Promise),
    change: impl FnOnce(&mut Schema),
) -> Option<String> {
    let mut promise = promise().clone();
    promised(&mut promise);
    let outcome = check_against(&promise, id, change).outcome;
    let Outcome::Failed { findings } = outcome else {
        panic!("{id}: {outcome:?}");
    };
    let remedy = findings.first().expect("a finding").remedy.as_ref()?;
    Some(remedy.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn assert_said(id: &str, change: impl FnOnce(&mut Schema), expected: &str) {
    assert_eq!(said(id, |_| {}, change).as_deref(), Some(expected), "{id}");
}

fn user(schema: &mut Schema) -> &mut Table {
    table(schema, "User")
}

const KEEP: &str = "; -- unless it belongs there: then waive it, or refresh the baseline";
const APPLY: &str = "leora-migrate apply makes what can be made; leora-migrate plan shows it.";

fn never() -> Constraint {
    Constraint {
        definition: "CHECK (false)".to_owned(),
        validity: Validity::Valid,
    }
}

fn trigger(definition: &str) -> Trigger {
    Trigger {
        definition: definition.to_owned(),
        firing: Firing::Enabled,
    }
}

#[test]
fn what_is_too_many_is_dropped() {
    let dropped = |id: &str, change: fn(&mut Table), sql: &str| {
        assert_said(id, |schema| change(user(schema)), &format!("{sql}{KEEP}"));
    };
    dropped(
        "tables.constraints",
        |user| drop(user.checks.insert(name("no"), never())),
        r#"ALTER TABLE "User" DROP CONSTRAINT "no""#,
    );
    dropped(
        "tables.triggers",
        |user| drop(user.triggers.insert(name("t"), trigger("CREATE TRIGGER t"))),
        r#"DROP TRIGGER "t" ON "User""#,
    );
    dropped(
        "tables.triggers",
        |user| drop(user.rules.insert(name("r"), trigger("CREATE RULE r"))),
        r#"DROP RULE "r" ON "User""#,
    );
    dropped(
        "integrity.indexes",
        |user| {
            let mut index = user.indexes["User_tenantId_email_key"].clone();
            index.keys.truncate(1);
            user.indexes.insert(name("u"), index);
        },
        r#"DROP INDEX CONCURRENTLY "u""#,
    );
    dropped(
        "integrity.indexes",
        |user| {
            let mut index = user.indexes["User_tenantId_email_key"].clone();
            index.keys.truncate(1);
            index.constraint = true;
            user.indexes.insert(name("u"), index);
        },
        r#"ALTER TABLE "User" DROP CONSTRAINT "u""#,
    );
    assert_said(
        "tables.columns",
        |schema| more(user(schema)),
        &format!(r#"ALTER TABLE "User" DROP COLUMN "more"{KEEP} -- its values go with it"#),
    );
}

fn more(user: &mut Table) {
    let mut column = user.columns[1].clone();
    column.name = name("more");
    user.columns.push(column);
}

#[test]
fn a_unique_index_becomes_the_key_that_is_not_there() {
    let instead = |descending: bool| {
        move |schema: &mut Schema| {
            let user = user(schema);
            let key = user.primary_key.take().expect("a key");
            let mut index = user.indexes["User_tenantId_email_key"].clone();
            index.keys.truncate(1);
            index.keys[0].on = IndexTarget::Column(key.columns[0].clone());
            index.keys[0].descending = descending;
            user.indexes.insert(name("u"), index);
        }
    };
    assert_said(
        "integrity.indexes",
        instead(false),
        r#"ALTER TABLE "User" ADD CONSTRAINT "User_pkey" PRIMARY KEY USING INDEX "u";"#,
    );
    let said = said("integrity.indexes", |_| {}, instead(true)).expect("a remedy");
    assert!(said.starts_with("DROP INDEX"), "{said}");
}

#[test]
fn what_is_missing_is_made_by_apply_where_apply_makes_it_and_by_hand_elsewhere() {
    assert_said(
        "integrity.indexes",
        |schema| drop(table(schema, "Job").indexes.remove("Job_status_idx")),
        APPLY,
    );
    assert_said(
        "integrity.indexes",
        |schema| drop(user(schema).indexes.remove("User_tenantId_email_key")),
        r#"CREATE UNIQUE INDEX CONCURRENTLY "User_tenantId_email_key" ON "User" ("tenantId", "email");"#,
    );
    assert_said(
        "integrity.foreign-keys",
        |schema| drop(user(schema).foreign_keys.remove("User_tenantId_fkey")),
        r#"ALTER TABLE "User" ADD CONSTRAINT "User_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID; ALTER TABLE "User" VALIDATE CONSTRAINT "User_tenantId_fkey";"#,
    );
    assert_said(
        "integrity.primary-keys",
        |schema| user(schema).primary_key = None,
        r#"ALTER TABLE "User" ADD CONSTRAINT "User_pkey" PRIMARY KEY ("id");"#,
    );
    assert_said(
        "tables.columns",
        |schema| {
            user(schema)
                .columns
                .retain(|column| column.name != *"fullName")
        },
        r#"ALTER TABLE "User" ADD COLUMN "fullName" TEXT; -- the values went with the column: fill them in here, from a backup ALTER TABLE "User" ALTER COLUMN "fullName" SET NOT NULL;"#,
    );
}

/// As far as a baseline holds such things, which the application's does not.
#[test]
fn what_a_baseline_holds_beside_columns_and_keys_is_made_as_it_was() {
    let made = |id: &str, promised: fn(&mut Table), sql: &str| {
        let lost = |promise: &mut Promise| promised(user(&mut promise.whole));
        let change = |schema: &mut Schema| {
            let user = user(schema);
            user.checks.clear();
            user.triggers.clear();
            user.rules.clear();
            user.row_security.policies.clear();
        };
        assert_eq!(said(id, lost, change).as_deref(), Some(sql), "{id}");
    };
    made(
        "tables.constraints",
        |user| drop(user.checks.insert(name("no"), never())),
        r#"ALTER TABLE "User" ADD CONSTRAINT "no" CHECK (false) NOT VALID; ALTER TABLE "User" VALIDATE CONSTRAINT "no";"#,
    );
    made(
        "tables.triggers",
        |user| drop(user.triggers.insert(name("t"), trigger("CREATE TRIGGER t"))),
        "CREATE TRIGGER t;",
    );
    made(
        "tables.triggers",
        |user| drop(user.rules.insert(name("r"), trigger("CREATE RULE r"))),
        "CREATE RULE r;",
    );
    made(
        "tenants.row-security",
        |user| {
            drop(
                user.row_security
                    .policies
                    .insert(name("p"), "USING (true)".to_owned()),
            )
        },
        r#"CREATE POLICY "p" ON "User" USING (true);"#,
    );
}

#[test]
fn an_index_or_a_key_that_is_otherwise_is_mended_or_made_anew() {
    let email = "User_tenantId_email_key";
    let create = r#"CREATE UNIQUE INDEX CONCURRENTLY "User_tenantId_email_key" ON "User" ("tenantId", "email");"#;
    let index = |change: fn(&mut crate::model::Index)| {
        move |schema: &mut Schema| change(user(schema).indexes.get_mut(email).expect("there"))
    };
    assert_said(
        "integrity.indexes",
        index(|index| index.state = IndexState::Invalid),
        r#"REINDEX INDEX CONCURRENTLY "User_tenantId_email_key";"#,
    );
    assert_said(
        "integrity.indexes",
        index(|index| index.nulls_not_distinct = true),
        &format!(r#"DROP INDEX CONCURRENTLY "{email}"; {create}"#),
    );
    assert_said(
        "integrity.indexes",
        |schema| {
            let index = table(schema, "Job").indexes.get_mut("Job_status_idx");
            index.expect("there").state = IndexState::Invalid;
        },
        r#"leora-migrate apply drops it and makes it anew; or by hand: REINDEX INDEX CONCURRENTLY "Job_status_idx";"#,
    );
    assert_said(
        "integrity.indexes",
        |schema| {
            let indexes = &mut user(schema).indexes;
            let index = indexes.remove(email).expect("there");
            indexes.insert(name("old"), index);
        },
        r#"ALTER INDEX "old" RENAME TO "User_tenantId_email_key";"#,
    );
    assert_said(
        "integrity.primary-keys",
        |schema| user(schema).primary_key.as_mut().expect("there").name = name("old"),
        r#"ALTER TABLE "User" RENAME CONSTRAINT "old" TO "User_pkey";"#,
    );
    let key = |change: fn(&mut crate::model::ForeignKey)| {
        move |schema: &mut Schema| {
            let keys = &mut user(schema).foreign_keys;
            change(keys.get_mut("User_tenantId_fkey").expect("there"));
        }
    };
    let anew = r#"ALTER TABLE "User" DROP CONSTRAINT "User_tenantId_fkey"; ALTER TABLE "User" ADD CONSTRAINT "User_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID; ALTER TABLE "User" VALIDATE CONSTRAINT "User_tenantId_fkey";"#;
    let keys = "integrity.foreign-keys";
    assert_said(keys, key(|key| key.match_full = true), anew);
    assert_said(keys, key(|key| key.triggers = Firing::Missing), anew);
    assert_said(
        keys,
        key(|key| key.validity = Validity::NotValid),
        r#"ALTER TABLE "User" VALIDATE CONSTRAINT "User_tenantId_fkey";"#,
    );
    let enabled = said(keys, |_| {}, key(|key| key.triggers = Firing::Disabled));
    let enabled = enabled.expect("a remedy");
    assert!(
        enabled.starts_with(r#"ALTER TABLE "User" ENABLE TRIGGER ALL; -- "#),
        "{enabled}"
    );
}

#[test]
fn a_table_that_is_otherwise_is_changed_in_place() {
    let kind = "tables.kind";
    assert_said(
        kind,
        |schema| user(schema).persistence = Persistence::Unlogged,
        r#"ALTER TABLE "User" SET LOGGED;"#,
    );
    assert_said(
        kind,
        |schema| user(schema).of_type = Some("person".to_owned()),
        r#"ALTER TABLE "User" NOT OF;"#,
    );
    let inherits = |schema: &mut Schema| user(schema).inherits = vec!["public.person".to_owned()];
    assert_said(
        kind,
        inherits,
        r#"ALTER TABLE "User" NO INHERIT public.person; -- then look whose rows they are"#,
    );
    let fence = |(enabled, forced): (bool, bool)| {
        move |table: &mut Table| {
            table.row_security.enabled = enabled;
            table.row_security.forced = forced;
        }
    };
    for (promised, actual, what) in [
        ((true, false), (true, true), "NO FORCE"),
        ((true, true), (true, false), "FORCE"),
        ((true, false), (false, false), "ENABLE"),
    ] {
        let said = said(
            "tenants.row-security",
            |promise| fence(promised)(user(&mut promise.whole)),
            |schema| fence(actual)(user(schema)),
        );
        let sql = format!(r#"ALTER TABLE "User" {what} ROW LEVEL SECURITY;"#);
        assert_eq!(said, Some(sql));
    }
    let put_up = said(
        "tenants.row-security",
        |_| {},
        |schema| fence((true, true))(user(schema)),
    );
    let put_up = put_up.expect("a remedy");
    assert!(put_up.starts_with("If it belongs there"), "{put_up}");
    let neighbours = said(
        "tenants.row-security",
        |_| {},
        |schema| {
            let created = promise().created.clone();
            let tables = schema.tables.iter_mut();
            for (_, table) in tables.filter(|(name, _)| !created.contains(name)) {
                fence((true, true))(table);
                let policies = &mut table.row_security.policies;
                policies.insert(name("p"), "USING (true)".to_owned());
            }
        },
    );
    let as_neighbours = r#"CREATE POLICY "p" ON "MetricDefinition" USING (true); ALTER TABLE "MetricDefinition" ENABLE ROW LEVEL SECURITY; ALTER TABLE "MetricDefinition" FORCE ROW LEVEL SECURITY;"#;
    assert_eq!(neighbours.as_deref(), Some(as_neighbours));
}

#[test]
fn a_constraint_is_made_as_it_was() {
    let made = |definition: &str, validity| {
        let constraint = Constraint {
            definition: definition.to_owned(),
            validity,
        };
        let sql = said(
            "tables.constraints",
            |promise| {
                drop(
                    user(&mut promise.whole)
                        .checks
                        .insert(name("c"), constraint),
                )
            },
            |schema| user(schema).checks.clear(),
        );
        let sql = sql.expect("a remedy");
        let rest = sql.strip_prefix(r#"ALTER TABLE "User" ADD CONSTRAINT "c" "#);
        rest.expect("a constraint").to_owned()
    };
    let check = "CHECK (false)";
    assert_eq!(made(check, Validity::NotValid), "CHECK (false) NOT VALID;");
    let excluded = "EXCLUDE USING gist (id WITH =)";
    assert_eq!(made(excluded, Validity::Valid), format!("{excluded};"));
}

#[test]
fn triggers_are_enabled_on_each_table_that_they_are_disabled_on() {
    let disabled = |schema: &mut Schema| {
        let key = user(schema).foreign_keys.get_mut("User_tenantId_fkey");
        let key = key.expect("there");
        key.triggers = Firing::Disabled;
        key.disabled_on = [name("Tenant"), name("User")].into();
    };
    let sql = said("integrity.foreign-keys", |_| {}, disabled).expect("a remedy");
    let both =
        r#"ALTER TABLE "Tenant" ENABLE TRIGGER ALL; ALTER TABLE "User" ENABLE TRIGGER ALL; --"#;
    assert!(sql.starts_with(both), "{sql}");
}

#[test]
fn what_others_settle_is_left_to_them() {
    let is_left = |remedy: &str| is_left_to_others(&Finding::new("no").remedy(remedy));
    for remedy in [
        SETTLE_TABLES,
        SETTLE_FOREIGN_KEYS,
        SETTLE_TABLE,
        SEE_WHAT_STANDS,
    ] {
        assert!(is_left(remedy), "{remedy}");
    }
    assert!(!is_left(APPLY_MAKES));
    assert!(!is_left_to_others(&Finding::new("no")));
}
