//! Reports and plans as GitHub-flavoured Markdown, for a pull request or a job's summary.

use super::remedy::{parted, told};
use super::{diff, words};
use crate::report::{NoResult, Reason, Report, Run};
use leora_core::plan::{Plan, Transaction};
use leora_core::verify::advice::{Advice, DECLARE_FIRST};
use leora_core::verify::check::{Check, Group, Outcome};

/// The most findings of one check that are written out.
const MOST_FINDINGS: usize = 12;
/// The most diffs that are written out. A comment holds 65,536 characters.
const MOST_DIFFS: usize = 8;

/// Writes `report`: what failed first, each check in a table to unfold.
pub fn render(report: &Report) -> String {
    let subject = &report.subject;
    let mut out = format!(
        "## leora-migrate verify: {}\n\n**{}** of {} checks on {}, schema {}, PostgreSQL {}.\n",
        report.headline(),
        report.counts.in_words(),
        report.checks.len(),
        code(&subject.endpoint),
        code(&subject.schema.to_string()),
        text(&subject.server_version),
    );
    if let Some(error) = &report.error {
        out += &format!("\n{}", reason(error));
    }
    failures(&mut out, report);
    diffs(&mut out, report);
    unproved(&mut out, report);
    checks(&mut out, report);
    items(&mut out, "Harmless differences", &report.notes);
    advice(&mut out, &report.advice);
    out += &format!("\n{}\n", signature(report));
    out
}

/// Writes `plan`. `advice` is what the design leaves open; `endpoint` says where it was made.
pub fn plan(plan: &Plan, advice: &[Advice], endpoint: &str) -> String {
    let mut out = format!(
        "## leora-migrate plan: {}\n\n**{}**\n\nOn {}, schema {}.\n",
        text(&plan.migration),
        text(&words::headline(plan)),
        code(endpoint),
        code(&plan.schema.to_string())
    );
    for refusal in &plan.refusals {
        out += &format!(
            "\n- {} {}\n  {}\n",
            refusal.code,
            text(&refusal.reason),
            text(&refusal.remedy)
        );
    }
    let remarks = plan.remarks();
    if !remarks.is_empty() {
        out.push('\n');
    }
    for remark in &remarks {
        let said = text(&words::remark(remark));
        out += &match remark.is_warning {
            true => format!("- **{said}**\n"),
            false => format!("- {said}\n"),
        };
    }
    if !plan.steps.is_empty() {
        out += &format!("\n{}\n", text(&words::how_it_runs(plan)));
        out += "\n| | Step | Locks |\n| --: | --- | --- |\n";
        for (number, step) in plan.steps.iter().enumerate() {
            let alone = if step.transaction == Transaction::Alone {
                ", alone"
            } else {
                ""
            };
            out += &format!(
                "| {} | {}{alone} | {} |\n",
                number + 1,
                text(&step.change.summary()),
                text(&words::locks(step))
            );
        }
        let sql: Vec<_> = plan.steps.iter().map(|step| step.sql.clone()).collect();
        unfold(
            &mut out,
            "The statements",
            &fenced("sql", &(sql.join(";\n\n") + ";\n")),
        );
        let undo: Vec<_> = plan.steps.iter().rev().map(words::undo).collect();
        unfold(
            &mut out,
            "How they are undone, last first",
            &fenced("sql", &as_comments(&undo)),
        );
    }
    items(&mut out, "Notes", &plan.notes);
    self::advice(&mut out, advice);
    out += &format!("\n<sub>Plan class {}</sub>\n", plan.class());
    out
}

/// Writes that there is no result, and why.
pub fn no_result(none: &NoResult) -> String {
    format!(
        "## leora-migrate {}: could not run\n\n{}\n<sub>{}</sub>\n",
        none.command,
        reason(&none.error),
        by(&none.run)
    )
}

/// What happened, and what to do.
fn reason(error: &Reason) -> String {
    format!(
        "**{}: {}**\n\n{}\n{}\n",
        error.code,
        text(error.title),
        fenced("text", &format!("{}\n", error.message.trim_end())),
        // Ours, with the code spans that the documentation of the codes has.
        error.remedy,
    )
}

/// What is no statement becomes a comment, so that the block is SQL.
fn as_comments(undo: &[String]) -> String {
    let line = |text: &String| {
        let mark = if text.starts_with("nothing") {
            "-- "
        } else {
            ""
        };
        format!("{mark}{text}\n")
    };
    undo.iter().map(line).collect()
}

fn failures(out: &mut String, report: &Report) {
    for check in &report.checks {
        let Outcome::Failed { findings } = &check.outcome else {
            continue;
        };
        *out += &format!(
            "\n### Failed: {}\n\n{}: expected {}, found {}.\n\n",
            code(&check.id.to_string()),
            text(&check.title),
            text(&check.expected),
            text(&check.found)
        );
        for finding in findings.iter().take(MOST_FINDINGS) {
            *out += &format!("- {}\n", text(&finding.told()));
            let remedy = finding.remedy.as_ref().map(told).unwrap_or_default();
            let (sql, words) = parted(&remedy);
            if let Some(sql) = sql {
                *out += &indented(&fenced("sql", &format!("{sql}\n")));
            }
            if !words.is_empty() {
                *out += &format!("  {}\n", text(words));
            }
        }
        *out += &more(findings.len(), MOST_FINDINGS);
    }
}

fn diffs(out: &mut String, report: &Report) {
    for object in report.diffs.iter().take(MOST_DIFFS) {
        let title = format!(
            "Difference: {}, expected (-) and actual (+)",
            object.name.quoted()
        );
        unfold(out, &title, &fenced("diff", &diff::of(object)));
    }
    *out += &more(report.diffs.len(), MOST_DIFFS);
}

