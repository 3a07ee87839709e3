//! In README and the pages it leads to, commands are commands, the configuration is one, links lead somewhere, and the exit
//! codes are the program's.

use std::fs;

use clap::Parser;
use leora_migrate::cli::Cli as CommandLine;
use leora_migrate::error::exit;

use super::support::{Cli, Template, TestDatabase, repository};

const PAGES: [&str; 9] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/commands.md",
    "docs/configuration.md",
    "docs/prisma.md",
    "docs/roles.md",
    "docs/verify.md",
];

fn page(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap()
}

fn readme() -> String {
    page("README.md")
}

fn all_pages() -> String {
    PAGES.map(page).concat()
}

#[test]
fn links_lead_to_files() {
    let mut links = 0;
    for path in PAGES {
        let text = page(path);
        for (at, found) in text.match_indices("](") {
            let target = text[at + found.len()..].split(')').next().unwrap();
            if !target.contains("://") {
                let file = repository(path).with_file_name("").join(target);
                assert!(file.exists(), "{path}: {target}");
                links += 1;
            }
        }
    }
    assert!(links > 20, "{links}");
}

#[test]
fn the_readme_is_short() {
    let text = readme();
    assert!(text.split_whitespace().count() <= 1000);
    let run = text.find("## What you see").unwrap();
    assert!(text[..run].lines().count() <= 40);
}

/// The code blocks of one language.
fn blocks(language: &str) -> Vec<String> {
    let text = all_pages();
    let fence = format!("```{language}\n");
    let begin = |(at, found): (usize, &str)| &text[at + found.len()..];
    text.match_indices(&fence)
        .map(begin)
        .map(|rest| rest[..rest.find("```").unwrap()].to_owned())
        .collect()
}

#[test]
fn every_command_shown_can_be_typed() {
    let text = all_pages();
    let shown = text
        .lines()
        .filter_map(|line| line.trim_start_matches("$ ").strip_prefix("leora-migrate "));
    let in_text = text.match_indices("`leora-migrate ").map(|(at, found)| {
        let rest = &text[at + found.len()..];
        &rest[..rest.find('`').unwrap()]
    });
    let commands: Vec<_> = shown.chain(in_text).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        let command = command.split(" #").next().unwrap();
        let command = command.replace("GROUP", "deletes");
        if command.starts_with("help ") {
            continue;
        }
        let words = ["leora-migrate"]
            .into_iter()
            .chain(command.split_whitespace());
        CommandLine::try_parse_from(words).unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

#[test]
fn the_configuration_shown_is_understood() {
    let blocks = blocks("toml");
    assert_eq!(blocks.len(), 1);
    let without_files: String = blocks[0]
        .lines()
        .filter(|line| !line.starts_with("baseline"))
        .map(|line| format!("{line}\n"))
        .collect();
    Cli::new()
        .file("leora-migrate.toml", &without_files)
        .args(["validate"])
        .run()
        .exits(0);
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let text = readme();
    for (code, begin) in [
        (exit::DONE, "done"),
        (exit::FOUND, "looked"),
        (exit::COULD_NOT, "could not look"),
        (exit::LOCK_NOT_OBTAINED, "lock not obtained"),
        (exit::PARTLY_APPLIED, "partly applied"),
    ] {
        assert!(text.contains(&format!("| {code} | {begin}")), "{code}");
    }
}

#[test]
fn the_verification_shown_is_what_is_printed() {
    let text = readme();
    let begin = "$ leora-migrate verify\n";
    let shown = &text[text.find(begin).unwrap() + begin.len()..];
    let shown = &shown[..shown.find("```").unwrap()];
    let database = TestDatabase::from(Template::BaselineWithRows);
    let run = |arguments: &[&str]| {
        let run = Cli::new().args(arguments).database(&database).run();
        run.exits(0).stdout
    };
    run(&["apply", "--yes", "--no-verify"]);
    // Whose it is, when it was applied and how long it took are the reader's own.
    let common = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(1);
        let lines = lines.map(|line| match line.split_once("  applied ") {
            Some((group, _)) => group,
            None => line
                .split_once(" passed (")
                .map_or(line, |(count, _)| count),
        });
        lines.map(str::to_owned).collect()
    };
    assert_eq!(common(shown), common(&run(&["verify"])));
}
