//! What is filled into the text of a query.

use leora_core::model::Identifier;
use leora_core::model::name::{literal, quoted};

use crate::array;

/// The values of a query's parameters, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(&'static str, Value)>);

#[derive(Clone, Debug)]
enum Value {
    /// A text, for `:'name'`; as a name, for `:"name"`.
    Text(String),
    /// A query or condition of this program's own, for `:name`.
    Sql(String),
}

impl Parameters {
    /// Of a query about the schema: `:'schema'` is its name as `regnamespace` reads it, `:'schema_name'` and
    /// `:"schema_name"` as `pg_namespace` has it.
    pub(crate) fn of_schema(schema: &Identifier) -> Parameters {
        Parameters::default()
            .text("schema", schema.quoted_plain())
            .text("schema_name", schema.as_str())
    }

    /// With a text.
    pub(crate) fn text(mut self, name: &'static str, value: impl Into<String>) -> Parameters {
        self.0.push((name, Value::Text(value.into())));
        self
    }

    /// With several texts, as an array.
    pub(crate) fn texts<'a>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Parameters {
        self.text(name, array::of_texts(values))
    }

    /// With the text of another query, or a condition, whose parameters are filled in as well.
    pub(crate) fn sql(mut self, name: &'static str, text: &'static str) -> Parameters {
        let filled = self.fill(text);
        self.0.push((name, Value::Sql(filled)));
        self
    }

    /// `text` with the values in the places of the parameters. As in psql, comments are left as they are, and a value is
    /// not searched for parameters.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len() + 256);
        for line in text.split_inclusive('\n') {
            let (code, comment) = line.split_at(line.find("--").unwrap_or(line.len()));
            self.fill_code(code, &mut filled);
            filled.push_str(comment);
        }
        filled
    }

    fn fill_code(&self, text: &str, filled: &mut String) {
        let mut rest = text;
        while let Some(at) = rest.find(':') {
            let (before, after) = rest.split_at(at);
            filled.push_str(before);
            rest = match self.parameter(&after[1..]) {
                Some((value, length)) => {
                    filled.push_str(&value);
                    &after[1 + length..]
                }
                None => {
                    filled.push(':');
                    &after[1..]
                }
            };
        }
        filled.push_str(rest);
    }

    /// The value of the parameter whose name, after the colon, begins `text`, as SQL; and the length of that name.
    fn parameter(&self, text: &str) -> Option<(String, usize)> {
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let (inside, length) = match quote {
            Some(quote) => {
                let (inside, _) = text[1..].split_once(quote)?;
                (inside, inside.len() + 2)
            }
            None => {
                let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let inside = text.split(ends).next()?;
                (inside, inside.len())
            }
        };
        let (_, value) = self.0.iter().find(|(name, _)| *name == inside)?;
        let value = match (value, quote) {
            (Value::Text(text), Some('\'')) => literal(text),
            (Value::Text(text), Some(_)) => quoted(text),
            (Value::Sql(sql), None) => sql.clone(),
            _ => return None,
        };
        Some((value, length))
    }
}
