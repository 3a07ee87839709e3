//! What is said of row-level security and of roles that may use a new table.

use super::*;
use crate::verify::checklist::tests::{
    Beside, check, check_against, check_beside, messages, name, promise, table,
};

#[test]
fn a_table_is_taken_from_a_role_that_owns_it() {
    let remedy = |by| {
        let roles = "anon".to_owned();
        shut("t", false, &Exposed { roles, by })
    };
    assert_eq!(
        remedy(Opening::Ownership),
        "ALTER TABLE t OWNER TO CURRENT_USER; REVOKE ALL ON t FROM anon;"
    );
}

/// The findings of tenants.row-security where its neighbours stand under `fence`, and `change` is made: what each
/// says, and what it says to do.
fn fenced(
    was: bool,
    change: impl FnOnce(&mut Schema, &RowSecurity),
) -> Vec<(String, Option<String>)> {
    let policy = |policy: &str| (name(policy), "USING (true)".to_owned());
    let fence = RowSecurity {
        enabled: true,
        forced: true,
        policies: [policy("p")].into(),
    };
    let mut promised = promise().clone();
    let put_up = |schema: &mut Schema, names: &[Identifier]| {
        for name in names {
            let table = schema.tables.get_mut(name).expect("there");
            table.row_security = fence.clone();
        }
    };
    let is_old = |name: &&Identifier| !promised.created.contains(name);
    let old: Vec<_> = promised
        .whole
        .tables
        .keys()
        .filter(is_old)
        .cloned()
        .collect();
    let new = promised.created.clone();
    if was {
        put_up(&mut promised.whole, &old);
    }
    let check = check_against(&promised, "tenants.row-security", |schema| {
        put_up(schema, &old);
        put_up(schema, &new);
        change(schema, &fence);
    });
    let findings = match check.outcome {
        Outcome::Failed { findings } => findings,
        _ => Vec::new(),
    };
    let said = findings.into_iter();
    said.map(|finding| (finding.message, finding.remedy.map(|remedy| remedy.text)))
        .collect()
}

fn job(schema: &mut Schema) -> &mut RowSecurity {
    &mut table(schema, "Errand").row_security
}

#[test]
fn a_new_table_stands_as_its_neighbours_do() {
    assert_eq!(fenced(true, |_, _| {}), []);
    let other = |(policy, text): (&str, &str)| {
        let policies = [(name(policy), text.to_owned())];
        fenced(true, |schema, _| job(schema).policies = policies.into())
    };
    assert_eq!(other(("renamed", "USING (true)")), []);
    let anew = "DROP POLICY \"q\" ON \"Errand\";\nCREATE POLICY \"p\" ON \"Errand\" USING (true);";
    let said = "\"Errand\" has other policies (USING (false)), unlike its neighbours";
    let found = other(("q", "USING (false)"));
    assert_eq!(found, [(said.to_owned(), Some(anew.to_owned()))]);
    let owner = "\"Errand\" does not hold its owner to row-level security, unlike its neighbours";
    let force = "ALTER TABLE \"Errand\" FORCE ROW LEVEL SECURITY;";
    let found = fenced(true, |schema, _| job(schema).forced = false);
    assert_eq!(found, [(owner.to_owned(), Some(force.to_owned()))]);
    let enable = "ALTER TABLE \"Errand\" ENABLE ROW LEVEL SECURITY;";
    let found = fenced(true, |schema, _| job(schema).enabled = false);
    assert_eq!(found[0].1.as_deref(), Some(enable));
}

/// What the tables before were promised to stand under counts, were it taken down on all of them.
#[test]
fn a_fence_that_was_taken_down_is_still_the_neighbours() {
    let open = fenced(true, |schema, _| {
        for table in schema.tables.values_mut() {
            table.row_security = RowSecurity::default();
        }
    });
    let said = "\"Measure\" is not under row-level security, unlike its neighbours";
    assert_eq!(open[0].0, said);
    let baselines = open.iter().filter(|(_, remedy)| {
        let remedy = remedy.as_deref().unwrap_or_default();
        remedy.contains("this is not their baseline")
    });
    assert_eq!(baselines.count(), 1);
}

