//! Tokens into a tree, by how tightly PostgreSQL's operators bind.

use super::ColumnType;
use super::node::Node;
use super::token::Token;
use crate::model::SqlType;

/// Words that are values by themselves.
const VALUES: [&str; 14] = [
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "null",
    "session_user",
    "user",
    "true",
    "false",
];

/// Functions that are keywords, which PostgreSQL prints in capitals.
const CAPITAL_FUNCTIONS: [&str; 4] = ["coalesce", "greatest", "least", "nullif"];

/// Functions that take a first argument of any type, and so none whose type is not said.
const OF_ANY_TYPE: [&str; 3] = ["array_fill", "to_json", "to_jsonb"];

/// Words that begin or part something else than a name. An expression with one of them where an
/// operand should be is not understood.
const NOT_NAMES: [&str; 22] = [
    "all", "and", "any", "as", "between", "case", "collate", "distinct", "else", "end", "from",
    "ilike", "in", "is", "like", "not", "or", "select", "similar", "some", "then", "when",
];

/// Reads tokens one after another.
pub(super) struct Parser<'t> {
    /// What is left to read.
    pub(super) tokens: &'t [Token],
    pub(super) column_type: &'t ColumnType<'t>,
    pub(super) depth: usize,
}

/// How tightly each operator binds, from loose to tight (manual, 4.1.6).
mod binding {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const IS: u8 = 4;
    pub(super) const COMPARISON: u8 = 5;
    pub(super) const MATCH: u8 = 6;
    pub(super) const OTHER: u8 = 7;
    pub(super) const SUM: u8 = 8;
    pub(super) const PRODUCT: u8 = 9;
    pub(super) const POWER: u8 = 10;
    pub(super) const ZONE: u8 = 11;
    pub(super) const SIGN: u8 = 12;
    pub(super) const CAST: u8 = 13;
}

