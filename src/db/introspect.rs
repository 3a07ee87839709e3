//! The live database as a schema.
//!
//! One read-only transaction with one snapshot, one round trip, a fixed number of questions
//! whatever the number of tables.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use postgres::SimpleQueryRow;

use super::array;
use super::catalog;
use super::counters::Sequence;
use super::session::{QueryError, Rows, Session};
use crate::model::name::literal;
use crate::model::{
    Action, Column, ColumnDefault, Constraint, Deferrable, Domain, Enum, Expression, Firing,
    ForeignKey, Generated, Identifier, Identity, Index, IndexKey, IndexState, IndexTarget,
    Persistence, PrimaryKey, Schema, SqlType, Table, TableKind, TableReference, Trigger, Validity,
    canon,
};
use crate::verify::counters::Counter;
use crate::verify::proof::{KeyName, TableSize};
use crate::verify::surroundings::{Holder, KeptSetting, Surroundings};

/// Tables that belong to Prisma and not to the application.
const NOT_THE_APPLICATIONS: &[&str] = &["_prisma_migrations"];

/// What a database holds.
#[derive(Clone, Debug, Default)]
pub struct Introspection {
    /// The schema asked for.
    pub schema: Schema,
    /// What stands around it.
    pub around: Surroundings,
    /// The tables whose rows the role may all read.
    pub readable: BTreeSet<Identifier>,
    /// How large each table is.
    pub sizes: BTreeMap<Identifier, TableSize>,
    /// The foreign keys, in the order in which a delete fires them.
    pub firing_order: Vec<KeyName>,
    /// The sequences that columns own.
    pub(super) sequences: Vec<Sequence>,
}

/// Reads the schema of `session`, in one round trip; an empty one when there is none of the name.
///
/// # Errors
///
/// When PostgreSQL does not answer, or holds a name that no source of a schema could have.
pub fn introspect(session: &mut Session) -> Result<Introspection, QueryError> {
    if session.server.schema_oid.is_none() {
        return Ok(Introspection::default());
    }
    let batch = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n{};\nCOMMIT",
        questions(session)
    );
    Ok(read(session.batch("reading the catalogs", &batch)?))
}

/// The questions, with the settings they are asked under, for a transaction that is open.
pub(super) fn questions(session: &Session) -> String {
    let schema_oid = session.server.schema_oid.unwrap_or_default();
    let questions = catalog::questions(session.server.version(), schema_oid);
    settings_for(&session.schema) + &questions.join(";\n")
}

/// Reads the answers to [`questions`].
pub(super) fn read(answers: Vec<Rows>) -> Introspection {
    Reader::read(answers)
}

/// `SET LOCAL` for everything that could change what PostgreSQL prints or how it reads names.
pub fn settings_for(schema: &Identifier) -> String {
    let fixed = catalog::SESSION
        .iter()
        .map(|(name, value)| format!("SET LOCAL {name} = {};\n", literal(value)));
    format!(
        "SET LOCAL search_path = {};\n{}",
        schema.quoted(),
        fixed.collect::<String>()
    )
}

struct Entry {
    name: Identifier,
    table: Table,
    /// Position in `table.columns` by attribute number; dropped columns leave gaps.
    by_number: HashMap<i16, usize>,
    collations: Vec<u32>,
    size: TableSize,
    readable: bool,
}

impl Entry {
    fn names(&self, numbers: &[i16]) -> Vec<Identifier> {
        let position = |number: &i16| self.by_number.get(number);
        numbers
            .iter()
            .filter_map(position)
            .map(|at| self.table.columns[*at].name.clone())
            .collect()
    }
}

#[derive(Default)]
struct Reader {
    relations: HashMap<u32, Entry>,
    schema: Schema,
    owned_sequences: Vec<Sequence>,
}

