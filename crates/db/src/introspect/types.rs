//! Enums and domains.

use std::collections::BTreeMap;

use super::constraints::without_not_valid;
use super::reader::Reader;
use crate::query::answer;
use leora_core::model::{Constraint, Domain, Enum, Expression, Identifier, SqlType, Validity};

answer! {
    pub(super) struct EnumRow of "enums" {
        name: Identifier,
        labels: Vec<String>,
    }
}

answer! {
    pub(super) struct DomainRow of "domains" {
        name: Identifier,
        r#type: SqlType,
        not_null: bool,
        default_expression: Option<Expression>,
        check_name: Option<Identifier>,
        check_definition: Option<String>,
        check_is_valid: Option<bool>,
    }
}

impl Reader {
    pub(super) fn enums(&mut self, rows: Vec<EnumRow>) {
        let enums = rows.into_iter();
        self.schema
            .enums
            .extend(enums.map(|row| (row.name, Enum::new(row.labels))));
    }

    pub(super) fn domains(&mut self, rows: Vec<DomainRow>) {
        for row in rows {
            let domain = self.schema.domains.entry(row.name);
            let domain = domain.or_insert_with(|| Domain {
                ty: row.r#type,
                not_null: row.not_null,
                default: row.default_expression,
                checks: BTreeMap::new(),
            });
            if let Some((name, definition)) = row.check_name.zip(row.check_definition) {
                let check = Constraint {
                    definition: without_not_valid(&definition),
                    validity: match row.check_is_valid {
                        Some(true) => Validity::Valid,
                        _ => Validity::NotValid,
                    },
                };
                domain.checks.insert(name, check);
            }
        }
    }
}
