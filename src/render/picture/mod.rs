//! Pictures: cards with rows, and lines between them. What is drawn is decided here, where by
//! `layout`, how by `svg`.

pub mod dot;
mod layout;
pub mod mermaid;
mod path;
pub mod svg;

use std::collections::{BTreeMap, BTreeSet};

use leora_core::graph::{Edge, Graph, Mark};
use leora_core::model::{Action, Identifier, Schema, Table};

/// Where there are many lines, more than these from one card tell nothing: the other end says in
/// words where it leads.
const MOST_LINES_FROM_A_CARD: usize = 5;
/// How many lines are many.
const MANY_LINES: usize = 40;

/// A picture, before it is laid out.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Names it in a page: `deletes`, `models`.
    pub id: &'static str,
    /// Its title.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// The cards, the focus first.
    pub cards: Vec<Card>,
    /// The lines.
    pub links: Vec<Link>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// Whether the picture is seen from it.
    pub is_focus: bool,
    /// Whether the migration creates it.
    pub is_new: bool,
    /// What is written in it.
    pub rows: Vec<Row>,
}

/// A line of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// On the left.
    pub left: String,
    /// On the right.
    pub right: String,
    /// What is said when somebody points at it.
    pub tip: String,
    /// What kind of foreign key it is, when it is one.
    pub kind: Option<Kind>,
    /// What came of trying it.
    pub proof: Mark,
    /// Whether a foreign key's line is left out: there would be too many to its parent.
    pub is_stub: bool,
}

/// What a foreign key does on delete, as far as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The row goes too.
    Goes,
    /// The row stays, and names none any more, or the default.
    Stays,
    /// The delete is refused.
    Refuses,
}

/// A line between two cards, from the parent to a row of the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The parent's card.
    pub parent: usize,
    /// The child's card.
    pub child: usize,
    /// The row.
    pub row: usize,
    /// What it does on delete.
    pub kind: Kind,
    /// What came of trying it.
    pub proof: Mark,
}

impl Kind {
    fn of(action: Action) -> Kind {
        match action {
            Action::Cascade => Kind::Goes,
            Action::SetNull | Action::SetDefault => Kind::Stays,
            Action::Restrict | Action::NoAction => Kind::Refuses,
        }
    }
}

/// The foreign key in words.
pub fn in_words(edge: &Edge) -> String {
    let columns: Vec<_> = edge.columns.iter().map(Identifier::quoted).collect();
    let proof = match edge.proof {
        Mark::NotAsked => "",
        Mark::Proved => ", tried: it does",
        Mark::Broken => ", tried: it does NOT",
        Mark::NotProved => ", not proved",
    };
    format!(
        "{} ({}) references {}, on delete {}{proof}",
        edge.child.quoted(),
        columns.join(", "),
        edge.parent.quoted(),
        edge.on_delete.sql()
    )
}

/// What a delete reaches, as a picture: a card a table, a row a foreign key.
pub fn of_deletes(graph: &Graph) -> Picture {
    let focus = graph.focus.as_ref().map_or("", |focus| focus.as_str());
    let mut drawn = Drawn::new(graph);
    let crowded = crowded(graph);
    for edge in &graph.edges {
        let ambiguous = graph
            .edges
            .iter()
            .filter(|other| other.child == edge.child && other.parent == edge.parent)
            .count()
            > 1;
        let left = if edge.child == edge.parent {
            format!("itself by {}", list(&edge.columns))
        } else if ambiguous {
            format!("{} by {}", edge.parent, list(&edge.columns))
        } else {
            edge.parent.to_string()
        };
        let row = Row {
            left,
            right: edge.on_delete.sql().to_lowercase(),
            tip: in_words(edge),
            kind: Some(Kind::of(edge.on_delete)),
            proof: edge.proof,
            is_stub: crowded.contains(&edge.parent),
        };
        drawn.foreign_key(edge, row);
    }
    drawn.count_on(&crowded, graph);
    Picture {
        id: "deletes",
        title: format!("What a delete from {focus} reaches"),
        description: deletes_described(graph, focus),
        cards: drawn.cards,
        links: drawn.links,
    }
}

/// Models and their relations, as a picture: a card a table, a row a column.
pub fn of_models(graph: &Graph, schema: &Schema) -> Picture {
    let mut drawn = Drawn::new(graph);
    let crowded = crowded(graph);
    for node in &graph.nodes {
        let Some(table) = schema.tables.get(&node.table) else {
            continue;
        };
        for column in &table.columns {
            let mut references = graph
                .edges
                .iter()
                .filter(|edge| edge.child == node.table && edge.columns.contains(&column.name));
            let row = Row {
                left: column.name.to_string(),
                right: described(table, &column.name),
                tip: format!("{} {}", column.name.quoted(), column.ty.sql()),
                ..Row::default()
            };
            match references.next_back() {
                None => drawn.row(&node.table, row),
                Some(edge) => {
                    let row = Row {
                        tip: in_words(edge),
                        kind: Some(Kind::of(edge.on_delete)),
                        proof: edge.proof,
                        is_stub: crowded.contains(&edge.parent),
                        ..row
                    };
                    drawn.foreign_key(edge, row);
                }
            }
        }
    }
    drawn.count_on(&crowded, graph);
    let names: Vec<_> = graph
        .nodes
        .iter()
        .map(|node| node.table.to_string())
        .collect();
    let relations: Vec<_> = graph.edges.iter().map(in_words).collect();
    Picture {
        id: "models",
        title: match &graph.focus {
            Some(focus) => format!("{focus} and the tables around it"),
            None => format!("The {} models and their relations", names.len()),
        },
        description: format!("{}. {}.", names.join(", "), relations.join("; ")),
        cards: drawn.cards,
        links: drawn.links,
    }
}

