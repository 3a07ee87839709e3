//! Which error has which code.

use super::{Code, Error};
use leora_db::apply::{ApplyError, Outcome};
use leora_db::connect::{Reason, TargetError};
use leora_db::scratch::ScratchError;
use leora_db::session::{QueryError, Unreadable};

impl Error {
    /// The code that `explain` takes; none when what failed has been said already.
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Error::Said(_) => return None,
            Error::Usage(_) => Code::Usage,
            Error::Config { .. } => Code::FileContent,
            Error::Prisma(_) => Code::PrismaSchema,
            Error::Patch(_) => Code::PrismaPatch,
            Error::File { doing: "write", .. } => Code::FileWrite,
            Error::File { .. } => Code::FileRead,
            Error::Name(_) => Code::Name,
            Error::Target(error) => of_target(error),
            Error::Connect(error) => of_connection(error.reason()),
            Error::Query(error) => of_query(error),
            Error::ServerFailed(_) => Code::ServerFailed,
            Error::NotVerified { .. } => Code::NotVerified,
            Error::Unsuitable { code, .. } => *code,
            Error::Apply(error) => of_apply(error),
            Error::NotInstalled(_) => Code::NotInstalled,
            Error::Scratch(error) => of_scratch(error),
        })
    }
}

fn of_target(error: &TargetError) -> Code {
    match error {
        TargetError::NothingGiven => Code::NoTarget,
        TargetError::In { source, .. } => of_target(source),
        TargetError::Scheme { .. } => Code::AddressKind,
        TargetError::PlaceholderPassword => Code::Placeholder,
        TargetError::BadValue { .. } => Code::AddressValue,
        TargetError::UnknownTlsParameter { .. }
        | TargetError::NotSupported { .. }
        | TargetError::TlsConflict { .. }
        | TargetError::AbstractSocket => Code::Protection,
        TargetError::EnvFile { .. }
        | TargetError::ServiceFile { .. }
        | TargetError::ServiceLine { .. } => Code::AddressFile,
        TargetError::NoSuchService { .. } => Code::NoService,
        TargetError::NoUser => Code::NoUser,
        TargetError::Quoted
        | TargetError::NeitherUrlNorKeyValue
        | TargetError::UnencodedPassword
        | TargetError::UrlHost { .. }
        | TargetError::QueryWithoutEquals
        | TargetError::UrlEncoding
        | TargetError::KeyWithoutEquals { .. }
        | TargetError::UnclosedQuote { .. }
        | TargetError::UnknownKeyword { .. }
        | TargetError::HostCounts { .. } => Code::Address,
    }
}

fn of_connection(reason: &Reason) -> Code {
    match reason {
        Reason::HostNotFound { .. } => Code::HostNotFound,
        Reason::Refused { .. } => Code::Refused,
        Reason::NoSocket { .. } => Code::NoSocket,
        Reason::Unreachable { .. } => Code::Unreachable,
        Reason::TimedOut { .. } => Code::TimedOut,
        Reason::TlsRefused { .. } => Code::TlsRefused,
        Reason::Certificate(_) => Code::Certificate,
        Reason::ClientCertificate { .. } => Code::ClientCertificate,
        Reason::Handshake { .. } | Reason::DirectTls { .. } => Code::TlsHandshake,
        Reason::TlsSetup(_) => Code::TlsFiles,
        Reason::ChannelBinding => Code::ChannelBinding,
        Reason::PasswordNeeded => Code::PasswordNeeded,
        Reason::WrongPassword { .. } => Code::WrongPassword,
        Reason::NoSuchRole { .. } => Code::NoSuchRole,
        Reason::NoSuchDatabase { .. } => Code::NoSuchDatabase,
        Reason::NotAllowed { .. } => Code::NotAllowed,
        Reason::NoRight { .. } => Code::NoConnectRight,
        Reason::TooManyConnections { .. } => Code::TooMany,
        Reason::NotReady { .. } => Code::NotReady,
        Reason::Pooler { .. } => Code::Pooler,
        Reason::Authentication { .. } => Code::AuthenticationMethod,
        Reason::Session { .. } => Code::SessionAttributes,
        Reason::Server { .. } => Code::ServerRefused,
        Reason::NotPostgres { .. } => Code::NotPostgres,
        Reason::Lost { .. } => Code::SetupLost,
        Reason::Other { .. } => Code::ConnectOther,
    }
}

fn of_apply(error: &ApplyError) -> Code {
    match error {
        ApplyError::PlanRefused { .. } => Code::PlanRefused,
        ApplyError::Refused { .. } => Code::Obstacles,
        ApplyError::Changed(_) => Code::ChangedSince,
        ApplyError::HistoryNewer { .. } => Code::HistoryNewer,
        ApplyError::LockNotObtained { .. } => Code::LockNotObtained,
        ApplyError::StepFailed(_) => Code::StepFailed,
        ApplyError::PartlyApplied(_) => Code::PartlyApplied,
        ApplyError::ConnectionLost {
            outcome: Outcome::RolledBack,
            ..
        } => Code::LostRolledBack,
        ApplyError::ConnectionLost {
            outcome: Outcome::LostInFailover { .. },
            ..
        } => Code::LostInFailover,
        ApplyError::ConnectionLost {
            outcome: Outcome::Unknown { .. },
            ..
        } => Code::LostUnknown,
        ApplyError::Interrupted { .. } => Code::Interrupted,
        ApplyError::Query(error) => of_query(error),
    }
}

/// The catalogs of all supported versions have what is asked of them; a history may not.
fn of_query(error: &QueryError) -> Code {
    match error.unreadable() {
        Some(Unreadable::Unknown { .. } | Unreadable::Unresolved { .. }) => {
            return Code::UnknownValue;
        }
        Some(_) => return Code::Unreadable,
        None => {}
    }
    match error.sqlstate() {
        Some("55P03") => Code::LockNotObtained,
        // character_not_in_repertoire, untranslatable_character
        Some("22021" | "22P05") => Code::Unreadable,
        Some("42703" | "42P01") => Code::HistoryShape, // undefined_column, undefined_table
        _ => Code::Query,
    }
}

fn of_scratch(error: &ScratchError) -> Code {
    match error {
        ScratchError::NoUser => Code::ScratchUser,
        ScratchError::Directory { .. } | ScratchError::Supervisor(_) => Code::ScratchPlace,
        ScratchError::NotStarted { .. } | ScratchError::TooSlow { .. } => Code::ScratchStart,
    }
}
