//! A picture as SVG: light and dark as the reader's system is, dark on white on paper.

use maud::{Markup, html};

use super::layout::{HEAD, Layout, MARK, PADDING, Place, lay_out};
use super::{Card, Kind, Link, Picture, Row, path};
use leora_core::graph::Mark;

const STYLE: &str = include_str!("style.css");

/// Draws `picture` as a file of its own.
pub fn render(picture: &Picture) -> String {
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    declaration.to_owned() + &markup(picture, 0.0).into_string() + "\n"
}

/// How high the drawn title stands.
const TITLE: f64 = 40.0;

/// Draws `picture` as a part of a page that has its title as a heading above it.
pub fn under_a_heading(picture: &Picture) -> Markup {
    markup(picture, TITLE)
}

/// Draws `picture` from `top` down.
fn markup(picture: &Picture, top: f64) -> Markup {
    let layout = lay_out(picture);
    let (width, height) = (layout.width.ceil(), layout.height.ceil() - top);
    let (title, description) = (
        format!("{}-title", picture.id),
        format!("{}-desc", picture.id),
    );
    html! {
        svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img"
            aria-labelledby={ (title) " " (description) }
            width=(width) height=(height) viewBox={ "0 " (top) " " (width) " " (height) } {
            title id=(title) { (picture.title) }
            desc id=(description) { (picture.description) }
            style { (STYLE) }
            rect class="ground" y=(top) width=(width) height=(height) {}
            @if top == 0.0 { text class="title" x="24" y="38" { (picture.title) } }
            (legend(picture))
            g { @for (link, points) in picture.links.iter().zip(&layout.lines) { (line(link, points)) } }
            g { @for (card, place) in picture.cards.iter().zip(&layout.cards) { (drawn(card, place)) } }
            g { @for (link, points) in picture.links.iter().zip(&layout.lines) { (tip(link, points, &layout)) } }
        }
    }
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Goes => "goes",
        Kind::Stays => "stays",
        Kind::Refuses => "refuses",
    }
}

fn line(link: &Link, points: &[(f64, f64)]) -> Markup {
    let broken = (link.proof == Mark::Broken).then_some("broken");
    html! { path class={ "line " (class(link.kind)) @if let Some(broken) = broken { " " (broken) } } d=(path::through(points)) {} }
}

/// The end of a line at the child, which tells the kinds apart without colour: an arrow where the row
/// goes too, a ring where it stays, a bar where the delete is refused.
fn tip(link: &Link, points: &[(f64, f64)], layout: &Layout) -> Markup {
    let Some((x, y)) = points.last().copied() else {
        return html! {};
    };
    let from_left = x <= layout.cards[link.child].x;
    let toward = if from_left { -1.0 } else { 1.0 };
    tip_at(link.kind, x, y, toward)
}

/// The tip at a point, the line coming from the side of `toward`.
fn tip_at(kind: Kind, x: f64, y: f64, toward: f64) -> Markup {
    match kind {
        Kind::Goes => {
            let (back, up, down) = (x + toward * 7.0, y - 3.5, y + 3.5);
            html! { path class="tip-goes" d=(format!("M{x:.1} {y:.1}L{back:.1} {up:.1}L{back:.1} {down:.1}Z")) {} }
        }
        Kind::Stays => {
            html! { circle class="tip-stays" cx=(at(x + toward * 3.5)) cy=(at(y)) r="3" {} }
        }
        Kind::Refuses => {
            let (bar, up, down) = (x + toward * 3.0, y - 5.0, y + 5.0);
            html! { path class="tip-refuses" d=(format!("M{bar:.1} {up:.1}L{bar:.1} {down:.1}")) {} }
        }
    }
}

