//! The arguments of an attribute: each read once, and none left over.

use std::borrow::Cow;

use super::super::ast::{Argument, Attribute, Expression, ExpressionKind};
use super::super::print;
use super::Problems;

/// The arguments of one attribute, as they are read.
pub(super) struct Arguments<'t, 'a> {
    attribute: &'t Attribute<'a>,
    left: Vec<&'t Argument<'a>>,
    file: usize,
}

impl<'t, 'a> Arguments<'t, 'a> {
    /// Begins to read.
    pub(super) fn of(attribute: &'t Attribute<'a>, file: usize) -> Self {
        Arguments {
            attribute,
            left: attribute.arguments().iter().collect(),
            file,
        }
    }

    /// The argument called `name`.
    pub(super) fn named(&mut self, name: &str) -> Option<&'t Expression<'a>> {
        self.take(|argument| argument.name.is_some_and(|given| given.text == name))
    }

    /// The argument called `name`, or the one without a name; reported when there is none.
    pub(super) fn main(
        &mut self,
        name: &str,
        problems: &mut Problems,
    ) -> Option<&'t Expression<'a>> {
        let found = self.optional_main(name);
        if found.is_none() {
            let message = format!("Argument \"{name}\" is missing.");
            problems.report(self.file, self.attribute.span, message);
        }
        found
    }

    /// The argument called `name`, or the one without a name.
    pub(super) fn optional_main(&mut self, name: &str) -> Option<&'t Expression<'a>> {
        let named = self.named(name);
        named.or_else(|| self.take(|argument| argument.name.is_none()))
    }

    /// The string called `name`, not empty.
    pub(super) fn text(&mut self, name: &str, problems: &mut Problems) -> Option<Cow<'a, str>> {
        let value = self.named(name)?;
        let text = string(value, self.file, problems)?;
        if text.is_empty() {
            self.wrong(
                format!("The `{name}` argument cannot be an empty string."),
                problems,
            );
            return None;
        }
        Some(text)
    }

    /// Reports `message` as said of this attribute.
    pub(super) fn wrong(&self, message: impl AsRef<str>, problems: &mut Problems) {
        wrong(self.attribute, self.file, message.as_ref(), problems);
    }

    /// Ends reading: what nobody asked for is reported.
    pub(super) fn end(self, problems: &mut Problems) {
        for argument in self.left {
            problems.report(self.file, argument.span, "No such argument.");
        }
    }

    fn take(&mut self, wanted: impl Fn(&Argument<'a>) -> bool) -> Option<&'t Expression<'a>> {
        let at = self.left.iter().position(|argument| wanted(argument))?;
        Some(&self.left.remove(at).value)
    }
}

/// Reports `message` as said of `attribute`.
pub(super) fn wrong(
    attribute: &Attribute<'_>,
    file: usize,
    message: &str,
    problems: &mut Problems,
) {
    let name = attribute.name.text;
    let message = format!("Error parsing attribute \"@{name}\": {message}");
    problems.report(file, attribute.span, message);
}

/// `value` as a string; reported when it is none.
pub(super) fn string<'a>(
    value: &Expression<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<Cow<'a, str>> {
    match &value.kind {
        ExpressionKind::Text(text) => Some(text.value()),
        _ => mismatch(value, "string", file, problems),
    }
}

/// `value` as a name (`Desc`, `Gin`, a field); reported when it is none.
pub(super) fn constant<'a>(
    value: &Expression<'a>,
    file: usize,
    problems: &mut Problems,
) -> Option<&'a str> {
    match &value.kind {
        ExpressionKind::Constant(name) => Some(name),
        _ => mismatch(value, "constant", file, problems),
    }
}

/// Reports that `value` is no `expected` value.
pub(super) fn mismatch<T>(
    value: &Expression<'_>,
    expected: &str,
    file: usize,
    problems: &mut Problems,
) -> Option<T> {
    let message = format!(
        "Expected a {expected} value, but received {} value `{}`.",
        value.kind.describe(),
        print::expression(value)
    );
    problems.report(file, value.span, message);
    None
}

/// The items of a list; a single value is a list of one.
pub(super) fn list<'t, 'a>(value: &'t Expression<'a>) -> &'t [Expression<'a>] {
    match &value.kind {
        ExpressionKind::Array(items) => items,
        _ => std::slice::from_ref(value),
    }
}
