//! What people see: width, letters, how much is said.

use super::reports::{hostile, migrated};
use super::support::{Cli, Output, Template, TestDatabase, on_a_terminal, required};

/// The commands that write for people, on a database where there is all to do, nothing to do, and
/// something in the way.
const LOOKING: [&[&str]; 8] = [
    &["plan"],
    &["verify"],
    &["verify", "--dry-run"],
    &["status"],
    &["validate"],
    &["diff", "--from=url", "--to=declared"],
    &["explain", "tables.count", "LM0060"],
    &["rollback"],
];

fn said(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

#[test]
fn nothing_is_wider_than_eighty_columns_but_sql_and_names() {
    for template in [Template::Baseline, migrated()] {
        let database = TestDatabase::from(template);
        for arguments in LOOKING {
            let output = Cli::new().args(arguments).database(&database).run();
            for line in output.stdout.lines() {
                assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
            }
        }
        let output = Cli::new()
            .args(["apply", "--yes"])
            .database(&database)
            .run()
            .exits(0);
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "apply: {line}");
        }
    }
}

/// Also where escapes take the place of what cannot be shown, and so are wider.
#[test]
fn nothing_hostile_is_wider_than_eighty_columns_but_by_itself() {
    let database = TestDatabase::from(hostile());
    for locale in ["C.UTF-8", "C"] {
        for arguments in LOOKING {
            let words = arguments.join(" ");
            let program = env!("CARGO_BIN_EXE_leora-migrate");
            let command = format!("stty rows 24 cols 80; {program} {words}");
            if !required("script", "util-linux") {
                return;
            }
            let output = Cli::running("script")
                .args(["--quiet", "--command", &command, "/dev/null"])
                .env("LC_ALL", locale)
                .env("TERM", "xterm-256color")
                .database(&database)
                .run();
            for line in output.stdout.lines() {
                let line = line.trim_end_matches('\r');
                let plain = textwrap::core::display_width(line);
                let is_one_word = line.split_whitespace().count() <= 2;
                assert!(
                    plain <= 80 || is_one_word,
                    "{locale} {words}: {plain} {line:?}"
                );
            }
        }
    }
}

/// In a narrow window the program breaks the lines, and only a name that is too long by itself sticks out.
#[test]
fn lines_are_broken_between_words_in_a_narrow_window() {
    if !required("script", "util-linux") {
        return;
    }
    for template in [Template::Baseline, migrated()] {
        let database = TestDatabase::from(template);
        for arguments in LOOKING {
            let program = env!("CARGO_BIN_EXE_leora-migrate");
            let command = format!("stty rows 24 cols 30; {program} {}", arguments.join(" "));
            let output = Cli::running("script")
                .args(["--quiet", "--command", &command, "/dev/null"])
                .env("LC_ALL", "C.UTF-8")
                .env("NO_COLOR", "1")
                .database(&database)
                .run();
            assert!(output.stdout.lines().count() > 1, "{output}");
            for line in output
                .stdout
                .lines()
                .map(|line| line.trim_end_matches('\r'))
            {
                // A name, and the mark of a list before it.
                let is_one_word = line.split_whitespace().count() <= 2;
                assert!(
                    line.chars().count() <= 30 || is_one_word,
                    "{arguments:?}: {line}"
                );
            }
        }
    }
}

#[test]
fn all_that_is_drawn_is_ascii() {
    let run = |database: &TestDatabase, arguments: &[&str]| {
        Cli::new()
            .args(arguments)
            .env("LC_ALL", "C")
            .database(database)
            .run()
    };
    for template in [Template::Baseline, migrated(), hostile()] {
        let database = TestDatabase::from(template);
        for arguments in LOOKING {
            let output = run(&database, arguments);
            assert!(said(&output).is_ascii(), "{output}");
        }
        let coloured = run(&database, &["verify", "--color=always"]);
        assert!(coloured.stdout.is_ascii(), "{coloured}");
    }
}

/// A name that is not ASCII is spelled out on a terminal that has no letters for it, and is itself in
/// a pipe.
#[test]
fn names_are_spelled_in_ascii_on_a_terminal_that_needs_it() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute("CREATE TABLE \"Gr\u{f6}\u{df}e\" ()");
    let run = |locale: &str| {
        let command = format!("{} verify", env!("CARGO_BIN_EXE_leora-migrate"));
        Cli::running("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("LC_ALL", locale)
            .env("NO_COLOR", "1")
            .database(&database)
            .run()
            .exits(1)
    };
    if required("script", "util-linux") {
        run("C").stdout_has("\"Gr\\u{f6}\\u{df}e\"");
        run("C.UTF-8").stdout_has("\"Gr\u{f6}\u{df}e\"");
    }
    Cli::new()
        .args(["verify"])
        .env("LC_ALL", "C")
        .database(&database)
        .run()
        .exits(1)
        .stdout_has("\"Gr\u{f6}\u{df}e\"");
}

