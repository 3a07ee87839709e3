//! Tables and the foreign keys between them, as graphs: the models, and what a delete reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use crate::diff::{Object, ObjectKind};
use crate::model::{Action, ForeignKey, Identifier, Schema};

/// Tables and foreign keys between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The table it is seen from, when there is one.
    pub focus: Option<Identifier>,
    /// The tables, nearest to the focus first.
    pub nodes: Vec<Node>,
    /// The foreign keys, in the order of tables and names.
    pub edges: Vec<Edge>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub table: Identifier,
    /// Whether the migration creates it.
    pub is_new: bool,
    /// How many foreign keys lie between it and the focus, at least.
    pub steps: usize,
}

/// A foreign key, from the table that has it (the child) to the one it references (the parent).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its name.
    pub name: Identifier,
    /// The table that has it.
    pub child: Identifier,
    /// The table it references.
    pub parent: Identifier,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// What it does when the parent's row is deleted.
    pub on_delete: Action,
    /// Whether a row may name no parent.
    pub is_optional: bool,
    /// What came of trying it.
    pub proof: Mark,
}

/// What came of deleting the row that a foreign key names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// It was tried, and does what is declared.
    Proved,
    /// It was asked for, and could not be tried.
    NotProved,
    /// It was tried, and does something else.
    Broken,
}

impl Edge {
    /// Its address, as checks name it.
    pub fn object(&self) -> Object {
        Object::on(&self.child, ObjectKind::ForeignKey, &self.name)
    }
}

impl Graph {
    /// What a delete of a row of `focus` reaches: the tables from which rows go with it, and those
    /// in which rows name one that goes. At most `depth` foreign keys deep, when there is a limit.
    /// `None` when there is no such table.
    pub fn of_deletes(
        schema: &Schema,
        created: &[Identifier],
        focus: &Identifier,
        depth: Option<usize>,
    ) -> Option<Graph> {
        schema.tables.get(focus)?;
        let references = schema.references();
        let mut steps = BTreeMap::from([(focus, 0)]);
        let mut gone = BTreeSet::from([focus]);
        let mut ahead = VecDeque::from([focus]);
        let mut edges = Vec::new();
        while let Some(parent) = ahead.pop_front() {
            let next = steps[parent] + 1;
            if depth.is_some_and(|depth| next > depth) {
                continue;
            }
            for &(child, name, key) in references.to(parent.as_str()) {
                edges.push(edge(child, name, parent, key, schema));
                steps.entry(child).or_insert(next);
                if key.on_delete == Action::Cascade && gone.insert(child) {
                    ahead.push_back(child);
                }
            }
        }
        Some(Graph::assemble(Some(focus), created, &steps, edges))
    }

    /// The tables named, and the foreign keys between them.
    pub fn of_models(schema: &Schema, created: &[Identifier], tables: &[Identifier]) -> Graph {
        let steps = tables
            .iter()
            .filter(|name| schema.tables.contains_key(*name))
            .map(|name| (name, usize::from(created.contains(name))));
        let steps: BTreeMap<_, _> = steps.collect();
        let edges = between(schema, &steps);
        Graph::assemble(None, created, &steps, edges)
    }

    /// `focus`, and the tables at most `depth` foreign keys away from it, either way. `None` when
    /// there is no such table.
    pub fn around(
        schema: &Schema,
        created: &[Identifier],
        focus: &Identifier,
        depth: usize,
    ) -> Option<Graph> {
        let (focus, _) = schema.tables.get_key_value(focus)?;
        let mut steps = BTreeMap::from([(focus, 0)]);
        for step in 1..=depth {
            let there: BTreeSet<_> = steps.keys().copied().collect();
            for (child, table) in &schema.tables {
                for key in table.foreign_keys.values() {
                    let Some(parent) = key.references.here() else {
                        continue;
                    };
                    if there.contains(child) && schema.tables.contains_key(parent) {
                        steps.entry(parent).or_insert(step);
                    } else if there.contains(parent) {
                        steps.entry(child).or_insert(step);
                    }
                }
            }
        }
        let edges = between(schema, &steps);
        Some(Graph::assemble(Some(focus), created, &steps, edges))
    }

    fn assemble(
        focus: Option<&Identifier>,
        created: &[Identifier],
        steps: &BTreeMap<&Identifier, usize>,
        mut edges: Vec<Edge>,
    ) -> Graph {
        let mut nodes: Vec<_> = steps
            .iter()
            .map(|(table, steps)| Node {
                table: (*table).clone(),
                is_new: created.contains(table),
                steps: *steps,
            })
            .collect();
        nodes.sort_by(|one, other| (one.steps, &one.table).cmp(&(other.steps, &other.table)));
        edges.sort_by(|one, other| (&one.child, &one.name).cmp(&(&other.child, &other.name)));
        Graph {
            focus: focus.cloned(),
            nodes,
            edges,
        }
    }

    /// Says of each edge what came of trying it; of one that `marks` does not have, nothing.
    pub fn with_marks(mut self, marks: &BTreeMap<Object, Mark>) -> Graph {
        for edge in &mut self.edges {
            let mark = marks.get(&edge.object());
            edge.proof = mark.copied().unwrap_or(Mark::NotProved);
        }
        self
    }
}

fn between(schema: &Schema, tables: &BTreeMap<&Identifier, usize>) -> Vec<Edge> {
    let references = schema.references();
    let parents = tables.keys();
    parents
        .flat_map(|parent| {
            let children = references.to(parent.as_str()).iter();
            children
                .filter(|(child, ..)| tables.contains_key(child))
                .map(|(child, name, key)| edge(child, name, parent, key, schema))
        })
        .collect()
}

fn edge(
    child: &Identifier,
    name: &Identifier,
    parent: &Identifier,
    key: &ForeignKey,
    schema: &Schema,
) -> Edge {
    let table = &schema.tables[child];
    let takes_null = |column: &Identifier| {
        table
            .column(column.as_str())
            .is_some_and(|column| column.nullable)
    };
    Edge {
        name: name.clone(),
        child: child.clone(),
        parent: parent.clone(),
        columns: key.columns.clone(),
        on_delete: key.on_delete,
        is_optional: key.columns.iter().any(takes_null),
        proof: Mark::NotAsked,
    }
}
