//! What became of a transaction whose connection was lost while it committed.
//!
//! Only the server it was sent to can say, or one that took over from that: of the same system identifier, and no
//! standby, which may lag behind. On a later timeline `pg_xact_status` speaks of other sessions' transactions: the ids
//! after the fork were given again. There the record alone tells, and by it the new primary has the transaction or not.

use std::time::{Duration, Instant};

use super::error::{Doubt, Outcome};
use super::server::ServerIdentity;
use super::{APPLICATION_NAME, Sending};
use crate::connect::{Reason, Target};
use crate::query::{Answer as _, Answers, Batch, Parameters, Query, answer, codes};
use crate::session::{QueryError, Session};
use leora_core::model::Identifier;
use leora_core::model::name::literal;

/// A transaction that was lost when COMMIT was sent.
pub(crate) struct Lost<'a> {
    /// Where it was sent, as it was known before.
    pub(crate) server: &'a ServerIdentity,
    /// The schema of its session.
    pub(crate) schema: &'a Identifier,
    /// Its id.
    pub(crate) transaction: &'a str,
    /// A query that has a row when it committed. It ends with its conditions.
    pub(crate) recorded: &'a str,
}

/// The truth about a lost transaction.
pub(crate) enum Fate {
    /// It committed; here is another session.
    Committed(Box<Session>),
    /// It did not, or nobody knows.
    Not(Outcome),
}

impl Lost<'_> {
    /// Connects again, within `patience`, until a server can say.
    pub(crate) fn fate(&self, sending: Sending<'_>, patience: Duration) -> Fate {
        let Sending {
            target, interrupt, ..
        } = sending;
        let began = Instant::now();
        loop {
            let left = patience.saturating_sub(began.elapsed());
            let why = match self.ask(&target.primary_within(left)) {
                Ok((Verdict::Committed, session)) => return Fate::Committed(session),
                Ok((Verdict::RolledBack, _)) => return Fate::Not(Outcome::RolledBack),
                Ok((Verdict::Failover { then, now }, _)) => {
                    return Fate::Not(Outcome::LostInFailover { then, now });
                }
                Ok((Verdict::Doubt(why), _)) | Err(why) => why,
            };
            if began.elapsed() >= patience || interrupt.signal().is_some() {
                let question = self.recorded.to_owned();
                return Fate::Not(Outcome::Unknown { why, question });
            }
            interrupt.sleep(AGAIN);
        }
    }

    fn ask(&self, target: &Target) -> Result<(Verdict, Box<Session>), Doubt> {
        let client = target
            .connect(APPLICATION_NAME)
            .map_err(|error| match error.reason() {
                Reason::Session { .. } => Doubt::Standby,
                _ => Doubt::NoAnswer,
            })?;
        let no_answer = |_: QueryError| Doubt::NoAnswer;
        let mut session = Session::open(client, self.schema.clone()).map_err(no_answer)?;
        if session.server.in_recovery {
            return Err(Doubt::Standby);
        }
        let server = ServerIdentity::of(&mut session).map_err(no_answer)?;
        // In this order: what has committed by the first question is seen by the second.
        let status = self.status(&mut session).map_err(no_answer)?;
        let record = self.record(&mut session)?;
        let seen = Seen {
            server,
            status,
            record,
        };
        Ok((judge(self.server, &seen), Box::new(session)))
    }

    fn status(&self, session: &mut Session) -> Result<Status, QueryError> {
        const DOING: &str = "asking what became of the transaction";
        let parameters = Parameters::default().text("transaction", self.transaction);
        let mut batch = Batch::default();
        let asked = batch.ask::<TransactionStatus>(session.server.version(), &parameters);
        match session.ask(DOING, &format!("{SHORT};\n{}", batch.sql())) {
            Ok(answers) => {
                let row = Answers::new(answers).one(asked);
                let row = row.map_err(|unreadable| unreadable.doing(DOING))?;
                Ok(row.status.unwrap_or(Status::Unknown))
            }
            Err(error) if error.is_loss() => Err(error),
            // Invalid parameter value: "transaction ID %s is in the future" (xid8funcs.c).
            Err(error) if error.sqlstate() == Some("22023") => Ok(Status::NeverAssigned),
            Err(_) => Ok(Status::Unknown),
        }
    }

    fn record(&self, session: &mut Session) -> Result<Record, Doubt> {
        let recorded = self.recorded;
        let mut batch = Batch::default();
        let asked = batch.write::<Recorded>(format!(
            "SELECT EXISTS ({recorded}) AS is_recorded, EXISTS ({recorded} AND xmin = {}::xid8::xid) AS is_of_transaction",
            literal(self.transaction)
        ));
        match session.ask(
            "looking for the record",
            &format!("{SHORT};\n{}", batch.sql()),
        ) {
            Ok(answers) => match Answers::new(answers).one(asked) {
                Ok(row) => Ok(match (row.is_recorded, row.is_of_transaction) {
                    (_, true) => Record::OfThisTransaction,
                    (true, false) => Record::There,
                    (false, false) => Record::Missing,
                }),
                Err(_) => Err(Doubt::RecordUnreadable),
            },
            Err(error) if error.is_loss() => Err(Doubt::NoAnswer),
            // Undefined table, invalid schema name: the transaction was to create it.
            Err(error) if matches!(error.sqlstate(), Some("42P01" | "3F000")) => {
                Ok(Record::Missing)
            }
            Err(_) => Err(Doubt::RecordUnreadable),
        }
    }
}

