//! The page to sign: one file, no scripts, nothing from elsewhere. It prints as it reads.

mod asked;
mod found;
mod planned;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::picture::{self, in_words, svg};
use crate::report::{Conclusion, NoResult, Report, Run, Subject};
use leora_core::graph::{Graph, Mark};
use leora_core::model::{Identifier, in_lines};
use leora_core::plan::Plan;
use leora_core::verify::advice::{Advice, DECLARE_FIRST};
use leora_core::verify::promise::Promise;

const STYLE: &str = include_str!("style.css");

/// What a page is made of.
#[derive(Clone, Copy)]
pub struct Page<'a> {
    /// Who made it, when, with what.
    pub run: &'a Run,
    /// What was looked at.
    pub subject: &'a Subject,
    /// What the database is held to.
    pub promise: &'a Promise,
    /// What is still to be done.
    pub plan: &'a Plan,
    /// What was found, when it was verified.
    pub report: Option<&'a Report>,
    /// What the design leaves open.
    pub advice: &'a [Advice],
}

/// Writes `page`.
pub fn render(page: &Page<'_>) -> String {
    let (subject, plan) = (page.subject.shown(), page.plan.shown());
    let page = &Page {
        subject: &subject,
        plan: &plan,
        ..*page
    };
    let what = if page.report.is_some() {
        "Verification"
    } else {
        "Plan"
    };
    let title = format!("{what} of {}", page.promise.migration);
    let about = format!("{title} on {}", page.subject.database);
    let sections = sections(page);
    let headings: Vec<_> = sections.iter().map(|(heading, _)| *heading).collect();
    document(
        &about,
        page.run,
        &html! {
            (header(page, &title, &headings))
            main { @for (_, section) in &sections { (section) } }
        },
    )
}

/// What the page has, in order: what is wrong comes first. Each with its address and its heading.
fn sections(page: &Page<'_>) -> Vec<(Heading, Markup)> {
    let mut sections = vec![(("asked", "What was asked"), asked::section(page))];
    if let Some(report) = page.report {
        sections.push((("found", "What was found"), found::section(report)));
    }
    sections.push((("plan", "The plan"), planned::section(page)));
    let is_wrong = match page.report {
        Some(report) => !report.has_passed(),
        None => !page.plan.refusals.is_empty(),
    };
    if is_wrong {
        sections[..2].reverse();
    }
    sections.push((("pictures", "Pictures"), pictures(page)));
    let mut open = open_points(page);
    // There is nothing to sign where nobody could look to the end.
    let is_to_be_signed = page.report.is_none_or(|report| report.error.is_none());
    let last = if is_to_be_signed { open.pop() } else { None };
    sections.push((
        ("open", "Open points"),
        html! { section id="open" { h2 { "Open points" } @for part in &open { (part) } } },
    ));
    if is_to_be_signed {
        // On paper a signature does not stand by itself: with it stands what was read last.
        let signed = html! { div.last { @if let Some(last) = &last { (last) } (signature(page)) } };
        sections.push((("signed", "Signature"), signed));
    }
    sections
}

/// The address of a section in the page, and how it is called.
type Heading = (&'static str, &'static str);

/// `text` in which a name is broken only where it is longer than the line, and then at an underscore.
fn soft(text: &str) -> Markup {
    html! {
        @for word in text.split_inclusive(char::is_whitespace) {
            @let name = word.trim_end();
            @if name.contains('_') {
                span.long {
                    @for (number, part) in name.split_inclusive('_').enumerate() {
                        @if number > 0 { wbr; }
                        (part)
                    }
                }
                (word[name.len()..])
            } @else { (word) }
        }
    }
}

