//! Stands between client and server, and cuts the connection that migrates when it sends COMMIT.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// When the connection is cut that sends COMMIT.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// Before the server hears of it.
    Before,
    /// When it has committed, before its answer is heard.
    After,
}

/// How the lock is taken that keeps migrations apart.
const LOCK: &[u8] = b"lock(72707369";

/// Where connections lead: the socket of a server, or none.
pub(super) type Route = Arc<Mutex<Option<String>>>;

/// What is done, once, while nobody gets through; it gives where connections lead then.
type Meanwhile = Box<dyn FnOnce(String) -> Option<String> + Send>;

pub(super) struct Proxy {
    pub(super) port: u16,
    pub(super) route: Route,
}

impl Proxy {
    /// Leads to `socket` until the first COMMIT of a migration; then to where `meanwhile` says, which is given the socket.
    pub(super) fn start(
        socket: String,
        cut: Cut,
        meanwhile: impl FnOnce(String) -> Option<String> + Send + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let route = Arc::new(Mutex::new(Some(socket)));
        let plot = Arc::new(Plot {
            cut,
            meanwhile: Mutex::new(Some(Box::new(meanwhile))),
            route: Arc::clone(&route),
        });
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let socket = plot.route.lock().unwrap().clone();
                let Some(Ok(server)) = socket.map(UnixStream::connect) else {
                    continue;
                };
                let plot = Arc::clone(&plot);
                thread::spawn(move || forward(client, server, &plot));
            }
        });
        Proxy { port, route }
    }

    /// The address of a database behind it.
    pub(super) fn url(&self, user: &str, database: &str) -> String {
        let port = self.port;
        format!("postgresql://{user}@127.0.0.1:{port}/{database}?sslmode=disable")
    }
}

struct Plot {
    cut: Cut,
    meanwhile: Mutex<Option<Meanwhile>>,
    route: Route,
}

fn forward(mut client: TcpStream, mut server: UnixStream, plot: &Plot) {
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
    // The lock that keeps migrations apart: what only reads commits, too.
    let mut migrates = false;
    while let Ok(n @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..n];
        migrates |= sent.windows(LOCK.len()).any(|window| window == LOCK);
        let now = if migrates && sent.ends_with(b"COMMIT\0") {
            plot.meanwhile.lock().unwrap().take()
        } else {
            None
        };
        let Some(meanwhile) = now else {
            if server.write_all(sent).is_err() {
                break;
            }
            continue;
        };
        let led = plot.route.lock().unwrap().take().unwrap();
        // The client hears nothing more, and the server has all the time it needs.
        drop(client.shutdown(Shutdown::Both));
        if plot.cut == Cut::After {
            server.write_all(sent).unwrap();
            thread::sleep(Duration::from_millis(300));
        }
        drop(server.shutdown(Shutdown::Both));
        let leads = meanwhile(led);
        *plot.route.lock().unwrap() = leads;
        break;
    }
    drop(client.shutdown(Shutdown::Both));
    drop(server.shutdown(Shutdown::Both));
    drop(answering.join());
}
