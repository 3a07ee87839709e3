//! Values and the arguments of attributes and functions.

use winnow::Parser;
use winnow::combinator::opt;
use winnow::stream::Location;
use winnow::token::{take, take_while};

use super::super::ast::{Argument, Call, Expression, ExpressionKind, Span, Text};
use super::super::text::unescape;
use super::{Failure, Input, Parsed, What, blanks, eat, name, path, require, since};

/// How deep values may lie in each other. Far beyond any schema, and far from the stack's end.
const MAX_DEPTH: usize = 64;

/// A string between quotes, on one line, its escapes checked.
pub(super) fn string<'a>(input: &mut Input<'a>) -> Parsed<Text<'a>> {
    let start = input.current_token_start();
    let text: &'a str = input;
    let mut escaped = false;
    let closing = text.char_indices().skip(1).find(|(_, c)| {
        let closes = !escaped && *c == '"';
        escaped = !escaped && *c == '\\';
        closes || c.is_ascii_control()
    });
    let len = match closing {
        Some((at, '"')) => at + 1,
        other => {
            let end = other.map_or(text.len(), |(at, _)| at);
            let span = Span {
                start: start + end,
                end: start + end,
            };
            return Err(Failure {
                span,
                what: What::Expected("`\"` at the end of the string"),
            });
        }
    };
    let raw: &str = take(text[..len].chars().count()).parse_next(input)?;
    unescape(raw).map_err(|bad| {
        let start = start + bad.at;
        let end = start + bad.len;
        Failure::wrong(Span { start, end }, bad.message)
    })?;
    Ok(Text {
        raw,
        span: since(input, start),
    })
}

/// A whole number or a decimal one, with a sign only when negative.
fn number<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    let digits = || take_while(1.., |c: char| c.is_ascii_digit());
    (opt('-'), digits(), opt(('.', digits())))
        .take()
        .parse_next(input)
}

const A_VALUE: &str = "a value";

pub(super) fn expression<'a>(input: &mut Input<'a>) -> Parsed<Expression<'a>> {
    nested_expression(input, 0)
}

fn nested_expression<'a>(input: &mut Input<'a>, depth: usize) -> Parsed<Expression<'a>> {
    blanks(input)?;
    let start = input.current_token_start();
    if depth > MAX_DEPTH {
        let message = format!("Values may lie in each other {MAX_DEPTH} deep, and no deeper.");
        return Err(Failure::wrong(
            Failure::expected(input, A_VALUE).span,
            message,
        ));
    }
    let kind = match input.chars().next() {
        Some('"') => ExpressionKind::Text(string(input)?),
        Some('[') => array(input, depth)?,
        Some('{') => object(input, depth)?,
        Some(c) if c == '-' || c.is_ascii_digit() => {
            ExpressionKind::Number(number(input).map_err(|_| Failure::expected(input, A_VALUE))?)
        }
        _ => {
            let name = path(input, A_VALUE)?;
            match arguments(input, depth + 1, false)? {
                Some(arguments) => ExpressionKind::Call(Call {
                    name: name.text,
                    arguments,
                }),
                None => ExpressionKind::Constant(name.text),
            }
        }
    };
    Ok(Expression {
        kind,
        span: since(input, start),
    })
}

fn array<'a>(input: &mut Input<'a>, depth: usize) -> Parsed<ExpressionKind<'a>> {
    require(input, "[", "`[`")?;
    let mut items = Vec::new();
    if eat(input, "]") {
        return Ok(ExpressionKind::Array(items));
    }
    loop {
        items.push(nested_expression(input, depth + 1)?);
        if !eat(input, ",") {
            require(input, "]", "`,` or `]`")?;
            return Ok(ExpressionKind::Array(items));
        }
    }
}

fn object<'a>(input: &mut Input<'a>, depth: usize) -> Parsed<ExpressionKind<'a>> {
    require(input, "{", "`{`")?;
    let mut items = Vec::new();
    if eat(input, "}") {
        return Ok(ExpressionKind::Object(items));
    }
    loop {
        let key = name(input, "a field's name")?;
        require(input, ":", "`:`")?;
        items.push((key, nested_expression(input, depth + 1)?));
        if !eat(input, ",") {
            require(input, "}", "`,` or `}`")?;
            return Ok(ExpressionKind::Object(items));
        }
    }
}

/// `(...)`, when it comes next. Whether a comma may follow the last argument is up to whose they are.
pub(super) fn arguments<'a>(
    input: &mut Input<'a>,
    depth: usize,
    may_trail: bool,
) -> Parsed<Option<Vec<Argument<'a>>>> {
    if !eat(input, "(") {
        return Ok(None);
    }
    let mut arguments = Vec::new();
    if eat(input, ")") {
        return Ok(Some(arguments));
    }
    loop {
        arguments.push(argument(input, depth)?);
        let comma = input.current_token_start();
        if !eat(input, ",") {
            require(input, ")", "`,` or `)`")?;
            return Ok(Some(arguments));
        }
        let trailing = since(input, comma);
        if eat(input, ")") {
            if may_trail {
                return Ok(Some(arguments));
            }
            let message =
                "Trailing commas are not valid in attribute arguments, please remove the comma.";
            return Err(Failure::wrong_arguments(trailing, message));
        }
    }
}

fn argument<'a>(input: &mut Input<'a>, depth: usize) -> Parsed<Argument<'a>> {
    blanks(input)?;
    let start = input.current_token_start();
    let mut ahead = *input;
    let named = name(&mut ahead, "a name")
        .ok()
        .filter(|_| eat(&mut ahead, ":"));
    if let Some(name) = named {
        *input = ahead;
        blanks(input)?;
        if input.starts_with([',', ')']) {
            let message = format!("The `{}` argument is missing a value.", name.text);
            return Err(Failure::wrong_arguments(name.span, message));
        }
    }
    let value = nested_expression(input, depth)?;
    Ok(Argument {
        name: named,
        value,
        span: since(input, start),
    })
}
