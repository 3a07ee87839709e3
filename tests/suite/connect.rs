//! Connecting to real servers: every way to authenticate, every source of an address.

pub(crate) mod certificates;
mod failures;
mod identity;
mod places;
mod tls;

use std::sync::OnceLock;

use leora_db::connect::{ConnectError, Reason, Sources, Target};
use leora_db::scratch::{Binaries, Options, ScratchServer};
use postgres::{Client, NoTls};

use certificates::{Authority, write};

/// The password of every role here. No message may hold it.
pub(crate) const PASSWORD: &str = "hunter2 it's:50%\\/@";

const ROLES: &str = "\
SET password_encryption = 'scram-sha-256';
CREATE ROLE scram LOGIN PASSWORD 'hunter2 it''s:50%\\/@';
CREATE ROLE cleartext LOGIN PASSWORD 'hunter2 it''s:50%\\/@';
CREATE ROLE trusted LOGIN;
CREATE ROLE encrypted LOGIN;
CREATE ROLE unencrypted LOGIN;
CREATE ROLE certified LOGIN;
CREATE ROLE rejected LOGIN;
CREATE ROLE crowded LOGIN CONNECTION LIMIT 0;
CREATE ROLE reader LOGIN;
ALTER ROLE reader SET default_transaction_read_only = on;
SET password_encryption = md5;
CREATE ROLE digested LOGIN PASSWORD 'hunter2 it''s:50%\\/@';
";

const HBA: &str = "\
local   all all         trust
host    all scram       all scram-sha-256
host    all digested    all md5
host    all cleartext   all password
host    all trusted     all trust
host    all reader      all trust
host    all crowded     all trust
host    all missing     all trust
hostssl all encrypted   all trust
hostnossl all unencrypted all trust
hostssl all certified   all cert
host    all rejected    all reject
";

/// A server with TLS, and the files a client needs for it.
pub(crate) struct TlsServer {
    pub(crate) scratch: ScratchServer,
    pub(crate) port: u16,
    files: tempfile::TempDir,
}

impl TlsServer {
    /// Starts one with a certificate valid until a year's beginning.
    fn start(until: i32) -> Self {
        let (ours, clients) = (Authority::new("server root"), Authority::new("client root"));
        let names = ["db.example.com", "127.0.0.1", "::1"];
        let server = ours.sign("db.example.com", &names, until);
        let scratch = ScratchServer::start(
            &Binaries::find().unwrap(),
            &Options {
                tcp: true,
                settings: [
                    "listen_addresses = '127.0.0.1,::1'",
                    "ssl = on",
                    "ssl_cert_file = '../server.crt'",
                    "ssl_key_file = '../server.key'",
                    "ssl_ca_file = '../clients.crt'",
                ]
                .map(str::to_owned)
                .to_vec(),
                hba: Some(HBA.to_owned()),
                files: vec![
                    ("server.crt".to_owned(), server.certificate),
                    ("server.key".to_owned(), server.key),
                    ("clients.crt".to_owned(), clients.certificate()),
                ],
            },
        )
        .unwrap();
        let mut admin = Client::connect(&scratch.url("postgres"), NoTls).unwrap();
        admin.batch_execute(ROLES).unwrap();
        admin.batch_execute("CREATE DATABASE closed").unwrap();
        admin
            .batch_execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
            .unwrap();

        let files = tempfile::tempdir().unwrap();
        let at = files.path();
        write(at, "root.crt", &ours.certificate());
        write(
            at,
            "other.crt",
            &Authority::new("another root").certificate(),
        );
        for (name, pem) in [
            ("client", clients.sign("certified", &[], 2100)),
            ("nobody", clients.sign("nobody", &[], 2100)),
            ("late", clients.sign("certified", &[], 2020)),
            (
                "forged",
                Authority::new("client root").sign("certified", &[], 2100),
            ),
        ] {
            write(at, &format!("{name}.crt"), &pem.certificate);
            write(at, &format!("{name}.key"), &pem.key);
        }
        Self {
            port: scratch.port(),
            scratch,
            files,
        }
    }

