//! Reports of a command that could not look: each says so, and none from an earlier run stays.

use jsonschema::Validator;
use serde_json::Value;

use super::super::support::{Cli, Output, Template, TestDatabase};
use super::sarif::run_of;

const OF_VERIFY: [&str; 7] = [
    "text", "json", "junit", "sarif", "markdown", "github", "html",
];
const OF_PLAN: [&str; 6] = ["text", "sql", "json", "markdown", "github", "html"];
const NOWHERE: &str = "postgresql://u:hunter2@127.0.0.1:1/d";

/// What a command left in its reports, which an earlier run had written already.
struct Left {
    output: Output,
    directory: tempfile::TempDir,
}

impl Left {
    fn by(command: &str, kinds: &[&str], prepare: impl FnOnce(Cli) -> Cli) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut arguments = vec![command.to_owned()];
        for kind in kinds {
            std::fs::write(directory.path().join(kind), "all is well").unwrap();
            arguments.push(format!(
                "--report={kind}={}",
                directory.path().join(kind).display()
            ));
        }
        let output = prepare(Cli::new().args(arguments)).run();
        Self { output, directory }
    }

    fn read(&self, kind: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(kind)).unwrap()
    }

    #[track_caller]
    fn all_say(&self, kinds: &[&str], code: &str) -> &Self {
        for kind in kinds {
            let report = self.read(kind);
            assert!(report.contains(code), "{kind}: {report}\n{}", self.output);
            assert!(!report.contains("hunter2"), "{kind}: {report}");
        }
        self
    }
}

fn schema(of: &str) -> Validator {
    let printed = Cli::new().args(["schema", of]).run().exits(0).stdout;
    jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap()
}

#[test]
fn an_unreachable_database_is_an_error_in_every_report() {
    let left = Left::by("verify", &OF_VERIFY, |cli| cli.env("DIRECT_URL", NOWHERE));
    assert_eq!(left.output.code, Some(2), "{}", left.output);
    left.all_say(&OF_VERIFY, "LM0021");

    let junit = left.read("junit");
    let junit = roxmltree::Document::parse(&junit).unwrap();
    assert_eq!(junit.root_element().attribute("errors"), Some("1"));
    assert_eq!(junit.root_element().attribute("failures"), Some("0"));
    let error = junit.descendants().find(|node| node.has_tag_name("error"));
    assert_eq!(error.unwrap().attribute("type"), Some("LM0021"));

    let run = run_of(&left.read("sarif"));
    // An empty list would say that nothing was found, and close what was.
    assert!(run.get("results").is_none(), "{run:#}");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 2);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "error");
    assert_eq!(notification["descriptor"]["id"], "LM0021");

    let json: Value = serde_json::from_str(&left.read("json")).unwrap();
    assert!(schema("verify").is_valid(&json), "{json:#}");
    assert_eq!(json["exit_code"], 2);
    assert!(left.read("github").starts_with("::error title="));
    assert_eq!(left.read("github").lines().count(), 1);
    assert!(left.read("html").contains("could not run"));
    assert!(
        left.read("markdown")
            .starts_with("## leora-migrate verify: could not run\n")
    );
}

#[test]
fn a_plan_that_could_not_be_made_is_none() {
    let left = Left::by("plan", &OF_PLAN, |cli| cli.env("DIRECT_URL", NOWHERE));
    assert_eq!(left.output.code, Some(2), "{}", left.output);
    left.all_say(&OF_PLAN, "LM0021");
    let json: Value = serde_json::from_str(&left.read("json")).unwrap();
    assert!(schema("plan").is_valid(&json), "{json:#}");
    let database = TestDatabase::from(Template::Baseline);
    let plan = left.directory.path().join("json");
    Cli::new()
        .args(["apply", "--yes", "--plan", plan.to_str().unwrap()])
        .database(&database)
        .run()
        .exits(2)
        .stderr_has("this is no plan");
}

/// Whatever it was that went wrong, before the connection or after it.
#[test]
fn a_configuration_that_is_wrong_a_right_that_lacks_and_a_lock_are_told_too() {
    let wrong = |cli: Cli| cli.file("leora-migrate.toml", "nonsense = 1\n");
    Left::by("verify", &OF_VERIFY, wrong).all_say(&OF_VERIFY, "LM0002");

    let database = TestDatabase::from(Template::Baseline);
    let elsewhere = |cli: Cli| cli.args(["--schema=nowhere"]).database(&database);
    let left = Left::by("verify", &OF_VERIFY, elsewhere);
    left.all_say(&OF_VERIFY, "there is no schema");

    let apply = Cli::new().args(["apply", "--yes", "--no-verify"]);
    apply.database(&database).run().exits(0);
    let mut holder = database.client();
    holder
        .batch_execute("BEGIN; LOCK TABLE leora_migrate.migration IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let left = Left::by("verify", &OF_VERIFY, |cli| cli.database(&database));
    assert_eq!(left.output.code, Some(3), "{}", left.output);
    left.all_say(&OF_VERIFY, "LM0073");
    let json: Value = serde_json::from_str(&left.read("json")).unwrap();
    assert_eq!(json["exit_code"], 3);
}

/// What was printed for a program is a document of its kind, too.
#[test]
fn a_program_that_reads_the_output_is_told() {
    let run = |arguments: &[&str]| {
        let run = Cli::new().args(arguments).env("DIRECT_URL", NOWHERE).run();
        run.exits(2).stderr_has("error[LM0021]").stdout
    };
    let json: Value = serde_json::from_str(&run(&["verify", "--format=json"])).unwrap();
    assert_eq!(json["error"]["code"], "LM0021");
    run_of(&run(&["verify", "--format=sarif"]));
    assert!(run(&["plan", "--format=github"]).starts_with("::error "));
    for quiet in [
        &["verify"][..],
        &["plan"],
        &["plan", "--format=sql"],
        &["status"],
    ] {
        assert_eq!(run(quiet), "", "{quiet:?}");
    }
}

/// A report that cannot be written takes none of the others back.
#[test]
fn what_was_found_stays_when_another_report_cannot_be_written() {
    let database = TestDatabase::from(Template::Baseline);
    let unwritable = |cli: Cli| {
        let cli = cli.args(["--report=json=/nowhere/at/all.json"]);
        cli.database(&database)
    };
    let left = Left::by("verify", &["junit"], unwritable);
    assert_eq!(left.output.code, Some(2), "{}", left.output);
    assert!(left.read("junit").contains("<failure"), "{}", left.output);
}
