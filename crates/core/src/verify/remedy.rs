//! What to do about a difference.

mod column;
mod labels;
mod made;
pub(super) mod renamed;

use super::check::{Finding, Remedy};
use super::evidence::Evidence;
use super::renames::{is_mostly, suspected};
use crate::diff::{Alteration, Difference, DifferenceKind, Object, ObjectKind};
use crate::model::{Firing, IndexState, Table, Validity};

/// What somebody who knows that it belongs there does.
const OR_KEEP: &str = " -- unless it belongs there: then waive it, or refresh the baseline";

/// What is said of things that are gone with their table.
pub(super) const SETTLE_TABLES: &str = "Settle what tables.count says first.";
/// What is said of a relation that is not there.
pub(super) const SETTLE_FOREIGN_KEYS: &str = "integrity.foreign-keys says what to do about it.";
/// What is said of a table that is not what it should be.
pub(super) const SETTLE_TABLE: &str = "Settle what the groups tables and integrity find on it.";
/// What is said of a column whose type is not there.
const SETTLE_TYPES: &str = "tables.types says what to do about its type.";
/// What is said where no statement settles it.
const BY_HAND: &str = "Bring it to what is expected by hand; where it is right as it is, waive it, or refresh the baseline: \
     leora-migrate snapshot --out FILE.";
/// What is said of the columns of a table that has mostly others.
const ANOTHER_TABLE: &str = "Most columns of this table are others: it is another table of the name. Find out where the rows \
     of the one that is expected are, and change no column before.";
/// What is said of a table that shared its rows with others.
const WHOSE_ROWS: &str = "-- then look whose rows they are";
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
        SETTLE_TYPES,
        SEE_WHAT_STANDS,
    ];
    left.iter().any(|text| finding.says_to(text))
}

/// What to do about `difference`.
pub(super) fn remedy(evidence: &Evidence<'_>, difference: &Difference) -> Remedy {
    let object = &difference.object;
    if let Some(rename) = evidence.renames.explaining(difference) {
        return renamed::remedy(rename);
    }
    let (live, target) = (evidence.actual, &evidence.promise.whole);
    if let Some(rename) = suspected::of_difference(live, target, difference) {
        return renamed::remedy(&rename);
    }
    if is_of_another_table(evidence, difference) {
        return ANOTHER_TABLE.into();
    }
    let remedy = match &difference.kind {
        DifferenceKind::Unexpected if object.kind == ObjectKind::Column => {
            column::unexpected(evidence, object)
        }
        DifferenceKind::Unexpected => made::used_as_key(evidence, object)
            .or_else(|| {
                let drop = made::dropped(evidence, object)?;
                Some(format!("{drop};{OR_KEEP}"))
            })
            .map(Remedy::new),
        DifferenceKind::Missing => missing(evidence, object).map(Remedy::new),
        DifferenceKind::Changed(alteration) => changed(evidence, object, alteration),
    };
    remedy.unwrap_or_else(|| BY_HAND.into())
}

/// Whether `difference` is of a column of a table that has mostly others.
fn is_of_another_table(evidence: &Evidence<'_>, difference: &Difference) -> bool {
    let owner = &difference.object.owner;
    let there = evidence.actual.tables.get(owner);
    let wanted = evidence.promise.whole.tables.get(owner);
    let differ = there
        .zip(wanted)
        .is_some_and(|(there, wanted)| !is_mostly(there, wanted));
    difference.object.kind == ObjectKind::Column && differ
}

