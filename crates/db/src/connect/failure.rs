//! Why a connection was not made, in plain words, and what to do next.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::tls::TlsSetupError;

/// A connection that was not made. Its Display says all there is to say: what was tried, why it
/// failed, what to do next; `source()` is the error underneath, where there is one. Neither holds
/// a password.
#[derive(Debug)]
pub struct ConnectError {
    pub(super) tried: String,
    pub(super) reason: Box<Reason>,
    /// Servers that were tried before, with what became of them.
    pub(super) earlier: Vec<(String, String)>,
    pub(super) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ConnectError {
    /// The reason, to decide by.
    pub fn reason(&self) -> &Reason {
        &self.reason
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: {}", self.tried, self.reason)?;
        let advice = self.reason.advice();
        if !advice.is_empty() {
            write!(f, ". {advice}")?;
        }
        for (server, reason) in &self.earlier {
            write!(f, "\n  tried before, {server}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

/// Why a connection was not made. `said` is the server's or pooler's own message.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the message above each variant says what it is"
)]
pub enum Reason {
    #[error("there is no host named {host} ({why})")]
    HostNotFound { host: String, why: String },
    #[error("{server} refuses connections: no PostgreSQL server listens there")]
    Refused { server: String },
    #[error("there is no server socket {}", file.display())]
    NoSocket { file: PathBuf },
    #[error("{server} cannot be reached: {why}")]
    Unreachable {
        server: String,
        why: String,
        /// Whether all the host's addresses are of IPv6.
        only_ipv6: bool,
    },
    #[error("no answer from {server} within {} s", after.as_secs_f64())]
    TimedOut {
        server: String,
        after: Duration,
        /// Whether the connection stood and the server said nothing on it.
        accepted: bool,
    },
    #[error("the server does not offer TLS, and sslmode={mode} asks for it")]
    TlsRefused { mode: String },
    #[error("the server's certificate is not accepted: {0}")]
    Certificate(CertificateProblem),
    #[error("the server does not accept the client's certificate: {said}")]
    ClientCertificate { said: String },
    #[error("TLS could not be agreed on: {why}")]
    Handshake { why: String },
    #[error("the server does not begin with TLS unasked ({why}), as sslnegotiation=direct does")]
    DirectTls { why: String },
    #[error("{0}")]
    TlsSetup(TlsSetupError),
    #[error("channel_binding=require was asked for, and the server did not use it")]
    ChannelBinding,
    #[error("the server asks for a password, and none was given")]
    PasswordNeeded,
    #[error("the password or the user is wrong: {said}")]
    WrongPassword {
        said: String,
        /// Where the password came from.
        from: String,
        /// Whether it stands in square brackets, as a placeholder does.
        bracketed: bool,
    },
    #[error("{said}")]
    NoSuchRole { said: String },
    #[error("{said}")]
    NoSuchDatabase { said: String },
    #[error("the server does not let this user in from here: {said}")]
    NotAllowed { said: String },
    #[error("the user may not connect to this database: {said}")]
    NoRight { said: String },
    #[error("the server has no connection to spare: {said}")]
    TooManyConnections { said: String },
    #[error("the server is not ready: {said}")]
    NotReady { said: String },
    #[error("the connection pooler refused: {said}")]
    Pooler {
        problem: PoolerProblem,
        said: String,
    },
    #[error("the server asks for an authentication method that is not supported ({why})")]
    Authentication { why: String },
    #[error("the server is not {wanted}, which target_session_attrs asks for")]
    Session { wanted: &'static str },
    #[error("the server refused: {said} (SQLSTATE {code})")]
    Server { code: String, said: String },
    #[error("what answers there is no PostgreSQL server ({why})")]
    NotPostgres { why: String },
    #[error("the connection was lost while it was being set up: {why}")]
    Lost { why: String },
    #[error("{why}")]
    Other { why: String },
}

/// What is wrong with the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the message above each variant says what it is"
)]
pub enum CertificateProblem {
    #[error("it expired{since}")]
    Expired { since: String },
    #[error("it is not valid yet{until}; is this machine's clock right?")]
    NotYetValid { until: String },
    #[error("it is signed by none of the certificates in {roots}")]
    UnknownIssuer { roots: String },
    #[error("it is for {}, not for {expected}", if presented.is_empty() { "no host" } else { presented })]
    WrongName { expected: String, presented: String },
    #[error("it has been revoked")]
    Revoked,
    #[error("{0}")]
    Other(String),
}

/// What a pooler (pgbouncer, Supavisor) refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolerProblem {
    /// It does not know the project: Supabase's pooler finds no tenant or user of the name.
    UnknownTenant,
    /// It does not know the user.
    UnknownUser,
    /// It does not know the database.
    UnknownDatabase,
    /// Its own login at the server failed, or the client's login at the pooler.
    LoginFailed,
    /// It gets no connection to the server: that is down, or all the pooler's are in use.
    ServerUnavailable,
    /// It takes no startup parameter such as `options`.
    StartupParameter,
}

impl Reason {
    /// What to do next; empty when the reason says it already.
    pub fn advice(&self) -> String {
        let advice = match self {
            Reason::HostNotFound { .. } => {
                "Check the host name, and that this machine's name service knows it"
            }
            Reason::Refused { .. } => {
                "Is the server running, does it listen on this address and port \
                 (listen_addresses, port), is it the right port?"
            }
            Reason::NoSocket { .. } => {
                "Is the server running here? Its directory is the server's setting \
                 unix_socket_directories; give it as host, or give a host name for TCP"
            }
            Reason::Unreachable {
                only_ipv6: true, ..
            } => {
                "The host has IPv6 addresses only, and this machine cannot reach those. Supabase: \
                 use the session pooler's URL (port 5432), which has IPv4"
            }
            Reason::Unreachable { .. } => "Check the network, the VPN and the firewall",
            Reason::TimedOut {
                accepted: false, ..
            } => {
                "Is the address right, does a firewall or an allow list drop this machine's \
                 connections, is the project paused? connect_timeout sets the time"
            }
            Reason::TimedOut { accepted: true, .. } => {
                "The connection stood, and nothing was said on it: is it a PostgreSQL server, and \
                 is it overloaded? connect_timeout sets the time"
            }
            Reason::TlsRefused { .. } => {
                "Set the server's ssl = on, or, where the network itself is safe, sslmode=prefer"
            }
            Reason::Certificate(problem) => problem.advice(),
            Reason::ClientCertificate { .. } => {
                "Give one that the server's ssl_ca_file signed, for this user, in sslcert and \
                 sslkey"
            }
            Reason::Handshake { .. } => {
                "Only TLS 1.2 and 1.3 are spoken; see the server's ssl_min_protocol_version, \
                 ssl_ciphers and its log"
            }
            Reason::DirectTls { .. } => {
                "That is for PostgreSQL 17 on; take the parameter (or PGSSLNEGOTIATION) away"
            }
            Reason::ChannelBinding => {
                "It needs TLS and scram-sha-256; a pooler does not have it: use the direct URL"
            }
            Reason::PasswordNeeded => {
                "Put it in the URL's variable, in PGPASSWORD or in ~/.pgpass (mode 600)"
            }
            Reason::WrongPassword {
                from, bracketed, ..
            } => {
                let brackets = "; take the square brackets around it away";
                return format!(
                    "The password came from {from}{}",
                    if *bracketed { brackets } else { "" }
                );
            }
            Reason::NoSuchRole { .. } => "Check the user in the address, or PGUSER",
            Reason::NoSuchDatabase { .. } => {
                "Check the name in the address, or PGDATABASE; this program creates no databases"
            }
            // "SSL off" up to PostgreSQL 13.
            Reason::NotAllowed { said }
                if said.contains("no encryption") || said.contains("SSL off") =>
            {
                "The server may want TLS: sslmode=require. Else it needs an entry in pg_hba.conf"
            }
            Reason::NotAllowed { .. } => "The server needs an entry for it in pg_hba.conf",
            Reason::NoRight { .. } => "GRANT CONNECT ON DATABASE gives the right",
            Reason::TooManyConnections { .. } => {
                "Wait and run it again, or end idle sessions (pg_stat_activity shows them)"
            }
            Reason::NotReady { .. } => "Wait and run it again",
            Reason::Pooler { problem, .. } => problem.advice(),
            Reason::Authentication { .. } => {
                "scram-sha-256, md5, password, cert, trust and peer are"
            }
            Reason::Session { .. } => "Name a server that is, or take the parameter away",
            Reason::NotPostgres { .. } => "Check host and port",
            Reason::Lost { .. } => "The server's log may say why",
            Reason::TlsSetup(_) | Reason::Server { .. } | Reason::Other { .. } => "",
        };
        advice.to_owned()
    }

