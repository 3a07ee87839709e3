//! The kind of session wanted (`target_session_attrs`), and the kind a server gives.

use postgres::{Client, SimpleQueryMessage};

/// The kind of server session wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionKind {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// What a session can do.
pub(super) struct State {
    read_only: bool,
    standby: bool,
}

impl State {
    /// What is wanted, when this is not it.
    pub(super) fn lacks(&self, wanted: SessionKind) -> Option<&'static str> {
        let (fits, name) = match wanted {
            SessionKind::Any | SessionKind::PreferStandby => (true, "any"),
            SessionKind::ReadWrite => (!self.read_only && !self.standby, "read-write"),
            SessionKind::ReadOnly => (self.read_only || self.standby, "read-only"),
            SessionKind::Primary => (!self.standby, "a primary"),
            SessionKind::Standby => (self.standby, "a standby"),
        };
        (!fits).then_some(name)
    }
}

/// Asks the server.
pub(super) fn state(client: &mut Client) -> Result<State, postgres::Error> {
    // Simple protocol: it may be a pooler that answers.
    let messages = client.simple_query(
        "SHOW default_transaction_read_only; SELECT pg_catalog.pg_is_in_recovery()",
    )?;
    let mut answers = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(0).ok().flatten(),
        _ => None,
    });
    Ok(State {
        read_only: answers.next() == Some("on"),
        standby: answers.next() == Some("t"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_fit_as_in_libpq() {
        let primary = State {
            read_only: false,
            standby: false,
        };
        let frozen = State {
            read_only: true,
            standby: false,
        };
        let standby = State {
            read_only: false,
            standby: true,
        };
        let fits = |state: &State, kind| state.lacks(kind).is_none();
        use SessionKind::{Any, Primary, ReadOnly, ReadWrite, Standby};
        for (kind, expected) in [
            (Any, [true, true, true]),
            (ReadWrite, [true, false, false]),
            (ReadOnly, [false, true, true]),
            (Primary, [true, true, false]),
            (Standby, [false, false, true]),
        ] {
            assert_eq!(
                [&primary, &frozen, &standby].map(|s| fits(s, kind)),
                expected,
                "{kind:?}"
            );
        }
    }
}
