//! Casts, and constants beside columns: what says the same without a cast goes without.

use super::node::Node;
use super::parse::Parser;
use super::token::Token;
use crate::model::{SqlType, canon, moment, name};

impl Parser<'_> {
    pub(super) fn type_name(&mut self) -> Option<SqlType> {
        let mut name = match self.next()? {
            Token::Word(word) => word,
            Token::Quoted(name) => format!("\"{name}\""),
            _ => return None,
        };
        if self.eat(".").is_some() {
            let last = match self.next()? {
                Token::Word(word) => word,
                Token::Quoted(name) => format!("\"{name}\""),
                _ => return None,
            };
            name = format!("{name}.{last}");
        }
        for more in ["precision", "varying"] {
            if self.eat_words(&[more]).is_some() {
                name = format!("{name} {more}");
            }
        }
        if self.eat("(").is_some() {
            let numbers = self.list(")")?;
            let numbers: Vec<_> = numbers.iter().map(|number| number.print(false)).collect();
            name = format!("{name}({})", numbers.join(","));
        }
        for (words, zone) in [
            (["with", "time", "zone"], " with time zone"),
            (["without", "time", "zone"], " without time zone"),
        ] {
            if self.eat_words(&words).is_some() {
                name += zone;
            }
        }
        while self.eat("[").is_some() {
            self.eat("]")?;
            name += "[]";
        }
        Some(SqlType::new(name))
    }

    /// The type of the column that `name` quotes, without length, precision and scale.
    fn type_of(&self, name: &str) -> Option<String> {
        let column = name.strip_prefix('"')?.strip_suffix('"')?;
        Some((self.column_type)(column)?.without_modifiers())
    }

    /// A constant beside a column of its own type, or a list of such, as the type keeps it and
    /// without a cast.
    fn beside(&self, column: &Node, constant: Node) -> Node {
        let Node::Name(name) = column else {
            return constant;
        };
        let Some(ty) = self.type_of(name) else {
            return constant;
        };
        match constant {
            Node::Call(quantifier, lists) if quantifier.ends_with(' ') => {
                let lists = lists.into_iter().map(|list| match list {
                    Node::Array(items) => {
                        let items = items.into_iter().map(|item| self.beside(column, item));
                        Node::Array(items.collect())
                    }
                    other => other,
                });
                Node::Call(quantifier, lists.collect())
            }
            Node::Cast(node, cast) if cast.without_modifiers() == ty => self.beside(column, *node),
            Node::Text(text) => match canon::constant_of(&text, &SqlType::new(ty)) {
                Some(canonical) if canonical.starts_with('\'') => Node::Text(canonical),
                _ => Node::Text(text),
            },
            other => other,
        }
    }

    pub(super) fn binary(&self, left: Node, operator: &str, right: Node) -> Node {
        let (left, right) = match (&left, &right) {
            (Node::Name(_), _) => {
                let right = self.beside(&left, right);
                (left, right)
            }
            (_, Node::Name(_)) => (self.beside(&right, left), right),
            _ => (left, right),
        };
        Node::Binary(Box::new(left), operator.to_owned(), Box::new(right))
    }

    /// A cast, unless the operand says the same without it.
    pub(super) fn cast(&self, node: Node, ty: SqlType) -> Node {
        let ty = canon::type_name(&ty);
        let base = ty.without_modifiers();
        let is_limited = !ty.modifiers().is_empty();
        let is_text = matches!(base.as_str(), "text" | "character varying" | "bpchar");
        let is_number = matches!(base.as_str(), "smallint" | "integer" | "bigint" | "numeric");
        match node {
            Node::Text(text) if is_number => {
                let digits = text.trim_matches('\'');
                if digits.parse::<f64>().is_ok() && !is_limited {
                    return Node::Number(digits.to_owned());
                }
                Node::Cast(Box::new(Node::Text(text)), ty)
            }
            Node::Text(text)
                if !is_limited && (is_text || base == "regclass" || is_made(&base)) =>
            {
                Node::Text(text)
            }
            Node::Text(text) => {
                let value = text.trim_matches('\'');
                let text = match moment::canonical(value, &ty) {
                    Some(moment) => name::literal_plain(&moment),
                    None => text,
                };
                Node::Cast(Box::new(Node::Text(text)), ty)
            }
            Node::Number(digits) if is_number && !is_limited && !digits.contains('.') => {
                Node::Number(digits)
            }
            Node::Number(digits) if base == "numeric" && !is_limited => Node::Number(digits),
            // How PostgreSQL prints a column of type character varying where it acts as text.
            Node::Name(name)
                if base == "text"
                    && self
                        .type_of(&name)
                        .is_some_and(|ty| ty.starts_with("character varying")) =>
            {
                Node::Name(name)
            }
            Node::Array(items) if ty.is_array() => {
                let element = ty.element();
                let items = items
                    .into_iter()
                    .map(|item| self.cast(item, element.clone()));
                Node::Array(items.collect())
            }
            node => Node::Cast(Box::new(node), ty),
        }
    }
}

/// Whether a type is one that people made, an enum above all: its constants need no cast where a
/// column of the type is.
fn is_made(base: &str) -> bool {
    base.contains('"') || base.contains('.')
}
