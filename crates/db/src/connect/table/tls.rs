//! What is asked of TLS.

use super::*;

#[test]
fn tls_parameters() {
    let means = |query: &str, expected: &str| {
        let expected = format!("u@h:5432/d {expected}");
        means(&format!("postgresql://u@h/d?{query}"), expected.trim_end());
    };
    means("sslmode=disable", "Disable+Nothing");
    means("sslmode=allow", "Allow+Nothing");
    means("sslmode=prefer", "");
    means("sslmode=require", "Require+Nothing");
    means("sslmode=verify-ca", "Require+Chain roots=?");
    means("sslmode=verify-full", "Require+ChainAndName roots=?");
    means("ssl=true", "Require+Nothing");
    means(
        "sslmode=verify-full&sslrootcert=ca.pem",
        "Require+ChainAndName roots=ca.pem",
    );
    means(
        "sslmode=verify-ca&sslrootcert=ca.pem",
        "Require+Chain roots=ca.pem",
    );
    means(
        "sslmode=require&sslrootcert=ca.pem",
        "Require+Chain roots=ca.pem",
    );
    means("sslrootcert=ca.pem", "Prefer+Chain roots=ca.pem");
    means("sslmode=disable&sslrootcert=ca.pem", "Disable+Nothing");
    means("sslrootcert=system", "Require+ChainAndName roots=system");
    means(
        "sslmode=verify-full&sslrootcert=system",
        "Require+ChainAndName roots=system",
    );
    means("sslcert=c.crt&sslkey=c.key", "cert=c.crt,c.key");
    means("sslcert=c.crt&sslkey=c.key&sslcertmode=disable", "");
    means(
        "sslmode=require&sslnegotiation=direct",
        "Require+Nothing direct",
    );
    means("sslsni=0", "no-sni");
    means("ssl_min_protocol_version=TLSv1.3", "Only13");
    means("ssl_max_protocol_version=TLSv1.2", "Only12");
    means(
        "sslmode=require&gssencmode=disable&sslcompression=0&krbsrvname=x",
        "Require+Nothing",
    );
    // Prisma's words.
    means("sslaccept=strict", "Prefer+ChainAndName roots=system");
    means(
        "sslmode=require&sslaccept=strict",
        "Require+ChainAndName roots=system",
    );
    means(
        "sslmode=verify-ca&sslaccept=strict&sslcert=ca.pem",
        "Require+ChainAndName roots=ca.pem",
    );
    means(
        "sslmode=require&sslaccept=accept_invalid_certs",
        "Require+Nothing",
    );
    means(
        "sslmode=require&sslcert=ca.pem",
        "Require+Chain roots=ca.pem",
    );
    means("sslcert=ca.pem", "Prefer+Chain roots=ca.pem");
    means(
        "sslmode=require&sslcert=ca.pem&sslaccept=strict",
        "Require+ChainAndName roots=ca.pem",
    );
    means(
        "sslmode=require&sslcert=ca.pem&sslaccept=accept_invalid_certs",
        "Require+Nothing",
    );
    means(
        "sslmode=verify-full&sslcert=ca.pem",
        "Require+ChainAndName roots=ca.pem",
    );
}

/// A home directory with libpq's default files in it.
fn home(files: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(home.path().join(".postgresql")).expect("made");
    for file in files {
        std::fs::write(home.path().join(".postgresql").join(file), "").expect("written");
    }
    home
}

#[track_caller]
fn means_at_home(files: &[&str], query: &str, expected: &str) {
    let home = home(files);
    let path = home.path().to_str().expect("UTF-8");
    let address = format!("postgresql://u@h/d?{query}");
    let target = resolve(&address, &[("HOME", path)]).expect(query);
    let got = meaning(&target)
        .replace(path, "~")
        .replace("u@h:5432/d", "");
    assert_eq!(got.trim_start(), expected, "{query} with {files:?}");
}

#[test]
fn default_files_count_as_in_libpq() {
    let root = "roots=~/.postgresql/root.crt";
    means_at_home(&["root.crt"], "", "");
    means_at_home(&["root.crt"], "sslmode=allow", "Allow+Nothing");
    means_at_home(
        &["root.crt"],
        "sslmode=require",
        &format!("Require+Chain {root}"),
    );
    means_at_home(
        &["root.crt"],
        "sslmode=verify-ca",
        &format!("Require+Chain {root}"),
    );
    means_at_home(
        &["root.crt"],
        "sslmode=verify-full",
        &format!("Require+ChainAndName {root}"),
    );
    means_at_home(&["root.crt"], "sslmode=disable", "Disable+Nothing");
    means_at_home(
        &["root.crt"],
        "sslmode=verify-full&sslrootcert=r",
        "Require+ChainAndName roots=r",
    );
    means_at_home(
        &["root.crt"],
        "sslmode=require&sslaccept=strict",
        "Require+ChainAndName roots=system",
    );
    means_at_home(
        &["root.crt"],
        "sslmode=require&sslaccept=accept_invalid_certs",
        "Require+Nothing",
    );
    let both = ["postgresql.crt", "postgresql.key"];
    let own = "cert=~/.postgresql/postgresql.crt,~/.postgresql/postgresql.key";
    means_at_home(&both, "", own);
    means_at_home(&both, "sslcertmode=disable", "");
    means_at_home(&both, "sslcert=c&sslkey=k", "cert=c,k");
    means_at_home(&both, "sslkey=k", "cert=~/.postgresql/postgresql.crt,k");
}

#[test]
fn sslcert_is_the_client_s_or_the_root_by_what_stands_beside_it() {
    let key = ["postgresql.key"];
    means_at_home(&[], "sslmode=require&sslcert=c", "Require+Chain roots=c");
    means_at_home(
        &key,
        "sslmode=require&sslcert=c",
        "Require+Nothing cert=c,~/.postgresql/postgresql.key",
    );
    means_at_home(
        &key,
        "sslmode=require&sslcert=c&sslaccept=strict",
        "Require+ChainAndName roots=c",
    );
    means_at_home(
        &[],
        "sslmode=verify-full&sslcert=c&sslrootcert=r",
        "Require+ChainAndName roots=r cert=c,~/.postgresql/postgresql.key",
    );
}

#[test]
fn prisma_s_sslcert_is_found_beside_schema_prisma() {
    let target = resolve("postgresql://u@h/d?sslcert=no-such-file.pem", &[]).expect("resolves");
    assert_eq!(
        meaning(&target),
        "u@h:5432/d Prefer+Chain roots=no-such-file.pem"
    );
}
