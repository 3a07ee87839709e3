//! Graphs as Graphviz DOT.

use leora_core::graph::{Graph, Mark};
use leora_core::model::{Action, Identifier};

/// Writes `graph`: a box a table, an edge a foreign key, from the parent to the child.
pub fn render(graph: &Graph) -> String {
    let mut out = String::from(
        "digraph leora {\n    rankdir=LR;\n    node [shape=box, fontname=\"monospace\", fontsize=10];\n    \
         edge [fontname=\"monospace\", fontsize=8];\n",
    );
    for node in &graph.nodes {
        let style = match (graph.focus.as_ref() == Some(&node.table), node.is_new) {
            (true, _) => " [style=bold]",
            (false, true) => " [style=filled, fillcolor=\"#e6f0fb\"]",
            (false, false) => "",
        };
        out += &format!("    {}{style};\n", quoted(&node.table.to_string()));
    }
    for edge in &graph.edges {
        let style = match edge.on_delete {
            Action::Cascade => "style=solid, arrowhead=normal",
            Action::SetNull | Action::SetDefault => "style=dashed, arrowhead=odot",
            Action::Restrict | Action::NoAction => "style=bold, arrowhead=tee",
        };
        let proof = match edge.proof {
            Mark::NotAsked => "",
            Mark::Proved => "\nproved",
            Mark::Broken => "\nBROKEN",
            Mark::NotProved => "\nnot proved",
        };
        let columns: Vec<_> = edge.columns.iter().map(Identifier::to_string).collect();
        let action = edge.on_delete.sql().to_lowercase();
        out += &format!(
            "    {} -> {} [label={}, {style}];\n",
            quoted(&edge.parent.to_string()),
            quoted(&edge.child.to_string()),
            quoted(&format!("{}\n{action}{proof}", columns.join(", "))),
        );
    }
    out + "}\n"
}

/// A string of DOT. Only the quote ends one; a backslash would begin an escape.
fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
