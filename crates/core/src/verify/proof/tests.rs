//! How far a proof goes, planned in memory.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::programme::Trial;
use super::world::{Learned, World};
use super::*;
use crate::model::lower::lower;
use crate::model::{Constraint, Identifier, RowSecurity, Schema, Validity};
use crate::sample::SAMPLE;
use crate::verify::user_code::{CodeByTable, CodeKind, Event, UserCode};

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

/// What `look` sees of a proof of the declared tables.
fn planned<T>(
    change: impl FnOnce(&mut Schema),
    pages: &[(&str, u64)],
    bypasses_row_security: bool,
    options: &ProofOptions,
    look: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let none = CodeByTable::default();
    planned_with(&none, change, pages, bypasses_row_security, options, look)
}

/// The same where the tables have user-defined code.
fn planned_with<T>(
    user_code: &CodeByTable,
    change: impl FnOnce(&mut Schema),
    pages: &[(&str, u64)],
    bypasses_row_security: bool,
    options: &ProofOptions,
    look: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let desired = lower(&SAMPLE);
    let mut actual = desired.clone();
    change(&mut actual);
    let sizes = pages
        .iter()
        .map(|(table, pages)| {
            (
                name(table),
                TableSize {
                    pages: *pages,
                    rows: 1,
                },
            )
        })
        .collect();
    look(&Subject {
        schema: &name("public"),
        actual: &actual,
        desired: &desired,
        declaration: &SAMPLE,
        sizes: &sizes,
        firing_order: &[],
        user_code,
        bypasses_row_security,
        superuser: false,
        options,
    })
}

#[test]
fn a_row_that_a_policy_may_hide_is_not_looked_for() {
    let left_out = |enabled, policy: &str, bypasses| {
        let fence = |schema: &mut Schema| {
            let job = schema.tables.get_mut("Errand").expect("declared");
            job.row_security = RowSecurity {
                enabled,
                forced: true,
                policies: BTreeMap::from([(name("fence"), policy.to_owned())]),
            };
        };
        planned(fence, &[], bypasses, &ProofOptions::default(), |subject| {
            let learned = Learned::default();
            let world = World::new(subject, &learned);
            let left_out = world.left_out.into_iter();
            left_out
                .map(|(table, reason)| (table.clone(), reason))
                .collect::<Vec<_>>()
        })
    };
    let asks = r#"AS PERMISSIVE FOR ALL TO public USING (EXISTS ( SELECT 1 FROM "Staff"))"#;
    let reason = "its policy \"fence\" asks about other rows, so a row that is there could be hidden from this role";
    assert_eq!(
        left_out(true, asks, false),
        [(name("Errand"), reason.to_owned())]
    );
    assert_eq!(left_out(false, asks, false), []);
    assert_eq!(left_out(true, asks, true), []);
    let compares = r#"AS PERMISSIVE FOR ALL TO public USING (("tenantId" = app.tenant()))"#;
    assert_eq!(left_out(true, compares, false), []);
}

#[test]
fn the_question_for_values_waits_no_longer_than_the_proof() {
    let conditional = |schema: &mut Schema| {
        let check = Constraint {
            definition: "CHECK (attempts >= 0)".to_owned(),
            validity: Validity::Valid,
        };
        let job = schema.tables.get_mut("Errand").expect("declared");
        job.checks.insert(name("check"), check);
    };
    let options = ProofOptions {
        lock_timeout_ms: 7,
        statement_timeout_ms: 70,
        ..ProofOptions::default()
    };
    planned(conditional, &[], true, &options, |subject| {
        let proof = Proof::new(subject, FirstRound::of(subject));
        let question = proof.next().expect("a round");
        assert!(question.build.is_empty(), "it makes no rows");
        assert_eq!(
            (question.lock_timeout_ms, question.statement_timeout_ms),
            (7, 70)
        );
    });
}

