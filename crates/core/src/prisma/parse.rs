//! A file into its syntax tree, block after block, line after line.
//!
//! A line that is wrong is reported and skipped, so that one run shows all of them. The messages are
//! those of Prisma's own parser; what was expected, which it does not say, is added under the caret.

use super::ast::{
    BlockAttribute, Comment, CommentLine, Config, Document, Enum, Member, Model, ModelKind, Name,
    Span, Top,
};
use super::error::Problem;
use super::grammar::{
    Failure, Input, Parsed, What, blanks, block_attribute, eat, enclosed_comment, enum_value,
    field, name, newline, property, rank, rest_of_line,
};
use winnow::stream::{LocatingSlice, Location};

const NO_KEYWORD: &str = "Error validating: This line is invalid. It does not start with any known Prisma schema keyword.";
const KEYWORDS: &str =
    "`model`, `enum`, `view`, `datasource` or `generator`, a name and `{` at the end of the line";
const TYPE_ALIAS: &str = "Error validating: Invalid type definition. Please check the documentation in https://pris.ly/d/composite-types";

/// Parses `text`, which may begin with a byte order mark.
///
/// # Errors
///
/// All lines that are wrong, in order.
pub(super) fn document(text: &str) -> Result<Document<'_>, Vec<Problem>> {
    let mut parser = Parser {
        input: LocatingSlice::new(text),
        problems: Vec::new(),
    };
    if parser.input.starts_with('\u{feff}') {
        eat(&mut parser.input, "\u{feff}");
    }
    let document = parser.document();
    if parser.problems.is_empty() {
        Ok(document)
    } else {
        Err(parser.problems)
    }
}

struct Parser<'a> {
    input: Input<'a>,
    problems: Vec<Problem>,
}

/// What a block holds, as it is read.
struct Contents<'a, T> {
    members: Vec<Member<'a, T>>,
    attributes: Vec<BlockAttribute<'a>>,
    end: usize,
}

