//! What answers with less than was asked for, or with something else: every command says so with a code, decides
//! nothing by it, and does not panic.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::apply::ground::Ground;
use crate::reports::migrated;
use crate::support::{Cli, Output, Template};

/// What is done to the rows of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spoilt {
    WithoutLast,
    WithoutFirst,
    WithoutAny,
    NotUtf8,
    Nonsense,
}

const ALL: [Spoilt; 5] = [
    Spoilt::WithoutLast,
    Spoilt::WithoutFirst,
    Spoilt::WithoutAny,
    Spoilt::NotUtf8,
    Spoilt::Nonsense,
];

/// Stands between client and server, and spoils one answer that has rows, or all of them.
struct Proxy {
    port: u16,
    /// How many answers with rows went through.
    answers: Arc<AtomicUsize>,
}

impl Proxy {
    /// `at` counts from 1.
    fn start(socket: String, spoilt: Option<Spoilt>, at: Option<usize>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&answers);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, counted) = (client.unwrap(), Arc::clone(&counted));
                let server = UnixStream::connect(&socket).unwrap();
                thread::spawn(move || forward(client, server, spoilt, at, &counted));
            }
        });
        Proxy { port, answers }
    }
}

fn forward(
    mut client: TcpStream,
    mut server: UnixStream,
    spoilt: Option<Spoilt>,
    at: Option<usize>,
    counted: &AtomicUsize,
) {
    let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let answering = thread::spawn(move || {
        drop(server.shutdown_after(&mut client));
    });
    // After the startup every message of the server has a kind and a length (manual, 55.7).
    let mut is_spoilt = false;
    let mut head = [0; 5];
    while answers.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
        let mut body = vec![0; length];
        if answers.read_exact(&mut body).is_err() {
            break;
        }
        if head[0] == b'T' {
            let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
            is_spoilt = at.is_none_or(|at| at == number);
        }
        if let (Some(spoilt), true, b'T' | b'D') = (spoilt, is_spoilt, head[0]) {
            body = spoil(head[0], &body, spoilt);
        }
        let length = u32::try_from(body.len() + 4).unwrap();
        let message = [&head[..1], &length.to_be_bytes(), &body].concat();
        if back.write_all(&message).is_err() {
            break;
        }
    }
    drop(back.shutdown(Shutdown::Both));
    drop(answers.shutdown(Shutdown::Both));
    drop(answering.join());
}

trait ShutdownAfter {
    /// Forwards what `client` says, to its end.
    fn shutdown_after(&mut self, client: &mut TcpStream) -> std::io::Result<()>;
}

impl ShutdownAfter for UnixStream {
    fn shutdown_after(&mut self, client: &mut TcpStream) -> std::io::Result<()> {
        drop(std::io::copy(client, self));
        self.shutdown(Shutdown::Both)
    }
}

/// A description of rows (`T`) or a row (`D`), spoilt.
fn spoil(kind: u8, body: &[u8], spoilt: Spoilt) -> Vec<u8> {
    let mut columns = Vec::new();
    let mut rest = &body[2..];
    while !rest.is_empty() {
        let length = if kind == b'T' {
            rest.iter().position(|byte| *byte == 0).unwrap() + 1 + 18
        } else {
            let length = i32::from_be_bytes(rest[..4].try_into().unwrap());
            4 + usize::try_from(length.max(0)).unwrap()
        };
        let (column, others) = rest.split_at(length);
        columns.push(column.to_vec());
        rest = others;
    }
    let value = |bytes: &[u8]| {
        [
            &u32::try_from(bytes.len()).unwrap().to_be_bytes()[..],
            bytes,
        ]
        .concat()
    };
    match spoilt {
        Spoilt::WithoutLast => drop(columns.pop()),
        Spoilt::WithoutFirst => drop(columns.drain(..columns.len().min(1))),
        Spoilt::WithoutAny => columns.clear(),
        Spoilt::NotUtf8 | Spoilt::Nonsense if kind == b'T' => {}
        Spoilt::NotUtf8 => columns.fill(value(b"\xe9\xff")),
        Spoilt::Nonsense => columns.fill(value(b"nonsense")),
    }
    let count = u16::try_from(columns.len()).unwrap().to_be_bytes();
    [&count[..], &columns.concat()].concat()
}

/// A database, and the program on it through a proxy.
struct Through<'a> {
    ground: &'a Ground,
    socket: String,
}

