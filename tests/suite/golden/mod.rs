//! What the program writes, kept as files in `tests/goldens`: plans, snapshots, rows of the history, and what verify
//! says in every format. `BLESS=1` writes the files; read the diff.
//!
//! They hold on every PostgreSQL: [`normal`] puts words for what differs from run to run.

mod history;
mod names;
mod plans;
mod snapshots;

use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use super::support::repository;

/// Compares what was written with the golden file `name`.
#[track_caller]
pub(crate) fn assert_golden(name: &str, written: &str) {
    if let Some(difference) = difference(name, written) {
        panic!("{difference}");
    }
}

/// How what was written differs from the golden file `name`; with `BLESS=1` the file is written instead.
pub(crate) fn difference(name: &str, written: &str) -> Option<String> {
    let path = repository("tests/goldens").join(name);
    let written = normal(written);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent()?).unwrap();
        fs::write(&path, &written).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    if golden == written {
        return None;
    }
    let same = golden.chars().zip(written.chars());
    let same = same.take_while(|(golden, written)| golden == written);
    let at: usize = same.map(|(same, _)| same.len_utf8()).sum();
    let around = |text: &str| {
        let before: String = text[..at].chars().rev().take(80).collect();
        let before: String = before.chars().rev().collect();
        before + &text[at..].chars().take(120).collect::<String>()
    };
    Some(format!(
        "tests/goldens/{name}:{}: not as written down; BLESS=1 writes it\n  - {:?}\n  + {:?}",
        golden[..at].lines().count(),
        around(&golden),
        around(&written)
    ))
}

/// The same with a word for each thing that differs from run to run: identifiers, times, durations, addresses, versions.
fn normal(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rules = [
            (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
            // Of a finding's words, in which there may be a UUID.
            (
                r#"("leora-migrate/v1": )"[0-9a-f]{32}""#,
                r#"${1}"FINGERPRINT""#,
            ),
            (
                r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00|\+00)?",
                "TIME",
            ),
            (
                r"(/(\w|<wbr>)+)+/(<wbr>)?leora-[\w<>]+:\d+/(\w|<wbr>)+",
                "ADDRESS",
            ),
            (r"\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC", "TIME"),
            (r"\d+ ms\b", "MILLISECONDS ms"),
            (r#"("elapsed_ms": )\d+"#, "${1}MILLISECONDS"),
            (r#"(\btime=)"[0-9.]+""#, r#"${1}"SECONDS""#),
            (r#"("(?:secs|nanos)": )\d+"#, "${1}DURATION"),
            (r#"("oid": )\d+"#, "${1}OID"),
            (r"\b(test|case)_(<wbr>)?\d+\b", "DATABASE"),
            (r#"("(?:by|host)": )"[^"]*""#, r#"${1}"WHO""#),
            (r"(Run by</dt><dd>)[^<]*", "${1}WHO"),
            (r"(was written by )\S+", "${1}WHO"),
            (r#"("commit": )("[^"]*"|null)"#, r#"${1}"COMMIT""#),
            (
                r#"("server_?[vV]ersion"(?:: | value=))"[^"]*""#,
                r#"${1}"VERSION""#,
            ),
            (
                r"\bPostgreSQL\s+1\d(\.\d+|beta\d+|rc\d+)?(\s+\([^)]*\))?",
                "PostgreSQL VERSION",
            ),
            (
                r#"("(?:tool_version|toolVersion|version|semanticVersion)"(?:: | value=))"\d+\.\d+\.\d+""#,
                r#"${1}"VERSION""#,
            ),
            (
                r"\b(leora-migrate) \d+\.\d+\.\d+( \(\w+\))?",
                "${1} VERSION",
            ),
            (r"'\d+\.\d+\.\d+', 'psql'", "'VERSION', 'psql'"),
            (r",\s+run\s+UUID", ", run UUID"),
            // Not every PostgreSQL has these.
            (
                r"(?m)^SET (LOCAL )?(client_connection_check_interval|transaction_timeout) = .*\n",
                "",
            ),
        ];
        let compiled = rules.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word));
        compiled.into()
    });
    let mut text = text.to_owned();
    for (pattern, word) in RULES.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}
