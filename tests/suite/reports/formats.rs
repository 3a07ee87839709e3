//! JUnit, Markdown and GitHub's annotations, from real databases, hostile names included.

use serde_json::Value;

use super::super::support::{Cli, Template, TestDatabase};
use super::{Reported, hostile, migrated};

const ALL: [&str; 6] = ["text", "json", "junit", "sarif", "markdown", "github"];

fn counts(report: &Reported) -> Value {
    serde_json::from_str::<Value>(&report.read("json")).unwrap()["counts"].clone()
}

#[test]
fn several_reports_are_written_and_the_terminal_keeps_its_text() {
    let database = TestDatabase::from(Template::Baseline);
    let plain = Cli::new()
        .args(["verify"])
        .database(&database)
        .run()
        .exits(1);
    let report = Reported::run(&database, "verify", &ALL);
    let first_lines = |text: &str| text.lines().take(20).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        first_lines(&plain.stdout),
        first_lines(&report.output.stdout)
    );
    assert_eq!(
        first_lines(&plain.stdout),
        first_lines(&report.read("text"))
    );
    let coloured = Cli::new()
        .args(["verify", "--color=always", "--report=text=-"])
        .database(&database)
        .run();
    let (first, second) = coloured.stdout.rsplit_once("schema public").unwrap();
    assert!(
        first.contains('\u{1b}') && !second.contains('\u{1b}'),
        "{coloured}"
    );
}

#[test]
fn junit_counts_what_the_report_counts() {
    for template in [Template::Baseline, migrated(), hostile()] {
        let report = Reported::run(&TestDatabase::from(template), "verify", &ALL);
        let junit = report.read("junit");
        let document = roxmltree::Document::parse(&junit).unwrap();
        let count = |tag: &str| {
            let nodes = document.descendants();
            nodes.filter(|node| node.has_tag_name(tag)).count() as u64
        };
        let counts = counts(&report);
        let number = |name: &str| counts[name].as_u64().unwrap();
        assert_eq!(count("failure"), number("failed"));
        assert_eq!(count("skipped"), number("not_proved") + number("skipped"));
        let all = ["passed", "failed", "not_proved", "skipped"].map(number);
        assert_eq!(count("testcase"), all.iter().sum::<u64>());
        let root = document.root_element();
        assert_eq!(
            root.attribute("tests"),
            Some(&*all.iter().sum::<u64>().to_string())
        );
        assert_eq!(
            root.attribute("failures"),
            Some(&*counts["failed"].to_string())
        );
    }
}

#[test]
fn what_was_not_proved_fails_in_every_form_when_proof_is_required() {
    let database = TestDatabase::from(Template::Baseline);
    let run = |format: &str| {
        let arguments = ["verify", "--require-proof", "--format", format];
        Cli::new()
            .args(arguments)
            .database(&database)
            .run()
            .exits(1)
            .stdout
    };
    assert!(!run("junit").contains("<skipped"));
    assert!(!run("sarif").contains("\"warning\""));
    assert!(!run("github").contains("::warning"));
}

#[test]
fn names_from_a_database_do_not_become_markup_or_commands() {
    let report = Reported::run(&TestDatabase::from(hostile()), "verify", &ALL);
    let markdown = report.read("markdown");
    assert!(
        !markdown.contains("<script>") || in_code(&markdown, "<script>"),
        "{markdown}"
    );
    assert!(markdown.contains(r"\<script\>"), "{markdown}");
    assert!(
        !markdown.contains("<i>\"") || in_code(&markdown, "<i>\""),
        "{markdown}"
    );
    let github = report.read("github");
    // GitHub shows ten of a kind for a step.
    for kind in ["::error", "::warning", "::notice"] {
        assert!(github.matches(kind).count() <= 10, "{github}");
    }
    assert!(github.starts_with("::error"), "{github}");
    for line in github.lines() {
        let known = ["::error title=", "::warning title=", "::notice title="];
        assert!(
            known.iter().any(|start| line.starts_with(start)),
            "{line}\n{github}"
        );
    }
    assert!(github.contains("%250A"), "{github}");
}

/// Whether `text` stands in no line outside a fenced block.
fn in_code(markdown: &str, text: &str) -> bool {
    let mut fence = None;
    markdown.lines().all(|line| {
        // One in a list is indented.
        let ticks: String = line
            .trim_start()
            .chars()
            .take_while(|c| *c == '`')
            .collect();
        match &fence {
            None if ticks.len() >= 3 => fence = Some(ticks),
            Some(open) if ticks.len() >= str::len(open) => fence = None,
            _ => {}
        }
        fence.is_some() || !line.contains(text)
    })
}

