//! Every format that a plan or a verification is written in, in one table.

use super::html::Page;
use super::sarif::Places;
use super::{github, html, json, junit, markdown, report_text, sarif};
use crate::report::{NoResult, Report};
use leora_core::plan::{Plan, PlanFile, script};

/// A format that results are written in.
#[derive(Debug)]
pub struct OutputFormat {
    /// What is typed for it.
    pub name: &'static str,
    /// The ending of the files that hold a plan in it.
    pub ending: Option<&'static str>,
    /// How a plan is written in it, where it can be.
    pub plan: Option<Form<WritePlan>>,
    /// How a verification is written in it, where it can be.
    pub verification: Option<Form<WriteReport>>,
    /// Writes that there is no result.
    pub no_result: fn(&NoResult) -> String,
    /// Whether the standard output has that too, and not the standard error alone.
    pub prints_no_result: bool,
}

/// How a result is written in a format.
#[derive(Clone, Copy, Debug)]
pub struct Form<W> {
    /// What it is for.
    pub help: &'static str,
    /// Writes it.
    pub write: W,
}

/// Writes a plan.
pub type WritePlan = fn(&PlanView<'_>) -> String;
/// Writes a verification.
pub type WriteReport = fn(&ReportView<'_>) -> String;

/// A plan, as all formats need it.
#[derive(Clone, Copy)]
pub struct PlanView<'a> {
    /// The plan as it is.
    pub plan: &'a Plan,
    /// Host, port, database and user.
    pub endpoint: &'a str,
    /// The page, with the plan as it is shown to people.
    pub page: Page<'a>,
    /// The plan for a terminal.
    pub text: &'a dyn Fn() -> String,
    /// The plan for psql.
    pub sql: &'a dyn Fn() -> String,
}

/// A verification, as all formats need it.
#[derive(Clone, Copy)]
pub struct ReportView<'a> {
    /// The report as it is.
    pub report: &'a Report,
    /// The report as it is shown to people.
    pub shown: &'a Report,
    /// What a terminal has room for.
    pub terminal: report_text::Page,
    /// The page.
    pub page: Page<'a>,
    /// Where tables are declared.
    pub places: &'a dyn Fn() -> Places,
}

/// The table, in the order in which the formats are listed.
pub static ALL: [&OutputFormat; 8] = [
    &TEXT, &SQL, &JSON, &JUNIT, &SARIF, &MARKDOWN, &GITHUB, &HTML,
];

/// For people.
pub static TEXT: OutputFormat = OutputFormat {
    name: "text",
    ending: None,
    plan: Some(PLAN_TEXT),
    verification: Some(REPORT_TEXT),
    no_result: report_text::no_result,
    prints_no_result: false,
};

/// A plan for people.
pub const PLAN_TEXT: Form<WritePlan> = Form {
    help: "For people",
    write: |view| (view.text)(),
};

/// A verification for people.
pub const REPORT_TEXT: Form<WriteReport> = Form {
    help: "For people",
    write: |view| report_text::render(view.shown, view.terminal),
};

/// For psql.
pub static SQL: OutputFormat = OutputFormat {
    name: "sql",
    ending: Some("sql"),
    plan: Some(Form {
        help: "For psql",
        write: |view| (view.sql)(),
    }),
    verification: None,
    no_result: |none| script::no_plan(none.error.code),
    prints_no_result: false,
};

static JSON: OutputFormat = OutputFormat {
    name: "json",
    ending: Some("json"),
    plan: Some(Form {
        help: "For programs, and for `apply --plan`",
        write: |view| json::render(&PlanFile::of(view.plan)),
    }),
    verification: Some(Form {
        help: "For programs; `schema verify` prints its JSON Schema",
        write: |view| json::render(view.report),
    }),
    no_result: |none| json::render(none),
    prints_no_result: true,
};

static JUNIT: OutputFormat = OutputFormat {
    name: "junit",
    ending: None,
    plan: None,
    verification: Some(Form {
        help: "As test results",
        write: |view| junit::render(view.shown),
    }),
    no_result: junit::no_result,
    prints_no_result: true,
};

static SARIF: OutputFormat = OutputFormat {
    name: "sarif",
    ending: None,
    plan: None,
    verification: Some(Form {
        help: "For code scanning",
        write: |view| sarif::render(view.shown, &(view.places)()),
    }),
    no_result: sarif::no_result,
    prints_no_result: true,
};

static MARKDOWN: OutputFormat = OutputFormat {
    name: "markdown",
    ending: Some("md"),
    plan: Some(Form {
        help: "For a pull request or a job's summary",
        write: |view| markdown::plan(view.page.plan, view.page.advice, view.endpoint),
    }),
    verification: Some(Form {
        help: "For a pull request or a job's summary",
        write: |view| markdown::render(view.shown),
    }),
    no_result: markdown::no_result,
    prints_no_result: true,
};

static GITHUB: OutputFormat = OutputFormat {
    name: "github",
    ending: None,
    plan: Some(Form {
        help: "As annotations of a GitHub workflow",
        write: |view| github::plan(view.page.plan),
    }),
    verification: Some(Form {
        help: "As annotations of a GitHub workflow",
        write: |view| github::render(view.shown),
    }),
    no_result: github::no_result,
    prints_no_result: true,
};

static HTML: OutputFormat = OutputFormat {
    name: "html",
    ending: Some("html"),
    plan: Some(Form {
        help: "As a page to sign",
        write: |view| html::render(&view.page),
    }),
    verification: Some(Form {
        help: "As a page to sign",
        write: |view| html::render(&view.page),
    }),
    no_result: html::no_result,
    prints_no_result: true,
};
