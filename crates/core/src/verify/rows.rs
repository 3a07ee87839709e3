//! Rows that are there though the catalog rules them out: they were written while it said otherwise.

use std::collections::BTreeSet;

use super::check::{Finding, Judgement, Outcome, Remedy};
use super::counted::counted;
use super::evidence::{Basis, Evidence, Impossible, Orphans};
use super::remedy::renamed;
use super::renames::suspected;
use crate::model::{ForeignKey, Identifier, Schema, Table, TableReference, Validity};

/// Foreign keys that are enforced today, and indexes that are unique, say nothing of rows written while they were not.
pub(super) fn check(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let created = &evidence.promise.created;
    let of = |wanted: Orphans| {
        let which = move |(_, orphans): &&_| *orphans == wanted;
        evidence.orphans.iter().filter(which).map(|(key, _)| key)
    };
    let orphans = of(Orphans::Some).map(|key| {
        let (table, constraint) = (key.table.quoted(), key.constraint.quoted());
        let there = evidence.actual.tables.get(&key.table);
        let owner = &key.table;
        let key = there.and_then(|table| table.foreign_keys.get(&key.constraint));
        let is_valid = key.is_some_and(|key| key.validity == Validity::Valid);
        let though = if is_valid { ", though PostgreSQL calls it valid" } else { "" };
        let remedy = format!(
            "{}-- give these rows a row to name, or delete them: VALIDATE CONSTRAINT fails until then\n\
             -- find out when it was not enforced: a load, a replica, disabled triggers",
            there.zip(key).map(|(there, key)| listed(evidence.actual, &table, there, key)).unwrap_or_default()
        );
        let finding = Finding::new(format!("{table} holds rows that name none by {constraint}{though}"));
        let rename = key.and_then(|key| {
            let found = evidence.renames.key(owner, key).cloned();
            found.or_else(|| suspected::of_key(evidence.actual, &evidence.promise.whole, owner, key))
        });
        match rename {
            Some(rename) => finding.remedy(renamed::remedy(&rename)),
            None => finding.remedy(Remedy::new(remedy).losing("the rows that you delete")),
        }
    });
    let impossible = evidence.impossible.iter();
    let findings = orphans.chain(impossible.map(|found| impossible_rows(evidence, found)));
    let unlooked = |wanted, why: &'static str| {
        of(wanted)
            .filter(|key| created.contains(&key.table))
            .map(move |key| format!("{}: {why}", key.constraint.quoted()))
    };
    let reasons: Vec<_> = unlooked(
        Orphans::TooLarge,
        "the table is too large to read all of it",
    )
    .chain(unlooked(
        Orphans::Unreadable,
        "the role may not read all rows, or reading them runs functions that are not PostgreSQL's",
    ))
    .collect();
    let mut judgement = Judgement::none_expected(findings.collect()).titled(
        "no row of the new tables, and of those before as far as they are small, contradicts the catalog",
    );
    let unread: BTreeSet<&Identifier> = of(Orphans::TooLarge)
        .chain(of(Orphans::Unreadable))
        .map(|key| &key.table)
        .collect();
    if !unread.is_empty() {
        let tables = counted(unread.len(), "table", "tables");
        judgement.found += &format!(", {tables} not read");
    }
    if judgement.outcome == Outcome::Passed && !reasons.is_empty() {
        judgement.outcome = Outcome::NotProved { reasons };
    }
    judgement
}

/// The query that lists the rows of `table`, which is `there`, that name none by `key`.
fn listed(actual: &Schema, table: &str, there: &Table, key: &ForeignKey) -> String {
    let references = match &key.references {
        TableReference::Here(name) => {
            let only = actual.tables.get(name).map_or("", Table::only);
            format!("{only}{}", name.quoted())
        }
        TableReference::Elsewhere { schema, table } => {
            format!("{}.{}", schema.quoted(), table.quoted())
        }
    };
    let columns = || key.columns.iter().map(Identifier::quoted);
    let named = columns().map(|column| format!("c.{column} IS NOT NULL"));
    let named: Vec<_> = named.collect();
    let pairs = columns().zip(&key.referenced_columns);
    let same = pairs.map(|(column, to)| format!("p.{} = c.{column}", to.quoted()));
    let same: Vec<_> = same.collect();
    format!(
        "SELECT * FROM {}{table} c WHERE {} AND NOT EXISTS (SELECT FROM {references} p WHERE {});\n",
        there.only(),
        named.join(" AND "),
        same.join(" AND ")
    )
}

fn impossible_rows(evidence: &Evidence<'_>, found: &Impossible) -> Finding {
    match found {
        Impossible::Alike { table, columns } => {
            let renames = evidence.renames;
            let renamed = renames
                .table(table)
                .or_else(|| renames.column(table, columns));
            let columns: Vec<_> = columns.iter().map(Identifier::quoted).collect();
            let columns = columns.join(", ");
            let table = table.quoted();
            let finding = Finding::new(format!(
                "{table} holds several rows with the same ({columns}), though a valid index calls it unique"
            ));
            if let Some(rename) = renamed {
                return finding.remedy(renamed::remedy(rename));
            }
            finding.remedy(Remedy::new(format!(
                "Find them, keep one of each, and REINDEX: SET enable_indexscan = off; SET enable_indexonlyscan = off; \
                 SET enable_bitmapscan = off; SELECT {columns}, count(*) FROM {table} GROUP BY {columns} HAVING count(*) > 1;"
            ))
            .losing("the rows that you delete"))
        }
        Impossible::Null { table } => {
            let table = table.quoted();
            Finding::new(format!("{table} holds NULL in a column that takes none"))
                .remedy(format!("Find the rows and give them a value: SELECT * FROM {table} t WHERE NOT (t IS NOT NULL);"))
        }
    }
}
