//! What was found in a group that passed whole, in a few words with the figures of its checks.

use leora_core::verify::check::{Check, Group};
use leora_core::verify::checklist::counted;

/// What the `checks` of `group`, all of which passed, found.
pub(super) fn found(group: Group, checks: &[&Check]) -> String {
    let found = |id: &str| {
        let check = checks.iter().find(|check| check.id == id);
        check.map_or("", |check| check.found.as_str())
    };
    let figure = |id: &str| -> usize {
        let digits = found(id).split(|c: char| !c.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    };
    let sum = |ids: &[&str]| ids.iter().map(|id| figure(id)).sum::<usize>();
    match group {
        Group::Declaration => format!(
            "{} with the schema that stood before",
            found("declaration.valid")
        ),
        Group::Migration => {
            let recorded = found("migration.recorded");
            let how = recorded.strip_prefix("applied ").unwrap_or(recorded);
            format!("applied {how}")
        }
        Group::Tables => {
            let tables = counted(figure("tables.count"), "table", "tables");
            let of_them = [
                ("tables.columns", "column", "columns"),
                ("tables.types", "enum or domain", "enums and domains"),
                ("tables.constraints", "constraint", "constraints"),
                ("tables.triggers", "trigger or rule", "triggers and rules"),
            ];
            let there = of_them.into_iter().filter(|(id, ..)| figure(id) > 0);
            let there = there.map(|(id, one, many)| counted(figure(id), one, many));
            let tables = format!("{tables} ({} new)", figure("tables.new"));
            let all: Vec<_> = [tables].into_iter().chain(there).collect();
            all.join(", ")
        }
        Group::Relations => format!(
            "{}, {}",
            counted(
                figure("relations.tenant"),
                "table references Tenant",
                "tables reference Tenant"
            ),
            counted(
                figure("relations.user"),
                "new table references User",
                "new tables reference User"
            )
        ),
        Group::Integrity => format!(
            "{}, {}, {} in force",
            counted(
                figure("integrity.primary-keys"),
                "primary key",
                "primary keys"
            ),
            counted(
                figure("integrity.foreign-keys"),
                "foreign key",
                "foreign keys"
            ),
            counted(figure("integrity.indexes"), "index", "indexes")
        ),
        Group::Deletes => format!(
            "a tenant of {}, {}, {}",
            counted(figure("deletes.tenant-erased"), "row", "rows"),
            counted(
                figure("deletes.foreign-keys"),
                "foreign key",
                "foreign keys"
            ),
            counted(figure("deletes.key-changes"), "key change", "key changes")
        ),
        Group::Uniqueness => {
            let cases = sum(&[
                "uniqueness.metric-version",
                "uniqueness.widget",
                "uniqueness.jobs-none",
                "uniqueness.keys",
            ]);
            let cases = counted(cases, "case", "cases");
            format!("{cases} of metric versions, widgets, jobs and ids")
        }
        Group::Behaviour => {
            let uses = sum(&[
                "behaviour.metric-versions",
                "behaviour.widgets",
                "behaviour.job-defaults",
            ]);
            format!(
                "{}, {} of defaults, {}",
                counted(uses, "case of use", "cases of use"),
                figure("behaviour.defaults"),
                counted(
                    figure("behaviour.required-columns"),
                    "required column",
                    "required columns"
                )
            )
        }
        Group::Tenants => {
            let security = match found("tenants.row-security") {
                "as promised" => String::new(),
                holds => format!(", row-level security {holds}"),
            };
            format!(
                "{}, another's rows unchanged in {}{security}",
                counted(figure("tenants.owned"), "new table", "new tables"),
                counted(figure("tenants.others-unchanged"), "delete", "deletes")
            )
        }
    }
}
