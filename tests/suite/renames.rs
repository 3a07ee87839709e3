//! What has another's name: what verify says is typed, the database is sound again, and no row and no value is lost.

use std::collections::BTreeMap;

use super::support::{Cli, Output, Template, TestDatabase};

/// A migrated database with rows, and its baseline.
struct Ground {
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Ground {
    fn new(prepare: &str) -> Ground {
        let database = TestDatabase::from(Template::BaselineWithRows);
        database.execute(prepare);
        let folder = tempfile::tempdir().unwrap();
        let ground = Ground { database, folder };
        ground.run(&["snapshot", "--out", "baseline.toml"]).exits(0);
        let apply = [
            "apply",
            "--yes",
            "--no-verify",
            "--baseline",
            "baseline.toml",
        ];
        ground.run(&apply).exits(0);
        ground
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let cli = Cli::new().database(&self.database);
        cli.in_directory(self.folder.path()).args(arguments).run()
    }

    fn verify(&self) -> Output {
        self.run(&["verify", "--format", "json", "--baseline", "baseline.toml"])
    }

    /// The columns of each table of the schema, in order.
    fn columns(&self) -> BTreeMap<String, String> {
        let query = "SELECT c.relname::text, string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) \
                     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1";
        let rows = self.database.client().query(query, &[]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// All rows of the tables, with the values of the columns.
    fn rows(&self, columns: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
        let mut client = self.database.client();
        let tables = columns.iter();
        tables
            .map(|(table, columns)| {
                let query = format!(r#"SELECT ROW({columns})::text FROM "{table}" ORDER BY 1"#);
                let rows = client.query(&query, &[]).unwrap();
                (table.clone(), rows.iter().map(|row| row.get(0)).collect())
            })
            .collect()
    }
}

/// What is advised in `output`, each once; that of trials and of what leaves it to others has no statement.
fn advised(output: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let findings = checks.filter_map(|check| check["outcome"]["findings"].as_array());
    let mut advised = Vec::new();
    for finding in findings.flatten() {
        let text = finding["remedy"].as_str().unwrap_or_default().to_owned();
        let has_statement = ["ALTER ", "CREATE ", "DROP ", "SELECT "]
            .iter()
            .any(|verb| text.contains(verb));
        assert!(finding["loses_data"].is_null(), "{finding}");
        if has_statement && !advised.contains(&text) {
            advised.push(text);
        }
    }
    advised
}

/// Breaks a database, types what is advised, and expects all rows as they were.
#[track_caller]
fn settles(prepare: &str, broken: &str, words: &str) {
    let ground = Ground::new(prepare);
    let columns = ground.columns();
    let before = ground.rows(&columns);
    assert!(before.values().any(|rows| !rows.is_empty()));
    ground.database.psql(broken).exits(0);
    let red = ground.verify().exits(1);
    let advised = advised(&red);
    for advice in &advised {
        let loses = ["DROP ", "DELETE", "TRUNCATE", " ADD ", " TYPE ", "CREATE "];
        // The name of a type is given by ALTER TYPE.
        let statements = advice.replace("ALTER TYPE ", "");
        assert!(
            !loses.iter().any(|verb| statements.contains(verb)),
            "{advice}"
        );
        assert!(advice.contains(words), "{advice}");
        ground.database.psql(advice).exits(0);
    }
    assert!(!advised.is_empty(), "{}", red.stdout);
    ground.verify().exits(0);
    assert_eq!(ground.rows(&columns), before, "{broken}");
}

/// Gives two things each other's names.
fn swapped(alter: &str, one: &str, other: &str) -> String {
    format!(
        "{alter} \"{one}\" TO swap_; {alter} \"{other}\" TO \"{one}\"; {alter} swap_ TO \"{other}\";\n"
    )
}

fn columns(table: &str, one: &str, other: &str) -> String {
    swapped(
        &format!("ALTER TABLE \"{table}\" RENAME COLUMN"),
        one,
        other,
    )
}

#[test]
fn columns_with_each_others_names() {
    for (table, one, other) in [
        ("User", "email", "fullName"),
        ("Order", "shipToId", "billToId"),
        ("Customer", "priceListId", "territoryId"),
        ("Customer", "id", "tenantId"),
        ("Job", "attempts", "maxAttempts"),
    ] {
        let words = "-- compare the values first: ";
        settles("", &columns(table, one, other), words);
    }
}

#[test]
fn three_columns_in_a_circle() {
    let circle = columns("Customer", "priceListId", "territoryId")
        + &columns("Customer", "territoryId", "tenantId");
    settles("", &circle, "-- compare the values first: ");
}

#[test]
fn a_column_under_another_name() {
    settles(
        "",
        r#"ALTER TABLE "Brand" RENAME COLUMN "supplierId" TO y"#,
        r#"RENAME COLUMN "y" TO "supplierId""#,
    );
}

#[test]
fn a_column_whose_name_a_new_one_took() {
    let broken = r#"ALTER TABLE "Brand" RENAME COLUMN "tenantId" TO y; ALTER TABLE "Brand" ADD COLUMN "tenantId" uuid"#;
    settles(
        "",
        broken,
        r#"-- compare the values first: "y" may hold the values of "tenantId""#,
    );
}

/// Made again by hand under the old names, the foreign keys are not valid: nothing is to be deleted.
#[test]
fn rows_that_a_swap_makes_orphans_are_not_deleted() {
    let ground = Ground::new("");
    let broken = columns("Customer", "priceListId", "territoryId");
    let keys = r#"
ALTER TABLE "Customer" DROP CONSTRAINT "Customer_priceListId_fkey", DROP CONSTRAINT "Customer_territoryId_fkey";
ALTER TABLE "Customer" ADD CONSTRAINT "Customer_priceListId_fkey" FOREIGN KEY ("priceListId") REFERENCES "PriceList" ("id")
    ON DELETE SET NULL ON UPDATE CASCADE NOT VALID,
  ADD CONSTRAINT "Customer_territoryId_fkey" FOREIGN KEY ("territoryId") REFERENCES "Territory" ("id")
    ON DELETE SET NULL ON UPDATE CASCADE NOT VALID;
"#;
    ground.database.psql(&(broken + keys)).exits(0);
    let red = ground.verify().exits(1);
    assert!(
        red.stdout.contains("holds rows that name none"),
        "{}",
        red.stdout
    );
    assert!(!red.stdout.contains("delete them"), "{}", red.stdout);
}

/// A table with the columns of "Brand", and rows that reference both.
const LABEL: &str = r#"
CREATE TABLE "Label" (LIKE "Brand");
ALTER TABLE "Label" ADD CONSTRAINT "Label_pkey" PRIMARY KEY ("id");
ALTER TABLE "Product" ADD COLUMN "labelId" uuid REFERENCES "Label" ON DELETE SET NULL ON UPDATE CASCADE;
INSERT INTO "Label" SELECT * FROM "Brand";
UPDATE "Product" SET "labelId" = "brandId";
"#;

#[test]
fn tables_with_each_others_names() {
    let tables = swapped("ALTER TABLE", "Brand", "Label")
        .replace("\" TO", "\" RENAME TO")
        .replace("swap_ TO", "swap_ RENAME TO");
    settles(
        LABEL,
        &tables,
        r#"-- compare the rows first: "Brand" and "Label" may have each other's names"#,
    );
    let tables = tables.replace("Label", "Supplier");
    settles("", &tables, "-- they have each other's columns");
}

#[test]
fn a_table_whose_name_a_new_one_took() {
    let broken = r#"ALTER TABLE "Brand" RENAME TO brand_before; CREATE TABLE "Brand" (LIKE brand_before INCLUDING ALL)"#;
    let ground = Ground::new("");
    let columns = ground.columns();
    let before = ground.rows(&columns);
    ground.database.psql(broken).exits(0);
    let red = ground.verify().exits(1);
    let advised = advised(&red);
    let [advice] = &advised[..] else {
        panic!("{advised:#?}");
    };
    assert!(
        advice.starts_with(
            r#"-- compare the rows first: "brand_before" may hold the rows of "Brand""#
        ),
        "{advice}"
    );
    ground.database.psql(advice).exits(0);
    // The new table is left, and nothing else.
    let left = ground.verify().exits(1);
    assert!(
        left.stdout
            .contains(r#"table \"Brand_other\" is not expected"#),
        "{}",
        left.stdout
    );
    ground.database.execute(r#"DROP TABLE "Brand_other""#);
    ground.verify().exits(0);
    assert_eq!(ground.rows(&columns), before);
}

#[test]
fn types_indexes_and_constraints_with_each_others_names() {
    let types = swapped("ALTER TYPE", "OrderStatus", "TaskStatus").replace(" TO", " RENAME TO");
    settles("", &types, "-- they have each other's labels");
    let indexes =
        swapped("ALTER INDEX", "Job_status_idx", "Job_tenantId_idx").replace(" TO", " RENAME TO");
    settles("", &indexes, "-- they have each other's definitions");
    let keys = swapped(
        r#"ALTER TABLE "Order" RENAME CONSTRAINT"#,
        "Order_ship_to_fkey",
        "Order_bill_to_fkey",
    );
    settles("", &keys, "-- they have each other's definitions");
    let keys = swapped("ALTER INDEX", "Brand_pkey", "Supplier_pkey").replace(" TO", " RENAME TO");
    settles("", &keys, "-- they have each other's definitions");
}
