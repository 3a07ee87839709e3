//! `plan` says beforehand who may use the new tables, and grants what the existing ones grant when it is told to.

use super::{APP, NEW, Shared};
use crate::support::Cli;

const ALL: &str = "SELECT, INSERT, UPDATE, DELETE";

/// What `plan` says on one line, whatever the width, with the roles' names after a colon.
fn said(shared: &Shared, args: &[&str]) -> String {
    let output = shared.run("deploy", args).exits(0);
    let words: Vec<_> = output.stdout.split_whitespace().collect();
    let own = format!("{}_", shared.database.name());
    words.join(" ").replace(&own, ":")
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "expected: {part}\nin: {text}");
}

#[test]
fn who_owns_who_is_given_and_who_lacks_is_said_in_every_format() {
    let shared = Shared::with(&format!(
        "{APP};
         CREATE ROLE :readers; GRANT SELECT ON ALL TABLES IN SCHEMA public TO :readers;
         CREATE ROLE :group; ALTER DEFAULT PRIVILEGES FOR ROLE :deploy GRANT SELECT, TRIGGER ON TABLES TO :group"
    ));
    let lacks = [
        format!(
            r#"":app" has {ALL} on most existing tables, and will lack that on the new ones. After the migration: GRANT {ALL} ON {NEW} TO ":app";"#
        ),
        format!(r#"GRANT SELECT ON {NEW} TO ":readers";"#),
    ];
    for format in ["text", "sql", "markdown", "github"] {
        let told = said(&shared, &["plan", "--format", format]);
        let told = told.replace("%0A", " ").replace("\\_", "_");
        has(&told, r#"The new tables will belong to ":deploy"."#);
        has(
            &told,
            r#"Default privileges give ":group" SELECT, TRIGGER on each of them."#,
        );
        lacks.iter().for_each(|lack| has(&told, lack));
        has(
            &told,
            "--grants-like-existing adds these grants to the plan.",
        );
        assert!(!told.contains("internet"), "{told}");
    }
    let page = said(&shared, &["plan", "--format", "html"]);
    has(&page, "The new tables will belong to");
    let plan: serde_json::Value =
        serde_json::from_str(&said(&shared, &["plan", "--format", "json"])).unwrap();
    let audience = &plan["audience"];
    assert_eq!(audience["owner"], ":deploy");
    assert_eq!(audience["by_default"][0]["to"]["role"], ":group");
    assert_eq!(audience["lacking"][0]["to"]["role"], ":app");
    assert_eq!(plan["basis"].get("grants"), None);
    // Without a terminal, apply says what must not be overlooked.
    let apply = shared
        .run("deploy", &["apply", "--yes", "--no-verify"])
        .exits(0);
    has(&apply.stderr, "warning:");
    let after = said(&shared, &["plan"]);
    assert!(!after.contains("belong"), "{after}");
}

/// On a server of its own, since the roles have the names that Supabase gives them.
#[test]
fn what_is_served_to_the_internet_is_a_warning_with_what_prevents_it() {
    use leora_db::scratch::{Binaries, Options, ScratchServer};
    let server = ScratchServer::start(&Binaries::find().unwrap(), &Options::default()).unwrap();
    let url = server.url("postgres");
    let psql = |sql: &str| crate::support::psql(&url, sql).exits(0);
    psql(
        &std::fs::read_to_string(crate::support::repository("fixtures/leora/baseline.sql"))
            .unwrap(),
    );
    psql(
        "CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE keeper; CREATE ROLE d LOGIN; GRANT keeper TO anon;
         GRANT USAGE, CREATE ON SCHEMA public TO d; GRANT CREATE ON DATABASE postgres TO d;
         GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO d",
    );
    let run = |args: &[&str]| {
        let url = url.replace("//leora@", "//d@");
        Cli::new().env("DIRECT_URL", url).args(args).run()
    };
    let plan = || {
        let words = run(&["plan"]).exits(0).stdout;
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(!plan().contains("internet"));
    let everything = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER";
    for (given, exposed, prevented) in [
        (
            "ALL ON TABLES TO anon, authenticated",
            "\"anon\" gets ALL, \"authenticated\" gets ALL on each",
            "FROM \"anon\", \"authenticated\";",
        ),
        (
            "SELECT ON TABLES TO PUBLIC",
            "\"anon\" gets SELECT, \"authenticated\" gets SELECT on each",
            "FROM PUBLIC;",
        ),
        (
            "INSERT ON TABLES TO keeper",
            "\"anon\" gets INSERT on each",
            "FROM \"keeper\";",
        ),
    ] {
        for place in ["IN SCHEMA public ", ""] {
            psql(&format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE d {place}GRANT {given}"
            ));
            let told = plan().replace(", MAINTAIN", "").replace(everything, "ALL");
            has(
                &told,
                "warning: The new tables will be open to the internet: ",
            );
            has(&told, exposed);
            has(&told, prevented);
            let (_, statements) = told.split_once("before the migration: ").unwrap();
            let (statements, _) = statements
                .split_once("; 1. create")
                .or(statements.split_once("; Default"))
                .unwrap_or_else(|| panic!("{told}"));
            run(&["apply", "--yes", "--no-verify"])
                .exits(0)
                .stderr_has("open to the internet");
            let red = run(&["verify", "--only", "tenants"]).exits(1);
            red.stdout_has("tenants.exposed");
            run(&["rollback", "--yes"]).exits(0);
            psql(&statements.replace("; ALTER", ";\nALTER"));
            assert!(!plan().contains("internet"), "{statements}");
        }
    }
    psql("GRANT d TO anon");
    has(&plan(), "REVOKE \"d\" FROM \"anon\";");
}

#[test]
fn a_plan_is_the_same_whatever_it_says_of_roles() {
    let shared = Shared::with(APP);
    let plan = shared
        .run("deploy", &["plan", "--format", "json"])
        .exits(0)
        .stdout;
    shared.execute("CREATE ROLE :web LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO :web");
    Cli::new()
        .env("DIRECT_URL", shared.url("deploy"))
        .file("plan.json", &plan)
        .args(["apply", "--yes", "--no-verify", "--plan", "plan.json"])
        .run()
        .exits(0);
}

#[test]
fn grants_like_those_of_the_existing_tables_are_steps_with_their_undo() {
    let shared = Shared::with(&format!(
        "{APP};
         CREATE ROLE :readers; CREATE ROLE :web LOGIN IN ROLE :readers;
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO :readers WITH GRANT OPTION;
         GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC"
    ));
    let script = shared.run(
        "deploy",
        &["plan", "--grants-like-existing", "--format", "sql"],
    );
    assert!(!script.exits(0).stdout.contains("PUBLIC;"));
    shared.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC");
    let told = said(&shared, &["plan", "--grants-like-existing"]);
    has(&told, "make 6 grants. Nothing is dropped");
    has(
        &told,
        &format!(
            r#"GRANT {ALL} ON "Job" TO ":app" locks: nothing that stood before undo: REVOKE {ALL} ON "Job" FROM ":app";"#
        ),
    );
    has(&told, r#"GRANT SELECT ON "Job" TO ":readers" locks"#);
    assert!(!told.contains("will lack"), "{told}");
    let args = ["apply", "--yes", "--grants-like-existing"];
    shared.run("deploy", &args).exits(0);
    assert_eq!(shared.found(""), []);
    has(
        &said(&shared, &["plan", "--grants-like-existing"]),
        "Nothing to do",
    );
    shared
        .run("deploy", &["rollback", "--yes"])
        .exits(0)
        .lacks("REVOKE");
    has(
        &said(&shared, &["plan", "--grants-like-existing"]),
        "make 6 grants",
    );
}

/// A later run grants what an earlier one left out, and is taken back by itself.
#[test]
fn tables_that_exist_get_only_the_grants() {
    let shared = Shared::with(APP);
    shared.applied("deploy");
    has(
        &said(&shared, &["plan", "--grants-like-existing"]),
        "3 steps: make 3 grants.",
    );
    shared.execute(r#"GRANT SELECT, INSERT, UPDATE, DELETE ON "Job" TO :app"#);
    has(
        &said(&shared, &["plan", "--grants-like-existing"]),
        "2 steps: make 2 grants.",
    );
    shared.run("", &["verify"]).exits(1);
    shared
        .run("deploy", &["apply", "--yes", "--grants-like-existing"])
        .exits(0);
    assert_eq!(shared.found(""), []);
    let output = shared.run("deploy", &["rollback", "--yes"]).exits(0);
    assert!(
        !output.to_string().contains("REVOKE"),
        "their tables go with them: {output}"
    );
}

/// Those of a table that another run made are revoked, unless somebody did, or the role is gone.
#[test]
fn grants_on_tables_that_stay_are_revoked_as_far_as_they_are_there() {
    let shared = Shared::with(&format!(
        "{APP}; CREATE ROLE :web LOGIN IN ROLE :deploy; CREATE ROLE :readers;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO :readers"
    ));
    shared.applied("deploy");
    // As if the tables had been there before.
    shared.execute("TRUNCATE leora_migrate.migration");
    shared
        .run("deploy", &["apply", "--yes", "--grants-like-existing"])
        .exits(0);
    shared.execute(r#"REVOKE ALL ON "Job" FROM :app; DROP OWNED BY :readers; DROP ROLE :readers"#);
    shared.run("deploy", &["rollback", "--yes"]).exits(0);
    let left = shared.database.client().query_one(
        r#"SELECT count(*) FROM information_schema.role_table_grants
           WHERE table_name IN ('Job', 'DashboardWidget', 'MetricDefinition') AND grantee LIKE '%_app'"#,
        &[],
    );
    assert_eq!(left.unwrap().get::<_, i64>(0), 0);
}

#[test]
fn a_plan_of_a_file_keeps_its_grants_or_is_refused() {
    let shared = Shared::with(APP);
    let plan = shared.run(
        "deploy",
        &["plan", "--grants-like-existing", "--format", "json"],
    );
    let plan = plan.exits(0).stdout;
    let apply = |args: &[&str]| {
        Cli::new()
            .env("DIRECT_URL", shared.url("deploy"))
            .file("plan.json", &plan)
            .args(["apply", "--yes", "--plan", "plan.json"])
            .args(args)
            .run()
    };
    apply(&["--grants-like-existing"])
        .exits(2)
        .stderr_has("cannot be used with");
    shared.execute("CREATE ROLE :web; GRANT SELECT ON ALL TABLES IN SCHEMA public TO :web");
    apply(&[]).exits(2).stderr_has("LM0072");
    shared.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :web");
    apply(&[]).exits(0);
    assert_eq!(shared.found(""), []);
}

#[test]
fn the_script_for_psql_makes_the_grants() {
    let shared = Shared::with(APP);
    let script = shared.run(
        "deploy",
        &["plan", "--grants-like-existing", "--format", "sql"],
    );
    crate::support::psql(&shared.url("deploy"), &script.exits(0).stdout).exits(0);
    assert_eq!(shared.found(""), []);
    shared.run("", &["verify"]).exits(0);
}

#[test]
fn prismas_file_has_no_grants_and_apply_makes_them() {
    let shared = Shared::with(APP);
    let directory = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        Cli::new()
            .env("DIRECT_URL", shared.url("deploy"))
            .in_directory(directory.path())
            .args(args)
            .run()
    };
    let migrations = "--prisma-migration=migrations";
    std::fs::create_dir(directory.path().join("migrations")).unwrap();
    run(&["plan", "--grants-like-existing", migrations])
        .exits(0)
        .stdout_has("The grants are not in the file");
    let written = std::fs::read_dir(directory.path().join("migrations")).unwrap();
    let files: Vec<_> = written
        .map(|entry| entry.unwrap().path().join("migration.sql"))
        .filter(|path| path.is_file())
        .collect();
    let [file] = &files[..] else {
        panic!("{files:?}")
    };
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("GRANT") && !text.contains("grant"), "{text}");
    run(&["apply", "--yes", "--grants-like-existing", migrations]).exits(0);
    assert_eq!(shared.found(""), []);
}
