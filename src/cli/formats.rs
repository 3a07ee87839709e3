//! How results are written.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Text,
    /// For psql.
    Sql,
    /// For programs, and for `apply --plan`.
    Json,
    /// For a pull request or a job's summary.
    Markdown,
    /// As annotations of a GitHub workflow.
    Github,
    /// As a page to sign.
    Html,
}

impl PlanFormat {
    /// What a file of this name holds, by its ending; text when that says nothing.
    pub fn of_file(path: &Path) -> PlanFormat {
        match path.extension().and_then(OsStr::to_str) {
            Some("json") => PlanFormat::Json,
            Some("sql") => PlanFormat::Sql,
            Some("md") => PlanFormat::Markdown,
            Some("html") => PlanFormat::Html,
            _ => PlanFormat::Text,
        }
    }
}

/// How a verification is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VerifyFormat {
    /// For people.
    #[default]
    Text,
    /// For programs; `schema verify` prints its JSON Schema.
    Json,
    /// As test results.
    Junit,
    /// For code scanning.
    Sarif,
    /// For a pull request or a job's summary.
    Markdown,
    /// As annotations of a GitHub workflow.
    Github,
    /// As a page to sign.
    Html,
}

/// A report to write besides what is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo<F> {
    /// How.
    pub format: F,
    /// Where; `-` is the standard output.
    pub path: PathBuf,
}

impl<F: ValueEnum> FromStr for ReportTo<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds: Vec<_> = F::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        let expected = || format!("expected KIND=FILE, KIND one of {}", kinds.join(", "));
        let (kind, path) = text.split_once('=').ok_or_else(expected)?;
        if path.is_empty() {
            return Err(expected());
        }
        Ok(ReportTo {
            format: F::from_str(kind, false).map_err(|_| expected())?,
            path: path.into(),
        })
    }
}

/// How differences are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// What is additive, as statements; the rest as comments.
    Sql,
    /// For programs.
    Json,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people.
    #[default]
    Text,
    /// As the documentation has it; only all of it.
    Markdown,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For a browser, and for paper.
    #[default]
    Svg,
    /// For a page that draws Mermaid.
    Mermaid,
    /// For Graphviz.
    Dot,
}