fn drawn(card: &Card, place: &Place) -> Markup {
    let Place {
        x,
        y,
        width,
        height,
    } = *place;
    let mut class = String::from("table");
    for (is, word) in [(card.is_focus, " focus"), (card.is_new, " new")] {
        class += if is { word } else { "" };
    }
    // The head has the card's rounded corners above, and none below.
    let head = format!(
        "M{:.1} {:.1}v{:.1}h{width:.1}v-{:.1}a4 4 0 0 0 -4 -4h-{:.1}a4 4 0 0 0 -4 4z",
        x,
        y + 4.0,
        HEAD - 4.0,
        HEAD - 4.0,
        width - 8.0
    );
    html! {
        g class=(class) {
            rect class="card" x=(at(x)) y=(at(y)) width=(at(width)) height=(at(height)) rx="4" {}
            path class="head" d=(head) {}
            rect class="border" x=(at(x)) y=(at(y)) width=(at(width)) height=(at(height)) rx="4" {}
            text class="name" x=(at(x + PADDING)) y=(at(y + 18.0)) { (card.name) }
            @if card.is_new {
                text class="tag right" x=(at(x + width - PADDING)) y=(at(y + 18.0)) { "new" }
            }
            @for (number, row) in card.rows.iter().enumerate() { (written(row, number, place)) }
        }
    }
}

fn written(row: &Row, number: usize, place: &Place) -> Markup {
    let middle = place.row(number);
    let base = at(middle + 4.0);
    let right = place.x + place.width - PADDING;
    let has_mark = row.proof != Mark::NotAsked;
    let end = if has_mark { right - MARK + 4.0 } else { right };
    let kind = row.kind.map_or("quiet", class);
    html! {
        g {
            @if !row.tip.is_empty() { title { (row.tip) } }
            @if row.is_stub {
                (tip_at(row.kind.unwrap_or(Kind::Goes), place.x, middle, -1.0))
            }
            text x=(at(place.x + PADDING)) y=(base) { (row.left) }
            @if !row.right.is_empty() { text class={ "right " (kind) } x=(at(end)) y=(base) { (row.right) } }
            (mark(row.proof, right, middle))
        }
    }
}

/// A tick, a cross or a question, drawn: not every font has them.
fn mark(proof: Mark, right: f64, y: f64) -> Markup {
    let x = right - 8.0;
    let (class, d) = match proof {
        Mark::NotAsked => return html! {},
        Mark::Proved => ("proved", format!("M{x:.1} {y:.1}l3 3.5l5.5 -7.5")),
        Mark::Broken => ("failed", format!("M{x:.1} {:.1}l8 8m0 -8l-8 8", y - 4.0)),
        Mark::NotProved => (
            "open",
            format!(
                "M{:.1} {:.1}a2.6 2.6 0 1 1 3.6 2.4q-1 .5 -1 1.9m0 2.6v.2",
                x + 1.5,
                y - 2.2
            ),
        ),
    };
    html! { path class={ "mark " (class) } d=(d) {} }
}

fn legend(picture: &Picture) -> Markup {
    let kinds = [
        (Kind::Goes, "the row is deleted too"),
        (Kind::Stays, "the reference is cleared"),
        (Kind::Refuses, "the delete is refused"),
    ];
    let rows = || picture.cards.iter().flat_map(|card| &card.rows);
    let proofs = [
        (Mark::Proved, "tried: as declared"),
        (Mark::Broken, "tried: not as declared"),
        (Mark::NotProved, "not proved"),
    ];
    let shown: Vec<_> = proofs
        .into_iter()
        .filter(|(proof, _)| rows().any(|row| row.proof == *proof))
        .collect();
    html! {
        g class="legend" {
            @for (number, (kind, text)) in kinds.into_iter().enumerate() {
                @let x = 24.0 + 195.0 * number as f64;
                path class={ "line " (class(kind)) } d=(format!("M{x:.1} 64H{:.1}", x + 30.0)) {}
                (tip_at(kind, x + 34.0, 64.0, -1.0))
                text x=(x + 41.0) y="68" { (text) }
            }
            @for (number, (proof, text)) in shown.iter().enumerate() {
                @let x = 24.0 + 175.0 * number as f64;
                (mark(*proof, x + 8.0, 88.0))
                text x=(x + 16.0) y="92" { (text) }
            }
            @if rows().any(|row| row.is_stub) {
                @let x = 24.0 + 175.0 * shown.len() as f64;
                text x=(x) y="92" { "a tip without a line: the card says to which table" }
            }
        }
    }
}

/// A coordinate, to a tenth.
fn at(coordinate: f64) -> String {
    let text = format!("{coordinate:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
