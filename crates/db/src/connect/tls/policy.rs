//! What was asked of TLS, in libpq's words and in Prisma's, as one meaning.
//!
//! libpq's `sslmode` says two things at once: whether the connection must be encrypted, and what
//! is checked of the server's certificate. Prisma keeps them apart: `sslmode` (disable, prefer,
//! require) for the first, `sslaccept` (strict, accept_invalid_certs) for the second. Where both
//! speak, the stronger wins or, where one denies the other, it is an error. Never less than asked.
//!
//! Two words need deciding:
//! - `sslcert` is the client's certificate in libpq and the *server's root certificate* in Prisma.
//!   It is the client's when `sslkey` or `sslrootcert` stands beside it, when it does not come from
//!   a URL, or when `~/.postgresql/postgresql.key` is there for it (unless `sslaccept` is); else it
//!   is the root. A root that was named is checked against (like verify-ca), even though Prisma
//!   does not, unless the URL says `sslaccept=accept_invalid_certs`.
//! - `sslaccept=strict` is verify-full, against `sslcert` or else the system's certificates.

use std::path::{Path, PathBuf};

use super::super::environment::Environment;
use super::super::error::TargetError;
use super::super::secret::Secret;
use super::super::settings::{Layer, Settings};

/// Whether the connection is to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Encryption {
    /// Never.
    Disable,
    /// Only when the server refuses an unencrypted connection.
    Allow,
    /// Unless the server refuses an encrypted connection.
    Prefer,
    /// Always.
    Require,
}

/// What is checked of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Check {
    /// Nothing: the connection is encrypted, with whomever.
    Nothing,
    /// That a trusted root signed it.
    Chain,
    /// That, and that it is for the host connected to.
    ChainAndName,
}

/// The certificates that are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Roots {
    /// None are needed.
    Unneeded,
    /// Those the operating system trusts (`sslrootcert=system`).
    System,
    /// Those in a file.
    File(PathBuf),
    /// Some are needed; none was named, and libpq's default file does not exist.
    Missing(Option<PathBuf>),
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ClientIdentity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// What the key is encrypted with.
    pub passphrase: Option<Secret>,
}

/// TLS protocol versions to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Versions {
    Both,
    Only12,
    Only13,
}

/// Everything TLS was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct TlsPolicy {
    pub encryption: Encryption,
    pub check: Check,
    pub roots: Roots,
    pub revocations: Option<PathBuf>,
    pub client: Option<ClientIdentity>,
    /// Start with TLS at once, without asking the server first (PostgreSQL 17 on).
    pub direct: bool,
    pub send_name: bool,
    pub versions: Versions,
    /// `sslmode` as it was asked for, to say in messages.
    pub mode: String,
}

impl TlsPolicy {
    /// Reads the policy out of the parameters.
    ///
    /// # Errors
    /// When a value is none of those known, two deny each other, or something asked for cannot be
    /// done here; nothing is ever dropped to make a connection work.
    pub(in super::super) fn read(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<TlsPolicy, TargetError> {
        refuse_what_cannot_be_done(settings)?;
        let strict = settings.choice(
            "sslaccept",
            &[("strict", true), ("accept_invalid_certs", false)],
        )?;
        let named_root = named_root(settings, environment);
        let default_root = environment.in_home(".postgresql/root.crt");

        use Check::{Chain, ChainAndName, Nothing};
        use Encryption::{Allow, Disable, Prefer, Require};
        let modes = [
            ("disable", (Disable, Nothing)),
            ("allow", (Allow, Nothing)),
            ("prefer", (Prefer, Nothing)),
            ("require", (Require, Nothing)),
            ("verify-ca", (Require, Chain)),
            ("verify-full", (Require, ChainAndName)),
        ];
        let required = settings
            .get("requiressl")
            .is_some_and(|value| value.starts_with('1'));
        let (unset, unset_name) = match (&named_root, required) {
            (Some(Roots::System), _) => ((Require, ChainAndName), "verify-full"),
            (_, true) => ((Require, Nothing), "require"),
            _ => ((Prefer, Nothing), "prefer"),
        };
        let (encryption, asked) = settings.choice("sslmode", &modes)?.unwrap_or(unset);
        let mode = settings.get("sslmode").unwrap_or(unset_name).to_owned();

        let conflict = |with: &'static str| TargetError::TlsConflict {
            mode: mode.clone(),
            with,
        };
        if named_root == Some(Roots::System) && asked < ChainAndName {
            return Err(conflict(
                "sslrootcert=system, which needs sslmode=verify-full",
            ));
        }
        let check = match strict {
            Some(true) if encryption == Disable => return Err(conflict("sslaccept=strict")),
            Some(true) => ChainAndName,
            Some(false) if asked > Nothing => {
                return Err(conflict("sslaccept=accept_invalid_certs"));
            }
            Some(false) if settings.get("sslrootcert").is_some() => {
                return Err(conflict(
                    "sslaccept=accept_invalid_certs beside sslrootcert",
                ));
            }
            Some(false) => Nothing,
            None if named_root.is_some() && encryption != Disable => asked.max(Chain),
            // libpq: `require` with a root certificate in the usual place is `verify-ca`.
            None if encryption == Require && is_there(&default_root) => asked.max(Chain),
            None => asked,
        };
        let roots = match (check, named_root, strict) {
            (Nothing, _, _) => Roots::Unneeded,
            (_, Some(named), _) => named,
            (_, None, Some(true)) => Roots::System,
            (_, None, _) => match default_root {
                Some(file) if file.exists() => Roots::File(file),
                missing => Roots::Missing(missing),
            },
        };
        let direct = settings
            .choice("sslnegotiation", &[("postgres", false), ("direct", true)])?
            .unwrap_or(false);
        if direct && encryption != Require {
            return Err(conflict(
                "sslnegotiation=direct, which needs sslmode=require or stronger",
            ));
        }
        let default_revocations = environment
            .in_home(".postgresql/root.crl")
            .filter(|file| file.exists());
        Ok(TlsPolicy {
            encryption,
            check,
            roots,
            revocations: settings
                .get("sslcrl")
                .map(PathBuf::from)
                .or(default_revocations),
            client: client_identity(settings, environment)?,
            direct,
            send_name: settings
                .choice("sslsni", &[("0", false), ("1", true)])?
                .unwrap_or(true),
            versions: versions(settings)?,
            mode,
        })
    }
}