/// A run that has nothing to complain of is one line on GitHub's page, whatever the design leaves open.
#[test]
fn a_green_run_is_one_notice_and_a_waiver_no_error() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    let apply = Cli::new().args(["apply", "--yes", "--no-verify"]);
    apply.database(&database).run().exits(0);
    let github = |config: &str| {
        Cli::new()
            .file("leora-migrate.toml", config)
            .args(["verify", "--format=github"])
            .database(&database)
            .run()
            .exits(0)
            .stdout
    };
    let green = github("");
    assert_eq!(green.lines().count(), 1, "{green}");
    assert!(
        green.starts_with(
            "::notice title=leora-migrate verify%3A passed::41 passed of 41 checks on "
        )
    );
    assert!(green.contains("(nulls-distinct)"), "{green}");
    database.execute("CREATE TABLE \"Surplus\" ()");
    let waived = github(
        "[verify]\nrequire-proof = true\n[[waiver]]\ncheck = \"tables.count\"\nreason = \"known\"\n\
         expires = \"9999-12-31\"\n",
    );
    let levels: Vec<_> = waived.lines().map(|line| &line[..9]).collect();
    assert_eq!(levels, ["::warning", "::notice "], "{waived}");
}

#[test]
fn a_plan_is_written_for_a_pull_request() {
    let report = Reported::run(
        &TestDatabase::from(Template::Baseline),
        "plan",
        &["markdown", "github", "sql"],
    );
    let markdown = report.read("markdown");
    assert!(
        markdown.contains("**16 steps: create 3 tables"),
        "{markdown}"
    );
    assert!(
        markdown.contains("SHARE ROW EXCLUSIVE on \"Tenant\" (blocks writes, not reads)"),
        "{markdown}"
    );
    assert_eq!(report.read("github").lines().count(), 1);
    assert!(report.read("sql").contains("COMMIT;"));
    let refused = Reported::run(
        &TestDatabase::from(hostile()),
        "plan",
        &["markdown", "github"],
    );
    assert_eq!(refused.output.code, Some(2));
    assert!(refused.read("markdown").contains("Refused"));
    assert!(
        refused
            .read("github")
            .starts_with("::error title=refused%2C LM0060%3A ")
    );
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_and_an_unknown_kind_too() {
    let database = TestDatabase::from(Template::Baseline);
    let run = |report: &str| {
        Cli::new()
            .args(["verify", "--report", report])
            .database(&database)
            .run()
            .exits(2)
    };
    run("json=/nowhere/at/all.json").stderr_has("/nowhere/at/all.json");
    for bad in ["json", "json=", "yaml=x", "=x"] {
        run(bad).stderr_has(
            "expected KIND=FILE, KIND one of text, json, junit, sarif, markdown, github",
        );
    }
}

#[test]
fn what_is_waived_is_said_with_its_reason_in_every_form_and_fails_in_none() {
    let database = TestDatabase::from(migrated());
    database.execute("CREATE TABLE \"Surplus\" ()");
    let config = "[[waiver]]\ncheck = \"tables.count\"\nreason = \"gone in March\"\nexpires = \"9999-12-31\"\n";
    for format in [
        "text", "json", "junit", "sarif", "markdown", "github", "html",
    ] {
        Cli::new()
            .file("leora-migrate.toml", config)
            .args(["verify", "--format", format])
            .database(&database)
            .run()
            .exits(0)
            .stdout_has("gone in March");
    }
}

/// What a remedy loses is said before what is typed, in every format.
#[test]
fn data_that_a_remedy_loses_is_said_first() {
    let database = TestDatabase::from(migrated());
    database.execute(r#"ALTER TABLE "Brand" ADD COLUMN "note" text NOT NULL DEFAULT ''; ALTER TABLE "Brand" ALTER COLUMN "note" DROP DEFAULT"#);
    let report = Reported::run(&database, "verify", &[&ALL as &[&str], &["html"]].concat());
    let lost = r#"the values of "Brand"."note""#;
    for format in ["text", "junit", "sarif", "markdown", "github", "html"] {
        // Quotes are escaped in some.
        let text = report
            .read(format)
            .replace("&quot;", "\"")
            .replace("\\\"", "\"");
        let said = text.find("This loses data: the values of");
        let typed = text.find("DROP COLUMN");
        assert!(said.is_some() && said < typed, "{format}: {text}");
        assert!(text.contains(lost), "{format}: {text}");
    }
    let json: Value = serde_json::from_str(&report.read("json")).unwrap();
    let checks = json["checks"].as_array().unwrap().iter();
    let findings = checks.filter_map(|check| check["outcome"]["findings"].as_array());
    let finding = findings.flatten().next().unwrap();
    assert_eq!(finding["loses_data"], lost);
    let remedy = finding["remedy"].as_str().unwrap();
    assert!(remedy.starts_with("ALTER TABLE"), "{remedy}");
}
