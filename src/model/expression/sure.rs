//! Expressions that give a value whatever the row holds.

use super::node::Node;
use super::parse::Parser;
use super::token::tokens;

/// Functions of PostgreSQL's and its extensions' that refuse no value of the types they take. A sequence may be
/// at its end, or gone: `nextval` is not among them.
const FUNCTIONS: [&str; 45] = [
    "ALL ",
    "ANY ",
    "COALESCE",
    "CURRENT_TIMESTAMP",
    "GREATEST",
    "LEAST",
    "LOCALTIMESTAMP",
    "NULLIF",
    "abs",
    "array_length",
    "btrim",
    "cardinality",
    "char_length",
    "clock_timestamp",
    "concat",
    "date_part",
    "date_trunc",
    "gen_random_uuid",
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
    "random",
    "replace",
    "reverse",
    "right",
    "rtrim",
    "statement_timestamp",
    "strpos",
    "timeofday",
    "timezone",
    "to_jsonb",
    "to_tsvector",
    "transaction_timestamp",
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

/// Whether `text` is known to give a value, or NULL, for every row. What is not understood is not known to.
pub(in crate::model) fn cannot_fail(text: &str) -> bool {
    let Some(tokens) = tokens(text) else {
        return false;
    };
    let mut parser = Parser {
        tokens: &tokens,
        column_type: &|_| None,
        depth: 0,
    };
    let node = parser.expression(0);
    node.is_some_and(|node| parser.tokens.is_empty() && is_sure(&node))
}

fn is_sure(node: &Node) -> bool {
    let all = |nodes: &[Node]| nodes.iter().all(is_sure);
    match node {
        Node::Name(_) | Node::Number(_) | Node::Text(_) => true,
        Node::Cast(inner, ty) => {
            let base = ty.without_modifiers();
            let is_number = matches!(
                base.as_str(),
                "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
            );
            match **inner {
                // PostgreSQL prints a constant so that it has read already, but numbers without quotes.
                Node::Text(_) => !is_number,
                Node::Number(_) => base == "numeric" || base == "double precision",
                _ => {
                    let base = base.trim_end_matches("[]");
                    matches!(base, "text" | "character varying" | "bpchar") && is_sure(inner)
                }
            }
        }
        Node::Call(name, arguments) => {
            let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
            FUNCTIONS.contains(&name) && all(arguments)
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

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(cannot_fail(sure), "{sure}");
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
            "CASE WHEN a THEN 1 ELSE 2 END",
        ] {
            assert!(!cannot_fail(unsure), "{unsure}");
        }
    }
}