fn missing(evidence: &Evidence<'_>, object: &Object) -> Option<String> {
    match object.kind {
        ObjectKind::Enum => return labels::missing(evidence, &object.name),
        ObjectKind::Column => {
            if let Some(others) = column::may_be_another(evidence, object) {
                return Some(others);
            }
        }
        _ => {}
    }
    if evidence.promise.created.contains(&object.owner) {
        return Some(APPLY_MAKES.to_owned());
    }
    made::made(object, evidence.promise.whole.tables.get(&object.owner)?)
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

/// What has a trigger or a rule fire as it should. A partition's copy of its table's trigger cannot be dropped.
fn fires(object: &Object, firing: Firing) -> Option<String> {
    let noun = match object.kind {
        ObjectKind::Rule => "RULE",
        _ => "TRIGGER",
    };
    let verb = match firing {
        Firing::Enabled => "ENABLE",
        Firing::Always => "ENABLE ALWAYS",
        Firing::ReplicaOnly => "ENABLE REPLICA",
        Firing::Disabled => "DISABLE",
        Firing::Missing => return None,
    };
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    Some(format!("ALTER TABLE {table} {verb} {noun} {name};"))
}

fn changed(evidence: &Evidence<'_>, object: &Object, alteration: &Alteration) -> Option<Remedy> {
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    let wanted = evidence.promise.whole.tables.get(&object.owner);
    let anew = || {
        let drop = made::dropped(evidence, object)?;
        Some(format!("{drop};\n{}", made::made(object, wanted?)?))
    };
    let harmless = match (object.kind, alteration) {
        (ObjectKind::Column, _) => return column::changed(evidence, object, alteration),
        (ObjectKind::Enum, _) => return labels::changed(evidence, &object.name),
        (ObjectKind::Table, _) => return table_changed(evidence, object, alteration),
        (_, Alteration::IndexState(sides)) if sides.live == IndexState::Contradicted => Some(
            "Nothing but a change of the catalogs by hand does this: put pg_index.indisunique, indimmediate and \
             pg_class.relhasindex right as a superuser, then look for doubles."
                .to_owned(),
        ),
        (ObjectKind::Index, Alteration::IndexState(_)) if evidence.promise.created.contains(&object.owner) => {
            Some(format!(
                "leora-migrate apply drops it and makes it anew; or by hand: REINDEX INDEX CONCURRENTLY {name};"
            ))
        }
        (_, Alteration::IndexState(_)) => {
            Some(format!("REINDEX INDEX CONCURRENTLY {name};"))
        }
        (_, Alteration::Name(sides)) => {
            let actual = sides.live.quoted();
            match object.kind {
                ObjectKind::Index => Some(format!("ALTER INDEX {actual} RENAME TO {name};")),
                ObjectKind::ForeignKey | ObjectKind::PrimaryKey | ObjectKind::Check => Some(
                    format!("ALTER TABLE {table} RENAME CONSTRAINT {actual} TO {name};"),
                ),
                ObjectKind::Policy => {
                    Some(format!("ALTER POLICY {actual} ON {table} RENAME TO {name};"))
                }
                _ => anew(),
            }
        }
        (ObjectKind::PrimaryKey, _) => made::key_anew(&object.owner, wanted?.primary_key.as_ref()?),
        // PostgreSQL 18 validates no constraint that is not enforced.
        (_, Alteration::Validity(sides)) if sides.live != Validity::NotEnforced => {
            Some(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name};"))
        }
        (_, Alteration::Triggers(sides)) if sides.live.firing != Firing::Missing => {
            Some(enabled(evidence, object))
        }
        (_, Alteration::Firing(sides)) => fires(object, sides.target),
        _ => anew(),
    };
    harmless.map(Remedy::new)
}

fn table_changed(
    evidence: &Evidence<'_>,
    object: &Object,
    alteration: &Alteration,
) -> Option<Remedy> {
    let table = object.owner.quoted();
    let there = evidence.actual.tables.get(&object.owner)?;
    let harmless = match alteration {
        Alteration::Kind(_) => Some(format!(
            "Find out what took the place of table {table} and where its rows are; rename the one, and put the other back."
        )),
        Alteration::CompositeType(sides) if sides.target.is_none() => {
            Some(format!("ALTER TABLE {table} NOT OF;"))
        }
        Alteration::Parents(sides) if sides.target.is_empty() => return apart(&table, there),
        Alteration::Partitioning(sides) if sides.target.is_none() => return apart(&table, there),
        Alteration::Children(sides) if sides.target.is_empty() => {
            let apart = there.children.iter();
            let apart = apart.map(|child| format!("ALTER TABLE {child} NO INHERIT {table};\n"));
            let remedy = Remedy::new(apart.collect::<String>() + WHOSE_ROWS);
            let children = there.children.join(", ");
            return Some(remedy.losing(format!("{table} has the rows of {children} no more")));
        }
        Alteration::Persistence(_) => Some(format!("ALTER TABLE {table} SET LOGGED;")),
        Alteration::RowSecurity(sides) if sides.target.0 => {
            Some(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"))
        }
        Alteration::ForcedRowSecurity(sides) => {
            let verb = if sides.target.0 { "FORCE" } else { "NO FORCE" };
            Some(format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY;"))
        }
        _ => None,
    };
    harmless.map(Remedy::new)
}

/// What takes a table from those it inherits from or is a partition of.
fn apart(table: &str, there: &Table) -> Option<Remedy> {
    let parents = there.inherits.iter();
    let apart = parents.map(|parent| match there.partitioning {
        Some(_) => format!("ALTER TABLE {parent} DETACH PARTITION {table};\n"),
        None => format!("ALTER TABLE {table} NO INHERIT {parent};\n"),
    });
    (!there.inherits.is_empty()).then(|| {
        let remedy = Remedy::new(apart.collect::<String>() + WHOSE_ROWS);
        remedy.losing(format!(
            "{} has the rows of {table} no more",
            there.inherits.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests;
