//! Phase 1 put into schemas.

use leora_core::prisma::patch::{Conflict, PatchError, patch};
use leora_core::prisma::{self, Source};
use leora_schema::LEORA;

use super::{ask_prisma, public, source};

const BEFORE: &str = "fixtures/leora/schema.prisma";
const AFTER: &str = "fixtures/leora/phase1.prisma";

/// A patch of one file.
#[derive(Debug)]
struct Patched {
    text: String,
    added: Vec<String>,
}

fn named(name: &str, text: impl Into<String>) -> Source {
    Source {
        name: name.to_owned(),
        text: text.into(),
    }
}

fn patched(text: &str) -> Result<Patched, PatchError> {
    let patch = patch(&[named("schema.prisma", text)], &LEORA, &public())?;
    let [text] = patch.texts.try_into().expect("one file");
    let added = patch.added;
    Ok(Patched { text, added })
}

#[track_caller]
fn refused(text: &str) -> String {
    patched(text).expect_err("not refused").to_string()
}

#[track_caller]
fn conflict(text: &str) -> Conflict {
    match patched(text) {
        Err(PatchError::Conflict(conflict)) => *conflict,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("not refused"),
    }
}

/// A small schema with `Tenant` and `User`, and more inside and behind them.
fn small(in_tenant: &str, in_user: &str, behind: &str) -> String {
    format!(
        "\
datasource db {{
  provider = \"postgresql\"
}}

model Tenant {{
  id   String @id @db.Uuid
  name String

{in_tenant}}}

model User {{
  id String @id @db.Uuid
{in_user}}}
{behind}"
    )
}

#[test]
fn the_applications_schema_becomes_the_one_with_phase_1() {
    let patch = patched(&source(BEFORE).text).unwrap();
    assert_eq!(patch.text, source(AFTER).text);
    assert_eq!(
        patch.added,
        [
            "model MetricDefinition",
            "model DashboardWidget",
            "model Job",
            "Tenant.metricDefinitions",
            "Tenant.dashboardWidgets",
            "Tenant.jobs",
            "User.metricDefinitions",
            "User.dashboardWidgets",
        ]
    );
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let patch = patched(&source(AFTER).text).unwrap();
    assert_eq!(patch.text, source(AFTER).text);
    assert_eq!(patch.added, Vec::<String>::new());
}

#[test]
fn line_ends_and_a_missing_last_newline_stay() {
    let (before, after) = (source(BEFORE).text, source(AFTER).text);
    for change in [
        |text: &str| text.replace('\n', "\r\n"),
        |text: &str| text.trim_end().to_owned(),
        |text: &str| format!("\u{feff}{text}\n\n"),
    ] {
        assert_eq!(patched(&change(&before)).unwrap().text, change(&after));
    }
}

#[test]
fn what_is_there_already_is_left_and_the_rest_added() {
    let whole = source(AFTER).text;
    let job = whole.find("\n\nmodel Job {").unwrap();
    let without_job =
        format!("{}\n", &whole[..job]).replace("  jobs                          Job[]\n", "");
    let patch = patched(&without_job).unwrap();
    assert_eq!(patch.text, whole);
    assert_eq!(patch.added, ["model Job", "Tenant.jobs"]);

    let without_lists = whole
        .replace("  metricDefinitions MetricDefinition[]\n", "")
        .replace("  dashboardWidgets  DashboardWidget[]\n", "");
    let patch = patched(&without_lists).unwrap();
    assert_eq!(patch.text, whole);
    assert_eq!(
        patch.added,
        ["User.metricDefinitions", "User.dashboardWidgets"]
    );
}

#[test]
fn a_new_line_widens_the_columns_of_its_lines_and_no_others() {
    let tags = "model Tag {\n  id     Int     @id\n  tenantId String @db.Uuid\n  tenant Tenant @relation(fields: [tenantId], references: [id])\n}\n";
    let text = small("  tags Tag[] // all of them\n", "", &format!("\n{tags}"));
    let patch = patched(&text).unwrap();
    let tenant = "  id   String @id @db.Uuid
  name String

  tags              Tag[] // all of them
  metricDefinitions MetricDefinition[]
  dashboardWidgets  DashboardWidget[]
  jobs              Job[]
}";
    assert!(patch.text.contains(tenant), "{}", patch.text);
    assert!(patch.text.contains(tags), "{}", patch.text);
}

