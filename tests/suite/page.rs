//! The page to sign, looked at in a browser: on a desk and on a phone, light and dark.

use super::reports::{Reported, hostile, migrated};
use super::support::{
    Scheme, Template, TestDatabase, has_browser, has_pdf_reader, printed, problems, screenshot,
};

/// Runs a command on a database, and looks at the page it writes.
fn look_at(command: &str, name: &str, template: Template, pictures: &[(u32, Scheme)]) {
    let database = TestDatabase::from(template);
    let report = Reported::run(&database, command, &["html"]);
    for scheme in [Scheme::Light, Scheme::Dark] {
        let found = problems(&report.read("html"), scheme);
        assert!(found.is_empty(), "{command} {name}, {scheme:?}: {found:#?}");
    }
    let page = report.path("html").with_extension("html");
    std::fs::copy(report.path("html"), &page).unwrap();
    for (width, scheme) in pictures {
        let name = format!("{command}-{name}-{width}-{scheme:?}.png");
        screenshot(&page, &name, *width, 2400, *scheme);
    }
}

const DESK: (u32, Scheme) = (1280, Scheme::Light);
const PHONE: (u32, Scheme) = (390, Scheme::Light);

#[test]
fn a_green_page_is_sound() {
    if has_browser() {
        look_at("verify", "green", migrated(), &[DESK, PHONE]);
    }
}

#[test]
fn a_red_page_is_sound() {
    if has_browser() {
        look_at("verify", "red", Template::Baseline, &[DESK, PHONE]);
    }
}

#[test]
fn a_page_with_hostile_names_is_sound() {
    if has_browser() {
        look_at("verify", "hostile", hostile(), &[]);
    }
}

#[test]
fn the_plan_is_a_page_to_sign_too() {
    if has_browser() {
        look_at(
            "plan",
            "pending",
            Template::Baseline,
            &[(1280, Scheme::Dark)],
        );
        look_at("plan", "refused", hostile(), &[]);
    }
}

/// What a page says, without its markup.
fn words(page: &str) -> String {
    let mut inside = false;
    let outside = |c: &char| {
        let is_text = !inside && *c != '<';
        inside = if inside { *c != '>' } else { *c == '<' };
        is_text
    };
    page.chars().filter(outside).collect()
}

#[test]
fn on_paper_the_signature_stands_with_what_was_read_last() {
    if !has_browser() || !has_pdf_reader() {
        return;
    }
    for (command, template) in [
        ("verify", migrated()),
        ("verify", Template::Baseline),
        ("verify", hostile()),
        ("plan", Template::Baseline),
    ] {
        let report = Reported::run(&TestDatabase::from(template), command, &["html"]);
        let page = report.path("html").with_extension("html");
        std::fs::copy(report.path("html"), &page).unwrap();
        let sheets = printed(&page);
        assert!(sheets.len() > 3, "{} sheets", sheets.len());
        for (number, sheet) in sheets.iter().enumerate() {
            let is_blank = sheet.split_whitespace().count() < 5;
            assert!(!is_blank, "{command}: sheet {} is blank", number + 1);
        }
        let last = sheets.last().unwrap();
        assert!(last.contains("Approved by"), "{last}");
        let (before, _) = last.split_once("Signature").expect("all of the signature");
        assert!(before.split_whitespace().count() > 10, "{last}");
    }
}

#[test]
fn what_is_wrong_comes_first_and_what_can_be_typed_is_code() {
    let at = |page: &str, heading: &str| {
        let heading = format!("<h2>{heading}</h2>");
        page.find(&heading).unwrap_or_else(|| panic!("{heading}"))
    };
    let html =
        |database: &TestDatabase, command| Reported::run(database, command, &["html"]).read("html");
    let database = TestDatabase::from(migrated());
    let green = html(&database, "verify");
    assert!(at(&green, "What was asked") < at(&green, "What was found"));
    database.execute("ALTER TABLE \"Job\" DISABLE TRIGGER ALL");
    let red = html(&database, "verify");
    assert!(at(&red, "What was found") < at(&red, "What was asked"));
    assert!(red.contains("<code>ALTER TABLE &quot;Job&quot; ENABLE TRIGGER ALL;\n"));
    let refused = html(&TestDatabase::from(hostile()), "plan");
    assert!(at(&refused, "The plan") < at(&refused, "What was asked"));
}

#[test]
fn the_page_says_who_ran_what_against_what_and_all_that_was_found() {
    let database = TestDatabase::from(migrated());
    let report = Reported::run(&database, "verify", &["html", "json"]);
    let page = report.read("html");
    let json: serde_json::Value = serde_json::from_str(&report.read("json")).unwrap();
    let page = words(&page);
    let has = |text: &str| {
        let escaped = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        assert!(page.contains(&escaped), "{text}");
    };
    for fact in ["endpoint", "schema", "server_version", "user"] {
        has(json["subject"][fact].as_str().unwrap());
    }
    has(json["run"]["by"].as_str().unwrap());
    for check in json["checks"].as_array().unwrap() {
        for fact in ["id", "title", "expected", "found"] {
            has(check[fact].as_str().unwrap());
        }
    }
    // The plan as it would be on the schema that stood before, with its locks and its way back.
    has("SHARE ROW EXCLUSIVE on \"Tenant\" (blocks writes, not reads)");
    has("DROP TABLE \"Job\"");
    assert!(page.matches("tried: it does").count() >= 139);
}

#[test]
fn the_page_holds_all_of_itself_and_no_markup_from_a_database() {
    let database = TestDatabase::from(hostile());
    let page = Reported::run(&database, "verify", &["html"]).read("html");
    assert!(!page.contains("<script") && !page.contains("<i>\"") && !page.contains("<b>"));
    assert!(page.contains("&lt;script&gt;alert('x')&lt;/script&gt;"));
    let addresses = page.replace("http://www.w3.org/2000/svg", "");
    for elsewhere in ["http:", "https:", "@import", "url("] {
        assert!(!addresses.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn the_examiner_finds_what_it_looks_for() {
    if !has_browser() {
        return;
    }
    let bad = "<!doctype html><title>t</title><h1>One</h1><h3>Three</h3>\
               <p style='color:#999'>pale</p><p style='width:3em;overflow-wrap:anywhere'>unbreakable</p><p style='width:3000px'>wide</p><p id=a></p><p id=a></p>\
               <a href='#nowhere'>lost</a><svg></svg><table><tr><th>head</table><main></main>\
               <script>console.error('broken')</script>";
    let found = problems(bad, Scheme::Light).join("\n");
    for expected in [
        "390 pixels: contrast 2.85: pale",
        "390 pixels: wider than the page",
        "390 pixels: broken: unbreakable",
        "id twice: a",
        "leads nowhere: lost",
        "a picture without words",
        "a head of nothing: head",
        "heading 3 under 1",
        "no language",
        "asks for something: SCRIPT",
        "broken",
    ] {
        assert!(found.contains(expected), "{expected}\n{found}");
    }
}
