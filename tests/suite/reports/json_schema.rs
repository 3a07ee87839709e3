//! What is printed as JSON is what its schema promises, and the schema promises nothing else.

use jsonschema::Validator;
use serde_json::Value;

use super::super::support::{Cli, Template, TestDatabase};
use super::{hostile, migrated};

fn schema(of: &str) -> Validator {
    let printed = Cli::new().args(["schema", of]).run().exits(0).stdout;
    jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap()
}

fn documents(command: &str, extra: &[&str]) -> Vec<Value> {
    let partly = Template::BaselineWithRows.and_then("partly", |client| {
        client
            .batch_execute(
                r#"CREATE TABLE "Job" ("id" UUID PRIMARY KEY, "tenantId" UUID NOT NULL, "type" TEXT NOT NULL,
                   "payload" JSONB NOT NULL, "status" TEXT NOT NULL DEFAULT 'pending',
                   "attempts" INTEGER NOT NULL DEFAULT 0, "maxAttempts" INTEGER NOT NULL DEFAULT 3,
                   "result" JSONB, "error" TEXT, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
                   "updatedAt" TIMESTAMP(3) NOT NULL);
                   INSERT INTO "Job" SELECT gen_random_uuid(), "id", 'x', '{}', 'pending', 0, 3, NULL, NULL,
                   now(), now() FROM "Tenant""#,
            )
            .unwrap();
    });
    [
        Template::Baseline,
        Template::Empty,
        partly,
        migrated(),
        hostile(),
    ]
    .into_iter()
    .map(|template| {
        let database = TestDatabase::from(template);
        let output = Cli::new()
            .args([command, "--format", "json"])
            .args(extra)
            .database(&database)
            .run();
        serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
    })
    .collect()
}

/// Each document is valid, and stays so for no object of it without one of its required fields.
#[track_caller]
fn assert_promised(of: &str, documents: &[Value]) {
    let schema = schema(of);
    for document in documents {
        let errors: Vec<_> = schema
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
        for (name, _) in document.as_object().unwrap() {
            let mut less = document.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(!schema.is_valid(&less), "valid without {name}");
        }
        let mut more = document.clone();
        more["new"] = Value::Null;
        assert!(
            !schema.is_valid(&more),
            "a new field needs its line in the schema"
        );
        let mut newer = document.clone();
        newer["format_version"] = 99.into();
        assert!(!schema.is_valid(&newer));
    }
}

#[test]
fn verify_prints_what_its_schema_says() {
    let mut all = documents("verify", &[]);
    all.extend(documents("verify", &["--require-proof"]));
    assert_promised("verify", &all);
    let verdicts: std::collections::BTreeSet<_> = all
        .iter()
        .map(|document| document["verdict"].to_string())
        .collect();
    assert!(verdicts.len() > 1, "{verdicts:?}");
    let endpoints = all
        .iter()
        .map(|document| document["subject"]["endpoint"].to_string());
    for endpoint in endpoints {
        assert!(!endpoint.contains("://"), "{endpoint}");
    }
}

#[test]
fn plan_prints_what_its_schema_says() {
    let all = documents("plan", &[]);
    assert_promised("plan", &all);
    let count = |of: &str| {
        let lengths = all
            .iter()
            .map(|document| document[of].as_array().unwrap().len());
        lengths.collect::<Vec<_>>()
    };
    // The whole migration, refused, what is missing, nothing, refused.
    let steps = count("steps");
    assert!(steps[0] == 16 && steps[3] == 0, "{steps:?}");
    let refusals = count("refusals");
    assert!(
        refusals[0] == 0 && refusals[1] > 0 && refusals[4] > 0,
        "{refusals:?}"
    );
}
