//! One server at one address, and with what it is entered.

use postgres::config::{SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Target;
use super::attempt::{Failure, named};
use super::explain::explain;
use super::failure::Reason;
use super::heard::{Connection, Heard};
use super::hosts::{Host, Place};
use super::password::Password;
use super::session::{SessionKind, state};
use super::tls::Encryption;
use crate::trace;

/// An address to try.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) target: &'a Target,
    pub(super) host: &'a Host,
    pub(super) password: Option<&'a Password>,
    pub(super) tls: &'a MakeRustlsConnect,
    /// Where the target has none of its own.
    pub(super) application_name: &'a str,
    pub(super) wanted: SessionKind,
}

impl Entry<'_> {
    /// One server at one address, with a second try where `allow` and `prefer` have one: when
    /// pg_hba.conf refused the first for being encrypted, or for not being so.
    pub(super) fn try_modes(&self) -> Result<Connection, Failure> {
        let (first, second) = match (&self.host.place, self.target.tls.encryption) {
            (Place::Socket(_), _) | (_, Encryption::Disable) => (SslMode::Disable, None),
            (_, Encryption::Allow) => (SslMode::Disable, Some(SslMode::Require)),
            (_, Encryption::Prefer) => (SslMode::Prefer, Some(SslMode::Disable)),
            (_, Encryption::Require) => (SslMode::Require, None),
        };
        let refused = |failure: &Failure| {
            matches!(
                failure.reason,
                Reason::NotAllowed { .. } | Reason::ClientCertificate { .. }
            )
        };
        match (self.once(first), second) {
            (Err(failure), Some(second)) if refused(&failure) => match self.once(second) {
                Err(again)
                    if refused(&again) || matches!(again.reason, Reason::TlsRefused { .. }) =>
                {
                    Err(failure)
                }
                other => other,
            },
            (outcome, _) => outcome,
        }
    }

    fn once(&self, mode: SslMode) -> Result<Connection, Failure> {
        let begun = trace::begin(|| {
            let tls = match mode {
                SslMode::Disable => "without TLS",
                SslMode::Prefer => "with TLS if it has it",
                _ => "with TLS",
            };
            format!(
                "connecting to {}, database {}, as {}, {tls}",
                named(self.host),
                self.target.dbname,
                self.target.user
            )
        });
        let entered = self.untold(mode);
        let failure = entered.as_ref().err().map(|failure| &failure.reason as _);
        begun.end(failure);
        entered
    }

    fn untold(&self, mode: SslMode) -> Result<Connection, Failure> {
        let Entry {
            target,
            host,
            password,
            wanted,
            ..
        } = *self;
        let mut config = self.config(mode);
        let heard = Heard::default();
        let hearing = heard.clone();
        config.notice_callback(move |said| hearing.hear(&said));
        let tls = self.tls.clone();
        let opened = target.within(host, move || {
            let mut client = config.connect(tls)?;
            let state = match wanted {
                SessionKind::Any => None,
                _ => Some(state(&mut client)?),
            };
            Ok((client, state))
        })?;
        let (client, state) = opened.map_err(|error: postgres::Error| Failure {
            reason: target.with_timeout(explain(&error, host, password, &target.tls), host),
            source: Some(Box::new(error)),
        })?;
        match state.and_then(|state| state.lacks(wanted)) {
            Some(wanted) => Err(Failure::new(Reason::Session { wanted })),
            None => Ok(Connection::new(client, heard)),
        }
    }

    fn config(&self, mode: SslMode) -> postgres::Config {
        let Entry { target, host, .. } = *self;
        let mut config = postgres::Config::new();
        match (&host.place, host.address) {
            (Place::Socket(directory), _) => config.host_path(directory),
            (Place::Tcp(name), Some(address)) => config.host(name).hostaddr(address),
            (Place::Tcp(name), None) => config.host(name),
        };
        config
            .port(host.port)
            .user(&target.user)
            .dbname(&target.dbname)
            .application_name(
                target
                    .application_name
                    .as_deref()
                    .unwrap_or(self.application_name),
            )
            .ssl_mode(mode)
            .channel_binding(target.channel_binding)
            .keepalives(target.network.keepalives.is_some());
        if target.tls.direct && mode == SslMode::Require {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        if let Some(password) = self.password {
            config.password(password.secret.reveal());
        }
        if let Some(options) = &target.options {
            config.options(options);
        }
        if let Some(timeout) = target.network.connect_timeout {
            config.connect_timeout(timeout);
        }
        if !target.network.user_timeout.is_zero() {
            config.tcp_user_timeout(target.network.user_timeout);
        }
        if let Some((idle, interval, count)) = target.network.keepalives {
            idle.map(|idle| config.keepalives_idle(idle));
            interval.map(|interval| config.keepalives_interval(interval));
            count.map(|count| config.keepalives_retries(count));
        }
        config
    }
}
