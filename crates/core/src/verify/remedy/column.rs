//! What to do about a column.

use super::{OR_KEEP, SETTLE_TYPES, made};
use crate::ddl::{Change, default_of};
use crate::diff::{Alteration, Object};
use crate::model::name::literal;
use crate::model::{Column, ColumnDefault, Identifier, Identity, Schema};
use crate::verify::check::Remedy;
use crate::verify::evidence::Evidence;

fn column<'a>(schema: &'a Schema, object: &Object) -> Option<&'a Column> {
    let table = schema.tables.get(&object.owner)?;
    table.column(object.name.as_str())
}

fn alter(object: &Object) -> String {
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    format!("ALTER TABLE {table} ALTER COLUMN {name}")
}

/// What to do about a column that nobody asked for.
pub(super) fn unexpected(evidence: &Evidence<'_>, object: &Object) -> Option<Remedy> {
    if let Some(others) = may_be_another(evidence, object) {
        return Some(Remedy::new(others));
    }
    let drop = made::dropped(evidence, object)?;
    Some(Remedy::new(format!("{drop};{OR_KEEP}")).losing(values_of(object)))
}

/// What is lost with a column.
fn values_of(object: &Object) -> String {
    format!(
        "the values of {}.{}",
        object.owner.quoted(),
        object.name.quoted()
    )
}

/// That a column may be one of several under another name: of those that only one of the schemas has, they have its type.
pub(super) fn may_be_another(evidence: &Evidence<'_>, object: &Object) -> Option<String> {
    let live = evidence.actual.tables.get(&object.owner)?;
    let target = evidence.promise.whole.tables.get(&object.owner)?;
    let (here, there) = match live.column(object.name.as_str()) {
        Some(_) => (live, target),
        None => (target, live),
    };
    let ty = &here.column(object.name.as_str())?.ty;
    let candidates = there.columns.iter();
    let candidates =
        candidates.filter(|column| column.ty == *ty && here.column(column.name.as_str()).is_none());
    let names: Vec<_> = candidates.map(|column| column.name.quoted()).collect();
    let table = object.owner.quoted();
    (!names.is_empty()).then(|| {
        format!(
            "It may be {} under another name: compare the values first. Then rename it: ALTER TABLE {table} RENAME COLUMN.",
            names.join(" or ")
        )
    })
}

