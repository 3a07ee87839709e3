//! Trying the servers one after the other, as libpq does.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Target;
use super::entry::Entry;
use super::explain::explain;
use super::failure::{ConnectError, Reason};
use super::heard::Connection;
use super::hosts::{Host, Place};
use super::session::SessionKind;
use super::tls::{self, Encryption};

/// A reason, and the error underneath.
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    pub(super) fn new(reason: Reason) -> Failure {
        Failure {
            reason,
            source: None,
        }
    }
}

impl Target {
    /// Connects: each host in turn, each of its addresses in turn, until one lets us in. The name
    /// is what pg_stat_activity shows, unless the address has its own. `connect_timeout` counts for
    /// each address and covers all of it: TCP, TLS and login.
    ///
    /// # Errors
    /// When no server lets us in, the last one's reason, with those of the others before it.
    pub fn connect(&self, application_name: &str) -> Result<Connection, ConnectError> {
        let mut earlier: Vec<(String, Failure)> = Vec::new();
        let finish = |failure: Failure, earlier: Vec<(String, Failure)>| ConnectError {
            tried: format!("{} (from {})", self.endpoint(), self.origin),
            reason: Box::new(failure.reason),
            earlier: earlier
                .into_iter()
                .map(|(server, failure)| (server, failure.reason.to_string()))
                .collect(),
            source: failure.source,
        };
        let tls = match self.connector() {
            Ok(tls) => tls,
            Err(failure) => return Err(finish(failure, earlier)),
        };
        let rounds: &[SessionKind] = match self.session {
            // First a standby; when there is none, whatever there is.
            SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
            ref one => std::slice::from_ref(one),
        };
        for wanted in rounds {
            let mut order: Vec<usize> = (0..self.hosts.len()).collect();
            if self.any_order {
                fastrand::shuffle(&mut order);
            }
            for index in order {
                let addresses = match self.addresses(&self.hosts[index]) {
                    Ok(addresses) => addresses,
                    Err(failure) => {
                        earlier.push((self.hosts[index].to_string(), failure));
                        continue;
                    }
                };
                let is_ipv6 = |host: &Host| host.address.is_some_and(|address| address.is_ipv6());
                let all_ipv6 = addresses.iter().all(is_ipv6);
                for host in addresses {
                    let entry = Entry {
                        target: self,
                        host: &host,
                        password: self.passwords[index].as_ref(),
                        tls: &tls,
                        application_name,
                        wanted: *wanted,
                    };
                    match entry.try_modes() {
                        Ok(connection) => return Ok(connection),
                        Err(mut failure) if failure.reason.another_may_do() => {
                            if let Reason::Unreachable { only_ipv6, .. } = &mut failure.reason {
                                *only_ipv6 = all_ipv6;
                            }
                            // libpq: a server that is not ready has no better second address.
                            let next_host = matches!(failure.reason, Reason::NotReady { .. });
                            earlier.push((named(&host), failure));
                            if next_host {
                                break;
                            }
                        }
                        Err(failure) => return Err(finish(failure, earlier)),
                    }
                }
            }
        }
        let last = earlier.pop().map(|(_, failure)| failure);
        let none = || {
            Failure::new(Reason::Other {
                why: "there was no server to try".to_owned(),
            })
        };
        Err(finish(last.unwrap_or_else(none), earlier))
    }

    /// Asks the server to cancel the statement that runs on the token's connection, over TLS where
    /// that connection is.
    ///
    /// # Errors
    /// When the request could not be brought to the server; whether it cancelled anything, a server
    /// does not say.
    pub fn cancel(&self, token: CancelToken) -> Result<(), ConnectError> {
        let finish = |failure: Failure| ConnectError {
            tried: format!(
                "{} (from {}) to cancel a statement",
                self.endpoint(),
                self.origin
            ),
            reason: Box::new(failure.reason),
            earlier: Vec::new(),
            source: failure.source,
        };
        let tls = self.connector().map_err(finish)?;
        let host = &self.hosts[0];
        let sent = self
            .within(host, move || token.cancel_query(tls))
            .map_err(finish)?;
        sent.map_err(|error| {
            let reason = explain(&error, host, None, &self.tls);
            finish(Failure {
                reason,
                source: Some(Box::new(error)),
            })
        })
    }