impl Parser<'_> {
    pub(super) fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    pub(super) fn eat(&mut self, symbol: &str) -> Option<()> {
        match self.tokens.first() {
            Some(Token::Symbol(found)) if found == symbol => self.next().map(|_| ()),
            _ => None,
        }
    }

    pub(super) fn eat_words(&mut self, words: &[&str]) -> Option<()> {
        let found = self.tokens.get(..words.len())?;
        let same = found
            .iter()
            .zip(words)
            .all(|(token, word)| matches!(token, Token::Word(found) if found == word));
        if same {
            self.tokens = &self.tokens[words.len()..];
        }
        same.then_some(())
    }

    pub(super) fn expression(&mut self, least: u8) -> Option<Node> {
        self.depth += 1;
        let node = (self.depth < 64).then(|| self.operation(least))?;
        self.depth -= 1;
        node
    }

    fn operation(&mut self, least: u8) -> Option<Node> {
        let mut left = self.prefix()?;
        loop {
            match self.infix(left, least) {
                Step::Further(node) => left = node,
                Step::Done(node) => return Some(node),
                Step::Unknown => return None,
            }
        }
    }

    fn prefix(&mut self) -> Option<Node> {
        if self.eat_words(&["not"]).is_some() {
            let node = self.expression(binding::NOT)?;
            return Some(Node::Prefix("NOT".to_owned(), Box::new(node)));
        }
        match self.next()? {
            Token::Number(digits) => Some(Node::Number(digits)),
            Token::Text(text) => Some(Node::Text(text)),
            Token::Quoted(name) => self.name(format!("\"{name}\"")),
            Token::Symbol(symbol) => match symbol.as_str() {
                "(" => {
                    let node = self.expression(0)?;
                    self.eat(")")?;
                    Some(node)
                }
                "-" | "+" => {
                    let node = self.expression(binding::SIGN)?;
                    Some(match (symbol.as_str(), node) {
                        ("-", Node::Number(digits)) => Node::Number(format!("-{digits}")),
                        ("+", node @ Node::Number(_)) => node,
                        (_, node) => Node::Prefix(symbol, Box::new(node)),
                    })
                }
                _ => None,
            },
            Token::Word(word) => self.word(word),
        }
    }

    fn word(&mut self, word: String) -> Option<Node> {
        if word == "array" && self.eat("[").is_some() {
            return Some(Node::Array(self.list("]")?));
        }
        if word == "cast" && self.eat("(").is_some() {
            let node = self.expression(0)?;
            self.eat_words(&["as"])?;
            let ty = self.type_name()?;
            self.eat(")")?;
            return Some(self.cast(node, ty));
        }
        if NOT_NAMES.contains(&word.as_str()) {
            return None;
        }
        if let Some(Token::Text(text)) = self.tokens.first() {
            // interval '1 day'
            let text = Node::Text(text.clone());
            self.next();
            return Some(self.cast(text, SqlType::new(word)));
        }
        let follows_call = self.tokens.first() == Some(&Token::Symbol("(".to_owned()));
        if VALUES.contains(&word.as_str()) && !follows_call {
            return Some(Node::Name(match word.as_str() {
                "true" | "false" => word,
                _ => word.to_uppercase(),
            }));
        }
        self.name(word)
    }

    /// A column, or the function of a call, by its name up to the first dot.
    fn name(&mut self, first: String) -> Option<Node> {
        let mut parts = vec![first];
        while self.eat(".").is_some() {
            parts.push(match self.next()? {
                Token::Word(word) => word,
                Token::Quoted(name) => format!("\"{name}\""),
                _ => return None,
            });
        }
        if self.eat("(").is_some() {
            let name = parts
                .iter()
                .map(|part| unquoted(part))
                .collect::<Vec<_>>()
                .join(".");
            let name =
                if CAPITAL_FUNCTIONS.contains(&name.as_str()) || VALUES.contains(&name.as_str()) {
                    name.to_uppercase()
                } else {
                    name
                };
            let mut arguments = self.list(")")?;
            if OF_ANY_TYPE.contains(&name.as_str())
                && let Some(text @ Node::Text(_)) = arguments.first_mut()
            {
                *text = Node::Cast(Box::new(text.clone()), SqlType::new("text"));
            }
            return Some(Node::Call(name, arguments));
        }
        let quoted = parts.iter().map(|part| match part.strip_prefix('"') {
            Some(_) => part.clone(),
            None => format!("\"{part}\""),
        });
        Some(Node::Name(quoted.collect::<Vec<_>>().join(".")))
    }

    /// Expressions with commas between them, up to `end`.
    pub(super) fn list(&mut self, end: &str) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        if self.eat(end).is_some() {
            return Some(items);
        }
        loop {
            items.push(self.expression(0)?);
            if self.eat(",").is_none() {
                self.eat(end)?;
                return Some(items);
            }
        }
    }

    fn infix(&mut self, left: Node, least: u8) -> Step {
        match self.tokens.first() {
            Some(Token::Symbol(symbol)) => {
                let symbol = symbol.clone();
                self.symbol_infix(left, &symbol, least)
            }
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.word_infix(left, &word, least)
            }
            _ => Step::Done(left),
        }
    }

    fn symbol_infix(&mut self, left: Node, symbol: &str, least: u8) -> Step {
        let strength = match symbol {
            ")" | "]" | "," => return Step::Done(left),
            "::" => binding::CAST,
            "^" => binding::POWER,
            "*" | "/" | "%" => binding::PRODUCT,
            "+" | "-" => binding::SUM,
            "<" | ">" | "=" | "<=" | ">=" | "<>" | "!=" => binding::COMPARISON,
            "(" | "[" | "." => return Step::Unknown,
            _ => binding::OTHER,
        };
        if strength <= least {
            return Step::Done(left);
        }
        self.next();
        if symbol == "::" {
            return self
                .type_name()
                .map_or(Step::Unknown, |ty| Step::Further(self.cast(left, ty)));
        }
        let operator = if symbol == "!=" { "<>" } else { symbol };
        for (word, name) in [("any", "ANY"), ("some", "ANY"), ("all", "ALL")] {
            if self.eat_words(&[word]).is_some() {
                let Some(inside) = self.parenthesised() else {
                    return Step::Unknown;
                };
                let right = Node::Call(name.to_owned() + " ", vec![inside]);
                return Step::Further(self.binary(left, operator, right));
            }
        }
        match self.expression(strength) {
            Some(right) => Step::Further(self.binary(left, operator, right)),
            None => Step::Unknown,
        }
    }

    fn parenthesised(&mut self) -> Option<Node> {
        self.eat("(")?;
        let node = self.expression(0)?;
        self.eat(")")?;
        Some(node)
    }

    fn word_infix(&mut self, left: Node, word: &str, least: u8) -> Step {
        for (keyword, name, strength) in [("or", "OR", binding::OR), ("and", "AND", binding::AND)] {
            if word != keyword {
                continue;
            }
            if strength <= least {
                return Step::Done(left);
            }
            self.next();
            let Some(right) = self.expression(strength) else {
                return Step::Unknown;
            };
            return Step::Further(chain(name, left, right));
        }
        if word == "is" {
            if binding::IS <= least {
                return Step::Done(left);
            }
            return self.is(left).map_or(Step::Unknown, Step::Further);
        }
        if word == "at" {
            if binding::ZONE <= least {
                return Step::Done(left);
            }
            if self.eat_words(&["at", "time", "zone"]).is_none() {
                return Step::Unknown;
            }
            return match self.expression(binding::ZONE) {
                Some(zone) => Step::Further(Node::Call("timezone".to_owned(), vec![zone, left])),
                None => Step::Unknown,
            };
        }
        if word == "as" {
            return Step::Done(left);
        }
        if !matches!(word, "not" | "in" | "like" | "ilike" | "between") {
            return Step::Unknown;
        }
        if binding::MATCH <= least {
            return Step::Done(left);
        }
        let negated = self.eat_words(&["not"]).is_some();
        self.matches(left, negated)
            .map_or(Step::Unknown, Step::Further)
    }

    fn is(&mut self, left: Node) -> Option<Node> {
        const FORMS: [(&[&str], &str); 8] = [
            (&["is", "not", "null"], "IS NOT NULL"),
            (&["is", "null"], "IS NULL"),
            (&["is", "not", "true"], "IS NOT TRUE"),
            (&["is", "true"], "IS TRUE"),
            (&["is", "not", "false"], "IS NOT FALSE"),
            (&["is", "false"], "IS FALSE"),
            (&["is", "not", "unknown"], "IS NOT UNKNOWN"),
            (&["is", "unknown"], "IS UNKNOWN"),
        ];
        for (words, form) in FORMS {
            if self.eat_words(words).is_some() {
                return Some(Node::Postfix(Box::new(left), form));
            }
        }
        let operator = if self.eat_words(&["is", "not", "distinct", "from"]).is_some() {
            "IS NOT DISTINCT FROM"
        } else {
            self.eat_words(&["is", "distinct", "from"])?;
            "IS DISTINCT FROM"
        };
        let right = self.expression(binding::COMPARISON)?;
        Some(self.binary(left, operator, right))
    }

    /// `IN`, `LIKE`, `ILIKE` and `BETWEEN`, as PostgreSQL rewrites them.
    fn matches(&mut self, left: Node, negated: bool) -> Option<Node> {
        if self.eat_words(&["in"]).is_some() {
            self.eat("(")?;
            let items = Node::Array(self.list(")")?);
            let (operator, quantifier) = if negated {
                ("<>", "ALL ")
            } else {
                ("=", "ANY ")
            };
            let items = Node::Call(quantifier.to_owned(), vec![items]);
            return Some(self.binary(left, operator, items));
        }
        if self.eat_words(&["between"]).is_some() {
            let low = self.expression(binding::MATCH)?;
            self.eat_words(&["and"])?;
            let high = self.expression(binding::MATCH)?;
            let (word, below, above) = if negated {
                ("OR", "<", ">")
            } else {
                ("AND", ">=", "<=")
            };
            let low = self.binary(left.clone(), below, low);
            let high = self.binary(left, above, high);
            return Some(Node::Chain(word, vec![low, high]));
        }
        let operator = match (self.eat_words(&["like"]).is_some(), negated) {
            (true, false) => "~~",
            (true, true) => "!~~",
            (false, _) => {
                self.eat_words(&["ilike"])?;
                if negated { "!~~*" } else { "~~*" }
            }
        };
        let pattern = self.expression(binding::MATCH)?;
        Some(self.binary(left, operator, pattern))
    }
}

/// What comes of looking behind an operand.
enum Step {
    /// It is part of this operation, after which more may follow.
    Further(Node),
    /// Nothing there belongs to it.
    Done(Node),
    /// Something there is not understood.
    Unknown,
}

/// `left AND right`, in one list with what `left` and `right` are already.
fn chain(word: &'static str, left: Node, right: Node) -> Node {
    let mut nodes = Vec::new();
    for node in [left, right] {
        match node {
            Node::Chain(same, more) if same == word => nodes.extend(more),
            node => nodes.push(node),
        }
    }
    Node::Chain(word, nodes)
}

/// A name without its quotes, when it needs none as the name of a function.
fn unquoted(name: &str) -> String {
    let inside = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    match inside {
        Some(inside)
            if inside.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
                && inside
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') =>
        {
            inside.to_owned()
        }
        _ => name.to_owned(),
    }
}