impl Reader {
    fn read(answers: Vec<Rows>) -> Introspection {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        let mut reader = Reader::default();
        reader.relations(&next());
        reader.inheritance(&next());
        reader.columns(&next());
        reader.sequences(&next());
        let constraints = next();
        let operator_classes = next();
        let backing = reader.constraints(&constraints);
        reader.indexes(&next(), &operator_classes, &backing);
        reader.triggers(&next(), &constraints);
        reader.lost_triggers(&next(), &constraints);
        reader.rules(&next());
        reader.policies(&next());
        reader.enums(&next());
        reader.domains(&next());
        let with_text = |row: &SimpleQueryRow| (name(row, 0), text(row, 1).to_owned());
        let around = Surroundings {
            settings: next().iter().map(setting).collect(),
            exposed: next().iter().map(with_text).collect(),
            held: next().iter().map(holder).collect(),
            nameless: next().iter().map(with_text).collect(),
        };
        let firing_order = next()
            .iter()
            .filter_map(|row| {
                let table = reader.relations.get(&oid(row, 0))?.name.clone();
                Some(KeyName {
                    table,
                    constraint: name(row, 1),
                })
            })
            .collect();
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
            sizes,
            firing_order,
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
                    _ => TableKind::Table,
                },
                persistence: match text(row, 3) {
                    "u" => Persistence::Unlogged,
                    "t" => Persistence::Temporary,
                    _ => Persistence::Permanent,
                },
                partitioning: row.get(6).map(str::to_owned),
                row_security: crate::model::RowSecurity {
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
                    pages: text(row, 7).parse().unwrap_or_default(),
                    rows: text(row, 8).parse().unwrap_or_default(),
                },
                readable: yes(row, 9),
            };
            self.relations.insert(oid(row, 0), entry);
        }
    }

    fn inheritance(&mut self, rows: &Rows) {
        for row in rows {
            if let Some(entry) = self.relations.get_mut(&oid(row, 0)) {
                entry.table.inherits.push(text(row, 1).to_owned());
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
            let next = format!("nextval({}::regclass)", literal(text(row, 2)));
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

    /// Gives the indexes that constraints stand on, by oid: when they are checked.
    fn constraints(&mut self, rows: &Rows) -> HashMap<u32, Deferrable> {
        let mut backing = HashMap::new();
        for row in rows {
            let table = oid(row, 0);
            let deferrable = match (yes(row, 3), yes(row, 4)) {
                (false, _) => Deferrable::No,
                (true, false) => Deferrable::InitiallyImmediate,
                (true, true) => Deferrable::InitiallyDeferred,
            };
            let validity = match (yes(row, 6), yes(row, 5)) {
                (false, _) => Validity::NotEnforced,
                (true, false) => Validity::NotValid,
                (true, true) => Validity::Valid,
            };
            match text(row, 2) {
                "p" | "u" => {
                    backing.insert(oid(row, 7), deferrable);
                }
                "f" => self.foreign_key(row, deferrable, validity),
                _ => {
                    let Some(entry) = self.relations.get_mut(&table) else {
                        continue;
                    };
                    let definition = without_not_valid(text(row, 15));
                    entry.table.checks.insert(
                        name(row, 1),
                        Constraint {
                            definition,
                            validity,
                        },
                    );
                }
            }
        }
        backing
    }

    fn foreign_key(&mut self, row: &SimpleQueryRow, deferrable: Deferrable, validity: Validity) {
        let (child, parent) = (oid(row, 0), oid(row, 8));
        let referenced = match (row.get(16), row.get(17)) {
            (Some(schema), Some(table)) => {
                let columns = array::texts(text(row, 18))
                    .into_iter()
                    .flatten()
                    .filter_map(|c| Identifier::new(c).ok());
                let schema = schema.trim_matches('"').replace("\"\"", "\"");
                Identifier::new(schema)
                    .ok()
                    .zip(Identifier::new(table).ok())
                    .map(|(schema, table)| {
                        (
                            TableReference::Elsewhere { schema, table },
                            columns.collect(),
                        )
                    })
            }
            _ => self.relations.get(&parent).map(|entry| {
                (
                    TableReference::Here(entry.name.clone()),
                    entry.names(&array::numbers(text(row, 13))),
                )
            }),
        };
        let Some((references, referenced_columns)) = referenced else {
            return;
        };
        let Some(entry) = self.relations.get_mut(&child) else {
            return;
        };
        let foreign_key = ForeignKey {
            columns: entry.names(&array::numbers(text(row, 12))),
            references,
            referenced_columns,
            on_delete: action(text(row, 10)),
            on_update: action(text(row, 9)),
            on_delete_columns: entry.names(&array::numbers(text(row, 14))),
            match_full: text(row, 11) == "f",
            deferrable,
            validity,
            triggers: Firing::Enabled,
        };
        entry.table.foreign_keys.insert(name(row, 1), foreign_key);
    }

    fn indexes(
        &mut self,
        rows: &Rows,
        operator_classes: &Rows,
        backing: &HashMap<u32, Deferrable>,
    ) {
        let unusual: HashMap<u32, &str> = operator_classes
            .iter()
            .map(|row| (oid(row, 0), text(row, 1)))
            .collect();
        for row in rows {
            let Some(entry) = self.relations.get_mut(&oid(row, 1)) else {
                continue;
            };
            if yes(row, 6) && !yes(row, 4) {
                continue; // the index of an exclusion constraint, which is among the checks
            }
            let deferrable = backing.get(&oid(row, 0)).copied().unwrap_or_default();
            let state = match (yes(row, 8), yes(row, 7)) {
                (false, _) => IndexState::NotReady,
                (true, false) => IndexState::Invalid,
                (true, true) => IndexState::Valid,
            };
            let columns = array::numbers(text(row, 10));
            let key_count = usize::from(number(row, 9).unsigned_abs()).min(columns.len());
            let (key_columns, included) = columns.split_at(key_count);
            let include = entry.names(included);
            if yes(row, 5) {
                let columns = entry.names(key_columns);
                entry.table.primary_key = Some(PrimaryKey {
                    name: name(row, 2),
                    columns,
                    include,
                    deferrable,
                    state,
                });
                continue;
            }
            let index = Index {
                keys: keys(row, entry, key_columns, &unusual),
                unique: yes(row, 4),
                nulls_not_distinct: yes(row, 14),
                deferrable,
                method: Some(text(row, 3).to_owned()),
                include,
                predicate: row.get(15).map(Expression::new),
                state,
            };
            entry.table.indexes.insert(name(row, 2), index);
        }
    }

    fn triggers(&mut self, rows: &Rows, constraints: &Rows) {
        let of_constraint = foreign_keys_by_oid(constraints);
        for row in rows {
            let firing = firing(text(row, 3));
            if !yes(row, 2) {
                let Some(entry) = self.relations.get_mut(&oid(row, 0)) else {
                    continue;
                };
                let definition = text(row, 5).to_owned();
                entry
                    .table
                    .triggers
                    .insert(name(row, 1), Trigger { definition, firing });
            } else if let Some((child, constraint)) = of_constraint.get(&oid(row, 4)) {
                self.weaken(*child, constraint, firing);
            }
        }
    }

    fn lost_triggers(&mut self, rows: &Rows, constraints: &Rows) {
        let of_constraint = foreign_keys_by_oid(constraints);
        for row in rows {
            if let Some((child, constraint)) = of_constraint.get(&oid(row, 0)) {
                self.weaken(*child, constraint, Firing::Missing);
            }
        }
    }

    fn weaken(&mut self, child: u32, constraint: &str, firing: Firing) {
        let key = self
            .relations
            .get_mut(&child)
            .and_then(|entry| entry.table.foreign_keys.get_mut(constraint));
        if let Some(key) = key {
            key.triggers = key.triggers.max(firing);
        }
    }

    fn rules(&mut self, rows: &Rows) {
        for row in rows {
            if let Some(entry) = self.relations.get_mut(&oid(row, 0)) {
                let rule = Trigger {
                    definition: text(row, 3).to_owned(),
                    firing: firing(text(row, 2)),
                };
                entry.table.rules.insert(name(row, 1), rule);
            }
        }
    }

    fn policies(&mut self, rows: &Rows) {
        for row in rows {
            let Some(entry) = self.relations.get_mut(&oid(row, 0)) else {
                continue;
            };
            let kind = if yes(row, 2) {
                "PERMISSIVE"
            } else {
                "RESTRICTIVE"
            };
            let command = match text(row, 3) {
                "r" => "SELECT",
                "a" => "INSERT",
                "w" => "UPDATE",
                "d" => "DELETE",
                _ => "ALL",
            };
            let mut policy = format!("AS {kind} FOR {command} TO {}", text(row, 4));
            for (clause, expression) in [("USING", row.get(5)), ("WITH CHECK", row.get(6))] {
                if let Some(expression) = expression {
                    policy += &format!(" {clause} ({expression})");
                }
            }
            entry
                .table
                .row_security
                .policies
                .insert(name(row, 1), policy);
        }
    }

    fn enums(&mut self, rows: &Rows) {
        for row in rows {
            let labels = array::texts(text(row, 1)).into_iter().flatten().collect();
            self.schema.enums.insert(name(row, 0), Enum { labels });
        }
    }

    fn domains(&mut self, rows: &Rows) {
        for row in rows {
            let domain = self
                .schema
                .domains
                .entry(name(row, 0))
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

fn keys(
    row: &SimpleQueryRow,
    entry: &Entry,
    columns: &[i16],
    unusual: &HashMap<u32, &str>,
) -> Vec<IndexKey> {
    let options = array::numbers(text(row, 11));
    let classes = array::oids(text(row, 12));
    let collations = array::oids(text(row, 13));
    let expressions = row.get(16).map(array::texts).unwrap_or_default();
    let collation_names = row.get(17).map(array::texts).unwrap_or_default();
    let key = |(at, column): (usize, &i16)| {
        // indoption: 1 is descending, 2 is nulls first (`pg_index.h`)
        let option = options.get(at).copied().unwrap_or_default();
        let (descending, nulls_first) = (option & 1 != 0, option & 2 != 0);
        let collation = collations.get(at).copied().unwrap_or_default();
        let (on, own_collation) = match entry.by_number.get(column) {
            Some(position) => {
                let column = entry.table.columns[*position].name.clone();
                (
                    IndexTarget::Column(column),
                    entry.collations.get(*position).copied().unwrap_or_default(),
                )
            }
            None => {
                let expression = expressions.get(at).cloned().flatten().unwrap_or_default();
                (IndexTarget::Expression(Expression::new(expression)), 100)
            }
        };
        let differs = collation != 0 && collation != own_collation;
        IndexKey {
            on,
            descending,
            nulls_reversed: nulls_first != descending,
            operator_class: classes
                .get(at)
                .and_then(|class| unusual.get(class))
                .map(|class| (*class).to_owned()),
            collation: differs.then(|| {
                collation_names
                    .get(at)
                    .cloned()
                    .flatten()
                    .unwrap_or_else(|| "\"default\"".to_owned())
            }),
        }
    };
    columns.iter().enumerate().map(key).collect()
}

fn foreign_keys_by_oid(constraints: &Rows) -> HashMap<u32, (u32, &str)> {
    let foreign = constraints.iter().filter(|row| text(row, 2) == "f");
    foreign
        .map(|row| (oid(row, 19), (oid(row, 0), text(row, 1))))
        .collect()
}

/// What of a sequence is not as `SERIAL` makes it: from 1, by 1, to its type's end, without cycle.
fn unusual_options(row: &SimpleQueryRow, column_type: &str) -> String {
    let (ty, start, increment, minimum, maximum) = (
        text(row, 3),
        text(row, 4),
        text(row, 5),
        text(row, 6),
        text(row, 7),
    );
    let usual_maximum = match ty {
        "smallint" => "32767",
        "integer" => "2147483647",
        _ => "9223372036854775807",
    };
    let unusual = [
        (ty != column_type, format!("AS {ty}")),
        (start != "1", format!("START {start}")),
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

fn setting(row: &SimpleQueryRow) -> KeptSetting {
    KeptSetting {
        of_database: yes(row, 0),
        role: row.get(1).map(str::to_owned),
        setting: text(row, 2).to_owned(),
        of_server: yes(row, 3),
    }
}

fn holder(row: &SimpleQueryRow) -> Holder {
    Holder {
        held: name(row, 0),
        table: text(row, 1).to_owned(),
        constraint: name(row, 2),
    }
}

/// Whether every row was checked is [`Validity`]'s to say.
fn without_not_valid(definition: &str) -> String {
    definition
        .trim_end_matches(" NOT VALID")
        .trim_end_matches(" NOT ENFORCED")
        .to_owned()
}

fn action(code: &str) -> Action {
    match code {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}

fn firing(code: &str) -> Firing {
    match code {
        "D" => Firing::Disabled,
        "R" => Firing::ReplicaOnly,
        "A" => Firing::Always,
        _ => Firing::Enabled,
    }
}

fn text(row: &SimpleQueryRow, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}

fn yes(row: &SimpleQueryRow, column: usize) -> bool {
    row.get(column) == Some("t")
}

fn oid(row: &SimpleQueryRow, column: usize) -> u32 {
    text(row, column).parse().unwrap_or_default()
}

fn number(row: &SimpleQueryRow, column: usize) -> i16 {
    text(row, column).parse().unwrap_or_default()
}

fn name(row: &SimpleQueryRow, column: usize) -> Identifier {
    Identifier::new(text(row, column))
        .expect("a name that PostgreSQL's catalog holds is one PostgreSQL keeps")
}
