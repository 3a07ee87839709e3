//! Tenants stay apart: what the catalog says of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use leora_schema::dsl::Declaration;

use super::check::{Finding, Judgement, Outcome};
use super::counted::counted;
use super::evidence::{Basis, Evidence};
use super::kinds::finding;
use super::remedy::SETTLE_TABLE;
use super::surroundings::{Exposed, Opening, Privileges};
use crate::diff::{Difference, DifferenceKind, ObjectKind};
use crate::model::{Action, Identifier, RowSecurity, Schema, Table};

/// Every new table: a required tenant, referenced, and deleted with it.
pub(super) fn owned(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let created = &evidence.promise.created;
    let declaration = &evidence.promise.declaration;
    let findings: Vec<_> = created
        .iter()
        .filter_map(|name| {
            let table = evidence.actual.tables.get(name);
            let (what, reason) = match table {
                None => ("table ", "is missing".to_owned()),
                Some(table) => ("", not_owned(table, declaration)?),
            };
            let finding = Finding::new(format!("{what}{} {reason}", name.quoted()));
            Some(finding.remedy(SETTLE_TABLE))
        })
        .collect();
    Judgement {
        title: None,
        expected: created.len().to_string(),
        found: (created.len() - findings.len()).to_string(),
        outcome: Outcome::of(findings),
    }
}

fn not_owned(table: &Table, declaration: &Declaration) -> Option<String> {
    let tenant = declaration.tenant;
    let tenant_column = declaration.tenant_column()?;
    let Some(column) = table.column(tenant_column) else {
        return Some(format!("has no {tenant_column}"));
    };
    if column.nullable {
        return Some(format!("takes rows without a {tenant_column}"));
    }
    let mut keys = table.foreign_keys.values().filter(|key| {
        let references = key.references.here();
        references.is_some_and(|target| *target == *tenant)
            && key.columns.iter().any(|column| *column == *tenant_column)
    });
    match keys.next() {
        None => Some(format!(
            "has a {tenant_column} that does not reference {tenant}"
        )),
        Some(key) if key.on_delete != Action::Cascade => {
            Some("is not deleted with its tenant".to_owned())
        }
        Some(_) => None,
    }
}

/// More differences than this among the tables before say that the baseline is another application's, or older.
const OF_ANOTHER_BASELINE: usize = 10;

/// What to do about row-level security that the baseline knows nothing of. Taking it down opens the tables.
const OLDER_BASELINE: &str = "If it belongs there, the baseline is older than it: leora-migrate snapshot --out FILE writes a new \
                              one, then --baseline FILE. Take it down only if you know who put it up.";

/// What to do about row-level security on a new table that neither the declaration nor the neighbours have.
const PUT_UP: &str = "Find out who put it up, and for whom: taken down, the table is open to all whom it is granted to. If it \
                      belongs there, waive this.";

