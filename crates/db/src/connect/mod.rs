//! Connecting: where to, as whom, how protected, and what to say when it does not work.
//!
//! An address comes from `--url`, else `DIRECT_URL`, else `DATABASE_URL`, else the configuration
//! file, else libpq's variables ([`Sources`]). It is a URL, as libpq, Prisma and Supabase write
//! them, or a key=value string. What it leaves out is filled as libpq fills it: from the service
//! file, the environment, the password file and libpq's defaults. The result is a [`Target`], which
//! shows itself everywhere without its password.
//!
//! Read and without effect: what steers a connection pool or its statements (`connection_limit`,
//! `pool_timeout`, `socket_timeout`, `statement_cache_size`, ...). Unknown parameters are warnings,
//! since Prisma ignores them; what asks for a protection that cannot be had is always an error.

mod attempt;
mod conninfo;
mod dotenv;
mod entry;
mod environment;
mod error;
mod explain;
mod failure;
mod heard;
mod hosts;
mod parameters;
mod passfile;
mod password;
mod resolve;
mod secret;
mod service;
mod session;
mod settings;
mod sources;
#[cfg(test)]
mod table;
mod tls;
mod url;

use std::fmt;
use std::time::Duration;

pub use environment::Environment;
pub use error::TargetError;
pub use failure::{CertificateProblem, ConnectError, PoolerProblem, Reason};
pub use heard::Connection;
pub use secret::Secret;
pub use sources::{Origin, Sources};
pub use tls::TlsSetupError;

pub(crate) use heard::Heard;
use leora_core::model::in_a_line;

use hosts::{Host, Place};
use password::Password;
use postgres::config::ChannelBinding;
use session::SessionKind;
use tls::TlsPolicy;

/// Where to connect, as whom, and how: everything decided, nothing tried yet.
#[derive(Clone)]
pub struct Target {
    origin: Origin,
    hosts: Vec<Host>,
    /// One for each host; a password file may have different ones.
    passwords: Vec<Option<Password>>,
    user: String,
    dbname: String,
    schema: Option<String>,
    pgbouncer: bool,
    password_on_command_line: bool,
    tls: TlsPolicy,
    channel_binding: ChannelBinding,
    session: SessionKind,
    any_order: bool,
    options: Option<String>,
    application_name: Option<String>,
    network: Network,
    warnings: Vec<String>,
}

/// When to give a network up.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Network {
    /// For each address tried; `None` waits for as long as it takes.
    connect_timeout: Option<Duration>,
    /// Idle time before the first probe, time between probes, number of probes.
    keepalives: Option<(Option<Duration>, Option<Duration>, Option<u32>)>,
    /// How long data may stay unacknowledged; zero leaves it to the system.
    user_timeout: Duration,
}

impl Target {
    /// Decides where to connect. Reads the env file, service files and the password file, and
    /// nothing from the network.
    ///
    /// # Errors
    /// When no source names a database, or the one that wins cannot be understood, or asks for what
    /// cannot be had.
    pub fn resolve(sources: &Sources) -> Result<Target, TargetError> {
        resolve::resolve(sources)
    }

    /// The same for a reconnect: a primary only, and for no longer than `left` for each address.
    pub fn primary_within(&self, left: Duration) -> Target {
        let left = left.max(Duration::from_secs(1));
        let own = self.network.connect_timeout;
        let network = Network {
            connect_timeout: Some(own.map_or(left, |own| own.min(left))),
            ..self.network.clone()
        };
        Target {
            session: SessionKind::Primary,
            network,
            ..self.clone()
        }
    }

    /// The source the address came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// `host:port/database as user`, for people.
    pub fn endpoint(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        in_a_line(&format!(
            "{}/{} as {}",
            hosts.join(","),
            self.dbname,
            self.user
        ))
    }

    /// The user to connect as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database to connect to.
    pub fn dbname(&self) -> &str {
        &self.dbname
    }

    /// The schema a Prisma URL names (`?schema=`).
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Whether the address says that it leads to a transaction pooler: `pgbouncer=true`, or port
    /// 6543, which is Supabase's.
    pub fn says_pooler(&self) -> bool {
        self.pgbouncer
            || self
                .hosts
                .iter()
                .any(|host| host.port == 6543 && matches!(host.place, Place::Tcp(_)))
    }

    /// Whether `--url` held a password, which other users of the machine can see in the list of
    /// processes.
    pub fn password_on_command_line(&self) -> bool {
        self.password_on_command_line
    }

    /// What to tell the user about the address: parameters without effect, a password file that
    /// was ignored.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// The URL, its password as `***`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = if self.passwords.iter().any(Option::is_some) {
            ":***"
        } else {
            ""
        };
        write!(f, "postgresql://{}{password}@", self.user)?;
        if let [
            Host {
                place: Place::Socket(directory),
                port,
                ..
            },
        ] = self.hosts.as_slice()
        {
            return write!(
                f,
                "/{}?host={}&port={port}",
                self.dbname,
                directory.display()
            );
        }
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        write!(f, "{}/{}", hosts.join(","), self.dbname)
    }
}

/// As Display, with the source.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self}, from {})", self.origin)
    }
}
