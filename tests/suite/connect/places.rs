//! Sockets, IPv6, several hosts.

use leora_db::connect::Reason;

use super::{connects, one, refused, server, who};

#[test]
fn sockets_are_reached_by_every_spelling() {
    let server = server();
    let (port, directory) = (server.port, server.scratch.socket_dir().to_str().unwrap());
    let encoded = directory.replace('/', "%2F");
    for address in [
        format!("host={directory} port={port} user=scram dbname=postgres"),
        format!("postgresql://scram@{encoded}:{port}/postgres"),
        format!("postgresql://scram@/postgres?host={directory}&port={port}"),
        format!("postgresql://scram@localhost:{port}/postgres?host={encoded}"),
        // There is no TLS on a socket; libpq ignores what is asked of it.
        format!("host={directory} port={port} user=scram dbname=postgres sslmode=verify-full"),
    ] {
        let mut client = connects(&address, &[]);
        assert_eq!(
            one(
                &mut client,
                "SELECT coalesce(inet_server_addr()::text, 'socket')"
            ),
            "socket"
        );
        assert_eq!(one(&mut client, "SHOW application_name"), "a test");
    }
    let error = refused(&format!("host={directory} port=1 user=scram"), &[]);
    assert!(
        matches!(error.reason(), Reason::NoSocket { .. }),
        "{error:?}"
    );
}

#[test]
fn ipv6_is_an_address_like_another() {
    let server = server();
    let address = format!("postgresql://trusted@[::1]:{}/postgres", server.port);
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let mut client = connects(&address, &[]);
        assert_eq!(one(&mut client, "SELECT host(inet_server_addr())"), "::1");
    } else {
        let error = refused(&address, &[]);
        assert!(
            matches!(
                error.reason(),
                Reason::Unreachable {
                    only_ipv6: true,
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

#[test]
fn several_hosts_are_tried_in_order() {
    let server = server();
    let port = server.port;
    // Nothing listens on port 1.
    let url =
        |rest: &str| format!("postgresql://trusted@127.0.0.1:1,127.0.0.1:{port}/postgres{rest}");
    for rest in [
        "",
        "?target_session_attrs=read-write",
        "?target_session_attrs=primary",
        "?target_session_attrs=prefer-standby",
        "?load_balance_hosts=random",
    ] {
        assert_eq!(who(&mut connects(&url(rest), &[])), "trusted", "{rest}");
    }
    for (wanted, said) in [("standby", "not a standby"), ("read-only", "not read-only")] {
        let error = refused(&url(&format!("?target_session_attrs={wanted}")), &[]);
        assert!(
            matches!(error.reason(), Reason::Session { .. }),
            "{error:?}"
        );
        let message = error.to_string();
        assert!(message.contains(said), "{message}");
        assert!(
            message.contains("tried before, 127.0.0.1:1: 127.0.0.1:1 refuses"),
            "{message}"
        );
    }
    let reader = url("?target_session_attrs=read-only").replace("trusted", "reader");
    assert_eq!(who(&mut connects(&reader, &[])), "reader");

    // Whoever answers and refuses is not asked again elsewhere.
    let both =
        format!("postgresql://rejected@127.0.0.1:{port},127.0.0.1:{port}/postgres?sslmode=disable");
    let error = refused(&both, &[]);
    assert!(!error.to_string().contains("tried before"), "{error}");
}
