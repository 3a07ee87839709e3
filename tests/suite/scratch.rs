//! The scratch server: up quickly, usable, and gone whatever happens to the process that started it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use leora_db::scratch::{Binaries, Options, ScratchError, ScratchServer};
use postgres::{Client, NoTls};

fn start(options: &Options) -> ScratchServer {
    ScratchServer::start(&Binaries::find().unwrap(), options).unwrap()
}

fn ask(url: &str, question: &str) -> String {
    Client::connect(url, NoTls)
        .unwrap()
        .query_one(question, &[])
        .unwrap()
        .get(0)
}

fn postmaster(server: &ScratchServer) -> String {
    let pid_file = fs::read_to_string(server.socket_dir().join("data/postmaster.pid")).unwrap();
    pid_file.lines().next().unwrap().to_owned()
}

/// Asks the shell, whose own `kill` there is also where no program of that name is installed.
fn runs(pid: &str) -> bool {
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -0 \"$1\"", "sh", pid])
        .stderr(Stdio::null());
    kill.status().unwrap().success()
}

fn process_group(pid: &str) -> String {
    if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        return after_name.split(' ').nth(2).unwrap().to_owned();
    }
    let output = Command::new("ps")
        .args(["-o", "pgid=", "-p", pid])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn within_seconds(seconds: u64, what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(
            Instant::now() < deadline,
            "not within {seconds} seconds: {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn answers_on_its_socket_and_is_gone_when_dropped() {
    let server = start(&Options::default());
    let directory = server.socket_dir().to_owned();
    let pid = postmaster(&server);
    let url = server.url("postgres");
    assert_eq!(ask(&url, "SELECT current_user::text"), "leora");
    assert_eq!(
        ask(&url, "SELECT current_setting('server_encoding')"),
        "UTF8"
    );
    assert_eq!(ask(&url, "SELECT current_setting('listen_addresses')"), "");
    assert!(runs(&pid));

    drop(server);
    assert!(!directory.exists());
    assert!(!runs(&pid));
}

#[test]
fn is_of_the_version_its_binaries_say() {
    let binaries = Binaries::find().unwrap();
    let server = start(&Options::default());
    let version = ask(&server.url("postgres"), "SHOW server_version");
    assert_eq!(
        version.split(' ').next().unwrap(),
        binaries.version().unwrap()
    );
}

#[test]
fn does_not_belong_to_root() {
    let server = start(&Options::default());
    let owner = fs::metadata(server.socket_dir().join("data"))
        .unwrap()
        .uid();
    assert_ne!(owner, 0);
}

/// The test is its own child: started again with a variable set, it starts a server and waits to be
/// killed.
#[test]
fn is_gone_after_its_process_is_killed() {
    const CHILD: &str = "LEORA_TEST_HOLDS_A_SERVER";
    if std::env::var_os(CHILD).is_some() {
        let server = start(&Options::default());
        println!(
            "\nholding {} {}",
            postmaster(&server),
            server.socket_dir().display()
        );
        std::thread::sleep(Duration::from_secs(60));
        panic!("should have been killed");
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "scratch::is_gone_after_its_process_is_killed",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines
        .map(Result::unwrap)
        .find(|line| line.starts_with("holding "))
        .unwrap();
    let [_, pid, directory] = held.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{held}")
    };
    assert!(runs(pid) && Path::new(directory).exists());

    child.kill().unwrap();
    child.wait().unwrap();
    within_seconds(5, "postmaster gone", || !runs(pid));
    within_seconds(5, "directory gone", || !Path::new(directory).exists());
}

#[test]
fn is_not_in_the_process_group_that_ctrl_c_reaches() {
    let server = start(&Options::default());
    let own = process_group(&std::process::id().to_string());
    assert_ne!(process_group(&postmaster(&server)), own);
}

#[test]
fn listens_on_tcp_with_its_own_rules_and_files_when_told_to() {
    let server = start(&Options {
        tcp: true,
        settings: vec!["application_name = 'said so'".to_owned()],
        hba: Some("local all all trust\nhost all nobody 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n".to_owned()),
        files: vec![("note.txt".to_owned(), "beside the data".to_owned())],
    });
    let tcp = |user: &str| format!("postgresql://{user}@127.0.0.1:{}/postgres", server.port());
    assert_eq!(
        ask(&tcp("leora"), "SELECT current_setting('port')"),
        server.port().to_string()
    );
    assert!(Client::connect(&tcp("nobody"), NoTls).is_err());
    let url = server.url("postgres");
    assert_eq!(
        ask(&url, "SELECT pg_read_file('../note.txt')"),
        "beside the data"
    );
    assert_eq!(
        ask(
            &url,
            "SELECT setting FROM pg_file_settings WHERE name = 'application_name' AND applied"
        ),
        "said so"
    );
}

#[test]
fn a_crash_ends_sessions_and_the_same_data_comes_back() {
    let mut server = start(&Options::default());
    let url = server.url("postgres");
    let mut client = Client::connect(&url, NoTls).unwrap();
    client.batch_execute("CREATE TABLE kept ()").unwrap();

    server.stop_immediately().unwrap();
    assert!(client.simple_query("SELECT 1").is_err());
    assert!(Client::connect(&url, NoTls).is_err());

    server.start_again(&Binaries::find().unwrap()).unwrap();
    assert_eq!(ask(&url, "SELECT to_regclass('kept')::text"), "kept");
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let options = Options {
        settings: vec!["max_connections = many".to_owned()],
        ..Options::default()
    };
    let error = ScratchServer::start(&Binaries::find().unwrap(), &options).unwrap_err();
    assert!(
        matches!(&error, ScratchError::NotStarted { log, .. } if log.contains("max_connections")),
        "{error}"
    );
}

#[test]
fn a_name_that_needs_it_is_percent_encoded() {
    let server = start(&Options::default());
    let mut client = Client::connect(&server.url("postgres"), NoTls).unwrap();
    client
        .batch_execute("CREATE DATABASE \"50% / ü?\"")
        .unwrap();
    let url = server.url("50% / ü?");
    assert!(
        url.starts_with("postgresql://leora@/50%25%20%2F%20%C3%BC%3F?host=/"),
        "{url}"
    );
    assert_eq!(ask(&url, "SELECT current_database()::text"), "50% / ü?");
}

/// Two servers at a time, and none in the other's way.
#[test]
fn servers_are_independent() {
    let (one, two) = (start(&Options::default()), start(&Options::default()));
    assert_ne!(one.socket_dir(), two.socket_dir());
    let directory =
        |server: &ScratchServer| PathBuf::from(ask(&server.url("postgres"), "SHOW data_directory"));
    assert_eq!(
        directory(&one),
        one.socket_dir().join("data").canonicalize().unwrap()
    );
    assert_eq!(
        directory(&two),
        two.socket_dir().join("data").canonicalize().unwrap()
    );
}