/// What to do about row-level security that stands and was not promised.
fn fenced_since(evidence: &Evidence<'_>, name: &Identifier) -> Option<&'static str> {
    let enabled = |schema: &Schema| {
        let table = schema.tables.get(name);
        table.is_some_and(|table| table.row_security.enabled)
    };
    let promise = evidence.promise;
    let since = enabled(evidence.actual) && !enabled(&promise.whole);
    since.then(|| match promise.created.contains(name) {
        true => PUT_UP,
        false => OLDER_BASELINE,
    })
}

/// Row-level security as promised; on the new tables, as their neighbours have it: where most
/// tables that reference the tenant stand under it, or did, a new one without it is the hole in the fence.
pub(super) fn row_security<'a>(basis: &Basis<'a>) -> Judgement {
    let Basis {
        evidence,
        differences,
    } = *basis;
    let created = &evidence.promise.created;
    let is_new = |name: &Identifier| created.contains(name);
    let neighbours: Vec<&RowSecurity> = evidence
        .actual
        .references()
        .to(evidence.promise.declaration.tenant)
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
        (ObjectKind::Table, DifferenceKind::Changed(alteration)) => alteration.is_row_security(),
        _ => false,
    };
    let mut findings: Vec<_> = differences
        .iter()
        .filter(concerns)
        .filter(|difference| !(enabled && is_new(&difference.object.owner)))
        .map(|difference| {
            let mut finding = finding(evidence, difference);
            if let Some(said) = fenced_since(evidence, &difference.object.owner) {
                finding.remedy = Some(said.into());
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
        && remedy.text != OLDER_BASELINE
    {
        remedy.text += "\n-- unless the tables before stood so already: then this is not their baseline, and leora-migrate snapshot \
                    --out FILE writes one in a database that is not migrated yet";
    }
    let mut unsure = Vec::new();
    if enabled {
        let ways = Ways::of(&neighbours);
        let stands = created
            .iter()
            .filter_map(|name| Some((name, &evidence.actual.tables.get(name)?.row_security)));
        let stands: Vec<_> = stands.collect();
        let unlike = stands
            .iter()
            .filter_map(|(name, rls)| unlike_neighbours(name, rls, forced, &ways));
        // The holes in the fence before all that a baseline may be too old for.
        findings.splice(0..0, unlike);
        if ways.0.is_empty() {
            unsure.extend(stands.iter().map(|(name, _)| {
                format!(
                    "the neighbours' policies differ from each other, so nothing says whether those of {} keep tenants apart: \
                     read them, \\d in psql",
                    name.quoted()
                )
            }));
        }
    }
    let expected = match (enabled, forced) {
        (false, _) => "as promised",
        (true, false) => "enabled",
        (true, true) => "enabled and forced",
    };
    Judgement {
        title: Some(if enabled {
            "the new tables stand under row-level security as their neighbours do, those before as they did".to_owned()
        } else {
            "row-level security is as it should be".to_owned()
        }),
        found: match findings.len() {
            0 => expected.to_owned(),
            n => counted(n, "difference", "differences"),
        },
        expected: expected.to_owned(),
        outcome: match (findings.is_empty(), unsure.is_empty()) {
            (true, false) => Outcome::NotProved { reasons: unsure },
            _ => Outcome::of(findings),
        },
    }
}

/// The policies by which the neighbours keep tenants apart, those of most of them first.
struct Ways<'a>(Vec<&'a RowSecurity>);

/// One of so many neighbours at least must have policies that are a way of theirs: an exception is none.
const OF_NEIGHBOURS: usize = 5;

impl<'a> Ways<'a> {
    fn of(neighbours: &[&'a RowSecurity]) -> Ways<'a> {
        let fenced: Vec<_> = neighbours.iter().filter(|rls| rls.enabled).collect();
        let mut alike = BTreeMap::<_, Vec<&'a RowSecurity>>::new();
        for rls in &fenced {
            alike.entry(definitions(rls)).or_default().push(rls);
        }
        let least = fenced
            .len()
            .div_ceil(OF_NEIGHBOURS)
            .max(2)
            .min(fenced.len());
        let mut ways: Vec<_> = alike
            .into_values()
            .filter(|alike| alike.len() >= least)
            .collect();
        ways.sort_by_key(|alike| Reverse(alike.len()));
        // Where two thirds have one way, the others' are exceptions, however many.
        if ways
            .first()
            .is_some_and(|most| most.len() * 3 >= fenced.len() * 2)
        {
            ways.truncate(1);
        }
        Ways(
            ways.into_iter()
                .filter_map(|alike| alike.first().copied())
                .collect(),
        )
    }

    /// Whether `rls` has the policies of one of them, where there is any.
    fn take_in(&self, rls: &RowSecurity) -> bool {
        let is_as = |way: &&RowSecurity| definitions(way) == definitions(rls);
        self.0.is_empty() || self.0.iter().any(is_as)
    }
}

/// What the policies say, whatever their names. Four of one expression, one for each command, say what one for all does.
fn definitions(rls: &RowSecurity) -> Vec<String> {
    let mut definitions: Vec<_> = rls.policies.values().cloned().collect();
    definitions.sort_unstable();
    let reading = definitions
        .iter()
        .filter(|policy| policy.contains(" FOR SELECT "));
    let whole = reading.filter_map(|policy| {
        let of = |command: &str| policy.replacen(" FOR SELECT ", &format!(" FOR {command} "), 1);
        let insert = of("INSERT").replacen(" USING ", " WITH CHECK ", 1);
        let four = [policy.clone(), insert, of("UPDATE"), of("DELETE")];
        four.iter()
            .all(|one| definitions.contains(one))
            .then(|| (of("ALL"), four))
    });
    for (all, four) in whole.collect::<Vec<_>>() {
        definitions.retain(|policy| !four.contains(policy));
        definitions.push(all);
    }
    definitions.sort_unstable();
    definitions
}

fn unlike_neighbours(
    name: &Identifier,
    rls: &RowSecurity,
    forced: bool,
    ways: &Ways<'_>,
) -> Option<Finding> {
    let is_otherwise = !ways.take_in(rls);
    let are_all_shut = ways.0.iter().any(|way| way.policies.is_empty());
    let what = if !rls.enabled {
        "is not under row-level security".to_owned()
    } else if rls.policies.is_empty() && !are_all_shut {
        "has row-level security but no policy: nobody it holds for sees a row".to_owned()
    } else if is_otherwise {
        format!("has other policies ({})", definitions(rls).join("; "))
    } else if forced && !rls.forced {
        "does not hold its owner to row-level security".to_owned()
    } else {
        return None;
    };
    let message = format!("{} {what}, unlike its neighbours", name.quoted());
    Some(Finding::new(message).remedy(fence(name, rls, forced, ways)))
}

/// The statements that put a table under row-level security as its neighbours are. The policies come first, so
/// that it is never shut to all.
fn fence(name: &Identifier, rls: &RowSecurity, forced: bool, ways: &Ways<'_>) -> String {
    let table = name.quoted();
    let mut statements = Vec::new();
    if let Some(usual) = ways.0.first().filter(|_| !ways.take_in(rls)) {
        let dropped = rls.policies.keys();
        statements
            .extend(dropped.map(|policy| format!("DROP POLICY {} ON {table};", policy.quoted())));
        let made = usual.policies.iter();
        statements.extend(
            made.map(|(policy, text)| {
                format!("CREATE POLICY {} ON {table} {text};", policy.quoted())
            }),
        );
    } else if ways.0.is_empty() && rls.policies.is_empty() {
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
fn shut(table: &str, is_fenced: bool, Exposed { roles, by }: &Exposed) -> String {
    match by {
        Opening::View(view) => format!(
            "REVOKE ALL ON {view} FROM PUBLIC, {roles}; -- or, unless it is a materialized one, ALTER VIEW {view} SET (security_invoker = true)"
        ),
        Opening::Schema(schema) => format!("ALTER SCHEMA {schema} OWNER TO CURRENT_USER;"),
        Opening::Database(database) => format!("ALTER DATABASE {database} OWNER TO CURRENT_USER;"),
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
            let or_fence = if is_fenced {
                " -- its row-level security does not hold for them"
            } else {
                " -- or, with the declaration, ENABLE ROW LEVEL SECURITY"
            };
            let granted = granted_to
                .iter()
                .map(|roles| format!("REVOKE ALL ON {table} FROM {roles};{or_fence}"));
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
pub(super) fn exposed(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let created = &evidence.promise.created;
    let is_fenced = |name: &Identifier| {
        let table = evidence.actual.tables.get(name);
        table.is_some_and(|table| table.row_security.enabled)
    };
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
                Opening::Database(database) => format!(
                    "{table} may be dropped by {roles}, as the owner of database {database}, whom the schema belongs to"
                ),
                Opening::View(view) => format!(
                    "{table} may be used by {roles} through {view}, past any row-level security"
                ),
            })
            .remedy(shut(&table, is_fenced(name), exposed))
        })
        .collect();
    Judgement::none_expected(findings)
}

#[cfg(test)]
mod tests;
