//! A declared model as a block of a Prisma schema.

use std::fmt::Write;

use leora_schema::dsl::{ClientValue, Column, Default, ForeignKey, Model, OnDelete, Type};

use super::parse;
use super::print;

/// `model` as Prisma's formatter writes it, without a newline at its end. `called` says what the schema
/// calls the model of a table.
pub fn block<'n>(model: &Model, called: impl Fn(&'static str) -> &'n str) -> String {
    let mut lines = String::new();
    for column in model.columns {
        lines += &field(model, column);
    }
    lines.push('\n');
    for key in model.foreign_keys {
        lines += &relation(model, key, called(key.model));
    }
    if let [_, _, ..] = model.primary_key {
        lines += &format!("@@id([{}])\n", model.primary_key.join(", "));
    }
    for index in model.indexes {
        let kind = if index.unique { "unique" } else { "index" };
        if !(index.unique && index.columns.len() == 1) {
            lines += &format!("@@{kind}([{}])\n", index.columns.join(", "));
        }
    }
    let plain = format!("model {} {{\n{lines}}}\n", model.name);
    let document = parse::document(&plain)
        .expect("the declaration's names are checked while it compiles, and the rest is ours");
    print::document(&document).trim_end().to_owned()
}

/// The line that a relation adds to the model it references: name and type.
pub(super) fn list(model: &Model, key: &ForeignKey) -> Option<[String; 2]> {
    let name = key.inverse?;
    Some([name.to_owned(), format!("{}[]", model.name)])
}

fn field(model: &Model, column: &Column) -> String {
    let (ty, native) = match column.ty {
        Type::Uuid => ("String", " @db.Uuid"),
        Type::Text => ("String", ""),
        Type::Int => ("Int", ""),
        Type::Boolean => ("Boolean", ""),
        Type::Jsonb => ("Json", ""),
        Type::DateTime => ("DateTime", ""),
    };
    let mut line = format!("{} {ty}", column.name);
    if column.nullable {
        line.push('?');
    }
    if model.primary_key == [column.name] {
        line += " @id";
    }
    let is_unique = |columns: &[&str]| columns == [column.name];
    if model
        .indexes
        .iter()
        .any(|index| index.unique && is_unique(index.columns))
    {
        line += " @unique";
    }
    let default = match (column.default, column.client) {
        (Some(Default::Now), _) => Some("now()".to_owned()),
        (Some(Default::Text(text)), _) => Some(quoted(text)),
        (Some(Default::Int(number)), _) => Some(number.to_string()),
        (Some(Default::Boolean(value)), _) => Some(value.to_string()),
        (None, Some(ClientValue::Uuid)) => Some("uuid()".to_owned()),
        (None, Some(ClientValue::UpdatedAt) | None) => None,
    };
    if let Some(default) = default {
        line += &format!(" @default({default})");
    }
    if column.client == Some(ClientValue::UpdatedAt) {
        line += " @updatedAt";
    }
    line += native;
    if let Some(comment) = column.comment {
        line += &format!(" // {}", comment.replace(['\n', '\r'], " "));
    }
    line + "\n"
}

fn relation(model: &Model, key: &ForeignKey, referenced: &str) -> String {
    let is_optional = model
        .column(key.column)
        .is_some_and(|column| column.nullable);
    let optional = if is_optional { "?" } else { "" };
    let on_delete = match key.on_delete {
        OnDelete::Unsaid => "",
        OnDelete::Cascade => ", onDelete: Cascade",
    };
    format!(
        "{} {referenced}{optional} @relation(fields: [{}], references: [id]{on_delete})\n",
        key.field, key.column
    )
}

/// `text` as a string of the schema language, which is JSON's.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{CARD, SAMPLE};

    #[test]
    fn a_declared_model_reads_as_the_application_writes_it() {
        assert_eq!(
            block(&CARD, |table| table),
            "\
model Card {
  id         String   @id @default(uuid()) @db.Uuid
  tenantId   String   @db.Uuid
  userId     String?  @db.Uuid // null = the tenant's default
  widgetType String // \"at_risk_customers\", \"revenue_trend\"
  position   Int
  size       String   @default(\"medium\") // \"small\", \"medium\", \"large\"
  isVisible  Boolean  @default(true)
  config     Json?
  createdAt  DateTime @default(now())
  updatedAt  DateTime @updatedAt

  tenant Shop   @relation(fields: [tenantId], references: [id], onDelete: Cascade)
  user   Staff? @relation(fields: [userId], references: [id], onDelete: Cascade)

  @@unique([tenantId, userId, widgetType])
  @@index([tenantId, userId])
}"
        );
        assert!(
            block(&SAMPLE.models[1], |table| table)
                .contains("\n  isActive       Boolean   @default(true)\n")
        );
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\u000ad""#);
    }
}
