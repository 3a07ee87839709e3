//! The files that declare the application's tables, for readers that want a file and a line.

use std::path::{Component, Path, PathBuf};

use super::Context;
use crate::config::{is_prisma, read_prisma};
use crate::render::sarif::Places;
use leora_core::model::Identifier;
use leora_core::prisma;

/// Where Prisma looks for its schema, and where a schema of several files is kept
/// (Prisma's manual, 'Schema location').
const USUAL: [&str; 3] = ["prisma/schema.prisma", "schema.prisma", "prisma/schema"];

/// The lines of the tables in the baseline, when that is Prisma's, else in Prisma's usual files here.
/// A file that cannot be read or understood is known by its name alone: this is for show.
pub(super) fn places(context: &Context) -> Places {
    let baseline = context.settings.baseline_file();
    let of_prisma = baseline.filter(|path| path.is_dir() || is_prisma(path));
    let usual = || USUAL.iter().map(Path::new).find(|path| path.exists());
    let Some(path) = of_prisma.or_else(usual) else {
        return Places::default();
    };
    let sources = read_prisma(path).unwrap_or_default();
    let mut tables = std::collections::BTreeMap::new();
    for source in &sources {
        let file = uri(Path::new(&source.name));
        for (table, line) in prisma::lines_of_tables(source) {
            if let Ok(table) = Identifier::new(table) {
                tables.insert(table, (file.clone(), line));
            }
        }
    }
    let first = sources.first().map(|source| PathBuf::from(&source.name));
    Places {
        file: uri(&first.unwrap_or_else(|| path.to_owned())),
        tables,
    }
}

/// The file as a URI: relative to where the program runs, which is where a repository is checked out,
/// else from the root.
fn uri(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(here).unwrap_or(path);
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
        Component::ParentDir => Some("..".to_owned()),
        _ => None,
    });
    let parts: Vec<_> = parts.collect();
    let root = if path.is_absolute() { "file:///" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Percent-encoded, but for what a path of a URI may hold (RFC 3986, 2.3).
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(
            uri(Path::new("./prisma/my schema.prisma")),
            "prisma/my%20schema.prisma"
        );
        assert_eq!(uri(Path::new("/a/b#c.prisma")), "file:///a/b%23c.prisma");
        assert_eq!(uri(Path::new("../b.prisma")), "../b.prisma");
        let here = std::env::current_dir().expect("a directory");
        assert_eq!(uri(&here.join("b.prisma")), "b.prisma");
    }
}
