//! What to do about an enum.

use super::OR_KEEP;
use crate::ddl::{Change, default_of};
use crate::model::name::literal;
use crate::model::{ColumnDefault, Enum, Identifier, Schema};
use crate::verify::check::Remedy;
use crate::verify::evidence::Evidence;

/// What brings an enum back from under another name or from another schema, or makes it.
pub(super) fn missing(evidence: &Evidence<'_>, name: &Identifier) -> Option<String> {
    let wanted = evidence.promise.whole.enums.get(name)?;
    let to = name.quoted();
    if let Some(other) = under_another_name(evidence, wanted) {
        let other = other.quoted();
        return Some(format!(
            "ALTER TYPE {other} RENAME TO {to}; -- it has the same labels"
        ));
    }
    if let Some(other) = in_another_schema(evidence.actual, name) {
        let schema = evidence.schema.quoted();
        return Some(format!(
            "ALTER TYPE {other} SET SCHEMA {schema}; -- columns use it there"
        ));
    }
    let away = match evidence.actual.domains.contains_key(name) {
        true => format!("ALTER DOMAIN {to} RENAME TO {};\n", before(name)?),
        false => String::new(),
    };
    Some(format!("{away}{};", made(name, wanted)))
}

/// The enum that nobody asked for and that has the labels of `wanted`, when there is one.
fn under_another_name<'a>(evidence: &'a Evidence<'_>, wanted: &Enum) -> Option<&'a Identifier> {
    let promised = &evidence.promise.whole.enums;
    let strange = evidence.actual.enums.iter();
    let mut alike = strange
        .filter(|(name, there)| !promised.contains_key(*name) && there.has_labels_of(wanted));
    let (name, _) = alike.next()?;
    alike.next().is_none().then_some(name)
}

/// The type of the name that columns have instead, as SQL.
fn in_another_schema(actual: &Schema, name: &Identifier) -> Option<String> {
    let columns = actual.tables.values().flat_map(|table| &table.columns);
    let mut types = columns.map(|column| column.ty.element());
    let found = types.find(|ty| {
        let unqualified = ty
            .as_str()
            .rsplit_once('.')
            .map(|(_, unqualified)| unqualified);
        unqualified.is_some_and(|unqualified| unqualified.trim_matches('"') == name.as_str())
    });
    found.map(|ty| ty.as_str().to_owned())
}

fn made(name: &Identifier, wanted: &Enum) -> String {
    let (name, definition) = (name.clone(), wanted.clone());
    Change::CreateEnum { name, definition }.sql()
}

/// A name for what is put aside.
fn before(name: &Identifier) -> Option<String> {
    let name = Identifier::new(format!("{}_before", name.as_str())).ok()?;
    Some(name.quoted())
}

/// What is said of labels that are right in another order.
const ORDER: &str = "The labels are right, and their order is another: values sort and compare by it. PostgreSQL moves no \
     label (manual, ALTER TYPE), and making the type anew would rewrite its tables. Leave it, and refresh the baseline: \
     leora-migrate snapshot --out FILE.";

/// What is said of labels that get other names.
const RENAMED: &str =
    "-- where each is the same under another name: rows that have the one then have the other";

/// What gives an enum the labels that it should have. Their order alone is left as it is.
pub(super) fn changed(evidence: &Evidence<'_>, name: &Identifier) -> Option<Remedy> {
    let there = evidence.actual.enums.get(name)?;
    let wanted = evidence.promise.whole.enums.get(name)?;
    if wanted.has_all_of(there) {
        return Some(match added(name, &there.labels, &wanted.labels) {
            none if none.is_empty() => ORDER.into(),
            statements => statements.join("\n").into(),
        });
    }
    match renamed(name, &there.labels, &wanted.labels) {
        Some(statements) => Some(format!("{}\n{RENAMED}", statements.join("\n")).into()),
        None => anew(evidence.actual, name, there, wanted),
    }
}

/// What adds the labels that are missing, each behind the one that it should follow.
fn added(name: &Identifier, there: &[String], wanted: &[String]) -> Vec<String> {
    let name = name.quoted();
    let missing = wanted
        .iter()
        .enumerate()
        .filter(|(_, label)| !there.contains(label));
    let add = missing.map(|(at, label)| {
        let place = match at.checked_sub(1) {
            Some(before) => format!("AFTER {}", literal(&wanted[before])),
            None => there
                .first()
                .map_or(String::new(), |first| format!("BEFORE {}", literal(first))),
        };
        format!("ALTER TYPE {name} ADD VALUE {} {place};", literal(label))
    });
    add.collect()
}

/// Where other words stand in the same places.
fn renamed(name: &Identifier, there: &[String], wanted: &[String]) -> Option<Vec<String>> {
    let pairs = there.iter().zip(wanted).filter(|(is, should)| is != should);
    // Of as many labels, one that moved is one that is still wanted.
    if there.len() != wanted.len() || pairs.clone().any(|(is, _)| wanted.contains(is)) {
        return None;
    }
    let name = name.quoted();
    let rename = pairs.map(|(is, should)| {
        format!(
            "ALTER TYPE {name} RENAME VALUE {} TO {};",
            literal(is),
            literal(should)
        )
    });
    Some(rename.collect())
}

/// None can be dropped or moved (manual, ALTER TYPE): the type is made anew, and its columns take it.
fn anew(actual: &Schema, name: &Identifier, there: &Enum, wanted: &Enum) -> Option<Remedy> {
    let before = before(name)?;
    let lost = there
        .labels
        .iter()
        .filter(|label| !wanted.labels.contains(label));
    let lost: Vec<_> = lost.map(|label| literal(label)).collect();
    let lost = format!("the labels {} of type {}", lost.join(", "), name.quoted());
    let make = made(name, wanted);
    let name_of_type = name.quoted();
    let mut sql = format!(
        "BEGIN;\nALTER TYPE {name_of_type} RENAME TO {before};\n{};\n",
        make
    );
    for (table, definition) in &actual.tables {
        for column in definition
            .columns
            .iter()
            .filter(|column| column.ty.element().name() == name.as_str())
        {
            let array = if column.ty.is_array() { "[]" } else { "" };
            let (table, column_name) = (table.quoted(), column.name.quoted());
            let alter = format!("ALTER TABLE {table} ALTER COLUMN {column_name}");
            let retype = format!(
                "{alter} TYPE {name_of_type}{array} USING {column_name}::text{array}::{name_of_type}{array};\n"
            );
            sql += &match &column.default {
                Some(ColumnDefault::Expression(default)) => {
                    let default = default_of(column, default);
                    format!("{alter} DROP DEFAULT;\n{retype}{alter} SET DEFAULT {default};\n")
                }
                _ => retype,
            };
        }
    }
    let text = format!(
        "{sql}DROP TYPE {before};\nCOMMIT;{OR_KEEP}\n\
         -- this rewrites the tables, and nobody reads or writes them meanwhile\n\
         -- look at the values first: it fails on those that the type has no more"
    );
    Some(Remedy::new(text).losing(lost))
}
