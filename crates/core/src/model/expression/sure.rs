//! Expressions that give a value whatever the row holds.

use super::ColumnType;
use super::node::Node;
use super::parse::Parser;
use super::token::{Token, tokens};

/// Functions of PostgreSQL's, its extensions' and Supabase's that refuse no value of the types they take. A sequence
/// may be at its end, or gone: `nextval` is not among them.
const FUNCTIONS: [&str; 56] = [
    "ALL ",
    "ANY ",
    "COALESCE",
    "CURRENT_TIMESTAMP",
    "GREATEST",
    "LEAST",
    "LOCALTIMESTAMP",
    "NULLIF",
    "abs",
    "auth.email",
    "auth.jwt",
    "auth.role",
    "auth.uid",
    "array_length",
    "btrim",
    "cardinality",
    "char_length",
    "clock_timestamp",
    "concat",
    "date_part",
    "date_trunc",
    "extensions.gen_random_uuid",
    "extensions.uuid_generate_v4",
    "extract",
    "gen_random_uuid",
    "inet_client_addr",
    "initcap",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_typeof",
    "left",
    "length",
    "lower",
    "ltrim",
    "md5",
    "now",
    "octet_length",
    "position",
    "random",
    "replace",
    "reverse",
    "right",
    "round",
    "rtrim",
    "statement_timestamp",
    "strpos",
    "timeofday",
    "timezone",
    "to_jsonb",
    "to_tsvector",
    "transaction_timestamp",
    "trim",
    "upper",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Operators that refuse no value: no division, no power, and none that people made.
const OPERATORS: [&str; 34] = [
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "||",
    "->",
    "->>",
    "#>",
    "#>>",
    "@>",
    "<@",
    "?",
    "?|",
    "?&",
    "&&",
    "@@",
    "~~",
    "!~~",
    "~~*",
    "!~~*",
    "~",
    "!~",
    "~*",
    "!~*",
    "%%",
    "&",
    "|",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
];

/// Functions of a text that refuse some numbers: none that is written out and above zero.
const OF_A_TEXT_AND_NUMBERS: [&str; 3] = ["split_part", "substr", "substring"];

/// What gives a moment.
const OF_TIME: [&str; 8] = [
    "CURRENT_TIMESTAMP",
    "LOCALTIMESTAMP",
    "clock_timestamp",
    "date_trunc",
    "now",
    "statement_timestamp",
    "timezone",
    "transaction_timestamp",
];

/// Whether `text`, which may name columns of the types that `column_type` tells, is known to give a value, or NULL, for
/// every row. What is not understood is not known to.
pub(in crate::model) fn cannot_fail(text: &str, column_type: &ColumnType<'_>) -> bool {
    let Some(tokens) = tokens(text).map(as_calls) else {
        return false;
    };
    let mut parser = Parser {
        tokens: &tokens,
        column_type,
        depth: 0,
    };
    let node = parser.expression(0);
    node.is_some_and(|node| parser.tokens.is_empty() && is_sure(&node, column_type))
}

/// `CASE` and the functions with words between their arguments (manual, 9.18.1, 9.4 and 9.9.1), as calls: what each part
/// is worth is the same.
fn as_calls(tokens: Vec<Token>) -> Vec<Token> {
    let symbol = |text: &str| Token::Symbol(text.to_owned());
    let is =
        |token: Option<&Token>, word: &str| matches!(token, Some(Token::Word(own)) if own == word);
    let mut calls: Vec<Token> = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else {
            calls.push(token.clone());
            continue;
        };
        match word.as_str() {
            "case" => calls.extend([Token::Word("coalesce".to_owned()), symbol("(")]),
            "when"
                if is(
                    at.checked_sub(1).and_then(|before| tokens.get(before)),
                    "case",
                ) => {}
            "both" | "leading" | "trailing" if !is(tokens.get(at + 1), "from") => {}
            "from" if is(calls.last(), "distinct") => calls.push(token.clone()),
            "when" | "then" | "else" | "from" | "for" | "in" => calls.push(symbol(",")),
            "end" => calls.push(symbol(")")),
            _ => calls.push(token.clone()),
        }
    }
    calls
}

fn is_sure(node: &Node, column_type: &ColumnType<'_>) -> bool {
    let is_sure = |node: &Node| is_sure(node, column_type);
    let all = |nodes: &[Node]| nodes.iter().all(is_sure);
    match node {
        Node::Name(_) | Node::Number(_) | Node::Text(_) => true,
        Node::Cast(inner, ty) => {
            let base = ty.without_modifiers();
            match &**inner {
                // PostgreSQL prints a constant so that it has read already, but numbers without quotes.
                Node::Text(_) => !is_number(&base),
                Node::Number(_) => base == "numeric" || base == "double precision",
                inner => {
                    let is_text = matches!(
                        base.trim_end_matches("[]"),
                        "text" | "character varying" | "bpchar"
                    );
                    let is_part = is_of_time(inner, column_type) && is_time(&base);
                    let is_wider = ty.modifiers().is_empty()
                        && matches!(base.as_str(), "numeric" | "double precision")
                        && is_whole(inner, column_type);
                    is_sure(inner) && (is_text || is_part || is_wider)
                }
            }
        }
        Node::Call(name, arguments) => {
            let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
            let above_zero = |node: &Node| matches!(node, Node::Number(n) if !n.trim_start_matches('0').is_empty());
            match arguments.as_slice() {
                [text, numbers @ ..] if OF_A_TEXT_AND_NUMBERS.contains(&name) => {
                    let mut others = numbers
                        .iter()
                        .filter(|node| name != "split_part" || !is_constant_text(node));
                    is_sure(text) && others.all(above_zero)
                }
                // With its second argument, it gives NULL for what nobody set (manual, 9.28.1).
                [setting, Node::Name(missing_ok)] if name == "current_setting" => {
                    missing_ok == "true" && is_constant_text(setting)
                }
                _ => FUNCTIONS.contains(&name) && all(arguments),
            }
        }
        Node::Chain(_, nodes) | Node::Array(nodes) => all(nodes),
        Node::Prefix(operator, inner) => {
            matches!(operator.as_str(), "NOT" | "-" | "+") && is_sure(inner)
        }
        Node::Postfix(inner, _) => is_sure(inner),
        Node::Binary(left, operator, right) => {
            OPERATORS.contains(&operator.as_str()) && is_sure(left) && is_sure(right)
        }
    }
}

