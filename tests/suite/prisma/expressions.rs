//! Predicates as people write them, and as PostgreSQL prints them: one and the same.

use leora_core::diff::compare;
use leora_core::prisma::{self, Source};
use leora_db::introspect::introspect_tables;
use leora_db::session::Session;

use super::public;
use crate::support::{Template, TestDatabase};

const PREDICATES: &[&str] = &[
    r#""deletedAt" IS NULL"#,
    r#""deletedAt" is not null and not gone"#,
    "name = 'it''s'",
    "label = 'x'",
    "label <> 'x' OR label IS NULL",
    "status = 'OPEN'",
    "status IN ('OPEN', 'DONE')",
    "status <> 'DONE' AND level > 3 AND level < 10",
    "(level > 3 OR level < -3) AND gone",
    "level BETWEEN 1 AND 5",
    "level NOT BETWEEN 1 AND 5",
    "level IN (1, 2, 3)",
    "level NOT IN (1, -2)",
    "label IN ('a', 'b')",
    "name NOT IN ('a', 'b')",
    "name LIKE 'a%'",
    "name NOT LIKE 'a%'",
    "label ILIKE '%x'",
    "name ~ '^[a-z]+$'",
    "gone IS TRUE",
    "gone IS NOT FALSE",
    "gone",
    "gone = true",
    "price > 1.5",
    "price > 0",
    "price >= -2.50",
    "price * 2 + 1 > 7",
    "level % 2 = 0",
    "level - (1 - 2) > 0",
    "lower(name) = name",
    "length(label) > 3",
    "coalesce(name, label, 'none') = 'none'",
    "tags @> '{a}'",
    "data @> '{\"a\": 1}'",
    "data ? 'a'",
    "(data ->> 'kind') = 'x'",
    "made > '2026-01-31 12:00:00'::timestamp",
    "made > '2026-01-31T12:00:00.500'::timestamp(3)",
    "level IS DISTINCT FROM 3",
    "name || label = 'ab'",
    "level::text = '3'",
    "cast(level as bigint) > 3000000000",
    "id = '0f8fad5b-d9cb-469f-a165-70867728950e'",
    "NOT (gone OR level = 3)",
    "name = ANY (ARRAY['a', 'b'])",
];

#[test]
fn what_people_write_is_what_postgresql_prints() {
    let indexes: String = PREDICATES
        .iter()
        .enumerate()
        .map(|(number, predicate)| {
            let predicate = predicate.replace('\\', "\\\\").replace('"', "\\\"");
            format!("  @@index([level], map: \"p{number:02}\", where: raw(\"{predicate}\"))\n")
        })
        .collect();
    let schema = Source {
        name: "predicates.prisma".to_owned(),
        text: format!(
            r#"
generator client {{
  provider        = "prisma-client-js"
  previewFeatures = ["partialIndexes"]
}}

enum TaskStatus {{
  OPEN
  DONE
}}

model Task {{
  id        String     @id @db.Uuid
  name      String
  label     String     @db.VarChar(20)
  status    TaskStatus
  level     Int
  price     Decimal
  gone      Boolean
  made      DateTime
  deletedAt DateTime?
  tags      String[]
  data      Json

{indexes}}}
"#
        ),
    };
    let desired = prisma::schema(&[schema], &public()).unwrap();
    let database = TestDatabase::from(Template::Empty);
    let create_indexes: String = PREDICATES
        .iter()
        .enumerate()
        .map(|(number, predicate)| {
            format!("CREATE INDEX \"p{number:02}\" ON \"Task\"(\"level\") WHERE ({predicate});\n")
        })
        .collect();
    database.execute(&format!(
        r#"
CREATE TYPE "TaskStatus" AS ENUM ('OPEN', 'DONE');
CREATE TABLE "Task" (
    "id" UUID NOT NULL CONSTRAINT "Task_pkey" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "label" VARCHAR(20) NOT NULL,
    "status" "TaskStatus" NOT NULL,
    "level" INTEGER NOT NULL,
    "price" DECIMAL(65,30) NOT NULL,
    "gone" BOOLEAN NOT NULL,
    "made" TIMESTAMP(3) NOT NULL,
    "deletedAt" TIMESTAMP(3),
    "tags" TEXT[],
    "data" JSONB NOT NULL
);
{create_indexes}"#
    ));
    let mut session = Session::open(database.client(), public()).unwrap();
    let found = introspect_tables(&mut session).unwrap().schema;
    assert_eq!(compare(&found, &desired), []);
}
