//! How results are written.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::render::formats::{self, Form, OutputFormat, WritePlan, WriteReport};

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A format of the table, chosen for what `W` writes.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<W> {
    /// The format.
    pub format: &'static OutputFormat,
    /// Writes the result in it.
    pub write: W,
}

/// How a plan is written.
pub type PlanFormat = Chosen<WritePlan>;
/// How a verification is written.
pub type VerifyFormat = Chosen<WriteReport>;

/// What a format of the table may be able to write.
pub trait Written: Copy + Send + Sync + 'static {
    /// How, when it is.
    fn form(format: &'static OutputFormat) -> Option<&'static Form<Self>>;
}

impl Written for WritePlan {
    fn form(format: &'static OutputFormat) -> Option<&'static Form<Self>> {
        format.plan.as_ref()
    }
}

impl Written for WriteReport {
    fn form(format: &'static OutputFormat) -> Option<&'static Form<Self>> {
        format.verification.as_ref()
    }
}

impl<W: Written> Chosen<W> {
    fn of(format: &'static OutputFormat) -> Option<Chosen<W>> {
        let Form { write, .. } = *W::form(format)?;
        Some(Chosen { format, write })
    }

    /// All that can be chosen, in the table's order.
    fn all() -> impl Iterator<Item = Chosen<W>> {
        formats::ALL.into_iter().filter_map(Chosen::of)
    }

    fn named(name: &str) -> Option<Chosen<W>> {
        Chosen::all().find(|chosen| chosen.format.name == name)
    }

    /// Whether it is `format`.
    pub fn is(&self, format: &'static OutputFormat) -> bool {
        std::ptr::eq(self.format, format)
    }

    /// Reads a format as it is typed.
    pub(super) fn parser() -> impl TypedValueParser<Value = Chosen<W>> {
        let values = Chosen::<W>::all().map(|chosen| {
            let help = W::form(chosen.format).map_or("", |form| form.help);
            PossibleValue::new(chosen.format.name).help(help)
        });
        PossibleValuesParser::new(values)
            .try_map(|name| Chosen::named(&name).ok_or("there is no such format"))
    }
}

impl Default for PlanFormat {
    fn default() -> Self {
        Chosen {
            format: &formats::TEXT,
            write: formats::PLAN_TEXT.write,
        }
    }
}

impl Default for VerifyFormat {
    fn default() -> Self {
        Chosen {
            format: &formats::TEXT,
            write: formats::REPORT_TEXT.write,
        }
    }
}

impl PlanFormat {
    /// What a file of this name holds, by its ending; text when that says nothing.
    pub fn of_file(path: &Path) -> PlanFormat {
        let ending = path.extension().and_then(OsStr::to_str);
        let mut all = PlanFormat::all();
        let of_ending = all.find(|chosen| ending.is_some() && chosen.format.ending == ending);
        of_ending.unwrap_or_default()
    }
}

/// A report to write besides what is printed.
#[derive(Clone, Debug)]
pub struct ReportTo<W> {
    /// How.
    pub format: Chosen<W>,
    /// Where; `-` is the standard output.
    pub path: PathBuf,
}

impl<W: Written> FromStr for ReportTo<W> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds: Vec<_> = Chosen::<W>::all().map(|it| it.format.name).collect();
        let expected = || format!("expected KIND=FILE, KIND one of {}", kinds.join(", "));
        let (kind, path) = text.split_once('=').ok_or_else(expected)?;
        if path.is_empty() {
            return Err(expected());
        }
        Ok(ReportTo {
            format: Chosen::named(kind).ok_or_else(expected)?,
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
