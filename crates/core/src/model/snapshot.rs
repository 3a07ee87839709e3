//! The snapshot: a schema as a TOML file that people read and `git diff` shows well.

use serde::Serialize;
use toml::ser::ValueSerializer;
use toml_writer::ToTomlKey;

use super::{Identifier, Schema, canon, in_lines, is_unsafe};

/// A file that is no snapshot. The message names line and column and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SnapshotError(#[from] toml::de::Error);

impl SnapshotError {
    /// Where in the file, and what was expected there.
    pub fn toml(&self) -> &toml::de::Error {
        &self.0
    }
}

/// Reads a snapshot.
///
/// # Errors
///
/// When `text` is no TOML, or holds what a schema does not.
pub fn read(text: &str) -> Result<Schema, SnapshotError> {
    Ok(canon::normalise(toml::from_str(text)?))
}

/// Where the section of `table` begins in `text`, a snapshot; 0 when it has none.
pub fn position_of(table: &Identifier, text: &str) -> usize {
    text.find(&header(table)).unwrap_or(0)
}

fn header(table: &Identifier) -> String {
    format!("[tables.{}]\n", key(table.as_str()))
}

/// Writes `schema` as a snapshot: a section a table, a line a column, in the order of names.
pub fn write(schema: &Schema) -> String {
    let mut out = String::from(
        "# The tables, enums and domains of one schema, as `leora-migrate snapshot` reads them.\n",
    );
    if !schema.enums.is_empty() {
        out += "\n[enums]\n";
        for (name, definition) in &schema.enums {
            out += &format!("{} = {}\n", key(name.as_str()), inline(definition));
        }
    }
    for (name, domain) in &schema.domains {
        out += &format!("\n[domains.{}]\n", key(name.as_str()));
        entries(&mut out, domain);
    }
    for (name, table) in &schema.tables {
        out += &format!("\n{}", header(name));
        entries(&mut out, table);
    }
    if schema.tables.is_empty() {
        out += "\n[tables]\n";
    }
    out
}

/// The fields of `value`, a line each; a list of columns or a map of named things, a line an item.
fn entries(out: &mut String, value: &impl Serialize) {
    let Ok(toml::Value::Table(fields)) = toml::Value::try_from(value) else {
        return;
    };
    let (nested, plain): (Vec<_>, Vec<_>) = fields
        .iter()
        .partition(|(name, value)| value.is_table() && name.as_str() != "primary_key");
    for (name, value) in plain {
        match value {
            toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
                let lines: String = items
                    .iter()
                    .map(|item| format!("  {},\n", inline(item)))
                    .collect();
                *out += &format!("{name} = [\n{lines}]\n");
            }
            value => *out += &format!("{name} = {}\n", inline(value)),
        }
    }
    for (name, value) in nested {
        for (item, value) in value.as_table().into_iter().flatten() {
            *out += &format!("{name}.{} = {}\n", key(item), inline(value));
        }
    }
}

fn inline(value: &(impl Serialize + ?Sized)) -> String {
    let text = default_form(value);
    if is_safe(&text) {
        return text;
    }
    toml::Value::try_from(value).map_or(text, |value| safe_form(&value))
}

fn default_form(value: &(impl Serialize + ?Sized)) -> String {
    let mut text = String::new();
    match value.serialize(ValueSerializer::new(&mut text)) {
        Ok(_) => text,
        Err(error) => unreachable!("a schema's values are all expressible in TOML: {error}"),
    }
}

/// The same value with escapes for what is unsafe to print, which TOML's writer leaves as it is.
fn safe_form(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) if !is_safe(text) => basic_string(text),
        toml::Value::Array(items) => {
            let items: Vec<_> = items.iter().map(safe_form).collect();
            format!("[{}]", items.join(", "))
        }
        toml::Value::Table(fields) => {
            let fields = fields.iter();
            let fields: Vec<_> = fields
                .map(|(name, value)| format!("{} = {}", key(name), safe_form(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => default_form(other),
    }
}

fn key(name: &str) -> String {
    if is_safe(name) {
        return name.to_toml_key();
    }
    basic_string(name)
}

fn is_safe(text: &str) -> bool {
    in_lines(text) == text
}

/// A basic string of TOML (toml.io, v1.0.0, 'String'), in which everything can be escaped.
fn basic_string(text: &str) -> String {
    let mut out = String::from("\"");
    for (at, c) in text.char_indices() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_unsafe(c) || (c == '[' && text[..at].ends_with("##")) => {
                out += &format!("\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Enum, Firing, SqlType, Table, Trigger};

    #[test]
    fn what_is_unsafe_to_print_is_escaped_and_read_as_it_was() {
        for text in [
            "a\u{1b}b",
            "\u{9b}\"'\\",
            "\u{202e}",
            "##[x]",
            "::stop-commands::x",
            "a\n  ::x::\"y\" 'z' ''' \"\"\"",
            "\u{7f}\u{e0041}\u{2028}\r",
            "two\nlines",
        ] {
            let name = Identifier::new(text).expect("legal");
            let column = Column {
                name: name.clone(),
                ty: SqlType::new("text"),
                nullable: true,
                default: None,
                identity: None,
                generated: None,
                collation: Some(text.to_owned()),
            };
            let trigger = Trigger {
                definition: text.to_owned(),
                firing: Firing::Enabled,
            };
            let mut table = Table {
                columns: vec![column],
                ..Table::default()
            };
            table.triggers.insert(name.clone(), trigger);
            let mut schema = Schema::default();
            let labels = vec![text.to_owned()];
            schema.enums.insert(name.clone(), Enum::new(labels));
            schema.tables.insert(name, table);
            let written = write(&schema);
            assert!(is_safe(&written), "{written}");
            assert_eq!(read(&written).ok().as_ref(), Some(&schema), "{written}");
        }
    }
}
