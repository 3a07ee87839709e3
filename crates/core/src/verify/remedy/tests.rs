//! What is to be typed about each kind of difference.

mod column;
mod keys;
mod labels;

use super::{
    ANOTHER_TABLE, APPLY_MAKES, BY_HAND, SEE_WHAT_STANDS, SETTLE_FOREIGN_KEYS, SETTLE_TABLE,
    SETTLE_TABLES, is_left_to_others,
};
use crate::model::{
    Column, ColumnDefault, Constraint, Deferrable, Enum, Expression, Firing, Generated, Identity,
    Index, IndexState, IndexTarget, Persistence, PrimaryKey, Schema, SqlType, Table, Trigger,
    Validity,
};
use crate::verify::check::Outcome;
use crate::verify::check::{Finding, Remedy};
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
    let Remedy { loses_data, text } = findings.first().expect("a finding").remedy.as_ref()?;
    let lost = loses_data.iter().map(|lost| format!("[loses {lost}] "));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(lost.collect::<String>() + &text)
}

fn assert_said(id: &str, change: impl FnOnce(&mut Schema), expected: &str) {
    assert_eq!(said(id, |_| {}, change).as_deref(), Some(expected), "{id}");
}

fn user(schema: &mut Schema) -> &mut Table {
    table(schema, "Staff")
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
        r#"ALTER TABLE "Staff" DROP CONSTRAINT "no""#,
    );
    dropped(
        "tables.triggers",
        |user| drop(user.triggers.insert(name("t"), trigger("CREATE TRIGGER t"))),
        r#"DROP TRIGGER "t" ON "Staff""#,
    );
    dropped(
        "tables.triggers",
        |user| drop(user.rules.insert(name("r"), trigger("CREATE RULE r"))),
        r#"DROP RULE "r" ON "Staff""#,
    );
    dropped(
        "integrity.indexes",
        |user| {
            let mut index = user.indexes["Staff_tenantId_email_key"].clone();
            index.keys.truncate(1);
            user.indexes.insert(name("u"), index);
        },
        r#"DROP INDEX CONCURRENTLY "u""#,
    );
    dropped(
        "integrity.indexes",
        |user| {
            let mut index = user.indexes["Staff_tenantId_email_key"].clone();
            index.keys.truncate(1);
            index.constraint = true;
            user.indexes.insert(name("u"), index);
        },
        r#"ALTER TABLE "Staff" DROP CONSTRAINT "u""#,
    );
    assert_said(
        "tables.columns",
        |schema| more(user(schema)),
        &format!(
            r#"[loses the values of "Staff"."more"] ALTER TABLE "Staff" DROP COLUMN "more"{KEEP}"#
        ),
    );
}

fn more(user: &mut Table) {
    let mut column = user.columns[1].clone();
    column.name = name("more");
    user.columns.push(column);
}

#[test]
fn what_is_missing_is_made_by_apply_where_apply_makes_it_and_by_hand_elsewhere() {
    assert_said(
        "integrity.indexes",
        |schema| drop(table(schema, "Errand").indexes.remove("Errand_status_idx")),
        APPLY,
    );
    assert_said(
        "integrity.indexes",
        |schema| drop(user(schema).indexes.remove("Staff_tenantId_email_key")),
        r#"CREATE UNIQUE INDEX CONCURRENTLY "Staff_tenantId_email_key" ON "Staff" ("tenantId", "email");"#,
    );
    assert_said(
        "integrity.foreign-keys",
        |schema| drop(user(schema).foreign_keys.remove("Staff_tenantId_fkey")),
        r#"ALTER TABLE "Staff" ADD CONSTRAINT "Staff_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Shop" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID; ALTER TABLE "Staff" VALIDATE CONSTRAINT "Staff_tenantId_fkey";"#,
    );
    assert_said(
        "integrity.primary-keys",
        |schema| user(schema).primary_key = None,
        r#"ALTER TABLE "Staff" ADD CONSTRAINT "Staff_pkey" PRIMARY KEY ("id");"#,
    );
    assert_said(
        "tables.columns",
        |schema| {
            user(schema)
                .columns
                .retain(|column| column.name != *"fullName")
        },
        r#"ALTER TABLE "Staff" ADD COLUMN "fullName" TEXT; -- the values went with the column: fill them in here, from a backup ALTER TABLE "Staff" ALTER COLUMN "fullName" SET NOT NULL;"#,
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
        r#"ALTER TABLE "Staff" ADD CONSTRAINT "no" CHECK (false) NOT VALID; ALTER TABLE "Staff" VALIDATE CONSTRAINT "no";"#,
    );
    made(
        "tables.triggers",
        |user| drop(user.triggers.insert(name("t"), trigger("CREATE TRIGGER t"))),
        "CREATE TRIGGER t;",
    );
    made(
        "tables.triggers",
        |user| drop(user.rules.insert(name("r"), trigger("CREATE RULE r;"))),
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
        r#"CREATE POLICY "p" ON "Staff" USING (true);"#,
    );
}

