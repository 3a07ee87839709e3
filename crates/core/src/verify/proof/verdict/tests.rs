//! What is said of every kind of answer.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Identifier, RowSecurity, Schema};
use crate::sample::SAMPLE;
use crate::verify::check::CheckId;
use crate::verify::checks::tried::UNIQUE_KEYS;
use crate::verify::proof::ProofOptions;
use crate::verify::proof::programme::Step;

const NOT_UNIQUE: Refused = Refused {
    states: &["23505"],
    by: Vec::new(),
};

fn failure(sqlstate: &str) -> Option<Failure> {
    Some(Failure {
        sqlstate: sqlstate.to_owned(),
        message: "no".to_owned(),
        detail: "Because.".to_owned(),
        ..Failure::default()
    })
}

fn steps(kinds: &[Kind]) -> Trial {
    let step = |kind: &Kind| Step::new(kind.clone(), None, String::new());
    Trial::new(kinds.iter().map(step).collect(), Vec::new())
}

/// Who tries, and on what.
#[derive(Clone, Copy, Default)]
struct By {
    superuser: bool,
    hidden: bool,
}

/// The verdict in one line: `held`, or what is broken or not proved.
fn said_by(by: By, check: CheckId, trial: &Trial, expect: Expect, answers: &Answers) -> String {
    let schema = Identifier::new("public").expect("legal");
    let mut actual = Schema::default();
    let table = Table {
        row_security: RowSecurity {
            enabled: by.hidden,
            ..RowSecurity::default()
        },
        ..Table::default()
    };
    actual.tables.insert(schema.clone(), table);
    let subject = Subject {
        schema: &schema,
        actual: &actual,
        desired: &actual,
        declaration: &SAMPLE,
        sizes: &BTreeMap::new(),
        firing_order: &[],
        user_code: &crate::verify::user_code::CodeByTable::default(),
        bypasses_row_security: by.superuser,
        superuser: by.superuser,
        options: &ProofOptions::default(),
    };
    let claim = Claim {
        check,
        about: "trial".to_owned(),
        promise: "it".to_owned(),
        object: None,
        expect,
    };
    match verdict(&subject, trial, &claim, answers) {
        Verdict::Held => "held".to_owned(),
        Verdict::Broken(findings) => {
            let messages: Vec<_> = findings
                .into_iter()
                .map(|finding| finding.message)
                .collect();
            format!("broken: {}", messages.join(" | "))
        }
        Verdict::NotProved(reason) => format!("not proved: {reason}"),
    }
}

const CHECK: CheckId = CheckId::new(Group::Behaviour, "check");

fn said(trial: &Trial, expect: Expect, answers: &[&str], failure: Option<Failure>) -> String {
    let answers = Answers {
        answers: answers
            .iter()
            .map(|text| Some((*text).to_owned()))
            .collect(),
        failure,
    };
    said_by(By::default(), CHECK, trial, expect, &answers)
}

fn rows(fate: RowFate) -> Expect {
    Expect::Rows {
        before: 0,
        after: 2,
        rows: vec![RowExpected {
            at: 1,
            row: "the row".to_owned(),
            fate,
        }],
    }
}

/// A role may be let try and not delete; only a superuser is refused by what others would be refused by, too.
#[test]
fn a_refusal_for_want_of_rights_is_no_answer() {
    let mut trial = steps(&[Kind::Ask, Kind::Delete]);
    trial.steps[1].may_be_refused = true;
    let judged = |superuser, refused: &str| {
        let answers = Answers {
            answers: vec![Some("x".to_owned()), Some(refused.to_owned())],
            failure: None,
        };
        let expect = Expect::Answer {
            step: 1,
            is: vec!["23503 held".to_owned()],
            or_refused: None,
        };
        let by = By {
            superuser,
            ..By::default()
        };
        said_by(by, CHECK, &trial, expect, &answers)
    };
    assert_eq!(judged(false, "23503 held"), "held");
    let unproved = "not proved: trial: refused (SQLSTATE 42501)";
    assert_eq!(judged(false, "42501 "), unproved);
    let broken = |found: &str| format!("broken: it: it was {found}");
    let denied = broken("refused with SQLSTATE 42501");
    assert_eq!(judged(true, "42501 "), denied);
    let by_another = broken("refused with SQLSTATE 23503 by other");
    assert_eq!(judged(false, "23503 other"), by_another);
    assert_eq!(judged(false, "1"), broken("accepted"));
}

