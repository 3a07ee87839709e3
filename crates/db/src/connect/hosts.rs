//! The servers to try: names, addresses, sockets, ports.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::error::TargetError;
use super::settings::Settings;

/// One server to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub place: Place,
    /// The address to use instead of looking the name up (`hostaddr`).
    pub address: Option<IpAddr>,
    pub port: u16,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// By TCP; the name is also what the server's certificate must be for.
    Tcp(String),
    /// Through a socket in this directory.
    Socket(PathBuf),
}

impl Host {
    /// The name a `.pgpass` line must have: libpq takes `localhost` for the default socket.
    pub(super) fn name_in_passfile(&self) -> String {
        match &self.place {
            Place::Tcp(name) => name.clone(),
            Place::Socket(directory) if is_default_directory(directory) => "localhost".to_owned(),
            Place::Socket(directory) => directory.display().to_string(),
        }
    }

    /// The socket's file.
    pub(super) fn socket_file(directory: &Path, port: u16) -> PathBuf {
        directory.join(format!(".s.PGSQL.{port}"))
    }
}

/// `host:port`, with brackets around an IPv6 address; `/directory:port` for a socket.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp(name) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Place::Tcp(name) => write!(f, "{name}:{}", self.port),
            Place::Socket(directory) => write!(f, "{}:{}", directory.display(), self.port),
        }
    }
}

/// Pairs the comma-separated lists of `host`, `hostaddr` and `port` up.
///
/// # Errors
/// When the lists differ in length (one port for several hosts is fine), an address is no IP
/// address, or a port is no port.
pub(super) fn hosts(settings: &Settings) -> Result<Vec<Host>, TargetError> {
    let list = |keyword| {
        settings
            .get(keyword)
            .map(|list| list.split(',').collect::<Vec<&str>>())
    };
    let names = list("host").unwrap_or_default();
    let addresses = list("hostaddr").unwrap_or_default();
    let ports = list("port").unwrap_or_default();
    let count = names.len().max(addresses.len()).max(1);
    let fits = |list: &[&str]| list.is_empty() || list.len() == count;
    if !fits(&names) || !fits(&addresses) || !(fits(&ports) || ports.len() == 1) {
        return Err(TargetError::HostCounts {
            hosts: names.len(),
            addresses: addresses.len(),
            ports: ports.len(),
        });
    }
    let at = |list: &[&str], index: usize| -> String {
        list.get(index)
            .map(|item| item.trim().to_owned())
            .unwrap_or_default()
    };
    (0..count)
        .map(|index| {
            let address: Option<IpAddr> = match at(&addresses, index) {
                text if text.is_empty() => None,
                text => Some(
                    text.parse()
                        .map_err(|_| settings.bad_value("hostaddr", "numeric IP addresses"))?,
                ),
            };
            let port = match at(&ports, if ports.len() == 1 { 0 } else { index }) {
                text if text.is_empty() => 5432,
                text => (text.parse().ok())
                    .filter(|port| *port > 0)
                    .ok_or_else(|| settings.bad_value("port", "a number from 1 to 65535"))?,
            };
            let place = match (at(&names, index), address) {
                (name, None) if name.is_empty() => Place::Socket(default_directory(port)),
                (name, Some(address)) if name.is_empty() => Place::Tcp(address.to_string()),
                (name, _) if name.starts_with('@') => return Err(TargetError::AbstractSocket),
                (name, None) if name.starts_with('/') => Place::Socket(name.into()),
                (name, _) => Place::Tcp(name),
            };
            Ok(Host {
                place,
                address,
                port,
            })
        })
        .collect()
}

/// Where servers put their sockets: Debian's and Red Hat's packages, and PostgreSQL's own default.
const SOCKET_DIRECTORIES: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// The directory that has a server's socket; libpq has one compiled in, which differs between
/// packages.
fn default_directory(port: u16) -> PathBuf {
    let has_socket = |directory: &&&str| Host::socket_file(Path::new(directory), port).exists();
    let found = SOCKET_DIRECTORIES.iter().find(has_socket);
    let first_there = || {
        SOCKET_DIRECTORIES
            .iter()
            .find(|directory| Path::new(directory).is_dir())
    };
    found
        .or_else(first_there)
        .unwrap_or(&SOCKET_DIRECTORIES[1])
        .into()
}

fn is_default_directory(directory: &Path) -> bool {
    SOCKET_DIRECTORIES
        .iter()
        .any(|default| Path::new(default) == directory)
}
