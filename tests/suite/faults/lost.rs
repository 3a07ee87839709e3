//! The connection is lost while the transaction commits.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use leora_migrate::db::apply::{Applied, ApplyError, ApplyOptions, Interrupt, Outcome, apply};
use leora_migrate::db::connect::Target;

use crate::apply::ground::{Ground, patient, session, target};
use crate::support::Template;

/// Where the connection is cut that sends COMMIT first.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// Before the server hears of it.
    Before,
    /// When it has committed, before its answer is heard.
    After,
    /// The same, and nobody reaches the server again.
    AfterForGood,
}

/// Stands between client and server, and cuts one connection.
struct Proxy {
    port: u16,
}

impl Proxy {
    fn start(socket: String, cut: Cut) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let for_good = cut == Cut::AfterForGood;
        let cut = Arc::new(Mutex::new(Some(cut)));
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let is_cut = cut.lock().unwrap().is_none();
                if is_cut && for_good {
                    continue;
                }
                let Ok(server) = UnixStream::connect(&socket) else {
                    continue;
                };
                let cut = Arc::clone(&cut);
                thread::spawn(move || forward(client, server, &cut));
            }
        });
        Proxy { port }
    }

    fn target(&self, ground: &Ground) -> Target {
        let (port, name) = (self.port, ground.database().name());
        target(&format!(
            "postgresql://leora@127.0.0.1:{port}/{name}?sslmode=disable"
        ))
    }
}

fn forward(mut client: TcpStream, mut server: UnixStream, cut: &Mutex<Option<Cut>>) {
    let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let answering = thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(n @ 1..) = answers.read(&mut buffer) {
            if back.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        drop(back.shutdown(Shutdown::Both));
    });
    let mut buffer = [0; 65536];
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        let commits = buffer[..n].ends_with(b"COMMIT\0");
        let now = if commits {
            cut.lock().unwrap().take()
        } else {
            None
        };
        match now {
            None => server.write_all(&buffer[..n]).unwrap(),
            Some(Cut::Before) => break,
            Some(Cut::After | Cut::AfterForGood) => {
                // The client hears nothing more, and the server has all the time it needs.
                client.shutdown(Shutdown::Both).unwrap();
                server.write_all(&buffer[..n]).unwrap();
                thread::sleep(Duration::from_millis(300));
                break;
            }
        }
    }
    drop(client.shutdown(Shutdown::Both));
    drop(server.shutdown(Shutdown::Both));
    drop(answering.join());
}

fn applied_through(ground: &Ground, cut: Cut) -> Result<Applied, ApplyError> {
    let socket = format!("{}/.s.PGSQL.5432", ground.socket_directory());
    let proxy = Proxy::start(socket, cut);
    let target = proxy.target(ground);
    let plan = ground.plan(&mut ground.session());
    let mut session = session(&target);
    let request = ground.request(&session);
    let options = ApplyOptions {
        reconnect: Duration::from_secs(3),
        ..patient()
    };
    apply(
        &target,
        &mut session,
        &plan,
        &request,
        &options,
        &mut (),
        &Interrupt::default(),
    )
}

#[test]
fn a_commit_that_was_not_heard_of_is_found_out() {
    let ground = Ground::on(Template::Baseline);
    let Applied::Done(done) = applied_through(&ground, Cut::After).unwrap() else {
        panic!("done");
    };
    assert!(done.transaction.reconnected);
    assert_eq!(ground.pending(), Vec::<String>::new());
}

#[test]
fn a_commit_that_never_arrived_is_said_to_have_changed_nothing() {
    let ground = Ground::on(Template::Baseline);
    let error = applied_through(&ground, Cut::Before).unwrap_err();
    let ApplyError::ConnectionLost {
        outcome: Outcome::RolledBack,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(ground.pending().len(), 16);
}

#[test]
fn what_nobody_can_say_is_not_said() {
    let ground = Ground::on(Template::Baseline);
    let error = applied_through(&ground, Cut::AfterForGood).unwrap_err();
    let ApplyError::ConnectionLost {
        outcome: Outcome::Unknown,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(ground.apply().unwrap(), Applied::Already);
}
