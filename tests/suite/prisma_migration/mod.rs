//! The migration as one of Prisma's: written, applied and recorded, with Prisma's engine as the judge.

mod history;
mod refused;
mod sent;

use std::fs;
use std::path::{Path, PathBuf};

use leora_core::plan::prisma_record::{checksum, is_of};

use super::support::{Cli, Output, Template, TestDatabase, oracle, oracle_at, repository};

/// A Prisma project, and its database.
struct Project {
    database: TestDatabase,
    root: tempfile::TempDir,
    /// The schema that the address names, where it does.
    schema: Option<&'static str>,
}

/// The migration's row as Prisma's engine writes it, but for the times.
const ROW: &str = "SELECT migration_name, checksum, applied_steps_count::text, coalesce(logs, ''), \
     CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled back' \
          WHEN finished_at >= started_at THEN 'applied' ELSE 'failed' END \
     FROM _prisma_migrations WHERE migration_name LIKE '%\\_add\\_phase1\\_foundation' ORDER BY started_at";

impl Project {
    fn on(template: Template) -> Project {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("prisma")).unwrap();
        Project {
            database: TestDatabase::from(template),
            root,
            schema: None,
        }
    }

    /// With the migration written.
    fn planned(template: Template) -> Project {
        let project = Project::on(template);
        project.plan().exits(0);
        project
    }

    /// With the tables that stood before as a migration that was applied.
    fn with_a_past(template: Template) -> Project {
        let project = Project::on(template);
        let baseline = fs::read_to_string(repository("fixtures/leora/baseline.sql")).unwrap();
        project.add("20200101000000_init", &baseline);
        project.database.execute(HISTORY);
        project.insert("20200101000000_init", &checksum(&baseline), "now()", "NULL");
        project
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("prisma/migrations")
    }

    /// Puts a migration into the directory.
    fn add(&self, name: &str, sql: &str) {
        let folder = self.directory().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("migration.sql"), sql).unwrap();
    }

    /// A row of Prisma's history.
    fn insert(&self, name: &str, checksum: &str, finished_at: &str, rolled_back_at: &str) {
        self.database.execute(&format!(
            "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at, logs) \
             VALUES (gen_random_uuid(), '{checksum}', '{name}', {finished_at}, {rolled_back_at}, \
                     CASE WHEN {finished_at} IS NULL THEN E'A migration failed to apply.\\n\\nERROR: no such luck' END)"
        ));
    }

    /// The name of our migration in the directory.
    fn name(&self) -> String {
        let entries = fs::read_dir(self.directory()).unwrap();
        let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .find(|name| is_of(name, "add_phase1_foundation"))
            .unwrap()
    }

    fn file(&self) -> PathBuf {
        self.directory().join(self.name()).join("migration.sql")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn url(&self) -> String {
        let url = self.database.url();
        match self.schema {
            Some(schema) => format!("{url}&schema={schema}"),
            None => url,
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let cli = Cli::new().env("DATABASE_URL", self.url());
        cli.in_directory(self.root.path()).args(arguments).run()
    }

    fn plan(&self) -> Output {
        self.run(&["plan", "--prisma-migration", "prisma/migrations"])
    }

    fn apply(&self) -> Output {
        self.run(&[
            "apply",
            "--yes",
            "--no-verify",
            "--prisma-migration",
            "prisma/migrations",
        ])
    }

    /// Our rows of Prisma's history.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut client = self.database.client();
        if let Some(schema) = self.schema {
            let path = format!("SET search_path = {schema}");
            client.batch_execute(&path).unwrap();
        }
        let rows = client.query(ROW, &[]).unwrap();
        let texts = |row: &postgres::Row| (0..5).map(|i| row.get(i)).collect();
        rows.iter().map(texts).collect()
    }

    /// The row of the file as it is, in one of the three states.
    fn row(&self, state: &str) -> Vec<String> {
        let row = [&self.name(), &checksum(&self.text()), "1", "", state];
        row.map(str::to_owned).to_vec()
    }

    /// Whether anything of the migration stands.
    fn is_untouched(&self) -> bool {
        let tables = "SELECT count(*) FROM pg_class WHERE relname IN ('Job', 'MetricDefinition', 'DashboardWidget')";
        let row = self.database.client().query_one(tables, &[]).unwrap();
        row.get::<_, i64>(0) == 0
    }

    /// The address for Prisma's engine, whose adapter does not set the search path as its binary does.
    fn oracle_url(&self) -> String {
        match self.schema {
            Some(schema) => format!("{}&options=-c%20search_path%3D{schema}", self.url()),
            None => self.url(),
        }
    }

    /// Asks Prisma's engine about the directory. None where node is not installed.
    fn prisma(&self, mode: &str) -> Option<Output> {
        oracle_at(&self.oracle_url(), &[mode, path(&self.directory())])
    }

    /// Prisma's engine has nothing to apply and finds nothing wrong.
    #[track_caller]
    fn prisma_is_content(&self) {
        if let Some(status) = self.prisma("status") {
            status.exits(0);
            let deploy = self.prisma("deploy").unwrap().exits(0);
            deploy.stdout_has("No pending migrations");
            let phase1 = "fixtures/leora/phase1.prisma";
            let same = oracle_at(&self.oracle_url(), &["exit", "url", phase1]);
            same.unwrap().exits(0);
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// As Prisma's engine makes it; that ours is the same is tested.
const HISTORY: &str = "\
CREATE TABLE _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0
)";

#[test]
fn after_us_prisma_has_nothing_to_do() {
    for project in [
        Project::on(Template::Baseline),
        Project::with_a_past(Template::Baseline),
    ] {
        let planned = project.plan().exits(0);
        let typed = "leora-migrate apply --prisma-migration prisma/migrations";
        planned
            .stdout_has(&project.name())
            .stdout_has("migration_lock.toml")
            .stdout_has(typed);
        assert!(project.is_untouched());
        let apply = ["apply", "--yes", "--prisma-migration", "prisma/migrations"];
        let applied = project.run(&apply).exits(0);
        applied
            .stdout_has(&format!("_prisma_migrations as {}", project.name()))
            .stdout_has("GREEN");
        assert_eq!(project.rows(), [project.row("applied")]);
        project.prisma_is_content();
        let again = project.apply().exits(0);
        again.stdout_has("nothing to do");
        assert_eq!(project.rows().len(), 1);
        project.plan().exits(0).stdout_has("is there already");
    }
}

#[test]
fn what_prisma_would_refuse_is_not_offered() {
    let project = Project::planned(Template::Baseline);
    project.plan().exits(0).stdout_has("P3005").lacks("npx");
    if let Some(deploy) = project.prisma("deploy") {
        deploy.exits(1).stderr_has("not empty");
    }
}

#[test]
fn after_prisma_we_have_nothing_to_do() {
    let project = Project::with_a_past(Template::Baseline);
    let planned = project.plan().exits(0);
    planned.stdout_has("npx prisma migrate deploy");
    let Some(deployed) = project.prisma("deploy") else {
        return;
    };
    deployed.exits(0).stdout_has(&project.name());
    let status = project.run(&["status"]).exits(0);
    status
        .stdout_has("nothing pending")
        .stdout_has(&format!("{}: applied 20", project.name()));
    project.run(&["plan", "--check"]).exits(0);
    project.run(&["verify"]).exits(0).stdout_has("GREEN");
    project.apply().exits(0).stdout_has("nothing to do");
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
}

#[test]
fn the_history_is_made_as_prisma_makes_it() {
    let described = |database: &TestDatabase| -> Vec<String> {
        let question = "SELECT concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
             pg_get_expr(d.adbin, d.adrelid)) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid \
             AND d.adnum = a.attnum WHERE a.attrelid = '_prisma_migrations'::regclass AND a.attnum > 0 \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename = '_prisma_migrations' ORDER BY 1";
        let rows = database.client().query(question, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let project = Project::planned(Template::Baseline);
    project.apply().exits(0);
    let prisma = TestDatabase::from(Template::Empty);
    let directory = tempfile::tempdir().unwrap();
    if let Some(deployed) = oracle(&prisma, &["deploy", path(directory.path())]) {
        deployed.exits(0);
        assert_eq!(described(&project.database), described(&prisma));
    }
}

/// Prisma's driver adapters cut the file at each semicolon, and psql reads backslashes.
#[test]
fn no_comment_or_literal_of_the_file_holds_what_senders_cut_at() {
    let project = Project::planned(Template::Baseline);
    let text = project.text();
    assert!(!text.contains('\\') && !text.contains('$'), "{text}");
    let cut = text.lines().filter(|line| line.contains(';'));
    for line in cut {
        assert!(line.ends_with(';') && !line.starts_with("--"), "{line}");
        assert_eq!(line.matches(';').count(), 1, "{line}");
    }
}

#[test]
fn what_prisma_itself_writes_is_the_same_migration() {
    let project = Project::on(Template::Baseline);
    let (before, after) = (
        "fixtures/leora/schema.prisma",
        "fixtures/leora/phase1.prisma",
    );
    let Some(script) = oracle(&project.database, &["script", before, after]) else {
        return;
    };
    project.add(
        "20270101000000_add_phase1_foundation",
        &script.exits(0).stdout,
    );
    project.plan().exits(0).stdout_has("is this migration");
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
    project.prisma_is_content();
}

#[test]
fn another_schema_has_a_history_of_its_own() {
    let template = Template::Baseline.and_then("prisma-app", |client| {
        let moved = "ALTER SCHEMA public RENAME TO app; CREATE SCHEMA public";
        client.batch_execute(moved).unwrap();
    });
    let project = Project {
        schema: Some("app"),
        ..Project::on(template)
    };
    project.plan().exits(0);
    project.apply().exits(0);
    assert_eq!(project.rows(), [project.row("applied")]);
    let elsewhere = "SELECT to_regclass('public._prisma_migrations') IS NULL";
    let row = project.database.client().query_one(elsewhere, &[]).unwrap();
    assert!(row.get::<_, bool>(0));
    project.prisma_is_content();
    project
        .run(&["status"])
        .exits(0)
        .stdout_has(&project.name());
    project.run(&["rollback", "--yes"]).exits(0);
    assert_eq!(project.rows(), [project.row("rolled back")]);
}

#[test]
fn where_prisma_knows_nothing_it_is_told_of_the_earlier_migrations_first() {
    let project = Project::on(Template::Baseline);
    project.add("20200101000000_init", "SELECT 1;");
    project.add("20200202000000_the rest", "SELECT 1;");
    let steps = "\
  npx prisma migrate resolve --applied 20200101000000_init
  npx prisma migrate resolve --applied '20200202000000_the rest'
";
    let next = "leora-migrate apply --prisma-migration prisma/migrations";
    for said in [
        project.plan().exits(0).stdout,
        project.apply().exits(2).stderr_has("LM0055").stderr,
    ] {
        let (before, after) = said.split_once(steps).expect(&said);
        assert!(before.contains("no history"), "{said}");
        assert!(after.contains(next) && !after.contains("npx"), "{said}");
    }
    project.database.execute(HISTORY);
    for name in ["20200101000000_init", "20200202000000_the rest"] {
        project.insert(name, &checksum("SELECT 1;"), "now()", "NULL");
    }
    project.plan().exits(0).lacks("--applied");
    project.apply().exits(0);
}

#[test]
fn a_path_is_quoted_in_what_is_to_be_typed() {
    let project = Project::on(Template::Baseline);
    fs::create_dir(project.root.path().join("my app")).unwrap();
    let baseline = repository("fixtures/leora/schema.prisma");
    let schema = project.root.path().join("my app/schema.prisma");
    fs::copy(baseline, schema).unwrap();
    let directory = "my app/migrations";
    let run = |command| project.run(&[command, "--prisma-migration", directory]);
    let refused = run("apply").exits(2);
    refused.stderr_has("leora-migrate plan --prisma-migration 'my app/migrations'");
    let plan = run("plan").exits(0);
    plan.stdout_has("leora-migrate apply --prisma-migration 'my app/migrations'")
        .stdout_has("leora-migrate prisma patch 'my app/schema.prisma' --write");
}

#[test]
fn a_schema_file_without_the_models_is_told_of() {
    let project = Project::on(Template::Baseline);
    let file = project.root.path().join("prisma/schema.prisma");
    fs::copy(repository("fixtures/leora/schema.prisma"), &file).unwrap();
    let typed = "leora-migrate prisma patch prisma/schema.prisma --write";
    project.plan().exits(0).stdout_has(typed);
    let arguments: Vec<_> = typed.split(' ').skip(1).collect();
    project.run(&arguments).exits(0);
    project.plan().exits(0).lacks("prisma patch");
}
