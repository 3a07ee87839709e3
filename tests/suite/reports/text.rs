//! What `verify` tells people: one screen when it is green, what failed first when it is red.

use serde_json::Value;

use super::super::support::{Cli, Output, Template, TestDatabase};
use super::migrated;

fn verify(database: &TestDatabase, arguments: &[&str]) -> Output {
    let arguments = ["verify"].iter().chain(arguments);
    Cli::new().args(arguments).database(database).run()
}

fn applied(template: Template) -> TestDatabase {
    let database = TestDatabase::from(template);
    Cli::new()
        .args(["apply", "--yes", "--no-verify"])
        .database(&database)
        .run()
        .exits(0);
    database
}

/// However its lines are broken.
fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn green_is_one_screen() {
    let database = applied(Template::BaselineWithRows);
    let green = verify(&database, &[]).exits(0);
    // With the command above and the prompt below it.
    assert!(green.stdout.lines().count() <= 22, "{green}");
    for line in green.stdout.lines() {
        assert!(line.is_ascii() && line.len() <= 80, "{line}");
    }
    for line in [
        "\nok declaration  1 of 1  no conflict with the schema that stood before\n",
        "\nok migration    2 of 2  applied 20",
        "\nok tables       7 of 7  61 tables (3 new), 531 columns, 10 enums and domains\n",
        "\nok relations    2 of 2  48 tables reference Tenant, 2 new tables reference User\n",
        "\nok integrity    9 of 9  61 primary keys, 145 foreign keys, 108 indexes in force\n",
        "\nok deletes      6 of 6  a tenant of 61 rows, 145 foreign keys, 145 key changes\n",
        "\nok uniqueness   4 of 4  13 cases of metric versions, widgets, jobs and ids\n",
        "\nok behaviour    5 of 5  3 cases of use, 13 of defaults, 26 required columns\n",
        "\nok tenants      5 of 5  3 new tables, another's rows unchanged in 4 deletes\n",
        "\nProved: 18 by trying, all rolled back; 23 by reading. Not proved: nothing.\n",
        "\n  - 2 foreign keys without an index that leads with them\n",
        "\nGREEN: 41 passed (",
    ] {
        assert!(green.stdout.contains(line), "{line}{green}");
    }
    verify(&database, &["--only", "relations"])
        .exits(0)
        .stdout_has("\nProved: 2 by reading.\n")
        .stdout_has("\nPASSED, 39 checks left out (--only): 2 passed (");
    verify(&database, &["--only", "relations", "--dry-run"])
        .exits(0)
        .stdout_has("  - nothing: the checks that are asked for need no rows\n");
    verify(&database, &["--only", "deletes"])
        .exits(0)
        .stdout_has("\nProved: 6 by trying, all rolled back.\n")
        .stdout_has("\n  - 1 delete reaches a table by two paths")
        .lacks("foreign keys without an index");
    let applied = Cli::new()
        .args(["apply"])
        .database(&database)
        .run()
        .exits(0);
    let screen: Vec<_> = green.stdout.lines().collect();
    let same = screen.iter().filter(|line| !line.contains(" ms, "));
    for line in same {
        assert!(
            applied.stdout.lines().any(|said| said == *line),
            "{line}\n{applied}"
        );
    }
}

/// The figures are this database's, not those of the schema that the tool is built with.
#[test]
fn what_was_found_is_told_in_figures_of_the_database() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute(
        "CREATE TYPE \"Mood\" AS ENUM ('fair', 'foul');
         CREATE TABLE \"Weather\" (\"id\" UUID PRIMARY KEY, \"mood\" \"Mood\" NOT NULL,
             \"tenantId\" UUID NOT NULL REFERENCES \"Tenant\" (\"id\") ON DELETE CASCADE ON UPDATE CASCADE);
         CREATE INDEX ON \"Weather\" (\"tenantId\")",
    );
    let baseline = Cli::new().args(["snapshot"]).database(&database).run();
    let run = |arguments: &[&str]| {
        let arguments = arguments.iter().chain(&["--baseline", "weather.toml"]);
        Cli::new()
            .file("weather.toml", &baseline.stdout)
            .args(arguments)
            .database(&database)
            .run()
            .exits(0)
    };
    run(&["apply", "--yes", "--no-verify"]);
    run(&["verify"])
        .stdout_has("7 of 7  62 tables (3 new), 534 columns, 11 enums and domains\n")
        .stdout_has("2 of 2  49 tables reference Tenant, 2 new tables reference User\n")
        .stdout_has("9 of 9  62 primary keys, 146 foreign keys, 109 indexes in force\n")
        .stdout_has("6 of 6  a tenant of 62 rows, 146 foreign keys, 146 key changes\n");
}

