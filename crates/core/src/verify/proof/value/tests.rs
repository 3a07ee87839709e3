//! Values fit their types, and differ.

use std::collections::BTreeSet;

use super::*;

fn many(ty: &str, count: u64) -> BTreeSet<String> {
    let ty = SqlType::new(ty);
    (0..count)
        .map(|n| fresh(&ty, &Schema::default(), 7, n).expect("a known type"))
        .collect()
}

#[test]
fn values_differ_as_far_as_the_type_has_that_many() {
    for ty in [
        "uuid",
        "text",
        "character varying(20)",
        "character(3)",
        "smallint",
        "integer",
        "bigint",
        "bytea",
    ] {
        assert_eq!(many(ty, 1000).len(), 1000, "{ty}");
    }
    assert_eq!(many("character(2)", 900).len(), 900);
    assert_eq!(many("numeric(5,4)", 1000).len(), 1000);
    assert_eq!(many("numeric(12,2)", 1000).len(), 1000);
    assert_eq!(many("boolean", 10).len(), 2);
}

#[test]
fn texts_fit_their_length() {
    for length in 1..20 {
        let longest = many(&format!("character varying({length})"), 2000)
            .iter()
            .map(String::len)
            .max();
        assert!(longest <= Some(length), "{length}: {longest:?}");
    }
    for n in 0..2000 {
        let text = word(mix(n, 1), n, 3);
        let mut letters = text.chars();
        assert!(
            letters.next().is_some_and(|c| c.is_ascii_lowercase()),
            "{text}"
        );
        assert!(
            letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
            "{text}"
        );
    }
}

/// Where small ones are used up, and other rows are not likely to be.
#[test]
fn whole_numbers_are_far_from_small_ones_and_differ() {
    for (ty, range) in [
        ("smallint", 10_000..30_000),
        ("integer", 1_000_000_000..2_000_000_000),
        ("bigint", 1_u64 << 52..1 << 53),
    ] {
        let ty = SqlType::new(ty);
        for seed in 0..50 {
            let value = |n| fresh(&ty, &Schema::default(), seed, n).expect("a known type");
            let values: BTreeSet<u64> = (0..2000)
                .map(|n| value(n).parse().expect("a number"))
                .collect();
            assert_eq!(values.len(), 2000, "{ty:?}, seed {seed}");
            assert!(
                values.iter().all(|value| range.contains(value)),
                "{ty:?}, seed {seed}"
            );
        }
    }
}

#[test]
fn types_and_shapes_with_few_values_are_known() {
    let is_narrow = |ty: &str| is_narrow(&SqlType::new(ty), &Schema::default());
    for few in [
        "boolean",
        "\"char\"",
        "vector(3)",
        "character",
        "character(1)",
        "character varying(1)",
        "bit",
        "bit(9)",
        "bit varying",
        "numeric(3,1)",
    ] {
        assert!(is_narrow(few), "{few}");
    }
    for many in [
        "character(2)",
        "character varying",
        "character varying(2)",
        "bit(10)",
        "bit varying(10)",
        "numeric",
        "numeric(4,2)",
        "text",
    ] {
        assert!(!is_narrow(many), "{many}");
    }
    assert!(Maker::Shaped(Pattern::like("a0")).is_narrow());
    assert!(!Maker::Shaped(Pattern::like("aaa")).is_narrow());
}

#[test]
fn bits_are_as_many_as_the_type_has_and_differ() {
    assert_eq!(many("bit(3)", 8).len(), 8);
    assert!(
        many("bit varying(40)", 9)
            .iter()
            .all(|bits| bits.len() == 32)
    );
    assert_eq!(bits(5, 70), format!("{}101", "0".repeat(67)));
}

/// The first numbers that the published splitmix64 gives from state 0.
#[test]
fn numbers_are_mixed_as_by_splitmix64() {
    assert_eq!(
        [0, 1, 2].map(|n| mix(0, n)),
        [
            0xe220_a839_7b1d_cdaf,
            0x6e78_9e6a_a1b9_65f4,
            0x06c4_5d18_8009_454f
        ]
    );
}

#[test]
fn every_uuid_is_of_version_4() {
    for seed in 0..200 {
        let made = uuid::Uuid::parse_str(&uuid(seed, seed)).expect("a UUID");
        assert_eq!(made.get_version(), Some(uuid::Version::Random), "{made}");
        assert_eq!(made.get_variant(), uuid::Variant::RFC4122, "{made}");
    }
}

#[test]
fn numbers_fit_precision_and_scale() {
    for (precision, scale) in [
        (1, 0),
        (2, 2),
        (4, 2),
        (5, 4),
        (12, 2),
        (65, 30),
        (3, 3),
        (14, 3),
        (6, 2),
        (8, 4),
    ] {
        let modifiers = [precision, scale].map(|n| i32::try_from(n).expect("small"));
        let values = (0..500).chain([98_765, 87_654_321, u64::MAX]);
        for value in values.map(|n| numeric(&modifiers, n)) {
            assert!(
                value.bytes().any(|digit| matches!(digit, b'1'..=b'9')),
                "{value}"
            );
            assert!(!value.ends_with('.'), "{value}");
            let (whole, fraction) = value.split_once('.').unwrap_or((&value, ""));
            let whole = whole.trim_start_matches('0').len();
            assert!(
                whole <= precision - scale && fraction.len() <= scale,
                "({precision},{scale}): {value}"
            );
        }
    }
}

#[test]
fn what_no_rule_knows_is_said() {
    let made = fresh(
        &SqlType::new("geometry(Point,4326)"),
        &Schema::default(),
        0,
        0,
    );
    assert_eq!(
        made,
        Err("no rule makes a value of type geometry".to_owned())
    );
}