    fn connector(&self) -> Result<MakeRustlsConnect, Failure> {
        let mut policy = self.tls.clone();
        if self
            .hosts
            .iter()
            .all(|host| matches!(host.place, Place::Socket(_)))
        {
            // libpq ignores sslmode on a socket: there is no TLS on it.
            policy.encryption = Encryption::Disable;
            policy.roots = tls::Roots::Unneeded;
        }
        tls::connector(&policy).map_err(|error| Failure::new(Reason::TlsSetup(error)))
    }

    /// The host once for each of its addresses.
    fn addresses(&self, host: &Host) -> Result<Vec<Host>, Failure> {
        let Place::Tcp(name) = &host.place else {
            return Ok(vec![host.clone()]);
        };
        if host.address.is_some() {
            return Ok(vec![host.clone()]);
        }
        let wanted = (name.clone(), host.port);
        let found = self.within(host, move || wanted.to_socket_addrs().map(Vec::from_iter))?;
        let with = |address: SocketAddr| Host {
            address: Some(address.ip()),
            ..host.clone()
        };
        match found {
            Ok(addresses) if !addresses.is_empty() => Ok(addresses.into_iter().map(with).collect()),
            Ok(_) => Err(Failure::new(Reason::HostNotFound {
                host: name.clone(),
                why: "it has no address".to_owned(),
            })),
            Err(error) => Err(Failure {
                reason: Reason::HostNotFound {
                    host: name.clone(),
                    why: error.to_string(),
                },
                source: Some(Box::new(error)),
            }),
        }
    }

    /// Does `work`, and waits for it no longer than the connect timeout. The driver limits the TCP
    /// handshake only; a server that accepts and then says nothing would hold it for ever. What
    /// comes too late is dropped by the thread that made it, and the connection closed with it.
    pub(super) fn within<T: Send + 'static>(
        &self,
        host: &Host,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        // The TCP handshake's own limit, which is as long, is to be reached first.
        let limit = self
            .network
            .connect_timeout
            .map(|limit| limit + Duration::from_millis(250));
        let Some(limit) = limit else {
            return Ok(work());
        };
        let (sender, receiver) = sync_channel(1);
        let spawned = thread::Builder::new()
            .name("connect".to_owned())
            .spawn(move || {
                // Nobody waits any more: dropping it is all there is to do.
                drop(sender.send(work()));
            });
        if let Err(error) = spawned {
            let why = format!("no thread could be started: {error}");
            return Err(Failure {
                reason: Reason::Other { why },
                source: Some(Box::new(error)),
            });
        }
        receiver.recv_timeout(limit).map_err(|error| {
            Failure::new(match error {
                RecvTimeoutError::Timeout => self.timed_out(host, true),
                RecvTimeoutError::Disconnected => Reason::Other {
                    why: "the connecting thread ended early".to_owned(),
                },
            })
        })
    }

    fn timed_out(&self, host: &Host, accepted: bool) -> Reason {
        let after = self.network.connect_timeout.unwrap_or_default();
        Reason::TimedOut {
            server: named(host),
            after,
            accepted,
        }
    }

    /// The driver's own timeout reads like any other network error.
    pub(super) fn with_timeout(&self, reason: Reason, host: &Host) -> Reason {
        match reason {
            Reason::Unreachable { why, .. } if why == "connection timed out" => {
                self.timed_out(host, false)
            }
            other => other,
        }
    }
}

/// The host with its address, where that says more than the name.
pub(super) fn named(host: &Host) -> String {
    match (&host.place, host.address) {
        (Place::Tcp(name), Some(address)) if *name != address.to_string() => {
            format!("{host} ({address})")
        }
        _ => host.to_string(),
    }
}
