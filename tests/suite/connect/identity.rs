//! Who is at the other end: the client's certificate, and a server that only pretends.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use leora_db::connect::Reason;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, version};

use super::certificates::{Authority, write};
use super::{connects, refused, server, target, who};
use crate::support::{Output, required};

#[test]
fn a_client_certificate_lets_its_user_in_and_no_other() {
    let server = server();
    let with = |name: &str| {
        server.at(&format!(
            "user=certified sslmode=require sslcert=FILES/{name}.crt sslkey=FILES/{name}.key"
        ))
    };
    assert_eq!(who(&mut connects(&with("client"), &[])), "certified");
    for version in [
        "min_protocol_version=TLSv1.3",
        "max_protocol_version=TLSv1.2",
    ] {
        for name in ["nobody", "late", "forged"] {
            let error = refused(&format!("{} ssl_{version}", with(name)), &[]);
            assert!(
                matches!(error.reason(), Reason::ClientCertificate { .. }),
                "{name} {version}: {error:?}"
            );
        }
    }
    let error = refused(&server.at("user=certified sslmode=require"), &[]);
    assert!(
        matches!(error.reason(), Reason::ClientCertificate { .. }),
        "{error:?}"
    );

    let home = tempfile::tempdir().unwrap();
    let at_home = [("HOME", home.path().to_str().unwrap())];
    for kind in ["crt", "key"] {
        let text = std::fs::read_to_string(server.file(&format!("client.{kind}"))).unwrap();
        write(
            home.path(),
            &format!(".postgresql/postgresql.{kind}"),
            &text,
        );
    }
    assert_eq!(
        who(&mut connects(&server.at("user=certified"), &at_home)),
        "certified"
    );
}

/// As OpenSSL writes an encrypted key.
#[test]
fn an_encrypted_key_is_opened_with_its_passphrase() {
    if !required("openssl", "openssl") {
        return;
    }
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let encrypted = |name: &str, options: &[&str]| {
        let mut command = Command::new("openssl");
        command
            .args(["pkcs8", "-topk8", "-passout", "pass:hunter 2", "-in"])
            .arg(server.file("client.key"))
            .args(options);
        write(at, name, &Output::of(command, "").exits(0).stdout);
        let key = at.join(name);
        move |rest: &str| {
            server.at(&format!(
                "user=certified sslmode=require sslcert=FILES/client.crt sslkey={} {rest}",
                key.display()
            ))
        }
    };
    let usual = encrypted("usual.key", &[]);
    assert_eq!(
        who(&mut connects(&usual("sslpassword='hunter 2'"), &[])),
        "certified"
    );
    let scrypt = encrypted("scrypt.key", &["-scrypt"]);
    assert_eq!(
        who(&mut connects(&scrypt("sslpassword='hunter 2'"), &[])),
        "certified"
    );
    let error = refused(&usual("sslpassword=hunter3"), &[]).to_string();
    assert!(error.contains("cannot be decrypted"), "{error}");
    assert!(!error.contains("hunter"), "{error}");
    let error = refused(&usual(""), &[]).to_string();
    assert!(error.contains("no sslpassword was given"), "{error}");
}

/// The commands are those of the message that refuses `sslidentity`.
#[test]
fn an_identity_in_pkcs12_is_converted_and_lets_its_user_in() {
    if !required("openssl", "openssl") {
        return;
    }
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let openssl = |words: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(&directory).args(words.split(' '));
        Output::of(command, "").exits(0);
    };
    let (certificate, key) = (server.file("client.crt"), server.file("client.key"));
    openssl(&format!(
        "pkcs12 -export -passout pass:hunter2 -in {certificate} -inkey {key} -out FILE"
    ));
    let passphrases = "-passin pass:hunter2 -passout pass:hunter3";
    openssl(&format!(
        "pkcs12 -in FILE -clcerts -nokeys -out client.crt {passphrases}"
    ));
    openssl(&format!(
        "pkcs12 -in FILE -nocerts -out client.key {passphrases}"
    ));
    let (port, at) = (server.port, directory.path().display());
    let address = format!(
        "postgresql://certified@127.0.0.1:{port}/postgres?sslmode=require&sslcert={at}/client.crt&sslkey={at}/client.key\
         &sslpassword=hunter3"
    );
    assert_eq!(who(&mut connects(&address, &[])), "certified");
}

