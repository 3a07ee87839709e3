//! The help, the manual pages, the completions and the version.

use clap::{CommandFactory, Parser};
use leora_migrate::cli::Cli as CommandLine;

use super::support::{Cli, required};

/// Every command by the words that name it, the program itself first.
fn commands() -> Vec<(Vec<String>, clap::Command)> {
    fn add(
        name: Vec<String>,
        command: &clap::Command,
        all: &mut Vec<(Vec<String>, clap::Command)>,
    ) {
        all.push((name.clone(), command.clone()));
        for sub in command.get_subcommands() {
            let name = [&name[..], &[sub.get_name().to_owned()]].concat();
            add(name, sub, all);
        }
    }
    let mut all = Vec::new();
    add(Vec::new(), &CommandLine::command(), &mut all);
    all
}

/// The examples of a help text, without what explains them and without where a shell would write.
fn examples(help: &str) -> Vec<String> {
    let lines = help
        .lines()
        .filter(|line| line.starts_with("  leora-migrate "));
    let typed = lines.map(|line| {
        let line = line.trim();
        let line = line.split_once("  ").map_or(line, |(typed, _)| typed);
        line.split_once(" > ").map_or(line, |(typed, _)| typed)
    });
    typed.map(str::to_owned).collect()
}

#[test]
fn every_command_has_examples_and_each_can_be_typed() {
    for (name, command) in commands() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{name:?}");
        for example in examples {
            let words: Vec<_> = example.split_whitespace().collect();
            assert!(
                words.len() > name.len()
                    && words[1..].starts_with(&name.iter().map(String::as_str).collect::<Vec<_>>()),
                "{name:?}: {example}"
            );
            if let Err(error) = CommandLine::try_parse_from(&words) {
                panic!("{example}: {error}");
            }
        }
    }
}

#[test]
fn the_help_fits_eighty_columns() {
    for (name, _) in commands() {
        let output = Cli::new()
            .args(name.iter().map(String::as_str).chain(["--help"]))
            .env("COLUMNS", "80")
            .run()
            .exits(0);
        for line in output.stdout.lines() {
            let is_example = line.starts_with("  leora-migrate completions ");
            assert!(line.len() <= 80 || is_example, "{name:?}: {line}");
        }
    }
}

#[test]
fn the_version_has_the_commit_where_it_is_known() {
    let commit = option_env!("LEORA_MIGRATE_COMMIT");
    let expected = match commit {
        Some(commit) => format!("leora-migrate {} ({commit})\n", env!("CARGO_PKG_VERSION")),
        None => format!("leora-migrate {}\n", env!("CARGO_PKG_VERSION")),
    };
    let said = Cli::new().args(["--version"]).run().exits(0).stdout;
    assert_eq!(said, expected);
}

#[test]
fn shells_understand_their_completions() {
    for (shell, package) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")] {
        let script = Cli::new()
            .args(["completions", shell])
            .run()
            .exits(0)
            .stdout_has("leora-migrate")
            .stdout_has("require-proof");
        if shell == "bash" || required(shell, package) {
            let checked = Cli::new().file("script", &script.stdout);
            let checked = checked.and_run(shell, &["-n", "script"]);
            assert_eq!(checked.stderr, "");
        }
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = Cli::new().args(["completions", "bash"]).run().exits(0);
    let ask = "source ./script; COMP_WORDS=(leora-migrate ver); COMP_CWORD=1; \
               f=$(complete -p leora-migrate | sed 's/.* -F \\([^ ]*\\).*/\\1/'); \
               $f leora-migrate ver leora-migrate; echo \"${COMPREPLY[@]}\"";
    let completed = Cli::new()
        .file("script", &script.stdout)
        .and_run("bash", &["-c", ask]);
    assert_eq!(completed.stdout.trim(), "verify", "{completed}");
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("man/man1");
    Cli::new()
        .args(["man", "--out", out.to_str().unwrap()])
        .run()
        .exits(0);
    for (name, _) in commands() {
        let file = [&["leora-migrate".to_owned()], &name[..]]
            .concat()
            .join("-")
            + ".1";
        let page = std::fs::read_to_string(out.join(&file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            page.contains("Example") && page.contains(".SH EXAMPLES"),
            "{file}\n{page}"
        );
    }
    Cli::new()
        .args(["man"])
        .run()
        .exits(0)
        .stdout_has(".TH leora-migrate 1");
    Cli::new()
        .args(["man", "apply"])
        .run()
        .exits(0)
        .stdout_has("lock\\-timeout");
    // What is typed has its value's name, as the help has it.
    Cli::new()
        .args(["man", "diff"])
        .run()
        .exits(0)
        .stdout_has(
            "\n\\fBleora\\-migrate diff\\fR \\-\\-from <SOURCE> \\-\\-to <SOURCE> [\\-\\-format <FORMAT>] [\\-\\-url <URL>]",
        );
    Cli::new()
        .args(["man", "nothing"])
        .run()
        .exits(2)
        .stderr_has("there is no command nothing");
}
