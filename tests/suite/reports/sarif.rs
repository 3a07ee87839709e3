//! SARIF, held against the standard's own schema and against what code scanning asks for.

use jsonschema::Validator;
use serde_json::Value;

use super::super::support::{Cli, Output, Template, TestDatabase, repository};
use super::{hostile, migrated};

fn standard() -> Validator {
    let path = repository("fixtures/sarif/sarif-schema-2.1.0.json");
    let text = std::fs::read_to_string(path).unwrap();
    // A bracket that opens nowhere, in the pattern of a language: not every dialect takes it as itself.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // A URI is none to fetch: the validator may not look for it elsewhere.
    schema.as_object_mut().unwrap().remove("$id");
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

/// The run of what was written, which is SARIF to the letter.
#[track_caller]
pub(super) fn run_of(sarif: &str) -> Value {
    let sarif: Value = serde_json::from_str(sarif).unwrap();
    let wrong: Vec<_> = standard()
        .iter_errors(&sarif)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    sarif["runs"][0].clone()
}

fn verify(database: &TestDatabase) -> Cli {
    Cli::new()
        .args(["verify", "--format", "sarif"])
        .database(database)
}

fn results(run: &Value) -> &[Value] {
    run["results"].as_array().unwrap()
}

#[test]
fn what_is_written_is_sarif() {
    for template in [Template::Baseline, migrated(), hostile()] {
        let output = verify(&TestDatabase::from(template)).run();
        let run = run_of(&output.stdout);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let mut fingerprints = std::collections::BTreeSet::new();
        for result in results(&run) {
            let rule = rules.iter().find(|rule| rule["id"] == result["ruleId"]);
            let rule = rule.unwrap_or_else(|| panic!("no rule for {result:#}"));
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[text]["text"].as_str().unwrap().len() > 10, "{rule:#}");
            }
            // It is the rule's, whatever this database holds.
            let short = rule["shortDescription"]["text"].as_str().unwrap();
            assert!(!short.contains(['"', '1']), "{short}");
            let markdown = rule["help"]["markdown"].as_str().unwrap();
            assert!(markdown.contains("leora-migrate explain "), "{markdown}");
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            // Without a file and a line, GitHub refuses all of it.
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "prisma/schema.prisma");
            assert_eq!(place["region"]["startLine"], 1);
            let fingerprint = result["partialFingerprints"]["leora-migrate/v1"].to_string();
            let about = result["locations"][0]["logicalLocations"].to_string();
            assert!(
                fingerprints.insert((fingerprint, about, result["message"].to_string())),
                "{result:#}"
            );
        }
        let red = results(&run)
            .iter()
            .any(|result| result["level"] == "error");
        assert_eq!(output.code, Some(i32::from(red)));
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], true);
        assert_eq!(invocation["exitCode"], output.code.unwrap());
    }
}

#[test]
fn the_schema_refuses_what_is_no_sarif() {
    let output = verify(&TestDatabase::from(Template::Baseline)).run();
    let good: Value = serde_json::from_str(&output.stdout).unwrap();
    let validator = standard();
    for spoil in [
        |sarif: &mut Value| sarif["runs"][0]["results"][0]["level"] = "fatal".into(),
        |sarif: &mut Value| sarif["runs"][0]["result"] = Value::Null,
        |sarif: &mut Value| sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"] = Value::Null,
        |sarif: &mut Value| sarif["runs"][0]["invocations"][0]["endTimeUtc"] = "today".into(),
        |sarif: &mut Value| sarif["version"] = "2.1".into(),
    ] {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(
            validator.is_valid(&good) && !validator.is_valid(&bad),
            "{bad:#}"
        );
    }
}

/// With the application's own file at hand, a finding stands where its table is declared.
#[test]
fn a_finding_stands_where_its_table_is_declared() {
    let database = TestDatabase::from(migrated());
    database.execute("DROP INDEX \"Job_status_idx\"; CREATE TABLE \"Surplus\" ()");
    let schema = "// ours\n\nmodel Task {\n  id String @id\n\n  @@map(\"Job\")\n}\n";
    let places = |output: &Output| {
        let run = run_of(&output.stdout);
        let place = |result: &Value| {
            let location = &result["locations"][0];
            let about = location["logicalLocations"][0]["fullyQualifiedName"].as_str();
            let at = &location["physicalLocation"];
            let uri = at["artifactLocation"]["uri"].as_str().unwrap();
            let line = &at["region"]["startLine"];
            (
                about.unwrap_or_default().to_owned(),
                format!("{uri}:{line}"),
            )
        };
        let errors = results(&run).iter().filter(|one| one["level"] == "error");
        errors.map(place).collect::<Vec<_>>()
    };
    let has = |found: &[(String, String)], about: &str, place: &str| {
        let pair = (about.to_owned(), place.to_owned());
        assert!(found.contains(&pair), "{pair:?} in {found:#?}");
    };
    let index = "\"public\".\"Job\".\"Job_status_idx\"";
    let found = places(
        &verify(&database)
            .file("schema.prisma", schema)
            .run()
            .exits(1),
    );
    has(&found, index, "schema.prisma:3");
    // What is declared nowhere stands at the file.
    has(&found, "", "schema.prisma:1");
    let nothing_of_it = places(&verify(&database).file("schema.prisma", "model {").run());
    has(&nothing_of_it, index, "schema.prisma:1");
}

#[test]
fn what_is_waived_is_suppressed_with_its_reason() {
    let database = TestDatabase::from(migrated());
    database.execute("CREATE TABLE \"Surplus\" ()");
    let config = "[[waiver]]\ncheck = \"tables.count\"\nreason = \"gone in March\"\nexpires = \"9999-12-31\"\n";
    let output = verify(&database).file("leora-migrate.toml", config).run();
    let run = run_of(&output.exits(0).stdout);
    for result in results(&run) {
        let suppressions = result["suppressions"].as_array().unwrap();
        let waived = result["ruleId"] == "tables.count";
        assert_eq!(suppressions.len(), usize::from(waived), "{result:#}");
        if waived {
            assert_eq!(suppressions[0]["kind"], "external");
            assert_eq!(
                suppressions[0]["justification"],
                "gone in March (waived until 9999-12-31)"
            );
            assert_eq!(result["level"], "note");
        }
    }
}