#[test]
fn unusable_files_are_told_before_anything_is_sent() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let key = std::fs::read_to_string(server.file("client.key")).unwrap();
    let readable = write(at, "readable.key", &key);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(readable, mode).unwrap();
    write(
        at,
        "encrypted.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    write(at, "empty.crt", "");
    write(
        at,
        "garbage.crt",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let own = at.to_str().unwrap();
    for (rest, expected) in [
        ("sslmode=verify-full", "sslrootcert=system"),
        (
            "sslmode=verify-ca sslrootcert=OWN/none.crt",
            "none.crt: No such file",
        ),
        (
            "sslmode=verify-ca sslrootcert=OWN/empty.crt",
            "is not the root certificate in PEM",
        ),
        (
            "sslmode=verify-ca sslrootcert=OWN/garbage.crt",
            "garbage.crt cannot be used",
        ),
        ("sslrootcert=OWN/none.crt", "none.crt: No such file"),
        (
            "sslmode=verify-ca sslrootcert=FILES/root.crt sslcrl=OWN/none.crl",
            "none.crl",
        ),
        (
            "sslcert=FILES/client.crt sslkey=OWN/none.key",
            "none.key: No such file",
        ),
        (
            "sslcert=FILES/client.crt sslkey=OWN/readable.key",
            "chmod 600",
        ),
        (
            "sslcert=FILES/client.crt sslkey=OWN/encrypted.key sslpassword=hunter2",
            "openssl pkcs8",
        ),
        (
            "sslcert=FILES/client.crt sslkey=OWN/encrypted.key",
            "no sslpassword was given",
        ),
        (
            "sslcert=FILES/client.crt sslkey=FILES/nobody.key",
            "cannot be used",
        ),
        (
            "sslcert=OWN/empty.crt sslkey=FILES/client.key",
            "is not the client certificate",
        ),
    ] {
        let address = server.at(&format!("user=trusted {}", rest.replace("OWN", own)));
        let error = refused(&address, &[("HOME", own)]);
        assert!(
            matches!(error.reason(), Reason::TlsSetup(_)),
            "{rest}: {error:?}"
        );
        assert!(error.to_string().contains(expected), "{rest}: {error}");
        if rest.contains("verify-full") {
            assert!(
                error
                    .to_string()
                    .contains(&format!("{own}/.postgresql/root.crt")),
                "{error}"
            );
        }
    }
}

/// A server that has somebody else's certificate, which everybody can get, and a key of its own.
fn pretender(stolen: &str, key: &str, tls: &'static rustls::SupportedProtocolVersion) -> u16 {
    let provider = Arc::new(ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certificate = CertificateDer::from_pem_slice(stolen.as_bytes()).unwrap();
    let shown: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(CertifiedKey::new(
        vec![certificate],
        key,
    )));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[tls])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(shown);
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 8];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"S").unwrap();
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // It fails when the client sees through it, and else waits for the startup message.
            while connection
                .complete_io(&mut stream)
                .is_ok_and(|(read, _)| read > 0)
            {}
        }
    });
    port
}

#[test]
fn a_certificate_without_its_key_is_seen_through() {
    let (ours, own) = (Authority::new("root"), Authority::new("pretender"));
    let honest = ours.sign("db.example.com", &["db.example.com"], 2100);
    let directory = tempfile::tempdir().unwrap();
    let root = write(directory.path(), "root.crt", &ours.certificate());
    let root = root.to_str().unwrap();
    let wrong_key = own.sign("x", &[], 2100).key;
    for version in [&version::TLS12, &version::TLS13] {
        let false_one = pretender(&honest.certificate, &wrong_key, version);
        for mode in ["prefer", "require", "verify-ca", "verify-full"] {
            let check = if mode.starts_with("verify") {
                format!("sslrootcert={root}")
            } else {
                String::new()
            };
            let address = format!(
                "host=db.example.com hostaddr=127.0.0.1 port={false_one} user=u password=hunter2 \
                 connect_timeout=5 sslmode={mode} {check}"
            );
            let error = refused(&address, &[]);
            assert!(
                matches!(
                    error.reason(),
                    Reason::Certificate(_) | Reason::Handshake { .. }
                ),
                "{mode} {version:?}: {error:?}"
            );
        }
        // With its own key, the same server gets as far as the startup message.
        let true_one = pretender(&honest.certificate, &honest.key, version);
        let address = format!(
            "host=db.example.com hostaddr=127.0.0.1 port={true_one} user=u connect_timeout=1 \
             sslmode=verify-full sslrootcert={root}"
        );
        let error = target(&address, &[]).connect("a test").err().unwrap();
        assert!(
            matches!(
                error.reason(),
                Reason::TimedOut { .. } | Reason::Lost { .. }
            ),
            "{version:?}: {error:?}"
        );
    }
}
