//! What is to be typed about each kind of difference.

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

/// It holds the values of the one that is not there.
#[test]
fn a_column_under_another_name_is_renamed_and_neither_dropped_nor_made() {
    let renamed = |schema: &mut Schema| {
        let mut columns = user(schema).columns.iter_mut();
        columns
            .find(|one| one.name == *"isActive")
            .expect("there")
            .name = name("is_active");
    };
    let rename = r#"ALTER TABLE "User" RENAME COLUMN "is_active" TO "isActive"; -- where it is that one: it alone has the type"#;
    let outcome = check_against(promise(), "tables.columns", renamed).outcome;
    let Outcome::Failed { findings } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(findings.len(), 2);
    for finding in findings {
        assert_eq!(finding.remedy.as_deref(), Some(rename));
    }
    // Which of two it was nobody knows.
    let two = |schema: &mut Schema| {
        renamed(schema);
        let mut column = user(schema)
            .columns
            .iter()
            .find(|one| one.name == *"is_active")
            .expect("there")
            .clone();
        column.name = name("was_active");
        user(schema).columns.push(column);
    };
    let said = said("tables.columns", |_| {}, two).expect("a remedy");
    assert!(!said.contains("RENAME"), "{said}");
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
fn a_column_that_is_otherwise_is_changed_in_place() {
    let column = |column: &'static str, change: fn(&mut crate::model::Column)| {
        move |schema: &mut Schema| {
            let mut columns = user(schema).columns.iter_mut();
            change(columns.find(|one| one.name == *column).expect("there"));
        }
    };
    let columns = "tables.columns";
    assert_said(
        columns,
        column("email", |email| email.nullable = true),
        r#"ALTER TABLE "User" ALTER COLUMN "email" SET NOT NULL;"#,
    );
    assert_said(
        columns,
        column("lastLoginAt", |last| last.nullable = false),
        r#"ALTER TABLE "User" ALTER COLUMN "lastLoginAt" DROP NOT NULL;"#,
    );
    assert_said(
        columns,
        column("email", |email| {
            email.default = Some(ColumnDefault::Expression(Expression::new("''")))
        }),
        r#"ALTER TABLE "User" ALTER COLUMN "email" DROP DEFAULT;"#,
    );
    assert_said(
        columns,
        column("isActive", |active| active.default = None),
        r#"ALTER TABLE "User" ALTER COLUMN "isActive" SET DEFAULT true;"#,
    );
    assert_said(
        columns,
        column("email", |email| {
            email.ty = SqlType::new("character varying(9)")
        }),
        r#"ALTER TABLE "User" ALTER COLUMN "email" TYPE TEXT USING "email"::TEXT; -- this rewrites the table, and nobody reads or writes it meanwhile -- look at the values first: it fails on those that the type cannot hold, and rounds digits away that it has no room for"#,
    );
    let zoned = said(
        columns,
        |_| {},
        column("createdAt", |at| {
            at.ty = SqlType::new("timestamp(3) with time zone")
        }),
    );
    let zoned = zoned.expect("a remedy");
    let retyped = r#"ALTER TABLE "User" ALTER COLUMN "createdAt" DROP DEFAULT; ALTER TABLE "User" ALTER COLUMN "createdAt" TYPE TIMESTAMP(3) USING "createdAt" AT TIME ZONE 'UTC'; ALTER TABLE "User" ALTER COLUMN "createdAt" SET DEFAULT CURRENT_TIMESTAMP; -- "#;
    assert!(zoned.starts_with(retyped), "{zoned}");
    let counts = |promise: &mut Promise| {
        let mut columns = user(&mut promise.whole).columns.iter_mut();
        let email = columns.find(|one| one.name == *"email").expect("there");
        email.default = Some(ColumnDefault::Autoincrement);
    };
    let uncounted = said(
        columns,
        counts,
        column("email", |email| email.default = None),
    );
    assert_eq!(
        uncounted.expect("a remedy"),
        "CREATE SEQUENCE IF NOT EXISTS \"User_email_seq\" AS TEXT; ALTER SEQUENCE \"User_email_seq\" OWNED BY \"User\".\"email\"; \
         ALTER TABLE \"User\" ALTER COLUMN \"email\" SET DEFAULT nextval('\"User_email_seq\"'); \
         SELECT setval('\"User_email_seq\"', max(\"email\")) FROM \"User\" HAVING max(\"email\") >= (SELECT last_value FROM \"User_email_seq\");"
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

/// The first remedy about the column `User.email` where it was promised as `wanted` and stands as `actual`.
fn of_column(wanted: impl FnOnce(&mut Column), actual: impl FnOnce(&mut Column)) -> Option<String> {
    fn email(schema: &mut Schema) -> &mut Column {
        let mut columns = user(schema).columns.iter_mut();
        columns.find(|one| one.name == *"email").expect("there")
    }
    said(
        "tables.columns",
        |promise| wanted(email(&mut promise.whole)),
        |schema| actual(email(schema)),
    )
}

fn expression(text: &str) -> Option<ColumnDefault> {
    Some(ColumnDefault::Expression(Expression::new(text)))
}

fn computed(column: &mut Column) {
    let expression = Expression::new("1");
    column.generated = Some(Generated {
        expression,
        stored: true,
    });
}

#[test]
fn only_times_are_moved_between_zones() {
    let retyped = |actual: &str, wanted: &str| {
        let typed = |ty: &str| {
            let ty = SqlType::new(ty);
            move |column: &mut Column| column.ty = ty
        };
        let sql = of_column(typed(wanted), typed(actual)).expect("a remedy");
        let (_, using) = sql.split_once(" USING ").expect("a conversion");
        using.split_once(';').expect("an end").0.to_owned()
    };
    let utc = r#""email" AT TIME ZONE 'UTC'"#;
    assert_eq!(retyped("timestamp(3)", "timestamp(3) with time zone"), utc);
    assert_eq!(
        retyped("timestamp(6)", "timestamp(3)"),
        r#""email"::TIMESTAMP(3)"#
    );
    assert!(retyped("text", "timestamp(3) with time zone").starts_with(r#""email"::TIMESTAMPTZ"#));
    assert_eq!(
        retyped("timestamp(3) with time zone", "text"),
        r#""email"::TEXT"#
    );
}

#[test]
fn the_default_that_was_promised_is_set_again() {
    let sql = of_column(
        |wanted| wanted.default = expression("'new'"),
        |actual| {
            actual.default = expression("'old'");
            actual.ty = SqlType::new("character varying(9)");
        },
    );
    let sql = sql.expect("a remedy");
    assert!(sql.contains("SET DEFAULT 'new';"), "{sql}");
    let taken = of_column(
        |_| {},
        |actual| {
            actual.default = expression("'old'");
            actual.ty = SqlType::new("character varying(9)");
        },
    );
    let taken = taken.expect("a remedy");
    assert!(
        taken.contains("DROP DEFAULT;") && !taken.contains("SET DEFAULT"),
        "{taken}"
    );
}

#[test]
fn what_a_column_has_too_much_is_taken_off_it() {
    let alter = r#"ALTER TABLE "User" ALTER COLUMN "email""#;
    let identity = |column: &mut Column| column.identity = Some(Identity::Always);
    let taken = |sql: &str| Some(format!("{alter} {sql};"));
    assert_eq!(
        of_column(|_| {}, identity),
        taken("DROP IDENTITY IF EXISTS")
    );
    assert_eq!(of_column(|_| {}, computed), taken("DROP EXPRESSION"));
    let by_default = |column: &mut Column| column.identity = Some(Identity::ByDefault);
    assert_eq!(
        of_column(identity, by_default),
        taken("SET GENERATED ALWAYS")
    );
    let set = "SELECT setval(pg_get_serial_sequence('\"User\"', 'email'), (SELECT max(\"email\") FROM \"User\" WHERE \"email\" > 0));";
    assert_eq!(
        of_column(by_default, |one| one.identity = None),
        Some(format!(
            "{alter} ADD GENERATED BY DEFAULT AS IDENTITY; {set}"
        ))
    );
    assert_eq!(
        of_column(computed, |one| one.generated = None).as_deref(),
        Some(
            r#"ALTER TABLE "User" DROP COLUMN "email"; ALTER TABLE "User" ADD COLUMN "email" TEXT NOT NULL GENERATED ALWAYS AS (1) STORED;"#
        )
    );
    let collated = |column: &mut Column| column.collation = Some("\"C\"".to_owned());
    assert_eq!(
        of_column(|_| {}, collated),
        taken(r#"TYPE TEXT COLLATE "default""#)
    );
    assert_eq!(
        of_column(collated, |one| one.collation = None),
        taken(r#"TYPE TEXT COLLATE "C""#)
    );
}

#[test]
fn a_column_that_is_gone_is_filled_as_it_was() {
    let lost = |promised: &dyn Fn(&mut Column)| {
        let name = "isActive";
        let sql = said(
            "tables.columns",
            |promise| {
                let mut columns = user(&mut promise.whole).columns.iter_mut();
                promised(columns.find(|one| one.name == *name).expect("there"));
            },
            |schema| user(schema).columns.retain(|one| one.name != *name),
        );
        let sql = sql.expect("a remedy");
        let rest = sql.strip_prefix(r#"ALTER TABLE "User" ADD COLUMN "isActive" "#);
        rest.expect("a column").to_owned()
    };
    let restore = "-- the values went with the column: restore them from a backup";
    assert_eq!(
        lost(&|_| {}),
        format!("BOOLEAN NOT NULL DEFAULT true; {restore}")
    );
    let computed = |column: &mut Column| {
        column.default = None;
        computed(column);
    };
    assert_eq!(
        lost(&computed),
        "BOOLEAN NOT NULL GENERATED ALWAYS AS (1) STORED;"
    );
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

#[test]
fn labels_are_added_and_renamed_and_a_type_is_made_anew_where_neither_will_do() {
    let labels = |there: &'static [&str], wanted: &'static [&str]| {
        let with = |labels: &[&str]| Enum {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let (there, wanted) = (with(there), with(wanted));
        let promised = move |promise: &mut Promise| {
            drop(promise.whole.enums.insert(name("Mood"), wanted));
        };
        let said = said("tables.types", promised, move |schema| {
            drop(schema.enums.insert(name("Mood"), there));
        });
        said.expect("a remedy")
    };
    assert_eq!(
        labels(&["b"], &["a", "b", "c"]),
        r#"ALTER TYPE "Mood" ADD VALUE 'a' BEFORE 'b'; ALTER TYPE "Mood" ADD VALUE 'c' AFTER 'b';"#
    );
    assert_eq!(
        labels(&["a", "it's", "c"], &["a", "b", "c"]),
        r#"ALTER TYPE "Mood" RENAME VALUE 'it''s' TO 'b';"#
    );
    for (there, why) in [
        (&["b", "a"] as &[&str], "moved"),
        (&["a", "b", "c"], "too many"),
        (&["c", "a"], "one label moved, another lost"),
    ] {
        let said = labels(there, &["a", "b"]);
        let anew = r#"BEGIN; ALTER TYPE "Mood" RENAME TO "Mood_before"; CREATE TYPE "Mood" AS ENUM ('a', 'b'); DROP TYPE "Mood_before"; COMMIT;"#;
        assert!(said.starts_with(anew), "{why}: {said}");
    }
}
