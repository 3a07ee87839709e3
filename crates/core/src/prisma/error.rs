//! Mistakes in a schema, shown as Prisma shows them: message, file and line, the line itself, and a
//! caret under what is meant.

use std::borrow::Cow;
use std::fmt;

use super::ast::Span;

/// A mistake, where it stands in the text of its file.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) expected: Option<Cow<'static, str>>,
}

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Problem {
            span,
            message: message.into(),
            expected: None,
        }
    }

    pub(super) fn expecting(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.expected = Some(what.into());
        self
    }
}

/// What is wrong with a schema: one mistake or more, in the order of files and lines.
#[derive(Clone, Debug)]
pub struct SchemaErrors {
    errors: Vec<SchemaError>,
}

/// One mistake in a schema. [`fmt::Display`] shows it with its line, as Prisma does.
#[derive(Clone, Debug)]
pub struct SchemaError {
    /// The file, as its [`super::Source`] is named.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// What is wrong, in Prisma's words where Prisma has any.
    pub message: String,
    /// What was expected at this place, where it can be told.
    pub expected: Option<Cow<'static, str>>,
    before: Option<String>,
    text: String,
    marked: usize,
}

impl SchemaError {
    /// A mistake in `source`, whose lines end at `newlines`.
    fn new(source: &super::Source, newlines: &[usize], problem: Problem) -> Self {
        let text = source.text.as_str();
        let start = text.floor_char_boundary(problem.span.start.min(text.len()));
        let end = text.floor_char_boundary(problem.span.end.clamp(start, text.len()));
        let line = newlines.partition_point(|newline| *newline < start);
        let start_of = |line: usize| match line.checked_sub(1) {
            Some(before) => newlines[before] + 1,
            None => 0,
        };
        let end_of = |line: usize| newlines.get(line).copied().unwrap_or(text.len());
        let (line_start, line_end) = (start_of(line), end_of(line));
        let before = line.checked_sub(1);
        SchemaError {
            file: source.name.clone(),
            line: line + 1,
            column: text[line_start..start].chars().count() + 1,
            message: problem.message,
            expected: problem.expected,
            before: before.map(|line| shown(&text[start_of(line)..end_of(line)])),
            text: shown(&text[line_start..line_end]),
            marked: text[start..end.min(line_end).max(start)]
                .trim_end()
                .chars()
                .count(),
        }
    }
}

/// A line as it can be shown with carets under it: a tab takes one column.
fn shown(line: &str) -> String {
    line.trim_end().replace('\t', " ")
}

impl SchemaErrors {
    pub(super) fn of(sources: &[super::Source], problems: Vec<Vec<Problem>>) -> Self {
        let mut errors: Vec<_> = sources
            .iter()
            .zip(problems)
            .flat_map(|(source, problems)| {
                let newlines = source.text.match_indices('\n').map(|(at, _)| at);
                let newlines: Vec<_> = newlines.collect();
                let shown = move |problem| SchemaError::new(source, &newlines, problem);
                problems.into_iter().map(shown)
            })
            .collect();
        errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        // Two attributes can be wrong in the same way about one field.
        errors.dedup_by(|a, b| {
            (&a.file, a.line, a.column, &a.message) == (&b.file, b.line, b.column, &b.message)
        });
        SchemaErrors { errors }
    }

    /// The mistakes, at least one.
    pub fn iter(&self) -> impl Iterator<Item = &SchemaError> {
        self.errors.iter()
    }
}

impl std::error::Error for SchemaErrors {}
impl std::error::Error for SchemaError {}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SchemaError {
            file, line, text, ..
        } = self;
        let width = line.to_string().len().max(2);
        let margin = format!("{:width$} |", "");
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{:width$}-->  {file}:{line}", "")?;
        writeln!(f, "{margin}")?;
        if let Some(before) = &self.before {
            writeln!(
                f,
                "{}",
                format!("{:width$} | {before}", line - 1).trim_end()
            )?;
        }
        writeln!(f, "{line:width$} | {text}")?;
        let carets = "^".repeat(self.marked.max(1));
        write!(
            f,
            "{margin} {:indent$}{carets}",
            "",
            indent = self.column - 1
        )?;
        match &self.expected {
            Some(expected) => writeln!(f, " expected {expected}"),
            None => writeln!(f),
        }
    }
}

impl fmt::Display for SchemaErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(f, "{error}")?;
        }
        write!(f, "Validation Error Count: {}", self.errors.len())
    }
}
