//! What to do about a difference.

use super::check::Finding;
use super::evidence::Evidence;
use crate::ddl::Change;
use crate::diff::{Difference, DifferenceKind, Object, ObjectKind};
use crate::model::Table;

/// What somebody who knows that it belongs there does.
const OR_KEEP: &str = " -- unless it belongs there: then waive it, or refresh the baseline";

/// What is said of things that are gone with their table.
pub(super) const SETTLE_TABLES: &str = "Settle what tables.count says first.";
/// What is said of a relation that is not there.
pub(super) const SETTLE_FOREIGN_KEYS: &str = "integrity.foreign-keys says what to do about it.";
/// What is said of a table that is not what it should be.
pub(super) const SETTLE_TABLE: &str = "Settle what the groups tables and integrity find on it.";
/// What is said of what the migration makes and is not there.
pub const APPLY_MAKES: &str =
    "leora-migrate apply makes what can be made; leora-migrate plan shows it.";
/// What to do about a trial that does not itself say.
pub const SEE_WHAT_STANDS: &str = "Settle what the groups tables and integrity find on these tables first, then verify \
     again; where they find nothing, look for triggers and rules: \\d in psql.";

/// Whether what to do about `finding` is to settle others first.
pub fn is_left_to_others(finding: &Finding) -> bool {
    let left = [
        SETTLE_TABLES,
        SETTLE_FOREIGN_KEYS,
        SETTLE_TABLE,
        SEE_WHAT_STANDS,
    ];
    finding
        .remedy
        .as_deref()
        .is_some_and(|remedy| left.contains(&remedy))
}

/// What to do about `difference`, where one statement settles it or begins to.
pub(super) fn remedy(evidence: &Evidence<'_>, difference: &Difference) -> Option<String> {
    let object = &difference.object;
    let is_created = evidence.promise.created.contains(&object.owner);
    match &difference.kind {
        DifferenceKind::Unexpected => dropped(object).map(|sql| format!("{sql};{OR_KEEP}")),
        DifferenceKind::Missing if is_created => Some(APPLY_MAKES.to_owned()),
        DifferenceKind::Missing => {
            let wanted = evidence.promise.whole.tables.get(&object.owner)?;
            made(object, wanted).map(|sql| format!("{sql};"))
        }
        DifferenceKind::Changed {
            field,
            actual,
            desired,
        } => changed(evidence, object, field, actual, desired),
    }
}

fn dropped(object: &Object) -> Option<String> {
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    Some(match object.kind {
        ObjectKind::Check | ObjectKind::ForeignKey | ObjectKind::PrimaryKey => {
            format!("ALTER TABLE {table} DROP CONSTRAINT {name}")
        }
        ObjectKind::Trigger => format!("DROP TRIGGER {name} ON {table}"),
        ObjectKind::Rule => format!("DROP RULE {name} ON {table}"),
        ObjectKind::Policy => format!("DROP POLICY {name} ON {table}"),
        ObjectKind::Index => format!("DROP INDEX CONCURRENTLY {name}"),
        ObjectKind::Column => format!("ALTER TABLE {table} DROP COLUMN {name}"),
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => return None,
    })
}

/// What makes a thing that `wanted` has.
fn made(object: &Object, wanted: &Table) -> Option<String> {
    let (table, name) = (object.owner.clone(), object.name.clone());
    let change = match object.kind {
        ObjectKind::Index => Change::CreateIndex {
            index: wanted.indexes.get(&name)?.clone(),
            table,
            name,
            concurrently: true,
        },
        ObjectKind::ForeignKey => Change::AddForeignKey {
            key: wanted.foreign_keys.get(&name)?.clone(),
            table,
            name,
            not_valid: true,
        },
        ObjectKind::PrimaryKey => Change::AddPrimaryKey {
            key: wanted.primary_key.clone()?,
            table,
        },
        ObjectKind::Column => Change::AddColumn {
            column: wanted.column(name.as_str())?.clone(),
            table,
        },
        ObjectKind::Check => {
            let definition = &wanted.checks.get(&name)?.definition;
            let (table, name) = (table.quoted(), name.quoted());
            return Some(format!(
                "ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID"
            ));
        }
        ObjectKind::Trigger => return wanted.triggers.get(&name).map(|t| t.definition.clone()),
        ObjectKind::Rule => return wanted.rules.get(&name).map(|rule| rule.definition.clone()),
        ObjectKind::Policy => {
            let definition = wanted.row_security.policies.get(&name)?;
            return Some(format!(
                "CREATE POLICY {} ON {} {definition}",
                name.quoted(),
                table.quoted()
            ));
        }
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => return None,
    };
    Some(change.sql())
}

