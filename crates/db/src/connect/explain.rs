//! From what the driver, rustls, the system or the server said to a reason.

use std::error::Error;
use std::io;

use postgres::error::SqlState;
use rustls::{AlertDescription, CertificateError};
use x509_cert::der::DateTime;

use super::failure::{CertificateProblem, PoolerProblem, Reason};
use super::hosts::{Host, Place};
use super::password::Password;
use super::tls::{Roots, TlsPolicy};
use leora_core::model::said;

/// The reason behind an error of the driver while it connected to `host`.
pub(super) fn explain(
    error: &postgres::Error,
    host: &Host,
    password: Option<&Password>,
    tls: &TlsPolicy,
) -> Reason {
    if let Some(refusal) = error.as_db_error() {
        return server_said(refusal.code(), refusal.message(), password);
    }
    match without_refusal(error, host, tls) {
        Reason::Handshake { why } | Reason::Lost { why } if tls.direct => Reason::DirectTls { why },
        reason => reason,
    }
}

/// The reason when nothing but the connection itself speaks.
fn without_refusal(error: &postgres::Error, host: &Host, tls: &TlsPolicy) -> Reason {
    if let Some(error) = find::<rustls::Error>(error) {
        return tls_said(error, tls);
    }
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    match (error.to_string().as_str(), cause.as_str()) {
        (_, "server does not support TLS") => Reason::TlsRefused {
            mode: tls.mode.clone(),
        },
        (_, "password missing") => Reason::PasswordNeeded,
        (_, "server did not use channel binding") => Reason::ChannelBinding,
        ("authentication error", why) => Reason::Authentication {
            why: why.to_owned(),
        },
        // A server that does not like a certificate may hang up before its alert can be read.
        ("error performing TLS handshake", _)
            if tls.client.is_some() && find::<io::Error>(error).is_some_and(is_hung_up) =>
        {
            Reason::ClientCertificate {
                said: "it closed the connection when the certificate was sent".to_owned(),
            }
        }
        ("error performing TLS handshake", why) => Reason::Handshake {
            why: why.to_owned(),
        },
        (text @ ("unexpected message from server" | "error parsing response from server"), _) => {
            Reason::NotPostgres {
                why: text.to_owned(),
            }
        }
        ("error connecting to server", _) => match find::<io::Error>(error) {
            Some(error) => unreachable(error, host),
            None => Reason::Other { why: cause },
        },
        (_, why) if find::<io::Error>(error).is_some_and(is_nonsense) => Reason::NotPostgres {
            why: why.to_owned(),
        },
        ("connection closed", _) => Reason::Lost {
            why: "the server closed it".to_owned(),
        },
        (text, "") => Reason::Other {
            why: text.to_owned(),
        },
        (_, why) => Reason::Lost {
            why: why.to_owned(),
        },
    }
}

/// The first error of a type in the chain of causes; an `io::Error` hides what it wraps from
/// `source()`, so that is looked into too.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|wrapped| wrapped.downcast_ref()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_hung_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

/// Whether the driver could make nothing of what it read.
fn is_nonsense(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
    ) || error.to_string() == "bytes remaining on stream"
}

/// The reason behind a network error.
fn unreachable(error: &io::Error, host: &Host) -> Reason {
    let server = host.to_string();
    match (&host.place, error.kind()) {
        (Place::Socket(directory), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            Reason::NoSocket {
                file: Host::socket_file(directory, host.port),
            }
        }
        (_, io::ErrorKind::ConnectionRefused) => Reason::Refused { server },
        _ => Reason::Unreachable {
            server,
            why: error.to_string(),
            // Known to whoever knows all the host's addresses.
            only_ipv6: false,
        },
    }
}

