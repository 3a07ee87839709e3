//! Tenants stay apart: what the catalog says of it.

use super::check::{Check, Finding, Group, Outcome};
use super::checklist::{counted, finding};
use super::evidence::Evidence;
use super::remedy::SETTLE_TABLE;
use super::surroundings::{Exposed, Opening, Privileges};
use crate::diff::{Difference, DifferenceKind, ObjectKind};
use crate::model::{Action, Identifier, RowSecurity, Schema, Table};

/// The column that says whose a row is, and the table it references.
const TENANT_COLUMN: &str = "tenantId";
const TENANT_TABLE: &str = "Tenant";

/// The checks of the group that need no rows. `differences` are those that matter.
pub(super) fn checks(evidence: &Evidence<'_>, differences: &[Difference]) -> [Check; 3] {
    [
        owned(evidence),
        row_security(evidence, differences),
        exposed(evidence),
    ]
}

/// Every new table: a required tenant, referenced, and deleted with it.
fn owned(evidence: &Evidence<'_>) -> Check {
    let created = &evidence.promise.created;
    let findings: Vec<_> = created
        .iter()
        .filter_map(|name| {
            let table = evidence.actual.tables.get(name);
            let (what, reason) = match table {
                None => ("table ", "is missing"),
                Some(table) => ("", not_owned(table)?),
            };
            let finding = Finding::new(format!("{what}{} {reason}", name.quoted()));
            Some(finding.remedy(SETTLE_TABLE))
        })
        .collect();
    Check {
        id: "tenants.owned",
        group: Group::Tenants,
        title:
            "every new table has a required tenantId that references Tenant and is deleted with it"
                .to_owned(),
        expected: created.len().to_string(),
        found: (created.len() - findings.len()).to_string(),
        outcome: Outcome::of(findings),
    }
}

fn not_owned(table: &Table) -> Option<&'static str> {
    let Some(column) = table.column(TENANT_COLUMN) else {
        return Some("has no tenantId");
    };
    if column.nullable {
        return Some("takes rows without a tenantId");
    }
    let mut keys = table.foreign_keys.values().filter(|key| {
        key.references
            .here()
            .is_some_and(|target| *target == TENANT_TABLE)
            && key.columns.iter().any(|column| *column == TENANT_COLUMN)
    });
    match keys.next() {
        None => Some("has a tenantId that does not reference Tenant"),
        Some(key) if key.on_delete != Action::Cascade => Some("is not deleted with its tenant"),
        Some(_) => None,
    }
}

/// More differences than this among the tables before say that the baseline is another application's, or older.
const OF_ANOTHER_BASELINE: usize = 10;

/// What to do about row-level security that the baseline knows nothing of. Taking it down opens the tables.
const OLDER_BASELINE: &str = "If it belongs there, the baseline is older than it: leora-migrate snapshot --out FILE writes a new \
                              one, then --baseline FILE. Take it down only if you know who put it up.";

/// Whether a table that stood before stands under row-level security, and did not.
fn is_fenced_since(evidence: &Evidence<'_>, name: &Identifier) -> bool {
    let enabled = |schema: &Schema| {
        let table = schema.tables.get(name);
        table.is_some_and(|table| table.row_security.enabled)
    };
    let promise = evidence.promise;
    let is_old = !promise.created.contains(name);
    is_old && enabled(evidence.actual) && !enabled(&promise.whole)
}