#[test]
fn what_becomes_of_a_row_is_what_was_declared() {
    let trial = steps(&[Kind::Ask, Kind::Delete, Kind::Ask]);
    let judged = |fate, after: &str| said(&trial, rows(fate), &[r#"["x", "a"]"#, "1", after], None);
    let (same, gone, other) = (r#"["x", "a"]"#, r#"["x", null]"#, r#"["x", "b"]"#);
    assert_eq!(judged(RowFate::Gone, gone), "held");
    assert_eq!(
        judged(RowFate::Gone, same),
        "broken: it: the row is still there"
    );
    assert_eq!(judged(RowFate::Unchanged, same), "held");
    assert_eq!(
        judged(RowFate::Unchanged, gone),
        "broken: it: the row is gone"
    );
    assert_eq!(
        judged(RowFate::Unchanged, other),
        "broken: it: the row was changed"
    );
    assert_eq!(judged(RowFate::Changed, other), "held");
    assert_eq!(
        judged(RowFate::Changed, gone),
        "broken: it: the row is gone"
    );
    assert_eq!(
        judged(RowFate::Changed, same),
        "broken: it: the row was left as it was, naming a row that is not there"
    );
    let unseen = said(&trial, rows(RowFate::Gone), &[gone, "1", gone], None);
    assert_eq!(unseen, "not proved: the row could not be seen before");
    let unread = said(&trial, rows(RowFate::Gone), &["nonsense", "1", gone], None);
    assert_eq!(
        unread,
        "not proved: trial: the server's answer could not be read"
    );
}

#[test]
fn a_refused_delete_is_told_apart_from_one_that_had_nothing_to_change() {
    let trial = steps(&[Kind::Ask, Kind::Delete, Kind::Ask]);
    let refused = |fate| said(&trial, rows(fate), &[r#"["x", "a"]"#], failure("23503"));
    assert_eq!(
        refused(RowFate::Gone),
        "broken: it: refused: no (SQLSTATE 23503). Because."
    );
    assert_eq!(
        refused(RowFate::Unchanged),
        "not proved: trial: the delete was refused, so it had nothing to change: no (SQLSTATE 23503)"
    );
}

#[test]
fn a_refusal_is_the_one_promised_at_the_step_promised() {
    let trial = steps(&[Kind::Insert, Kind::Insert]);
    let expect = || Expect::Refused {
        step: 1,
        how: NOT_UNIQUE,
    };
    assert_eq!(said(&trial, expect(), &["1"], failure("23505")), "held");
    assert_eq!(
        said(&trial, expect(), &["1", "1"], None),
        "broken: it: it was accepted"
    );
    let otherwise = "it: refused, but not with 23505: no (SQLSTATE 23502). Because.";
    // A row that is refused for another reason shows nothing.
    let other = said(&trial, expect(), &["1"], failure("23502"));
    assert_eq!(other, format!("not proved: {otherwise}"));
    let early = said(&trial, expect(), &[], failure("23505"));
    assert!(
        early.starts_with("not proved: it: refused, but not with 23505"),
        "{early}"
    );
    let delete = steps(&[Kind::Insert, Kind::Delete]);
    let other = said(&delete, expect(), &["1"], failure("23502"));
    assert_eq!(other, format!("broken: {otherwise}"));
    // What a trial asks at its end says what was done instead.
    let asking = steps(&[Kind::Insert, Kind::Delete, Kind::Ask]);
    let instead = |state| said(&asking, expect(), &["1", "1", state], None);
    assert_eq!(
        instead("null"),
        "broken: it: the row's reference became NULL"
    );
    assert_eq!(instead("gone"), "broken: it: the row was deleted");
    assert_eq!(instead("3"), "broken: it: 3");
}

#[test]
fn a_refusal_names_its_constraint_or_its_column() {
    let how = Refused {
        states: &["23505"],
        by: vec![Identifier::new("key").expect("legal")],
    };
    let matches = |constraint: &str, column: &str, sqlstate: &str| {
        how.matches(&Failure {
            constraint: constraint.to_owned(),
            column: column.to_owned(),
            sqlstate: sqlstate.to_owned(),
            ..Failure::default()
        })
    };
    assert!(matches("key", "", "23505") && matches("", "key", "23505"));
    assert!(!matches("other", "", "23505") && !matches("key", "", "23502"));
    assert!(NOT_UNIQUE.matches(&failure("23505").expect("one")));
}

#[test]
fn an_answer_is_one_of_those_promised_or_the_refusal_that_is_as_good() {
    let trial = steps(&[Kind::Ask]);
    let expect = |or_refused| Expect::Answer {
        step: 0,
        is: vec!["null".to_owned(), "gone".to_owned()],
        or_refused,
    };
    assert_eq!(said(&trial, expect(None), &["gone"], None), "held");
    let kept = said(&trial, expect(None), &["kept"], None);
    assert_eq!(
        kept,
        "broken: it: the row was left as it was, naming a row that is not there"
    );
    assert_eq!(said(&trial, expect(None), &[], None), "broken: it: nothing");
    assert_eq!(
        said(&trial, expect(Some(NOT_UNIQUE)), &[], failure("23505")),
        "held"
    );
    for or_refused in [Some(NOT_UNIQUE), None] {
        let refused = said(&trial, expect(or_refused), &[], failure("23503"));
        assert_eq!(
            refused,
            "broken: it: refused: no (SQLSTATE 23503). Because."
        );
    }
}

/// What swallowed it may be row-level security, where that hides rows from who tries.
#[test]
fn a_change_of_no_row_is_told_with_its_step() {
    let trial = steps(&[Kind::Insert, Kind::Delete, Kind::Ask]);
    let swallowed = Answers {
        answers: ["1", "0", "0"].map(|text| Some(text.to_owned())).into(),
        failure: None,
    };
    let by = |superuser, hidden| {
        let by = By { superuser, hidden };
        said_by(by, CHECK, &trial, Expect::Accepted, &swallowed)
    };
    let broken = "broken: it: step 2 of 3 changed 0 rows instead of one";
    assert_eq!(by(false, false), broken);
    assert_eq!(by(true, true), broken);
    assert_eq!(
        by(false, true),
        "not proved: it: step 2 of 3 changed 0 rows instead of one: row-level security may have hidden it"
    );
    // A step that may be refused answers with the refusal.
    let mut lenient = trial.clone();
    lenient.steps[1].may_be_refused = true;
    assert_eq!(
        said(&lenient, Expect::Accepted, &["1", "0", "0"], None),
        "held"
    );
}

/// Circumstances say nothing of the database; want of rights does, where a superuser meets it.
#[test]
fn circumstances_prove_nothing() {
    let trial = steps(&[Kind::Insert]);
    let by = |superuser, check, sqlstate| {
        let by = By {
            superuser,
            hidden: false,
        };
        let answers = Answers {
            answers: Vec::new(),
            failure: failure(sqlstate),
        };
        said_by(by, check, &trial, Expect::Accepted, &answers)
    };
    for sqlstate in [
        "42501", "55P03", "25006", "0A000", "40P01", "53200", "57014", "57P01", "58030", "XX001",
    ] {
        let reason = format!("not proved: trial: no (SQLSTATE {sqlstate})");
        assert_eq!(by(false, CHECK, sqlstate), reason);
    }
    assert_eq!(
        by(true, CHECK, "57014"),
        "not proved: trial: no (SQLSTATE 57014)"
    );
    assert_eq!(
        by(true, CHECK, "42501"),
        "broken: it: refused: no (SQLSTATE 42501). Because."
    );
    // A CHECK says nothing of what is unique, and all of what must be accepted.
    assert_eq!(
        by(false, UNIQUE_KEYS.id, "23514"),
        "not proved: trial: no (SQLSTATE 23514)"
    );
    assert_eq!(
        by(false, CHECK, "23514"),
        "broken: it: refused: no (SQLSTATE 23514). Because."
    );
    assert_eq!(
        by(false, UNIQUE_KEYS.id, "23505"),
        "broken: it: refused: no (SQLSTATE 23505). Because."
    );
}
