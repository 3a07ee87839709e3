//! TLS: what each mode asks for, and what it gets.

use std::sync::OnceLock;

use leora_db::connect::{CertificateProblem, Reason};
use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use super::certificates::write;
use super::{TlsServer, connects, one, quoted_password, refused, server};

/// A server without TLS.
fn plain() -> &'static ScratchServer {
    static SERVER: OnceLock<ScratchServer> = OnceLock::new();
    SERVER.get_or_init(|| {
        let options = Options {
            tcp: true,
            ..Options::default()
        };
        ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap()
    })
}

fn at_plain(rest: &str) -> String {
    format!(
        "host=127.0.0.1 port={} dbname=postgres user=leora {rest}",
        plain().port()
    )
}

/// `plain`, or the protocol's version.
fn protocol(client: &mut Client) -> String {
    one(
        client,
        "SELECT coalesce(version, 'plain') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
}

#[track_caller]
fn gets(address: &str, expected: &str) {
    assert_eq!(protocol(&mut connects(address, &[])), expected, "{address}");
}

#[test]
fn each_mode_against_a_server_with_tls() {
    let server = server();
    let name = "host=db.example.com user=trusted";
    let root = "sslrootcert=FILES/root.crt";
    gets(&server.at("user=trusted sslmode=disable"), "plain");
    gets(&server.at("user=trusted sslmode=allow"), "plain");
    gets(&server.at("user=trusted"), "TLSv1.3");
    for mode in ["prefer", "require"] {
        gets(
            &server.at(&format!("user=trusted sslmode={mode}")),
            "TLSv1.3",
        );
        gets(
            &server.at(&format!("host=www.example.com user=trusted sslmode={mode}")),
            "TLSv1.3",
        );
        gets(
            &server.at(&format!("{name} sslmode={mode} {root}")),
            "TLSv1.3",
        );
    }
    gets(
        &server.at(&format!(
            "host=www.example.com user=trusted sslmode=verify-ca {root}"
        )),
        "TLSv1.3",
    );
    gets(
        &server.at(&format!("{name} sslmode=verify-full {root}")),
        "TLSv1.3",
    );
    // The address itself is in the certificate.
    gets(
        &server.at(&format!("user=trusted sslmode=verify-full {root}")),
        "TLSv1.3",
    );
    gets(
        &server.at("user=trusted ssl_max_protocol_version=TLSv1.2"),
        "TLSv1.2",
    );
    gets(
        &server.at("user=trusted ssl_min_protocol_version=TLSv1.3"),
        "TLSv1.3",
    );
    gets(
        &server.at("host=db.example.com user=trusted sslsni=0"),
        "TLSv1.3",
    );

    // A root in the usual place makes `require` check it, as in libpq.
    let home = tempfile::tempdir().unwrap();
    let at_home = [("HOME", home.path().to_str().unwrap())];
    let root = std::fs::read_to_string(server.file("root.crt")).unwrap();
    let other = std::fs::read_to_string(server.file("other.crt")).unwrap();
    write(home.path(), ".postgresql/root.crt", &root);
    connects(&server.at("user=trusted sslmode=require"), &at_home);
    connects(&server.at("user=trusted sslmode=verify-full"), &at_home);
    write(home.path(), ".postgresql/root.crt", &other);
    refused(&server.at("user=trusted sslmode=require"), &at_home);
    connects(&server.at("user=trusted sslmode=prefer"), &at_home);
}

#[test]
fn each_mode_against_a_server_without_tls() {
    for mode in ["disable", "allow", "prefer"] {
        gets(&at_plain(&format!("sslmode={mode}")), "plain");
    }
    let root = server().file("root.crt");
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = refused(
            &at_plain(&format!("sslmode={mode} sslrootcert={root}")),
            &[],
        );
        assert!(
            matches!(error.reason(), Reason::TlsRefused { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(mode), "{error}");
    }
}

#[test]
fn pg_hba_may_ask_for_tls_or_for_none() {
    let server = server();
    gets(&server.at("user=encrypted sslmode=allow"), "TLSv1.3");
    gets(&server.at("user=encrypted sslmode=prefer"), "TLSv1.3");
    gets(&server.at("user=unencrypted sslmode=prefer"), "plain");
    gets(&server.at("user=unencrypted sslmode=allow"), "plain");
    let error = refused(&server.at("user=encrypted sslmode=disable"), &[]);
    assert!(
        matches!(error.reason(), Reason::NotAllowed { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("sslmode=require"), "{error}");
    let error = refused(&server.at("user=unencrypted sslmode=require"), &[]);
    assert!(
        matches!(error.reason(), Reason::NotAllowed { .. }),
        "{error:?}"
    );
}

#[track_caller]
fn certificate_problem(address: &str) -> CertificateProblem {
    match refused(address, &[]).reason() {
        Reason::Certificate(problem) => problem.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_root_a_wrong_name_and_an_expired_certificate_are_told_apart() {
    let server = server();
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let rest =
            format!("host=db.example.com user=trusted sslmode={mode} sslrootcert=FILES/other.crt");
        let problem = certificate_problem(&server.at(&rest));
        let CertificateProblem::UnknownIssuer { roots } = problem else {
            panic!("{problem:?}")
        };
        assert!(roots.ends_with("other.crt"), "{roots}");
    }
    let rest = "host=www.example.com user=trusted sslmode=verify-full sslrootcert=FILES/root.crt";
    let problem = certificate_problem(&server.at(rest));
    let CertificateProblem::WrongName {
        expected,
        presented,
    } = problem
    else {
        panic!("{problem:?}")
    };
    assert_eq!(expected, "www.example.com");
    assert!(presented.contains("db.example.com"), "{presented}");
    // The system does not know this authority.
    let rest = "host=db.example.com user=trusted sslrootcert=system";
    let error = refused(&server.at(rest), &[]);
    assert!(
        matches!(
            error.reason(),
            Reason::TlsSetup(_) | Reason::Certificate(CertificateProblem::UnknownIssuer { .. })
        ),
        "{error:?}"
    );

    let expired = TlsServer::start(2020);
    for mode in ["verify-ca", "verify-full"] {
        let rest =
            format!("host=db.example.com user=trusted sslmode={mode} sslrootcert=FILES/root.crt");
        let problem = certificate_problem(&expired.at(&rest));
        let CertificateProblem::Expired { since } = problem else {
            panic!("{problem:?}")
        };
        assert_eq!(since, " at 2020-01-01T00:00:00Z");
    }
    // Whoever asks for no check gets none.
    gets(&expired.at("user=trusted sslmode=require"), "TLSv1.3");
}

#[test]
fn prisma_s_parameters_mean_what_prisma_means() {
    let server = server();
    let url = |rest: &str| {
        let rest = rest.replace("FILES/", &server.file(""));
        format!(
            "postgresql://trusted@localhost:{}/postgres?hostaddr=127.0.0.1&{rest}",
            server.port
        )
    };
    let named = |rest: &str| url(rest).replace("localhost", "db.example.com");
    gets(
        &url("sslmode=require&sslaccept=accept_invalid_certs"),
        "TLSv1.3",
    );
    gets(&url("sslmode=require&sslcert=FILES/root.crt"), "TLSv1.3");
    gets(
        &named("sslmode=require&sslaccept=strict&sslcert=FILES/root.crt"),
        "TLSv1.3",
    );
    gets(
        &url("sslcert=FILES/other.crt&sslaccept=accept_invalid_certs"),
        "TLSv1.3",
    );
    let problem = certificate_problem(&url(
        "sslmode=require&sslaccept=strict&sslcert=FILES/root.crt",
    ));
    assert!(
        matches!(problem, CertificateProblem::WrongName { .. }),
        "{problem:?}"
    );
    let problem = certificate_problem(&url("sslmode=require&sslcert=FILES/other.crt"));
    assert!(
        matches!(problem, CertificateProblem::UnknownIssuer { .. }),
        "{problem:?}"
    );
}

#[test]
fn channel_binding_is_required_and_got() {
    let server = server();
    let password = quoted_password();
    let scram = format!("user=scram password={password}");
    let digested = format!("user=digested password={password}");
    for binding in ["disable", "prefer", "require"] {
        connects(
            &server.at(&format!(
                "{scram} sslmode=require channel_binding={binding}"
            )),
            &[],
        );
    }
    for rest in [
        format!("{scram} sslmode=disable channel_binding=require"),
        format!("{digested} sslmode=require channel_binding=require"),
        "user=trusted sslmode=require channel_binding=require".to_owned(),
    ] {
        let error = refused(&server.at(&rest), &[]);
        assert!(
            matches!(error.reason(), Reason::ChannelBinding),
            "{rest}: {error:?}"
        );
    }
}

#[test]
fn tls_without_asking_first_is_for_postgresql_17_on() {
    let server = server();
    let mut admin = Client::connect(&server.scratch.url("postgres"), NoTls).unwrap();
    let version: i32 = one(&mut admin, "SHOW server_version_num").parse().unwrap();
    let address = server.at("user=trusted sslmode=require sslnegotiation=direct");
    if version >= 170_000 {
        gets(&address, "TLSv1.3");
    } else {
        let error = refused(&address, &[]);
        assert!(
            matches!(error.reason(), Reason::DirectTls { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("sslnegotiation"), "{error}");
    }
}
