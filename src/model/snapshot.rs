//! The snapshot: a schema as a TOML file that people read and `git diff` shows well.

use serde::Serialize;
use toml::ser::ValueSerializer;
use toml_writer::ToTomlKey;

use super::{Identifier, Schema, canon};

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
    format!("[tables.{}]\n", table.as_str().to_toml_key())
}

/// Writes `schema` as a snapshot: a section a table, a line a column, in the order of names.
pub fn write(schema: &Schema) -> String {
    let mut out = String::from(
        "# The tables, enums and domains of one schema, as `leora-migrate snapshot` reads them.\n",
    );
    if !schema.enums.is_empty() {
        out += "\n[enums]\n";
        for (name, definition) in &schema.enums {
            out += &format!("{} = {}\n", name.as_str().to_toml_key(), inline(definition));
        }
    }
    for (name, domain) in &schema.domains {
        out += &format!("\n[domains.{}]\n", name.as_str().to_toml_key());
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
            *out += &format!("{name}.{} = {}\n", item.to_toml_key(), inline(value));
        }
    }
}

fn inline(value: &(impl Serialize + ?Sized)) -> String {
    let mut text = String::new();
    match value.serialize(ValueSerializer::new(&mut text)) {
        Ok(_) => text,
        Err(error) => unreachable!("a schema's values are all expressible in TOML: {error}"),
    }
}
