//! The program and its crates know no model and no migration by name: the declaration names them.

use std::fs;
use std::path::{Path, PathBuf};

use leora_schema::LEORA;

use super::support::repository;

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Whether `text` has `name` as a word. `User-defined` is none.
fn names(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(|c| is_word(c) || c == '-')
    })
}

#[test]
fn no_model_and_no_migration_is_named_outside_the_declaration() {
    let mut all = Vec::new();
    for directory in ["src", "crates"] {
        files(&repository(directory), &mut all);
    }
    assert!(all.len() > 200, "{} files", all.len());
    let models = LEORA.models.iter().map(|model| model.name);
    let forbidden: Vec<_> = models.chain([LEORA.migration, LEORA.title]).collect();
    let mut found = Vec::new();
    for path in &all {
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            let named = forbidden.iter().find(|name| names(line, name));
            let of_model = line.contains("leora_schema::")
                && LEORA
                    .models
                    .iter()
                    .any(|model| names(line, &constant(model.name)));
            if named.is_some() || of_model {
                found.push(format!("{}:{}: {line}", path.display(), at + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What the declaration's crate calls the model: `DASHBOARD_WIDGET`.
fn constant(name: &str) -> String {
    let mut constant = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.push(c.to_ascii_uppercase());
    }
    constant
}

#[test]
fn a_name_is_found_as_a_word() {
    assert!(names("DROP TABLE \"User\";", "User") && names("User_pkey", "User"));
    assert!(!names("User-defined", "User") && !names("UserCode", "User"));
    assert_eq!(constant("DashboardWidget"), "DASHBOARD_WIDGET");
}
