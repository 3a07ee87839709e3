//! Every error has a code, every code and check an explanation, and the documentation has them all.

use std::collections::BTreeSet;
use std::fs;

use leora_migrate::explain;
use serde_json::Value;

use super::reports::{hostile, migrated};
use super::support::{Cli, Output, Template, TestDatabase, repository};

#[test]
fn the_documentation_is_what_the_program_says() {
    let said = Cli::new()
        .args(["explain", "--all", "--format", "markdown"])
        .run()
        .exits(0)
        .stdout;
    let path = repository("docs/errors.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == said,
        "docs/errors.md is not what `explain --all` says; BLESS=1 writes it"
    );
}

#[test]
fn every_check_and_advice_that_is_reported_is_explained() {
    let known: BTreeSet<_> = explain::all().into_iter().map(|one| one.id).collect();
    // The shared server writes no logical WAL; the tests of replication meet it.
    let mut met = BTreeSet::from(["inactive-slot".to_owned()]);
    for template in [Template::Baseline, migrated(), hostile()] {
        let database = TestDatabase::from(template);
        let report = Cli::new()
            .args(["verify", "--format=json"])
            .database(&database)
            .run();
        let report: Value = serde_json::from_str(&report.stdout).unwrap();
        for list in ["checks", "advice"] {
            let ids = report[list]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| &one["id"]);
            met.extend(ids.map(|id| id.as_str().unwrap().to_owned()));
        }
    }
    let unexplained: Vec<_> = met.difference(&known).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    let never_met: Vec<_> = known
        .iter()
        .filter(|id| !id.starts_with("LM") && !met.contains(*id))
        .collect();
    assert!(
        never_met.is_empty(),
        "explained, and reported by nothing: {never_met:?}"
    );
}

/// The error has this code, and `explain` knows it.
#[track_caller]
fn assert_code(output: Output, code: &str) -> Output {
    let output = output.exits(2).stderr_has(&format!("error[{code}]: "));
    assert_eq!(output.stderr.matches("error[").count(), 1, "{output}");
    Cli::new()
        .args(["explain", code])
        .run()
        .exits(0)
        .stdout_has(&format!("{code}: "));
    output
}

#[test]
fn what_is_typed_or_written_wrongly_has_a_code() {
    let run = |arguments: &[&str]| Cli::new().args(arguments).run();
    assert_code(run(&["verify", "--no-such-flag"]), "LM0001").stderr_has("--no-such-flag");
    assert_code(run(&["no-such-command"]), "LM0001");
    assert_code(run(&["explain", "no.such.check"]), "LM0001");
    assert_code(run(&["explain", "count"]), "LM0001").stderr_has("there is tables.count");
    let broken = Cli::new().file("leora-migrate.toml", "schema = 1\n");
    assert_code(broken.args(["validate"]).run(), "LM0002").stderr_has("leora-migrate.toml:1:");
    assert_code(run(&["validate", "--config", "absent.toml"]), "LM0003");
    assert_code(run(&["validate", "--schema", &"x".repeat(64)]), "LM0005");
    let nowhere = Cli::new()
        .args(["demo"])
        .env("LEORA_MIGRATE_PG_BINDIR", "/nowhere");
    assert_code(nowhere.run(), "LM0080").stderr_has("/nowhere");
}

#[test]
fn an_address_that_makes_no_sense_has_a_code() {
    let url = |url: &str| Cli::new().args(["plan"]).env("DIRECT_URL", url).run();
    let plan = |name: &str, value: &str| Cli::new().args(["plan"]).env(name, value).run();
    assert_code(Cli::new().args(["plan"]).run(), "LM0010");
    assert_code(url("nonsense"), "LM0011");
    assert_code(url("postgresql://u:p/w@h/d"), "LM0011");
    assert_code(url("prisma://accelerate.example/?api_key=x"), "LM0012");
    assert_code(url("postgresql://u:[YOUR-PASSWORD]@h/d"), "LM0013");
    assert_code(url("postgresql://u@h/d?sslmode=sometimes"), "LM0014");
    assert_code(url("postgresql://u@h/d?sslmod=require"), "LM0015");
    let env_file = Cli::new().args(["plan", "--env-file", "absent.env"]).run();
    assert_code(env_file, "LM0016");
    assert_code(plan("PGSERVICE", "absent"), "LM0017");
}

#[test]
fn a_connection_that_is_not_made_has_a_code() {
    let database = TestDatabase::from(Template::Empty);
    let url = |url: &str| Cli::new().args(["plan"]).env("DIRECT_URL", url).run();
    assert_code(url("postgresql://u@no-such-host.invalid/d"), "LM0020");
    assert_code(url("postgresql://u@127.0.0.1:1/d"), "LM0021");
    assert_code(url("host=/nowhere dbname=d user=u"), "LM0022");
    let server = super::support::server_url("no_such_database");
    assert_code(url(&server), "LM0034");
    let closed = Cli::new()
        .args(["plan", "--schema=absent"])
        .database(&database)
        .run();
    assert_code(closed, "LM0052").stderr_has("--schema");
}

#[test]
fn a_refusal_has_a_code() {
    let database = TestDatabase::from(Template::Empty);
    let plan = Cli::new()
        .args(["plan", "--format=json"])
        .database(&database)
        .run()
        .exits(2);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["refusals"][0]["code"], "LM0061");
    let database = TestDatabase::from(hostile());
    let plan = Cli::new()
        .args(["plan", "--format=json"])
        .database(&database)
        .run()
        .exits(2);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["refusals"][0]["code"], "LM0060");
}

#[test]
fn several_things_are_explained_at_once_and_a_group_check_by_check() {
    let output = Cli::new()
        .args(["explain", "lm73", "nulls-distinct", "relations"])
        .run()
        .exits(0);
    output
        .stdout_has("LM0073: ")
        .stdout_has("nulls-distinct: ")
        .stdout_has("relations.tenant: ")
        .stdout_has("relations.user: ");
}