#[test]
fn a_fence_that_the_baseline_does_not_know_is_not_to_be_taken_down() {
    let since = fenced(false, |schema, _| job(schema).enabled = false);
    let (new, old) = since.split_first().expect("findings");
    assert!(new.0.starts_with("\"Errand\" is not"), "{new:?}");
    assert!(old.len() > OF_ANOTHER_BASELINE);
    for (message, remedy) in old {
        assert_eq!(remedy.as_deref(), Some(OLDER_BASELINE), "{message}");
    }
    // A new table is no older than the baseline: what nobody promised on it is to be taken down.
    let alone = fenced(false, |schema, fence| {
        for table in schema.tables.values_mut() {
            table.row_security = RowSecurity::default();
        }
        *job(schema) = fence.clone();
    });
    assert!(!alone.is_empty());
    for (message, remedy) in alone {
        assert_ne!(remedy.as_deref(), Some(OLDER_BASELINE), "{message}");
    }
}

#[test]
fn privileges_are_taken_where_they_were_given() {
    let by = Opening::Privileges(Privileges {
        granted_to: Some("PUBLIC, anon".to_owned()),
        memberships: vec!["pg_read_all_data FROM anon".to_owned()],
        superusers: Some("anon, authenticated".to_owned()),
    });
    let roles = "anon, authenticated".to_owned();
    let remedy = shut("t", false, &Exposed { roles, by });
    assert_eq!(
        remedy.lines().collect::<Vec<_>>(),
        [
            "REVOKE ALL ON t FROM PUBLIC, anon; -- or, with the declaration, ENABLE ROW LEVEL SECURITY",
            "REVOKE pg_read_all_data FROM anon;",
            "ALTER ROLE anon NOSUPERUSER;",
            "ALTER ROLE authenticated NOSUPERUSER;",
        ]
    );
}

#[test]
fn a_new_table_has_a_way_of_its_neighbours_which_no_exception_is() {
    let with = |policies: &[&str]| RowSecurity {
        enabled: true,
        forced: true,
        policies: policies
            .iter()
            .enumerate()
            .map(|(at, policy)| (name(&format!("p{at}")), (*policy).to_owned()))
            .collect(),
    };
    let takes_in = |neighbours: &[(usize, &RowSecurity)], new: &RowSecurity| {
        let neighbours = neighbours
            .iter()
            .flat_map(|(times, rls)| std::iter::repeat_n(*rls, *times));
        let neighbours: Vec<_> = neighbours.collect();
        let ways = Ways::of(&neighbours);
        (ways.take_in(new), !ways.0.is_empty())
    };
    let [a, b, c] = ["USING (a)", "USING (b)", "USING (c)"].map(|policy| with(&[policy]));
    assert_eq!(takes_in(&[(20, &a), (1, &b)], &b), (false, true));
    assert_eq!(takes_in(&[(20, &b), (7, &a)], &a), (false, true));
    assert_eq!(
        takes_in(&[(14, &a), (7, &b)], &b),
        (false, true),
        "two thirds"
    );
    assert_eq!(takes_in(&[(13, &a), (8, &b)], &b), (true, true));
    assert_eq!(takes_in(&[(7, &a), (7, &b), (7, &c)], &b), (true, true));
    assert_eq!(takes_in(&[(7, &a), (7, &b), (1, &c)], &c), (false, true));
    assert_eq!(takes_in(&[(1, &a)], &b), (false, true), "one neighbour");
    assert_eq!(
        takes_in(&[(1, &a), (1, &b)], &c),
        (true, false),
        "nothing says so"
    );
    let shut = with(&[]);
    assert_eq!(takes_in(&[(3, &shut)], &shut), (true, true));
    assert_eq!(takes_in(&[(3, &shut)], &a), (false, true));
    let open = RowSecurity::default();
    assert_eq!(takes_in(&[(25, &a), (15, &open)], &shut), (false, true));
}

