//! The grammar of one line: fields, values of enums, properties, attributes, expressions.
//!
//! Written with winnow, which the TOML parser brings along already. A line is one unit: nothing but
//! a comment between `/*` and `*/` spans lines, so a mistake spoils one line and no more.

mod line;
mod value;

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::error::ParserError;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{literal, one_of, take_till, take_while};

use super::ast::{Name, Span};

pub(super) use line::{block_attribute, enclosed_comment, enum_value, field, property, rank};

pub(super) type Input<'a> = LocatingSlice<&'a str>;
pub(super) type Parsed<T> = Result<T, Failure>;

/// Why a line is not what it should be.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) span: Span,
    pub(super) what: What,
}

/// What is wrong with a line.
#[derive(Debug)]
pub(super) enum What {
    /// Something else was expected here.
    Expected(&'static str),
    /// Understood, and wrong.
    Wrong(String),
    /// The arguments of an attribute, understood, and wrong.
    WrongArguments(String),
    /// A field without a type.
    NoType,
}

impl<'a> ParserError<Input<'a>> for Failure {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        Failure::expected(input, "something else")
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

impl Failure {
    fn expected(input: &Input<'_>, what: &'static str) -> Self {
        let start = input.current_token_start();
        let next = input.chars().next().filter(|c| !is_newline(*c));
        Failure {
            span: Span {
                start,
                end: start + next.map_or(0, char::len_utf8),
            },
            what: What::Expected(what),
        }
    }

    fn wrong(span: Span, message: impl Into<String>) -> Self {
        let what = What::Wrong(message.into());
        Failure { span, what }
    }

    fn wrong_arguments(span: Span, message: impl Into<String>) -> Self {
        let what = What::WrongArguments(message.into());
        Failure { span, what }
    }
}

/// A tab, or a space of any kind (Unicode's space separators).
fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

fn is_newline(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// Skips blanks.
pub(super) fn blanks<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    take_while(0.., is_blank).parse_next(input)
}

/// The end of a line, however it is written.
pub(super) fn newline<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    alt(("\r\n", "\n", "\r")).parse_next(input)
}

/// Everything up to the end of the line.
pub(super) fn rest_of_line<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    take_till(0.., is_newline).parse_next(input)
}

/// Whether `symbol` comes next, blanks before it skipped; takes both when it does.
pub(super) fn eat(input: &mut Input<'_>, symbol: &'static str) -> bool {
    let found: Parsed<_> = opt(preceded(blanks, literal(symbol))).parse_next(input);
    found.is_ok_and(|found| found.is_some())
}

fn require(input: &mut Input<'_>, symbol: &'static str, what: &'static str) -> Parsed<()> {
    if eat(input, symbol) {
        return Ok(());
    }
    blanks(input)?;
    Err(Failure::expected(input, what))
}

/// Where something began, made into where it stands.
fn since(input: &Input<'_>, start: usize) -> Span {
    Span {
        start,
        end: input.previous_token_end(),
    }
}

/// A name: letters, digits, `_` and `-`, not beginning with either of the last two.
pub(super) fn name<'a>(input: &mut Input<'a>, what: &'static str) -> Parsed<Name<'a>> {
    word(input, |c| matches!(c, '_' | '-'), what)
}

/// Names joined by dots.
fn path<'a>(input: &mut Input<'a>, what: &'static str) -> Parsed<Name<'a>> {
    word(input, |c| matches!(c, '_' | '-' | '.'), what)
}

fn word<'a>(input: &mut Input<'a>, also: fn(char) -> bool, what: &'static str) -> Parsed<Name<'a>> {
    blanks(input)?;
    let word: Parsed<_> = (
        one_of(char::is_alphanumeric),
        take_while(0.., move |c: char| c.is_alphanumeric() || also(c)),
    )
        .take()
        .with_span()
        .parse_next(input);
    match word {
        Ok((text, range)) => Ok(Name {
            text,
            span: range.into(),
        }),
        Err(_) => Err(Failure::expected(input, what)),
    }
}
