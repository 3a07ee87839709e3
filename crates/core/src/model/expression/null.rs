//! What a CHECK makes of NULL.

use super::node::Node;
use super::read;

/// Functions that give NULL where an argument is NULL (`pg_proc.proisstrict`).
const STRICT: [&str; 14] = [
    "abs",
    "btrim",
    "cardinality",
    "char_length",
    "date_part",
    "date_trunc",
    "length",
    "lower",
    "ltrim",
    "octet_length",
    "round",
    "rtrim",
    "strpos",
    "upper",
];

/// What an expression may come to. What is no condition is either NULL or anything else, `yes` and `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcomes {
    yes: bool,
    no: bool,
    null: bool,
}

const ANY: Outcomes = Outcomes {
    yes: true,
    no: true,
    null: true,
};
const NULL: Outcomes = Outcomes {
    yes: false,
    no: false,
    null: true,
};
const NOT_NULL: Outcomes = Outcomes {
    yes: true,
    no: true,
    null: false,
};

impl Outcomes {
    fn of(condition: bool) -> Outcomes {
        Outcomes {
            yes: condition,
            no: !condition,
            null: false,
        }
    }

    fn is_value(self) -> bool {
        self.yes || self.no
    }

    fn not(self) -> Outcomes {
        Outcomes {
            yes: self.no,
            no: self.yes,
            null: self.null,
        }
    }

    fn and(self, other: Outcomes) -> Outcomes {
        Outcomes {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            null: self.null && (other.null || other.yes) || other.null && self.yes,
        }
    }

    fn or(self, other: Outcomes) -> Outcomes {
        self.not().and(other.not()).not()
    }
}

/// Whether the CHECK `text` is known to accept a row with NULL in the columns that `is_null` knows, whatever its other
/// columns hold: it does unless it is false (manual, 5.4.1). What is not understood is not known to.
pub fn accepts_null(text: &str, is_null: &dyn Fn(&str) -> bool) -> bool {
    read(text, &|_| None).is_some_and(|node| !outcomes(&node, is_null).no)
}

fn outcomes(node: &Node, is_null: &dyn Fn(&str) -> bool) -> Outcomes {
    let of = |node: &Node| outcomes(node, is_null);
    match node {
        Node::Name(name) => match name.as_str() {
            "true" => Outcomes::of(true),
            "false" => Outcomes::of(false),
            "NULL" => NULL,
            name => match name
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'))
            {
                Some(column) if is_null(&column.replace("\"\"", "\"")) => NULL,
                _ => ANY,
            },
        },
        Node::Number(_) | Node::Text(_) => NOT_NULL,
        Node::Array(_) => NOT_NULL,
        // A domain may refuse NULL.
        Node::Cast(inner, ty) => match of(inner) {
            NULL if ty.as_str().starts_with('"') || ty.as_str().contains('.') => ANY,
            NULL => NULL,
            inner => Outcomes {
                null: inner.null,
                ..NOT_NULL
            },
        },
        Node::Call(name, arguments) => {
            let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
            let mut of_arguments = arguments.iter().map(of);
            match name {
                _ if STRICT.contains(&name) && of_arguments.any(|one| one == NULL) => NULL,
                _ => ANY,
            }
        }
        Node::Chain(word, nodes) => {
            let all = nodes.iter().map(of);
            match *word {
                "AND" => all.fold(Outcomes::of(true), Outcomes::and),
                "OR" => all.fold(Outcomes::of(false), Outcomes::or),
                _ => ANY,
            }
        }
        Node::Prefix(operator, inner) => match (operator.as_str(), of(inner)) {
            ("NOT", inner) => inner.not(),
            (_, NULL) => NULL,
            _ => ANY,
        },
        Node::Postfix(inner, test) => {
            let inner = of(inner);
            let is_null = Outcomes {
                yes: inner.null,
                no: inner.is_value(),
                null: false,
            };
            match *test {
                "IS NULL" => is_null,
                "IS NOT NULL" => is_null.not(),
                _ => ANY,
            }
        }
        Node::Binary(left, operator, right) => {
            // Of no element, ANY is false and ALL is true, also for NULL.
            let has_elements = match &**right {
                Node::Call(name, list) if matches!(name.trim(), "ANY" | "ALL") => {
                    matches!(list.as_slice(), [list] if is_filled(list))
                }
                _ => true,
            };
            let is_comparison = matches!(
                operator.as_str(),
                "=" | "<>"
                    | "<"
                    | ">"
                    | "<="
                    | ">="
                    | "+"
                    | "-"
                    | "*"
                    | "/"
                    | "%"
                    | "||"
                    | "~"
                    | "~*"
                    | "!~"
                    | "!~*"
                    | "~~"
                    | "~~*"
                    | "!~~"
                    | "!~~*"
            );
            let right = match &**right {
                Node::Call(name, _) if matches!(name.trim(), "ANY" | "ALL") => ANY,
                right => of(right),
            };
            match is_comparison && has_elements && (of(left) == NULL || right == NULL) {
                true => NULL,
                false => ANY,
            }
        }
    }
}

/// Whether it is an array with elements, cast or not.
fn is_filled(node: &Node) -> bool {
    match node {
        Node::Array(elements) => !elements.is_empty(),
        Node::Cast(inner, _) => is_filled(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str) -> bool {
        accepts_null(text, &|column| ["user_id", "Kind"].contains(&column))
    }

    #[test]
    fn a_check_that_null_passes_is_told_from_one_that_may_refuse_it() {
        for text in [
            "(user_id > 0)",
            "((user_id IS NULL) OR (n > 0))",
            "(user_id <> '00000000-0000-0000-0000-000000000000'::uuid)",
            "((\"Kind\")::text = ANY (ARRAY['a'::text, 'b'::text]))",
            "((\"Kind\")::text = ANY ((ARRAY['a'::character varying])::text[]))",
            "(user_id <> other)",
            "(NOT (user_id = 5))",
            "(length(\"Kind\") < 10)",
            "((user_id > 0) AND (user_id < 9))",
            "((user_id > 0) OR (n > 0))",
            "true",
            "(user_id IS NULL)",
        ] {
            assert!(accepts(text), "{text}");
        }
        for text in [
            "(user_id IS NOT NULL)",
            "((user_id IS NOT NULL) OR (n > 0))",
            "((user_id > 0) AND (n > 0))",
            "(NOT (user_id IS NULL))",
            "(num_nonnulls(user_id, other) = 1)",
            "(COALESCE(user_id, 0) > 0)",
            "(user_id IS DISTINCT FROM 5)",
            "((user_id = 5) IS TRUE)",
            "(user_id = ANY (ids))",
            "(user_id = ANY ('{}'::integer[]))",
            "mine(user_id)",
            "CASE WHEN (user_id = 1) THEN true ELSE false END",
            "(other > 0)",
            "((user_id)::other.positive > 0)",
            "false",
            "(",
        ] {
            assert!(!accepts(text), "{text}");
        }
    }
}
