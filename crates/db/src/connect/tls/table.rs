//! Which certificates are accepted, as a table of certificates against kinds of checks.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};

use super::policy::Check::{self, Chain, ChainAndName};
use super::verifier::Verifier;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed")
}

/// A server's certificate; `names` are its alternative names.
fn server(
    signer: &Authority,
    common_name: &str,
    names: &[&str],
    years: (i32, i32),
) -> CertificateDer<'static> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from(7));
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().expect("a key");
    params
        .signed_by(&key, signer)
        .expect("signed")
        .der()
        .clone()
}

fn verifier(
    check: Check,
    listed: &[&CertificateDer<'static>],
    revoked: Vec<CertificateRevocationListDer<'static>>,
) -> Verifier {
    let mut roots = RootCertStore::empty();
    for &certificate in listed {
        roots.add(certificate.clone()).expect("a root");
    }
    let listed = listed
        .iter()
        .map(|&certificate| certificate.clone())
        .collect();
    let provider = Arc::new(ring::default_provider());
    Verifier::against(check, roots, listed, revoked, &provider).expect("a verifier")
}

/// What is said of a certificate on 2 January 2025, or `accepted`.
fn judge(verifier: &Verifier, certificate: &CertificateDer<'_>, host: &'static str) -> String {
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_735_776_000));
    let host = ServerName::try_from(host).expect("a host name");
    match verifier.verify_server_cert(certificate, &[], &host, &[], now) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn has(text: &str, piece: &str) {
    assert!(text.contains(piece), "expected `{piece}` in `{text}`");
}

#[test]
fn a_chain_is_checked_and_a_name_only_where_asked() {
    let (ours, other) = (authority("ours"), authority("other"));
    let good = server(&ours, "x", &["db.example.com", "192.0.2.1"], (2020, 2030));
    let full = verifier(ChainAndName, &[ours.der()], vec![]);
    let chain = verifier(Chain, &[ours.der()], vec![]);
    assert_eq!(judge(&full, &good, "db.example.com"), "accepted");
    assert_eq!(judge(&full, &good, "192.0.2.1"), "accepted");
    has(&judge(&full, &good, "192.0.2.2"), "not valid for name");
    has(
        &judge(&full, &good, "www.example.com"),
        "not valid for name",
    );
    assert_eq!(judge(&chain, &good, "www.example.com"), "accepted");

    let elsewhere = server(&other, "x", &["db.example.com"], (2020, 2030));
    let expired = server(&ours, "x", &["db.example.com"], (2020, 2024));
    let early = server(&ours, "x", &["db.example.com"], (2026, 2030));
    for verifier in [&full, &chain] {
        has(
            &judge(verifier, &elsewhere, "db.example.com"),
            "UnknownIssuer",
        );
        has(&judge(verifier, &expired, "db.example.com"), "expired");
        has(&judge(verifier, &early, "db.example.com"), "not valid yet");
        // The wrong name must not hide that the certificate is bad.
        has(
            &judge(verifier, &elsewhere, "www.example.com"),
            "UnknownIssuer",
        );
        has(&judge(verifier, &expired, "www.example.com"), "expired");
    }
    let both = verifier(ChainAndName, &[other.der(), ours.der()], vec![]);
    assert_eq!(judge(&both, &good, "db.example.com"), "accepted");
    let nothing = Verifier::of_nothing(&ring::default_provider());
    assert_eq!(judge(&nothing, &elsewhere, "www.example.com"), "accepted");
}

#[test]
fn a_common_name_counts_when_there_is_no_other() {
    let ours = authority("ours");
    let full = verifier(ChainAndName, &[ours.der()], vec![]);
    let bare = server(&ours, "db.example.com", &[], (2020, 2030));
    assert_eq!(judge(&full, &bare, "db.example.com"), "accepted");
    assert_eq!(judge(&full, &bare, "DB.example.com"), "accepted");
    has(
        &judge(&full, &bare, "www.example.com"),
        "common name db.example.com",
    );
    let wildcard = server(&ours, "*.example.com", &[], (2020, 2030));
    assert_eq!(judge(&full, &wildcard, "db.example.com"), "accepted");
    has(
        &judge(&full, &wildcard, "a.db.example.com"),
        "not valid for name",
    );
    let named = server(&ours, "db.example.com", &["www.example.com"], (2020, 2030));
    has(
        &judge(&full, &named, "db.example.com"),
        "not valid for name",
    );
}

#[test]
fn a_listed_certificate_may_be_the_server_s_own() {
    // As `openssl req -x509` makes them: an authority of itself.
    let own = authority("db.example.com");
    let full = verifier(ChainAndName, &[own.der()], vec![]);
    assert_eq!(judge(&full, own.der(), "db.example.com"), "accepted");
    has(
        &judge(&full, own.der(), "www.example.com"),
        "not valid for name",
    );
    let chain = verifier(Chain, &[own.der()], vec![]);
    assert_eq!(judge(&chain, own.der(), "www.example.com"), "accepted");
    let namesake = authority("db.example.com");
    assert_ne!(judge(&chain, namesake.der(), "db.example.com"), "accepted");

    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["db.example.com".to_owned()]).expect("names");
    params.not_after = date_time_ymd(2024, 1, 1);
    let expired = params.self_signed(&key).expect("signed");
    let chain = verifier(Chain, &[expired.der()], vec![]);
    has(&judge(&chain, expired.der(), "db.example.com"), "expired");
}

#[test]
fn a_revoked_certificate_is_refused() {
    let ours = authority("ours");
    let list = |serial: u64| {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2030, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: date_time_ymd(2024, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&ours).expect("signed").der().clone()
    };
    let certificate = server(&ours, "x", &["db.example.com"], (2020, 2030));
    for check in [Chain, ChainAndName] {
        let verifier_with = |serial| verifier(check, &[ours.der()], vec![list(serial)]);
        has(
            &judge(&verifier_with(7), &certificate, "db.example.com"),
            "Revoked",
        );
        assert_eq!(
            judge(&verifier_with(8), &certificate, "db.example.com"),
            "accepted"
        );
    }
}

/// The files were made as PostgreSQL's documentation says ("Creating Certificates"), by OpenSSL
/// 3.0, which makes the server's a certificate of X.509 version 1.
/// The files were made as PostgreSQL's documentation says ("Creating Certificates"), by OpenSSL
/// 3.0, which makes the server's a certificate of X.509 version 1.
#[test]
fn a_certificate_of_version_1_is_called_one() {
    let read = |name: &str| {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/certificates/");
        CertificateDer::from_pem_file(directory.to_owned() + name).expect(name)
    };
    let (root, server) = (read("version1-root.crt"), read("version1-server.crt"));
    for check in [Chain, ChainAndName] {
        let verifier = verifier(check, &[&root], vec![]);
        has(&judge(&verifier, &server, "db.example.com"), "version 1");
    }
    let nothing = Verifier::of_nothing(&ring::default_provider());
    assert_eq!(judge(&nothing, &server, "db.example.com"), "accepted");
}
