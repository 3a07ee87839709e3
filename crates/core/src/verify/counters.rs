//! Columns that count by themselves, and how far their sequences are.

use super::check::{Finding, Judgement, Outcome};
use super::evidence::Basis;
use crate::model::Identifier;
use crate::model::name::literal;

/// A column and the sequence that it owns and counts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The table.
    pub table: Identifier,
    /// The column.
    pub column: Identifier,
    /// The sequence, as SQL.
    pub sequence: String,
    /// Whether it counts downwards.
    pub downwards: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// A number that no row has, as far as that matters.
    Ahead,
    /// Sooner or later a number that a row has, in a column where none may repeat.
    Behind,
    /// Nothing: the sequence is at its end.
    Exhausted,
    /// Nobody looked: the role may not.
    Unreadable,
}

/// The next row must find a number.
pub(super) fn check(Basis { evidence, .. }: &Basis<'_>) -> Judgement {
    let counters = evidence.counters;
    let subscribed = &evidence.around.replication.subscribed;
    let mut findings = Vec::new();
    let mut reasons = Vec::new();
    for (counter, counting) in counters {
        match counting {
            Counting::Ahead => {}
            Counting::Unreadable => {
                reasons.push(format!("{}: the role may not read it", counter.sequence));
            }
            // The rows come with the publisher's numbers.
            Counting::Behind if subscribed.contains(&counter.table) => {
                reasons.push(replicated(counter));
            }
            Counting::Behind => findings.push(behind(counter)),
            Counting::Exhausted => findings.push(exhausted(counter)),
        }
    }
    let mut judgement = Judgement::none_expected(findings);
    if judgement.outcome == Outcome::Passed && !reasons.is_empty() {
        judgement.outcome = Outcome::NotProved { reasons };
    }
    judgement
}

/// What has the sequence go on from the last number that a row has.
fn counted(counter: &Counter) -> String {
    let furthest = if counter.downwards { "min" } else { "max" };
    format!(
        "SELECT setval({}, (SELECT {furthest}({}) FROM {}));",
        literal(&counter.sequence),
        counter.column.quoted(),
        counter.table.quoted()
    )
}

/// Logical replication copies rows and no sequences (manual, 31.6).
fn replicated(counter: &Counter) -> String {
    format!(
        "{} is behind {}.{}: a subscription writes the rows, and replication copies no sequences; before this database takes \
         over from the publisher: {}",
        counter.sequence,
        counter.table.quoted(),
        counter.column.quoted(),
        counted(counter)
    )
}

fn behind(counter: &Counter) -> Finding {
    Finding::new(format!(
        "{} is behind {}.{}: it will give a number that a row has, which is refused",
        counter.sequence,
        counter.table.quoted(),
        counter.column.quoted()
    ))
    .remedy(counted(counter))
}

fn exhausted(counter: &Counter) -> Finding {
    Finding::new(format!(
        "{} is at its end: no row of {} can be written without its {}",
        counter.sequence,
        counter.table.quoted(),
        counter.column.quoted()
    ))
    .remedy(format!(
        "{}\n-- unless rows are as far: then it needs room, a larger MAXVALUE or a larger type, and a column of that type",
        counted(counter)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::check::Check;
    use crate::verify::checklist::tests::{Beside, check_beside, messages, name, promise};

    fn judged(found: &[(bool, Counting)]) -> Check {
        let counters = found.iter().map(|(downwards, counting)| {
            let counter = Counter {
                table: name("Order"),
                column: name("number"),
                sequence: "\"Order_number_seq\"".to_owned(),
                downwards: *downwards,
            };
            (counter, *counting)
        });
        let beside = Beside {
            counters: counters.collect(),
            ..Beside::default()
        };
        check_beside(promise(), "integrity.sequences", |_| {}, &beside)
    }

    #[test]
    fn a_sequence_goes_on_behind_the_furthest_row() {
        let remedy = |downwards, counting| {
            let check = judged(&[(downwards, counting)]);
            let [finding] = check.outcome.findings() else {
                panic!("{check:?}")
            };
            finding.remedy.clone().expect("a remedy").text
        };
        let set = |furthest| {
            format!(
                r#"SELECT setval('"Order_number_seq"', (SELECT {furthest}("number") FROM "Order"));"#
            )
        };
        assert_eq!(remedy(false, Counting::Behind), set("max"));
        assert_eq!(remedy(true, Counting::Behind), set("min"));
        assert!(remedy(false, Counting::Exhausted).starts_with(&set("max")));
    }

    #[test]
    fn what_nobody_may_read_hides_nothing_that_is_wrong() {
        let unread = (false, Counting::Unreadable);
        let behind = judged(&[unread, (false, Counting::Behind)]);
        assert_eq!(messages(&behind).len(), 1);
        let check = judged(&[unread, (false, Counting::Ahead)]);
        assert!(
            matches!(check.outcome, Outcome::NotProved { .. }),
            "{check:?}"
        );
        assert_eq!(judged(&[(false, Counting::Ahead)]).outcome, Outcome::Passed);
    }
}