/// The foreign keys that lead from a new table to `Staff` have no index: deleting a user reads both tables.
#[test]
fn the_pages_of_all_tables_count_together() {
    let not_tried = |max_pages, widgets, metrics| {
        let options = ProofOptions {
            max_pages,
            ..ProofOptions::default()
        };
        let pages = [("Card", widgets), ("Measure", metrics)];
        planned(
            |_| (),
            &pages,
            true,
            &options,
            |subject| {
                let proof = Proof::new(subject, FirstRound::of(subject));
                let not_tried = proof.next().expect("a round").not_tried.clone();
                let large = not_tried
                    .into_iter()
                    .filter(|one| one.reason.contains("reads all of"));
                large.map(|one| (one.check, one.reason)).collect::<Vec<_>>()
            },
        )
    };
    let all = not_tried(0, 1, 1);
    let trials = u64::try_from(all.len()).expect("a few");
    assert!(trials > 2, "{all:?}");
    assert_eq!(not_tried(0, 0, 0), []);

    // Each alone would do, and both do not: each index that is missing is named, for itself.
    let both = not_tried(10, 6, 5);
    for (table, pages) in [("Card", 6), ("Measure", 5)] {
        let said = format!(
            "deleting or rekeying a row of \"Staff\" reads all of \"{table}\", about {pages} pages, as "
        );
        let named: Vec<_> = both
            .iter()
            .filter(|(_, reason)| reason.starts_with(&said))
            .collect();
        assert!(!named.is_empty(), "{both:?}");
        for (_, reason) in named {
            assert_eq!(reason.matches("CREATE INDEX").count(), 1, "{reason}");
            assert!(!reason.contains(": "), "one sentence: {reason}");
        }
    }
    // What is far smaller is not what stands in the way.
    let one = not_tried(10, 100, 2);
    assert!(
        one.iter()
            .all(|(_, reason)| !reason.contains("\"Measure\"")),
        "{one:?}"
    );

    // All that may be read is enough for one trial, and not for the next.
    assert!(not_tried(3, 3, 0).len() < not_tried(2, 3, 0).len());

    // What one trial reads is no longer there for the next.
    let enough = (1..1000).find(|pages| not_tried(*pages, 3, 4).is_empty());
    let enough = enough.expect("some number of pages is enough");
    assert!(enough > 7, "{enough}");
    let short = not_tried(enough - 1, 3, 4);
    assert!(!short.is_empty() && short.len() < all.len(), "{short:?}");
}