fn is_constant_text(node: &Node) -> bool {
    match node {
        Node::Text(_) => true,
        Node::Cast(inner, ty) => matches!(**inner, Node::Text(_)) && ty.as_str() == "text",
        _ => false,
    }
}

fn is_number(base: &str) -> bool {
    matches!(
        base,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
    )
}

fn is_time(base: &str) -> bool {
    base == "date" || base.starts_with("time")
}

/// The type of what is a column.
fn type_of(node: &Node, column_type: &ColumnType<'_>) -> Option<String> {
    let Node::Name(name) = node else {
        return None;
    };
    Some(column_type(name.trim_matches('"'))?.without_modifiers())
}

fn is_whole(node: &Node, column_type: &ColumnType<'_>) -> bool {
    let ty = type_of(node, column_type);
    ty.is_some_and(|ty| matches!(ty.as_str(), "smallint" | "integer" | "bigint"))
}

/// Whether it is a moment, of which a part or another form can be had.
fn is_of_time(node: &Node, column_type: &ColumnType<'_>) -> bool {
    match node {
        Node::Name(_) => type_of(node, column_type).is_some_and(|ty| ty.starts_with("timestamp")),
        Node::Call(name, _) => OF_TIME.contains(&name.as_str()),
        Node::Binary(left, operator, _) => {
            matches!(operator.as_str(), "+" | "-") && is_of_time(left, column_type)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SqlType;

    fn columns(name: &str) -> Option<SqlType> {
        match name {
            "attempts" => Some(SqlType::new("integer")),
            "updatedAt" => Some(SqlType::new("timestamp(3) without time zone")),
            "label" => Some(SqlType::new("text")),
            _ => None,
        }
    }

    #[test]
    fn what_may_refuse_a_row_is_told_from_what_may_not() {
        for sure in [
            "lower(name)",
            "lower((\"accountNumber\")::text)",
            "pg_catalog.now()",
            "(status = 'pending'::text)",
            "((status = 'A'::\"Status\") AND (\"deletedAt\" IS NULL))",
            "(kind = ANY (ARRAY['a'::text, 'b'::text]))",
            "((label)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            "to_tsvector('english'::regconfig, name)",
            "(payload ->> 'cost'::text)",
            "(now() + '1 day'::interval)",
            "(total > (0)::numeric)",
            "date_trunc('day'::text, \"createdAt\")",
            "''",
            "'it''s (not) called'::character varying(40)",
            "ARRAY['a'::text]",
            "'{}'::jsonb",
            "CASE WHEN (a = 1) THEN 'x'::text ELSE lower(b) END",
            "CASE a WHEN 1 THEN b END",
            "TRIM(BOTH FROM name)",
            "TRIM(BOTH 'x'::text FROM name)",
            "POSITION(('x'::text) IN (type))",
            "SUBSTRING(name FROM 1 FOR 3)",
            "split_part(type, '_'::text, 1)",
            "EXTRACT(year FROM \"updatedAt\")",
            "(\"updatedAt\")::date",
            "((now() + '30 days'::interval))::date",
            "round((attempts)::numeric, 1)",
            "(a IS DISTINCT FROM b)",
            "current_setting('app.region'::text, true)",
        ] {
            assert!(cannot_fail(sure, &columns), "{sure}");
        }
        for unsure in [
            "(1 / (version - 1))",
            "(version % 2)",
            "(code)::integer",
            "((payload ->> 'cost'::text))::numeric",
            "('first'::text)::integer",
            "('x'::text)::uuid = id AND (label)::date IS NULL",
            "known(status)",
            "public.lower(status)",
            "(a === b)",
            "(a OPERATOR(public.=) b)",
            "nextval('lost'::text)",
            "current_setting('app.region'::text)",
            "current_setting('app.region'::text, false)",
            "current_setting(name, true)",
            "CASE WHEN a THEN (1 / b) ELSE 2 END",
            "SUBSTRING(name FROM 1 FOR attempts)",
            "split_part(type, '_'::text, 0)",
            "(label)::numeric",
            "(attempts)::numeric(2,0)",
            "(attempts)::smallint",
        ] {
            assert!(!cannot_fail(unsure, &columns), "{unsure}");
        }
    }
}