/// The type of a column, whether it may be left out, and whether it is the key.
fn described(table: &Table, column: &Identifier) -> String {
    let Some(definition) = table.column(column.as_str()) else {
        return String::new();
    };
    let is_key = table
        .primary_key
        .as_ref()
        .is_some_and(|key| key.columns.contains(column));
    let mark = match (is_key, definition.nullable) {
        (true, _) => " key",
        (false, true) => " null",
        (false, false) => "",
    };
    definition.ty.sql().to_lowercase() + mark
}

/// The tables from which no lines are drawn, because there would be too many.
fn crowded(graph: &Graph) -> BTreeSet<&Identifier> {
    if graph.edges.len() <= MANY_LINES {
        return BTreeSet::new();
    }
    let parents = graph.nodes.iter().map(|node| &node.table);
    parents
        .filter(|parent| naming(graph, parent) > MOST_LINES_FROM_A_CARD)
        .collect()
}

/// How many foreign keys of other tables reference `table`.
fn naming(graph: &Graph, table: &Identifier) -> usize {
    let others = graph
        .edges
        .iter()
        .filter(|edge| edge.parent == *table && edge.child != *table);
    others.count()
}

fn list(names: &[Identifier]) -> String {
    let names: Vec<_> = names.iter().map(Identifier::as_str).collect();
    names.join(", ")
}

fn deletes_described(graph: &Graph, focus: &str) -> String {
    let count = |kind| {
        let of_kind = graph
            .edges
            .iter()
            .filter(|edge| Kind::of(edge.on_delete) == kind);
        of_kind.count()
    };
    let proved = |proof| {
        graph
            .edges
            .iter()
            .filter(|edge| edge.proof == proof)
            .count()
    };
    let mut text = format!(
        "Deleting a row of {focus} reaches {} other tables by {} foreign keys: {} delete the row that names the \
         deleted one, {} clear the reference, {} refuse.",
        graph.nodes.len().saturating_sub(1),
        graph.edges.len(),
        count(Kind::Goes),
        count(Kind::Stays),
        count(Kind::Refuses)
    );
    if graph.edges.iter().any(|edge| edge.proof != Mark::NotAsked) {
        text += &format!(
            " Tried on rows: {} do what is declared, {} do not, {} could not be proved.",
            proved(Mark::Proved),
            proved(Mark::Broken),
            proved(Mark::NotProved)
        );
    }
    text
}

/// A picture in the making.
struct Drawn<'a> {
    at: BTreeMap<&'a Identifier, usize>,
    cards: Vec<Card>,
    links: Vec<Link>,
}

impl<'a> Drawn<'a> {
    fn new(graph: &'a Graph) -> Self {
        let cards = graph.nodes.iter().map(|node| Card {
            name: node.table.to_string(),
            is_focus: graph.focus.as_ref() == Some(&node.table),
            is_new: node.is_new,
            rows: Vec::new(),
        });
        let places = graph.nodes.iter().enumerate();
        Drawn {
            cards: cards.collect(),
            at: places.map(|(at, node)| (&node.table, at)).collect(),
            links: Vec::new(),
        }
    }

    fn row(&mut self, table: &Identifier, row: Row) {
        let card = &mut self.cards[self.at[table]];
        card.rows.push(row);
    }

    fn foreign_key(&mut self, edge: &Edge, row: Row) {
        let (child, parent) = (self.at[&edge.child], self.at[&edge.parent]);
        if let Some(kind) = row.kind.filter(|_| !row.is_stub && child != parent) {
            self.links.push(Link {
                parent,
                child,
                row: self.cards[child].rows.len(),
                kind,
                proof: row.proof,
            });
        }
        self.cards[child].rows.push(row);
    }

    /// Where no lines are drawn from a card, it says how many there are.
    fn count_on(&mut self, crowded: &BTreeSet<&Identifier>, graph: &Graph) {
        for table in crowded {
            let count = naming(graph, table);
            let left = if graph.focus.as_ref() == Some(*table) {
                format!(
                    "named by {count} foreign keys; each tip without a line at a row {table} comes from here"
                )
            } else {
                format!("named by {count}, no lines drawn")
            };
            let row = Row {
                left,
                ..Row::default()
            };
            self.row(table, row);
        }
    }
}