fn is_there(file: &Option<PathBuf>) -> bool {
    file.as_ref().is_some_and(|file| file.exists())
}

/// The root certificate that was named: libpq's `sslrootcert`, or `sslcert` in Prisma's meaning.
fn named_root(settings: &Settings, environment: &Environment) -> Option<Roots> {
    match settings.get("sslrootcert") {
        Some("system") => Some(Roots::System),
        Some(file) => Some(Roots::File(file.into())),
        None if sslcert_is_root(settings, environment) => {
            Some(Roots::File(as_prisma_finds(settings.get("sslcert")?)))
        }
        None => None,
    }
}

/// Prisma reads a path relative to the folder of `schema.prisma`.
fn as_prisma_finds(file: &str) -> PathBuf {
    let file = Path::new(file);
    let beside_schema = Path::new("prisma").join(file);
    if !file.exists() && beside_schema.exists() {
        beside_schema
    } else {
        file.to_owned()
    }
}

fn sslcert_is_root(settings: &Settings, environment: &Environment) -> bool {
    let default_key = environment.in_home(".postgresql/postgresql.key");
    settings.is_url
        && settings.layer("sslcert") == Some(&Layer::Given)
        && settings.get("sslkey").is_none()
        && settings.get("sslrootcert").is_none()
        && (settings.get("sslaccept").is_some() || !is_there(&default_key))
}

fn client_identity(
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<ClientIdentity>, TargetError> {
    let send = settings.choice("sslcertmode", &[("disable", false), ("allow", true)])?;
    if send == Some(false) {
        return Ok(None);
    }
    let passphrase = settings.get("sslpassword").map(Secret::new);
    let named = settings
        .get("sslcert")
        .filter(|_| !sslcert_is_root(settings, environment));
    let default = || {
        environment
            .in_home(".postgresql/postgresql.crt")
            .filter(|file| file.exists())
    };
    let Some(certificate) = named.map(PathBuf::from).or_else(default) else {
        return Ok(None);
    };
    let key = settings.get("sslkey").map(PathBuf::from);
    let key = key.or_else(|| environment.in_home(".postgresql/postgresql.key"));
    let key = key.ok_or_else(|| settings.bad_value("sslcert", "sslkey beside it"))?;
    Ok(Some(ClientIdentity {
        certificate,
        key,
        passphrase,
    }))
}

fn versions(settings: &Settings) -> Result<Versions, TargetError> {
    let words = [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];
    let lowest = settings
        .choice("ssl_min_protocol_version", &words)?
        .unwrap_or(2);
    let highest = settings
        .choice("ssl_max_protocol_version", &words)?
        .unwrap_or(3);
    match (lowest, highest) {
        (0..=2, 3) => Ok(Versions::Both),
        (0..=2, 2) => Ok(Versions::Only12),
        (3, 3) => Ok(Versions::Only13),
        _ => Err(settings.bad_value(
            "ssl_max_protocol_version",
            "TLSv1.2 or TLSv1.3, and no lower than ssl_min_protocol_version",
        )),
    }
}

/// Parameters that ask for a protection or an identity this program cannot give. Ignoring them
/// would be weaker than asked.
fn refuse_what_cannot_be_done(settings: &Settings) -> Result<(), TargetError> {
    let refused: [(&'static str, &[&str], &'static str); 8] = [
        (
            "sslidentity",
            &[],
            "PKCS#12 is not read; write the certificate and the key in PEM (`openssl pkcs12 -in FILE -clcerts -nokeys -out \
             client.crt`, `openssl pkcs12 -in FILE -nocerts -out client.key`, `chmod 600 client.key`) and name them in sslcert \
             and sslkey; the server's root certificate is then named in sslrootcert",
        ),
        (
            "sslcrldir",
            &[],
            "a directory of revocation lists is not read; name one file in sslcrl",
        ),
        (
            "sslcertmode",
            &["disable", "allow"],
            "only `disable` and `allow` can be had",
        ),
        (
            "gssencmode",
            &["disable", "prefer"],
            "GSSAPI encryption is not available; use TLS",
        ),
        (
            "requirepeer",
            &[],
            "the server process's user cannot be checked on this connection",
        ),
        (
            "require_auth",
            &[],
            "the authentication method cannot be enforced; channel_binding=require enforces SCRAM \
             over TLS",
        ),
        (
            "replication",
            &["false", "off", "no", "0"],
            "a replication connection runs no SQL",
        ),
        (
            "min_protocol_version",
            &["3.0"],
            "only protocol version 3.0 is spoken",
        ),
    ];
    for (keyword, harmless, why) in refused {
        if settings
            .get(keyword)
            .is_some_and(|value| !harmless.contains(&value))
        {
            return Err(TargetError::NotSupported { keyword, why });
        }
    }
    Ok(())
}
