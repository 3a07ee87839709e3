//! Each schema, and the database that Prisma's engine makes of it, and the one that this tool makes
//! of it. Beside each schema stands Prisma's SQL for it, unedited.

use std::collections::BTreeSet;
use std::fs;

use leora_core::ddl::Change;
use leora_core::diff::compare;
use leora_core::model::{Identifier, Schema, Table};
use leora_core::prisma;
use leora_db::introspect::introspect_tables;
use leora_db::session::Session;

use serde_json::json;

use super::{all_fixtures, lines_of_json, public, source};
use crate::support::{Template, TestDatabase, oracle_without_database, repository};

/// What PostgreSQL prints otherwise than Prisma writes it, so that Prisma's engine sees differences
/// between the schema and the database it made of it.
const PRISMA_DISAGREES_WITH_ITSELF: &[&str] = &["spelled_otherwise"];

/// What has operator classes that PostgreSQL has since version 14.
const SINCE_14: &[&str] = &["brin_operator_classes"];

macro_rules! fixtures {
    ($($name:ident)*) => {
        const FIXTURES: &[&str] = &[$(stringify!($name)),*];

        /// A database by Prisma's SQL is as the schema is read.
        mod prismas_database_is_as_it_is_read {
            $(#[test]
            fn $name() {
                super::prismas_database_is_as_it_is_read(stringify!($name));
            })*
        }
    };
}

fixtures! {
    brin_operator_classes comments composite_references default_functions default_lists
    default_literals default_moments enums extension_types ids index_types indexes long_names
    many_to_many many_to_many_long_names mapping native_documents native_moments native_numbers
    native_text one_to_many one_to_one other_names partial_indexes relation_mode_prisma scalars
    self_relations several_schemas spelled_otherwise uniques unsaid_actions unsupported
    views_and_ignored
}

#[test]
fn every_fixture_is_tested() {
    let tested: BTreeSet<_> = FIXTURES.iter().map(|name| path_of(name)).collect();
    let there = all_fixtures().into_iter();
    let there: BTreeSet<_> = there
        .filter(|path| !path.starts_with("fixtures/leora"))
        .collect();
    assert_eq!(tested, there);
}

fn path_of(name: &str) -> String {
    format!("fixtures/prisma/{name}.prisma")
}

fn sql_of(name: &str) -> String {
    fs::read_to_string(repository(&format!("fixtures/prisma/{name}.sql"))).unwrap()
}

