//! What is tried again by itself, and which round counts.

use std::collections::BTreeMap;

use super::*;
use crate::diff::ObjectKind;
use crate::model::{Identifier, Schema};
use crate::sample::SAMPLE;
use crate::verify::checks::tried::DELETES;
use crate::verify::proof::ProofOptions;
use crate::verify::proof::evidence::Failure;
use crate::verify::proof::programme::{Kind, Step};

const CHECK: CheckId = DELETES.id;

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("legal")
}

/// An insert that must be accepted, for the foreign key "key" of "T".
fn trial(together: bool) -> Trial {
    let claim = Claim {
        check: CHECK,
        about: "key".to_owned(),
        promise: "a row is accepted".to_owned(),
        object: Some(Object::on(&name("T"), ObjectKind::ForeignKey, &name("key"))),
        expect: Expect::Accepted,
    };
    let insert = Step::new(Kind::Insert, None, String::new());
    Trial {
        together,
        ..Trial::new(vec![insert], vec![claim])
    }
}

fn programme(together: bool) -> Programme {
    Programme {
        trials: vec![trial(together)],
        ..Programme::default()
    }
}

fn answers(refused: bool) -> Answers {
    let failure = Failure {
        sqlstate: "23503".to_owned(),
        ..Failure::default()
    };
    Answers {
        answers: vec![(!refused).then(|| "1".to_owned())],
        failure: refused.then_some(failure),
    }
}

fn evidence(refused: bool) -> Evidence {
    Evidence::Gathered(Gathered {
        trials: vec![answers(refused)],
        ..Gathered::default()
    })
}

#[test]
fn what_is_refused_together_is_tried_again_alone() {
    let key = KeyName {
        table: name("T"),
        constraint: name("key"),
    };
    for (together, refused, again) in [
        (true, true, true),
        (true, false, false),
        (false, true, false),
        (false, false, false),
    ] {
        let open = to_try_alone(&programme(together), &evidence(refused));
        let expected: BTreeSet<_> = again.then(|| key.clone()).into_iter().collect();
        assert_eq!(open, expected, "together {together}, refused {refused}");
        assert_eq!(left_open(&trial(together), Some(&answers(refused))), again);
    }
    let not_tried = Evidence::NotTried("the server is read-only".to_owned());
    assert_eq!(to_try_alone(&programme(true), &not_tried), BTreeSet::new());
    assert!(!left_open(&trial(true), None));
}

/// A refusal of several keys together says nothing of each; the round that tries them alone does.
#[test]
fn a_later_round_decides_what_an_earlier_one_left_open() {
    let outcome = |rounds: &[(bool, bool)]| {
        let rounds: Vec<_> = rounds
            .iter()
            .map(|(together, refused)| (programme(*together), evidence(*refused)))
            .collect();
        let checks = judge(
            &Subject {
                schema: &name("public"),
                actual: &Schema::default(),
                desired: &Schema::default(),
                declaration: &SAMPLE,
                sizes: &BTreeMap::new(),
                firing_order: &[],
                user_code: &crate::verify::user_code::CodeByTable::default(),
                bypasses_row_security: true,
                superuser: true,
                options: &ProofOptions::default(),
            },
            &rounds,
        );
        let mut checks = checks.into_iter();
        checks
            .find(|check| check.id == CHECK)
            .expect("there")
            .outcome
    };
    let (together, alone) = (true, false);
    let (refused, accepted) = (true, false);
    assert_eq!(outcome(&[(together, accepted)]), Outcome::Passed);
    assert_eq!(
        outcome(&[(together, refused), (alone, accepted)]),
        Outcome::Passed
    );
    let failed = outcome(&[(together, refused), (alone, refused)]);
    let Outcome::Failed { findings } = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(findings.len(), 1, "{findings:?}");
    // An earlier round that was accepted counts, whatever comes later.
    assert!(matches!(
        outcome(&[(alone, refused), (alone, accepted)]),
        Outcome::Failed { .. }
    ));
}