#[test]
fn lines_that_are_not_aligned_are_left_alone() {
    let text = small("  tags    Tag[]   @ignore\n  a  Tag2[]\n", "", "")
        + "model Tag {\n  id Int @id\n  t Tenant @relation(fields: [i], references: [id])\n  i String @db.Uuid\n  @@ignore\n}\n"
        + "model Tag2 {\n  id Int @id\n  t Tenant @relation(fields: [i], references: [id])\n  i String @db.Uuid\n}\n";
    let patch = patched(&text).unwrap();
    let tenant = "
  tags    Tag[]   @ignore
  a  Tag2[]
  metricDefinitions MetricDefinition[]
  dashboardWidgets DashboardWidget[]
  jobs Job[]
}";
    assert!(patch.text.contains(tenant), "{}", patch.text);
}

#[test]
fn without_the_lines_they_belong_behind_new_lines_go_to_the_end() {
    let text = small("", "  @@index([id])\n", "// the end");
    let patch = patched(&text).unwrap();
    assert!(
        patch
            .text
            .contains("  name              String\n  metricDefinitions MetricDefinition[]\n")
    );
    assert!(
        patch
            .text
            .contains("  dashboardWidgets  DashboardWidget[]\n  @@index([id])\n}")
    );
    assert!(
        patch
            .text
            .contains("// the end\n\nmodel MetricDefinition {\n")
    );
    assert!(patch.text.ends_with("  @@index([type, status])\n}"));
}

#[test]
fn every_byte_besides_the_new_lines_stays() {
    for text in [source(BEFORE).text, small("", "", "")] {
        let patch = patched(&text).unwrap();
        let mut left = patch.text.lines();
        for line in text.lines() {
            // Blanks may have been added between the columns.
            let same = |other: &str| other.split_whitespace().eq(line.split_whitespace());
            assert!(left.any(same), "{line}");
        }
    }
}

#[test]
fn another_model_of_the_name_is_refused() {
    let other = "
model Job {
  id     Int    @id @default(autoincrement())
  status String
}
";
    let conflict = conflict(&small("", "", other));
    assert_eq!(
        (conflict.file.as_str(), conflict.model.as_str()),
        ("schema.prisma", "Job")
    );
    assert_eq!(conflict.found, other.trim());
    assert!(
        conflict
            .declared
            .starts_with("model Job {\n  id          String   @id")
    );
}

#[test]
fn a_model_that_differs_in_one_thing_is_refused_with_the_difference() {
    let text = source(AFTER).text.replace(
        "maxAttempts Int      @default(3)",
        "maxAttempts Int      @default(5)",
    );
    let conflict = conflict(&text);
    let [difference] = &conflict.differences[..] else {
        panic!("{:?}", conflict.differences);
    };
    assert_eq!(
        difference.to_string(),
        "column \"Job\".\"maxAttempts\": default is 5, expected 3"
    );
}

#[test]
fn a_model_that_says_the_same_in_other_words_is_left() {
    let text = source(AFTER)
        .text
        .replace("@@index([type, status])", "@@index(fields: [type, status])")
        .replace(
            "  attempts    Int      @default(0)\n",
            "  tries Int @default(0) @map(\"attempts\")\n",
        );
    let patch = patched(&text).unwrap();
    assert_eq!((patch.text, patch.added), (text, Vec::new()));
}

#[test]
fn a_file_without_tenants_is_refused() {
    let text = "model User {\n  id String @id @db.Uuid\n}\n";
    let refused = refused(text);
    assert!(
        refused.contains("schema.prisma has no model Tenant"),
        "{refused}"
    );
}

#[test]
fn a_schema_of_several_files_is_patched_where_tenants_and_users_are() {
    let whole = source(AFTER).text;
    let model = |name: &str| {
        let rest = &whole[whole.find(&format!("model {name} {{")).unwrap()..];
        rest[..rest.find("\n}\n").unwrap() + 3].to_owned()
    };
    let before = source(BEFORE).text;
    let at = before.find("model User {").unwrap();
    let end = at + before[at..].find("\n}\n").unwrap() + 3;
    let files = [
        named("a.prisma", &before[at..end]),
        named("b.prisma", format!("{}{}", &before[..at], &before[end..])),
    ];
    let patch = patch(&files, &LEORA, &public()).unwrap();
    assert_eq!(patch.texts[0], model("User"));
    for name in ["Tenant", "MetricDefinition", "DashboardWidget", "Job"] {
        assert!(patch.texts[1].contains(&model(name)), "{name}");
    }
    assert_eq!(patch.added.len(), 8);
}

