//! The answers, read one after the other into a schema.

use std::collections::{BTreeMap, HashMap};

use super::access::access;
use super::cell::{name, number, oid, text, texts, without_not_valid, yes};
use super::replication::replication;
use super::{Introspection, user_code};
use crate::counters::Sequence;
use crate::session::{Row, Rows};
use leora_core::model::accepts_null;
use leora_core::model::name::literal_plain;
use leora_core::model::{
    Column, ColumnDefault, Constraint, Domain, Enum, Expression, Generated, Identifier, Identity,
    Persistence, Schema, SqlType, Table, TableKind, Validity, canon,
};
use leora_core::verify::counters::Counter;
use leora_core::verify::proof::{KeyName, TableSize};
use leora_core::verify::rights::{Holds, Shortfall};
use leora_core::verify::settings::KeptSetting;
use leora_core::verify::surroundings::{
    Exposed, Holder, Holding, Nameless, Opening, Privileges, Surroundings, Unnamed,
};

/// Tables that belong to Prisma and not to the application.
const NOT_THE_APPLICATIONS: &[&str] = &["_prisma_migrations"];

/// A relation, as far as it is read.
pub(super) struct Entry {
    pub(super) name: Identifier,
    pub(super) table: Table,
    /// Position in `table.columns` by attribute number; dropped columns leave gaps.
    pub(super) by_number: HashMap<i16, usize>,
    pub(super) collations: Vec<u32>,
    size: TableSize,
    readable: bool,
}

impl Entry {
    /// The columns of the attribute numbers.
    pub(super) fn names(&self, numbers: &[i16]) -> Vec<Identifier> {
        let position = |number: &i16| self.by_number.get(number);
        numbers
            .iter()
            .filter_map(position)
            .map(|at| self.table.columns[*at].name.clone())
            .collect()
    }
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Reader {
    /// By oid.
    pub(super) relations: HashMap<u32, Entry>,
    schema: Schema,
    owned_sequences: Vec<Sequence>,
}

impl Reader {
    /// Reads the answers to the catalog's questions, in their order.
    pub(super) fn read(answers: Vec<Rows>) -> Introspection {
        let mut answers = answers.into_iter();
        // How many columns each question has: what stands in one that is missing may be read as another's.
        let mut next = |width: usize| {
            let rows = answers.next().unwrap_or_default();
            if let Some(row) = rows.first() {
                row.has(width);
            }
            rows
        };
        let mut reader = Reader::default();
        reader.relations(&next(10));
        reader.inheritance(&next(5));
        reader.columns(&next(10));
        reader.sequences(&next(11));
        let constraints = next(21);
        let operator_classes = next(2);
        let backing = reader.constraints(&constraints);
        reader.indexes(&next(19), &operator_classes, &backing);
        reader.triggers(&next(6), &constraints);
        reader.lost_triggers(&next(1), &constraints);
        reader.rules(&next(4));
        reader.policies(&next(7));
        reader.enums(&next(2));
        reader.domains(&next(7));
        let access = access(&next(8));
        let replication = replication(&next(6));
        let around = Surroundings {
            access,
            replication,
            settings: next(4).iter().map(setting).collect(),
            exposed: next(7).iter().map(exposed).collect(),
            held: next(6).iter().filter_map(holder).collect(),
            nameless: next(3).iter().map(nameless).collect(),
            short_of_rights: next(7).iter().map(shortfall).collect(),
            cramped: next(2)
                .iter()
                .map(|row| (name(row, 0), name(row, 1)))
                .collect(),
        };
        let firing_order = next(2)
            .iter()
            .filter_map(|row| {
                let table = reader.relations.get(&oid(row, 0))?.name.clone();
                Some(KeyName {
                    table,
                    constraint: name(row, 1),
                })
            })
            .collect();
        let busy = next(1)
            .iter()
            .filter_map(|row| Some(reader.relations.get(&oid(row, 0))?.name.clone()))
            .collect();
        let user_code = user_code::read(&next(1));
        let readable = reader.relations.values().filter(|entry| entry.readable);
        let readable = readable.map(|entry| entry.name.clone()).collect();
        let sizes = reader
            .relations
            .values()
            .map(|entry| (entry.name.clone(), entry.size))
            .collect();
        let tables = reader
            .relations
            .into_values()
            .map(|entry| (entry.name, entry.table));
        reader.schema.tables = tables
            .filter(|(name, _)| !NOT_THE_APPLICATIONS.contains(&name.as_str()))
            .collect();
        Introspection {
            schema: canon::normalise(reader.schema),
            around,
            readable,
            busy,
            sizes,
            firing_order,
            user_code,
            sequences: reader.owned_sequences,
        }
    }

