//! From the sources to a [`Target`].

use std::time::Duration;

use postgres::config::ChannelBinding;

use super::error::TargetError;
use super::session::SessionKind;
use super::settings::Settings;
use super::sources::{self, Sources};
use super::tls::TlsPolicy;
use super::{Network, Target, conninfo, hosts, password, url};

/// libpq waits for ever, Prisma 5 s.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A dead network is noticed after 15 s of silence and three probes, or when what was sent stays
/// unacknowledged this long. The system's own limits are 2 hours and a quarter of an hour.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_COUNT: u32 = 3;
const USER_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn resolve(sources: &Sources) -> Result<Target, TargetError> {
    let mut environment = sources.environment.clone();
    if let Some(file) = &sources.env_file {
        environment = environment.with_file(file)?;
    }
    let (origin, address) =
        sources::choose(sources, &environment).ok_or(TargetError::NothingGiven)?;
    let in_origin = |source| TargetError::In {
        origin: origin.clone(),
        source: Box::new(source),
    };

    let (given, is_url) = match &address {
        Some(text) => parse(text).map_err(in_origin)?,
        None => (Vec::new(), false),
    };
    let password_given = given
        .iter()
        .any(|(keyword, _)| matches!(keyword.as_str(), "password" | "sslpassword"));
    let mut settings = Settings::gather(given, is_url, &environment).map_err(in_origin)?;
    let read = |settings: &Settings| -> Result<Target, TargetError> {
        let user = match settings.get("user") {
            Some(user) => user.to_owned(),
            None => whoami::username().map_err(|_| TargetError::NoUser)?,
        };
        let dbname = settings.get("dbname").unwrap_or(&user).to_owned();
        let is_yes = |value: &str| matches!(value, "true" | "1" | "on" | "yes");
        let text = |keyword| settings.get(keyword).map(str::to_owned);
        Ok(Target {
            origin: origin.clone(),
            hosts: hosts::hosts(settings)?,
            passwords: Vec::new(),
            schema: text("schema"),
            pgbouncer: settings.get("pgbouncer").is_some_and(is_yes),
            password_on_command_line: origin == super::Origin::UrlFlag && password_given,
            tls: TlsPolicy::read(settings, &environment)?,
            channel_binding: settings
                .choice(
                    "channel_binding",
                    &[
                        ("disable", ChannelBinding::Disable),
                        ("prefer", ChannelBinding::Prefer),
                        ("require", ChannelBinding::Require),
                    ],
                )?
                .unwrap_or(ChannelBinding::Prefer),
            session: session(settings)?,
            any_order: settings
                .choice(
                    "load_balance_hosts",
                    &[("disable", false), ("random", true)],
                )?
                .unwrap_or(false),
            options: text("options"),
            application_name: text("application_name")
                .or_else(|| text("fallback_application_name")),
            network: network(settings)?,
            warnings: Vec::new(),
            user,
            dbname,
        })
    };
    let mut target = read(&settings).map_err(in_origin)?;
    if settings.get("password").is_some_and(is_placeholder) {
        return Err(in_origin(TargetError::PlaceholderPassword));
    }
    target.passwords = password::passwords(
        &mut settings,
        &target.hosts,
        &target.user,
        &target.dbname,
        &origin.to_string(),
        &environment,
    );
    target.warnings = settings.warnings;
    Ok(target)
}

/// A URL's or key=value string's parameters, and whether it was a URL.
fn parse(text: &str) -> Result<(Vec<(String, String)>, bool), TargetError> {
    let text = text.trim();
    if text.starts_with(['"', '\'', '`', '“']) {
        return Err(TargetError::Quoted);
    }
    if url::scheme(text).is_some() {
        Ok((url::parse(text)?, true))
    } else if text.contains('=') {
        Ok((conninfo::parse(text)?, false))
    } else {
        Err(TargetError::NeitherUrlNorKeyValue)
    }
}

/// What Supabase's pages show in the password's place.
fn is_placeholder(password: &str) -> bool {
    let word = password
        .trim_start_matches(['[', '<'])
        .trim_end_matches([']', '>']);
    word.len() < password.len()
        && matches!(
            word.to_ascii_lowercase().replace('_', "-").as_str(),
            "your-password" | "password"
        )
}

fn session(settings: &Settings) -> Result<SessionKind, TargetError> {
    let kinds = [
        ("any", SessionKind::Any),
        ("read-write", SessionKind::ReadWrite),
        ("read-only", SessionKind::ReadOnly),
        ("primary", SessionKind::Primary),
        ("standby", SessionKind::Standby),
        ("prefer-standby", SessionKind::PreferStandby),
    ];
    Ok(settings
        .choice("target_session_attrs", &kinds)?
        .unwrap_or(SessionKind::Any))
}

fn network(settings: &Settings) -> Result<Network, TargetError> {
    let seconds =
        |keyword: &'static str, unset: Duration| -> Result<Option<Duration>, TargetError> {
            // To libpq as to Prisma, nothing and less is no limit at all.
            Ok(match settings.integer(keyword)? {
                None => Some(unset),
                Some(number) => u64::try_from(number)
                    .ok()
                    .filter(|s| *s > 0)
                    .map(Duration::from_secs),
            })
        };
    let count = match settings.integer("keepalives_count")? {
        None => Some(KEEPALIVE_COUNT),
        Some(number) => u32::try_from(number).ok().filter(|count| *count > 0),
    };
    let keepalives = (
        seconds("keepalives_idle", KEEPALIVE_IDLE)?,
        seconds("keepalives_interval", KEEPALIVE_INTERVAL)?,
        count,
    );
    let user_timeout = match settings.integer("tcp_user_timeout")? {
        None => USER_TIMEOUT,
        Some(milliseconds) => Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)),
    };
    Ok(Network {
        connect_timeout: seconds("connect_timeout", CONNECT_TIMEOUT)?,
        keepalives: (settings.integer("keepalives")? != Some(0)).then_some(keepalives),
        user_timeout,
    })
}
