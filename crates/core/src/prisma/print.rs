//! The syntax tree as text, as `prisma format` writes it.
//!
//! Lines between two blank lines are a table: names, types and attributes stand in columns, each as
//! wide as its widest cell, in bytes. A comment behind a line does not widen a column. A block's own
//! attributes come last, after a blank line.

use super::ast::{
    Argument, Arity, Attribute, BlockAttribute, Comment, CommentLine, Document, Enum, Expression,
    ExpressionKind, Field, FieldType, Member, Model, ModelKind, Property, Top,
};

const INDENT: &str = "  ";

/// `document` as text, with a newline at its end.
pub fn document(document: &Document<'_>) -> String {
    let mut out = String::new();
    for top in &document.tops {
        match top {
            Top::Blank => out.push('\n'),
            Top::Comment(comment) => {
                let mut table = Table::default();
                table.comment(comment);
                table.write(&mut out, "");
            }
            Top::Model(model) => self::model(&mut out, model),
            Top::Enum(definition) => self::enumeration(&mut out, definition),
            Top::Config(config) => {
                let keyword = if config.is_datasource {
                    "datasource"
                } else {
                    "generator"
                };
                block(&mut out, keyword, config.name.text, &config.members, &[]);
            }
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn model(out: &mut String, model: &Model<'_>) {
    let keyword = match model.kind {
        ModelKind::Model => "model",
        ModelKind::View => "view",
        ModelKind::Type => "type",
    };
    let name = model.name.text;
    block(out, keyword, name, &model.members, &model.attributes);
}

fn enumeration(out: &mut String, definition: &Enum<'_>) {
    let name = definition.name.text;
    block(
        out,
        "enum",
        name,
        &definition.members,
        &definition.attributes,
    );
}

fn block<T: Entry>(
    out: &mut String,
    keyword: &str,
    name: &str,
    members: &[Member<'_, T>],
    attributes: &[BlockAttribute<'_>],
) {
    *out += &format!("{keyword} {name} {{\n");
    let mut table = Table::default();
    for member in members {
        match member {
            Member::Blank => {
                table.write(out, INDENT);
                out.push('\n');
            }
            Member::Comment(comment) => table.comment(comment),
            Member::Entry(entry) => table.rows.push(entry.row()),
        }
    }
    table.write(out, INDENT);
    if !attributes.is_empty() {
        out.push('\n');
    }
    for attribute in attributes {
        table.comment(&attribute.leading);
        table.rows.push(Row {
            cells: vec![self::attribute("@@", &attribute.attribute)],
            trailing: attribute.trailing.unwrap_or_default().to_owned(),
        });
    }
    table.write(out, INDENT);
    *out += "}\n";
}

/// Lines that are aligned with each other.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// One line: its cells, and what stands behind them without widening a column.
#[derive(Default)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) trailing: String,
}

impl Table {
    pub(super) fn of(rows: Vec<Row>) -> Self {
        Table { rows }
    }

    fn comment(&mut self, comment: &Comment<'_>) {
        let mut line = |text: String| {
            self.rows.push(Row {
                cells: Vec::new(),
                trailing: text,
            });
        };
        for comment in &comment.lines {
            match comment {
                CommentLine::ToEndOfLine(text) => line((*text).to_owned()),
                CommentLine::Enclosed(lines) => {
                    line("/**".to_owned());
                    lines.iter().for_each(|text| line(format!(" * {text}")));
                    line(" */".to_owned());
                }
            }
        }
    }

    /// The width of each column.
    pub(super) fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.len());
            }
        }
        widths
    }

    /// Writes the rows, and forgets them.
    pub(super) fn write(&mut self, out: &mut String, indent: &str) {
        let widths = self.widths();
        for row in std::mem::take(&mut self.rows) {
            *out += indent;
            row.write(out, &widths);
            out.push('\n');
        }
    }
}

