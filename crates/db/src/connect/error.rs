//! What can be wrong with an address. What can go wrong on the way there is `failure`.

use std::io;
use std::path::PathBuf;

/// Why it cannot be said where to connect. Each message stands alone: what `source()` has is in it
/// already. None holds any part of the address that could be a password.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No source has an address.
    #[error(
        "no database was named: give --url, set DIRECT_URL or DATABASE_URL (--env-file reads them \
         from a file), or set libpq's PGHOST, PGDATABASE and PGUSER"
    )]
    NothingGiven,
    /// The env file cannot be read.
    #[error("cannot read the env file {}: {source}", path.display())]
    EnvFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An error in the address itself, with where it came from.
    #[error("the address in {origin} cannot be used: {source}")]
    In {
        /// Where the address came from.
        origin: super::Origin,
        /// What is wrong with it.
        source: Box<TargetError>,
    },
    /// The text begins with quotes: a shell or a container took the file's quotes for the value.
    #[error("it begins with a quotation mark; take the quotes away")]
    Quoted,
    /// It is no URL, and has no `=`.
    #[error(
        "it is neither a URL (postgresql://user@host:5432/database) nor a key=value string \
         (host=... dbname=...)"
    )]
    NeitherUrlNorKeyValue,
    /// The URL is not one of a PostgreSQL server.
    #[error("{}", scheme_advice(scheme))]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// The password is still the one that Supabase's page shows in its place.
    #[error("the password is still a placeholder; put the database's password in its place")]
    PlaceholderPassword,
    /// A `/` or `?` in the password, most likely.
    #[error(
        "there is an @ behind the first / or ?: a password with such a character must be \
         percent-encoded (/ is %2F, ? is %3F, @ is %40, # is %23)"
    )]
    UnencodedPassword,
    /// The place of the host and port holds something else.
    #[error(
        "behind the user and password there is no host:port{}",
        if *ipv6 {
            "; an IPv6 address stands in brackets: [::1]:5432"
        } else {
            ", the port a number from 1 to 65535; a password with / ? : or @ must be \
             percent-encoded (%2F %3F %3A %40)"
        }
    )]
    UrlHost {
        /// Whether it looks like an IPv6 address.
        ipv6: bool,
    },
    /// A query parameter without a value.
    #[error("a parameter behind the ? has no =; in a password, ? must be written %3F and & %26")]
    QueryWithoutEquals,
    /// Percent-encoding of a zero byte, or of what is no UTF-8.
    #[error("its percent-encoding gives text that is not UTF-8, or a zero byte")]
    UrlEncoding,
    /// A keyword without a value.
    #[error("parameter {number} has no =; a value with spaces must stand in single quotes")]
    KeyWithoutEquals {
        /// Its number, from 1.
        number: usize,
    },
    /// A quote that does not close.
    #[error("the quote around the value of parameter {number} does not close")]
    UnclosedQuote {
        /// Its number, from 1.
        number: usize,
    },
    /// A keyword libpq does not have.
    #[error(
        "parameter {number}{} is not one of libpq's; a value with spaces must stand in single \
         quotes",
        keyword.as_ref().map(|keyword| format!(" (`{keyword}`)")).unwrap_or_default()
    )]
    UnknownKeyword {
        /// Its name, unless it may be the rest of a password.
        keyword: Option<String>,
        /// Its number, from 1.
        number: usize,
    },
    /// A parameter that looks like one of TLS's and is not: taking it for nothing could be weaker
    /// than what was meant.
    #[error(
        "`{keyword}` is not a parameter; those of TLS are sslmode, sslaccept, sslrootcert, \
         sslcert, sslkey, sslpassword, sslcrl, sslnegotiation, sslsni, sslcertmode, \
         ssl_min_protocol_version and ssl_max_protocol_version"
    )]
    UnknownTlsParameter {
        /// Its name.
        keyword: String,
    },
    /// A value that cannot be used.
    #[error("{keyword} is `{value}`{place}; it must be {expected}")]
    BadValue {
        /// The parameter.
        keyword: &'static str,
        /// Its value.
        value: String,
        /// Where it came from, when that was not the address.
        place: String,
        /// What it must be.
        expected: String,
    },
    /// A protection asked for that cannot be given.
    #[error("{keyword} is not supported: {why}")]
    NotSupported {
        /// The parameter.
        keyword: &'static str,
        /// Why, and what to do instead.
        why: &'static str,
    },
    /// Two parameters of TLS that deny each other.
    #[error("sslmode={mode} contradicts {with}; take one of them away")]
    TlsConflict {
        /// The mode asked for.
        mode: String,
        /// What else was asked for.
        with: &'static str,
    },
    /// Lists of different lengths.
    #[error(
        "{hosts} host(s), {addresses} hostaddr(s) and {ports} port(s) do not pair up: the lists \
         must be equally long, or the port one for all"
    )]
    HostCounts {
        /// Number of names.
        hosts: usize,
        /// Number of addresses.
        addresses: usize,
        /// Number of ports.
        ports: usize,
    },
    /// A socket name that begins with `@`.
    #[error("sockets in the abstract namespace (a host that begins with @) are not supported")]
    AbstractSocket,
    /// No user was named, and the system does not say who runs the program.
    #[error("no user was named, and the operating system's user has no name; set PGUSER")]
    NoUser,
    /// A service file cannot be read.
    #[error("cannot read the service file {}: {source}", path.display())]
    ServiceFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line in a service file.
    #[error("{}, line {line}: {problem}", path.display())]
    ServiceLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A service that no file has.
    #[error("service `{name}` is defined in {}", places(looked_in))]
    NoSuchService {
        /// Its name.
        name: String,
        /// The files that were read.
        looked_in: Vec<PathBuf>,
    },
}

fn scheme_advice(scheme: &str) -> String {
    let advice = match scheme.to_ascii_lowercase().as_str() {
        "prisma" | "prisma+postgres" => {
            "it leads to Prisma's proxy, which runs no migrations; give the database's own URL, \
             most often in DIRECT_URL"
        }
        "jdbc:postgresql" => "it is JDBC's; take the `jdbc:` away and check user and password",
        "mysql" | "mariadb" | "sqlserver" | "mongodb" | "mongodb+srv" | "sqlite" | "file" => {
            "it leads to another kind of database; this program migrates PostgreSQL"
        }
        _ => "it must begin with postgresql:// or postgres://",
    };
    format!("the URL begins with {scheme}://: {advice}")
}

fn places(files: &[PathBuf]) -> String {
    if files.is_empty() {
        return "no file: there is no ~/.pg_service.conf and no system-wide pg_service.conf; set \
                PGSERVICEFILE"
            .to_owned();
    }
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    format!("none of the files read: {}", files.join(", "))
}