/// A database for `name`, or none where the server is older than what the schema asks for.
fn database(name: &str) -> Option<TestDatabase> {
    let database = TestDatabase::from(Template::Empty);
    let version: String = database
        .client()
        .query_one("SHOW server_version_num", &[])
        .unwrap()
        .get(0);
    if SINCE_14.contains(&name) && version.as_str() < "140000" {
        let notice = format!("\nNOT TESTED: {name}: the server is older than PostgreSQL 14\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), notice.as_bytes());
        return None;
    }
    if name == "extension_types" {
        database.execute("CREATE EXTENSION citext");
    }
    Some(database)
}

fn found(database: &TestDatabase, schema: &Identifier) -> Schema {
    let mut session = Session::open(database.client(), schema.clone()).unwrap();
    introspect_tables(&mut session).unwrap().schema
}

/// The database schemas that a fixture has models in.
fn namespaces(name: &str) -> Vec<Identifier> {
    let mut namespaces = vec![public()];
    if name == "several_schemas" {
        namespaces.push(Identifier::new("billing").unwrap());
    }
    namespaces
}

fn prismas_database_is_as_it_is_read(name: &str) {
    let Some(database) = database(name) else {
        return;
    };
    database.execute(&sql_of(name));
    for namespace in namespaces(name) {
        let desired = prisma::schema(&[source(&path_of(name))], &namespace).unwrap();
        assert!(!desired.tables.is_empty());
        assert_eq!(
            compare(&found(&database, &namespace), &desired),
            [],
            "in {namespace}"
        );
    }
}

#[test]
fn the_sql_beside_each_schema_is_prismas() {
    let database = TestDatabase::from(Template::Empty);
    let questions = FIXTURES
        .iter()
        .map(|name| ("script", path_of(name), database.url()));
    let Some(answers) = each(questions) else {
        return;
    };
    for (name, (code, written)) in FIXTURES.iter().zip(answers) {
        assert_eq!((code, written), (0, sql_of(name)), "{name}");
    }
}

#[test]
fn prisma_finds_nothing_to_do_in_a_database_by_our_sql() {
    let databases: Vec<_> = FIXTURES
        .iter()
        .filter_map(|name| Some((*name, database(name)?)))
        .collect();
    for (name, database) in &databases {
        let schemas: Vec<_> = namespaces(name)
            .into_iter()
            .map(|namespace| {
                let schema = prisma::schema(&[source(&path_of(name))], &namespace);
                (namespace, schema.unwrap())
            })
            .collect();
        for part in [enums, tables, relations] {
            for (namespace, schema) in &schemas {
                let namespace = namespace.quoted();
                database.execute(&format!(
                    "CREATE SCHEMA IF NOT EXISTS {namespace};\nSET search_path = {namespace};\n{}",
                    part(schema)
                ));
            }
        }
        for (namespace, schema) in &schemas {
            assert_eq!(compare(&found(database, namespace), schema), [], "{name}");
        }
    }
    let judged = || {
        let disagrees = |name: &str| PRISMA_DISAGREES_WITH_ITSELF.contains(&name);
        databases.iter().filter(move |(name, _)| !disagrees(name))
    };
    let questions = judged().map(|(name, database)| ("exit", path_of(name), database.url()));
    let Some(answers) = each(questions) else {
        return;
    };
    for ((name, _), (code, said)) in judged().zip(answers) {
        assert_eq!(code, 0, "{name}: {said}");
    }
}

/// What cannot come out of Prisma's own SQL: a database by hand, and the schema that Prisma's
/// introspection writes for it.
#[test]
fn what_the_database_computes_is_no_difference() {
    const SCHEMA: &str = "fixtures/prisma/introspected/generated_columns.prisma";
    let schema = prisma::schema(&[source(SCHEMA)], &public()).unwrap();
    let sql = SCHEMA.replace(".prisma", ".sql");
    let databases = [
        fs::read_to_string(repository(&sql)).unwrap(),
        tables(&schema),
    ]
    .map(|sql| {
        let database = TestDatabase::from(Template::Empty);
        database.execute(&sql);
        let found = found(&database, &public());
        assert_eq!(compare(&found, &schema), [], "{sql}");
        assert_eq!(compare(&schema, &found), [], "{sql}");
        database
    });
    let questions = databases
        .iter()
        .map(|database| ("exit", SCHEMA.to_owned(), database.url()));
    for (code, said) in each(questions).into_iter().flatten() {
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn a_sequence_is_no_default_that_a_schema_leaves_open() {
    let database = TestDatabase::from(Template::Empty);
    database.execute(
        r#"CREATE TABLE "Lot" ("id" SERIAL CONSTRAINT "Lot_pkey" PRIMARY KEY, "number" INTEGER NOT NULL)"#,
    );
    let schema = |default: &str| {
        let text = format!(
            "model Lot {{\n  id Int @id @default({default})\n  number Int @default(dbgenerated())\n}}\n"
        );
        let name = "schema.prisma".to_owned();
        prisma::schema(&[prisma::Source { name, text }], &public()).unwrap()
    };
    let found = found(&database, &public());
    assert_eq!(compare(&found, &schema("autoincrement()")), []);
    let said: Vec<_> = compare(&found, &schema("dbgenerated()"))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            r#"column "Lot"."id": default is the next value of its own sequence, expected anything but a sequence of its own"#
        ]
    );
}

/// What Prisma's engine answers to questions of one kind: its exit code and what it says.
fn each(
    questions: impl Iterator<Item = (&'static str, String, String)>,
) -> Option<Vec<(i64, String)>> {
    let questions: String = questions
        .map(|(mode, to, url)| {
            let from = if mode == "script" { "empty" } else { "url" };
            let question = json!({"mode": mode, "from": from, "to": to, "url": url});
            format!("{question}\n")
        })
        .collect();
    let answers = oracle_without_database(&["each"], &questions)?;
    let answers = lines_of_json(&answers).into_iter().map(|answer| {
        let said = answer["stdout"].as_str().unwrap().to_owned();
        (answer["code"].as_i64().unwrap(), said)
    });
    Some(answers.collect())
}

/// The SQL that creates the enums of `schema`.
fn enums(schema: &Schema) -> String {
    let enums = schema
        .enums
        .iter()
        .map(|(name, definition)| Change::CreateEnum {
            name: name.clone(),
            definition: definition.clone(),
        });
    enums.map(|change| change.sql() + ";\n").collect()
}

/// The SQL that creates the tables and indexes of `schema`.
fn tables(schema: &Schema) -> String {
    let tables = schema
        .tables
        .iter()
        .map(|(name, table)| Change::CreateTable {
            name: name.clone(),
            definition: Box::new(table.clone()),
        });
    let indexes = schema.tables.iter().flat_map(|(table, definition)| {
        let indexes = definition.indexes.iter();
        indexes.map(move |(name, index)| Change::CreateIndex {
            table: table.clone(),
            name: name.clone(),
            index: index.clone(),
            concurrently: false,
        })
    });
    let changes = tables.chain(indexes);
    changes.map(|change| change.sql() + ";\n").collect()
}

/// The SQL that creates the foreign keys of `schema`.
fn relations(schema: &Schema) -> String {
    let keys = schema.tables.iter().flat_map(|(table, definition)| {
        let keys = definition.foreign_keys.iter();
        keys.map(move |(name, key)| Change::AddForeignKey {
            table: table.clone(),
            name: name.clone(),
            key: key.clone(),
            not_valid: false,
        })
    });
    keys.map(|change| change.sql() + ";\n").collect()
}

#[test]
fn the_applications_database_is_as_its_schema_is_read() {
    let database = TestDatabase::from(Template::Baseline);
    let path = "fixtures/leora/schema.prisma";
    let desired = prisma::schema(&[source(path)], &public()).unwrap();
    assert_eq!(desired.table_names().count(), 58);
    assert_eq!(compare(&found(&database, &public()), &desired), []);
}

#[test]
fn the_declaration_is_what_the_applications_schema_says() {
    let schema = prisma::schema(&[source("fixtures/leora/phase1.prisma")], &public()).unwrap();
    let declared = leora_core::model::lower::lower(&leora_schema::LEORA);
    assert_eq!(schema.table_names().count(), 61);
    for (name, table) in &declared.tables {
        let as_declared = Table {
            in_any_order: false,
            ..schema.tables[name].clone()
        };
        assert_eq!(&as_declared, table, "{name}");
    }
}

#[test]
fn a_schema_in_several_files_is_one_schema() {
    let whole = source("fixtures/leora/phase1.prisma");
    let (first, second) = whole
        .text
        .split_at(whole.text.find("model SalesRepGoal").unwrap());
    let parts = [("a.prisma", first), ("b.prisma", second)].map(|(name, text)| prisma::Source {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    let together = prisma::schema(&parts, &public()).unwrap();
    assert_eq!(together, prisma::schema(&[whole], &public()).unwrap());
}
