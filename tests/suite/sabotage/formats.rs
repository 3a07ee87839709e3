//! What verify says of some cases, in every format, as `tests/goldens/verify` has it.

use super::broken;
use crate::golden::difference;
use crate::sabotage::stand::Stand;

/// Cases of different groups of checks, which every PostgreSQL can have.
const CASES: [&str; 12] = [
    "check-on-status",
    "column-renamed",
    "enum-label-missing",
    "fence-open",
    "foreign-key-missing",
    "index-not-unique",
    "orphans",
    "rights-owner-of-new-table",
    "rule-swallows-delete",
    "sequence-behind",
    "table-missing",
    "trigger-updated-at",
];

/// The formats, and the ending of the files.
const FORMATS: [(&str, &str); 7] = [
    ("text", "txt"),
    ("json", "json"),
    ("junit", "xml"),
    ("sarif", "sarif"),
    ("markdown", "md"),
    ("github", "github"),
    ("html", "html"),
];

#[test]
fn what_verify_says_of_some_cases_is_as_before() {
    let mut cases = broken();
    cases.retain(|case| CASES.contains(&case.name.as_str()));
    let stand = Stand::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let told = stand.with_database(case, 0, |database| {
            let mut told = stand.verify_in(case, database, &FORMATS);
            told.push(("details.txt", stand.verify_in_full(case, database)));
            told
        });
        for (ending, text) in told.unwrap() {
            wrong.extend(difference(&format!("verify/{}.{ending}", case.name), &text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
