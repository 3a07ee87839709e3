//! Where the cards and lines of a picture go. Layers are found by dagre, the layout that Mermaid and
//! others use: layers from left to right, few crossings, long lines bent around cards.

use std::collections::{BTreeMap, BTreeSet};

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, Ranker};

use super::{Card, Link, Picture};

/// The width of a character of the type that is set, in the card's rows and in its head. Cards are
/// as wide as their text, so the type must be one whose characters are equally wide.
const CHARACTER: f64 = 7.0;
const HEAD_CHARACTER: f64 = 7.8;
/// The height of a card's head and of a row.
pub(super) const HEAD: f64 = 27.0;
pub(super) const ROW: f64 = 18.0;
/// The space at the sides of a card's text, and under its last row.
pub(super) const PADDING: f64 = 9.0;
/// The space that the mark of a proof takes at the end of a row.
pub(super) const MARK: f64 = 16.0;
const GAP: f64 = 16.0;
const BETWEEN_LAYERS: f64 = 48.0;
/// The space around it all, and for the title and the legend above it.
const MARGIN: f64 = 24.0;
const ABOVE: f64 = 96.0;
/// How wide the rows of cards without lines may become where nothing else says it.
const LEAST_WIDTH: f64 = 1000.0;

/// A picture, laid out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Where the cards are, in their order.
    pub(super) cards: Vec<Place>,
    /// The points of the lines, in their order.
    pub(super) lines: Vec<Vec<(f64, f64)>>,
}

/// Where a card is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Place {
    /// The middle of the row numbered `row`.
    pub(super) fn row(&self, row: usize) -> f64 {
        self.y + HEAD + ROW * (row as f64 + 0.5)
    }

    fn head(&self) -> f64 {
        self.y + HEAD / 2.0
    }

    fn right(&self) -> f64 {
        self.x + self.width
    }
}

/// How large a card is.
fn size(card: &Card) -> Place {
    let wide = |text: &str| text.chars().count() as f64;
    let tag = if card.is_new { 5.0 } else { 0.0 };
    let head = (wide(&card.name) + tag) * HEAD_CHARACTER;
    let rows = card.rows.iter().map(|row| {
        let gap = if row.right.is_empty() { 0.0 } else { 2.0 };
        (wide(&row.left) + gap + wide(&row.right)) * CHARACTER + MARK
    });
    let text = rows.fold(head, f64::max);
    let under = if card.rows.is_empty() {
        0.0
    } else {
        PADDING / 2.0
    };
    Place {
        width: (text + 2.0 * PADDING).ceil(),
        height: HEAD + ROW * card.rows.len() as f64 + under,
        ..Place::default()
    }
}

/// Lays `picture` out.
pub(super) fn lay_out(picture: &Picture) -> Layout {
    let mut cards: Vec<_> = picture.cards.iter().map(size).collect();
    let linked: BTreeSet<_> = picture
        .links
        .iter()
        .flat_map(|link| [link.parent, link.child])
        .collect();
    let mut lines = layers(&mut cards, &linked, &picture.links);
    let top = MARGIN + ABOVE;
    let free: Vec<_> = (0..cards.len()).filter(|at| !linked.contains(at)).collect();
    let width = linked
        .iter()
        .map(|at| cards[*at].right())
        .fold(0.0, f64::max);
    let mut shelf = Shelf::new(width.max(LEAST_WIDTH), top);
    // The table that all is seen from comes first, above the layers, and what no line leads to last.
    let (first, last): (Vec<_>, Vec<_>) =
        free.into_iter().partition(|at| picture.cards[*at].is_focus);
    // As wide as what hangs on it, so that it is seen to stand over all of it.
    let is_alone = cards.len() == 1;
    for at in first.iter().filter(|_| !is_alone) {
        cards[*at].width = cards[*at].width.max(shelf.width - MARGIN);
    }
    shelf.put(&first, &mut cards);
    let down = shelf.next_row();
    for at in &linked {
        cards[*at].x += MARGIN;
        cards[*at].y += down;
    }
    for point in lines.iter_mut().flatten() {
        point.0 += MARGIN;
        point.1 += down;
    }
    for (line, link) in lines.iter_mut().zip(&picture.links) {
        end_at_cards(line, link, &cards);
    }
    let bottom = linked
        .iter()
        .map(|at| cards[*at].y + cards[*at].height)
        .fold(down - GAP, f64::max);
    let mut shelf = Shelf::new(width.max(LEAST_WIDTH), bottom + GAP);
    shelf.put(&last, &mut cards);
    let right = cards.iter().map(Place::right).fold(0.0, f64::max);
    let bottom = cards
        .iter()
        .map(|card| card.y + card.height)
        .fold(0.0, f64::max);
    Layout {
        width: (right + MARGIN).max(640.0),
        height: bottom + MARGIN,
        cards,
        lines,
    }
}

