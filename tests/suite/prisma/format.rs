//! The syntax tree as text, judged by Prisma's formatter.

use std::fs;

use leora_core::prisma::{self, Source, print};

use super::{all_fixtures, ask_prisma, source};

fn printed(source: &Source) -> String {
    print::document(&prisma::parse(source).unwrap_or_else(|errors| panic!("{errors}")))
}

#[test]
fn what_is_printed_parses_to_the_same() {
    for path in all_fixtures() {
        let source = source(&path);
        let tree = prisma::parse(&source).unwrap();
        let again = Source {
            name: path.clone(),
            text: print::document(&tree),
        };
        assert_eq!(prisma::parse(&again).unwrap(), tree, "{path}");
        if !path.ends_with("comments.prisma") {
            assert_eq!(again.text, source.text, "{path} is formatted");
        }
    }
}

/// The fixtures out of form in many ways, each with a number to tell it by.
fn out_of_form() -> Vec<Source> {
    let mut variants = Vec::new();
    for path in all_fixtures() {
        let original = source(&path);
        for (number, text) in [
            squeezed(&original.text),
            spread(&original.text),
            original.text.replace('\n', "\r\n"),
            tabbed(&original.text),
            original.text.trim_end().to_owned(),
        ]
        .into_iter()
        .enumerate()
        {
            variants.push(Source {
                name: format!("{number} of {path}"),
                text,
            });
        }
    }
    variants
}

/// One blank where there are several, none at the beginning of lines, no blank lines in a row.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
        words.join(" ") + "\n"
    });
    lines.collect()
}

/// Tabs for blanks, outside strings, where there may be none.
fn tabbed(text: &str) -> String {
    let lines = text.lines().map(|line| match line.contains('"') {
        true => format!("{line}\n"),
        false => line.replace("  ", "\t") + "\n",
    });
    lines.collect()
}

/// More blanks and blank lines than anybody wants.
fn spread(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let is_code = !line.contains("//") && !line.contains('"') && !line.contains('*');
        let line = if is_code {
            line.replace(", ", "  ,  ")
                .replace('(', "( ")
                .replace(')', " )")
        } else {
            line.to_owned()
        };
        let before = if line.starts_with('}') { "\n\n" } else { "" };
        let behind = if line.is_empty() || line.ends_with('{') {
            "\n\n\n"
        } else {
            ""
        };
        format!("{before}   {line}\n{behind}")
    });
    lines.collect()
}

#[test]
fn what_is_printed_is_what_prismas_formatter_prints() {
    let directory = tempfile::tempdir().unwrap();
    let variants = out_of_form();
    let files: Vec<_> = (0..variants.len())
        .map(|number| {
            let file = directory.path().join(format!("{number}.prisma"));
            fs::write(&file, &variants[number].text).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let Some(answers) = ask_prisma("format", &files) else {
        return;
    };
    assert_eq!(answers.len(), variants.len());
    for (source, answer) in variants.iter().zip(answers) {
        assert_eq!(printed(source), answer.as_str().unwrap(), "{}", source.name);
    }
}