#[test]
fn a_table_that_is_otherwise_is_changed_in_place() {
    let kind = "tables.kind";
    assert_said(
        kind,
        |schema| user(schema).persistence = Persistence::Unlogged,
        r#"ALTER TABLE "Staff" SET LOGGED;"#,
    );
    assert_said(
        kind,
        |schema| user(schema).of_type = Some("person".to_owned()),
        r#"ALTER TABLE "Staff" NOT OF;"#,
    );
    let inherits = |schema: &mut Schema| user(schema).inherits = vec!["public.person".to_owned()];
    assert_said(
        kind,
        inherits,
        r#"[loses public.person has the rows of "Staff" no more] ALTER TABLE "Staff" NO INHERIT public.person; -- then look whose rows they are"#,
    );
    let partition_of = |schema: &mut Schema| {
        inherits(schema);
        user(schema).partitioning = Some("DEFAULT".to_owned());
    };
    assert_said(
        kind,
        partition_of,
        r#"[loses public.person has the rows of "Staff" no more] ALTER TABLE public.person DETACH PARTITION "Staff"; -- then look whose rows they are"#,
    );
    let partitioned = |schema: &mut Schema| {
        user(schema).partitioning = Some("LIST (email)".to_owned());
    };
    assert_said(kind, partitioned, BY_HAND);
    let relations: [fn(&mut Table); 3] = [
        |user| user.of_type = Some("person".to_owned()),
        |user| user.inherits = vec!["public.person".to_owned()],
        |user| user.children = vec!["public.person".to_owned()],
    ];
    for promised in relations {
        let as_it_is = |schema: &mut Schema| {
            *user(schema) = promise().whole.tables["Staff"].clone();
        };
        let lost = said(kind, |promise| promised(user(&mut promise.whole)), as_it_is);
        assert_eq!(lost.as_deref(), Some(BY_HAND));
    }
    let other_parent = |promise: &mut Promise| {
        user(&mut promise.whole).inherits = vec!["public.human".to_owned()];
    };
    assert_eq!(said(kind, other_parent, inherits).as_deref(), Some(BY_HAND));
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
        let sql = format!(r#"ALTER TABLE "Staff" {what} ROW LEVEL SECURITY;"#);
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
    let as_neighbours = r#"CREATE POLICY "p" ON "Measure" USING (true); ALTER TABLE "Measure" ENABLE ROW LEVEL SECURITY; ALTER TABLE "Measure" FORCE ROW LEVEL SECURITY;"#;
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
        let rest = sql.strip_prefix(r#"ALTER TABLE "Staff" ADD CONSTRAINT "c" "#);
        rest.expect("a constraint").to_owned()
    };
    let check = "CHECK (false)";
    assert_eq!(made(check, Validity::NotValid), "CHECK (false) NOT VALID;");
    let excluded = "EXCLUDE USING gist (id WITH =)";
    assert_eq!(made(excluded, Validity::Valid), format!("{excluded};"));
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

/// A table of the name that is another one: nothing is dropped or added to make it the one that is expected.
#[test]
fn no_column_of_another_table_is_dropped() {
    let another = |schema: &mut Schema| {
        let columns = &mut user(schema).columns;
        for column in columns.iter_mut().skip(2) {
            column.name = name(&format!("other_{}", column.name));
        }
    };
    assert_said("tables.columns", another, ANOTHER_TABLE);
}

/// Each would otherwise be dropped, and the other made without its values.
#[test]
fn what_has_anothers_name_is_renamed() {
    let swapped = |schema: &mut Schema| {
        let tables = &mut schema.tables;
        let (brand, supplier) = (tables["Brand"].clone(), tables["Supplier"].clone());
        tables.insert(name("Brand"), supplier);
        tables.insert(name("Supplier"), brand);
    };
    let sql = r#"BEGIN; ALTER TABLE "Supplier" RENAME TO "Supplier_swapped"; ALTER TABLE "Brand" RENAME TO "Supplier"; ALTER TABLE "Supplier_swapped" RENAME TO "Brand"; COMMIT; -- they have each other's columns"#;
    for id in [
        "tables.columns",
        "integrity.indexes",
        "integrity.foreign-keys",
    ] {
        assert_said(id, swapped, sql);
    }
    let put_aside = |schema: &mut Schema| {
        let tables = &mut schema.tables;
        let (brand, supplier) = (tables["Brand"].clone(), tables["Supplier"].clone());
        tables.insert(name("Brand"), supplier);
        tables.remove("Supplier");
        tables.insert(name("brand_before"), brand);
    };
    let sql = r#"BEGIN; ALTER TABLE "Brand" RENAME TO "Supplier"; ALTER TABLE "brand_before" RENAME TO "Brand"; COMMIT; -- they have each other's columns"#;
    assert_said("tables.columns", put_aside, sql);
    assert_said("tables.count", put_aside, sql);
    let columns = |schema: &mut Schema| {
        let columns = &mut table(schema, "Supplier").columns;
        for column in columns.iter_mut() {
            column.name = match column.name.as_str() {
                "country" => name("leadTimeDays"),
                "leadTimeDays" => name("country"),
                _ => continue,
            };
        }
    };
    let sql = r#"BEGIN; ALTER TABLE "Supplier" RENAME COLUMN "leadTimeDays" TO "leadTimeDays_swapped"; ALTER TABLE "Supplier" RENAME COLUMN "country" TO "leadTimeDays"; ALTER TABLE "Supplier" RENAME COLUMN "leadTimeDays_swapped" TO "country"; COMMIT; -- where they are those: each alone has the type"#;
    assert_said("tables.columns", columns, sql);
}
