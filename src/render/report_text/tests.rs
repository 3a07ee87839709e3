//! Pages of reports that no one database has.

use std::time::Duration;

use chrono::DateTime;

use super::*;
use crate::error::Error;
use crate::report::{Circumstances, ObjectDiff, Run, Subject};
use leora_core::model::{Identifier, Schema};
use leora_core::verify::advice::{Advice, DECLARE_FIRST};
use leora_core::verify::check::{Check, CheckId, Group};
use leora_core::verify::checklist::Verdict;
use leora_core::verify::proof::ServerFailure;
use leora_core::verify::remedy::{APPLY_MAKES, SEE_WHAT_STANDS};

fn check(id: &'static str, group: Group, outcome: Outcome) -> Check {
    let (_, what) = id.split_once('.').expect("group.what");
    Check {
        id: CheckId::new(group, what),
        is_tried: group == Group::Deletes,
        title: "it is so".to_owned(),
        expected: "so".to_owned(),
        found: "so".to_owned(),
        outcome,
    }
}

fn failed(findings: &[(&str, &str)]) -> Outcome {
    let findings = findings.iter();
    Outcome::of(
        findings
            .map(|(message, remedy)| Finding::new(*message).remedy(*remedy))
            .collect(),
    )
}

fn not_proved(reasons: &[&str]) -> Outcome {
    Outcome::NotProved {
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

fn skipped() -> Outcome {
    Outcome::Skipped {
        reason: "too early".to_owned(),
    }
}

fn waived() -> Outcome {
    Outcome::Waived {
        findings: Vec::new(),
        reason: "known".to_owned(),
        until: "2027-01-31".to_owned(),
    }
}

fn report(checks: Vec<Check>, advice: Vec<Advice>, left_out: usize) -> Report {
    let subject = Subject {
        endpoint: "here".to_owned(),
        database: "leora".to_owned(),
        schema: Identifier::new("public").expect("legal"),
        user: "deploy".to_owned(),
        server_version: "15.18".to_owned(),
    };
    let run = Run {
        at: DateTime::UNIX_EPOCH,
        by: "somebody".to_owned(),
        tool_version: "0",
        commit: None,
    };
    let circumstances = Circumstances {
        run,
        subject,
        require_proof: false,
        error: None,
        left_out,
        elapsed: Duration::ZERO,
        round_trips: 4,
    };
    let verdict = Verdict {
        checks,
        notes: Vec::new(),
    };
    let (none, deletes) = (Schema::default(), Default::default());
    Report::new(circumstances, verdict, &deletes, advice, &none, &none)
}

fn told(report: &Report, width: usize, in_full: bool) -> String {
    render(report, Page { width, in_full })
}

fn brief(checks: Vec<Check>) -> String {
    told(&report(checks, Vec::new(), 0), 100, false)
}

#[track_caller]
fn assert_has(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part} in\n{told}");
    }
}

#[test]
fn what_did_not_pass_stands_by_its_name_the_worst_first() {
    let checks = vec![
        check("tables.a", Group::Tables, Outcome::Passed),
        check("tables.b", Group::Tables, waived()),
        check("tables.c", Group::Tables, skipped()),
        check("tables.d", Group::Tables, not_proved(&["why"])),
        check("tables.e", Group::Tables, not_proved(&["why"])),
        check("deletes.a", Group::Deletes, not_proved(&["why"])),
        check("deletes.b", Group::Deletes, not_proved(&["why"])),
    ];
    let beside = "\n-- tables       1 of 5  not proved tables.d, tables.e\n                        skipped tables.c\n                        \
                  waived tables.b\n-- deletes      0 of 2  not proved: all of it\n";
    assert_has(&brief(checks.clone()), &[beside]);
    let below = "\n-- tables 1 of 5\n   not proved tables.d, tables.e\n   skipped tables.c\n   waived tables.b\n";
    assert_has(&told(&report(checks, Vec::new(), 0), 50, false), &[below]);
}

#[test]
fn a_figure_stands_where_it_says_more_than_the_title() {
    let line = |title: &str, expected: &str, found: &str| {
        let mut one = check("tables.a", Group::Tables, Outcome::Passed);
        [one.title, one.expected, one.found] = [title, expected, found].map(str::to_owned);
        let told = told(&report(vec![one], Vec::new(), 0), 100, true);
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix("   ok tables.a: "));
        line.expect("the check").to_owned()
    };
    assert_eq!(line("61 tables", "61 = 58 + 3", "61"), "61 tables");
    assert_eq!(line("all tables", "61", "61"), "all tables: 61");
    assert_eq!(
        line("it is recorded", "on record", "applied"),
        "it is recorded: applied"
    );
    assert_eq!(
        line("all is well", "no conflict", "no conflict"),
        "all is well"
    );
}