#[test]
fn quiet_says_only_what_was_asked_for() {
    let database = TestDatabase::from(Template::Baseline);
    let run = |arguments: &[&str]| Cli::new().args(arguments).database(&database).run();
    let nothing = run(&["apply", "--yes", "--quiet"]).exits(0);
    assert_eq!(said(&nothing), "");
    let green = run(&["verify", "-q"]).exits(0);
    let said_of_green = said(&green);
    assert!(said_of_green.starts_with("GREEN"), "{said_of_green}");
    assert_eq!(said_of_green.lines().count(), 1, "{said_of_green}");
    run(&["status", "-q"]).exits(0).stdout_has("applied");
    let nothing = run(&["rollback", "--yes", "-q"]).exits(0);
    assert_eq!(said(&nothing), "");
    run(&["plan", "-q"]).exits(0).stdout_has("16 steps");
    let nothing = run(&["plan", "-q", "--out", "plan.sql"]).exits(0);
    assert_eq!(said(&nothing), "");
    run(&["plan", "-q", "-v"]).exits(2).stderr_has("LM0001");
}

#[test]
fn quiet_shows_a_verification_that_is_not_green() {
    let database = TestDatabase::from(Template::Baseline);
    database.execute("CREATE TABLE \"Surplus\" ()");
    Cli::new()
        .args(["apply", "--yes", "--quiet"])
        .database(&database)
        .run()
        .stdout_has("RED");
}

#[test]
fn verbose_shows_what_is_sent_and_how_long_it_took_but_no_password() {
    let database = TestDatabase::from(Template::Baseline);
    let url = database.url();
    let url = url.replacen("leora@", "leora:hunter2@", 1);
    assert!(url.contains("hunter2"), "{url}");
    let run = |arguments: &[&str]| {
        let output = Cli::new().args(arguments).env("DIRECT_URL", &url).run();
        output.lacks("hunter2")
    };
    let applied = run(&["apply", "--yes", "--no-verify", "-v"]).exits(0);
    for part in [
        "connecting to ",
        "done in ",
        " preparing the transaction:\nBEGIN;\nSET LOCAL lock_timeout",
        "\nCREATE TABLE \"MetricDefinition\" (\n",
        "\nCOMMIT;\n",
    ] {
        assert!(applied.stderr.contains(part), "{part}\n{applied}");
    }
    assert!(!applied.stdout.contains("BEGIN"), "{applied}");
    // What is told is SQL and comments: each line of ours is one.
    let failed = Cli::new()
        .args(["plan", "--verbose"])
        .env("DIRECT_URL", "postgresql://u:hunter2@127.0.0.1:1/d")
        .run()
        .exits(2)
        .lacks("hunter2");
    failed
        .stderr_has("connecting to 127.0.0.1:1, database d, as u")
        .stderr_has("failed in ");
    run(&["plan"]).exits(0).lacks("connecting to");
}

#[test]
fn nothing_from_the_database_steers_the_reader() {
    let database = TestDatabase::from(migrated());
    database.execute(
        "CREATE TABLE \"a\u{1b}[31mb\rc\u{202e}d\" (); \
         ALTER TABLE \"Tenant\" ALTER COLUMN \"name\" SET DEFAULT E'\\x1b[32mgreen'",
    );
    for format in ["text", "markdown", "html", "github", "junit"] {
        let run = Cli::new()
            .args(["verify", "--format", format])
            .database(&database)
            .run()
            .exits(1);
        does_not_steer(&run, format);
    }
    let cases: [(&[&str], i32); 6] = [
        (&["plan"], 2),
        (&["plan", "--format", "markdown"], 2),
        (&["plan", "--format", "github"], 2),
        (&["plan", "--format", "html"], 2),
        (&["apply", "--yes"], 2),
        (&["diff", "--from", "url", "--to", "declared"], 1),
    ];
    database.execute("ALTER TABLE \"Job\" ALTER COLUMN \"status\" SET DEFAULT E'\\x1b[32mgreen'");
    for (args, code) in cases {
        let run = Cli::new().args(args).database(&database).run().exits(code);
        does_not_steer(&run, &format!("{args:?}"));
    }
}

fn does_not_steer(run: &Output, what: &str) {
    let said = said(run);
    let steers = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
    assert!(!said.contains(steers), "{what}: {said:?}");
    assert!(said.contains("u{1b}"), "{what}: {said:?}");
}

#[test]
fn a_usage_error_is_text_on_a_terminal() {
    let typed: [&[&str]; 8] = [
        &[],
        &["plam"],
        &["plan", "--formt", "sql"],
        &["plan", "--format", "toml"],
        &["apply", "--wait", "soon"],
        &["diff"],
        &["prisma"],
        &["verify", "--format", "\u{1b}[31m\u{9b}1m\u{202e}"],
    ];
    for arguments in typed {
        let Some(output) = on_a_terminal(arguments, |cli| cli) else {
            return;
        };
        let output = output.exits(2);
        let is_usage = ["LM0001", "Usage: "]
            .iter()
            .any(|part| output.stdout.contains(part));
        assert!(is_usage, "{output}");
        let is_escape = |c: char| c.is_control() && !"\r\n".contains(c) || c == '\u{202e}';
        assert!(!output.stdout.contains(is_escape), "{output}");
        let is_hostile = arguments
            .last()
            .is_some_and(|last| last.contains('\u{202e}'));
        // What was typed, all of it.
        let shown = output.stdout.replace("\r\n", "");
        for escape in [r"\u{1b}[31m", r"\u{9b}1m", r"\u{202e}"] {
            assert_eq!(shown.contains(escape), is_hostile, "{output}");
        }
    }
}
