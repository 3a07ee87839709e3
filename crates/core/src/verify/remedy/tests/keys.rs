//! Of indexes, primary keys and foreign keys.

use super::*;

#[test]
fn a_unique_index_becomes_the_key_that_is_not_there() {
    let index_of = |change: fn(&mut Table, &mut Index)| {
        move |schema: &mut Schema| {
            let user = user(schema);
            let key = user.primary_key.take().expect("a key");
            let mut index = user.indexes["Staff_tenantId_email_key"].clone();
            index.keys.truncate(1);
            index.keys[0].on = IndexTarget::Column(key.columns[0].clone());
            change(user, &mut index);
            user.indexes.insert(name("u"), index);
        }
    };
    assert_said(
        "integrity.indexes",
        index_of(|_, _| {}),
        r#"ALTER TABLE "Staff" ADD CONSTRAINT "Staff_pkey" PRIMARY KEY USING INDEX "u";"#,
    );
    let others: [fn(&mut Table, &mut Index); 6] = [
        |user, _| {
            let mut another = promise().whole.tables["Staff"].primary_key.clone();
            another.as_mut().expect("a key").columns = vec![name("email")];
            user.primary_key = another;
        },
        |_, index| index.keys[0].descending = true,
        |_, index| index.keys[0].nulls_reversed = true,
        |_, index| index.state = IndexState::Invalid,
        |_, index| index.predicate = Some(Expression::new("(id IS NOT NULL)")),
        |_, index| index.constraint = true,
    ];
    for other in others {
        let said = said("integrity.indexes", |_| {}, index_of(other)).expect("a remedy");
        assert!(said.contains("DROP "), "{said}");
    }
    let user = &promise().whole.tables["Staff"];
    let mut plain = user.indexes["Staff_tenantId_email_key"].clone();
    let mut key = user.primary_key.clone().expect("a key");
    key.columns = vec![name("tenantId"), name("email")];
    assert!(plain.could_be(&key));
    plain.unique = false;
    assert!(!plain.could_be(&key));
}

#[test]
fn an_index_or_a_key_that_is_otherwise_is_mended_or_made_anew() {
    let email = "Staff_tenantId_email_key";
    let create = r#"CREATE UNIQUE INDEX CONCURRENTLY "Staff_tenantId_email_key" ON "Staff" ("tenantId", "email");"#;
    let index = |change: fn(&mut crate::model::Index)| {
        move |schema: &mut Schema| change(user(schema).indexes.get_mut(email).expect("there"))
    };
    assert_said(
        "integrity.indexes",
        index(|index| index.state = IndexState::Invalid),
        r#"REINDEX INDEX CONCURRENTLY "Staff_tenantId_email_key";"#,
    );
    assert_said(
        "integrity.indexes",
        index(|index| index.nulls_not_distinct = true),
        &format!(r#"DROP INDEX CONCURRENTLY "{email}"; {create}"#),
    );
    assert_said(
        "integrity.indexes",
        |schema| {
            let index = table(schema, "Errand").indexes.get_mut("Errand_status_idx");
            index.expect("there").state = IndexState::Invalid;
        },
        r#"leora-migrate apply drops it and makes it anew; or by hand: REINDEX INDEX CONCURRENTLY "Errand_status_idx";"#,
    );
    assert_said(
        "integrity.indexes",
        |schema| {
            let indexes = &mut user(schema).indexes;
            let index = indexes.remove(email).expect("there");
            indexes.insert(name("old"), index);
        },
        r#"ALTER INDEX "old" RENAME TO "Staff_tenantId_email_key";"#,
    );
    assert_said(
        "integrity.primary-keys",
        |schema| user(schema).primary_key.as_mut().expect("there").name = name("old"),
        r#"ALTER TABLE "Staff" RENAME CONSTRAINT "old" TO "Staff_pkey";"#,
    );
    let of_key = |promised: fn(&mut PrimaryKey)| {
        let keys = "integrity.primary-keys";
        let promised = |promise: &mut Promise| {
            promised(
                user(&mut promise.whole)
                    .primary_key
                    .as_mut()
                    .expect("there"),
            );
        };
        let other = |schema: &mut Schema| {
            let key = user(schema).primary_key.as_mut().expect("there");
            key.columns = vec![name("email")];
        };
        said(keys, promised, other).expect("a remedy")
    };
    let plain = of_key(|_| {});
    assert!(
        plain
            .starts_with(r#"CREATE UNIQUE INDEX CONCURRENTLY "Staff_pkey_new" ON "Staff" ("id");"#),
        "{plain}"
    );
    assert_eq!(of_key(|key| key.include = vec![name("email")]), BY_HAND);
    assert_eq!(
        of_key(|key| key.deferrable = Deferrable::InitiallyDeferred),
        BY_HAND
    );
    assert!(
        said(
            "integrity.indexes",
            |_| {},
            index(|index| index.state = IndexState::Contradicted)
        )
        .expect("a remedy")
        .starts_with("Nothing but a change of the catalogs")
    );
    let key = |change: fn(&mut crate::model::ForeignKey)| {
        move |schema: &mut Schema| {
            let keys = &mut user(schema).foreign_keys;
            change(keys.get_mut("Staff_tenantId_fkey").expect("there"));
        }
    };
    let anew = r#"ALTER TABLE "Staff" DROP CONSTRAINT "Staff_tenantId_fkey"; ALTER TABLE "Staff" ADD CONSTRAINT "Staff_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Shop" ("id") ON DELETE CASCADE ON UPDATE CASCADE NOT VALID; ALTER TABLE "Staff" VALIDATE CONSTRAINT "Staff_tenantId_fkey";"#;
    let keys = "integrity.foreign-keys";
    assert_said(keys, key(|key| key.match_full = true), anew);
    assert_said(keys, key(|key| key.triggers = Firing::Missing), anew);
    assert_said(
        keys,
        key(|key| key.validity = Validity::NotValid),
        r#"ALTER TABLE "Staff" VALIDATE CONSTRAINT "Staff_tenantId_fkey";"#,
    );
    assert_said(keys, key(|key| key.validity = Validity::NotEnforced), anew);
    let enabled = said(keys, |_| {}, key(|key| key.triggers = Firing::Disabled));
    let enabled = enabled.expect("a remedy");
    assert!(
        enabled.starts_with(r#"ALTER TABLE "Staff" ENABLE TRIGGER ALL; -- "#),
        "{enabled}"
    );
}

#[test]
fn triggers_are_enabled_on_each_table_that_they_are_disabled_on() {
    let disabled = |schema: &mut Schema| {
        let key = user(schema).foreign_keys.get_mut("Staff_tenantId_fkey");
        let key = key.expect("there");
        key.triggers = Firing::Disabled;
        key.disabled_on = [name("Shop"), name("Staff")].into();
    };
    let sql = said("integrity.foreign-keys", |_| {}, disabled).expect("a remedy");
    let both =
        r#"ALTER TABLE "Shop" ENABLE TRIGGER ALL; ALTER TABLE "Staff" ENABLE TRIGGER ALL; --"#;
    assert!(sql.starts_with(both), "{sql}");
    let on_one = |schema: &mut Schema| {
        let key = user(schema).foreign_keys.get_mut("Staff_tenantId_fkey");
        let key = key.expect("there");
        key.triggers = Firing::Disabled;
        key.disabled_on = [name("Shop")].into();
    };
    let sql = said("integrity.foreign-keys", |_| {}, on_one).expect("a remedy");
    assert!(!sql.contains(r#"ALTER TABLE "Staff""#), "{sql}");
}
