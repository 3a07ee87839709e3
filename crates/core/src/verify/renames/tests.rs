//! Renames as PostgreSQL makes them, and what is advised on what comes of them.

use std::collections::BTreeSet;

use super::*;
use crate::model::{Column, Expression, ForeignKey, Generated, SqlType, TableReference};
use crate::verify::check::Remedy;
use crate::verify::checklist::tests::{Beside, all, check_beside, name, promise, table};
use crate::verify::evidence::Orphans;
use crate::verify::promise::Promise;
use crate::verify::proof::KeyName;
use crate::verify::remedy::is_left_to_others;

fn names(names: &[(&str, &str)]) -> Names {
    let names = names.iter();
    names.map(|(from, to)| (name(from), name(to))).collect()
}

/// Gives columns of `table` other names, as ALTER TABLE ... RENAME COLUMN does.
fn rename(schema: &mut Schema, table: &str, given: &[(&str, &str)]) {
    *schema = applied::columns(schema, &name(table), &names(given));
}

fn swap(schema: &mut Schema, table: &str, one: &str, other: &str) {
    rename(schema, table, &[(one, other), (other, one)]);
}

fn column<'s>(schema: &'s mut Schema, owner: &str, column: &str) -> &'s mut Column {
    let mut columns = table(schema, owner).columns.iter_mut();
    columns.find(|one| one.name == *column).expect("a column")
}

/// A column as another one, at the end.
fn add(schema: &mut Schema, table_name: &str, like: &str, new: &str) {
    let mut added = column(schema, table_name, like).clone();
    (added.name, added.nullable, added.default) = (name(new), true, None);
    table(schema, table_name).columns.push(added);
}

/// What is advised on what fails where `change` was made, on one line each, once; what leaves it to others, and what the
/// planner says, left out.
fn advised_against(promise: &Promise, change: impl FnOnce(&mut Schema)) -> BTreeSet<String> {
    let checks = all(promise, change);
    let checks = checks
        .iter()
        .filter(|check| check.id.group != crate::verify::check::Group::Migration);
    let findings = checks.flat_map(|check| check.outcome.findings());
    let own = findings.filter(|finding| !is_left_to_others(finding));
    let remedies = own.filter_map(|finding| finding.remedy.as_ref());
    remedies
        .map(|Remedy { text, loses_data }| {
            let lost = loses_data.iter().map(|lost| format!("[loses {lost}] "));
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            lost.collect::<String>() + &text
        })
        .collect()
}

fn advised(change: impl FnOnce(&mut Schema)) -> BTreeSet<String> {
    advised_against(promise(), change)
}

/// The first advice, which must be the only one.
fn only(advised: &BTreeSet<String>) -> &str {
    assert_eq!(advised.len(), 1, "{advised:#?}");
    advised.first().expect("one")
}

/// What is typed of it.
fn statements(advice: &str) -> &str {
    let (_, from) = advice.split_once("BEGIN; ").expect("a beginning");
    from.split_once(" COMMIT;").expect("an end").0
}

const COMPARE: &str = "-- compare the values first: ";

