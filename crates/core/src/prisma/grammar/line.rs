//! Attributes, and the lines of blocks.

use winnow::Parser;
use winnow::stream::Location;
use winnow::token::take_until;

use super::super::ast::{Arity, Attribute, EnumValue, Field, FieldType, Property, Text};
use super::value::{arguments, expression, string};
use super::{
    Failure, Input, Parsed, What, blanks, eat, name, newline, path, require, rest_of_line, since,
};

/// `@name(...)`, or with another `sigil`.
fn attribute<'a>(input: &mut Input<'a>, sigil: &'static str) -> Parsed<Option<Attribute<'a>>> {
    let mut ahead = *input;
    blanks(&mut ahead)?;
    let start = ahead.current_token_start();
    if !eat(&mut ahead, sigil) {
        return Ok(None);
    }
    *input = ahead;
    let name = path(input, "an attribute's name")?;
    // Native types (`@db.VarChar(20,)`) are where Prisma does not mind the comma.
    let is_native = name.text.contains('.');
    let arguments = arguments(input, 0, is_native).map_err(|failure| match failure.what {
        What::WrongArguments(message) => Failure::wrong(
            failure.span,
            format!("Error parsing attribute \"@{}\": {message}", name.text),
        ),
        _ => failure,
    })?;
    Ok(Some(Attribute {
        name,
        arguments,
        span: since(input, start),
    }))
}

fn attributes<'a>(input: &mut Input<'a>) -> Parsed<Vec<Attribute<'a>>> {
    let mut attributes = Vec::new();
    while let Some(attribute) = attribute(input, "@")? {
        attributes.push(attribute);
    }
    attributes.sort_by_key(|attribute| rank(attribute.name.text));
    Ok(attributes)
}

/// Where Prisma's formatter puts an attribute among others; those it does not rank come last.
pub(in super::super) fn rank(attribute: &str) -> usize {
    const ORDER: [&str; 9] = [
        "id",
        "unique",
        "default",
        "updatedAt",
        "index",
        "fulltext",
        "map",
        "relation",
        "ignore",
    ];
    let position = ORDER.iter().position(|name| *name == attribute);
    position.unwrap_or(ORDER.len())
}

/// The comment behind an entry, if any, and the end of its line.
fn end_of_line<'a>(input: &mut Input<'a>, what: &'static str) -> Parsed<Option<&'a str>> {
    blanks(input)?;
    let comment = if input.starts_with("//") {
        Some(rest_of_line(input)?)
    } else if input.starts_with("/*") {
        Some(enclosed_comment(input)?)
    } else {
        None
    };
    blanks(input)?;
    if input.is_empty() || newline(input).is_ok() {
        Ok(comment)
    } else {
        Err(Failure::expected(input, what))
    }
}

/// `/* ... */`, over as many lines as it takes.
pub(in super::super) fn enclosed_comment<'a>(input: &mut Input<'a>) -> Parsed<&'a str> {
    let end: Parsed<_> = ("/*", take_until(0.., "*/"), "*/").take().parse_next(input);
    end.map_err(|_| Failure::expected(input, "`*/` at the end of the comment"))
}

/// A field, up to and including the end of its line.
pub(in super::super) fn field<'a>(input: &mut Input<'a>) -> Parsed<Field<'a>> {
    let name = name(input, "a field, an attribute (`@@...`) or `}`")?;
    let colon = input.current_token_start();
    if eat(input, ":") {
        let message = "Field declarations don't require a `:`.";
        return Err(Failure::wrong(since(input, colon), message));
    }
    blanks(input)?;
    if input.is_empty() || input.starts_with(['@', '\n', '\r', '/']) {
        return Err(Failure {
            what: What::NoType,
            ..Failure::expected(input, "a type")
        });
    }
    let (ty, arity) = field_type(input)?;
    let attributes = attributes(input)?;
    let span = since(input, name.span.start);
    let trailing = end_of_line(input, "an attribute (`@...`) or the end of the line")?;
    Ok(Field {
        name,
        ty,
        arity,
        attributes,
        trailing,
        span,
    })
}

fn field_type<'a>(input: &mut Input<'a>) -> Parsed<(FieldType<'a>, Arity)> {
    let start = input.current_token_start();
    if eat(input, "[") {
        let message = "To specify a list, please use `Type[]` instead of `[Type]`.";
        rest_of_line(input)?;
        return Err(Failure::wrong(since(input, start), message));
    }
    let ty = if eat(input, "Unsupported(") {
        blanks(input)?;
        if !input.starts_with('"') {
            return Err(Failure::expected(input, "a string"));
        }
        let text = string(input)?;
        require(input, ")", "`)`")?;
        FieldType::Unsupported(Text {
            span: since(input, start),
            ..text
        })
    } else {
        FieldType::Named(name(input, "a type")?)
    };
    let is_list = eat(input, "[]");
    let is_optional = eat(input, "?");
    let is_marked_required = eat(input, "!");
    let wrong = |message: &str| Err(Failure::wrong(since(input, start), message));
    match (is_list, is_optional, is_marked_required) {
        (true, true, _) => {
            wrong("Optional lists are not supported. Use either `Type[]` or `Type?`.")
        }
        (_, _, true) => wrong("Fields are required by default, `!` is no longer required."),
        (true, ..) => Ok((ty, Arity::List)),
        (_, true, _) => Ok((ty, Arity::Optional)),
        _ => Ok((ty, Arity::Required)),
    }
}

/// A value of an enum, up to and including the end of its line.
pub(in super::super) fn enum_value<'a>(input: &mut Input<'a>) -> Parsed<EnumValue<'a>> {
    let name = name(input, "a value, an attribute (`@@...`) or `}`")?;
    let attributes = attributes(input)?;
    let span = since(input, name.span.start);
    let trailing = end_of_line(input, "an attribute (`@...`) or the end of the line")?;
    Ok(EnumValue {
        name,
        attributes,
        trailing,
        span,
    })
}

/// A property of a datasource or a generator, up to and including the end of its line.
pub(in super::super) fn property<'a>(input: &mut Input<'a>) -> Parsed<Property<'a>> {
    let name = name(input, "a property or `}`")?;
    require(input, "=", "`=`")?;
    let value = expression(input)?;
    let trailing = end_of_line(input, "the end of the line")?;
    Ok(Property {
        name,
        value,
        trailing,
    })
}

/// An attribute of a block (`@@...`) with the comment behind it, up to and including the end of its
/// line.
pub(in super::super) fn block_attribute<'a>(
    input: &mut Input<'a>,
) -> Parsed<(Attribute<'a>, Option<&'a str>)> {
    let Some(attribute) = attribute(input, "@@")? else {
        return Err(Failure::expected(input, "`@@`"));
    };
    let trailing = end_of_line(input, "the end of the line")?;
    Ok((attribute, trailing))
}
