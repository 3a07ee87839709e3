//! No text makes the parser panic or hang, and what it understands it prints so that it understands
//! the same again.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use leora_core::prisma::patch::patch;
use leora_core::prisma::{self, Source, print};
use leora_schema::LEORA;
use proptest::prelude::*;

use super::{all_fixtures, public, source};

fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let fixtures = all_fixtures().into_iter();
        // The application's two are long, and add nothing to those made for the language.
        let short = fixtures.filter(|path| !path.starts_with("fixtures/leora"));
        short.map(|path| source(&path).text).collect()
    })
}

/// Reads `text` in every way there is.
fn read(text: &str) {
    let source = Source {
        name: "schema.prisma".to_owned(),
        text: text.to_owned(),
    };
    let began = Instant::now();
    if let Ok(tree) = prisma::parse(&source) {
        let printed = Source {
            name: source.name.clone(),
            text: print::document(&tree),
        };
        let again = prisma::parse(&printed).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(again == tree, "{text:?}");
        assert_eq!(print::document(&tree), printed.text);
    }
    if let Err(errors) = prisma::schema(std::slice::from_ref(&source), &public()) {
        assert_ne!(errors.iter().count(), 0);
        let _ = errors.to_string();
    }
    if let Err(refused) = patch(std::slice::from_ref(&source), &LEORA, &public()) {
        let _ = refused.to_string();
    }
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{} bytes",
        text.len()
    );
}

/// Pieces of the language, and of what is none.
const PIECES: &[&str] = &[
    "model",
    "view",
    "type",
    "enum",
    "datasource",
    "generator",
    " ",
    "\n",
    "\r\n",
    "\t",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "[]",
    "?",
    "!",
    ":",
    ",",
    "=",
    "@",
    "@@",
    ".",
    "//",
    "///",
    "/*",
    "*/",
    "\"",
    "\\",
    "-",
    "1",
    "0.5",
    "A",
    "b",
    "id",
    "Int",
    "String",
    "DateTime",
    "Unsupported(\"",
    "@id",
    "@unique",
    "@default(",
    "now()",
    "@relation(fields: [",
    "references: [",
    "@db.VarChar(",
    "@@index([",
    "@@map(\"",
    "where: {",
    "raw(\"",
    "é",
    "酒",
    "\u{feff}",
    "\u{2028}",
    "\0",
    "'",
    ";",
    "\\u12",
    "provider = \"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn random_pieces_do_no_harm(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        read(&pieces.concat());
    }

    #[test]
    fn changed_schemas_do_no_harm(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..12_usize, prop::sample::select(PIECES)), 1..8),
    ) {
        let mut text = texts()[which.index(texts().len())].clone();
        for (at, removed, inserted) in changes {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + removed).min(text.len()));
            text.replace_range(start..end.max(start), inserted);
        }
        read(&text);
    }

    #[test]
    fn schemas_cut_and_joined_do_no_harm(
        one in any::<(prop::sample::Index, prop::sample::Index)>(),
        other in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let part = |(which, at): (prop::sample::Index, prop::sample::Index)| {
            let text = &texts()[which.index(texts().len())];
            text.split_at(text.floor_char_boundary(at.index(text.len() + 1)))
        };
        read(&format!("{}{}", part(one).0, part(other).1));
    }
}

#[test]
fn depth_without_end_is_a_mistake_and_not_a_crash() {
    for (open, close) in [("[", "]"), ("f(", ")"), ("{a: ", "}"), ("f([", "])")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        read(&format!("model A {{\n  id Int @id @default({deep})\n}}\n"));
        let source = Source {
            name: "schema.prisma".to_owned(),
            text: format!("model A {{\n  id Int @id @default({deep})\n}}\n"),
        };
        let message = prisma::parse(&source)
            .unwrap_err()
            .iter()
            .next()
            .unwrap()
            .message
            .clone();
        assert!(message.contains("64 deep"), "{message}");
    }
}

#[test]
fn expressions_of_the_database_may_be_as_deep_as_they_like() {
    for (open, close) in [
        ("(", ")"),
        ("f(", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("1 + ", ""),
        ("a AND ", ""),
        ("", "::int"),
        ("ARRAY[", "]"),
        ("", " IS NULL"),
        ("CAST(", " AS int)"),
    ] {
        let deep = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        read(&format!(
            "generator g {{\n  provider = \"x\"\n  previewFeatures = [\"partialIndexes\"]\n}}\n\
             model A {{\n  id Int @id @default(dbgenerated(\"{deep}\"))\n  t String @default(dbgenerated(\"{deep}\"))\n\
             l Int[] @default(dbgenerated(\"{deep}\"))\n  d DateTime @default(dbgenerated(\"{deep}\"))\n\
             @@index([id], where: raw(\"{deep}\"))\n}}\n"
        ));
    }
}

#[test]
fn long_texts_take_time_by_their_length() {
    for line in [
        "  a Int // comment\n",
        "\n",
        "/* a */",
        "// a\n",
        "model A {\n}\n",
        "model A {\n",
        "@@index([a])\n",
        "  a Int @default(\"\\\"\")\n",
        "{",
        "\"",
    ] {
        read(&line.repeat(20_000));
        read(&format!("model A {{\n{}}}\n", line.repeat(20_000)));
    }
}