    fn relations(&mut self, rows: &Rows) {
        for row in rows {
            let table = Table {
                kind: match text(row, 2) {
                    "p" => TableKind::PartitionedTable,
                    "v" => TableKind::View,
                    "m" => TableKind::MaterializedView,
                    "f" => TableKind::ForeignTable,
                    "S" => TableKind::Sequence,
                    "c" => TableKind::CompositeType,
                    "r" => TableKind::Table,
                    _ => {
                        row.is_no("kind of relation", 2);
                        TableKind::Table
                    }
                },
                persistence: match text(row, 3) {
                    "u" => Persistence::Unlogged,
                    "t" => Persistence::Temporary,
                    _ => Persistence::Permanent,
                },
                partitioning: row.get(6).map(str::to_owned),
                row_security: leora_core::model::RowSecurity {
                    enabled: yes(row, 4),
                    forced: yes(row, 5),
                    policies: BTreeMap::new(),
                },
                ..Table::default()
            };
            let entry = Entry {
                name: name(row, 1),
                table,
                by_number: HashMap::new(),
                collations: Vec::new(),
                size: TableSize {
                    pages: row.number(7).unwrap_or_default(),
                    rows: row.number(8).unwrap_or_default(),
                },
                readable: yes(row, 9),
            };
            self.relations.insert(oid(row, 0), entry);
        }
    }

    fn inheritance(&mut self, rows: &Rows) {
        for row in rows {
            if let Some(entry) = self.relations.get_mut(&oid(row, 0)) {
                entry.table.inherits.extend(row.get(1).map(str::to_owned));
                let of_type = row.get(4).map(str::to_owned);
                entry.table.of_type = of_type.or(entry.table.of_type.take());
            }
            if let Some(parent) = self.relations.get_mut(&oid(row, 2)) {
                parent.table.children.push(text(row, 3).to_owned());
            }
        }
    }

    fn columns(&mut self, rows: &Rows) {
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| (oid(row, 0), number(row, 1), row))
            .collect();
        rows.sort_unstable_by_key(|(table, position, _)| (*table, *position));
        for (table, position, row) in rows {
            let Some(entry) = self.relations.get_mut(&table) else {
                continue;
            };
            let expression = row.get(7);
            let generated = match text(row, 6) {
                "" => None,
                kind => expression.map(|e| Generated {
                    expression: Expression::new(e),
                    stored: kind == "s",
                }),
            };
            let default = expression.filter(|_| generated.is_none());
            entry.by_number.insert(position, entry.table.columns.len());
            entry.collations.push(oid(row, 8));
            entry.table.columns.push(Column {
                name: name(row, 2),
                ty: SqlType::new(text(row, 3)),
                nullable: !yes(row, 4),
                default: default.map(|e| ColumnDefault::Expression(Expression::new(e))),
                identity: match text(row, 5) {
                    "a" => Some(Identity::Always),
                    "d" => Some(Identity::ByDefault),
                    _ => None,
                },
                generated,
                collation: row.get(9).map(str::to_owned),
            });
        }
    }

    /// A default that takes the next value of the column's own sequence is `SERIAL`'s.
    fn sequences(&mut self, rows: &Rows) {
        for row in rows {
            let Some(entry) = self.relations.get_mut(&oid(row, 0)) else {
                continue;
            };
            let Some(at) = entry.by_number.get(&number(row, 1)) else {
                continue;
            };
            let column = &mut entry.table.columns[*at];
            let counter = Counter {
                table: entry.name.clone(),
                column: column.name.clone(),
                sequence: text(row, 2).to_owned(),
                downwards: text(row, 5).starts_with('-'),
            };
            self.owned_sequences.push(Sequence::read(row, counter));
            let next = format!("nextval({}::regclass)", literal_plain(text(row, 2)));
            let is_next =
                matches!(&column.default, Some(ColumnDefault::Expression(e)) if e.as_str() == next);
            if is_next {
                column.default = Some(match unusual_options(row, column.ty.as_str()) {
                    none if none.is_empty() => ColumnDefault::Autoincrement,
                    options => ColumnDefault::Sequence(options),
                });
            }
        }
    }

    fn enums(&mut self, rows: &Rows) {
        for row in rows {
            let labels = texts(row, 1).into_iter().flatten().collect();
            self.schema.enums.insert(name(row, 0), Enum::new(labels));
        }
    }

