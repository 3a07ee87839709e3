//! What every code, check and advice means, why it is so, and what to do.

use std::fmt::Write as _;

use leora_schema::LEORA;

use crate::error::TABLE;
use leora_core::verify::advice::ADVICE;
use leora_core::verify::check::Group;
use leora_core::verify::checks::{self, named};

/// What is said about one code, check or advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Its name: `LM0012`, `tables.count`, `nulls-distinct`.
    pub id: String,
    /// What it is, in one line.
    pub title: String,
    /// What it means, or how it is found out.
    pub meaning: String,
    /// Why it is so, or why it matters.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// The codes of errors, in the order of numbers.
pub fn codes() -> Vec<Explanation> {
    TABLE
        .iter()
        .map(|entry| Explanation {
            id: entry.code.to_string(),
            title: entry.title.to_owned(),
            meaning: named(entry.meaning, &LEORA),
            cause: named(entry.cause, &LEORA),
            remedy: named(entry.remedy, &LEORA),
        })
        .collect()
}

/// The checks of one group, in the order in which they are told.
pub fn checks(group: Group) -> Vec<Explanation> {
    let entries = checks::all(&LEORA).into_iter();
    let of_group = entries.filter(|entry| entry.id.group == group);
    let explanation = of_group.map(|entry| Explanation {
        id: entry.id.to_string(),
        title: entry.title.into_owned(),
        meaning: entry.how.into_owned(),
        cause: entry.why.into_owned(),
        remedy: entry.remedy.into_owned(),
    });
    explanation.collect()
}

/// What a group of checks answers for, in one line.
pub fn title_of(group: Group) -> String {
    checks::title_of(group, &LEORA)
}

/// What a design may leave open.
pub fn advice() -> Vec<Explanation> {
    let explanation = ADVICE.iter().map(|entry| Explanation {
        id: entry.id.to_owned(),
        title: entry.title.to_owned(),
        meaning: entry.how.to_owned(),
        cause: entry.why.to_owned(),
        remedy: entry.remedy.to_owned(),
    });
    explanation.collect()
}

/// Everything there is to explain.
pub fn all() -> Vec<Explanation> {
    let mut all = codes();
    all.extend(Group::ALL.into_iter().flat_map(checks));
    all.extend(advice());
    all
}

/// The explanations of `name`: one for a code, however it is typed (`lm12`, `12`), a check or an
/// advice; each of its checks for a group. Empty when there is none of the name.
pub fn find(name: &str) -> Vec<Explanation> {
    let name = name.trim().to_ascii_lowercase();
    let digits = name.strip_prefix("lm").unwrap_or(&name);
    let code = match digits.parse::<u16>() {
        Ok(number) => format!("lm{number:04}"),
        Err(_) => String::new(),
    };
    let is = |explanation: &Explanation| {
        let id = explanation.id.to_ascii_lowercase();
        id == name || id == code
    };
    let exact: Vec<_> = all().into_iter().filter(is).collect();
    if !exact.is_empty() {
        return exact;
    }
    let group = Group::ALL.into_iter().find(|group| group.name() == name);
    group.map(checks).unwrap_or_default()
}

/// What may have been meant by a name that nothing has.
pub fn similar_to(name: &str) -> Vec<String> {
    let name = name.to_ascii_lowercase();
    let resembles = |explanation: &Explanation| {
        let id = explanation.id.to_ascii_lowercase();
        id.contains(&name)
            || id
                .split_once('.')
                .is_some_and(|(_, what)| name.contains(what))
    };
    let similar = all().into_iter().filter(resembles);
    similar.map(|explanation| explanation.id).collect()
}

/// Everything, as the project's documentation has it.
pub fn markdown() -> String {
    let mut out = String::from(
        "# Errors, checks and advice\n\n\
         Written by `leora-migrate explain --all --format markdown`; a test holds it against that.\n\n\
         `leora-migrate explain LM0073` prints one of these; so does `explain tables.count`, and \
         `explain tables` prints a group.\n\n\
         ## Errors\n",
    );
    for explanation in codes() {
        out += &section(&explanation, ["What it means", "Why", "What to do"]);
    }
    out += "\n## Checks\n";
    for group in Group::ALL {
        let _ = write!(out, "\n**{}**\n", title_of(group));
        for explanation in checks(group) {
            out += &section(&explanation, CHECK_HEADINGS);
        }
    }
    out += "\n## Advice\n\nWhat a design may leave open. Advice is no failure.\n";
    for explanation in advice() {
        out += &section(&explanation, CHECK_HEADINGS);
    }
    out
}

const CHECK_HEADINGS: [&str; 3] = ["How it is found out", "Why it matters", "What to do"];

fn section(explanation: &Explanation, [meaning, cause, remedy]: [&str; 3]) -> String {
    let Explanation { id, title, .. } = explanation;
    let said = [
        (meaning, &explanation.meaning),
        (cause, &explanation.cause),
        (remedy, &explanation.remedy),
    ];
    let said = said.map(|(heading, text)| format!("- {heading}: {text}\n"));
    format!("\n### {id}: {title}\n\n{}", said.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        for typed in ["LM0073", "lm0073", "lm73", "73", " 73 "] {
            let found = find(typed);
            assert_eq!(found.len(), 1, "{typed}");
            assert_eq!(found[0].id, "LM0073");
        }
        assert!(find("LM0099").is_empty() && find("").is_empty() && find("no").is_empty());
        assert!(find("deletes").len() > 3);
    }

    #[test]
    fn no_name_means_two_things() {
        let mut ids: Vec<_> = all().into_iter().map(|one| one.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