impl Row {
    /// Writes the row without indentation and newline.
    pub(super) fn write(&self, out: &mut String, widths: &[usize]) {
        for (index, (cell, width)) in self.cells.iter().zip(widths).enumerate() {
            *out += cell;
            if index + 1 < self.cells.len() {
                *out += &" ".repeat(width - cell.len() + 1);
            }
        }
        if !self.cells.is_empty() && !self.trailing.is_empty() {
            out.push(' ');
        }
        *out += &self.trailing;
    }
}

trait Entry {
    fn row(&self) -> Row;
}

impl Entry for Field<'_> {
    fn row(&self) -> Row {
        field_row(self)
    }
}

/// A field as a row of its block's table.
fn field_row(field: &Field<'_>) -> Row {
    let mut cells = vec![
        field.name.text.to_owned(),
        field_type(&field.ty, field.arity),
    ];
    if !field.attributes.is_empty() {
        let attributes = field.attributes.iter().map(|a| attribute("@", a));
        cells.push(attributes.collect::<Vec<_>>().join(" "));
    }
    Row {
        cells,
        trailing: field.trailing.unwrap_or_default().to_owned(),
    }
}

impl Entry for super::ast::EnumValue<'_> {
    fn row(&self) -> Row {
        let mut cells = vec![self.name.text.to_owned()];
        if !self.attributes.is_empty() {
            cells.push(self.attributes.iter().map(|a| attribute("@", a)).collect());
        }
        Row {
            cells,
            trailing: self.trailing.unwrap_or_default().to_owned(),
        }
    }
}

impl Entry for Property<'_> {
    fn row(&self) -> Row {
        Row {
            cells: vec![
                self.name.text.to_owned(),
                format!("= {}", expression(&self.value)),
            ],
            trailing: self.trailing.unwrap_or_default().to_owned(),
        }
    }
}

/// What a model says, each field and attribute in one line, in no order and without comments.
pub(super) fn sayings(model: &Model<'_>) -> std::collections::BTreeSet<String> {
    let fields = super::ast::entries(&model.members).map(|field| field_row(field).cells.join(" "));
    let attributes = model.attributes.iter();
    let attributes = attributes.map(|attribute| self::attribute("@@", &attribute.attribute));
    fields.chain(attributes).collect()
}

fn field_type(ty: &FieldType<'_>, arity: Arity) -> String {
    let suffix = match arity {
        Arity::Required => "",
        Arity::Optional => "?",
        Arity::List => "[]",
    };
    match ty {
        FieldType::Named(name) => format!("{}{suffix}", name.text),
        FieldType::Unsupported(text) => format!("Unsupported({}){suffix}", text.raw),
    }
}

fn attribute(sigil: &str, attribute: &Attribute<'_>) -> String {
    let name = attribute.name.text;
    match &attribute.arguments {
        Some(arguments) => format!("{sigil}{name}({})", self::arguments(arguments)),
        None => format!("{sigil}{name}"),
    }
}

fn arguments(arguments: &[Argument<'_>]) -> String {
    joined(arguments.iter().map(|argument| match argument.name {
        Some(name) => format!("{}: {}", name.text, expression(&argument.value)),
        None => expression(&argument.value),
    }))
}

/// A value as Prisma's formatter writes it, and as its messages quote it.
pub(super) fn expression(value: &Expression<'_>) -> String {
    match &value.kind {
        ExpressionKind::Number(text) | ExpressionKind::Constant(text) => (*text).to_owned(),
        ExpressionKind::Text(text) => text.raw.to_owned(),
        ExpressionKind::Call(call) => format!("{}({})", call.name, arguments(&call.arguments)),
        ExpressionKind::Array(items) => format!("[{}]", joined(items.iter().map(expression))),
        ExpressionKind::Object(items) => {
            let items = items
                .iter()
                .map(|(key, value)| format!("{}: {}", key.text, expression(value)));
            format!("{{ {} }}", joined(items))
        }
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