/// Each betrays itself by what follows a rename.
#[test]
fn columns_of_one_type_with_each_others_names_are_compared_and_renamed() {
    for (table, one, other) in [
        // A unique index.
        ("Staff", "email", "fullName"),
        // Foreign keys to one table.
        ("Order", "billToId", "shipToId"),
        // Foreign keys to two.
        ("Customer", "priceListId", "territoryId"),
        // The primary key, and what references it.
        ("Customer", "id", "tenantId"),
        // A default.
        ("Errand", "attempts", "maxAttempts"),
        // NOT NULL.
        ("CustomerContact", "fullName", "title"),
    ] {
        let advised = advised(|schema| swap(schema, table, one, other));
        let advice = only(&advised);
        let first = format!("{COMPARE}\"{one}\" and \"{other}\" may have each other's names;");
        assert!(advice.starts_with(&first), "{advice}");
        let rename = |from: &str, to: &str| {
            format!(r#"ALTER TABLE "{table}" RENAME COLUMN "{from}" TO "{to}";"#)
        };
        let aside = format!("{other}_swapped");
        let typed = [
            rename(other, &aside),
            rename(one, other),
            rename(&aside, one),
        ]
        .join(" ");
        assert_eq!(statements(advice), typed);
    }
}

#[test]
fn what_is_computed_of_a_column_betrays_it() {
    let mut promise = promise().clone();
    column(&mut promise.whole, "Staff", "hashedPassword").generated = Some(Generated {
        expression: Expression::new("md5(\"fullName\")"),
        stored: true,
    });
    let user = table(&mut promise.whole, "Staff");
    user.indexes.clear();
    let advised = advised_against(&promise, |schema| {
        swap(schema, "Staff", "email", "fullName")
    });
    let advice = only(&advised);
    assert!(advice.starts_with(COMPARE), "{advice}");
}

/// A rename leaves a column in its place: what is in the place of the target was not renamed.
#[test]
fn what_is_in_its_place_has_its_own_name() {
    let defaults = advised(|schema| {
        let first = column(schema, "Errand", "attempts").default.clone();
        let second = column(schema, "Errand", "maxAttempts").default.clone();
        column(schema, "Errand", "attempts").default = second;
        column(schema, "Errand", "maxAttempts").default = first;
    });
    assert!(
        defaults
            .iter()
            .all(|advice| advice.contains(" SET DEFAULT ")),
        "{defaults:?}"
    );
    // Of a `schema.prisma` the place is not known.
    let mut promise = promise().clone();
    table(&mut promise.whole, "Staff").in_any_order = true;
    let key = |schema: &mut Schema| {
        let user = table(schema, "Staff");
        let key = user
            .indexes
            .get_mut("Staff_tenantId_email_key")
            .expect("there");
        key.keys[1].on = crate::model::IndexTarget::Column(name("fullName"));
    };
    assert!(only(&advised_against(&promise, key)).starts_with(COMPARE));
    assert!(only(&advised(key)).starts_with("DROP INDEX"));
}

#[test]
fn three_in_a_circle_are_renamed_together() {
    let circle = [
        ("priceListId", "territoryId"),
        ("territoryId", "tenantId"),
        ("tenantId", "priceListId"),
    ];
    let advised = advised(|schema| rename(schema, "Customer", &circle));
    let advice = only(&advised);
    let first = r#""priceListId", "tenantId" and "territoryId" may have each other's names"#;
    assert!(advice.contains(first), "{advice}");
    assert_eq!(statements(advice).matches("RENAME COLUMN").count(), 4);
}

/// Each is advised on by itself; what is on a swapped column waits until it has its name.
#[test]
fn another_change_beside_a_swap_has_its_own_remedy() {
    let both = advised(|schema| {
        swap(schema, "Staff", "email", "fullName");
        column(schema, "Staff", "isActive").default = None;
        column(schema, "Staff", "fullName").nullable = true;
        table(schema, "Staff")
            .columns
            .retain(|column| column.name != *"lastLoginAt");
    });
    let [swapped, add, default] = &both.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        panic!("{both:#?}");
    };
    assert!(swapped.starts_with(COMPARE), "{swapped}");
    assert_eq!(
        *default,
        r#"ALTER TABLE "Staff" ALTER COLUMN "isActive" SET DEFAULT true;"#
    );
    assert!(
        add.starts_with(r#"ALTER TABLE "Staff" ADD COLUMN "lastLoginAt""#),
        "{add}"
    );
    let two = advised(|schema| {
        swap(schema, "Customer", "priceListId", "territoryId");
        swap(schema, "Customer", "id", "tenantId");
    });
    assert_eq!(two.len(), 2, "{two:#?}");
}

/// Nothing follows the columns but what is also missing: their places tell.
#[test]
fn nothing_is_created_over_columns_in_each_others_places() {
    let index = advised(|schema| {
        swap(schema, "Staff", "email", "fullName");
        table(schema, "Staff").indexes.clear();
    });
    assert!(only(&index).starts_with(COMPARE));
    let keys = advised(|schema| {
        swap(schema, "Customer", "priceListId", "territoryId");
        let keys = &mut table(schema, "Customer").foreign_keys;
        keys.remove("Customer_priceListId_fkey");
        keys.remove("Customer_territoryId_fkey");
    });
    assert!(only(&keys).starts_with(COMPARE));
    let elsewhere = advised(|schema| {
        swap(schema, "Staff", "hashedPassword", "fullName");
        table(schema, "Staff").indexes.clear();
    });
    assert!(only(&elsewhere).starts_with("CREATE UNIQUE INDEX"));
}

/// What follows a column is not made again under its name.
#[test]
fn one_rename_is_all_that_is_advised() {
    let advised = advised(|schema| rename(schema, "Brand", &[("supplierId", "y")]));
    let sql = r#"ALTER TABLE "Brand" RENAME COLUMN "y" TO "supplierId"; -- where it is that one: it alone has the type"#;
    assert_eq!(only(&advised), sql);
    // Of two of one type, the foreign keys tell.
    let both = |schema: &mut Schema| {
        rename(schema, "Brand", &[("supplierId", "y"), ("tenantId", "z")]);
    };
    let advised = self::advised(both);
    assert_eq!(advised.len(), 2, "{advised:#?}");
    for (held, expected) in [("y", "supplierId"), ("z", "tenantId")] {
        let said = format!(
            "{COMPARE}\"{held}\" may hold the values of \"{expected}\"; where it does: ALTER TABLE"
        );
        assert!(
            advised.iter().any(|advice| advice.starts_with(&said)),
            "{advised:#?}"
        );
    }
}

#[test]
fn a_column_whose_name_another_took_is_not_dropped() {
    let sql = r#"ALTER TABLE "Brand" RENAME COLUMN "tenantId" TO "tenantId_other"; ALTER TABLE "Brand" RENAME COLUMN "y" TO "tenantId";"#;
    let followed = advised(|schema| {
        rename(schema, "Brand", &[("tenantId", "y")]);
        add(schema, "Brand", "y", "tenantId");
    });
    assert_eq!(statements(only(&followed)), sql);
    // Of another type.
    let retyped = advised(|schema| {
        rename(schema, "Brand", &[("tenantId", "y")]);
        add(schema, "Brand", "y", "tenantId");
        column(schema, "Brand", "tenantId").ty = SqlType::new("text");
    });
    assert_eq!(statements(only(&retyped)), sql);
    // Nothing but its place tells.
    let in_place = advised(|schema| {
        rename(schema, "Staff", &[("hashedPassword", "y")]);
        add(schema, "Staff", "y", "hashedPassword");
        column(schema, "Staff", "hashedPassword").nullable = false;
    });
    let advice = only(&in_place);
    assert!(
        advice.contains(r#""y" may hold the values of "hashedPassword""#),
        "{advice}"
    );
    // It is in no place but its own.
    let more = advised(|schema| {
        add(schema, "Brand", "story", "y");
        column(schema, "Brand", "y").nullable = false;
    });
    assert!(only(&more).starts_with(r#"[loses the values of "Brand"."y"]"#));
}

/// A baseline with a table of the columns of "Brand", and a foreign key to it.
fn with_a_twin() -> Promise {
    let mut promise = promise().clone();
    for schema in [&mut promise.baseline, &mut promise.whole] {
        let text = toml_of(&schema.tables["Brand"]).replace("Brand_", "Label_");
        let mut label: Table = toml::from_str(&text).expect("a table");
        label.in_any_order = false;
        schema.tables.insert(name("Label"), label);
        let key = schema.tables["Product"].foreign_keys["Product_brandId_fkey"].clone();
        let key = ForeignKey {
            references: TableReference::Here(name("Label")),
            ..key
        };
        let cart = table(schema, "Cart");
        let columns = vec![cart.columns[0].name.clone()];
        let key = ForeignKey { columns, ..key };
        cart.foreign_keys.insert(name("Cart_label_fkey"), key);
    }
    promise
}

fn toml_of(table: &Table) -> String {
    toml::to_string(table).expect("text")
}

/// The names of their keys tell, and what references them.
#[test]
fn tables_of_the_same_columns_with_each_others_names_are_renamed() {
    let promise = with_a_twin();
    let swapped = |schema: &mut Schema| {
        *schema = applied::tables(schema, &names(&[("Brand", "Label"), ("Label", "Brand")]));
    };
    let advised = advised_against(&promise, swapped);
    let advice = only(&advised);
    let first = r#"-- compare the rows first: "Brand" and "Label" may have each other's names"#;
    assert!(advice.starts_with(first), "{advice}");
    let sql = r#"ALTER TABLE "Label" RENAME TO "Label_swapped"; ALTER TABLE "Brand" RENAME TO "Label"; ALTER TABLE "Label_swapped" RENAME TO "Brand";"#;
    assert_eq!(statements(advice), sql);
    // One of them is also otherwise.
    let otherwise = advised_against(&promise, |schema| {
        swapped(schema);
        column(schema, "Label", "name").nullable = true;
    });
    assert_eq!(statements(only(&otherwise)), sql);
}

/// Swapped, and one of them lacks a column: it is another table of neither name.
#[test]
fn no_column_is_dropped_of_swapped_tables_that_are_otherwise() {
    let advised = advised(|schema| {
        *schema = applied::tables(
            schema,
            &names(&[("Brand", "Supplier"), ("Supplier", "Brand")]),
        );
        table(schema, "Supplier")
            .columns
            .retain(|column| column.name != *"story");
    });
    for advice in &advised {
        assert!(!advice.contains("DROP "), "{advice}");
    }
}

#[test]
fn a_table_whose_name_a_new_one_took_is_renamed_with_it() {
    let renamed = |change: &dyn Fn(&mut Table)| {
        advised(|schema| {
            let mut new = schema.tables["Brand"].clone();
            new.foreign_keys.clear();
            new.primary_key.as_mut().expect("a key").name = name("Brand_pkey1");
            change(&mut new);
            *schema = applied::tables(schema, &names(&[("Brand", "Brand_before")]));
            schema.tables.insert(name("Brand"), new);
        })
    };
    let sql = r#"ALTER TABLE "Brand" RENAME TO "Brand_other"; ALTER TABLE "Brand_before" RENAME TO "Brand";"#;
    let others: [&dyn Fn(&mut Table); 3] = [&|_| {}, &|new| new.indexes.clear(), &|new| {
        new.columns.truncate(1)
    }];
    for change in others {
        let advised = renamed(change);
        let advice = only(&advised);
        assert!(
            advice.starts_with(
                r#"-- compare the rows first: "Brand_before" may hold the rows of "Brand";"#
            ),
            "{advice}"
        );
        assert_eq!(statements(advice), sql);
    }
    // A copy that nobody asked for is one.
    let copied = advised(|schema| {
        let copy = Table {
            columns: schema.tables["Brand"].columns.clone(),
            ..Table::default()
        };
        schema.tables.insert(name("Brand_copy"), copy);
    });
    assert!(
        only(&copied).starts_with("If it belongs here"),
        "{copied:?}"
    );
}

#[test]
fn types_with_each_others_names_are_renamed_and_not_made_anew() {
    let swapped = |schema: &mut Schema| {
        let given = names(&[("OrderStatus", "TaskStatus"), ("TaskStatus", "OrderStatus")]);
        *schema = applied::types(schema, &given);
    };
    let sql = r#"ALTER TYPE "TaskStatus" RENAME TO "TaskStatus_swapped"; ALTER TYPE "OrderStatus" RENAME TO "TaskStatus"; ALTER TYPE "TaskStatus_swapped" RENAME TO "OrderStatus";"#;
    assert_eq!(statements(only(&advised(swapped))), sql);
    // The same labels: the columns tell.
    let mut promise = promise().clone();
    for schema in [&mut promise.baseline, &mut promise.whole] {
        let labels = schema.enums["OrderStatus"].clone();
        schema.enums.insert(name("TaskStatus"), labels);
    }
    assert_eq!(statements(only(&advised_against(&promise, swapped))), sql);
    let displaced = advised(|schema| {
        *schema = applied::types(schema, &names(&[("OrderStatus", "OrderStatus_old")]));
        let new = schema.enums["OrderStatus_old"].clone();
        schema.enums.insert(name("OrderStatus"), new);
    });
    let sql = r#"ALTER TYPE "OrderStatus" RENAME TO "OrderStatus_other"; ALTER TYPE "OrderStatus_old" RENAME TO "OrderStatus";"#;
    assert_eq!(statements(only(&displaced)), sql);
    let renamed = advised(|schema| {
        *schema = applied::types(schema, &names(&[("OrderStatus", "order_status")]));
    });
    assert_eq!(
        only(&renamed),
        r#"ALTER TYPE "order_status" RENAME TO "OrderStatus"; -- it has the same labels"#
    );
}

#[test]
fn domains_with_each_others_names_are_renamed() {
    let mut promise = promise().clone();
    for (domain, of) in [("code", "email"), ("label", "fullName")] {
        let ty = SqlType::new("text");
        let domain_of = crate::model::Domain {
            ty,
            not_null: false,
            default: None,
            checks: BTreeMap::new(),
        };
        promise.whole.domains.insert(name(domain), domain_of);
        column(&mut promise.whole, "Staff", of).ty = SqlType::new(domain);
    }
    let swapped = |schema: &mut Schema| {
        *schema = applied::types(schema, &names(&[("code", "label"), ("label", "code")]));
    };
    let sql = r#"ALTER DOMAIN "label" RENAME TO "label_swapped"; ALTER DOMAIN "code" RENAME TO "label"; ALTER DOMAIN "label_swapped" RENAME TO "code";"#;
    assert_eq!(statements(only(&advised_against(&promise, swapped))), sql);
}

/// What they are tells: nothing is dropped that would have to be made again.
#[test]
fn indexes_and_constraints_with_each_others_names_are_renamed() {
    fn swapped<T>(things: &mut BTreeMap<Identifier, T>, one: &str, other: &str) {
        let first = things.remove(one).expect("there");
        let second = things.remove(other).expect("there");
        things.insert(name(one), second);
        things.insert(name(other), first);
    }
    let indexes = advised(|schema| {
        swapped(
            &mut table(schema, "Errand").indexes,
            "Errand_status_idx",
            "Errand_tenantId_idx",
        );
    });
    let sql = r#"ALTER INDEX "Errand_tenantId_idx" RENAME TO "Errand_tenantId_idx_swapped"; ALTER INDEX "Errand_status_idx" RENAME TO "Errand_tenantId_idx"; ALTER INDEX "Errand_tenantId_idx_swapped" RENAME TO "Errand_status_idx";"#;
    assert_eq!(statements(only(&indexes)), sql);
    let of_two_tables = advised(|schema| {
        let brand = table(schema, "Brand").primary_key.as_mut().expect("a key");
        brand.name = name("Supplier_pkey");
        let supplier = table(schema, "Supplier")
            .primary_key
            .as_mut()
            .expect("a key");
        supplier.name = name("Brand_pkey");
    });
    assert!(
        statements(only(&of_two_tables)).starts_with(r#"ALTER INDEX "Supplier_pkey" RENAME TO"#)
    );
    let keys = advised(|schema| {
        let keys = &mut table(schema, "Order").foreign_keys;
        swapped(keys, "Order_bill_to_fkey", "Order_ship_to_fkey");
    });
    let sql = r#"ALTER TABLE "Order" RENAME CONSTRAINT "Order_ship_to_fkey" TO "Order_ship_to_fkey_swapped"; ALTER TABLE "Order" RENAME CONSTRAINT "Order_bill_to_fkey" TO "Order_ship_to_fkey"; ALTER TABLE "Order" RENAME CONSTRAINT "Order_ship_to_fkey_swapped" TO "Order_bill_to_fkey";"#;
    assert_eq!(statements(only(&keys)), sql);
    // Another index took the name.
    let displaced = advised(|schema| {
        let indexes = &mut table(schema, "Errand").indexes;
        let status = indexes.remove("Errand_status_idx").expect("there");
        let mut new = indexes["Errand_tenantId_idx"].clone();
        new.unique = true;
        indexes.insert(name("status"), status);
        indexes.insert(name("Errand_status_idx"), new);
    });
    let sql = r#"ALTER INDEX "Errand_status_idx" RENAME TO "Errand_status_idx_other"; ALTER INDEX "status" RENAME TO "Errand_status_idx";"#;
    assert_eq!(statements(only(&displaced)), sql);
}

/// Steps of a plan that would make what is there under another name are not advised.
#[test]
fn what_is_pending_waits_for_a_rename() {
    let checks = all(promise(), |schema| {
        rename(schema, "Errand", &[("maxAttempts", "max_attempts")])
    });
    let migration = checks
        .iter()
        .find(|check| check.id == "migration.applied")
        .expect("a check");
    let [pending, _] = migration.outcome.findings() else {
        panic!("{migration:?}");
    };
    let said = &pending.remedy.as_ref().expect("a remedy").text;
    assert!(said.starts_with("First rename"), "{said}");
}

/// Rows that are orphans because something has another name are not deleted.
#[test]
fn orphans_of_what_may_have_another_name_are_compared_first() {
    let said = |change: &dyn Fn(&mut Schema)| {
        let beside = Beside {
            orphans: vec![(
                KeyName {
                    table: name("Brand"),
                    constraint: name("Brand_supplierId_fkey"),
                },
                Orphans::Some,
            )],
            ..Beside::default()
        };
        let check = check_beside(
            promise(),
            "integrity.rows",
            |schema| change(schema),
            &beside,
        );
        let [finding] = check.outcome.findings() else {
            panic!("{check:?}");
        };
        let remedy = finding.remedy.clone().expect("a remedy");
        (remedy.text, remedy.loses_data)
    };
    let (text, loses) = said(&|_| {});
    assert!(text.contains("or delete them") && loses.is_some(), "{text}");
    let in_each_others_places = |schema: &mut Schema| {
        swap(schema, "Brand", "tenantId", "supplierId");
        // Made again under their names.
        let sound = &promise().whole.tables["Brand"];
        let brand = table(schema, "Brand");
        brand.foreign_keys = sound.foreign_keys.clone();
        brand.indexes = sound.indexes.clone();
        brand.columns.iter_mut().for_each(|column| {
            column.nullable = sound.column(column.name.as_str()).expect("there").nullable
        });
    };
    let renamed = |schema: &mut Schema| rename(schema, "Brand", &[("supplierId", "y")]);
    let twin = |schema: &mut Schema| {
        let columns = schema.tables["Supplier"].columns.clone();
        let twin = Table {
            columns,
            ..Table::default()
        };
        schema.tables.insert(name("Supplier_before"), twin);
    };
    type Change<'a> = (&'a dyn Fn(&mut Schema), &'a str);
    let changes: [Change<'_>; 3] = [
        (
            &in_each_others_places,
            r#""supplierId" and "tenantId" may have each other's names"#,
        ),
        (
            &renamed,
            r#"ALTER TABLE "Brand" RENAME COLUMN "y" TO "supplierId";"#,
        ),
        (
            &twin,
            r#""Supplier_before" may hold the rows of "Supplier""#,
        ),
    ];
    for (change, expected) in changes {
        let (text, loses) = said(change);
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("delete") && loses.is_none(), "{text}");
    }
}
