//! An expression as a tree, and its one spelling.

use crate::model::SqlType;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A column, quoted; or a word that is a value.
    Name(String),
    Number(String),
    /// A string constant, quotes included.
    Text(String),
    Cast(Box<Node>, SqlType),
    Call(String, Vec<Node>),
    /// `AND` or `OR` over two and more.
    Chain(&'static str, Vec<Node>),
    Prefix(String, Box<Node>),
    Postfix(Box<Node>, &'static str),
    Binary(Box<Node>, String, Box<Node>),
    Array(Vec<Node>),
}

impl Node {
    /// Whether it names a column that `is_column` knows.
    pub(super) fn names_column(&self, is_column: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Node::Name(name) => name
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'))
                .is_some_and(is_column),
            Node::Number(_) | Node::Text(_) => false,
            Node::Cast(node, _) | Node::Prefix(_, node) | Node::Postfix(node, _) => {
                node.names_column(is_column)
            }
            Node::Call(_, nodes) | Node::Chain(_, nodes) | Node::Array(nodes) => {
                nodes.iter().any(|node| node.names_column(is_column))
            }
            Node::Binary(left, _, right) => {
                left.names_column(is_column) || right.names_column(is_column)
            }
        }
    }

    /// In parentheses when it is an operation and `nested`.
    pub(super) fn print(&self, nested: bool) -> String {
        let list = |nodes: &[Node]| {
            let items: Vec<_> = nodes.iter().map(|node| node.print(false)).collect();
            items.join(", ")
        };
        let operation = match self {
            Node::Name(text) | Node::Number(text) | Node::Text(text) => return text.clone(),
            Node::Cast(node, ty) => {
                let operand = match **node {
                    Node::Text(_) => node.print(true),
                    _ => format!("({})", node.print(false)),
                };
                return format!("{operand}::{ty}", ty = ty.as_str());
            }
            Node::Call(name, arguments) => return format!("{name}({})", list(arguments)),
            Node::Array(items) => return format!("ARRAY[{}]", list(items)),
            Node::Chain(word, nodes) => {
                let parts: Vec<_> = nodes.iter().map(|node| node.print(true)).collect();
                parts.join(&format!(" {word} "))
            }
            Node::Prefix(operator, node) => format!("{operator} {}", node.print(true)),
            Node::Postfix(node, words) => format!("{} {words}", node.print(true)),
            Node::Binary(left, operator, right) => {
                format!("{} {operator} {}", left.print(true), right.print(true))
            }
        };
        if nested {
            format!("({operation})")
        } else {
            operation
        }
    }
}
