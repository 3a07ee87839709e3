//! Graphs as Mermaid, which pages on GitHub and GitLab draw.

use leora_core::graph::{Edge, Graph, Mark};
use leora_core::model::{Action, Identifier, Schema, in_a_line};

/// What a delete reaches, as a flowchart: an arrow where the row goes too, a dotted one where it
/// stays, a cross where the delete is refused.
pub fn of_deletes(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, node) in graph.nodes.iter().enumerate() {
        out += &format!("    t{number}[\"{}\"]\n", escaped(node.table.as_str()));
    }
    for edge in &graph.edges {
        let arrow = match edge.on_delete {
            Action::Cascade => "-->",
            Action::SetNull | Action::SetDefault => "-.->",
            Action::Restrict | Action::NoAction => "--x",
        };
        out += &format!(
            "    t{} {arrow}|\"{}{}\"| t{}\n",
            place(graph, &edge.parent),
            edge.on_delete.sql().to_lowercase(),
            proof(edge),
            place(graph, &edge.child),
        );
    }
    let new = graph
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.is_new);
    let new: Vec<_> = new.map(|(number, _)| format!("t{number}")).collect();
    if !new.is_empty() {
        out += "    classDef new stroke-width:3px\n";
        out += &format!("    class {} new\n", new.join(","));
    }
    out
}

/// Models and their relations, as an entity relationship diagram.
pub fn of_models(graph: &Graph, schema: &Schema) -> String {
    let mut out = String::from("erDiagram\n");
    for node in &graph.nodes {
        let Some(table) = schema.tables.get(&node.table) else {
            continue;
        };
        out += &format!("    \"{}\" {{\n", escaped(node.table.as_str()));
        for column in &table.columns {
            let is_key = table
                .primary_key
                .as_ref()
                .is_some_and(|key| key.columns.contains(&column.name));
            let references = graph
                .edges
                .iter()
                .any(|edge| edge.child == node.table && edge.columns.contains(&column.name));
            let marks: Vec<_> = [(is_key, "PK"), (references, "FK")]
                .into_iter()
                .filter(|(is, _)| *is)
                .map(|(_, mark)| mark)
                .collect();
            let marks = if marks.is_empty() {
                String::new()
            } else {
                format!(" {}", marks.join(", "))
            };
            let (ty, name) = (word(&column.ty.sql()), word(column.name.as_str()));
            out += &format!("        {ty} {name}{marks}\n");
        }
        out += "    }\n";
    }
    for edge in &graph.edges {
        let one = if edge.is_optional { "|o" } else { "||" };
        let columns: Vec<_> = edge.columns.iter().map(Identifier::as_str).collect();
        out += &format!(
            "    \"{}\" {one}--o{{ \"{}\" : \"{}, {}{}\"\n",
            escaped(edge.parent.as_str()),
            escaped(edge.child.as_str()),
            escaped(&columns.join(" ")),
            edge.on_delete.sql().to_lowercase(),
            proof(edge)
        );
    }
    out
}

fn place(graph: &Graph, table: &Identifier) -> usize {
    let mut nodes = graph.nodes.iter();
    nodes
        .position(|node| node.table == *table)
        .unwrap_or_default()
}

fn proof(edge: &Edge) -> &'static str {
    match edge.proof {
        Mark::NotAsked => "",
        Mark::Proved => ", proved",
        Mark::Broken => ", BROKEN",
        Mark::NotProved => ", not proved",
    }
}

/// Text for between quotes. Mermaid writes characters as `#34;`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in in_a_line(text).chars() {
        match character {
            '#' | '"' | '<' | '>' | '&' | '`' | '\\' | '%' | ';' => {
                out += &format!("#{};", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

/// A type or an attribute, which Mermaid takes without quotes and so without much else.
fn word(text: &str) -> String {
    let kept = |character: char| character.is_ascii_alphanumeric() || "_-()[]".contains(character);
    text.chars()
        .map(|character| if kept(character) { character } else { '_' })
        .collect()
}