/// How long after an answer that says nothing it is asked again.
const AGAIN: Duration = Duration::from_millis(300);

/// No question waits for longer, whoever holds the history.
const SHORT: &str = "SET LOCAL statement_timeout = '5s';\nSET LOCAL lock_timeout = '5s'";

/// What a server says of the transaction's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Committed,
    Aborted,
    InProgress,
    /// It has not given that id to any transaction yet.
    NeverAssigned,
    /// It is too old, or the role may not ask.
    Unknown,
}

/// What a server has of the transaction's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    Missing,
    There,
    /// The transaction of this id wrote it. A subscriber has a copy, which another transaction wrote.
    OfThisTransaction,
}

/// What a server that was reached says.
struct Seen {
    server: ServerIdentity,
    status: Status,
    record: Record,
}

answer! {
    struct TransactionStatus of "transaction_status" {
        status: Option<Status>,
    }
}

answer! {
    struct Recorded of written "record" {
        is_recorded: bool,
        is_of_transaction: bool,
    }
}

codes! {
    Status, "status of a transaction" {
        "committed" => Status::Committed,
        "aborted" => Status::Aborted,
        "in progress" => Status::InProgress,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[TransactionStatus::QUERY];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Committed,
    RolledBack,
    /// Another server took over without it: the timelines of both.
    Failover {
        then: u32,
        now: u32,
    },
    Doubt(Doubt),
}

/// What a primary says of a transaction that was sent to `sent_to`.
fn judge(sent_to: &ServerIdentity, seen: &Seen) -> Verdict {
    match (&sent_to.system, &seen.server.system) {
        (Some(then), Some(now)) if then == now => {}
        (Some(_), Some(_)) => return Verdict::Doubt(Doubt::OtherSystem),
        // Another system may have a copy of the record, but not by a transaction of the same id.
        _ if seen.record == Record::OfThisTransaction => return Verdict::Committed,
        _ => return Verdict::Doubt(Doubt::NotIdentified),
    }
    if seen.record != Record::Missing {
        return Verdict::Committed;
    }
    let (Some(then), Some(now)) = (sent_to.timeline, seen.server.timeline) else {
        return Verdict::Doubt(Doubt::NotIdentified);
    };
    if now > then {
        return Verdict::Failover { then, now };
    }
    if now < then {
        return Verdict::Doubt(Doubt::EarlierTimeline);
    }
    let (then, now) = (sent_to.flushed, seen.server.flushed);
    if now < then {
        return Verdict::Doubt(Doubt::OlderCopy);
    }
    match seen.status {
        // A crash loses what was not flushed, ids given included. A commit is flushed before anybody sees it, so an id
        // that is still to be given is of a transaction that did not commit.
        Status::Aborted | Status::NeverAssigned => Verdict::RolledBack,
        Status::InProgress => Verdict::Doubt(Doubt::InProgress),
        // After a crash the id may have been given again, and a record may have been deleted.
        Status::Committed | Status::Unknown => Verdict::Doubt(Doubt::NoRecord),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(system: &str, timeline: u32) -> ServerIdentity {
        ServerIdentity {
            system: (!system.is_empty()).then(|| system.to_owned()),
            timeline: (timeline > 0).then_some(timeline),
            flushed: Some(100),
        }
    }

    /// Every answer that a server can give, with what is to be made of it.
    #[test]
    fn only_the_server_that_it_was_sent_to_or_its_heir_is_believed() {
        use Record::{Missing, OfThisTransaction, There};
        use Status::{Aborted, Committed, InProgress, NeverAssigned, Unknown};
        let all = [Committed, Aborted, InProgress, NeverAssigned, Unknown];
        let judge = |then: (&str, u32), now: (&str, u32), record, status| {
            judge(
                &server(then.0, then.1),
                &Seen {
                    server: server(now.0, now.1),
                    status,
                    record,
                },
            )
        };
        for status in all {
            let same = |record, now| judge(("1", 2), ("1", now), record, status);
            for record in [There, OfThisTransaction] {
                for now in [1, 2, 3, 0] {
                    assert_eq!(same(record, now), Verdict::Committed, "{status:?} {now}");
                }
            }
            // Whatever became of the transaction that has the id there.
            let failover = Verdict::Failover { then: 2, now: 3 };
            assert_eq!(same(Missing, 3), failover, "{status:?}");
            let doubt = |doubt, found| assert_eq!(found, Verdict::Doubt(doubt), "{status:?}");
            doubt(Doubt::EarlierTimeline, same(Missing, 1));
            doubt(Doubt::NotIdentified, same(Missing, 0));
            for record in [Missing, There, OfThisTransaction] {
                let other = judge(("1", 2), ("5", 2), record, status);
                doubt(Doubt::OtherSystem, other);
            }
            for (then, now) in [(("", 2), ("1", 2)), (("1", 2), ("", 2)), (("", 0), ("", 0))] {
                doubt(Doubt::NotIdentified, judge(then, now, Missing, status));
                doubt(Doubt::NotIdentified, judge(then, now, There, status));
                let ours = judge(then, now, OfThisTransaction, status);
                assert_eq!(ours, Verdict::Committed, "{status:?}");
            }
            let here = same(Missing, 2);
            match status {
                Aborted | NeverAssigned => assert_eq!(here, Verdict::RolledBack),
                InProgress => doubt(Doubt::InProgress, here),
                Committed | Unknown => doubt(Doubt::NoRecord, here),
            }
        }
    }

    /// A snapshot of the disk that was started in its place is of the same system and timeline.
    #[test]
    fn an_older_copy_of_the_server_is_not_believed() {
        for status in [Status::Aborted, Status::NeverAssigned, Status::Committed] {
            for (flushed, doubt) in [
                (Some(99), true),
                (None, true),
                (Some(100), false),
                (Some(101), false),
            ] {
                let now = ServerIdentity {
                    flushed,
                    ..server("1", 2)
                };
                let seen = Seen {
                    server: now,
                    status,
                    record: Record::Missing,
                };
                let is_doubt = judge(&server("1", 2), &seen) == Verdict::Doubt(Doubt::OlderCopy);
                assert_eq!(is_doubt, doubt, "{status:?} {flushed:?}");
            }
        }
    }
}
