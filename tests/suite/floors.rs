//! The rooms of the house: none uses one of a floor above it, and each keeps to its own tools.

use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each room. What is not named here is not in the house.
const FLOORS: &[(&str, u8)] = &[
    ("model", 1),
    ("ddl", 2),
    ("diff", 2),
    ("graph", 2),
    ("plan", 2),
    ("prisma", 2),
    ("verify", 2),
    ("db", 3),
    ("explain", 4),
    ("report", 4),
    ("render", 4),
    ("cli", 5),
    ("commands", 5),
    ("config", 5),
    ("main", 6),
    ("lib", 6),
];

/// Any floor may use the errors, and the errors may name any floor.
const EVERYWHERE: &[&str] = &["error"];

fn floor(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(source_directory()).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn source_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms that a text names by `crate::room`.
fn rooms_named(text: &str) -> Vec<String> {
    let names = text
        .match_indices("crate::")
        .map(|(at, found)| &text[at + found.len()..]);
    names
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn no_room_uses_one_of_a_floor_above() {
    let mut wrong = Vec::new();
    for file in sources(&source_directory()) {
        let room = room_of(&file);
        if EVERYWHERE.contains(&room.as_str()) {
            continue;
        }
        let Some(own) = floor(&room) else {
            panic!("{} is in no room of the house", file.display())
        };
        for named in rooms_named(&fs::read_to_string(&file).unwrap()) {
            if EVERYWHERE.contains(&named.as_str()) {
                continue;
            }
            match floor(&named) {
                Some(theirs) if theirs <= own => {}
                Some(theirs) => {
                    wrong.push(format!(
                        "{} (floor {own}) uses {named} (floor {theirs})",
                        file.display()
                    ));
                }
                None => wrong.push(format!(
                    "{} names crate::{named}, which is no room",
                    file.display()
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_tool_is_used_in_its_own_room_only() {
    let rules: &[(&str, &[&str])] = &[
        ("postgres::", &["db"]),
        ("sea_query::", &["ddl"]),
        ("similar::", &["render"]),
        ("clap::", &["cli", "commands", "main", "render"]),
    ];
    let mut wrong = Vec::new();
    for file in sources(&source_directory()) {
        let room = room_of(&file);
        let text = fs::read_to_string(&file).unwrap();
        for (tool, rooms) in rules {
            let uses = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| {
                    line.match_indices(tool).any(|(at, _)| {
                        let before = line[..at].chars().next_back();
                        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                    })
                });
            if uses && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{} uses {tool}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_declaration_has_no_dependencies() {
    let manifest =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/Cargo.toml"))
            .unwrap();
    assert!(!manifest.contains("dependencies"), "{manifest}");
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    assert_eq!(
        rooms_named("use crate::model::X; crate::db::y()"),
        ["model", "db"]
    );
    assert!(floor("db") > floor("plan"));
}