/// Row-level security as promised; on the new tables, as their neighbours have it: where most
/// tables that reference `Tenant` stand under it, or did, a new one without it is the hole in the fence.
fn row_security<'a>(evidence: &'a Evidence<'_>, differences: &[Difference]) -> Check {
    let created = &evidence.promise.created;
    let is_new = |name: &Identifier| created.contains(name);
    let neighbours: Vec<&RowSecurity> = evidence
        .actual
        .references()
        .to(TENANT_TABLE)
        .iter()
        .filter(|(child, ..)| !is_new(child))
        .filter_map(|(child, ..)| {
            let rls = |schema: &'a Schema| Some(&schema.tables.get(*child)?.row_security);
            let promised = rls(&evidence.promise.whole).filter(|rls| rls.enabled);
            promised.or_else(|| rls(evidence.actual))
        })
        .collect();
    let most = |holds: fn(&RowSecurity) -> bool| {
        neighbours.iter().filter(|rls| holds(rls)).count() * 2 > neighbours.len()
    };
    let (enabled, forced) = (most(|rls| rls.enabled), most(|rls| rls.forced));
    let concerns = |difference: &&Difference| match (difference.object.kind, &difference.kind) {
        (ObjectKind::Policy, _) => true,
        (ObjectKind::Table, DifferenceKind::Changed { field, .. }) => {
            field.contains("row-level security")
        }
        _ => false,
    };
    let mut findings: Vec<_> = differences
        .iter()
        .filter(concerns)
        .filter(|difference| !(enabled && is_new(&difference.object.owner)))
        .map(|difference| {
            let mut finding = finding(evidence, difference);
            if is_fenced_since(evidence, &difference.object.owner) {
                finding.remedy = Some(OLDER_BASELINE.to_owned());
            }
            finding
        })
        .collect();
    let before = differences
        .iter()
        .filter(concerns)
        .filter(|difference| !is_new(&difference.object.owner));
    if before.count() > OF_ANOTHER_BASELINE
        && let Some(remedy) = findings.iter_mut().find_map(|f| f.remedy.as_mut())
        && remedy != OLDER_BASELINE
    {
        *remedy += "\n-- unless the tables before stood so already: then this is not their baseline, and leora-migrate snapshot \
                    --out FILE writes one in a database that is not migrated yet";
    }
    if enabled {
        let usual = usual_policies(&neighbours);
        let unlike = created
            .iter()
            .filter_map(|name| Some((name, &evidence.actual.tables.get(name)?.row_security)));
        let unlike = unlike.filter_map(|(name, rls)| unlike_neighbours(name, rls, forced, usual));
        // The holes in the fence before all that a baseline may be too old for.
        findings.splice(0..0, unlike);
    }
    let expected = match (enabled, forced) {
        (false, _) => "as promised",
        (true, false) => "enabled",
        (true, true) => "enabled and forced",
    };
    Check {
        id: "tenants.row-security",
        group: Group::Tenants,
        title: if enabled {
            "the new tables stand under row-level security as their neighbours do, those before as they did".to_owned()
        } else {
            "row-level security is as it should be".to_owned()
        },
        found: match findings.len() {
            0 => expected.to_owned(),
            n => counted(n, "difference", "differences"),
        },
        expected: expected.to_owned(),
        outcome: Outcome::of(findings),
    }
}

/// The policies that most of those under row-level security have, when most have the same.
fn usual_policies<'a>(neighbours: &[&'a RowSecurity]) -> Option<&'a RowSecurity> {
    let fenced: Vec<_> = neighbours.iter().filter(|rls| rls.enabled).collect();
    let alike = |rls: &&&&RowSecurity| {
        let same = fenced
            .iter()
            .filter(|other| definitions(other) == definitions(rls));
        same.count() * 2 > fenced.len()
    };
    fenced.iter().find(alike).map(|rls| **rls)
}

/// What the policies say, whatever their names.
fn definitions(rls: &RowSecurity) -> Vec<&str> {
    let mut definitions: Vec<_> = rls.policies.values().map(String::as_str).collect();
    definitions.sort_unstable();
    definitions
}

fn unlike_neighbours(
    name: &Identifier,
    rls: &RowSecurity,
    forced: bool,
    usual: Option<&RowSecurity>,
) -> Option<Finding> {
    let is_otherwise = usual.is_some_and(|usual| definitions(usual) != definitions(rls));
    let what = if !rls.enabled {
        "is not under row-level security".to_owned()
    } else if rls.policies.is_empty() {
        "has row-level security but no policy: nobody it holds for sees a row".to_owned()
    } else if is_otherwise {
        format!("has other policies ({})", definitions(rls).join("; "))
    } else if forced && !rls.forced {
        "does not hold its owner to row-level security".to_owned()
    } else {
        return None;
    };
    let message = format!("{} {what}, unlike its neighbours", name.quoted());
    Some(Finding::new(message).remedy(fence(name, rls, forced, usual)))
}

