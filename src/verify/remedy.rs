//! What to do about a difference.

use super::check::Finding;
use super::evidence::Evidence;
use crate::ddl::Change;
use crate::diff::{Difference, DifferenceKind, Object, ObjectKind};
use crate::model::{Column, ColumnDefault, Identifier, Schema, Table, Validity};

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
            made(object, wanted)
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
        ObjectKind::Column => return Some(column_anew(wanted.column(name.as_str())?, &table)),
        ObjectKind::Check => {
            let check = wanted.checks.get(&name)?;
            let definition = &check.definition;
            let sql = format!(
                "ALTER TABLE {} ADD CONSTRAINT {} {definition}",
                table.quoted(),
                name.quoted()
            );
            // Only these and foreign keys can be NOT VALID (manual, ALTER TABLE).
            return Some(if definition.starts_with("CHECK") {
                format!(
                    "{sql} NOT VALID;{}",
                    validated(&table, &name, check.validity)
                )
            } else {
                format!("{sql};")
            });
        }
        ObjectKind::Trigger => {
            let trigger = wanted.triggers.get(&name);
            return trigger.map(|trigger| format!("{};", trigger.definition));
        }
        ObjectKind::Rule => {
            let rule = wanted.rules.get(&name)?;
            return Some(format!("{};", rule.definition.trim_end_matches(';')));
        }
        ObjectKind::Policy => {
            let definition = wanted.row_security.policies.get(&name)?;
            return Some(format!(
                "CREATE POLICY {} ON {} {definition};",
                name.quoted(),
                table.quoted()
            ));
        }
        ObjectKind::Enum | ObjectKind::Domain | ObjectKind::Table => return None,
    };
    let then = match &change {
        Change::AddForeignKey {
            table, name, key, ..
        } => validated(table, name, key.validity),
        _ => String::new(),
    };
    Some(format!("{};{then}", change.sql()))
}

/// The statement that has the rows checked that stood before, where all are to be.
fn validated(table: &Identifier, name: &Identifier, validity: Validity) -> String {
    if validity == Validity::Valid {
        let (table, name) = (table.quoted(), name.quoted());
        format!("\nALTER TABLE {table} VALIDATE CONSTRAINT {name};")
    } else {
        String::new()
    }
}

/// A column that is gone, made again; what it held is not. Where rows stand and each must have a value,
/// they get it in between.
fn column_anew(column: &Column, table: &Identifier) -> String {
    let is_filled =
        column.default.is_some() || column.identity.is_some() || column.generated.is_some();
    let must_be_filled = !column.nullable && !is_filled;
    let mut first = column.clone();
    first.nullable |= must_be_filled;
    let change = Change::AddColumn {
        table: table.clone(),
        column: first,
    };
    let sql = change.sql();
    if must_be_filled {
        let (table, name) = (table.quoted(), column.name.quoted());
        format!(
            "{sql};\n-- the values went with the column: fill them in here, from a backup\n\
             ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL;"
        )
    } else if column.generated.is_some() {
        format!("{sql};")
    } else {
        format!("{sql};\n-- the values went with the column: restore them from a backup")
    }
}

/// What makes the triggers of a foreign key fire again, on the table or tables where they do not.
fn enabled(evidence: &Evidence<'_>, object: &Object) -> String {
    let table = evidence.actual.tables.get(&object.owner);
    let key = table.and_then(|table| table.foreign_keys.get(&object.name));
    let tables = key.map(|key| key.disabled_on.clone());
    let mut tables = tables.unwrap_or_default();
    if tables.is_empty() {
        tables.insert(object.owner.clone());
    }
    let enable = tables.iter().map(|table| {
        let table = table.quoted();
        format!("ALTER TABLE {table} ENABLE TRIGGER ALL;\n")
    });
    enable.collect::<String>()
        + "-- as a superuser, then look for rows that were written meanwhile: leora-migrate verify --only integrity"
}

/// What gives a column another type, with what becomes of its values, and its default out of the way where
/// it has one.
fn retyped(evidence: &Evidence<'_>, object: &Object, actual: &str, desired: &str) -> String {
    let column = |schema: &Schema| {
        let table = schema.tables.get(&object.owner);
        table.and_then(|table| table.column(object.name.as_str()).cloned())
    };
    let default = |schema| match column(schema)?.default? {
        ColumnDefault::Expression(expression) => Some(expression),
        _ => None,
    };
    let name = object.name.quoted();
    let alter = format!("ALTER TABLE {} ALTER COLUMN {name}", object.owner.quoted());
    let has_zone = |ty: &str| ty.starts_with("TIMESTAMPTZ") || ty.ends_with("WITH TIME ZONE");
    let is_time = |ty: &str| ty.starts_with("TIMESTAMP");
    let using = if is_time(actual) && is_time(desired) && has_zone(actual) != has_zone(desired) {
        // Without it the session's TimeZone decides (manual, 8.5.1.3), and Prisma writes UTC.
        format!("{name} AT TIME ZONE 'UTC'")
    } else {
        format!("{name}::{desired}")
    };
    let (mut sql, mut again) = (String::new(), String::new());
    if default(evidence.actual).is_some() {
        sql += &format!("{alter} DROP DEFAULT;\n");
        if let Some(default) = default(&evidence.promise.whole) {
            again = format!("{alter} SET DEFAULT {default};\n");
        }
    }
    format!(
        "{sql}{alter} TYPE {desired} USING {using};\n{again}\
         -- this rewrites the table, and nobody reads or writes it meanwhile\n\
         -- look at the values first: it fails on those that the type cannot hold, and rounds digits away that it has no room for"
    )
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
        Some(format!("{};\n{}", dropped(object)?, made(object, wanted)?))
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
        (ObjectKind::ForeignKey, "triggers") => Some(enabled(evidence, object)),
        (
            ObjectKind::Index
            | ObjectKind::ForeignKey
            | ObjectKind::Check
            | ObjectKind::Policy,
            _,
        ) => anew(),
        (ObjectKind::Trigger | ObjectKind::Rule, "definition") => anew(),
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
        (ObjectKind::Column, "type") => Some(retyped(evidence, object, actual, desired)),
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