#[test]
fn a_reason_is_told_once_for_all_that_it_is_about() {
    let checks = vec![
        check(
            "tables.a",
            Group::Tables,
            not_proved(&["\"A\": why", "\"B\": why", "why"]),
        ),
        check("tables.b", Group::Tables, not_proved(&["\"A\": why"])),
        check("tables.c", Group::Tables, skipped()),
    ];
    let short = brief(checks.clone());
    let reasons = "\nNot proved\n  - \"A\", \"B\": why\n    in tables.a (so), tables.b (so)\n  - why\n    in tables.a (so)\n  - too early\n    \
                   in tables.c (so)\n\n";
    assert_has(&short, &[reasons, "\nProved: 0 by reading.\n"]);
    let full = told(&report(checks, Vec::new(), 0), 100, true);
    let each = "\nNot proved\n  - \"A\": why\n    in tables.a, tables.b\n  - \"B\": why\n    in tables.a\n  - why\n";
    assert_has(&full, &[each]);
    let many: Vec<_> = (1..=7).map(|table| format!("T{table}: why")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let ids = ["tables.a", "tables.b", "tables.c"].map(|id| (id, Group::Tables));
    let ids = ids.into_iter().chain([("deletes.a", Group::Deletes)]);
    let checks = ids.map(|(id, group)| check(id, group, not_proved(&many)));
    let told = brief(checks.collect());
    let first =
        "\n  - T1, T2, T3, T4, T5, T6 and 1 more: why\n    in 4 checks of tables, deletes\n";
    assert_has(&told, &[first]);
}

#[test]
fn nothing_is_not_proved_only_where_all_was_asked_and_passed() {
    let passed = |id| check(id, Group::Tables, Outcome::Passed);
    let tried = check("deletes.a", Group::Deletes, Outcome::Passed);
    let nothing = "Not proved: nothing.";
    let all = vec![tried, passed("tables.a")];
    let green = brief(all.clone());
    assert_has(
        &green,
        &["\nProved: 1 by trying, all rolled back; 1 by reading. Not proved: nothing.\n"],
    );
    let mut known = passed("tables.b");
    known.outcome = waived();
    for (other, left_out) in [(known, 0), (passed("tables.b"), 1)] {
        let checks = [all.clone(), vec![other]].concat();
        let told = told(&report(checks, Vec::new(), left_out), 100, false);
        assert!(!told.contains(nothing), "{told}");
    }
}

#[test]
fn green_is_said_only_where_every_check_passed() {
    let passed = || check("tables.a", Group::Tables, Outcome::Passed);
    let with = |outcome| vec![passed(), check("tables.b", Group::Tables, outcome)];
    let stopped = |checks| {
        let mut stopped = report(checks, Vec::new(), 0);
        let error = Error::ServerFailed(ServerFailure("no memory".to_owned()));
        stopped.error = Reason::of(&error);
        stopped.verdict = Conclusion::CouldNotLook;
        stopped
    };
    for (report, said, code) in [
        (
            report(vec![passed()], Vec::new(), 0),
            "GREEN: 1 passed (",
            0,
        ),
        (
            report(with(not_proved(&["no right"])), Vec::new(), 0),
            "PASSED, 1 of 2 not proved: 1 passed, 1 not proved (",
            0,
        ),
        (
            report(with(skipped()), Vec::new(), 0),
            "PASSED, 1 of 2 not proved: 1 passed, 1 skipped (",
            0,
        ),
        (
            report(with(waived()), Vec::new(), 0),
            "PASSED: 1 passed, 1 waived (",
            0,
        ),
        (
            report(vec![passed()], Vec::new(), 40),
            "PASSED, 40 checks left out (--only): 1 passed (",
            0,
        ),
        (
            report(with(failed(&[("no", "")])), Vec::new(), 0),
            "RED: 1 passed, 1 failed (",
            1,
        ),
        (stopped(vec![passed()]), "COULD NOT LOOK: 1 passed (", 2),
        (
            stopped(with(failed(&[("no", "")]))),
            "COULD NOT LOOK: 1 passed, 1 failed (",
            2,
        ),
    ] {
        let told = told(&report, 100, false);
        assert!(told.contains(&format!("\n{said}")), "{said}\n{told}");
        assert_eq!(report.exit_code(), code, "{said}");
        assert_eq!(told.contains("no memory"), code == 2, "{told}");
    }
}

#[test]
fn row_level_security_is_told_where_there_is_any() {
    let found = |found: &str| {
        let mut security = check("tenants.row-security", Group::Tenants, Outcome::Passed);
        found.clone_into(&mut security.found);
        told(&report(vec![security], Vec::new(), 0), 120, false)
    };
    assert_has(
        &found("in force"),
        &["in no delete, row-level security in force\n"],
    );
    assert_has(&found("as promised"), &["in no delete\n"]);
}

#[test]
fn a_delete_that_may_be_refused_is_advice_by_itself() {
    let advice = |id, title: &str, sql: Option<&str>| Advice {
        id,
        title: title.to_owned(),
        detail: "because".to_owned(),
        sql: sql.map(str::to_owned),
    };
    let settled = advice("delete-order", "reaches T", None);
    let open = advice(
        "delete-order",
        "deleting is refused here",
        Some("ALTER TABLE t;"),
    );
    let index = advice("repeated-index", "one repeats", Some("DROP INDEX i;"));
    let page = |advice: &[&Advice], in_full| {
        let advice = advice.iter().map(|one| (*one).clone()).collect();
        told(&report(Vec::new(), advice, 0), 100, in_full)
    };
    let lines = "the SQL)\n  - 1 delete reaches a table by two paths, and succeeds in every order\n  \
                 - deleting is refused here\n  - 2 indexes repeat the beginning of another\n\n";
    assert_has(&page(&[&settled, &open, &index, &index], false), &[lines]);
    let declare = DECLARE_FIRST.split(':').next().expect("a beginning");
    assert_has(
        &page(&[&open, &index], true),
        &[declare, "      DROP INDEX i;\n"],
    );
    let full = page(&[&settled], true);
    assert!(!full.contains(declare), "{full}");
}

fn with_a_conflict(message: &str, others: &[(&str, &str)]) -> Outcome {
    let conflict = Finding {
        is_conflict: true,
        ..Finding::new(message).remedy("mend a")
    };
    let others = failed(others);
    let findings = std::iter::once(conflict).chain(others.findings().iter().cloned());
    Outcome::of(findings.collect())
}

#[test]
fn a_cause_is_what_says_something_of_its_own() {
    let checks = vec![
        check(
            "migration.applied",
            Group::Migration,
            with_a_conflict("a is wrong", &[("pending: b", "apply")]),
        ),
        check(
            "tables.columns",
            Group::Tables,
            failed(&[("a is wrong", "mend a")]),
        ),
        check(
            "tables.kind",
            Group::Tables,
            failed(&[("a is wrong", "mend a"), ("c is wrong", "mend c")]),
        ),
        check(
            "tables.new",
            Group::Tables,
            failed(&[
                ("d is gone with it", "Settle what tables.count says first."),
                ("T is missing", APPLY_MAKES),
            ]),
        ),
        check(
            "tables.count",
            Group::Tables,
            failed(&[("T is missing", APPLY_MAKES), ("a is wrong", "mend a")]),
        ),
        check(
            "deletes.foreign-keys",
            Group::Deletes,
            failed(&[
                ("e is refused", SEE_WHAT_STANDS),
                ("f is refused", SEE_WHAT_STANDS),
            ]),
        ),
    ];
    let red = report(checks, Vec::new(), 0);
    let short = told(&red, 100, false);
    assert_has(
        &short,
        &[
            "\n6 of 6 checks failed\n\n  FAILED tables.columns\n",
            "    - a is wrong\n      > mend a\n\n  FAILED tables.kind\n    it is so: expected so, found so\n    - c is wrong\n      > mend c\n    \
             - what tables.columns says\n\n  FAILED migration.applied\n    it is so: expected so, found so\n    - pending: b\n      > apply\n    \
             - what tables.columns says\n",
            "\n  3 more FAILED, which may come of the above (--details has each):\n  - tables.new: found so\n      T is missing\n  \
             - tables.count: found so\n  - deletes.foreign-keys: found so\n      e is refused\n      ... and 1 more\n",
            "\nSettle first: tables.columns, tables.kind, migration.applied.\nRED: 0 passed, 6 failed (",
        ],
    );
    assert_eq!(short.matches("a is wrong").count(), 1, "{short}");
    let elsewhere = Subject {
        schema: Identifier::new("Le ora").expect("legal"),
        ..red.subject.clone()
    };
    let elsewhere = Report {
        subject: elsewhere,
        ..red.clone()
    };
    let line = "\nBefore SQL of the above: SET search_path TO \"Le ora\";\nRED: ";
    assert_has(&told(&elsewhere, 100, false), &[line]);
    let full = told(&red, 100, true);
    assert_eq!(full.matches("\n  FAILED ").count(), 6, "{full}");
    assert!(!full.contains("Settle first"), "{full}");
}

#[test]
fn what_stands_elsewhere_is_not_among_what_more_there_is() {
    let own = ["c", "d", "e", "f", "g", "h", "i"].map(|message| (message, "mend it"));
    let told_before = [("a", "mend a"), ("b", "mend b")];
    let both = [&told_before[..], &own].concat();
    let checks = vec![
        check("tables.columns", Group::Tables, failed(&told_before)),
        check("tables.kind", Group::Tables, failed(&both)),
    ];
    let more =
        "\n    - h\n      > mend it\n      ... and 1 more\n    - what tables.columns says\n\n";
    assert_has(&brief(checks), &[more]);
}

#[test]
fn what_is_missing_is_no_diff() {
    let mut red = report(
        vec![check("tables.a", Group::Tables, failed(&[("a", "b")]))],
        Vec::new(),
        0,
    );
    let diff = |name: &str, actual: &[&str]| ObjectDiff {
        name: Identifier::new(name).expect("legal"),
        expected: vec!["a column".to_owned()],
        actual: actual.iter().map(|line| (*line).to_owned()).collect(),
    };
    red.diffs = vec![diff("there", &["another"]), diff("missing", &[])];
    let told = told(&red, 100, false);
    assert!(
        told.contains("+another\n") && !told.contains("missing"),
        "{told}"
    );
    assert_eq!(told.matches("-a column\n").count(), 1, "{told}");
}
