//! What was found in a group that passed whole, in a few words with the figures of its checks.

use leora_schema::LEORA;

use leora_core::verify::check::{Check, CheckId, Group};
use leora_core::verify::checks::{self, Referenced, read, tried};
use leora_core::verify::counted::counted;

/// What the `checks` of `group`, all of which passed, found.
pub(super) fn found(group: Group, checks: &[&Check]) -> String {
    let found = |id: CheckId| {
        let check = checks.iter().find(|check| check.id == id);
        check.map_or("", |check| check.found.as_str())
    };
    let figure = |id: CheckId| -> usize {
        let digits = found(id).split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    };
    match group {
        Group::Declaration => format!(
            "{} with the schema that stood before",
            found(read::DECLARATION_VALID.id)
        ),
        Group::Migration => {
            let recorded = found(read::RECORDED.id);
            let how = recorded.strip_prefix("applied ").unwrap_or(recorded);
            format!("applied {how}")
        }
        Group::Tables => {
            let tables = counted(figure(read::TABLES_COUNT.id), "table", "tables");
            let of_them = [
                (read::COLUMNS.id, "column", "columns"),
                (read::TYPES.id, "enum or domain", "enums and domains"),
                (read::CONSTRAINTS.id, "constraint", "constraints"),
                (read::TRIGGERS.id, "trigger or rule", "triggers and rules"),
            ];
            let there = of_them.into_iter().filter(|(id, ..)| figure(*id) > 0);
            let there = there.map(|(id, one, many)| counted(figure(id), one, many));
            let tables = format!("{tables} ({} new)", figure(read::TABLES_NEW.id));
            let all: Vec<_> = [tables].into_iter().chain(there).collect();
            all.join(", ")
        }
        Group::Relations => {
            let relations = checks::relations(&LEORA).into_iter();
            let counts = relations.map(
                |Referenced {
                     id,
                     model,
                     only_new,
                 }| {
                    let new = if only_new { "new " } else { "" };
                    let (one, many) = (
                        format!("{new}table references {model}"),
                        format!("{new}tables reference {model}"),
                    );
                    counted(figure(id), &one, &many)
                },
            );
            counts.collect::<Vec<_>>().join(", ")
        }
        Group::Integrity => format!(
            "{}, {}, {} in force",
            counted(figure(read::PRIMARY_KEYS.id), "primary key", "primary keys"),
            counted(figure(read::FOREIGN_KEYS.id), "foreign key", "foreign keys"),
            counted(figure(read::INDEXES.id), "index", "indexes")
        ),
        Group::Deletes => format!(
            "a tenant of {}, {}, {}",
            counted(figure(tried::TENANT_ERASED.id), "row", "rows"),
            counted(figure(tried::DELETES.id), "foreign key", "foreign keys"),
            counted(figure(tried::KEY_CHANGES.id), "key change", "key changes")
        ),
        Group::Uniqueness => {
            let cases = checks.iter().map(|check| figure(check.id)).sum();
            let cases = counted(cases, "case", "cases");
            format!("{cases} of {}", checks::unique_things(&LEORA))
        }
        Group::Behaviour => {
            let of_all = [tried::DEFAULTS.id, tried::REQUIRED.id];
            let of_one = checks
                .iter()
                .map(|check| check.id)
                .filter(|id| !of_all.contains(id));
            let uses = of_one.map(figure).sum();
            format!(
                "{}, {} of defaults, {}",
                counted(uses, "case of use", "cases of use"),
                figure(tried::DEFAULTS.id),
                counted(
                    figure(tried::REQUIRED.id),
                    "required column",
                    "required columns"
                )
            )
        }
        Group::Tenants => {
            let security = match found(read::ROW_SECURITY.id) {
                "as promised" => String::new(),
                holds => format!(", row-level security {holds}"),
            };
            format!(
                "{}, another's rows unchanged in {}{security}",
                counted(figure(read::TENANTS_OWNED.id), "new table", "new tables"),
                counted(figure(tried::OTHERS_UNCHANGED.id), "delete", "deletes")
            )
        }
    }
}