/// What is said of a new table where the neighbours have `ways`, and what is typed.
fn unlike(rls: &RowSecurity, forced: bool, ways: &[&RowSecurity]) -> Option<(String, String)> {
    let finding = unlike_neighbours(&name("Errand"), rls, forced, &Ways(ways.to_vec()))?;
    Some((
        finding.message,
        finding.remedy.map_or(String::new(), |remedy| remedy.text),
    ))
}

#[test]
fn what_neighbours_do_not_have_is_not_asked_of_a_new_table() {
    let policies = [(name("p"), "USING (a)".to_owned())];
    let fenced = RowSecurity {
        enabled: true,
        forced: false,
        policies: policies.into(),
    };
    let open = RowSecurity {
        enabled: false,
        ..fenced.clone()
    };
    let shut = RowSecurity {
        policies: [].into(),
        ..fenced.clone()
    };
    let enable = r#"ALTER TABLE "Errand" ENABLE ROW LEVEL SECURITY;"#;
    let typed = |rls: &RowSecurity, ways: &[&RowSecurity]| {
        let (_, remedy) = unlike(rls, false, ways).expect("a finding");
        remedy
    };
    assert_eq!(unlike(&fenced, false, &[&fenced]), None, "not forced");
    assert_eq!(typed(&open, &[&fenced]), enable, "not forced");
    assert_eq!(typed(&open, &[]), enable, "with policies of its own");
    assert_eq!(unlike(&shut, false, &[&shut]), None, "all are shut");
    assert_eq!(typed(&RowSecurity::default(), &[&shut]), enable);
    let (said, by_hand) = unlike(&shut, false, &[]).expect("nobody sees a row");
    assert!(said.contains("no policy"), "{said}");
    assert!(by_hand.contains("CREATE POLICY one"), "{by_hand}");
}

#[test]
fn policies_that_are_all_different_prove_nothing() {
    let mut promised = promise().clone();
    let fence = |name_of: &Identifier| RowSecurity {
        enabled: true,
        forced: true,
        policies: [(name("p"), format!("USING ({name_of})"))].into(),
    };
    let created = promised.created.clone();
    let is_old = |name: &Identifier| !created.contains(name);
    for (name, table) in &mut promised.whole.tables {
        if is_old(name) {
            table.row_security = fence(name);
        }
    }
    let check = check_against(&promised, "tenants.row-security", |schema| {
        for name in &created {
            table(schema, name.as_str()).row_security = fence(name);
        }
    });
    let Outcome::NotProved { reasons } = check.outcome else {
        panic!("{check:?}")
    };
    assert_eq!(reasons.len(), created.len());
}

/// Neither the new tables, nor that there is none, make it a fence.
#[test]
fn a_fence_is_what_most_of_the_tables_before_have() {
    let created = promise().created.clone();
    let neighbours = promise().whole.references();
    let neighbours = neighbours.to(promise().declaration.tenant).iter();
    let neighbours: Vec<_> = neighbours
        .map(|(child, ..)| (*child).clone())
        .filter(|child| !created.contains(child))
        .collect();
    let fewer_than_half = &neighbours[..(neighbours.len() - 1) / 2];
    let mut promised = promise().clone();
    let fenced = fewer_than_half.iter().chain(&created);
    for name in fenced {
        table(&mut promised.whole, name.as_str())
            .row_security
            .enabled = true;
    }
    let fenced = check_against(&promised, "tenants.row-security", |_| {});
    assert_eq!(
        (fenced.expected.as_str(), fenced.outcome),
        ("as promised", Outcome::Passed)
    );
    let mut promised = promise().clone();
    for name in &neighbours {
        table(&mut promised.whole, name.as_str())
            .foreign_keys
            .clear();
    }
    let alone = check_against(&promised, "tenants.row-security", |_| {});
    assert_eq!(
        (alone.expected.as_str(), alone.outcome),
        ("as promised", Outcome::Passed)
    );
}

