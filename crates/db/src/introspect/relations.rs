//! Relations, their parents, columns and sequences.

use std::collections::{BTreeMap, HashMap};

use super::reader::{Entry, Reader};
use crate::counters::Sequence;
use crate::query::{Answer as _, answer, codes};
use crate::session::Unreadable;
use leora_core::model::name::literal_plain;
use leora_core::model::{
    Column, ColumnDefault, Expression, Generated, Identifier, Identity, Persistence, RowSecurity,
    SqlType, Table, TableKind,
};
use leora_core::verify::counters::Counter;
use leora_core::verify::proof::TableSize;

answer! {
    pub(super) struct RelationRow of "relations" {
        oid: u32,
        name: Identifier,
        kind: TableKind,
        persistence: Persistence,
        row_security: bool,
        force_row_security: bool,
        partitioning: Option<String>,
        pages: u64,
        rows: u64,
        is_readable: bool,
        of_extension: bool,
    }
}

answer! {
    pub(super) struct InheritanceRow of "inheritance" {
        child: Option<u32>,
        parent_name: Option<String>,
        parent: Option<u32>,
        child_name: Option<String>,
        of_type: Option<String>,
    }
}

answer! {
    pub(super) struct ColumnRow of "columns" {
        relation: u32,
        number: i16,
        name: Identifier,
        r#type: SqlType,
        not_null: bool,
        identity: Option<Identity>,
        generated: Option<GeneratedKind>,
        expression: Option<Expression>,
        collation: u32,
        collation_name: Option<String>,
    }
}

answer! {
    pub(crate) struct SequenceRow of "sequences" {
        relation: u32,
        column_number: i16,
        name: String,
        r#type: String,
        pub(crate) increment: i64,
        pub(crate) minimum: i64,
        pub(crate) maximum: i64,
        pub(crate) cycles: bool,
        is_unlogged: bool,
        pub(crate) is_readable: bool,
    }
}

/// When a generated column is computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum GeneratedKind {
    Stored,
    Virtual,
}

codes! {
    GeneratedKind, "kind of generated column (attgenerated)" {
        "s" => GeneratedKind::Stored,
        "v" => GeneratedKind::Virtual,
    }
}

impl Reader {
    pub(super) fn relations(&mut self, rows: Vec<RelationRow>) {
        for row in rows {
            if row.of_extension {
                self.of_extensions.insert(row.oid);
                continue;
            }
            let table = Table {
                kind: row.kind,
                persistence: row.persistence,
                partitioning: row.partitioning,
                row_security: RowSecurity {
                    enabled: row.row_security,
                    forced: row.force_row_security,
                    policies: BTreeMap::new(),
                },
                ..Table::default()
            };
            let entry = Entry {
                name: row.name,
                table,
                by_number: HashMap::new(),
                collations: Vec::new(),
                size: TableSize {
                    pages: row.pages,
                    rows: row.rows,
                },
                readable: row.is_readable,
            };
            self.relations.insert(row.oid, entry);
        }
    }

    pub(super) fn inheritance(&mut self, rows: Vec<InheritanceRow>) -> Result<(), Unreadable> {
        let query = InheritanceRow::QUERY;
        for row in rows {
            if let Some(child) = row.child
                && let Some(entry) = self.relation(query, "child", child)?
            {
                entry.table.inherits.extend(row.parent_name);
                entry.table.of_type = row.of_type.or(entry.table.of_type.take());
            }
            if let Some(parent) = row.parent
                && let Some(entry) = self.relation(query, "parent", parent)?
            {
                entry.table.children.extend(row.child_name);
            }
        }
        Ok(())
    }

    pub(super) fn columns(&mut self, mut rows: Vec<ColumnRow>) -> Result<(), Unreadable> {
        rows.sort_unstable_by_key(|row| (row.relation, row.number));
        for row in rows {
            let Some(entry) = self.relation(ColumnRow::QUERY, "relation", row.relation)? else {
                continue;
            };
            let (generated, default) = match (row.generated, row.expression) {
                (Some(kind), expression) => {
                    let generated = expression.map(|expression| Generated {
                        expression,
                        stored: matches!(kind, GeneratedKind::Stored),
                    });
                    (generated, None)
                }
                (None, expression) => (None, expression),
            };
            entry
                .by_number
                .insert(row.number, entry.table.columns.len());
            entry.collations.push(row.collation);
            entry.table.columns.push(Column {
                name: row.name,
                ty: row.r#type,
                nullable: !row.not_null,
                default: default.map(ColumnDefault::Expression),
                identity: row.identity,
                generated,
                collation: row.collation_name,
            });
        }
        Ok(())
    }

    /// A default that takes the next value of the column's own sequence is `SERIAL`'s.
    pub(super) fn sequences(&mut self, rows: Vec<SequenceRow>) -> Result<(), Unreadable> {
        let query = SequenceRow::QUERY;
        for row in rows {
            let Some(entry) = self.relation(query, "relation", row.relation)? else {
                continue;
            };
            let at = entry.position(query, "column_number", row.column_number)?;
            let column = &mut entry.table.columns[at];
            let counter = Counter {
                table: entry.name.clone(),
                column: column.name.clone(),
                sequence: row.name.clone(),
                downwards: row.increment < 0,
            };
            let next = format!("nextval({}::regclass)", literal_plain(&row.name));
            let is_next =
                matches!(&column.default, Some(ColumnDefault::Expression(e)) if e.as_str() == next);
            if is_next {
                column.default = Some(match unusual_options(&row, column.ty.as_str()) {
                    none if none.is_empty() => ColumnDefault::Autoincrement,
                    options => ColumnDefault::Sequence(options),
                });
            }
            self.owned_sequences.push(Sequence::new(&row, counter));
        }
        Ok(())
    }
}

/// What of a sequence is not as `SERIAL` makes it: by 1, to its type's end, without cycle. Where it starts
/// matters to RESTART alone, and every sequence was a `bigint` before PostgreSQL 10.
fn unusual_options(row: &SequenceRow, column_type: &str) -> String {
    let SequenceRow {
        r#type,
        increment,
        minimum,
        maximum,
        ..
    } = row;
    let usual_maximum = match r#type.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let unusual = [
        (
            r#type != column_type && r#type != "bigint",
            format!("AS {type}"),
        ),
        (*increment != 1, format!("INCREMENT {increment}")),
        (*minimum != 1, format!("MINVALUE {minimum}")),
        (*maximum != usual_maximum, format!("MAXVALUE {maximum}")),
        (row.cycles, "CYCLE".to_owned()),
        (row.is_unlogged, "UNLOGGED".to_owned()),
    ];
    let unusual: Vec<_> = unusual
        .into_iter()
        .filter(|(differs, _)| *differs)
        .map(|(_, text)| text)
        .collect();
    unusual.join(" ")
}