fn unproved(out: &mut String, report: &Report) {
    let reasons = |check: &Check| match &check.outcome {
        Outcome::NotProved { reasons } => reasons.clone(),
        Outcome::Waived { reason, until, .. } => vec![format!("waived until {until}: {reason}")],
        // The failure of the server is told by itself.
        Outcome::Skipped { reason } if report.error.is_none() => vec![reason.clone()],
        _ => Vec::new(),
    };
    let open: Vec<_> = report
        .checks
        .iter()
        .map(|check| (check, reasons(check)))
        .filter(|(_, reasons)| !reasons.is_empty())
        .collect();
    if open.is_empty() {
        return;
    }
    *out += "\n### Not proved\n\n";
    for (check, reasons) in open {
        for reason in reasons.iter().take(MOST_FINDINGS) {
            *out += &format!("- {}: {}\n", code(&check.id.to_string()), text(reason));
        }
        *out += &more(reasons.len(), MOST_FINDINGS);
    }
}

fn checks(out: &mut String, report: &Report) {
    let mut table = String::from("| | Check | Expected | Found |\n| --- | --- | --- | --- |\n");
    for group in Group::ALL {
        for check in report.checks.iter().filter(|check| check.id.group == group) {
            let mark = match &check.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed { .. } => "**FAILED**",
                Outcome::NotProved { .. } => "not proved",
                Outcome::Waived { .. } => "waived",
                Outcome::Skipped { .. } => "skipped",
            };
            table += &format!(
                "| {mark} | {} {} | {} | {} |\n",
                code(&check.id.to_string()),
                text(&check.title),
                text(&check.expected),
                text(&check.found)
            );
        }
    }
    unfold(out, "Every check", &table);
}

fn advice(out: &mut String, advice: &[Advice]) {
    if advice.is_empty() {
        return;
    }
    let mut body = String::new();
    for advice in advice {
        body += &format!("- {}. {}\n", text(&advice.title), text(&advice.detail));
        if let Some(sql) = &advice.sql {
            body += &indented(&fenced("sql", &(sql.clone() + "\n")));
        }
    }
    if advice.iter().any(|advice| advice.sql.is_some()) {
        body += &format!("\n{DECLARE_FIRST}\n");
    }
    let title = format!("Advice, no failure ({})", advice.len());
    unfold(out, &title, &body);
}

fn items(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    *out += &format!("\n### {title}\n\n");
    for item in items.iter().take(MOST_FINDINGS) {
        *out += &format!("- {}\n", text(item));
    }
    *out += &more(items.len(), MOST_FINDINGS);
}

fn signature(report: &Report) -> String {
    format!(
        "<sub>{}, {} ms, {} round trips</sub>",
        by(&report.run),
        report.elapsed_ms,
        report.round_trips
    )
}

fn by(run: &Run) -> String {
    format!(
        "{} by {}, leora-migrate {}",
        run.at.format("%Y-%m-%d %H:%M:%S UTC"),
        text(&run.by),
        run.version()
    )
}

fn more(all: usize, shown: usize) -> String {
    if all > shown {
        format!("\n... and {} more\n", all - shown)
    } else {
        String::new()
    }
}

fn unfold(out: &mut String, title: &str, body: &str) {
    // Without the empty lines GitHub reads the body as HTML.
    *out += &format!(
        "\n<details><summary>{}</summary>\n\n{body}\n</details>\n",
        html(title)
    );
}

fn html(plain: &str) -> String {
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text in which nothing is markup, on one line.
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    let mut before = ' ';
    let mut characters = plain.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        match character {
            // Between letters it is no markup, and names are easier to read without.
            '_' if before.is_alphanumeric() && after.is_alphanumeric() => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '&' => {
                out.push('\\');
                out.push(character);
            }
            // A mention writes to people, and an address becomes a link; no backslash keeps GitHub from either.
            '@' | ':' if makes_link(before, character, characters.clone()) => {
                out.push(character);
                out += "<!-- -->";
            }
            '\n' | '\r' => out.push(' '),
            _ => out.push(character),
        }
        before = character;
    }
    out
}

/// Whether `character` is that of a mention (`@name`) or of an address (`https://`).
fn makes_link(
    before: char,
    character: char,
    after: std::iter::Peekable<std::str::Chars<'_>>,
) -> bool {
    let after: String = after.take(2).collect();
    match character {
        '@' => !before.is_alphanumeric() && after.starts_with(|c: char| c.is_alphanumeric()),
        _ => before.is_alphanumeric() && after == "//",
    }
}

/// A code span. It begins and ends with more backticks than `plain` has in a row.
fn code(plain: &str) -> String {
    let fence = "`".repeat(longest_run(plain) + 1);
    let space = if plain.starts_with('`') || plain.ends_with('`') {
        " "
    } else {
        ""
    };
    let plain = plain.replace(['\n', '\r'], " ").replace('|', "\\|");
    format!("{fence}{space}{plain}{space}{fence}")
}

fn fenced(language: &str, body: &str) -> String {
    let fence = "`".repeat((longest_run(body) + 1).max(3));
    format!("{fence}{language}\n{body}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or_default()
}

fn indented(block: &str) -> String {
    block.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_from_a_database_becomes_markup() {
        assert_eq!(text("a|b\n<img> *c*"), r"a\|b \<img\> \*c\*");
        assert_eq!(text("_a_b_ __c"), r"\_a_b\_ \_\_c");
        assert_eq!(text("a @b/c, d@e"), "a @<!-- -->b/c, d@e");
        assert_eq!(text("x https://y ::z"), "x https:<!-- -->//y ::z");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fenced("diff", "````\n"), "`````diff\n````\n`````\n");
    }
}