/// Places the cards that lines lead to, and gives the points between the ends of each line.
fn layers(cards: &mut [Place], linked: &BTreeSet<usize>, links: &[Link]) -> Vec<Vec<(f64, f64)>> {
    let mut graph = Graph::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: false,
    });
    for at in linked {
        let label = NodeLabel {
            width: cards[*at].width,
            height: cards[*at].height,
            ..NodeLabel::default()
        };
        graph.set_node(at.to_string(), Some(label));
    }
    for (number, link) in links.iter().enumerate() {
        let (parent, child) = (link.parent.to_string(), link.child.to_string());
        let label = EdgeLabel::default();
        let name = number.to_string();
        graph.set_edge(parent, child, Some(label), Some(&name));
    }
    let options = LayoutOptions {
        rankdir: RankDir::LR,
        nodesep: GAP,
        edgesep: 7.0,
        ranker: Ranker::TightTree,
        ranksep: BETWEEN_LAYERS,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));
    for at in linked {
        if let Some(label) = graph.node(&at.to_string()) {
            let card = &mut cards[*at];
            card.x = label.x.unwrap_or_default() - card.width / 2.0;
            card.y = label.y.unwrap_or_default() - card.height / 2.0;
        }
    }
    align(cards, linked);
    let points = |(number, link): (usize, &Link)| {
        let (parent, child) = (link.parent.to_string(), link.child.to_string());
        let edge = graph.edge(&parent, &child, Some(&number.to_string()));
        let all = edge.map(|edge| edge.points.as_slice()).unwrap_or_default();
        // The first and the last are on the cards' borders, which `end_at_cards` knows better.
        let inner = all.get(1..all.len().saturating_sub(1)).unwrap_or_default();
        // One point alone lies between two neighbouring layers, where nothing is in the way.
        let inner = if inner.len() == 1 { &[] } else { inner };
        inner.iter().map(|point| (point.x, point.y)).collect()
    };
    links.iter().enumerate().map(points).collect()
}

/// Lets the cards of a layer, which dagre centres, begin side by side, so that what comes in from the left
/// comes to all of them without running behind a wider one.
fn align(cards: &mut [Place], linked: &BTreeSet<usize>) {
    // To a tenth: what dagre computes for one layer may differ in the last digits.
    let centre = |card: &Place| ((card.x + card.width / 2.0) * 10.0).round() as i64;
    let mut layers: BTreeMap<i64, f64> = BTreeMap::new();
    for card in linked.iter().map(|at| &cards[*at]) {
        let left = layers.entry(centre(card)).or_insert(card.x);
        *left = left.min(card.x);
    }
    for at in linked {
        if let Some(left) = layers.get(&centre(&cards[*at])) {
            cards[*at].x = *left;
        }
    }
}

/// Lets a line begin at the head of the parent and end at the row of the child, on the sides that
/// face each other.
fn end_at_cards(line: &mut Vec<(f64, f64)>, link: &Link, cards: &[Place]) {
    let (parent, child) = (&cards[link.parent], &cards[link.child]);
    let row = child.row(link.row);
    if child.x > parent.x {
        line.insert(0, (parent.right(), parent.head()));
        line.push((child.x, row));
    } else {
        line.insert(0, (parent.x, parent.head()));
        line.push((child.right(), row));
    }
}

/// Cards side by side, row under row.
struct Shelf {
    width: f64,
    x: f64,
    y: f64,
    tallest: f64,
}

impl Shelf {
    fn new(width: f64, y: f64) -> Shelf {
        Shelf {
            width,
            x: MARGIN,
            y,
            tallest: 0.0,
        }
    }

    fn put(&mut self, which: &[usize], cards: &mut [Place]) {
        for at in which {
            let card = &mut cards[*at];
            if self.x > MARGIN && self.x + card.width > self.width + MARGIN {
                self.y = self.next_row();
                (self.x, self.tallest) = (MARGIN, 0.0);
            }
            (card.x, card.y) = (self.x, self.y);
            self.x += card.width + GAP;
            self.tallest = self.tallest.max(card.height);
        }
    }

    fn next_row(&self) -> f64 {
        if self.tallest > 0.0 {
            self.y + self.tallest + 1.5 * GAP
        } else {
            self.y
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Kind, Row};
    use super::*;
    use leora_core::graph::Mark;

    fn card(rows: usize) -> Card {
        Card {
            name: "table".to_owned(),
            is_focus: rows == 0,
            is_new: rows == 1,
            rows: vec![Row::default(); rows],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Circles, two lines between the same cards and cards without lines included.
        #[test]
        fn every_graph_is_laid_out_and_no_card_lies_on_another(
            rows in prop::collection::vec(0_usize..6, 1..24),
            ends in prop::collection::vec((0_usize..24, 0_usize..24), 0..60),
        ) {
            let cards: Vec<_> = rows.iter().map(|rows| card(rows + 1)).collect();
            let ends = ends.into_iter().map(|(one, other)| (one % cards.len(), other % cards.len()));
            let links = ends.filter(|(one, other)| one != other).map(|(parent, child)| Link {
                parent,
                child,
                row: 0,
                kind: Kind::Goes,
                proof: Mark::NotAsked,
            });
            let picture = Picture {
                id: "p",
                title: String::new(),
                description: String::new(),
                links: links.collect(),
                cards,
            };
            let layout = lay_out(&picture);
            for (at, one) in layout.cards.iter().enumerate() {
                prop_assert!(one.x.is_finite() && one.y.is_finite() && one.x >= 0.0 && one.y >= 0.0);
                for other in &layout.cards[at + 1..] {
                    let apart = one.right() <= other.x
                        || other.right() <= one.x
                        || one.y + one.height <= other.y
                        || other.y + other.height <= one.y;
                    prop_assert!(apart, "{one:?} {other:?}");
                }
            }
            prop_assert!(layout.lines.iter().flatten().all(|(x, y)| x.is_finite() && y.is_finite()));
        }
    }
}
