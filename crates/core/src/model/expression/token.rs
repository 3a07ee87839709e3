//! The words, numbers, strings and symbols of an expression.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Without quotes: a keyword, or a name in lower case.
    Word(String),
    /// A name in double quotes, as it is written between them.
    Quoted(String),
    Number(String),
    /// A string constant, as it is written, quotes included.
    Text(String),
    /// An operator, a bracket, a comma, a dot, `::`.
    Symbol(String),
}

/// Longer expressions are left alone, and short ones cannot lie too deep.
const MAX_TOKENS: usize = 1_000;

pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let end_of =
            |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let (token, len) = match c {
            '\'' | '"' => {
                let mut len = 1;
                loop {
                    len += rest[len..].find(c)? + 1;
                    if !rest[len..].starts_with(c) {
                        break;
                    }
                    len += 1;
                }
                let inside = rest[1..len - 1].to_owned();
                let token = match c {
                    '"' => Token::Quoted(inside),
                    _ => Token::Text(rest[..len].to_owned()),
                };
                (token, len)
            }
            '0'..='9' => {
                let len = end_of(&|c| c.is_ascii_digit() || c == '.');
                (Token::Number(rest[..len].to_owned()), len)
            }
            c if c.is_alphabetic() || c == '_' => {
                let len = end_of(&|c| c.is_alphanumeric() || c == '_' || c == '$');
                if rest[len..].starts_with('\'') {
                    return None; // E'', B'', U&''
                }
                (Token::Word(rest[..len].to_lowercase()), len)
            }
            '(' | ')' | '[' | ']' | ',' | '.' => (Token::Symbol(c.to_string()), 1),
            ':' if rest.starts_with("::") => (Token::Symbol("::".to_owned()), 2),
            c if OPERATOR.contains(c) => {
                let len = end_of(&|c| OPERATOR.contains(c));
                let operator = &rest[..len];
                if operator.contains("--") || operator.contains("/*") {
                    return None;
                }
                (Token::Symbol(operator.to_owned()), len)
            }
            _ => return None,
        };
        tokens.push(token);
        if tokens.len() > MAX_TOKENS {
            return None;
        }
        rest = rest[len..].trim_start();
    }
    Some(tokens)
}

const OPERATOR: &str = "+-*/<>=~!@#%^&|`?";
