//! What was asked: the declaration, and what it stands on.

use maud::{Markup, html};

use super::{Page, soft};
use leora_core::model::{Identifier, Table, TableReference};

pub(super) fn section(page: &Page<'_>) -> Markup {
    let promise = page.promise;
    let before = promise.baseline.table_names().count();
    let after = promise.whole.table_names().count();
    html! {
        section id="asked" {
            h2 { "What was asked" }
            p {
                "The migration " strong { (promise.migration) } " creates " (promise.created.len())
                " tables and changes nothing else: " (before) " tables stood before, " (after) " stand after it."
            }
            @if let Some(report) = page.report {
                p {
                    @if report.require_proof {
                        "Proof of everything was required: what could not be tried counts as failed."
                    } @else {
                        "What could not be tried is reported as not proved, and does not fail."
                    }
                }
            }
            table.models {
                caption { "The tables it creates" }
                thead { tr { th scope="col" { "Table" } th scope="col" { "Columns" } th scope="col" { "References" } th scope="col" { "Indexes" } } }
                tbody {
                    @for name in &promise.created {
                        @if let Some(table) = promise.whole.tables.get(name) { (row(name, table)) }
                    }
                }
            }
        }
    }
}

fn row(name: &Identifier, table: &Table) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td data-label="Columns" {
                @for (number, column) in table.columns.iter().enumerate() {
                    @if number > 0 { ", " }
                    (column.name) " " span.type { (column.ty.sql().to_lowercase()) @if column.nullable { " null" } }
                }
            }
            td data-label="References" {
                ul {
                    @for key in table.foreign_keys.values() {
                        li { (list(&key.columns)) " → " (soft(&target(&key.references))) ", " span.type { "on delete " (key.on_delete.sql().to_lowercase()) } }
                    }
                }
            }
            td data-label="Indexes" {
                ul {
                    @for (index, definition) in &table.indexes {
                        li { (soft(index.as_str())) @if definition.unique { " " span.type { "unique" } } }
                    }
                }
            }
        }
    }
}

fn target(reference: &TableReference) -> String {
    match reference {
        TableReference::Here(table) => table.to_string(),
        TableReference::Elsewhere { schema, table } => format!("{schema}.{table}"),
    }
}

fn list(names: &[Identifier]) -> String {
    let names: Vec<_> = names.iter().map(Identifier::as_str).collect();
    names.join(", ")
}