fn changed(
    evidence: &Evidence<'_>,
    object: &Object,
    field: &str,
    actual: &str,
    desired: &str,
) -> Option<String> {
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    let column = || format!("ALTER TABLE {table} ALTER COLUMN {name}");
    let anew = || {
        let wanted = evidence.promise.whole.tables.get(&object.owner)?;
        Some(format!("{};\n{};", dropped(object)?, made(object, wanted)?))
    };
    match (object.kind, field) {
        (ObjectKind::Index | ObjectKind::PrimaryKey, "state") if actual.starts_with("contradicted") => Some(
            "Nothing but a change of the catalogs by hand does this: put pg_index.indisunique, indimmediate and \
             pg_class.relhasindex right as a superuser, then look for doubles."
                .to_owned(),
        ),
        (ObjectKind::Index, "state") if evidence.promise.created.contains(&object.owner) => {
            Some(format!(
                "leora-migrate apply drops it and makes it anew; or by hand: REINDEX INDEX CONCURRENTLY {name};"
            ))
        }
        (ObjectKind::Index | ObjectKind::PrimaryKey, "state") => {
            Some(format!("REINDEX INDEX CONCURRENTLY {name};"))
        }
        (ObjectKind::Index, "name") => Some(format!("ALTER INDEX {actual} RENAME TO {name};")),
        (ObjectKind::ForeignKey | ObjectKind::PrimaryKey | ObjectKind::Check, "name") => Some(
            format!("ALTER TABLE {table} RENAME CONSTRAINT {actual} TO {name};"),
        ),
        (ObjectKind::ForeignKey, "validation") => {
            Some(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"))
        }
        (ObjectKind::ForeignKey, "triggers") if actual.starts_with("missing") => anew(),
        (ObjectKind::ForeignKey, "triggers") => Some(format!(
            "ALTER TABLE {table} ENABLE TRIGGER ALL; and the same for the table it references (as a superuser), then \
             look for rows written meanwhile."
        )),
        (ObjectKind::Index | ObjectKind::ForeignKey | ObjectKind::Check, _) => anew(),
        (ObjectKind::Column, "default") if desired == "none" => {
            Some(format!("{} DROP DEFAULT;", column()))
        }
        // What counts by itself is more than a default.
        (ObjectKind::Column, "default") if !desired.starts_with("the next value") => {
            Some(format!("{} SET DEFAULT {desired};", column()))
        }
        (ObjectKind::Column, "NOT NULL") => {
            let verb = if desired == "yes" { "SET" } else { "DROP" };
            Some(format!("{} {verb} NOT NULL;", column()))
        }
        (ObjectKind::Column, "type") => Some(format!(
            "{} TYPE {desired}; -- this may rewrite the table, and nobody reads or writes it meanwhile",
            column()
        )),
        (ObjectKind::Column, "identity") if desired == "none" => {
            Some(format!("{} DROP IDENTITY;", column()))
        }
        (ObjectKind::Column, "generation") if desired == "none" => {
            Some(format!("{} DROP EXPRESSION;", column()))
        }
        (ObjectKind::Column, "collation") => {
            let wanted = evidence.promise.whole.tables.get(&object.owner)?;
            let ty = wanted.column(object.name.as_str())?.ty.sql();
            let collation = match desired {
                "the type's own" => "\"default\"",
                other => other,
            };
            Some(format!("{} TYPE {ty} COLLATE {collation};", column()))
        }
        (ObjectKind::Enum, _) => Some(format!(
            "ALTER TYPE {name} ADD VALUE adds a label, RENAME VALUE renames one; none can be dropped or moved: for that \
             make the type anew, and retype its columns."
        )),
        (ObjectKind::Table, "kind") => Some(format!(
            "Find out what took the place of table {table} and where its rows are; rename the one, and put the other back."
        )),
        (ObjectKind::Table, "parents") if actual.starts_with("the type") => {
            Some(format!("ALTER TABLE {table} NOT OF;"))
        }
        (ObjectKind::Table, "parents" | "children") => Some(
            "Take them apart: ALTER TABLE (the child) NO INHERIT (the parent), or ALTER TABLE (the parent) DETACH PARTITION \
             (the child); then look whose rows they are."
                .to_owned(),
        ),
        (ObjectKind::Table, "persistence") => Some(format!("ALTER TABLE {table} SET LOGGED;")),
        (ObjectKind::Table, "row-level security") => {
            let verb = if desired == "on" { "ENABLE" } else { "DISABLE" };
            Some(format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY;"))
        }
        (ObjectKind::Table, "forced row-level security") => {
            let verb = if desired == "on" { "FORCE" } else { "NO FORCE" };
            Some(format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY;"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
