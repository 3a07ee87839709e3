//! What is said of schemas that are wrong. In `fixtures/prisma/invalid` the lines before a mistake say
//! what is said of it: `//!` by this tool and by Prisma, `//!!` by this tool alone, `//?` by Prisma alone.

use std::collections::BTreeSet;
use std::fs;

use leora_core::prisma::{self, Source};

use super::{ask_prisma, public, source};
use crate::support::repository;

type Said = BTreeSet<(usize, String)>;

fn invalid_fixtures() -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(repository("fixtures/prisma/invalid"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("fixtures/prisma/invalid/{name}"))
        .collect();
    paths.sort();
    paths
}

/// What a fixture says is said with one of `marks`, by line.
fn annotated(text: &str, marks: &[&str]) -> Said {
    let mut said = Said::new();
    let mut waiting = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().split_once(' ') {
            Some((mark @ ("//!" | "//!!" | "//?"), message)) => {
                if marks.contains(&mark) {
                    waiting.push(message.to_owned());
                }
            }
            _ => said.extend(waiting.drain(..).map(|message| (number + 1, message))),
        }
    }
    said
}

#[test]
fn each_mistake_is_reported_with_its_line() {
    for path in invalid_fixtures() {
        let source = source(&path);
        let expected = annotated(&source.text, &["//!", "//!!"]);
        let said: Said = match prisma::schema(&[source], &public()) {
            Ok(_) => Said::new(),
            Err(errors) => errors
                .iter()
                .map(|error| (error.line, error.message.clone()))
                .collect(),
        };
        assert_eq!(said, expected, "{path}");
    }
}

#[test]
fn prisma_reports_the_same() {
    let paths = invalid_fixtures();
    let Some(answers) = ask_prisma("lint", &paths) else {
        return;
    };
    for (path, answer) in paths.iter().zip(answers) {
        let said: Said = answer
            .as_array()
            .unwrap()
            .iter()
            .map(|found| {
                let line = usize::try_from(found["line"].as_u64().unwrap()).unwrap();
                (line, found["message"].as_str().unwrap().to_owned())
            })
            .collect();
        let expected = annotated(&source(path).text, &["//!", "//?"]);
        assert_eq!(said, expected, "{path}");
    }
}

#[test]
fn prisma_finds_no_mistake_in_the_other_fixtures() {
    let paths = super::all_fixtures();
    let Some(answers) = ask_prisma("lint", &paths) else {
        return;
    };
    for (path, answer) in paths.iter().zip(answers) {
        assert_eq!(answer, serde_json::json!([]), "{path}");
    }
}

fn shown(text: &str) -> String {
    let source = Source {
        name: "schema.prisma".to_owned(),
        text: text.to_owned(),
    };
    prisma::schema(&[source], &public())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_mistake_is_shown_with_its_line_and_a_caret() {
    assert_eq!(
        shown("model Order {\n  id Int @id\n  status Stauts @default(OPEN)\n}\n"),
        "\
error: Type \"Stauts\" is neither a built-in type, nor refers to another model, composite type, or enum.
  -->  schema.prisma:3
   |
 2 |   id Int @id
 3 |   status Stauts @default(OPEN)
   |          ^^^^^^

Validation Error Count: 1"
    );
}

#[test]
fn what_was_expected_is_said_under_the_line() {
    assert_eq!(
        shown("model Order {\r\n\tid Int @id @default(\r\n}\r\n"),
        "\
error: Error validating: This line is not a valid field or attribute definition.
  -->  schema.prisma:2
   |
 1 | model Order {
 2 |  id Int @id @default(
   |                      ^ expected a value

Validation Error Count: 1"
    );
}

#[test]
fn what_could_stand_in_the_place_of_what_is_not_known_is_said() {
    for (field, expected) in [
        ("status Status @default(OPEN)", "expected NEW, SENT"),
        (
            "name String @db.Varchar(20)",
            "expected Inet, Citext, VarChar, Char, Text, Bit, VarBit, Uuid, Xml",
        ),
        (
            "name String @uniqe",
            "expected `@id`, `@unique`, `@default`,",
        ),
        (
            "a Order @relation(fields: [id], references: [id], onDelete: Delete)",
            "expected Cascade, Restrict, NoAction, SetNull or SetDefault",
        ),
    ] {
        let text = format!(
            "enum Status {{\n  NEW\n  SENT\n}}\nmodel Order {{\n  id Int @id\n  {field}\n}}\n"
        );
        let said = shown(&text);
        assert!(said.contains(&format!("^ {expected}")), "{said}");
    }
}

#[test]
fn a_block_without_its_end_is_one_mistake() {
    let text = "model Order {\n  id Int @id\n\nmodel Line {\n  id Int @id\n}\n";
    assert_eq!(
        shown(text),
        "\
error: The model \"Order\" has no closing `}`.
  -->  schema.prisma:1
   |
 1 | model Order {
   |       ^^^^^

Validation Error Count: 1"
    );
}

#[test]
fn what_two_attributes_get_wrong_alike_is_said_once() {
    let said = shown("model Lot {\n  id Int @id\n  sku Int\n  sku Int\n}\n");
    assert!(said.ends_with("Validation Error Count: 1"), "{said}");
}

#[test]
fn mistakes_in_several_files_are_told_apart() {
    let sources = [
        ("a.prisma", "model A {\n  id Int @id\n  b B\n}\n"),
        ("b.prisma", "modle B {\n}\n"),
    ];
    let sources = sources.map(|(name, text)| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    let errors = prisma::schema(&sources, &public()).unwrap_err();
    let places: Vec<_> = errors
        .iter()
        .map(|error| (error.file.as_str(), error.line))
        .collect();
    assert_eq!(
        places,
        [("b.prisma", 1)],
        "names are resolved when all files are understood"
    );
}