/// The statements that put a table under row-level security as its neighbours are. The policies come first, so
/// that it is never shut to all.
fn fence(
    name: &Identifier,
    rls: &RowSecurity,
    forced: bool,
    usual: Option<&RowSecurity>,
) -> String {
    let table = name.quoted();
    let mut statements = Vec::new();
    if let Some(usual) = usual.filter(|usual| definitions(usual) != definitions(rls)) {
        let dropped = rls.policies.keys();
        statements
            .extend(dropped.map(|policy| format!("DROP POLICY {} ON {table};", policy.quoted())));
        let made = usual.policies.iter();
        statements.extend(
            made.map(|(policy, text)| {
                format!("CREATE POLICY {} ON {table} {text};", policy.quoted())
            }),
        );
    } else if rls.policies.is_empty() {
        return format!(
            "Its neighbours' policies differ from each other: CREATE POLICY one for {table} as they have, then ALTER TABLE \
             {table} ENABLE ROW LEVEL SECURITY."
        );
    }
    if !rls.enabled {
        statements.push(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"));
    }
    if forced && !rls.forced {
        statements.push(format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"));
    }
    statements.join("\n")
}

/// What shuts a table to the roles. Its owner can grant itself again what is revoked.
fn shut(table: &str, Exposed { roles, by }: &Exposed) -> String {
    match by {
        Opening::View(view) => format!(
            "REVOKE ALL ON {view} FROM PUBLIC, {roles}; -- or ALTER VIEW {view} SET (security_invoker = true)"
        ),
        Opening::Schema(schema) => format!(
            "ALTER SCHEMA {schema} OWNER TO CURRENT_USER; -- or the database, where pg_database_owner owns the schema"
        ),
        Opening::Ownership => {
            format!(
                "ALTER TABLE {table} OWNER TO CURRENT_USER; REVOKE ALL ON {table} FROM {roles};"
            )
        }
        Opening::Privileges(Privileges {
            granted_to,
            memberships,
            superusers,
        }) => {
            let granted = granted_to.iter().map(|roles| {
                format!("REVOKE ALL ON {table} FROM {roles}; -- or, with the declaration, ENABLE ROW LEVEL SECURITY")
            });
            let by_membership = memberships.iter().map(|of| format!("REVOKE {of};"));
            let superusers = superusers.iter().flat_map(|roles| roles.split(", "));
            let superusers = superusers.map(|role| format!("ALTER ROLE {role} NOSUPERUSER;"));
            let statements: Vec<_> = granted.chain(by_membership).chain(superusers).collect();
            statements.join("\n")
        }
    }
}

/// Supabase serves every table of the schema that its public roles may use to the whole internet;
/// row-level security is what stands before it.
fn exposed(evidence: &Evidence<'_>) -> Check {
    let created = &evidence.promise.created;
    let findings: Vec<_> = created
        .iter()
        .flat_map(|name| {
            evidence
                .around
                .exposed
                .iter()
                .filter(move |(of, _)| of == name)
        })
        .map(|(name, exposed)| {
            let roles = &exposed.roles;
            let table = name.quoted();
            Finding::new(match &exposed.by {
                Opening::Privileges(_) | Opening::Ownership => format!(
                    "{table} may be used by {roles}, and no row-level security holds for them"
                ),
                Opening::Schema(schema) => {
                    format!("{table} may be dropped by {roles}, as the owner of schema {schema}")
                }
                Opening::View(view) => format!(
                    "{table} may be used by {roles} through {view}, past any row-level security"
                ),
            })
            .remedy(shut(&table, exposed))
        })
        .collect();
    Check {
        id: "tenants.exposed",
        group: Group::Tenants,
        title: "no new table is open to anon or authenticated without row-level security"
            .to_owned(),
        expected: "none".to_owned(),
        found: if findings.is_empty() {
            "none".to_owned()
        } else {
            findings.len().to_string()
        },
        outcome: Outcome::of(findings),
    }
}

#[cfg(test)]
mod tests;
