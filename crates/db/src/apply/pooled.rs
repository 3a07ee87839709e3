//! Whether a connection is a pooler's, which lends its sessions out by the transaction.

use super::APPLICATION_NAME;
use crate::connect::Target;
use crate::query::{Answer as _, Answers, Batch, Parameters, Query, answer};
use crate::session::{QueryError, Session};

/// How often it is tried to see a session change hands.
const TRIES: usize = 3;

/// Whether a transaction pooler stands between us and the server, as far as it can be told: the address
/// says so, or another process serves us than before, or one process serves two connections. A session
/// pooler does none of that, and none of it matters there.
pub(super) fn is_pooled(target: &Target, session: &mut Session) -> Result<bool, QueryError> {
    if target.says_pooler() {
        return Ok(true);
    }
    let ours = session.server.backend_pid;
    let second = target
        .connect(APPLICATION_NAME)
        .ok()
        .and_then(|client| Session::open(client, session.schema.clone()).ok());
    let Some(mut second) = second else {
        return Ok(process(session)? != ours);
    };
    let theirs = second.server.backend_pid;
    for _ in 0..TRIES {
        if ours == theirs || process(session)? != ours || process(&mut second)? != theirs {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The process that serves a connection now.
fn process(session: &mut Session) -> Result<i32, QueryError> {
    const DOING: &str = "asking which process serves us";
    let mut batch = Batch::default();
    let asked = batch.ask::<BackendPid>(session.server.version(), &Parameters::default());
    // Not in a transaction of several statements: what is asked is who serves the next one.
    let mut answers = Answers::new(session.batch(DOING, &batch.sql())?);
    let row = answers.one(asked);
    Ok(row.map_err(|unreadable| unreadable.doing(DOING))?.pid)
}

answer! {
    struct BackendPid of "backend_pid" {
        pid: i32,
    }
}

/// All queries here.
pub(crate) const QUERIES: &[Query] = &[BackendPid::QUERY];
