//! Every connection parameter that is understood, and the environment variable that stands in for
//! it. The libpq half is the list in PostgreSQL's documentation, "Parameter Key Words" and
//! "Environment Variables"; the other half is what Prisma's PostgreSQL URLs may carry, and what
//! Supabase, Vercel and node-postgres add to them.

/// A connection parameter.
pub(super) struct Parameter {
    /// Its name in a URL's query and in a key=value string.
    pub keyword: &'static str,
    /// The variable libpq reads when neither the string nor a service file has it.
    pub variable: Option<&'static str>,
    /// Whether libpq knows it, so whether a key=value string or a service file may have it.
    pub libpq: bool,
}

const fn libpq(keyword: &'static str, variable: &'static str) -> Parameter {
    Parameter {
        keyword,
        variable: Some(variable),
        libpq: true,
    }
}

const fn unset(keyword: &'static str) -> Parameter {
    Parameter {
        keyword,
        variable: None,
        libpq: true,
    }
}

const fn url_only(keyword: &'static str) -> Parameter {
    Parameter {
        keyword,
        variable: None,
        libpq: false,
    }
}

/// The parameters, libpq's first.
pub(super) const KNOWN: &[Parameter] = &[
    libpq("service", "PGSERVICE"),
    libpq("servicefile", "PGSERVICEFILE"),
    libpq("user", "PGUSER"),
    libpq("password", "PGPASSWORD"),
    libpq("passfile", "PGPASSFILE"),
    libpq("channel_binding", "PGCHANNELBINDING"),
    libpq("connect_timeout", "PGCONNECT_TIMEOUT"),
    libpq("dbname", "PGDATABASE"),
    libpq("host", "PGHOST"),
    libpq("hostaddr", "PGHOSTADDR"),
    libpq("port", "PGPORT"),
    libpq("client_encoding", "PGCLIENTENCODING"),
    libpq("options", "PGOPTIONS"),
    libpq("application_name", "PGAPPNAME"),
    unset("fallback_application_name"),
    unset("keepalives"),
    unset("keepalives_idle"),
    unset("keepalives_interval"),
    unset("keepalives_count"),
    unset("tcp_user_timeout"),
    libpq("sslmode", "PGSSLMODE"),
    libpq("requiressl", "PGREQUIRESSL"),
    libpq("sslnegotiation", "PGSSLNEGOTIATION"),
    libpq("sslcompression", "PGSSLCOMPRESSION"),
    libpq("sslcert", "PGSSLCERT"),
    libpq("sslkey", "PGSSLKEY"),
    libpq("sslcertmode", "PGSSLCERTMODE"),
    unset("sslpassword"),
    libpq("sslrootcert", "PGSSLROOTCERT"),
    libpq("sslcrl", "PGSSLCRL"),
    libpq("sslcrldir", "PGSSLCRLDIR"),
    libpq("sslsni", "PGSSLSNI"),
    unset("sslkeylogfile"),
    libpq("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    libpq("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    libpq("min_protocol_version", "PGMINPROTOCOLVERSION"),
    libpq("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    libpq("requirepeer", "PGREQUIREPEER"),
    libpq("require_auth", "PGREQUIREAUTH"),
    libpq("gssencmode", "PGGSSENCMODE"),
    libpq("krbsrvname", "PGKRBSRVNAME"),
    libpq("gsslib", "PGGSSLIB"),
    libpq("gssdelegation", "PGGSSDELEGATION"),
    unset("replication"),
    libpq("target_session_attrs", "PGTARGETSESSIONATTRS"),
    libpq("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    url_only("schema"),
    url_only("pgbouncer"),
    url_only("sslaccept"),
    url_only("sslidentity"),
    // From here on: read and without effect. They steer a connection pool or a cache of prepared
    // statements, and this program has one connection and neither.
    url_only("connection_limit"),
    url_only("pool_timeout"),
    url_only("socket_timeout"),
    url_only("statement_cache_size"),
    url_only("max_connection_lifetime"),
    url_only("max_idle_connection_lifetime"),
    url_only("single_use_connections"),
    url_only("supa"),
    url_only("workaround"),
    url_only("uselibpqcompat"),
];

/// The parameter of that name.
pub(super) fn known(keyword: &str) -> Option<&'static Parameter> {
    KNOWN.iter().find(|parameter| parameter.keyword == keyword)
}
