//! The jobs in docs/ci, run as far as a shell can: every `run` and `script`, on a real database.

use std::fs;
use std::path::Path;

use saphyr::{LoadableYamlNode, Yaml};

use super::reports::{hostile, migrated};
use super::support::{Cli, Output, Template, TestDatabase, repository};

fn read(path: &str) -> Yaml<'static> {
    let text: &'static str = fs::read_to_string(repository(path)).unwrap().leak();
    Yaml::load_from_str(text).unwrap().remove(0)
}

#[track_caller]
fn at<'a>(yaml: &'a Yaml<'static>, key: &str) -> &'a Yaml<'static> {
    yaml.as_mapping_get(key)
        .unwrap_or_else(|| panic!("no {key} in {yaml:?}"))
}

fn text<'a>(yaml: &'a Yaml<'static>, key: &str) -> Option<&'a str> {
    yaml.as_mapping_get(key)?.as_str()
}

fn list<'a>(yaml: &'a Yaml<'static>, key: &str) -> &'a [Yaml<'static>] {
    at(yaml, key)
        .as_sequence()
        .unwrap_or_else(|| panic!("{key} is no list"))
}

/// A shell with the program on its PATH, in `directory`. What it installs is there already.
fn shell(script: &str, directory: &Path) -> Cli {
    let program = Path::new(env!("CARGO_BIN_EXE_leora-migrate"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    Cli::running("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .in_directory(directory)
        .env("PATH", path)
}

fn installs(script: &str) -> bool {
    script.contains("cargo install --locked --path ")
}

/// What a job did: each step that ran, and whether all went well.
struct Done {
    steps: Vec<Output>,
    failed: bool,
}

impl Done {
    #[track_caller]
    fn well(self) -> Self {
        assert!(!self.failed, "{}", self.said());
        self
    }

    fn said(&self) -> String {
        self.steps.iter().map(ToString::to_string).collect()
    }
}

/// Runs a job of the GitHub workflow as its runner does: a step that fails ends it, but for the steps
/// that run always.
fn github(job: &str, database: &TestDatabase, directory: &Path) -> Done {
    let workflow = read("docs/ci/github-actions.yml");
    let job = at(at(&workflow, "jobs"), job);
    let mut done = Done {
        steps: Vec::new(),
        failed: false,
    };
    for step in list(job, "steps") {
        let always = text(step, "if").is_some_and(|when| when.starts_with("always()"));
        let Some(script) = text(step, "run") else {
            assert!(text(step, "uses").is_some_and(|action| action.contains('@')));
            continue;
        };
        // What an expression yields could be a command.
        assert!(!script.contains("${{"), "{script}");
        if installs(script) || (done.failed && !always) {
            continue;
        }
        let mut command = shell(script, directory);
        if let Some(secret) = secret_of(step) {
            assert!(secret.starts_with("${{ secrets.") && secret.ends_with("_DATABASE_URL }}"));
            command = command.env("DIRECT_URL", database.url());
        }
        let output = command
            .env("GITHUB_STEP_SUMMARY", directory.join("summary.md"))
            .env("GITHUB_OUTPUT", directory.join("outputs"))
            .run();
        done.failed |= output.code != Some(0);
        done.steps.push(output);
    }
    done
}

/// The address that a step of the GitHub workflow is given.
fn secret_of<'a>(step: &'a Yaml<'static>) -> Option<&'a str> {
    let environment = step.as_mapping_get("env")?;
    text(environment, "DIRECT_URL")
}

/// Runs a job of the GitLab pipeline.
fn gitlab(job: &str, database: &TestDatabase, directory: &Path) -> Output {
    let pipeline = read("docs/ci/gitlab-ci.yml");
    let before = list(at(&pipeline, "default"), "before_script");
    assert!(before.iter().all(|line| installs(line.as_str().unwrap())));
    let lines = list(at(&pipeline, job), "script");
    let script: Vec<_> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    shell(&script.join("\n"), directory)
        .env("PLAN_DATABASE_URL", database.url())
        .env("MIGRATION_DATABASE_URL", database.url())
        .run()
}

/// The files that the steps of a job hand on.
fn handed_on(job: &str) -> Vec<String> {
    let workflow = read("docs/ci/github-actions.yml");
    let steps = list(at(at(&workflow, "jobs"), job), "steps").iter();
    let with = steps.filter_map(|step| step.as_mapping_get("with"));
    let files = with.filter_map(|with| text(with, "path").or_else(|| text(with, "sarif_file")));
    files
        .flat_map(|files| files.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[track_caller]
fn written(directory: &Path, files: &[String]) {
    assert!(!files.is_empty());
    for file in files {
        assert!(directory.join(file).is_file(), "{file} is not there");
    }
}

/// Whether a step found results to upload.
fn has_results(directory: &Path) -> bool {
    fs::read_to_string(directory.join("outputs"))
        .is_ok_and(|outputs| outputs.contains("results=yes"))
}

fn summary(directory: &Path) -> String {
    fs::read_to_string(directory.join("summary.md")).unwrap_or_default()
}

#[test]
fn a_pull_request_is_shown_the_plan_and_changes_nothing() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    let directory = tempfile::tempdir().unwrap();
    let done = github("review", &database, directory.path()).well();
    assert!(summary(directory.path()).contains("**16 steps: create 3 tables"));
    assert!(done.said().contains("::notice title="), "{}", done.said());
    written(directory.path(), &handed_on("review"));
    Cli::new()
        .args(["plan", "--check"])
        .database(&database)
        .run()
        .exits(1);
}

#[test]
fn a_pull_request_is_shown_what_stands_in_the_way() {
    let database = TestDatabase::from(hostile());
    let directory = tempfile::tempdir().unwrap();
    let done = github("review", &database, directory.path());
    assert!(done.failed);
    assert!(summary(directory.path()).contains("Refused"));
    assert!(done.said().contains("::error title="), "{}", done.said());
    written(directory.path(), &handed_on("review"));
}

#[test]
fn a_release_is_planned_applied_as_planned_and_verified_and_can_be_run_again() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    for _ in ["first", "again"] {
        let directory = tempfile::tempdir().unwrap();
        github("plan", &database, directory.path()).well();
        written(directory.path(), &handed_on("plan"));
        let done = github("apply", &database, directory.path()).well();
        assert!(done.said().contains("GREEN"), "{}", done.said());
        assert!(summary(directory.path()).contains("leora-migrate verify: passed"));
        written(directory.path(), &handed_on("apply"));
    }
}

#[test]
fn a_release_is_not_applied_to_a_database_that_has_changed_since_it_was_planned() {
    let database = TestDatabase::from(Template::Baseline);
    let directory = tempfile::tempdir().unwrap();
    github("plan", &database, directory.path()).well();
    database.execute("CREATE TABLE \"Job\" ()");
    let done = github("apply", &database, directory.path());
    assert!(done.failed, "{}", done.said());
    // What runs always says where the database stands and that there is no result, and is all that ran
    // besides.
    assert_eq!(done.steps.len(), 3, "{}", done.said());
    assert!(!has_results(directory.path()));
    assert!(
        done.steps[1].stdout.contains("is pending: create 2 tables"),
        "{}",
        done.said()
    );
}

#[test]
fn a_release_that_is_red_says_so_everywhere() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute("CREATE TABLE \"Surplus\" ()");
    let directory = tempfile::tempdir().unwrap();
    github("plan", &database, directory.path()).well();
    let done = github("apply", &database, directory.path());
    assert!(
        done.failed && done.said().contains("RED"),
        "{}",
        done.said()
    );
    assert!(summary(directory.path()).contains("leora-migrate verify: failed"));
    assert!(has_results(directory.path()));
    written(directory.path(), &handed_on("apply"));
}

/// It stands and nobody recorded it: nothing fails, and one check is not proved.
#[test]
fn a_release_that_is_not_wholly_proved_is_not_passed() {
    let database = TestDatabase::from(migrated());
    let directory = tempfile::tempdir().unwrap();
    github("plan", &database, directory.path()).well();
    let done = github("apply", &database, directory.path());
    assert!(done.failed, "{}", done.said());
    assert!(summary(directory.path()).contains("leora-migrate verify: not proved"));
    gitlab("apply and verify", &database, directory.path())
        .exits(1)
        .stdout_has("RED: 40 passed, 1 not proved");
}

#[test]
fn a_release_under_which_the_server_fails_says_so_and_uploads_no_result() {
    let database = TestDatabase::from(Template::Baseline);
    let directory = tempfile::tempdir().unwrap();
    github("plan", &database, directory.path()).well();
    database.execute("DROP EXTENSION plpgsql");
    let done = github("apply", &database, directory.path());
    assert!(done.failed, "{}", done.said());
    assert!(summary(directory.path()).contains("leora-migrate verify: could not look"));
    assert!(!has_results(directory.path()));
    written(directory.path(), &handed_on("apply"));
}

#[test]
fn a_review_that_cannot_look_says_so_and_uploads_no_result() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute("DROP SCHEMA public CASCADE");
    let directory = tempfile::tempdir().unwrap();
    let done = github("review", &database, directory.path());
    assert!(
        done.failed && done.said().contains("::error title="),
        "{}",
        done.said()
    );
    assert!(summary(directory.path()).contains("leora-migrate plan: could not run"));
    assert!(!has_results(directory.path()));
    written(directory.path(), &handed_on("review"));
}

#[test]
fn the_pipeline_of_gitlab_plans_applies_and_verifies() {
    let database = TestDatabase::from(Template::BaselineWithRows);
    let review = tempfile::tempdir().unwrap();
    gitlab("plan for review", &database, review.path()).exits(0);
    written(
        review.path(),
        &["plan.html".to_owned(), "plan.md".to_owned()],
    );
    let release = tempfile::tempdir().unwrap();
    gitlab("plan the release", &database, release.path()).exits(0);
    let applied = gitlab("apply and verify", &database, release.path());
    applied.exits(0).stdout_has("GREEN");
    let reports = ["plan.json", "verify.xml", "verify.html"].map(str::to_owned);
    written(release.path(), &reports);
}

#[test]
fn a_pipeline_of_gitlab_that_is_red_fails_with_its_report() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute("CREATE TABLE \"Surplus\" ()");
    let directory = tempfile::tempdir().unwrap();
    gitlab("plan the release", &database, directory.path()).exits(0);
    gitlab("apply and verify", &database, directory.path())
        .exits(1)
        .stdout_has("RED");
    written(directory.path(), &["verify.xml".to_owned()]);
}

/// Nothing is carried out before a person has agreed, and never by the role that plans.
#[test]
fn a_person_stands_between_the_plan_and_the_database() {
    let workflow = read("docs/ci/github-actions.yml");
    for (name, job) in at(&workflow, "jobs").as_mapping().unwrap() {
        let steps = list(job, "steps").iter();
        let applies = steps
            .filter_map(|step| text(step, "run"))
            .any(|script| script.contains("leora-migrate apply"));
        let is_approved = text(job, "environment") == Some("production");
        assert_eq!(applies, is_approved, "{name:?}");
        for step in list(job, "steps") {
            let builds = text(step, "run").is_some_and(installs);
            let secret = secret_of(step);
            assert!(
                !(builds && secret.is_some()),
                "{name:?}: a build is given an address"
            );
            if let Some(secret) = secret {
                assert_eq!(applies, secret.contains("MIGRATION_"), "{name:?}");
            }
        }
    }
    let pipeline = read("docs/ci/gitlab-ci.yml");
    let apply = at(&pipeline, "apply and verify");
    assert_eq!(text(&list(apply, "rules")[0], "when"), Some("manual"));
    assert_eq!(text(apply, "environment"), Some("production"));
}