/// The reason behind a refusal by the server, or by a pooler in front of it.
fn server_said(code: &SqlState, message: &str, password: Option<&Password>) -> Reason {
    let said = said(message);
    let has = |text: &str| message.to_lowercase().contains(text);
    // Poolers give few codes of their own, and not always the fitting one.
    let pooler = if has("tenant or user not found") || has("tenant/user") {
        Some(PoolerProblem::UnknownTenant)
    } else if has("no such user") {
        Some(PoolerProblem::UnknownUser)
    } else if has("no such database") {
        Some(PoolerProblem::UnknownDatabase)
    } else if has("sasl authentication failed")
        || (has("password authentication failed") && *code == SqlState::PROTOCOL_VIOLATION)
        || has("auth_query")
        || has("wrong password type")
        || has("cannot do scram")
        || has("authentication query failed")
    {
        Some(PoolerProblem::LoginFailed)
    } else if has("query_wait_timeout") || has("server login") || has("cannot connect to server") {
        Some(PoolerProblem::ServerUnavailable)
    } else if has("unsupported startup parameter") {
        Some(PoolerProblem::StartupParameter)
    } else {
        None
    };
    if let Some(problem) = pooler {
        return Reason::Pooler { problem, said };
    }
    if has("max clients") || has("max_client_conn") || has("no more connections") {
        return Reason::TooManyConnections { said };
    }
    match *code {
        SqlState::INVALID_PASSWORD => match password {
            None => Reason::PasswordNeeded,
            Some(password) => Reason::WrongPassword {
                said,
                from: password.from.clone(),
                bracketed: password.is_bracketed(),
            },
        },
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION if has("certificate") => {
            Reason::ClientCertificate { said }
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION if has("role \"") => {
            Reason::NoSuchRole { said }
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Reason::NotAllowed { said },
        SqlState::INVALID_CATALOG_NAME => Reason::NoSuchDatabase { said },
        SqlState::INSUFFICIENT_PRIVILEGE => Reason::NoRight { said },
        SqlState::TOO_MANY_CONNECTIONS => Reason::TooManyConnections { said },
        SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => {
            Reason::NotReady { said }
        }
        _ => Reason::Server {
            code: code.code().to_owned(),
            said,
        },
    }
}

/// The reason behind an error of rustls: ours about the server's certificate, or the server's
/// about ours.
fn tls_said(error: &rustls::Error, tls: &TlsPolicy) -> Reason {
    use AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            Reason::Certificate(certificate_problem(problem, tls))
        }
        rustls::Error::AlertReceived(
            alert @ (Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::DecryptError),
        ) => Reason::ClientCertificate {
            said: alert_in_words(*alert).to_owned(),
        },
        other => Reason::Handshake {
            why: other.to_string(),
        },
    }
}

/// What the alert says (RFC 8446, 6.2).
fn alert_in_words(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        Alert::BadCertificate => "it is damaged, or its signature does not hold",
        Alert::UnsupportedCertificate => "it is of a kind that the server does not take",
        Alert::CertificateRevoked => "its issuer has revoked it",
        Alert::CertificateExpired => "it has expired, or is not valid yet",
        Alert::CertificateRequired => "the server asks for one, and none was sent",
        Alert::UnknownCA => "the server does not know its issuer",
        Alert::DecryptError => "the proof that its key is ours does not hold",
        _ => "the server does not accept it",
    }
}

fn certificate_problem(problem: &CertificateError, tls: &TlsPolicy) -> CertificateProblem {
    use CertificateError as Problem;
    let date = |word: &str, time: &rustls::pki_types::UnixTime| {
        let time = std::time::Duration::from_secs(time.as_secs());
        DateTime::from_unix_duration(time)
            .map(|at| format!(" {word} {at}"))
            .unwrap_or_default()
    };
    match problem {
        Problem::Expired => CertificateProblem::Expired {
            since: String::new(),
        },
        Problem::ExpiredContext { not_after, .. } => CertificateProblem::Expired {
            since: date("at", not_after),
        },
        Problem::NotValidYet => CertificateProblem::NotYetValid {
            until: String::new(),
        },
        Problem::NotValidYetContext { not_before, .. } => CertificateProblem::NotYetValid {
            until: date("before", not_before),
        },
        Problem::UnknownIssuer | Problem::BadSignature => CertificateProblem::UnknownIssuer {
            roots: match &tls.roots {
                Roots::File(path) => path.display().to_string(),
                _ => "the operating system's list".to_owned(),
            },
        },
        Problem::NotValidForNameContext {
            expected,
            presented,
        } => CertificateProblem::WrongName {
            expected: expected.to_str().into_owned(),
            presented: presented.join(", "),
        },
        Problem::Revoked => CertificateProblem::Revoked,
        Problem::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            CertificateProblem::Other(
                "it is a certificate authority's own, and not itself listed as trusted".to_owned(),
            )
        }
        other => CertificateProblem::Other(other.to_string()),
    }
}