#[test]
fn a_new_table_belongs_to_a_tenant_by_a_key_of_its_own() {
    let job = |change: fn(&mut Table)| {
        let check = check("tenants.owned", |schema| change(table(schema, "Errand")));
        messages(&check).join("; ")
    };
    assert_eq!(job(|_| {}), "");
    assert_eq!(
        job(|job| {
            let mut columns = job.columns.iter_mut();
            columns
                .find(|one| one.name == *"tenantId")
                .expect("there")
                .nullable = true;
        }),
        "\"Errand\" takes rows without a tenantId"
    );
    let elsewhere = "\"Errand\" has a tenantId that does not reference Shop";
    let other_column = |job: &mut Table| {
        let key = job.foreign_keys.get_mut("Errand_tenantId_fkey");
        key.expect("there").columns = vec![name("id")];
    };
    assert_eq!(job(other_column), elsewhere);
    let other_table = |job: &mut Table| {
        let of_user = promise().whole.tables["Card"].foreign_keys["Card_userId_fkey"].clone();
        let key = job
            .foreign_keys
            .get_mut("Errand_tenantId_fkey")
            .expect("there");
        key.references = of_user.references;
    };
    assert_eq!(job(other_table), elsewhere);
    assert_eq!(
        job(|job| {
            let key = job.foreign_keys.get_mut("Errand_tenantId_fkey");
            key.expect("there").on_delete = Action::Restrict;
        }),
        "\"Errand\" is not deleted with its tenant"
    );
}

/// Where row-level security is on, to enable it is no way out.
#[test]
fn who_may_use_a_new_table_is_told_of_that_one() {
    let exposed = |enabled: bool| {
        let by = Opening::Privileges(Privileges {
            granted_to: Some("anon".to_owned()),
            ..Privileges::default()
        });
        let roles = "anon".to_owned();
        let mut beside = Beside::default();
        beside.around.exposed = vec![(name("Errand"), Exposed { roles, by })];
        let fence = |schema: &mut Schema| job(schema).enabled = enabled;
        let check = check_beside(promise(), "tenants.exposed", fence, &beside);
        let [finding] = check.outcome.findings() else {
            panic!("{check:?}")
        };
        finding.remedy.clone().expect("a remedy").text
    };
    let revoke = r#"REVOKE ALL ON "Errand" FROM anon; -- "#;
    assert!(exposed(false).starts_with(&format!("{revoke}or, with the declaration")));
    assert!(exposed(true).starts_with(&format!("{revoke}its row-level security does not hold")));
}

#[test]
fn four_policies_of_one_expression_are_one_for_all_commands() {
    let with = |policies: &[&str]| RowSecurity {
        policies: policies
            .iter()
            .enumerate()
            .map(|(at, policy)| (name(&format!("p{at}")), (*policy).to_owned()))
            .collect(),
        ..RowSecurity::default()
    };
    let select = "AS PERMISSIVE FOR SELECT TO public USING ((a = b))";
    let insert = "AS PERMISSIVE FOR INSERT TO public WITH CHECK ((a = b))";
    let update = "AS PERMISSIVE FOR UPDATE TO public USING ((a = b))";
    let delete = "AS PERMISSIVE FOR DELETE TO public USING ((a = b))";
    let all = "AS PERMISSIVE FOR ALL TO public USING ((a = b))";
    assert_eq!(definitions(&with(&[delete, select, insert, update])), [all]);
    let open = "AS PERMISSIVE FOR DELETE TO public USING (true)";
    for three in [
        [select, insert, update],
        [select, insert, delete],
        [select, update, delete],
    ] {
        assert_eq!(definitions(&with(&three)).len(), 3);
    }
    assert_eq!(definitions(&with(&[select, insert, update, open])).len(), 4);
    assert_eq!(
        definitions(&with(&[select, insert, update, delete, open])),
        [all, open]
    );
}
