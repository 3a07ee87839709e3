//! What gives things their names again.

use crate::model::Identifier;
use crate::verify::check::Remedy;
use crate::verify::renames::{Reason, Rename, Scope};

/// What is said where the comparison shows another reason.
const OTHERWISE: &str =
    "-- otherwise change nothing before you know why: leora-migrate diff shows what differs";

/// The statements, and what is to be compared before they are typed. Nothing beside them: what else could be done
/// about a column would be done to another one.
pub(in crate::verify) fn remedy(rename: &Rename) -> Remedy {
    let statement = |(from, to): &(Identifier, Identifier)| {
        let (from, to) = (from.quoted(), to.quoted());
        match &rename.scope {
            Scope::Tables => format!("ALTER TABLE {from} RENAME TO {to};"),
            Scope::Enums => format!("ALTER TYPE {from} RENAME TO {to};"),
            Scope::Domains => format!("ALTER DOMAIN {from} RENAME TO {to};"),
            Scope::Columns(table) => {
                format!(
                    "ALTER TABLE {} RENAME COLUMN {from} TO {to};",
                    table.quoted()
                )
            }
            Scope::Indexes => format!("ALTER INDEX {from} RENAME TO {to};"),
            Scope::Constraints(table) => {
                format!(
                    "ALTER TABLE {} RENAME CONSTRAINT {from} TO {to};",
                    table.quoted()
                )
            }
            Scope::Policies(table) => {
                format!("ALTER POLICY {from} ON {} RENAME TO {to};", table.quoted())
            }
        }
    };
    let statements: Vec<_> = rename.statements.iter().map(statement).collect();
    let several = statements.len() > 1;
    let statements = match several {
        true => format!("BEGIN;\n{}\nCOMMIT;", statements.join("\n")),
        false => statements.join("\n"),
    };
    let why = match (&rename.scope, several) {
        (Scope::Tables, false) => "it has the same columns",
        (Scope::Tables, true) => "they have each other's columns",
        (Scope::Columns(_), false) => "where it is that one: it alone has the type",
        (Scope::Columns(_), true) => "where they are those: each alone has the type",
        (Scope::Enums, false) => "it has the same labels",
        (Scope::Enums, true) => "they have each other's labels",
        (_, false) => "it has the same definition",
        (_, true) => "they have each other's definitions",
    };
    let text = match (&rename.reason, compared(&rename.scope)) {
        (Reason::Shape, _) if several => format!("{statements}\n-- {why}"),
        (Reason::Shape, _) => format!("{statements} -- {why}"),
        // Nothing is kept under these names that could be lost.
        (_, None) => format!("{statements}\n-- what uses them has each other's"),
        (Reason::MayBeSwapped(names), Some(what)) => {
            let names = listed(names);
            let which = format!("{names} may have each other's names; where they have:");
            format!("-- compare the {what} first: {which}\n{statements}\n{OTHERWISE}")
        }
        (Reason::MayHold { held, expected }, Some(what)) => {
            let (held, expected) = (held.quoted(), expected.quoted());
            let which = format!("{held} may hold the {what} of {expected}; where it does:");
            format!("-- compare the {what} first: {which}\n{statements}\n{OTHERWISE}")
        }
    };
    Remedy::new(text)
}

/// What is compared to see which is which.
fn compared(scope: &Scope) -> Option<&'static str> {
    match scope {
        Scope::Tables => Some("rows"),
        Scope::Columns(_) => Some("values"),
        _ => None,
    }
}

/// `"a", "b" and "c"`.
fn listed(names: &[Identifier]) -> String {
    let mut names: Vec<_> = names.iter().map(Identifier::quoted).collect();
    let last = names.pop().unwrap_or_default();
    match names.is_empty() {
        true => last,
        false => format!("{} and {last}", names.join(", ")),
    }
}