impl<'a> Through<'a> {
    fn of(ground: &'a Ground) -> Through<'a> {
        let socket = format!("{}/.s.PGSQL.5432", ground.socket_directory());
        Through { ground, socket }
    }

    fn run(
        &self,
        arguments: &[&str],
        spoilt: Option<Spoilt>,
        at: Option<usize>,
    ) -> (Output, usize) {
        let proxy = Proxy::start(self.socket.clone(), spoilt, at);
        let url = format!(
            "postgresql://leora@127.0.0.1:{}/{}?sslmode=disable",
            proxy.port,
            self.ground.database().name()
        );
        let output = Cli::new().args(arguments).env("DIRECT_URL", url).run();
        (output, proxy.answers.load(Ordering::SeqCst))
    }
}

/// Says that it could not be done, by a code, or does as if nothing had happened: what was spoilt was not read. A text
/// that is another text is what the database says.
fn is_honest(output: &Output, clean: &Output, spoilt: Spoilt, about: &str) {
    assert!(!output.stderr.contains("panicked"), "{about}\n{output}");
    match output.code {
        Some(0 | 1) if spoilt == Spoilt::Nonsense => {}
        Some(2..=4) => assert!(output.stderr.contains("error[LM"), "{about}\n{output}"),
        code => {
            assert_eq!(code, clean.code, "{about}\n{output}");
            let verdict = |output: &Output| {
                output
                    .stdout
                    .lines()
                    .last()
                    .map(|line| line.split('(').next().unwrap_or_default().to_owned())
            };
            assert_eq!(verdict(output), verdict(clean), "{about}\n{output}");
        }
    }
}

/// Each command with all answers spoilt, and with one: `every` so many among the first, which are the catalog's, and
/// a few of those behind, of which one is like the other.
fn tries(template: Template, commands: &[&[&str]], every: usize) {
    let ground = Ground::on(template);
    let through = Through::of(&ground);
    for arguments in commands {
        let (clean, answers) = through.run(arguments, None, None);
        assert!(
            answers > 1 && clean.code.is_some_and(|code| code < 2),
            "{clean}"
        );
        for spoilt in ALL {
            let (output, _) = through.run(arguments, Some(spoilt), None);
            assert_eq!(output.code, Some(2), "{arguments:?} {spoilt:?}\n{output}");
            is_honest(
                &output,
                &clean,
                spoilt,
                &format!("{arguments:?} {spoilt:?}"),
            );
        }
        let first = (1..=answers.min(32)).step_by(every);
        for at in first.chain((33..=answers).step_by(12)) {
            let spoilt = ALL[at % ALL.len()];
            let (output, _) = through.run(arguments, Some(spoilt), Some(at));
            is_honest(
                &output,
                &clean,
                spoilt,
                &format!("{arguments:?} {spoilt:?} at {at} of {answers}"),
            );
        }
    }
}

#[test]
fn a_spoilt_answer_is_no_verification() {
    tries(migrated(), &[&["verify"]], 1);
}

#[test]
fn a_spoilt_answer_is_no_plan_and_no_snapshot() {
    let commands: [&[&str]; 5] = [
        &["plan"],
        &["status"],
        &["snapshot"],
        &["verify", "--dry-run"],
        &["diff", "--from", "url", "--to", "declared"],
    ];
    tries(Template::Baseline, &commands, 3);
}

/// Whatever was spoilt, what is said of the database is so.
#[test]
fn a_spoilt_answer_changes_nothing_unsaid() {
    let ground = Ground::on(Template::Baseline);
    let through = Through::of(&ground);
    let apply = ["apply", "--yes", "--no-verify"];
    let (clean, answers) = through.run(&apply, None, None);
    clean.exits(0);
    let undo = || {
        drop(
            Cli::new()
                .args(["rollback", "--yes"])
                .database(ground.database())
                .run()
                .exits(0),
        )
    };
    undo();
    for at in (1..=answers).step_by(2) {
        let spoilt = ALL[(at / 2) % ALL.len()];
        let (output, _) = through.run(&apply, Some(spoilt), Some(at));
        let about = format!("{spoilt:?} at {at} of {answers}\n{output}");
        assert!(!output.stderr.contains("panicked"), "{about}");
        match (output.code, ground.pending().len()) {
            (Some(0), 0) => undo(),
            (Some(2 | 3), 16) => {}
            (Some(1 | 4), pending) => {
                assert!(output.stderr.contains("error[LM"), "{about}");
                if pending == 0 {
                    undo();
                }
            }
            (_, pending) => panic!("{pending} steps are pending: {about}"),
        }
    }
}