    fn domains(&mut self, rows: &Rows) {
        for row in rows {
            // With its schema before it, one of another schema may have a name longer than any other.
            let Ok(name_with_schema) = Identifier::of_the_catalog(text(row, 0)) else {
                continue;
            };
            let domain = self
                .schema
                .domains
                .entry(name_with_schema)
                .or_insert_with(|| Domain {
                    ty: SqlType::new(text(row, 1)),
                    not_null: yes(row, 2),
                    default: row.get(3).map(Expression::new),
                    checks: BTreeMap::new(),
                });
            if row.get(4).is_some() {
                let validity = if yes(row, 6) {
                    Validity::Valid
                } else {
                    Validity::NotValid
                };
                let definition = without_not_valid(text(row, 5));
                domain.checks.insert(
                    name(row, 4),
                    Constraint {
                        definition,
                        validity,
                    },
                );
            }
        }
    }
}

/// What of a sequence is not as `SERIAL` makes it: by 1, to its type's end, without cycle. Where it starts
/// matters to RESTART alone, and every sequence was a `bigint` before PostgreSQL 10.
fn unusual_options(row: &Row, column_type: &str) -> String {
    let (ty, increment, minimum, maximum) =
        (text(row, 3), text(row, 5), text(row, 6), text(row, 7));
    let usual_maximum = match ty {
        "smallint" => "32767",
        "integer" => "2147483647",
        _ => "9223372036854775807",
    };
    let unusual = [
        (ty != column_type && ty != "bigint", format!("AS {ty}")),
        (increment != "1", format!("INCREMENT {increment}")),
        (minimum != "1", format!("MINVALUE {minimum}")),
        (maximum != usual_maximum, format!("MAXVALUE {maximum}")),
        (yes(row, 8), "CYCLE".to_owned()),
        (yes(row, 9), "UNLOGGED".to_owned()),
    ];
    let unusual: Vec<_> = unusual
        .into_iter()
        .filter(|(differs, _)| *differs)
        .map(|(_, text)| text)
        .collect();
    unusual.join(" ")
}

fn setting(row: &Row) -> KeptSetting {
    KeptSetting {
        of_database: yes(row, 0),
        role: row.get(1).map(str::to_owned),
        setting: text(row, 2).to_owned(),
        of_server: yes(row, 3),
    }
}

fn exposed(row: &Row) -> (Identifier, Exposed) {
    let exposed = Exposed {
        roles: text(row, 1).to_owned(),
        by: match text(row, 2) {
            "owned" => Opening::Ownership,
            "schema" => Opening::Schema(text(row, 3).to_owned()),
            "database" => Opening::Database(text(row, 3).to_owned()),
            "view" => Opening::View(text(row, 3).to_owned()),
            _ => Opening::Privileges(Privileges {
                granted_to: row.get(4).map(str::to_owned),
                memberships: texts(row, 5).into_iter().flatten().collect(),
                superusers: row.get(6).map(str::to_owned),
            }),
        },
    };
    (name(row, 0), exposed)
}

fn holder(row: &Row) -> Option<Holder> {
    let emptied: Vec<_> = texts(row, 5).into_iter().flatten().collect();
    let is_null = |column: &str| emptied.iter().any(|emptied| emptied == column);
    let mut checks = texts(row, 4).into_iter().flatten();
    let how = match row.get(3) {
        _ if checks.any(|check| !accepts_null(&check, &is_null)) => Holding::ByCheck,
        None => return None,
        Some("trigger") => Holding::ByTrigger,
        Some("rule") => Holding::ByRule,
        Some("rights") => Holding::ForWantOfRights,
        Some(_) => Holding::ByItself,
    };
    Some(Holder {
        held: name(row, 0),
        table: text(row, 1).to_owned(),
        constraint: name(row, 2),
        how,
    })
}

fn nameless(row: &Row) -> Nameless {
    Nameless {
        table: name(row, 0),
        how: match text(row, 1) {
            "rows" => Unnamed::ByRowFilter,
            "columns" => Unnamed::ByColumnList,
            _ => Unnamed::ByIdentity,
        },
        publications: text(row, 2).to_owned(),
    }
}

fn shortfall(row: &Row) -> Shortfall {
    Shortfall {
        kind: match text(row, 0) {
            "S" => Holds::Sequence,
            "n" => Holds::Schema,
            _ => Holds::Table,
        },
        name: name(row, 1),
        role: text(row, 2).to_owned(),
        missing: text(row, 3).split(", ").map(str::to_owned).collect(),
        starting: row.get(6).map(|setting| KeptSetting {
            of_database: yes(row, 4),
            role: row.get(5).map(str::to_owned),
            setting: setting.to_owned(),
            of_server: false,
        }),
    }
}
