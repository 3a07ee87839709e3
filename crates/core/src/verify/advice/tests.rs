//! What is said of each kind of thing, and what settles it.

use super::*;
use crate::model::lower::lower;
use crate::sample::SAMPLE;

#[test]
fn the_open_points_of_phase_1_are_found_by_rule() {
    let tables = ["Measure", "Card", "Errand"].map(|name| Identifier::new(name).expect("legal"));
    let found: Vec<_> = advise(&lower(&SAMPLE), &tables, Some("tenantId"))
        .into_iter()
        .map(|a| (a.id, a.title))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(id, title)| (*id, title.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (
                "unindexed-foreign-key",
                r#"no index of "Measure" leads with "createdById""#
            ),
            (
                "repeated-index",
                r#""Measure_tenantId_code_idx" repeats the beginning of "Measure_tenantId_code_version_key""#
            ),
            (
                "cross-tenant-reference",
                r#""Measure_createdById_fkey" may name a row of another tenant"#
            ),
            (
                "nulls-distinct",
                r#""Card_tenantId_userId_widgetType_key" lets rows repeat where "userId" is NULL"#
            ),
            (
                "unindexed-foreign-key",
                r#"no index of "Card" leads with "userId""#
            ),
            (
                "repeated-index",
                r#""Card_tenantId_userId_idx" repeats the beginning of "Card_tenantId_userId_widgetType_key""#
            ),
            (
                "cross-tenant-reference",
                r#""Card_userId_fkey" may name a row of another tenant"#
            ),
        ]
    );
}

/// Advice that was followed is not given again.
#[test]
fn what_was_settled_is_not_said_again() {
    let name = |name: &str| Identifier::new(name).expect("legal");
    let mut schema = lower(&SAMPLE);
    let widget = schema.tables.get_mut("Card").expect("declared");
    let by_user = Index {
        keys: vec![plain_key(&name("userId"))],
        ..Index::default()
    };
    let once_without_user = Index {
        keys: vec![plain_key(&name("tenantId")), plain_key(&name("widgetType"))],
        unique: true,
        predicate: Some(crate::model::Expression::new("(\"userId\" IS NULL)")),
        ..Index::default()
    };
    let key = ForeignKey {
        columns: vec![name("tenantId"), name("userId")],
        referenced_columns: vec![name("tenantId"), name("id")],
        ..widget.foreign_keys["Card_userId_fkey"].clone()
    };
    widget.indexes.remove("Card_tenantId_userId_idx");
    widget.indexes.insert(name("by_user"), by_user);
    widget
        .indexes
        .insert(name("once_without_user"), once_without_user);
    widget.foreign_keys.insert(name("of_one_tenant"), key);
    assert_eq!(advise(&schema, &[name("Card")], Some("tenantId")), []);
}

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

fn over(columns: &[&str]) -> Index {
    Index {
        keys: columns
            .iter()
            .map(|column| plain_key(&name(column)))
            .collect(),
        ..Index::default()
    }
}

fn unique(columns: &[&str], predicate: Option<&str>) -> Index {
    Index {
        unique: true,
        predicate: predicate.map(crate::model::Expression::new),
        ..over(columns)
    }
}

/// The advice called `id` about widgets that have these indexes and no others.
fn about(id: &str, indexes: &[(&str, Index)]) -> Vec<Advice> {
    let mut schema = lower(&SAMPLE);
    let widget = schema.tables.get_mut("Card").expect("declared");
    widget.indexes = indexes
        .iter()
        .map(|(index, definition)| (name(index), definition.clone()))
        .collect();
    let mut advice = advise(&schema, &[name("Card")], Some("tenantId"));
    advice.retain(|one| one.id == id);
    advice
}

fn repeated(indexes: &[(&str, Index)]) -> Vec<String> {
    let advice = about("repeated-index", indexes).into_iter();
    advice.map(|one| one.title).collect()
}

