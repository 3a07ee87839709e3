//! The operator classes that PostgreSQL takes by itself.

use super::canon::type_name;
use super::sql_type::SqlType;

/// Whether `class` is the operator class that PostgreSQL takes by itself for a column of type `ty`
/// (manual, 11.10; `pg_opclass.opcdefault`). Only the built-in classes are known.
pub fn is_default(class: &str, method: &str, ty: &SqlType) -> bool {
    let ty = type_name(ty);
    let base = ty.without_modifiers();
    let name = match base.as_str() {
        _ if ty.is_array() => "array",
        "smallint" => "int2",
        "integer" => "int4",
        "bigint" => "int8",
        "real" => "float4",
        "double precision" => "float8",
        "character varying" => "text",
        "character" => "bpchar",
        "boolean" => "bool",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "bit varying" => "varbit",
        other => other,
    };
    match method {
        "brin" if name == "inet" => class == "inet_inclusion_ops",
        "brin" => class.strip_suffix("_minmax_ops") == Some(name),
        "gist" if name == "inet" => false,
        _ => class.strip_suffix("_ops") == Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_its_own_class_for_a_type() {
        for (class, method, ty, expected) in [
            ("text_ops", "btree", "text", true),
            ("text_ops", "btree", "varchar(20)", true),
            ("varchar_ops", "btree", "varchar(20)", false),
            ("text_pattern_ops", "btree", "text", false),
            ("int4_ops", "hash", "integer", true),
            ("jsonb_ops", "gin", "jsonb", true),
            ("jsonb_path_ops", "gin", "jsonb", false),
            ("array_ops", "gin", "integer[]", true),
            ("inet_ops", "gist", "inet", false),
            ("inet_ops", "spgist", "inet", true),
            ("inet_inclusion_ops", "brin", "inet", true),
            ("inet_minmax_ops", "brin", "inet", false),
            ("int4_minmax_ops", "brin", "integer", true),
            ("int4_minmax_multi_ops", "brin", "integer", false),
            ("timestamp_minmax_ops", "brin", "timestamp(3)", true),
        ] {
            let ty = SqlType::new(ty);
            assert_eq!(
                is_default(class, method, &ty),
                expected,
                "{class} {method} {ty}"
            );
        }
    }
}