    /// Whether another server may do better. As in libpq: when this one is not there or not ready,
    /// not when it answered and refused.
    pub(super) fn another_may_do(&self) -> bool {
        matches!(
            self,
            Reason::HostNotFound { .. }
                | Reason::Refused { .. }
                | Reason::NoSocket { .. }
                | Reason::Unreachable { .. }
                | Reason::TimedOut { .. }
                | Reason::NotReady { .. }
                | Reason::Session { .. }
        )
    }
}

impl CertificateProblem {
    fn advice(&self) -> &'static str {
        match self {
            CertificateProblem::Expired { .. } | CertificateProblem::Revoked => {
                "The server needs a new one (ssl_cert_file, then pg_reload_conf())"
            }
            CertificateProblem::NotYetValid { .. } => "",
            CertificateProblem::UnknownIssuer { .. } => {
                "Name the root certificate that signed it in sslrootcert (Supabase: Database \
                 Settings, SSL Configuration, Download certificate)"
            }
            CertificateProblem::WrongName { .. } => {
                "Connect by a name it is for (hostaddr can give the address), or have it issued \
                 for this one; sslmode=verify-ca does not compare the name"
            }
            CertificateProblem::Other(_) => {
                "The server needs another (OpenSSL: `openssl x509 -req -extfile` with subjectAltName=DNS:HOST makes one that \
                 names its host)"
            }
        }
    }
}

impl PoolerProblem {
    fn advice(self) -> &'static str {
        match self {
            PoolerProblem::UnknownTenant => {
                "Supabase's pooler wants the user as postgres.PROJECT and the host of the \
                 project's own region; copy the URL from the project's page, or use the direct one \
                 (DIRECT_URL)"
            }
            PoolerProblem::UnknownUser | PoolerProblem::UnknownDatabase => {
                "The pooler has its own list (pgbouncer: auth_file or auth_query, [databases]); \
                 use the direct URL (DIRECT_URL), or have it added"
            }
            PoolerProblem::LoginFailed => {
                "The password may be wrong, or the one the pooler keeps is out of date; try the \
                 direct URL (DIRECT_URL), which leaves the pooler out"
            }
            PoolerProblem::ServerUnavailable => {
                "The database's server is down, or all the pooler's connections to it are in use \
                 (pgbouncer: SHOW POOLS); wait, or use the direct URL (DIRECT_URL)"
            }
            PoolerProblem::StartupParameter => {
                "Take `options` out of the address (and PGOPTIONS), or use the direct URL \
                 (DIRECT_URL)"
            }
        }
    }
}