#[test]
fn a_model_that_is_called_otherwise_and_mapped_to_the_table_is_that_model() {
    let whole = source(AFTER)
        .text
        .replace("model Job {", "model BackgroundJob {\n  @@map(\"Job\")")
        .replace(" Job[]", " BackgroundJob[]");
    let patch = patched(&whole).unwrap();
    assert_eq!((patch.text, patch.added), (whole.clone(), Vec::new()));

    let list = "  jobs                          BackgroundJob[]\n";
    let without_list = whole.replace(list, "");
    assert_ne!(without_list, whole);
    let patch = patched(&without_list).unwrap();
    assert_eq!(
        (patch.text, patch.added),
        (whole.clone(), vec!["Tenant.jobs".to_owned()])
    );

    let conflict = conflict(&whole.replace("@default(3)", "@default(5)"));
    assert_eq!(conflict.model, "BackgroundJob");
    let said = PatchError::Conflict(Box::new(conflict)).to_string();
    assert!(
        said.contains("BackgroundJob of the table Job already"),
        "{said}"
    );
}

#[test]
fn tenants_and_users_may_be_called_otherwise() {
    // Names of the same length, so that the columns stay where they are.
    let renamed = |path| {
        let mut text = source(path).text;
        for (table, model) in [("Tenant", "Client"), ("User", "Seat")] {
            let block = format!("model {table} {{\n");
            let mapped = format!("model {model} {{\n  @@map(\"{table}\")\n");
            text = text.replace(&block, &mapped);
            for end in [" ", "?", "[]"] {
                text = text.replace(&format!(" {table}{end}"), &format!(" {model}{end}"));
            }
        }
        text
    };
    let patch = patched(&renamed(BEFORE)).unwrap();
    assert_eq!(patch.text, renamed(AFTER));
    assert!(
        patch.added.contains(&"Client.jobs".to_owned()),
        "{:?}",
        patch.added
    );
    assert_eq!(patched(&patch.text).unwrap().added, Vec::<String>::new());
}

#[test]
fn a_name_that_is_taken_is_shown_where_it_stands() {
    let field = refused(&small("  jobs String?\n", "", ""));
    for said in [
        "Tenant has a field jobs already, of another type than Job[]",
        "-->  schema.prisma:9\n",
        " 9 |   jobs String?\n   |   ^^^^",
    ] {
        assert!(field.contains(said), "{field}");
    }
    for (block, what) in [
        ("enum Job {\n  A\n}\n", "an enum"),
        ("view Job {\n  id Int @unique\n}\n", "a view"),
    ] {
        let refused = refused(&small("", "", block));
        let said = format!("the name Job is taken by {what}");
        assert!(refused.contains(&said), "{refused}");
        assert!(refused.contains("schema.prisma:14\n"), "{refused}");
    }
}

#[test]
fn what_was_wrong_before_is_shown_where_it_stands_in_the_file() {
    let refused = refused(&small("", "", "\nmodel Wrong {\n  id Nothing @id\n}\n"));
    assert!(refused.contains("schema.prisma:16\n"), "{refused}");
    assert!(!refused.contains("Phase 1"), "{refused}");
}

#[test]
fn one_line_out_of_line_leaves_the_column_of_the_others() {
    let aligned = "  jobs                          Job[]\n";
    let last = "  integritySnapshots            DataIntegritySnapshot[]\n";
    let out = "  integritySnapshots DataIntegritySnapshot[]\n";
    let (before, after) = (source(BEFORE).text, source(AFTER).text);
    assert!(before.contains(last) && after.contains(aligned));
    let patch = patched(&before.replace(last, out)).unwrap();
    assert_eq!(patch.text, after.replace(last, out));
}

#[test]
fn a_file_that_is_no_schema_is_refused_with_its_line() {
    let refused = patched("model Tenant {\n  id String @id @db.Uuid\n  what is this\n}\n");
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("schema.prisma:3"), "{refused}");
}

#[test]
fn what_is_patched_is_as_prismas_formatter_leaves_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("schema.prisma");
    let patch = patched(&source(BEFORE).text).unwrap();
    std::fs::write(&file, &patch.text).unwrap();
    let files = [file.to_str().unwrap().to_owned()];
    if let Some(answers) = ask_prisma("format", &files) {
        assert_eq!(answers[0].as_str().unwrap(), patch.text);
    }
    if let Some(answers) = ask_prisma("lint", &files) {
        assert_eq!(answers[0], serde_json::json!([]));
    }
    let source = Source {
        name: "schema.prisma".to_owned(),
        text: patch.text,
    };
    assert_eq!(
        prisma::schema(&[source], &public())
            .unwrap()
            .table_names()
            .count(),
        61
    );
}
