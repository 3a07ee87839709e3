//! Chromium without a window: what a page looks like, and what is wrong with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Output, required};

/// Looks at a page the way people and programs that read aloud do, and writes down what is wrong.
const EXAMINER: &str = include_str!("examine.js");

/// Whether there is a browser to look with.
pub(crate) fn has_browser() -> bool {
    required("chromium", "chromium")
}

/// Light or dark, as the reader's system says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

fn chromium(scheme: Scheme, arguments: &[String]) -> Output {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new("chromium");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        "--virtual-time-budget=10000",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    let number = match scheme {
        Scheme::Light => 1,
        Scheme::Dark => 0,
    };
    command.arg(format!("--blink-settings=preferredColorScheme={number}"));
    command.args(arguments);
    Output::of(command, "").exits(0)
}

/// What the page wrote to the console.
fn console(output: &Output) -> Vec<String> {
    let lines = output
        .stderr
        .lines()
        .filter(|line| line.contains("CONSOLE"));
    lines.map(str::to_owned).collect()
}

/// What is wrong with `page` on a desk, in a narrow window and on a phone: contrast, names, headings, what
/// sticks out, words that are broken, what it says on the console.
pub(crate) fn problems(page: &str, scheme: Scheme) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let wrapper = directory.path().join("wrapper.html");
    let quoted = page.replace('&', "&amp;").replace('"', "&quot;");
    let frames = [1280, 1000, 390].map(|width| {
        format!(
            "<iframe width={width} height=2000 style=\"border:0\" srcdoc=\"{quoted}\"></iframe>"
        )
    });
    let html = format!(
        "<!doctype html><meta charset=utf-8><body>{}<script>{EXAMINER}</script>",
        frames.concat()
    );
    fs::write(&wrapper, html).unwrap();
    let address = format!("file://{}", wrapper.display());
    let output = chromium(
        scheme,
        &[
            "--window-size=1800,2200".into(),
            "--dump-dom".into(),
            address,
        ],
    );
    let found = output
        .stdout
        .rsplit_once("EXAMINED[")
        .and_then(|(_, rest)| rest.split_once("]DONE"))
        .unwrap_or_else(|| panic!("the page was not examined\n{output}"))
        .0;
    let found = found
        .split('|')
        .filter(|one| !one.is_empty())
        .map(str::to_owned);
    found.chain(console(&output)).collect()
}

/// Whether printed pages can be read.
pub(crate) fn has_pdf_reader() -> bool {
    required("pdftotext", "poppler-utils")
}

/// The text of each sheet of `page`, printed.
pub(crate) fn printed(page: &Path) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let paper = directory.path().join("page.pdf");
    chromium(
        Scheme::Light,
        &[
            "--no-pdf-header-footer".into(),
            format!("--print-to-pdf={}", paper.display()),
            format!("file://{}", page.display()),
        ],
    );
    let mut command = Command::new("pdftotext");
    command.arg("-layout").arg(&paper).arg("-");
    let text = Output::of(command, "").exits(0).stdout;
    // Each sheet ends with a form feed.
    let sheets: Vec<_> = text.split('\u{c}').map(str::to_owned).collect();
    sheets[..sheets.len() - 1].to_vec()
}

/// A picture of the page, `width` by `height`, kept where the build keeps its files.
pub(crate) fn screenshot(
    page: &Path,
    name: &str,
    width: u32,
    height: u32,
    scheme: Scheme,
) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    fs::create_dir_all(&directory).unwrap();
    let picture = directory.join(name);
    let output = chromium(
        scheme,
        &[
            format!("--window-size={width},{height}"),
            format!("--screenshot={}", picture.display()),
            format!("file://{}", page.display()),
        ],
    );
    assert_eq!(console(&output), [""; 0]);
    let bytes = fs::read(&picture).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (width, height), "{name}");
    assert!(
        bytes.len() > 20_000,
        "{name}: {} bytes, is anything drawn?",
        bytes.len()
    );
    picture
}