#[test]
fn an_index_is_repeated_by_one_that_answers_the_same_and_more() {
    let (short, long) = (over(&["tenantId"]), over(&["tenantId", "size"]));
    let spared = [r#""a" repeats the beginning of "z""#];
    let pair = |one: &Index, other: &Index| [("a", one.clone()), ("z", other.clone())];
    assert_eq!(repeated(&pair(&short, &long)), spared);
    assert_eq!(
        repeated(&pair(&short, &unique(&["tenantId"], None))),
        spared
    );
    // Of two that are the same, one goes.
    assert_eq!(
        repeated(&pair(&long, &long)),
        [r#""z" repeats the beginning of "a""#]
    );
    let gin = Some("gin".to_owned());
    let changed: [fn(Index, Option<String>) -> Index; 3] = [
        |index, _| Index {
            predicate: Some(crate::model::Expression::new("position > 0")),
            ..index
        },
        |index, method| Index { method, ..index },
        |index, _| Index {
            include: vec![name("config")],
            ..index
        },
    ];
    for (at, change) in changed.into_iter().enumerate() {
        let other = change(short.clone(), gin.clone());
        assert_eq!(repeated(&pair(&other, &long)), [""; 0], "{at}");
        let other = change(long.clone(), gin.clone());
        // Columns included are there to be read, and take nothing from the keys.
        assert_eq!(repeated(&pair(&short, &other)).len(), at / 2, "{at}");
    }
    let unique = unique(&["tenantId"], None);
    assert_eq!(repeated(&pair(&unique, &long)), [""; 0]);
}

#[test]
fn rows_that_repeat_where_a_column_is_null_need_an_index_of_those_rows() {
    let open = || ("open", unique(&["tenantId", "userId"], None));
    let by_tenant = |unique_too, predicate: Option<&str>| Index {
        unique: unique_too,
        ..unique(&["tenantId"], predicate)
    };
    let of_nulls = Some(r#"("userId" IS NULL)"#);
    let said = |other: Index| about("nulls-distinct", &[open(), ("other", other)]).len();
    assert_eq!(said(by_tenant(true, of_nulls)), 0);
    assert_eq!(said(by_tenant(false, of_nulls)), 1);
    assert_eq!(said(by_tenant(false, None)), 1);
    assert_eq!(said(unique(&["size"], of_nulls)), 1);
    let alone = about("nulls-distinct", &[("open", unique(&["userId"], None))]);
    // One row at most has no user then, and no index says so.
    assert_eq!(alone.first().map(|one| &one.sql), Some(&None));
}

#[test]
fn a_foreign_key_wants_an_index_that_finds_few_rows() {
    let key_of = |columns: &[&str], indexes: &[(&str, Index)]| {
        let mut schema = lower(&SAMPLE);
        let widget = schema.tables.get_mut("Card").expect("declared");
        let key = ForeignKey {
            columns: columns.iter().map(|column| name(column)).collect(),
            ..widget.foreign_keys["Card_userId_fkey"].clone()
        };
        widget.foreign_keys = [(name("key"), key)].into();
        widget.indexes = indexes
            .iter()
            .map(|(index, definition)| (name(index), definition.clone()))
            .collect();
        let advice = advise(&schema, &[name("Card")], Some("tenantId")).into_iter();
        let mut advice = advice.filter(|one| one.id == "unindexed-foreign-key");
        advice.next().and_then(|one| one.sql)
    };
    let both = ["tenantId", "userId"];
    let create =
        r#"CREATE INDEX CONCURRENTLY "Card_tenantId_userId_idx" ON "Card" ("tenantId", "userId");"#;
    let flat =
        |sql: Option<String>| sql.map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" "));
    let missing = Some(create.to_owned());
    assert_eq!(flat(key_of(&both, &[])), missing);
    assert_eq!(flat(key_of(&both, &[("i", over(&["tenantId"]))])), missing);
    assert_eq!(
        flat(key_of(
            &both,
            &[("i", over(&["tenantId", "size", "userId"]))]
        )),
        missing
    );
    assert_eq!(key_of(&both, &[("i", over(&["userId"]))]), None);
    assert_eq!(key_of(&both, &[("i", over(&["tenantId", "userId"]))]), None);
    assert_eq!(key_of(&["tenantId"], &[("i", over(&["tenantId"]))]), None);
    let partial = Index {
        predicate: Some(crate::model::Expression::new("position > 0")),
        ..over(&["userId"])
    };
    assert!(key_of(&["userId"], &[("i", partial)]).is_some());
}