#[test]
fn what_is_not_tried_is_said_once_by_table() {
    let half = |schema: &mut Schema| {
        schema.tables.remove("Shop");
    };
    planned(half, &[], true, &ProofOptions::default(), |subject| {
        let said = FirstRound::of(subject).touches(subject, &[]);
        let not_tried: Vec<_> = said
            .iter()
            .filter(|line| line.starts_with("not tried: "))
            .collect();
        let distinct: std::collections::BTreeSet<_> = not_tried.iter().collect();
        assert_eq!(distinct.len(), not_tried.len(), "{not_tried:?}");
        assert!(
            not_tried.contains(&&r#"not tried: "Shop": it is not there"#.to_owned()),
            "{not_tried:?}"
        );
        assert!(
            not_tried
                .iter()
                .all(|line| !line.contains(r#""Shop": "Shop""#)),
            "{not_tried:?}"
        );
    });
    let short = |schema: &mut Schema| {
        let job = schema.tables.get_mut("Errand").expect("declared");
        job.columns
            .retain(|column| !["type", "payload"].contains(&column.name.as_str()));
    };
    planned(short, &[], true, &ProofOptions::default(), |subject| {
        let said = FirstRound::of(subject).touches(subject, &[]);
        let of_job: Vec<_> = said
            .iter()
            .filter(|line| line.starts_with("not tried: "))
            .collect();
        assert_eq!(
            of_job,
            [r#"not tried: "Errand": columns "type", "payload" are not there"#]
        );
    });
}

/// A trigger `t` that fires for each row of `table`.
fn watched(table: &str, events: &[Event]) -> CodeByTable {
    let code = UserCode {
        kind: CodeKind::Trigger,
        name: "\"t\"".to_owned(),
        on: None,
        events: events.to_vec(),
        per_row: true,
        fills: None,
        sequences: None,
    };
    CodeByTable::new([(name(table), code)], String::new())
}

#[test]
fn what_may_fire_and_will_is_said_before() {
    let watched = watched("Errand", &[Event::Delete, Event::Update]);
    let said = |allow_user_code| {
        let options = ProofOptions {
            allow_user_code,
            ..ProofOptions::default()
        };
        let lines = planned_with(
            &watched,
            |_| (),
            &[],
            true,
            &options,
            |subject| FirstRound::of(subject).touches(subject, &[]),
        );
        let mut lines = lines.into_iter();
        lines.find(|line| line.starts_with("trigger"))
    };
    let said_of = |allow, leave: &str| {
        let line =
            format!("trigger \"t\" on \"Errand\" would fire for rows of \"Errand\": it {leave}");
        assert_eq!(said(allow), Some(line));
    };
    said_of(true, "runs, by --allow-user-code");
    said_of(false, "does not run without --allow-user-code");
}

#[test]
fn a_table_is_said_once_to_be_touched_whoever_makes_its_rows() {
    let programme = Programme {
        rows: vec![(name("Errand"), 1), (name("Staff"), 3), (name("Errand"), 2)],
        trials: vec![Trial::new(Vec::new(), Vec::new())],
        ..Programme::default()
    };
    planned(
        |_| (),
        &[],
        true,
        &ProofOptions::default(),
        |subject| {
            let learned = Learned::default();
            let said = touches::touches(&World::new(subject, &learned), &programme, 0, &[]);
            assert!(
                said[0].contains("6 rows made in 2 tables, 1 trial"),
                "{said:?}"
            );
            let told = said.iter().filter(|line| line.starts_with('"'));
            let told: Vec<_> = told.map(String::as_str).collect();
            assert_eq!(told, [r#""Errand": 3 rows"#, r#""Staff": 3 rows"#]);
        },
    );
}

/// A CHECK is asked which values it accepts before rows are made; what the rows are is said all the same.
#[test]
fn a_check_hides_nothing_of_what_will_be_touched() {
    let said = |change: fn(&mut Schema)| {
        planned(change, &[], true, &ProofOptions::default(), |subject| {
            FirstRound::of(subject).touches(subject, &[])
        })
    };
    let without = said(|_| ());
    let mut with = said(|schema| {
        let check = Constraint {
            definition: "CHECK (attempts >= 0)".to_owned(),
            validity: Validity::Valid,
        };
        let job = schema.tables.get_mut("Errand").expect("declared");
        job.checks.insert(name("check"), check);
    });
    let question = with.remove(1);
    assert!(
        question.contains("without rows or locks: 1 question"),
        "{question}"
    );
    assert_eq!(with, without);
    for (at, start) in [
        "one transaction",
        "locks: ROW EXCLUSIVE on 5 tables",
        "WAL: about ",
        "sequences: none advances",
    ]
    .iter()
    .enumerate()
    {
        assert!(without[at].starts_with(start), "{without:?}");
    }
}

/// Code that takes numbers from a sequence, allowed or not.
#[test]
fn sequences_that_advance_are_named_where_their_code_runs() {
    let code = UserCode {
        kind: CodeKind::Function {
            owner: "postgres".to_owned(),
        },
        name: "pg_catalog.nextval(regclass)".to_owned(),
        on: None,
        events: Event::ALL.to_vec(),
        per_row: true,
        fills: None,
        sequences: Some("tickets".to_owned()),
    };
    let code = CodeByTable::new([(name("Errand"), code)], String::new());
    for (allow_user_code, expected) in [
        (
            true,
            "sequences: tickets advances, and others that the code below takes numbers from; a rollback does not take the numbers back",
        ),
        (
            false,
            "sequences: none advances: every row brings its values",
        ),
    ] {
        let options = ProofOptions {
            allow_user_code,
            ..ProofOptions::default()
        };
        let said = planned_with(
            &code,
            |_| (),
            &[],
            true,
            &options,
            |subject| FirstRound::of(subject).touches(subject, &[]),
        );
        assert!(said.iter().any(|line| line == expected), "{said:?}");
        let function = "function pg_catalog.nextval(regclass) of postgres would run for rows of \"Errand\": it ";
        assert_eq!(
            said.iter()
                .filter(|line| line.starts_with(function))
                .count(),
            1,
            "{said:?}"
        );
    }
}

/// Rows that no other trial sees are a trial's own once it brings them.
#[test]
fn a_trigger_on_a_row_that_a_trial_brings_is_seen() {
    let watched = watched("Card", &[Event::Delete]);
    let options = ProofOptions::default();
    planned_with(
        &watched,
        |_| (),
        &[],
        true,
        &options,
        |subject| {
            let learned = Learned::default();
            let world = World::new(subject, &learned);
            let mut graph = Graph::new(&world);
            let set = graph.whole_set();
            let (user, widget) = (set[&name("Staff")], set[&name("Card")]);
            graph.hold_back(widget);
            let rows = graph.finish();
            let firing = firing::Firing::new(&world).expect("there is a trigger");
            let fires = |steps| firing.of(&rows, &Trial::new(steps, Vec::new()));
            assert_eq!(fires(vec![rows.delete(user)]), None);
            let said = "trigger \"t\" on \"Card\" would fire, and --allow-user-code is not given";
            assert_eq!(
                fires(vec![rows.insert(widget), rows.delete(user)]).as_deref(),
                Some(said)
            );
        },
    );
}
