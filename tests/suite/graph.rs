//! Pictures of what a delete reaches, and of the models.

use std::collections::BTreeSet;
use std::process::Command;

use leora_core::graph::Graph;
use leora_core::model::{Identifier, snapshot};
use leora_core::verify::promise::Promise;
use leora_schema::LEORA;
use roxmltree::{Document, Node};

use super::reports::migrated;
use super::support::{Cli, Output, Template, TestDatabase, required};

fn promise() -> Promise {
    Promise::new(&LEORA, snapshot::read(leora_schema::BASELINE).unwrap())
}

fn deletes() -> Graph {
    let promise = promise();
    let tenant = Identifier::new("Tenant").unwrap();
    Graph::of_deletes(&promise.whole, &promise.created, &tenant, None).unwrap()
}

fn graph(arguments: &[&str]) -> String {
    Cli::new()
        .args(["graph"])
        .args(arguments)
        .run()
        .exits(0)
        .stdout
}

fn of_class<'a>(document: &'a Document<'_>, class: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| {
        let classes = node.attribute("class").unwrap_or_default();
        classes.split(' ').any(|one| one == class)
    })
}

fn names(document: &Document<'_>) -> BTreeSet<String> {
    let names = of_class(document, "name").filter_map(|node| node.text().map(str::to_owned));
    names.collect()
}

#[test]
fn a_delete_reaches_58_other_tables_and_each_foreign_key_says_what_it_does() {
    let svg = graph(&[]);
    let document = Document::parse(&svg).unwrap();
    let expected = deletes();
    assert_eq!(expected.nodes.len(), 59);
    let tables: BTreeSet<_> = expected
        .nodes
        .iter()
        .map(|node| node.table.to_string())
        .collect();
    assert_eq!(names(&document), tables);
    let actions = [
        "cascade",
        "set null",
        "set default",
        "restrict",
        "no action",
    ];
    let said = document.descendants().filter(|node| {
        node.has_tag_name(("http://www.w3.org/2000/svg", "text"))
            && node.text().is_some_and(|text| actions.contains(&text))
    });
    assert_eq!(said.count(), expected.edges.len());
    assert_eq!(expected.edges.len(), 139);
    for absent in ["us_states", "state_tax_rates"] {
        assert!(!tables.contains(absent), "{absent} has no tenant");
    }
}

#[test]
fn a_picture_says_what_it_shows_and_asks_for_nothing_from_elsewhere() {
    for arguments in [&[][..], &["models"], &["models", "--focus", "Order"]] {
        let svg = graph(arguments);
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        for id in root.attribute("aria-labelledby").unwrap().split(' ') {
            let named = document
                .descendants()
                .find(|node| node.attribute("id") == Some(id));
            assert!(named.unwrap().text().unwrap().len() > 10);
        }
        let addresses = svg.replace("http://www.w3.org/2000/svg", "");
        for elsewhere in ["http:", "https:", "url(", "@import", "<script", "href"] {
            assert!(!addresses.contains(elsewhere), "{elsewhere}");
        }
        assert_eq!(svg, graph(arguments), "the same picture twice");
    }
}

#[test]
fn no_card_lies_on_another_and_none_outside() {
    for arguments in [
        &[][..],
        &["models"],
        &["--focus", "User"],
        &["--depth", "1"],
        &["models", "--focus", "Customer", "--depth", "2"],
    ] {
        let svg = graph(arguments);
        let document = Document::parse(&svg).unwrap();
        let number =
            |node: &Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let cards: Vec<_> = of_class(&document, "card")
            .map(|card| ["x", "y", "width", "height"].map(|name| number(&card, name)))
            .collect();
        let root = document.root_element();
        let (width, height) = (number(&root, "width"), number(&root, "height"));
        for (at, [x, y, w, h]) in cards.iter().enumerate() {
            assert!(
                *x >= 0.0 && *y >= 0.0 && x + w <= width && y + h <= height,
                "{arguments:?}"
            );
            for [left, top, wide, high] in &cards[at + 1..] {
                let apart =
                    x + w <= *left || left + wide <= *x || y + h <= *top || top + high <= *y;
                assert!(
                    apart,
                    "{arguments:?}: {x} {y} {w} {h} on {left} {top} {wide} {high}"
                );
            }
        }
        assert!(width < 2400.0, "{arguments:?}: {width} is too wide to read");
    }
}