/// A column that is gone, made again; what it held is not. Where rows stand and each must have a value,
/// they get it in between.
pub(super) fn anew(column: &Column, table: &Identifier) -> String {
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

/// What to do about an `alteration` of a column.
pub(super) fn changed(
    evidence: &Evidence<'_>,
    object: &Object,
    alteration: &Alteration,
) -> Option<Remedy> {
    let there = column(evidence.actual, object)?;
    let wanted = column(&evidence.promise.whole, object)?;
    let alter = alter(object);
    let harmless = match alteration {
        Alteration::Type(_) => return Some(retyped(evidence, object, there, wanted)),
        Alteration::NotNull(_) if wanted.nullable => Some(format!("{alter} DROP NOT NULL;")),
        Alteration::NotNull(_) => Some(format!("{alter} SET NOT NULL;")),
        Alteration::Default(_) => default(evidence, object, there, wanted),
        Alteration::Identity(_) => Some(identity(object, there, wanted)),
        Alteration::Generation(_) if wanted.generated.is_none() => {
            Some(format!("{alter} DROP EXPRESSION;"))
        }
        Alteration::Generation(_) => {
            let drop = made::dropped(evidence, object)?;
            let anew = Remedy::new(format!("{drop};\n{}", anew(wanted, &object.owner)));
            // What was computed is computed again.
            return Some(match there.generated {
                Some(_) => anew,
                None => anew.losing(values_of(object)),
            });
        }
        Alteration::Collation(_) => {
            let collation = wanted.collation.as_deref().unwrap_or("\"default\"");
            Some(format!(
                "{alter} TYPE {} COLLATE {collation};",
                wanted.ty.sql()
            ))
        }
        _ => None,
    };
    harmless.map(Remedy::new)
}

/// What gives a column another type, with what becomes of its values, and its default out of the way where
/// it has one.
fn retyped(evidence: &Evidence<'_>, object: &Object, there: &Column, wanted: &Column) -> Remedy {
    let alter = alter(object);
    let types = &evidence.promise.whole;
    let enumerated = wanted.ty.element().name();
    let is_enum = types.enums.contains_key(enumerated.as_str());
    if is_enum && !evidence.actual.enums.contains_key(enumerated.as_str()) {
        return SETTLE_TYPES.into();
    }
    let (name, desired) = (wanted.name.quoted(), wanted.ty.sql());
    let actual = there.ty.sql();
    let has_zone = |ty: &str| ty.starts_with("TIMESTAMPTZ") || ty.ends_with("WITH TIME ZONE");
    let is_time = |ty: &str| ty.starts_with("TIMESTAMP");
    let using = if is_time(&actual) && is_time(&desired) && has_zone(&actual) != has_zone(&desired)
    {
        // Without it the session's TimeZone decides (manual, 8.5.1.3), and Prisma writes UTC.
        format!("{name} AT TIME ZONE 'UTC'")
    } else if is_enum {
        // There is no cast from one enum to another.
        let text = if wanted.ty.is_array() {
            "text[]"
        } else {
            "text"
        };
        format!("{name}::{text}::{desired}")
    } else if is_text_of_a_length(&desired) {
        // A cast to it cuts the end off; a text that is assigned to it is refused instead (manual, 8.3).
        format!("{name}::text")
    } else {
        format!("{name}::{desired}")
    };
    let (mut sql, mut again) = (String::new(), String::new());
    if let Some(ColumnDefault::Expression(_)) = there.default {
        sql += &format!("{alter} DROP DEFAULT;\n");
        if let Some(ColumnDefault::Expression(default)) = &wanted.default {
            let default = default_of(wanted, default);
            again = format!("{alter} SET DEFAULT {default};\n");
        }
    }
    let remedy = Remedy::new(format!(
        "{sql}{alter} TYPE {desired} USING {using};\n{again}\
         -- this rewrites the table, and nobody reads or writes it meanwhile\n\
         -- look at the values first: it fails on those that the type cannot hold"
    ));
    if is_enum || is_text_of_a_length(&desired) || holds_every(there, wanted) {
        return remedy;
    }
    let column = format!("{}.{name}", object.owner.quoted());
    remedy.losing(format!(
        "what {desired} has no room for in the values of {column}, such as digits"
    ))
}

/// Whether a type is a text that a cast may cut.
fn is_text_of_a_length(ty: &str) -> bool {
    ["VARCHAR(", "CHAR("]
        .iter()
        .any(|begins| ty.starts_with(begins))
}

/// Whether each value of `there` is kept as `wanted`: as a wider integer, as text of what is read back as it
/// was, as the same moment to as many digits.
fn holds_every(there: &Column, wanted: &Column) -> bool {
    const INTEGERS: [&str; 3] = ["smallint", "integer", "bigint"];
    const READ_BACK: [&str; 4] = ["uuid", "text", "character varying", "boolean"];
    let (from, to) = (there.ty.without_modifiers(), wanted.ty.without_modifiers());
    let width = |ty: &str| INTEGERS.iter().position(|integer| *integer == ty);
    let is_wider = width(&to).is_some_and(|to| width(&from).is_some_and(|from| from < to));
    let is_read_back = width(&from).is_some() || READ_BACK.contains(&from.as_str());
    let is_moment = |ty: &str| ty.starts_with("timestamp");
    is_wider
        || wanted.ty.sql() == "TEXT" && is_read_back
        || is_moment(&from) && is_moment(&to) && there.ty.modifiers() == wanted.ty.modifiers()
}

fn default(
    evidence: &Evidence<'_>,
    object: &Object,
    there: &Column,
    wanted: &Column,
) -> Option<String> {
    let alter = alter(object);
    let sql = match &wanted.default {
        None => format!("{alter} DROP DEFAULT;"),
        Some(ColumnDefault::Expression(expression)) => {
            format!("{alter} SET DEFAULT {};", default_of(wanted, expression))
        }
        Some(ColumnDefault::Any) => return None,
        Some(ColumnDefault::Autoincrement) => counting(evidence, object, there, wanted, None)?,
        Some(ColumnDefault::Sequence(options)) => {
            counting(evidence, object, there, wanted, Some(options))?
        }
    };
    // A column has an identity or a default.
    let first = there
        .identity
        .map(|_| format!("{alter} DROP IDENTITY IF EXISTS;\n"));
    Some(first.unwrap_or_default() + &sql)
}

/// What has a column count by a sequence of its own, with `options` or the usual ones. No number is given twice that the
/// sequence has given, also where its row is gone.
fn counting(
    evidence: &Evidence<'_>,
    object: &Object,
    there: &Column,
    wanted: &Column,
    options: Option<&str>,
) -> Option<String> {
    let mut counters = evidence.counters.iter().map(|(counter, _)| counter);
    let own = counters.find(|own| own.table == object.owner && own.column == object.name);
    if let (Some(ColumnDefault::Sequence(unusual)), Some(own)) = (&there.default, own) {
        return Some(match options {
            Some(options) => format!("ALTER SEQUENCE {} {options};", own.sequence),
            None => as_usual(&own.sequence, unusual, object, wanted),
        });
    }
    // As PostgreSQL names that of a SERIAL (`makeObjectName`), where the name is not too long.
    let sequence = Identifier::new(format!(
        "{}_{}_seq",
        object.owner.as_str(),
        object.name.as_str()
    ))
    .ok()?;
    let set = literal(&sequence.quoted_plain());
    let sequence = sequence.quoted();
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    let options = options.map_or(String::new(), |options| format!(" {options}"));
    Some(format!(
        "CREATE SEQUENCE IF NOT EXISTS {sequence} AS {}{options};\n\
         ALTER SEQUENCE {sequence} OWNED BY {table}.{name};\n\
         {} SET DEFAULT nextval({set});\n\
         SELECT setval({set}, max({name})) FROM {table} HAVING max({name}) >= (SELECT last_value FROM {sequence});",
        wanted.ty.sql(),
        alter(object)
    ))
}

/// What takes `unusual` options off a sequence.
pub(super) fn as_usual(sequence: &str, unusual: &str, object: &Object, wanted: &Column) -> String {
    const UNLOGGED: &str = "UNLOGGED";
    let logged = format!("ALTER SEQUENCE {sequence} SET LOGGED;");
    if unusual == UNLOGGED {
        return logged;
    }
    let counted = format!(
        "ALTER SEQUENCE {sequence} AS {} INCREMENT 1 MINVALUE 1 NO MAXVALUE START 1 NO CYCLE",
        wanted.ty.sql()
    );
    // Where it may be below 1 it has to begin again, behind the rows.
    let counted = if unusual.contains(" -") {
        let (table, name) = (object.owner.quoted(), object.name.quoted());
        format!(
            "BEGIN;\n{counted} RESTART;\n\
             SELECT setval({}, max({name})) FROM {table} HAVING max({name}) > 0;\nCOMMIT;",
            literal(sequence)
        )
    } else {
        counted + ";"
    };
    match unusual.contains(UNLOGGED) {
        true => format!("{counted}\n{logged}"),
        false => counted,
    }
}

fn identity(object: &Object, there: &Column, wanted: &Column) -> String {
    let alter = alter(object);
    let Some(identity) = wanted.identity else {
        return format!("{alter} DROP IDENTITY IF EXISTS;");
    };
    let given = match identity {
        Identity::Always => "GENERATED ALWAYS",
        Identity::ByDefault => "GENERATED BY DEFAULT",
    };
    if there.identity.is_some() {
        return format!("{alter} SET {given};");
    }
    let (table, name) = (object.owner.quoted(), object.name.quoted());
    let sequence = format!(
        "pg_get_serial_sequence({}, {})",
        literal(&object.owner.quoted_plain()),
        literal(object.name.as_str())
    );
    format!(
        "{alter} ADD {given} AS IDENTITY;\nSELECT setval({sequence}, (SELECT max({name}) FROM {table} WHERE {name} > 0));"
    )
}