/// Our own words, in which what is typed stands between backticks.
fn spans(text: &str) -> Markup {
    html! {
        @for (number, part) in text.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Writes a page that says why there is no result, with nothing to sign.
pub fn no_result(none: &NoResult) -> String {
    let error = &none.error;
    let title = format!("leora-migrate {} could not run", none.command);
    document(
        &title,
        &none.run,
        &html! {
            header {
                p.kicker { "leora-migrate" }
                h1 { (title) }
                p.verdict.bad { strong { (error.code) } " " (error.title) }
                dl.facts {
                    div { dt { "Run by" } dd { (none.run.by) } }
                    div { dt { "On" } dd { (at(&none.run)) } }
                    div { dt { "Tool" } dd { "leora-migrate " (none.run.version()) } }
                    div { dt { "Exit code" } dd { (none.exit_code) } }
                }
            }
            main {
                section {
                    h2 { "Why" }
                    pre { (error.message.trim_end()) }
                    h2 { "What to do" }
                    p { (spans(error.remedy)) }
                }
            }
        },
    )
}

fn at(run: &Run) -> Markup {
    html! { time datetime=(run.at.to_rfc3339()) { (run.at.format("%-d %B %Y, %H:%M:%S UTC")) } }
}

/// A whole page, with `about` as its title.
fn document(about: &str, run: &Run, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "leora-migrate " (run.version()) };
                title { (about) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    // Names from the database are everywhere on it; nothing of the page itself is a control character.
    in_lines(&markup.into_string())
}

fn header(page: &Page<'_>, title: &str, headings: &[Heading]) -> Markup {
    let Subject {
        endpoint,
        database: _,
        schema,
        user,
        server_version,
    } = page.subject;
    html! {
        header {
            p.kicker { "leora-migrate" }
            h1 { (title) }
            (verdict(page))
            dl.facts {
                div { dt { "Database" } dd { (endpoint) } }
                div { dt { "Schema" } dd { (schema) } }
                div { dt { "Server" } dd { "PostgreSQL " (server_version) } }
                div { dt { "Role" } dd { (user) } }
                div { dt { "Run by" } dd { (page.run.by) } }
                div { dt { "On" } dd { (at(page.run)) } }
                div { dt { "Tool" } dd { "leora-migrate " (page.run.version()) } }
                @if let Some(report) = page.report {
                    div { dt { "Took" } dd { (report.elapsed_ms) " ms, " (report.round_trips) " round trips" } }
                }
            }
            nav aria-label="Contents" {
                @for (address, heading) in headings { a href={ "#" (address) } { (heading) } }
            }
        }
    }
}

fn verdict(page: &Page<'_>) -> Markup {
    let Some(report) = page.report else {
        let class = if page.plan.refusals.is_empty() {
            "neutral"
        } else {
            "bad"
        };
        return html! { p class={ "verdict " (class) } { (super::words::headline(page.plan)) } };
    };
    let (class, word) = match report.verdict {
        Conclusion::Passed if report.is_green() => ("good", "Passed"),
        Conclusion::Passed => ("open", "Passed"),
        Conclusion::Failed => ("bad", "Failed"),
        Conclusion::NotProved => ("open", "Not proved"),
        Conclusion::CouldNotLook => ("bad", "Could not look"),
    };
    html! {
        p class={ "verdict " (class) } {
            strong { (word) }
            @if let Some(open) = report.open() { ", " strong.open { (open) } }
            " "
            @if report.counts.passed == report.checks.len() {
                span { "all " (report.checks.len()) " checks hold" }
            } @else {
                span { (report.counts.in_words()) ", of " (report.checks.len()) " checks" }
            }
        }
        @if let Some(error) = &report.error {
            p.verdict.bad { strong { (error.code) } " " (error.title) }
            pre { (error.message.trim_end()) }
            p { (spans(error.remedy)) }
        }
    }
}

fn pictures(page: &Page<'_>) -> Markup {
    let whole = &page.promise.whole;
    let created = &page.promise.created;
    let declared: Vec<_> = page.promise.declared.tables.keys().cloned().collect();
    let models = Graph::of_models(whole, created, &declared);
    let tenant = page.promise.declaration.tenant;
    let deletes = Identifier::new(tenant)
        .ok()
        .and_then(|focus| Graph::of_deletes(whole, created, &focus, None));
    let marked = |graph: Graph| match page.report {
        Some(report) => graph.with_marks(&report.marks()),
        None => graph,
    };
    let deletes = deletes.map(marked);
    html! {
        section id="pictures" {
            h2 { "Pictures" }
            h3 { "The models and their relations" }
            figure { div.scroll tabindex="0" role="group" aria-label="Picture of the models, which may be wider than the page" {
                (svg::under_a_heading(&picture::of_models(&marked(models), whole)))
            } }
            @if let Some(deletes) = &deletes {
                div.sheet {
                    h3 { "What a delete from " (tenant) " reaches" }
                    figure.wide { div.scroll tabindex="0" role="group" aria-label="Picture of the deletes, which may be wider than the page" {
                        (svg::under_a_heading(&picture::of_deletes(deletes)))
                    } }
                }
                (edges(deletes))
            }
        }
    }
}

/// The picture in words.
fn edges(graph: &Graph) -> Markup {
    html! {
        h3 { "The same, foreign key by foreign key" }
        ol.edges tabindex="0" aria-label="The foreign keys of the picture" {
            @for edge in &graph.edges {
                li.not-proved[edge.proof == Mark::NotProved].failed[edge.proof == Mark::Broken] { (soft(&in_words(edge))) }
            }
        }
    }
}

/// What is open, in parts between which a page of paper may end.
fn open_points(page: &Page<'_>) -> Vec<Markup> {
    let notes = match page.report {
        Some(report) => &report.notes,
        None => &page.plan.notes,
    };
    let mut parts = Vec::new();
    if !notes.is_empty() {
        parts.push(html! {
            h3 { "Harmless differences" }
            ul { @for note in notes { li { (soft(note)) } } }
        });
    }
    for (number, advice) in page.advice.iter().enumerate() {
        parts.push(html! {
            @if number == 0 {
                h3 { "Advice, no failure" }
                @if page.advice.iter().any(|advice| advice.sql.is_some()) { p { (DECLARE_FIRST) } }
            }
            article.advice {
                p { strong { (soft(&advice.title)) "." } " " (soft(&advice.detail)) " " span.id { (advice.id) } }
                @if let Some(sql) = &advice.sql { pre.sql { code { (soft(sql)) } } }
            }
        });
    }
    if parts.is_empty() {
        parts.push(html! { p { "None." } });
    }
    parts
}

fn signature(page: &Page<'_>) -> Markup {
    html! {
        section id="signed" {
            h2 { "Signature" }
            p {
                "This page was written by " (page.run.by) " with leora-migrate " (page.run.version())
                ", from what " (soft(&page.subject.endpoint)) " held at that time. The class of the plan, which is the same \
                 for every database of the same content, is"
            }
            p.fingerprint { code { (page.plan.class()) } }
            div.lines {
                @for role in ["Reviewed by", "Approved by"] {
                    div { span { (role) } span { "Date" } }
                }
            }
        }
    }
}
