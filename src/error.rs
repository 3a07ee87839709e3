//! What can go wrong, and the exit codes.

mod coded;

use std::io;
use std::path::PathBuf;

use leora_core::model::name::NameError;
use leora_core::model::{in_a_line, in_lines};
use leora_core::prisma::SchemaErrors;
use leora_core::prisma::patch::PatchError;
use leora_core::verify::proof::ServerFailure;
use leora_db::apply::{ApplyError, Outcome};
use leora_db::connect::{ConnectError, TargetError};
use leora_db::scratch::{NotInstalled, ScratchError};
use leora_db::session::QueryError;

pub use leora_core::code::{Code, Entry, TABLE};

/// The exit codes, which scripts may rely on.
pub mod exit {
    /// Done, or nothing to do.
    pub const DONE: u8 = 0;
    /// Looked, and found: checks failed, `plan --check` not empty, schemas differ. Of `apply` also: applied, and not
    /// verified.
    pub const FOUND: u8 = 1;
    /// Could not look, or refused: usage, configuration, connection, a difference no additive step
    /// settles. Nothing changed.
    pub const COULD_NOT: u8 = 2;
    /// A lock was not obtained in the time allowed. Nothing changed; running again is safe.
    pub const LOCK_NOT_OBTAINED: u8 = 3;
    /// Partly applied, or not known what is applied: a person must look, and the message says at what.
    pub const PARTLY_APPLIED: u8 = 4;
}

/// Why a command ended without doing what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was typed makes no sense together.
    #[error("{}", in_a_line(_0))]
    Usage(String),
    /// A configuration file that cannot be used.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there, and what was expected.
        message: String,
    },
    /// A file that cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name PostgreSQL would refuse or cut.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No address, or one that makes no sense.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A question that PostgreSQL did not answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The server failed while deletes were tried on it.
    #[error("the verification could not be finished: {0}")]
    ServerFailed(ServerFailure),
    /// The migration is committed, and what came of it could not be looked at.
    #[error(
        "the migration is applied and committed, and was not verified: {why}; `leora-migrate verify` verifies it"
    )]
    NotVerified {
        /// Why not.
        why: String,
    },
    /// A database this tool does not work on.
    #[error("{}\n{}", in_a_line(reason), in_lines(remedy))]
    Unsuitable {
        /// Its code.
        code: Code,
        /// What is the matter with it.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A schema.prisma that Prisma would not take.
    #[error("{0}")]
    Prisma(#[from] SchemaErrors),
    /// A schema.prisma that the migration's models cannot be put into.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A plan that was not carried out, or not wholly.
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// No PostgreSQL server for `demo`.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// The scratch server did not start.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// What failed has been said already; only the exit code is left.
    #[error("")]
    Said(u8),
}

impl Error {
    /// What kept a verification from being made after the commit. An error that says that nothing has changed would be
    /// wrong then.
    pub fn after_commit(self) -> Error {
        let why = match &self {
            Error::NotVerified { .. } => return self,
            Error::Apply(error) => error.reason(),
            other => other.to_string(),
        };
        Error::NotVerified { why }
    }

    /// What the terminal is told; nothing when it has been said already.
    pub fn told(&self) -> String {
        self.code()
            .map_or_else(String::new, |code| format!("error[{code}]: {self}\n"))
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Said(code) => *code,
            Error::NotVerified { .. } => exit::FOUND,
            Error::Apply(error) => match &**error {
                ApplyError::LockNotObtained { .. } => exit::LOCK_NOT_OBTAINED,
                ApplyError::PartlyApplied(_) => exit::PARTLY_APPLIED,
                ApplyError::ConnectionLost {
                    outcome: Outcome::Unknown { .. } | Outcome::LostInFailover { .. },
                    ..
                } => exit::PARTLY_APPLIED,
                // 128 and the signal's number, as shells say it
                ApplyError::Interrupted { signal, .. } => {
                    u8::try_from(128 + signal).unwrap_or(u8::MAX)
                }
                _ => exit::COULD_NOT,
            },
            Error::Query(error) if error.sqlstate() == Some("55P03") => exit::LOCK_NOT_OBTAINED,
            _ => exit::COULD_NOT,
        }
    }
}

impl From<ApplyError> for Error {
    fn from(error: ApplyError) -> Error {
        Error::Apply(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leora_db::apply::Doubt;

    /// Exit codes 2 and 3 say that nothing has changed.
    #[test]
    fn what_has_changed_or_may_have_is_never_said_to_have_not() {
        let lost = |outcome| {
            let cause = "reset".to_owned();
            Error::from(ApplyError::ConnectionLost { outcome, cause })
        };
        let unknown = |why| {
            let question = "SELECT".to_owned();
            lost(Outcome::Unknown { why, question })
        };
        let not_verified = lost(Outcome::RolledBack).after_commit();
        let locked = ApplyError::Interrupted {
            signal: 2,
            partly: None,
        };
        for (error, code, exit) in [
            (lost(Outcome::RolledBack), Code::LostRolledBack, 2),
            (unknown(Doubt::Standby), Code::LostUnknown, 4),
            (unknown(Doubt::NotIdentified), Code::LostUnknown, 4),
            (
                lost(Outcome::LostInFailover { then: 1, now: 2 }),
                Code::LostInFailover,
                4,
            ),
            (not_verified, Code::NotVerified, 1),
            (Error::from(locked).after_commit(), Code::NotVerified, 1),
        ] {
            assert_eq!((error.code(), error.exit_code()), (Some(code), exit));
            let says_so = error.to_string().contains("nothing changed");
            assert_eq!(says_so, exit == 2, "{error}");
        }
    }
}