    /// A file a client needs.
    fn file(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    /// A key=value string for this server; `FILES/` in it stands for the client's files.
    fn at(&self, rest: &str) -> String {
        let port = self.port;
        let rest = rest.replace("FILES", self.files.path().to_str().unwrap());
        format!("hostaddr=127.0.0.1 port={port} dbname=postgres {rest}")
    }
}

/// The server most tests use.
pub(crate) fn server() -> &'static TlsServer {
    static SERVER: OnceLock<TlsServer> = OnceLock::new();
    SERVER.get_or_init(|| TlsServer::start(2100))
}

/// A target from `--url` and an environment that a test states in full.
pub(crate) fn target(address: &str, variables: &[(&str, &str)]) -> Target {
    let resolved = Target::resolve(&Sources {
        url_flag: Some(address.to_owned()),
        environment: variables.iter().copied().collect(),
        ..Sources::default()
    });
    resolved.unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn connects(address: &str, variables: &[(&str, &str)]) -> leora_db::connect::Connection {
    let client = target(address, variables).connect("a test");
    client.unwrap_or_else(|error| panic!("{error}\n{error:?}"))
}

/// Expects a failure, and that nothing it says holds the password.
#[track_caller]
fn refused(address: &str, variables: &[(&str, &str)]) -> ConnectError {
    let target = target(address, variables);
    let Err(error) = target.connect("a test") else {
        panic!("{target} let us in");
    };
    let mut said = format!("{error}\n{error:?}\n{error:#?}\n{target:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        said = format!("{said}\n{error}\n{error:?}");
        source = error.source();
    }
    assert!(!said.contains("hunter2"), "{said}");
    error
}

fn one(client: &mut Client, question: &str) -> String {
    client.query_one(question, &[]).unwrap().get(0)
}

fn who(client: &mut Client) -> String {
    one(client, "SELECT current_user::text")
}

/// PASSWORD in a key=value string.
pub(crate) fn quoted_password() -> String {
    format!("'{}'", PASSWORD.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[test]
fn authenticates_by_scram_md5_and_password() {
    let server = server();
    for user in ["scram", "digested", "cleartext"] {
        let address = server.at(&format!("user={user}"));
        let with_password = format!("{address} password={}", quoted_password());
        assert_eq!(who(&mut connects(&with_password, &[])), user);
        assert_eq!(
            who(&mut connects(&address, &[("PGPASSWORD", PASSWORD)])),
            user
        );

        let error = refused(&format!("{address} password=[hunter2]"), &[]);
        let Reason::WrongPassword {
            from,
            bracketed: true,
            ..
        } = error.reason()
        else {
            panic!("{error:?}");
        };
        assert_eq!(from, "--url");
        let error = refused(&address, &[("PGPASSWORD", "hunter2")]);
        assert!(
            error
                .to_string()
                .contains("The password came from PGPASSWORD"),
            "{error}"
        );
        let error = refused(&address, &[]);
        assert!(
            matches!(error.reason(), Reason::PasswordNeeded),
            "{error:?}"
        );
    }
    let encoded = PASSWORD
        .replace('%', "%25")
        .replace('/', "%2F")
        .replace('@', "%40");
    let url = format!(
        "postgresql://scram:{encoded}@127.0.0.1:{}/postgres",
        server.port
    );
    assert_eq!(who(&mut connects(&url, &[])), "scram");
}

#[test]
fn the_password_file_is_read() {
    let server = server();
    let home = tempfile::tempdir().unwrap();
    let at_home = [("HOME", home.path().to_str().unwrap())];
    let password = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    let line = format!("# comment\n127.0.0.1:{}:*:scram:{password}\n", server.port);
    let file = write(home.path(), ".pgpass", &line);
    let address = server.at("user=scram");
    assert_eq!(who(&mut connects(&address, &at_home)), "scram");

    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&file, readable).unwrap();
    let target = target(&address, &at_home);
    assert!(
        target.warnings()[0].contains("chmod 600"),
        "{:?}",
        target.warnings()
    );
    let error = refused(&address, &at_home);
    assert!(
        matches!(error.reason(), Reason::PasswordNeeded),
        "{error:?}"
    );

    write(home.path(), ".pgpass", "*:*:*:*:hunter2\n");
    let error = refused(&address, &at_home);
    assert!(error.to_string().contains(".pgpass"), "{error}");
}

#[test]
fn a_service_file_is_read() {
    let server = server();
    let home = tempfile::tempdir().unwrap();
    let service = format!(
        "[leora]\nhost=127.0.0.1\nport={}\ndbname=postgres\nuser=scram\npassword={PASSWORD}\n",
        server.port
    );
    write(home.path(), ".pg_service.conf", &service);
    let at_home = [("HOME", home.path().to_str().unwrap())];
    assert_eq!(who(&mut connects("service=leora", &at_home)), "scram");
    assert_eq!(
        who(&mut connects(
            "postgresql://trusted@?service=leora",
            &at_home
        )),
        "trusted"
    );
}

#[test]
fn the_variables_of_libpq_are_an_address() {
    let server = server();
    let port = server.port.to_string();
    let sources = Sources {
        environment: [
            ("PGHOST", "127.0.0.1"),
            ("PGPORT", port.as_str()),
            ("PGUSER", "scram"),
            ("PGPASSWORD", PASSWORD),
            ("PGDATABASE", "postgres"),
            ("PGOPTIONS", "-c work_mem=77MB"),
            ("PGAPPNAME", "by variable"),
            ("PGSSLMODE", "require"),
        ]
        .into_iter()
        .collect(),
        ..Sources::default()
    };
    let mut client = Target::resolve(&sources)
        .unwrap()
        .connect("a test")
        .unwrap();
    assert_eq!(who(&mut client), "scram");
    assert_eq!(one(&mut client, "SHOW work_mem"), "77MB");
    assert_eq!(one(&mut client, "SHOW application_name"), "by variable");
    assert_eq!(
        one(
            &mut client,
            "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ),
        "true"
    );
}

#[test]
fn a_statement_is_cancelled_over_the_connection_s_own_tls() {
    let server = server();
    let rest = "host=db.example.com sslmode=verify-full sslrootcert=FILES/root.crt user=trusted";
    let target = target(&server.at(rest), &[]);
    let mut client = target.connect("a test").unwrap();
    let token = client.cancel_token();
    let began = std::time::Instant::now();
    let sleeping = std::thread::spawn(move || client.batch_execute("SELECT pg_sleep(60)"));
    // Until the statement runs, a request to cancel it is lost.
    let mut admin = Client::connect(&server.scratch.url("postgres"), NoTls).unwrap();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'";
    while admin.query_one(running, &[]).unwrap().get::<_, i64>(0) == 0 {
        assert!(began.elapsed().as_secs() < 20, "the statement never began");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    target.cancel(token).unwrap();
    let error = sleeping.join().unwrap().unwrap_err();
    assert_eq!(
        error.code(),
        Some(&postgres::error::SqlState::QUERY_CANCELED)
    );
    assert!(began.elapsed().as_secs() < 30);
}

#[test]
fn an_env_file_leads_there_too() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let text = format!(
        "export DB_USER='trusted' # who\nDIRECT_URL=\"postgresql://${{DB_USER}}@127.0.0.1:{}/postgres?schema=public\"\n",
        server.port
    );
    let file = write(directory.path(), ".env", &text);
    let target = Target::resolve(&Sources {
        env_file: Some(file),
        ..Sources::default()
    })
    .unwrap();
    assert_eq!(target.schema(), Some("public"));
    assert_eq!(who(&mut target.connect("a test").unwrap()), "trusted");
}