#[test]
fn details_have_every_check_with_its_figure_and_all_advice_with_its_sql() {
    let database = applied(Template::Baseline);
    let json = verify(&database, &["--format", "json"]).exits(0).stdout;
    let report: Value = serde_json::from_str(&json).unwrap();
    let told = in_a_line(&verify(&database, &["--details"]).exits(0).stdout);
    let text = |value: &Value| in_a_line(value.as_str().unwrap());
    let (checks, advice) = (&report["checks"], &report["advice"]);
    assert_eq!(checks.as_array().unwrap().len(), 41);
    for check in checks.as_array().unwrap() {
        let line = format!("ok {}: {}", text(&check["id"]), text(&check["title"]));
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert!(
        told.contains("what is declared: 145 foreign keys ok"),
        "{told}"
    );
    assert!(told.contains("it is on record: applied 20"), "{told}");
    assert_eq!(advice.as_array().unwrap().len(), 8);
    for advice in advice.as_array().unwrap() {
        for part in ["title", "detail", "sql"] {
            let part = advice.get(part).map(text).unwrap_or_default();
            assert!(told.contains(&part), "{part}\n{told}");
        }
    }
    assert!(told.contains("Change the declaration first"), "{told}");
    let version = text(&report["subject"]["server_version"]);
    assert!(told.contains(&format!("PostgreSQL {version} ok")), "{told}");
}

#[test]
fn what_is_not_proved_or_waived_stands_by_its_name_and_with_its_reason() {
    let database = TestDatabase::from(migrated());
    let open = verify(&database, &[]).exits(0);
    for part in [
        "\n-- migration    1 of 2  not proved migration.recorded\n",
        "\nProved: 18 by trying, all rolled back; 22 by reading.\n",
        "\n    in migration.recorded (no record)\n",
        "\nPASSED, 1 of 41 not proved: 40 passed, 1 not proved (",
    ] {
        assert!(open.stdout.contains(part), "{part}{open}");
    }
    assert!(!open.stdout.contains("nothing."), "{open}");
    database.execute("CREATE TABLE \"Surplus\" ()");
    let config = "[[waiver]]\ncheck = \"tables.count\"\nreason = \"gone in March\"\nexpires = \"9999-12-31\"\n";
    let waived = Cli::new()
        .file("leora-migrate.toml", config)
        .args(["verify", "--only", "tables"])
        .database(&database)
        .run()
        .exits(0);
    for part in [
        "\n-- tables       6 of 7  waived tables.count\n",
        "\nWaived tables.count until 9999-12-31\n    gone in March\n    - table \"Surplus\" is not expected\n",
        "\nPASSED, 34 checks left out (--only): 6 passed, 1 waived (",
    ] {
        assert!(waived.stdout.contains(part), "{part}{waived}");
    }
    // What a waived check left open is not known, so it is not said to be nothing.
    assert!(!waived.stdout.contains("Not proved"), "{waived}");
}

#[test]
fn what_could_not_be_tried_at_all_is_told_group_by_group() {
    let database = applied(Template::Baseline);
    let url = database.url() + "&options=-c%20default_transaction_read_only%3Don";
    let verify = |arguments: &[&str]| {
        let arguments = ["verify"].iter().chain(arguments);
        let run = Cli::new().args(arguments).env("DIRECT_URL", &url).run();
        run.exits(0)
    };
    let open = verify(&[]);
    for part in [
        "\n-- integrity    8 of 9  not proved integrity.orphans-refused\n",
        "\n-- deletes      0 of 6  not proved: all of it\n",
        "\n-- tenants      3 of 5  not proved tenants.required, tenants.others-unchanged\n",
        "\nProved: none by trying; 23 by reading.\n\nNot proved\n",
        "\n    in 18 checks of integrity, deletes, uniqueness, behaviour, tenants\n",
        "\nPASSED, 18 of 41 not proved: 23 passed, 18 not proved (",
    ] {
        assert!(open.stdout.contains(part), "{part}{open}");
    }
    verify(&["--details"]).stdout_has("\n   not proved deletes.tenant-erased: ");
    verify(&["--dry-run"]).stdout_has("  - nothing: transactions are read-only here");
}

/// All that is wrong, with `--details`; a few of it otherwise, and how much more there is.
#[test]
fn of_much_that_is_wrong_a_few_are_told_unless_all_are_asked_for() {
    let database = applied(Template::Baseline);
    database.execute(
        "DO $$ BEGIN FOR n IN 1..20 LOOP
             EXECUTE format('CREATE TABLE \"Extra %s\" ()', n);
         END LOOP; END $$",
    );
    let run = |arguments: &[&str]| verify(&database, arguments).exits(1).stdout;
    let count = |told: &str| told.matches("    - table \"Extra ").count();
    let (short, full) = (
        run(&["--only", "tables"]),
        run(&["--only", "tables", "--details"]),
    );
    assert_eq!((count(&short), count(&full)), (6, 20), "{short}");
    assert!(short.contains("\n      ... and 14 more\n"), "{short}");
    assert!(!full.contains("more\n"), "{full}");
}

#[test]
fn what_others_explain_stands_in_a_line_behind_them() {
    let database = TestDatabase::from(Template::Baseline);
    let red = verify(&database, &[]).exits(1);
    assert_eq!(red.stdout.matches("\n  FAILED ").count(), 1, "{red}");
    for part in [
        "\n10 of 41 checks failed\n\n  FAILED migration.applied\n",
        "\n  9 more FAILED, which may come of the above (--details has each):\n",
        "\n  - tables.new: found 0, expected 3\n      table \"MetricDefinition\" is missing\n",
        "\n      table \"Job\" is missing\n  - tables.count: found 58, expected 61 = 58 + 3\n  - tables.columns: found 499, 32 missing, ",
        "\n  - \"DashboardWidget\", \"Job\", \"MetricDefinition\": it is not there\n    in 18 checks of ",
        "\nSettle first: migration.applied.\nRED: 12 passed, ",
    ] {
        assert!(red.stdout.contains(part), "{part}{red}");
    }
    let in_full = verify(&database, &["--details"]).exits(1);
    assert_eq!(
        in_full.stdout.matches("\n  FAILED ").count(),
        10,
        "{in_full}"
    );
    in_full.stdout_has("10 columns of \"DashboardWidget\", which is missing");
    verify(&database, &["--only", "tables"])
        .exits(1)
        .stdout_has("\n  FAILED tables.new\n")
        .stdout_has("\n  2 more FAILED");
    // Where nothing said above would settle them, they stand in full.
    verify(&database, &["--only", "tenants"])
        .exits(1)
        .stdout_has("\n    - table \"Job\" is missing\n");
}

#[test]
fn a_cause_is_told_before_what_was_tried() {
    let database = applied(Template::Baseline);
    database.execute("ALTER TABLE \"Job\" ALTER COLUMN \"status\" DROP DEFAULT");
    let red = verify(&database, &[]).exits(1);
    let parts = [
        "\n  FAILED tables.columns\n",
        "SET DEFAULT 'pending';\n",
        "\n  - behaviour.job-defaults: found 0 of 1 case\n      null value in column \"status\"",
        "\n-    \"status\" TEXT NOT NULL DEFAULT 'pending',\n",
        "\nok declaration ",
        "\nAdvice, no failure (",
        "\nRED: ",
    ];
    let places: Vec<_> = parts.iter().map(|part| red.stdout.find(part)).collect();
    assert!(
        places.is_sorted() && places[0].is_some(),
        "{places:?}\n{red}"
    );
}

#[test]
fn a_waiver_of_one_finding_hides_no_other() {
    let database = applied(Template::Baseline);
    database.execute("ALTER TABLE \"Job\" ALTER COLUMN \"status\" DROP DEFAULT, ALTER COLUMN \"type\" DROP NOT NULL");
    // Remarks enough that some are left out.
    for n in 1..=7 {
        database.execute(&format!("ALTER TABLE \"User\" ADD \"extra {n}\" TEXT"));
    }
    let of = |check: &str, finding: &str| {
        format!(
            "[[waiver]]\ncheck = \"{check}\"\nfinding = '{finding}'\nreason = \"known\"\nexpires = \"9999-12-31\"\n"
        )
    };
    let verify = |config: &str| {
        Cli::new()
            .file("leora-migrate.toml", config)
            .args(["verify", "--only", "tables"])
            .database(&database)
            .run()
    };
    let one = of("tables.columns", "\"Job\".\"status\"");
    verify(&one)
        .exits(1)
        .stdout_has("  FAILED tables.columns\n")
        .stdout_has("    - column \"Job\".\"type\": ")
        .stdout_has(
            "\n  - waived in tables.columns until 9999-12-31: column \"Job\".\"status\": default is",
        );
    let both = one + &of("tables.columns", "\"Job\".\"type\"");
    verify(&both)
        .exits(0)
        .stdout_has("waived tables.columns")
        .stdout_has("known; known");
}

#[test]
fn what_is_in_the_way_is_said_where_it_can_be_settled() {
    let database = applied(Template::Baseline);
    database.execute("ALTER TABLE \"Job\" ALTER COLUMN \"type\" DROP NOT NULL");
    let red = verify(&database, &[]);
    red.exits(1)
        .stdout_has("\n  - migration.applied: found 1 in the way, expected nothing pending\n")
        .stdout_has("\nSettle first: tables.columns")
        .lacks("in the way: ");
}

#[test]
fn a_table_that_was_moved_is_found_where_it_went() {
    let database = applied(Template::Baseline);
    database.execute("CREATE SCHEMA \"old \"\"ones\"");
    database.execute("ALTER TABLE \"Job\" SET SCHEMA \"old \"\"ones\"");
    let back = "ALTER TABLE \"old \"\"ones\".\"Job\" SET SCHEMA \"public\";";
    let said = |text: &str| assert!(in_a_line(text).contains(back), "{text}");
    said(&verify(&database, &["--only", "tables"]).exits(1).stdout);
    for command in [&["plan"][..], &["apply", "--yes", "--no-verify"]] {
        let run = Cli::new().args(command).database(&database).run();
        said(&run.stderr);
    }
    database.execute("DROP TABLE \"Job\"");
    database.execute(back);
    verify(&database, &[]).exits(0);
}