#[test]
fn focus_and_depth_say_how_far_it_goes() {
    let near = graph(&["--focus", "User", "--depth", "1"]);
    let far = graph(&["--focus", "User"]);
    let (near, far) = (
        Document::parse(&near).unwrap(),
        Document::parse(&far).unwrap(),
    );
    let (near, far) = (names(&near), names(&far));
    assert!(
        near.is_subset(&far) && near.len() < far.len(),
        "{near:?} {far:?}"
    );
    assert!(near.contains("DashboardWidget") && near.contains("MetricDefinition"));
    assert!(!near.contains("Job"), "a user's delete reaches no job");
    let around = graph(&["models", "--focus", "Job"]);
    let around = names(&Document::parse(&around).unwrap());
    assert_eq!(around, ["Job", "Tenant"].map(str::to_owned).into());
    let five = graph(&["models"]);
    assert_eq!(names(&Document::parse(&five).unwrap()).len(), 5);
    let absent = Cli::new().args(["graph", "--focus", "tenant"]).run();
    absent
        .exits(2)
        .stderr_has("error[LM0001]: there is no table tenant");
}

#[test]
fn mermaid_and_dot_have_every_edge() {
    let expected = deletes();
    let mermaid = graph(&["--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart LR\n"));
    let arrows = ["-->", "-.->", "--x"].map(|arrow| mermaid.matches(&format!(" {arrow}|")).count());
    assert_eq!(arrows.iter().sum::<usize>(), expected.edges.len());
    let dot = graph(&["--format", "dot"]);
    assert_eq!(dot.matches(" -> ").count(), expected.edges.len());
    let models = graph(&["models", "--format", "mermaid"]);
    assert!(models.starts_with("erDiagram\n"));
    assert!(
        models.contains(r#""Tenant" ||--o{ "Job" : "tenantId, cascade""#),
        "{models}"
    );
    assert!(
        models.contains(r#""User" |o--o{ "DashboardWidget" : "userId, cascade""#),
        "{models}"
    );
}

/// Graphviz draws it without a complaint.
fn graphviz(dot: &str) {
    if !required("dot", "graphviz") {
        return;
    }
    let mut command = Command::new("dot");
    command.arg("-Tplain");
    let drawn = Output::of(command, dot).exits(0);
    assert_eq!(drawn.stderr, "");
    assert_eq!(
        drawn
            .stdout
            .lines()
            .filter(|line| line.starts_with("edge "))
            .count(),
        dot.matches(" -> ").count()
    );
}

#[test]
fn graphviz_takes_dot() {
    graphviz(&graph(&["--format", "dot"]));
    graphviz(&graph(&["models", "--format", "dot"]));
}

#[test]
fn names_from_a_database_stay_names() {
    let database = TestDatabase::from(Template::Baseline.and_then("hostile-names", |client| {
        client
            .batch_execute(
                r##"CREATE TABLE "</text><script>""#\ %0A" (
                       "<b>" UUID PRIMARY KEY,
                       "a""b" UUID REFERENCES "Tenant" ("id") ON DELETE CASCADE ON UPDATE CASCADE)"##,
            )
            .unwrap();
    }));
    let written = Cli::new()
        .args(["snapshot"])
        .database(&database)
        .run()
        .exits(0)
        .stdout;
    let draw = |arguments: &[&str]| {
        let cli = Cli::new().file("hostile.toml", &written);
        let always = ["graph", "--baseline", "hostile.toml"];
        cli.args(always).args(arguments).run().exits(0).stdout
    };
    let name = "</text><script>\"#\\ %0A";
    let svg = draw(&[]);
    assert!(
        names(&Document::parse(&svg).unwrap()).contains(name),
        "{svg}"
    );
    let mermaid = draw(&["--format", "mermaid"]);
    assert!(
        !mermaid.contains("<script>") && mermaid.contains("#60;script#62;"),
        "{mermaid}"
    );
    graphviz(&draw(&["--format", "dot"]));
    let around = draw(&["models", "--focus", name]);
    assert_eq!(names(&Document::parse(&around).unwrap()).len(), 2);
}

#[test]
fn each_edge_says_whether_it_was_proved() {
    let tried = |database: &TestDatabase| {
        let run = Cli::new().args(["graph", "--try"]).database(database).run();
        run.exits(0).stdout
    };
    let count = |svg: &str, class: &str| {
        let document = Document::parse(svg).unwrap();
        // The legend shows one of each kind there is.
        let marks =
            of_class(&document, class).filter(|node| node.attribute("class") != Some(class));
        marks.count().saturating_sub(1)
    };
    let database = TestDatabase::from(migrated());
    let svg = tried(&database);
    assert_eq!(count(&svg, "proved"), 139);
    assert_eq!(count(&svg, "failed") + count(&svg, "open"), 0);
    database.execute(
        r#"ALTER TABLE "DashboardWidget" DROP CONSTRAINT "DashboardWidget_userId_fkey",
           ADD CONSTRAINT "DashboardWidget_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id")
           ON DELETE SET NULL ON UPDATE CASCADE"#,
    );
    let svg = tried(&database);
    assert_eq!((count(&svg, "failed"), count(&svg, "proved")), (1, 138));
    let name = database.name().to_owned();
    database.execute(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ));
    assert_eq!(count(&tried(&database), "open"), 139);
}
