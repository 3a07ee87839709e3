//! A schema as statements in one fixed order: what unified diffs show.

use std::collections::BTreeMap;

use super::statement::{add_foreign_key, alter_table, create_enum, create_index, create_table};
use crate::model::{
    Column, Firing, Identifier, IndexState, Schema, Table, TableKind, Validity, printable,
};

/// The statements that make `table`, one a line as people read them, in an order that does not
/// depend on where they come from: what unified diffs show. `column_order` is the order in which
/// columns are listed, as far as it goes; the others follow by name.
pub fn canonical(name: &Identifier, table: &Table, column_order: &[Identifier]) -> Vec<String> {
    if !table.kind.is_table() {
        return vec![format!(
            "CREATE {} {};",
            kind_keyword(table.kind),
            name.quoted()
        )];
    }
    let mut sorted = table.clone();
    let place = |column: &Column| {
        column_order
            .iter()
            .position(|name| *name == column.name)
            .unwrap_or(usize::MAX)
    };
    sorted
        .columns
        .sort_by(|a, b| (place(a), &a.name).cmp(&(place(b), &b.name)));
    let mut lines: Vec<String> = printable(&create_table(name, &sorted))
        .lines()
        .map(str::to_owned)
        .collect();
    let mut end = String::new();
    if let Some(partitioning) = &table.partitioning {
        end += &format!(" -- partitioning: {partitioning}");
    }
    if !table.inherits.is_empty() {
        end += &format!(" -- inherits: {}", table.inherits.join(", "));
    }
    if let Some(of_type) = &table.of_type {
        end += &format!(" -- of type: {of_type}");
    }
    if !table.children.is_empty() {
        end += &format!(" -- inherited by: {}", table.children.join(", "));
    }
    if let Some(key) = table
        .primary_key
        .as_ref()
        .filter(|key| key.state != IndexState::Valid)
    {
        end += &format!(" -- {} is {}", key.name.quoted(), state_remark(key.state));
    }
    if let Some(last) = lines.last_mut() {
        last.push(';');
        last.push_str(&end);
    }
    for (index_name, index) in &table.indexes {
        let remark = match index.state {
            IndexState::Valid => String::new(),
            state => format!(" -- {}", state_remark(state)),
        };
        lines.push(create_index(name, index_name, index, false) + ";" + &remark);
    }
    for (key_name, key) in &table.foreign_keys {
        let suffix = match key.validity {
            Validity::Valid => ";",
            Validity::NotValid => " NOT VALID;",
            Validity::NotEnforced => " NOT ENFORCED;",
        };
        let remark = match key.triggers {
            Firing::Enabled | Firing::Always => "",
            Firing::ReplicaOnly => " -- its triggers fire for replicas only",
            Firing::Disabled => " -- its triggers are disabled",
            Firing::Missing => " -- its triggers are missing",
        };
        lines.push(add_foreign_key(name, key_name, key) + suffix + remark);
    }
    lines.extend(constraints_and_triggers(name, table));
    lines.iter().map(|line| printable(line)).collect()
}

fn constraints_and_triggers(name: &Identifier, table: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    let table_name = name.quoted();
    for (check_name, check) in &table.checks {
        let suffix = if check.validity == Validity::Valid {
            ""
        } else {
            " NOT VALID"
        };
        let add = format!(
            "{} ADD CONSTRAINT {} {}{suffix};",
            alter_table(name),
            check_name.quoted(),
            check.definition
        );
        lines.push(add);
    }
    for (what, items) in [("TRIGGER", &table.triggers), ("RULE", &table.rules)] {
        for (item_name, item) in items {
            lines.push(format!("{};", item.definition.trim_end_matches(';')));
            let state = match item.firing {
                Firing::Enabled => continue,
                Firing::Always => "ENABLE ALWAYS",
                Firing::ReplicaOnly => "ENABLE REPLICA",
                Firing::Disabled | Firing::Missing => "DISABLE",
            };
            lines.push(format!(
                "ALTER TABLE {table_name} {state} {what} {};",
                item_name.quoted()
            ));
        }
    }
    if table.row_security.enabled {
        lines.push(format!(
            "ALTER TABLE {table_name} ENABLE ROW LEVEL SECURITY;"
        ));
    }
    if table.row_security.forced {
        lines.push(format!(
            "ALTER TABLE {table_name} FORCE ROW LEVEL SECURITY;"
        ));
    }
    for (policy_name, policy) in &table.row_security.policies {
        lines.push(format!(
            "CREATE POLICY {} ON {table_name} {policy};",
            policy_name.quoted()
        ));
    }
    lines
}

/// All of a schema in the form of [`canonical`], for comparing whole schemas by eye.
pub fn canonical_schema(schema: &Schema) -> Vec<String> {
    let enums = schema
        .enums
        .iter()
        .map(|(name, definition)| printable(&create_enum(name, definition)) + ";");
    let tables = schema
        .tables
        .iter()
        .flat_map(|(name, table)| canonical(name, table, &[]));
    enums.chain(tables).collect()
}

/// The tables of `differences`' owners, in canonical form on both sides: what a unified diff shows.
pub fn both_sides(
    owner: &Identifier,
    actual: &Schema,
    desired: &Schema,
) -> (Vec<String>, Vec<String>) {
    let order: Vec<_> = desired
        .tables
        .get(owner)
        .into_iter()
        .flat_map(|table| table.columns.iter().map(|c| c.name.clone()))
        .collect();
    let side = |schema: &Schema, other: &Schema| {
        let tables: &BTreeMap<_, _> = &schema.tables;
        let table = tables.get(owner).map(|table| {
            let other = other.tables.get(owner);
            let settled = table.columns.iter().map(|column| {
                let there = other.and_then(|table| table.column(column.name.as_str()));
                there.map_or_else(
                    || column.clone(),
                    |there| column.settled_as(there).into_owned(),
                )
            });
            let settled = Table {
                columns: settled.collect(),
                ..table.clone()
            };
            canonical(owner, &settled, &order)
        });
        let definition = schema
            .enums
            .get(owner)
            .map(|definition| vec![create_enum(owner, definition) + ";"]);
        table.or(definition).unwrap_or_default()
    };
    (side(actual, desired), side(desired, actual))
}

fn kind_keyword(kind: TableKind) -> &'static str {
    match kind {
        TableKind::Table | TableKind::PartitionedTable => "TABLE",
        TableKind::View => "VIEW",
        TableKind::MaterializedView => "MATERIALIZED VIEW",
        TableKind::ForeignTable => "FOREIGN TABLE",
        TableKind::Sequence => "SEQUENCE",
        TableKind::CompositeType => "TYPE",
    }
}

fn state_remark(state: IndexState) -> &'static str {
    match state {
        IndexState::Valid => "valid",
        IndexState::Invalid => "INVALID",
        IndexState::NotReady => "not ready",
        IndexState::Contradicted => "contradicted",
    }
}
