//! Failures of the server: they say nothing of the database.

use super::evidence::{Answers, Evidence, Failure, Gathered, ServerFailure, is_server_failure};
use super::judge::left_open;
use super::programme::{Programme, Trial};
use super::subject::Subject;

/// The failure of the server that left something open in the rounds that checks are judged by, when there is one.
pub(super) fn failure(
    subject: &Subject<'_>,
    rounds: &[(Programme, Evidence)],
) -> Option<ServerFailure> {
    let (last, before) = rounds.split_last()?;
    if let (_, Evidence::CutOff(failure)) = last {
        return Some(failure.clone());
    }
    let found = |(programme, evidence): &(Programme, Evidence), is_last: bool| {
        let Evidence::Gathered(gathered) = evidence else {
            return None;
        };
        let trials = programme.trials.iter().zip(&gathered.trials);
        // What a later round tries again is judged there.
        let mut judged =
            trials.filter(|(trial, answers)| is_last || !left_open(trial, Some(answers)));
        of_answers(subject, &gathered.build)
            .or_else(|| judged.find_map(|(trial, answers)| of_trial(subject, trial, answers)))
    };
    let mut before = before.iter();
    before
        .find_map(|round| found(round, false))
        .or_else(|| found(last, true))
}

/// The same in a round that no check is judged by.
pub(super) fn failure_in(subject: &Subject<'_>, gathered: &Gathered) -> Option<ServerFailure> {
    let mut answers = std::iter::once(&gathered.build).chain(&gathered.trials);
    answers.find_map(|answers| of_answers(subject, answers))
}

/// A step that may be refused answers with the error code.
fn of_trial(subject: &Subject<'_>, trial: &Trial, answers: &Answers) -> Option<ServerFailure> {
    let steps = trial.steps.iter().zip(&answers.answers);
    let mut refused = steps.filter_map(|(step, answer)| {
        let code = answer.as_deref()?.split(' ').next()?;
        (step.may_be_refused && code.len() == 5 && is_refusal(code)).then_some(code)
    });
    let of_step = || {
        let code = refused.next()?;
        Some(ServerFailure(format!("SQLSTATE {code}")))
    };
    of_answers(subject, answers).or_else(of_step)
}

fn of_answers(subject: &Subject<'_>, answers: &Answers) -> Option<ServerFailure> {
    let failure = answers.failure.as_ref()?;
    is_of_server(subject, failure).then(|| ServerFailure(failure.in_words()))
}

/// PostgreSQL's code for what should not happen.
const INTERNAL_ERROR: &str = "XX000";

/// Whether a refusal says that the server failed.
///
/// An internal error may come of the database, too. With a hint, a rule rewrote the query of a foreign key
/// (`ri_PerformCheck` in ri_triggers.c). And where the columns in the catalog are not as declared, the entries of one may
/// contradict each other (`AttrDefaultFetch` in relcache.c).
pub(super) fn is_of_server(subject: &Subject<'_>, failure: &Failure) -> bool {
    let sqlstate = failure.sqlstate.as_str();
    let is_of_database =
        || sqlstate == INTERNAL_ERROR && (!failure.hint.is_empty() || columns_differ(subject));
    is_server_failure(sqlstate) && !is_of_database()
}

fn columns_differ(subject: &Subject<'_>) -> bool {
    let mut tables = subject.actual.tables.iter();
    tables.any(|(name, table)| {
        let desired = subject.desired.tables.get(name);
        desired.is_some_and(|desired| desired.columns != table.columns)
    })
}

/// The same where the code is all that is known: an internal error may be of the database.
pub(super) fn is_refusal(sqlstate: &str) -> bool {
    is_server_failure(sqlstate) && sqlstate != INTERNAL_ERROR
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Identifier;
    use crate::sample::{self, SAMPLE};
    use crate::verify::proof::ProofOptions;
    use crate::verify::user_code::CodeByTable;

    #[test]
    fn an_internal_error_is_the_server_s_unless_the_database_explains_it() {
        let schema = Identifier::new("public").expect("legal");
        let as_declared = sample::baseline();
        let mut without_a_default = as_declared.clone();
        let columns = without_a_default.tables.values_mut();
        for column in columns.flat_map(|table| &mut table.columns) {
            column.default = None;
        }
        for (sqlstate, hint, actual, expected) in [
            ("XX000", "", &as_declared, true),
            ("XX000", "a rule", &as_declared, false),
            ("XX000", "", &without_a_default, false),
            // Corrupted data is, whatever else there is.
            ("XX001", "REINDEX it", &without_a_default, true),
            ("XX002", "REINDEX it", &as_declared, true),
            ("53100", "", &without_a_default, true),
            ("57P01", "", &as_declared, true),
            ("57P05", "", &as_declared, true),
            ("58030", "", &as_declared, true),
            ("58P01", "", &as_declared, true),
            ("57014", "", &as_declared, false),
            ("53200", "", &as_declared, false),
            ("55P03", "", &as_declared, false),
            ("42501", "", &as_declared, false),
            ("23503", "", &as_declared, false),
        ] {
            let subject = Subject {
                schema: &schema,
                actual,
                desired: &as_declared,
                declaration: &SAMPLE,
                sizes: &BTreeMap::new(),
                firing_order: &[],
                user_code: &CodeByTable::default(),
                bypasses_row_security: true,
                superuser: true,
                options: &ProofOptions::default(),
            };
            let failure = Failure {
                sqlstate: sqlstate.to_owned(),
                hint: hint.to_owned(),
                ..Failure::default()
            };
            assert_eq!(
                is_of_server(&subject, &failure),
                expected,
                "{sqlstate} {hint}"
            );
        }
    }
}
