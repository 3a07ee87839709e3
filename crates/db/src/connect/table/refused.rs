//! Addresses that are refused, and why.

use proptest::prelude::*;

use super::{fails, resolve};

#[test]
fn what_cannot_be_meant() {
    fails("", "neither a URL");
    fails("db.example.com", "neither a URL");
    fails("\"postgresql://u:hunter2@h/d\"", "quotation mark");
    fails(
        "prisma://accelerate.prisma-data.net/?api_key=hunter2",
        "prisma://: it leads to Prisma's proxy",
    );
    fails(
        "prisma+postgres://localhost:51213/?api_key=hunter2",
        "DIRECT_URL",
    );
    fails("mysql://u:hunter2@h/d", "another kind of database");
    fails("jdbc:postgresql://h/d", "take the `jdbc:` away");
    fails("http://u:hunter2@h/d", "must begin with postgresql://");
    fails(
        "postgresql+psycopg2://u:hunter2@h/d",
        "must begin with postgresql://",
    );
    fails("postgresql://u:hunter2@h:port/d", "no host:port");
    fails("postgresql://u:hunter2@h:0/d", "no host:port");
    fails("postgresql://u:hunter2@h:65536/d", "no host:port");
    fails("postgresql://u@::1/d", "in brackets");
    fails("postgresql://u@[::1/d", "in brackets");
    fails("postgresql://u@[::1]5432/d", "in brackets");
    fails("postgresql://u:hunter2/x@h/d", "percent-encoded");
    fails("postgresql://u:12/hunter2@h/d", "percent-encoded");
    fails("postgresql://u:hunter2?x@h/d", "percent-encoded");
    fails("postgresql://u:12?hunter2@h/d", "has no =");
    fails("postgresql://u:12?hunter2=x@h/d", "percent-encoded");
    fails(
        "postgresql://u:[YOUR-PASSWORD]@db.abcd.supabase.co:5432/postgres",
        "placeholder",
    );
    fails("postgresql://u:<password>@h/d", "placeholder");
    fails("postgresql://u:hunter2%00@h/d", "UTF-8");
    fails("postgresql://u:hunter2%ff@h/d", "UTF-8");
    fails("postgresql://u@h/d?hunter2", "has no =");
    fails(
        "postgresql://u@h1,h2/d?hostaddr=192.0.2.1",
        "do not pair up",
    );
    fails("postgresql://u@h/d?port=1,2", "do not pair up");
    fails(
        "postgresql://u@h/d?hostaddr=example.com",
        "numeric IP addresses",
    );
    fails(
        "postgresql://u@h/d?connect_timeout=soon",
        "connect_timeout is `soon`; it must be",
    );
    fails("host=@abstract user=u", "abstract");
    fails("host=h user=u password=a hunter2", "parameter 4 has no =");
    fails(
        "host=h user=u password=a hunter2=c",
        "parameter 4 is not one of libpq's",
    );
    fails("host=h colour=red", "parameter 2 (`colour`) is not one");
    fails("host=h schema=public", "`schema`");
    fails("host=h password='hunter2", "parameter 2 does not close");
}

#[test]
fn what_would_be_weaker_than_asked() {
    let fails = |query: &str, expected: &str| {
        fails(&format!("postgresql://u:hunter2@h/d?{query}"), expected);
    };
    fails("sslmod=require", "`sslmod` is not a parameter");
    fails("SSLMODE=verify-full", "`SSLMODE` is not a parameter");
    fails("ssl=1", "`ssl` is not a parameter");
    fails(
        "sslmode=verify_full",
        "one of disable, allow, prefer, require, verify-ca, verify-full",
    );
    fails("sslmode=no-verify", "one of disable");
    fails("sslaccept=Strict", "one of strict");
    fails("sslmode=disable&sslaccept=strict", "contradicts");
    fails(
        "sslmode=verify-ca&sslaccept=accept_invalid_certs",
        "contradicts",
    );
    fails(
        "sslrootcert=r&sslaccept=accept_invalid_certs",
        "contradicts",
    );
    fails("sslmode=require&sslrootcert=system", "contradicts");
    fails("sslnegotiation=direct", "contradicts");
    fails(
        "sslidentity=client.p12&sslpassword=hunter2",
        "openssl pkcs12 -in FILE",
    );
    fails("sslcrldir=/etc/crl", "sslcrl");
    fails("sslcertmode=require", "sslcertmode is not supported");
    fails("gssencmode=require", "gssencmode is not supported");
    fails("requirepeer=postgres", "requirepeer is not supported");
    fails("require_auth=scram-sha-256", "channel_binding=require");
    fails(
        "channel_binding=required",
        "one of disable, prefer, require",
    );
    fails("target_session_attrs=readwrite", "one of any");
    fails("replication=database", "replication is not supported");
    fails(
        "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
        "ssl_max_protocol",
    );
    fails(
        "ssl_max_protocol_version=TLSv1.1",
        "ssl_max_protocol_version is `TLSv1.1`",
    );
    fails("sslcert=c&sslkey=k&sslsni=maybe", "one of 0, 1");
}

proptest! {
    /// A password with any of the characters that have a meaning in a URL, written as it is: what
    /// is said about it, whether it can be understood or not, holds no piece of it.
    #[test]
    fn no_piece_of_a_password_is_ever_said(
        marks in proptest::collection::vec("[-/?#@:&=%+ \\[\\],;'\\\\!$*]{1,2}|1", 3),
        template in 0_usize..6,
    ) {
        let password = format!("{}Qw7Ep{}Zx9Kv{}Mn4Tb", marks[0], marks[1], marks[2]);
        let address = match template {
            0 => format!("postgresql://u:{password}@h:5432/d"),
            1 => format!("postgresql://u:{password}@h/d?sslmode=require&schema=public"),
            2 => format!("postgresql://h/d?user=u&password={password}"),
            3 => format!("postgresql://h/d?password={password}&user=u"),
            4 => format!("host=h user=u password={password} dbname=d"),
            _ => format!("host=h user=u dbname=d password='{password}'"),
        };
        let said = match resolve(&address, &[]) {
            Ok(target) => format!("{target} {target:?} {} {:?}", target.endpoint(), target.warnings()),
            Err(error) => format!("{error} {error:?} {error:#?}"),
        };
        for piece in ["Qw7Ep", "Zx9Kv", "Mn4Tb"] {
            prop_assert!(!said.contains(piece), "{address}: {said}");
        }
    }
}
