//! Prisma's schema language: what is read from it, written in it, and said of it.

mod errors;
mod expressions;
mod fixtures;
mod format;
mod patch;
mod robust;

use std::fs;

use leora_core::model::Identifier;
use leora_core::prisma::Source;

use crate::support::{Output, oracle_without_database, repository};

/// A file of the repository as a source.
pub(crate) fn source(path: &str) -> Source {
    Source {
        name: path.to_owned(),
        text: fs::read_to_string(repository(path)).unwrap(),
    }
}

pub(crate) fn public() -> Identifier {
    Identifier::new("public").unwrap()
}

/// The schemas in `fixtures/prisma`, and the application's, as paths in the repository.
pub(crate) fn all_fixtures() -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(repository("fixtures/prisma"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".prisma"))
        .map(|name| format!("fixtures/prisma/{name}"))
        .collect();
    paths.extend(["schema", "phase1"].map(|name| format!("fixtures/leora/{name}.prisma")));
    paths.sort();
    paths
}

/// What Prisma's formatter or validator says of files, a value of JSON each.
fn ask_prisma(mode: &str, files: &[String]) -> Option<Vec<serde_json::Value>> {
    let mut arguments = vec![mode];
    arguments.extend(files.iter().map(String::as_str));
    Some(lines_of_json(&oracle_without_database(&arguments, "")?))
}

fn lines_of_json(output: &Output) -> Vec<serde_json::Value> {
    assert_eq!(output.code, Some(0), "{output}");
    let lines = output.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
