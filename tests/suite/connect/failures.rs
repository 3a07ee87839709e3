//! What is said when it does not work. What no scratch server can be made to say, a few lines
//! that speak the protocol's first messages say in its place.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use leora_db::connect::{PoolerProblem, Reason};

use super::{quoted_password, refused, server};

#[test]
fn a_server_s_refusals_are_told_apart() {
    let server = server();
    let says = |rest: &str, fits: fn(&Reason) -> bool, words: &[&str]| {
        let error = refused(&server.at(rest), &[]);
        let message = error.to_string();
        assert!(fits(error.reason()), "{rest}: {error:?}");
        assert!(
            message.contains(&format!("127.0.0.1:{}/", server.port)),
            "{message}"
        );
        assert!(message.contains("(from --url)"), "{message}");
        for word in words {
            assert!(
                message.contains(word),
                "{rest}: `{word}` is not in: {message}"
            );
        }
    };
    use Reason as Is;
    let scram = format!("user=scram password={}", quoted_password());
    says(
        &format!("{scram} dbname=nosuch"),
        |reason| matches!(reason, Is::NoSuchDatabase { .. }),
        &["\"nosuch\" does not exist", "PGDATABASE"],
    );
    says(
        "user=trusted dbname=closed",
        |reason| matches!(reason, Is::NoRight { .. }),
        &["closed", "GRANT CONNECT"],
    );
    says(
        "user=missing",
        |reason| matches!(reason, Is::NoSuchRole { .. }),
        &["role \"missing\" does not exist", "PGUSER"],
    );
    says(
        "user=rejected",
        |reason| matches!(reason, Is::NotAllowed { .. }),
        &["pg_hba.conf"],
    );
    says(
        "user=stranger",
        |reason| matches!(reason, Is::NotAllowed { .. }),
        &["pg_hba.conf"],
    );
    says(
        "user=crowded",
        |reason| matches!(reason, Is::TooManyConnections { .. }),
        &["too many connections", "pg_stat_activity"],
    );
    says(
        "user=trusted options='-c nosuch=1'",
        |reason| matches!(reason, Is::Server { .. }),
        &["nosuch", "SQLSTATE 42704"],
    );
}

#[test]
fn what_is_not_there_is_said_to_be_so() {
    let error = refused("postgresql://u:hunter2@127.0.0.1:1/d", &[]);
    assert!(
        matches!(error.reason(), Reason::Refused { .. }),
        "{error:?}"
    );
    let error = refused("postgresql://u:hunter2@no-such-host.invalid/d", &[]);
    assert!(
        matches!(error.reason(), Reason::HostNotFound { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("no-such-host.invalid"),
        "{error}"
    );
}

/// Listens, and lets `answer` say something to whoever comes.
fn impostor(answer: impl Fn(&mut TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&mut stream.unwrap());
        }
    });
    port
}

/// Answers the startup message with an error.
fn refuses_with(code: &'static str, message: &'static str) -> u16 {
    impostor(move |stream| {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
        stream.read_exact(&mut rest).unwrap();
        let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
        let mut answer = vec![b'E'];
        answer.extend((fields.len() as u32 + 4).to_be_bytes());
        answer.extend(fields.as_bytes());
        stream.write_all(&answer).unwrap();
    })
}

#[test]
fn poolers_are_understood() {
    use PoolerProblem::{
        LoginFailed, ServerUnavailable, StartupParameter, UnknownDatabase, UnknownTenant,
        UnknownUser,
    };
    for (code, message, expected) in [
        ("XX000", "Tenant or user not found", UnknownTenant),
        ("08P01", "no such user: app", UnknownUser),
        ("08P01", "no such database: app", UnknownDatabase),
        ("08P01", "SASL authentication failed", LoginFailed),
        (
            "08P01",
            "password authentication failed for user \"app\"",
            LoginFailed,
        ),
        (
            "08P01",
            "server login has been retrying recently",
            ServerUnavailable,
        ),
        (
            "08P01",
            "unsupported startup parameter: options",
            StartupParameter,
        ),
    ] {
        let port = refuses_with(code, message);
        let error = refused(
            &format!("postgresql://u:hunter2@127.0.0.1:{port}/d?sslmode=disable"),
            &[],
        );
        let Reason::Pooler { problem, .. } = error.reason() else {
            panic!("{error:?}")
        };
        assert_eq!(*problem, expected, "{message}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.to_string().contains("DIRECT_URL"), "{error}");
    }
    let port = refuses_with("XX000", "MaxClientsInSessionMode: max clients reached");
    let error = refused(
        &format!("postgresql://u:hunter2@127.0.0.1:{port}/d?sslmode=disable"),
        &[],
    );
    assert!(
        matches!(error.reason(), Reason::TooManyConnections { .. }),
        "{error:?}"
    );
}

#[test]
fn a_server_that_starts_up_is_passed_over_for_another() {
    let server = server();
    let starting = refuses_with("57P03", "the database system is starting up");
    let url = format!(
        "postgresql://trusted@127.0.0.1:{starting},127.0.0.1:{}/postgres?sslmode=disable",
        server.port
    );
    super::connects(&url, &[]);
    let error = refused(
        &format!("postgresql://u@127.0.0.1:{starting}/d?sslmode=disable"),
        &[],
    );
    assert!(
        matches!(error.reason(), Reason::NotReady { .. }),
        "{error:?}"
    );
}

#[test]
fn silence_is_not_waited_out() {
    let silent = impostor(|stream| {
        let mut byte = [0];
        // Until the client gives up.
        while stream.read(&mut byte).is_ok_and(|count| count > 0) {}
    });
    for mode in ["disable", "prefer", "require"] {
        let began = Instant::now();
        let url =
            format!("postgresql://u:hunter2@127.0.0.1:{silent}/d?sslmode={mode}&connect_timeout=1");
        let error = refused(&url, &[]);
        assert!(
            matches!(error.reason(), Reason::TimedOut { accepted: true, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("within 1 s"), "{error}");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
    }
}

#[test]
fn a_host_that_swallows_packets_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Nobody accepts: once the queue is full, the system drops what else comes.
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queue.push(stream);
        assert!(queue.len() < 10_000, "the queue never fills");
    }
    let url = format!("postgresql://u:hunter2@{address}/d?connect_timeout=1");
    let error = refused(&url, &[]);
    assert!(
        matches!(
            error.reason(),
            Reason::TimedOut {
                accepted: false,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn what_is_no_postgresql_is_said_to_be_so() {
    let http = impostor(|stream| {
        let mut request = [0; 512];
        let read = stream.read(&mut request).unwrap();
        assert!(read > 8, "the startup message");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let error = refused(
        &format!("postgresql://u:hunter2@127.0.0.1:{http}/d?sslmode=disable"),
        &[],
    );
    assert!(
        matches!(error.reason(), Reason::NotPostgres { .. }),
        "{error:?}"
    );
    let closing = impostor(|_| {});
    let error = refused(
        &format!("postgresql://u:hunter2@127.0.0.1:{closing}/d"),
        &[],
    );
    assert!(matches!(error.reason(), Reason::Lost { .. }), "{error:?}");
}