/// The name and kind of a block whose opening brace has been read.
#[derive(Clone, Copy)]
struct Opened<'a> {
    keyword: &'static str,
    name: Name<'a>,
    start: usize,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Document<'a> {
        let mut tops = Vec::new();
        loop {
            let is_blank = self.blank_lines();
            if self.input.is_empty() {
                break;
            }
            // The formatter parts blocks from what follows them.
            let follows_block = !matches!(tops.last(), None | Some(Top::Blank | Top::Comment(_)));
            if follows_block || (is_blank && !tops.is_empty()) {
                tops.push(Top::Blank);
            }
            match self.comment() {
                Ok(Some(comment)) => {
                    tops.push(Top::Comment(comment));
                    continue;
                }
                Ok(None) => {}
                Err(failure) => {
                    self.report(failure, NO_KEYWORD);
                    break;
                }
            }
            if let Some(opened) = self.block_open() {
                tops.extend(self.block(opened));
            } else {
                self.invalid_top();
            }
        }
        Document { tops }
    }

    fn block(&mut self, opened: Opened<'a>) -> Option<Top<'a>> {
        let Opened {
            keyword,
            name,
            start,
        } = opened;
        let span = |end| Span { start, end };
        match keyword {
            "model" | "view" | "type" => {
                let contents = self.contents(opened, true, field)?;
                Some(Top::Model(Model {
                    kind: match keyword {
                        "model" => ModelKind::Model,
                        "view" => ModelKind::View,
                        _ => ModelKind::Type,
                    },
                    name,
                    members: contents.members,
                    attributes: contents.attributes,
                    span: span(contents.end),
                }))
            }
            "enum" => {
                let contents = self.contents(opened, true, enum_value)?;
                Some(Top::Enum(Enum {
                    name,
                    members: contents.members,
                    attributes: contents.attributes,
                    span: span(contents.end),
                }))
            }
            _ => {
                let contents = self.contents(opened, false, property)?;
                Some(Top::Config(Config {
                    is_datasource: keyword == "datasource",
                    name,
                    members: contents.members,
                    span: span(contents.end),
                }))
            }
        }
    }

    /// `keyword name {` and the rest of its line, when that is what comes next. A comment behind the
    /// brace is dropped, as Prisma's formatter does.
    fn block_open(&mut self) -> Option<Opened<'a>> {
        let mut ahead = self.input;
        blanks(&mut ahead).ok()?;
        let start = ahead.current_token_start();
        let keyword = ["model", "enum", "view", "type", "datasource", "generator"]
            .into_iter()
            .find(|keyword| eat(&mut ahead, keyword))?;
        let name = name(&mut ahead, "a name").ok()?;
        if !eat(&mut ahead, "{") {
            return None;
        }
        blanks(&mut ahead).ok()?;
        let rest = ahead;
        let behind = rest_of_line(&mut ahead).ok()?;
        newline(&mut ahead).ok()?;
        self.input = ahead;
        if !behind.is_empty() && !behind.starts_with("//") && !behind.starts_with("/*") {
            let begin = rest.current_token_start();
            self.problems.push(Problem::new(
                Span {
                    start: begin,
                    end: begin + behind.len(),
                },
                format!(
                    "The contents of {keyword} \"{}\" begin on the next line.",
                    name.text
                ),
            ));
        }
        Some(Opened {
            keyword,
            name,
            start,
        })
    }

    /// The lines of a block and its closing brace. `None` when there is none.
    fn contents<T>(
        &mut self,
        opened: Opened<'a>,
        has_attributes: bool,
        entry: fn(&mut Input<'a>) -> Parsed<T>,
    ) -> Option<Contents<'a, T>> {
        let mut members = Vec::new();
        let mut attributes = Vec::new();
        loop {
            let is_blank = self.blank_lines();
            if self.input.is_empty() || self.next_block_opens() {
                self.unclosed(opened);
                return None;
            }
            if self.input.starts_with('}') {
                eat(&mut self.input, "}");
                break;
            }
            let comment = match self.comment() {
                Ok(comment) => comment,
                Err(failure) => {
                    self.report(failure, line_message(opened.keyword));
                    return None;
                }
            };
            blanks(&mut self.input).ok()?;
            if has_attributes && self.input.starts_with("@@") {
                match self.line(opened, block_attribute) {
                    Some((attribute, trailing)) => attributes.push(BlockAttribute {
                        leading: comment.unwrap_or_default(),
                        attribute,
                        trailing,
                    }),
                    None => continue,
                }
                continue;
            }
            if is_blank && !members.is_empty() {
                members.push(Member::Blank);
            }
            match (comment, members.last_mut()) {
                (Some(more), Some(Member::Comment(comment))) => comment.lines.extend(more.lines),
                (Some(comment), _) => members.push(Member::Comment(comment)),
                (None, _) => members.extend(self.line(opened, entry).map(Member::Entry)),
            }
        }
        attributes.sort_by_key(|attribute| rank(attribute.attribute.name.text));
        Some(Contents {
            members,
            attributes,
            end: self.input.previous_token_end(),
        })
    }

    /// One line by `parse`; when it is wrong, it is reported and skipped.
    fn line<T>(&mut self, opened: Opened<'a>, parse: fn(&mut Input<'a>) -> Parsed<T>) -> Option<T> {
        let start = self.input;
        match parse(&mut self.input) {
            Ok(parsed) => Some(parsed),
            Err(Failure {
                span,
                what: What::NoType,
            }) => {
                let message = format!(
                    "Error validating {} \"{}\": This field declaration is invalid. It is either missing a name or a type.",
                    opened.keyword, opened.name.text
                );
                self.problems
                    .push(Problem::new(span, message).expecting("a type"));
                self.skip_line_of(start)
            }
            Err(failure) => {
                self.report(failure, line_message(opened.keyword));
                self.skip_line_of(start)
            }
        }
    }

    fn skip_line_of<T>(&mut self, start: Input<'a>) -> Option<T> {
        self.input = start;
        let _: Parsed<_> = rest_of_line(&mut self.input);
        let _: Parsed<_> = newline(&mut self.input);
        None
    }

    /// Skips blanks and blank lines. Whether a line was blank.
    fn blank_lines(&mut self) -> bool {
        let mut lines = 0;
        let begins_line = self.at_line_start();
        loop {
            let _: Parsed<_> = blanks(&mut self.input);
            if newline(&mut self.input).is_err() {
                break;
            }
            lines += 1;
        }
        // Behind a closing brace the first of them only ends the line.
        lines > usize::from(!begins_line)
    }

    fn at_line_start(&self) -> bool {
        let mut whole = self.input;
        whole.reset_to_start();
        let before = &whole[..self.input.current_token_start()];
        before.is_empty() || before.ends_with(['\n', '\r'])
    }

    /// Comments on lines that follow each other, when one comes next.
    fn comment(&mut self) -> Parsed<Option<Comment<'a>>> {
        let mut comment = Comment::default();
        loop {
            let mut ahead = self.input;
            blanks(&mut ahead)?;
            if ahead.starts_with("//") {
                comment
                    .lines
                    .push(CommentLine::ToEndOfLine(rest_of_line(&mut ahead)?));
            } else if ahead.starts_with("/*") {
                let enclosed = enclosed_comment(&mut ahead)?;
                let inside = enclosed
                    .strip_prefix("/*")
                    .and_then(|c| c.strip_suffix("*/"));
                let lines = inside.unwrap_or_default().lines().map(|line| {
                    let line = line.trim();
                    line.strip_prefix('*').map_or(line, str::trim_start)
                });
                comment.lines.push(CommentLine::Enclosed(
                    lines.filter(|line| !line.is_empty()).collect(),
                ));
                blanks(&mut ahead)?;
            } else {
                break;
            }
            self.input = ahead;
            let _: Parsed<_> = newline(&mut self.input);
        }
        Ok((!comment.lines.is_empty()).then_some(comment))
    }

    fn next_block_opens(&mut self) -> bool {
        let begins_line = self.input;
        let problems = self.problems.len();
        let opens = self.block_open().is_some();
        self.input = begins_line;
        self.problems.truncate(problems);
        opens
    }

    fn unclosed(&mut self, opened: Opened<'a>) {
        let message = format!(
            "The {} \"{}\" has no closing `}}`.",
            opened.keyword, opened.name.text
        );
        self.problems.push(Problem::new(opened.name.span, message));
    }

    fn invalid_top(&mut self) {
        let start = self.input;
        let begin = start.current_token_start();
        let line = rest_of_line(&mut self.input).unwrap_or_default();
        let span = Span {
            start: begin,
            end: begin + line.trim_end().len(),
        };
        let mut ahead = start;
        let is_alias =
            eat(&mut ahead, "type") && name(&mut ahead, "a name").is_ok() && eat(&mut ahead, "=");
        self.problems.push(if is_alias {
            Problem::new(span, TYPE_ALIAS)
        } else {
            Problem::new(span, NO_KEYWORD).expecting(KEYWORDS)
        });
        let _: Parsed<_> = newline(&mut self.input);
        // A block without a known keyword is one mistake, not one a line.
        if line.trim_end().ends_with('{') {
            while !self.input.is_empty() && !self.next_block_opens() {
                let line = rest_of_line(&mut self.input).unwrap_or_default();
                let _: Parsed<_> = newline(&mut self.input);
                if line.trim() == "}" {
                    break;
                }
            }
        }
    }

    fn report(&mut self, failure: Failure, message: &str) {
        self.problems.push(match failure.what {
            What::Expected(what) => Problem::new(failure.span, message).expecting(what),
            What::Wrong(message) | What::WrongArguments(message) => {
                Problem::new(failure.span, message)
            }
            What::NoType => Problem::new(failure.span, message).expecting("a type"),
        });
    }
}

fn line_message(keyword: &str) -> &'static str {
    match keyword {
        "enum" => "Error validating: This line is not an enum value definition.",
        "datasource" => {
            "Error validating: This line is not a valid definition within a datasource."
        }
        "generator" => "Error validating: This line is not a valid definition within a generator.",
        _ => "Error validating: This line is not a valid field or attribute definition.",
    }
}
